//go:build !race

package authstrategy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy"
)

// Reading a token takes three allocations, writing one takes one, and refusing one
// over the limit none. The race detector adds its own, and empties pools: it does
// not build this file.
func TestAllocations(t *testing.T) {
	s := newStrategy(t, testSecret)
	token := sign(testHeader, testClaims)
	load := authstrategy.UserLoader[authstrategy.Subject](loadSubject)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = s.ReadToken(ctx, token, load) }), 3.0, "ReadToken")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = s.WriteToken(ctx, testID) }), 1.0, "WriteToken")
	both := anyOf(t, s, newStrategy(t, otherSecret))
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = both.ReadToken(ctx, token, load) }), 3.0, "ReadToken through AnyOf")
	large := strings.Repeat("a", 1<<20)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.ReadToken(ctx, large, load) }), "a token over the limit")
}
