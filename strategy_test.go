package authstrategy_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// What the tests share: a secret, a moment, a user, and a forger's tools.

const (
	testSecret = "authstrategy test secret, not for production"
	testID     = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	testHeader = `{"alg":"HS256","typ":"JWT"}`
	testClaims = `{"sub":"` + testID + `","aud":["fastapi-users:auth"],"exp":1893459600}`
)

var (
	ctx      = context.Background()
	testTime = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) // one hour before the exp of testClaims
)

func at(now time.Time) authstrategy.Option {
	return authstrategy.WithClock(func() time.Time { return now })
}

// newStrategy makes a strategy at testTime, unless opts say otherwise.
func newStrategy(t testing.TB, secret string, opts ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	opts = append([]authstrategy.Option{at(testTime)}, opts...)
	s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(secret), opts...)
	require.NoError(t, err)
	return s
}

func loadSubject(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
	return authstrategy.Subject(claims.Subject), nil
}

func file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(data)
}

func encode(segment string) string { return base64.RawURLEncoding.EncodeToString([]byte(segment)) }

// sign makes a token of any header and claims with the right signature.
func sign(header, claims string) string {
	input := encode(header) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(input))
	return input + "." + encode(string(mac.Sum(nil)))
}

// reasons are all the reasons to refuse a token, with golang-jwt's errors of
// the same meaning.
var reasons = map[error][]error{
	authstrategy.ErrTokenMissing:      {},
	authstrategy.ErrTokenTooLarge:     {},
	authstrategy.ErrTokenMalformed:    {jwt.ErrTokenMalformed},
	authstrategy.ErrTokenUnverifiable: {jwt.ErrTokenUnverifiable},
	authstrategy.ErrTokenSignature:    {jwt.ErrTokenSignatureInvalid},
	authstrategy.ErrTokenType:         {},
	authstrategy.ErrTokenIssuer:       {jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidClaims},
	authstrategy.ErrTokenAudience:     {jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidClaims},
	authstrategy.ErrTokenClaimMissing: {jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidClaims},
	authstrategy.ErrTokenNotYetValid:  {jwt.ErrTokenNotValidYet, jwt.ErrTokenInvalidClaims},
	authstrategy.ErrTokenExpired:      {jwt.ErrTokenExpired, jwt.ErrTokenInvalidClaims},
	authstrategy.ErrUserNotFound:      {},
	authstrategy.ErrUserRefused:       {},
}

var golangJWTErrors = []error{
	jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing,
	jwt.ErrTokenInvalidAudience, jwt.ErrTokenExpired, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidIssuer,
	jwt.ErrTokenInvalidSubject, jwt.ErrTokenNotValidYet, jwt.ErrTokenInvalidId, jwt.ErrTokenInvalidClaims,
}

// assertRefused asserts that err refuses a token for the one reason, and says so
// in golang-jwt's terms, too.
func assertRefused(t testing.TB, err, reason error) {
	t.Helper()
	require.Error(t, err)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidConfig)
	for r := range reasons {
		assert.Equal(t, r == reason, errors.Is(err, r), "%v: matches %v", err, r)
	}
	for _, e := range golangJWTErrors {
		assert.Equal(t, slices.Contains(reasons[reason], e), errors.Is(err, e), "%v: matches golang-jwt's %v", err, e)
	}
	assert.True(t, strings.HasPrefix(err.Error(), "authstrategy: "), err.Error())
}

// requireOneReason requires that err refuses a token for one reason, whichever
// it is.
func requireOneReason(t testing.TB, err error) {
	t.Helper()
	require.ErrorIs(t, err, authstrategy.ErrInvalidToken)
	count := 0
	for reason := range reasons {
		if errors.Is(err, reason) {
			count++
		}
	}
	require.Equal(t, 1, count, "%v matches %d reasons", err, count)
}

