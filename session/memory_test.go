package session_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) session.Store { return session.NewMemory() })
}

func TestMemoryZero(t *testing.T) {
	storetest.Run(t, func(*testing.T) session.Store { return new(session.Memory) })
}

func raiseIn(t *testing.T, m *session.Memory, key string, value int64, until time.Time) (before int64) {
	t.Helper()
	before, err := m.Raise(t.Context(), key, value, until)
	require.NoError(t, err)
	return before
}

func getFrom(t *testing.T, m *session.Memory, keys ...string) []int64 {
	t.Helper()
	values, err := m.Get(t.Context(), keys...)
	require.NoError(t, err)
	return values
}

func TestMemoryIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, life := range []time.Duration{1, 999_999, time.Millisecond, time.Millisecond + 1, time.Hour} {
			m := session.NewMemory()
			raiseIn(t, m, "key", 5, time.Now().Add(life))
			time.Sleep(life)
			assert.Equal(t, []int64{5}, getFrom(t, m, "key"), "at its time a key is there")
			assert.EqualValues(t, 5, raiseIn(t, m, "key", 4, time.Now()))
			time.Sleep(time.Nanosecond)
			assert.Equal(t, []int64{0}, getFrom(t, m, "key"), "after it, it is not")
			assert.Zero(t, raiseIn(t, m, "key", 4, time.Now()))
			assert.Equal(t, []int64{4}, getFrom(t, m, "key"))
		}
	})
}

// The clock of the host counts, and not the time that it was awake.
func TestMemoryGoesByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemory()
		until := time.Now().Add(time.Hour)
		raiseIn(t, m, "with", 5, until)
		raiseIn(t, m, "without", 5, until.Round(0))
		time.Sleep(time.Hour)
		assert.Equal(t, []int64{5, 5}, getFrom(t, m, "with", "without"))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, []int64{0, 0}, getFrom(t, m, "with", "without"))
	})
}

// Every call forgets, and none more than four keys.
func TestMemoryForgets(t *testing.T) {
	for name, call := range map[string]func(t *testing.T, m *session.Memory){
		"Get of nothing": func(t *testing.T, m *session.Memory) { getFrom(t, m) },
		"Get":            func(t *testing.T, m *session.Memory) { getFrom(t, m, "other") },
		"Raise":          func(t *testing.T, m *session.Memory) { raiseIn(t, m, "other", 1, time.Unix(0, 0)) },
		"Len":            func(_ *testing.T, m *session.Memory) { m.Len() },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := session.NewMemory()
			for i := range 100 {
				raiseIn(t, m, fmt.Sprint(i), 1, time.Now().Add(time.Hour))
			}
			time.Sleep(time.Hour)
			for range 100 {
				call(t, m)
			}
			assert.Equal(t, 100, m.Len(), "%s: at their time keys are there", name)

			time.Sleep(time.Nanosecond)
			calls, last := 0, 100
			for last > 0 && calls < 100 {
				call(t, m)
				calls++
				next := m.Len() // forgets four by itself
				require.LessOrEqual(t, last-next, 8, "%s forgot more", name)
				last = next
			}
			assert.LessOrEqual(t, calls, 13, name)
			assert.Zero(t, m.Len(), name)
		})
	}
}

func TestMemoryForgetsAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemory()
		for i := range 1000 {
			raiseIn(t, m, fmt.Sprint("ends ", i), 1, time.Now().Add(time.Hour))
			raiseIn(t, m, fmt.Sprint("stays ", i), 1, time.Time{})
		}
		time.Sleep(2 * time.Hour)
		for range 2000 / 4 {
			getFrom(t, m)
		}
		assert.Equal(t, 1000, m.Len())
		assert.Equal(t, []int64{1, 0}, getFrom(t, m, "stays 999", "ends 999"))
	})
}

// While keys come and go, there are at most twice the keys that must be kept.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemory()
		const kept = 1000
		for i := range 20 * kept {
			raiseIn(t, m, fmt.Sprint(i), 1, time.Now().Add(kept*time.Millisecond))
			time.Sleep(time.Millisecond)
			if i%100 == 0 {
				require.LessOrEqual(t, m.Len(), 2*kept)
			}
		}
	})
}

