package authstrategy

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keyformat"
)

// An Algorithm is the signature algorithm of a strategy, by its name in the
// "alg" of the header (RFC 7518 §3.1, RFC 8037 §3.1).
type Algorithm string

// The algorithms, with what the secret has to be.
const (
	HS256 Algorithm = "HS256" // HMAC, SHA-256: 32 bytes or more, the default
	HS384 Algorithm = "HS384" // HMAC, SHA-384: 48 bytes or more
	HS512 Algorithm = "HS512" // HMAC, SHA-512: 64 bytes or more
	RS256 Algorithm = "RS256" // RSA PKCS #1 v1.5, SHA-256: 2048 to 16384 bits
	RS384 Algorithm = "RS384" // RSA PKCS #1 v1.5, SHA-384
	RS512 Algorithm = "RS512" // RSA PKCS #1 v1.5, SHA-512
	PS256 Algorithm = "PS256" // RSA PSS, SHA-256: 2048 to 16384 bits
	PS384 Algorithm = "PS384" // RSA PSS, SHA-384
	PS512 Algorithm = "PS512" // RSA PSS, SHA-512
	ES256 Algorithm = "ES256" // ECDSA, P-256, SHA-256
	ES384 Algorithm = "ES384" // ECDSA, P-384, SHA-384
	ES512 Algorithm = "ES512" // ECDSA, P-521, SHA-512
	EdDSA Algorithm = "EdDSA" // Ed25519
)

const algorithmNames = "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"

// A family is the kind of key that an algorithm takes.
type family string

const (
	familyHMAC    family = "HMAC"
	familyRSA     family = "RSA"
	familyECDSA   family = "ECDSA"
	familyEd25519 family = "Ed25519"
)

// family returns the algorithm's kind of key; "" if it is unsupported.
func (a Algorithm) family() family {
	switch a {
	case HS256, HS384, HS512:
		return familyHMAC
	case RS256, RS384, RS512, PS256, PS384, PS512:
		return familyRSA
	case ES256, ES384, ES512:
		return familyECDSA
	case EdDSA:
		return familyEd25519
	}
	return ""
}

// The bounds of keys.
const (
	minRSABits     = 2048 // RFC 7518 §3.3, §3.5
	maxRSABits     = 16384
	minRSAExponent = 3
	maxRSAExponent = math.MaxInt32
)

// minSecret returns the length in bytes that an HMAC secret has at least, that
// of the hash (RFC 7518 §3.2).
func (a Algorithm) minSecret() int {
	return map[Algorithm]int{HS256: 32, HS384: 48, HS512: 64}[a]
}

// curve returns the curve of an ECDSA algorithm (RFC 7518 §3.4).
func (a Algorithm) curve() string {
	return map[Algorithm]string{ES256: "P-256", ES384: "P-384", ES512: "P-521"}[a]
}

// redacted is what a Secret shows of itself.
const redacted = "**********"

// A Secret holds what signs: for HS256, HS384 and HS512 the secret's bytes as
// they are, for the other algorithms a private key in PEM. It shows itself
// nowhere: fmt, log/slog, encoding/json and every encoder of text print
// ********** for it, and reflection does not reach it, wherever it is kept.
// The value comes out through [Secret.Reveal] alone.
//
// The zero Secret holds nothing. Secrets cannot be compared with ==.
type Secret struct {
	// A func keeps its variables from fmt and reflection, also where the Secret
	// is an unexported field, whose methods fmt does not call.
	reveal func() string
}

// NewSecret returns the Secret with the given value; of the empty string, the
// zero Secret. [GetJWTStrategy] judges whether the value is good enough.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value itself; of the zero Secret, the empty string.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether s holds nothing.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String returns **********, whatever s holds.
func (s Secret) String() string { return redacted }

// Format prints ********** for every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns ********** for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns **********, so that a configuration can be written out.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText makes s the Secret of text, as loaders of configuration do. Its
// one error is [ErrInvalidKey], for **********: that is no secret, but what a
// configuration that was written out and read back has in its place.
func (s *Secret) UnmarshalText(text []byte) error {
	if isRedacted(string(text)) {
		return errRedacted
	}
	*s = NewSecret(string(text))
	return nil
}

func isRedacted(value string) bool { return strings.TrimSpace(value) == redacted }

var errRedacted = invalidKey("the secret is the mark " + redacted + " that stands in for one; read it from where the real one is kept")

func invalidKey(format string, args ...any) *failure {
	return misconfigured(ErrInvalidKey, fmt.Sprintf(format, args...))
}

