package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// newTestDemo returns the demonstration of the service of newTestService, and the
// log of that.
func newTestDemo(t *testing.T, alg authstrategy.Algorithm) (*demo, *bytes.Buffer) {
	t.Helper()
	svc, log := newTestService(t, plainDerive)
	cfg := config{algorithm: string(alg), lifetime: 90 * time.Minute}
	keys, err := loadKeys(cfg)
	require.NoError(t, err)
	svc.strategy, err = newStrategy(cfg, keys)
	require.NoError(t, err)
	d, err := newDemo(*svc, cfg, keys)
	require.NoError(t, err)
	d.port = 4321
	return d, log
}

// carriers put a token into a request.
var carriers = map[string]func(r *http.Request, token string){
	"bearer": func(r *http.Request, token string) { r.Header.Set("Authorization", "Bearer "+token) },
	"cookie": func(r *http.Request, token string) { r.Header.Set("Cookie", "a=b; auth="+token+"; c=d") },
}

func newToken(t *testing.T, d *demo) string {
	t.Helper()
	token, err := d.strategy.WriteToken(t.Context(), &d.users.user)
	require.NoError(t, err)
	return token
}

// reasonOf asks for what the log has of a request.
func reasonOf(t *testing.T, d *demo, id string) (reason reason) {
	t.Helper()
	got := serveOnce(d.handler(), request(t, http.MethodPost, "http://service/demo/reason?demo="+id))
	require.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.NoError(t, json.Unmarshal([]byte(got.body), &reason))
	return reason
}

// The service is broken where the page asks for it, and refuses.
func TestDemoCases(t *testing.T) {
	for _, alg := range []authstrategy.Algorithm{authstrategy.HS256, authstrategy.RS256, authstrategy.PS512, authstrategy.ES384, authstrategy.EdDSA} {
		d, log := newTestDemo(t, alg)
		handler := d.handler()
		token := newToken(t, d)
		for wanted, c := range map[string]struct {
			status  int
			failure string // what is added to the challenge
			reason  string
			level   string
		}{
			"good":    {200, "", "", ""},
			"changed": {401, `, error="invalid_token"`, "authstrategy: token signature is invalid: the token was altered, or signed with another key", "DEBUG"},
			"expired": {401, `, error="invalid_token"`, "authstrategy: token is expired: its exp has passed; log in again", "DEBUG"},
			"none":    {401, `, error="invalid_token"`, "authstrategy: token is malformed: its signature segment is empty, as in an unsigned token (alg none); only signed tokens are read", "DEBUG"},
			"down":    {503, "", "authstrategy: the loader failed: the database is down, as the page asked for", "ERROR"},
		} {
			for carrier, put := range carriers {
				log.Reset()
				id := d.key + "-" + wanted + carrier
				r := request(t, http.MethodGet, "http://service/users/me?demo="+id+"&case="+wanted)
				put(r, token)
				got := serveOnce(handler, r)
				require.Equal(t, c.status, got.status, "%s %s %s", alg, wanted, carrier)
				if c.status == 401 {
					challenges := map[string]string{"bearer": bearerChallenge, "cookie": cookieChallenge}
					challenges[carrier] += c.failure
					assert.Equal(t, []string{challenges["bearer"], challenges["cookie"]}, got.header.Values("WWW-Authenticate"))
				}
				found := reasonOf(t, d, id)
				assert.Equal(t, c.reason, found.Reason, "%s %s %s", alg, wanted, carrier)
				if c.reason == "" {
					assert.Zero(t, found.Status)
					assert.Empty(t, log.String())
				} else {
					assert.EqualValues(t, c.status, found.Status)
					assert.Contains(t, log.String(), "level="+c.level)
				}
				assert.NotContains(t, log.String(), token)
				assert.NotContains(t, log.String(), d.expired)
				assert.NotContains(t, log.String(), d.key)
			}
		}
	}
}

// Whatever the first byte of the signature is, it is another afterwards.
func TestDemoChangesOneByte(t *testing.T) {
	d := new(demo)
	assert.Equal(t, "h.c.Axy", d.breakToken("h.c.Zxy", "changed"))
	assert.Equal(t, "h.c.Bxy", d.breakToken("h.c.Axy", "changed"))
	assert.Equal(t, "no token", d.breakToken("no token", "changed"))
	assert.Equal(t, "h.c.Zxy", d.breakToken("h.c.Zxy", "something else"))
}

