package session_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

func TestDestroyAllEndsEveryTokenOfTheUser(t *testing.T) {
	w := newWorld(t)
	one, two, bobs := write(t, w, ada), write(t, w, ada), write(t, w, bob)
	destroyAll(t, w.Strategy, ada)
	isEnded(t, w, one)
	isEnded(t, w, two)
	lives(t, w, bobs, bob)
	isEnded(t, w.host(t, 0), one, "on every host")
}

func TestATokenWrittenAfterDestroyAllIsGoodAtOnce(t *testing.T) {
	for _, c := range []struct {
		name             string
		destroys, writes time.Duration // how far the clocks are ahead
	}{
		{"the same clock", 0, 0},
		{"the writer is behind by the skew", 0, -skew},
		{"the writer is ahead by the skew", 0, skew},
		{"the writer is behind by half of it", 0, -skew / 2},
		{"the other is behind", -skew, 0},
		{"the other is ahead", skew, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for wait := time.Duration(0); wait < 3*time.Second; wait += 100 * time.Millisecond {
				w := newWorld(t)
				destroyer, writer := w.host(t, c.destroys), w.host(t, c.writes)
				before := write(t, writer, ada)
				destroyAll(t, destroyer, ada)
				w.Add(wait)
				after := write(t, writer, ada)
				for range 3 {
					isEnded(t, writer, before, wait)
					isEnded(t, destroyer, before, wait)
					lives(t, writer, after, ada, wait)
					lives(t, destroyer, after, ada, wait)
					w.Add(time.Second)
				}
				destroyAll(t, destroyer, ada)
				isEnded(t, writer, after, wait, "and ended by the next")
			}
		})
	}
}

// Each ends what was written before it, although all of it is in one millisecond.
func TestDestroyAllAndWriteTokenByTurns(t *testing.T) {
	for _, ahead := range []time.Duration{0, skew, -skew} {
		w := newWorld(t)
		other := w.host(t, ahead)
		hosts := []*session.Strategy[user]{w.Strategy, other}
		var tokens []string
		for i := range 20 {
			destroyAll(t, hosts[i%2], ada)
			for _, token := range tokens {
				isEnded(t, hosts[i/2%2], token, i)
			}
			tokens = append(tokens, write(t, hosts[i/3%2], ada), write(t, hosts[i/5%2], ada))
			for _, token := range tokens[len(tokens)-2:] {
				lives(t, w, token, ada, i)
				lives(t, other, token, ada, i)
			}
		}
	}
}

func TestEverywhereButHere(t *testing.T) {
	w := newWorld(t)
	elsewhere, here := write(t, w, ada), write(t, w, ada)
	destroyAll(t, w.Strategy, ada)
	again := write(t, w, ada)
	isEnded(t, w, elsewhere)
	isEnded(t, w, here)
	lives(t, w, again, ada)
	require.NoError(t, w.DestroyToken(ctx, again, ada))
	isEnded(t, w, again, "one that was marked can be ended, too")
}

// Two processes whose clocks differ, on a real store.
func TestTwoHostsOnOneMemory(t *testing.T) {
	for _, ahead := range []time.Duration{skew, -skew} {
		c, store := newClock(), session.NewMemory()
		one := newSession(t, newJWT(t, accessSecret, c.Now), store, session.WithClock(c.Now))
		other := newSession(t, newJWT(t, accessSecret, c.plus(ahead)), store, session.WithClock(c.plus(ahead)))
		for range 40 {
			before := write(t, other, ada)
			destroyAll(t, one, ada)
			isEnded(t, one, before)
			isEnded(t, other, before)
			after := write(t, other, ada)
			lives(t, one, after, ada)
			lives(t, other, after, ada)
			c.Add(170 * time.Millisecond)
		}
	}
}

func TestNobodyWaitsForDestroyAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := newSession(t, newJWT(t, accessSecret, time.Now), session.NewMemory())
		r := newRefresher(t, s)
		before, sessionBefore := write(t, s, ada), start(t, r, ada)
		destroyAll(t, s, ada)
		after, sessionAfter := write(t, s, ada), start(t, r, ada)
		isEnded(t, s, before)
		refused(t, r, sessionBefore.Refresh, session.ErrRevoked)
		lives(t, s, after, ada)
		refresh(t, r, sessionAfter.Refresh, ada)
		assert.Zero(t, time.Since(began))
	})
}

func TestManyDestroyAllsAtOnce(t *testing.T) {
	w := newWorld(t)
	before := write(t, w, ada)
	var wait sync.WaitGroup
	for i := range 16 {
		host := w.host(t, time.Duration(i%3-1)*skew/2)
		wait.Go(func() { assert.NoError(t, host.DestroyAll(ctx, ada)) })
	}
	wait.Wait()
	isEnded(t, w, before)
	lives(t, w, write(t, w, ada), ada)
}

func TestTheLaterCutoffStays(t *testing.T) {
	w := newWorld(t)
	destroyAll(t, w.host(t, skew), ada)
	cutoff := w.store.values[space.User("ada")]
	assert.Equal(t, testTime.Add(2*skew).UnixMilli(), cutoff)
	destroyAll(t, w.Strategy, ada)
	assert.Equal(t, cutoff+1, w.store.values[space.User("ada")], "raised by one, not replaced by an earlier one")
}

