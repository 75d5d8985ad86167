package jwk

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/keys"
	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// Read returns the one JSON object that data holds, as encoding/json decodes it
// into an any, but with a json.Number for each number. It is as strict as
// strictjson, so no object has a member twice. The error says what data is, and
// quotes nothing of it.
func Read(data []byte) (map[string]any, error) {
	check := func(string, strictjson.Value) error { return nil }
	if err := strictjson.EachMember(string(data), check); err != nil {
		return nil, explain(data, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a number that no float64 holds costs nothing that is beside it
	var object map[string]any
	err := decoder.Decode(&object)
	return object, err
}

// explain says what data is that is no JSON object.
func explain(data []byte, err error) error {
	if len(data) == 0 {
		return errors.New("empty")
	}
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		return errors.New("PEM (pass a public key in PEM to WithPublicKey)")
	}
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return errors.New("text with a byte order mark (cut it off)")
	}
	return err
}

// A Key is a public key with what its JWK says about it.
type Key struct {
	ID        string // the kid; "": none
	Algorithm string // the alg, one of keys.Algorithms; "": none
	Public    crypto.PublicKey
}

// Decode returns the key that a value of [Read] is, if it is a public key that
// verifies signatures. It checks what a key of Go cannot show; sizes of RSA keys,
// for one, are left to keys.Check.
//
// The error reads as the rest of a sentence, such as "keys[2] has no kty". It
// quotes kty, crv, use and alg, cut short, and nothing else of the key.
func Decode(value any) (*Key, error) {
	if err := CheckPublic(value); err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("is no JSON object")
	}
	if err := checkPurpose(object); err != nil {
		return nil, err
	}
	kid, found := object["kid"]
	id, isText := kid.(string)
	if found && !isText {
		return nil, errors.New("has a kid that is no string")
	}
	public, err := publicKey(object)
	if err != nil {
		return nil, err
	}
	if err := checkCertificate(object, public); err != nil {
		return nil, err
	}
	alg, _ := object["alg"].(string) // checkPurpose has refused another type
	return &Key{id, alg, public}, nil
}

// ErrPrivate is matched by the errors about private and symmetric keys.
var ErrPrivate = errors.New("private or symmetric")

// secretMembers are the members that the registry "JSON Web Key Parameters" of
// RFC 7517 §8.1 has as private. Their presence counts, whatever their values.
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// CheckPublic returns an error that matches [ErrPrivate] if a value of [Read] is
// a private or a symmetric key, or holds one at any depth. It reads as the rest of
// a sentence.
func CheckPublic(value any) error {
	object, _ := value.(map[string]any)
	if mark := secretMark(object); mark != "" {
		return fmt.Errorf("is a %w key, since it has %s; use the public key alone, and replace this key if others have seen it", ErrPrivate, mark)
	}
	if holdsSecret(value) {
		return fmt.Errorf("holds a %w key inside; use public keys alone, and replace that key if others have seen it", ErrPrivate)
	}
	return nil
}

// secretMark says what makes an object a private or a symmetric key; "" if
// nothing does.
func secretMark(object map[string]any) string {
	for _, name := range secretMembers {
		if _, found := object[name]; found {
			return "the member " + name
		}
	}
	if object["kty"] == "oct" {
		return "the kty oct"
	}
	return ""
}

// holdsSecret looks for keys where no key belongs. There an object is a key only
// if it says so, because members like k and d have other meanings, too.
func holdsSecret(value any) bool {
	if elements, ok := value.([]any); ok {
		return slices.ContainsFunc(elements, holdsSecret)
	}
	if text, ok := value.(string); ok {
		return strings.Contains(text, "PRIVATE KEY-----") // in PEM
	}
	object, _ := value.(map[string]any)
	if _, isKey := object["kty"]; isKey && secretMark(object) != "" {
		return true
	}
	for _, member := range object {
		if holdsSecret(member) {
			return true
		}
	}
	return false
}

// checkPurpose checks that the key is there to verify signatures (RFC 7517 §4.2 to
// §4.4).
func checkPurpose(object map[string]any) error {
	if use, found := object["use"]; found && use != "sig" {
		return errors.New("has " + describe(object, "use") + "; only a key whose use is sig, or that has none, verifies signatures")
	}
	if value, found := object["key_ops"]; found {
		operations, _ := value.([]any)
		if !slices.Contains(operations, any("verify")) {
			return errors.New("has a key_ops that is no array with verify in it")
		}
	}
	if value, found := object["alg"]; found {
		alg, _ := value.(string)
		if !keys.Supported(alg) {
			return errors.New("has " + describe(object, "alg") + ", which is not supported")
		}
	}
	return nil
}

