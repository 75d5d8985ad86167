package authhttp_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// written returns what a transport writes for a token, and cleared what it writes
// to clear it.
func written(t *testing.T, transport authhttp.Transport, token string, lifetime time.Duration) http.Header {
	t.Helper()
	w := httptest.NewRecorder()
	assert.NoError(t, transport.Write(w, request("POST", nil), token, lifetime))
	return w.Header()
}

func cleared(t *testing.T, transport authhttp.Transport) http.Header {
	t.Helper()
	w := httptest.NewRecorder()
	assert.NoError(t, transport.Clear(w, request("POST", nil)))
	return w.Header()
}

func TestCookieAttributes(t *testing.T) {
	for name, test := range map[string]struct {
		cookie       authhttp.Cookie
		set, cleared string
	}{
		"by default": {
			authhttp.Cookie{},
			"__Host-auth=a.b.c; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax",
			"__Host-auth=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		"insecure": {
			authhttp.Cookie{Insecure: true},
			"auth=a.b.c; Path=/; Max-Age=900; HttpOnly; SameSite=Lax",
			"auth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		},
		"everything": {
			authhttp.Cookie{Name: "__Secure-session", Path: "/app", Domain: "example.com", SameSite: http.SameSiteNoneMode, TrustedOrigins: []string{"https://app.example.com"}},
			"__Secure-session=a.b.c; Path=/app; Domain=example.com; Max-Age=900; HttpOnly; Secure; SameSite=None",
			"__Secure-session=; Path=/app; Domain=example.com; Max-Age=0; HttpOnly; Secure; SameSite=None",
		},
		"insecure, everything": {
			authhttp.Cookie{Name: "session", Path: "/app/", Domain: ".example.com", SameSite: http.SameSiteStrictMode, Insecure: true},
			"session=a.b.c; Path=/app/; Domain=example.com; Max-Age=900; HttpOnly; SameSite=Strict",
			"session=; Path=/app/; Domain=example.com; Max-Age=0; HttpOnly; SameSite=Strict",
		},
		"Lax, by name": {
			authhttp.Cookie{Name: "__Http-a", SameSite: http.SameSiteLaxMode},
			"__Http-a=a.b.c; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax",
			"__Http-a=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, transport := range []authhttp.Transport{test.cookie, &test.cookie} {
				assert.Equal(t, headers("Set-Cookie", test.set), written(t, transport, "a.b.c", 15*time.Minute))
				assert.Equal(t, headers("Set-Cookie", test.cleared), cleared(t, transport))
			}
			a := authOf(t, test.cookie, &custom{write: func(*user) (string, error) { return "a.b.c", nil }}, authhttp.WithLifetime(15*time.Minute))
			assert.Equal(t, answer{204, headers("Set-Cookie", test.set, "Cache-Control", "no-store"), ""}, ask(t, loginOf(a, ada), "POST", nil))
			assert.Equal(t, answer{204, headers("Set-Cookie", test.cleared, "Cache-Control", "no-store"), ""}, ask(t, http.HandlerFunc(a.Logout), "POST", nil))
		})
	}
	assert.Equal(t, "Cookie", authhttp.Cookie{}.Header())
	assert.Equal(t, cookieRealm, authhttp.Cookie{}.Challenge())
	assert.Nil(t, authhttp.Cookie{}.Body("token", time.Hour))
}

