package authhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// A handler gives Refuse an error of its own making: it is about the token of the
// request, or about none.
func TestRefuseByHand(t *testing.T) {
	a := anyOf(t, newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{}))
	byBearer, byCookie, byNeither := bearer(tokenOf(t, "ada")), cookie(tokenOf(t, "ada")), http.Header(nil)
	malformed := headers("Authorization", "a", "Authorization", "b", "Cookie", "__Host-auth=a")
	first := []string{"Vary", "Authorization"}
	both := append(first, "Vary", "Cookie")
	challenges := func(vary []string, bearerError, cookieError string) []string {
		return append(vary[:len(vary):len(vary)], "WWW-Authenticate", bearerRealm+bearerError, "WWW-Authenticate", cookieRealm+cookieError)
	}
	retry := func(vary []string) []string { return append(vary[:len(vary):len(vary)], "Retry-After", "1") }
	for name, test := range map[string]struct {
		err     error
		request http.Header
		want    answer
	}{
		"nil":                         {nil, byNeither, refusal(503, retry(both)...)},
		"nil, by bearer":              {nil, byBearer, refusal(503, retry(first)...)},
		"down":                        {errDown, byNeither, refusal(503, retry(both)...)},
		"down, by cookie":             {errDown, byCookie, refusal(503, retry(both)...)},
		"invalid config":              {authstrategy.ErrInvalidConfig, byNeither, refusal(503, both...)},
		"too long":                    {authhttp.ErrTokenTooLong, byBearer, refusal(503, first...)},
		"too long and refused":        {errors.Join(authstrategy.ErrTokenExpired, authhttp.ErrTokenTooLong), byBearer, refusal(503, first...)},
		"missing":                     {authstrategy.ErrTokenMissing, byNeither, refusal(401, challenges(both, "", "")...)},
		"missing, though by bearer":   {authstrategy.ErrTokenMissing, byBearer, refusal(401, challenges(first, "", "")...)},
		"refused":                     {authstrategy.ErrUserRefused, byNeither, refusal(401, challenges(both, invalidToken, "")...)},
		"refused, by bearer":          {authstrategy.ErrInvalidToken, byBearer, refusal(401, challenges(first, invalidToken, "")...)},
		"refused, by cookie":          {fmt.Errorf("mine: %w", authstrategy.ErrUserRefused), byCookie, refusal(401, challenges(both, "", invalidToken)...)},
		"refused, malformed request":  {authstrategy.ErrUserRefused, malformed, refusal(401, challenges(first, invalidToken, "")...)},
		"malformed":                   {authhttp.ErrMalformedRequest, byNeither, refusal(400, challenges(both, invalidRequest, "")...)},
		"malformed, by bearer":        {authhttp.ErrMalformedRequest, byBearer, refusal(400, challenges(first, invalidRequest, "")...)},
		"malformed, by cookie":        {authhttp.ErrMalformedRequest, byCookie, refusal(400, challenges(both, "", invalidRequest)...)},
		"malformed and refused":       {errors.Join(authstrategy.ErrTokenExpired, authhttp.ErrMalformedRequest), byBearer, refusal(400, challenges(first, invalidRequest, "")...)},
		"cross origin":                {authhttp.ErrCrossOrigin, byNeither, refusal(403, both...)},
		"cross origin, by bearer":     {authhttp.ErrCrossOrigin, byBearer, refusal(403, first...)},
		"forbidden":                   {authhttp.ErrForbidden, byNeither, refusal(403, both...)},
		"forbidden, by bearer":        {authhttp.ErrForbidden, byBearer, refusal(403, append(first, "WWW-Authenticate", bearerRealm+insufficientScope)...)},
		"forbidden, wrapped":          {fmt.Errorf("mine: %w", authhttp.ErrForbidden), byBearer, refusal(403, append(first, "WWW-Authenticate", bearerRealm+insufficientScope)...)},
		"forbidden, by cookie":        {authhttp.ErrForbidden, byCookie, refusal(403, both...)},
		"forbidden and refused":       {errors.Join(authstrategy.ErrUserRefused, authhttp.ErrForbidden), byCookie, refusal(403, both...)},
		"forbidden and malformed":     {errors.Join(authhttp.ErrMalformedRequest, authhttp.ErrForbidden), byCookie, refusal(403, both...)},
		"another site and malformed":  {errors.Join(authhttp.ErrMalformedRequest, authhttp.ErrCrossOrigin), byCookie, refusal(403, both...)},
		"an error of net/http":        {http.ErrNoCookie, byNeither, refusal(503, retry(both)...)},
		"a request of too many bytes": {&http.MaxBytesError{Limit: 1}, byNeither, refusal(503, retry(both)...)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(t, refusing(a, test.err), "POST", test.request))
		})
	}
	t.Run("a cross-site request: its cookie is what it is about", func(t *testing.T) {
		assert.Equal(t, refusal(403, both...), ask(t, refusing(a, authhttp.ErrForbidden), "POST", with(byCookie, "Sec-Fetch-Site", "cross-site")))
	})
}

