//go:build !race

package authstrategy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// Reading a token again takes one allocation, that of the claims, and another one if
// it has several audiences, or the keys are those of a source. What the source itself
// takes comes on top, and so does the refusal of a strategy that AnyOf asks before.
func TestTokenCacheAllocations(t *testing.T) {
	cache := authstrategy.WithTokenCache(4)
	own := newStrategy(t, testSecret, cache, authstrategy.WithKeyID("k1"))
	other := newStrategy(t, otherSecret, cache, authstrategy.WithKeyID("k2"))
	public, private := newEd25519(t)
	sourced := reader(t, fixed(publicKey(t, "", "", public)), authstrategy.EdDSA, cache)
	const header = `{"alg":"HS256","typ":"JWT","kid":"k1"}`
	one := sign(header, testClaims)
	for _, tt := range []struct {
		name     string
		strategy authstrategy.Strategy[authstrategy.Subject]
		token    string
		most     float64
	}{
		{"one audience", own, one, 1},
		{"another's token", own, sign(header, `{"aud":"fastapi-users:auth","sub":"1","exp":1893459600,"roles":["admin","user"],"x":{"y":"`+strings.Repeat("z", 500)+`"}}`), 1},
		{"three audiences", own, sign(header, strings.Replace(testClaims, `"fastapi-users:auth"`, `"a","fastapi-users:auth","b"`, 1)), 2},
		{"AnyOf, the first", anyOf(t, own, other), one, 1},
		{"AnyOf, the second", anyOf(t, other, own), one, 1 + allocationsOf(other, one)},
		{"source", sourced, signEd25519(private, `{"alg":"EdDSA","kid":"k1"}`, issuedClaims), 2},
	} {
		_, err := tt.strategy.ReadToken(ctx, tt.token, loadSubject)
		require.NoError(t, err, tt.name)
		assert.LessOrEqual(t, allocationsOf(tt.strategy, tt.token), tt.most, tt.name)
	}
}

func allocationsOf(s authstrategy.Strategy[authstrategy.Subject], token string) float64 {
	load := authstrategy.UserLoader[authstrategy.Subject](loadSubject)
	return testing.AllocsPerRun(100, func() { _, _ = s.ReadToken(ctx, token, load) })
}
