package session_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/internal/test/refreshtest"
	"github.com/go-authstrategy/authstrategy/session"
)

const grace = 10 * time.Second // the default

// sessionKey returns the key of the session of a refresh token.
func sessionKey(t testing.TB, refresh string) string {
	t.Helper()
	return space.Session(sessionOf(t, refresh).ID)
}

func TestStart(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	assert.Equal(t, []call{get(space.User("ada")), get(space.User("ada"))}, w.store.since(), "nothing is stored")
	assert.Equal(t, time.Hour, tokens.ExpiresIn)
	assert.Equal(t, 14*day, tokens.RefreshExpiresIn)
	lives(t, w, tokens.Access, ada)
	s := sessionOf(t, tokens.Refresh)
	login := testTime.UnixMilli()
	assert.Equal(t, ledger.Session{ID: s.ID, Counter: 1, Login: login, Begun: login, End: testTime.Add(90 * day).UnixMilli()}, s)
	assert.Len(t, s.ID, 22)
	assert.NotEqual(t, s.ID, sessionOf(t, start(t, r, ada).Refresh).ID)
	assert.JSONEq(t, fmt.Sprintf(`{"sub":"ada","aud":[%q],"exp":%d,"sid":%q,"counter":1,"login":%d,"begun":%[4]d,"end":%d}`,
		space.Audience(), testTime.Add(14*day).Unix(), s.ID, login, s.End), claimsOf(t, tokens.Refresh))
	assert.Equal(t, `{"alg":"HS256","typ":"refresh+jwt"}`, decode(t, strings.Split(tokens.Refresh, ".")[0]))
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	first := start(t, r, ada)
	w.store.since()
	w.Add(time.Minute)
	next := refresh(t, r, first.Refresh, ada)
	key, s := sessionKey(t, first.Refresh), sessionOf(t, first.Refresh)
	assert.Equal(t, []call{
		get(space.User("ada")),      // of WriteToken
		get(key, space.User("ada")), // one more Get
		raised(key, 1<<36|(1<<36-1-60_000), testTime.Add(90*day+10*time.Minute+skew)), // Raise last
	}, w.store.since())
	lives(t, w, next.Access, ada)
	lives(t, w, first.Access, ada, "a refresh does not end the access token before")
	assert.NotEqual(t, first.Access, next.Access)
	assert.Equal(t, s.Next(), sessionOf(t, next.Refresh), "the same session, the next counter")
	assert.Equal(t, time.Hour, next.ExpiresIn)
	assert.Equal(t, 14*day, next.RefreshExpiresIn)
	for range 20 {
		w.Add(day)
		next = refresh(t, r, next.Refresh, ada)
	}
	assert.Equal(t, int64(22), sessionOf(t, next.Refresh).Counter)
	assert.Equal(t, int64(21), ledger.Counter(w.store.values[key]))
	assert.Len(t, w.store.values, 1, "one number for each session")
}

// Neither token is ever taken for the other, even if the secret is the same.
func TestAccessAndRefreshTokensAreKeptApart(t *testing.T) {
	w := newWorld(t)
	for _, secret := range []string{refreshSecret, accessSecret} {
		r, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret(secret))
		require.NoError(t, err)
		tokens := start(t, r, ada)
		w.store.since()
		loads := 0
		count := func(context.Context, *authstrategy.Claims) (user, error) { loads++; return ada, nil }
		_, err = w.ReadToken(ctx, tokens.Refresh, count)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidToken)
		_, _, err = r.Refresh(ctx, tokens.Access, count)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidToken)
		assert.NoError(t, w.DestroyToken(ctx, tokens.Refresh, ada))
		assert.NoError(t, r.End(ctx, tokens.Access))
		assert.Zero(t, loads)
		assert.Empty(t, w.store.since())
	}
	// By the type alone, and by the audience alone.
	r := newRefresher(t, w.Strategy)
	s := sessionOf(t, start(t, r, ada).Refresh)
	good := refreshToken(t, refreshSecret, s, testTime.Unix()+60)
	claims := claimsOf(t, good)
	refused(t, r, sign(refreshSecret, `{"alg":"HS256","typ":"JWT"}`, claims), authstrategy.ErrTokenType)
	refused(t, r, sign(refreshSecret, `{"alg":"HS256"}`, claims), authstrategy.ErrTokenType)
	refused(t, r, sign(refreshSecret, `{"alg":"HS256","typ":"refresh+jwt"}`, strings.Replace(claims, space.Audience(), "fastapi-users:auth", 1)), authstrategy.ErrTokenAudience)
	refresh(t, r, good, ada)
}

