package session_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

// Calls that run at once, in every order of their store calls, at hosts whose clocks
// differ by the skew. Each property is also shown to break where a part of the design
// is left out.

// everyOrder calls run until it has made every choice. Each time choose is called it
// returns one of 0 to n-1.
func everyOrder(run func(choose func(n int) int)) (runs int) {
	var choices, bounds []int
	for {
		depth := 0
		run(func(n int) int {
			if depth == len(choices) {
				choices, bounds = append(choices, 0), append(bounds, n)
			}
			depth++
			return choices[depth-1]
		})
		runs++
		last := len(choices) - 1
		for last >= 0 && choices[last] == bounds[last]-1 {
			last--
		}
		if last < 0 {
			return runs
		}
		choices, bounds = choices[:last+1], bounds[:last+1]
		choices[last]++
	}
}

// A stepper is a Store whose calls wait until it is their client's turn.
type stepper struct {
	*plainStore
	running *client
	steps   int

	repeats   bool            // a client library repeats each Raise, and returns what the second finds
	drops     func(call) bool // a Raise that the store answers and forgets; nil: none
	hides     func(call) bool // a Get that finds nothing; nil: none
	skips     func(call) bool // a call that is no step of its own; nil: none
	notAtomic bool            // Raise looks and writes in two steps
}

func (s *stepper) step(c call) {
	if s.skips != nil && s.skips(c) {
		return
	}
	s.running.wait()
	s.steps++
	if s.running.first == 0 {
		s.running.first = s.steps
	}
	s.running.last = s.steps
}

func (s *stepper) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	c := raised(key, value, until)
	s.step(c)
	s.running.raises++
	if s.drops != nil && s.drops(c) {
		return s.values[key], nil
	}
	if s.notAtomic {
		before := s.values[key]
		s.step(c)
		s.values[key] = max(before, value)
		return before, nil
	}
	before, err := s.plainStore.Raise(ctx, key, value, until)
	if s.repeats {
		s.step(c)
		return s.plainStore.Raise(ctx, key, value, until)
	}
	return before, err
}

func (s *stepper) Get(ctx context.Context, keys ...string) ([]int64, error) {
	c := get(keys...)
	s.step(c)
	if s.hides != nil && s.hides(c) {
		return make([]int64, len(keys)), nil
	}
	return s.plainStore.Get(ctx, keys...)
}

// A client makes one call after another.
type client struct {
	calls       func(*client)
	yield       func(struct{}) bool
	first, last int // the steps of the call at hand
	raises      int // of the call at hand
}

func (c *client) wait() {
	if c.yield != nil {
		c.yield(struct{}{})
	}
}

// at returns the steps of the call that has just been made.
func (c *client) at() span { return span{c.first, c.last} }

type span struct{ first, last int }

func (s span) isBefore(other span) bool { return s.last < other.first }

// A trial is one run: three hosts on one store.
type trial struct {
	t          *testing.T
	store      *stepper
	strategies []*session.Strategy[user]
	refreshers []*session.Refresher[user]
	grace      time.Duration
	passed     time.Duration // since the run began
	faults     []string
}

// A setting is what the runs of a test have in common.
type setting struct {
	ahead   []time.Duration // how far the clock of each host is ahead
	opts    []session.Option
	grace   time.Duration
	arrange func(*stepper)
}

func newTrial(t *testing.T, s setting) *trial {
	tr := &trial{t: t, store: &stepper{}, grace: s.grace}
	tr.reset(s)
	for _, ahead := range s.ahead {
		now := func() time.Time { return testTime.Add(tr.passed + ahead) }
		strategy := newSession(t, newJWT(t, accessSecret, now), tr.store, append([]session.Option{session.WithClock(now)}, s.opts...)...)
		tr.strategies = append(tr.strategies, strategy)
		tr.refreshers = append(tr.refreshers, newRefresher(t, strategy, session.WithGrace(s.grace)))
	}
	return tr
}

// reset empties the store for the next run.
func (tr *trial) reset(s setting) {
	*tr.store = stepper{plainStore: newStore(), running: &client{}}
	if s.arrange != nil {
		s.arrange(tr.store)
	}
	tr.passed, tr.faults = 0, nil
}

// begin starts a call. Where no time passes, it has begun when it makes its first step:
// until then nobody can tell.
func (tr *trial) begin(c *client, timePasses bool) {
	c.first, c.last, c.raises = 0, 0, 0
	if timePasses {
		tr.store.step(call{})
	}
}

// pass lets time pass.
func (tr *trial) pass(d time.Duration) {
	tr.store.step(call{})
	tr.passed += d
}

