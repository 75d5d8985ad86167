//go:build !race

package cache

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// The longest of the best times may be so much longer than the shortest. They
	// differ by a few hundredths. A comparison that stops at the first difference
	// makes it a multiple.
	mostTrend = 1.5

	batches   = 150
	batchSize = 500
)

// fastest returns, for each function, how long a batch of calls takes in the best of
// many: the one that nothing disturbed. They go by turns, so that what disturbs for
// a while disturbs all of them.
func fastest(fs []func()) []time.Duration {
	best := slices.Repeat([]time.Duration{time.Hour}, len(fs))
	for range batches {
		for i, f := range fs {
			start := time.Now()
			for range batchSize {
				f()
			}
			best[i] = min(best[i], time.Since(start))
		}
	}
	return best
}

var sink bool // so that the compiler does not leave out what nobody wants to know

// requireNoTrend measures the functions, and fails if the times depend on what they
// are measured for.
func requireNoTrend(t *testing.T, name string, over []int, f func(int) func()) {
	t.Helper()
	fs := make([]func(), len(over))
	for i, n := range over {
		fs[i] = f(n)
	}
	var trend float64
	for attempt := 1; attempt <= 3; attempt++ { // a busy machine may disturb one
		times := fastest(fs)
		trend = float64(slices.Max(times)) / float64(max(1, slices.Min(times)))
		var text strings.Builder
		for i, n := range over {
			fmt.Fprintf(&text, " %d: %.1f ns,", n, float64(times[i])/batchSize)
		}
		t.Logf("%s: longest / shortest %.2f:%s", name, trend, strings.TrimSuffix(text.String(), ","))
		if trend < mostTrend {
			return
		}
	}
	assert.Less(t, trend, mostTrend, name)
}

// The race detector slows down Go and not assembly, and adds nothing to what these two
// show: it does not build this file.

// TestTokenCacheTiming measures what an attacker can measure who guesses at a token
// that is remembered: how long it takes to find that a guess is not. It does not
// depend on how many leading bytes of the guess are right. The Cache has one list, so
// that every guess meets the token.
func TestTokenCacheTiming(t *testing.T) {
	token := strings.Repeat("remember", 64)
	c := New[int](1)
	c.Put(token, new(1))
	for _, length := range []int{len(token), len(token) - 1, len(token) + 1} {
		known := (token + "!")[:length]
		wrong := strings.Repeat("?", length)
		var right []int // how many leading bytes
		for _, n := range []int{0, 1, 2, 8, 32, 128, 256, 384, len(token) - 9, len(token) - 2, len(token) - 1} {
			if n < length {
				right = append(right, n)
			}
		}
		requireNoTrend(t, fmt.Sprintf("%d bytes, right leading bytes", length), right, func(n int) func() {
			guess := known[:n] + wrong[n:]
			require.Nil(t, c.Get(guess))
			return func() { c.Get(guess) }
		})
	}
}

// TestSameTiming measures same itself: two tokens of the same length, by where the
// first difference is. It takes no less if everything differs, nor if nothing does.
func TestSameTiming(t *testing.T) {
	token := bytes.Repeat([]byte("remember"), 64)
	const nowhere, everywhere = -1, -2
	requireNoTrend(t, "the first difference", []int{everywhere, 0, 1, 7, 8, 9, 32, 128, 256, 384, 503, 504, 510, 511, nowhere}, func(n int) func() {
		other := bytes.Clone(token)
		if n >= 0 {
			other[n] ^= 1
		}
		if n == everywhere {
			for i := range other {
				other[i] ^= 0xff
			}
		}
		require.Equal(t, n == nowhere, same(token, other))
		return func() { sink = same(token, other) }
	})
}
