package jwks_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// The public keys of RFC 7517 A.1 and RFC 8037 A.2.
const (
	rfcModulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
		"tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI" +
		"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	rfcRSA = `"kty":"RSA","n":"` + rfcModulus + `","e":"AQAB"`
	rfcX   = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
	rfcY   = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
	rfcEC  = `"kty":"EC","crv":"P-256","x":"` + rfcX + `","y":"` + rfcY + `"`
	rfcOKP = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
)

func octets(t testing.TB, base64url string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(base64url)
	require.NoError(t, err)
	return data
}

func keyOfRSA(t testing.TB) *rsa.PublicKey {
	t.Helper()
	return &rsa.PublicKey{N: new(big.Int).SetBytes(octets(t, rfcModulus)), E: 65537}
}

func keyOfEC(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, octets(t, rfcX)...), octets(t, rfcY)...))
	require.NoError(t, err)
	return key
}

func keyOfOKP(t testing.TB) ed25519.PublicKey {
	t.Helper()
	return octets(t, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
}

func sameKey(a, b crypto.PublicKey) bool {
	return a.(interface{ Equal(crypto.PublicKey) bool }).Equal(b)
}

// keysOf returns what a Source of Parse has for a kid.
func keysOf(t testing.TB, source *jwks.Source, kid string) []*authstrategy.PublicKey {
	t.Helper()
	keys, err := source.PublicKeys(context.Background(), kid)
	require.NoError(t, err)
	return keys
}

// jwkSet writes a JWK Set of objects, each without its braces.
func jwkSet(keys ...string) string {
	return `{"keys":[{` + strings.Join(keys, "},{") + `}]}`
}

func parse(t testing.TB, text string) *jwks.Source {
	t.Helper()
	source, err := jwks.Parse([]byte(text))
	require.NoError(t, err, text)
	return source
}

func TestParseKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want crypto.PublicKey
	}{
		"RSA":                  {rfcRSA, keyOfRSA(t)},
		"EC":                   {rfcEC, keyOfEC(t)},
		"OKP":                  {rfcOKP, keyOfOKP(t)},
		"members of no matter": {`"x5t":"a","foo":{"d":[1e999]},` + rfcEC, keyOfEC(t)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{`{` + tt.text + `}`, jwkSet(tt.text), " \r\n{\"foo\":1,\"keys\" :\t[{" + tt.text + "}]}\n"} {
				source := parse(t, text)
				keys := keysOf(t, source, "")
				require.Len(t, keys, 1)
				assert.True(t, sameKey(tt.want, keys[0].Key()))
				assert.Empty(t, keys[0].ID())
				assert.Empty(t, keys[0].Algorithm())
				assert.Empty(t, source.Skipped())
			}
		})
	}
}

// TestAlgorithm: a key has its alg, and is refused if that fits it not.
func TestAlgorithm(t *testing.T) {
	all := []authstrategy.Algorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384", "HS512"}
	for key, fitting := range map[string][]authstrategy.Algorithm{
		rfcRSA: all[:6],
		rfcEC:  all[6:7],
		rfcOKP: all[9:11],
	} {
		for _, alg := range all {
			text := jwkSet(`"alg":"`+string(alg)+`",`+key, rfcEC)
			source := parse(t, text)
			keys := keysOf(t, source, "")
			if slices.Contains(fitting, alg) {
				require.Len(t, keys, 2, text)
				assert.Equal(t, alg, keys[0].Algorithm())
				continue
			}
			require.Len(t, keys, 1, text)
			require.Len(t, source.Skipped(), 1, text)
			assert.ErrorIs(t, source.Skipped()[0], authstrategy.ErrInvalidKey, text)
			assert.ErrorContains(t, source.Skipped()[0], "key 1 of 2 cannot be used: authstrategy: invalid key: ")
		}
	}
}

// rsaOf writes a key whose modulus has so many bits.
func rsaOf(bits uint, e string) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return `"kty":"RSA","n":"` + base64.RawURLEncoding.EncodeToString(n.SetBit(n, 0, 1).Bytes()) + `","e":"` + e + `"`
}

