package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// A clock has nanoseconds, and a stored time milliseconds: the grace must not be
// shorter for that.
func TestTheGraceHasItsFullLength(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	w.Add(time.Hour + 999*time.Microsecond)
	refresh(t, r, tokens.Refresh, ada)
	w.Add(grace + skew)
	refresh(t, r, tokens.Refresh, ada, "at the end of the grace")
}

// The grace counts from the use, not from before the store was asked.
func TestAStoreThatIsSlowDoesNotShortenTheGrace(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	w.store.before = func(c call) {
		if len(c.keys) == 2 {
			w.Add(grace + 2*skew)
		}
	}
	refresh(t, r, tokens.Refresh, ada)
	w.store.before = nil
	refresh(t, r, tokens.Refresh, ada, "the reply was lost, and the client comes again at once")
}

func TestALifetimeWithoutEnd(t *testing.T) {
	w := newWorld(t)
	for name, s := range map[string]*session.Strategy[user]{
		"WithMaxLifetime":      w.wrap(t, w.inner, session.WithMaxLifetime(math.MaxInt64)),
		"the inner strategy's": w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithLifetime(math.MaxInt64))),
	} {
		w.store.now = w.Now
		token := write(t, s, ada)
		lives(t, s, token, ada, name)
		destroyAll(t, s, ada)
		isEnded(t, s, token, name)
		w.store.values = map[string]int64{}
	}
}

// An inner strategy of another make, whose Lifetime is negative where it is not known.
type unknownLifetime struct{ authstrategy.Strategy[user] }

func (unknownLifetime) Lifetime() time.Duration { return -1 }

func TestANegativeLifetime(t *testing.T) {
	w := newWorld(t)
	_, err := session.New[user](unknownLifetime{w.inner}, w.store)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
}

func TestAllMistakesOfNewRefresherAtOnce(t *testing.T) {
	w := newWorld(t)
	_, err := session.NewRefresher[user](nil, authstrategy.NewSecret("sesame"), session.WithMaxLifetime(day), session.WithIdleLifetime(100*day))
	assert.Len(t, mistakes(t, err), 4, "%v", err)
	_, err = session.NewRefresher(w.Strategy, authstrategy.NewSecret("sesame"), session.WithPreviousSecrets(authstrategy.NewSecret("sesame"), authstrategy.NewSecret("sesame")))
	assert.ErrorContains(t, err, "session: refresh tokens: ")
	assert.ErrorContains(t, err, "secret 1 of 2 of WithPreviousSecrets")
	assert.ErrorContains(t, err, "secret 2 of 2 of WithPreviousSecrets")
	// "If an option is given twice, the last one applies, and each is validated."
	_, err = session.NewRefresher(w.Strategy, authstrategy.NewSecret(refreshSecret), session.WithPreviousSecrets(authstrategy.NewSecret("sesame")), session.WithPreviousSecrets())
	assert.Error(t, err)
}

// Its claims are of another signature than the root package takes.
type misnamed string

func (m misnamed) TokenSubject() string { return string(m) }
func (m misnamed) TokenClaims() string  { return "" }

type ownStrategy struct{}

func (ownStrategy) WriteToken(context.Context, misnamed) (string, error) { return "", errOwn }
func (ownStrategy) ReadToken(context.Context, string, authstrategy.UserLoader[misnamed]) (misnamed, error) {
	return "", errOwn
}
func (ownStrategy) DestroyToken(context.Context, string, misnamed) error { return errOwn }

func TestAUserWithAnotherTokenClaims(t *testing.T) {
	s, err := session.New[misnamed](ownStrategy{}, session.NewMemory(), session.WithMaxLifetime(time.Hour))
	require.NoError(t, err)
	_, err = session.NewRefresher(s, authstrategy.NewSecret(refreshSecret))
	assert.ErrorContains(t, err, "session: refresh tokens: authstrategy: invalid configuration: TokenClaims of session_test.misnamed has another signature")
	assert.NotContains(t, err.Error(), "WithPreviousSecrets", "none was given")
}

// A strategy of another make that has no claims to show.
func TestAnInnerStrategyWithoutClaims(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, read: func(ctx context.Context, _ string, load authstrategy.UserLoader[user]) (user, error) {
		return load(ctx, nil)
	}}, session.WithMaxLifetime(time.Hour))
	assert.NotPanics(t, func() {
		_, err := s.ReadToken(ctx, "token", load)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	})
}

// A Raise whose reply is lost has spent the token: the client may try again within the
// grace.
func TestAfterALostReplyTheClientMayTryAgain(t *testing.T) {
	w := newWorld(t)
	lost := &lossy{plainStore: w.store}
	s := newSession(t, w.inner, lost, session.WithClock(w.Now))
	r := newRefresher(t, s)
	tokens := start(t, r, ada)
	lost.loses = true
	_, _, err := r.Refresh(ctx, tokens.Refresh, load)
	require.ErrorIs(t, err, errOwn)
	lost.loses = false
	w.Add(10 * time.Second)
	refresh(t, r, tokens.Refresh, ada)
}

