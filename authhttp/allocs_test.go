//go:build !race

package authhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// A request guarded by one transport makes at most six allocations more than
// ReadToken itself, where the user is a pointer; another user is copied into the
// context, which is one more. The race detector adds its own: it does not build
// this file.
func TestAllocations(t *testing.T) {
	s, token := newStrategy(t), tokenOf(t, "ada")
	reading := testing.AllocsPerRun(1000, func() { _, _ = s.ReadToken(ctx, token, load) })
	for name, test := range map[string]struct {
		transport authhttp.Transport
		method    string
		header    http.Header
	}{
		"Bearer":                {authhttp.Bearer{}, "GET", bearer(token)},
		"Bearer, by pointer":    {&authhttp.Bearer{Realm: "a"}, "POST", bearer(token)},
		"Cookie":                {authhttp.Cookie{}, "GET", cookie(token)},
		"Cookie, posted":        {authhttp.Cookie{}, "POST", with(cookie(token), "Sec-Fetch-Site", "same-origin")},
		"Cookie, from a friend": {&trusting, "POST", with(cookie(token), "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com")},
	} {
		served := 0
		guarded := authOf(t, test.transport, s).Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
		w, r := httptest.NewRecorder(), request(test.method, test.header)
		guarding := testing.AllocsPerRun(1000, func() {
			clear(w.Header())
			guarded.ServeHTTP(w, r)
		})
		require.Equal(t, 1001, served, name)
		assert.LessOrEqual(t, guarding-reading, 6.0, name)
	}
}
