package authstrategy

import (
	"context"
	"crypto"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-authstrategy/authstrategy/internal/claims"
	"github.com/go-authstrategy/authstrategy/internal/keyring"
	"github.com/go-authstrategy/authstrategy/internal/keys"
	"github.com/go-authstrategy/authstrategy/internal/names"
	"github.com/go-authstrategy/authstrategy/internal/nils"
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

	maxCachedTokens = 1 << 20

	maxName = 256 // bytes of a token's type, a key's id, and the name of a claim
)

// An Option changes a default of [GetJWTStrategy]. If an option is given twice,
// the last one applies, and each is validated; but [WithPublicKey],
// [WithSigner] and [WithKeySource] must not be given twice, since a reader could take
// them for two keys.
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
			if fault := names.Fault(a); fault != "" {
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
			o.mistakes = append(o.mistakes, alg.unsupported("WithAlgorithm"))
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
		o.once(&o.keys.PublicKeyGiven, "WithPublicKey is given twice; a strategy verifies with one key: omit the other")
		o.keys.PublicKey = pem
	}
}

// WithKeyID sets the key's id ("kid", RFC 7515 §4.1.4): 1 to 256 bytes of UTF-8. It
// is written into the header of every token. A token that names another key is an
// [ErrTokenUnverifiable], before any cryptography; ids are compared byte for byte. A
// token without kid, or with an empty one, is judged by its signature alone. By
// default no kid is written, and any kid, or none, is accepted.
func WithKeyID(kid string) Option {
	return func(o *options) {
		o.keys.ID, o.keyIDGiven = kid, true
		if kid == "" {
			o.mistake("WithKeyID: the id is empty; pass 1 to %d bytes of UTF-8, or omit the option for no kid", maxName)
		}
		if len(kid) > maxName {
			o.mistake("WithKeyID: the id has %d bytes; it must have at most %d", len(kid), maxName)
		}
		if !utf8.ValidString(kid) {
			o.mistake("WithKeyID: the id is not UTF-8; pass 1 to %d bytes of UTF-8", maxName)
		}
	}
}

// WithThumbprintKeyID is [WithKeyID] with the thumbprint of the public key as kid
// (RFC 7638, SHA-256, in base64url): an id that each side can compute from the key
// itself. It is an error beside WithKeyID, and with HS256, HS384 and HS512: the hash
// of a secret must not be published.
func WithThumbprintKeyID() Option {
	return func(o *options) { o.keys.ThumbprintID = true }
}

// WithSigner makes signer sign, in place of a private key in PEM: the key may be
// in a KMS, an HSM, a TPM or an agent. Pass the zero [Secret]. The public key is
// the signer's; that of [WithPublicKey], if given, must match it ([ErrKeyMismatch]).
// The algorithms are those of key pairs.
//
// [GetJWTStrategy] asks the signer for its public key alone, and signs nothing. A
// signer with a method
//
//	SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
//
// is called by that, with the context of WriteToken; one that is a
// [crypto.MessageSigner] by SignMessage; any other by Sign. ECDSA signatures are
// ASN.1 DER, as [crypto.Signer] says. For PS256, PS384 and PS512 it is asked for
// a salt as long as the hash; if it fails, for its automatic one, which must then
// have that length. Each signature is verified before it is returned. An error of
// the signer reaches the caller of WriteToken wrapped, and matches no reason of
// [ErrInvalidToken].
func WithSigner(signer crypto.Signer) Option {
	return func(o *options) {
		o.once(&o.signerGiven, "WithSigner is given twice; a strategy signs with one key: omit the other")
		o.keys.Signer = signer
		if nils.Is(signer) {
			o.keys.Signer = nil
			o.mistake("WithSigner(nil) is no signer; pass one, or omit the option and pass the private key as the secret")
		}
	}
}

