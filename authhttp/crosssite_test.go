package authhttp_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// What each site sends, and whether it may use, set and clear the cookie of a
// service that trusts https://app.example.com.
var sites = map[string]struct {
	header http.Header
	may    bool
}{
	"a client that is no browser":      {headers(), true},
	"the service itself":               {headers("Sec-Fetch-Site", "same-origin", "Origin", ownOrigin), true},
	"the address bar":                  {headers("Sec-Fetch-Site", "none"), true},
	"the service itself, old browser":  {headers("Origin", ownOrigin), true},
	"Fetch metadata first, then":       {headers("Sec-Fetch-Site", "same-origin", "Origin", "https://evil.example"), true},
	"another site":                     {headers("Sec-Fetch-Site", "cross-site"), false},
	"another site with its origin":     {headers("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), false},
	"another site with this origin":    {headers("Sec-Fetch-Site", "cross-site", "Origin", ownOrigin), false},
	"a neighbouring subdomain":         {headers("Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"), false},
	"a site of a kind yet unknown":     {headers("Sec-Fetch-Site", "same-planet"), false},
	"another site, old browser":        {headers("Origin", "https://evil.example"), false},
	"another port, old browser":        {headers("Origin", ownOrigin+"0"), false},
	"a sandbox, old browser":           {headers("Origin", "null"), false},
	"a sandbox":                        {headers("Sec-Fetch-Site", "cross-site", "Origin", "null"), false},
	"a trusted origin":                 {headers("Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com"), true},
	"a trusted subdomain":              {headers("Sec-Fetch-Site", "same-site", "Origin", "https://app.example.com"), true},
	"a trusted origin, old browser":    {headers("Origin", "https://app.example.com"), true},
	"a trusted origin by http":         {headers("Sec-Fetch-Site", "cross-site", "Origin", "http://app.example.com"), false},
	"a trusted origin, another port":   {headers("Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com:8443"), false},
	"what begins as a trusted origin":  {headers("Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com.evil.example"), false},
	"a trusted origin in the Referer":  {headers("Sec-Fetch-Site", "cross-site", "Referer", "https://app.example.com/"), false},
	"another site that fakes a header": {headers("Sec-Fetch-Site", "cross-site", "X-Forwarded-Host", "evil.example", "Origin", "https://evil.example"), false},
}

var trusting = authhttp.Cookie{TrustedOrigins: []string{"https://app.example.com"}}

// unsafeMethods are all methods but three.
var unsafeMethods = []string{"POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "PROPFIND", "get"}

var crossOrigin = refusal(403, "Vary", "Cookie")

func TestCrossSiteUse(t *testing.T) {
	good := tokenOf(t, "ada")
	c := newAuth(t, trusting)
	b := newAuth(t, authhttp.Bearer{})
	ok := passed("ada", "Vary", "Cookie", "Cache-Control", "private")
	guarded := httptest.NewServer(c.Require(greet))
	defer guarded.Close()
	both := httptest.NewServer(anyOf(t, b, c).Require(greet))
	defer both.Close()
	cookieFirst := httptest.NewServer(anyOf(t, c, b).Require(greet))
	defer cookieFirst.Close()
	for name, site := range sites {
		for _, method := range unsafeMethods {
			header := with(site.header, "Cookie", "__Host-auth="+good)
			want := crossOrigin
			if site.may {
				want = ok
			}
			assert.Equal(t, want, askServer(t, guarded, method, header), "%s %s", method, name)

			header = with(header, "Authorization", "Bearer "+good)
			assert.Equal(t, passed("ada", "Vary", "Authorization"), askServer(t, both, method, header), "%s %s: a bearer token needs no check, and the cookie beside it gets none", method, name)
			assert.Equal(t, want, askServer(t, cookieFirst, method, header), "%s %s: the cookie decides", method, name)
		}
		for _, method := range []string{"GET", "OPTIONS"} {
			assert.Equal(t, ok, askServer(t, guarded, method, with(site.header, "Cookie", "__Host-auth="+good)), "%s %s", method, name)
		}
		assert.Equal(t, 200, askServer(t, guarded, "HEAD", with(site.header, "Cookie", "__Host-auth="+good)).status, "HEAD %s", name)
	}

	evil := headers("Sec-Fetch-Site", "cross-site")
	assert.Equal(t, unauthorized("Cookie", cookieRealm), askServer(t, guarded, "POST", evil), "nothing to abuse")
	assert.Equal(t, unauthorized("Cookie", cookieRealm), askServer(t, guarded, "POST", with(evil, "Cookie", "__Host-auth=")), "nothing to abuse")
	assert.Equal(t, crossOrigin, askServer(t, guarded, "POST", with(evil, "Cookie", "__Host-auth=a")), "before the token is read")
}

// A WebSocket handshake is a GET, and no browser asks before it sends one to
// another site.
func TestCrossSiteWebSocket(t *testing.T) {
	good := tokenOf(t, "ada")
	ok := passed("ada", "Vary", "Cookie", "Cache-Control", "private")
	server := httptest.NewServer(newAuth(t, trusting).Require(greet))
	defer server.Close()
	for _, upgrade := range [][]string{
		{"websocket"}, {"WebSocket"}, {"WEBSOCKET"}, {"h2c, websocket"}, {"websocket, h2c"}, {"h2c,websocket"}, {"h2c ,\twebsocket\t"}, {"websocket/13"}, {"websocket /13"},
		{"h2c", "websocket"}, {"h2c", "x, WebSocket"}, {",websocket"}, {"", "websocket"}, {"websocket,"},
	} {
		for name, site := range sites {
			header := with(site.header, "Cookie", "__Host-auth="+good)
			header["Upgrade"] = upgrade
			header["Connection"] = []string{"Upgrade"}
			want := crossOrigin
			if site.may {
				want = ok
			}
			assert.Equal(t, want, askServer(t, server, "GET", header), "%q %s", upgrade, name)
		}
	}
	for _, upgrade := range [][]string{{"h2c"}, {""}, {"websockets"}, {"xwebsocket"}, {"web socket"}, {"websocket x"}, {"h2c/websocket"}, {"HTTP/2.0, SHTTP/1.3, IRC/6.9"}} {
		header := with(cookie(good), "Sec-Fetch-Site", "cross-site")
		header["Upgrade"] = upgrade
		assert.Equal(t, ok, askServer(t, server, "GET", header), "%q", upgrade)
	}
	header := with(cookie(good), "Sec-Fetch-Site", "cross-site", "Upgrade", "websocket")
	assert.Equal(t, 200, askServer(t, server, "HEAD", header).status, "no handshake")
	r := request("GET", header)
	_, err := trusting.Token(r)
	assert.ErrorIs(t, err, authhttp.ErrCrossOrigin)
	assert.Equal(t, "GET", r.Method, "the request is as it was")
}

// Login CSRF: a site that submits a log-in of its own, so that its victim acts as
// somebody else.
func TestCrossSiteLogin(t *testing.T) {
	c := newAuth(t, trusting)
	login := loginOf(c, ada)
	byBearer := newAuth(t, authhttp.Bearer{})
	loginByBearer := loginOf(byBearer, ada)
	for name, site := range sites {
		for _, header := range []http.Header{site.header, with(site.header, "Cookie", "__Host-auth=old")} {
			answer := ask(t, login, "POST", header)
			if site.may {
				assert.Equal(t, 204, answer.status, name)
				assert.Len(t, answer.header["Set-Cookie"], 1, name)
			} else {
				assert.Equal(t, crossOrigin, answer, name)
			}
		}
		assert.Equal(t, 200, ask(t, loginByBearer, "POST", site.header).status, name)
	}
}

// The transport's own methods check; without New, too.
func TestCrossSiteTransport(t *testing.T) {
	for name, site := range sites {
		if site.header.Get("Origin") == ownOrigin {
			continue // there is no server
		}
		for _, transport := range []authhttp.Transport{trusting, &trusting} {
			w, r := httptest.NewRecorder(), request("POST", with(site.header, "Cookie", "__Host-auth=a"))
			token, readErr := transport.Token(r)
			writeErr := transport.Write(w, r, "token", time.Hour)
			clearErr := transport.Clear(w, r)
			if site.may {
				assert.NoError(t, errors.Join(readErr, writeErr, clearErr), name)
				assert.Equal(t, "a", token)
				assert.Len(t, w.Header()["Set-Cookie"], 2)
				continue
			}
			assert.Empty(t, token, name)
			for _, err := range []error{readErr, writeErr, clearErr} {
				assert.ErrorIs(t, err, authhttp.ErrCrossOrigin, name)
			}
			assert.Empty(t, w.Header(), name)
		}
	}
	// It holds for a cookie that the request does not carry.
	w := httptest.NewRecorder()
	assert.ErrorIs(t, trusting.Clear(w, request("POST", headers("Sec-Fetch-Site", "cross-site"))), authhttp.ErrCrossOrigin)
	assert.Empty(t, w.Header())
	// A GET may set a cookie: a log-in at another service ends with one.
	assert.NoError(t, trusting.Write(w, request("GET", headers("Sec-Fetch-Site", "cross-site")), "token", time.Hour))
}

// Refused for two cookies before their origin is asked: none of them is used.
func TestCrossSiteTwoCookies(t *testing.T) {
	header := headers("Cookie", "__Host-auth=a; __Host-auth=b", "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, refusal(400, "Vary", "Cookie", "WWW-Authenticate", cookieRealm+invalidRequest), ask(t, newAuth(t, trusting).Require(greet), "POST", header))
}
