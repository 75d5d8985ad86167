package conformance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/jwks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keyTexts returns the JWKs and JWK Sets of testdata/jwk.json, by their sections:
// RFC 7517 A, B and C, RFC 7638 §3.1, RFC 8037 A.1 and A.2. They are transcribed
// from the RFCs, without line breaks. The certificate of B, the thumbprint of RFC
// 7638 and the arithmetic of the private keys show that there is no slip.
func keyTexts(t testing.TB) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/jwk.json")
	require.NoError(t, err)
	var file struct {
		Examples []struct {
			Section string
			Text    json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(data, &file))
	texts := map[string]string{}
	for _, example := range file.Examples {
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, example.Text))
		texts[example.Section] = compact.String()
	}
	require.Len(t, texts, 8)
	return texts
}

func allKeys(t testing.TB, source *jwks.Source) []*authstrategy.PublicKey {
	t.Helper()
	keys, err := source.PublicKeys(context.Background(), "")
	require.NoError(t, err)
	return keys
}

func samePublic(a, b crypto.PublicKey) bool {
	return a.(interface{ Equal(crypto.PublicKey) bool }).Equal(b)
}

// TestRFCPublicKeys reads the public keys of the RFCs.
func TestRFCPublicKeys(t *testing.T) {
	for section, want := range map[string]struct {
		id         string
		alg        authstrategy.Algorithm
		skipped    []string
		thumbprint string
	}{
		"RFC 7517 A.1": {"2011-04-29", "RS256", []string{`key 1 of 2 (kid "1") has the use "enc"; only a key whose use is sig, or that has none, verifies signatures`}, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"RFC 7517 B":   {"1b94c", "", nil, "DdsFv-2-wgcPoDcyS6OXOWVh00JdbWkkVXDCYdxJ3uM"},
		"RFC 7638 3.1": {"2011-04-29", "RS256", nil, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"RFC 8037 A.2": {"", "", nil, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}, // A.3
	} {
		t.Run(section, func(t *testing.T) {
			source, err := jwks.Parse([]byte(keyTexts(t)[section]))
			require.NoError(t, err)
			keys := allKeys(t, source)
			require.Len(t, keys, 1)
			assert.Equal(t, want.id, keys[0].ID())
			assert.Equal(t, want.alg, keys[0].Algorithm())
			thumbprint, err := jwks.Thumbprint(keys[0])
			require.NoError(t, err)
			assert.Equal(t, want.thumbprint, thumbprint)
			var skipped []string
			for _, reason := range source.Skipped() {
				skipped = append(skipped, reason.Error())
			}
			assert.Equal(t, want.skipped, skipped)
		})
	}
}

// TestRFCPrivateKeys: no private or symmetric key of the RFCs is read, and no error
// quotes one.
func TestRFCPrivateKeys(t *testing.T) {
	const replace = "; use the public key alone, and replace this key if others have seen it"
	for section, want := range map[string]string{
		"RFC 7517 A.2": `key 1 of 2 (kid "1") is a private or symmetric key, since it has the member d` + replace,
		"RFC 7517 A.3": "key 1 of 2 is a private or symmetric key, since it has the member k" + replace,
		"RFC 7517 C":   `key 1 of 1 (kid "juliet@capulet.lit") is a private or symmetric key, since it has the member d` + replace,
		"RFC 8037 A.1": "key 1 of 1 is a private or symmetric key, since it has the member d" + replace,
	} {
		_, err := jwks.Parse([]byte(keyTexts(t)[section]))
		assert.EqualError(t, err, "jwks: invalid key set: "+want, section)
		assert.ErrorIs(t, err, jwks.ErrInvalidKeySet, section)
	}
}

// TestRFCPrivateKeysAreTranscribed holds the private RSA keys against themselves.
func TestRFCPrivateKeysAreTranscribed(t *testing.T) {
	var set struct{ Keys []jwk }
	require.NoError(t, json.Unmarshal([]byte(keyTexts(t)["RFC 7517 A.2"]), &set))
	var key jwk
	require.NoError(t, json.Unmarshal([]byte(keyTexts(t)["RFC 7517 C"]), &key))
	for _, key := range []jwk{set.Keys[1], key} {
		private := &rsa.PrivateKey{D: numberOf(key.D)}
		private.N, private.E = numberOf(key.N), int(numberOf(key.E).Int64())
		private.Primes = append(private.Primes, numberOf(key.P), numberOf(key.Q))
		assert.NoError(t, private.Validate(), key.Kid)
	}
}

// TestWycheproofKeySets reads the key sets of Wycheproof's json_web_key, and the
// tokens with them: by the keys that the set has for the kid, and the algorithm
// that the token names.
func TestWycheproofKeySets(t *testing.T) {
	const name = "json_web_key_test.json"
	private, public, accepted := 0, 0, 0
	for _, group := range vectors(t, name).TestGroups {
		if !isNull(group.Private) {
			private++
			_, err := jwks.Parse(group.Private)
			assert.ErrorIs(t, err, jwks.ErrInvalidKeySet, group.Comment)
			assert.ErrorContains(t, err, "is a private or symmetric key", group.Comment)
		}
		if isNull(group.Public) {
			continue
		}
		for _, v := range group.Tests {
			public++
			got := readBySet(t, group.Public, v.token())
			if got {
				accepted++
			}
			if e, exempt := exemptions[name][v.TcID]; exempt && e.reason == rocaKey {
				assert.True(t, got, "vector %d needs no exemption any more: %s", v.TcID, e.reason)
				continue
			}
			assert.Equal(t, v.valid(), got, "vector %d (%s, %s)", v.TcID, group.Comment, v.Comment)
		}
	}
	assert.GreaterOrEqual(t, private, 25)
	assert.GreaterOrEqual(t, public, 11)
	assert.GreaterOrEqual(t, accepted, 2)
	t.Logf("%d private sets, all refused; %d tokens for public ones, %d accepted", private, public, accepted)
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func readBySet(t *testing.T, set []byte, token string) bool {
	t.Helper()
	source, err := jwks.Parse(set)
	if err != nil {
		require.ErrorIs(t, err, jwks.ErrInvalidKeySet)
		return false
	}
	segment, _, _ := strings.Cut(token, ".")
	var header struct{ Alg, Kid string }
	require.NoError(t, json.Unmarshal(bytesOf(segment), &header))
	found, err := source.PublicKeys(context.Background(), header.Kid)
	require.NoError(t, err)
	codec, err := jws.NewCodec(header.Alg, "JWT", "")
	require.NoError(t, err)
	var candidates jws.StaticKeySet
	for _, key := range found {
		if alg := key.Algorithm(); alg != "" && string(alg) != header.Alg {
			continue
		}
		candidate, err := jws.NewKeyPair(header.Alg, nil, key.Key())
		require.NoError(t, err)
		candidates = append(candidates, candidate)
	}
	err = codec.Open(context.Background(), token, candidates, new(jws.Opened))
	return err == nil
}