// Both are rounded up to whole seconds and never overflow.
func TestMaxAgeAndExpiresIn(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for lifetime, seconds := range map[time.Duration]int64{
		0: 0, 1: 1, time.Second - 1: 1, time.Second: 1, time.Second + 1: 2, time.Hour: 3600, time.Hour + time.Millisecond: 3601,
		year: 31536000, year + 1: 31536001, 290*year + 1: 9145440001, 290 * year: 9145440000,
		math.MaxInt64: 9223372037, math.MaxInt64 - 854775807: 9223372036, math.MaxInt64 - 854775806: 9223372037,
		-1: 0, math.MinInt64: 0,
	} {
		maxAge, expiresIn := "", ""
		if seconds > 0 {
			maxAge = fmt.Sprintf("; Max-Age=%d", min(seconds, math.MaxInt))
			expiresIn = fmt.Sprintf(`,"expires_in":%d`, seconds)
		}
		assert.Equal(t, headers("Set-Cookie", "__Host-auth=t; Path=/"+maxAge+"; HttpOnly; Secure; SameSite=Lax"), written(t, authhttp.Cookie{}, "t", lifetime), lifetime)

		a := authOf(t, authhttp.Bearer{}, lasting{&custom{}, lifetime})
		assert.Equal(t, `{"access_token":"custom","token_type":"bearer"`+expiresIn+`}`, ask(t, loginOf(a, ada), "POST", nil).body, lifetime)
		a = authOf(t, authhttp.Cookie{}, lasting{&custom{}, lifetime})
		assert.Equal(t, []string{"__Host-auth=custom; Path=/" + maxAge + "; HttpOnly; Secure; SameSite=Lax"}, ask(t, loginOf(a, ada), "POST", nil).header["Set-Cookie"], lifetime)
	}
}

// lasting is a strategy that says how long its tokens are valid.
type lasting struct {
	*custom
	lifetime time.Duration
}

func (l lasting) Lifetime() time.Duration { return l.lifetime }

// lifetimes is a transport that keeps what it is told of them.
type lifetimes struct {
	other
	written, shown time.Duration
}

func (l *lifetimes) Write(_ http.ResponseWriter, _ *http.Request, _ string, lifetime time.Duration) error {
	l.written = lifetime
	return nil
}

func (l *lifetimes) Body(_ string, lifetime time.Duration) any {
	l.shown = lifetime
	return nil
}

func TestLifetime(t *testing.T) {
	jwt, forEver := newStrategy(t, authstrategy.WithLifetime(2*time.Minute)), newStrategy(t, authstrategy.WithoutExpiration())
	factory := authstrategy.StrategyFactory[*user](func(context.Context) (authstrategy.Strategy[*user], error) { return jwt, nil })
	for name, test := range map[string]struct {
		strategy authstrategy.Strategy[*user]
		options  []authhttp.Option
		seconds  int
	}{
		"the strategy's":                 {jwt, nil, 120},
		"the strategy's comes first":     {jwt, []authhttp.Option{authhttp.WithLifetime(time.Hour)}, 120},
		"the strategy's, for ever":       {forEver, nil, 0},
		"for ever comes first":           {forEver, []authhttp.Option{authhttp.WithLifetime(time.Hour)}, 0},
		"a factory has none":             {factory, nil, 0},
		"a factory and WithLifetime":     {factory, []authhttp.Option{authhttp.WithLifetime(90 * time.Second)}, 90},
		"a factory and WithLifetime(0)":  {factory, []authhttp.Option{authhttp.WithLifetime(0)}, 0},
		"another strategy, WithLifetime": {&custom{}, []authhttp.Option{authhttp.WithLifetime(time.Minute)}, 60},
		"its own method":                 {lasting{&custom{}, 30 * time.Second}, []authhttp.Option{authhttp.WithLifetime(time.Minute)}, 30},
		"its own method, negative":       {lasting{&custom{}, -time.Second}, []authhttp.Option{authhttp.WithLifetime(time.Minute)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := authOf(t, authhttp.Cookie{}, test.strategy, test.options...)
			set, err := http.ParseSetCookie(ask(t, loginOf(a, ada), "POST", nil).header.Get("Set-Cookie"))
			assert.NoError(t, err)
			assert.Equal(t, test.seconds, set.MaxAge)
			assert.Equal(t, test.seconds > 0, strings.Contains(set.Raw, "Max-Age"))

			var told lifetimes
			ask(t, loginOf(authOf(t, &told, test.strategy, test.options...), ada), "POST", nil)
			lifetime := time.Duration(test.seconds) * time.Second
			assert.Equal(t, []time.Duration{lifetime, lifetime}, []time.Duration{told.written, told.shown})

			a = anyOf(t, authOf(t, authhttp.Bearer{}, test.strategy, test.options...), newAuth(t, authhttp.Cookie{}))
			body := ask(t, loginOf(a, ada), "POST", nil).body
			assert.Equal(t, test.seconds > 0, strings.HasSuffix(body, fmt.Sprintf(`,"expires_in":%d}`, test.seconds)), body)
			assert.Equal(t, test.seconds > 0, strings.Contains(body, "expires_in"), body)
		})
	}
}

