package jws_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

func newHMAC(t *testing.T, alg string) *jws.Key {
	t.Helper()
	key, err := jws.NewHMAC(alg, "JWT", []byte("secret"))
	require.NoError(t, err)
	return key
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign makes a token with any header, by golang-jwt.
func sign(t *testing.T, header, payload string) string {
	t.Helper()
	input := encode(header) + "." + encode(payload)
	signature, err := jwt.SigningMethodHS256.Sign(input, []byte("secret"))
	require.NoError(t, err)
	return input + "." + encode(string(signature))
}

// The pooled HMAC gives what golang-jwt's gives, for inputs around the sizes of
// its buffer and of the hash's blocks, and takes nothing else.
func TestHMACIsGolangJWT(t *testing.T) {
	for alg, theirs := range map[string]jwt.SigningMethod{"HS256": jwt.SigningMethodHS256, "HS384": jwt.SigningMethodHS384, "HS512": jwt.SigningMethodHS512} {
		for _, secret := range []string{"s", strings.Repeat("s", 64), strings.Repeat("s", 129)} {
			key, err := jws.NewHMAC(alg, "JWT", []byte(secret))
			require.NoError(t, err)
			for _, size := range []int{0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 513, 10000} {
				input := strings.Repeat("x", size)
				signature, err := theirs.Sign(input, []byte(secret))
				require.NoError(t, err)
				assert.Nil(t, key.Verify(input, signature), "%s of %d bytes", alg, size)
				assert.NotNil(t, key.Verify(input+"x", signature))
				assert.NotNil(t, key.Verify(input, signature[:len(signature)-1]))
				assert.NotNil(t, key.Verify(input, append(signature, 0)))
				assert.NotNil(t, key.Verify(input, nil))
				signature[len(signature)-1] ^= 1
				assert.NotNil(t, key.Verify(input, signature))
			}
			token, err := key.Sign([]byte(`{}`))
			require.NoError(t, err)
			_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(secret), nil }, jwt.WithValidMethods([]string{alg}))
			assert.NoError(t, err)
		}
	}
}

// A key is safe for concurrent use.
func TestHMACConcurrently(t *testing.T) {
	key := newHMAC(t, "HS256")
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 100 {
				payload := strings.Repeat(string(rune('a'+g)), i*10+1)
				token, err := key.Sign([]byte(payload))
				if !assert.NoError(t, err) {
					return
				}
				_, got, refused := key.Open(token)
				assert.Nil(t, refused)
				assert.Equal(t, payload, string(got))
			}
		})
	}
	wait.Wait()
}

func TestKeyPairs(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ec := func(curve elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		return key
	}
	p256, p384, p521 := ec(elliptic.P256()), ec(elliptic.P384()), ec(elliptic.P521())
	for alg, pair := range map[string][2]any{
		"RS256": {rsaKey, &rsaKey.PublicKey}, "RS384": {rsaKey, &rsaKey.PublicKey}, "RS512": {rsaKey, &rsaKey.PublicKey},
		"PS256": {rsaKey, &rsaKey.PublicKey}, "PS384": {rsaKey, &rsaKey.PublicKey}, "PS512": {rsaKey, &rsaKey.PublicKey},
		"ES256": {p256, &p256.PublicKey}, "ES384": {p384, &p384.PublicKey}, "ES512": {p521, &p521.PublicKey},
		"EdDSA": {edKey, edKey.Public()},
	} {
		t.Run(alg, func(t *testing.T) {
			writer, err := jws.NewKeyPair(alg, "JWT", pair[0], pair[1])
			require.NoError(t, err)
			assert.True(t, writer.CanSign())
			reader, err := jws.NewKeyPair(alg, "JWT", nil, pair[1])
			require.NoError(t, err)
			assert.False(t, reader.CanSign())
			token, err := writer.Sign([]byte("no JSON"))
			require.NoError(t, err)
			header, payload, refused := reader.Open(token)
			require.Nil(t, refused)
			assert.Equal(t, jws.Header{Type: "JWT", HasType: true}, header)
			assert.Equal(t, "no JSON", string(payload))

			// golang-jwt agrees on the signature.
			parts := strings.Split(token, ".")
			signature, err := base64.RawURLEncoding.DecodeString(parts[2])
			require.NoError(t, err)
			assert.NoError(t, jwt.GetSigningMethod(alg).Verify(parts[0]+"."+parts[1], signature, pair[1]))

			// Another algorithm, with the same key, is no other spelling of it.
			for _, other := range []string{"RS256", "PS256", "ES256", "EdDSA", "HS256"} {
				if other != alg {
					forged := encode(`{"alg":"`+other+`"}`) + "." + parts[1] + "." + parts[2]
					_, _, refused := reader.Open(forged)
					require.NotNil(t, refused)
					assert.Equal(t, jws.Unverifiable, refused.Kind)
				}
			}
		})
	}
}

