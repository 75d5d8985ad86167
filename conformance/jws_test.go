package conformance

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An exemption says why a vector does not get what it asks for.
type exemption struct {
	reason string
	alg    string // if set: the algorithm under which it does get it
}

const (
	emptyPayload  = "its payload is empty: claims never are"
	questionMark  = "labelled valid, with a '?' within a segment: RFC 7515 §2 has no such character"
	unpadded      = "labelled as wrongly padded, but is byte for byte the good token of vector 357"
	otherKeyAlg   = "the key says PS256 and the token, as in RFC 7520 §4.2, PS384"
	noES521       = "the key says ES521, which is no algorithm; RFC 7520 §4.3 has ES512"
	noKeyUse      = "the key is wrong only by its \"use\" or \"key_ops\", which a PEM key does not have"
	noKeySet      = "what is wrong is the key set: a strategy holds one key"
	rocaKey       = "the key is well-formed, but was made by a generator that makes weak ones; the standard library does not look for that"
	encryptedOnly = "a JWE: nothing is decrypted here"
)

// exemptions by file and test id. A vector that is listed and gets what it asks
// for all the same fails the test: the exemption is no longer needed.
var exemptions = map[string]map[int]exemption{
	"json_web_signature_test.json": {
		259: {reason: emptyPayload}, 264: {reason: emptyPayload}, 268: {reason: emptyPayload},
		272: {reason: emptyPayload}, 320: {reason: emptyPayload}, 325: {reason: emptyPayload},
		346: {reason: otherKeyAlg, alg: "PS384"}, 350: {reason: otherKeyAlg, alg: "PS384"},
		347: {reason: noES521, alg: "ES512"}, 351: {reason: noES521, alg: "ES512"},
		353: {reason: noKeyUse}, 354: {reason: noKeyUse}, 355: {reason: noKeyUse}, 356: {reason: noKeyUse},
		367: {reason: unpadded}, 370: {reason: unpadded},
		372: {reason: questionMark}, 373: {reason: questionMark},
	},
	"json_web_crypto_test.json": {
		46: {reason: rocaKey},
		47: {reason: noKeySet},
		50: {reason: encryptedOnly}, 67: {reason: encryptedOnly},
	},
	"json_web_key_test.json": {
		1: {reason: noKeySet}, 4: {reason: noKeySet},
		7:  {reason: rocaKey},
		21: {reason: noKeyUse},
	},
}

// TestWycheproofTokens runs the vectors of whole tokens, at the layer that
// knows nothing of claims: their payloads are no JSON.
func TestWycheproofTokens(t *testing.T) {
	runTokens(t, "json_web_signature_test.json", 401, accepts)
	runTokens(t, "json_web_crypto_test.json", 83, accepts)
}

// TestWycheproofTokensWithCache reads the same vectors by strategies, each token once
// without a cache and twice with one. The words are the same each time: most of those
// whose signature is right have a payload that is no JSON.
func TestWycheproofTokensWithCache(t *testing.T) {
	read := 0
	acceptsTwice := func(t *testing.T, key jwk, alg string, v vector) bool {
		plain, err := key.strategy(alg)
		if err != nil {
			return accepts(t, key, alg, v)
		}
		cached, err := key.strategy(alg, authstrategy.WithTokenCache(1))
		require.NoError(t, err)
		_, want := plain.ReadClaims(t.Context(), v.token())
		require.ErrorIs(t, want, authstrategy.ErrInvalidToken)
		for range 2 {
			claims, err := cached.ReadClaims(t.Context(), v.token())
			require.EqualError(t, err, want.Error(), "vector %d (%s)", v.TcID, v.Comment)
			require.Nil(t, claims)
		}
		read++
		return isAfterSignature(want)
	}
	runTokens(t, "json_web_signature_test.json", 401, acceptsTwice)
	runTokens(t, "json_web_crypto_test.json", 83, acceptsTwice)
	assert.Greater(t, read, 400, "tokens that a strategy read")
}

// isAfterSignature reports whether a token was refused for what its verified header
// and payload say.
func isAfterSignature(err error) bool {
	for _, reason := range []error{
		authstrategy.ErrTokenType, authstrategy.ErrTokenAudience, authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenExpired,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return errors.Is(err, authstrategy.ErrTokenMalformed) && strings.Contains(err.Error(), "its claims are")
}

// strategy returns one that verifies with the key.
func (k jwk) strategy(alg string, options ...authstrategy.Option) (*authstrategy.JWTStrategy[authstrategy.Subject], error) {
	options = append(options, authstrategy.WithAlgorithm(authstrategy.Algorithm(alg)))
	if k.Kty == "oct" {
		return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(string(bytesOf(k.K))), append(options, authstrategy.WithInsecureShortSecret())...)
	}
	if _, err := k.public(); err != nil {
		return nil, err
	}
	return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, append(options, authstrategy.WithPublicKey(k.pem()))...)
}