func TestRefreshersOfOtherKeySpacesAreKeptApart(t *testing.T) {
	w := newWorld(t)
	one, other := newRefresher(t, w.Strategy), newRefresher(t, w.Strategy, session.WithKeySpace("other"))
	refused(t, one, start(t, other, ada).Refresh, authstrategy.ErrTokenAudience)
	refused(t, other, start(t, one, ada).Refresh, authstrategy.ErrTokenAudience)
	tokens := start(t, other, ada)
	w.store.since()
	w.Add(time.Second)
	refresh(t, other, tokens.Refresh, ada)
	key := ledger.KeySpace("other").Session(sessionOf(t, tokens.Refresh).ID)
	calls := w.store.since()
	assert.Equal(t, get(key, space.User("ada")), calls[1], "the cutoff is looked up under access's key space")
	assert.Equal(t, []string{key}, calls[2].keys)
	destroyAll(t, w.Strategy, ada)
	refused(t, other, tokens.Refresh, session.ErrRevoked)
	w.store.since()
	again := start(t, other, ada)
	assert.Equal(t, get(space.User("ada")), w.store.since()[0], "by Start, too")
	refresh(t, other, again.Refresh, ada)
}

// Without options of its own, a Refresher goes by those of its Strategy.
func TestARefresherTakesWhatItsStrategyHas(t *testing.T) {
	w := newWorld(t, session.WithKeySpace("mine"), session.WithClockSkew(7*time.Second))
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	w.store.since()
	refresh(t, r, tokens.Refresh, ada)
	mine := ledger.KeySpace("mine")
	key := mine.Session(sessionOf(t, tokens.Refresh).ID)
	calls := w.store.since()
	assert.Equal(t, get(key, mine.User("ada")), calls[1])
	assert.Equal(t, testTime.Add(90*day+10*time.Minute+7*time.Second), calls[2].until)
	w.Add(grace + 7*time.Second)
	refresh(t, r, tokens.Refresh, ada)
	w.Add(time.Millisecond)
	refused(t, r, tokens.Refresh, session.ErrRefreshReused)

	own := newRefresher(t, w.Strategy, session.WithClockSkew(0), session.WithClock(w.plus(-day)))
	tokens = start(t, own, ada)
	assert.Equal(t, w.Now().Add(-day).UnixMilli(), sessionOf(t, tokens.Refresh).Login)
	refresh(t, own, tokens.Refresh, ada)
	w.Add(grace + time.Millisecond)
	refused(t, own, tokens.Refresh, session.ErrRefreshReused)
}

func TestThePreviousSecretsVerifyAndNeverSign(t *testing.T) {
	w := newWorld(t)
	old, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret(otherSecret))
	require.NoError(t, err)
	older, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret("an older secret for tests, not for production"))
	require.NoError(t, err)
	current := newRefresher(t, w.Strategy)
	both := newRefresher(t, w.Strategy, session.WithPreviousSecrets(authstrategy.NewSecret(otherSecret), authstrategy.NewSecret("an older secret for tests, not for production")))
	refused(t, current, start(t, old, ada).Refresh, authstrategy.ErrTokenSignature)
	for _, r := range []*session.Refresher[user]{old, older} {
		tokens := start(t, r, ada)
		next := refresh(t, both, tokens.Refresh, ada)
		refused(t, r, next.Refresh, authstrategy.ErrTokenSignature)
		refresh(t, current, next.Refresh, ada, "it is answered with one of the current secret")
		require.NoError(t, both.End(ctx, tokens.Refresh))
		refused(t, both, next.Refresh, session.ErrRevoked)
	}
	refresh(t, current, start(t, both, ada).Refresh, ada)
}

