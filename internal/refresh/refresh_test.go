package refresh_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/refresh"
)

const ns = time.Nanosecond

var (
	start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = start.Add(3 * time.Second) // of the first fetch
)

func newSchedule() *refresh.Schedule {
	return &refresh.Schedule{Cooldown: 30 * time.Second, MaxStale: 24 * time.Hour}
}

// good returns the schedule of a source whose first fetch worked.
func good(maxAge time.Duration) *refresh.Schedule {
	s := newSchedule()
	s.Worked(start, end, maxAge)
	return s
}

// failed returns the schedule of a source whose first fetch worked, and whose second
// failed after so much time.
func failed(maxAge, after time.Duration) *refresh.Schedule {
	s := good(maxAge)
	s.Failed(end.Add(after))
	return s
}

// Every row of the package's table, at its boundaries.
func TestDecide(t *testing.T) {
	const known, unknown, without = "known", "unknown", ""
	const none, beside, before = "no fetch", "beside", "before"
	long := 10 * time.Minute
	for _, tt := range []struct {
		name     string
		schedule *refresh.Schedule
		age      time.Duration
		kid      string
		want     string
	}{
		{"none, known", newSchedule(), 0, known, before},
		{"none, unknown", newSchedule(), 0, unknown, before},
		{"none, without", newSchedule(), 0, without, before},

		{"good, below 80 %", good(long), 8*time.Minute - ns, known, none},
		{"good, below 80 %, without", good(long), 8*time.Minute - ns, without, none},
		{"good, 80 %", good(long), 8 * time.Minute, known, beside},
		{"good, 80 %, without", good(long), 8 * time.Minute, without, beside},
		{"good, 100 %", good(long), long, known, beside},
		{"good, 100 %, without", good(long), long, without, beside},
		{"good, over 100 %", good(long), long + ns, known, before},
		{"good, over 100 %, without", good(long), long + ns, without, before},
		{"good, unknown", good(long), time.Minute, unknown, before},
		{"good, unknown, 80 %", good(long), 8 * time.Minute, unknown, before},
		{"good, unknown, over 100 %", good(long), long + ns, unknown, before},
		{"good, max-stale", good(long), 24 * time.Hour, known, before},

		{"good, 80 % of what five does not divide", good(long + 4*ns), 8*time.Minute + 3*ns, known, none},
		{"good, 80 % of what five does not divide, rounded up", good(long + 4*ns), 8*time.Minute + 4*ns, known, beside},

		{"failed, known", failed(long, time.Minute), 2 * time.Minute, known, beside},
		{"failed, unknown", failed(long, time.Minute), 2 * time.Minute, unknown, beside},
		{"failed, below 80 %, without", failed(long, time.Minute), 8*time.Minute - ns, without, none},
		{"failed, 80 %, without", failed(long, time.Minute), 8 * time.Minute, without, beside},
		{"failed, over 100 %", failed(long, time.Minute), long + ns, known, beside},
		{"failed, over 100 %, unknown", failed(long, time.Minute), long + ns, unknown, beside},
		{"failed, before max-stale", failed(long, time.Minute), 24*time.Hour - ns, known, beside},
		{"none, max-stale after a failure", failed(long, time.Minute), 24 * time.Hour, known, before},
		{"none, max-stale after a failure, unknown", failed(long, time.Minute), 24 * time.Hour, unknown, before},
		{"none, max-stale after a failure, without", failed(long, time.Minute), 24 * time.Hour, without, before},
	} {
		fetch, wait := tt.schedule.Decide(end.Add(tt.age), tt.kid, tt.kid != unknown)
		got := none
		if fetch {
			got = beside
		}
		if wait {
			got = before
			assert.True(t, fetch, tt.name)
		}
		assert.Equal(t, tt.want, got, tt.name)
	}
}

// Where it is too early for a fetch, none begins; a call still waits for one that is
// in progress.
func TestTooEarly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		schedule *refresh.Schedule
		next     time.Time
	}{
		{"cooldown, from the start", good(time.Hour), start.Add(30 * time.Second)},
		{"pause, from the end", failed(time.Hour, time.Minute), end.Add(time.Minute + time.Second)},
	} {
		fetch, _ := tt.schedule.Decide(tt.next.Add(-ns), "unknown", false)
		assert.False(t, fetch, tt.name)
		fetch, _ = tt.schedule.Decide(tt.next, "unknown", false)
		assert.True(t, fetch, tt.name)
	}
	fetch, wait := good(time.Hour).Decide(end, "unknown", false)
	assert.False(t, fetch)
	assert.True(t, wait)
}

