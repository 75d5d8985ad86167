package main

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	cristalhq "github.com/cristalhq/jwt/v5"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5"
	kataras "github.com/kataras/jwt"
	"github.com/lestrrat-go/jwx/v3/jws"
	pascaldekloe "github.com/pascaldekloe/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// reasons are what a contender answers to each bad token.
type reasons struct {
	signature, algorithm, audience, noAudience, expired, noExpiry error
}

var refusals = map[string]reasons{
	authStrategy.name: {
		signature:  authstrategy.ErrTokenSignature,
		algorithm:  authstrategy.ErrTokenUnverifiable,
		audience:   authstrategy.ErrTokenAudience,
		noAudience: authstrategy.ErrTokenAudience,
		expired:    authstrategy.ErrTokenExpired,
		noExpiry:   authstrategy.ErrTokenClaimMissing,
	},
	golangJWT.name: {
		signature:  golangjwt.ErrTokenSignatureInvalid,
		algorithm:  golangjwt.ErrTokenSignatureInvalid,
		audience:   golangjwt.ErrTokenInvalidAudience,
		noAudience: golangjwt.ErrTokenRequiredClaimMissing,
		expired:    golangjwt.ErrTokenExpired,
		noExpiry:   golangjwt.ErrTokenRequiredClaimMissing,
	},
	lestrratJWX.name: {
		signature:  jws.VerifyError(),
		algorithm:  jws.VerificationError(),
		audience:   errAudience,
		noAudience: errAudience,
		expired:    errExpiry,
		noExpiry:   errExpiry,
	},
	goJOSE.name: {
		signature:  jose.ErrCryptoFailure,
		algorithm:  errAnyJOSEAlgorithm,
		audience:   josejwt.ErrInvalidAudience,
		noAudience: josejwt.ErrInvalidAudience,
		expired:    josejwt.ErrExpired,
		noExpiry:   errExpiry,
	},
	katarasJWT.name: {
		signature:  kataras.ErrTokenSignature,
		algorithm:  kataras.ErrTokenAlg,
		audience:   errAudience,
		noAudience: errAudience,
		expired:    kataras.ErrExpired,
		noExpiry:   errExpiry,
	},
	cristalhqJWT.name: {
		signature:  cristalhq.ErrInvalidSignature,
		algorithm:  cristalhq.ErrAlgorithmMismatch,
		audience:   errAudience,
		noAudience: errAudience,
		expired:    errExpiry,
		noExpiry:   errExpiry,
	},
	pascaldekloeJWT.name: {
		signature:  pascaldekloe.ErrSigMiss,
		algorithm:  errAnyPascaldekloeAlgorithm,
		audience:   errAudience,
		noAudience: errAudience,
		expired:    errExpiry,
		noExpiry:   errExpiry,
	},
}

// These stand for an error type of a library, which names the algorithm.
var (
	errAnyJOSEAlgorithm         = errors.New("jose.ErrUnexpectedSignatureAlgorithm")
	errAnyPascaldekloeAlgorithm = errors.New("pascaldekloe.AlgError")
)

func assertRefused(t *testing.T, read reader, token string, reason error) {
	t.Helper()
	subject, err := read(token)
	assert.Empty(t, subject)
	switch reason {
	case errAnyJOSEAlgorithm:
		var unexpected *jose.ErrUnexpectedSignatureAlgorithm
		assert.ErrorAs(t, err, &unexpected)
	case errAnyPascaldekloeAlgorithm:
		var unexpected pascaldekloe.AlgError
		assert.ErrorAs(t, err, &unexpected)
	default:
		assert.ErrorIs(t, err, reason)
	}
}

