package session

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
)

// A Refresher gives out short-lived access tokens for long sessions, each of which is
// a chain of refresh tokens. Make it with [NewRefresher]: on a nil or zero Refresher
// every method fails with authstrategy.ErrInvalidConfig.
//
// A refresh token is good once. If it comes again, either it was stolen, or the client
// did not get the reply. Within the time of [WithGrace] it is answered as before. Later
// its session ends. Make one refresh at a time in each client: if one tab of a browser
// comes with a token when another has already used the next one, the session ends.
//
// It is immutable and safe for concurrent use.
type Refresher[U authstrategy.User] struct {
	access *Strategy[U]
	book   // of the sessions: its key space, clock and skew may differ from those of access

	grace           time.Duration // after the first use of a refresh token
	idleLifetime    time.Duration
	sessionLifetime time.Duration

	writer *authstrategy.JWTStrategy[ticket]
	reader authstrategy.Strategy[U] // with the previous secrets, too
}

// Tokens is what a client gets at log-in and at each refresh.
type Tokens struct {
	Access, Refresh string

	// How long they are valid. 0: the access token never expires.
	ExpiresIn, RefreshExpiresIn time.Duration
}

// Format prints how long the tokens are valid, and nothing of them, for every verb of
// fmt that shows a value.
func (t Tokens) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// LogValue returns for log/slog what Format prints.
func (t Tokens) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String returns what Format prints.
func (t Tokens) String() string {
	return fmt.Sprintf("session.Tokens(access %v, refresh %v)", t.ExpiresIn, t.RefreshExpiresIn)
}

// NewRefresher returns a Refresher whose access tokens are those of access. The secret
// signs the refresh tokens, with HS256: 32 bytes or more, which must sign nothing else.
// Tenants that have users of the same ids need a Refresher each, with a secret of its
// own, as they need a [Strategy] each.
//
// All mistakes are reported at once, and match authstrategy.ErrInvalidConfig.
func NewRefresher[U authstrategy.User](access *Strategy[U], secret authstrategy.Secret, opts ...Option) (*Refresher[U], error) {
	o := newOptions(opts)
	r := &Refresher[U]{access: access, book: book{now: time.Now}}
	if access == nil || access.store == nil {
		o.mistake("the access strategy is nil or zero; make it with New and check its error")
	} else {
		r.book = access.book
	}
	o.applyTo(&r.book)
	o.checkSessions()
	r.grace, r.idleLifetime, r.sessionLifetime = o.grace, o.idle, o.session
	if err := errors.Join(append(o.mistakes, r.makeStrategies(secret, o.previous))...); err != nil {
		return nil, err
	}
	return r, nil
}

// makeStrategies makes what writes and reads the refresh tokens.
func (r *Refresher[U]) makeStrategies(secret authstrategy.Secret, previous []authstrategy.Secret) (err error) {
	opts := []authstrategy.Option{
		authstrategy.WithTokenType("refresh+jwt"),
		authstrategy.WithAudience(r.keys.Audience()),
		authstrategy.WithLifetime(max(r.idleLifetime, minSession)), // a shorter one is reported elsewhere
		authstrategy.WithClock(r.now),
	}
	var readers []authstrategy.Strategy[U]
	var mistakes []error
	for i, secret := range append([]authstrategy.Secret{secret}, previous...) {
		reader, err := authstrategy.GetJWTStrategy[U](secret, opts...)
		if err != nil {
			whose := "refresh tokens"
			if i > 0 {
				whose = fmt.Sprintf("secret %d of %d of WithPreviousSecrets", i, len(previous))
			}
			mistakes = append(mistakes, fmt.Errorf("session: %s: %w", whose, err))
		}
		readers = append(readers, reader)
	}
	if err := errors.Join(mistakes...); err != nil {
		return err
	}
	r.writer, _ = authstrategy.GetJWTStrategy[ticket](secret, opts...) // never fails for a good secret
	r.reader, err = authstrategy.AnyOf(readers...)
	return err
}

