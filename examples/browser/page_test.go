package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// by is what carries the token: a button of the form, and the path of the log-in.
var by = []string{"cookie", "jwt"}

// logIn opens the link that the service printed, and logs in.
func logIn(t *testing.T, s *service, by string, allowed ...string) *page {
	t.Helper()
	p := open(t, s.link, allowed...)
	p.click("input[value=" + by + "]")
	p.click("#form button")
	p.until(`!document.getElementById("session").hidden`)
	return p
}

// members are the terms of a list, and what is said of them.
func members(p *page, list string) map[string]string {
	return eval[map[string]string](p, fmt.Sprintf(
		`Object.fromEntries([...document.querySelectorAll("#%s > div")].map((row) => [row.firstChild.innerText, row.children[1].innerText]))`, list))
}

// send presses a button, waits for the answer, and returns the row: status,
// challenge and reason.
func send(p *page, name string) []string {
	p.t.Helper()
	row := "#case-" + name
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelectorAll("%s td").forEach((cell) => cell.replaceChildren())`, row)))
	p.click(row + " button")
	p.until(fmt.Sprintf(`document.querySelector("%s td:last-child").innerText !== ""`, row))
	return eval[[]string](p, fmt.Sprintf(`[...document.querySelectorAll("%s td")].map((cell) => cell.innerText)`, row))
}

const (
	bearerChallenge = `Bearer realm="api"`
	cookieChallenge = `Cookie realm="api"`
	letIn           = "nothing: it was let in"
	altered         = "authstrategy: token signature is invalid: the token was altered, or signed with another key"
	expired         = "authstrategy: token is expired: its exp has passed; log in again"
	unsigned        = "authstrategy: token is malformed: its signature segment is empty, as in an unsigned token (alg none); only signed tokens are read"
	down            = "authstrategy: the loader failed: the database is down, as the page asked for"
	missing         = "authstrategy: token is missing: the request carries none"
	crossOrigin     = "authhttp: cross-origin request: cross-origin request detected from Sec-Fetch-Site header; if the site is yours, name it in Cookie.TrustedOrigins"
	tokenEnded      = "session: revoked: the token was ended; log in again"
	allEnded        = "session: revoked: all tokens of the user were ended after this one was written; log in again"
	sessionEnded    = "session: revoked: the session was ended; log in again"
	unreadable      = "(a script of another origin cannot read the answer)"
)

// A session begins, is used, is refused and ends.
func TestSession(t *testing.T) {
	s := start(t)
	for _, by := range by {
		t.Run(by, func(t *testing.T) {
			p := open(t, s.link)
			assert.Equal(t, s.url, eval[string](p, "location.href"), "the password is not in the history")
			p.click("input[value=" + by + "]")
			p.click("#form button")
			p.until(`!document.getElementById("session").hidden`)
			assert.False(t, eval[bool](p, `document.querySelector("#login").checkVisibility()`))

			me := members(p, "me")
			assert.Equal(t, user, me["email"])
			assert.Equal(t, userID, me["id"])
			assert.Equal(t, map[string]string{"alg": "HS256", "typ": "JWT"}, members(p, "header"))
			claims := members(p, "claims")
			assert.Equal(t, userID, claims["sub"])
			assert.Equal(t, `["fastapi-users:auth"]`, claims["aud"])
			assert.Regexp(t, `^\d{10} \(.+\)$`, claims["exp"])
			assert.Regexp(t, `^(1 h|59 min \d+ s|59 min) left$`, p.text("#left"))
			assert.InDelta(t, 3599, bar(p)[0], 60)
			assert.Equal(t, 3600.0, bar(p)[1])
			testStorage(t, p, by)

			failure := map[string]string{
				"cookie": bearerChallenge + "\n" + cookieChallenge + `, error="invalid_token"`,
				"jwt":    bearerChallenge + `, error="invalid_token"` + "\n" + cookieChallenge,
			}[by]
			other := map[string][]string{
				"cookie": {"403", unreadable, crossOrigin},
				"jwt":    {"401", unreadable, missing},
			}[by]
			assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))
			assert.Equal(t, []string{"401", failure, altered}, send(p, "changed"))
			assert.Equal(t, []string{"401", failure, expired}, send(p, "expired"))
			assert.Equal(t, []string{"401", failure, unsigned}, send(p, "none"))
			assert.Equal(t, other, send(p, "other"))
			assert.Zero(t, eval[int](p, `document.querySelectorAll("iframe").length`))
			assert.Equal(t, []string{"503", "none", down}, send(p, "down"))
			assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"), "what was broken was the request, not the session")

			p.click("#logout")
			p.until(`document.getElementById("session").hidden`)
			p.until(`document.getElementById("news").innerText.startsWith("Logged out: 204.")`)
			for _, cookie := range p.cookies() {
				assert.Regexp(t, "^demo-(access|refresh)$", cookie.Name, "a copy of what was ended")
				assert.True(t, cookie.HTTPOnly)
			}
			assert.Equal(t, "login-title", eval[string](p, focused))
		})
	}
}

// bar returns how many seconds the bar shows, and of how many.
func bar(p *page) []float64 {
	p.t.Helper()
	return eval[[]float64](p, `(({ value, max }) => [value, max])(document.getElementById("bar"))`)
}

// The link fills the form in, in a page that is open already, too, and leaves no
// password behind in the history.
func TestLink(t *testing.T) {
	s := start(t)
	p := open(t, s.url)
	assert.Empty(t, eval[string](p, `form.elements.username.value`))
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("location.href = %q", s.link)))
	p.until(`form.elements.password.value.length === 26`)
	assert.Equal(t, user, eval[string](p, `form.elements.username.value`))
	assert.Equal(t, s.url, eval[string](p, "location.href"))
	assert.True(t, eval[bool](p, `document.getElementById("session").hidden`), "nobody is logged in by a link")
}

// testStorage checks who holds the token.
func testStorage(t *testing.T, p *page, by string) {
	assert.Empty(t, eval[string](p, "document.cookie"), "no script can read it")
	assert.Zero(t, eval[int](p, "localStorage.length + sessionStorage.length"))
	cookies := p.cookies()
	if by == "jwt" {
		assert.Empty(t, cookies)
		assert.Equal(t, "By bearer token: this page holds it in its memory. Reload the page, and it is gone.", p.text("#by"))
		return
	}
	assert.Equal(t, "By cookie: no script can read it, so the service took the token apart for this page.", p.text("#by"))
	require.Len(t, cookies, 1)
	assert.Equal(t, "auth", cookies[0].Name)
	assert.True(t, cookies[0].HTTPOnly)
	assert.EqualValues(t, "Lax", cookies[0].SameSite)
}

// All buttons at once, and the live region says what happened.
func TestSendAll(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	p.click("#all")
	p.waitText("#news", "All of them are sent.")
	assert.Equal(t, []string{"200", "401", "401", "401", "403", "503"},
		eval[[]string](p, `[...document.querySelectorAll("#cases td:nth-child(2)")].map((cell) => cell.innerText)`))
	send(p, "changed")
	p.waitText("#news", "One byte changed: 401, "+altered)
}

func TestWrongPassword(t *testing.T) {
	s := start(t)
	for _, by := range by {
		p := open(t, s.link)
		p.do(chromedp.SetValue(chromedp.CSS("#password"), "wrong"))
		p.click("input[value=" + by + "]")
		p.click("#form button")
		p.waitText("#refused", "The user name or the password is wrong.")
		assert.True(t, eval[bool](p, `document.getElementById("session").hidden`))
		assert.Empty(t, p.cookies())
	}
}

// A second session starts with a clean page.
func TestSecondSession(t *testing.T) {
	s := start(t, "-password", "swordfish")
	p := open(t, s.link)
	logIn := func(password string) {
		p.do(chromedp.SetValue(chromedp.CSS("#password"), password))
		p.click("#form button")
	}
	logIn("wrong")
	p.waitText("#refused", "The user name or the password is wrong.")
	logIn("swordfish")
	p.until(`!document.getElementById("session").hidden`)
	send(p, "good")
	p.click("#logout")
	p.until(`document.getElementById("session").hidden`)
	assert.Empty(t, p.text("#refused"))
	p.click("#form button")
	p.until(`!document.getElementById("session").hidden`)
	assert.Empty(t, eval[string](p, `[...document.querySelectorAll("#cases td")].map((cell) => cell.textContent).join("")`))
}

// A log-out that fails is not taken for one.
func TestLogoutFails(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	failAuth(p)
	for _, button := range []string{"#logout", "#everywhere"} {
		say(p, "")
		p.click(button)
		p.waitText("#news", "Not logged out: 503.")
		assert.False(t, eval[bool](p, `document.getElementById("session").hidden`))
	}
}

// failAuth has every request to a route of /auth fail.
func failAuth(p *page) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`{
		const real = window.fetch;
		window.fetch = (path, options) => path.startsWith("/auth/") ? new Response("", { status: 503 }) : real(path, options);
	}`))
}

// say empties the live region, or fills it.
func say(p *page, text string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.getElementById("news").textContent = %q`, text)))
}