// PS* takes a salt as long as the hash, and no other (RFC 7518 §3.5).
func TestPSSSalt(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for alg, theirs := range map[string]*jwt.SigningMethodRSAPSS{"PS256": jwt.SigningMethodPS256, "PS384": jwt.SigningMethodPS384, "PS512": jwt.SigningMethodPS512} {
		key, err := jws.NewKeyPair(alg, "JWT", nil, &private.PublicKey)
		require.NoError(t, err)
		for _, salt := range []int{0, 20, theirs.Hash.Size() - 1, theirs.Hash.Size(), theirs.Hash.Size() + 1, rsa.PSSSaltLengthAuto} {
			method := *theirs
			method.Options = &rsa.PSSOptions{SaltLength: salt}
			if salt == 0 {
				method.Options = nil
			}
			signature, err := method.Sign("input", private)
			require.NoError(t, err)
			refused := key.Verify("input", signature)
			if salt == theirs.Hash.Size() {
				assert.Nil(t, refused, "%s, salt of %d bytes", alg, salt)
			} else if assert.NotNil(t, refused, "%s, salt of %d bytes", alg, salt) {
				assert.Equal(t, jws.Signature, refused.Kind)
			}
		}
	}
}

func TestUnknownAlgorithms(t *testing.T) {
	for _, alg := range []string{"", "none", "RS256", "hs256"} {
		_, err := jws.NewHMAC(alg, "JWT", []byte("secret"))
		assert.EqualError(t, err, "no such algorithm")
	}
	for _, alg := range []string{"", "none", "HS256", "rs256"} {
		_, err := jws.NewKeyPair(alg, "JWT", nil, nil)
		assert.EqualError(t, err, "no such algorithm")
	}
	_, err := jws.NewHMAC("HS256", "\xff", []byte("secret"))
	assert.EqualError(t, err, "not valid UTF-8")
}

// Signing writes every size of payload, around that of its buffer.
func TestSign(t *testing.T) {
	key := newHMAC(t, "HS256")
	for _, size := range []int{0, 1, 2, 3, 383, 384, 385, 386, 387, 768, 769, 5000} {
		token, err := key.Sign([]byte(strings.Repeat("p", size)))
		require.NoError(t, err)
		assert.Equal(t, sign(t, `{"alg":"HS256","typ":"JWT"}`, strings.Repeat("p", size)), token)
	}
}

