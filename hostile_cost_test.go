//go:build !race

package authstrategy_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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

// A header of 2 kB or more costs about three times as much for each byte as a good
// token of that length at the most, and no more in a longer token. The dearest that
// a search has found, 64 members with escaped names, was measured at 3.1 to 3.4.
func TestDearHeaders(t *testing.T) {
	const (
		most  = 3.0
		slack = 1.0 // what another processor, or a busy one, may add
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
