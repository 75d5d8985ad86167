package authhttp_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// The names and signatures that others build on.
var (
	_ authhttp.Transport = authhttp.Bearer{Realm: ""}
	_ authhttp.Transport = authhttp.Cookie{Name: "", Path: "", Domain: "", SameSite: 0, TrustedOrigins: nil, Insecure: false}
	_ authhttp.Transport = &authhttp.Bearer{}
	_ authhttp.Transport = &authhttp.Cookie{}

	_ func(authhttp.Transport, authstrategy.Strategy[*user], authstrategy.UserLoader[*user], ...authhttp.Option) (*authhttp.Auth[*user], error) = authhttp.New[*user]
	_ func(...*authhttp.Auth[*user]) (*authhttp.Auth[*user], error)                                                                             = authhttp.AnyOf[*user]

	_ func(*authhttp.Auth[*user], *http.Request) (*user, error)                                    = (*authhttp.Auth[*user]).Authenticate
	_ func(*authhttp.Auth[*user], http.Header)                                                     = (*authhttp.Auth[*user]).Vary
	_ func(*authhttp.Auth[*user], http.Handler) http.Handler                                       = (*authhttp.Auth[*user]).Require
	_ func(*authhttp.Auth[*user], http.Handler) http.Handler                                       = (*authhttp.Auth[*user]).Optional
	_ func(*authhttp.Auth[*user], func(*http.Request, *user) bool) func(http.Handler) http.Handler = (*authhttp.Auth[*user]).RequireThat
	_ func(*authhttp.Auth[*user], http.ResponseWriter, *http.Request, *user)                       = (*authhttp.Auth[*user]).Login
	_ func(*authhttp.Auth[*user], http.ResponseWriter, *http.Request, *user) (string, error)       = (*authhttp.Auth[*user]).Issue
	_ func(*authhttp.Auth[*user], http.ResponseWriter, *http.Request)                              = (*authhttp.Auth[*user]).Logout
	_ func(*authhttp.Auth[*user], http.ResponseWriter, *http.Request, error)                       = (*authhttp.Auth[*user]).Refuse
	_ func(context.Context) *user                                                                  = authhttp.User[*user]
	_ func(context.Context) (*user, bool)                                                          = authhttp.LookupUser[*user]
	_ func(context.Context, *user) context.Context                                                 = authhttp.WithUser[*user]
	_ func(time.Duration) authhttp.Option                                                          = authhttp.WithLifetime
	_ func(func(w http.ResponseWriter, r *http.Request, status int, err error)) authhttp.Option    = authhttp.WithResponder
	_ func(*slog.Logger) authhttp.Option                                                           = authhttp.WithLogger
	_ [4]error                                                                                     = [...]error{authhttp.ErrMalformedRequest, authhttp.ErrCrossOrigin, authhttp.ErrForbidden, authhttp.ErrTokenTooLong}
)

const invalid = "authstrategy: invalid configuration: authhttp: "

// assertMistakes asserts that err is the mistakes, in this order and no others,
// and that each matches ErrInvalidConfig.
func assertMistakes(t *testing.T, err error, mistakes ...string) {
	t.Helper()
	assert.EqualError(t, err, invalid+strings.Join(mistakes, "\n"+invalid))
	for _, err := range mistakesOf(err) {
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	}
	assert.Len(t, mistakesOf(err), len(mistakes))
}

func mistakesOf(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || strings.Count(err.Error(), invalid) == 1 {
		return []error{err}
	}
	for _, err := range joined.Unwrap() {
		all = append(all, mistakesOf(err)...)
	}
	return all
}