// newKey checks the secret and the public key and makes of them the key that
// signs and verifies.
func newKey(secret Secret, o *options) (*jws.Key, error) {
	typ := o.tokenType
	if typ == "" {
		typ = defaultTokenType
	}
	switch {
	case o.algorithm.family() == "":
		return nil, nil // already said by WithAlgorithm, and nothing can be said of the keys
	case isRedacted(secret.Reveal()):
		return nil, errRedacted
	case o.algorithm.family() == familyHMAC:
		if err := checkHMAC(secret.Reveal(), o); err != nil {
			return nil, err
		}
		return jws.NewHMAC(string(o.algorithm), typ, []byte(secret.Reveal()))
	default:
		private, public, err := readKeyPair(secret.Reveal(), o)
		if err != nil {
			return nil, err
		}
		return jws.NewKeyPair(string(o.algorithm), typ, private, public)
	}
}

func checkHMAC(secret string, o *options) error {
	var mistakes []error
	if len(o.publicKeys) > 0 {
		mistakes = append(mistakes, invalidKey("WithPublicKey does not go with %s, which verifies with the secret; leave it out, or choose an algorithm of key pairs such as RS256 by WithAlgorithm", o.algorithm))
	}
	return errors.Join(append(mistakes, checkSecret(secret, o)...)...)
}

func checkSecret(secret string, o *options) []error {
	want := o.algorithm.minSecret()
	if secret == "" {
		missing := invalidKey("the secret is empty; %s wants %d random bytes or more, such as openssl rand -base64 %d prints", o.algorithm, want, want)
		missing.matches = append(missing.matches, ErrWeakSecret)
		return []error{missing}
	}
	if format := keyformat.Of(secret); format != "" {
		return []error{invalidKey("the secret is %s, and %s wants %d random bytes or more, which are used as they are; choose the key's own algorithm by WithAlgorithm, or make a secret with openssl rand -base64 %d", format, o.algorithm, want, want)}
	}
	var mistakes []error
	if strings.Trim(secret, "\x00") == "" {
		mistakes = append(mistakes, invalidKey("the secret is all zero bytes; make one with openssl rand -base64 %d", want))
	}
	if len(secret) < want && !o.shortSecret {
		mistakes = append(mistakes, misconfigured(ErrWeakSecret, fmt.Sprintf("the secret has %d bytes, and %s wants %d or more (RFC 7518 §3.2); make one with openssl rand -base64 %d, or allow this one by WithInsecureShortSecret()", len(secret), o.algorithm, want, want)))
	}
	return mistakes
}

// readKeyPair reads the PEM of a private key, where the secret is not zero, and
// of every public key given. The private key is nil for a strategy that only
// reads.
func readKeyPair(secret string, o *options) (private, public any, err error) {
	var mistakes []error
	var signer crypto.Signer
	if secret != "" {
		if signer, err = readPrivateKey(secret, o.algorithm); err != nil {
			mistakes = append(mistakes, err)
		} else {
			private, public = signer, signer.Public()
		}
	} else if len(o.publicKeys) == 0 {
		mistakes = append(mistakes, invalidKey("there is no key; %s wants a private key in PEM as its secret, or to only read tokens a public key by WithPublicKey", o.algorithm))
	}
	for _, text := range o.publicKeys {
		if public, err = readPublicKey(text, o.algorithm); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if len(mistakes) == 0 && signer != nil && !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
		mistakes = append(mistakes, misconfigured(ErrKeyMismatch, "the key of WithPublicKey is not that of the private key; give the one that belongs to it, or leave it out to have it derived"))
	}
	return private, public, errors.Join(mistakes...)
}

func readPrivateKey(text string, alg Algorithm) (crypto.Signer, error) {
	const what, want = "the secret", "an unencrypted private key in PEM"
	block, err := readBlock(what, want, text, alg)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, wrongBlock(what, want, block, alg)
	}
	if err != nil {
		return nil, invalidKey("%s is a PEM block %q that cannot be read as such a key; %s wants %s (PKCS #8, PKCS #1 or SEC 1)", what, block.Type, alg, want)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, wrongType(what, key, alg)
	}
	return signer, checkPublicKey(what, signer.Public(), alg)
}

func readPublicKey(text string, alg Algorithm) (crypto.PublicKey, error) {
	const what, want = "the key of WithPublicKey", "a public key or an X.509 certificate in PEM"
	block, err := readBlock(what, want, text, alg)
	if err != nil {
		return nil, err
	}
	var key any
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	default:
		return nil, wrongBlock(what, want, block, alg)
	}
	if err != nil {
		return nil, invalidKey("%s is a PEM block %q that cannot be read as such a key; %s wants %s (PKIX or PKCS #1)", what, block.Type, alg, want)
	}
	return key, checkPublicKey(what, key, alg)
}

