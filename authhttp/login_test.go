package authhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

func TestLoginByBearer(t *testing.T) {
	a := newAuth(t, authhttp.Bearer{})
	got := ask(t, loginOf(a, ada), "POST", nil)
	assert.Equal(t, 200, got.status)
	assert.Equal(t, headers("Content-Type", "application/json", "Cache-Control", "no-store"), got.header)
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.body), &body))
	token, _ := body["access_token"].(string)
	assert.Equal(t, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 3600.0}, body)
	assert.Equal(t, passed("ada", "Vary", "Authorization"), ask(t, a.Require(greet), "GET", bearer(token)))

	assert.NoError(t, authhttp.Bearer{}.Write(nil, request("POST", nil), "a", time.Hour), "it writes no header")
	assert.NoError(t, authhttp.Bearer{}.Clear(nil, request("POST", nil)), "nor does it clear one")
}

// A log-in sets Cache-Control: no-store whatever was there, and leaves other
// headers and cookies alone.
func TestLoginHeaders(t *testing.T) {
	a := authOf(t, authhttp.Cookie{}, &custom{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-Frame-Options", "DENY")
		a.Login(w, r, ada)
	})
	assert.Equal(t, answer{204, headers("Cache-Control", "no-store", "Set-Cookie", "a=b", "Set-Cookie", "__Host-auth=custom; Path=/; HttpOnly; Secure; SameSite=Lax", "X-Frame-Options", "DENY"), ""}, ask(t, h, "POST", nil))
}

// What fails at a log-in is answered 503, whatever it matches: no token of the
// request was refused.
func TestLoginFails(t *testing.T) {
	readOnly, err := authstrategy.GetJWTStrategy[*user](authstrategy.Secret{}, authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithPublicKey(publicKey))
	require.NoError(t, err)
	writing := func(err error) *custom {
		return &custom{write: func(*user) (string, error) { return "token", err }}
	}
	for name, test := range map[string]struct {
		transport authhttp.Transport
		strategy  authstrategy.Strategy[*user]
		user      *user
		want      answer
		is        error
	}{
		"no user":                    {authhttp.Bearer{}, newStrategy(t), nil, unavailable("Authorization"), authstrategy.ErrInvalidSubject},
		"a user without an id":       {authhttp.Bearer{}, newStrategy(t), &user{}, unavailable("Authorization"), authstrategy.ErrInvalidSubject},
		"a strategy that only reads": {authhttp.Bearer{}, readOnly, ada, unavailable("Authorization"), authstrategy.ErrNoSigningKey},
		"a zero strategy":            {authhttp.Bearer{}, &authstrategy.JWTStrategy[*user]{}, ada, refusal(503, "Vary", "Authorization"), authstrategy.ErrInvalidConfig},
		"a strategy that is down":    {authhttp.Cookie{}, writing(errDown), ada, unavailable("Cookie"), errDown},
		"WriteToken: refused":        {authhttp.Bearer{}, writing(authstrategy.ErrUserRefused), ada, unavailable("Authorization"), authstrategy.ErrUserRefused},
		"WriteToken: missing":        {authhttp.Bearer{}, writing(authstrategy.ErrTokenMissing), ada, unavailable("Authorization"), authstrategy.ErrTokenMissing},
		"WriteToken: forbidden":      {authhttp.Bearer{}, writing(authhttp.ErrForbidden), ada, unavailable("Authorization"), nil},
		"WriteToken: malformed":      {authhttp.Cookie{}, writing(authhttp.ErrMalformedRequest), ada, unavailable("Cookie"), nil},
		"WriteToken: cross origin":   {authhttp.Cookie{}, writing(authhttp.ErrCrossOrigin), ada, unavailable("Cookie"), nil},
		"WriteToken: too long":       {authhttp.Cookie{}, writing(authhttp.ErrTokenTooLong), ada, unavailable("Cookie"), nil},
		"WriteToken: invalid config": {authhttp.Cookie{}, writing(authstrategy.ErrInvalidConfig), ada, refusal(503, "Vary", "Cookie"), authstrategy.ErrInvalidConfig},
		"a body that cannot be JSON": {other{body: math.NaN()}, &custom{}, ada, unavailable("X-Session-Token"), nil},
		"a body that refuses":        {other{body: failingJSON{authstrategy.ErrUserRefused}}, &custom{}, ada, unavailable("X-Session-Token"), authstrategy.ErrUserRefused},
		"a transport that is down":   {failingWrite(errDown), &custom{}, ada, unavailable("X-Session-Token"), errDown},
		"Write: forbidden":           {failingWrite(authhttp.ErrForbidden), &custom{}, ada, refusal(403, "Vary", "X-Session-Token"), authhttp.ErrForbidden},
		"Write: cross origin":        {failingWrite(authhttp.ErrCrossOrigin), &custom{}, ada, refusal(403, "Vary", "X-Session-Token"), authhttp.ErrCrossOrigin},
		"Write: malformed":           {failingWrite(authhttp.ErrMalformedRequest), &custom{}, ada, refusal(400, "Vary", "X-Session-Token", "WWW-Authenticate", cookieRealm), authhttp.ErrMalformedRequest},
		"Write: too long":            {failingWrite(authhttp.ErrTokenTooLong), &custom{}, ada, refusal(503, "Vary", "X-Session-Token"), authhttp.ErrTokenTooLong},
		"Write of a Cookie, refused": {refusingCookie{}, &custom{}, ada, unavailable("Cookie"), authstrategy.ErrTokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			var book logbook
			a := authOf(t, test.transport, test.strategy, authhttp.WithLogger(book.logger()))
			assert.Equal(t, test.want, ask(t, loginOf(a, test.user), "POST", nil))
			records := book.take()
			require.Len(t, records, 1)
			withToken := with(bearer("custom"), "Cookie", "__Host-auth=custom")
			assert.Equal(t, test.want, ask(t, loginOf(a, test.user), "POST", withToken), "it is not about the token of the request")

			w := httptest.NewRecorder()
			token, err := a.Issue(w, request("POST", nil), test.user)
			assert.Empty(t, token)
			assert.Empty(t, w.Header(), "w is untouched")
			require.Error(t, err)
			if test.is != nil {
				assert.ErrorIs(t, err, test.is)
			}
			for _, own := range []error{authhttp.ErrMalformedRequest, authhttp.ErrCrossOrigin, authhttp.ErrForbidden, authhttp.ErrTokenTooLong} {
				assert.Equal(t, own == test.is, errors.Is(err, own), "%v: only a transport says so", own)
			}
			a.Refuse(w, request("POST", nil), err)
			assert.Equal(t, test.want, answer{w.Code, w.Header(), w.Body.String()}, "Refuse answers it as Login does")
		})
	}
}

