package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// focused names the element that has the focus.
const focused = `(document.activeElement.id || document.activeElement.value || document.activeElement.innerText)`

// Everything can be done by keyboard alone, in the order in which it is read.
func TestKeyboard(t *testing.T) {
	s := start(t, "-password", "swordfish")
	p := open(t, s.url)
	press := func(key, focus string) {
		t.Helper()
		p.do(chromedp.KeyEvent(key))
		p.wait("focus on "+focus, func() bool { return eval[string](p, focused) == focus })
	}
	press(kb.Tab, "username")
	p.do(chromedp.KeyEvent(user))
	press(kb.Tab, "password")
	p.do(chromedp.KeyEvent("swordfish"))
	press(kb.Tab, "cookie")
	press(kb.ArrowDown, "jwt")
	press(kb.Tab, "Log in")
	press(kb.Enter, "session-title")
	press(kb.Tab, "logout")
	press(kb.Tab, "everywhere")
	press(kb.Tab, "all")
	for _, c := range []struct{ button, name, status string }{
		{"A good request", "good", "200"},
		{"One byte changed", "changed", "401"},
		{"An expired token", "expired", "401"},
		{"alg: none", "none", "401"},
		{"From another origin", "other", "401"},
		{"The database is down", "down", "503"},
	} {
		press(kb.Tab, c.button)
		outline := eval[string](p, `getComputedStyle(document.activeElement).outlineStyle`)
		assert.Equal(t, "solid", outline, "the focus is seen")
		p.do(chromedp.KeyEvent(kb.Enter))
		p.waitText(fmt.Sprintf("#case-%s td", c.name), c.status)
		p.until(fmt.Sprintf(`%s === %q`, focused, c.button))
	}
	for _, id := range []string{"From another origin", "alg: none", "An expired token", "One byte changed", "A good request", "all", "everywhere", "logout"} {
		p.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
		p.until(fmt.Sprintf(`%s === %q`, focused, id))
	}
	press(kb.Enter, "login-title")
	assert.True(t, eval[bool](p, `document.getElementById("session").hidden`))
}

// The same holds for a refresh and for the log-out everywhere: who presses a button
// stays there, or is taken to the log-in.
func TestKeyboardSessions(t *testing.T) {
	p := logIn(t, start(t), "cookie")
	p.until(focused + ` === "session-title"`)
	at := func(id string) {
		t.Helper()
		p.until(fmt.Sprintf(`%s === %q`, focused, id))
	}
	p.do(chromedp.Focus(chromedp.CSS("#case-down button")), chromedp.KeyEvent(kb.Tab))
	at("refresh")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitText("#news", "Refreshed: 204.")
	at("refresh")
	p.do(chromedp.KeyEvent(kb.Tab))
	at("reuse")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitText("#news", "The session is ended: 401, "+sessionEnded)
	at("reuse")
	p.do(chromedp.Focus(chromedp.CSS("#logout")), chromedp.KeyEvent(kb.Tab))
	at("everywhere")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.waitText("#news", "Logged out everywhere: 204. The other device, once more: 401.")
	at("login-title")
}

// Whoever is at a log-out button when the token expires is taken to the next one.
func TestFocusAtExpiry(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ by, button, left string }{
		{"cookie", "logout", "Expired: refresh it, or log in again"},
		{"jwt", "everywhere", "Expired: log in again"},
	} {
		p := logIn(t, s, c.by)
		p.do(chromedp.Focus(chromedp.CSS("#" + c.button)))
		p.do(chromedp.Evaluate[chromedp.Void](`Date.now = () => performance.timeOrigin + 3601000`))
		p.waitText("#left", c.left)
		assert.Equal(t, "again", eval[string](p, focused))
	}
}