// Who has not logged in can break nothing, and has nothing kept and read.
func TestDemoNeedsItsKey(t *testing.T) {
	d, log := newTestDemo(t, authstrategy.HS256)
	token := newToken(t, d)
	for _, id := range []string{"", "-1", "x-1", d.key[1:] + "-1", d.key + "x-1", strings.ToLower(d.key) + "-1"} {
		for _, wanted := range []string{"changed", "expired", "none", "down"} {
			r := request(t, http.MethodGet, "http://service/users/me?demo="+id+"&case="+wanted, "Bearer "+token)
			assert.Equal(t, http.StatusOK, serveOnce(d.handler(), r).status, "%q", id)
		}
		r := request(t, http.MethodGet, "http://service/users/me?demo="+id, "Bearer x"+token)
		assert.Equal(t, http.StatusUnauthorized, serveOnce(d.handler(), r).status)
		requireRefused(t, serveOnce(d.handler(), request(t, http.MethodPost, "http://service/demo/reason?demo="+id)),
			http.StatusNotFound, "Not Found")
	}
	assert.Zero(t, d.reasons.last)
	assert.Zero(t, reasonOf(t, d, d.key+"-1"))
	assert.NotContains(t, log.String(), token)

	other, _ := newTestDemo(t, authstrategy.HS256)
	assert.Len(t, d.key, 26, "128 bits")
	assert.NotEqual(t, d.key, other.key)
}

// What the service logs of other requests is as it was.
func TestDemoLog(t *testing.T) {
	d, log := newTestDemo(t, authstrategy.HS256)
	record := regexp.MustCompile(`^time=\S+ level=(\S+) msg=m\n$`)
	ours := context.WithValue(t.Context(), demoID{}, "id")
	for _, ctx := range []context.Context{t.Context(), ours} {
		log.Reset()
		d.log.DebugContext(ctx, "m")
		assert.Equal(t, "DEBUG", record.FindStringSubmatch(log.String())[1])
	}

	p := start(t, "-username", testUser, "-password", testPassword) // shows no Debug
	token := login(t, p.url, testUser, testPassword)
	session := sessionOf(t, p.url, token)
	for _, wanted := range []string{"changed", "down"} {
		id := session.Key + "-" + wanted
		do(t, request(t, http.MethodGet, p.url+"/users/me?demo="+id+"&case="+wanted, "Bearer "+token))
		reason := do(t, request(t, http.MethodPost, p.url+"/demo/reason?demo="+id))
		assert.Regexp(t, `^\{"status":[45].*,"reason":"authstrategy: .+"\}$`, reason.body)
	}
	require.NoError(t, p.cmd.Process.Kill())
	p.end(t)
	assert.Equal(t, 1, strings.Count(p.stderr.String(), "level="), &p.stderr)
	assert.Contains(t, p.stderr.String(), "level=ERROR")
	assert.Contains(t, p.stderr.String(), errDemoDown.Error())
	assert.NotContains(t, p.stderr.String(), token)
}

// Only the last reasons are kept.
func TestDemoReasonsAreBounded(t *testing.T) {
	d, _ := newTestDemo(t, authstrategy.HS256)
	id := func(i int) string { return fmt.Sprintf("%s-%d", d.key, i) }
	n := len(d.reasons.last) + 1
	for i := range n {
		serveOnce(d.handler(), request(t, http.MethodGet, "http://service/users/me?demo="+id(i), "Bearer x"))
	}
	assert.Zero(t, reasonOf(t, d, id(0)))
	for i := 1; i < n; i++ {
		assert.EqualValues(t, 401, reasonOf(t, d, id(i)).Status)
	}
}

type sessionAnswer struct {
	Header, Claims map[string]any
	Left, Lifetime float64
	Key            string
	Port           int
	Sessions       bool
}

func sessionOf(t *testing.T, base, token string) (session sessionAnswer) {
	t.Helper()
	got := do(t, request(t, http.MethodPost, base+"/demo/session", "Bearer "+token))
	require.Equal(t, http.StatusOK, got.status, got.body)
	require.NoError(t, json.Unmarshal([]byte(got.body), &session))
	return session
}