// assertNoRefusal asserts that err is an error of the given kind that says
// nothing against the token.
func assertNoRefusal(t testing.TB, err, kind error) {
	t.Helper()
	assert.ErrorIs(t, err, kind)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	for r := range reasons {
		assert.NotErrorIs(t, err, r)
	}
	if err != nil {
		assert.True(t, strings.HasPrefix(err.Error(), "authstrategy: "), err.Error())
	}
}

// Every algorithm writes what it reads, and a strategy with the public key alone
// reads it too, and cannot write.
func TestEveryAlgorithm(t *testing.T) {
	long := strings.Repeat(testSecret, 2)
	for _, tt := range []struct {
		alg             authstrategy.Algorithm
		secret, private string
		public          string
	}{
		{alg: authstrategy.HS256, secret: long},
		{alg: authstrategy.HS384, secret: long},
		{alg: authstrategy.HS512, secret: long},
		{alg: authstrategy.RS256, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.RS384, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.RS512, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.PS256, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.PS384, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.PS512, private: "rsa.pem", public: "rsa.pub.pem"},
		{alg: authstrategy.ES256, private: "p256.pem", public: "p256.pub.pem"},
		{alg: authstrategy.ES384, private: "p384.pem", public: "p384.pub.pem"},
		{alg: authstrategy.ES512, private: "p521.pem", public: "p521.pub.pem"},
		{alg: authstrategy.EdDSA, private: "ed25519.pem", public: "ed25519.pub.pem"},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			secret := tt.secret
			if tt.private != "" {
				secret = file(t, "keys/"+tt.private)
			}
			writer := newStrategy(t, secret, authstrategy.WithAlgorithm(tt.alg))
			token, err := writer.WriteToken(ctx, testID)
			require.NoError(t, err)
			header, _, _ := strings.Cut(token, ".")
			assert.Equal(t, encode(fmt.Sprintf(`{"alg":"%s","typ":"JWT"}`, tt.alg)), header)
			user, err := writer.ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			assert.Equal(t, authstrategy.Subject(testID), user)

			if tt.public == "" {
				return
			}
			reader := newStrategy(t, "", authstrategy.WithAlgorithm(tt.alg), authstrategy.WithPublicKey(file(t, "keys/"+tt.public)))
			user, err = reader.ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			assert.Equal(t, authstrategy.Subject(testID), user)
			none, err := reader.WriteToken(ctx, testID)
			assertNoRefusal(t, err, authstrategy.ErrNoSigningKey)
			assert.Empty(t, none)
		})
	}
}

// The tokens of a FastAPI Users service are read, and written byte for byte.
func TestFastAPIUsers(t *testing.T) {
	printable := ""
	for c := ' '; c <= '~'; c++ {
		printable += string(c)
	}
	for _, tt := range []struct {
		golden string
		id     string
		opts   []authstrategy.Option
	}{
		{golden: "fastapi-users-hs256.jwt", id: testID},
		{golden: "fastapi-users-hs256-printable.jwt", id: printable},
		{golden: "fastapi-users-hs256-no-exp.jwt", id: testID, opts: []authstrategy.Option{authstrategy.WithoutExpiration()}},
	} {
		t.Run(tt.golden, func(t *testing.T) {
			golden := strings.TrimSuffix(file(t, "golden/"+tt.golden), "\n")
			s := newStrategy(t, testSecret, tt.opts...)
			user, err := s.ReadToken(ctx, golden, loadSubject)
			require.NoError(t, err)
			assert.Equal(t, authstrategy.Subject(tt.id), user)
			token, err := s.WriteToken(ctx, authstrategy.Subject(tt.id))
			require.NoError(t, err)
			assert.Equal(t, golden, token)
		})
	}
}

