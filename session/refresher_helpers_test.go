package session_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

// sessionOf returns what a refresh token says, unverified.
func sessionOf(t testing.TB, refresh string) ledger.Session {
	t.Helper()
	var s ledger.Session
	require.NoError(t, json.Unmarshal([]byte(claimsOf(t, refresh)), &s))
	return s
}

// refreshToken makes a refresh token of any session.
func refreshToken(t testing.TB, secret string, s ledger.Session, exp int64) string {
	t.Helper()
	private, err := json.Marshal(s)
	require.NoError(t, err)
	return sign(secret, `{"alg":"HS256","typ":"refresh+jwt"}`, fmt.Sprintf(`{"sub":"ada","aud":[%q],"exp":%d,%s`, space.Audience(), exp, private[1:]))
}

func start(t testing.TB, r *session.Refresher[user], u user) session.Tokens {
	t.Helper()
	tokens, err := r.Start(ctx, u)
	require.NoError(t, err)
	return tokens
}

func refresh(t testing.TB, r *session.Refresher[user], token string, u user, why ...any) session.Tokens {
	t.Helper()
	got, tokens, err := r.Refresh(ctx, token, load)
	require.NoError(t, err, why...)
	assert.Equal(t, u, got, why...)
	return tokens
}

// refused asserts that a refresh token is refused for the reason.
func refused(t testing.TB, r *session.Refresher[user], token string, reason error, why ...any) {
	t.Helper()
	got, tokens, err := r.Refresh(ctx, token, load)
	assertReason(t, err, reason, why...)
	assert.Empty(t, got, why...)
	assert.Empty(t, tokens, why...)
}

// exp returns the time of a token's expiry, unverified.
func exp(t testing.TB, token string) int64 {
	t.Helper()
	var claims struct {
		ExpiresAt int64 `json:"exp"`
	}
	require.NoError(t, json.Unmarshal([]byte(claimsOf(t, token)), &claims))
	return claims.ExpiresAt
}