func TestMistakesAtNew(t *testing.T) {
	good := newStrategy(t)
	const (
		noTransport = "the transport is nil; pass Bearer{}, Cookie{} or one of your own"
		noStrategy  = "the strategy is nil; pass one that GetJWTStrategy returned without an error"
		noLoader    = "the loader is nil; pass a function that returns the user for the claims"
		noResponder = "WithResponder(nil) answers nothing; pass a function, or omit the option"
	)
	for name, test := range map[string]struct {
		transport authhttp.Transport
		strategy  authstrategy.Strategy[*user]
		load      authstrategy.UserLoader[*user]
		options   []authhttp.Option
		mistakes  []string
	}{
		"no transport":           {nil, good, load, nil, []string{noTransport}},
		"a nil *Bearer":          {(*authhttp.Bearer)(nil), good, load, nil, []string{noTransport}},
		"a nil *Cookie":          {(*authhttp.Cookie)(nil), good, load, nil, []string{noTransport}},
		"a nil pointer":          {(*other)(nil), good, load, nil, []string{noTransport}},
		"no strategy":            {authhttp.Bearer{}, nil, load, nil, []string{noStrategy}},
		"a nil *JWTStrategy":     {authhttp.Bearer{}, (*authstrategy.JWTStrategy[*user])(nil), load, nil, []string{noStrategy}},
		"a nil factory":          {authhttp.Bearer{}, authstrategy.StrategyFactory[*user](nil), load, nil, []string{noStrategy}},
		"no loader":              {authhttp.Bearer{}, good, nil, nil, []string{noLoader}},
		"a nil option":           {authhttp.Bearer{}, good, load, []authhttp.Option{authhttp.WithLifetime(1), nil}, []string{"option 2 of 2 is nil; omit it, or use one of the With functions"}},
		"no responder":           {authhttp.Bearer{}, good, load, []authhttp.Option{authhttp.WithResponder(nil)}, []string{noResponder}},
		"no responder, then one": {authhttp.Bearer{}, good, load, []authhttp.Option{authhttp.WithResponder(nil), authhttp.WithResponder(func(http.ResponseWriter, *http.Request, int, error) {})}, []string{noResponder}},
		"a negative lifetime":    {authhttp.Bearer{}, good, load, []authhttp.Option{authhttp.WithLifetime(-1), authhttp.WithLifetime(1)}, []string{"WithLifetime(-1ns) is negative; it must be 0 or more"}},
		"everything at once": {
			authhttp.Cookie{Path: "no slash", SameSite: 9}, nil, nil, []authhttp.Option{nil, authhttp.WithLifetime(-time.Hour), authhttp.WithResponder(nil)},
			[]string{
				"option 1 of 3 is nil; omit it, or use one of the With functions", "WithLifetime(-1h0m0s) is negative; it must be 0 or more", noResponder, noStrategy, noLoader,
				`Cookie: the Path "no slash" does not begin with a slash; add it`,
				`Cookie: SameSite is 9; it must be 0, or Lax, Strict or None of net/http`,
				`Cookie: the name "__Host-auth" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := authhttp.New(test.transport, test.strategy, test.load, test.options...)
			assert.Nil(t, a)
			assertMistakes(t, err, test.mistakes...)
		})
	}
}

// brokenTransports are Bearers and Cookies with mistakes.
var brokenTransports = map[string]struct {
	transport authhttp.Transport
	mistake   string
}{
	"realm with a line feed": {authhttp.Bearer{Realm: "a\nb"}, "Bearer: the Realm has control characters; remove them"},
	"realm with a return":    {authhttp.Bearer{Realm: "a\rb"}, "Bearer: the Realm has control characters; remove them"},
	"realm with a zero byte": {authhttp.Bearer{Realm: "\x00"}, "Bearer: the Realm has control characters; remove them"},
	"realm with 0x1f":        {authhttp.Bearer{Realm: "\x1f"}, "Bearer: the Realm has control characters; remove them"},
	"realm with DEL":         {authhttp.Bearer{Realm: "\x7f"}, "Bearer: the Realm has control characters; remove them"},

	"name with a space":     {authhttp.Cookie{Name: "a b"}, "Cookie: http: invalid Cookie.Name, which net/http or browsers drop; correct it"},
	"name with =":           {authhttp.Cookie{Name: "a=b"}, "Cookie: http: invalid Cookie.Name, which net/http or browsers drop; correct it"},
	"name beyond ASCII":     {authhttp.Cookie{Name: "é"}, "Cookie: http: invalid Cookie.Name, which net/http or browsers drop; correct it"},
	"path with a semicolon": {authhttp.Cookie{Name: "a", Path: "/;x"}, "Cookie: http: invalid byte ';' in Cookie.Path, which net/http or browsers drop; correct it"},
	"path beyond ASCII":     {authhttp.Cookie{Name: "a", Path: "/é"}, "Cookie: http: invalid byte 'Ã' in Cookie.Path, which net/http or browsers drop; correct it"},
	"path without a slash":  {authhttp.Cookie{Name: "a", Path: "app"}, `Cookie: the Path "app" does not begin with a slash; add it`},
	"domain":                {authhttp.Cookie{Name: "a", Domain: "a_b.example"}, "Cookie: http: invalid Cookie.Domain, which net/http or browsers drop; correct it"},
	"domain with a port":    {authhttp.Cookie{Name: "a", Domain: "example.com:80"}, "Cookie: http: invalid Cookie.Domain, which net/http or browsers drop; correct it"},

	"SameSite default":       {authhttp.Cookie{SameSite: http.SameSiteDefaultMode}, "Cookie: SameSite is 1; it must be 0, or Lax, Strict or None of net/http"},
	"SameSite negative":      {authhttp.Cookie{SameSite: -1}, "Cookie: SameSite is -1; it must be 0, or Lax, Strict or None of net/http"},
	"SameSite unknown":       {authhttp.Cookie{SameSite: http.SameSiteNoneMode + 1}, "Cookie: SameSite is 5; it must be 0, or Lax, Strict or None of net/http"},
	"None and Insecure":      {authhttp.Cookie{SameSite: http.SameSiteNoneMode, Insecure: true}, "Cookie: browsers drop SameSite=None without Secure; omit Insecure, or choose another SameSite"},
	"default name, a path":   {authhttp.Cookie{Path: "/app"}, `Cookie: the name "__Host-auth" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`},
	"default name, a domain": {authhttp.Cookie{Domain: "example.com"}, `Cookie: the name "__Host-auth" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`},
	"__HOST- and a path":     {authhttp.Cookie{Name: "__HOST-a", Path: "/app"}, `Cookie: the name "__HOST-a" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`},
	"__host- and a domain":   {authhttp.Cookie{Name: "__host-a", Domain: "example.com"}, `Cookie: the name "__host-a" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`},
	"__Host-Http-, a domain": {authhttp.Cookie{Name: "__Host-Http-a", Domain: "example.com"}, `Cookie: the name "__Host-Http-a" (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth`},
	"__Host- insecure":       {authhttp.Cookie{Name: "__Host-a", Insecure: true}, `Cookie: the name "__Host-a" does not go with Insecure; give a Name without the prefix, such as auth`},
	"__SECURE- insecure":     {authhttp.Cookie{Name: "__SECURE-a", Insecure: true}, `Cookie: the name "__SECURE-a" does not go with Insecure; give a Name without the prefix, such as auth`},
	"__hTTp- insecure":       {authhttp.Cookie{Name: "__hTTp-a", Insecure: true}, `Cookie: the name "__hTTp-a" does not go with Insecure; give a Name without the prefix, such as auth`},
	"trusted origin": {
		authhttp.Cookie{TrustedOrigins: []string{"https://a.example", "https://*.example"}},
		`Cookie: the trusted origin "https://*.example" is not what a browser sends; it must be like https://app.example.com: scheme and host in lower case, no default port, no path, no user, no *`,
	},
}

func pointerTo(t authhttp.Transport) authhttp.Transport {
	if b, ok := t.(authhttp.Bearer); ok {
		return &b
	}
	c := t.(authhttp.Cookie)
	return &c
}

// Bearer, Cookie and pointers to them are validated alike, and by their own
// methods where New was not called.
func TestBrokenTransports(t *testing.T) {
	s := newStrategy(t)
	for name, test := range brokenTransports {
		t.Run(name, func(t *testing.T) {
			for _, transport := range []authhttp.Transport{test.transport, pointerTo(test.transport)} {
				a, err := authhttp.New(transport, s, load)
				assert.Nil(t, a)
				assertMistakes(t, err, test.mistake)

				w, r := httptest.NewRecorder(), request("POST", with(bearer("a"), "Cookie", "a=b"))
				token, err := transport.Token(r)
				assert.Empty(t, token)
				assertMistakes(t, err, test.mistake)
				for _, token := range []string{"a.b.c", "", "\n"} {
					assertMistakes(t, transport.Write(w, r, token, time.Hour), test.mistake)
				}
				assertMistakes(t, transport.Clear(w, r), test.mistake)
				assert.Empty(t, w.Header())
				assert.Empty(t, w.Body.String())
				assert.False(t, w.Flushed)
			}
		})
	}
}

func TestSeveralMistakesOfACookie(t *testing.T) {
	_, err := authhttp.New(authhttp.Cookie{Name: "__Secure-", Path: "x", SameSite: http.SameSiteNoneMode, Insecure: true, TrustedOrigins: []string{"", "null"}}, newStrategy(t), load)
	origin := ` is not what a browser sends; it must be like https://app.example.com: scheme and host in lower case, no default port, no path, no user, no *`
	assertMistakes(t, err,
		`Cookie: the Path "x" does not begin with a slash; add it`,
		`Cookie: browsers drop SameSite=None without Secure; omit Insecure, or choose another SameSite`,
		`Cookie: the name "__Secure-" does not go with Insecure; give a Name without the prefix, such as auth`,
		`Cookie: the trusted origin ""`+origin,
		`Cookie: the trusted origin "null"`+origin)
}

func TestGoodTransports(t *testing.T) {
	for name, transport := range map[string]authhttp.Transport{
		"Bearer":                    authhttp.Bearer{},
		"realm with a tab":          authhttp.Bearer{Realm: "a\tb"},
		"realm beyond ASCII":        authhttp.Bearer{Realm: "Größe"},
		"realm with a quote":        authhttp.Bearer{Realm: `a "b" \c`},
		"Cookie":                    authhttp.Cookie{},
		"Insecure":                  authhttp.Cookie{Insecure: true},
		"path":                      authhttp.Cookie{Name: "__Secure-a", Path: "/app"},
		"domain":                    authhttp.Cookie{Name: "__Http-a", Domain: "example.com"},
		"__Host-, all by default":   authhttp.Cookie{Name: "__Host-a", Path: "/"},
		"prefix that is none":       authhttp.Cookie{Name: "__Hosta", Path: "/app", Domain: "example.com"},
		"insecure, prefix inside":   authhttp.Cookie{Name: "a__Secure-", Insecure: true},
		"Lax":                       authhttp.Cookie{SameSite: http.SameSiteLaxMode},
		"Strict":                    authhttp.Cookie{SameSite: http.SameSiteStrictMode, Insecure: true},
		"None":                      authhttp.Cookie{SameSite: http.SameSiteNoneMode},
		"another":                   other{},
		"another with a challenge":  other{challenge: `Session realm="Basic"`},
		"another by pointer":        &other{},
		"a challenge of one scheme": other{challenge: "Basically"},
		"a bearer token of others":  other{header: "Authorization", challenge: `Bearer scope="a"`},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := authhttp.New(transport, newStrategy(t), load)
			assert.NoError(t, err)
			assert.NotNil(t, a)
		})
	}
}

// goodOrigins are what browsers send.
var goodOrigins = []string{
	"https://app.example.com", "http://localhost", "http://localhost:3000", "https://example.com:8443", "https://example.com:80", "http://example.com:443",
	"http://127.0.0.1:8080", "http://[::1]:8080", "https://[2001:db8::1]", "https://xn--bcher-kva.example", "https://a_b.example", "https://example.com.",
	"https://1.example", "https://1a", "https://0xg", "https://example.com:1", "https://example.com:65535", "chrome-extension://abcdefghijklmnop",
	"moz-extension://8f9c7b3e-0000-4000-8000-000000000000", "capacitor://localhost", "https://example.com:4433", "http://example.com:8080", "app+x.y-z://a:80", "xhttp://a:80", "xhttps://a:443",
}

// badOrigins only resemble them.
var badOrigins = []string{
	"", "null", "*", "https://*", "https://*.example.com", "example.com", "//example.com", "https:", "https://", "https:example.com", "https:///",
	"https://example.com/", "https://example.com/path", "https://example.com?", "https://example.com?q", "https://example.com#", "https://example.com#f",
	"https://example.com:443", "http://example.com:80", "http://[::1]:80", "https://[::1]:443", "https://example.com:", "https://example.com:0", "https://example.com:08443", "https://example.com:65536", "https://example.com:99999", "https://example.com:123456", "https://example.com:99999999999999999999", "https://example.com:https",
	"HTTPS://example.com", "https://Example.com", "https://EXAMPLE.COM", "https://bücher.example", "https://b%C3%BCcher.example", "https://user@example.com", "https://user:password@example.com", "https://@example.com",
	" https://example.com", "https://example.com ", "https://example.com\n", "https://exam ple.com", "https://example.com,https://a.example", "https://example.com https://a.example",
	"https://127.0.0.01", "https://127.1", "https://2130706433", "https://0x7f000001", "https://0x7f.0.0.1", "https://127.0.0.1.", "https://127.0.0.256", "https://a.1", "https://a.0x1", "https://0x", "https://1.2.3.4.5", "https://999999999999",
	"https://[::0]", "https://[0:0:0:0:0:0:0:1]", "https://[::ABCD]", "https://[::1", "https://::1", "https://[::1%25eth0]", "https://[::ffff:1.2.3.4]", "https://[]", "https://[:]", "https://[::1]x", "https://[2001:DB8::1]", "https://[01::1]", "https://[::1::2]", "https://[example.com]",
	"1https://example.com", "-https://example.com", "ht_tps://example.com", "\u212Attps://example.com",
}

func TestTrustedOrigins(t *testing.T) {
	s := newStrategy(t)
	for _, origin := range goodOrigins {
		_, err := authhttp.New(authhttp.Cookie{TrustedOrigins: []string{origin}}, s, load)
		assert.NoError(t, err, origin)
	}
	for _, origin := range badOrigins {
		_, err := authhttp.New(authhttp.Cookie{TrustedOrigins: []string{origin}}, s, load)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, origin)
		assert.ErrorContains(t, err, "is not what a browser sends", origin)
	}
}

