package authstrategy

import (
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// A Secret holds what signs: for HS256, HS384 and HS512 the secret's bytes as
// they are, for the other algorithms a private key in PEM. Its value never
// shows: fmt, log/slog, encoding/json and every encoder of text print **********
// instead, and what looks at the Secret by reflection, as fmt does in unexported
// fields, finds nothing of it. Only [Secret.Reveal] returns it.
//
// The zero Secret holds nothing. Compare Secrets with [Secret.Equal].
type Secret struct {
	// A func keeps its variables from fmt and reflection, even where the Secret
	// is an unexported field, whose methods fmt does not call.
	reveal func() string
}

// NewSecret returns the Secret with the given value, or the zero Secret for the
// empty string. [GetJWTStrategy] decides whether the value is good enough.
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

// Equal reports whether both hold the same value, or both hold nothing. The time
// that it takes tells nothing about the values but their lengths.
//
// go-cmp calls it by itself. Nothing else does: == does not compile, and panics
// for Secrets in interfaces; reflect.DeepEqual, and so testify's Equal, takes two
// Secrets for different unless both are zero.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// redacted is what a Secret shows instead of its value.
const redacted = keys.Redacted

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
	if err := keys.CheckRedacted(string(text)); err != nil {
		return keyMistake(err)
	}
	*s = NewSecret(string(text))
	return nil
}

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

func (a Algorithm) supported() bool { return keys.Supported(string(a)) }

// newKey checks the secret and the public key, and returns the key that signs
// and verifies. It reports all mistakes at once.
func newKey(secret string, o *options) (*jws.Key, error) {
	read := newKeyPair
	if keys.Symmetric(string(o.algorithm)) {
		read = newHMACKey
	}
	key, err := read(secret, o)
	if err != nil {
		return nil, err
	}
	if err := key.SelfTest(); err != nil {
		return nil, fmt.Errorf("%w: Go refuses to use this key: %w; make another one, or run without GODEBUG=fips140=only", ErrInvalidKey, err)
	}
	return key, nil
}

func newHMACKey(secret string, o *options) (*jws.Key, error) {
	alg := string(o.algorithm)
	var mistakes []error
	if o.publicKeyGiven {
		mistakes = append(mistakes, fmt.Errorf("%w: WithPublicKey does not go with %s, which verifies with the secret; omit it, or choose an algorithm for key pairs, such as RS256, with WithAlgorithm", ErrInvalidKey, alg))
	}
	mistakes = append(mistakes, keyMistake(keys.CheckSecret(alg, secret, o.shortSecret)))
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return jws.NewHMAC(alg, []byte(secret))
}

// newKeyPair reads the private key, where the secret is not zero, and the public
// key, where one is given. Without a private key the strategy only reads.
func newKeyPair(secret string, o *options) (*jws.Key, error) {
	alg := string(o.algorithm)
	if secret == "" && !o.publicKeyGiven {
		return nil, fmt.Errorf("%w: there is no key; %s requires a private key in PEM as the secret, or, to only read tokens, a public key with WithPublicKey", ErrInvalidKey, alg)
	}
	var private crypto.Signer
	var public crypto.PublicKey
	var privateErr, publicErr error
	if secret != "" {
		private, privateErr = keys.ParsePrivate(alg, secret)
	}
	if o.publicKeyGiven {
		public, publicErr = keys.ParsePublic(alg, o.publicKey)
	}
	if err := errors.Join(keyMistake(privateErr), keyMistake(publicErr)); err != nil {
		return nil, err
	}
	if public == nil {
		public = private.Public()
	}
	if private != nil && !private.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
		return nil, errMismatch
	}
	return jws.NewKeyPair(alg, private, public)
}

// errWeakAndInvalid is both faults at once: no secret at all, and a short one.
var errWeakAndInvalid = errs.New("authstrategy: invalid key", ErrInvalidKey, ErrWeakSecret)

// keyMistake returns the mistake that a fault of key material is; nil for nil.
func keyMistake(err error) error {
	fault, ok := errors.AsType[*keys.Fault](err)
	if !ok {
		return err
	}
	kind := ErrInvalidKey
	if fault.Weak {
		kind = ErrWeakSecret
	}
	if fault.Weak && fault.Invalid {
		kind = errWeakAndInvalid
	}
	return fmt.Errorf("%w: %w", kind, fault)
}