// A token that has every fault from one check on is refused for the first: the
// order of the checks is part of what a reason says.
func TestFirstReasonWins(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithIssuer("me"), authstrategy.WithMaxTokenSize(512))
	refuse := func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) {
		return "", authstrategy.ErrUserRefused
	}
	const badHeader = `{"alg":"HS256","typ":"other"}`
	for _, tt := range []struct {
		name   string
		token  string
		reason error
	}{
		{"empty", "", authstrategy.ErrTokenMissing},
		{"too large, no segments", strings.Repeat("!", 513), authstrategy.ErrTokenTooLarge},
		{"largest, no segments", strings.Repeat("!", 512), authstrategy.ErrTokenMalformed},
		{"header no object, no alg", encode(`[]`) + ".e30.AAAA", authstrategy.ErrTokenMalformed},
		{"claims no base64url, other alg", encode(`{"alg":"none"}`) + ".e31.AAAA", authstrategy.ErrTokenMalformed},
		{"signature no base64url, other alg", encode(`{"alg":"none"}`) + ".e30.AAAB=", authstrategy.ErrTokenMalformed},
		{"other alg, no signature", encode(`{"alg":"none"}`) + "." + encode("no JSON") + ".AAAA", authstrategy.ErrTokenUnverifiable},
		{"no signature, claims no JSON", encode(badHeader) + "." + encode("no JSON") + ".AAAA", authstrategy.ErrTokenSignature},
		{"claims no JSON, other type", sign(badHeader, `no JSON`), authstrategy.ErrTokenMalformed},
		{"exp no date, other type", sign(badHeader, `{"exp":"1"}`), authstrategy.ErrTokenMalformed},
		{"other type, other issuer", sign(badHeader, `{"iss":"you","exp":1}`), authstrategy.ErrTokenType},
		{"other issuer, other audience", sign(testHeader, `{"iss":"you","aud":"you","exp":1}`), authstrategy.ErrTokenIssuer},
		{"other audience, no subject", sign(testHeader, `{"iss":"me","aud":"you","exp":1}`), authstrategy.ErrTokenAudience},
		{"no subject, not yet valid", sign(testHeader, `{"iss":"me","aud":"fastapi-users:auth","exp":1,"nbf":253402300799}`), authstrategy.ErrTokenClaimMissing},
		{"not yet valid, expired", sign(testHeader, `{"iss":"me","aud":"fastapi-users:auth","sub":"1","exp":1,"nbf":253402300799}`), authstrategy.ErrTokenNotYetValid},
		{"expired, refused", sign(testHeader, `{"iss":"me","aud":"fastapi-users:auth","sub":"1","exp":1}`), authstrategy.ErrTokenExpired},
		{"refused", sign(testHeader, `{"iss":"me","aud":"fastapi-users:auth","sub":"1","exp":253402300799}`), authstrategy.ErrUserRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			user, err := s.ReadToken(ctx, tt.token, refuse)
			assertRefused(t, err, tt.reason)
			assert.Zero(t, user)
		})
	}
}

// An account is a user by pointer, as most are; a member is one by map.
type account struct{ ID string }

func (a *account) TokenSubject() string {
	if a == nil {
		return testID // a method that bears a nil receiver makes no user of it
	}
	return a.ID
}

type list []string

func (l list) TokenSubject() string { return testID }

type function func() string

func (f function) TokenSubject() string { return testID }

type member map[string]string

func (m member) TokenSubject() string { return m["id"] }

