package main

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"
)

// figures are what was measured, by the name of the task.
type figures struct {
	ns     map[string]float64 // per operation; with several goroutines, of all of them together
	allocs map[string]float64 // per operation
	size   map[string]int     // of the token, where it is counted
}

// measure runs all tasks by turns, round after round, and takes the best round
// of each. A machine that is busy, throttled or shared slows some rounds down
// and speeds none up; with every task in every round, and the rounds short, each
// has its share of the quiet moments.
func measure(tasks []task, rounds int, slice time.Duration) (*figures, error) {
	f := &figures{ns: map[string]float64{}, allocs: map[string]float64{}, size: map[string]int{}}
	counts := make([]int, len(tasks))
	for i, t := range tasks {
		var err error
		if counts[i], err = t.calibrate(slice); err != nil {
			return nil, err
		}
		f.ns[t.name] = math.Inf(1)
		f.size[t.name] = t.size
		f.allocs[t.name] = testing.AllocsPerRun(min(counts[i], 1000), func() { err = t.ops[0]() })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for range rounds {
		for i, t := range tasks {
			runtime.GC()                        // nobody pays for another's garbage
			if _, err := t.run(1); err != nil { // nor for pools that this emptied
				return nil, err
			}
			elapsed, err := t.run(counts[i])
			if err != nil {
				return nil, err
			}
			ops := float64(counts[i] * len(t.ops))
			f.ns[t.name] = min(f.ns[t.name], float64(elapsed.Nanoseconds())/ops)
		}
	}
	return f, nil
}

// calibrate returns how many runs fill a slice of time.
func (t task) calibrate(slice time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		// The best of a few: one moment's pause would make the number too
		// small, and the few runs then measured would be those of a cold start.
		best := time.Duration(math.MaxInt64)
		for range 5 {
			elapsed, err := t.run(n)
			if err != nil {
				return 0, err
			}
			best = min(best, elapsed)
		}
		if best >= slice/4 {
			return max(1, int(float64(n)*float64(slice)/float64(best))), nil
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
	begin := make(chan struct{})
	var done sync.WaitGroup
	for i, op := range t.ops {
		done.Go(func() {
			<-begin
			errs[i] = repeat(op)
		})
	}
	start := time.Now()
	close(begin)
	done.Wait()
	elapsed := time.Since(start)
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return elapsed, nil
}