// A lossy store does what it is told, and its reply is lost.
type lossy struct {
	*plainStore
	loses bool
}

func (l *lossy) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	before, err := l.plainStore.Raise(ctx, key, value, until)
	if l.loses {
		return 0, errors.Join(err, errOwn)
	}
	return before, err
}

// Two tabs come with one token at the same moment, and something takes long for one of
// them: its loader, or the store under WriteToken.
func TestWhatTakesLongDoesNotMakeAThief(t *testing.T) {
	for name, slow := range map[string]func(w *world, other func()) authstrategy.UserLoader[user]{
		"the loader": func(w *world, other func()) authstrategy.UserLoader[user] {
			return func(ctx context.Context, c *authstrategy.Claims) (user, error) {
				other()
				w.Add(grace + skew + time.Millisecond)
				return load(ctx, c)
			}
		},
		"the store": func(w *world, other func()) authstrategy.UserLoader[user] {
			w.store.before = func(call) {
				w.store.before = nil
				other()
				w.Add(grace + skew + time.Millisecond)
			}
			return load
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := newRefresher(t, w.Strategy)
			tokens := start(t, r, ada)
			w.Add(time.Hour)
			var next session.Tokens
			_, _, err := r.Refresh(ctx, tokens.Refresh, slow(w, func() { next = refresh(t, r, tokens.Refresh, ada, "the other tab") }))
			assert.NoError(t, err, "it came at the moment of the first use")
			refresh(t, r, next.Refresh, ada, "the session lives")
		})
	}
}

// A clock that is set back in the middle of a refresh ends no session, whatever the
// store is asked then.
func TestAClockThatStepsBackDuringARefresh(t *testing.T) {
	for _, what := range []string{"the Get", "the Raise"} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			r := newRefresher(t, w.Strategy)
			tokens := start(t, r, ada)
			w.Add(2 * time.Hour)
			key := sessionKey(t, tokens.Refresh)
			w.store.before = func(c call) {
				if c.keys[0] != key || (c.value == 0) != (what == "the Get") {
					return
				}
				w.store.before = nil
				w.Add(-time.Minute)
				refresh(t, r, tokens.Refresh, ada, "the other tab")
			}
			refresh(t, r, tokens.Refresh, ada, "the first tab")
		})
	}
}

// An access token that cannot be written refuses no refresh token, whatever the error
// matches.
func TestAnAccessTokenThatCannotBeWrittenRefusesNobody(t *testing.T) {
	w := newWorld(t)
	broken := w.wrap(t, &fakeStrategy{Strategy: w.inner, write: func(user) (string, error) {
		return "", errors.Join(errOwn, authstrategy.ErrTokenExpired, session.ErrRevoked)
	}}, session.WithMaxLifetime(time.Hour))
	tokens := start(t, newRefresher(t, w.Strategy), ada)
	_, _, err := newRefresher(t, broken).Refresh(ctx, tokens.Refresh, load)
	assertNoRefusal(t, err, errOwn)
	refresh(t, newRefresher(t, w.Strategy), tokens.Refresh, ada, "nothing was spent")
}

// A session that ends in the middle of a refresh gives no tokens that are over.
func TestASessionThatEndsDuringARefresh(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy, session.WithSessionLifetime(time.Hour))
	first := start(t, r, ada)
	w.Add(30 * time.Minute)
	tokens := refresh(t, r, first.Refresh, ada) // which would last longer than the session
	for left, want := range map[time.Duration]error{time.Millisecond: nil, 0: authstrategy.ErrTokenExpired} {
		w.Set(testTime.Add(time.Hour - 2*time.Millisecond))
		_, next, err := r.Refresh(ctx, tokens.Refresh, func(ctx context.Context, c *authstrategy.Claims) (user, error) {
			w.Set(testTime.Add(time.Hour - left))
			return load(ctx, c)
		})
		assert.ErrorIs(t, err, want)
		assert.Equal(t, left, next.RefreshExpiresIn)
	}
}

// Tokens can be logged: only how long they are valid shows.
func TestTokensShowNoToken(t *testing.T) {
	tokens := session.Tokens{Access: "a-token", Refresh: "r-token", ExpiresIn: time.Hour, RefreshExpiresIn: time.Minute}
	const want = "session.Tokens(access 1h0m0s, refresh 1m0s)"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.Equal(t, want, fmt.Sprintf(verb, tokens))
		assert.Contains(t, fmt.Sprintf(verb, &tokens), want)
	}
	assert.Equal(t, want, tokens.String())
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("refreshed", "tokens", tokens)
	assert.Contains(t, log.String(), want)
	assert.NotContains(t, log.String(), "-token")
}
