package frameworks

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// The shells carry cookies as well, and all that decides whether another site made
// the request.
func TestCookie(t *testing.T) {
	const (
		noToken   = `Cookie realm="api"`
		set       = "__Host-auth=…; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"
		cleared   = "__Host-auth=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
		forbidden = `{"detail":"Forbidden"}`
		user      = `{"id":"` + arthur + `","name":"arthur"}`
	)
	form := url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}
	good := "__Host-auth=" + tokenFor(t, arthur)
	site := func(cookie, site string) http.Header {
		return http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {site}}
	}
	webSocket := site(good, "cross-site")
	webSocket["Connection"], webSocket["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	rows := []row{
		{name: "log in", route: "POST /login", form: form, status: 204, setCookie: set},
		{name: "log in over another cookie", route: "POST /login", form: form, header: site("__Host-auth=x", "same-origin"), status: 204, setCookie: set},
		{name: "log in, submitted by another site", route: "POST /login", form: form, header: site("", "cross-site"), status: 403, vary: "Cookie", body: forbidden},
		{name: "user", route: "GET /me", header: site(good, "same-origin"), status: 200, vary: "Cookie", body: user},
		{name: "user, asked for by a link", route: "GET /me", header: site(good, "cross-site"), status: 200, vary: "Cookie", body: user},
		{name: "among others", route: "GET /me", header: http.Header{"Cookie": {"a=b; " + good + "; c=d"}}, status: 200, vary: "Cookie", body: user},
		{name: "no cookie", route: "GET /me", status: 401, challenge: noToken, vary: "Cookie", body: `{"detail":"Unauthorized"}`},
		{name: "empty", route: "GET /me", header: site("__Host-auth=", "same-origin"), status: 401, challenge: noToken, vary: "Cookie", body: `{"detail":"Unauthorized"}`},
		{name: "refused", route: "GET /me", header: site(good+"x", "same-origin"), status: 401,
			challenge: noToken + `, error="invalid_token"`, vary: "Cookie", body: `{"detail":"Unauthorized"}`},
		{name: "two of the name", route: "GET /me", header: site(good+"; __Host-auth=", "same-origin"), status: 400,
			challenge: noToken + `, error="invalid_request"`, vary: "Cookie", body: `{"detail":"Bad Request"}`},
		{name: "two headers", route: "GET /me", header: http.Header{"Cookie": {good, good}}, status: 400,
			challenge: noToken + `, error="invalid_request"`, vary: "Cookie", body: `{"detail":"Bad Request"}`},
		{name: "a WebSocket of another site", route: "GET /me", header: webSocket, status: 403, vary: "Cookie", body: forbidden},
		{name: "log out", route: "POST /logout", header: site(good, "same-origin"), status: 204, setCookie: cleared},
		{name: "log out of nothing", route: "POST /logout", status: 204, setCookie: cleared},
		{name: "log out, submitted by another site", route: "POST /logout", header: site(good, "cross-site"), status: 403, vary: "Cookie", body: forbidden},
		{name: "log out, submitted by another origin", route: "POST /logout", header: http.Header{"Cookie": {good}, "Origin": {"https://evil.example"}},
			status: 403, vary: "Cookie", body: forbidden},
		{name: "log out, of an old browser", route: "POST /logout", header: http.Header{"Cookie": {good}}, origin: true, status: 204, setCookie: cleared},
	}
	for name, start := range frameworks {
		t.Run(name, func(t *testing.T) {
			base := start(t, newService(t, authhttp.Cookie{}))
			for _, r := range rows {
				t.Run(r.name, func(t *testing.T) { r.test(t, base) })
			}
		})
	}
}