// The page learns what is in the token, which is no token.
func TestDemoSession(t *testing.T) {
	d, _ := newTestDemo(t, authstrategy.HS256)
	token := newToken(t, d)
	for carrier, put := range carriers {
		r := request(t, http.MethodPost, "http://service/demo/session")
		put(r, token)
		got := serveOnce(d.handler(), r)
		require.Equal(t, http.StatusOK, got.status, carrier)
		assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
		for segment := range strings.SplitSeq(token, ".") {
			assert.NotContains(t, got.body, segment)
		}
		var session sessionAnswer
		require.NoError(t, json.Unmarshal([]byte(got.body), &session))
		assert.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, session.Header)
		expires, ok := session.Claims["exp"].(float64)
		require.True(t, ok)
		assert.Equal(t, map[string]any{"sub": userID("name"), "aud": []any{"fastapi-users:auth"}, "exp": expires}, session.Claims)
		assert.InDelta(t, time.Until(time.Unix(int64(expires), 0)).Seconds(), session.Left, 2)
		assert.Equal(t, 5400.0, session.Lifetime)
		assert.Equal(t, d.key, session.Key)
		assert.Equal(t, 4321, session.Port)
	}

	// Nobody else learns anything, the key above all.
	for _, authorization := range [][]string{nil, {"Bearer " + d.expired}, {"Bearer x" + token}} {
		got := serveOnce(d.handler(), request(t, http.MethodPost, "http://service/demo/session", authorization...))
		assert.Equal(t, http.StatusUnauthorized, got.status)
		assert.NotContains(t, got.body, d.key)
	}
	for _, route := range []string{"/demo/session", "/demo/reason"} {
		got := serveOnce(d.handler(), request(t, http.MethodGet, "http://service"+route, "Bearer "+token))
		assert.Equal(t, http.StatusNotFound, got.status, "a link must not get there")
	}
}

// Neither another site nor another port of this host gets anything.
func TestDemoCrossOrigin(t *testing.T) {
	d, _ := newTestDemo(t, authstrategy.HS256)
	token := newToken(t, d)
	for i, header := range [][2]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "http://service:4321"},
	} {
		id := fmt.Sprintf("%s-%d", d.key, i)
		r := request(t, http.MethodPost, "http://service/demo/session?demo="+id)
		r.Header.Set(header[0], header[1])
		carriers["cookie"](r, token)
		requireRefused(t, serveOnce(d.handler(), r), http.StatusForbidden, "Forbidden")
		found := reasonOf(t, d, id)
		assert.EqualValues(t, 403, found.Status)
		assert.Regexp(t, `^authhttp: cross-origin request: `, found.Reason)

		r = request(t, http.MethodPost, "http://service/demo/reason?demo="+id)
		r.Header.Set(header[0], header[1])
		assert.Equal(t, http.StatusForbidden, serveOnce(d.handler(), r).status)
	}
}

func TestDemoLink(t *testing.T) {
	const username, password = "d'Artagnan & co", "a b#c&d=+"
	for name, c := range map[string]struct {
		addr net.TCPAddr
		cfg  config
		want string
	}{
		"password made":   {net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, config{username: username}, "http://127.0.0.1:80/#password=a+b%23c%26d%3D%2B&username=d%27Artagnan+%26+co"},
		"password chosen": {net.TCPAddr{IP: net.IPv6loopback, Port: 80}, config{username: username, password: password}, "http://[::1]:80/#username=d%27Artagnan+%26+co"},
		"not loopback":    {net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 80}, config{username: username}, "http://10.0.0.7:80/"},
	} {
		assert.Equal(t, c.want, pageURL(&c.addr, c.cfg, password), name)
	}
}

func TestDemoFlag(t *testing.T) {
	t.Parallel()
	_, public := keyPair(t)
	for name, c := range map[string]struct {
		args   []string
		served bool
	}{
		"loopback":           {nil, true},
		"loopback, off":      {[]string{"-demo=false"}, false},
		"not loopback":       {[]string{"-addr", "0.0.0.0:0"}, false},
		"not loopback, on":   {[]string{"-addr", "0.0.0.0:0", "-demo"}, true},
		"a public key alone": {[]string{"-algorithm", "EdDSA", "-public-key-file", public}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(c.args, "-username", "name")...)
			page := do(t, request(t, http.MethodGet, p.url+"/"))
			session := do(t, request(t, http.MethodPost, p.url+"/demo/session"))
			assert.Equal(t, c.served, strings.Contains(p.welcome, "In a browser: "+p.url+"/"))
			if c.served {
				assert.Equal(t, http.StatusOK, page.status)
				assert.Equal(t, http.StatusUnauthorized, session.status)
				return
			}
			requireRefused(t, page, http.StatusNotFound, "Not Found")
			requireRefused(t, session, http.StatusNotFound, "Not Found")
			assert.Equal(t, name == "a public key alone", strings.Contains(p.welcome, "No page for a browser"))
		})
	}
}

