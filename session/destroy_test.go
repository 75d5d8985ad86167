package session_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

func TestDestroyTokenEndsExactlyThisToken(t *testing.T) {
	w := newWorld(t)
	one, two, bobs := write(t, w, ada), write(t, w, ada), write(t, w, bob)
	require.NoError(t, w.DestroyToken(ctx, one, ada))
	isEnded(t, w, one)
	lives(t, w, two, ada)
	lives(t, w, bobs, bob)
	isEnded(t, w.host(t, 0), one, "on every host")
}

// A token that the strategy inside remembers is ended like any other: the store is asked
// at every read.
func TestRememberedTokensEnd(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithTokenCache(16)))
	one, two := write(t, s, ada), write(t, s, ada)
	for range 3 {
		lives(t, s, one, ada)
		lives(t, s, two, ada)
	}
	require.NoError(t, s.DestroyToken(ctx, one, ada))
	isEnded(t, s, one)
	lives(t, s, two, ada)
	destroyAll(t, s, ada)
	isEnded(t, s, two)
}

func TestWhatDestroyTokenStores(t *testing.T) {
	for _, skew := range []time.Duration{0, time.Second, time.Minute} {
		w := newWorld(t, session.WithClockSkew(skew))
		token := write(t, w, ada)
		key := tokenKey(t, w.inner, token)
		w.store.since()
		require.NoError(t, w.DestroyToken(ctx, token, ada))
		exp := testTime.Add(time.Hour).Truncate(time.Second)
		assert.Equal(t, []call{
			get(key, space.User("ada")),
			raised(key, ledger.Ended, exp.Add(10*time.Minute+skew)),
		}, w.store.since())
	}
}

// It is ended as long as some host may take it: one with the most leeway, whose clock
// is behind.
func TestATokenStaysEndedUntilNobodyTakesIt(t *testing.T) {
	w := newWorld(t)
	w.store.now = w.Now
	behind := w.plus(-skew)
	s := w.wrap(t, newJWT(t, accessSecret, behind, authstrategy.WithLeeway(10*time.Minute)), session.WithClock(behind))
	token := write(t, s, ada)
	require.NoError(t, s.DestroyToken(ctx, token, ada))
	last := behind().Truncate(time.Second).Add(time.Hour + 10*time.Minute + skew)
	w.Set(last.Add(-time.Nanosecond))
	isEnded(t, s, token)
	w.Set(last)
	_, err := s.ReadToken(ctx, token, load)
	assertReason(t, err, authstrategy.ErrTokenExpired)
}

func TestATokenThatNeverExpiresStaysEnded(t *testing.T) {
	w := newWorld(t)
	w.store.now = w.Now
	s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration()))
	token := write(t, s, ada)
	w.store.since()
	require.NoError(t, s.DestroyToken(ctx, token, ada))
	assert.Zero(t, w.store.since()[1].until, "for ever")
	w.Add(1000 * day)
	isEnded(t, s, token)
}

// RFC 7009 §2.2.
func TestATokenThatIsRefusedAnywayIsNothingToEnd(t *testing.T) {
	w := newWorld(t)
	destroyed := 0
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, destroy: func(string) error { destroyed++; return errOwn }}, session.WithMaxLifetime(time.Hour))
	ended, all := write(t, s, ada), write(t, s, ada)
	assert.Equal(t, errOwn, s.DestroyToken(ctx, ended, ada))
	destroyAll(t, s, ada)
	destroyed = 0
	w.store.since()
	for name, token := range map[string]string{
		"expired":               write(t, w.wrap(t, newJWT(t, accessSecret, w.plus(-2*time.Hour))), ada),
		"forged":                write(t, w.jwt(t, otherSecret), ada),
		"not ours":              write(t, w.jwt(t, accessSecret, authstrategy.WithAudience("other")), ada),
		"none":                  "",
		"ended before":          ended,
		"ended with all others": all,
	} {
		assert.NoError(t, s.DestroyToken(ctx, token, ada), name)
	}
	for _, c := range w.store.since() {
		if c.value == ledger.Ended {
			t.Error("something was ended")
		}
	}
	assert.Zero(t, destroyed)
}

