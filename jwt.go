package authstrategy

import (
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
// 7519, RFC 7515). It is made by [GetJWTStrategy], is immutable and safe for
// concurrent use, and starts nothing that would have to be stopped. It prints
// as its algorithm, audience and lifetime; its keys are out of reach of fmt and
// reflection.
type JWTStrategy[U User] struct {
	rules
	key           *jws.Key // nil: not made by GetJWTStrategy
	audienceJSON  []byte   // the audience as it is written
	issuerJSON    []byte
	privateClaims bool // whether a U can be a ClaimsProvider
}

var _ Strategy[Subject] = (*JWTStrategy[Subject])(nil)

// GetJWTStrategy makes a strategy from a secret and options. By default tokens
// are signed with HS256, valid for an hour and for the audience
// [DefaultAudience].
//
// The secret always signs. Where the algorithm is one of key pairs it is the
// private key, and [WithPublicKey] gives the key that verifies, if it is not to
// be derived.
//
// All mistakes are reported at once, joined as by [errors.Join]. Each matches
// [ErrInvalidConfig], those of the secret and keys also one of [ErrWeakSecret],
// [ErrInvalidKey], [ErrKeyMismatch], and that of an unknown algorithm
// [ErrUnsupportedAlgorithm].
func GetJWTStrategy[U User](secret Secret, opts ...Option) (*JWTStrategy[U], error) {
	o := gather(opts)
	key, err := newKey(secret, o)
	if err := errors.Join(append(o.mistakes, err)...); err != nil {
		return nil, err
	}
	s := &JWTStrategy[U]{rules: o.rules, key: key, privateClaims: canProvideClaims[U]()}
	if s.audienceJSON, err = strictjson.Marshal(s.audience); err != nil {
		return nil, err
	}
	if s.issuerJSON, err = strictjson.AppendString(nil, s.issuer); err != nil {
		return nil, err
	}
	return s, nil
}

// Lifetime returns how long the strategy's tokens are valid; 0: they never
// expire. It is what a login response gives as "expires_in" (RFC 6749 §5.1).
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
// claims sub, aud and exp, then iss, iat and jti where the options ask for
// them, then the private claims of a [ClaimsProvider].
//
// It fails with [ErrNoSigningKey] where the strategy has a public key alone,
// with [ErrInvalidSubject] for a nil user and a subject that is empty or not
// UTF-8, and with [ErrInvalidClaims] for private claims that cannot be written
// and a token that would be longer than [WithMaxTokenSize]; with
// [ErrInvalidConfig] for a clock that is off. The context is not used.
func (s *JWTStrategy[U]) WriteToken(_ context.Context, user U) (string, error) {
	if s == nil || s.key == nil {
		return "", errNoStrategy
	}
	if !s.key.CanSign() {
		return "", unwritten(ErrNoSigningKey, "the strategy was made with a public key alone and only reads; give GetJWTStrategy the private key as its secret")
	}
	if isNil(user) {
		return "", unwritten(ErrInvalidSubject, "the user is nil")
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
		return "", unwritten(ErrInvalidClaims, fmt.Sprintf("the token would have %d bytes, and the limit is %d; write less into it, or raise the limit by WithMaxTokenSize on every side", len(token), s.maxTokenSize))
	}
	return token, nil
}

// ReadToken checks the token and returns the user that load finds for its
// claims. The error matches [ErrInvalidToken] and one reason where the token is
// refused. Otherwise it is [ErrInvalidConfig] (a nil loader, a clock that is
// off), [ErrInvalidSubject] (the loader returned another user than the token
// names) or the loader's own.
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
		return none, hostError("the loader", err)
	}
	if isNil(user) {
		return none, reject(ErrUserNotFound, "the loader returned a nil user")
	}
	switch user.TokenSubject() {
	case subject:
		return user, nil
	case "":
		return none, reject(ErrUserNotFound, "the loader returned a user without a subject")
	default:
		return none, unwritten(ErrInvalidSubject, "the loader returned another user than the token names; to map foreign subjects to users of one's own, use ReadClaims")
	}
}