func TestARefusedUserSpendsNothing(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	w.store.since()
	for name, c := range map[string]struct {
		load authstrategy.UserLoader[user]
		want error
	}{
		"disabled":     {func(context.Context, *authstrategy.Claims) (user, error) { return "", authstrategy.ErrUserRefused }, authstrategy.ErrUserRefused},
		"unknown":      {func(context.Context, *authstrategy.Claims) (user, error) { return "", nil }, authstrategy.ErrUserNotFound},
		"another user": {func(context.Context, *authstrategy.Claims) (user, error) { return bob, nil }, authstrategy.ErrInvalidSubject},
		"it fails": {func(context.Context, *authstrategy.Claims) (user, error) {
			return "", fmt.Errorf("%w: %w", errOwn, errDown)
		}, errOwn},
	} {
		got, next, err := r.Refresh(ctx, tokens.Refresh, c.load)
		assert.ErrorIs(t, err, c.want, name)
		assert.Equal(t, c.want == authstrategy.ErrUserRefused || c.want == authstrategy.ErrUserNotFound, errors.Is(err, authstrategy.ErrInvalidToken), name)
		assert.Empty(t, got)
		assert.Empty(t, next)
		assert.Empty(t, w.store.since(), "%s: the store is not asked", name)
	}
	w.Add(time.Minute)
	refresh(t, r, tokens.Refresh, ada, "nothing was spent")
}

func TestTheLoaderOfARefreshTokenFindsNoRoles(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	_, _, err := r.Refresh(ctx, start(t, r, ada).Refresh, func(_ context.Context, claims *authstrategy.Claims) (user, error) {
		assert.Equal(t, "ada", claims.Subject)
		var roles struct {
			Roles []string `json:"roles"`
		}
		assert.NoError(t, claims.Decode(&roles))
		assert.Empty(t, roles.Roles)
		return ada, nil
	})
	assert.NoError(t, err)
}

// Each store call of a refresh fails in turn: nothing is spent, nobody is logged out.
func TestAStoreThatFailsDuringARefresh(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	for after := range 3 {
		w.store.failing(errDown, after)
		got, next, err := r.Refresh(ctx, tokens.Refresh, load)
		assertNoRefusal(t, err, errDown, after)
		assert.Empty(t, got)
		assert.Empty(t, next)
		w.store.fail = nil
		assert.Empty(t, w.store.values)
		w.Add(time.Minute)
	}
	refresh(t, r, tokens.Refresh, ada)

	w.store.failing(errDown, 0)
	for _, fails := range []error{r.End(ctx, tokens.Refresh), errorOf(r.Start(ctx, ada))} {
		assertNoRefusal(t, fails, errDown)
	}
	w.store.failing(errDown, 1)
	assertNoRefusal(t, errorOf(r.Start(ctx, ada)), errDown)
	w.store.fail, w.store.short = nil, true
	_, _, err := r.Refresh(ctx, tokens.Refresh, load)
	assert.EqualError(t, err, "session: the store failed: it returned 0 values for 1 keys")
	_, err = r.Start(ctx, ada)
	assert.EqualError(t, err, "session: the store failed: it returned 0 values for 1 keys")
}

func errorOf(_ session.Tokens, err error) error { return err }

// If a session cannot be ended, the client is told that the store is down, and the
// next use ends it.
func TestAReuseThatCannotBeStored(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	refresh(t, r, tokens.Refresh, ada)
	w.Add(time.Minute)
	w.store.failing(errDown, 2)
	_, _, err := r.Refresh(ctx, tokens.Refresh, load)
	assertNoRefusal(t, err, errDown)
	w.store.fail = nil
	refused(t, r, tokens.Refresh, session.ErrRefreshReused)
}

// Nothing is lost by a crash between two steps.
func TestACrashBetweenTwoSteps(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	crash := func(step int) (crashed bool) {
		defer func() { crashed = recover() != nil }()
		w.store.before = func(call) {
			if step--; step < 0 {
				panic("crash")
			}
		}
		_, _, _ = r.Refresh(ctx, tokens.Refresh, load)
		return false
	}
	for step := range 3 {
		assert.True(t, crash(step))
		w.Add(time.Hour)
	}
	assert.False(t, crash(3), "after Raise there is only the reply to lose")
	w.store.before = nil
	w.Add(grace)
	refresh(t, r, tokens.Refresh, ada)
}