func TestSizesOfRSA(t *testing.T) {
	const broken = "is a broken RSA key"
	for _, tt := range []struct{ key, want string }{
		{rsaOf(2047, "AQAB"), "has 2047 bits"},
		{rsaOf(2048, "AQAB"), ""},
		{rsaOf(16384, "AQAB"), ""},
		{rsaOf(16385, "AQAB"), "has 16385 bits"},
		{rsaOf(16392, "AQAB"), "has 16392 bits"},
		{rsaOf(2048, "Aw"), ""},
		{rsaOf(2048, "AQ"), broken},
		{rsaOf(2048, "AA"), broken},
		{rsaOf(2048, ""), broken},
		{rsaOf(2048, "BA"), broken},
		{rsaOf(2048, "f____w"), ""},
		{rsaOf(2048, "gAAAAQ"), "has an e of 32 bits"},
		{`"kty":"RSA","n":"","e":"AQAB"`, "is an RSA key without a modulus"},
		{`"kty":"RSA","n":"` + rfcModulus[:len(rfcModulus)-1] + `A","e":"AQAB"`, broken}, // even
		{`"kty":"RSA","n":"AAAA` + rfcModulus + `","e":"AAAAAQAB"`, ""},
	} {
		source := parse(t, jwkSet(rfcEC, tt.key))
		if tt.want == "" {
			assert.Len(t, keysOf(t, source, ""), 2, tt.key)
			continue
		}
		assert.Len(t, keysOf(t, source, ""), 1, tt.key)
		require.Len(t, source.Skipped(), 1, tt.key)
		assert.ErrorContains(t, source.Skipped()[0], tt.want, tt.key)
	}
}