func TestPauses(t *testing.T) {
	for cooldown, pauses := range map[time.Duration][]time.Duration{
		30 * time.Second:        {1e9, 2e9, 4e9, 8e9, 16e9, 30e9, 30e9},
		4 * time.Second:         {1e9, 2e9, 4e9, 4e9},
		1500 * time.Millisecond: {1e9, 1500e6, 1500e6},
		time.Second:             {1e9, 1e9},
		20 * time.Millisecond:   {20e6, 20e6},
	} {
		s := &refresh.Schedule{Cooldown: cooldown, MaxStale: time.Hour}
		now := start
		for range 2 {
			for i, pause := range pauses {
				s.Failed(now)
				fetch, _ := s.Decide(now.Add(pause-ns), "kid", false)
				assert.False(t, fetch, "%v, %d", cooldown, i)
				fetch, _ = s.Decide(now.Add(pause), "kid", false)
				assert.True(t, fetch, "%v, %d", cooldown, i)
			}
			s.Worked(now, now, time.Hour) // the pauses begin anew
		}
	}
}

func TestUsable(t *testing.T) {
	short := func(fails bool) *refresh.Schedule {
		s := &refresh.Schedule{Cooldown: 30 * time.Second, MaxStale: 10 * time.Second}
		s.Worked(start, end, 20*time.Second)
		if fails {
			s.Failed(end)
		}
		return s
	}
	for _, tt := range []struct {
		name     string
		schedule *refresh.Schedule
		age      time.Duration
		want     bool
	}{
		{"nothing", newSchedule(), 0, false},
		{"good", good(time.Hour), 0, true},
		{"good, before max-stale", good(time.Hour), 24*time.Hour - ns, true},
		{"good, max-stale", good(time.Hour), 24 * time.Hour, false},
		{"good, max-stale, 100 %", good(48 * time.Hour), 48 * time.Hour, true},
		{"good, max-stale, over 100 %", good(48 * time.Hour), 48*time.Hour + ns, false},
		{"failed, before max-stale", failed(time.Hour, 0), 24*time.Hour - ns, true},
		{"failed, max-stale", failed(time.Hour, 0), 24 * time.Hour, false},
		{"failed, max-stale, below 80 %", failed(48*time.Hour, 0), 24 * time.Hour, false},
		{"good, max-stale, over 100 %, in the cooldown", short(false), 27*time.Second - ns, true},
		{"good, max-stale, over 100 %, after the cooldown", short(false), 27 * time.Second, false},
		{"failed, max-stale, in the cooldown", short(true), 10 * time.Second, false},
	} {
		assert.Equal(t, tt.want, tt.schedule.Usable(end.Add(tt.age)), tt.name)
	}
	s := failed(time.Hour, 0)
	s.Worked(start.Add(48*time.Hour), end.Add(48*time.Hour), time.Hour)
	assert.True(t, s.Usable(end.Add(48*time.Hour)), "after the next good answer")
}

// The longest durations that there are neither overflow nor end early.
func TestLongestDurations(t *testing.T) {
	const longest = time.Duration(1<<63 - 1)
	s := &refresh.Schedule{Cooldown: longest, MaxStale: longest}
	s.Worked(start, end, longest)
	assert.True(t, s.Usable(end.AddDate(290, 0, 0)))
	fetch, wait := s.Decide(end.AddDate(200, 0, 0), "known", true)
	assert.False(t, fetch)
	assert.False(t, wait)
	fetch, wait = s.Decide(end.AddDate(200, 0, 0), "unknown", false)
	assert.False(t, fetch)
	assert.True(t, wait)
	s.Failed(end)
	fetch, _ = s.Decide(end.Add(time.Second), "known", true)
	assert.True(t, fetch)
}

// A good answer after a failure makes the state good again: what is unknown waits.
func TestGoodAfterFailure(t *testing.T) {
	s := failed(time.Hour, time.Minute)
	s.Worked(start.Add(2*time.Minute), end.Add(2*time.Minute), time.Hour)
	fetch, wait := s.Decide(end.Add(4*time.Minute), "unknown", false)
	assert.True(t, fetch)
	assert.True(t, wait)
	fetch, _ = s.Decide(end.Add(4*time.Minute), "known", true)
	assert.False(t, fetch)
}
