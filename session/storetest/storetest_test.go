package storetest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/storetest"
)

const none = "none"

// faults are what a store can do wrong. The suite must notice each.
var faults = []string{
	"keeps the smaller", "keeps the first", "keeps the last", "compares as text", "loses digits", "loses the top bits",
	"returns the value after", "returns its own value", "never ends", "ends a second early", "ends a millisecond early",
	"ends never to begin anew", "begins anew with the larger", "shortens", "shortens for a larger value", "shortens for ever",
	"extends for a larger value only", "the zero time is over", "the past is kept", "the past is ignored", "the past deletes",
	"counts nanoseconds", "is not atomic", "forgets a time that comes beside another", "ignores case", "ignores white space", "ignores the end of keys", "takes numbers for keys",
	"takes any value", "takes any key", "takes empty keys", "takes a NUL", "takes what is not UTF-8", "takes long keys", "refuses long keys",
	"Get takes any key", "Raise ignores its context", "Get ignores its context", "Raise works despite its context", "Get leaves out what is missing",
	"Get sorts", "Get leaves out what is there twice", "Get of nothing fails", "Get shares its slice", "Get reads what is over",
}

const runFaulty = "STORETEST_FAULTY"

// TestFaults runs the suite against faulty stores, in a process of its own, since its
// tests have to fail.
func TestFaults(t *testing.T) {
	command := exec.Command(os.Args[0], "-test.run=^TestFaulty$", "-test.v", "-test.parallel=64")
	command.Env = append(os.Environ(), runFaulty+"=1")
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	for _, fault := range faults {
		result := "--- FAIL: TestFaulty/" + strings.ReplaceAll(fault, " ", "_") + " ("
		assert.True(t, strings.Contains(string(output), result), "the suite does not notice a store that %s", fault)
	}
	assert.True(t, strings.Contains(string(output), "--- PASS: TestFaulty/"+none+" ("), "the suite refuses a good store")
}

func TestFaulty(t *testing.T) {
	if os.Getenv(runFaulty) == "" {
		return // it is for TestFaults
	}
	for _, fault := range append(faults, none) {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(*testing.T) session.Store {
				return &faulty{fault: fault, kept: map[string]number{}}
			})
		})
	}
}

// A faulty store has one fault, or none.
type faulty struct {
	fault  string
	mu     sync.Mutex
	kept   map[string]number
	values []int64
}

type number struct {
	value int64
	until time.Time
}

func (f *faulty) is(faults ...string) bool { return slices.Contains(faults, f.fault) }

func (f *faulty) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	if err := ctx.Err(); err != nil && !f.is("Raise ignores its context", "Raise works despite its context") {
		return 0, err
	}
	if value < 1 && !f.is("takes any value") || f.refuses(key) {
		return 0, errors.New("refused")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key = f.stored(key)
	was := f.read(key)
	if f.is("is not atomic") {
		f.mu.Unlock()
		time.Sleep(time.Millisecond)
		f.mu.Lock()
	}
	if past := !until.IsZero() && time.Now().After(until); past && f.is("the past is ignored") {
		return was.value, nil
	} else if past && f.is("the past deletes") {
		delete(f.kept, key)
		return was.value, nil
	} else if past && f.is("the past is kept") {
		until = time.Now().Add(time.Minute)
	} else if f.is("the zero time is over") && until.IsZero() {
		until = time.Unix(0, 0)
	}
	if f.is("counts nanoseconds") && !until.IsZero() {
		until = time.Unix(0, until.UnixNano())
	}
	old, anew := f.kept[key]
	anew = anew && was.value == 0
	if anew && f.is("ends never to begin anew") {
		return 0, nil
	}
	if anew && f.is("begins anew with the larger") {
		value = max(value, old.value)
	}
	if f.is("forgets a time that comes beside another") { // the value is atomic, and the time is not
		f.mu.Unlock()
		time.Sleep(time.Millisecond)
		f.mu.Lock()
		value = max(value, f.read(key).value)
	}
	next := number{f.larger(was.value, value), f.later(was, number{value, until})}
	f.kept[key] = next
	if f.is("returns the value after") {
		return next.value, nil
	}
	if f.is("returns its own value") && was.value > 0 {
		return value, nil
	}
	return was.value, ctx.Err()
}

func (f *faulty) larger(was, value int64) int64 {
	if was == 0 {
		was = value
	}
	switch f.fault {
	case "keeps the smaller":
		return min(was, value)
	case "keeps the first":
		return was
	case "keeps the last":
		return value
	case "compares as text":
		if number := func(n int64) string { return time.Duration(n).String() }; number(was) > number(value) {
			return was
		}
		return value
	case "loses digits":
		return int64(max(float64(was), float64(value))/2) * 2 // below 2^53 the even numbers stay as well
	case "loses the top bits":
		return max(was, value) & (1<<62 - 1)
	}
	return max(was, value)
}

func (f *faulty) later(was, next number) time.Time {
	switch {
	case was.value == 0, f.is("shortens"):
		return next.until
	case f.is("shortens for a larger value") && next.value > was.value:
		return next.until
	case f.is("extends for a larger value only") && next.value <= was.value:
		return was.until
	case f.is("shortens for ever") && was.until.IsZero():
		return next.until
	case was.until.IsZero() || next.until.IsZero():
		return time.Time{}
	case was.until.After(next.until):
		return was.until
	}
	return next.until
}

func (f *faulty) read(key string) number {
	n := f.kept[key]
	until := n.until
	switch f.fault {
	case "ends a second early":
		until = until.Add(-time.Second)
	case "ends a millisecond early":
		until = until.Truncate(time.Millisecond)
	}
	over := !n.until.IsZero() && time.Now().After(until)
	if over && !f.is("never ends") {
		return number{}
	}
	return n
}

func (f *faulty) stored(key string) string {
	switch f.fault {
	case "ignores case":
		return strings.ToLower(key)
	case "ignores white space":
		return strings.TrimSpace(key)
	case "ignores the end of keys":
		return key[:min(len(key), 254)]
	case "takes numbers for keys":
		return strings.TrimLeft(key, "+0")
	}
	return key
}

func (f *faulty) refuses(key string) bool {
	if f.is("takes any key") {
		return false
	}
	return key == "" && !f.is("takes empty keys") ||
		strings.Contains(key, "\x00") && !f.is("takes a NUL") ||
		!utf8.ValidString(key) && !f.is("takes what is not UTF-8") ||
		len(key) > 255 && !f.is("takes long keys") ||
		len(key) > 254 && f.is("refuses long keys")
}

func (f *faulty) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if err := ctx.Err(); err != nil && !f.is("Get ignores its context") {
		return nil, err
	}
	if f.is("Get of nothing fails") && len(keys) == 0 || !f.is("Get takes any key") && slices.ContainsFunc(keys, f.refuses) {
		return nil, errors.New("refused")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	values := []int64{}
	for i, key := range keys {
		n := f.read(f.stored(key))
		if f.is("Get reads what is over") {
			n = f.kept[key]
		}
		if f.is("Get leaves out what is missing") && n.value == 0 || f.is("Get leaves out what is there twice") && slices.Index(keys, key) < i {
			continue
		}
		values = append(values, n.value)
	}
	if f.is("Get sorts") {
		slices.Sort(values)
	}
	if f.is("Get shares its slice") && len(values) == len(f.values) {
		return f.values, nil
	}
	f.values = values
	return values, nil
}
