package authstrategy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// DefaultAudience is the audience of a strategy made without [WithAudience]. It
// is the one of FastAPI Users, so that such a strategy shares tokens with its
// services.
const DefaultAudience = "fastapi-users:auth"

const (
	defaultLifetime = time.Hour
	minLifetime     = time.Second
	minLeeway       = time.Millisecond
	maxLeeway       = 10 * time.Minute

	defaultMaxTokenSize = 8192
	minMaxTokenSize     = 256
	maxMaxTokenSize     = 1 << 20

	defaultTokenType = "JWT"
	maxTokenType     = 256

	maxShownAlgorithm = 8 // bytes of an unknown algorithm that an error shows
)

// An Option changes a default of [GetJWTStrategy]. If an option is given twice,
// the last one applies, and each is validated; but [WithPublicKey] must not be
// given twice, since a reader could take it for two keys.
type Option func(*options)

// WithLifetime sets how long a token is valid after it was written: one second
// or more, by default one hour. The token's "exp" (RFC 7519 §4.1.4) is rounded
// down to a whole second. A strategy with a lifetime refuses tokens without exp;
// it does not limit the lifetime of tokens that others wrote.
func WithLifetime(d time.Duration) Option {
	return func(o *options) {
		o.lifetime, o.lifetimeGiven = d, true
		if d < minLifetime {
			o.mistake("WithLifetime(%v) is too short; it must be %v or more, and a bare number counts nanoseconds (for tokens that never expire, use WithoutExpiration)", d, minLifetime)
		}
	}
}

// WithoutExpiration makes tokens that never expire, and accepts tokens without
// "exp"; an exp that is present is still enforced. A stolen token stays valid
// until the key changes: prefer [WithLifetime]. Combining the two is an error.
func WithoutExpiration() Option {
	return func(o *options) { o.withoutExpiration = true }
}

// WithAudience sets the audiences ("aud", RFC 7519 §4.1.3), by default
// [DefaultAudience] alone. All of them are written into every token, as an
// array. A token is accepted if it has at least one of them; they are compared
// byte for byte. There must be at least one, and each must be non-empty UTF-8
// without white space at its ends.
//
// Audiences keep apart what one key signs: a token for "billing" is refused
// where "admin" is required. Strategies that share a secret and an audience
// accept each other's tokens, unless their algorithm, issuer or type differs.
func WithAudience(audience ...string) Option {
	audience = slices.Clone(audience)
	return func(o *options) {
		o.audience = audience
		if len(audience) == 0 {
			o.mistake("WithAudience() has no audience; name one, or omit the option for the default %q", DefaultAudience)
		}
		for i, a := range audience {
			if fault := faultOf(a); fault != "" {
				o.mistake("WithAudience: audience %d of %d %s; each must be non-empty UTF-8 without white space at its ends", i+1, len(audience), fault)
			}
		}
	}
}

// WithAlgorithm sets the algorithm of the signature, by default [HS256]. It is
// never taken from a token: a token that names another is refused (RFC 8725
// §3.1). An algorithm that is not one of the constants is an
// [ErrUnsupportedAlgorithm].
func WithAlgorithm(alg Algorithm) Option {
	return func(o *options) {
		o.algorithm = alg
		if !alg.supported() {
			found := strconv.Quote(string(alg))
			if len(alg) > maxShownAlgorithm { // a secret in the wrong place?
				found = fmt.Sprintf("a text of %d bytes", len(alg))
			}
			o.mistakes = append(o.mistakes, fmt.Errorf("%w: WithAlgorithm(%s) is not supported; it must be one of %s",
				ErrUnsupportedAlgorithm, found, strings.Join(keys.Algorithms(), ", ")))
		}
	}
}