// WithKeySource makes a strategy that reads with keys that come and go, and never
// writes: those of another issuer, or those that a service of one's own publishes.
// Package jwks has a [KeySource]. Nothing that a token names is fetched, opened or
// used as a key: its kid only chooses among the keys of the source.
//
// Pass the zero [Secret], an algorithm for key pairs with [WithAlgorithm], and
// [WithIssuer]: keys are some issuer's keys (RFC 8725 §3.8). With WithPublicKey,
// WithKeyID, WithThumbprintKeyID or WithSigner it is an error.
func WithKeySource(source KeySource) Option {
	return func(o *options) {
		o.once(&o.keySourceGiven, "WithKeySource is given twice; a strategy has one source: omit the other, or make two strategies and combine them with AnyOf")
		if nils.Is(source) {
			o.mistake("WithKeySource(nil) is no source; check the error of the function that made it")
			return
		}
		o.lookUp = source.PublicKeys
	}
}

// WithAudienceClaim names a claim that stands in for a missing "aud": a token
// without aud is accepted if this claim is a string and one of the strategy's
// audiences. It is "client_id" for Amazon Cognito's access tokens, and "azp" for
// Clerk's. Else the token is an [ErrTokenAudience]. A token with aud is judged by
// its aud alone. [Claims].Audience is empty for a token without aud. By default
// tokens without aud are refused.
//
// The option is for reading the tokens of others: it requires [WithIssuer], and is
// an error with a [Secret] or [WithSigner]. The name is 1 to 256 bytes of UTF-8
// without white space at its ends, and none of the registered iss, sub, aud, exp,
// nbf, iat and jti.
func WithAudienceClaim(name string) Option {
	return func(o *options) {
		o.audienceClaim, o.audienceClaimGiven = name, true
		if fault := names.Fault(name); fault != "" {
			o.mistake("WithAudienceClaim: the name %s; pass that of a claim, such as %q", fault, "client_id")
		}
		if len(name) > maxName {
			o.mistake("WithAudienceClaim: the name has %d bytes; it must have at most %d", len(name), maxName)
		}
		if claims.Registered(name) {
			o.mistake("WithAudienceClaim(%q) names a registered claim, which says something else; pass that of a private claim, such as %q", name, "client_id")
		}
	}
}

