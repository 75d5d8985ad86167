// Package sessionstore holds what the stores of sessions share: the rules about
// keys and values, and the time in milliseconds. It also has the store in memory.
package sessionstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const maxKey = 255 // bytes

var errNoNumber = errors.New("authstrategy: a session store holds a value that is no whole number from 1 to 9223372036854775807; who else writes there?")

// CheckRaise returns the reason why Raise must do nothing, if there is one.
func CheckRaise(ctx context.Context, key string, value int64) error {
	if err := CheckContext(ctx); err != nil {
		return err
	}
	if value < 1 {
		return fmt.Errorf("authstrategy: a session store is given the value %d, want 1 to 9223372036854775807", value)
	}
	return checkKey(key)
}

// CheckGet returns the reason why Get must do nothing, if there is one.
func CheckGet(ctx context.Context, keys []string) error {
	if err := CheckContext(ctx); err != nil {
		return err
	}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	return nil
}

// CheckContext returns an error if the context is over.
func CheckContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("authstrategy: a session store is called with a context that is over: %w", err)
	}
	return nil
}

// checkKey never shows the key: it may be made of a token's id.
func checkKey(key string) error {
	if len(key) < 1 || len(key) > maxKey {
		return fmt.Errorf("authstrategy: a session store is given a key of %d bytes, want 1 to %d", len(key), maxKey)
	}
	if strings.IndexByte(key, 0) >= 0 {
		return errors.New("authstrategy: a session store is given a key that holds NUL, which PostgreSQL cannot store")
	}
	if !utf8.ValidString(key) {
		return errors.New("authstrategy: a session store is given a key that is not UTF-8")
	}
	return nil
}

// ParseValue reads a stored value. It takes the one spelling that the stores write.
func ParseValue(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 1 || strconv.FormatInt(value, 10) != text {
		return 0, errNoNumber
	}
	return value, nil
}

// ParseBefore reads what a stored value was before, "0" for nothing.
func ParseBefore(text string) (int64, error) {
	if text == "0" {
		return 0, nil
	}
	return ParseValue(text)
}

// Forever is the Until of what is kept for ever.
const Forever = math.MaxInt64

// beyond is the first moment that counts as never: beyond the year 9999 databases
// and languages disagree about time.
var beyond = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

// Until gives the milliseconds from 1970 to until, rounded up, and Forever for the
// zero time and for what lies after the year 9999.
func Until(until time.Time) int64 {
	if until.IsZero() || !until.Before(beyond) {
		return Forever
	}
	return millis(until)
}

// Now gives the milliseconds from 1970 to now, rounded up. What is kept until u is
// over when u < Now().
func Now() int64 {
	return millis(time.Now())
}

func millis(t time.Time) int64 {
	t = t.Add(time.Millisecond - time.Nanosecond)
	if t.Before(time.UnixMilli(0)) { // UnixMilli is undefined for years long past
		return 0
	}
	return t.UnixMilli()
}