// A shell around Authenticate and Refuse, as other frameworks need one, answers as
// Require does.
func TestAuthenticateAndRefuse(t *testing.T) {
	a := anyOf(t, newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{}))
	shell := func(wrap func(error) error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, err := a.Authenticate(r)
			if err != nil {
				a.Refuse(w, r, wrap(err))
				return
			}
			a.Vary(w.Header())
			greet(w, r.WithContext(authhttp.WithUser(r.Context(), u)))
		})
	}
	for _, header := range []http.Header{
		nil, bearer("a"), cookie("a"), cookie(tokenOf(t, "ada")), bearer(tokenOf(t, "down")), cookie(tokenOf(t, "config")), headers("Authorization", "Bearer a b"), headers("Cookie", "__Host-auth=a; __Host-auth="),
		with(cookie(tokenOf(t, "ada")), "Sec-Fetch-Site", "cross-site"), with(bearer("a"), "Cookie", "__Host-auth="+tokenOf(t, "ada")),
	} {
		want := ask(t, a.Require(greet), "POST", header)
		assert.Equal(t, want, ask(t, shell(func(err error) error { return err }), "POST", header))
		assert.Equal(t, want, ask(t, shell(func(err error) error { return fmt.Errorf("mine: %w", err) }), "POST", header), "wrapped")
	}
}

// Who refuses knows which token it is about, also where somebody has taken it out of
// the request, as a proxy does.
func TestRefuseWithoutTheToken(t *testing.T) {
	a := anyOf(t, newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{}))
	r := request("GET", cookie("a"))
	_, err := a.Authenticate(r)
	r.Header.Del("Cookie")
	want := refusal(401, "Vary", "Authorization", "Vary", "Cookie", "WWW-Authenticate", bearerRealm, "WWW-Authenticate", cookieRealm+invalidToken)
	assert.Equal(t, want, recorded(refusing(a, err), r))

	none := func(r *http.Request, _ *user) bool {
		r.Header.Del("Authorization")
		return false
	}
	want = refusal(403, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+insufficientScope)
	assert.Equal(t, want, recorded(a.RequireThat(none)(greet), request("GET", bearer(tokenOf(t, "ada")))))
}

// The error of one Auth, answered by another, which has fewer transports.
func TestRefuseForAnother(t *testing.T) {
	b, c := newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{})
	_, err := anyOf(t, b, c).Authenticate(request("GET", cookie("a")))
	require.ErrorIs(t, err, authstrategy.ErrTokenMalformed)
	assert.Equal(t, unauthorized("Authorization", bearerRealm+invalidToken), ask(t, refusing(b, err), "GET", cookie("a")))
	assert.Equal(t, unauthorized("Cookie", cookieRealm+invalidToken), ask(t, refusing(c, err), "GET", cookie("a")))
	var zero authhttp.Auth[*user]
	setDefaultLogger(t, &logbook{})
	assert.Equal(t, refusal(503), ask(t, refusing(&zero, err), "GET", cookie("a")))

	_, err = b.Authenticate(request("GET", nil))
	assert.Equal(t, refusal(401, "Vary", "Authorization", "Vary", "Cookie", "WWW-Authenticate", bearerRealm, "WWW-Authenticate", cookieRealm), ask(t, refusing(anyOf(t, b, c), err), "GET", nil))
}