func TestASecondUseWithinTheGrace(t *testing.T) {
	for _, c := range []struct {
		name        string
		grace, skew time.Duration
	}{
		{"the default", grace, skew},
		{"no grace", 0, skew},
		{"no skew", grace, 0},
		{"neither", 0, 0},
		{"the most", time.Minute, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, session.WithClockSkew(c.skew))
			r := newRefresher(t, w.Strategy, session.WithGrace(c.grace))
			tokens := start(t, r, ada)
			w.Add(time.Hour)
			next := refresh(t, r, tokens.Refresh, ada)
			key := sessionKey(t, tokens.Refresh)
			stored := w.store.values[key]
			for range 4 {
				w.store.since()
				again := refresh(t, r, tokens.Refresh, ada)
				assert.Equal(t, []call{get(space.User("ada")), get(key, space.User("ada"))}, w.store.since(), "writes nothing of the session")
				assert.Equal(t, int64(2), sessionOf(t, again.Refresh).Counter, "the same next counter")
				lives(t, w, again.Access, ada)
				w.Add((c.grace + c.skew) / 4)
			}
			refresh(t, r, tokens.Refresh, ada, "at the end of the grace")
			assert.Equal(t, stored, w.store.values[key], "never extends the grace")
			w.Add(time.Millisecond)
			w.store.since()
			refused(t, r, tokens.Refresh, session.ErrRefreshReused)
			calls := w.store.since()
			assert.Equal(t, raised(key, ledger.Ended, w.store.untils[key]), calls[len(calls)-1])
			refused(t, r, next.Refresh, session.ErrRevoked, "the whole session has ended")
			refused(t, r, tokens.Refresh, session.ErrRevoked)
		})
	}
}

func TestTheTextsOfReuse(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy, session.WithGrace(0))
	tokens := start(t, r, ada)
	refresh(t, r, tokens.Refresh, ada)
	w.Add(time.Minute)
	_, _, err := r.Refresh(ctx, tokens.Refresh, load)
	assert.EqualError(t, err, "session: refresh token reused: it came after a later one of its session, or after the grace; the session was ended")
	_, _, err = r.Refresh(ctx, tokens.Refresh, load)
	assert.EqualError(t, err, "session: revoked: the session was ended; log in again")
}

// Any token of the grace may go on.
func TestTokensOfTheGraceAreAsGood(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	one, two := refresh(t, r, tokens.Refresh, ada), refresh(t, r, tokens.Refresh, ada)
	w.Add(time.Hour)
	refresh(t, r, two.Refresh, ada)
	refresh(t, r, one.Refresh, ada, "a tab that comes within the grace")
	w.Add(time.Hour)
	refused(t, r, one.Refresh, session.ErrRefreshReused)
}

func TestACounterThatWasOvertakenEndsTheSession(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	first := start(t, r, ada)
	second := refresh(t, r, first.Refresh, ada)
	third := refresh(t, r, second.Refresh, ada)
	refused(t, r, first.Refresh, session.ErrRefreshReused, "also within the grace of its own first use")
	refused(t, r, third.Refresh, session.ErrRevoked)
}

// Between the Get and the Raise of one refresh comes another call.
func TestARefreshThatIsOvertaken(t *testing.T) {
	for _, c := range []struct {
		name      string
		overtakes func(t *testing.T, w *world, r *session.Refresher[user], token string)
		want      error // nil: it is good
	}{
		{"by the same token", func(t *testing.T, _ *world, r *session.Refresher[user], token string) { refresh(t, r, token, ada) }, nil},
		{"by a later one", func(t *testing.T, _ *world, r *session.Refresher[user], token string) {
			refresh(t, r, refresh(t, r, token, ada).Refresh, ada)
		}, session.ErrRefreshReused},
		{"by End", func(t *testing.T, _ *world, r *session.Refresher[user], token string) {
			require.NoError(t, r.End(ctx, token))
		}, session.ErrRevoked},
		{"by the same token long ago", func(t *testing.T, w *world, r *session.Refresher[user], token string) {
			w.Add(-time.Minute)
			refresh(t, r, token, ada)
			w.Add(time.Minute)
		}, session.ErrRefreshReused},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := newRefresher(t, w.Strategy)
			tokens := start(t, r, ada)
			w.Add(time.Hour)
			w.store.before = func(call call) {
				if call.value > 0 {
					w.store.before = nil
					c.overtakes(t, w, r, tokens.Refresh)
				}
			}
			if c.want != nil {
				refused(t, r, tokens.Refresh, c.want)
				assert.Equal(t, int64(ledger.Ended), w.store.values[sessionKey(t, tokens.Refresh)])
				return
			}
			refresh(t, r, tokens.Refresh, ada)
		})
	}
}

