// Package session ends tokens before they expire: one token, all tokens of a user, or
// a session of many tokens.
//
// A JSON Web Token is good until it expires, and the DestroyToken of an
// authstrategy.JWTStrategy does nothing. A [Strategy] wraps such a strategy, and
// remembers what was ended in a [Store]: [NewMemory] for one process, or package
// redisstore or sqlstore for many.
//
//	inner, err := authstrategy.GetJWTStrategy[*User](secret, authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
//	…
//	strategy, err := session.New(inner, session.NewMemory())
//
// A [Refresher] adds sessions that outlive their access tokens. Each refresh token is
// good once, so that a stolen one is noticed.
//
// # What is outside of the design
//
// A store must answer with what it was told. A Get that asks a replica which lags
// behind refuses fresh log-ins. A failover that loses what was written last revives
// tokens that were ended, and refuses some that were written after a
// [Strategy.DestroyAll]. A clock that is off by more than [WithClockSkew] may do either.
//
// # What was left out
//
//   - A switch to let people in while the store is down: it would bring ended tokens
//     back to life, just when somebody attacks. Who wants it wraps a Store.
//   - Lists of devices: they are data of the service, which knows what to show.
//   - Bloom filters: one that says "perhaps ended" needs the store all the same.
//   - Goroutines that clean up: there is nothing to start, and nothing to stop.
//   - MySQL: its upsert does not return what was there before.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// A Strategy is an authstrategy.Strategy whose tokens can be ended before they
// expire. Make it with [New]: on a nil or zero Strategy every method fails with
// authstrategy.ErrInvalidConfig.
//
// It is immutable and safe for concurrent use.
type Strategy[U authstrategy.User] struct {
	inner authstrategy.Strategy[U]
	book
}

// New returns a Strategy around inner, which writes and reads the tokens. What was
// ended is in the store.
//
// The tokens need ids and times: New refuses a JWTStrategy that signs without
// authstrategy.WithTokenID or WithIssuedAt, also behind authstrategy.AnyOf. All
// mistakes are reported at once, and match authstrategy.ErrInvalidConfig.
//
// Put it around AnyOf, not into it: within AnyOf(session, plain) of one key, a store
// that is down would let ended tokens in by the plain one. Tenants that have users of
// the same ids need a Strategy each, with a key space of its own ([WithKeySpace]). So do
// several issuers, whose users and tokens may have the same ids.
//
// What is stored about a token is kept until it expires. Where tokens never expire, it
// is kept for ever, and the store grows with every log-out.
func New[U authstrategy.User](inner authstrategy.Strategy[U], store Store, opts ...Option) (*Strategy[U], error) {
	o := newOptions(opts)
	book := o.book(inner, store)
	if err := errors.Join(o.mistakes...); err != nil {
		return nil, err
	}
	return &Strategy[U]{inner, book}, nil
}

// Lifetime returns how long the tokens are valid: what inner says, or else
// [WithMaxLifetime]; 0 means that they never expire.
func (s *Strategy[U]) Lifetime() time.Duration {
	if s == nil || s.store == nil {
		return 0
	}
	if inner, ok := s.inner.(lasting); ok {
		return inner.Lifetime()
	}
	return s.rules.Lifetime
}

// WriteToken returns a new token of the inner strategy. It costs one Get of the
// store. After a [Strategy.DestroyAll] it costs one Raise more for a moment: a token
// that would count as older is marked as newer.
//
// It fails as the inner strategy does. If the store fails, the error matches none of
// the reasons to refuse a token.
func (s *Strategy[U]) WriteToken(ctx context.Context, user U) (string, error) {
	subject, err := s.subjectOf(user)
	if err != nil {
		return "", err
	}
	token, err := s.inner.WriteToken(ctx, user)
	if err != nil {
		return "", err
	}
	// After the token was written: whatever was ended before is in the cutoff.
	cutoff, err := s.get(ctx, s.keys.User(subject))
	if err != nil {
		return "", err
	}
	if cutoff[0] == 0 {
		return token, nil
	}
	if err := s.mark(ctx, token, user, cutoff[0]); err != nil {
		return "", err
	}
	return token, nil
}

// mark notes that a new token was written after the cutoff, if its times do not
// tell.
func (s *Strategy[U]) mark(ctx context.Context, token string, user U, cutoff int64) error {
	claims, err := s.readBack(ctx, token, user)
	if err != nil {
		return err
	}
	if s.rules.IssuedAfter(times(claims), cutoff) {
		return nil
	}
	if claims.ID == "" {
		return errNoTokenID
	}
	return s.raise(ctx, s.keys.Token(claims.ID), cutoff, s.rules.UntilToken(times(claims)))
}

// readBack returns the claims of a token that was just written. The inner
// strategy's clock may not be ours.
func (s *Strategy[U]) readBack(ctx context.Context, token string, user U) (*authstrategy.Claims, error) {
	var claims *authstrategy.Claims
	_, err := s.inner.ReadToken(ctx, token, func(_ context.Context, c *authstrategy.Claims) (U, error) {
		claims = c
		return user, nil
	})
	if err == nil && claims == nil {
		err = errNotAsked
	}
	if err != nil {
		return nil, fmt.Errorf("session: the inner strategy does not read what it has written: %w", shield(err))
	}
	return claims, nil
}

