// Package jwk writes and reads public keys as JSON Web Keys (RFC 7517). It knows
// their form, and no rule about their sizes: those are in internal/keys.
package jwk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// base64url is RFC 7515 §2's encoding: no padding, and Strict, so that every
// value has exactly one spelling.
var base64url = base64.RawURLEncoding.Strict()

var (
	errNoJWK   = errors.New("no JWK is defined for a key of this type; pass an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey")
	errNoPoint = errors.New("the key is no point of a curve that JWKs know")
)

// Thumbprint returns the SHA-256 thumbprint of a key (RFC 7638, RFC 8037 §2) in
// base64url. It takes the keys that [Encode] takes.
func Thumbprint(key crypto.PublicKey) (string, error) {
	members, err := required(key)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte("{" + members + "}"))
	return base64url.EncodeToString(hash[:]), nil
}

// Encode returns a key that verifies signatures as a JWK. The key is an
// *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey that keys.Check accepts.
// The id must be UTF-8. An empty alg is left out.
func Encode(id, alg string, key crypto.PublicKey) ([]byte, error) {
	members, err := required(key)
	if err != nil {
		return nil, err
	}
	object, err := strictjson.AppendString([]byte(`{"kid":`), id)
	if err != nil {
		return nil, err
	}
	if alg != "" {
		object = append(object, `,"alg":"`+alg+`"`...)
	}
	return append(object, `,"use":"sig",`+members+"}"...), nil
}

// required returns the members that make up a key, and no others, without white
// space and in lexicographic order, as RFC 7638 §3.2 wants them. None of their
// values needs an escape.
func required(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *rsa.PublicKey: // RFC 7518 §6.3.1
		return `"e":` + quoted(big.NewInt(int64(key.E)).Bytes()) + `,"kty":"RSA","n":` + quoted(key.N.Bytes()), nil
	case *ecdsa.PublicKey: // RFC 7518 §6.2.1
		point, err := key.Bytes() // 4, x, y; both coordinates of full length
		if err != nil {
			return "", errNoPoint
		}
		half := (len(point) + 1) / 2
		return `"crv":"` + key.Params().Name + `","kty":"EC","x":` + quoted(point[1:half]) + `,"y":` + quoted(point[half:]), nil
	case ed25519.PublicKey: // RFC 8037 §2
		return `"crv":"Ed25519","kty":"OKP","x":` + quoted(key), nil
	}
	return "", errNoJWK
}

func quoted(value []byte) string { return `"` + base64url.EncodeToString(value) + `"` }