// refusedKeys are the keys that no strategy is made with, by test id.
var refusedKeys = map[int]error{
	6:  authstrategy.ErrUnsupportedAlgorithm,
	8:  authstrategy.ErrInvalidKey, // 1024 bits
	9:  authstrategy.ErrInvalidKey, // an exponent of 1
	10: authstrategy.ErrWeakSecret, 11: authstrategy.ErrWeakSecret, 12: authstrategy.ErrWeakSecret,
	16: authstrategy.ErrInvalidKey, 17: authstrategy.ErrInvalidKey, 18: authstrategy.ErrInvalidKey, // empty
	19: authstrategy.ErrUnsupportedAlgorithm, 20: authstrategy.ErrUnsupportedAlgorithm,
	22: authstrategy.ErrInvalidKey, // a point beside the curve
	23: authstrategy.ErrInvalidKey, // a point of another curve
	24: authstrategy.ErrInvalidKey, // an RSA key without a modulus
	25: authstrategy.ErrUnsupportedAlgorithm, 26: authstrategy.ErrUnsupportedAlgorithm,
}

// TestWycheproofKeys runs the vectors of good and bad keys: a key counts as
// taken when a strategy is made with it and the token's signature is right.
func TestWycheproofKeys(t *testing.T) {
	runTokens(t, "json_web_key_test.json", 26, func(t *testing.T, key jwk, alg string, v vector) bool {
		var secret authstrategy.Secret
		options := []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.Algorithm(alg))}
		if key.Kty == "oct" {
			secret = authstrategy.NewSecret(string(bytesOf(key.K)))
		} else {
			options = append(options, authstrategy.WithPublicKey(key.pem()))
		}
		_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](secret, options...)
		if refusal, refused := refusedKeys[v.TcID]; refused {
			require.ErrorIs(t, err, refusal, "vector %d (%s)", v.TcID, v.Comment)
			return false
		}
		require.NoError(t, err, "vector %d (%s)", v.TcID, v.Comment)
		return accepts(t, key, alg, v)
	})
}

// accepts reports whether the key opens the token as one of the algorithm's.
func accepts(t *testing.T, key jwk, alg string, v vector) bool {
	if _, err := key.jwsKey(alg); err != nil {
		return false
	}
	_, err := key.open(alg, v.token())
	require.True(t, err == nil || isRefusal(err), "%v", err)
	return err == nil
}

func runTokens(t *testing.T, name string, expected int, accepts func(t *testing.T, key jwk, alg string, v vector) bool) {
	t.Run(name, func(t *testing.T) {
		ran, accepted, exempt := 0, 0, exemptions[name]
		for _, group := range vectors(t, name).TestGroups {
			keys := group.keys(t)
			for _, v := range group.Tests {
				ran++
				// A token is taken if one key of the set takes it, under the
				// algorithm that the key is for.
				got := slices.ContainsFunc(keys, func(key jwk) bool { return accepts(t, key, key.algorithm(), v) })
				if got {
					accepted++
				}
				e, listed := exempt[v.TcID]
				if !listed {
					assert.Equal(t, v.valid(), got, "vector %d (%s, %s)", v.TcID, group.Comment, v.Comment)
					continue
				}
				assert.NotEqual(t, v.valid(), got, "vector %d needs no exemption any more: %s", v.TcID, e.reason)
				if e.alg != "" {
					assert.Equal(t, v.valid(), accepts(t, keys[0], e.alg, v), "vector %d as %s", v.TcID, e.alg)
				}
			}
		}
		assert.GreaterOrEqual(t, ran, expected)
		t.Logf("%d vectors, %d accepted, %d exempt", ran, accepted, len(exempt))
	})
}

// keys returns the group's keys: the public ones where there are such.
func (g vectorGroup) keys(t *testing.T) []jwk {
	t.Helper()
	data := g.Public
	if len(data) == 0 {
		data = g.Private
	}
	var set struct{ Keys []jwk }
	require.NoError(t, json.Unmarshal(data, &set))
	if len(set.Keys) == 0 {
		var key jwk
		require.NoError(t, json.Unmarshal(data, &key))
		set.Keys = []jwk{key}
	}
	return set.Keys
}

// algorithm is the one that the key names; a key that names none is held to be
// for the plainest of its type.
func (k jwk) algorithm() string {
	if k.Alg != "" {
		return k.Alg
	}
	return map[string]string{"oct": "HS256", "RSA": "RS256", "EC": "ES256"}[k.Kty]
}