// ReadToken reads the token as the inner strategy does, and refuses one that was
// ended with [ErrRevoked]. Once the inner strategy has verified it, it costs one Get
// of the store; then load is called. A forged token never reaches the store.
//
// If the store fails, the error matches none of the reasons to refuse a token: the
// answer is 503, nobody is let in, and nobody is logged out. The same holds for a
// token that lives longer than [WithMaxLifetime] says.
func (s *Strategy[U]) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[U]) (U, error) {
	var none U
	if s == nil || s.store == nil {
		return none, errNoStrategy
	}
	if load == nil {
		return none, errNilLoader
	}
	var store struct { // one variable, which saves an allocation
		asked   bool
		verdict error // it stands, whatever the inner strategy makes of it
	}
	user, err := s.inner.ReadToken(ctx, token, func(ctx context.Context, claims *authstrategy.Claims) (U, error) {
		store.asked = true
		if store.verdict == nil {
			store.verdict = s.judge(ctx, claims)
		}
		if store.verdict != nil {
			return none, store.verdict
		}
		return load(ctx, claims)
	})
	if store.verdict != nil {
		return none, store.verdict
	}
	if err != nil {
		return none, err
	}
	if !store.asked {
		return none, errNotAsked
	}
	return user, nil
}

// judge says whether a verified token was ended.
func (s *Strategy[U]) judge(ctx context.Context, claims *authstrategy.Claims) error {
	if claims == nil {
		return errNotAsked
	}
	if claims.ExpiresAt.IsZero() && s.rules.Lifetime > 0 {
		return errNoExpiry
	}
	if s.rules.Lifetime > 0 && s.rules.Outlives(times(claims), s.now()) {
		return errTooLong
	}
	// A token without id has no number, since none is ever stored for it.
	tokenKey, userKey := s.keys.TokenAndUser(claims.ID, claims.Subject)
	values, err := s.get(ctx, tokenKey, userKey)
	if err != nil {
		return err
	}
	number, cutoff := values[0], values[1]
	if number == ledger.Ended {
		return errTokenEnded
	}
	if number < cutoff && !s.rules.IssuedAfter(times(claims), cutoff) {
		return errAllEnded
	}
	return nil
}

// DestroyToken ends exactly this token: from now on it is refused with
// [ErrRevoked]. It costs one Get and one Raise of the store. Then it calls the inner
// strategy's DestroyToken, and returns its error.
//
// A token that is refused anyway, because it has expired, was ended before or is
// not the strategy's, is nothing to end: DestroyToken returns nil (RFC 7009 §2.2).
// One that is not yet valid is an error, since it will live. It fails with
// authstrategy.ErrInvalidSubject for a nil user and for a token of another user, and
// for a token without jti with an error that names authstrategy.WithTokenID.
func (s *Strategy[U]) DestroyToken(ctx context.Context, token string, user U) error {
	subject, err := s.subjectOf(user)
	if err != nil {
		return err
	}
	var claims *authstrategy.Claims
	_, err = s.ReadToken(ctx, token, func(_ context.Context, c *authstrategy.Claims) (U, error) {
		claims = c
		return user, nil
	})
	if claims != nil && claims.Subject != subject {
		return errOtherUser
	}
	if isRefused(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claims.ID == "" {
		return errNoTokenID
	}
	if err := s.raise(ctx, s.keys.Token(claims.ID), ledger.Ended, s.rules.UntilToken(times(claims))); err != nil {
		return err
	}
	return s.inner.DestroyToken(ctx, token, user)
}

// DestroyAll ends every token of the user that was written up to now, and every
// session of a [Refresher]. A token that is written after DestroyAll has returned is
// good, also in the same second. So "everywhere but here" is DestroyAll, then
// WriteToken. It costs one Raise of the store, or two.
//
// It fails with authstrategy.ErrInvalidSubject for a nil user, and if the store
// fails.
func (s *Strategy[U]) DestroyAll(ctx context.Context, user U) error {
	subject, err := s.subjectOf(user)
	if err != nil {
		return err
	}
	now := s.now()
	key, cutoff, until := s.keys.User(subject), s.rules.Cutoff(now), s.rules.UntilCutoff(now)
	before, err := s.store.Raise(ctx, key, cutoff, until)
	if err != nil {
		return storeError(err)
	}
	if before < cutoff || before == ledger.Ended {
		return nil
	}
	// Tokens that were written since the cutoff before carry it as their mark.
	return s.raise(ctx, key, before+1, until)
}

// subjectOf returns whom a token of the user names.
func (s *Strategy[U]) subjectOf(user U) (string, error) {
	if s == nil || s.store == nil {
		return "", errNoStrategy
	}
	if nils.Is(user) {
		return "", errNoUser
	}
	if subject := user.TokenSubject(); subject != "" {
		return subject, nil
	}
	return "", errNoUser
}

func times(claims *authstrategy.Claims) ledger.Token {
	return ledger.Token{IssuedAt: claims.IssuedAt, ExpiresAt: claims.ExpiresAt}
}

// A book is a store with what its numbers are read by.
type book struct {
	store Store
	keys  ledger.KeySpace
	rules ledger.Rules
	now   func() time.Time
}

func (b *book) get(ctx context.Context, keys ...string) ([]int64, error) {
	values, err := b.store.Get(ctx, keys...)
	if err == nil && len(values) != len(keys) {
		err = fmt.Errorf("it returned %d values for %d keys", len(values), len(keys))
	}
	if err != nil {
		return nil, storeError(err)
	}
	return values, nil
}

func (b *book) raise(ctx context.Context, key string, value int64, until time.Time) error {
	if _, err := b.store.Raise(ctx, key, value, until); err != nil {
		return storeError(err)
	}
	return nil
}