// readBlock returns the one PEM block of text (RFC 7468). The usual tools write
// text before it, and EC PARAMETERS.
func readBlock(what, want, text string, alg Algorithm) (*pem.Block, error) {
	if strings.TrimSpace(text) == "" {
		return nil, invalidKey("%s is empty; %s wants %s", what, alg, want)
	}
	block, rest := pem.Decode([]byte(text))
	blocks := 1
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
		blocks++
	}
	switch {
	case block == nil:
		found := keyformat.Of(text)
		if found == "" {
			found = "not PEM"
		} else if found == keyformat.PEM {
			found = `PEM that cannot be read (are its line ends the two characters \n?)`
		}
		return nil, invalidKey("%s is %s; %s wants %s", what, found, alg, want)
	case strings.Count(text, keyformat.PEMBegin) > blocks:
		return nil, invalidKey("%s holds more than one PEM block; %s wants %s, alone", what, alg, want)
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, invalidKey("%s holds something after its PEM block; %s wants %s, alone", what, alg, want)
	case block.Headers["DEK-Info"] != "": // RFC 1421 §4.6.1.3, as OpenSSL still writes it
		return nil, wrongBlock(what, want, &pem.Block{Type: "ENCRYPTED PRIVATE KEY"}, alg)
	}
	return block, nil
}

// wrongBlock says why a PEM block of this type is of no use.
func wrongBlock(what, want string, block *pem.Block, alg Algorithm) error {
	found := "of an unknown type"
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		found = "with an encrypted private key; decrypt it with openssl pkey"
	case block.Type == "OPENSSH PRIVATE KEY":
		found = "with an OpenSSH private key; convert it with ssh-keygen -p -m PKCS8"
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		found = "with a private key"
	case strings.HasSuffix(block.Type, "PUBLIC KEY"):
		found = "with a public key"
	case block.Type == "CERTIFICATE":
		found = "with a certificate, whose key is a public one"
	}
	return invalidKey("%s is a PEM block %s; %s wants %s", what, found, alg, want)
}

// checkPublicKey checks that a key, or the public half of one, is of the
// algorithm's type and size.
func checkPublicKey(what string, key crypto.PublicKey, alg Algorithm) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if alg.family() == familyRSA {
			return checkRSA(what, key, alg)
		}
	case *ecdsa.PublicKey:
		if alg.family() == familyECDSA {
			return checkECDSA(what, key, alg)
		}
	case ed25519.PublicKey:
		if alg.family() == familyEd25519 {
			return checkEd25519(what, key)
		}
	}
	return wrongType(what, key, alg)
}

func wrongType(what string, key any, alg Algorithm) error {
	found := "of another type"
	switch key.(type) {
	case *rsa.PublicKey:
		found = "RSA"
	case *ecdsa.PublicKey:
		found = "ECDSA"
	case ed25519.PublicKey:
		found = "Ed25519"
	}
	return invalidKey("%s is %s; %s wants a key of type %s", what, found, alg, alg.family())
}

func checkRSA(what string, key *rsa.PublicKey, alg Algorithm) error {
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return invalidKey("%s has %d bits; %s wants an RSA key of %d to %d bits", what, bits, alg, minRSABits, maxRSABits)
	}
	if key.E < minRSAExponent || key.E > maxRSAExponent || key.E%2 == 0 || key.N.Bit(0) == 0 {
		return invalidKey("%s is a broken RSA key: its modulus has to be odd, and its exponent odd and from %d to %d", what, minRSAExponent, maxRSAExponent)
	}
	return nil
}

func checkECDSA(what string, key *ecdsa.PublicKey, alg Algorithm) error {
	if found := key.Curve.Params().Name; found != alg.curve() {
		return invalidKey("%s is on the curve %s; %s wants one on %s", what, found, alg, alg.curve())
	}
	return nil
}

func checkEd25519(what string, key ed25519.PublicKey) error {
	y := bytes.Clone(key)
	y[len(y)-1] &= 0x7f // the sign of x does not matter
	for _, small := range smallOrder {
		if hex.EncodeToString(y) == small {
			return invalidKey("%s is a point of small order, under which anyone can sign; make a new key with openssl genpkey -algorithm ed25519", what)
		}
	}
	return nil
}

// smallOrder lists the y coordinates, little-endian, of the eight points of
// Ed25519 of order 1, 2, 4 and 8, and the two of them that can also be written
// unreduced (RFC 8032 §5.1.3).
var smallOrder = []string{
	"0100000000000000000000000000000000000000000000000000000000000000", // 1, order 1
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // -1, order 2
	"0000000000000000000000000000000000000000000000000000000000000000", // 0, order 4
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 1, written p + 1
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 0, written p
}