func TestWhatDestroyAllStores(t *testing.T) {
	for _, c := range []struct {
		lifetime, skew, kept time.Duration
	}{
		{time.Hour, 0, 731 * day},
		{time.Hour, time.Minute, 731 * day},
		{731*day + time.Second, time.Second, 731*day + time.Second},
	} {
		w := newWorld(t)
		s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithLifetime(c.lifetime)), session.WithClockSkew(c.skew))
		until := testTime.Add(c.kept + 10*time.Minute + 2*c.skew)
		cutoff := testTime.Add(c.skew).UnixMilli()
		key := space.User("ada")

		destroyAll(t, s, ada)
		assert.Equal(t, []call{raised(key, cutoff, until)}, w.store.since(), "one Raise")
		destroyAll(t, s, ada)
		assert.Equal(t, []call{raised(key, cutoff, until), raised(key, cutoff+1, until)}, w.store.since(), "or two")
		destroyAll(t, s, ada)
		assert.Equal(t, []call{raised(key, cutoff, until), raised(key, cutoff+2, until)}, w.store.since())
		w.Add(3 * time.Millisecond)
		destroyAll(t, s, ada)
		assert.Len(t, w.store.since(), 1)
	}
}

func TestTheCutoffIsKeptForEverWhereTokensNeverExpire(t *testing.T) {
	w := newWorld(t)
	w.store.now = w.Now
	s := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration()))
	token := write(t, s, ada)
	w.store.since()
	destroyAll(t, s, ada)
	destroyAll(t, s, ada)
	for _, c := range w.store.since() {
		assert.Zero(t, c.until)
	}
	w.Add(1000 * day)
	isEnded(t, s, token)
	lives(t, s, write(t, s, ada), ada)
}

// A number that can grow no more ends everything, and is no error.
func TestDestroyAllAtTheLargestCutoff(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	r := newRefresher(t, w.Strategy)
	refresh := start(t, r, ada).Refresh
	w.store.values[space.User("ada")] = ledger.Ended
	destroyAll(t, w.Strategy, ada)
	isEnded(t, w, token)
	isEnded(t, w, write(t, w, ada))
	_, _, err := r.Refresh(ctx, refresh, load)
	isRevoked(t, err)
	_, _, err = r.Refresh(ctx, start(t, r, ada).Refresh, load)
	isRevoked(t, err)
}

func TestWhatWriteTokenStores(t *testing.T) {
	w := newWorld(t) // at 400 ms
	key := space.User("ada")
	write(t, w, ada)
	assert.Equal(t, []call{get(key)}, w.store.since(), "one Get")

	destroyAll(t, w.Strategy, ada)
	w.store.since()
	cutoff := testTime.Add(skew).UnixMilli()
	token := write(t, w, ada)
	exp := testTime.Add(time.Hour).Truncate(time.Second)
	assert.Equal(t, []call{get(key), raised(tokenKey(t, w.inner, token), cutoff, exp.Add(10*time.Minute+skew))}, w.store.since(), "the mark, as long as DestroyToken would keep it")

	w.Set(testTime.Truncate(time.Second).Add(2*time.Second - 1))
	write(t, w, ada)
	assert.Len(t, w.store.since(), 2, "iat is still before the cutoff")
	w.Add(1)
	write(t, w, ada)
	assert.Equal(t, []call{get(key)}, w.store.since(), "iat lies after the cutoff")
}

// At the cutoff itself iat does not lie after it.
func TestATokenIssuedAtTheCutoff(t *testing.T) {
	w := newWorld(t)
	w.Set(testTime.Truncate(time.Second))
	destroyAll(t, w.Strategy, ada) // the cutoff is the next second
	w.Add(skew)
	w.store.since()
	unmarked := write(t, w.inner, ada)
	isEnded(t, w, unmarked)
	marked := write(t, w, ada)
	assert.Len(t, w.store.since(), 3)
	lives(t, w, marked, ada)
}

func TestAMarkThatIsAsNewAsTheCutoffCounts(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	key := tokenKey(t, w.inner, token)
	cutoff := testTime.Add(skew).UnixMilli()
	for _, c := range []struct {
		mark  int64
		lives bool
	}{{0, false}, {cutoff - 1, false}, {cutoff, true}, {cutoff + 1, true}, {ledger.Ended - 1, true}, {ledger.Ended, false}} {
		w.store.values = map[string]int64{space.User("ada"): cutoff, key: c.mark}
		if c.lives {
			lives(t, w, token, ada, c.mark)
		} else {
			isEnded(t, w, token, c.mark)
		}
	}
}

// The inner strategy's clock is not ours.
func TestTheMarkGoesByTheInnerStrategysClock(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, newJWT(t, accessSecret, w.plus(-30*time.Minute)))
	destroyAll(t, s, ada)
	w.Add(10 * time.Minute)
	token := write(t, s, ada)
	lives(t, s, token, ada, "its iat is before the cutoff, by the inner strategy's clock")
}

