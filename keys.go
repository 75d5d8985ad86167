package authstrategy

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keyformat"
)

// A Secret holds what signs: for HS256, HS384 and HS512 the secret's bytes as
// they are, for the other algorithms a private key in PEM. Its value never
// shows: fmt, log/slog, encoding/json and every encoder of text print **********
// instead, and what looks at the Secret by reflection, as fmt does in unexported
// fields, finds nothing of it. Only [Secret.Reveal] returns it.
//
// The zero Secret holds nothing. Secrets cannot be compared with ==.
type Secret struct {
	// A func keeps its variables from fmt and reflection, even where the Secret
	// is an unexported field, whose methods fmt does not call.
	reveal func() string
}

// NewSecret returns the Secret with the given value, or the zero Secret for the
// empty string. Whether the value is good enough, [GetJWTStrategy] decides.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value, or the empty string for the zero Secret.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether s holds nothing.
func (s Secret) IsZero() bool { return s.reveal == nil }

// redacted is what a Secret shows instead of its value.
const redacted = "**********"

// String returns **********, whatever s holds.
func (s Secret) String() string { return redacted }

// Format prints ********** for every verb of fmt that shows a value.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns ********** for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns **********, so that a configuration can be written out.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText makes s the Secret with the value text, for loaders of
// configuration. It fails with [ErrInvalidKey] for **********, which is what a
// redacted configuration contains instead of the secret.
func (s *Secret) UnmarshalText(text []byte) error {
	if isRedacted(string(text)) {
		return errRedacted
	}
	*s = NewSecret(string(text))
	return nil
}

func isRedacted(value string) bool { return strings.TrimSpace(value) == redacted }

var errRedacted = invalidKey("the secret is the redaction mark %s, not a secret; load the real one", redacted)

// An Algorithm is a signature algorithm, by its name in the header's "alg" (RFC
// 7518 §3.1, RFC 8037 §3.1).
type Algorithm string

// The algorithms, with what each requires of its secret or key.
const (
	HS256 Algorithm = "HS256" // HMAC, SHA-256: 32 bytes or more, the default
	HS384 Algorithm = "HS384" // HMAC, SHA-384: 48 bytes or more
	HS512 Algorithm = "HS512" // HMAC, SHA-512: 64 bytes or more
	RS256 Algorithm = "RS256" // RSA PKCS #1 v1.5, SHA-256: 2048 to 16384 bits
	RS384 Algorithm = "RS384" // RSA PKCS #1 v1.5, SHA-384: 2048 to 16384 bits
	RS512 Algorithm = "RS512" // RSA PKCS #1 v1.5, SHA-512: 2048 to 16384 bits
	PS256 Algorithm = "PS256" // RSA PSS, SHA-256: 2048 to 16384 bits
	PS384 Algorithm = "PS384" // RSA PSS, SHA-384: 2048 to 16384 bits
	PS512 Algorithm = "PS512" // RSA PSS, SHA-512: 2048 to 16384 bits
	ES256 Algorithm = "ES256" // ECDSA, SHA-256: curve P-256
	ES384 Algorithm = "ES384" // ECDSA, SHA-384: curve P-384
	ES512 Algorithm = "ES512" // ECDSA, SHA-512: curve P-521
	EdDSA Algorithm = "EdDSA" // Ed25519
)

// A keyRule is what an algorithm requires of its key.
type keyRule struct {
	family    string // HMAC, RSA, ECDSA or Ed25519
	minSecret int    // HMAC: in bytes, the length of the hash (RFC 7518 §3.2)
	curve     string // ECDSA (RFC 7518 §3.4)
}

var keyRules = map[Algorithm]keyRule{
	HS256: {family: "HMAC", minSecret: 32},
	HS384: {family: "HMAC", minSecret: 48},
	HS512: {family: "HMAC", minSecret: 64},
	RS256: {family: "RSA"},
	RS384: {family: "RSA"},
	RS512: {family: "RSA"},
	PS256: {family: "RSA"},
	PS384: {family: "RSA"},
	PS512: {family: "RSA"},
	ES256: {family: "ECDSA", curve: "P-256"},
	ES384: {family: "ECDSA", curve: "P-384"},
	ES512: {family: "ECDSA", curve: "P-521"},
	EdDSA: {family: "Ed25519"},
}