// A screen reader has a name for all that one can reach, and is told what changes.
func TestAccessibilityTree(t *testing.T) {
	s := start(t)
	p := open(t, s.link)
	nodes := tree(p)
	assert.Equal(t, []string{"User name", "Password"}, nodes["textbox"])
	assert.Equal(t, []string{
		"A cookie The browser keeps it and sends it along. No script can read it.",
		"The Authorization header This page keeps the token, and sends it as “Bearer”.",
	}, nodes["radio"])
	assert.Equal(t, []string{"What carries the token?"}, nodes["group"])
	assert.Equal(t, []string{"Log in"}, nodes["button"])
	assert.Len(t, nodes["status"], 1)
	assert.Len(t, nodes["alert"], 1)

	p.click("#form button")
	p.until(`!document.getElementById("session").hidden`)
	for _, width := range []int64{390, 1280} {
		p.do(chromedp.EmulateViewport(width, 800))
		nodes = tree(p)
		assert.Equal(t, []string{"Time until the token expires"}, nodes["progressbar"])
		assert.Equal(t, []string{"Log out", "Log out everywhere", "Send them all", "Refresh", "Use a refresh token twice", "A good request", "One byte changed", "An expired token", "alg: none", "From another origin", "The database is down"}, nodes["button"])
		assert.Equal(t, []string{"Use it, and break it"}, nodes["table"])
		assert.Len(t, nodes["rowheader"], 6, "%d px", width)
		assert.Len(t, nodes["timer"], 1)
	}

	p.click("#reuse")
	p.waitText("#news", "The session is ended: 401, "+sessionEnded)
	assertTable(p, []string{"Use it, and break it", "What was sent"}, 11)
	p.click("#everywhere")
	p.waitText("#news", "Logged out everywhere: 204. The other device, once more: 401.")
	assertTable(p, []string{"What was sent to log you out"}, 5)
}

// assertTable checks the names of the tables, and how many rows they have, at a
// narrow and at a wide window.
func assertTable(p *page, names []string, rows int) {
	p.t.Helper()
	for _, width := range []int64{390, 1280} {
		p.do(chromedp.EmulateViewport(width, 800))
		nodes := tree(p)
		assert.Equal(p.t, names, nodes["table"])
		assert.Len(p.t, nodes["rowheader"], rows, "%d px", width)
		for _, name := range nodes["rowheader"] {
			assert.NotEmpty(p.t, name)
		}
	}
}

// tree returns the names of what is in the accessibility tree, by role.
func tree(p *page) map[string][]string {
	p.t.Helper()
	result, err := chromedp.Run(p.ctx, func(ctx context.Context, t *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	require.NoError(p.t, err)
	names := map[string][]string{}
	for _, node := range result.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := text(p.t, node.Role), text(p.t, node.Name)
		names[role] = append(names[role], name)
	}
	return names
}

func text(t *testing.T, value *accessibility.Value) (text string) {
	t.Helper()
	if value != nil && len(value.Value) > 0 {
		require.NoError(t, json.Unmarshal(value.Value, &text))
	}
	return text
}

// Nothing is cut off, and no width makes one scroll sideways.
func TestWidths(t *testing.T) {
	s := start(t, "-username", strings.Repeat("a", 80))
	for _, width := range []int64{320, 390, 800, 1280} {
		p := open(t, s.link)
		fits := func(state string) {
			p.do(chromedp.EmulateViewport(width, 800))
			assert.LessOrEqual(t, eval[int64](p, "document.documentElement.scrollWidth"), width, "%s at %d px", state, width)
		}
		fits("logged out")
		p.click("#form button")
		p.until(`!document.getElementById("session").hidden`)
		fits("logged in")
		p.click("#all")
		p.waitText("#news", "All of them are sent.")
		fits("all sent")
		p.click("#reuse")
		p.waitText("#news", "The session is ended: 401, "+sessionEnded)
		fits("refreshed")
		p.click("#everywhere")
		p.waitText("#news", "Logged out everywhere: 204. The other device, once more: 401.")
		fits("logged out everywhere")
	}
}

// The page says so when the service is gone.
func TestServiceGone(t *testing.T) {
	s := start(t)
	p := logIn(t, s, "cookie", "net::ERR_CONNECTION")
	s.stop()
	p.click("#case-good button")
	p.waitText("#news", "The service does not answer (Failed to fetch). Is it still running?")
}
