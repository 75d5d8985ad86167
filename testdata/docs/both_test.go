package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

func send(method, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, r)
	return w
}

// Each back end logs in by its own transport, and the guard takes both.
func TestRoutes(t *testing.T) {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	require.NoError(t, err)
	login := func(auth *authhttp.Auth[*User]) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { auth.Login(w, r, users["42"]) })
	}
	me := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("hello " + authhttp.User[*User](r.Context()).Name))
	})
	require.NoError(t, routes(strategy, login, me))
	require.ErrorIs(t, routes(nil, login, me), authstrategy.ErrInvalidConfig)

	answer := send("POST", "/auth/jwt/login", nil)
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Empty(t, answer.Header()["Set-Cookie"])
	answer = send("POST", "/auth/cookie/login", nil)
	assert.Equal(t, http.StatusNoContent, answer.Code)
	require.Len(t, answer.Result().Cookies(), 1)

	cookie := answer.Result().Cookies()[0]
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"cookie":      {http.Header{"Cookie": {"__Host-auth=" + cookie.Value}}, http.StatusOK},
		"bearer":      {http.Header{"Authorization": {"Bearer " + cookie.Value}}, http.StatusOK},
		"neither":     {nil, http.StatusUnauthorized},
		"bad, cookie": {http.Header{"Authorization": {"Bearer x"}, "Cookie": {"__Host-auth=" + cookie.Value}}, http.StatusUnauthorized},
	} {
		assert.Equal(t, c.status, send("GET", "/users/me", c.header).Code, name)
	}
	assert.Empty(t, send("POST", "/auth/jwt/logout", nil).Header()["Set-Cookie"])
	answer = send("POST", "/auth/cookie/logout", nil)
	require.Len(t, answer.Result().Cookies(), 1)
	assert.Negative(t, answer.Result().Cookies()[0].MaxAge)
}
