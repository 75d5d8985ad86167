package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// Legacy reads the tokens of the old service until a date, and writes none. It goes
// behind the new strategy: AnyOf(strategy, legacy).
type Legacy struct {
	Read   ReadOld   // by the old library: algorithm, signature, clock
	ID     string    // the claim that names the user
	TextID bool      // it is a text, such as a UUID; false: a number
	Issuer string    // the old tokens' iss; "": they have none
	Until  time.Time // from then on, none is accepted

	WithoutExpiration bool // the old tokens have no exp: Until alone ends them
}

var _ strategy = (*Legacy)(nil)

// maxOldToken is in bytes. Old libraries decode a token before they verify it.
const maxOldToken = 8192

// errUnknown tells AnyOf that another strategy may know the token. It has no text of
// the old library, which may hold what the token says.
var errUnknown = fmt.Errorf("%w: it is no token of the old service, or came too late", authstrategy.ErrTokenUnverifiable)

// errExpired is final in AnyOf, so it is only for a token that was good until its exp.
var errExpired = fmt.Errorf("%w: the exp of the old token has passed; log in again", authstrategy.ErrTokenExpired)

// WriteToken fails: the new strategy writes.
func (l *Legacy) WriteToken(context.Context, *User) (string, error) {
	return "", authstrategy.ErrNoSigningKey
}

// DestroyToken does nothing, as that of a JWTStrategy: the token lives on.
func (l *Legacy) DestroyToken(context.Context, string, *User) error { return nil }

// ReadToken returns the user of an old token. After the token's own checks come those
// that a JWTStrategy makes of the loader.
func (l *Legacy) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[*User]) (*User, error) {
	claims, err := l.verify(token)
	if err != nil {
		return nil, err
	}
	user, err := load(ctx, claims)
	if errors.Is(err, authstrategy.ErrUserNotFound) || errors.Is(err, authstrategy.ErrUserRefused) {
		return nil, err
	}
	if err != nil { // %v: nothing else in it may refuse the token
		return nil, fmt.Errorf("legacy: the loader failed: %v", err)
	}
	if user.TokenSubject() == "" {
		return nil, authstrategy.ErrUserNotFound
	}
	if user.TokenSubject() != claims.Subject {
		return nil, authstrategy.ErrInvalidSubject
	}
	return user, nil
}

// verify returns the claims of an old token, as the loader wants them.
func (l *Legacy) verify(token string) (*authstrategy.Claims, error) {
	now := time.Now()
	if !now.Before(l.Until) || len(token) > maxOldToken {
		return nil, errUnknown
	}
	old, err := l.Read(token)
	if err != nil {
		return nil, errUnknown
	}
	_, hasSubject := old.Claims["sub"]
	_, hasAudience := old.Claims["aud"]
	if hasSubject || hasAudience { // a new token, or one for somebody else: the new strategy decides
		return nil, errUnknown
	}
	issuer, hasIssuer := old.Claims["iss"]
	if hasIssuer != (l.Issuer != "") || hasIssuer && issuer != l.Issuer {
		return nil, errUnknown
	}
	if old.Type != "JWT" {
		return nil, errUnknown
	}
	if old.Expires.IsZero() && (old.Expired || !l.WithoutExpiration) {
		return nil, errUnknown
	}
	id, ok := oldID(old.Claims[l.ID], l.TextID)
	if !ok {
		return nil, errUnknown
	}
	if old.Expired || !old.Expires.IsZero() && !now.Before(old.Expires) { // last: all else is good
		return nil, errExpired
	}
	return &authstrategy.Claims{Subject: id, Issuer: l.Issuer, ExpiresAt: old.Expires}, nil
}