// WithPublicKey sets the key that verifies, for the RS, PS and ES algorithms and
// EdDSA: a PEM block with a public key (PKIX or PKCS #1) or with an X.509
// certificate, of which only the key is used, whatever its dates, usage and
// chain. By default it is derived from the private key; if both are given, they
// must belong together ([ErrKeyMismatch]).
//
// With the zero [Secret] the strategy only reads tokens. Beware of a secret that
// is empty by accident, such as an unset environment variable: the strategy is
// made all the same, and WriteToken fails with [ErrNoSigningKey].
//
// With HS256, HS384 and HS512 the option is an error, and so is giving it twice.
func WithPublicKey(pem string) Option {
	return func(o *options) {
		if o.publicKeyGiven {
			o.mistake("WithPublicKey is given twice; a strategy verifies with one key: omit the other")
		}
		o.publicKey, o.publicKeyGiven = pem, true
	}
}

// WithIssuer sets the issuer ("iss", RFC 7519 §4.1.1): written into every token
// and then required of every token, byte for byte. It must be non-empty UTF-8
// without white space at its ends. By default none is written, and any issuer, or
// none, is accepted.
func WithIssuer(issuer string) Option {
	return func(o *options) {
		o.issuer = issuer
		if fault := faultOf(issuer); fault != "" {
			o.mistake("WithIssuer: the issuer %s; it must be non-empty UTF-8 without white space at its ends (to accept any issuer, omit the option)", fault)
		}
	}
}

// WithLeeway sets the clock skew tolerated for exp and nbf: 0, the default, or
// from 1 millisecond to 10 minutes.
func WithLeeway(d time.Duration) Option {
	return func(o *options) {
		o.leeway = d
		if d < 0 || d > maxLeeway {
			o.mistake("WithLeeway(%v) is out of range; it must be from 0 to %v", d, maxLeeway)
		}
		if d > 0 && d < minLeeway {
			o.mistake("WithLeeway(%v) is too short to have an effect; it must be 0, or from %v to %v, and a bare number counts nanoseconds", d, minLeeway, maxLeeway)
		}
	}
}

// WithIssuedAt writes into every token when it was issued ("iat", RFC 7519
// §4.1.6), rounded down to a whole second; by default it is not written. Here
// iat is never compared with the clock, but PyJWT, and so FastAPI Users, refuses
// a token whose iat is ahead of its own.
//
// It tells how old a login is. It does not tell whether a token was written before
// or after an event in the same second, such as a change of the password: for
// "log out everywhere" put a version into the token instead, as docs/recipes.md shows.
func WithIssuedAt() Option {
	return func(o *options) { o.issuedAt = true }
}

// WithTokenID writes a unique id into every token ("jti", RFC 7519 §4.1.7): 128
// random bits in base64url, 22 characters; by default there is none. It is not
// required on reading.
func WithTokenID() Option {
	return func(o *options) { o.tokenID = true }
}

// WithTokenType sets the "typ" of the header (RFC 7515 §4.1.9), such as "at+jwt"
// (RFC 9068): written into every token and then required of every token. It is 1
// to 256 bytes of UTF-8 without white space at its ends, compared without regard to
// ASCII case and to one "application/" prefix.
//
// By default JWT is written, and JWT or no typ at all is accepted. Another typ is
// refused, so that a token that the same key signed for another purpose is not
// taken for a session (RFC 8725 §3.11).
func WithTokenType(typ string) Option {
	return func(o *options) {
		fault := faultOf(typ)
		if mediaType(typ) == "" {
			fault = faultOf("")
		}
		if fault != "" {
			o.mistake("WithTokenType: the type %s; it must be non-empty UTF-8 without white space at its ends (for the default %q, omit the option)", fault, defaultTokenType)
			return
		}
		if len(typ) > maxTokenType {
			o.mistake("WithTokenType: the type has %d bytes; it must have at most %d", len(typ), maxTokenType)
			return
		}
		o.tokenType, o.typeRequired = typ, true
	}
}

