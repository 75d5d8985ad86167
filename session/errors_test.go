package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/session"
)

func TestErrorsMatchWhatTheyMean(t *testing.T) {
	for _, reason := range []error{session.ErrRevoked, session.ErrRefreshReused} {
		assertReason(t, reason, reason)
		assert.ErrorIs(t, reason, authstrategy.ErrUserRefused)
		assert.NotErrorIs(t, reason, authstrategy.ErrUserNotFound)
	}
	assert.NotErrorIs(t, session.ErrRevoked, session.ErrRefreshReused)
	assert.NotErrorIs(t, session.ErrRefreshReused, session.ErrRevoked)
	assert.EqualError(t, session.ErrRevoked, "session: revoked")
	assert.EqualError(t, session.ErrRefreshReused, "session: refresh token reused")
}

// around returns strategies that pass on to another.
func around(t testing.TB, s authstrategy.Strategy[user]) map[string]authstrategy.Strategy[user] {
	t.Helper()
	other := newJWT(t, otherSecret, time.Now)
	first, err := authstrategy.AnyOf(s, other)
	require.NoError(t, err)
	second, err := authstrategy.AnyOf[user](other, s)
	require.NoError(t, err)
	factory := authstrategy.StrategyFactory[user](func(context.Context) (authstrategy.Strategy[user], error) { return s, nil })
	both, err := authstrategy.AnyOf[user](other, factory)
	require.NoError(t, err)
	return map[string]authstrategy.Strategy[user]{"itself": s, "AnyOf": first, "the second of AnyOf": second, "a factory": factory, "a factory in AnyOf": both}
}

func TestErrRevokedIsFoundThroughOtherStrategies(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	require.NoError(t, w.DestroyToken(ctx, token, ada))
	for name, s := range around(t, w) {
		isEnded(t, s, token, name)
		w.store.failing(fmt.Errorf("%w: %w", errOwn, session.ErrRevoked), 0)
		_, err := s.ReadToken(ctx, token, load)
		assertNoRefusal(t, err, errOwn, name)
		w.store.fail = nil

		// And as the loader's error, which is what a Refresher's is to its caller.
		_, err = w.jwt(t, accessSecret).ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (user, error) {
			return "", fmt.Errorf("while refreshing: %w", session.ErrRefreshReused)
		})
		assertReason(t, err, session.ErrRefreshReused, name)
	}
}

// With AnyOf within, the token of the previous secret can be ended, too.
func TestAroundAnyOf(t *testing.T) {
	w := newWorld(t)
	previous := w.jwt(t, otherSecret)
	both, err := authstrategy.AnyOf[user](w.inner, previous)
	require.NoError(t, err)
	s := w.wrap(t, both)
	old, current := write(t, previous, ada), write(t, s, ada)
	for _, token := range []string{old, current} {
		lives(t, s, token, ada)
		w.store.failing(errDown, 0)
		_, err := s.ReadToken(ctx, token, load)
		assertNoRefusal(t, err, errDown)
		w.store.fail = nil
		require.NoError(t, s.DestroyToken(ctx, token, ada))
		w.store.since()
		isEnded(t, s, token)
		assert.Len(t, w.store.since(), 1)
	}
	destroyAll(t, s, bob)
	lives(t, s, write(t, s, bob), bob)
}

// A factory within: one Strategy for the tenants of a service.
func TestAroundAFactory(t *testing.T) {
	w := newWorld(t)
	down := false
	s := w.wrap(t, authstrategy.StrategyFactory[user](func(context.Context) (authstrategy.Strategy[user], error) {
		if down {
			return nil, errOwn
		}
		return w.inner, nil
	}), session.WithMaxLifetime(time.Hour))
	one, two := write(t, s, ada), write(t, s, ada)
	require.NoError(t, s.DestroyToken(ctx, one, ada))
	isEnded(t, s, one)
	destroyAll(t, s, ada)
	isEnded(t, s, two)
	lives(t, s, write(t, s, ada), ada)
	down = true
	_, err := s.ReadToken(ctx, one, load)
	assertNoRefusal(t, err, errOwn)
	assertNoRefusal(t, s.DestroyToken(ctx, one, ada), errOwn)
}

// FastAPI Users reads and writes such tokens.
func TestTokensWithoutTimeOfIssueAndID(t *testing.T) {
	w := newWorld(t)
	python, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(accessSecret), authstrategy.WithClock(w.Now))
	require.NoError(t, err)
	token := write(t, python, ada)
	lives(t, w, token, ada)
	lives(t, python, write(t, w, ada), ada)
	assert.ErrorContains(t, w.DestroyToken(ctx, token, ada), "WithTokenID")
	destroyAll(t, w.Strategy, ada)
	isEnded(t, w, token)
	w.Add(2 * time.Second)
	lives(t, w, write(t, python, ada), ada)
}

