package authstrategy

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// A JWTStrategy is the [Strategy] whose tokens are signed JSON Web Tokens (RFC
// 7519, RFC 7515). Make it with [GetJWTStrategy]: on the zero value WriteToken,
// ReadToken and ReadClaims fail with [ErrInvalidConfig].
//
// It is immutable and safe for concurrent use, and starts nothing that would
// have to be stopped. A pointer to it prints as its algorithm, audience and
// lifetime; its keys are out of reach of fmt and reflection.
type JWTStrategy[U User] struct {
	rules
	key           *jws.Key // nil: not made by GetJWTStrategy
	audienceJSON  []byte   // the audience as it is written
	privateClaims bool     // whether a U can be a ClaimsProvider: asking one that cannot would allocate
}

var _ Strategy[Subject] = (*JWTStrategy[Subject])(nil)

// GetJWTStrategy makes a strategy from a secret and options. By default tokens
// are signed with HS256, valid for an hour and for the audience
// [DefaultAudience].
//
// With HS256, HS384 and HS512 the secret signs and verifies. With the other
// algorithms it is the private key in PEM, and the public key is derived from it
// unless [WithPublicKey] gives it; the zero Secret with WithPublicKey makes a
// strategy that only reads. Both keys are checked here: see [Algorithm] for what
// each algorithm requires.
//
// All mistakes are reported at once, joined as by [errors.Join]. Each matches
// [ErrInvalidConfig], and a mistake in the secret, a key or the algorithm also
// one of [ErrWeakSecret], [ErrInvalidKey], [ErrKeyMismatch] and
// [ErrUnsupportedAlgorithm]. Of an unsupported algorithm's keys nothing is said.
func GetJWTStrategy[U User](secret Secret, opts ...Option) (*JWTStrategy[U], error) {
	o := newOptions(opts)
	key, err := newKey(secret.Reveal(), o)
	if err := errors.Join(append(o.mistakes, err, checkTokenClaims[U]())...); err != nil {
		return nil, err
	}
	s := &JWTStrategy[U]{rules: o.rules, key: key, privateClaims: canProvideClaims[U]()}
	s.audienceJSON, _ = strictjson.Marshal(s.audience) // never fails: the options refuse what is not UTF-8
	return s, nil
}

// Lifetime returns how long the strategy's tokens are valid; 0 means that they
// never expire. In seconds it is what a login response gives as "expires_in"
// (RFC 6749 §5.1).
func (s *JWTStrategy[U]) Lifetime() time.Duration {
	if s == nil {
		return 0
	}
	return s.lifetime
}

// Format prints the algorithm, audience and lifetime, for every verb of fmt.
func (s *JWTStrategy[U]) Format(f fmt.State, _ rune) {
	switch {
	case s == nil || s.key == nil:
		io.WriteString(f, "JWTStrategy(not made by GetJWTStrategy)")
	case s.lifetime == 0:
		fmt.Fprintf(f, "JWTStrategy(%s, audience %q, without expiration)", s.algorithm, s.audience)
	default:
		fmt.Fprintf(f, "JWTStrategy(%s, audience %q, lifetime %v)", s.algorithm, s.audience, s.lifetime)
	}
}

// WriteToken returns a token for the user: a header with alg and typ, and the
// claims sub, aud and exp, then iss, iat and jti if the options ask for them,
// then the private claims of a [ClaimsProvider].
//
// It fails with [ErrNoSigningKey] if the strategy was made with a public key
// alone; with [ErrInvalidSubject] for a nil user, or a subject that is empty or
// not UTF-8; with [ErrInvalidClaims] for private claims that cannot be written,
// or a token that would be longer than [WithMaxTokenSize] allows; and with
// [ErrInvalidConfig] for a nil strategy, a clock outside the years 1970 to 9999,
// or a lifetime that carries exp beyond 9999. The context is not used.
func (s *JWTStrategy[U]) WriteToken(ctx context.Context, user U) (string, error) {
	if s == nil || s.key == nil {
		return "", errNoStrategy
	}
	if !s.key.CanSign() {
		return "", errNoSigningKey
	}
	if isNil(user) {
		return "", fmt.Errorf("%w: the user is nil", ErrInvalidSubject)
	}
	var private []byte
	if s.privateClaims {
		var err error
		if private, err = encodePrivateClaims(tokenClaims(user)); err != nil {
			return "", err
		}
	}
	payload, err := s.encodeClaims(user.TokenSubject(), private)
	if err != nil {
		return "", err
	}
	token, err := s.key.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("authstrategy: signing failed: %w", err)
	}
	if len(token) > s.maxTokenSize {
		return "", fmt.Errorf("%w: the token would have %d bytes, over the limit of %d; write fewer claims, or raise WithMaxTokenSize wherever tokens are written and read", ErrInvalidClaims, len(token), s.maxTokenSize)
	}
	return token, nil
}