// Page and attacker are served by two origins, under policies that name each other.
func TestDemoOrigins(t *testing.T) {
	t.Parallel()
	p := start(t, "-username", testUser, "-password", testPassword)
	page, err := url.Parse(p.url)
	require.NoError(t, err)
	port := sessionOf(t, p.url, login(t, p.url, testUser, testPassword)).Port
	other := fmt.Sprintf("http://127.0.0.1:%d", port)

	const common = "default-src 'none'; script-src 'self'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
	for address, contentType := range map[string]string{
		p.url + "/":               "text/html; charset=utf-8",
		p.url + "/demo/style.css": "text/css; charset=utf-8",
		p.url + "/demo/page.js":   "text/javascript; charset=utf-8",
		p.url + "/demo/icon.svg":  "image/svg+xml",
		other + "/":               "text/html; charset=utf-8",
		other + "/other.js":       "text/javascript; charset=utf-8",
	} {
		policy := fmt.Sprintf("style-src 'self'; img-src 'self'; connect-src 'self'; frame-src http://*:%d; frame-ancestors 'none'", port)
		if strings.HasPrefix(address, other) {
			policy = fmt.Sprintf("connect-src http://*:%s; frame-ancestors http://*:%[1]s", page.Port())
		}
		got := do(t, request(t, http.MethodGet, address))
		assert.Equal(t, http.StatusOK, got.status, address)
		assert.Equal(t, contentType, got.header.Get("Content-Type"), address)
		assert.Equal(t, common+policy, got.header.Get("Content-Security-Policy"), address)
		assert.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), address)
		assert.Equal(t, "no-referrer", got.header.Get("Referrer-Policy"), address)
		assert.Equal(t, "no-store", got.header.Get("Cache-Control"), address)
	}
	for _, address := range []string{p.url + "/other.js", p.url + "/demo/other.js", other + "/page.js", other + "/users/me"} {
		assert.Equal(t, http.StatusNotFound, do(t, request(t, http.MethodGet, address)).status, address)
	}
}

// No file needs more than the policy allows, or comes from elsewhere.
func TestDemoFiles(t *testing.T) {
	forbidden := regexp.MustCompile(`https?://|(?i)<style|\sstyle=|\son[a-z]+=|"javascript:|innerHTML|\beval\(|@import`)
	inline := regexp.MustCompile(`(?i)<script(>|[^>]*>[^<])`)
	files := 0
	require.NoError(t, fs.WalkDir(demoFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		content, err := fs.ReadFile(demoFiles, path)
		text := strings.ReplaceAll(string(content), `xmlns="http://www.w3.org/2000/svg"`, "")
		assert.Empty(t, forbidden.FindAllString(text, -1), path)
		assert.Empty(t, inline.FindAllString(text, -1), path)
		return err
	}))
	assert.Equal(t, 6, files)
}

// The other origin ends with the server.
func TestDemoShutdown(t *testing.T) {
	d, _ := newTestDemo(t, authstrategy.HS256)
	server := &http.Server{}
	require.NoError(t, d.addTo(server, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}))
	require.NotNil(t, server.Handler)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second))) // long before it would be idle for too long
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_, err = conn.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, server.Shutdown(t.Context()))
	_, err = io.Copy(io.Discard, conn)
	assert.NoError(t, err, "it ends, and the connection with it")
}

// A demonstration that cannot be set up leaves the service as it is.
func TestDemoFails(t *testing.T) {
	svc, log := newTestService(t, plainDerive)
	server := &http.Server{Handler: http.NotFoundHandler()}
	var stdout bytes.Buffer
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	demonstrate(server, *svc, config{algorithm: "none"}, keys{}, "", loopback, &stdout)
	assert.Contains(t, log.String(), "no demonstration")
	assert.Empty(t, stdout.String())
	assert.Equal(t, http.StatusNotFound, serveOnce(server.Handler, request(t, http.MethodGet, "http://service/users/me")).status)

	d, _ := newTestDemo(t, authstrategy.HS256)
	nowhere := &net.TCPAddr{IP: net.IP{1}}
	assert.Error(t, d.addTo(server, nowhere))
	assert.Equal(t, http.StatusNotFound, serveOnce(server.Handler, request(t, http.MethodGet, "http://service/users/me")).status)
}

