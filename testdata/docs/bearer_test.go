package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

var greet = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte("hello " + authhttp.User[*User](r.Context()).Name))
})

func send(method, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, r)
	return w
}

// The routes of the README log in whom checkPassword returns, and nobody else.
func TestRoutes(t *testing.T) {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	require.NoError(t, err)
	var user *User
	checkPassword := func(w http.ResponseWriter, r *http.Request) *User {
		if user == nil {
			http.Error(w, "wrong", http.StatusBadRequest)
		}
		return user
	}
	require.NoError(t, routes(strategy, checkPassword, greet))
	require.ErrorIs(t, routes(nil, checkPassword, greet), authstrategy.ErrInvalidConfig)

	answer := send("POST", "/login", "")
	assert.Equal(t, http.StatusBadRequest, answer.Code)
	assert.Equal(t, "wrong\n", answer.Body.String())

	user = users["42"]
	answer = send("POST", "/login", "")
	assert.Equal(t, http.StatusOK, answer.Code)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &token))
	answer = send("GET", "/me", "Bearer "+token.AccessToken)
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "hello Ada", answer.Body.String())
	answer = send("GET", "/me", "")
	assert.Equal(t, http.StatusUnauthorized, answer.Code)
	assert.Equal(t, `Bearer realm="api"`, answer.Header().Get("WWW-Authenticate"))
	assert.Equal(t, http.StatusNoContent, send("POST", "/logout", "Bearer "+token.AccessToken).Code)
}