// ReadToken checks the token and returns the user that load finds for its
// claims. If the token is refused, the error matches [ErrInvalidToken] and one
// reason. Otherwise it matches [ErrInvalidConfig], for a nil strategy or loader
// or a clock outside the years 1970 to 9999; or [ErrInvalidSubject], if the
// loader returned a user other than the one that the token names; or it wraps
// the loader's own error.
func (s *JWTStrategy[U]) ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error) {
	var none U
	if load == nil {
		return none, errNilLoader
	}
	claims, err := s.ReadClaims(ctx, token)
	if err != nil {
		return none, err
	}
	subject := claims.Subject // the loader may change the claims
	user, err := load(ctx, claims)
	if err != nil {
		return none, callbackError("loader", err)
	}
	if isNil(user) {
		return none, fmt.Errorf("%w: the loader returned a nil user", ErrUserNotFound)
	}
	switch user.TokenSubject() {
	case subject:
		return user, nil
	case "":
		return none, fmt.Errorf("%w: the loader returned a user with an empty subject", ErrUserNotFound)
	default:
		return none, fmt.Errorf("%w: the loader returned a user other than the one that the token names; to map foreign subjects to users of your own, use ReadClaims", ErrInvalidSubject)
	}
}

// ReadClaims checks the token as ReadToken does and returns its claims, without
// looking up a user. It does no I/O, and the context is not used.
func (s *JWTStrategy[U]) ReadClaims(ctx context.Context, token string) (*Claims, error) {
	switch {
	case s == nil || s.key == nil:
		return nil, errNoStrategy
	case token == "":
		return nil, errMissing
	case len(token) > s.maxTokenSize:
		return nil, errTooLarge
	}
	header, payload, refused := s.key.Open(token)
	if refused != nil {
		return nil, refusal(refused)
	}
	claims, err := s.decodeClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := s.check(header, claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// DestroyToken does nothing and returns nil: a JWT is in no database and stays
// valid until it expires. The client forgets it; to refuse it before its time,
// have the [UserLoader] do so.
func (s *JWTStrategy[U]) DestroyToken(ctx context.Context, token string, user U) error { return nil }

// A ClaimsProvider is a [User] that adds private claims (RFC 7519 §4.3) to its
// tokens, such as roles. TokenClaims may be a method of the user's type or of a
// pointer to it. With another signature [GetJWTStrategy] refuses the type; of
// types that it does not see, behind an interface, such a method is not called.
type ClaimsProvider interface {
	// TokenClaims returns a value that encodes to a JSON object, as
	// encoding/json encodes it, except that duplicate names and invalid UTF-8
	// are refused. Its members must not be named iss, sub, aud, exp, nbf, iat or
	// jti; nor should users choose the names, since some readers take Sub for sub.
	// A value that encodes to null, such as nil, adds no claims. Anyone who holds
	// the token can read them.
	TokenClaims() any
}

// Claims is what a successful read has verified.
//
// Only a strategy should make Claims from a token: Claims does not satisfy the
// Claims interface of golang-jwt, and unmarshalling JSON into it always fails. A
// custom strategy, or a test, may build &Claims{Subject: id} for a loader.
type Claims struct {
	Subject  string   // "sub": never empty
	Issuer   string   // "iss"; "": absent
	ID       string   // "jti"; "": absent
	Audience []string // "aud": all of the token's, at least one of the strategy's among them

	// "exp", "nbf" and "iat", in UTC and to the nanosecond; zero: absent.
	ExpiresAt, NotBefore, IssuedAt time.Time

	payload []byte    // the whole object; nil: not read from a token
	one     [1]string // what Audience points to if it is the strategy's single one: saves an allocation
}

// Decode decodes the whole payload, registered and private claims, into the
// value that v points to, as encoding/json does, except that names match
// exactly. Use a struct of your own for typed private claims; it may embed
// golang-jwt's RegisteredClaims, but not Claims, which cannot be decoded into.
// Numbers decoded into an any become float64; declare large integers as int64 or
// json.Number to keep them exact.
//
// The value is set to its zero value first, and again on error, so that nothing
// of an earlier user remains. Every error matches [ErrInvalidClaims].
func (c *Claims) Decode(v any) error {
	pointer := reflect.ValueOf(v)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fmt.Errorf("%w: cannot decode into a %T; pass a non-nil pointer", ErrInvalidClaims, v)
	}
	pointer.Elem().SetZero()
	if c == nil || c.payload == nil {
		return fmt.Errorf("%w: there is nothing to decode, since the claims were not read from a token", ErrInvalidClaims)
	}
	// Decoded from a copy: a type may keep what its UnmarshalJSON is given.
	if err := strictjson.Unmarshal(bytes.Clone(c.payload), v); err != nil {
		pointer.Elem().SetZero()
		return fmt.Errorf("%w: %w", ErrInvalidClaims, err)
	}
	return nil
}

// UnmarshalJSON always fails: nobody has verified claims that come out of JSON.
// Read a token with a strategy instead.
func (c *Claims) UnmarshalJSON([]byte) error {
	return fmt.Errorf("%w: Claims cannot be unmarshalled from JSON; read a token with ReadClaims, and use Decode for a type of your own", ErrInvalidClaims)
}

// canProvideClaims reports whether some value of U, or a pointer to one, is a
// ClaimsProvider.
func canProvideClaims[U any]() bool {
	t, provider := reflect.TypeFor[U](), reflect.TypeFor[ClaimsProvider]()
	return t.Kind() == reflect.Interface || t.Implements(provider) || reflect.PointerTo(t).Implements(provider)
}

// checkTokenClaims finds a method TokenClaims that would never be called, since
// its signature is not that of a ClaimsProvider.
func checkTokenClaims[U any]() error {
	user, provider := reflect.TypeFor[U](), reflect.TypeFor[ClaimsProvider]()
	for _, t := range []reflect.Type{user, reflect.PointerTo(user)} {
		if _, has := t.MethodByName("TokenClaims"); has && !t.Implements(provider) {
			return fmt.Errorf("%w: TokenClaims of %v has another signature than ClaimsProvider requires; declare it as TokenClaims() any, or rename it", ErrInvalidConfig, user)
		}
	}
	return nil
}

// tokenClaims asks the user for private claims, by a pointer to a copy of it
// where the method has a pointer receiver.
func tokenClaims(user any) any {
	if provider, ok := user.(ClaimsProvider); ok {
		return provider.TokenClaims()
	}
	pointer := reflect.New(reflect.TypeOf(user))
	pointer.Elem().Set(reflect.ValueOf(user))
	if provider, ok := pointer.Interface().(ClaimsProvider); ok {
		return provider.TokenClaims()
	}
	return nil
}

// encodePrivateClaims returns the members of the object that v encodes to,
// without its braces.
func encodePrivateClaims(v any) ([]byte, error) {
	object, err := strictjson.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: the user's TokenClaims: %w (duplicate names and invalid UTF-8 are refused, too)", ErrInvalidClaims, err)
	}
	if string(object) == "null" {
		return nil, nil
	}
	registered := ""
	err = strictjson.EachMember(object, func(name []byte, _ strictjson.Value) error {
		switch string(name) {
		case "iss", "sub", "aud", "exp", "nbf", "iat", "jti":
			registered = string(name)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: the user's TokenClaims returned a %T, which is %w; it must encode to a JSON object", ErrInvalidClaims, v, err)
	case registered != "":
		return nil, fmt.Errorf("%w: the user's TokenClaims returned a %T with the registered claim %s, which only the strategy writes; rename it", ErrInvalidClaims, v, registered)
	}
	return object[1 : len(object)-1], nil
}

// encodeClaims returns the payload of a new token. The order of the members is
// that of FastAPI Users.
func (s *JWTStrategy[U]) encodeClaims(subject string, private []byte) ([]byte, error) {
	if subject == "" {
		return nil, fmt.Errorf("%w: the user's TokenSubject is empty", ErrInvalidSubject)
	}
	now, err := s.clock()
	if err != nil {
		return nil, err
	}
	payload := append(make([]byte, 0, 256), `{"sub":`...)
	if payload, err = strictjson.AppendString(payload, subject); err != nil {
		return nil, fmt.Errorf("%w: the user's TokenSubject is %w", ErrInvalidSubject, err)
	}
	payload = append(append(payload, `,"aud":`...), s.audienceJSON...)
	if s.lifetime > 0 {
		expiry := now.Add(s.lifetime).Unix()
		if expiry > maxDate {
			return nil, errFarExpiry
		}
		payload = strconv.AppendInt(append(payload, `,"exp":`...), expiry, 10)
	}
	if s.issuer != "" {
		payload, _ = strictjson.AppendString(append(payload, `,"iss":`...), s.issuer) // never fails, like the audience
	}
	if s.issuedAt {
		payload = strconv.AppendInt(append(payload, `,"iat":`...), now.Unix(), 10)
	}
	if s.tokenID {
		var id [16]byte
		rand.Read(id[:]) // never fails
		payload = base64.RawURLEncoding.AppendEncode(append(payload, `,"jti":"`...), id[:])
		payload = append(payload, '"')
	}
	if len(private) > 0 {
		payload = append(append(payload, ','), private...)
	}
	return append(payload, '}'), nil
}

// maxDate is the last second of the year 9999, the last that every JWT library
// can represent.
const maxDate = 253402300799

// decodeClaims reads the claims of a payload whose signature has been verified.
func (s *JWTStrategy[U]) decodeClaims(payload []byte) (*Claims, error) {
	claims := &Claims{payload: payload}
	err := strictjson.EachMember(payload, func(name []byte, value strictjson.Value) error {
		ok := true
		switch string(name) {
		case "sub":
			claims.Subject, ok = value.Text()
		case "iss":
			claims.Issuer, ok = value.Text()
		case "jti":
			claims.ID, ok = value.Text()
		case "aud":
			claims.Audience, ok = s.decodeAudience(value, claims.one[:0])
		case "exp":
			claims.ExpiresAt, ok = value.Seconds(maxDate)
		case "nbf":
			claims.NotBefore, ok = value.Seconds(maxDate)
		case "iat":
			claims.IssuedAt, ok = value.Seconds(maxDate)
		}
		if !ok {
			return fmt.Errorf("an object whose %s is of the wrong type or out of range", name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: its claims are %w", ErrTokenMalformed, err)
	}
	return claims, nil
}

func (s *JWTStrategy[U]) decodeAudience(value strictjson.Value, buffer []string) ([]string, bool) {
	if string(value) == string(s.audienceJSON) {
		return append(buffer, s.audience...), true // what this strategy wrote needs no decoding
	}
	return value.Texts()
}

// check holds verified claims against the rules, the clock last.
func (r *rules) check(header jws.Header, claims *Claims) error {
	switch {
	case !r.takesType(header):
		return errType
	case r.issuer != "" && claims.Issuer != r.issuer:
		return errIssuer
	case !slices.ContainsFunc(claims.Audience, func(a string) bool { return slices.Contains(r.audience, a) }):
		return errAudience
	case claims.Subject == "":
		return errNoSubject
	case claims.ExpiresAt.IsZero() && r.lifetime > 0:
		return errNoExpiry
	}
	now, err := r.clock()
	if err != nil {
		return err
	}
	switch {
	case !claims.NotBefore.IsZero() && now.Before(claims.NotBefore.Add(-r.leeway)):
		return errNotYet
	case !claims.ExpiresAt.IsZero() && !now.Before(claims.ExpiresAt.Add(r.leeway)):
		return errExpired
	}
	return nil
}

func (r *rules) takesType(header jws.Header) bool {
	if !header.HasType {
		return !r.typeRequired
	}
	return header.Type == r.tokenType || mediaType(header.Type) == mediaType(r.tokenType)
}

// clock tells the time, unless it is one that no token can have.
func (r *rules) clock() (time.Time, error) {
	now := r.now()
	if now.Unix() < 0 || now.Unix() > maxDate {
		return time.Time{}, errClock
	}
	return now, nil
}

// Errors that are always the same. No text here holds a claim's value.
var (
	errNoStrategy   = fmt.Errorf("%w: the JWTStrategy is nil or zero; make it with GetJWTStrategy and check its error", ErrInvalidConfig)
	errNilLoader    = fmt.Errorf("%w: the loader is nil; pass a function that returns the user for the claims", ErrInvalidConfig)
	errClock        = fmt.Errorf("%w: the clock is outside the years 1970 to 9999; correct it (see WithClock)", ErrInvalidConfig)
	errFarExpiry    = fmt.Errorf("%w: the lifetime carries exp beyond the year 9999; shorten WithLifetime, or use WithoutExpiration", ErrInvalidConfig)
	errNoSigningKey = fmt.Errorf("%w: the strategy was made with a public key alone and only reads; pass the private key to GetJWTStrategy as the secret", ErrNoSigningKey)

	errMissing   = fmt.Errorf("%w: no token was given", ErrTokenMissing)
	errTooLarge  = fmt.Errorf("%w: it is longer than WithMaxTokenSize allows (by default 8192 bytes)", ErrTokenTooLarge)
	errSignature = fmt.Errorf("%w: the token was altered, or signed with another key", ErrTokenSignature)
	errType      = fmt.Errorf("%w: its typ is not the strategy's (see WithTokenType)", ErrTokenType)
	errIssuer    = fmt.Errorf("%w: its iss is not the strategy's (see WithIssuer)", ErrTokenIssuer)
	errAudience  = fmt.Errorf("%w: its aud has none of the strategy's audiences (see WithAudience)", ErrTokenAudience)
	errNoSubject = fmt.Errorf("%w: it has no sub, or an empty one", ErrTokenClaimMissing)
	errNoExpiry  = fmt.Errorf("%w: it has no exp, which a strategy with a lifetime requires (see WithoutExpiration)", ErrTokenClaimMissing)
	errNotYet    = fmt.Errorf("%w: now is before its nbf; compare the clocks (see WithLeeway)", ErrTokenNotYetValid)
	errExpired   = fmt.Errorf("%w: its exp has passed; log in again", ErrTokenExpired)
)
