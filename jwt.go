package authstrategy

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/cache"
	"github.com/go-authstrategy/authstrategy/internal/claims"
	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keyring"
	"github.com/go-authstrategy/authstrategy/internal/names"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// A JWTStrategy is the [Strategy] whose tokens are signed JSON Web Tokens (RFC
// 7519, RFC 7515). Make it with [GetJWTStrategy]: on the zero value WriteToken,
// ReadToken and ReadClaims fail with [ErrInvalidConfig].
//
// Its keys and options never change. It is safe for concurrent use, and starts
// nothing that would have to be stopped. A pointer to it prints and logs as its
// algorithm, audience and lifetime. Its keys, and the tokens that it remembers, are
// out of reach of fmt, encoders and reflection.
type JWTStrategy[U User] struct {
	tokens     *tokens // nil: not made by GetJWTStrategy
	asksClaims bool    // whether a U can be a ClaimsProvider: asking one that cannot would allocate
}

var _ Strategy[Subject] = (*JWTStrategy[Subject])(nil)

// GetJWTStrategy makes a strategy from a secret and options. By default tokens
// are signed with HS256, valid for an hour and for the audience
// [DefaultAudience].
//
// With HS256, HS384 and HS512 the secret signs and verifies. With the other
// algorithms it is the private key in PEM, and the public key is derived from it
// unless [WithPublicKey] gives it. The zero Secret goes with [WithSigner], which
// signs by a key that is elsewhere; with WithPublicKey alone or [WithKeySource] it
// makes a strategy that only reads. Keys are checked here, and used once, except
// those of a signer or a source: see [Algorithm] for what each algorithm requires.
//
// All mistakes are reported at once, joined as by [errors.Join]. Each matches
// [ErrInvalidConfig], and a mistake in the secret, a key or the algorithm also
// one of [ErrWeakSecret], [ErrInvalidKey], [ErrKeyMismatch] and
// [ErrUnsupportedAlgorithm]. The keys of an unsupported algorithm are not checked.
func GetJWTStrategy[U User](secret Secret, opts ...Option) (*JWTStrategy[U], error) {
	o := newOptions(opts)
	asksClaims, err := claims.CanProvide(reflect.TypeFor[U]())
	if err != nil {
		o.mistake("%w", err)
	}
	tokens, err := newTokens(secret, o)
	if err != nil {
		return nil, err
	}
	return &JWTStrategy[U]{tokens, asksClaims}, nil
}

// Lifetime returns how long the strategy's tokens are valid; 0 means that they
// never expire. In seconds it is what a login response gives as "expires_in"
// (RFC 6749 §5.1). A strategy that only reads returns its own setting, which says
// nothing about the tokens of others.
func (s *JWTStrategy[U]) Lifetime() time.Duration {
	if s == nil || s.tokens == nil {
		return 0
	}
	return s.tokens.lifetime
}

// Format prints the algorithm, audience and lifetime, for every verb of fmt that
// shows a value.
func (s *JWTStrategy[U]) Format(f fmt.State, _ rune) {
	if s == nil || s.tokens == nil {
		io.WriteString(f, "JWTStrategy(not made by GetJWTStrategy)")
		return
	}
	validity := "without expiration"
	if s.tokens.lifetime > 0 {
		validity = fmt.Sprintf("lifetime %v", s.tokens.lifetime)
	}
	fmt.Fprintf(f, "JWTStrategy(%s, audience %q, %s)", s.tokens.algorithm, s.tokens.audience, validity)
}