// ReadClaims checks the token as ReadToken does and returns its claims, without
// looking a user up. It does no I/O; the context is not used.
func (s *JWTStrategy[U]) ReadClaims(_ context.Context, token string) (*Claims, error) {
	if s == nil || s.key == nil {
		return nil, errNoStrategy
	}
	switch {
	case token == "":
		return nil, errMissing
	case len(token) > s.maxTokenSize:
		return nil, errTooLarge
	}
	header, payload, refused := s.key.Open(token)
	if refused != nil {
		return nil, rejectJWS(refused)
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
// valid until it expires. The client forgets it; to refuse it here before its
// time, have the [UserLoader] do so.
func (s *JWTStrategy[U]) DestroyToken(_ context.Context, _ string, _ U) error { return nil }

var (
	errNoStrategy = misconfigured(ErrInvalidConfig, "the JWTStrategy is nil or zero; make it by GetJWTStrategy and check its error")
	errNilLoader  = misconfigured(ErrInvalidConfig, "the loader is nil; give a func that returns the user for the claims")
	errClock      = misconfigured(ErrInvalidConfig, "the clock is outside of the years 1970 to 9999; set it right (see WithClock)")
	errFarExpiry  = misconfigured(ErrInvalidConfig, "the lifetime carries exp beyond the year 9999; make WithLifetime shorter, or use WithoutExpiration")

	errMissing   = reject(ErrTokenMissing, "it is the empty string")
	errTooLarge  = reject(ErrTokenTooLarge, "it is longer than WithMaxTokenSize allows (by default 8192 bytes)")
	errType      = reject(ErrTokenType, "its typ is not that of the strategy (see WithTokenType)")
	errIssuer    = reject(ErrTokenIssuer, "its iss is not that of WithIssuer")
	errAudience  = reject(ErrTokenAudience, "its aud has none of the strategy's audiences (see WithAudience)")
	errNoSubject = reject(ErrTokenClaimMissing, "it has no sub, or an empty one")
	errNoExpiry  = reject(ErrTokenClaimMissing, "it has no exp, which a strategy with a lifetime requires (see WithoutExpiration)")
	errNotYet    = reject(ErrTokenNotYetValid, "now is before its nbf; compare the clocks (see WithLeeway)")
	errExpired   = reject(ErrTokenExpired, "log in again")
)

// A ClaimsProvider is a [User] that adds private claims (RFC 7519 §4.3) to its
// tokens, such as roles. TokenClaims may be a method of the user's type or of a
// pointer to it.
type ClaimsProvider interface {
	// TokenClaims returns a value that encodes to a JSON object, as
	// encoding/json encodes it, except that names that occur twice and invalid
	// UTF-8 are refused. Its members may not be named iss, sub, aud, exp, nbf,
	// iat or jti. A value that encodes to null, such as nil, adds no claims.
	// Everyone who holds the token can read them.
	TokenClaims() any
}

// canProvideClaims reports whether some value of U, or a pointer to one, is a
// ClaimsProvider.
func canProvideClaims[U any]() bool {
	t, provider := reflect.TypeFor[U](), reflect.TypeFor[ClaimsProvider]()
	return t.Kind() == reflect.Interface || t.Implements(provider) || reflect.PointerTo(t).Implements(provider)
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
		return nil, unwritten(ErrInvalidClaims, "TokenClaims of the user: "+err.Error()+" (a name that occurs twice, and text that is not UTF-8, are refused, too)")
	}
	if string(object) == "null" {
		return nil, nil
	}
	err = strictjson.EachMember(object, func(name []byte, _ strictjson.Value) error {
		switch string(name) {
		case "iss", "sub", "aud", "exp", "nbf", "iat", "jti":
			return fmt.Errorf("an object that names the registered claim %s, which only the strategy writes", name)
		}
		return nil
	})
	if err != nil {
		return nil, unwritten(ErrInvalidClaims, fmt.Sprintf("TokenClaims of the user returned %v (a value of the Go type %T); it has to encode to a JSON object of private claims", err, v))
	}
	return object[1 : len(object)-1], nil
}

// encodeClaims returns the payload of a new token. The order of the members is
// that of FastAPI Users.
func (s *JWTStrategy[U]) encodeClaims(subject string, private []byte) ([]byte, error) {
	if subject == "" {
		return nil, unwritten(ErrInvalidSubject, "the user's TokenSubject is empty")
	}
	now, err := s.clock()
	if err != nil {
		return nil, err
	}
	payload := append(make([]byte, 0, 256), `{"sub":`...)
	if payload, err = strictjson.AppendString(payload, subject); err != nil {
		return nil, unwritten(ErrInvalidSubject, "the user's TokenSubject is "+err.Error())
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
		payload = append(append(payload, `,"iss":`...), s.issuerJSON...)
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

// Claims is what a successful read has verified.
//
// It is not meant to be made from a token in any other way: it does not satisfy
// the Claims interface of golang-jwt, and unmarshalling JSON into it always
// fails. A custom strategy, or a test, may build &Claims{Subject: id} for a
// loader.
type Claims struct {
	Subject  string   // "sub": never empty
	Issuer   string   // "iss"; "": absent
	ID       string   // "jti"; "": absent
	Audience []string // "aud": all of the token's, one of the strategy's among them

	// "exp", "nbf" and "iat", in UTC and to the nanosecond; zero: absent.
	ExpiresAt, NotBefore, IssuedAt time.Time

	payload []byte    // the whole object, nil if not read from a token
	one     [1]string // what Audience points to if it is the strategy's one: no allocation of its own
}

// Decode decodes the whole payload, registered and private claims, into what v
// points to, as encoding/json would, except that names match exactly. A type of
// one's own is the way to typed private claims; golang-jwt's RegisteredClaims
// will do, too. Into an any, numbers go as float64: to keep large integers
// exact, declare them int64 or json.Number.
//
// What v points to is set to its zero value first, and again on error. Every
// error matches [ErrInvalidClaims].
func (c *Claims) Decode(v any) error {
	pointer := reflect.ValueOf(v)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return unwritten(ErrInvalidClaims, fmt.Sprintf("cannot decode into %T; give a pointer that is not nil", v))
	}
	pointer.Elem().SetZero()
	if c == nil || c.payload == nil {
		return unwritten(ErrInvalidClaims, "there is nothing to decode: the claims were not read from a token")
	}
	if err := strictjson.Unmarshal(c.payload, v); err != nil {
		pointer.Elem().SetZero()
		return unwritten(ErrInvalidClaims, err.Error())
	}
	return nil
}

// UnmarshalJSON always fails: claims that come out of JSON are verified by no
// one. Read a token with a strategy instead.
func (c *Claims) UnmarshalJSON([]byte) error {
	return unwritten(ErrInvalidClaims, "Claims cannot be unmarshalled, only read from a token; use ReadClaims, and Decode for a type of your own")
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
		return nil, reject(ErrTokenMalformed, "its claims are "+err.Error())
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
	if r.tokenType == "" {
		return !header.HasType || mediaType(header.Type) == mediaType(defaultTokenType)
	}
	return header.HasType && mediaType(header.Type) == mediaType(r.tokenType)
}

// clock tells the time, unless it is one that no token can have.
func (r *rules) clock() (time.Time, error) {
	now := r.now()
	if now.Unix() < 0 || now.Unix() > maxDate {
		return time.Time{}, errClock
	}
	return now, nil
}
