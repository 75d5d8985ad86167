package jwk_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jwk"
)

// The public keys of the RFCs.
const (
	rfcRSAModulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs" +
		"tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI" +
		"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" // RFC 7638 §3.1, RFC 7517 A.1
	rfcX       = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
	rfcY       = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" // RFC 7517 A.1
	rfcEd25519 = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" // RFC 8037 A.2
)

func bytesOf(t testing.TB, base64url string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(base64url)
	require.NoError(t, err)
	return data
}

func rfcRSAKey(t testing.TB) *rsa.PublicKey {
	t.Helper()
	return &rsa.PublicKey{N: new(big.Int).SetBytes(bytesOf(t, rfcRSAModulus)), E: 65537}
}

func rfcECKey(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, bytesOf(t, rfcX)...), bytesOf(t, rfcY)...))
	require.NoError(t, err)
	return key
}

// shortECKey is a key of P-521 whose x begins with a byte of zeros
// (FIPS 186-4 D.1.2.5).
func shortECKey(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	return generator(t, elliptic.P521())
}

// generator returns the base point of a curve as a key.
func generator(t testing.TB, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	size := (curve.Params().BitSize + 7) / 8
	x, y := make([]byte, size), make([]byte, size)
	point := slices.Concat([]byte{4}, curve.Params().Gx.FillBytes(x), curve.Params().Gy.FillBytes(y))
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	require.NoError(t, err)
	return key
}

func TestThumbprint(t *testing.T) {
	p521 := shortECKey(t)
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"RFC 7638 §3.1": {rfcRSAKey(t), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"RFC 8037 A.3":  {ed25519.PublicKey(bytesOf(t, rfcEd25519)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		// Computed with: printf '%s' '{"crv":…}' | openssl dgst -sha256 -binary | basenc --base64url
		"P-256": {rfcECKey(t), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"},
		"P-521": {p521, "OeKGf9VndDjYwHKRd0dpgdELFndZEEkXwdriDA_fITE"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jwk.Thumbprint(tt.key)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

const noJWK = "no JWK is defined for a key of this type; pass an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey"

func TestNoJWKForTheKey(t *testing.T) {
	x25519, err := ecdh.X25519().NewPublicKey(make([]byte, 32))
	require.NoError(t, err)
	//lint:ignore SA1019 nothing else makes such a key
	beside := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"nil":                      {nil, noJWK},
		"X25519":                   {x25519, noJWK},
		"a private key":            {ed25519.NewKeyFromSeed(make([]byte, 32)), noJWK},
		"a point beside the curve": {beside, "the key is no point of a curve that JWKs know"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jwk.Thumbprint(tt.key)
			assert.EqualError(t, err, tt.want)
			_, err = jwk.Encode("a", "", tt.key)
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestEncode(t *testing.T) {
	for name, tt := range map[string]struct {
		id, alg string
		key     crypto.PublicKey
		want    string
	}{
		"RSA":             {"a", "RS256", rfcRSAKey(t), `{"kid":"a","alg":"RS256","use":"sig","e":"AQAB","kty":"RSA","n":"` + rfcRSAModulus + `"}`},
		"EC":              {"a", "ES256", rfcECKey(t), `{"kid":"a","alg":"ES256","use":"sig","crv":"P-256","kty":"EC","x":"` + rfcX + `","y":"` + rfcY + `"}`},
		"Ed25519":         {"a", "EdDSA", ed25519.PublicKey(bytesOf(t, rfcEd25519)), `{"kid":"a","alg":"EdDSA","use":"sig","crv":"Ed25519","kty":"OKP","x":"` + rfcEd25519 + `"}`},
		"no algorithm":    {"a", "", rfcECKey(t), `{"kid":"a","use":"sig","crv":"P-256","kty":"EC","x":"` + rfcX + `","y":"` + rfcY + `"}`},
		"an id to escape": {"\"\\\n<ä>", "", ed25519.PublicKey(bytesOf(t, rfcEd25519)), `{"kid":"\"\\\n<ä>","use":"sig","crv":"Ed25519","kty":"OKP","x":"` + rfcEd25519 + `"}`},
		"full length": {"a", "", shortECKey(t), `{"kid":"a","use":"sig","crv":"P-521","kty":"EC",` +
			`"x":"AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m",` +
			`"y":"ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jwk.Encode(tt.id, tt.alg, tt.key)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

func TestEncodeIDThatIsNotUTF8(t *testing.T) {
	_, err := jwk.Encode("\xff", "", rfcECKey(t))
	assert.EqualError(t, err, "not valid UTF-8")
}

// A y that begins with a byte of zeros keeps it (RFC 7518 §6.2.1.3).
func TestEncodeShortY(t *testing.T) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), big.NewInt(43).FillBytes(make([]byte, 32)))
	require.NoError(t, err)
	got, err := jwk.Encode("a", "", &private.PublicKey)
	require.NoError(t, err)
	assert.Equal(t, `{"kid":"a","use":"sig","crv":"P-256","kty":"EC","x":"mGriUG8f8QTQQjCGHY9LSY9LxMbQCbMPdUTcEpuC0o0","y":"ADzMwKZGDgrjKKTZfTx7YdhvxiicGJ8lJREMRBuwfpc"}`, string(got))
}