// A challenge of Basic or Digest makes browsers open a dialog.
func TestMistakesInTheChallengeOfOthers(t *testing.T) {
	const dialog = "the Challenge of the transport authhttp_test.other is Basic or Digest, which make browsers open a dialog; use another scheme"
	noValue := func(shown string) string {
		return "the Challenge of the transport authhttp_test.other is " + shown + `; it must be a scheme with its parameters, such as Bearer realm="api", or empty`
	}
	for challenge, mistakes := range map[string][]string{
		"Basic":                             {dialog},
		`Basic realm="api"`:                 {dialog},
		`bASIC realm="api"`:                 {dialog},
		"Basic\trealm=\"api\"":              {dialog},
		`Bearer realm="api", Basic realm=x`: {dialog},
		`Bearer realm="api",basic`:          {dialog},
		`Digest realm="api"`:                {dialog},
		"digest":                            {dialog},
		" Basic":                            {dialog, noValue(`" Basic"`)},
		" Bearer x=y":                       {noValue(`" Bearer x=y"`)},
		"Session ":                          {noValue(`"Session "`)},
		"Session\t":                         {noValue(`"Session\t"`)},
		"Bearer realm=\"a\nb\"":             {noValue(`"Bearer realm=\"a\nb\""`)},
		"Bearer\x7f":                        {noValue(`"Bearer\x7f"`)},
		"Bearer":                            {noValue(`"Bearer"`)},
		"bearer":                            {noValue(`"bearer"`)},
	} {
		_, err := authhttp.New(other{challenge: challenge}, newStrategy(t), load)
		t.Run(challenge, func(t *testing.T) { assertMistakes(t, err, mistakes...) })
	}
}