// LogValue returns for log/slog what Format prints.
func (s *JWTStrategy[U]) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// WriteToken returns a token for the user: a header with alg, typ and, with
// [WithKeyID], kid, and the claims sub, aud and exp, then iss, iat and jti if the
// options ask for them, then the private claims of a [ClaimsProvider].
//
// It fails with [ErrInvalidConfig] for a nil strategy; then with
// [ErrNoSigningKey] if the strategy was made with public keys alone; then with
// [ErrInvalidSubject] for a nil user or an empty subject. After that it fails with
// [ErrInvalidClaims] for private claims that cannot be written, or a token that
// would be longer than [WithMaxTokenSize] allows; with [ErrInvalidSubject] for a
// subject that is not UTF-8; and with [ErrInvalidConfig] for a clock outside the
// years 1970 to 9999, or a lifetime that carries exp beyond 9999. The error of a
// signer of [WithSigner] comes wrapped.
func (s *JWTStrategy[U]) WriteToken(ctx context.Context, user U) (string, error) {
	if s == nil || s.tokens == nil {
		return "", errNoStrategy
	}
	if s.tokens.keys.Signing == nil {
		return "", errNoSigningKey
	}
	if nils.Is(user) {
		return "", errNoUser
	}
	subject := user.TokenSubject()
	if subject == "" {
		return "", errNoID
	}
	var private string
	if s.asksClaims {
		var err error
		if private, err = claims.Private(user); err != nil {
			return "", fmt.Errorf("%w: the user's TokenClaims %w", ErrInvalidClaims, errs.Shield(err, refusals))
		}
	}
	return s.tokens.write(ctx, subject, private)
}

// ReadToken checks the token and returns the user that load finds for its
// claims. If the token is refused, the error matches [ErrInvalidToken] and one
// reason. Otherwise it matches [ErrInvalidConfig], for a nil strategy or loader
// or a clock outside the years 1970 to 9999; or [ErrInvalidSubject], if the
// loader returned a user other than the one that the token names; or it wraps
// the loader's own error, or that of the [KeySource].
func (s *JWTStrategy[U]) ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error) {
	var none U
	if load == nil {
		return none, errNilLoader
	}
	c, err := s.ReadClaims(ctx, token)
	if err != nil {
		return none, err
	}
	subject := c.Subject // the loader may change the claims
	user, err := load(ctx, c)
	if err != nil {
		return none, callbackError("loader", err, ErrUserNotFound, ErrUserRefused)
	}
	if nils.Is(user) {
		return none, errNilUser
	}
	found := user.TokenSubject()
	if found == "" {
		return none, errEmptyUser
	}
	if found != subject {
		return none, errOtherUser
	}
	return user, nil
}

// ReadClaims checks the token as ReadToken does and returns its claims, without
// looking up a user.
func (s *JWTStrategy[U]) ReadClaims(ctx context.Context, token string) (*Claims, error) {
	if s == nil || s.tokens == nil {
		return nil, errNoStrategy
	}
	return s.tokens.read(ctx, token)
}

// PublicKey returns the key that verifies the strategy's tokens, to be published: its
// ID is the kid of [WithKeyID] or [WithThumbprintKeyID], its Algorithm the strategy's.
// It is nil where there is no such key: with HS256, HS384 and HS512, with a
// [KeySource], and for a nil strategy.
func (s *JWTStrategy[U]) PublicKey() *PublicKey {
	if s == nil || s.tokens == nil || s.tokens.keys.Public == nil {
		return nil
	}
	return &PublicKey{s.tokens.keys.ID, s.tokens.algorithm, s.tokens.keys.Public}
}

// DestroyToken does nothing and returns nil: a JWT is in no database and stays
// valid until it expires. The client forgets it; to refuse it before its time,
// have the [UserLoader] do so.
func (s *JWTStrategy[U]) DestroyToken(ctx context.Context, token string, user U) error { return nil }

// A ClaimsProvider is a [User] that adds private claims (RFC 7519 §4.3) to its
// tokens, such as roles. TokenClaims must be a method of the type that
// [GetJWTStrategy] is given: it refuses a type whose TokenClaims has another
// signature, or belongs to a pointer to the type. If the type is an interface, it
// cannot see the types behind it: it reports no wrong TokenClaims there, and
// WriteToken does not call one.
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

	// "exp", "nbf" and "iat", in UTC and to the nanosecond; zero: absent. Most
	// writers, this package among them, round IssuedAt down to a whole second: of
	// two events in the same second it does not tell which came first.
	ExpiresAt, NotBefore, IssuedAt time.Time

	payload string    // the whole object; "": not read from a token
	few     [2]string // what Audience points to if it has no more elements: saves an allocation
}