// together runs the clients in the order that choose names.
func (tr *trial) together(choose func(int) int, clients ...func(*client)) {
	type turn struct {
		*client
		next func() (struct{}, bool)
	}
	var waiting []turn
	for _, calls := range clients {
		c := &client{calls: calls}
		next, stop := iter.Pull(func(yield func(struct{}) bool) {
			c.yield = yield
			c.calls(c)
		})
		defer stop()
		tr.store.running = c
		if _, more := next(); more { // up to its first step
			waiting = append(waiting, turn{c, next})
		}
	}
	for len(waiting) > 0 {
		i := choose(len(waiting))
		tr.store.running = waiting[i].client
		if _, more := waiting[i].next(); !more {
			waiting = slices.Delete(waiting, i, i+1)
		}
	}
	tr.store.running = &client{} // what comes after waits for nobody
}

func (tr *trial) fault(format string, args ...any) {
	tr.faults = append(tr.faults, fmt.Sprintf(format, args...))
}

// isRead reports whether the hosts read a token, all of them alike.
func (tr *trial) isRead(token string) bool {
	var read []bool
	for _, s := range tr.strategies {
		_, err := s.ReadToken(ctx, token, load)
		if err != nil && !errors.Is(err, session.ErrRevoked) {
			tr.fault("another error: %v", err)
		}
		read = append(read, err == nil)
	}
	if slices.Contains(read, !read[0]) {
		tr.fault("the hosts differ")
	}
	return read[0]
}

// isGood reports whether a host takes a refresh token.
func (tr *trial) isGood(host int, token string) bool {
	_, _, err := tr.refreshers[host].Refresh(ctx, token, load)
	return err == nil
}

// holds requires that a property holds in every order.
func holds(t *testing.T, s setting, run func(*trial, func(int) int)) (runs int) {
	t.Helper()
	tr := newTrial(t, s)
	return everyOrder(func(choose func(int) int) {
		tr.reset(s)
		run(tr, choose)
		require.Empty(t, tr.faults, "clocks ahead by %v", s.ahead)
	})
}

// breaks asserts that it does not hold in every order.
func breaks(t *testing.T, s setting, run func(*trial, func(int) int)) {
	t.Helper()
	faults := 0
	tr := newTrial(t, s)
	everyOrder(func(choose func(int) int) {
		tr.reset(s)
		run(tr, choose)
		faults += len(tr.faults)
	})
	assert.NotZero(t, faults, "it holds although a part was left out")
}

// writesAndDestroys are calls of DestroyAll and WriteToken at once: a token that was
// written before a DestroyAll began is ended, and one that was begun after all of them
// returned is good.
func writesAndDestroys(clients ...string) func(*trial, func(int) int) {
	return func(tr *trial, choose func(int) int) {
		type written struct {
			span
			token string
		}
		var tokens []written
		var destroyed []span
		var running []func(*client)
		timePasses := slices.Contains(clients, "T")
		for i, calls := range clients {
			running = append(running, func(c *client) {
				for j, kind := range calls {
					strategy := tr.strategies[(i+j)%len(tr.strategies)]
					tr.begin(c, timePasses)
					if kind == 'T' {
						tr.pass(600 * time.Millisecond) // to the next second, and not out of the skew
						continue
					}
					if kind == 'D' {
						destroyAll(tr.t, strategy, ada)
						destroyed = append(destroyed, c.at())
						continue
					}
					token := write(tr.t, strategy, ada)
					tokens = append(tokens, written{c.at(), token})
				}
			})
		}
		tr.together(choose, running...)
		for _, token := range tokens {
			read := tr.isRead(token.token)
			if read && slices.ContainsFunc(destroyed, token.isBefore) {
				tr.fault("an ended token is read")
			}
			if !read && !slices.ContainsFunc(destroyed, func(d span) bool { return !d.isBefore(token.span) }) {
				tr.fault("a live token is refused")
			}
		}
	}
}

// clocks are hosts of which some are ahead of others by the skew.
var clocks = [][]time.Duration{{0, 0, 0}, {0, skew, 0}, {skew, 0, skew / 2}}

func TestDestroyAllAndWriteTokenInEveryOrder(t *testing.T) {
	runs := 0
	for _, ahead := range clocks {
		runs += holds(t, setting{ahead: ahead}, writesAndDestroys("D", "D", "W", "W"))
		runs += holds(t, setting{ahead: ahead}, writesAndDestroys("DW", "WD", "D"))
		runs += holds(t, setting{ahead: ahead, arrange: repeating}, writesAndDestroys("DW", "WD"))
		runs += holds(t, setting{ahead: ahead}, writesAndDestroys("DWDW"))
		runs += holds(t, setting{ahead: ahead}, writesAndDestroys("DW", "W", "T"))
		runs += holds(t, setting{ahead: ahead}, writesAndDestroys("D", "WD", "T"))
	}
	assert.Greater(t, runs, 3000)
}

