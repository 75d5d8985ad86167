package storetest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy/session"
)

const (
	goroutines = 64
	rounds     = 5
)

// together calls f in many goroutines, which begin at the same moment.
func together(f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range goroutines {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

func raiseTogether(t *testing.T, s session.Store, key string, value func(i int) int64, until time.Time) (befores []int64) {
	befores = make([]int64, goroutines)
	errs := make([]error, goroutines)
	together(func(i int) { befores[i], errs[i] = s.Raise(t.Context(), key, value(i), until) })
	for _, err := range errs {
		if err != nil {
			t.Fatalf("Raise by %d goroutines: %v", goroutines, err)
		}
	}
	return befores
}

// testDifferentValues checks that there is an order of the calls in which each
// returns what the one before it left: those that raised the key make a chain from
// nothing to the largest value.
func testDifferentValues(t *testing.T, s session.Store) {
	for range rounds {
		key := newKey()
		values := rand.Perm(goroutines)
		value := func(i int) int64 { return math.MaxInt64 - int64(values[i]) }
		befores := raiseTogether(t, s, key, value, soon())

		raisedFrom := map[int64]int64{}
		for i, before := range befores {
			if before >= value(i) {
				continue
			}
			if other, twice := raisedFrom[before]; twice {
				t.Errorf("two calls raised the key from %d, to %d and to %d", before, other, value(i))
			}
			raisedFrom[before] = value(i)
		}
		reached := map[int64]bool{}
		last := int64(0)
		for next := raisedFrom[0]; next > last; next = raisedFrom[next] {
			last, reached[next] = next, true
		}
		if last != math.MaxInt64 || len(reached) != len(raisedFrom) {
			t.Errorf("the calls that raised the key are no chain from 0 to MaxInt64: %d", raisedFrom)
		}
		for i, before := range befores {
			if before >= value(i) && !reached[before] {
				t.Errorf("Raise to %d returned %d as the value before, which the key never held", value(i), before)
			}
		}
		wantValue(t, s, key, math.MaxInt64)
	}
}

func testSameValue(t *testing.T, s session.Store) {
	for range rounds {
		wantOneFirst(t, raiseTogether(t, s, newKey(), func(int) int64 { return 7 }, soon()))
	}
}

func testSameValueAnew(t *testing.T, s session.Store) {
	for range rounds {
		key, until := newKey(), time.Now().Add(10*time.Millisecond)
		raise(t, s, key, 9, until)
		waitUntilOver(t, s, key, until)
		wantOneFirst(t, raiseTogether(t, s, key, func(int) int64 { return 7 }, soon()))
		wantValue(t, s, key, 7)
	}
}

func wantOneFirst(t *testing.T, befores []int64) {
	t.Helper()
	slices.Sort(befores)
	if befores[0] != 0 || befores[1] != 7 || befores[goroutines-1] != 7 {
		t.Errorf("%d goroutines raised a key to 7, and the values before were %d; want 0 for exactly one, and 7 for the others", goroutines, befores)
	}
}

// testManyKeys counts keys up by many goroutines, while others read them: what a
// key holds never shrinks, and each step is taken once.
func testManyKeys(t *testing.T, s session.Store) {
	const steps = 5
	keys := []string{newKey(), newKey(), newKey()}
	taken := make([]map[int64]bool, goroutines) // by goroutine: values of which it was the first
	together(func(i int) {
		taken[i] = map[int64]bool{}
		seen := make([]int64, len(keys))
		for step := range int64(steps) {
			before, err := s.Raise(t.Context(), keys[0], step+1, soon())
			if err != nil {
				t.Errorf("Raise: %v", err)
				return
			}
			taken[i][step+1] = before == step
			if _, err := s.Raise(t.Context(), keys[1+i%2], step+1, soon()); err != nil {
				t.Errorf("Raise: %v", err)
				return
			}
			values, err := s.Get(t.Context(), keys...)
			if err != nil || len(values) != len(keys) {
				t.Errorf("Get = %d, %v", values, err)
				return
			}
			for k, value := range values {
				if value < seen[k] {
					t.Errorf("a key held %d, and then %d", seen[k], value)
				}
			}
			if values[0] < step+1 {
				t.Errorf("a key holds %d after a Raise to %d", values[0], step+1)
			}
			seen = values
		}
	})
	for step := range int64(steps) {
		first := 0
		for _, mine := range taken {
			if mine[step+1] {
				first++
			}
		}
		if first > 1 {
			t.Errorf("%d goroutines raised a key from %d to %d, want 1 at most", first, step, step+1)
		}
	}
	wantValues(t, s, keys, steps, steps, steps)
}

// testDifferentTimes raises keys for a short time, and a few of the goroutines for a
// longer one, which stays whoever comes last.
func testDifferentTimes(t *testing.T, s session.Store) {
	short, long := time.Now().Add(300*time.Millisecond), soon()
	var keys []string
	for range rounds {
		key := newKey()
		keys = append(keys, key)
		raise(t, s, key, 1, short)
		together(func(i int) {
			until := short
			if i%16 == 7 {
				until = long
			}
			if _, err := s.Raise(t.Context(), key, int64(i+2), until); err != nil {
				t.Errorf("Raise by %d goroutines: %v", goroutines, err)
			}
		})
	}
	time.Sleep(time.Until(short) + 10*time.Millisecond)
	for _, value := range get(t, s, keys...) {
		if value == 0 {
			t.Error("a key that was raised for long has ended with a shorter time that came beside it")
		}
	}
}
