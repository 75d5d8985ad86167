//go:build !race

package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// Reading takes at most six allocations more than the inner strategy. The race
// detector adds its own, and empties pools: it does not build this file.
func TestAllocations(t *testing.T) {
	inner := newJWT(t, accessSecret, time.Now)
	s := newSession(t, inner, session.NewMemory())
	token := write(t, s, ada)
	read := func(s authstrategy.Strategy[user]) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := s.ReadToken(ctx, token, load); err != nil {
				t.Fatal(err)
			}
		})
	}
	alone := read(inner)
	assert.LessOrEqual(t, read(s)-alone, 6.0, "ReadToken")
	destroyAll(t, s, bob)
	require.NoError(t, s.DestroyToken(ctx, write(t, s, ada), ada))
	assert.LessOrEqual(t, read(s)-alone, 6.0, "ReadToken where something was ended")
}
