package browser

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// steps are the rows of a table of several requests: title, status, challenge and
// reason.
func steps(p *page, list string) [][]string {
	p.t.Helper()
	return eval[[][]string](p, fmt.Sprintf(
		`[...document.querySelectorAll("#%s-steps tr")].map((row) => [row.querySelector("th").firstChild.textContent, ...[...row.querySelectorAll("td")].map((cell) => cell.innerText)])`, list))
}

// shown reports whether one can see an element.
func shown(p *page, id string) bool {
	p.t.Helper()
	return eval[bool](p, fmt.Sprintf(`document.getElementById(%q).checkVisibility()`, id))
}

// A copy is sent as a bearer token, whatever carried the token before.
const (
	done          = "nothing: it was done"
	refusedBearer = bearerChallenge + `, error="invalid_token"` + "\n" + cookieChallenge
	refusedCookie = cookieChallenge + `, error="invalid_token"`
)

// A log-out ends the token: a copy of it is refused.
func TestLogout(t *testing.T) {
	s := start(t)
	for _, by := range by {
		t.Run(by, func(t *testing.T) {
			p := logIn(t, s, by)
			assert.False(t, shown(p, "ended"))
			p.click("#logout")
			p.waitText("#news", "Logged out: 204. The same token, once more: 401.")
			assert.Equal(t, [][]string{
				{"Log out", "204", "none", done},
				{"The same token, once more", "401", refusedBearer, tokenEnded},
			}, steps(p, "ended"))
			note := map[string]string{"cookie": "The cookie is cleared.", "jwt": "This page has forgotten its token."}[by]
			assert.Equal(t, note, p.text("#ended-note"))
			assert.True(t, shown(p, "ended"))
			assert.True(t, shown(p, "login"))

			p.click("#form button")
			p.until(`!document.getElementById("session").hidden`)
			assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))
			p.click("#logout")
			p.waitText("#news", "Logged out: 204. The same token, once more: 401.")
			assert.Len(t, steps(p, "ended"), 2, "of this log-out alone")
		})
	}
}

// A log-out everywhere ends the token of another device, too. Who logs in again is
// in at once.
func TestLogoutEverywhere(t *testing.T) {
	s := start(t)
	for _, by := range by {
		t.Run(by, func(t *testing.T) {
			p, other := logIn(t, s, by), logIn(t, s, by)
			p.click("#everywhere")
			p.waitText("#news", "Logged out everywhere: 204. The other device, once more: 401.")
			assert.Equal(t, [][]string{
				{"Another device logs in", "204", "none", done},
				{"The other device asks who it is", "200", "none", letIn},
				{"Log out everywhere", "204", "none", done},
				{"The token of this page, once more", "401", refusedBearer, allEnded},
				{"The other device, once more", "401", refusedBearer, allEnded},
			}, steps(p, "ended"))
			assert.Equal(t, "All tokens that you had are ended. Log in again: the new token is good at once.", p.text("#ended-note"))

			row := send(other, "good")
			assert.Equal(t, []string{"401", allEnded}, []string{row[0], row[2]}, "another browser")
			p.click("#form button")
			p.until(`!document.getElementById("session").hidden`)
			assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))
		})
	}
}

// A refresh changes both cookies, and the page shows the new token.
func TestRefresh(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	assert.False(t, shown(p, "refreshed"))
	before, id := refreshCookie(p), members(p, "claims")["jti"]
	send(p, "changed")
	p.click("#refresh")
	p.waitText("#news", "Refreshed: 204.")
	assert.Equal(t, "401", p.text("#case-changed td"), "what was sent before stays")
	after := members(p, "claims")["jti"]
	assert.NotEqual(t, id, after)
	assert.Equal(t, [][]string{{"Refresh", "204", "none", done}}, steps(p, "refreshed"))
	assert.Contains(t, p.text("#refreshed-steps small"), "The id (jti) of the access token was "+id+", and is "+after+". It was good until ")
	assert.NotEqual(t, before.Value, refreshCookie(p).Value)
	assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))

	p.click("#logout")
	p.until(`document.getElementById("session").hidden`)
	p.click("#form button")
	p.until(`!document.getElementById("session").hidden`)
	assert.False(t, shown(p, "refreshed"), "a new session")
}