// What a loader returns decides who gets in.
func TestLoader(t *testing.T) {
	down := errors.New("the database is down")
	user := &account{ID: testID}
	for _, tt := range []struct {
		name    string
		user    authstrategy.User
		err     error
		reason  error // of a refusal
		failure error // of what is none
	}{
		{name: "user", user: user},
		{name: "no user", reason: authstrategy.ErrUserNotFound},
		{name: "nil pointer", user: (*account)(nil), reason: authstrategy.ErrUserNotFound},
		{name: "nil map", user: member(nil), reason: authstrategy.ErrUserNotFound},
		{name: "nil slice", user: list(nil), reason: authstrategy.ErrUserNotFound},
		{name: "nil func", user: function(nil), reason: authstrategy.ErrUserNotFound},
		{name: "empty subject", user: &account{}, reason: authstrategy.ErrUserNotFound},
		{name: "other user", user: &account{ID: "other"}, failure: authstrategy.ErrInvalidSubject},
		{name: "not found", err: authstrategy.ErrUserNotFound, reason: authstrategy.ErrUserNotFound},
		{name: "not found, with a user", user: user, err: authstrategy.ErrUserNotFound, reason: authstrategy.ErrUserNotFound},
		{name: "not found, wrapped", err: fmt.Errorf("users: %w", authstrategy.ErrUserNotFound), reason: authstrategy.ErrUserNotFound},
		{name: "refused", err: authstrategy.ErrUserRefused, reason: authstrategy.ErrUserRefused},
		{name: "refused, joined", err: errors.Join(down, authstrategy.ErrUserRefused), reason: authstrategy.ErrUserRefused},
		{name: "not found and refused", err: errors.Join(authstrategy.ErrUserRefused, authstrategy.ErrUserNotFound), reason: authstrategy.ErrUserNotFound},
		{name: "down", err: down, failure: down},
		{name: "down, with a user", user: user, err: down, failure: down},
		{name: "cancelled", err: context.Canceled, failure: context.Canceled},
		{name: "unverifiable, which only a factory may say", err: errors.Join(down, authstrategy.ErrTokenUnverifiable), failure: down},
		{name: "upstream token expired", err: errors.Join(down, authstrategy.ErrTokenExpired, authstrategy.ErrInvalidToken), failure: down},
	} {
		t.Run(tt.name, func(t *testing.T) {
			load := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.User, error) {
				assert.Equal(t, testID, claims.Subject)
				return tt.user, tt.err
			}
			s, err := authstrategy.GetJWTStrategy[authstrategy.User](authstrategy.NewSecret(testSecret), at(testTime))
			require.NoError(t, err)
			got, err := s.ReadToken(ctx, sign(testHeader, testClaims), load)
			switch {
			case tt.reason != nil:
				assertRefused(t, err, tt.reason)
			case tt.failure != nil:
				assertNoRefusal(t, err, tt.failure)
			default:
				require.NoError(t, err)
				assert.Same(t, tt.user, got)
				return
			}
			assert.Nil(t, got)
		})
	}
}

// Users of concrete types are found nil as well.
func TestLoaderNilUser(t *testing.T) {
	token := sign(testHeader, testClaims)
	pointers, err := authstrategy.GetJWTStrategy[*account](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	_, err = pointers.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (*account, error) { return nil, nil })
	assertRefused(t, err, authstrategy.ErrUserNotFound)
	_, err = pointers.WriteToken(ctx, nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)

	maps, err := authstrategy.GetJWTStrategy[member](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	_, err = maps.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (member, error) { return nil, nil })
	assertRefused(t, err, authstrategy.ErrUserNotFound)
	_, err = maps.WriteToken(ctx, nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)

	interfaces, err := authstrategy.GetJWTStrategy[authstrategy.User](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	for _, user := range []authstrategy.User{nil, (*account)(nil), member(nil)} {
		_, err = interfaces.WriteToken(ctx, user)
		assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)
	}
}

// A loader cannot change which user the token is held to be for.
func TestLoaderChangesClaims(t *testing.T) {
	s := newStrategy(t, testSecret)
	user, err := s.ReadToken(ctx, sign(testHeader, testClaims), func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		claims.Subject = "admin"
		claims.Audience[0] = "changed"
		return "admin", nil
	})
	assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)
	assert.Empty(t, user)
	for _, claims := range []string{testClaims, " " + testClaims} { // by sight, and decoded
		first, err := s.ReadClaims(ctx, sign(testHeader, claims))
		require.NoError(t, err)
		first.Audience[0] = "changed"
		second, err := s.ReadClaims(ctx, sign(testHeader, claims))
		require.NoError(t, err, "the strategy's own audience was changed")
		assert.Equal(t, []string{authstrategy.DefaultAudience}, second.Audience)
	}
}