// Start begins a session for a user who has just logged in. Nothing of the session is
// stored yet. It costs two Gets of the store.
//
// It fails as [Strategy.WriteToken] does.
func (r *Refresher[U]) Start(ctx context.Context, user U) (Tokens, error) {
	if r == nil || r.access == nil {
		return Tokens{}, errNoRefresher
	}
	subject, err := r.access.subjectOf(user)
	if err != nil {
		return Tokens{}, err
	}
	cutoff, err := r.get(ctx, r.access.keys.User(subject))
	if err != nil {
		return Tokens{}, err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	session := ledger.NewSession(base64.RawURLEncoding.EncodeToString(id[:]), r.now(), r.sessionLifetime, cutoff[0])
	return r.write(ctx, user, ticket{subject, session})
}

// Refresh returns the user of a refresh token, and new tokens. It costs two Gets and one
// Raise of the store.
//
// The load function finds the user, as when a token is read. Let it ask the database:
// a refresh token has none of the private claims, such as roles, of an access token.
//
// It fails with an error that matches authstrategy.ErrInvalidToken if the token is
// refused: [ErrRevoked] if its session, or all of the user's, was ended, and
// [ErrRefreshReused] if the token had been used before. After any other error the
// client may try again within the grace: perhaps only the store's reply was lost, and
// the token is spent. So give the context a timeout well below [WithGrace]. Limit how
// often a stranger may call it, as for a log-in: it loads the user and signs.
func (r *Refresher[U]) Refresh(ctx context.Context, refresh string, load authstrategy.UserLoader[U]) (U, Tokens, error) {
	var none U
	if r == nil || r.access == nil {
		return none, Tokens{}, errNoRefresher
	}
	if load == nil {
		return none, Tokens{}, errNilLoader
	}
	came := r.now()
	user, used, err := r.read(ctx, refresh, load)
	if err != nil {
		return none, Tokens{}, err
	}
	// The new tokens are written before the old one is spent: after that, nothing but
	// the reply can be lost.
	tokens, err := r.write(ctx, user, ticket{used.subject, used.session.Next()})
	if err != nil {
		return none, Tokens{}, err
	}
	if err := r.spend(ctx, used, came); err != nil {
		return none, Tokens{}, err
	}
	return user, tokens, nil
}

// End ends the session of a refresh token: to log out. An older token of the session
// that has not expired ends it as well. The session's access tokens live until they
// expire, which should be soon, unless [Strategy.DestroyToken] ends them. It costs one
// Raise of the store.
//
// A token that is refused anyway is nothing to end: End returns nil. It fails if the
// store fails.
func (r *Refresher[U]) End(ctx context.Context, refresh string) error {
	if r == nil || r.access == nil {
		return errNoRefresher
	}
	var session ledger.Session
	_, err := r.reader.ReadToken(ctx, refresh, func(_ context.Context, claims *authstrategy.Claims) (none U, err error) {
		session, _ = r.open(claims)
		return none, authstrategy.ErrUserRefused // nobody is to be let in
	})
	if session.ID != "" {
		return r.raise(ctx, r.keys.Session(session.ID), ledger.Ended, session.Until(r.rules.Skew))
	}
	if isRefused(err) {
		return nil
	}
	return err
}

// write returns an access token for the user, and the ticket as a refresh token.
func (r *Refresher[U]) write(ctx context.Context, user U, t ticket) (Tokens, error) {
	left := min(r.idleLifetime, time.UnixMilli(t.session.End).Sub(r.now()))
	if left <= 0 {
		return Tokens{}, errSessionOver
	}
	access, err := r.access.WriteToken(ctx, user)
	if err != nil {
		return Tokens{}, shield(err) // it refuses no refresh token
	}
	refresh, err := r.writer.WriteToken(ctx, t)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		Access:           access,
		Refresh:          refresh,
		ExpiresIn:        r.access.Lifetime(),
		RefreshExpiresIn: left,
	}, nil
}

// read verifies a refresh token and loads its user.
func (r *Refresher[U]) read(ctx context.Context, refresh string, load authstrategy.UserLoader[U]) (U, ticket, error) {
	var none U
	var used ticket
	var verdict error // on the session: it stands, since a loader's error would be none
	user, err := r.reader.ReadToken(ctx, refresh, func(ctx context.Context, claims *authstrategy.Claims) (U, error) {
		used.subject = claims.Subject
		if used.session, verdict = r.open(claims); verdict != nil {
			return none, verdict
		}
		return load(ctx, claims)
	})
	if verdict != nil {
		return none, ticket{}, verdict
	}
	if err != nil {
		return none, ticket{}, err
	}
	return user, used, nil
}

// open returns what a verified refresh token says of its session.
func (r *Refresher[U]) open(claims *authstrategy.Claims) (ledger.Session, error) {
	var s ledger.Session
	if err := claims.Decode(&s); err != nil || s.ID == "" || s.Counter < 1 || s.Counter > ledger.MaxCounter {
		return ledger.Session{}, errNoSession
	}
	if r.now().UnixMilli() >= s.End {
		return ledger.Session{}, errSessionOver
	}
	if s.Counter == ledger.MaxCounter {
		return s, errSessionFull // there is something to end
	}
	return s, nil
}

// spend takes a refresh token out of use. The first use wins; another one is good if it
// came within the grace.
func (r *Refresher[U]) spend(ctx context.Context, used ticket, came time.Time) error {
	session := used.session
	key, until := r.keys.Session(session.ID), session.Until(r.rules.Skew)
	values, err := r.get(ctx, key, r.access.keys.User(used.subject))
	if err != nil {
		return err
	}
	number, cutoff := values[0], values[1]
	if session.Begun <= cutoff {
		return errSessionEnded
	}
	if ledger.Counter(number) < session.Counter {
		if number, err = r.store.Raise(ctx, key, session.Number(r.now()), until); err != nil {
			return storeError(err)
		}
		if ledger.Counter(number) < session.Counter {
			return nil
		}
	}
	if number == ledger.Ended {
		return errSessionEnded
	}
	// How long it took since it came is not the client's fault, nor is a clock that was
	// set back meanwhile. Milliseconds are what the store has.
	if now := r.now(); now.Before(came) {
		came = now
	}
	late := came.Truncate(time.Millisecond).Sub(session.FirstUse(number))
	if ledger.Counter(number) == session.Counter && late <= r.grace+r.rules.Skew {
		return nil
	}
	if err := r.raise(ctx, key, ledger.Ended, until); err != nil {
		return err
	}
	return errReused
}

// A ticket is the user of a refresh token.
type ticket struct {
	subject string
	session ledger.Session
}

func (t ticket) TokenSubject() string { return t.subject }
func (t ticket) TokenClaims() any     { return t.session }