func TestAnswersOfHTTP(t *testing.T) {
	w := newWorld(t)
	auth, err := authhttp.New(authhttp.Bearer{}, authstrategy.Strategy[user](w), load, authhttp.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	guarded := auth.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	call := func(handler http.Handler, token string) int {
		recorder, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		handler.ServeHTTP(recorder, r)
		return recorder.Code
	}
	token := write(t, w, ada)
	assert.Equal(t, http.StatusOK, call(guarded, token))
	w.store.failing(errDown, 0)
	assert.Equal(t, http.StatusServiceUnavailable, call(guarded, token), "a store that is down logs nobody out")
	assert.Equal(t, http.StatusServiceUnavailable, call(http.HandlerFunc(auth.Logout), token))
	w.store.failing(errDown, 2)
	assert.Equal(t, http.StatusServiceUnavailable, call(http.HandlerFunc(auth.Logout), token), "no silent success")
	w.store.fail = nil
	assert.Equal(t, http.StatusOK, call(guarded, token))
	assert.Equal(t, http.StatusNoContent, call(http.HandlerFunc(auth.Logout), token))
	assert.Equal(t, http.StatusUnauthorized, call(guarded, token))
	assert.Equal(t, http.StatusNoContent, call(http.HandlerFunc(auth.Logout), token), "logged out already")

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	_, err = auth.Authenticate(r)
	isRevoked(t, err)
	_, err = auth.Authenticate(httptest.NewRequest(http.MethodGet, "/", nil))
	assert.ErrorIs(t, err, authstrategy.ErrTokenMissing)

	// authhttp answers the errors of a Refresher, as well.
	for _, c := range []struct {
		err  error
		want int
	}{{session.ErrRefreshReused, http.StatusUnauthorized}, {session.ErrRevoked, http.StatusUnauthorized}, {errors.New("down"), http.StatusServiceUnavailable}} {
		recorder := httptest.NewRecorder()
		auth.Refuse(recorder, r, c.err)
		assert.Equal(t, c.want, recorder.Code, c.err)
	}
}

// Why a Strategy belongs around AnyOf.
func TestWithinAnyOfAStoreThatIsDownLetsEndedTokensIn(t *testing.T) {
	w := newWorld(t)
	within, err := authstrategy.AnyOf[user](w, w.inner)
	require.NoError(t, err)
	token := write(t, w, ada)
	require.NoError(t, w.DestroyToken(ctx, token, ada))
	isEnded(t, within, token)
	w.store.failing(errDown, 0)
	lives(t, within, token, ada)
}

func TestAContextThatIsOver(t *testing.T) {
	store := session.NewMemory()
	s := newSession(t, newJWT(t, accessSecret, time.Now), store)
	r := newRefresher(t, s)
	token, tokens := write(t, s, ada), start(t, r, ada)
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.ReadToken(over, token, load)
	assertNoRefusal(t, err, context.Canceled)
	_, err = s.WriteToken(over, ada)
	assertNoRefusal(t, err, context.Canceled)
	assertNoRefusal(t, s.DestroyToken(over, token, ada), context.Canceled)
	assertNoRefusal(t, s.DestroyAll(over, ada), context.Canceled)
	_, err = r.Start(over, ada)
	assertNoRefusal(t, err, context.Canceled)
	_, _, err = r.Refresh(over, tokens.Refresh, load)
	assertNoRefusal(t, err, context.Canceled)
	assertNoRefusal(t, r.End(over, tokens.Refresh), context.Canceled)
	assert.Zero(t, store.Len(), "nothing is done")
	lives(t, s, token, ada)
	refresh(t, r, tokens.Refresh, ada)
}

func TestNothingShowsASecret(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy, session.WithPreviousSecrets(authstrategy.NewSecret(otherSecret)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{w.Strategy, *w.Strategy, r, *r, session.WithPreviousSecrets(authstrategy.NewSecret(otherSecret))} {
			text := fmt.Sprintf(verb, value)
			for _, secret := range []string{accessSecret, refreshSecret, otherSecret} {
				assert.NotContains(t, text, secret)
				assert.NotContains(t, text, fmt.Sprintf("%x", secret))
				assert.NotContains(t, text, fmt.Sprint([]byte(secret)))
			}
		}
	}
}