// WithIssuer sets the issuer ("iss", RFC 7519 §4.1.1): written into every token
// and then required of every token, byte for byte. It must be non-empty UTF-8
// without white space at its ends. By default none is written, and any issuer, or
// none, is accepted.
func WithIssuer(issuer string) Option {
	return func(o *options) {
		o.issuer, o.issuerGiven = issuer, true
		if fault := names.Fault(issuer); fault != "" {
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
		fault := names.Fault(typ)
		if names.MediaType(typ) == "" {
			fault = names.Fault("")
		}
		if fault != "" {
			o.mistake("WithTokenType: the type %s; it must be non-empty UTF-8 without white space at its ends (for the default %q, omit the option)", fault, defaultTokenType)
			return
		}
		if len(typ) > maxName {
			o.mistake("WithTokenType: the type has %d bytes; it must have at most %d", len(typ), maxName)
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

// WithTokenCache remembers the last so many tokens whose signature has been verified,
// so that reading one of them again costs neither the signature nor the decoding: 1 to
// 1048576. By default none is remembered. Choose twice as many as are in use at a
// time. An entry takes about 250 bytes and twice the length of its token: 640 bytes
// for a token of 200, 1,650 for one of 700. The cache takes 16 bytes for each token
// from the start.
//
// All that can change is judged at every read: nbf and exp by the clock, the user by
// the loader, and with [WithKeySource] whether the source still gives the key. A
// token that the strategy refuses is not remembered; one that the loader refuses may
// be. Each strategy has a cache of its own, and nothing has to be closed. With
// [AnyOf], give a cache to each strategy, and a key id ([WithKeyID]): without ids, the
// strategies that are asked first verify and refuse the tokens of those behind them
// each time.
func WithTokenCache(tokens int) Option {
	return func(o *options) {
		o.cachedTokens = tokens
		if tokens < 1 || tokens > maxCachedTokens {
			o.mistake("WithTokenCache(%d) is out of range; it must be from 1 to %d tokens (for no cache, omit the option)", tokens, maxCachedTokens)
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
	return func(o *options) { o.keys.ShortSecret = true }
}

// options is what the Options of one call add up to.
type options struct {
	rules
	keys              keyring.Options
	lookUp            func(ctx context.Context, kid string) ([]*PublicKey, error) // of the KeySource
	withoutExpiration bool
	cachedTokens      int // 0: no cache

	// Whether the option was given, with whatever value.
	signerGiven, keySourceGiven, keyIDGiven        bool
	lifetimeGiven, issuerGiven, audienceClaimGiven bool

	mistakes []error
}

// rules is what a strategy writes into its tokens and requires there. It holds
// no key material.
type rules struct {
	algorithm     Algorithm
	audience      []string
	audienceClaim string        // "": none
	issuer        string        // "": none
	lifetime      time.Duration // 0: no expiration
	leeway        time.Duration
	issuedAt      bool
	tokenID       bool
	tokenType     string
	typeRequired  bool // false: a token may also have no typ
	maxTokenSize  int
	now           func() time.Time
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

// keyConflicts returns the mistakes that lie in no single option about keys.
func (o *options) keyConflicts(secretGiven bool) []error {
	alg := string(o.algorithm)
	symmetric := keys.Symmetric(alg)
	signs := secretGiven || o.signerGiven
	thumbprint := o.keys.ThumbprintID
	var conflicts []error
	for _, c := range []struct {
		found bool
		text  string
	}{
		{o.keySourceGiven && symmetric, "WithKeySource does not go with " + alg + ", whose keys are secrets; choose the algorithm of the source's keys with WithAlgorithm"},
		{o.keySourceGiven && secretGiven, "WithKeySource does not go with a secret: such a strategy only reads; pass the zero Secret, and write with another strategy"},
		{o.keySourceGiven && o.signerGiven, "WithKeySource does not go with WithSigner: such a strategy only reads; omit one of them"},
		{o.keySourceGiven && o.keys.PublicKeyGiven, "WithKeySource does not go with WithPublicKey: the keys are the source's; omit one of them"},
		{o.keySourceGiven && (o.keyIDGiven || thumbprint), "WithKeySource does not go with WithKeyID and WithThumbprintKeyID: the ids are the source's; omit them"},
		{o.keySourceGiven && !o.issuerGiven, "WithKeySource requires WithIssuer: keys are some issuer's keys (RFC 8725 §3.8); name it"},
		{o.signerGiven && symmetric, "WithSigner does not go with " + alg + ", which signs with a secret; choose the algorithm of the signer's key with WithAlgorithm"},
		{o.signerGiven && secretGiven, "WithSigner does not go with a secret: one of them signs; pass the zero Secret"},
		{thumbprint && symmetric, "WithThumbprintKeyID does not go with " + alg + ": the hash of a secret must not be published; use WithKeyID"},
		{thumbprint && o.keyIDGiven, "WithThumbprintKeyID does not go with WithKeyID; omit one of them"},
		{o.audienceClaimGiven && !o.issuerGiven, "WithAudienceClaim requires WithIssuer: name the issuer whose tokens have no aud"},
		{o.audienceClaimGiven && signs, "WithAudienceClaim does not go with a secret or a signer: it is for reading the tokens of others; pass the zero Secret, with WithPublicKey or WithKeySource"},
	} {
		if c.found {
			conflicts = append(conflicts, fmt.Errorf("%w: %s", ErrInvalidConfig, c.text))
		}
	}
	return conflicts
}

// once notes that an option is given that must not be given twice.
func (o *options) once(given *bool, twice string) {
	if *given {
		o.mistake("%s", twice)
	}
	*given = true
}

func (o *options) mistake(format string, args ...any) {
	o.mistakes = append(o.mistakes, fmt.Errorf("%w: "+format, append([]any{ErrInvalidConfig}, args...)...))
}
