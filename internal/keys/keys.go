// Package keys reads and checks key material: HMAC secrets, private keys and
// public keys. It returns a key, or a [Fault] that says what was found, what the
// algorithm requires and what to do. It knows nothing of strategies; only its
// advice names their options.
package keys

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
)

// A Fault says why a secret or key cannot be used. Its text quotes nothing of
// the key material.
type Fault struct {
	Weak     bool // an HMAC secret that can be guessed
	Mismatch bool // a public key that does not belong to what signs
	Invalid  bool // any other fault
	text     string
}

func (f *Fault) Error() string { return f.text }

func weak(format string, args ...any) error {
	return &Fault{Weak: true, text: fmt.Sprintf(format, args...)}
}

// Invalid returns a Fault that is neither weak nor a mismatch.
func Invalid(format string, args ...any) error {
	return &Fault{Invalid: true, text: fmt.Sprintf(format, args...)}
}

// Mismatch returns the Fault of a public key that is given beside what signs, a
// private key or a signer, and does not belong to it.
func Mismatch(signer bool) error {
	signs, cure := "private key", "pass the matching one, or omit WithPublicKey to derive it"
	if signer {
		signs, cure = "signer", "pass the signer's own, or omit WithPublicKey"
	}
	return &Fault{Mismatch: true, text: "the key of WithPublicKey does not match the " + signs + "; " + cure}
}

// A family is a type of key.
type family string

const (
	familyHMAC    family = "HMAC"
	familyRSA     family = "RSA"
	familyECDSA   family = "ECDSA"
	familyEd25519 family = "Ed25519"
)

// A rule is what an algorithm requires of its key.
type rule struct {
	alg       string
	family    family
	minSecret int            // HMAC: in bytes, the length of the hash (RFC 7518 §3.2)
	curve     elliptic.Curve // ECDSA (RFC 7518 §3.4)
	genpkey   string         // arguments of openssl genpkey -algorithm that make a key
}

const genRSA = "RSA -pkeyopt rsa_keygen_bits:2048"

var rules = []rule{
	{alg: "HS256", family: familyHMAC, minSecret: 32},
	{alg: "HS384", family: familyHMAC, minSecret: 48},
	{alg: "HS512", family: familyHMAC, minSecret: 64},
	{alg: "RS256", family: familyRSA, genpkey: genRSA},
	{alg: "RS384", family: familyRSA, genpkey: genRSA},
	{alg: "RS512", family: familyRSA, genpkey: genRSA},
	{alg: "PS256", family: familyRSA, genpkey: genRSA},
	{alg: "PS384", family: familyRSA, genpkey: genRSA},
	{alg: "PS512", family: familyRSA, genpkey: genRSA},
	{alg: "ES256", family: familyECDSA, curve: elliptic.P256(), genpkey: "EC -pkeyopt ec_paramgen_curve:P-256"},
	{alg: "ES384", family: familyECDSA, curve: elliptic.P384(), genpkey: "EC -pkeyopt ec_paramgen_curve:P-384"},
	{alg: "ES512", family: familyECDSA, curve: elliptic.P521(), genpkey: "EC -pkeyopt ec_paramgen_curve:P-521"},
	{alg: "EdDSA", family: familyEd25519, genpkey: "ed25519"},
	{alg: "Ed25519", family: familyEd25519, genpkey: "ed25519"},
}

// ruleOf returns the rule of an algorithm; the zero rule, which no key meets,
// for a name that is none.
func ruleOf(alg string) rule {
	for _, r := range rules {
		if r.alg == alg {
			return r
		}
	}
	return rule{}
}

// newKey is the advice to make another key for the algorithm.
func (r rule) newKey() string {
	return "make a new key with openssl genpkey -algorithm " + r.genpkey + " -out private.pem"
}

// Algorithms returns the names of the algorithms: HS256 to HS512, RS, PS, ES,
// EdDSA and Ed25519.
func Algorithms() []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.alg)
	}
	return names
}

// Supported reports whether alg is one of [Algorithms].
func Supported(alg string) bool { return ruleOf(alg).family != "" }

// Symmetric reports whether one secret signs and verifies: HS256, HS384, HS512.
func Symmetric(alg string) bool { return ruleOf(alg).family == familyHMAC }

// Bounds of RSA keys.
const (
	minRSABits     = 2048 // RFC 7518 §3.3, §3.5
	maxRSABits     = 16384
	minRSAExponent = 3
	maxRSAExponent = math.MaxInt32
)

// Fitting returns the algorithms that a public key is good for. The key passes
// CheckType. An error begins with name, which says where the key comes from.
func Fitting(name string, key crypto.PublicKey) ([]string, error) {
	var fitting []string
	var fault error
	for _, r := range rules {
		if r.family != familyOf(key) {
			continue
		}
		err := Check(name, r.alg, key)
		if err == nil {
			fitting = append(fitting, r.alg)
		} else if fault == nil {
			fault = err
		}
	}
	if len(fitting) > 0 {
		return fitting, nil
	}
	return nil, fault
}

