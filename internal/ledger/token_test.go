package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/ledger"
)

var (
	hour  = ledger.Rules{Skew: time.Second, Lifetime: time.Hour}
	never = ledger.Rules{Skew: time.Second}
	zero  time.Time
)

func TestOutlives(t *testing.T) {
	const most = time.Hour + time.Second + 10*time.Minute
	for _, c := range []struct {
		name  string
		token ledger.Token
		want  bool
	}{
		{"no iat, exp as far as it may be from now", ledger.Token{ExpiresAt: login.Add(most)}, false},
		{"no iat, exp a nanosecond further", ledger.Token{ExpiresAt: login.Add(most + 1)}, true},
		{"no iat, exp has passed", ledger.Token{ExpiresAt: login.Add(-time.Hour)}, false},
		{"exp as far as it may be from iat", ledger.Token{IssuedAt: login.Add(-time.Hour), ExpiresAt: login.Add(most - time.Hour)}, false},
		{"exp a nanosecond further from iat", ledger.Token{IssuedAt: login.Add(-time.Hour), ExpiresAt: login.Add(most - time.Hour + 1)}, true},
		{"near iat, but far from now", ledger.Token{IssuedAt: login.Add(time.Hour), ExpiresAt: login.Add(most + 1)}, true},
		{"near iat, and as far from now as it may be", ledger.Token{IssuedAt: login.Add(time.Hour), ExpiresAt: login.Add(most)}, false},
	} {
		assert.Equal(t, c.want, hour.Outlives(c.token, login), c.name)
	}
}

func TestIssuedAfter(t *testing.T) {
	cutoff := login.UnixMilli()
	for _, c := range []struct {
		name  string
		rules ledger.Rules
		token ledger.Token
		want  bool
	}{
		{"before", hour, ledger.Token{IssuedAt: login.Add(-ms)}, false},
		{"at the cutoff", hour, ledger.Token{IssuedAt: login}, false},
		{"a nanosecond after", hour, ledger.Token{IssuedAt: login.Add(nanosecond)}, true},
		{"iat decides, not exp", hour, ledger.Token{IssuedAt: login, ExpiresAt: login.Add(2 * time.Hour)}, false},
		{"never expires, before", never, ledger.Token{IssuedAt: login}, false},
		{"never expires, after", never, ledger.Token{IssuedAt: login.Add(nanosecond)}, true},
		{"no iat, exp the lifetime after the cutoff", hour, ledger.Token{ExpiresAt: login.Add(time.Hour)}, false},
		{"no iat, exp a nanosecond later", hour, ledger.Token{ExpiresAt: login.Add(time.Hour + nanosecond)}, true},
		{"no iat, where tokens never expire", never, ledger.Token{ExpiresAt: login.Add(time.Hour)}, false},
		{"neither", hour, ledger.Token{}, false},
		{"neither, where tokens never expire", never, ledger.Token{}, false},
	} {
		assert.Equal(t, c.want, c.rules.IssuedAfter(c.token, cutoff), c.name)
	}
	assert.False(t, hour.IssuedAfter(ledger.Token{}, 1), "one of which nothing is known is never issued after")
}

func TestCutoffIsRoundedUp(t *testing.T) {
	at := login.UnixMilli()
	assert.Equal(t, at+1000, hour.Cutoff(login))
	assert.Equal(t, at+1001, hour.Cutoff(login.Add(nanosecond)))
	assert.Equal(t, at+1001, hour.Cutoff(login.Add(ms-nanosecond)))
	assert.Equal(t, at+1001, hour.Cutoff(login.Add(ms)))
	assert.Equal(t, at, ledger.Rules{}.Cutoff(login))
	assert.Equal(t, at+60_000, ledger.Rules{Skew: time.Minute}.Cutoff(login))
	assert.Equal(t, at+1, ledger.Rules{Skew: nanosecond}.Cutoff(login))
	// What it is for: no token of another host lies after it.
	ahead := login.Add(hour.Skew)
	assert.False(t, hour.IssuedAfter(ledger.Token{IssuedAt: ahead}, hour.Cutoff(login)))
	assert.True(t, hour.IssuedAfter(ledger.Token{IssuedAt: ahead.Add(ms)}, hour.Cutoff(login)))
}

func TestUntilToken(t *testing.T) {
	assert.Equal(t, login.Add(10*time.Minute+time.Second), hour.UntilToken(ledger.Token{ExpiresAt: login}))
	assert.Equal(t, login.Add(10*time.Minute), ledger.Rules{}.UntilToken(ledger.Token{IssuedAt: zero, ExpiresAt: login}))
	assert.Zero(t, hour.UntilToken(ledger.Token{IssuedAt: login}), "for ever")
}

func TestUntilCutoff(t *testing.T) {
	const longest = 731 * 24 * time.Hour
	for _, c := range []struct {
		lifetime, kept time.Duration
	}{
		{time.Second, longest},
		{longest - 1, longest},
		{longest, longest},
		{longest + 1, longest + 1},
		{2 * longest, 2 * longest},
	} {
		rules := ledger.Rules{Skew: 5 * time.Second, Lifetime: c.lifetime}
		assert.Equal(t, login.Add(c.kept+10*time.Minute+10*time.Second), rules.UntilCutoff(login), c.lifetime)
	}
	assert.Zero(t, never.UntilCutoff(login), "for ever")
}
