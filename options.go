package authstrategy

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultAudience is the audience of a strategy made without [WithAudience]. It
// is that of FastAPI Users, with whose services such a strategy shares tokens.
const DefaultAudience = "fastapi-users:auth"

const (
	defaultLifetime = time.Hour
	minLifetime     = time.Second
	maxLeeway       = 10 * time.Minute

	defaultMaxTokenSize = 8192
	minMaxTokenSize     = 256
	maxMaxTokenSize     = 1 << 20

	defaultTokenType = "JWT"
	maxTokenType     = 256
)

// An Option changes a default of [GetJWTStrategy]. Of an option given twice the
// last one counts, and every one is checked.
type Option func(*options)

// options is what the Options of one call add up to.
type options struct {
	rules
	publicKeys        []string // every one given; the last counts
	shortSecret       bool
	lifetimeGiven     bool
	withoutExpiration bool
	mistakes          []error
}

// rules is what a strategy writes into its tokens and wants to read there. It
// holds no key material.
type rules struct {
	algorithm    Algorithm
	audience     []string
	issuer       string        // "": none
	lifetime     time.Duration // 0: no expiration
	leeway       time.Duration
	issuedAt     bool
	tokenID      bool
	tokenType    string // "": the default, which need not be there
	maxTokenSize int
	now          func() time.Time
}

// gather applies the options to the defaults and adds the mistakes that lie in
// no single option.
func gather(opts []Option) *options {
	o := &options{rules: rules{
		algorithm:    HS256,
		audience:     []string{DefaultAudience},
		lifetime:     defaultLifetime,
		maxTokenSize: defaultMaxTokenSize,
		now:          time.Now,
	}}
	for i, option := range opts {
		if option == nil {
			o.mistake("option %d of %d is nil; leave it out, or use one of the With functions", i+1, len(opts))
			continue
		}
		option(o)
	}
	if o.withoutExpiration {
		o.lifetime = 0
		if o.lifetimeGiven {
			o.mistake("WithLifetime and WithoutExpiration contradict each other; leave one of them out")
		}
	}
	return o
}

func (o *options) mistake(format string, args ...any) {
	o.mistakes = append(o.mistakes, misconfigured(ErrInvalidConfig, fmt.Sprintf(format, args...)))
}

// WithLifetime sets how long a token is valid after it was written: at least
// one second, by default one hour. The token's "exp" (RFC 7519 §4.1.4) is
// rounded down to a whole second. A strategy with a lifetime refuses tokens
// without exp; it does not compare the lifetime of tokens that others wrote
// with its own.
func WithLifetime(d time.Duration) Option {
	return func(o *options) {
		o.lifetime, o.lifetimeGiven = d, true
		if d < minLifetime {
			o.mistake("WithLifetime(%v) is too short; it has to be %v or more, and for tokens that never expire there is WithoutExpiration()", d, minLifetime)
		}
	}
}

// WithoutExpiration makes tokens that are valid for as long as the key is, and
// reads tokens with and without "exp"; one that is there still counts. Who
// steals such a token keeps it: prefer [WithLifetime], with which this option
// is an error.
func WithoutExpiration() Option {
	return func(o *options) { o.withoutExpiration = true }
}

// WithAudience sets the audiences ("aud", RFC 7519 §4.1.3), by default
// [DefaultAudience] alone. All of them are written into every token, as an
// array; a token is read that has at least one of them. They are compared byte
// for byte. There has to be one, and none may be empty or not UTF-8.
//
// An audience keeps apart what is signed with the same key: a token for
// "billing" is refused where "admin" is wanted. Strategies that share a secret
// and an audience accept each other's tokens.
func WithAudience(audience ...string) Option {
	audience = slices.Clone(audience)
	return func(o *options) {
		o.audience = audience
		if len(audience) == 0 {
			o.mistake("WithAudience() has no audience; name one, or leave it out for the default %q", DefaultAudience)
		}
		for i, a := range audience {
			if a == "" || !utf8.ValidString(a) {
				o.mistake("WithAudience: audience %d of %d is %s; each has to be some UTF-8 text", i+1, len(audience), emptyOrNotUTF8(a))
			}
		}
	}
}

// WithAlgorithm sets the algorithm of the signature, by default [HS256]. It is
// never taken from a token: a token that names another is refused (RFC 8725
// §3.1). An algorithm that is not one of the constants is
// [ErrUnsupportedAlgorithm].
func WithAlgorithm(alg Algorithm) Option {
	return func(o *options) {
		o.algorithm = alg
		if alg.family() == "" {
			o.mistakes = append(o.mistakes, misconfigured(ErrUnsupportedAlgorithm,
				fmt.Sprintf("WithAlgorithm(%.40q) is not an algorithm of this package; it has to be one of %s", string(alg), algorithmNames)))
		}
	}
}

