package sessionstore_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/sessionstore"
)

func TestCheckKeys(t *testing.T) {
	for key, want := range map[string]string{
		"a": "", strings.Repeat("k", 255): "", "\x01": "", "\U0010ffff": "", "\ufffd": "",
		"":                       "a key of 0 bytes, want 1 to 255",
		strings.Repeat("k", 256): "a key of 256 bytes, want 1 to 255",
		strings.Repeat("é", 128): "a key of 256 bytes, want 1 to 255",
		"a\x00":                  "holds NUL",
		"a\xff":                  "not UTF-8",
	} {
		for _, err := range []error{
			sessionstore.CheckRaise(t.Context(), key, 1),
			sessionstore.CheckGet(t.Context(), []string{"good", key}),
			sessionstore.CheckGet(t.Context(), []string{key, "good"}),
		} {
			if want == "" {
				assert.NoError(t, err, "%q", key)
				continue
			}
			assert.ErrorContains(t, err, want, "%q", key)
		}
	}
	assert.NoError(t, sessionstore.CheckGet(t.Context(), nil))
}

func TestNoErrorShowsAKey(t *testing.T) {
	for _, key := range []string{"secret\x00", "secret\xff", strings.Repeat("secret", 50)} {
		assert.NotContains(t, sessionstore.CheckRaise(t.Context(), key, 1).Error(), "secret")
	}
}

func TestCheckValue(t *testing.T) {
	for _, value := range []int64{1, 2, math.MaxInt64} {
		assert.NoError(t, sessionstore.CheckRaise(t.Context(), "key", value))
	}
	for _, value := range []int64{0, -1, math.MinInt64} {
		assert.ErrorContains(t, sessionstore.CheckRaise(t.Context(), "key", value), "want 1 to 9223372036854775807")
	}
}

func TestCheckContext(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	past, cancelPast := context.WithDeadline(t.Context(), time.Now().Add(-1))
	defer cancelPast()
	for want, ctx := range map[error]context.Context{context.Canceled: cancelled, context.DeadlineExceeded: past} {
		assert.ErrorIs(t, sessionstore.CheckContext(ctx), want)
		assert.ErrorIs(t, sessionstore.CheckGet(ctx, nil), want)
		assert.ErrorIs(t, sessionstore.CheckRaise(ctx, "key", 1), want)
	}
	assert.NoError(t, sessionstore.CheckContext(t.Context()))
}

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "10": 10, "9007199254740993": 1<<53 + 1, "9223372036854775807": math.MaxInt64,
	} {
		value, err := sessionstore.ParseValue(text)
		require.NoError(t, err)
		assert.Equal(t, want, value)
		value, err = sessionstore.ParseBefore(text)
		require.NoError(t, err)
		assert.Equal(t, want, value)
	}
	for _, text := range []string{
		"", "x", "00", "-0", "-1", "+1", "01", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "9223372036854775808", "-9223372036854775808",
	} {
		value, err := sessionstore.ParseValue(text)
		assert.ErrorContains(t, err, "no whole number from 1 to 9223372036854775807", "%q", text)
		assert.Zero(t, value)
		value, err = sessionstore.ParseBefore(text)
		assert.ErrorContains(t, err, "no whole number from 1 to 9223372036854775807", "%q", text)
		assert.Zero(t, value)
	}
	_, err := sessionstore.ParseValue("0")
	assert.Error(t, err)
	value, err := sessionstore.ParseBefore("0")
	assert.NoError(t, err)
	assert.Zero(t, value)
}

func TestUntil(t *testing.T) {
	for _, test := range []struct {
		until time.Time
		want  int64
	}{
		{time.UnixMilli(1_700_000_000_123), 1_700_000_000_123},
		{time.UnixMilli(1_700_000_000_123).Add(-1), 1_700_000_000_123},
		{time.UnixMilli(1_700_000_000_123).Add(1), 1_700_000_000_124},
		{time.UnixMilli(1_700_000_000_123).In(time.FixedZone("", 3600)), 1_700_000_000_123},
		{time.Unix(0, 0), 0},
		{time.Unix(0, 1), 1},
		{time.Unix(0, -1), 0},
		{time.Unix(-1, 0), 0},
		{time.Unix(-1<<62, 0), 0},
		{time.Time{}.Add(1), 0},
		{time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC), 253_402_300_799_999},
		{time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), 253_402_300_800_000},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), sessionstore.Forever},
		{time.Unix(1<<62, 0), sessionstore.Forever},
		{time.Time{}, sessionstore.Forever},
		{time.Time{}.In(time.FixedZone("", 3600)), sessionstore.Forever},
	} {
		assert.Equal(t, test.want, sessionstore.Until(test.until), "%v", test.until)
	}
}

// What is kept until u is over just after u, and not before.
func TestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := sessionstore.Until(time.Now().Add(time.Millisecond))
		assert.Equal(t, until-1, sessionstore.Now())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, until, sessionstore.Now())
		time.Sleep(time.Millisecond - 1)
		assert.Equal(t, until, sessionstore.Now())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, until+1, sessionstore.Now())
	})
}
