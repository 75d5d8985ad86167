package main

import (
	"errors"
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
