package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// The middleware of the README answers as RFC 6750 §3 says, and logs only what
// the operator can mend.
func TestRequireUser(t *testing.T) {
	strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	require.NoError(t, err)
	good, err := strategy.WriteToken(t.Context(), "42")
	require.NoError(t, err)
	down, err := strategy.WriteToken(t.Context(), "500")
	require.NoError(t, err)
	load := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		if claims.Subject == "500" {
			return "", errors.New("the database is down")
		}
		return authstrategy.Subject(claims.Subject), nil
	}
	handler := requireUser(strategy, load, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello ", r.Context().Value(userKey{}))
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()

	const noToken, invalidToken, invalidRequest = `Bearer realm="api"`, `Bearer error="invalid_token"`, `Bearer error="invalid_request"`
	for name, c := range map[string]struct {
		ctx           context.Context
		authorization []string
		status        int
		challenge     string
		body          string
		logged        bool
	}{
		"good":               {t.Context(), []string{"Bearer " + good}, 200, "", "hello 42", false},
		"two blanks":         {t.Context(), []string{"Bearer  " + good}, 200, "", "hello 42", false},
		"lower case":         {t.Context(), []string{"bearer " + good}, 200, "", "hello 42", false},
		"good, hung up":      {gone, []string{"Bearer " + good}, 200, "", "hello 42", false},
		"no header":          {t.Context(), nil, 401, noToken, "log in first\n", false},
		"another scheme":     {t.Context(), []string{"Basic " + good}, 401, noToken, "log in first\n", false},
		"the scheme alone":   {t.Context(), []string{"Bearer"}, 401, noToken, "log in first\n", false},
		"nothing but blanks": {t.Context(), []string{"Bearer   "}, 401, noToken, "log in first\n", false},
		"forged":             {t.Context(), []string{"Bearer " + good + "x"}, 401, invalidToken, "log in again\n", false},
		"forged, hung up":    {gone, []string{"Bearer " + good + "x"}, 401, invalidToken, "log in again\n", false},
		"two tokens":         {t.Context(), []string{"Bearer " + good + " " + good}, 401, invalidToken, "log in again\n", false},
		"two headers":        {t.Context(), []string{"Bearer " + good, "Bearer " + good}, 400, invalidRequest, "send one Authorization header\n", false},
		"two, one empty":     {t.Context(), []string{"", "Bearer " + good}, 400, invalidRequest, "send one Authorization header\n", false},
		"loader fails":       {t.Context(), []string{"Bearer " + down}, 503, "", "try again later\n", true},
		"deadline passed":    {late, []string{"Bearer " + down}, 503, "", "try again later\n", true},
		"fails, hung up":     {gone, []string{"Bearer " + down}, 200, "", "", false}, // 200: what the recorder says if nothing was answered
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			log.SetOutput(&logged)
			defer log.SetOutput(os.Stderr)
			request := httptest.NewRequestWithContext(c.ctx, http.MethodGet, "/me", nil)
			request.Header["Authorization"] = c.authorization
			answer := httptest.NewRecorder()
			handler(answer, request)
			assert.Equal(t, c.status, answer.Code)
			assert.Equal(t, c.challenge, answer.Header().Get("WWW-Authenticate"))
			assert.Equal(t, c.body, answer.Body.String())
			assert.Equal(t, c.logged, logged.Len() > 0, logged.String())
		})
	}
}
