package migration

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go-chi/jwtauth/v5"
	jwtv4 "github.com/golang-jwt/jwt/v4"
	"github.com/golang-jwt/jwt/v5"
	jwx "github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// The tests in this file prove what docs/coming-from.md says about golang-jwt and
// jwtauth. ginjwt_test.go and echojwt_test.go do so for the other two.

func newStrategy[U authstrategy.User](t *testing.T, options ...authstrategy.Option) *authstrategy.JWTStrategy[U] {
	t.Helper()
	s, err := authstrategy.GetJWTStrategy[U](authstrategy.NewSecret(oldSecret), options...)
	require.NoError(t, err)
	return s
}

// signed returns a token of golang-jwt.
func signed(t *testing.T, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(oldSecret))
	require.NoError(t, err)
	return token
}

func key(*jwt.Token) (any, error) { return []byte(oldSecret), nil }

// parse reads a token by golang-jwt.
func parse(token string, options ...jwt.ParserOption) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, key, options...)
	return claims, err
}

// good are claims that this package takes, with changes.
func good(changes ...any) jwt.MapClaims {
	claims := jwt.MapClaims{"sub": "42", "aud": audience, "exp": time.Now().Add(lifetime).Unix()}
	for i := 0; i < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	return claims
}

func readClaims(t *testing.T, token string, options ...authstrategy.Option) (*authstrategy.Claims, error) {
	t.Helper()
	return newStrategy[*User](t, append([]authstrategy.Option{authstrategy.WithAudience(audience)}, options...)...).ReadClaims(t.Context(), token)
}

func write(t *testing.T, options ...authstrategy.Option) string {
	t.Helper()
	token, err := newStrategy[*User](t, append([]authstrategy.Option{authstrategy.WithAudience(audience)}, options...)...).WriteToken(t.Context(), users[42])
	require.NoError(t, err)
	return token
}

func TestWithIssuedAt(t *testing.T) {
	ahead := time.Now().Add(time.Minute).Unix()
	_, err := parse(signed(t, good("iat", ahead)), jwt.WithIssuedAt())
	assert.ErrorIs(t, err, jwt.ErrTokenUsedBeforeIssued, "golang-jwt: it checks")
	claims, err := readClaims(t, signed(t, good("iat", ahead)), authstrategy.WithIssuedAt())
	require.NoError(t, err, "here: it does not check")
	assert.Equal(t, ahead, claims.IssuedAt.Unix())

	written, err := parse(write(t, authstrategy.WithIssuedAt()))
	require.NoError(t, err)
	assert.Contains(t, written, "iat", "here: it writes")
	written, err = parse(write(t))
	require.NoError(t, err)
	assert.NotContains(t, written, "iat")
}

func TestWithAudienceAndIssuer(t *testing.T) {
	const issuer = "https://login.example.com"
	_, err := parse(signed(t, good("aud", "other")), jwt.WithAudience(audience))
	assert.ErrorIs(t, err, jwt.ErrTokenInvalidAudience)
	_, err = parse(signed(t, good("iss", "other")), jwt.WithIssuer(issuer))
	assert.ErrorIs(t, err, jwt.ErrTokenInvalidIssuer)
	_, err = readClaims(t, signed(t, good("aud", "other")))
	assert.ErrorIs(t, err, authstrategy.ErrTokenAudience)
	_, err = readClaims(t, signed(t, good("iss", "other")), authstrategy.WithIssuer(issuer))
	assert.ErrorIs(t, err, authstrategy.ErrTokenIssuer)

	written, err := parse(write(t, authstrategy.WithIssuer(issuer)))
	require.NoError(t, err)
	assert.Equal(t, []any{audience}, written["aud"], "here: both are written, aud as an array")
	assert.Equal(t, issuer, written["iss"])

	for _, aud := range []any{"other", nil} {
		_, err = parse(signed(t, good("aud", aud)))
		assert.NoError(t, err, "golang-jwt: without the option, any audience and none")
	}
	_, err = newStrategy[*User](t).ReadClaims(t.Context(), signed(t, good()))
	assert.ErrorIs(t, err, authstrategy.ErrTokenAudience, "here: the default is required")
	token, err := newStrategy[*User](t).WriteToken(t.Context(), users[42])
	require.NoError(t, err)
	written, err = parse(token)
	require.NoError(t, err)
	assert.Equal(t, []any{authstrategy.DefaultAudience}, written["aud"])
}

func TestAudienceAsTextOrArray(t *testing.T) {
	for _, aud := range []any{audience, []string{audience}, []string{"other", audience}} {
		_, err := readClaims(t, signed(t, good("aud", aud)))
		assert.NoError(t, err)
	}
}