// TokenSubject returns c.Subject, so that *Claims is a [User]: that of a
// JWTStrategy[*Claims], which reads tokens with [LoadClaims]. Writing one keeps its
// Subject alone; all its other fields are the strategy's to write.
func (c *Claims) TokenSubject() string {
	if c == nil {
		return ""
	}
	return c.Subject
}

// Decode decodes the whole payload, registered and private claims, into the
// value that v points to, as encoding/json does, except that names match
// exactly. Use a struct of your own for typed private claims; it may embed
// golang-jwt's RegisteredClaims, but not Claims, which cannot be decoded into. A
// pointer to an interface that holds a pointer is an error, and is left as it is.
// Numbers decoded into an any become float64; declare large integers as int64 or
// json.Number to keep them exact.
//
// If v then has a method Validate() error, as claims for golang-jwt may have, it
// is called, and its error is an error of Decode, text included.
//
// The value is set to its zero value first, and again on error, so that nothing
// of an earlier user remains. Every error matches [ErrInvalidClaims] and never
// [ErrInvalidToken]; errors.Is and errors.As find the errors of Validate and of
// the value's own UnmarshalJSON in it. A [UserLoader] refuses the token by
// returning such an error with [ErrUserRefused]:
//
//	return nil, fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, err)
func (c *Claims) Decode(v any) error {
	pointer := reflect.ValueOf(v)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fmt.Errorf("%w: cannot decode into a %T; pass a non-nil pointer", ErrInvalidClaims, v)
	}
	target := pointer.Elem()
	if target.Kind() == reflect.Interface && target.Elem().Kind() == reflect.Pointer {
		return fmt.Errorf("%w: cannot decode into a %T that holds a %v; pass what it holds", ErrInvalidClaims, v, target.Elem().Type())
	}
	target.SetZero()
	if c == nil || c.payload == "" {
		return errNoPayload
	}
	// Decoded from a copy: a type may keep what its UnmarshalJSON is given.
	if err := claims.DecodeAll([]byte(c.payload), pointer); err != nil {
		target.SetZero()
		return fmt.Errorf("%w: %w", ErrInvalidClaims, errs.Shield(err, refusals))
	}
	return nil
}

// UnmarshalJSON always fails: nobody has verified claims that come out of JSON.
// Read a token with a strategy instead.
func (c *Claims) UnmarshalJSON([]byte) error { return errFromJSON }

// tokens writes and reads the tokens of a strategy, whatever its users are.
type tokens struct {
	rules
	codec  *jws.Codec
	claims *claims.Codec
	keys   *keyring.Ring
	seen   cache.Cache[verified]
}

// verified is what a token whose signature was verified says. It is the same at every
// read, and is not changed: what is handed out is a copy.
type verified struct {
	jws.Opened
	claims claims.Set
}

// newTokens checks the options and the keys, and reports all mistakes at once.
func newTokens(secret Secret, o *options) (*tokens, error) {
	// WithAlgorithm has reported an algorithm that is not supported, and nothing
	// can be said of its keys.
	if !o.algorithm.supported() {
		return nil, errors.Join(o.mistakes...)
	}
	ring, err := newKeyring(secret.Reveal(), o)
	if err := errors.Join(append(o.mistakes, err)...); err != nil {
		return nil, err
	}
	t := &tokens{rules: o.rules, keys: ring}
	if o.cachedTokens > 0 {
		t.seen = cache.New[verified](o.cachedTokens)
	}
	// These two never fail: the options refuse what is not UTF-8.
	t.codec, _ = jws.NewCodec(string(o.algorithm), o.tokenType, ring.ID)
	t.claims, _ = claims.NewCodec(o.audience, o.audienceClaim)
	return t, t.checkSize()
}