// CheckType checks that a value is a public key of a type that signs. An error begins
// with name, which says where the key comes from.
func CheckType(name string, key crypto.PublicKey) error {
	if _, private := key.(interface{ Public() crypto.PublicKey }); private {
		return Invalid("%s is a private key; pass what its method Public returns", name)
	}
	if familyOf(key) == "" {
		return Invalid("%s is a %T; it must be an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey", name, key)
	}
	return nil
}

func familyOf(key crypto.PublicKey) family {
	switch key.(type) {
	case *rsa.PublicKey:
		return familyRSA
	case *ecdsa.PublicKey:
		return familyECDSA
	case ed25519.PublicKey:
		return familyEd25519
	}
	return ""
}

// Clone returns a copy of a public key that passes Check.
func Clone(key crypto.PublicKey) crypto.PublicKey {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return &rsa.PublicKey{N: new(big.Int).Set(key.N), E: key.E}
	case *ecdsa.PublicKey:
		point, _ := key.Bytes() // never fails for a point of the curve
		clone, _ := ecdsa.ParseUncompressedPublicKey(key.Curve, point)
		return clone
	}
	return slices.Clone(key.(ed25519.PublicKey))
}

// Equal reports whether two public keys that pass Check are the same.
func Equal(a, b crypto.PublicKey) bool {
	return a.(interface{ Equal(crypto.PublicKey) bool }).Equal(b)
}

// Check checks that a public key, or the public half of a private one, has the
// type, size and curve that the algorithm requires. An error begins with name,
// which says where the key comes from.
func Check(name, alg string, key crypto.PublicKey) error {
	r := ruleOf(alg)
	if key, ok := key.(*rsa.PublicKey); ok && r.family == familyRSA {
		return checkRSA(name, r, key)
	}
	if key, ok := key.(*ecdsa.PublicKey); ok && r.family == familyECDSA {
		return checkECDSA(name, r, key)
	}
	if key, ok := key.(ed25519.PublicKey); ok && r.family == familyEd25519 {
		return checkEd25519(name, r, key)
	}
	if !Supported(alg) || Symmetric(alg) {
		return Invalid("%s is a key, but %q is no algorithm of key pairs", name, alg)
	}
	switch key.(type) {
	case *rsa.PublicKey:
		return wrongType(name, r, "type RSA", chooseAlgorithm)
	case *ecdsa.PublicKey:
		return wrongType(name, r, "type ECDSA", chooseAlgorithm)
	case ed25519.PublicKey:
		return wrongType(name, r, "type Ed25519", chooseAlgorithm)
	case *ecdh.PublicKey:
		return wrongType(name, r, "type X25519"+agreement, r.newKey())
	}
	return wrongType(name, r, "another type", r.newKey())
}

const (
	chooseAlgorithm = "pass another key, or choose the algorithm of this one with WithAlgorithm"
	agreement       = ", which is for key agreement and signs nothing"
)

// wrongType says that a key is of a type that the algorithm has no use for.
func wrongType(name string, r rule, found, cure string) error {
	want := string(r.family)
	if r.curve != nil {
		want += " on " + r.curve.Params().Name
	}
	return Invalid("%s is of %s; %s requires a key of type %s; %s", name, found, r.alg, want, cure)
}

func checkRSA(name string, r rule, key *rsa.PublicKey) error {
	if key == nil || key.N == nil || key.N.Sign() <= 0 {
		return Invalid("%s is an RSA key without a modulus", name)
	}
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return Invalid("%s has %d bits; %s requires an RSA key of %d to %d bits", name, bits, r.alg, minRSABits, maxRSABits)
	}
	if key.E < minRSAExponent || key.E > maxRSAExponent || key.E%2 == 0 || key.N.Bit(0) == 0 {
		return Invalid("%s is a broken RSA key: its modulus must be odd, and its exponent odd and from %d to %d", name, minRSAExponent, maxRSAExponent)
	}
	return nil
}

func checkECDSA(name string, r rule, key *ecdsa.PublicKey) error {
	//lint:ignore SA1019 ECDH panics if they are nil
	if key == nil || key.Curve == nil || key.X == nil || key.Y == nil {
		return Invalid("%s is an ECDSA key without a curve or a point", name)
	}
	if key.Curve != r.curve {
		found := "an unknown curve"
		if params := key.Params(); params != nil {
			found = "the curve " + params.Name
		}
		return Invalid("%s is on %s; %s requires %s", name, found, r.alg, r.curve.Params().Name)
	}
	if _, err := key.ECDH(); err != nil {
		return Invalid("%s is no point of the curve; copy it again, or %s", name, r.newKey())
	}
	return nil
}

func checkEd25519(name string, r rule, key ed25519.PublicKey) error {
	// SetBytes takes, as crypto/ed25519 does, encodings that are not canonical.
	point, err := new(edwards25519.Point).SetBytes(key)
	if err != nil {
		return Invalid("%s is no point of the curve; copy it again, or %s", name, r.newKey())
	}
	if point.MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return Invalid("%s is a point of small order, under which anyone can sign; %s", name, r.newKey())
	}
	return nil
}
