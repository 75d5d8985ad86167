package ledger_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/ledger"
)

const (
	maxTime    = 1<<36 - 1 // milliseconds
	nanosecond = time.Nanosecond
	ms         = time.Millisecond
)

var login = time.Date(2030, 1, 2, 3, 4, 5, int(678*ms), time.UTC)

// after is the moment some milliseconds after the log-in.
func after(millis int64) time.Time { return time.UnixMilli(login.UnixMilli() + millis) }

func newSession() ledger.Session { return ledger.NewSession("id", login, 90*24*time.Hour, 0) }

func TestNewSession(t *testing.T) {
	for _, c := range []struct {
		name   string
		cutoff int64
		begun  int64
	}{
		{"no cutoff", 0, login.UnixMilli()},
		{"a cutoff long ago", 1, login.UnixMilli()},
		{"a cutoff just before", login.UnixMilli() - 1, login.UnixMilli()},
		{"a cutoff at the log-in", login.UnixMilli(), login.UnixMilli() + 1},
		{"a cutoff ahead", login.UnixMilli() + 1000, login.UnixMilli() + 1001},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, ledger.Session{
				ID: "id", Counter: 1, Login: login.UnixMilli(), Begun: c.begun, End: login.Add(time.Hour).UnixMilli(),
			}, ledger.NewSession("id", login.Add(ms-nanosecond), time.Hour, c.cutoff))
		})
	}
	assert.Equal(t, login.UnixMilli(), ledger.NewSession("id", login, time.Hour, ledger.Ended).Begun, "after the largest cutoff there is nothing")
}

func TestNextCountsAndChangesNothingElse(t *testing.T) {
	first := newSession()
	next := first.Next()
	assert.Equal(t, int64(1), first.Counter)
	assert.Equal(t, int64(2), next.Counter)
	next.Counter = first.Counter
	assert.Equal(t, first, next)
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		name string
		now  time.Time
		time int64
	}{
		{"at the log-in", after(0), maxTime},
		{"a nanosecond before", after(0).Add(-nanosecond), maxTime},
		{"a millisecond before", after(-1), maxTime},
		{"a clock that was never set", time.Unix(0, 0), maxTime},
		{"before 1970", time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), maxTime},
		{"just less than a millisecond after", after(1).Add(-nanosecond), maxTime},
		{"a millisecond after", after(1), maxTime - 1},
		{"the last millisecond but one", after(maxTime - 1), 1},
		{"the last millisecond", after(maxTime), 0},
		{"too late", after(maxTime + 1), 0},
		{"much too late", after(1 << 50), 0},
		{"the year 9999", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, counter := range []int64{1, 2, 1 << 20, ledger.MaxCounter} {
				session := newSession()
				session.Counter = counter
				number := session.Number(c.now)
				assert.Equal(t, counter<<36+c.time, number)
				assert.Equal(t, counter, ledger.Counter(number), "carries into the counter")
				assert.Less(t, number, int64(ledger.Ended))
				assert.Positive(t, number)
			}
		})
	}
}

func TestALargerCounterWinsAndThenTheFirstUse(t *testing.T) {
	session := newSession()
	next := session.Next()
	for _, early := range []time.Time{after(-1 << 40), after(0), after(5), after(1 << 40)} {
		for _, late := range []time.Time{after(-1 << 40), after(0), after(5), after(1 << 40)} {
			assert.Greater(t, next.Number(late), session.Number(early))
			assert.Greater(t, next.Number(early), session.Number(late))
		}
	}
	assert.Greater(t, session.Number(after(5)), session.Number(after(6)))
}

func TestCounter(t *testing.T) {
	assert.Equal(t, int64(0), ledger.Counter(0))
	assert.Equal(t, int64(0), ledger.Counter(maxTime))
	assert.Equal(t, int64(1), ledger.Counter(maxTime+1))
	assert.Equal(t, int64(1<<27-2), int64(ledger.MaxCounter))
	assert.Equal(t, int64(ledger.MaxCounter), ledger.Counter(ledger.MaxCounter<<36+maxTime))
	assert.Equal(t, int64(ledger.MaxCounter+1), ledger.Counter(ledger.Ended), "no token has the counter of what was ended")
	assert.Equal(t, int64(math.MaxInt64), int64(ledger.Ended))
}

func TestFirstUseIsToTheMillisecond(t *testing.T) {
	session := newSession()
	for _, millis := range []int64{0, 1, 999, 1000, 86_400_000, 731 * 86_400_000, maxTime} {
		used := after(millis).Add(ms - nanosecond)
		assert.Equal(t, after(millis), session.FirstUse(session.Number(used)))
		next := session.Next()
		assert.Equal(t, after(millis), next.FirstUse(next.Number(used)))
	}
	assert.Equal(t, after(0), session.FirstUse(session.Number(after(-1))))
	assert.Equal(t, after(maxTime), session.FirstUse(session.Number(after(maxTime+1))))
}

func TestUntilOfASession(t *testing.T) {
	session := newSession()
	assert.Equal(t, login.Add(90*24*time.Hour+10*time.Minute).UnixNano(), session.Until(0).UnixNano())
	assert.Equal(t, login.Add(90*24*time.Hour+10*time.Minute+time.Second).UnixNano(), session.Until(time.Second).UnixNano())
}