// A loader's error is found by errors.Is and errors.As through the wrapping, and
// its text is there.
func TestLoaderErrorIsKept(t *testing.T) {
	for _, refusal := range []error{nil, authstrategy.ErrUserRefused} {
		cause := &os.PathError{Op: "open", Path: "users.db", Err: os.ErrNotExist}
		_, err := newStrategy(t, testSecret).ReadToken(ctx, sign(testHeader, testClaims),
			func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) {
				return "", errors.Join(refusal, cause)
			})
		var found *os.PathError
		assert.ErrorAs(t, err, &found)
		assert.Same(t, cause, found)
		assert.ErrorIs(t, err, os.ErrNotExist)
		assert.Contains(t, err.Error(), "users.db")
		assert.Equal(t, refusal != nil, errors.Is(err, authstrategy.ErrInvalidToken))
	}
}

type uncomparable []string

func (uncomparable) Error() string { return "uncomparable" }

// Nor does errors.As find a reason that does not refuse.
func TestLoaderErrorHidesReasons(t *testing.T) {
	_, err := newStrategy(t, testSecret).ReadToken(ctx, sign(testHeader, testClaims),
		func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) {
			return "", authstrategy.ErrTokenExpired
		})
	assertNoRefusal(t, err, err)
	var several interface {
		error
		Unwrap() []error
	}
	assert.False(t, errors.As(err, &several), "%v", several)
	assert.Nil(t, several)
}

// errors.Is may be asked for anything.
func TestLoaderErrorUncomparable(t *testing.T) {
	for _, loader := range []error{uncomparable{"x"}, errors.Join(uncomparable{"x"}, authstrategy.ErrTokenExpired), errors.Join(uncomparable{"x"}, authstrategy.ErrUserRefused)} {
		err := loaderError(t, loader)
		assert.NotPanics(t, func() {
			assert.False(t, errors.Is(err, uncomparable{"x"}))
			var found uncomparable
			assert.True(t, errors.As(err, &found))
		})
	}
}

// loaderError is what ReadToken makes of a loader's error.
func loaderError(t *testing.T, loader error) error {
	t.Helper()
	_, err := newStrategy(t, testSecret).ReadToken(ctx, sign(testHeader, testClaims),
		func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) { return "", loader })
	return err
}

// A loader's error that holds no reason of this package is wrapped plainly: an
// error reporter gets to it with errors.Unwrap.
func TestLoaderErrorIsUnwrapped(t *testing.T) {
	cause := errors.New("down")
	loader := fmt.Errorf("users: %w", cause)
	err := loaderError(t, loader)
	assert.EqualError(t, err, "authstrategy: the loader failed: users: down")
	assert.Same(t, loader, errors.Unwrap(err))
	assert.Same(t, cause, errors.Unwrap(errors.Unwrap(err)))

	// In one that holds a reason, errors.Unwrap does not get to the reason.
	for e := loaderError(t, fmt.Errorf("upstream: %w", authstrategy.ErrTokenExpired)); e != nil; e = errors.Unwrap(e) {
		assert.NotErrorIs(t, e, authstrategy.ErrTokenExpired)
	}
}

// claimant says that it is an error of this package, without holding it.
type claimant struct{ error }

func (claimant) Is(target error) bool { return target == authstrategy.ErrTokenExpired }

// What errors.Is finds by a method is no reason, either.
func TestLoaderErrorWithItsOwnIs(t *testing.T) {
	down := errors.New("down")
	err := loaderError(t, errors.Join(claimant{down}, down))
	assertNoRefusal(t, err, down)
}

// No reason in a loader's error refuses but the two that are its own.
func TestLoaderGivesOtherReasons(t *testing.T) {
	exported := exportedNames(t)
	count := 0
	for name := range exported {
		if strings.HasPrefix(name, "ErrToken") || strings.HasPrefix(name, "ErrUser") {
			count++
		}
	}
	require.Len(t, reasons, count, "a reason is missing in the tests")
	for reason := range reasons {
		err := loaderError(t, fmt.Errorf("upstream: %w", reason))
		if reason == authstrategy.ErrUserNotFound || reason == authstrategy.ErrUserRefused {
			assertRefused(t, err, reason)
		} else {
			assertNoRefusal(t, err, err)
		}
	}
	err := loaderError(t, authstrategy.ErrInvalidToken)
	assertNoRefusal(t, err, err)
}