// No clock runs on for a session that has ended.
func TestClockStops(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	p.do(chromedp.Evaluate[chromedp.Void](`{
		const clear = window.clearInterval;
		window.cleared = 0;
		window.clearInterval = (id) => { window.cleared++; clear(id); };
	}`))
	p.click("#logout")
	p.until(`document.getElementById("session").hidden`)
	assert.Equal(t, 1, eval[int](p, "window.cleared"))
}

// The bar runs down, and the page says when the token has expired.
func TestExpiry(t *testing.T) {
	s := start(t, "-lifetime", "3s")
	for _, by := range by {
		t.Run(by, func(t *testing.T) {
			p := logIn(t, s, by)
			advice := map[string]string{"cookie": "refresh it, or log in again", "jwt": "log in again"}[by]
			p.waitText("#left", "Expired: "+advice)
			assert.Equal(t, []float64{0, 3}, bar(p))
			assert.Equal(t, "The token has expired: "+advice+". You can still send it.", p.text("#news"))
			assert.False(t, eval[bool](p, `["bar", "logout", "everywhere"].some((id) => document.getElementById(id).checkVisibility())`))

			row := send(p, "good")
			assert.Equal(t, "401", row[0])
			if by == "jwt" {
				assert.Equal(t, expired, row[2])
			} else { // the browser may have dropped the cookie, whose time is over, too
				assert.Contains(t, []string{expired, missing}, row[2])
			}

			p.click("#again")
			p.until(`document.getElementById("session").hidden`)
			assert.Equal(t, "login-title", eval[string](p, focused))
			p.click("#form button")
			p.until(`!document.getElementById("session").hidden`)
			assert.Equal(t, []int64{401, 200, 200}, p.answered("/demo/session"), "a new session")
		})
	}
}

// A cookie outlives the page; what a script holds does not.
func TestReload(t *testing.T) {
	s := start(t)
	for _, by := range by {
		p := logIn(t, s, by)
		p.do(chromedp.Reload())
		if by == "cookie" {
			p.until(`!document.getElementById("session").hidden`)
			assert.Equal(t, user, members(p, "me")["email"])
			continue
		}
		p.wait("a third request", func() bool { return len(p.answered("/demo/session")) == 3 })
		assert.Equal(t, []int64{401, 200, 401}, p.answered("/demo/session"))
		assert.True(t, eval[bool](p, `document.getElementById("session").hidden`))
	}
}