func TestMistakesAtAnyOf(t *testing.T) {
	good := newAuth(t, authhttp.Bearer{})
	for name, test := range map[string]struct {
		auths    []*authhttp.Auth[*user]
		mistakes []string
	}{
		"nothing": {nil, []string{"AnyOf() has no Auth; pass one or more"}},
		"nil":     {[]*authhttp.Auth[*user]{good, nil}, []string{"AnyOf: Auth 2 of 2 is nil or zero; pass what New returned without an error"}},
		"zero":    {[]*authhttp.Auth[*user]{{}, good}, []string{"AnyOf: Auth 1 of 2 is nil or zero; pass what New returned without an error"}},
		"all of them": {[]*authhttp.Auth[*user]{nil, {}, good}, []string{
			"AnyOf: Auth 1 of 3 is nil or zero; pass what New returned without an error",
			"AnyOf: Auth 2 of 3 is nil or zero; pass what New returned without an error",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := authhttp.AnyOf(test.auths...)
			assert.Nil(t, a)
			assertMistakes(t, err, test.mistakes...)
		})
	}
}

// What the caller changes after New has no effect.
func TestAuthIsImmutable(t *testing.T) {
	origins := []string{"https://app.example.com"}
	c := &authhttp.Cookie{TrustedOrigins: origins}
	b := &authhttp.Bearer{}
	auths := []*authhttp.Auth[*user]{newAuth(t, b), newAuth(t, c)}
	a := anyOf(t, auths...)
	origins[0], c.Name, c.Insecure, b.Realm, auths[0], auths[1] = "https://evil.example", "a", true, "b", nil, nil

	fromApp := with(cookie(tokenOf(t, "ada")), "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com")
	assert.Equal(t, passed("ada", "Vary", "Authorization", "Vary", "Cookie", "Cache-Control", "private"), ask(t, a.Require(greet), "POST", fromApp))
	fromApp.Set("Origin", "https://evil.example")
	assert.Equal(t, refusal(403, "Vary", "Authorization", "Vary", "Cookie"), ask(t, a.Require(greet), "POST", fromApp))
	assert.Equal(t, refusal(401, "Vary", "Authorization", "Vary", "Cookie", "WWW-Authenticate", `Bearer realm="api"`, "WWW-Authenticate", `Cookie realm="api"`), ask(t, a.Require(greet), "GET", nil))
}