func repeating(s *stepper) { s.repeats = true }

func TestWhatDestroyAllAndWriteTokenNeed(t *testing.T) {
	t.Run("the skew", func(t *testing.T) {
		breaks(t, setting{ahead: []time.Duration{0, skew, 0}, opts: []session.Option{session.WithClockSkew(0)}}, writesAndDestroys("D", "W"))
	})
	t.Run("the whole skew", func(t *testing.T) {
		// To the whole second, so that the time of issue does not round the skew away.
		ahead := []time.Duration{-400 * time.Millisecond, 600 * time.Millisecond}
		breaks(t, setting{ahead: ahead, opts: []session.Option{session.WithClockSkew(skew - time.Millisecond)}}, writesAndDestroys("D", "W"))
		holds(t, setting{ahead: ahead}, writesAndDestroys("D", "W"))
	})
	t.Run("the second Raise", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.drops = func(c call) bool { return c.keys[0] == space.User("ada") && s.running.raises == 2 }
		}}, writesAndDestroys("D", "WD"))
	})
	t.Run("the mark", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.drops = func(c call) bool { return c.keys[0] != space.User("ada") }
		}}, writesAndDestroys("DW"))
	})
	t.Run("the look at the cutoff", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.hides = func(c call) bool { return len(c.keys) == 1 }
		}}, writesAndDestroys("DW"))
	})
}

// refreshes are clients that refresh one token at once: all are honest.
func refreshes(clients int) func(*trial, func(int) int) {
	return func(tr *trial, choose func(int) int) {
		first := start(tr.t, tr.refreshers[0], ada).Refresh
		var next []string
		var running []func(*client)
		for i := range clients + 1 {
			running = append(running, func(c *client) {
				if i == clients { // the whole grace passes
					tr.pass(tr.grace)
					return
				}
				_, tokens, err := tr.refreshers[i%len(tr.refreshers)].Refresh(ctx, first, load)
				if err != nil {
					tr.fault("an honest client is logged out")
					return
				}
				next = append(next, tokens.Refresh)
			})
		}
		tr.together(choose, running...)
		if counter := ledger.Counter(tr.store.values[sessionKey(tr.t, first)]); counter != 1 {
			tr.fault("the counter is %d", counter)
		}
		for i, token := range next {
			if sessionOf(tr.t, token).Counter != 2 {
				tr.fault("another counter than the next")
			}
			if !tr.isGood((i+1)%len(tr.refreshers), token) {
				tr.fault("a new token is refused")
			}
		}
	}
}

// withoutWrites makes the look of WriteToken at the cutoff no step of its own: where
// nobody calls DestroyAll it does not matter when it comes.
func withoutWrites(s *stepper) {
	s.skips = func(c call) bool { return c.value == 0 && len(c.keys) == 1 }
}

func TestRefreshesInEveryOrder(t *testing.T) {
	runs := 0
	for _, ahead := range clocks {
		runs += holds(t, setting{ahead: ahead, grace: grace, arrange: func(s *stepper) { withoutWrites(s); repeating(s) }}, refreshes(2))
	}
	runs += holds(t, setting{ahead: []time.Duration{0, skew}, arrange: withoutWrites}, refreshes(3))
	runs += holds(t, setting{ahead: []time.Duration{skew, 0}, grace: grace, arrange: func(s *stepper) { withoutWrites(s); repeating(s) }}, refreshes(3))
	assert.Greater(t, runs, 1000)
}

func TestWhatRefreshesNeed(t *testing.T) {
	t.Run("the skew", func(t *testing.T) {
		breaks(t, setting{ahead: []time.Duration{0, skew, 0}, opts: []session.Option{session.WithClockSkew(0)}, arrange: withoutWrites}, refreshes(2))
	})
	t.Run("the whole skew", func(t *testing.T) {
		breaks(t, setting{ahead: []time.Duration{0, skew, 0}, opts: []session.Option{session.WithClockSkew(skew - time.Millisecond)}, arrange: withoutWrites}, refreshes(2))
	})
}