func TestWithLeeway(t *testing.T) {
	justExpired := signed(t, good("exp", time.Now().Add(-time.Minute).Unix()))
	_, err := parse(justExpired, jwt.WithLeeway(time.Hour))
	assert.NoError(t, err)
	_, err = parse(signed(t, good()), jwt.WithLeeway(-2*lifetime))
	assert.ErrorIs(t, err, jwt.ErrTokenExpired, "golang-jwt: it takes a negative one")
	_, err = readClaims(t, justExpired, authstrategy.WithLeeway(2*time.Minute))
	assert.NoError(t, err)
	for _, leeway := range []time.Duration{-1, time.Nanosecond, time.Hour} {
		_, err = authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(oldSecret), authstrategy.WithLeeway(leeway))
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	}
}

func TestClock(t *testing.T) {
	later := func() time.Time { return time.Now().Add(2 * lifetime) }
	_, err := parse(signed(t, good()), jwt.WithTimeFunc(later))
	assert.ErrorIs(t, err, jwt.ErrTokenExpired)
	_, err = readClaims(t, signed(t, good()), authstrategy.WithClock(later))
	assert.ErrorIs(t, err, authstrategy.ErrTokenExpired)
	_, err = parse(write(t, authstrategy.WithClock(later)), jwt.WithTimeFunc(func() time.Time { return later().Add(lifetime - time.Second) }))
	assert.NoError(t, err, "here: it also writes by it")
}

// roleClaims are claims for golang-jwt that judge themselves.
type roleClaims struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

var errNoRole = errors.New("it has no role")

func (c roleClaims) Validate() error {
	if c.Role == "" {
		return errNoRole
	}
	return nil
}

func TestValidate(t *testing.T) {
	token := signed(t, good())
	_, err := jwt.ParseWithClaims(token, &roleClaims{}, key)
	assert.ErrorIs(t, err, errNoRole, "golang-jwt: every parse calls it")
	assert.ErrorIs(t, err, jwt.ErrTokenInvalidClaims)

	strategy := newStrategy[*User](t, authstrategy.WithAudience(audience))
	_, err = strategy.ReadToken(t.Context(), token, users.Load)
	require.NoError(t, err, "here: a read without Decode does not")
	decode := func(as func(error) error) authstrategy.UserLoader[*User] {
		return func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
			var role roleClaims
			if err := claims.Decode(&role); err != nil {
				return nil, as(err)
			}
			return users.Load(ctx, claims)
		}
	}
	_, err = strategy.ReadToken(t.Context(), token, decode(func(err error) error { return err }))
	assert.ErrorIs(t, err, errNoRole, "here: Decode calls it")
	assert.ErrorIs(t, err, authstrategy.ErrInvalidClaims)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	_, err = strategy.ReadToken(t.Context(), token, decode(func(error) error { return authstrategy.ErrUserRefused }))
	assert.ErrorIs(t, err, authstrategy.ErrUserRefused)

	_, err = strategy.ReadToken(t.Context(), signed(t, good("role", "editor")), decode(func(err error) error { return err }))
	assert.NoError(t, err, "Decode fills a struct that embeds RegisteredClaims")
}

// The answer to an error of Decode that the loader passes on is 503.
func TestValidateAnswer(t *testing.T) {
	auth, err := authhttp.New(authhttp.Bearer{}, newStrategy[*User](t, authstrategy.WithAudience(audience)),
		func(_ context.Context, claims *authstrategy.Claims) (*User, error) {
			return nil, claims.Decode(&roleClaims{})
		},
		authhttp.WithLogger(nil))
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, me(auth.Require(http.NotFoundHandler()), signed(t, good())).status)
}

func TestNamesMatchExactly(t *testing.T) {
	token := signed(t, good("ROLE", "admin"))
	var there roleClaims
	_, err := jwt.ParseWithClaims(token, &there, key)
	require.NoError(t, err)
	assert.Equal(t, "admin", there.Role, "golang-jwt, as encoding/json")

	claims, err := readClaims(t, token)
	require.NoError(t, err)
	var here struct {
		Role string `json:"role"`
	}
	require.NoError(t, claims.Decode(&here))
	assert.Empty(t, here.Role)
}

func TestOneReason(t *testing.T) {
	token := signed(t, good("exp", time.Now().Add(-lifetime).Unix(), "aud", "other"))
	_, err := parse(token, jwt.WithAudience(audience))
	assert.ErrorIs(t, err, jwt.ErrTokenExpired, "golang-jwt: all reasons")
	assert.ErrorIs(t, err, jwt.ErrTokenInvalidAudience)
	_, err = readClaims(t, token)
	assert.ErrorIs(t, err, authstrategy.ErrTokenAudience, "here: the first")
	assert.NotErrorIs(t, err, authstrategy.ErrTokenExpired)
}