// A 401 always has a challenge, and one of Basic comes from nowhere.
func TestChallenges(t *testing.T) {
	silent, session, b := newAuth(t, other{}), newAuth(t, other{challenge: `Session realm="x"`}), newAuth(t, authhttp.Bearer{Realm: "x"})
	token := headers("X-Session-Token", "a")
	for name, test := range map[string]struct {
		auth   *authhttp.Auth[*user]
		header http.Header
		want   []string
	}{
		"none has one, no token":      {silent, nil, []string{cookieRealm}},
		"none has one, refused":       {silent, token, []string{cookieRealm}},
		"the second has one":          {anyOf(t, silent, b), nil, []string{`Bearer realm="x"`}},
		"the second, that of a first": {anyOf(t, silent, b), token, []string{`Bearer realm="x"`}},
		"with parameters":             {session, token, []string{`Session realm="x", error="invalid_token"`}},
		"a scheme alone":              {newAuth(t, other{challenge: "Session"}), token, []string{`Session error="invalid_token"`}},
		"two":                         {anyOf(t, session, b), nil, []string{`Session realm="x"`, `Bearer realm="x"`}},
		"two, refused":                {anyOf(t, b, session), token, []string{`Bearer realm="x"`, `Session realm="x", error="invalid_token"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, test.auth.Require(greet), "GET", test.header)
			assert.Equal(t, 401, got.status)
			assert.Equal(t, test.want, got.header["Www-Authenticate"])
		})
	}
	t.Run("one that was on w before is replaced", func(t *testing.T) {
		for _, err := range []error{authstrategy.ErrTokenMissing, errDown} {
			w := httptest.NewRecorder()
			w.Header().Set("WWW-Authenticate", "Basic")
			b.Refuse(w, request("GET", nil), err)
			assert.NotContains(t, w.Header()["Www-Authenticate"], "Basic")
		}
	})
}

// The headers are on w before the responder is called; it writes status and body.
func TestResponder(t *testing.T) {
	type call struct {
		status int
		err    string
	}
	var calls []call
	var seen http.Header
	responder := authhttp.WithResponder(func(w http.ResponseWriter, r *http.Request, status int, err error) {
		calls = append(calls, call{status, err.Error()})
		seen = w.Header().Clone()
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, "sorry, ", r.Method)
	})
	a := anyOf(t, newAuth(t, authhttp.Bearer{}, responder), newAuth(t, authhttp.Cookie{}))
	logout := http.HandlerFunc(a.Logout)
	all := func(*http.Request, *user) bool { return false }
	for name, test := range map[string]struct {
		handler http.Handler
		method  string
		header  http.Header
		want    http.Header
		call    call
	}{
		"no token":       {a.Require(greet), "POST", nil, headers("Vary", "Authorization", "Vary", "Cookie", "WWW-Authenticate", bearerRealm, "WWW-Authenticate", cookieRealm), call{401, "authstrategy: token is missing: the request carries none"}},
		"failed":         {a.Optional(greet), "POST", bearer(tokenOf(t, "down")), headers("Vary", "Authorization", "Retry-After", "1"), call{503, "authstrategy: the loader failed: the database is down"}},
		"forbidden":      {a.RequireThat(all)(greet), "POST", bearer(tokenOf(t, "ada")), headers("Vary", "Authorization", "WWW-Authenticate", bearerRealm+insufficientScope), call{403, "authhttp: forbidden"}},
		"a log-in fails": {loginOf(a, nil), "POST", nil, headers("Vary", "Authorization", "Vary", "Cookie", "Retry-After", "1"), call{503, "authstrategy: invalid subject: the user is nil"}},
		"a log-out fails, with the cleared cookie": {logout, "POST", bearer(tokenOf(t, "down")), headers("Vary", "Authorization", "Retry-After", "1", "Set-Cookie", clearedCookie), call{503, "authstrategy: the loader failed: the database is down"}},
		"the method of a log-out":                  {logout, "GET", nil, headers("Allow", "POST"), call{405, "authhttp: log out with POST; links and prefetching send GET and HEAD"}},
		"by hand":                                  {refusing(a, nil), "POST", nil, headers("Vary", "Authorization", "Vary", "Cookie", "Retry-After", "1"), call{503, "authhttp: Refuse was called without an error"}},
	} {
		t.Run(name, func(t *testing.T) {
			calls = nil
			got := ask(t, test.handler, test.method, test.header)
			assert.Equal(t, []call{test.call}, calls)
			assert.Equal(t, with(test.want, "Cache-Control", "no-store"), seen)
			assert.Equal(t, answer{test.call.status, with(seen, "Content-Type", "text/html"), "sorry, " + test.method}, got)
		})
	}
}

// The length of an answer that does not come is not announced.
func TestRefuseAfterContentLength(t *testing.T) {
	a := newAuth(t, authhttp.Bearer{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Cache-Control", "max-age=60")
		a.Refuse(w, r, authhttp.ErrForbidden)
	})
	assert.Equal(t, refusal(403, "Vary", "Authorization"), ask(t, h, "GET", nil))
}

func TestLog(t *testing.T) {
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	for name, test := range map[string]struct {
		ctx    context.Context
		method string
		header http.Header
		want   string
	}{
		"let in":                {ctx, "GET", bearer(tokenOf(t, "ada")), ""},
		"no token":              {ctx, "GET", nil, "DEBUG authhttp: request refused status=401 err=authstrategy: token is missing: the request carries none"},
		"refused":               {ctx, "GET", cookie(tokenOf(t, "refused")), "DEBUG authhttp: request refused status=401 err=authstrategy: user refused: inactive"},
		"malformed":             {ctx, "GET", headers("Authorization", "Bearer a b"), "DEBUG authhttp: request refused status=400 err=authhttp: malformed request: what follows Bearer in its Authorization header is not one token (RFC 6750 §2.1)"},
		"another site":          {ctx, "POST", with(cookie("a"), "Sec-Fetch-Site", "cross-site"), "DEBUG authhttp: request refused status=403 err=authhttp: cross-origin request: cross-origin request detected from Sec-Fetch-Site header; if the site is yours, name it in Cookie.TrustedOrigins"},
		"failed":                {ctx, "GET", bearer(tokenOf(t, "down")), "ERROR authhttp: request failed status=503 err=authstrategy: the loader failed: the database is down"},
		"failed, context over":  {canceled, "GET", bearer(tokenOf(t, "down")), "DEBUG authhttp: request failed status=503 err=authstrategy: the loader failed: the database is down"},
		"refused, context over": {canceled, "GET", nil, "DEBUG authhttp: request refused status=401 err=authstrategy: token is missing: the request carries none"},
		"canceled, not over":    {ctx, "GET", bearer(tokenOf(t, "canceled")), "ERROR authhttp: request failed status=503 err=authstrategy: the loader failed: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			var book logbook
			a := anyOf(t, newAuth(t, authhttp.Bearer{}, authhttp.WithLogger(book.logger())), newAuth(t, authhttp.Cookie{}))
			recorded(a.Require(greet), request(test.method, test.header).WithContext(test.ctx))
			if test.want == "" {
				assert.Empty(t, book.take())
				return
			}
			assert.Equal(t, []string{test.want}, book.take())
		})
	}
}

// The default logger is that of the time of the request, and gets its context.
func TestDefaultLogger(t *testing.T) {
	a, err := authhttp.New(authhttp.Bearer{}, newStrategy(t), load)
	require.NoError(t, err)
	silent := newAuth(t, authhttp.Bearer{}, authhttp.WithLogger(nil))
	for range 2 {
		var book logbook
		setDefaultLogger(t, &book)
		recorded(a.Require(greet), request("GET", nil))
		assert.Len(t, book.take(), 1)
		recorded(silent.Require(greet), request("GET", bearer(tokenOf(t, "down"))))
		assert.Empty(t, book.take())
	}

	var seen context.Context
	handler := contextHandler{slog.DiscardHandler, &seen}
	type key struct{}
	r := request("GET", nil).WithContext(context.WithValue(ctx, key{}, "value"))
	recorded(newAuth(t, authhttp.Bearer{}, authhttp.WithLogger(slog.New(handler))).Require(greet), r)
	assert.Equal(t, r.Context(), seen)
}

// contextHandler keeps the context of what is logged.
type contextHandler struct {
	slog.Handler
	seen *context.Context
}

func (c contextHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	*c.seen = ctx
	return false
}

// No token stands in a log, an error or an answer, whatever is wrong with it.
func TestNoTokenIsTold(t *testing.T) {
	var log bytes.Buffer
	logger := authhttp.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})))
	const secret = "c2VjcmV0"
	tokens := []string{secret, secret + "." + secret + "." + secret, strings.Repeat(secret, 2000), secret + " " + secret, secret + "\t", `"` + secret, secret + ",", secret + "é"}
	for _, subject := range []string{"ada", "bob", "gone", "down", "config"} {
		tokens = append(tokens, tokenOf(t, subject), tokenOf(t, subject)+"A", tokenOf(t, subject)[1:])
	}
	down := &custom{read: func(string) (*user, error) { return nil, errDown }, destroy: func(string, *user) error { return errDown }}
	no := func(*http.Request, *user) bool { return false }
	for _, token := range tokens {
		parts := strings.FieldsFunc(token, func(c rune) bool { return strings.ContainsRune(" .\",\té", c) })
		for _, a := range []*authhttp.Auth[*user]{
			anyOf(t, newAuth(t, authhttp.Bearer{}, logger), newAuth(t, authhttp.Cookie{})),
			anyOf(t, authOf(t, authhttp.Bearer{}, down, logger), authOf(t, authhttp.Cookie{}, down)),
			authOf(t, authhttp.Cookie{}, &custom{write: func(*user) (string, error) { return token, nil }}, logger),
			authOf(t, other{body: failingJSON{errDown}}, &custom{write: func(*user) (string, error) { return token, nil }}, logger),
		} {
			for _, header := range []http.Header{
				headers("Authorization", "Bearer "+token), headers("Authorization", "Bearer "+token, "Authorization", "Bearer "+token), headers("Authorization", token),
				cookie(token), headers("Cookie", "__Host-auth="+token+"; __Host-auth="+token), with(cookie(token), "Sec-Fetch-Site", "cross-site"), headers("X-Session-Token", token),
			} {
				var answers []answer
				for _, h := range []http.Handler{a.Require(greet), a.Optional(greet), a.RequireThat(no)(greet), http.HandlerFunc(a.Logout)} {
					answers = append(answers, recorded(h, request("POST", header)))
				}
				w := httptest.NewRecorder()
				if _, err := a.Issue(w, request("POST", header), nil); err != nil {
					a.Refuse(w, request("POST", header), err)
					answers = append(answers, answer{w.Code, w.Header(), w.Body.String()})
				}
				_, err := a.Authenticate(request("POST", header))
				told := fmt.Sprintf("%+v %+v %#v %s", answers, err, err, log.String())
				for _, part := range parts {
					if part != "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" { // the header, which all tokens share
						assert.NotContains(t, told, part)
					}
				}
				log.Reset()
			}
		}
	}
}

// A user whose loader fails is told apart from one who is refused by nothing but
// the status.
func TestAnswersTellNothing(t *testing.T) {
	a := newAuth(t, authhttp.Bearer{})
	want := ask(t, a.Require(greet), "GET", bearer("forged"))
	for _, token := range []string{expiredToken(t), tokenOf(t, "gone"), tokenOf(t, "refused"), tokenOf(t, "eve"), tokenOf(t, "ada") + "A"} {
		assert.Equal(t, want, ask(t, a.Require(greet), "GET", bearer(token)))
	}
	assert.Equal(t, `{"detail":"Unauthorized"}`, want.body)
	assert.Equal(t, `{"detail":"Service Unavailable"}`, ask(t, a.Require(greet), "GET", bearer(tokenOf(t, "down"))).body)
	assert.Equal(t, `{"detail":"Forbidden"}`, ask(t, refusing(a, authhttp.ErrForbidden), "GET", nil).body)
	assert.Equal(t, `{"detail":"Bad Request"}`, ask(t, refusing(a, authhttp.ErrMalformedRequest), "GET", nil).body)
	assert.Equal(t, `{"detail":"Method Not Allowed"}`, ask(t, http.HandlerFunc(a.Logout), "GET", nil).body)
}

// Errors of this package say which they are, and match nothing else.
func TestErrors(t *testing.T) {
	texts := map[error]string{
		authhttp.ErrMalformedRequest: "authhttp: malformed request",
		authhttp.ErrCrossOrigin:      "authhttp: cross-origin request",
		authhttp.ErrForbidden:        "authhttp: forbidden",
		authhttp.ErrTokenTooLong:     "authhttp: token too long",
	}
	for err, text := range texts {
		assert.EqualError(t, err, text)
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidConfig)
		for another := range texts {
			assert.Equal(t, err == another, errors.Is(err, another))
		}
	}
}