func TestWriteTokenReadsExpBackWhereThereIsNoIssuedAt(t *testing.T) {
	w := newWorld(t)
	written := ""
	fake := &fakeStrategy{Strategy: w.inner, write: func(user) (string, error) { return written, nil }}
	s := w.wrap(t, fake, session.WithMaxLifetime(time.Hour))
	destroyAll(t, s, ada)
	cutoff := testTime.Add(skew)
	w.store.since()
	for _, c := range []struct {
		name  string
		exp   time.Time
		id    string
		calls int
		want  string
	}{
		{"issued after", cutoff.Add(time.Hour + time.Millisecond), `,"jti":"1"`, 1, ""},
		{"issued after, no jti", cutoff.Add(time.Hour + time.Millisecond), "", 1, ""},
		{"issued at the cutoff", cutoff.Add(time.Hour), `,"jti":"2"`, 2, ""},
		{"issued at the cutoff, no jti", cutoff.Add(time.Hour), "", 1, "authstrategy: invalid configuration: the token has no jti, without which it cannot be told from others; write tokens with authstrategy.WithTokenID"},
	} {
		written = accessToken(fmt.Sprintf(`,"exp":%d.%03d`+c.id, c.exp.Unix(), c.exp.Nanosecond()/1e6))
		token, err := s.WriteToken(ctx, ada)
		assert.Len(t, w.store.since(), c.calls, c.name)
		if c.want != "" {
			assert.EqualError(t, err, c.want, c.name)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			assert.Empty(t, token, c.name)
			continue
		}
		assert.NoError(t, err, c.name)
		lives(t, s, token, ada, c.name)
		w.store.since()
	}
}

func TestWriteTokenThatFails(t *testing.T) {
	w := newWorld(t)
	destroyAll(t, w.Strategy, ada)
	for after := range 2 {
		w.store.failing(errDown, after)
		token, err := w.WriteToken(ctx, ada)
		assertNoRefusal(t, err, errDown)
		assert.Contains(t, err.Error(), "session: the store failed: the store is down")
		assert.Empty(t, token)
	}
	w.store.fail = nil

	// What the inner strategy says of its own new token refuses nobody.
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, write: func(user) (string, error) { return "forged", nil }}, session.WithMaxLifetime(time.Hour))
	token, err := s.WriteToken(ctx, ada)
	require.Error(t, err)
	for _, r := range append(refusals, authstrategy.ErrInvalidToken) {
		assert.NotErrorIs(t, err, r)
	}
	assert.Contains(t, err.Error(), "session: the inner strategy does not read what it has written: ")
	assert.NotContains(t, err.Error(), "forged")
	assert.Empty(t, token)
}

func TestDestroyAllThatFails(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	w.store.failing(errDown, 0)
	assertNoRefusal(t, w.DestroyAll(ctx, ada), errDown)
	w.store.fail = nil
	lives(t, w, token, ada)
	destroyAll(t, w.Strategy, ada)
	marked := write(t, w, ada)
	w.store.failing(errDown, 1)
	assertNoRefusal(t, w.DestroyAll(ctx, ada), errDown, "the second Raise")
	w.store.fail = nil
	destroyAll(t, w.Strategy, ada)
	isEnded(t, w, marked, "once more, and it is done")
}

// A client library that has lost the reply of a Raise repeats it, and finds its own
// value there.
func TestRepeatedRaises(t *testing.T) {
	w := newWorld(t)
	w.store.repeats = true
	for range 5 {
		before := write(t, w, ada)
		destroyAll(t, w.Strategy, ada)
		isEnded(t, w, before)
		after := write(t, w, ada)
		lives(t, w, after, ada)
		require.NoError(t, w.DestroyToken(ctx, after, ada))
		isEnded(t, w, after)
	}
}

// All that DestroyAll knows of a user is the subject: no key shows it.
func TestNothingOfTheUserOrTheTokenIsStored(t *testing.T) {
	w := newWorld(t)
	r := newRefresher(t, w.Strategy)
	const subject = user("ada.lovelace@example.com")
	token := write(t, w, subject)
	destroyAll(t, w.Strategy, subject)
	tokens := start(t, r, subject)
	_, next, err := r.Refresh(ctx, tokens.Refresh, load)
	require.NoError(t, err)
	require.NoError(t, w.DestroyToken(ctx, next.Access, subject))
	require.NoError(t, r.End(ctx, next.Refresh))
	w.store.failing(errDown, 0)
	errs := []error{w.DestroyAll(ctx, subject), w.DestroyToken(ctx, next.Access, bob), r.End(ctx, next.Refresh)}
	claims, err := w.inner.ReadClaims(ctx, token)
	require.NoError(t, err)
	for _, text := range []string{string(subject), "lovelace", claims.ID, token, tokens.Refresh, sessionOf(t, tokens.Refresh).ID} {
		for _, c := range w.store.calls {
			for _, key := range c.keys {
				assert.Len(t, key, 43)
				assert.NotContains(t, key, text)
			}
		}
		for _, err := range errs {
			assert.NotContains(t, err.Error(), text)
		}
	}
}