// A refusal names its reason, once.
func TestLoaderRefusalText(t *testing.T) {
	refused := authstrategy.ErrUserRefused
	for want, loader := range map[string]error{
		"authstrategy: user refused":                                              refused,
		"authstrategy: user not found":                                            authstrategy.ErrUserNotFound,
		"authstrategy: user refused: inactive":                                    fmt.Errorf("%w: inactive", refused),
		"authstrategy: user refused: users":                                       fmt.Errorf("users: %w", refused),
		"authstrategy: user refused: joined":                                      errors.Join(refused, errors.New("joined")),
		"authstrategy: user refused: joined before":                               errors.Join(errors.New("joined before"), refused),
		"authstrategy: user refused: a: authstrategy: user refused: b":            fmt.Errorf("a: %w: b", refused),
		"authstrategy: user refused: authstrategy: invalid claims: no role":       fmt.Errorf("%w: %w: no role", refused, authstrategy.ErrInvalidClaims),
		"authstrategy: user not found: no row (authstrategy: user refused, also)": fmt.Errorf("%w: no row (%w, also)", authstrategy.ErrUserNotFound, refused),
	} {
		err := loaderError(t, loader)
		assert.EqualError(t, err, want)
		requireOneReason(t, err)
	}
}

// With nothing there, every call says what is missing and nobody gets in.
func TestNothingThere(t *testing.T) {
	type strategy = authstrategy.JWTStrategy[authstrategy.Subject]
	token := sign(testHeader, testClaims)
	for name, s := range map[string]*strategy{"nil": nil, "zero": new(strategy)} {
		t.Run(name, func(t *testing.T) {
			written, err := s.WriteToken(ctx, testID)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Empty(t, written)
			user, err := s.ReadToken(ctx, token, loadSubject)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Empty(t, user)
			claims, err := s.ReadClaims(ctx, token)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Nil(t, claims)
			assert.NoError(t, s.DestroyToken(ctx, token, testID))
			assert.Zero(t, s.Lifetime())
			assert.Equal(t, "JWTStrategy(not made by GetJWTStrategy)", fmt.Sprint(s))
		})
	}
	t.Run("loader", func(t *testing.T) {
		_, err := newStrategy(t, testSecret).ReadToken(ctx, token, nil)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		_, err = newStrategy(t, testSecret).ReadToken(ctx, "", nil)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	})
	t.Run("option", func(t *testing.T) {
		s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), nil)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Nil(t, s)
	})
}

func TestDestroyToken(t *testing.T) {
	s := newStrategy(t, testSecret)
	token := sign(testHeader, testClaims)
	assert.NoError(t, s.DestroyToken(ctx, token, testID))
	assert.NoError(t, s.DestroyToken(ctx, "no token", ""))
	_, err := s.ReadToken(ctx, token, loadSubject)
	assert.NoError(t, err, "a JWT is valid until it expires")
}

// custom is a Strategy that misbehaves: it returns a value beside its errors.
type custom struct{ err error }

func (c custom) WriteToken(context.Context, authstrategy.Subject) (string, error) {
	return "token", c.err
}
func (c custom) ReadToken(context.Context, string, authstrategy.UserLoader[authstrategy.Subject]) (authstrategy.Subject, error) {
	return "user", c.err
}
func (c custom) DestroyToken(context.Context, string, authstrategy.Subject) error { return c.err }

type subjectFactory = authstrategy.StrategyFactory[authstrategy.Subject]
type subjectStrategy = authstrategy.Strategy[authstrategy.Subject]

