package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

func newHMAC(t testing.TB, alg string) *jws.Key {
	t.Helper()
	key, err := jws.NewHMAC(alg, []byte("secret"))
	require.NoError(t, err)
	return key
}

func newCodec(t testing.TB, alg string) *jws.Codec {
	t.Helper()
	codec, err := jws.NewCodec(alg, "JWT", "")
	require.NoError(t, err)
	return codec
}

// open opens a token by the one key.
func open(t testing.TB, codec *jws.Codec, key *jws.Key, token string) (jws.Opened, error) {
	t.Helper()
	return openBy(t, codec, jws.StaticKeySet{key}, token)
}

// openBy opens a token by the keys.
func openBy(t testing.TB, codec *jws.Codec, keys jws.KeySet, token string) (opened jws.Opened, err error) {
	t.Helper()
	err = codec.Open(t.Context(), token, keys, &opened)
	return opened, err
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
			key, err := jws.NewHMAC(alg, []byte(secret))
			require.NoError(t, err)
			for _, size := range []int{0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 512, 513, 10000} {
				input := strings.Repeat("x", size)
				signature, err := theirs.Sign(input, []byte(secret))
				require.NoError(t, err)
				assert.NoError(t, key.Verify(input, signature), "%s of %d bytes", alg, size)
				assert.Equal(t, jws.ErrSignature, key.Verify(input+"x", signature))
				assert.Equal(t, jws.ErrSignature, key.Verify(input, signature[:len(signature)-1]))
				assert.Equal(t, jws.ErrSignature, key.Verify(input, append(signature, 0)))
				assert.Equal(t, jws.ErrSignature, key.Verify(input, nil))
				signature[len(signature)-1] ^= 1
				assert.Equal(t, jws.ErrSignature, key.Verify(input, signature))
			}
			token, err := newCodec(t, alg).Sign(t.Context(), key, []byte(`{}`))
			require.NoError(t, err)
			_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(secret), nil }, jwt.WithValidMethods([]string{alg}))
			assert.NoError(t, err)
		}
	}
}

