package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// A browser goes through the whole program of docs/http.md.
func TestService(t *testing.T) {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	require.NoError(t, err)
	service, err := handler(strategy)
	require.NoError(t, err)
	_, err = handler(nil)
	require.ErrorIs(t, err, authstrategy.ErrInvalidConfig)

	server := httptest.NewTLSServer(service)
	defer server.Close()
	browser := server.Client()
	browser.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	for _, step := range []struct {
		route, name, password string
		status                int
		body                  string
	}{
		{"GET /", "", "", 200, "logged in: false\n"},
		{"GET /users/me", "", "", 401, `{"detail":"Unauthorized"}`},
		{"POST /auth/cookie/login", "", "", 400, "wrong user name or password\n"},
		{"POST /auth/cookie/login", "ada", "", 400, "wrong user name or password\n"},
		{"POST /auth/cookie/login", "bob", password, 400, "wrong user name or password\n"},
		{"POST /auth/cookie/login", "ada", password + strings.Repeat(" ", 64<<10), 400, "wrong user name or password\n"},
		{"POST /auth/cookie/login", "ada", password, 204, ""},
		{"GET /", "", "", 200, "logged in: true\n"},
		{"GET /users/me", "", "", 200, "hello Ada\n"},
		{"GET /admin", "", "", 403, `{"detail":"Forbidden"}`},
		{"POST /auth/cookie/logout", "", "", 204, ""},
		{"GET /users/me", "", "", 401, `{"detail":"Unauthorized"}`},
	} {
		method, path, _ := strings.Cut(step.route, " ")
		form := url.Values{"username": {step.name}, "password": {step.password}}
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := browser.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		assert.Equal(t, step.status, answer.StatusCode, step.route)
		assert.Equal(t, step.body, string(body), step.route)
	}

	users["42"].Admin = true
	login := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/auth/jwt/login", strings.NewReader(url.Values{"username": {"ada"}, "password": {password}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	service.ServeHTTP(login, r)
	require.Equal(t, http.StatusOK, login.Code)
	token, _, _ := strings.Cut(strings.TrimPrefix(login.Body.String(), `{"access_token":"`), `"`)
	r = httptest.NewRequest("GET", "/admin", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	admin := httptest.NewRecorder()
	service.ServeHTTP(admin, r)
	assert.Equal(t, http.StatusOK, admin.Code)
	assert.Equal(t, "hello Ada\n", admin.Body.String())
}
