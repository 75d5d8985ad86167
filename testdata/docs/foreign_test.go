package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// An issuer writes tokens, and publishes its keys until it is closed.
func newIssuer(t *testing.T) (*httptest.Server, *authstrategy.JWTStrategy[authstrategy.Subject]) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	private, err := os.ReadFile("private.pem")
	require.NoError(t, err)
	strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(string(private)),
		authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithThumbprintKeyID(),
		authstrategy.WithIssuer(server.URL+"/"), authstrategy.WithAudience("https://api.example.com"))
	require.NoError(t, err)
	keys, err := jwks.Handler(time.Hour, strategy.PublicKey())
	require.NoError(t, err)
	mux.Handle("/keys", keys)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL+"/", server.URL+"/keys")
	})
	return server, strategy
}

func get(service http.Handler, path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w
}

// A foreign subject comes in as the own user, and only if there is one.
func TestOwnUser(t *testing.T) {
	server, issuer := newIssuer(t)
	users[[2]string{server.URL + "/", "auth0|123456"}] = users[[2]string{"https://TENANT.auth0.com/", "auth0|123456"}]
	keys, err := jwks.Discover(server.URL+"/", jwks.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	service, err := handler(keys, server.URL+"/", "https://api.example.com")
	require.NoError(t, err)
	_, err = handler(keys, server.URL+"/", "")
	require.ErrorIs(t, err, authstrategy.ErrInvalidConfig)

	require.ErrorIs(t, keys.Err(), jwks.ErrUnavailable)
	assert.Equal(t, http.StatusOK, get(service, "/ready", "").Code)
	require.NoError(t, keys.Err())
	for subject, want := range map[authstrategy.Subject]int{
		"auth0|123456": http.StatusOK,
		"auth0|654321": http.StatusUnauthorized,
		"42":           http.StatusUnauthorized, // an own id is no foreign subject
	} {
		token, err := issuer.WriteToken(t.Context(), subject)
		require.NoError(t, err)
		answer := get(service, "/me", token)
		assert.Equal(t, want, answer.Code, subject)
		if want == http.StatusOK {
			assert.Equal(t, "hello Ada\n", answer.Body.String())
		}
	}
	assert.Equal(t, http.StatusUnauthorized, get(service, "/me", "").Code)
}

// An issuer that is down is no reason to answer 401.
func TestIssuerDown(t *testing.T) {
	server, issuer := newIssuer(t)
	token, err := issuer.WriteToken(t.Context(), "auth0|123456")
	require.NoError(t, err)
	server.Close()
	keys, err := jwks.Discover(server.URL+"/", jwks.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	service, err := handler(keys, server.URL+"/", "https://api.example.com")
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, get(service, "/me", token).Code)
	assert.Equal(t, http.StatusServiceUnavailable, get(service, "/ready", "").Code)
}