// A factory is a strategy: its three methods are those of the one it returns.
func TestFactory(t *testing.T) {
	type key struct{}
	var asked context.Context
	factory := subjectFactory(func(ctx context.Context) (subjectStrategy, error) {
		asked = ctx
		return newStrategy(t, testSecret), nil
	})
	ctx := context.WithValue(ctx, key{}, "tenant")
	token, err := factory.WriteToken(ctx, testID)
	require.NoError(t, err)
	assert.Equal(t, sign(testHeader, testClaims), token)
	assert.Equal(t, ctx, asked)
	user, err := factory.ReadToken(ctx, token, loadSubject)
	require.NoError(t, err)
	assert.Equal(t, authstrategy.Subject(testID), user)
	assert.NoError(t, factory.DestroyToken(ctx, token, testID))

	_, err = factory.ReadToken(ctx, "", loadSubject)
	assertRefused(t, err, authstrategy.ErrTokenMissing)
}

// What goes wrong in a factory comes out of all three methods alike, without a
// value beside it.
func TestFactoryFailures(t *testing.T) {
	down := errors.New("the tenants are down")
	for _, tt := range []struct {
		name    string
		factory subjectFactory
		reason  error
		failure error
	}{
		{name: "nil", failure: authstrategy.ErrInvalidConfig},
		{name: "nil strategy", failure: authstrategy.ErrInvalidConfig,
			factory: func(context.Context) (subjectStrategy, error) { return nil, nil }},
		{name: "nil JWTStrategy", failure: authstrategy.ErrInvalidConfig,
			factory: func(context.Context) (subjectStrategy, error) {
				return (*authstrategy.JWTStrategy[authstrategy.Subject])(nil), nil
			}},
		{name: "nil factory of a factory", failure: authstrategy.ErrInvalidConfig,
			factory: func(context.Context) (subjectStrategy, error) { return subjectFactory(nil), nil }},
		{name: "down", failure: down,
			factory: func(context.Context) (subjectStrategy, error) { return nil, down }},
		{name: "down, with a token's error", failure: down,
			factory: func(context.Context) (subjectStrategy, error) {
				return nil, errors.Join(down, authstrategy.ErrTokenExpired)
			}},
		{name: "unknown tenant", reason: authstrategy.ErrUserNotFound,
			factory: func(context.Context) (subjectStrategy, error) { return nil, authstrategy.ErrUserNotFound }},
		{name: "no strategy for the tenant", reason: authstrategy.ErrTokenUnverifiable,
			factory: func(context.Context) (subjectStrategy, error) {
				return nil, fmt.Errorf("no such tenant: %w", authstrategy.ErrTokenUnverifiable)
			}},
		{name: "another reason", failure: down,
			factory: func(context.Context) (subjectStrategy, error) {
				return nil, errors.Join(down, authstrategy.ErrTokenSignature)
			}},
		{name: "refused tenant", reason: authstrategy.ErrUserRefused,
			factory: func(context.Context) (subjectStrategy, error) {
				return nil, fmt.Errorf("tenant: %w", authstrategy.ErrUserRefused)
			}},
		{name: "failing strategy", failure: down,
			factory: func(context.Context) (subjectStrategy, error) {
				return custom{fmt.Errorf("authstrategy: %w", down)}, nil
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assertFailure := func(err error) {
				t.Helper()
				if tt.reason != nil {
					assertRefused(t, err, tt.reason)
				} else {
					assertNoRefusal(t, err, tt.failure)
				}
			}
			token, err := tt.factory.WriteToken(ctx, testID)
			assertFailure(err)
			assert.Empty(t, token)
			user, err := tt.factory.ReadToken(ctx, sign(testHeader, testClaims), loadSubject)
			assertFailure(err)
			assert.Empty(t, user)
			assertFailure(tt.factory.DestroyToken(ctx, token, testID))
		})
	}
	t.Run("what GetJWTStrategy says", func(t *testing.T) {
		factory := subjectFactory(func(context.Context) (subjectStrategy, error) {
			return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("short"))
		})
		_, err := factory.WriteToken(ctx, testID)
		assertNoRefusal(t, err, authstrategy.ErrWeakSecret)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	})
	t.Run("nil loader", func(t *testing.T) {
		factory := subjectFactory(func(context.Context) (subjectStrategy, error) { return custom{}, nil })
		user, err := factory.ReadToken(ctx, "token", nil)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Empty(t, user)
	})
}
