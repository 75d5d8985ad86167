package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy"
)

var algorithms = []authstrategy.Algorithm{
	authstrategy.HS256, authstrategy.HS384, authstrategy.HS512,
	authstrategy.RS256, authstrategy.RS384, authstrategy.RS512,
	authstrategy.PS256, authstrategy.PS384, authstrategy.PS512,
	authstrategy.ES256, authstrategy.ES384, authstrategy.ES512,
	authstrategy.EdDSA,
}

// A key is what an algorithm signs and verifies with, in the two forms that the
// peers read. A secret is both halves of itself.
type key struct {
	private, public       string // the secret or PEM
	privateJWK, publicJWK map[string]string
}

// newKeys makes a key for every algorithm; the RSA algorithms share one.
func newKeys(t *testing.T) map[authstrategy.Algorithm]key {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[authstrategy.Algorithm]key)
	for _, alg := range algorithms {
		var k key
		switch alg[:2] {
		case "HS":
			k = secretKey(rand.Text() + rand.Text() + rand.Text())
		case "RS", "PS":
			k = rsaPair(t, rsaKey)
		case "ES":
			k = ecdsaPair(t, alg)
		case "Ed":
			k = ed25519Pair(t)
		}
		// A key for one algorithm: latchset jose is told in no other way.
		k.privateJWK["alg"], k.publicJWK["alg"] = string(alg), string(alg)
		keys[alg] = k
	}
	return keys
}

func secretKey(secret string) key {
	jwk := map[string]string{"kty": "oct", "k": base64URL([]byte(secret))}
	return key{private: secret, public: secret, privateJWK: jwk, publicJWK: jwk}
}

func rsaPair(t *testing.T, private *rsa.PrivateKey) key {
	t.Helper()
	return pair(t, private, map[string]string{
		"kty": "RSA",
		"n":   base64URL(private.N.Bytes()),
		"e":   base64URL(big.NewInt(int64(private.E)).Bytes()),
	}, map[string]string{
		"d":  base64URL(private.D.Bytes()),
		"p":  base64URL(private.Primes[0].Bytes()),
		"q":  base64URL(private.Primes[1].Bytes()),
		"dp": base64URL(private.Precomputed.Dp.Bytes()),
		"dq": base64URL(private.Precomputed.Dq.Bytes()),
		"qi": base64URL(private.Precomputed.Qinv.Bytes()),
	})
}

func ecdsaPair(t *testing.T, alg authstrategy.Algorithm) key {
	t.Helper()
	curve := map[authstrategy.Algorithm]elliptic.Curve{
		authstrategy.ES256: elliptic.P256(),
		authstrategy.ES384: elliptic.P384(),
		authstrategy.ES512: elliptic.P521(),
	}[alg]
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	size := len(point) / 2
	return pair(t, private, map[string]string{
		"kty": "EC",
		"crv": curve.Params().Name,
		"x":   base64URL(point[1 : 1+size]),
		"y":   base64URL(point[1+size:]),
	}, map[string]string{"d": base64URL(d)})
}

func ed25519Pair(t *testing.T) key {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair(t, private, map[string]string{
		"kty": "OKP",
		"crv": "Ed25519",
		"x":   base64URL(public),
	}, map[string]string{"d": base64URL(private.Seed())})
}

// pair encodes a key pair: PKCS#8 and PKIX in PEM, as the usual tools write
// them, and a JWK of its public members and, for the private one, secret ones.
func pair(t *testing.T, private crypto.Signer, public, secret map[string]string) key {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(secret, public)
	return key{
		private:    encodePEM("PRIVATE KEY", pkcs8),
		public:     encodePEM("PUBLIC KEY", pkix),
		privateJWK: secret,
		publicJWK:  public,
	}
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// writer and reader make the strategy of a service that signs, and of one that
// holds no more than it needs to verify.

func writer(t *testing.T, alg authstrategy.Algorithm, k key, opts ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	return strategy(t, authstrategy.NewSecret(k.private), append(opts, authstrategy.WithAlgorithm(alg)))
}

func reader(t *testing.T, alg authstrategy.Algorithm, k key, opts ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	opts = append(opts, authstrategy.WithAlgorithm(alg))
	if strings.HasPrefix(string(alg), "HS") {
		return strategy(t, authstrategy.NewSecret(k.public), opts)
	}
	return strategy(t, authstrategy.Secret{}, append(opts, authstrategy.WithPublicKey(k.public)))
}

func strategy(t *testing.T, secret authstrategy.Secret, opts []authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](secret, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