func TestErrorsMatchGolangJWT(t *testing.T) {
	_, err := readClaims(t, signed(t, good("exp", time.Now().Add(-lifetime).Unix())))
	assert.ErrorIs(t, err, authstrategy.ErrTokenExpired)
	assert.ErrorIs(t, err, jwt.ErrTokenExpired)
	assert.NotErrorIs(t, err, jwtv4.ErrTokenExpired)
}

func TestNothingBesideTheError(t *testing.T) {
	forged := signed(t, good("sub", "1")) + "AAAA"
	token, err := jwt.Parse(forged, key)
	require.ErrorIs(t, err, jwt.ErrTokenSignatureInvalid)
	assert.Equal(t, "1", token.Claims.(jwt.MapClaims)["sub"], "golang-jwt")
	claims, err := readClaims(t, forged)
	assert.ErrorIs(t, err, authstrategy.ErrTokenSignature)
	assert.Nil(t, claims)
}

func TestClaimsAreNoGolangJWTClaims(t *testing.T) {
	_, ok := any(&authstrategy.Claims{}).(jwt.Claims)
	assert.False(t, ok)
	assert.ErrorIs(t, json.Unmarshal([]byte(`{"sub":"42"}`), &authstrategy.Claims{}), authstrategy.ErrInvalidClaims, "only a read makes them")
}

func TestSecrets(t *testing.T) {
	for _, secret := range []string{"", "secret"} {
		_, err := jwt.NewWithClaims(jwt.SigningMethodHS256, good()).SignedString([]byte(secret))
		assert.NoError(t, err, "golang-jwt")
		_, err = authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(secret))
		assert.ErrorIs(t, err, authstrategy.ErrWeakSecret)
	}
	for _, secret := range []string{oldSecret + "\n", `"` + oldSecret + `"`} {
		_, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(secret), authstrategy.WithInsecureShortSecret())
		assert.ErrorIs(t, err, authstrategy.ErrInvalidKey)
	}
}

func TestAlgorithm(t *testing.T) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS512, good()).SignedString([]byte(oldSecret))
	require.NoError(t, err)
	_, err = parse(token)
	assert.NoError(t, err, "golang-jwt, without WithValidMethods")
	_, err = readClaims(t, token)
	assert.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable)
}

func TestExpirationRequired(t *testing.T) {
	claims := good()
	delete(claims, "exp")
	_, err := parse(signed(t, claims))
	assert.NoError(t, err)
	_, err = parse(signed(t, claims), jwt.WithExpirationRequired())
	assert.ErrorIs(t, err, jwt.ErrTokenRequiredClaimMissing)
	_, err = readClaims(t, signed(t, claims))
	assert.ErrorIs(t, err, authstrategy.ErrTokenClaimMissing)
	_, err = readClaims(t, signed(t, claims), authstrategy.WithoutExpiration())
	assert.NoError(t, err)
}

func TestEncoding(t *testing.T) {
	token := signed(t, good())
	loose := token[:len(token)-1] + string(token[len(token)-1]+1) // spare bits of the last character
	_, err := parse(loose)
	assert.NoError(t, err)
	_, err = parse(loose, jwt.WithStrictDecoding())
	assert.ErrorIs(t, err, jwt.ErrTokenMalformed)
	_, err = readClaims(t, loose)
	assert.ErrorIs(t, err, authstrategy.ErrTokenMalformed)

	_, err = parse(token+"=", jwt.WithPaddingAllowed())
	assert.NoError(t, err)
	_, err = readClaims(t, token+"=")
	assert.ErrorIs(t, err, authstrategy.ErrTokenMalformed)
}

func TestLargeNumbers(t *testing.T) {
	const id = 1<<53 + 1
	token := signed(t, good("user_id", int64(id)))
	there, err := parse(token)
	require.NoError(t, err)
	assert.Equal(t, float64(1<<53), there["user_id"], "golang-jwt: the id of somebody else")
	there, err = parse(token, jwt.WithJSONNumber())
	require.NoError(t, err)
	assert.Equal(t, json.Number("9007199254740993"), there["user_id"])

	claims, err := readClaims(t, token)
	require.NoError(t, err)
	var here struct {
		UserID int64 `json:"user_id"`
	}
	require.NoError(t, claims.Decode(&here))
	assert.Equal(t, int64(id), here.UserID)
}

// What golang-jwt's WithSubject, WithNotBeforeRequired and WithAllAudiences ask for is
// in the Claims that the loader is given.
func TestLoaderHasTheClaims(t *testing.T) {
	nbf := time.Now().Add(-time.Minute).Truncate(time.Second)
	claims, err := readClaims(t, signed(t, good("nbf", nbf.Unix(), "aud", []string{"other", audience})))
	require.NoError(t, err)
	assert.Equal(t, "42", claims.Subject)
	assert.True(t, nbf.Equal(claims.NotBefore))
	assert.Equal(t, []string{"other", audience}, claims.Audience)
}