func TestZeroAuth(t *testing.T) {
	const text = "authstrategy: invalid configuration: the Auth is nil or zero; make it with authhttp.New or AnyOf, and check their error"
	for name, a := range map[string]*authhttp.Auth[*user]{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			var book logbook
			setDefaultLogger(t, &book)
			login := loginOf(a, ada)
			refuse := func(err error) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.Refuse(w, r, err) })
			}
			all := func(*http.Request, *user) bool { return true }
			for what, h := range map[string]http.Handler{
				"Require": a.Require(greet), "Optional": a.Optional(greet), "RequireThat": a.RequireThat(all)(greet), "Login": login, "Logout": http.HandlerFunc(a.Logout),
				"Refuse 401": refuse(authstrategy.ErrTokenMissing), "Refuse 403": refuse(authhttp.ErrForbidden), "Refuse nil": refuse(nil), "Require(nil)": a.Require(nil),
			} {
				for _, method := range []string{"GET", "POST"} {
					for _, header := range []http.Header{nil, bearer(tokenOf(t, "ada")), cookie(tokenOf(t, "ada"))} {
						assert.Equal(t, refusal(503), ask(t, h, method, header), "%s %s %v", what, method, header)
						assert.Equal(t, []string{"ERROR authhttp: request failed status=503 err=" + text}, book.take(), "%s %s %v", what, method, header)
					}
				}
			}

			u, err := a.Authenticate(request("GET", bearer(tokenOf(t, "ada"))))
			assertNoUser(t, u, err, authstrategy.ErrInvalidConfig)
			assert.EqualError(t, err, text)
			assert.False(t, errors.Is(err, authstrategy.ErrInvalidToken))
			w := httptest.NewRecorder()
			token, err := a.Issue(w, request("POST", nil), ada)
			assert.Empty(t, token)
			assert.EqualError(t, err, text)
			a.Vary(w.Header())
			assert.Empty(t, w.Header())
			assert.PanicsWithValue(t, "authhttp: RequireThat(nil) would allow nobody; pass a function, or use Require", func() { a.RequireThat(nil) })
		})
	}
}

func TestRequireThatNil(t *testing.T) {
	a := newAuth(t, authhttp.Bearer{})
	assert.PanicsWithValue(t, "authhttp: RequireThat(nil) would allow nobody; pass a function, or use Require", func() { a.RequireThat(nil) })
}

// An option that is given twice applies as it is given last.
func TestLastOptionApplies(t *testing.T) {
	var book, unused logbook
	teapot := func(status int) authhttp.Option {
		return authhttp.WithResponder(func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { w.WriteHeader(status) })
	}
	a, err := authhttp.New[*user](authhttp.Bearer{}, &custom{}, load, teapot(500), teapot(418), authhttp.WithLogger(unused.logger()), authhttp.WithLogger(book.logger()),
		authhttp.WithLifetime(time.Hour), authhttp.WithLifetime(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, 418, ask(t, a.Require(greet), "GET", nil).status)
	assert.Len(t, book.take(), 1)
	assert.Empty(t, unused.take())
	login := loginOf(a, ada)
	assert.Equal(t, `{"access_token":"custom","token_type":"bearer","expires_in":60}`, ask(t, login, "POST", nil).body)
}