// checkSize finds a limit that no token can meet: its signature alone is longer,
// or for a strategy that writes, with the claims that are in every token.
func (t *tokens) checkSize() error {
	var payload []byte
	if t.keys.Signing != nil {
		set := t.claimsAt(time.Unix(0, 0), "1")
		payload, _ = t.claims.Append(nil, &set, "") // never fails: all of it is UTF-8
	}
	smallest := t.codec.Size(len(payload), t.keys.SignatureSize)
	if smallest > t.maxTokenSize {
		return fmt.Errorf("%w: WithMaxTokenSize(%d) is too small; with %s, this key and these options a token has %d bytes or more", ErrInvalidConfig, t.maxTokenSize, t.algorithm, smallest)
	}
	return nil
}

// write returns a token for the subject with the members of private.
func (t *tokens) write(ctx context.Context, subject, private string) (string, error) {
	now, err := t.clock()
	if err != nil {
		return "", err
	}
	set := t.claimsAt(now, subject)
	if set.ExpiresAt.Unix() > claims.MaxDate {
		return "", errFarExpiry
	}
	payload, err := t.claims.Append(make([]byte, 0, 256), &set, private)
	if err != nil {
		return "", fmt.Errorf("%w: the user's TokenSubject is %w", ErrInvalidSubject, err)
	}
	// Before it is signed: a signature can cost money.
	if size := t.codec.Size(len(payload), t.keys.SignatureSize); size > t.maxTokenSize {
		return "", fmt.Errorf("%w: the token would have %d bytes, over the limit of %d; write fewer claims, or raise WithMaxTokenSize wherever tokens are written and read", ErrInvalidClaims, size, t.maxTokenSize)
	}
	token, err := t.codec.Sign(ctx, t.keys.Signing, payload)
	if err != nil {
		return "", fmt.Errorf("authstrategy: signing failed: %w", errs.Shield(err, refusals))
	}
	return token, nil
}

// claimsAt returns the registered claims of a new token.
func (t *tokens) claimsAt(now time.Time, subject string) claims.Set {
	set := claims.Set{Subject: subject, Issuer: t.issuer}
	if t.lifetime > 0 {
		set.ExpiresAt = now.Add(t.lifetime)
	}
	if t.issuedAt {
		set.IssuedAt = now
	}
	if t.tokenID {
		var id [16]byte
		rand.Read(id[:]) // never fails
		set.ID = base64.RawURLEncoding.EncodeToString(id[:])
	}
	return set
}

// read returns the claims of a token that passes every check.
func (t *tokens) read(ctx context.Context, token string) (*Claims, error) {
	if token == "" {
		return nil, errMissing
	}
	if len(token) > t.maxTokenSize {
		return nil, errTooLarge
	}
	known, err := t.recall(ctx, token)
	if err != nil {
		return nil, err
	}
	if known != nil {
		c, err := t.accept(&known.Value)
		if err == nil {
			t.seen.Use(known)
		}
		return c, err
	}
	var v verified
	if err := t.codec.Open(ctx, token, t.keys.Verifying, &v.Opened); err != nil {
		return nil, openError(err)
	}
	if err := t.claims.Decode(v.Payload, &v.claims); err != nil {
		return nil, fmt.Errorf("%w: its claims are %w", ErrTokenMalformed, err)
	}
	c, err := t.accept(&v)
	if err == nil {
		t.seen.Put(token, &v)
	}
	return c, err
}

// recall returns what an earlier read has verified of these very bytes; nil if
// nothing, or if the key that verified it is no longer one that may have signed it.
func (t *tokens) recall(ctx context.Context, token string) (*cache.Entry[verified], error) {
	known := t.seen.Get(token)
	if known == nil {
		return nil, nil
	}
	if stands, err := known.Value.Stands(ctx, t.keys.Verifying); err != nil || !stands {
		return nil, err
	}
	return known, nil
}