// publicKey returns the key that kty and its members say (RFC 7518 §6, RFC 8037
// §2).
func publicKey(object map[string]any) (crypto.PublicKey, error) {
	switch object["kty"] {
	case "RSA":
		return rsaKey(object)
	case "EC":
		return ecKey(object)
	case "OKP":
		return ed25519Key(object)
	}
	return nil, errors.New("has " + describe(object, "kty") + "; only RSA, EC and OKP are supported")
}

func rsaKey(object map[string]any) (crypto.PublicKey, error) {
	n, nErr := number(object, "n")
	e, eErr := number(object, "e")
	if err := cmp.Or(nErr, eErr); err != nil {
		return nil, err
	}
	const maxBits = 31 // what an int has on every machine
	if e.BitLen() > maxBits {
		return nil, fmt.Errorf("has an e of %d bits; %d are the most", e.BitLen(), maxBits)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func ecKey(object map[string]any) (crypto.PublicKey, error) {
	crv, _ := object["crv"].(string)
	curve := curves[crv]
	if curve == nil {
		return nil, errors.New("has " + describe(object, "crv") + "; with the kty EC, only P-256, P-384 and P-521 are supported")
	}
	size := (curve.Params().BitSize + 7) / 8
	x, xErr := octets(object, "x", size)
	y, yErr := octets(object, "y", size)
	if err := cmp.Or(xErr, yErr); err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y)) // SEC 1 §2.3.3
	if err != nil {
		return nil, errors.New("has an x and a y that are no point of the curve " + crv)
	}
	return key, nil
}

func ed25519Key(object map[string]any) (crypto.PublicKey, error) {
	if object["crv"] != "Ed25519" {
		return nil, errors.New("has " + describe(object, "crv") + "; with the kty OKP, only Ed25519 is supported")
	}
	x, err := octets(object, "x", ed25519.PublicKeySize)
	return ed25519.PublicKey(x), err
}

// number returns a member that is a Base64urlUInt (RFC 7518 §2). It takes zero
// bytes in front, against the RFC: Firebase and Jenkins write them.
func number(object map[string]any, name string) (*big.Int, error) {
	data, err := decodeMember(object, name)
	return new(big.Int).SetBytes(data), err
}

// octets returns a member of exactly so many bytes. RFC 7518 §6.2.1.2 and RFC 8037
// §2 have no other lengths.
func octets(object map[string]any, name string, size int) ([]byte, error) {
	data, err := decodeMember(object, name)
	if err == nil && len(data) != size {
		return nil, fmt.Errorf("has the member %s with %d bytes; it must have %d", name, len(data), size)
	}
	return data, err
}

// decodeMember takes the one spelling that RFC 7515 §2 defines. A second spelling
// of a key would do no harm, but no issuer is known to need it.
func decodeMember(object map[string]any, name string) ([]byte, error) {
	text, ok := object[name].(string)
	if !ok {
		return nil, errors.New("has " + describe(object, name))
	}
	data, err := base64url.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // which encoding/base64 skips
		return nil, errors.New("has the member " + name + " in something other than canonical base64url without padding")
	}
	return data, nil
}

// checkCertificate checks that the key's certificate, where there is one, holds
// the key. It is the first of x5c, in base64 and not base64url (RFC 7517 §4.7).
func checkCertificate(object map[string]any, public crypto.PublicKey) error {
	x5c, found := object["x5c"]
	if !found {
		return nil
	}
	chain, _ := x5c.([]any)
	if len(chain) == 0 {
		return errors.New("has an x5c that is no array, or an empty one")
	}
	text, _ := chain[0].(string)
	der, base64Err := base64.StdEncoding.DecodeString(text)
	certificate, err := x509.ParseCertificate(der)
	if cmp.Or(base64Err, err) != nil { // whose text can quote the certificate
		return errors.New("has an x5c whose first certificate cannot be read")
	}
	if !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(certificate.PublicKey) {
		return errors.New("has an x5c whose first certificate holds another key")
	}
	return nil
}

// describe says what an object has in place of a good member.
func describe(object map[string]any, name string) string {
	value, found := object[name]
	if !found {
		return "no " + name
	}
	text, ok := value.(string)
	if !ok {
		return "a member " + name + " that is no string"
	}
	const maxShown = 20 // characters: a key in the wrong place has more
	return fmt.Sprintf("the %s %+.*q", name, maxShown, text)
}