// A key is safe for concurrent use.
func TestHMACConcurrently(t *testing.T) {
	codec, key := newCodec(t, "HS256"), newHMAC(t, "HS256")
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 100 {
				payload := strings.Repeat(string(rune('a'+g)), i*10+1)
				token, err := codec.Sign(t.Context(), key, []byte(payload))
				if !assert.NoError(t, err) {
					return
				}
				opened, err := open(t, codec, key, token)
				assert.NoError(t, err)
				assert.Equal(t, payload, opened.Payload)
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
	type pair struct {
		private crypto.Signer
		public  crypto.PublicKey
	}
	for alg, pair := range map[string]pair{
		"RS256": {rsaKey, &rsaKey.PublicKey}, "RS384": {rsaKey, &rsaKey.PublicKey}, "RS512": {rsaKey, &rsaKey.PublicKey},
		"PS256": {rsaKey, &rsaKey.PublicKey}, "PS384": {rsaKey, &rsaKey.PublicKey}, "PS512": {rsaKey, &rsaKey.PublicKey},
		"ES256": {p256, &p256.PublicKey}, "ES384": {p384, &p384.PublicKey}, "ES512": {p521, &p521.PublicKey},
		"EdDSA": {edKey, edKey.Public()},
	} {
		t.Run(alg, func(t *testing.T) {
			codec := newCodec(t, alg)
			writer, err := jws.NewKeyPair(alg, pair.private, pair.public)
			require.NoError(t, err)
			assert.True(t, writer.CanSign())
			assert.NoError(t, writer.SelfTest())
			reader, err := jws.NewKeyPair(alg, nil, pair.public)
			require.NoError(t, err)
			assert.False(t, reader.CanSign())
			assert.NoError(t, reader.SelfTest())
			token, err := codec.Sign(t.Context(), writer, []byte("no JSON"))
			require.NoError(t, err)
			assert.Len(t, token, codec.Size(len("no JSON"), writer.SignatureSize()))
			assert.Len(t, token, codec.Size(len("no JSON"), reader.SignatureSize()))
			opened, err := open(t, codec, reader, token)
			require.NoError(t, err)
			assert.Equal(t, jws.Header{Algorithm: alg, HasAlgorithm: true, Type: "JWT", HasType: true}, opened.Header)
			assert.Equal(t, "no JSON", opened.Payload)
			assert.Same(t, reader, opened.Key)

			// golang-jwt agrees on the signature.
			parts := strings.Split(token, ".")
			signature, err := base64.RawURLEncoding.DecodeString(parts[2])
			require.NoError(t, err)
			assert.NoError(t, jwt.GetSigningMethod(alg).Verify(parts[0]+"."+parts[1], signature, pair.public))

			// Another algorithm, with the same key, is no other spelling of it.
			for _, other := range []string{"RS256", "PS256", "ES256", "EdDSA", "HS256"} {
				if other != alg {
					forged := encode(`{"alg":"`+other+`"}`) + "." + parts[1] + "." + parts[2]
					_, err := open(t, codec, reader, forged)
					assert.ErrorIs(t, err, jws.ErrUnverifiable)
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
		key, err := jws.NewKeyPair(alg, nil, &private.PublicKey)
		require.NoError(t, err)
		for _, salt := range []int{0, 20, theirs.Hash.Size() - 1, theirs.Hash.Size(), theirs.Hash.Size() + 1, rsa.PSSSaltLengthAuto} {
			method := *theirs
			method.Options = &rsa.PSSOptions{SaltLength: salt}
			if salt == 0 {
				method.Options = nil
			}
			signature, err := method.Sign("input", private)
			require.NoError(t, err)
			if salt == theirs.Hash.Size() {
				assert.NoError(t, key.Verify("input", signature), "%s, salt of %d bytes", alg, salt)
			} else {
				assert.Equal(t, jws.ErrSignature, key.Verify("input", signature), "%s, salt of %d bytes", alg, salt)
			}
		}
	}
}

func TestUnknownAlgorithms(t *testing.T) {
	for _, alg := range []string{"", "none", "RS256", "hs256"} {
		_, err := jws.NewHMAC(alg, []byte("secret"))
		assert.EqualError(t, err, "no such algorithm")
	}
	for _, alg := range []string{"", "none", "HS256", "rs256"} {
		_, err := jws.NewKeyPair(alg, nil, nil)
		assert.EqualError(t, err, "no such algorithm")
	}
	_, err := jws.NewCodec("HS256", "\xff", "")
	assert.EqualError(t, err, "not valid UTF-8")
}

// Signing writes every size of payload, around that of its buffer.
func TestSign(t *testing.T) {
	codec, key := newCodec(t, "HS256"), newHMAC(t, "HS256")
	for _, size := range []int{0, 1, 2, 3, 383, 384, 385, 386, 387, 768, 769, 5000} {
		token, err := codec.Sign(t.Context(), key, []byte(strings.Repeat("p", size)))
		require.NoError(t, err)
		assert.Equal(t, sign(t, `{"alg":"HS256","typ":"JWT"}`, strings.Repeat("p", size)), token)
		assert.Len(t, token, codec.Size(size, key.SignatureSize()))
	}
}

// members is a header of so many members, all but the alg in an object that is
// nested so deep.
func members(count, depth int) string {
	nested := make([]string, count-2*depth+2)
	for i := range nested {
		nested[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	return `{"alg":"HS256"` + strings.Repeat(`,"x":{"y":1`, depth-2) + `,"x":{` + strings.Join(nested, ",") + strings.Repeat("}", depth)
}

// Form comes before substance: what is malformed, what is unverifiable, and only
// then the signature.
func TestOpen(t *testing.T) {
	codec, key := newCodec(t, "HS256"), newHMAC(t, "HS256")
	good := sign(t, `{"alg":"HS256"}`, "p")
	header, _, _ := strings.Cut(good, ".")
	unsigned := func(header string) string { return encode(header) + ".cA.cA" }
	for _, tt := range []struct {
		name, token string
		kind        error
		says        string
	}{
		{"line feed", good + "\n", jws.ErrMalformed, "it holds a line end"},
		{"line feed first", "\n" + good, jws.ErrMalformed, "it holds a line end"},
		{"carriage return last", good + "\r", jws.ErrMalformed, "it holds a line end"},
		{"carriage return", "\r" + good, jws.ErrMalformed, "it holds a line end"},
		{"one segment", header, jws.ErrMalformed, "it is not three segments with dots between them"},
		{"two segments", header + ".cA", jws.ErrMalformed, "it is not three segments with dots between them"},
		{"four segments", good + ".cA", jws.ErrMalformed, "it is not three segments with dots between them"},
		{"four segments, the third empty", header + ".cA..cA", jws.ErrMalformed, "it is not three segments with dots between them"},
		{"five segments", good + ".cA.cA", jws.ErrMalformed, "it has five segments, as an encrypted token has (JWE); only signed tokens are read"},
		{"six segments", good + ".cA.cA.cA", jws.ErrMalformed, "it is not three segments with dots between them"},
		{"dots alone", "..", jws.ErrMalformed, "its header segment is empty"},
		{"empty header", strings.TrimPrefix(good, header), jws.ErrMalformed, "its header segment is empty"},
		{"empty payload", header + "..cA", jws.ErrMalformed, "its claims segment is empty"},
		{"empty signature", header + ".cA.", jws.ErrMalformed, "its signature segment is empty, as in an unsigned token (alg none); only signed tokens are read"},
		{"header base64", "e31.cA.cA", jws.ErrMalformed, `its header is not canonical base64url without padding (pass the token alone, without "Bearer ")`},
		{"payload base64", header + ".cB.cA", jws.ErrMalformed, "its claims are not canonical base64url without padding"},
		{"signature base64", header + ".cA.cA==", jws.ErrMalformed, "its signature is not canonical base64url without padding"},
		{"header array", unsigned(`[]`), jws.ErrMalformed, "its header is not a JSON object"},
		{"too many members", unsigned(members(65, 2)), jws.ErrMalformed, "its header is an object with more than 64 members, nested ones counted"},
		{"too many members, nested", unsigned(members(65, 8)), jws.ErrMalformed, "its header is an object with more than 64 members, nested ones counted"},
		{"too deep", unsigned(members(63, 9)), jws.ErrMalformed, "its header is an object that is nested more than 8 deep"},
		{"too many members come before form", unsigned(members(65, 2) + "}"), jws.ErrMalformed, "its header is an object with more than 64 members, nested ones counted"},
		{"alg null", unsigned(`{"alg":null}`), jws.ErrMalformed, "its header is an object whose alg is null; it must be a string"},
		{"typ number, crit", unsigned(`{"crit":[],"typ":1}`), jws.ErrMalformed, "its header is an object whose typ is a number; it must be a string"},
		{"kid array", unsigned(`{"alg":"HS256","kid":[]}`), jws.ErrMalformed, "its header is an object whose kid is an array; it must be a string"},
		{"no alg", unsigned(`{}`), jws.ErrUnverifiable, "its header has no alg, and HS256 is wanted (see WithAlgorithm)"},
		{"empty alg", unsigned(`{"alg":""}`), jws.ErrUnverifiable, `its header has the alg "", and HS256 is wanted (see WithAlgorithm)`},
		{"none", unsigned(`{"alg":"none"}`), jws.ErrUnverifiable, `its header has the alg "none", and HS256 is wanted (see WithAlgorithm)`},
		{"alg of 32 characters", unsigned(`{"alg":"` + strings.Repeat("a", 32) + `"}`), jws.ErrUnverifiable, `its header has the alg "` + strings.Repeat("a", 32) + `", and HS256 is wanted (see WithAlgorithm)`},
		{"alg of 33 characters", unsigned(`{"alg":"` + strings.Repeat("a", 33) + `"}`), jws.ErrUnverifiable, `its header has the alg "` + strings.Repeat("a", 32) + `"..., and HS256 is wanted (see WithAlgorithm)`},
		{"crit", unsigned(`{"alg":"HS256","crit":["exp"]}`), jws.ErrUnverifiable, "its header has the member crit, which no plain signed token has"},
		{"b64", unsigned(`{"alg":"HS256","b64":true}`), jws.ErrUnverifiable, "its header has the member b64, which no plain signed token has"},
		{"enc", unsigned(`{"enc":null,"alg":"HS256"}`), jws.ErrUnverifiable, "its header has the member enc, which no plain signed token has"},
		{"zip", unsigned(`{"alg":"HS256","zip":""}`), jws.ErrUnverifiable, "its header has the member zip, which no plain signed token has"},
		{"cty", unsigned(`{"alg":"HS256","cty":"JWT"}`), jws.ErrUnverifiable, "its header has the member cty, which no plain signed token has"},
		{"signature", unsigned(`{"alg":"HS256","kid":"k"}`), jws.ErrSignature, "the signature does not verify"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opened, err := open(t, codec, key, tt.token)
			for _, kind := range []error{jws.ErrMalformed, jws.ErrUnverifiable, jws.ErrSignature} {
				assert.Equal(t, kind == tt.kind, errors.Is(err, kind), "%v: matches %v", err, kind)
			}
			assert.EqualError(t, err, tt.says)
			assert.Zero(t, opened)
		})
	}
	hs256 := jws.Header{Algorithm: "HS256", HasAlgorithm: true}
	typed := func(typ, kid string) jws.Header {
		return jws.Header{Algorithm: "HS256", HasAlgorithm: true, Type: typ, HasType: true, KeyID: kid}
	}
	for header, want := range map[string]jws.Header{
		`{"alg":"HS256"}`:                                             hs256,
		`{"alg":"HS256","kid":""}`:                                    hs256,
		`{"alg":"HS256","typ":""}`:                                    typed("", ""),
		`{"alg":"HS256","typ":"JWT"}`:                                 typed("JWT", ""),
		`{"typ":"at+jwt","kid":"k","alg":"HS256"}`:                    typed("at+jwt", "k"),
		` { "alg" : "HS256" , "typ" : "JWT" } `:                       typed("JWT", ""),
		`{"alg":"HS256","typ":"JWT","unknown":1}`:                     typed("JWT", ""),
		members(64, 2):                                                hs256,
		members(64, 8):                                                hs256,
		`{"alg":"HS256","x5c":["` + strings.Repeat("M", 6000) + `"]}`: hs256,
	} {
		opened, err := open(t, codec, key, sign(t, header, "p"))
		require.NoError(t, err, header)
		assert.Equal(t, want, opened.Header)
		assert.Equal(t, "p", opened.Payload)
	}
}

// BenchmarkSign shows what writing the segments costs, which is the difference to
// a payload of no bytes.
func BenchmarkSign(b *testing.B) {
	codec, key := newCodec(b, "HS256"), newHMAC(b, "HS256")
	payload := []byte(`{"sub":"5a2f5bb0-8ad2-4c13-9f0e-6d1f3a9b7c42","aud":["fastapi-users:auth"],"exp":1893459600}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Sign(b.Context(), key, payload); err != nil {
			b.Fatal(err)
		}
	}
}

// The header of a token that the Codec itself wrote is the one that is in it.
func TestOwnHeader(t *testing.T) {
	codec, err := jws.NewCodec("HS256", "at+jwt", "k")
	require.NoError(t, err)
	key := newHMAC(t, "HS256")
	token, err := codec.Sign(t.Context(), key, []byte("p"))
	require.NoError(t, err)
	opened, err := open(t, codec, key, token)
	require.NoError(t, err)
	assert.Equal(t, jws.Header{Algorithm: "HS256", HasAlgorithm: true, Type: "at+jwt", HasType: true, KeyID: "k"}, opened.Header)
}
