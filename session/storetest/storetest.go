// Package storetest tests a session.Store against its contract. Who writes a store
// calls [Run] in a test of his:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) session.Store { return mystore.New(database) })
//	}
//
// What the interface does not reach is left to the store's own tests: a stored value
// that is no number, that Get is one round trip, a connection that breaks. So is a store
// that drops keys when it has many, or keeps none for as long as a session can last.
package storetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy/session"
)

// Run tests the stores that open returns, one for each of its tests. They may keep
// their keys in one place, and it need not be empty: nearly all keys are random, and
// where one cannot be, the test begins from what it finds.
//
// It takes about a second, and leaves some hundred keys behind. Most of them are over
// within a minute; some are kept for ever.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, session.Store)
	}{
		{"Raise keeps the larger value and returns the one before", testLarger},
		{"values are exact", testExact},
		{"values that are not 1 to MaxInt64 are an error", testBadValues},
		{"keys are bytes", testKeys},
		{"keys that are not 1 to 255 bytes of UTF-8 without NUL are an error", testBadKeys},
		{"Get returns a value for each key in order", testGet},
		{"a context that is over is an error", testContext},
		{"a key is kept until its time, and no longer", testUntil},
		{"until is never rounded down", testRounding},
		{"far and unusual times", testFarTimes},
		{"64 goroutines raise a key to different values", testDifferentValues},
		{"64 goroutines raise a key to the same value", testSameValue},
		{"64 goroutines raise a key for different times", testDifferentTimes},
		{"64 goroutines raise a key that is over", testSameValueAnew},
		{"64 goroutines raise and get many keys", testManyKeys},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// soon is when most keys of these tests end, which no test waits for.
func soon() time.Time { return time.Now().Add(time.Minute) }

func newKey() string { return rand.Text() }

func raise(t *testing.T, s session.Store, key string, value int64, until time.Time) (before int64) {
	t.Helper()
	before, err := s.Raise(t.Context(), key, value, until)
	if err != nil {
		t.Fatalf("Raise(%q, %d, %v): %v", key, value, until, err)
	}
	return before
}

func get(t *testing.T, s session.Store, keys ...string) []int64 {
	t.Helper()
	values, err := s.Get(t.Context(), keys...)
	if err != nil {
		t.Fatalf("Get of %d keys: %v", len(keys), err)
	}
	if len(values) != len(keys) {
		t.Fatalf("Get of %d keys returned %d values, want one for each", len(keys), len(values))
	}
	return values
}

func wantBefore(t *testing.T, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("Raise returned %d as the value before, want %d", got, want)
	}
}

func wantValues(t *testing.T, s session.Store, keys []string, want ...int64) {
	t.Helper()
	for i, got := range get(t, s, keys...) {
		if got != want[i] {
			t.Errorf("Get of %d keys returned %d for the key %q in place %d, want %d", len(keys), got, keys[i], i, want[i])
			return // one says enough
		}
	}
}

func wantValue(t *testing.T, s session.Store, key string, want int64) {
	t.Helper()
	wantValues(t, s, []string{key}, want)
}

// wantRefused checks that Raise returns an error and leaves the key as it is.
func wantRefused(t *testing.T, s session.Store, ctx context.Context, key string, value int64) {
	t.Helper()
	if before, err := s.Raise(ctx, key, value, soon()); err == nil || before != 0 {
		t.Errorf("Raise(%.40q, %d) = %d, %v; want 0 and an error", key, value, before, err)
	}
}
