//go:build !race

package authstrategy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
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

// A source that fetches a key again has a new PublicKey of it. What the old one verified
// stays remembered, and costs no more than before.
func TestTokenCacheAllocationsOfFetchedKeys(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	fetch := func() *authstrategy.PublicKey { return publicKey(t, "k1", "", &private.PublicKey) }
	key := fetch()
	s := reader(t, sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) {
		return []*authstrategy.PublicKey{key}, nil
	}), authstrategy.ES256, authstrategy.WithTokenCache(4))
	var claims jwt.MapClaims
	require.NoError(t, json.Unmarshal([]byte(issuedClaims), &claims))
	token, err := jwt.NewWithClaims(jwt.SigningMethodES256, claims).SignedString(private)
	require.NoError(t, err)
	for range 2 {
		_, err := s.ReadToken(ctx, token, loadSubject)
		require.NoError(t, err)
		// The claims, the candidates, and what the source of this test takes.
		assert.LessOrEqual(t, allocationsOf(s, token), 3.0)
		key = fetch()
	}
}

func allocationsOf(s authstrategy.Strategy[authstrategy.Subject], token string) float64 {
	load := authstrategy.UserLoader[authstrategy.Subject](loadSubject)
	return testing.AllocsPerRun(100, func() { _, _ = s.ReadToken(ctx, token, load) })
}
