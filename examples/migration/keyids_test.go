package migration

import (
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

var secrets = map[string]string{"2026-1": oldSecret, "2026-2": newSecret}

// withKid returns a token of golang-jwt with a kid, or without one for nil.
func withKid(t *testing.T, kid any, secret string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, good("user_id", 42))
	if kid != nil {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString([]byte(secret))
	require.NoError(t, err)
	return text
}

// Secrets that are chosen by kid: each side reads what the other writes.
func TestByKeyID(t *testing.T) {
	here, err := ByKeyID("2026-2", "2026-1", secrets)
	require.NoError(t, err)
	fresh, err := here.WriteToken(t.Context(), users[42])
	require.NoError(t, err)
	there := withSigningKeys()
	header, _, err := jwt.NewParser().ParseUnverified(fresh, jwt.MapClaims{})
	require.NoError(t, err)
	assert.Equal(t, "2026-2", header.Header["kid"], "it writes with the first")
	for _, row := range []struct {
		name, token string
		here        error
		there       int
	}{
		{"ours", fresh, nil, http.StatusOK},
		{"current", withKid(t, "2026-2", newSecret), nil, http.StatusOK},
		{"previous", withKid(t, "2026-1", oldSecret), nil, http.StatusOK},
		{"none", withKid(t, nil, oldSecret), nil, http.StatusUnauthorized},
		{"another", withKid(t, "2025-1", oldSecret), authstrategy.ErrTokenUnverifiable, http.StatusUnauthorized},
		{"that of the other secret", withKid(t, "2026-2", oldSecret), authstrategy.ErrTokenSignature, http.StatusUnauthorized},
	} {
		_, err := here.ReadToken(t.Context(), row.token, users.Load)
		assert.ErrorIs(t, err, row.here, row.name)
		assert.Equal(t, row.there, me(there, row.token).status, row.name)
	}
	_, err = newStrategy[*User](t, authstrategy.WithAudience(audience)).ReadToken(t.Context(), withKid(t, "2025-1", oldSecret), users.Load)
	assert.NoError(t, err, "without the option, any kid is accepted")
	assert.Equal(t, http.StatusUnauthorized, me(there, write(t)).status, "and none is written, which echo-jwt refuses")
}

// withSigningKeys is a service on echo-jwt with a secret for each kid.
func withSigningKeys() http.Handler {
	keys := map[string]any{}
	for id, secret := range secrets {
		keys[id] = []byte(secret)
	}
	router := echo.New()
	router.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) },
		echojwt.WithConfig(echojwt.Config{SigningKeys: keys}))
	return router
}

// Public keys that are chosen by kid, with golang-jwt's Keyfunc beside.
func TestPublicKeys(t *testing.T) {
	private := file(t, "../../testdata/keys/rsa.pem")
	signer, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(private))
	require.NoError(t, err)
	public, err := authstrategy.NewPublicKey("2026-1", authstrategy.RS256, signer.Public())
	require.NoError(t, err)
	const issuer = "https://login.example.com"
	options := []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithAudience(audience), authstrategy.WithIssuer(issuer)}
	reader, err := authstrategy.GetJWTStrategy[*User](authstrategy.Secret{}, append(options, authstrategy.WithKeySource(PublicKeys{"2026-1": public}))...)
	require.NoError(t, err)
	writer, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(private), append(options, authstrategy.WithKeyID("2026-1"))...)
	require.NoError(t, err)
	fresh, err := writer.WriteToken(t.Context(), users[42])
	require.NoError(t, err)
	keyfunc := func(token *jwt.Token) (any, error) {
		assert.Equal(t, "2026-1", token.Header["kid"])
		return signer.Public(), nil
	}
	_, err = jwt.Parse(fresh, keyfunc, jwt.WithValidMethods([]string{"RS256"}))
	assert.NoError(t, err)
	for kid, want := range map[any]error{"2026-1": nil, "2026-2": authstrategy.ErrTokenUnverifiable, nil: authstrategy.ErrTokenUnverifiable} {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, good("iss", issuer))
		if kid != nil {
			token.Header["kid"] = kid
		}
		old, err := token.SignedString(signer)
		require.NoError(t, err)
		_, err = reader.ReadToken(t.Context(), old, users.Load)
		assert.ErrorIs(t, err, want)
	}
}
