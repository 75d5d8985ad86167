package conformance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// A jwk is a key as the vectors have it (RFC 7517).
type jwk struct {
	Kty, Alg, Use, Crv, Kid string
	K, N, E, X, Y, D, P, Q  string
	KeyOps                  []string `json:"key_ops"`
}

// jwsKey returns the key at the layer that knows of signatures alone. Whatever
// is wrong with the key's numbers is an error.
func (k jwk) jwsKey(alg string) (*jws.Key, error) {
	if k.Kty == "oct" {
		return jws.NewHMAC(alg, bytesOf(k.K))
	}
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	return jws.NewKeyPair(alg, nil, public)
}

// open opens a token of the algorithm by the key, and returns its payload.
func (k jwk) open(alg, token string) ([]byte, error) {
	key, err := k.jwsKey(alg)
	if err != nil {
		return nil, err
	}
	codec, err := jws.NewCodec(alg, "JWT", "")
	if err != nil {
		return nil, err
	}
	var opened jws.Opened
	err = codec.Open(context.Background(), token, jws.StaticKeySet{key}, &opened)
	return []byte(opened.Payload), err
}

// isRefusal reports whether err says something about a token.
func isRefusal(err error) bool {
	return errors.Is(err, jws.ErrMalformed) || errors.Is(err, jws.ErrUnverifiable) || errors.Is(err, jws.ErrSignature)
}

func (k jwk) public() (crypto.PublicKey, error) {
	switch k.Kty {
	case "RSA":
		return &rsa.PublicKey{N: numberOf(k.N), E: int(numberOf(k.E).Int64())}, nil
	case "EC":
		curve := curves[k.Crv]
		if curve == nil {
			return nil, fmt.Errorf("no curve %q", k.Crv)
		}
		return ecdsa.ParseUncompressedPublicKey(curve, k.point())
	case "OKP":
		return ed25519.PublicKey(bytesOf(k.X)), nil
	}
	return nil, fmt.Errorf("no key type %q", k.Kty)
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k jwk) point() []byte { return append(append([]byte{4}, bytesOf(k.X)...), bytesOf(k.Y)...) }

// pem writes the public key the way WithPublicKey takes it. The numbers are
// put there as they stand: it is the package that has to find them wrong.
func (k jwk) pem() string {
	var algorithm []any
	var key []byte
	switch k.Kty {
	case "RSA":
		algorithm = []any{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, asn1.NullRawValue}
		key = must(asn1.Marshal(struct{ N, E *big.Int }{numberOf(k.N), numberOf(k.E)}))
	case "EC":
		named := map[string]asn1.ObjectIdentifier{
			"P-256": {1, 2, 840, 10045, 3, 1, 7},
			"P-384": {1, 3, 132, 0, 34},
			"P-521": {1, 3, 132, 0, 35},
		}
		algorithm = []any{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, named[k.Crv]}
		key = k.point()
	}
	var identifier []byte
	for _, part := range algorithm {
		identifier = append(identifier, must(asn1.Marshal(part))...)
	}
	info := must(asn1.Marshal(struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}{
		asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: identifier},
		asn1.BitString{Bytes: key, BitLength: 8 * len(key)},
	}))
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: info}))
}

// bytesOf decodes the base64url of a vector's key, which is always good.
func bytesOf(text string) []byte { return must(base64.RawURLEncoding.DecodeString(text)) }

func numberOf(text string) *big.Int { return new(big.Int).SetBytes(bytesOf(text)) }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// hashNames are the hashes of the JOSE algorithms, by the algorithms' digits.
var hashNames = map[string]string{"256": "SHA-256", "384": "SHA-384", "512": "SHA-512"}

// hashName is the hash of an HS, RS, PS or ES algorithm, as Wycheproof names it.
func hashName(alg string) string { return hashNames[strings.TrimLeft(alg, "HRPES")] }