// Browsers drop a cookie whose name and value have more than 4096 bytes, without a
// word.
func TestTokenTooLong(t *testing.T) {
	for _, c := range []authhttp.Cookie{{}, {Name: "a"}, {Insecure: true}} {
		name := map[bool]string{true: "auth", false: "__Host-auth"}[c.Insecure]
		if c.Name != "" {
			name = c.Name
		}
		fits := strings.Repeat("a", 4096-len(name))
		assert.Contains(t, written(t, c, fits, time.Hour).Get("Set-Cookie"), name+"="+fits+";")

		w := httptest.NewRecorder()
		err := c.Write(w, request("POST", nil), fits+"a", time.Hour)
		assert.ErrorIs(t, err, authhttp.ErrTokenTooLong)
		assert.EqualError(t, err, "authhttp: token too long: the cookie's name and value have 4097 bytes, over the 4096 that browsers store; write fewer private claims, or use Bearer")
		assert.Empty(t, w.Header())

		var book logbook
		a := authOf(t, c, &custom{write: func(*user) (string, error) { return fits + "a", nil }}, authhttp.WithLogger(book.logger()))
		assert.Equal(t, refusal(503, "Vary", "Cookie"), ask(t, loginOf(a, ada), "POST", nil), "no cookie, and a retry does not help")
		assert.Equal(t, []string{"ERROR authhttp: request failed status=503 err=" + err.Error()}, book.take())
	}
	a := authOf(t, authhttp.Bearer{}, &custom{write: func(*user) (string, error) { return strings.Repeat("a", 5000), nil }})
	assert.Equal(t, 200, ask(t, loginOf(a, ada), "POST", nil).status, "a bearer token may be longer")
}

// A token with a byte that no cookie can hold is an error, never sanitised.
func TestTokenThatNoCookieCanHold(t *testing.T) {
	const text = "authhttp: the strategy wrote a token that is empty or that a cookie cannot carry (RFC 6265 §4.1.1)"
	for c := range 0x100 {
		token := "a" + string([]byte{byte(c)}) + "b"
		if c > ' ' && c < 0x7f && !strings.ContainsRune("\",;\\", rune(c)) {
			assert.Equal(t, headers("Set-Cookie", "a="+token+"; Path=/; HttpOnly; Secure; SameSite=Lax"), written(t, authhttp.Cookie{Name: "a"}, token, 0), "%#x", c)
			continue
		}
		w := httptest.NewRecorder()
		assert.EqualError(t, authhttp.Cookie{Name: "a"}.Write(w, request("POST", nil), token, 0), text, "%#x", c)
		assert.Empty(t, w.Header(), "%#x", c)
	}
	for _, token := range []string{"", "é", "\uFFFD", "a\r\nSet-Cookie: b=c", "a; Domain=evil.example"} {
		a := authOf(t, authhttp.Cookie{}, &custom{write: func(*user) (string, error) { return token, nil }})
		assert.Equal(t, unavailable("Cookie"), ask(t, loginOf(a, ada), "POST", nil), "%q", token)
	}
}