func TestHostsWhoseClocksDifferNeverEndASession(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second time.Duration // how far the clocks are ahead
	}{
		{"the second is ahead", 0, skew}, {"the second is behind", 0, -skew}, {"the first is ahead", skew, 0}, {"the first is behind", -skew, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			one, other := newRefresher(t, w.host(t, c.first)), newRefresher(t, w.host(t, c.second))
			tokens := start(t, one, ada)
			for range 3 {
				next := refresh(t, other, tokens.Refresh, ada, "at once, also before the log-in")
				w.Add(grace)
				refresh(t, one, tokens.Refresh, ada, "at the end of the grace")
				refresh(t, other, tokens.Refresh, ada)
				tokens = next
				one, other = other, one
			}
			assert.Equal(t, int64(3), ledger.Counter(w.store.values[sessionKey(t, tokens.Refresh)]))
		})
	}
}

func TestAClockThatStepsBackNeverEndsASession(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	for _, back := range []time.Duration{time.Millisecond, time.Second, time.Hour, 400 * day} {
		next := refresh(t, r, tokens.Refresh, ada)
		w.Add(-back)
		refresh(t, r, tokens.Refresh, ada, back)
		after := refresh(t, r, next.Refresh, ada, back)
		assert.Equal(t, sessionOf(t, next.Refresh).Counter, ledger.Counter(w.store.values[sessionKey(t, next.Refresh)]), "never carries into the counter")
		w.Set(testTime)
		tokens = after
	}
}

func TestTheIdleLifetimeCountsFromTheLastRefresh(t *testing.T) {
	w := newWorld(t)
	w.Set(testTime.Truncate(time.Second))
	r := newRefresher(t, w.Strategy, session.WithIdleLifetime(day))
	tokens := start(t, r, ada)
	for range 5 {
		assert.Equal(t, day, tokens.RefreshExpiresIn)
		w.Add(day - time.Second) // an exp has whole seconds
		tokens = refresh(t, r, tokens.Refresh, ada)
	}
	w.store.since()
	w.Add(day)
	refused(t, r, tokens.Refresh, authstrategy.ErrTokenExpired)
	assert.Empty(t, w.store.since())
}

func TestTheSessionLifetimeCountsFromTheLogin(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy, session.WithIdleLifetime(day), session.WithSessionLifetime(36*time.Hour))
	tokens := start(t, r, ada)
	assert.Equal(t, day, tokens.RefreshExpiresIn)
	end := testTime.Add(36 * time.Hour)
	w.Add(20 * time.Hour)
	tokens = refresh(t, r, tokens.Refresh, ada)
	assert.Equal(t, 16*time.Hour, tokens.RefreshExpiresIn, "no longer than the session")
	w.Set(end.Add(-time.Nanosecond))
	last := refresh(t, r, tokens.Refresh, ada)
	assert.Equal(t, time.Nanosecond, last.RefreshExpiresIn)
	w.Set(end)
	w.store.since()
	for _, token := range []string{tokens.Refresh, last.Refresh} {
		_, _, err := r.Refresh(ctx, token, load)
		assertReason(t, err, authstrategy.ErrTokenExpired)
		assert.EqualError(t, err, "authstrategy: token is expired: its session has lasted as long as WithSessionLifetime allows; log in again")
		assert.NoError(t, r.End(ctx, token), "nothing to end")
	}
	assert.Empty(t, w.store.since())
}

func TestTheLifetimesByDefault(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		opts []session.Option
		idle time.Duration
	}{
		{nil, 14 * day},
		{[]session.Option{session.WithSessionLifetime(14*day + 1)}, 14 * day},
		{[]session.Option{session.WithSessionLifetime(13 * day)}, 13 * day},
		{[]session.Option{session.WithSessionLifetime(time.Minute)}, time.Minute},
		{[]session.Option{session.WithIdleLifetime(30 * day)}, 30 * day},
	} {
		tokens := start(t, newRefresher(t, w.Strategy, c.opts...), ada)
		assert.Equal(t, testTime.Add(c.idle).Unix(), exp(t, tokens.Refresh))
	}
}