func TestRS256(t *testing.T) {
	private, public := file(t, "../../testdata/keys/rsa.pem"), file(t, "../../testdata/keys/rsa.pub.pem")
	signer, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(private))
	require.NoError(t, err)
	old, err := jwt.NewWithClaims(jwt.SigningMethodRS256, good()).SignedString(signer)
	require.NoError(t, err)
	options := []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithAudience(audience)}
	writer, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(private), options...)
	require.NoError(t, err)
	reader, err := authstrategy.GetJWTStrategy[*User](authstrategy.Secret{}, append(options, authstrategy.WithPublicKey(public))...)
	require.NoError(t, err)
	fresh, err := writer.WriteToken(t.Context(), users[42])
	require.NoError(t, err)
	for _, token := range []string{old, fresh} {
		_, err = reader.ReadToken(t.Context(), token, users.Load)
		assert.NoError(t, err)
		_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return signer.Public(), nil }, jwt.WithValidMethods([]string{"RS256"}))
		assert.NoError(t, err)
	}
}

// Old readers find no user in a token without their claim.
func TestTokensWithoutOldClaims(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		bare, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(lib.secret), append(lib.options, authstrategy.WithAudience(audience))...)
		require.NoError(t, err)
		token, err := bare.WriteToken(t.Context(), "42")
		require.NoError(t, err)
		assert.Equal(t, answer{http.StatusUnauthorized, "log in\n"}, me(lib.service(t, lib.secret, lib.claims), token))
	})
}

// jwtauth and gin-jwt refuse a token that comes from the future. The others do not.
func TestIssuedAtAhead(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		ahead := func() time.Time { return time.Now().Add(time.Second) }
		s, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(lib.secret), append(lib.options, authstrategy.WithIssuedAt(), authstrategy.WithClock(ahead))...)
		require.NoError(t, err)
		token, err := s.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		service := lib.service(t, lib.secret, lib.claims)
		status := me(service, token).status
		assert.Equal(t, lib.name == "jwtauth" || lib.name == "gin-jwt", status == http.StatusUnauthorized)
		time.Sleep(time.Second)
		assert.Equal(t, ada, me(service, token))
	})
}

func TestVerifierStopsNobody(t *testing.T) {
	auth := jwtauth.New("HS256", []byte(oldSecret), nil)
	reached := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _, err := jwtauth.FromContext(r.Context())
		assert.ErrorIs(t, err, jwtauth.ErrUnauthorized)
	})
	assert.Equal(t, http.StatusOK, me(jwtauth.Verifier(auth)(reached), "garbage").status)
	assert.Equal(t, answer{http.StatusUnauthorized, "token is unauthorized\n"}, me(jwtauth.Verifier(auth)(jwtauth.Authenticator(auth)(reached)), "garbage"), "with the reason")

	here, err := authhttp.New(authhttp.Bearer{}, newStrategy[*User](t), users.Load)
	require.NoError(t, err)
	unauthorized := answer{http.StatusUnauthorized, `{"detail":"Unauthorized"}`}
	assert.Equal(t, unauthorized, me(here.Require(reached), "garbage"), "without the reason")
	assert.Equal(t, unauthorized, me(here.Optional(reached), "garbage"))
}

func TestJWTAuthOptions(t *testing.T) {
	auth := jwtauth.New("HS256", []byte(oldSecret), nil, jwx.WithAudience(audience), jwx.WithIssuer("me"), jwx.WithAcceptableSkew(time.Minute))
	_, token, err := auth.Encode(map[string]any{"user_id": 42})
	require.NoError(t, err)
	claims, err := parse(token)
	require.NoError(t, err)
	assert.Equal(t, jwt.MapClaims{"user_id": 42.0}, claims, "it writes no aud, no iss and no exp")
	_, err = jwtauth.VerifyToken(auth, token)
	assert.ErrorIs(t, err, jwtauth.ErrUnauthorized, "and requires them")
	_, err = jwtauth.VerifyToken(auth, signed(t, good("iss", "me", "exp", time.Now().Add(-time.Second).Unix())))
	assert.NoError(t, err, "the skew is a leeway")
}

func TestJWTAuthIsLoose(t *testing.T) {
	auth := jwtauth.New("HS256", []byte(oldSecret), nil)
	for _, token := range []string{" " + signed(t, good()) + "\n", signed(t, good("exp", "4100000000"))} {
		_, err := jwtauth.VerifyToken(auth, token)
		assert.NoError(t, err)
		_, err = readClaims(t, token)
		assert.ErrorIs(t, err, authstrategy.ErrTokenMalformed)
	}
}