// Memory gives memory back: also when some keys stay.
func TestMemoryShrinks(t *testing.T) {
	heap := func() int {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int(stats.HeapAlloc)
	}
	synctest.Test(t, func(t *testing.T) {
		const keys = 100_000
		m := session.NewMemory()
		empty := heap()
		for i := range keys {
			until := time.Now().Add(time.Hour)
			if i%1000 == 0 {
				until = time.Time{}
			}
			raiseIn(t, m, fmt.Sprint(i), 1, until)
		}
		full := heap()
		time.Sleep(2 * time.Hour)
		for range keys {
			m.Len()
		}
		require.Equal(t, keys/1000, m.Len())
		assert.Less(t, heap()-empty, (full-empty)/20)
		for i := range keys {
			want := int64(0)
			if i%1000 == 0 {
				want = 1
			}
			require.Equal(t, want, getFrom(t, m, fmt.Sprint(i))[0])
		}
	})
}

// A key that is over can begin anew wherever the calls have got to in looking at keys.
func TestMemoryBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 20
		for anew := range keys {
			m := session.NewMemory()
			for i := range keys {
				raiseIn(t, m, fmt.Sprint(i), 9, time.Now().Add(time.Hour))
			}
			time.Sleep(2 * time.Hour)
			require.Zero(t, raiseIn(t, m, fmt.Sprint(anew), 5, time.Now().Add(time.Hour)))
			for range keys {
				require.Equal(t, int64(5), getFrom(t, m, fmt.Sprint(anew))[0])
			}
			require.Equal(t, 1, m.Len())
		}
	})
}

// While Memory moves to a smaller map, Len counts both.
func TestMemoryCountsWhileItShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewMemory()
		const keys, stay = 10_000, 1000
		for i := range keys {
			until := time.Now().Add(time.Hour)
			if i%(keys/stay) == 0 {
				until = time.Time{}
			}
			raiseIn(t, m, fmt.Sprint(i), 1, until)
		}
		time.Sleep(2 * time.Hour)
		for last := m.Len(); last > stay; {
			next := m.Len()
			require.LessOrEqual(t, next, last)
			require.GreaterOrEqual(t, next, stay)
			last = next
		}
	})
}

// TestMemoryAgainstModel holds Memory against a plain map, with so many keys that the
// maps in it change places.
func TestMemoryAgainstModel(t *testing.T) {
	type kept struct {
		value int64
		until time.Time
	}
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		m, model := session.NewMemory(), map[string]kept{}
		look := func(key string) kept {
			k := model[key]
			if !k.until.IsZero() && time.Now().After(k.until) {
				return kept{}
			}
			return k
		}
		for range 100_000 {
			key := fmt.Sprint(random.IntN(5000))
			switch random.IntN(10) {
			case 0:
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			case 1:
				require.Equal(t, look(key).value, getFrom(t, m, key)[0])
			case 2:
				if random.IntN(500) == 0 {
					time.Sleep(time.Minute) // nearly all is over
				}
			default:
				value, until := random.Int64N(9)+1, time.Now().Add(time.Duration(random.IntN(50_000)-1000)*time.Millisecond)
				if random.IntN(50) == 0 {
					until = time.Time{}
				}
				was := look(key)
				require.Equal(t, was.value, raiseIn(t, m, key, value, until))
				if was.value > 0 && !until.IsZero() && (was.until.IsZero() || was.until.After(until)) {
					until = was.until
				}
				model[key] = kept{max(value, was.value), until}
			}
		}
		time.Sleep(time.Hour)
		forEver := 0
		for key := range model {
			value := look(key).value
			require.Equal(t, value, getFrom(t, m, key)[0])
			if value > 0 {
				forEver++
			}
		}
		for range 5000 {
			m.Len()
		}
		assert.Equal(t, forEver, m.Len())
	})
}

func TestMemoryByManyGoroutines(t *testing.T) {
	m := session.NewMemory()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 5000 {
				life := time.Millisecond
				if i%2 == 0 {
					life = -life
				}
				if _, err := m.Raise(t.Context(), fmt.Sprint(i), 1, time.Now().Add(life)); err != nil {
					t.Error(err)
				}
				if _, err := m.Get(t.Context(), fmt.Sprint(i), fmt.Sprint(i/2)); err != nil {
					t.Error(err)
				}
				m.Len()
			}
		})
	}
	all.Wait()
	deadline := time.Now().Add(time.Minute)
	for m.Len() > 0 {
		require.True(t, time.Now().Before(deadline))
	}
}