// TestSkipped: a key of no use is skipped, with the reason, and costs none of the
// others.
func TestSkipped(t *testing.T) {
	for name, tt := range map[string]struct{ element, want string }{
		"use enc":       {`{"use":"enc",` + rfcRSA + `}`, `key 2 of 3 has the use "enc"; only a key whose use is sig, or that has none, verifies signatures`},
		"its kid":       {`{"kid":"b\n","use":"enc",` + rfcRSA + `}`, `key 2 of 3 (kid "b\n") has the use "enc"; only a key whose use is sig, or that has none, verifies signatures`},
		"a long kid":    {`{"kid":"` + strings.Repeat("ä", 65) + `"}`, `key 2 of 3 (kid "` + strings.Repeat(`\u00e4`, 64) + `") has no kty; only RSA, EC and OKP are supported`},
		"a kid no text": {`{"kid":7,` + rfcRSA + `}`, "key 2 of 3 has a kid that is no string"},
		"key_ops":       {`{"key_ops":["sign"],` + rfcRSA + `}`, "key 2 of 3 has a key_ops that is no array with verify in it"},
		"alg":           {`{"alg":"ES256K",` + rfcEC + `}`, `key 2 of 3 has the alg "ES256K", which is not supported`},
		"kty":           {`{"kty":"AKP"}`, `key 2 of 3 has the kty "AKP"; only RSA, EC and OKP are supported`},
		"crv":           {`{"kty":"OKP","crv":"X25519","x":"AA"}`, `key 2 of 3 has the crv "X25519"; with the kty OKP, only Ed25519 is supported`},
		"damaged":       {`{"kty":"RSA","n":"!","e":"AQAB"}`, "key 2 of 3 has the member n in something other than canonical base64url without padding"},
		"x5c":           {`{"x5c":[],` + rfcEC + `}`, "key 2 of 3 has an x5c that is no array, or an empty one"},
		"small order": {`{"kid":"o","kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, `key 2 of 3 (kid "o") cannot be used: authstrategy: invalid key: ` +
			"the key of NewPublicKey is a point of small order, under which anyone can sign; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},
		"null":     {`null`, "key 2 of 3 is no JSON object"},
		"a number": {`5`, "key 2 of 3 is no JSON object"},
		"a string": {`"{}"`, "key 2 of 3 is no JSON object"},
		"an array": {`[{` + rfcRSA + `}]`, "key 2 of 3 is no JSON object"},
		"{}":       {`{}`, "key 2 of 3 has no kty; only RSA, EC and OKP are supported"},
	} {
		t.Run(name, func(t *testing.T) {
			source := parse(t, `{"keys":[{"kid":"a",`+rfcEC+`},`+tt.element+`,{"kid":"c",`+rfcOKP+`}]}`)
			keys := keysOf(t, source, "")
			require.Len(t, keys, 2)
			assert.Equal(t, "a", keys[0].ID())
			assert.Equal(t, "c", keys[1].ID())
			require.Len(t, source.Skipped(), 1)
			assert.EqualError(t, source.Skipped()[0], tt.want)
		})
	}
}

func TestPublicKeysByID(t *testing.T) {
	source := parse(t, jwkSet(`"kid":"a",`+rfcRSA, `"kid":"b",`+rfcEC, `"kid":"a",`+rfcOKP, rfcEC, `"kid":"",`+rfcOKP, `"kid":"A",`+rfcEC, `"kid":"\u00e4",`+rfcEC))
	rsaKey, ecKey, okpKey := keyOfRSA(t), keyOfEC(t), keyOfOKP(t)
	for kid, want := range map[string][]crypto.PublicKey{
		"":        {rsaKey, ecKey, okpKey, ecKey, okpKey, ecKey, ecKey},
		"a":       {rsaKey, okpKey},
		"b":       {ecKey},
		"A":       {ecKey},
		"ä":       {ecKey},
		"a\u0308": nil, // the same letter to the eye
		"a\x00":   nil,
		"c":       nil,
	} {
		keys := keysOf(t, source, kid)
		require.Len(t, keys, len(want), "%q", kid)
		for i := range want {
			assert.True(t, sameKey(want[i], keys[i].Key()), "%q, key %d", kid, i)
			if kid != "" {
				assert.Equal(t, kid, keys[i].ID())
			}
		}
	}
}

// TestPublicKeysAreTheCallers: what a caller does to the slice changes nothing.
func TestPublicKeysAreTheCallers(t *testing.T) {
	source := parse(t, jwkSet(`"kid":"a",`+rfcRSA, `"kid":"b",`+rfcEC))
	for _, kid := range []string{"", "a"} {
		clear(keysOf(t, source, kid))
		assert.Equal(t, "a", keysOf(t, source, kid)[0].ID())
	}
}

// assertInvalid asserts that Parse refuses the text, for this reason.
func assertInvalid(t testing.TB, text, want string) {
	t.Helper()
	source, err := jwks.Parse([]byte(text))
	assert.Nil(t, source)
	assert.EqualError(t, err, "jwks: invalid key set: "+want, "%.60q", text)
	assert.ErrorIs(t, err, jwks.ErrInvalidKeySet)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
}

func TestNoSet(t *testing.T) {
	const (
		notObject = "it is not a JSON object; it must be a JSON Web Key Set"
		notJSON   = "it is not valid JSON; it must be a JSON Web Key Set"
		twice     = "it is an object with the same member twice; it must be a JSON Web Key Set"
		noKeys    = "it has no array named keys; it must be a JSON Web Key Set"
		pem       = "it is PEM (pass a public key in PEM to WithPublicKey); it must be a JSON Web Key Set"
	)
	good := `{` + rfcEC + `}`
	for text, want := range map[string]string{
		"":                         "it is empty; it must be a JSON Web Key Set",
		" \n":                      notObject,
		"null":                     notObject,
		"true":                     notObject,
		`"` + rfcX + `"`:           notObject,
		"[]":                       notObject,
		"[" + good + "]":           notObject,
		"<html></html>":            notObject,
		"{":                        notJSON,
		`{"keys":[` + good + `]`:   notJSON,
		`{"keys":[` + good + `,]}`: notJSON,
		`{"keys":[` + good + `],"a":"` + "\xff" + `"}`:                                 notJSON,
		`{"keys":[` + good + `],"a":"\ud800"}`:                                         notJSON,
		`{"keys":[` + good + `]}{}`:                                                    "it is a JSON object with more data after it; it must be a JSON Web Key Set",
		"\ufeff" + good:                                                                "it is text with a byte order mark (cut it off); it must be a JSON Web Key Set",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n":                 pem,
		"Bag Attributes\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----": pem,

		"{}":                          noKeys,
		`{"error":"down"}`:            noKeys,
		`{"keys":null}`:               noKeys,
		`{"keys":` + good + `}`:       noKeys,
		`{"keys":"[]"}`:               noKeys,
		`{"Keys":[` + good + `]}`:     noKeys,
		`{"keys":null,` + rfcEC + `}`: noKeys,
		`{"keys":[]}`:                 "it has no usable key among 0",

		`{"keys":[` + good + `],"keys":[` + good + `]}`: twice,
		`{"keys":[` + good + `],"a":1,"a":1}`:           twice,
		jwkSet(`"x":"` + rfcX + `",` + rfcEC):           twice,
		jwkSet(rfcEC, `"a":{"b":[{"c":1,"\u0063":2}]}`): twice,
		`{"kty":"EC",` + rfcEC + `}`:                    twice,
	} {
		assertInvalid(t, text, want)
	}
}

// TestSetThatNamesAType: a text with keys is a set, whatever is beside them.
func TestSetThatNamesAType(t *testing.T) {
	keys := keysOf(t, parse(t, `{"kty":"EC","crv":"P-256","x":"","keys":[{`+rfcOKP+`}]}`), "")
	require.Len(t, keys, 1)
	assert.True(t, sameKey(keyOfOKP(t), keys[0].Key()))
}

func TestPEMInAMember(t *testing.T) {
	assert.Len(t, keysOf(t, parse(t, jwkSet(`"pem":"-----BEGIN PUBLIC KEY-----",`+rfcEC)), ""), 1)
}

func TestNoUsableKey(t *testing.T) {
	const reason = " has no kty; only RSA, EC and OKP are supported"
	assertInvalid(t, `{"kty":"EC","kid":"a"}`, `it has no usable key among 1`+"\n"+`key 1 of 1 (kid "a") has no crv; with the kty EC, only P-256, P-384 and P-521 are supported`)
	assertInvalid(t, `{"keys":[{},{"kid":"b"},{}]}`, "it has no usable key among 3\nkey 1 of 3"+reason+"\nkey 2 of 3 (kid \"b\")"+reason+"\nkey 3 of 3"+reason)
	assertInvalid(t, `{"keys":[{},{},{},{}]}`, "it has no usable key among 4\nkey 1 of 4"+reason+"\nkey 2 of 4"+reason+"\nkey 3 of 4"+reason)
	_, err := jwks.Parse([]byte(jwkSet(rsaOf(2047, "AQAB"))))
	assert.ErrorIs(t, err, jwks.ErrInvalidKeySet)
	assert.ErrorContains(t, err, "key 1 of 1 cannot be used: authstrategy: invalid key: the key of NewPublicKey has 2047 bits")
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidConfig, "what an issuer publishes is no mistake of the program")
}

// TestPrivateKeyInText: someone pasted the wrong file.
func TestPrivateKeyInText(t *testing.T) {
	const (
		d      = `"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",` + rfcEC
		oct    = `"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"`
		itHas  = " is a private or symmetric key, since it has the member "
		cure   = "; use the public key alone, and replace this key if others have seen it"
		inside = " holds a private or symmetric key inside; use public keys alone, and replace that key if others have seen it"
	)
	for text, want := range map[string]string{
		`{` + d + `}`:                                                          "key 1 of 1" + itHas + "d" + cure,
		`{"kid":"a",` + oct + `}`:                                              `key 1 of 1 (kid "a")` + itHas + "k" + cure,
		`{"kty":"oct"}`:                                                        "key 1 of 1 is a private or symmetric key, since it has the kty oct" + cure,
		jwkSet(rfcEC, `"kid":"b",`+d):                                          `key 2 of 2 (kid "b")` + itHas + "d" + cure,
		jwkSet(`"use":"enc",`+d, rfcEC):                                        "key 1 of 2" + itHas + "d" + cure,
		jwkSet(rfcEC, rfcOKP, oct):                                             "key 3 of 3" + itHas + "k" + cure,
		jwkSet(rfcEC, `"p":"","kty":"foo"`):                                    "key 2 of 2" + itHas + "p" + cure,
		jwkSet(rfcEC, `"kid":"b","foo":{`+d+`},`+rfcRSA):                       `key 2 of 2 (kid "b")` + inside,
		`{"keys":[{` + rfcEC + `},[{` + oct + `}]]}`:                           "key 2 of 2" + inside,
		`{"keys":[{` + rfcEC + `}],"old":[{` + d + `}]}`:                       "its JSON, outside of its keys," + inside,
		`{"keys":[{` + rfcEC + `}],` + oct + `}`:                               "its JSON, outside of its keys," + itHas + "k" + cure,
		`{"jwks":{"keys":[{` + d + `}]}}`:                                      "its JSON, outside of its keys," + inside,
		`{"keys":{"a":{` + d + `}}}`:                                           "its JSON, outside of its keys," + inside,
		`{"foo":{` + oct + `},` + rfcEC + `}`:                                  "key 1 of 1" + inside,
		`{"pem":"-----BEGIN PRIVATE KEY-----",` + rfcEC + `}`:                  "key 1 of 1" + inside,
		`{"keys":[{` + rfcEC + `}],"pem":["-----BEGIN RSA PRIVATE KEY-----"]}`: "its JSON, outside of its keys," + inside,
	} {
		assertInvalid(t, text, want)
	}
}

// TestDeepAndLong: what is nested or long is read in a time that grows with its
// length alone, which a test of 10,000 levels and elements shows by ending.
func TestDeepAndLong(t *testing.T) {
	const many = 9990
	deep := strings.Repeat(`{"kty":[`, many/2) + strings.Repeat(`]}`, many/2)
	assert.Len(t, keysOf(t, parse(t, `{"keys":[{`+rfcEC+`}],"foo":`+deep+`}`), ""), 1)
	long := `{"keys":[` + strings.Repeat(`{},`, many) + `{` + rfcEC + `}]}`
	assert.Len(t, keysOf(t, parse(t, long), ""), 1)
	var members strings.Builder
	for i := range many {
		fmt.Fprintf(&members, `"%d":0,`, i)
	}
	assert.Len(t, keysOf(t, parse(t, `{`+members.String()+rfcEC+`}`), ""), 1)
}

// A set may have a member of the name jwks_uri: other members mean nothing.
func TestSetWithJWKSURI(t *testing.T) {
	assert.Len(t, keysOf(t, parse(t, `{"jwks_uri":"https://a.example/","keys":[{`+rfcOKP+`}]}`), ""), 1)
}
