package authstrategy

import (
	"context"
	"crypto"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keyring"
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

const maxShownAlgorithm = 8 // bytes of an unknown algorithm that an error shows

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
// 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
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
	EdDSA Algorithm = "EdDSA" // Ed25519, by its older name

	// Ed25519 is the name of EdDSA on Ed25519 since RFC 9864. A strategy writes the
	// name that it is given. It reads both, so each of the two reads the other's
	// tokens.
	Ed25519 Algorithm = "Ed25519"
)

func (a Algorithm) supported() bool { return keys.Supported(string(a)) }

// unsupported is the mistake of passing the algorithm to a function.
func (a Algorithm) unsupported(function string) error {
	found := strconv.Quote(string(a))
	if len(a) > maxShownAlgorithm { // a secret in the wrong place?
		found = fmt.Sprintf("a text of %d bytes", len(a))
	}
	return fmt.Errorf("%w: %s(%s) is not supported; it must be one of %s",
		ErrUnsupportedAlgorithm, function, found, strings.Join(keys.Algorithms(), ", "))
}

// A PublicKey is a key that verifies, as a [KeySource] returns it. Make it with
// [NewPublicKey], or get it from [JWTStrategy.PublicKey]. It is immutable. The
// methods of a nil or zero PublicKey return zero values.
type PublicKey struct {
	id        string
	algorithm Algorithm
	public    *keyring.Public
}

// NewPublicKey returns the PublicKey with an id, which is the "kid" of the tokens
// that it verifies (RFC 7517 §4.5), an algorithm, and a key: an *rsa.PublicKey,
// an *ecdsa.PublicKey or an ed25519.PublicKey. "" as id means that it has none; ""
// as algorithm means every one that fits the key.
//
// The key is checked as [WithPublicKey] checks it: see [Algorithm]. The errors
// match [ErrInvalidConfig]. A key that is refused, also because it is a private
// one, is an [ErrInvalidKey]. An algorithm that is none of the constants is an
// [ErrUnsupportedAlgorithm]. The id must be UTF-8.
func NewPublicKey(id string, alg Algorithm, key crypto.PublicKey) (*PublicKey, error) {
	var mistakes []error
	if !utf8.ValidString(id) {
		mistakes = append(mistakes, fmt.Errorf("%w: the id of NewPublicKey is not UTF-8, as every kid is; pass another, or \"\" for none", ErrInvalidConfig))
	}
	if alg != "" && !alg.supported() {
		mistakes = append(mistakes, alg.unsupported("NewPublicKey"))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	public, err := keyring.NewPublic(string(alg), key)
	if err != nil {
		return nil, keyMistake(err)
	}
	return &PublicKey{id, alg, public}, nil
}

// ID returns the id; "" if the key has none.
func (k *PublicKey) ID() string { return k.orZero().id }

// Algorithm returns the algorithm; "" if the key is for every one that fits it.
func (k *PublicKey) Algorithm() Algorithm { return k.orZero().algorithm }

// Key returns a copy of the key: an *rsa.PublicKey, an *ecdsa.PublicKey or an
// ed25519.PublicKey.
func (k *PublicKey) Key() crypto.PublicKey {
	if public := k.orZero().public; public != nil {
		return public.Key()
	}
	return nil
}

func (k *PublicKey) orZero() PublicKey {
	if k == nil {
		return PublicKey{}
	}
	return *k
}

// A KeySource finds the keys that verify, for [WithKeySource]: keys that come and
// go, such as those of another issuer. Package jwks has one. It is safe for
// concurrent use.
type KeySource interface {
	// PublicKeys returns the keys that a token with this kid may be signed with; ""
	// stands for a token without kid. The source chooses: the strategy does not
	// compare ids. Nil and zero keys are skipped, as are keys that do not fit the
	// strategy's algorithm; of those that fit there may be at most 16. If none fits,
	// the token is an ErrTokenUnverifiable.
	//
	// An error says nothing about the token: it does not match ErrInvalidToken.
	// errors.Is and errors.As find in it what they found before, except
	// ErrInvalidToken and all its reasons, here ErrUserNotFound and ErrUserRefused
	// too.
	PublicKeys(ctx context.Context, kid string) ([]*PublicKey, error)
}

// maxCandidates is how many keys of a KeySource are tried on one token. Each costs
// a verification that a stranger can cause.
const maxCandidates = 16

// sourceKeys is the key set of a strategy with a KeySource. The source may hold
// credentials, which a func keeps out of reach of reflection.
type sourceKeys struct {
	lookUp func(ctx context.Context, kid string) ([]*PublicKey, error)
	alg    Algorithm
}

// Candidates returns the keys of the source that fit the algorithm.
func (s *sourceKeys) Candidates(ctx context.Context, kid string) ([]*jws.Key, error) {
	found, err := s.lookUp(ctx, kid)
	if err != nil {
		return nil, callbackError("KeySource", err)
	}
	candidates := make([]*jws.Key, 0, 1)
	for _, key := range found {
		if verifier := key.orZero().public.Verifier(string(s.alg)); verifier != nil {
			candidates = append(candidates, verifier)
		}
	}
	if len(candidates) > maxCandidates {
		return nil, fmt.Errorf("authstrategy: the KeySource returned %d keys that fit %s; it must return at most %d for one token: give keys an id, and return those of the kid alone", len(candidates), s.alg, maxCandidates)
	}
	return candidates, nil
}

// newKeyring makes what the strategy signs and verifies with. It reports all
// mistakes at once.
func newKeyring(secret string, o *options) (*keyring.Ring, error) {
	mistakes := o.keyConflicts(secret != "")
	if o.keySourceGiven {
		return keyring.Reading(string(o.algorithm), &sourceKeys{o.lookUp, o.algorithm}), errors.Join(mistakes...)
	}
	ring, faults := keyring.New(string(o.algorithm), secret, o.keys)
	for _, fault := range faults {
		mistakes = append(mistakes, keyMistake(fault))
	}
	return ring, errors.Join(mistakes...)
}

// errWeakAndInvalid is both faults at once: no secret at all, and a short one.
var errWeakAndInvalid = errs.New("authstrategy: invalid key", ErrInvalidKey, ErrWeakSecret)

// keyMistake returns the mistake that a fault of key material is. The internal
// packages return nothing but a *keys.Fault.
func keyMistake(err error) error {
	fault := err.(*keys.Fault)
	kind := ErrInvalidKey
	if fault.Weak {
		kind = ErrWeakSecret
	}
	if fault.Weak && fault.Invalid {
		kind = errWeakAndInvalid
	}
	if fault.Mismatch {
		kind = ErrKeyMismatch
	}
	return fmt.Errorf("%w: %w", kind, fault)
}
