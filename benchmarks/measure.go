package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// figures are what was measured, by the name of the task.
type figures struct {
	rounds map[string][]float64 // ns per operation; with several goroutines, of all of them together
	allocs map[string]float64   // per operation
	size   map[string]int       // of the token, where it is counted
}

// best is the time per operation in a task's best round, in ns.
func (f *figures) best(task string) float64 { return slices.Min(f.rounds[task]) }

// typical is the time per operation in a task's median round.
func (f *figures) typical(task string) float64 { return median(f.rounds[task]) }

func (f *figures) measured(task string) bool { return len(f.rounds[task]) > 0 }

// measure makes one comparison after the other. Within one, the tasks take turns,
// round after round.
//
// A machine that is busy, throttled or shared slows some moments down and speeds
// none up: short turns give every task some that are undisturbed. Only tasks that
// are compared with each other alternate, so that all find the processor in the
// same state. The best turn is one without a garbage collection: unlike "go test
// -bench", these figures leave its cost out.
func measure(comparisons []func() (comparison, error), rounds int, slice time.Duration) (*figures, error) {
	f := &figures{rounds: map[string][]float64{}, allocs: map[string]float64{}, size: map[string]int{}}
	for _, newComparison := range comparisons {
		c, err := newComparison()
		if err != nil {
			return nil, err
		}
		if err := f.measure(c.tasks, max(1, rounds/max(1, c.shorts)), slice); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *figures) measure(tasks []task, rounds int, slice time.Duration) error {
	counts, longest, err := f.prepare(tasks, slice)
	if err != nil {
		return err
	}
	if longest > slice { // the comparison shall not take longer than others
		rounds = max(1, int(float64(rounds)*float64(slice)/float64(longest)))
	}
	for _, t := range tasks {
		f.rounds[t.name] = make([]float64, rounds)
	}
	for round := range rounds {
		for turn := range tasks {
			i := (round + turn) % len(tasks) // nobody is always the first
			t := tasks[i]
			if _, err := t.run(1); err != nil { // the turn before has left other code and data in the caches
				return err
			}
			elapsed, err := t.run(counts[i])
			if err != nil {
				return err
			}
			f.rounds[t.name][round] = float64(elapsed.Nanoseconds()) / float64(counts[i]*len(t.ops))
		}
	}
	return nil
}

// prepare counts allocations, and returns how many runs of each task fill a slice of
// time, and how long the longest of all runs takes.
func (f *figures) prepare(tasks []task, slice time.Duration) (counts []int, longest time.Duration, err error) {
	counts = make([]int, len(tasks))
	for i, t := range tasks {
		var once time.Duration
		if counts[i], once, err = t.calibrate(slice); err != nil {
			return nil, 0, err
		}
		longest = max(longest, once)
		f.size[t.name] = t.size
		f.allocs[t.name] = testing.AllocsPerRun(min(counts[i], 1000), func() { err = t.ops[0]() })
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return counts, longest, nil
}

// calibrate returns how many runs fill a slice of time, and how long one takes.
func (t task) calibrate(slice time.Duration) (count int, once time.Duration, err error) {
	for n := 1; ; n *= 2 {
		// The best of a few: one moment's pause would make the number too
		// small, and the few runs then measured would be those of a cold start.
		best := time.Duration(math.MaxInt64)
		for range 5 {
			elapsed, err := t.run(n)
			if err != nil {
				return 0, 0, err
			}
			best = min(best, elapsed)
		}
		if best >= slice/4 {
			return max(1, int(float64(n)*float64(slice)/float64(best))), best / time.Duration(n), nil
		}
	}
}

// run does the task n times in each of its goroutines, and returns the time
// until the last of them is done.
func (t task) run(n int) (time.Duration, error) {
	repeat := func(op func() error) error {
		for range n {
			if err := op(); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return nil
	}
	if len(t.ops) == 1 {
		start := time.Now()
		err := repeat(t.ops[0])
		return time.Since(start), err
	}

	errs := make([]error, len(t.ops))
	starts, ends := make([]time.Time, len(t.ops)), make([]time.Time, len(t.ops))
	var ready atomic.Int32
	var done sync.WaitGroup
	for i, op := range t.ops {
		done.Go(func() {
			// Waking a goroutine takes as long as some runs: nobody starts, and
			// no clock, before all are awake.
			for ready.Add(1); int(ready.Load()) < len(t.ops); {
				runtime.Gosched()
			}
			starts[i] = time.Now()
			errs[i] = repeat(op)
			ends[i] = time.Now()
		})
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return slices.MaxFunc(ends, time.Time.Compare).Sub(slices.MinFunc(starts, time.Time.Compare)), nil
}
