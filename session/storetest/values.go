package storetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy/session"
)

func testLarger(t *testing.T, s session.Store) {
	key := newKey()
	for _, step := range []struct{ value, before, after int64 }{
		{5, 0, 5},
		{5, 5, 5},
		{4, 5, 5},
		{9, 5, 9},
		{10, 9, 10}, // as text, 10 comes before 9
		{9, 10, 10},
		{1, 10, 10},
		{100, 10, 100},
		{99, 100, 100},
		{math.MaxInt64, 100, math.MaxInt64},
		{1, math.MaxInt64, math.MaxInt64},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64},
	} {
		wantBefore(t, raise(t, s, key, step.value, soon()), step.before)
		wantValue(t, s, key, step.after)
	}
}

// testExact raises a key to each of two values in both orders, for values around
// which a store loses digits that goes through floating point, 32 bits or text.
func testExact(t *testing.T, s session.Store) {
	edges := []int64{1, 2, 9, 10, 11}
	for _, edge := range []int64{1 << 31, 1 << 32, 1 << 53, 1 << 62, 1e15, 1e17, 1e18} {
		edges = append(edges, edge-1, edge, edge+1)
	}
	edges = append(edges, 999_999_999_999_999_999, math.MaxInt64-2, math.MaxInt64-1, math.MaxInt64)
	var keys []string
	var want []int64
	for _, first := range edges {
		// All pairs would be some thousand calls. The neighbours matter, and the ends.
		for _, second := range append(neighbours(edges, first), 1, math.MaxInt64) {
			key := newKey()
			wantBefore(t, raise(t, s, key, first, soon()), 0)
			wantBefore(t, raise(t, s, key, second, soon()), first)
			keys, want = append(keys, key), append(want, max(first, second))
		}
	}
	wantValues(t, s, keys, want...)
}

func neighbours(edges []int64, of int64) []int64 {
	i := slices.Index(edges, of)
	return slices.Clone(edges[max(i-2, 0):min(i+3, len(edges))])
}

func testBadValues(t *testing.T, s session.Store) {
	for _, value := range []int64{0, -1, math.MinInt64} {
		key := newKey()
		wantRefused(t, s, t.Context(), key, value)
		wantValue(t, s, key, 0)
		raise(t, s, key, 7, soon())
		wantRefused(t, s, t.Context(), key, value)
		wantValue(t, s, key, 7)
	}
}

// testKeys stores keys that differ in one thing each, all at once, so that a store
// that mixes two up shows it.
func testKeys(t *testing.T, s session.Store) {
	random := newKey()
	long := random + strings.Repeat("k", 254-len(random))
	keys := []string{"a", random, long, long + "a", long + "b", random + strings.Repeat("é", (255-len(random))/2)}
	for _, end := range []string{
		" ", "  ", "\t", "\n", "\r\n", "\v", "\x01", "\x1b", "\x7f", "\u00a0", "\u200b", "\ufeff", // white space and what nobody sees
		"a", "A", "a ", " a", "\u00e9", "e\u0301", "\u212a", "K", "k", "\u00df", "ss", "\u0130", "i", // case, and forms that look the same
		"%", "_", "a%", "a_", "*", "?", "[a]", "\\", "\\0", "\\x00", "%00", "^", "$", "$1", "?1", ":a", "@a", // patterns and placeholders
		"'", "''", "\"", "`", "';--", "') OR ('1'='1", "NULL", "null", "{a}", "{b}", "{", "}", "{}", // quoting, and the slots of Redis
		"0", "00", "7", "007", "7.0", "7e0", "+7", "-7", "0x7", "1e999", "NaN", "true", // numbers
		"\ufffd", "\ud7ff", "\ue000", "\U0001f600", "\U0010ffff", "你好", "שלום", // the ends of UTF-8's ranges
	} {
		keys = append(keys, random+end, end+random)
	}
	want := make([]int64, len(keys))
	for i, key := range keys {
		before := get(t, s, key)[0] // another run may have left the shortest
		want[i] = before + int64(i) + 1
		wantBefore(t, raise(t, s, key, want[i], soon()), before)
	}
	wantValues(t, s, keys, want...)
	for i, key := range keys {
		wantBefore(t, raise(t, s, key, 1, soon()), want[i])
	}
}

func testBadKeys(t *testing.T, s session.Store) {
	good := newKey()
	raise(t, s, good, 3, soon())
	for _, key := range []string{
		"", strings.Repeat("k", 256), "k" + strings.Repeat("é", 128), strings.Repeat("k", 1<<20),
		"\x00", "a\x00", "\x00a", "a\x00b",
		"\xff", "a\x80", "\xc3", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	} {
		wantRefused(t, s, t.Context(), key, 1)
		for _, keys := range [][]string{{key}, {good, key}, {key, good}} {
			if values, err := s.Get(t.Context(), keys...); err == nil || values != nil {
				t.Errorf("Get(%.40q) = %d, %v; want no values and an error", keys, values, err)
			}
		}
	}
	wantValue(t, s, good, 3)
}

func testGet(t *testing.T, s session.Store) {
	if values, err := s.Get(t.Context()); err != nil || len(values) != 0 {
		t.Errorf("Get() = %d, %v; want no values and no error", values, err)
	}
	a, b, missing := newKey(), newKey(), newKey()
	wantValues(t, s, []string{a, b}, 0, 0)
	raise(t, s, a, 1, soon())
	raise(t, s, b, math.MaxInt64, time.Time{})
	wantValues(t, s, []string{a, b}, 1, math.MaxInt64)
	wantValues(t, s, []string{b, a}, math.MaxInt64, 1)
	wantValues(t, s, []string{missing, b, missing, a, a, b, missing}, 0, math.MaxInt64, 0, 1, 1, math.MaxInt64, 0)

	keys, want := make([]string, 500), make([]int64, 500)
	for i := range keys {
		keys[i] = newKey()
		if i%5 == 0 {
			want[i] = int64(i) + 1
			raise(t, s, keys[i], want[i], soon())
		}
	}
	wantValues(t, s, keys, want...)

	get(t, s, a)[0] = 99 // is the caller's
	wantValue(t, s, a, 1)
}

func testContext(t *testing.T, s session.Store) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	past, cancelPast := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelPast()
	for _, ctx := range []context.Context{cancelled, past} {
		missing, present := newKey(), newKey()
		raise(t, s, present, 7, soon())
		for _, key := range []string{missing, present} {
			if before, err := s.Raise(ctx, key, 9, soon()); !errors.Is(err, ctx.Err()) || before != 0 {
				t.Errorf("Raise = %d, %v; want 0 and an error that matches %q", before, err, ctx.Err())
			}
		}
		wantValues(t, s, []string{missing, present}, 0, 7)
		for _, keys := range [][]string{nil, {missing}, {present, missing}} {
			if values, err := s.Get(ctx, keys...); !errors.Is(err, ctx.Err()) || values != nil {
				t.Errorf("Get of %d keys = %d, %v; want no values and an error that matches %q", len(keys), values, err, ctx.Err())
			}
		}
	}
}