func TestCookieToken(t *testing.T) {
	good := tokenOf(t, "ada")
	ok := passed("ada", "Vary", "Cookie", "Cache-Control", "private")
	missing := unauthorized("Cookie", cookieRealm)
	refused := unauthorized("Cookie", cookieRealm+invalidToken)
	malformed := refusal(400, "Vary", "Cookie", "WWW-Authenticate", cookieRealm+invalidRequest)
	guarded := newAuth(t, authhttp.Cookie{}).Require(greet)
	for name, test := range map[string]struct {
		cookies []string
		want    answer
	}{
		"good":                          {[]string{"__Host-auth=" + good}, ok},
		"among others":                  {[]string{"a=b; __Host-auth=" + good + "; auth=c"}, ok},
		"in a header of its own":        {[]string{"a=b", "__Host-auth=" + good}, ok},
		"in quotes":                     {[]string{`__Host-auth="` + good + `"`}, ok},
		"none":                          {nil, missing},
		"an empty header":               {[]string{""}, missing},
		"of another name":               {[]string{"auth=" + good}, missing},
		"of the name in lower case":     {[]string{"__host-auth=" + good}, missing},
		"of a longer name":              {[]string{"__Host-auth2=" + good}, missing},
		"empty":                         {[]string{"__Host-auth="}, missing},
		"empty, in quotes":              {[]string{`__Host-auth=""`}, missing},
		"a name alone":                  {[]string{"__Host-auth"}, missing},
		"no cookie at all":              {[]string{good}, missing},
		"more than net/http reads":      {[]string{strings.Repeat("a=b; ", 3000) + "__Host-auth=" + good}, missing},
		"the same twice":                {[]string{"__Host-auth=" + good + "; __Host-auth=" + good}, malformed},
		"two":                           {[]string{"__Host-auth=" + good + "; __Host-auth=b"}, malformed},
		"two, the second empty":         {[]string{"__Host-auth=" + good + "; __Host-auth="}, malformed},
		"two, the first empty":          {[]string{"__Host-auth=; __Host-auth=" + good}, malformed},
		"two, both empty":               {[]string{"__Host-auth=; __Host-auth"}, malformed},
		"two in two headers":            {[]string{"__Host-auth=" + good, "__Host-auth=" + good}, malformed},
		"one byte changed":              {[]string{"__Host-auth=" + good + "A"}, refused},
		"expired":                       {[]string{"__Host-auth=" + expiredToken(t)}, refused},
		"of a user who is gone":         {[]string{"__Host-auth=" + tokenOf(t, "gone")}, refused},
		"the loader is down":            {[]string{"__Host-auth=" + tokenOf(t, "down")}, unavailable("Cookie")},
		"the loader: ErrCrossOrigin":    {[]string{"__Host-auth=" + tokenOf(t, "cross")}, unavailable("Cookie")},
		"the loader: ErrInvalidConfig":  {[]string{"__Host-auth=" + tokenOf(t, "config")}, refusal(503, "Vary", "Cookie")},
		"the loader: ErrMalformed":      {[]string{"__Host-auth=" + tokenOf(t, "malformed")}, unavailable("Cookie")},
		"the token of a bearer, beside": {[]string{"access_token=" + good}, missing},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, guarded, "GET", http.Header{"Cookie": test.cookies})
			assert.Equal(t, test.want, got)
			assert.Empty(t, got.header["Set-Cookie"], "a guard never clears a cookie")
		})
	}
}

// A browser logs in, is known, and logs out.
func TestCookieInABrowser(t *testing.T) {
	for name, test := range map[string]struct {
		cookie             authhttp.Cookie
		login, me, nowhere string // the last is where the cookie is not sent, if anywhere
	}{
		"by default":  {authhttp.Cookie{}, "https://example.com/", "https://example.com/me", "https://sub.example.com/me"},
		"with a path": {authhttp.Cookie{Name: "__Secure-a", Path: "/app"}, "https://example.com/app/login", "https://example.com/app/me", "https://example.com/me"},
		"domain":      {authhttp.Cookie{Name: "__Secure-a", Domain: "example.com", SameSite: http.SameSiteStrictMode}, "https://example.com/", "https://sub.example.com/me", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuth(t, test.cookie)
			me := a.Require(greet)
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case "POST":
					a.Login(w, r, ada)
				case "DELETE":
					a.Logout(w, r)
				default:
					me.ServeHTTP(w, r)
				}
			})
			server := httptest.NewTLSServer(h)
			defer server.Close()
			browser := newBrowser(t, server)

			loggedIn := passed("ada", "Vary", "Cookie", "Cache-Control", "private")
			assert.Equal(t, unauthorized("Cookie", cookieRealm), browse(t, browser, "GET", test.me))
			assert.Equal(t, 204, browse(t, browser, "POST", test.login).status)
			assert.Equal(t, loggedIn, browse(t, browser, "GET", test.me))
			assert.Equal(t, loggedIn, browse(t, browser, "PUT", test.me))
			if test.nowhere != "" {
				assert.Equal(t, 401, browse(t, browser, "GET", test.nowhere).status)
			}
			assert.Equal(t, 204, browse(t, browser, "DELETE", test.login).status)
			assert.Equal(t, unauthorized("Cookie", cookieRealm), browse(t, browser, "GET", test.me), "the cookie is gone")
		})
	}
}
