//go:build !race

package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/session"
)

// The race detector allocates by itself.
func TestMemoryAllocates(t *testing.T) {
	m, ctx := session.NewMemory(), t.Context()
	raiseIn(t, m, "a", 1, time.Time{})
	raiseIn(t, m, "b", 1, time.Now().Add(time.Hour))
	keys := []string{"a", "b", "c"}
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() {
		_, err := m.Get(ctx, keys...)
		require.NoError(t, err)
	}), "the slice that Get returns")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_, err := m.Raise(ctx, "b", 1, time.Time{})
		require.NoError(t, err)
	}))
}

func BenchmarkMemoryGet(b *testing.B) {
	m, ctx := session.NewMemory(), b.Context()
	for _, key := range []string{"one", "two", "three", "four", "five"} {
		if _, err := m.Raise(ctx, key, 1, time.Now().Add(time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Get(ctx, "one", "none"); err != nil {
			b.Fatal(err)
		}
	}
}