// refreshCookie is the one that the browser sends to /auth alone.
func refreshCookie(p *page) *network.Cookie {
	p.t.Helper()
	var found []*network.Cookie
	for _, cookie := range p.cookies("/auth/refresh") {
		if cookie.Name == "refresh" {
			found = append(found, cookie)
		}
	}
	require.Len(p.t, found, 1)
	assert.Equal(p.t, "/auth", found[0].Path)
	assert.True(p.t, found[0].HTTPOnly)
	assert.EqualValues(p.t, "Strict", found[0].SameSite)
	return found[0]
}

// A refresh token that comes after later ones ends the session. The access token
// stays good until the log-out.
func TestRefreshReused(t *testing.T) {
	s := start(t)
	p := logIn(t, s, "cookie")
	p.click("#reuse")
	p.waitText("#news", "The session is ended: 401, "+sessionEnded)
	rows := steps(p, "refreshed")
	require.Len(t, rows, 5)
	assert.Equal(t, "session: refresh token reused: ", rows[2][3][:len("session: refresh token reused: ")])
	rows[2][3] = ""
	assert.Equal(t, [][]string{
		{"Refresh", "204", "none", done},
		{"Refresh", "204", "none", done},
		{"The first refresh token, once more", "401", refusedCookie, ""},
		{"Refresh", "401", refusedCookie, sessionEnded},
		{"A request", "200", "none", letIn},
	}, rows)

	p.click("#refresh")
	p.waitText("#news", "Not refreshed: 401, "+sessionEnded)
	assert.Equal(t, [][]string{{"Refresh", "401", refusedCookie, sessionEnded}}, steps(p, "refreshed"))
	p.click("#logout")
	p.waitText("#news", "Logged out: 204. The same token, once more: 401.")
	s.stop()
	assert.Contains(t, s.stderr.String(), "level=WARN")
}

// Who has a refresh token needs no password when the access token has expired.
func TestRefreshAfterExpiry(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	p.do(chromedp.Evaluate[chromedp.Void](`Date.now = () => performance.timeOrigin + 3601000`))
	p.waitText("#left", "Expired: refresh it, or log in again")
	_, err := chromedp.Run(p.ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) { // as the browser does then
		return cdp.Call(ctx, t, network.DeleteCookies, network.DeleteCookiesParams{Name: "auth", URL: eval[string](p, "location.href")})
	})
	require.NoError(t, err)
	row := send(p, "good")
	assert.Equal(t, []string{"401", missing}, []string{row[0], row[2]})
	p.click("#refresh")
	p.waitText("#news", "Refreshed: 204.")
	assert.Equal(t, "You are logged in", p.text("#session-title"))
	assert.True(t, shown(p, "logout"))
	assert.True(t, shown(p, "everywhere"))
	assert.Equal(t, []string{"200", "none", letIn}, send(p, "good"))
}

// A bearer token has no refresh token beside it, and its page offers none.
func TestNoRefreshOfBearer(t *testing.T) {
	p := logIn(t, start(t), "jwt")
	assert.False(t, shown(p, "refreshing"))
	assert.True(t, shown(p, "everywhere"))
}

// Without sessions a copy of the token is good after the log-out, and the page says
// so.
func TestWithoutSessions(t *testing.T) {
	s := start(t, "-sessions=false")
	for _, by := range by {
		t.Run(by, func(t *testing.T) {
			p := logIn(t, s, by)
			assert.False(t, shown(p, "everywhere"))
			assert.False(t, shown(p, "refreshing"))
			p.click("#logout")
			p.waitText("#news", "Logged out: 204. The same token, once more: 200.")
			assert.Equal(t, []string{"The same token, once more", "200", "none", letIn}, steps(p, "ended")[1])
			assert.Contains(t, p.text("#ended-note"), "The service runs with -sessions=false: a copy of the token is good until it expires.")
		})
	}
}
