package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attacks are what the page of another origin tries against the service. Each
// returns what its script learns.
var attacks = map[string]string{
	"read the user":               `fetch(service + "users/me", { credentials: "include" }).then((a) => a.text(), (e) => e.name)`,
	"read the claims":             `fetch(service + "demo/session", { method: "POST", credentials: "include" }).then((a) => a.text(), (e) => e.name)`,
	"use the cookie":              `fetch(service + "demo/session", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"log the user out":            `fetch(service + "auth/cookie/logout", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"log the user out everywhere": `fetch(service + "auth/logout-everywhere", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"refresh":                     `fetch(service + "auth/refresh", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"log a device in":             `fetch(service + "demo/device", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"log somebody in":             `fetch(service + "auth/cookie/login", { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams(account) }).then((a) => a.type + a.status)`,
	"read a reason":               `fetch(service + "demo/reason?demo=x-1", { method: "POST", mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
	"break a request":             `fetch(service + "users/me?demo=x-1&case=down", { mode: "no-cors", credentials: "include" }).then((a) => a.type + a.status)`,
}

// A foreign site is a web page elsewhere that the user opens, too. It notes what
// cookies the browser sends there.
func startForeignSite(t *testing.T) (address string, cookies *atomic.Value) {
	cookies = new(atomic.Value)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies.Store(r.Header.Get("Cookie"))
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>evil</title>`)
	}))
	t.Cleanup(site.Close)
	return site.URL, cookies
}

// Neither another port of the host nor another host can act with the cookie, read
// an answer, end the session or begin one.
func TestForeignSite(t *testing.T) {
	for name, c := range map[string]struct {
		host     string
		sameSite bool // the browser sends the cookie along, as to every port of the host
		status   int64
	}{
		"another port": {"127.0.0.1", true, http.StatusForbidden},
		"another host": {"localhost", false, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			p := logIn(t, s, "cookie", "has been blocked by CORS policy", "net::ERR_FAILED", "404 (Not Found)")
			before := p.cookies()
			require.Len(t, before, 1)
			site, cookies := startForeignSite(t)
			p.do(chromedp.Navigate(strings.Replace(site, "127.0.0.1", c.host, 1))) // the same profile
			assert.Equal(t, c.sameSite, cookies.Load() == "auth="+before[0].Value)

			attack(t, p, s)
			assert.Equal(t, []int64{http.StatusForbidden}, p.answered("auth/cookie/logout"))
			assert.Equal(t, []int64{http.StatusForbidden}, p.answered("auth/cookie/login")[1:], "after the user's own")
			for _, path := range []string{"auth/logout-everywhere", "auth/refresh", "demo/device"} {
				assert.Equal(t, []int64{c.status}, p.answered(path), path)
			}
			assert.Equal(t, []int64{c.status}, p.answered("demo/session")[2:], "after the page's own two; of a blocked one nothing is seen")
			assert.NotContains(t, p.answered("demo/reason"), int64(http.StatusOK))

			p.do(chromedp.Navigate(s.url))
			p.until(`!document.getElementById("session").hidden`)
			assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))
			assert.Equal(t, before[0].Value, p.cookies()[0].Value, "the same session")
			p.click("#refresh")
			p.waitText("#news", "Refreshed: 204.")
		})
	}
}

// attack tries everything, and checks that the script learns nothing.
func attack(t *testing.T, p *page, s *service) {
	t.Helper()
	link, err := url.Parse(s.link)
	require.NoError(t, err)
	account, err := url.ParseQuery(link.Fragment)
	require.NoError(t, err)
	for name, script := range attacks {
		want := "opaque0"
		if strings.HasPrefix(name, "read the") {
			want = "TypeError"
		}
		got := eval[string](p, fmt.Sprintf(`((service, account) => %s)(%q, {username: %q, password: %q})`,
			script, s.url, account.Get("username"), account.Get("password")))
		assert.Equal(t, want, got, name)
	}
}

// Another site cannot show the page in a frame, to have the user click there.
func TestNoFrame(t *testing.T) {
	s := start(t)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><iframe src=%q></iframe>`, s.url)
	}))
	defer evil.Close()
	p := open(t, evil.URL, "frame-ancestors")
	p.wait("a violation", func() bool { return len(p.consoleMessages()) > 0 })
	assert.Contains(t, p.consoleMessages()[0], `frame-ancestors 'none'`)
	assert.Empty(t, p.answered("/demo/page.js"))
}