// refreshesAndEnd are two clients that refresh one token, beside one that ends the
// session. Nothing of it lives afterwards.
func refreshesAndEnd(tr *trial, choose func(int) int) {
	first := start(tr.t, tr.refreshers[0], ada).Refresh
	tokens := []string{first}
	var ended span
	refreshing := func(host int) func(*client) {
		return func(c *client) {
			_, next, err := tr.refreshers[host].Refresh(ctx, first, load)
			if err == nil {
				tokens = append(tokens, next.Refresh)
			} else {
				isRevoked(tr.t, err)
			}
			if err == nil && ended.last > 0 && ended.isBefore(c.at()) {
				tr.fault("an ended session is refreshed")
			}
			if err != nil && tr.store.values[sessionKey(tr.t, first)] != ledger.Ended {
				tr.fault("a live session is refused")
			}
		}
	}
	tr.together(choose, refreshing(0), refreshing(1), func(c *client) {
		require.NoError(tr.t, tr.refreshers[2].End(ctx, first))
		ended = c.at()
	})
	for i, token := range tokens {
		if tr.isGood(i%3, token) {
			tr.fault("a token of an ended session is good")
		}
	}
}

func TestRefreshesAndEndInEveryOrder(t *testing.T) {
	for _, ahead := range clocks {
		holds(t, setting{ahead: ahead, grace: grace}, refreshesAndEnd)
		holds(t, setting{ahead: ahead, arrange: func(s *stepper) { withoutWrites(s); repeating(s) }}, refreshesAndEnd)
	}
	t.Run("a Raise that is not atomic", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) { withoutWrites(s); s.notAtomic = true }}, refreshesAndEnd)
	})
}

// refreshAndDestroyAll are a client that refreshes, one that ends all that the user
// has, and one that logs in: nothing from before lives, what came after is good.
func refreshAndDestroyAll(tr *trial, choose func(int) int) {
	first := start(tr.t, tr.refreshers[0], ada)
	old := []session.Tokens{first}
	var fresh session.Tokens
	var destroyed, started span
	tr.together(choose, func(*client) {
		_, next, err := tr.refreshers[1].Refresh(ctx, first.Refresh, load)
		if err == nil {
			old = append(old, next)
			return
		}
		isRevoked(tr.t, err)
	}, func(c *client) {
		destroyAll(tr.t, tr.strategies[2], ada)
		destroyed = c.at()
	}, func(c *client) {
		fresh = start(tr.t, tr.refreshers[0], ada)
		started = c.at()
	})
	if started.isBefore(destroyed) {
		old = append(old, fresh)
	}
	for i, tokens := range old {
		if tr.isRead(tokens.Access) {
			tr.fault("an access token from before DestroyAll is read")
		}
		if tr.isGood(i, tokens.Refresh) {
			tr.fault("a session from before DestroyAll is refreshed")
		}
	}
	if destroyed.isBefore(started) && (!tr.isRead(fresh.Access) || !tr.isGood(1, fresh.Refresh)) {
		tr.fault("a session from after DestroyAll is refused")
	}
}

func TestRefreshAndDestroyAllInEveryOrder(t *testing.T) {
	runs := 0
	for _, ahead := range clocks {
		runs += holds(t, setting{ahead: ahead}, refreshAndDestroyAll)
		// After an earlier DestroyAll, which lies ahead.
		runs += holds(t, setting{ahead: ahead, arrange: earlier}, refreshAndDestroyAll)
	}
	assert.Greater(t, runs, 3000)
}

// earlier is a DestroyAll of the host that is the furthest ahead.
func earlier(s *stepper) { s.values[space.User("ada")] = testTime.Add(2 * skew).UnixMilli() }

func TestWhatRefreshAndDestroyAllNeed(t *testing.T) {
	t.Run("the skew", func(t *testing.T) {
		breaks(t, setting{ahead: []time.Duration{skew, 0, 0}, opts: []session.Option{session.WithClockSkew(0)}}, refreshAndDestroyAll)
	})
	t.Run("the second Raise", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			earlier(s)
			s.drops = func(c call) bool { return c.keys[0] == space.User("ada") && s.running.raises == 2 }
		}}, refreshAndDestroyAll)
	})
	t.Run("the mark", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.drops = func(c call) bool { return c.value == testTime.Add(skew).UnixMilli() && c.keys[0] != space.User("ada") }
		}}, refreshAndDestroyAll)
	})
	t.Run("the look of Start at the cutoff", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.hides = func(c call) bool { return len(c.keys) == 1 && s.running.last == s.running.first }
		}}, refreshAndDestroyAll)
	})
	t.Run("the look of Refresh at the cutoff", func(t *testing.T) {
		breaks(t, setting{ahead: clocks[0], arrange: func(s *stepper) {
			s.hides = func(c call) bool { return c.keys[len(c.keys)-1] == space.User("ada") && c.keys[0] != space.User("ada") }
		}}, refreshAndDestroyAll)
	})
}
