//go:build !race

package otelauth_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/observe"
)

// An event costs no allocation, since the attributes are there already. The race
// detector adds allocations of its own: it does not build this file.
func TestAllocations(t *testing.T) {
	hook, _ := newHook(t)
	for _, err := range []error{nil, authstrategy.ErrTokenExpired, observe.ErrFailed} {
		assert.Zero(t, testing.AllocsPerRun(1000, func() { hook(ctx, observe.Event{Operation: observe.Read, Err: err, Duration: 1000}) }))
	}
}

func BenchmarkHook(b *testing.B) {
	hook, _ := newHook(b)
	b.ReportAllocs()
	for b.Loop() {
		hook(ctx, observe.Event{Operation: observe.Read, Err: authstrategy.ErrTokenExpired, Duration: 1000})
	}
}