const algorithmNames = "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"

// Bounds of RSA keys.
const (
	minRSABits     = 2048 // RFC 7518 §3.3, §3.5
	maxRSABits     = 16384
	minRSAExponent = 3
	maxRSAExponent = math.MaxInt32
)

// errEmptySecret is both faults at once: no secret at all, and a short one.
var errEmptySecret = &sentinel{"authstrategy: invalid key", []error{ErrInvalidKey, ErrWeakSecret}}

func invalidKey(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalidKey}, args...)...)
}

// newKey checks the secret and the public keys, and returns the key that signs
// and verifies.
func newKey(secret string, o *options) (*jws.Key, error) {
	alg := o.algorithm
	switch rule, supported := keyRules[alg]; {
	case !supported:
		return nil, nil // WithAlgorithm has said so, and nothing can be said of the keys
	case rule.family == "HMAC":
		if err := checkSecret(secret, o); err != nil {
			return nil, err
		}
		return jws.NewHMAC(string(alg), o.tokenType, []byte(secret))
	default:
		private, public, err := readKeyPair(secret, o)
		if err != nil {
			return nil, err
		}
		return jws.NewKeyPair(string(alg), o.tokenType, private, public)
	}
}

func checkSecret(secret string, o *options) error {
	alg, want := o.algorithm, keyRules[o.algorithm].minSecret
	var mistakes []error
	if len(o.publicKeys) > 0 {
		mistakes = append(mistakes, invalidKey("WithPublicKey does not go with %s, which verifies with the secret; omit it, or choose an algorithm for key pairs, such as RS256, with WithAlgorithm", alg))
	}
	switch format := keyformat.Of(secret); {
	case secret == "":
		mistakes = append(mistakes, fmt.Errorf("%w: the secret is empty; %s requires %d random bytes or more, such as openssl rand -base64 %d prints", errEmptySecret, alg, want, want))
	case isRedacted(secret):
		mistakes = append(mistakes, errRedacted)
	case format != "":
		mistakes = append(mistakes, invalidKey("the secret is %s; %s requires %d random bytes or more, which are used as they are; choose the algorithm of the key with WithAlgorithm, or make a secret with openssl rand -base64 %d", format, alg, want, want))
	case strings.Trim(secret, "\x00") == "":
		mistakes = append(mistakes, invalidKey("the secret is all zero bytes; make one with openssl rand -base64 %d", want))
		fallthrough
	default:
		if size := secretSize(secret); size < want && !o.shortSecret {
			found := fmt.Sprintf("%d bytes", size)
			if size < len(secret) {
				found += ", followed by zero bytes, which do not count"
			}
			mistakes = append(mistakes, fmt.Errorf("%w: the secret has %s; %s requires %d or more (RFC 7518 §3.2); make one with openssl rand -base64 %d, or allow this one with WithInsecureShortSecret", ErrWeakSecret, found, alg, want, want))
		}
	}
	return errors.Join(mistakes...)
}

// secretSize is the length of a secret in bytes, without the zero bytes of a
// buffer that was only partly filled: to HMAC they make no difference (RFC 2104
// §2). A random secret ends in as many once in 2^64.
func secretSize(secret string) int {
	const unlikely = 8
	filled := len(strings.TrimRight(secret, "\x00"))
	if filled == 0 || len(secret)-filled < unlikely {
		return len(secret)
	}
	return filled
}

