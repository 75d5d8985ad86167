//go:build !race

package authstrategy_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
)

// These tests hold what a forger can make a service do against what its own
// users' tokens cost. Allocations are counted, and counts are exact; times are
// the best of many runs, with room to spare. The race detector slows down Go and
// not assembly, and adds allocations: it does not build this file.

func TestHostileCost(t *testing.T) {
	tokens := hostiletest.CostTokens()
	strategy := hostileStrategy(t, tokens.Reader)
	requireRead(t, strategy, tokens.Good, "an ordinary token")
	requireRead(t, strategy, tokens.GoodLargest, "the largest token")
	requireRefused(t, strategy, tokens.Forged, authstrategy.ErrTokenSignature, "a forged token of the largest size")
	requireRefused(t, strategy, tokens.JustTooLarge, authstrategy.ErrTokenTooLarge, "one byte over the limit")
	requireRefused(t, strategy, tokens.FarTooLarge, authstrategy.ErrTokenTooLarge, "16 MiB")

	allocations := func(token string) float64 { return testing.AllocsPerRun(100, readBy(strategy, token)) }
	assert.Zero(t, allocations(tokens.JustTooLarge), "allocations for a token over the limit")
	assert.Zero(t, allocations(tokens.FarTooLarge), "allocations for a token far over the limit")
	assert.LessOrEqual(t, allocations(tokens.Forged), allocations(tokens.GoodLargest)+2, "allocations for a forged token of the largest size")

	best := fastest(300, readBy(strategy, tokens.Good), readBy(strategy, tokens.GoodLargest), readBy(strategy, tokens.Forged), readBy(strategy, tokens.FarTooLarge))
	good, largest, forged, far := best[0], best[1], best[2], best[3]
	t.Logf("good %v, largest good %v, largest forged %v, too large %v", good, largest, forged, far)
	assert.Less(t, forged, 2*largest, "the largest forged token against a good one of its size")
	assert.Less(t, far, 5*good+time.Microsecond, "16 MiB against an ordinary token")
}

// A header of 2 kB or more costs at most about 2.7 times as much for each byte as a good
// token of that length, and no more in a longer token. The dearest that a search has
// found (TestDearestHeader) have about 62 members, whose names mix text, escapes and
// text beyond ASCII. Most of the others here cost 1 to 2 times as much.
func TestDearHeaders(t *testing.T) {
	const (
		most  = 2.7
		slack = 0.5 // what another processor, or a busy one, may add
	)
	for _, measured := range []struct{ size, rounds int }{{2300, 300}, {8192, 200}, {1 << 17, 20}} {
		t.Run(fmt.Sprint(measured.size), func(t *testing.T) {
			headers := hostiletest.DearHeaders(measured.size)
			var reads []func()
			for _, header := range headers {
				strategy := hostileStrategy(t, header.Reader)
				requireRead(t, strategy, header.Good, "a good token of that length")
				reads = append(reads, readBy(strategy, header.Good), readBy(strategy, header.Token))
			}
			best := fastest(measured.rounds, reads...)
			for i, header := range headers {
				good, dear := best[2*i], best[2*i+1]
				times := float64(dear) / float64(good)
				allocations := testing.AllocsPerRun(10, reads[2*i+1])
				t.Logf("%4.2f times %8v, %2.0f allocations: %s", times, good, allocations, header.Name)
				assert.LessOrEqual(t, times, most+slack, header.Name)
				assert.LessOrEqual(t, allocations, 20.0, "allocations for %s", header.Name)
			}
		})
	}
}

var search = flag.Duration("search", 0, "how long TestDearestHeader searches for the dearest header")

// TestDearestHeader searches for headers that cost more than those of TestDearHeaders:
// it changes shapes at random and keeps the dearest. Without the flag -search it reads
// 10,000 of them, and counts allocations instead of time.
func TestDearestHeader(t *testing.T) {
	sizes := []int{2300, 8192}
	random := rand.New(rand.NewPCG(1, 2))
	strategy := hostileStrategy(t, hostiletest.CostTokens().Reader)
	if *search == 0 {
		for i, shape := 0, hostiletest.NewShape(random); i < 10_000; i++ {
			requireCheap(t, strategy, shape.Token(sizes[i%2]), shape)
			if shape = shape.Changed(random); i%100 == 0 {
				shape = hostiletest.NewShape(random)
			}
		}
		return
	}
	best := make([]hostiletest.Shape, len(sizes))
	most := make([]float64, len(sizes))
	for start := time.Now(); time.Since(start) < *search; {
		for i, size := range sizes {
			shape := best[i].Changed(random)
			if most[i] == 0 || random.IntN(10) == 0 {
				shape = hostiletest.NewShape(random)
			}
			header := shape.Header(size)
			times := timesGood(strategy, header, 20)
			if times <= most[i] {
				continue
			}
			if times = timesGood(strategy, header, 500); times > most[i] { // and it was no accident
				best[i], most[i] = shape, times
				t.Logf("%d bytes: %.2f times a good token: %s", size, times, shape)
			}
		}
	}
}

// requireCheap requires that a token is read with few allocations, and with little
// memory for each of its bytes. The runtime may allocate meanwhile: one of a few counts
// has to be low.
func requireCheap(t *testing.T, strategy *hostiletest.Strategy, token string, shape hostiletest.Shape) {
	t.Helper()
	const most = 10
	var allocations, bytes uint64
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := strategy.ReadClaims(context.Background(), token)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, authstrategy.ErrTokenSignature, shape)
		allocations, bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
		if allocations <= most && bytes <= uint64(4*len(token)) {
			return
		}
	}
	require.Fail(t, "dear header", "%d allocations and %d bytes for a token of %d: %s", allocations, bytes, len(token), shape)
}

// timesGood returns how many times as long as a good token it takes to read the header.
func timesGood(strategy *hostiletest.Strategy, header hostiletest.DearHeader, rounds int) float64 {
	best := fastest(rounds, readBy(strategy, header.Good), readBy(strategy, header.Token))
	return float64(best[1]) / float64(best[0])
}

func readBy(strategy *authstrategy.JWTStrategy[authstrategy.Subject], token string) func() {
	return func() { strategy.ReadClaims(context.Background(), token) }
}

// fastest is, for each function, the shortest of many times that it takes: the
// one that nothing disturbed. They go by turns, so that what disturbs for a while
// disturbs all of them.
func fastest(rounds int, fs ...func()) []time.Duration {
	best := slices.Repeat([]time.Duration{time.Hour}, len(fs))
	for range rounds {
		for i, f := range fs {
			start := time.Now()
			f()
			best[i] = min(best[i], time.Since(start))
		}
	}
	return best
}