// TestSameWork holds every contender to the same checks, so that no peer is
// made slower by work that it does alone, nor this package faster by less.
func TestSameWork(t *testing.T) {
	k := testKeys(t)
	for _, alg := range algorithms {
		for _, c := range contenders {
			if c.name == limit.name {
				continue // no claims: TestLimit
			}
			t.Run(alg+"/"+c.name, func(t *testing.T) {
				want, ok := refusals[c.name]
				require.True(t, ok, "no refusals listed")
				read, err := c.newReader(alg, k)
				require.NoError(t, err)
				token := func(change func(claims map[string]any)) string {
					claims := goodClaims()
					change(claims)
					token, err := k.token(alg, claims)
					require.NoError(t, err)
					return token
				}
				good := token(func(map[string]any) {})

				for name, accepted := range map[string]string{
					"good":                good,
					"audience a string":   token(func(c map[string]any) { c["aud"] = audience }),
					"one of two":          token(func(c map[string]any) { c["aud"] = []string{"other", audience} }),
					"expiry with a half":  token(func(c map[string]any) { c["exp"] = float64(time.Now().Unix()) + 60.5 }),
					"claims nobody knows": token(func(c map[string]any) { c["groups"] = []string{"a", "b"} }),
				} {
					got, err := read(accepted)
					assert.NoError(t, err, name)
					assert.Equal(t, subject, got, name)
				}

				assertRefused(t, read, forge(good), want.signature)
				assertRefused(t, read, otherAlgorithm(t, k, alg), want.algorithm)
				assertRefused(t, read, token(func(c map[string]any) { c["aud"] = []string{"other"} }), want.audience)
				assertRefused(t, read, token(func(c map[string]any) { delete(c, "aud") }), want.noAudience)
				assertRefused(t, read, token(func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() }), want.expired)
				assertRefused(t, read, token(func(c map[string]any) { delete(c, "exp") }), want.noExpiry)
			})
		}
	}
}

// otherAlgorithm is a good token under the same key, but of another algorithm
// of the key's family; for EdDSA, which has none, of the key of another.
func otherAlgorithm(t *testing.T, k *keys, alg string) string {
	t.Helper()
	method, key := map[string]golangjwt.SigningMethod{
		"HS256": golangjwt.SigningMethodHS512,
		"RS256": golangjwt.SigningMethodPS256,
		"ES256": golangjwt.SigningMethodRS256,
		"EdDSA": golangjwt.SigningMethodRS256,
	}[alg], any(k.rsa)
	if alg == "HS256" {
		key = k.hmac
	}
	token, err := golangjwt.NewWithClaims(method, golangjwt.MapClaims(goodClaims())).SignedString(key)
	require.NoError(t, err)
	return token
}

// TestWriters has every token of every contender read by all the others.
func TestWriters(t *testing.T) {
	k := testKeys(t)
	for _, alg := range algorithms {
		for _, from := range contenders {
			write, err := from.newWriter(alg, k)
			require.NoError(t, err)
			token, err := write(subject)
			require.NoError(t, err)
			for _, by := range contenders {
				t.Run(alg+"/"+from.name+" read by "+by.name, func(t *testing.T) {
					read, err := by.newReader(alg, k)
					require.NoError(t, err)
					got, err := read(token)
					require.NoError(t, err)
					if by.name != limit.name {
						assert.Equal(t, subject, got)
					}
				})
			}
		}
	}
}

// TestPrivateWriters has every contender write the same private claims.
func TestPrivateWriters(t *testing.T) {
	k := testKeys(t)
	strategy, err := newStrategy[authstrategy.Subject]("HS256", k)
	require.NoError(t, err)
	for _, c := range contenders {
		write, err := c.newPrivateWriter("HS256", k)
		require.NoError(t, err, c.name)
		token, err := write(subject)
		require.NoError(t, err, c.name)
		claims, err := strategy.ReadClaims(t.Context(), token)
		require.NoError(t, err, c.name)
		var written map[string]any
		require.NoError(t, claims.Decode(&written), c.name)
		assert.InDelta(t, time.Now().Add(lifetime).Unix(), written["exp"], 5, c.name)
		delete(written, "exp")
		delete(written, "aud") // a string or an array: TestWriters
		assert.Equal(t, map[string]any{
			"sub": subject, "email": "ada@example.com", "roles": []any{"admin", "editor"}, "tenant": 7.0,
		}, written, c.name)
	}
}