// accept returns the claims if they pass the rules. They belong to the caller. It is
// done at every read, also of a token that was seen before.
func (r *rules) accept(v *verified) (*Claims, error) {
	if err := r.check(v); err != nil {
		return nil, err
	}
	set := &v.claims
	c := &Claims{
		Subject: set.Subject, Issuer: set.Issuer, ID: set.ID,
		ExpiresAt: set.ExpiresAt, NotBefore: set.NotBefore, IssuedAt: set.IssuedAt,
		payload: v.Payload,
	}
	if set.Audience != nil {
		c.Audience = append(c.few[:0], set.Audience...)
	}
	return c, nil
}

// check holds verified claims against the rules, the clock last.
func (r *rules) check(v *verified) error {
	header, set := &v.Header, &v.claims
	if !r.takesType(header) {
		return r.wrongType(header)
	}
	if r.issuer != "" && set.Issuer != r.issuer {
		return r.wrongIssuer(set)
	}
	if !r.takesAudience(set) {
		return r.wrongAudience(set)
	}
	if set.Subject == "" {
		return errNoSubject
	}
	if set.ExpiresAt.IsZero() && r.lifetime > 0 {
		return errNoExpiry
	}
	now, err := r.clock()
	if err != nil {
		return err
	}
	if !set.NotBefore.IsZero() && now.Before(set.NotBefore.Add(-r.leeway)) {
		return errNotYet
	}
	if !set.ExpiresAt.IsZero() && !now.Before(set.ExpiresAt.Add(r.leeway)) {
		return errExpired
	}
	return nil
}

func (r *rules) takesType(header *jws.Header) bool {
	if !header.HasType {
		return !r.typeRequired
	}
	return header.Type == r.tokenType || names.MediaType(header.Type) == names.MediaType(r.tokenType)
}

func (r *rules) takesAudience(set *claims.Set) bool {
	if r.audienceClaim != "" && !set.HasAudience {
		return slices.Contains(r.audience, set.InsteadOfAudience)
	}
	return slices.ContainsFunc(set.Audience, func(a string) bool { return slices.Contains(r.audience, a) })
}

// The texts of these three name what the strategy wants, which is no secret, and
// nothing of the token.

func (r *rules) wrongType(header *jws.Header) error {
	if !header.HasType {
		return fmt.Errorf("%w: it has no typ, and the strategy requires %q (see WithTokenType)", ErrTokenType, r.tokenType)
	}
	return fmt.Errorf("%w: it has another typ than the strategy's, %q (see WithTokenType)", ErrTokenType, r.tokenType)
}

func (r *rules) wrongIssuer(set *claims.Set) error {
	if set.Issuer == "" {
		return fmt.Errorf("%w: it has no iss, and the strategy requires %q; have its writer add it, or omit WithIssuer", ErrTokenIssuer, r.issuer)
	}
	return fmt.Errorf("%w: it has another iss than the strategy's, %q (see WithIssuer)", ErrTokenIssuer, r.issuer)
}

func (r *rules) wrongAudience(set *claims.Set) error {
	if r.audienceClaim != "" && !set.HasAudience {
		return fmt.Errorf("%w: it has no aud, and its claim %q is none of the strategy's audiences, %q (see WithAudienceClaim)", ErrTokenAudience, r.audienceClaim, r.audience)
	}
	if len(set.Audience) == 0 {
		return fmt.Errorf("%w: it has no aud, and the strategy requires one of %q; have its writer add it (in golang-jwt RegisteredClaims.Audience, in PyJWT the claim \"aud\"), and name it in WithAudience; or see WithAudienceClaim", ErrTokenAudience, r.audience)
	}
	return fmt.Errorf("%w: its aud has none of the strategy's audiences, %q (see WithAudience)", ErrTokenAudience, r.audience)
}

// clock tells the time, unless it is one that no token can have.
func (r *rules) clock() (time.Time, error) {
	now := r.now()
	if now.Unix() < 0 || now.Unix() > claims.MaxDate {
		return time.Time{}, errClock
	}
	return now, nil
}