func TestATokenThatIsNotYetValidWillLive(t *testing.T) {
	w := newWorld(t)
	token := accessToken(fmt.Sprintf(`,"jti":"1","nbf":%d,"exp":%d`, testTime.Unix()+60, testTime.Unix()+120))
	destroyed := false
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, destroy: func(string) error { destroyed = true; return nil }}, session.WithMaxLifetime(time.Hour))
	_, want := w.inner.ReadToken(ctx, token, load)
	assert.Equal(t, want, s.DestroyToken(ctx, token, ada), "the inner strategy's error")
	assert.ErrorIs(t, want, authstrategy.ErrTokenNotYetValid)
	assert.False(t, destroyed)
	w.Add(time.Minute)
	lives(t, s, token, ada)
}

func TestDestroyTokenOfAnotherUser(t *testing.T) {
	w := newWorld(t)
	destroyed := false
	fake := &fakeStrategy{Strategy: w.inner, destroy: func(string) error { destroyed = true; return nil }}
	s := w.wrap(t, fake, session.WithMaxLifetime(time.Hour))
	token := write(t, w, ada)
	w.store.since()
	err := s.DestroyToken(ctx, token, bob)
	assert.EqualError(t, err, "authstrategy: invalid subject: the token is another user's")
	assert.ErrorIs(t, err, authstrategy.ErrInvalidSubject)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)

	// Also where the inner strategy does not look whether the user is the token's, or
	// calls it a refusal.
	fake.read = func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
		claims, err := w.inner.ReadClaims(ctx, token)
		require.NoError(t, err)
		return load(ctx, claims)
	}
	assert.ErrorIs(t, s.DestroyToken(ctx, token, bob), authstrategy.ErrInvalidSubject)
	fake.read = func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
		_, err := w.inner.ReadToken(ctx, token, load)
		return "", fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, err)
	}
	assert.ErrorIs(t, s.DestroyToken(ctx, token, bob), authstrategy.ErrInvalidSubject)

	for _, c := range w.store.since() {
		assert.Zero(t, c.value, "nothing happens")
	}
	assert.False(t, destroyed)
	lives(t, w, token, ada)
}

// Never a silent success.
func TestDestroyTokenWithoutAnID(t *testing.T) {
	w := newWorld(t)
	destroyed := false
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, destroy: func(string) error { destroyed = true; return nil }}, session.WithMaxLifetime(time.Hour))
	for _, id := range []string{"", `,"jti":""`} {
		token := accessToken(fmt.Sprintf(`,"iat":%d,"exp":%d`+id, testTime.Unix(), testTime.Unix()+60))
		w.store.since()
		err := s.DestroyToken(ctx, token, ada)
		assert.EqualError(t, err, "authstrategy: invalid configuration: the token has no jti, without which it cannot be told from others; write tokens with authstrategy.WithTokenID")
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Equal(t, []call{get(space.Token(""), space.User("ada"))}, w.store.since())
	}
	assert.False(t, destroyed)
}

func TestTheInnerStrategyDestroysAfterTheStoreHasIt(t *testing.T) {
	w := newWorld(t)
	var order []string
	w.store.before = func(c call) {
		if c.value > 0 {
			order = append(order, "store")
		}
	}
	token := write(t, w, ada)
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, destroy: func(got string) error {
		assert.Equal(t, token, got)
		order = append(order, "inner")
		return errOwn
	}}, session.WithMaxLifetime(time.Hour))
	w.store.failing(errDown, 1)
	assertNoRefusal(t, s.DestroyToken(ctx, token, ada), errDown)
	assert.Equal(t, []string{"store"}, order)

	w.store.fail, order = nil, nil
	assert.Equal(t, errOwn, s.DestroyToken(ctx, token, ada), "its error is returned")
	assert.Equal(t, []string{"store", "inner"}, order)
	isEnded(t, s, token)
}

// Memory goes by time.Now.
func TestMemoryForgetsWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := session.NewMemory()
		s := newSession(t, newJWT(t, accessSecret, time.Now), store)
		r := newRefresher(t, s)
		ended, other := write(t, s, ada), write(t, s, bob)
		tokens := start(t, r, bob)
		require.NoError(t, s.DestroyToken(ctx, ended, ada))
		require.NoError(t, r.End(ctx, tokens.Refresh))
		destroyAll(t, s, bob)
		assert.Equal(t, 3, store.Len())
		time.Sleep(time.Hour - time.Nanosecond)
		isEnded(t, s, ended)
		isEnded(t, s, other)
		time.Sleep(731*day + time.Hour)
		for range 10 {
			_, _ = store.Get(ctx, space.User("ada")) // looks at a few keys each time
		}
		assert.Zero(t, store.Len())
	})
}