// readKeyPair reads the PEM of a private key, where the secret is not zero, and
// of every public key given. The private key is nil for a strategy that only
// reads.
func readKeyPair(secret string, o *options) (private crypto.Signer, public crypto.PublicKey, err error) {
	if secret == "" && len(o.publicKeys) == 0 {
		return nil, nil, invalidKey("there is no key; %s requires a private key in PEM as the secret, or, to only read tokens, a public key with WithPublicKey", o.algorithm)
	}
	var mistakes []error
	if secret != "" {
		if private, err = readPrivateKey(secret, o.algorithm); err != nil {
			mistakes = append(mistakes, err)
		} else {
			public = private.Public()
		}
	}
	for _, text := range o.publicKeys {
		if public, err = readPublicKey(text, o.algorithm); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	if len(mistakes) == 0 && private != nil && !private.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
		mistakes = append(mistakes, fmt.Errorf("%w: the key of WithPublicKey does not match the private key; pass the matching one, or omit WithPublicKey to derive it", ErrKeyMismatch))
	}
	return private, public, errors.Join(mistakes...)
}

// A keyText is the PEM of a key, with the words for an error about it.
type keyText struct {
	pem  string
	name string // where it came from
	want string // what is required instead
	alg  Algorithm
}

// invalid says what was found and what is required.
func (k keyText) invalid(found string, args ...any) error {
	return invalidKey("%s %s; %s requires %s", k.name, fmt.Sprintf(found, args...), k.alg, k.want)
}

func readPrivateKey(text string, alg Algorithm) (crypto.Signer, error) {
	if isRedacted(text) {
		return nil, errRedacted
	}
	k := keyText{text, "the secret", "an unencrypted private key in PEM", alg}
	block, err := k.block()
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
		return nil, k.wrongBlock(block.Type)
	}
	if err != nil {
		return nil, k.unreadable(block.Type)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, k.check(nil) // X25519, which signs nothing
	}
	return signer, k.check(signer.Public())
}

func readPublicKey(text string, alg Algorithm) (crypto.PublicKey, error) {
	k := keyText{text, "the key of WithPublicKey", "a public key or an X.509 certificate in PEM", alg}
	block, err := k.block()
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
		return nil, k.wrongBlock(block.Type)
	}
	if err != nil {
		return nil, k.unreadable(block.Type)
	}
	return key, k.check(key)
}

// block returns the one PEM block of the text (RFC 7468). The usual tools write
// text before it, and EC PARAMETERS.
func (k keyText) block() (*pem.Block, error) {
	block, rest := pem.Decode([]byte(k.pem))
	blocks := 1
	if block != nil && block.Type == "EC PARAMETERS" {
		block, rest = pem.Decode(rest)
		blocks++
	}
	format := keyformat.Of(k.pem)
	switch {
	case strings.TrimSpace(k.pem) == "":
		return nil, k.invalid("is empty")
	case block == nil && format == "":
		return nil, k.invalid("is not PEM")
	case block == nil && blocks == 2:
		return nil, k.invalid("holds EC PARAMETERS and no key")
	case block == nil && format == keyformat.PEM:
		return nil, k.invalid(`is PEM that cannot be read (are its line breaks gone, or the two characters \n? is it indented, or in quotes?)`)
	case block == nil:
		return nil, k.invalid("is %s", format)
	case strings.Count(k.pem, keyformat.PEMBegin) > blocks:
		return nil, k.invalid("holds more than one PEM block")
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, k.invalid("holds something after its PEM block")
	case block.Headers["DEK-Info"] != "": // RFC 1421 §4.6.1.3, as OpenSSL still writes it
		return nil, k.wrongBlock("ENCRYPTED PRIVATE KEY")
	}
	return block, nil
}

// unreadable says that the bytes of a PEM block are none of the keys that its
// type stands for. What crypto/x509 says of them could quote them.
func (k keyText) unreadable(blockType string) error {
	return k.invalid("is a PEM block %q that cannot be read: it is damaged, or a key that Go does not support, such as one of RSA-PSS or secp256k1", blockType)
}

