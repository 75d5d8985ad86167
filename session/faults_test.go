package session_test

import (
	"context"
	"errors"
	"math"
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
	assert.ErrorContains(t, err, "the secret of NewRefresher")
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
	require.Error(t, err)
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