func TestASessionWhoseCounterIsFullHasEnded(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	s := sessionOf(t, start(t, r, ada).Refresh)
	at := func(counter int64) string {
		s.Counter = counter
		return refreshToken(t, refreshSecret, s, testTime.Unix()+60)
	}
	w.store.since()
	last := refresh(t, r, at(ledger.MaxCounter-1), ada)
	assert.Equal(t, int64(1<<27-2), sessionOf(t, last.Refresh).Counter)
	assert.Positive(t, w.store.values[sessionKey(t, last.Refresh)])
	assert.Less(t, w.store.values[sessionKey(t, last.Refresh)], int64(ledger.Ended))
	w.store.since()
	_, _, err := r.Refresh(ctx, last.Refresh, load)
	assertReason(t, err, session.ErrRevoked)
	assert.EqualError(t, err, "session: revoked: the session was refreshed as often as one can be; log in again")
	assert.Empty(t, w.store.since())

	// The token before it would still be good within its grace.
	assert.NoError(t, r.End(ctx, last.Refresh))
	refused(t, r, at(ledger.MaxCounter-1), session.ErrRevoked)
	w.store.since()

	for _, counter := range []int64{math.MinInt64, -1, 0, ledger.MaxCounter + 1, 1 << 27, math.MaxInt64} {
		refused(t, r, at(counter), authstrategy.ErrTokenMalformed, counter)
		assert.NoError(t, r.End(ctx, at(counter)))
	}
	assert.Empty(t, w.store.since())
}

// A token that the secret signed for something else is none of a session.
func TestATokenOfTheSecretThatIsNoRefreshToken(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	for name, claims := range map[string]string{
		"no session":            "",
		"no id":                 `,"counter":1,"login":1,"begun":1,"end":9999999999999`,
		"an empty id":           `,"sid":"","counter":1,"login":1,"begun":1,"end":9999999999999`,
		"an id that is no text": `,"sid":1,"counter":1,"login":1,"begun":1,"end":9999999999999`,
		"no counter":            `,"sid":"1","login":1,"begun":1,"end":9999999999999`,
		"a fraction":            `,"sid":"1","counter":1.5,"login":1,"begun":1,"end":9999999999999`,
		"a large counter":       `,"sid":"1","counter":9223372036854775808,"login":1,"begun":1,"end":9999999999999`,
	} {
		token := sign(refreshSecret, `{"alg":"HS256","typ":"refresh+jwt"}`, fmt.Sprintf(`{"sub":"ada","aud":[%q],"exp":%d%s}`, space.Audience(), testTime.Unix()+60, claims))
		refused(t, r, token, authstrategy.ErrTokenMalformed, name)
		assert.NoError(t, r.End(ctx, token), name)
	}
	token := sign(refreshSecret, `{"alg":"HS256","typ":"refresh+jwt"}`, fmt.Sprintf(`{"sub":"ada","aud":[%q],"exp":%d,"sid":"1","counter":1}`, space.Audience(), testTime.Unix()+60))
	refused(t, r, token, authstrategy.ErrTokenExpired, "no end")
	assert.Empty(t, w.store.since())
}

func TestAForgedRefreshToken(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	good := start(t, r, ada).Refresh
	s := sessionOf(t, good)
	w.store.since()
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"none":        {"", authstrategy.ErrTokenMissing},
		"large":       {good + strings.Repeat("a", 8192), authstrategy.ErrTokenTooLarge},
		"garbage":     {"garbage", authstrategy.ErrTokenMalformed},
		"another key": {refreshToken(t, otherSecret, s, testTime.Unix()+60), authstrategy.ErrTokenSignature},
		"expired":     {refreshToken(t, refreshSecret, s, testTime.Unix()), authstrategy.ErrTokenExpired},
		"no exp":      {sign(refreshSecret, `{"alg":"HS256","typ":"refresh+jwt"}`, fmt.Sprintf(`{"sub":"ada","aud":[%q]}`, space.Audience())), authstrategy.ErrTokenClaimMissing},
	} {
		refused(t, r, c.token, c.want, name)
		assert.NoError(t, r.End(ctx, c.token), name)
	}
	assert.Empty(t, w.store.since())
}