// Form comes before substance: what is malformed, what is unverifiable, and only
// then the signature.
func TestOpen(t *testing.T) {
	key := newHMAC(t, "HS256")
	good := sign(t, `{"alg":"HS256"}`, "p")
	header, _, _ := strings.Cut(good, ".")
	for _, tt := range []struct {
		name, token string
		kind        jws.Kind
		says        string
	}{
		{"line feed", good + "\n", jws.Malformed, "line end"},
		{"line feed first", "\n" + good, jws.Malformed, "line end"},
		{"carriage return last", good + "\r", jws.Malformed, "line end"},
		{"carriage return", "\r" + good, jws.Malformed, "line end"},
		{"one segment", header, jws.Malformed, "three non-empty segments"},
		{"two segments", header + ".cA", jws.Malformed, "three non-empty segments"},
		{"four segments", good + ".cA", jws.Malformed, "three non-empty segments"},
		{"four segments, the third empty", header + ".cA..cA", jws.Malformed, "three non-empty segments"},
		{"empty header", strings.TrimPrefix(good, header), jws.Malformed, "three non-empty segments"},
		{"empty payload", header + "..cA", jws.Malformed, "three non-empty segments"},
		{"empty signature", header + ".cA.", jws.Malformed, "three non-empty segments"},
		{"header base64", "e31.cA.cA", jws.Malformed, "header is not canonical base64url"},
		{"payload base64", header + ".cB.cA", jws.Malformed, "claims are not canonical base64url"},
		{"signature base64", header + ".cA.cA==", jws.Malformed, "signature is not canonical base64url"},
		{"large header", encode(`{"alg":"HS256","x":"`+strings.Repeat("x", 3051)+`"}`) + ".cA.cA", jws.Malformed, "longer than 4096 characters"},
		{"largest header", encode(`{"alg":"HS256","x":"`+strings.Repeat("x", 3050)+`"}`) + ".cA.cA", jws.Signature, "does not verify"},
		{"header array", encode(`[]`) + ".cA.cA", jws.Malformed, "its header is not a JSON object"},
		{"alg null", encode(`{"alg":null}`) + ".cA.cA", jws.Malformed, "its header is an object whose alg is not a JSON string"},
		{"typ number, crit", encode(`{"crit":[],"typ":1}`) + ".cA.cA", jws.Malformed, "whose typ is not a JSON string"},
		{"kid array", encode(`{"alg":"HS256","kid":[]}`) + ".cA.cA", jws.Malformed, "whose kid is not a JSON string"},
		{"no alg", encode(`{}`) + ".cA.cA", jws.Unverifiable, "no alg, and HS256 is wanted"},
		{"none", encode(`{"alg":"none"}`) + ".cA.cA", jws.Unverifiable, `alg "none", and HS256 is wanted`},
		{"crit", encode(`{"alg":"HS256","crit":["exp"]}`) + ".cA.cA", jws.Unverifiable, "member crit"},
		{"b64", encode(`{"alg":"HS256","b64":true}`) + ".cA.cA", jws.Unverifiable, "member b64"},
		{"enc", encode(`{"enc":null,"alg":"HS256"}`) + ".cA.cA", jws.Unverifiable, "member enc"},
		{"zip", encode(`{"alg":"HS256","zip":""}`) + ".cA.cA", jws.Unverifiable, "member zip"},
		{"cty", encode(`{"alg":"HS256","cty":"JWT"}`) + ".cA.cA", jws.Unverifiable, "member cty"},
		{"signature", encode(`{"alg":"HS256","kid":"k"}`) + ".cA.cA", jws.Signature, "does not verify"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, payload, refused := key.Open(tt.token)
			require.NotNil(t, refused)
			assert.Equal(t, tt.kind, refused.Kind)
			assert.Contains(t, refused.Error(), tt.says)
			assert.Nil(t, payload)
		})
	}
	for header, want := range map[string]jws.Header{
		`{"alg":"HS256"}`:                         {},
		`{"alg":"HS256","typ":""}`:                {HasType: true},
		`{"typ":"at+jwt","alg":"HS256"}`:          {Type: "at+jwt", HasType: true},
		` { "alg" : "HS256" , "typ" : "JWT" } `:   {Type: "JWT", HasType: true},
		`{"alg":"HS256","typ":"JWT","unknown":1}`: {Type: "JWT", HasType: true},
	} {
		got, payload, refused := key.Open(sign(t, header, "p"))
		require.Nil(t, refused, header)
		assert.Equal(t, want, got)
		assert.Equal(t, "p", string(payload))
	}
}

// A payload cannot be grown into the signature behind it.
func TestPayloadIsClipped(t *testing.T) {
	_, payload, refused := newHMAC(t, "HS256").Open(sign(t, `{"alg":"HS256"}`, "p"))
	require.Nil(t, refused)
	assert.Equal(t, len(payload), cap(payload))
}