// TestForeign: the token is what it is said to be, and only who has to reads it in a
// way of its own, with the same checks.
func TestForeign(t *testing.T) {
	k := testKeys(t)
	token, payload, err := foreignToken(k)
	require.NoError(t, err)
	assert.Len(t, token, 700)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	assert.Len(t, claims, 12)
	assert.IsType(t, map[string]any{}, claims["realm_access"])

	for _, c := range contenders {
		read, err := c.newReader("HS256", k)
		require.NoError(t, err, c.name)
		if c.newKeyIDReader != nil {
			_, err := read(token)
			assert.ErrorIs(t, err, kataras.ErrTokenAlg, c.name)
			read, err = c.newKeyIDReader("HS256", k)
			require.NoError(t, err, c.name)
		}
		got, err := read(token)
		assert.NoError(t, err, c.name)
		if c.name == limit.name {
			continue
		}
		assert.Equal(t, subject, got, c.name)
		assertRefused(t, read, forge(token), refusals[c.name].signature)
		assertRefused(t, read, foreignWith(t, k, "aud", "other"), refusals[c.name].audience)
		assertRefused(t, read, foreignWith(t, k, "exp", time.Now().Add(-time.Minute).Unix()), refusals[c.name].expired)
	}
}

func foreignWith(t *testing.T, k *keys, name string, value any) string {
	t.Helper()
	claims := foreignClaims()
	claims[name] = value
	token, _, err := foreignTokenOf(k, claims)
	require.NoError(t, err)
	return token
}

// TestDecode: both decode every field, and to the same.
func TestDecode(t *testing.T) {
	k := testKeys(t)
	token, payload, err := foreignToken(k)
	require.NoError(t, err)
	strategy, err := newStrategy[authstrategy.Subject]("HS256", k)
	require.NoError(t, err)
	claims, err := strategy.ReadClaims(t.Context(), token)
	require.NoError(t, err)
	var ours, theirs tenFields
	require.NoError(t, claims.Decode(&ours))
	require.NoError(t, json.Unmarshal(payload, &theirs))
	assert.Equal(t, theirs, ours)
	fields := reflect.ValueOf(ours)
	require.Equal(t, 10, fields.NumField())
	for i := range fields.NumField() {
		assert.False(t, fields.Field(i).IsZero(), fields.Type().Field(i).Name)
	}
}

// TestFirstReads: of tokens that come again in a ring, none is found in a small cache,
// and every one in a cache that has room for all. RS256 tells them apart: what is found
// takes a hundredth of the time.
func TestFirstReads(t *testing.T) {
	k := testKeys(t)
	tokens, err := differentTokens(k, "RS256", ringTokens)
	require.NoError(t, err)
	plain, err := newOwnReader("RS256", k)
	require.NoError(t, err)
	best := time.Hour
	for range 200 {
		best = min(best, timeOf(t, plain, tokens[0]))
	}
	for _, c := range []struct{ remembered, found int }{{smallCache, 0}, {2 * ringTokens, ringTokens}} {
		read, err := newOwnReader("RS256", k, authstrategy.WithTokenCache(c.remembered))
		require.NoError(t, err)
		found := 0
		for pass := range 2 {
			for _, token := range tokens {
				if timeOf(t, read, token) < best/4 && pass == 1 {
					found++
				}
			}
		}
		// A pause can only make a read seem slow.
		assert.LessOrEqual(t, found, c.found, "a cache of %d", c.remembered)
		assert.GreaterOrEqual(t, found, c.found*3/4, "a cache of %d", c.remembered)
	}
}

func timeOf(t *testing.T, read reader, token string) time.Duration {
	start := time.Now()
	_, err := read(token)
	elapsed := time.Since(start)
	require.NoError(t, err)
	return elapsed
}

// TestLimit: the floor does check what it claims to check.
func TestLimit(t *testing.T) {
	k := testKeys(t)
	for _, alg := range algorithms {
		t.Run(alg, func(t *testing.T) {
			good, err := k.token(alg, goodClaims())
			require.NoError(t, err)
			read, err := limit.newReader(alg, k)
			require.NoError(t, err)
			for range 2 { // nothing of one token is left for the next
				_, err = read(good)
				assert.NoError(t, err)
				_, err = read(forge(good))
				assert.ErrorIs(t, err, errLimitSignature)
			}
		})
	}
}

func TestForgeChangesOneCharacter(t *testing.T) {
	for _, token := range []string{"h.p.Axyz", "h.p.xyzA"} {
		forged := forge(token)
		require.Len(t, forged, len(token))
		assert.NotEqual(t, token, forged)
		assert.True(t, strings.HasPrefix(forged, "h.p."))
		assert.Equal(t, token[5:], forged[5:])
	}
}

func testKeys(t testing.TB) *keys {
	t.Helper()
	k, err := newKeys()
	require.NoError(t, err)
	return k
}