func TestEndEndsThisSession(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	first, other, bobs := start(t, r, ada), start(t, r, ada), start(t, r, bob)
	second := refresh(t, r, first.Refresh, ada)
	w.store.since()
	w.Add(time.Second)
	require.NoError(t, r.End(ctx, second.Refresh))
	key := sessionKey(t, first.Refresh)
	assert.Equal(t, []call{raised(key, ledger.Ended, testTime.Add(90*day+10*time.Minute+skew))}, w.store.since(), "one Raise")
	refused(t, r, second.Refresh, session.ErrRevoked)
	refused(t, r, first.Refresh, session.ErrRevoked)
	refresh(t, r, other.Refresh, ada)
	refresh(t, r, bobs.Refresh, bob)
	lives(t, w, second.Access, ada, "access tokens live to their own exp")
	require.NoError(t, w.DestroyToken(ctx, second.Access, ada))
	isEnded(t, w, second.Access, "unless they are destroyed too")
	assert.NoError(t, r.End(ctx, second.Refresh), "again")
}

func TestEndBeforeTheFirstRefresh(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	require.NoError(t, r.End(ctx, tokens.Refresh))
	refused(t, r, tokens.Refresh, session.ErrRevoked)
}

func TestEndWithAnOlderToken(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	first := start(t, r, ada)
	last := first
	for range 5 {
		last = refresh(t, r, last.Refresh, ada)
		w.Add(time.Hour)
	}
	require.NoError(t, r.End(ctx, first.Refresh))
	refused(t, r, last.Refresh, session.ErrRevoked)
}

// An error that says nothing about the token is returned.
func TestEndThatCannotTell(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	w.Set(time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC))
	err := r.End(ctx, tokens.Refresh)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	_, _, err = r.Refresh(ctx, tokens.Refresh, load)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	_, err = r.Start(ctx, ada)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
}

func TestDestroyAllEndsSessionsAsWell(t *testing.T) {
	for _, ahead := range []time.Duration{0, skew, -skew} {
		w := newWorld(t)
		other := w.host(t, ahead)
		r := newRefresher(t, other)
		fresh, used, bobs := start(t, r, ada), start(t, r, ada), start(t, r, bob)
		next := refresh(t, r, used.Refresh, ada)
		destroyAll(t, w.Strategy, ada)
		w.store.since()
		for _, token := range []string{fresh.Refresh, used.Refresh, next.Refresh} {
			refused(t, r, token, session.ErrRevoked)
			for _, c := range w.store.since() {
				assert.NotEqual(t, []string{sessionKey(t, token)}, c.keys, "nothing is spent")
			}
		}
		refresh(t, r, bobs.Refresh, bob)

		// One that begins afterwards is good, also in the same second, and counts from
		// its log-in all the same.
		again := start(t, r, ada)
		s := sessionOf(t, again.Refresh)
		login := w.Now().Add(ahead).UnixMilli()
		assert.Equal(t, login, s.Login)
		assert.Equal(t, w.Now().Add(skew).UnixMilli()+1, s.Begun)
		assert.Equal(t, login+(90*day).Milliseconds(), s.End)
		lives(t, w, again.Access, ada)
		w.Add(5 * time.Second)
		again = refresh(t, r, again.Refresh, ada)
		assert.Equal(t, int64(1<<36-1-5000), w.store.values[sessionKey(t, again.Refresh)]&(1<<36-1))
		refresh(t, r, again.Refresh, ada)
		destroyAll(t, w.Strategy, ada)
		refused(t, r, again.Refresh, session.ErrRevoked)
	}
}

func TestASessionBegunAtTheCutoffHasEnded(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	tokens := start(t, r, ada)
	for _, c := range []struct {
		cutoff int64
		lives  bool
	}{{testTime.UnixMilli() - 1, true}, {testTime.UnixMilli(), false}, {testTime.UnixMilli() + 1, false}} {
		w.store.values = map[string]int64{space.User("ada"): c.cutoff}
		if c.lives {
			refresh(t, r, tokens.Refresh, ada)
		} else {
			refused(t, r, tokens.Refresh, session.ErrRevoked)
		}
	}
}