// newSessionsDemo is newTestDemo with sessions.
func newSessionsDemo(t *testing.T) (*demo, *bytes.Buffer) {
	t.Helper()
	svc, log := newTestSessions(t, session.NewMemory())
	cfg := config{algorithm: "HS256", lifetime: time.Hour, sessions: true}
	keys, err := loadKeys(cfg)
	require.NoError(t, err)
	d, err := newDemo(*svc, cfg, keys)
	require.NoError(t, err)
	return d, log
}

// The browser keeps copies of the tokens that it sends, where no script reads them,
// and sends them when the tokens are ended.
func TestDemoCopies(t *testing.T) {
	d, _ := newSessionsDemo(t)
	base := serveDemo(t, d)
	const ended, allEnded = "session: revoked: the token was ended; log in again", "session: revoked: all tokens of the user were ended after this one was written; log in again"
	for carrier, put := range carriers {
		c := newClient(t, base)
		token := ""
		ask := func(method, path, wanted string, with string) (int, reason) {
			id := fmt.Sprintf("%s-%s", d.key, rand.Text())
			r := request(t, method, base+path+"?demo="+id+"&case="+wanted)
			if with != "" {
				put(r, with)
			}
			return c.do(r).status, reasonOf(t, d, id)
		}
		logout := map[string]string{"bearer": "/auth/jwt/logout", "cookie": "/auth/cookie/logout"}[carrier]
		for _, s := range []struct {
			method, path, wanted string
			with, new            bool // with a token; a new one
			status               int
			reason               string
		}{
			{"GET", "/users/me", "access", false, false, 401, "authstrategy: token is missing: the request carries none"},
			{"GET", "/users/me", "device", true, true, 200, ""}, // there is no copy: it is sent as it is
			{"POST", logout, "keep", true, false, 204, ""},
			{"GET", "/users/me", "access", false, false, 401, ended},
			{"POST", "/demo/device", "", true, true, 204, ""},
			{"GET", "/users/me", "device", false, false, 200, ""},
			{"GET", "/users/me", "device", true, false, 200, ""},
			{"POST", "/auth/logout-everywhere", "keep", true, false, 204, ""},
			{"GET", "/users/me", "device", false, false, 401, allEnded},
			{"GET", "/users/me", "access", false, false, 401, allEnded},
			{"GET", "/users/me", "access", true, true, 401, allEnded}, // the copy, not what the request has
			{"GET", "/users/me", "", true, true, 200, ""},
		} {
			if s.new {
				token = newToken(t, d)
			}
			with := ""
			if s.with {
				with = token
			}
			status, found := ask(s.method, s.path, s.wanted, with)
			assert.Equal(t, s.status, status, "%s %v", carrier, s)
			assert.Equal(t, s.reason, found.Reason, "%s %v", carrier, s)
		}
	}
}