// WithMaxTokenSize sets how long a token may be, in bytes: 256 to 1048576, by
// default 8192. A longer one is refused ([ErrTokenTooLarge]), and never written
// ([ErrInvalidClaims]). A limit that no token of the strategy can meet is an error.
func WithMaxTokenSize(bytes int) Option {
	return func(o *options) {
		o.maxTokenSize = bytes
		if bytes < minMaxTokenSize || bytes > maxMaxTokenSize {
			o.mistake("WithMaxTokenSize(%d) is out of range; it must be from %d to %d bytes", bytes, minMaxTokenSize, maxMaxTokenSize)
		}
	}
}

// WithClock sets the clock, by default [time.Now]; it is meant for tests. A time
// outside the years 1970 to 9999 makes writing and reading fail with
// [ErrInvalidConfig]: it would bring expired tokens back to life.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.now = now
		if now == nil {
			o.mistake("WithClock(nil) is no clock; pass a function, or omit the option for time.Now")
		}
	}
}

// WithInsecureShortSecret allows an HMAC secret that is shorter than RFC 7518 §3.2
// requires, and then does not count its different bytes ([ErrWeakSecret]). An empty
// secret, zero bytes, a key, and text with a line end or in quotes stay errors. In
// FIPS 140-only mode Go itself requires 14 bytes.
//
// The option is for demonstrations and for secrets that are older than this
// package: anyone who holds one token can brute-force a short secret offline and
// forge tokens. It has no effect with other algorithms.
func WithInsecureShortSecret() Option {
	return func(o *options) { o.shortSecret = true }
}

// options is what the Options of one call add up to.
type options struct {
	rules
	publicKey         string
	publicKeyGiven    bool
	shortSecret       bool
	lifetimeGiven     bool
	withoutExpiration bool
	mistakes          []error
}

// rules is what a strategy writes into its tokens and requires there. It holds
// no key material.
type rules struct {
	algorithm    Algorithm
	audience     []string
	issuer       string        // "": none
	lifetime     time.Duration // 0: no expiration
	leeway       time.Duration
	issuedAt     bool
	tokenID      bool
	tokenType    string
	typeRequired bool // false: a token may also have no typ
	maxTokenSize int
	now          func() time.Time
}

// newOptions applies the options to the defaults and adds the mistakes that lie
// in no single option.
func newOptions(opts []Option) *options {
	o := &options{rules: rules{
		algorithm:    HS256,
		audience:     []string{DefaultAudience},
		lifetime:     defaultLifetime,
		tokenType:    defaultTokenType,
		maxTokenSize: defaultMaxTokenSize,
		now:          time.Now,
	}}
	for i, option := range opts {
		if option == nil {
			o.mistake("option %d of %d is nil; omit it, or use one of the With functions", i+1, len(opts))
			continue
		}
		option(o)
	}
	if o.withoutExpiration {
		o.lifetime = 0
		if o.lifetimeGiven {
			o.mistake("WithLifetime and WithoutExpiration contradict each other; omit one of them")
		}
	}
	return o
}

func (o *options) mistake(format string, args ...any) {
	o.mistakes = append(o.mistakes, fmt.Errorf("%w: "+format, append([]any{ErrInvalidConfig}, args...)...))
}

// faultOf says what is wrong with an audience, issuer or type; "" if nothing is.
// Splitting a list at its commas leaves white space at an end, and copying leaves
// characters that nobody sees.
func faultOf(name string) string {
	if name == "" {
		return "is empty"
	}
	if !utf8.ValidString(name) {
		return "is not UTF-8"
	}
	if strings.TrimFunc(name, isInvisible) != name {
		return "has white space or invisible characters at its ends"
	}
	return ""
}

func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// mediaType brings a typ into the form in which two of them can be compared: in
// lower case (ASCII only: full case folding would take the Kelvin sign for a k),
// and without the "application/" that RFC 7515 §4.1.9 lets one omit.
func mediaType(typ string) string {
	lower := []byte(typ)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + ('a' - 'A')
		}
	}
	return strings.TrimPrefix(string(lower), "application/")
}