// A process without a Refresher ends sessions, too, the longest there can be.
func TestSessionsStayEndedAsLongAsTheyCouldLast(t *testing.T) {
	w := newWorld(t)
	w.store.now = w.Now
	r := newRefresher(t, w.host(t, -skew), session.WithSessionLifetime(731*day), session.WithIdleLifetime(731*day))
	s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithLifetime(time.Second)))
	ended, all := start(t, r, ada), start(t, r, ada)
	require.NoError(t, r.End(ctx, ended.Refresh))
	destroyAll(t, s, ada)
	w.Set(testTime.Truncate(time.Second).Add(731*day - time.Nanosecond))
	refused(t, r, ended.Refresh, session.ErrRevoked)
	refused(t, r, all.Refresh, session.ErrRevoked)
	w.Add(2 * skew)
	refused(t, r, ended.Refresh, authstrategy.ErrTokenExpired)
}

// DestroyAll comes at each step of a refresh: nothing of the session lives afterwards.
func TestDestroyAllDuringARefresh(t *testing.T) {
	for step := range 4 {
		w := newWorld(t)
		r := newRefresher(t, w.Strategy)
		tokens := start(t, r, ada)
		w.store.before = func(call) {
			if step--; step == -1 {
				w.store.before = nil
				destroyAll(t, w.Strategy, ada)
			}
		}
		_, next, err := r.Refresh(ctx, tokens.Refresh, load)
		if w.store.before != nil {
			w.store.before = nil
			destroyAll(t, w.Strategy, ada)
		}
		isEnded(t, w, tokens.Access)
		refused(t, r, tokens.Refresh, session.ErrRevoked)
		if err == nil {
			isEnded(t, w, next.Access)
			refused(t, r, next.Refresh, session.ErrRevoked)
			continue
		}
		isRevoked(t, err)
	}
}

func TestRepeatedRaisesOfARefresh(t *testing.T) {
	w := newWorld(t)
	w.store.repeats = true
	r := newRefresher(t, w.Strategy, session.WithGrace(0), session.WithClockSkew(0))
	tokens := start(t, r, ada)
	for range 5 {
		tokens = refresh(t, r, tokens.Refresh, ada, "the own value is nobody else's")
		w.Add(time.Hour + time.Millisecond)
	}
	old := tokens
	tokens = refresh(t, r, tokens.Refresh, ada)
	w.Add(time.Millisecond)
	refused(t, r, old.Refresh, session.ErrRefreshReused)
	refused(t, r, tokens.Refresh, session.ErrRevoked)
}

// Access tokens are marked in a refresh as in any log-in.
func TestARefreshSoonAfterDestroyAllMarksItsAccessToken(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	destroyAll(t, w.Strategy, ada)
	tokens := start(t, r, ada)
	lives(t, w, tokens.Access, ada)
	w.store.since()
	next := refresh(t, r, tokens.Refresh, ada)
	calls := w.store.since()
	assert.Len(t, calls, 4)
	assert.Equal(t, []string{tokenKey(t, w.inner, next.Access)}, calls[1].keys)
	lives(t, w, next.Access, ada)
}

func TestARefreshThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, write: func(user) (string, error) { return "", errOwn }}, session.WithMaxLifetime(time.Hour))
	good, r := newRefresher(t, w.Strategy), newRefresher(t, s)
	tokens := start(t, good, ada)
	_, err := r.Start(ctx, ada)
	assert.Equal(t, errOwn, err)
	_, _, err = r.Refresh(ctx, tokens.Refresh, load)
	assert.Equal(t, errOwn, err)
	assert.Empty(t, w.store.values, "nothing is spent")

	// A refresh token that would be too large.
	long := user(strings.Repeat("a", 7900))
	large := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithMaxTokenSize(1<<20)))
	_, err = newRefresher(t, large).Start(ctx, long)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidClaims)
}

func TestTokensThatNeverExpire(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration()))
	tokens := start(t, newRefresher(t, s), ada)
	assert.Zero(t, tokens.ExpiresIn)
	assert.Equal(t, 14*day, tokens.RefreshExpiresIn)
}

// 64 clients refresh one token at once.
func TestManyRefreshesAtOnce(t *testing.T) { refreshtest.Run(t, session.NewMemory()) }