// The copy of a refresh token takes the place of the newer one.
func TestDemoRefreshReused(t *testing.T) {
	d, log := newSessionsDemo(t)
	base := serveDemo(t, d)
	c := logIn(t, base)
	for i, s := range []struct {
		wanted string
		status int
		reason string
	}{
		{"refresh", 204, `^$`}, // there is no copy yet
		{"keep", 204, `^$`},
		{"", 204, `^$`},
		{"refresh", 401, `^session: refresh token reused: `},
		{"", 401, `^session: revoked: the session was ended; log in again$`},
	} {
		id := fmt.Sprintf("%s-%d", d.key, i)
		assert.Equal(t, s.status, c.send(http.MethodPost, "/auth/refresh?demo="+id+"&case="+s.wanted).status, i)
		found := reasonOf(t, d, id)
		assert.Regexp(t, s.reason, found.Reason)
		assert.EqualValues(t, s.status == 401, found.Status == 401)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
}

// No script reads a copy, and no other site has one made or sent. Without the key
// nobody has.
func TestDemoCopiesAreProtected(t *testing.T) {
	d, _ := newSessionsDemo(t)
	base := serveDemo(t, d)
	c := logIn(t, base)
	got := c.send(http.MethodPost, "/demo/device")
	requireNoContent(t, got)
	require.Len(t, got.header.Values("Set-Cookie"), 1)
	assert.Regexp(t, `^demo-device=[^;]+; Path=/; Max-Age=60; HttpOnly; SameSite=Strict$`, got.header.Get("Set-Cookie"))
	got = c.send(http.MethodPost, "/auth/refresh?case=keep&demo="+d.key)
	assert.Regexp(t, `^demo-access=[^;]+; Path=/; Max-Age=60; HttpOnly; SameSite=Strict$`, got.header.Values("Set-Cookie")[0])
	assert.Regexp(t, `^demo-refresh=[^;]+; Path=/; Max-Age=60; HttpOnly; SameSite=Strict$`, got.header.Values("Set-Cookie")[1])

	for _, path := range []string{"/auth/refresh?case=keep", "/auth/refresh?case=keep&demo=x", "/auth/refresh?case=refresh"} {
		got := c.send(http.MethodPost, path)
		requireNoContent(t, got)
		assert.Len(t, got.header.Values("Set-Cookie"), 2, "no copy")
	}
	copies := c.cookies("/users/me")
	for _, name := range []string{"access", "device"} {
		r := request(t, http.MethodGet, base+"/users/me?case="+name+"&demo=x")
		r.Header.Set("Cookie", "demo-"+name+"="+copies["demo-"+name])
		assert.Equal(t, http.StatusUnauthorized, do(t, r).status)
	}

	before := c.cookies("/auth")
	for _, path := range []string{"/demo/device?", "/auth/refresh?case=keep&", "/auth/refresh?case=refresh&", "/auth/logout-everywhere?case=device&"} {
		got := c.send(http.MethodPost, path+"demo="+d.key, "Sec-Fetch-Site", "same-site")
		requireRefused(t, got, http.StatusForbidden, "Forbidden")
		assert.Empty(t, got.header.Values("Set-Cookie"), path)
	}
	assert.Equal(t, before, c.cookies("/auth"))
	got = newClient(t, base).send(http.MethodPost, "/demo/device", "Authorization", "Bearer "+before["auth"], "Sec-Fetch-Site", "same-site")
	requireRefused(t, got, http.StatusForbidden, "Forbidden")
	assert.Empty(t, got.header.Values("Set-Cookie"))
	requireRefused(t, newClient(t, base).send(http.MethodPost, "/demo/device"),
		http.StatusUnauthorized, "Unauthorized", bearerChallenge, cookieChallenge)
}

// Without sessions the copy is let in, which the page says, and there is no refresh
// token to copy.
func TestDemoWithoutSessions(t *testing.T) {
	d, _ := newTestDemo(t, authstrategy.HS256)
	base := serveDemo(t, d)
	c := logIn(t, base)
	got := c.send(http.MethodPost, "/demo/session")
	assert.Contains(t, got.body, `"sessions":false`)
	got = c.send(http.MethodPost, "/auth/cookie/logout?case=keep&demo="+d.key)
	requireNoContent(t, got)
	assert.Len(t, got.header.Values("Set-Cookie"), 2)
	requireUser(t, c.send(http.MethodGet, "/users/me?case=access&demo="+d.key), "name")
	c.send(http.MethodGet, "/users/me?case=refresh&demo="+d.key, "Cookie", "demo-refresh=x") // does not panic
	d, _ = newSessionsDemo(t)
	assert.True(t, sessionOf(t, serveDemo(t, d), newToken(t, d)).Sessions)
}

func serveDemo(t *testing.T, d *demo) (base string) {
	t.Helper()
	server := httptest.NewServer(d.handler())
	t.Cleanup(server.Close)
	return server.URL
}

// A device that cannot log in does not.
func TestDemoDeviceFails(t *testing.T) {
	d, log := newTestDemo(t, authstrategy.HS256)
	token := newToken(t, d)
	d.strategy = failing{d.strategy}
	got := serveOnce(d.handler(), request(t, http.MethodPost, "http://service/demo/device", "Bearer "+token))
	requireRefused(t, got, http.StatusServiceUnavailable, "Service Unavailable")
	assert.Empty(t, got.header.Values("Set-Cookie"))
	assert.Contains(t, log.String(), errDown.Error())
}

// Who copies the service deletes demo.go, the folder and one line.
func TestDemoCanBeDeleted(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	content, err := os.ReadFile("main.go")
	require.NoError(t, err)
	main := regexp.MustCompile(`(?m)^\tdemonstrate\(.*\n`).ReplaceAllString(string(content), "")
	require.Equal(t, strings.Count(string(content), "\n")-1, strings.Count(main, "\n"))
	replace := map[string]string{
		filepath.Join(here, "main.go"): writeFile(t, main),
		filepath.Join(here, "demo.go"): "", // deleted
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	service := filepath.Join(t.TempDir(), "service.exe")
	output, err := exec.Command("go", "build", "-overlay", writeFile(t, string(overlay)), "-o", service, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	output, err = exec.Command(service, "-h").CombinedOutput()
	require.NoError(t, err)
	assert.Contains(t, string(output), "-lifetime")
	assert.NotContains(t, string(output), "demo")
}