// WithPublicKey sets the key that verifies, where the algorithm is one of key
// pairs (RS, PS, ES, EdDSA): a PEM block with a public key (PKIX or PKCS #1) or
// an X.509 certificate, of which only the key is used; its dates, usage and
// chain are not looked at. By default it is derived from the private key; given
// both, they have to belong together ([ErrKeyMismatch]). With the zero [Secret]
// the strategy only reads tokens. With an HMAC algorithm it is an error.
func WithPublicKey(pem string) Option {
	return func(o *options) { o.publicKeys = append(o.publicKeys, pem) }
}

// WithIssuer sets the issuer ("iss", RFC 7519 §4.1.1): written into every token
// and then required of every token, byte for byte. It may not be empty. By
// default none is written, and any is read.
func WithIssuer(issuer string) Option {
	return func(o *options) {
		o.issuer = issuer
		if issuer == "" || !utf8.ValidString(issuer) {
			o.mistake("WithIssuer: the issuer is %s; it has to be some UTF-8 text, or leave the option out to read any issuer", emptyOrNotUTF8(issuer))
		}
	}
}

// WithLeeway sets by how much the clocks of those who write and who read tokens
// may differ, for exp and nbf: from 0, the default, to 10 minutes.
func WithLeeway(d time.Duration) Option {
	return func(o *options) {
		o.leeway = d
		if d < 0 || d > maxLeeway {
			o.mistake("WithLeeway(%v) is out of range; it has to be 0 to %v", d, maxLeeway)
		}
	}
}

// WithIssuedAt writes into every token when it was issued ("iat", RFC 7519
// §4.1.6), rounded down to a whole second. Reading never compares iat with the
// clock, here; PyJWT, and with it FastAPI Users, refuses a token whose iat is
// ahead of its own clock. A loader can compare [Claims].IssuedAt with the time
// of a "log out everywhere".
func WithIssuedAt() Option {
	return func(o *options) { o.issuedAt = true }
}

// WithTokenID writes an id of its own into every token ("jti", RFC 7519
// §4.1.7): 128 random bits in base64url, 22 characters. It is not required on
// reading.
func WithTokenID() Option {
	return func(o *options) { o.tokenID = true }
}

// WithTokenType sets the "typ" of the header (RFC 7515 §4.1.9), such as "at+jwt"
// (RFC 9068): written into every token and then required of every token. It is
// 1 to 256 bytes of UTF-8, and compared without regard to ASCII case and to one
// prefix "application/".
//
// By default JWT is written; JWT or no typ at all is read, and another refused,
// so that a token that the same key signed for another purpose is not taken for
// a session (RFC 8725 §3.11).
func WithTokenType(typ string) Option {
	return func(o *options) {
		o.tokenType = typ
		switch {
		case mediaType(typ) == "" || !utf8.ValidString(typ):
			o.mistake("WithTokenType: the type is %s; it has to be some UTF-8 text, or leave the option out for the default %q", emptyOrNotUTF8(typ), defaultTokenType)
		case len(typ) > maxTokenType:
			o.mistake("WithTokenType: the type is %d bytes long; it has to be at most %d", len(typ), maxTokenType)
		}
	}
}

// WithMaxTokenSize sets how long a token may be, in bytes: 256 to 1048576, by
// default 8192. A longer one is neither read nor written.
func WithMaxTokenSize(bytes int) Option {
	return func(o *options) {
		o.maxTokenSize = bytes
		if bytes < minMaxTokenSize || bytes > maxMaxTokenSize {
			o.mistake("WithMaxTokenSize(%d) is out of range; it has to be %d to %d bytes", bytes, minMaxTokenSize, maxMaxTokenSize)
		}
	}
}

// WithClock sets what tells the time, by default [time.Now]; it is for tests. A
// time outside of the years 1970 to 9999 makes writing and reading fail with
// [ErrInvalidConfig]: it would bring expired tokens back to life.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.now = now
		if now == nil {
			o.mistake("WithClock(nil): there is no clock; give a func, or leave the option out for time.Now")
		}
	}
}

// WithInsecureShortSecret allows an HMAC secret that is shorter than RFC 7518
// §3.2 demands ([ErrWeakSecret]), though never an empty one. It is for
// demonstrations and for secrets that are older than this package: whoever has
// one token can try out short secrets until one fits, and then write tokens. It
// changes nothing with an algorithm of key pairs.
func WithInsecureShortSecret() Option {
	return func(o *options) { o.shortSecret = true }
}

func emptyOrNotUTF8(text string) string {
	if utf8.ValidString(text) {
		return "empty"
	}
	return "not UTF-8"
}

// mediaType brings a typ to the form in which two of them can be compared: in
// lower case (ASCII only: full case folding would take the Kelvin sign for a
// k), and without the "application/" that RFC 7515 §4.1.9 lets one leave out.
func mediaType(typ string) string {
	const prefix = "application/"
	lower := []byte(typ)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + ('a' - 'A')
		}
	}
	return strings.TrimPrefix(string(lower), prefix)
}