// wrongBlock says why a PEM block of this type is of no use.
func (k keyText) wrongBlock(blockType string) error {
	found, hint := "of an unknown type", ""
	switch {
	case blockType == "ENCRYPTED PRIVATE KEY":
		found, hint = "with an encrypted private key", "; decrypt it with openssl pkey -in key.pem -out plain.pem"
	case blockType == "OPENSSH PRIVATE KEY":
		found, hint = "with an OpenSSH private key", "; make a key with openssl genpkey"
	case strings.HasSuffix(blockType, "PRIVATE KEY"):
		found = "with a private key"
	case strings.HasSuffix(blockType, "PUBLIC KEY"):
		found, hint = "with a public key", "; a public key goes into WithPublicKey"
	case blockType == "CERTIFICATE":
		found, hint = "with a certificate, whose key is a public one", "; it goes into WithPublicKey"
	}
	return invalidKey("%s is a PEM block %s; %s requires %s%s", k.name, found, k.alg, k.want, hint)
}

// check checks that a key, or the public half of one, is of the algorithm's type
// and size.
func (k keyText) check(key crypto.PublicKey) (err error) {
	found, rule := "another type", keyRules[k.alg]
	switch key := key.(type) {
	case *rsa.PublicKey:
		found, err = "type RSA", k.checkRSA(key)
	case *ecdsa.PublicKey:
		found, err = "type ECDSA", k.checkECDSA(key, rule.curve)
	case ed25519.PublicKey:
		found, err = "type Ed25519", k.checkEd25519(key)
	}
	if found != "type "+rule.family {
		return invalidKey("%s is of %s; %s requires a key of type %s", k.name, found, k.alg, rule.family)
	}
	return err
}

func (k keyText) checkRSA(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return invalidKey("%s has %d bits; %s requires an RSA key of %d to %d bits", k.name, bits, k.alg, minRSABits, maxRSABits)
	}
	if key.E < minRSAExponent || key.E > maxRSAExponent || key.E%2 == 0 || key.N.Bit(0) == 0 {
		return invalidKey("%s is a broken RSA key: its modulus must be odd, and its exponent odd and from %d to %d", k.name, minRSAExponent, maxRSAExponent)
	}
	return nil
}

func (k keyText) checkECDSA(key *ecdsa.PublicKey, curve string) error {
	if found := key.Curve.Params().Name; found != curve {
		return invalidKey("%s is on the curve %s; %s requires %s", k.name, found, k.alg, curve)
	}
	return nil
}

// checkEd25519 looks at y², where y is the point's coordinate (RFC 8032 §5.1.3).
// It is 0 for order 4, 1 for orders 1 and 2, and one other number for order 8. A
// point is on the curve -x² + y² = 1 + d x² y², d = -121665/121666, if x² is a
// square: x² is 121666 (y² - 1) / (121666 - 121665 y²), and a quotient is a square
// if the product is.
func (k keyText) checkEd25519(key ed25519.PublicKey) error {
	y := bytes.Clone(key)
	slices.Reverse(y) // from little-endian
	y[0] &= 0x7f      // the sign of x does not matter
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	p.Sub(p, big.NewInt(19))
	square := new(big.Int).SetBytes(y)
	square.Mul(square, square).Mod(square, p)
	switch square.Text(16) {
	case "0", "1", order8:
		return invalidKey("%s is a point of small order, under which anyone can sign; make a new key with openssl genpkey -algorithm ed25519", k.name)
	}
	above := new(big.Int).Sub(square, big.NewInt(1))
	above.Mul(above, big.NewInt(121666))
	below := square.Mul(square, big.NewInt(121665))
	below.Sub(big.NewInt(121666), below)
	if big.Jacobi(above.Mul(above, below), p) < 0 {
		return invalidKey("%s is no point of the curve; copy it again, or make a new key with openssl genpkey -algorithm ed25519", k.name)
	}
	return nil
}

// order8 is y² of the four points of order 8, which solves d y⁴ + 2 y² = 1.
const order8 = "76b9125b8bd5b257c2c2ebc2ba609c056bdf9e34b4f0a103ae4791859c155291"