const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`

// failingJSON is a body that cannot be encoded.
type failingJSON struct{ err error }

func (f failingJSON) MarshalJSON() ([]byte, error) { return nil, f.err }

func failingWrite(err error) other {
	return other{write: func(http.ResponseWriter) error { return err }}
}

// refusingCookie is a Cookie that says of a new token that it has expired.
type refusingCookie struct{ authhttp.Cookie }

func (refusingCookie) Write(http.ResponseWriter, *http.Request, string, time.Duration) error {
	return authstrategy.ErrTokenExpired
}

// Issue does what Login does, without status and body.
func TestIssue(t *testing.T) {
	for name, test := range map[string]struct {
		transport authhttp.Transport
		want      http.Header
	}{
		"Bearer":  {authhttp.Bearer{}, headers("Cache-Control", "no-store")},
		"Cookie":  {authhttp.Cookie{}, headers("Cache-Control", "no-store", "Set-Cookie", "__Host-auth=custom; Path=/; HttpOnly; Secure; SameSite=Lax")},
		"another": {other{body: "unused"}, headers("Cache-Control", "no-store", "X-Session-Token", "custom")},
	} {
		t.Run(name, func(t *testing.T) {
			a := authOf(t, test.transport, &custom{})
			w := httptest.NewRecorder()
			token, err := a.Issue(w, request("POST", nil), ada)
			assert.NoError(t, err)
			assert.Equal(t, "custom", token)
			assert.Equal(t, test.want, w.Header())
			assert.Empty(t, w.Body.String())
			w.WriteHeader(http.StatusSeeOther) // still possible
			assert.Equal(t, http.StatusSeeOther, w.Code)
		})
	}
}

// The body of a transport is JSON with 200; nil, also in an interface, is nothing
// with 204.
func TestBodyOfOthers(t *testing.T) {
	for name, test := range map[string]struct {
		body any
		want answer
	}{
		"nil":           {nil, answer{204, headers("Cache-Control", "no-store", "X-Session-Token", "custom"), ""}},
		"a nil map":     {map[string]string(nil), answer{204, headers("Cache-Control", "no-store", "X-Session-Token", "custom"), ""}},
		"a nil pointer": {(*user)(nil), answer{204, headers("Cache-Control", "no-store", "X-Session-Token", "custom"), ""}},
		"a map":         {map[string]string{"session": "<x>"}, answer{200, headers("Cache-Control", "no-store", "X-Session-Token", "custom", "Content-Type", "application/json"), `{"session":"\u003cx\u003e"}`}},
		"a text":        {"", answer{200, headers("Cache-Control", "no-store", "X-Session-Token", "custom", "Content-Type", "application/json"), `""`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := authOf(t, other{body: test.body}, &custom{})
			assert.Equal(t, test.want, ask(t, loginOf(a, ada), "POST", nil))
		})
	}
}

// The strategy gets the request's context.
func TestLoginContext(t *testing.T) {
	type key struct{}
	var seen, want any = nil, "tenant"
	factory := authstrategy.StrategyFactory[*user](func(ctx context.Context) (authstrategy.Strategy[*user], error) {
		seen = ctx.Value(key{})
		return &custom{}, nil
	})
	a := authOf(t, authhttp.Bearer{}, factory)
	r := request("POST", bearer("a"))
	r = r.WithContext(context.WithValue(r.Context(), key{}, want))
	for _, h := range []http.Handler{loginOf(a, ada), a.Require(greet), http.HandlerFunc(a.Logout)} {
		seen = nil
		h.ServeHTTP(httptest.NewRecorder(), r)
		assert.Equal(t, want, seen)
	}
}

// Two Auths to log in and one to guard, as FastAPI Users has two back ends.
func TestBothBackEnds(t *testing.T) {
	s := newStrategy(t)
	byBearer, byCookie := authOf(t, authhttp.Bearer{}, s), authOf(t, authhttp.Cookie{}, s)
	guard := anyOf(t, byBearer, byCookie)
	mux := http.NewServeMux()
	mux.Handle("POST /bearer/login", loginOf(byBearer, ada))
	mux.Handle("POST /cookie/login", loginOf(byCookie, bob))
	mux.HandleFunc("POST /logout", guard.Logout)
	mux.Handle("GET /me", guard.Require(greet))
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	browser := newBrowser(t, server)
	url := func(path string) string { return "https://example.com" + path }

	var body struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(browse(t, browser, "POST", url("/bearer/login")).body), &body))
	assert.Equal(t, 401, browse(t, browser, "GET", url("/me")).status, "the browser keeps no bearer token")
	assert.Equal(t, 204, browse(t, browser, "POST", url("/cookie/login")).status)
	assert.Equal(t, "hello bob", browse(t, browser, "GET", url("/me")).body)

	r, err := http.NewRequest("GET", url("/me"), nil)
	require.NoError(t, err)
	r.Header = bearer(body.AccessToken)
	response, err := browser.Do(r)
	require.NoError(t, err)
	assert.Equal(t, passed("ada", "Vary", "Authorization"), answerOf(t, response), "the bearer token comes first")

	assert.Equal(t, 204, browse(t, browser, "POST", url("/logout")).status)
	assert.Equal(t, 401, browse(t, browser, "GET", url("/me")).status)
}

// Who logs in while an old cookie is still under way gets a new one, and a guard
// that sees the old one does not clear it.
func TestLoginOverAnOldCookie(t *testing.T) {
	a := newAuth(t, authhttp.Cookie{})
	assert.Equal(t, 204, ask(t, loginOf(a, ada), "POST", cookie(expiredToken(t))).status)
	assert.NotContains(t, ask(t, a.Require(greet), "GET", cookie(expiredToken(t))).header, "Set-Cookie")
	assert.NotContains(t, ask(t, a.Optional(greet), "GET", cookie(expiredToken(t))).header, "Set-Cookie")
}
