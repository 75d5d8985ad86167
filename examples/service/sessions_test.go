package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// newTestSessions returns the service of newTestService with sessions in the store,
// and its log.
func newTestSessions(t *testing.T, store session.Store) (*service, *bytes.Buffer) {
	t.Helper()
	svc, log := newTestService(t, plainDerive)
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(goodSecret), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	require.NoError(t, err)
	require.NoError(t, svc.addSessions(strategy, store))
	return svc, log
}

func serveService(t *testing.T, svc *service) (base string) {
	t.Helper()
	server := httptest.NewServer(handlerOf(t, svc))
	t.Cleanup(server.Close)
	return server.URL
}

// A client keeps cookies as a browser does.
type client struct {
	t    *testing.T
	jar  http.CookieJar
	base string
}

func newClient(t *testing.T, base string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &client{t, jar, base}
}

// logIn is that of newClient, and logs in by cookie.
func logIn(t *testing.T, base string) *client {
	t.Helper()
	c := newClient(t, base)
	requireNoContent(t, c.logIn())
	return c
}

func (c *client) logIn() answer {
	c.t.Helper()
	r := loginRequest(c.t, c.base, urlEncoded, form("username", "name", "password", "password"))
	r.URL.Path = "/auth/cookie/login"
	return c.do(r)
}

// send sends a request with the cookies, and with pairs of header names and values.
func (c *client) send(method, path string, header ...string) answer {
	c.t.Helper()
	r := request(c.t, method, c.base+path)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.do(r)
}

func (c *client) do(r *http.Request) answer {
	c.t.Helper()
	response, err := (&http.Client{Jar: c.jar}).Do(r)
	require.NoError(c.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

// cookies returns what the client sends to the path, by name.
func (c *client) cookies(path string) map[string]string {
	c.t.Helper()
	address, err := url.Parse(c.base + path)
	require.NoError(c.t, err)
	values := map[string]string{}
	for _, cookie := range c.jar.Cookies(address) {
		values[cookie.Name] = cookie.Value
	}
	return values
}

func (c *client) requireIn() {
	c.t.Helper()
	requireUser(c.t, c.send(http.MethodGet, "/users/me"), "name")
}

// requireOut checks that a token is refused, by either carrier.
func requireOut(t *testing.T, base, token string) {
	t.Helper()
	for carrier, put := range carriers {
		r := request(t, http.MethodGet, base+"/users/me")
		put(r, token)
		challenges := map[string]string{"bearer": bearerChallenge, "cookie": cookieChallenge}
		challenges[carrier] += `, error="invalid_token"`
		requireRefused(t, do(t, r), http.StatusUnauthorized, "Unauthorized", challenges["bearer"], challenges["cookie"])
	}
}

const refusedCookie = cookieChallenge + `, error="invalid_token"`

// requireNoRefresh checks that a refresh token is refused, and sets no cookie.
func requireNoRefresh(t *testing.T, base, token string) {
	t.Helper()
	got := sendCookie(t, http.MethodPost, base+"/auth/refresh", "refresh="+token)
	requireRefused(t, got, http.StatusUnauthorized, "Unauthorized", refusedCookie)
	assert.Empty(t, got.header.Values("Set-Cookie"))
}

// Each refresh gives new tokens of the same kind, and the browser sends the refresh
// token to /auth alone.
func TestRefresh(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c := logIn(t, base)
	assert.Len(t, c.cookies("/users/me"), 1)
	for range 3 {
		before := c.cookies("/auth/refresh")
		require.Len(t, before, 2)
		got := c.send(http.MethodPost, "/auth/refresh")
		requireNoContent(t, got)
		after := c.cookies("/auth/refresh")
		assert.Equal(t, []string{
			"auth=" + after["auth"] + "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax",
			"refresh=" + after["refresh"] + "; Path=/auth; Max-Age=1209600; HttpOnly; SameSite=Strict",
		}, got.header.Values("Set-Cookie"))
		assert.NotEqual(t, before["auth"], after["auth"])
		assert.NotEqual(t, before["refresh"], after["refresh"])
		c.requireIn()
	}

	// The access token may have expired.
	refresh := c.cookies("/auth/refresh")["refresh"]
	requireNoContent(t, sendCookie(t, http.MethodPost, base+"/auth/refresh", "refresh="+refresh))
	assert.Empty(t, log.String())
}

// Neither token is taken for the other, and a request without one is told so.
func TestRefreshRefused(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c := logIn(t, base)
	tokens := c.cookies("/auth")
	requireNoRefresh(t, base, tokens["auth"])
	requireNoRefresh(t, base, "garbage")
	requireNoRefresh(t, base, "x"+tokens["refresh"])
	requireOut(t, base, tokens["refresh"])
	for _, cookie := range []string{"", "refresh=", "auth=" + tokens["auth"]} {
		r := request(t, http.MethodPost, base+"/auth/refresh", "Bearer "+tokens["refresh"])
		r.Header.Set("Cookie", cookie)
		requireRefused(t, do(t, r), http.StatusUnauthorized, "Unauthorized", cookieChallenge)
	}
	two := "refresh=" + tokens["refresh"] + "; refresh=" + tokens["refresh"]
	requireRefused(t, sendCookie(t, http.MethodPost, base+"/auth/refresh", two),
		http.StatusBadRequest, "Bad Request", cookieChallenge+`, error="invalid_request"`)
	assert.NotContains(t, log.String(), "level=WARN", "none came twice")
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
}

// Two tabs refresh at once, or the reply was lost: nobody is logged out.
func TestRefreshTwiceInGrace(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c := logIn(t, base)
	first := c.cookies("/auth")["refresh"]
	requireNoContent(t, sendCookie(t, http.MethodPost, base+"/auth/refresh", "refresh="+first))
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	assert.Empty(t, log.String())
}

// A refresh token that comes after a later one ends the session for thief and user,
// and the log has an alert, which holds no token.
func TestRefreshReused(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c, other := logIn(t, base), logIn(t, base)
	stolen := c.cookies("/auth")["refresh"]
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	requireNoRefresh(t, base, stolen)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2)
	assert.Regexp(t, `^time=\S+ level=WARN msg="a refresh token came twice: it may be stolen; its session was ended" remote=127\.0\.0\.1:\d+$`, lines[0])
	assert.Contains(t, lines[1], `level=DEBUG msg="authhttp: request refused" status=401 err="session: refresh token reused: `)
	assert.NotContains(t, log.String(), stolen)

	newest := c.cookies("/auth")["refresh"]
	requireNoRefresh(t, base, newest)
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), "one alert a session")
	c.requireIn() // until the access token expires
	requireNoContent(t, other.send(http.MethodPost, "/auth/refresh"))
}

// Whether the user may refresh is looked up anew, and who may not loses nothing by
// asking.
func TestRefreshAsksTheDatabase(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	var failure error
	svc.load = func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		if failure != nil {
			return nil, failure
		}
		return svc.users.Load(ctx, claims)
	}
	c := logIn(t, serveService(t, svc))
	before := c.cookies("/auth")
	for err, want := range map[error]int{authstrategy.ErrUserRefused: 401, authstrategy.ErrUserNotFound: 401, errDown: 503} {
		failure = err
		got := c.send(http.MethodPost, "/auth/refresh")
		assert.Equal(t, want, got.status, err)
		assert.Equal(t, before, c.cookies("/auth"))
		assert.Contains(t, log.String(), err.Error())
	}
	failure = nil
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
}

// A log-out ends both tokens of this session, and no other session.
func TestLogout(t *testing.T) {
	svc, _ := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c, other := logIn(t, base), logIn(t, base)
	older := c.cookies("/auth")
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	tokens := c.cookies("/auth")
	requireNoContent(t, c.send(http.MethodPost, "/auth/cookie/logout"))
	assert.Empty(t, c.cookies("/auth"))
	requireOut(t, base, tokens["auth"])
	requireNoRefresh(t, base, tokens["refresh"])
	requireNoRefresh(t, base, older["refresh"])
	other.requireIn()
	requireNoContent(t, other.send(http.MethodPost, "/auth/refresh"))

	// Again, with tokens that are ended, and with the refresh token alone, since the
	// access token has expired.
	requireNoContent(t, sendCookie(t, http.MethodPost, base+"/auth/cookie/logout", "auth="+tokens["auth"]+"; refresh="+tokens["refresh"]))
	refresh := other.cookies("/auth")["refresh"]
	requireNoContent(t, sendCookie(t, http.MethodPost, base+"/auth/cookie/logout", "refresh="+refresh))
	requireNoRefresh(t, base, refresh)
	other.requireIn() // its access token was not there to be ended
}

// What is no refresh token keeps nobody from logging out.
func TestLogoutWithoutRefreshToken(t *testing.T) {
	svc, _ := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	for _, refresh := range []string{"", "; refresh=", "; refresh=garbage", "; refresh=a; refresh=b"} {
		token := logIn(t, base).cookies("/")["auth"]
		got := sendCookie(t, http.MethodPost, base+"/auth/cookie/logout", "auth="+token+refresh)
		requireNoContent(t, got)
		assert.Equal(t, []string{
			"refresh=; Path=/auth; Max-Age=0; HttpOnly; SameSite=Strict",
			"auth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		}, got.header.Values("Set-Cookie"))
		requireOut(t, base, token)
	}
}

// One device logs all of them out, whatever carries its token. Who logs in again in
// the same second is in.
func TestLogoutEverywhere(t *testing.T) {
	svc, log := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	for _, carrier := range []string{"cookie", "bearer"} {
		here, other := logIn(t, base), logIn(t, base)
		program := login(t, base, "name", "password")
		hereTokens, otherTokens := here.cookies("/auth"), other.cookies("/auth")
		var got answer
		if carrier == "cookie" {
			got = here.send(http.MethodPost, "/auth/logout-everywhere")
			assert.Empty(t, here.cookies("/auth"))
		} else {
			got = do(t, request(t, http.MethodPost, base+"/auth/logout-everywhere", "Bearer "+program))
		}
		requireNoContent(t, got)
		for _, token := range []string{hereTokens["auth"], otherTokens["auth"], program} {
			requireOut(t, base, token)
		}
		requireNoRefresh(t, base, hereTokens["refresh"])
		requireNoRefresh(t, base, otherTokens["refresh"])
		assert.Contains(t, log.String(), "session: revoked: all tokens of the user were ended after this one was written; log in again")

		requireNoContent(t, here.logIn())
		here.requireIn()
		requireNoContent(t, here.send(http.MethodPost, "/auth/refresh"))
		here.requireIn()
	}
}

// Nobody is logged out by who has no token.
func TestLogoutEverywhereRefused(t *testing.T) {
	svc, _ := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c := logIn(t, base)
	tokens := c.cookies("/auth")
	const path = "/auth/logout-everywhere"
	for _, got := range []answer{
		newClient(t, base).send(http.MethodPost, path),
		sendCookie(t, http.MethodPost, base+path, "refresh="+tokens["refresh"]),
	} {
		requireRefused(t, got, http.StatusUnauthorized, "Unauthorized", bearerChallenge, cookieChallenge)
	}
	requireRefused(t, sendCookie(t, http.MethodPost, base+path, "auth="+tokens["refresh"]),
		http.StatusUnauthorized, "Unauthorized", bearerChallenge, refusedCookie)
	for _, route := range []string{path, "/auth/refresh"} {
		got := c.send(http.MethodGet, route)
		requireRefused(t, got, http.StatusMethodNotAllowed, "Method Not Allowed")
		assert.Equal(t, "POST", got.header.Get("Allow"))
	}
	c.requireIn()
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
}

// Another site can do nothing with the cookies, and sets and clears none.
func TestSessionsCrossSite(t *testing.T) {
	svc, _ := newTestSessions(t, session.NewMemory())
	base := serveService(t, svc)
	c := logIn(t, base)
	before := c.cookies("/auth")
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "http://evil.example"},
	} {
		for _, route := range []string{"/auth/cookie/logout", "/auth/logout-everywhere", "/auth/refresh"} {
			got := c.send(http.MethodPost, route, header...)
			requireRefused(t, got, http.StatusForbidden, "Forbidden")
			assert.Empty(t, got.header.Values("Set-Cookie"), route)
		}
		got := newClient(t, base).send(http.MethodPost, "/auth/cookie/logout", header...) // a strict cookie stays at home
		requireRefused(t, got, http.StatusForbidden, "Forbidden")
		assert.Empty(t, got.header.Values("Set-Cookie"))
		login := loginRequest(t, base, urlEncoded, form("username", "name", "password", "password"))
		login.URL.Path = "/auth/cookie/login"
		login.Header.Set(header[0], header[1])
		got = do(t, login)
		requireRefused(t, got, http.StatusForbidden, "Forbidden")
		assert.Empty(t, got.header.Values("Set-Cookie"))
	}
	assert.Equal(t, before, c.cookies("/auth"))
	c.requireIn()
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))

	// No site has a bearer token by itself. Its page may use it, and touches no cookie.
	token := login(t, base, "name", "password")
	got := newClient(t, base).send(http.MethodPost, "/auth/logout-everywhere",
		"Authorization", "Bearer "+token, "Sec-Fetch-Site", "cross-site")
	requireNoContent(t, got)
	assert.Empty(t, got.header.Values("Set-Cookie"))
	requireOut(t, base, token)
}

// downStore is a Memory that can be cut off.
type downStore struct {
	session.Store
	getDown, raiseDown bool
}

func (s *downStore) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if s.getDown {
		return nil, errDown
	}
	return s.Store.Get(ctx, keys...)
}

func (s *downStore) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	if s.raiseDown {
		return 0, errDown
	}
	return s.Store.Raise(ctx, key, value, until)
}

// While the store is down nobody gets in, nobody is logged out, and the cookies stay
// for the next try.
func TestSessionStoreDown(t *testing.T) {
	store := &downStore{Store: session.NewMemory()}
	svc, log := newTestSessions(t, store)
	c := logIn(t, serveService(t, svc))
	before := c.cookies("/auth")
	for _, down := range []struct {
		get, raise bool
		routes     []string
	}{
		{true, false, []string{"GET /users/me", "POST /auth/cookie/login", "POST /auth/refresh", "POST /auth/logout-everywhere"}},
		{false, true, []string{"POST /auth/refresh", "POST /auth/logout-everywhere", "POST /auth/cookie/logout"}},
		{true, true, []string{"POST /auth/cookie/logout"}},
	} {
		for _, route := range down.routes {
			store.getDown, store.raiseDown = down.get, down.raise
			log.Reset()
			method, path, _ := strings.Cut(route, " ")
			got := answer{}
			if path == "/auth/cookie/login" {
				got = c.logIn()
			} else {
				got = c.send(method, path)
			}
			requireRefused(t, got, http.StatusServiceUnavailable, "Service Unavailable")
			assert.Equal(t, before, c.cookies("/auth"), route)
			assert.Contains(t, log.String(), "level=ERROR", route)
			assert.Contains(t, log.String(), errDown.Error(), route)
			store.getDown, store.raiseDown = false, false
			c.requireIn()
		}
	}
	requireNoContent(t, c.send(http.MethodPost, "/auth/refresh"))
	after := c.cookies("/auth")
	requireNoContent(t, c.send(http.MethodPost, "/auth/cookie/logout"))
	requireOut(t, c.base, after["auth"])
	requireNoRefresh(t, c.base, after["refresh"])
}

// Tokens that cannot be ended are a mistake at start, not at the first log-out.
func TestSessionsInvalid(t *testing.T) {
	svc, _ := newTestService(t, plainDerive)
	plain := svc.strategy
	assert.ErrorIs(t, svc.addSessions(plain, session.NewMemory()), authstrategy.ErrInvalidConfig)
	assert.Same(t, plain, svc.strategy)
	assert.Nil(t, svc.sessions)
}

// Without sessions the service is as it was: FastAPI Users' tokens, one cookie, and
// no further routes.
func TestWithoutSessions(t *testing.T) {
	t.Parallel()
	for _, sessions := range []bool{true, false} {
		args := []string{"-username", "name", "-password", "password", "-secret-file", writeFile(t, goodSecret)}
		if !sessions {
			args = append(args, "-sessions=false")
		}
		p := start(t, args...)
		token := login(t, p.url, "name", "password")
		reader, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(goodSecret))
		require.NoError(t, err)
		claims, err := reader.ReadClaims(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, sessions, claims.ID != "")
		assert.Equal(t, sessions, !claims.IssuedAt.IsZero())

		c := logIn(t, p.url)
		assert.Equal(t, sessions, len(c.cookies("/auth")) == 2)
		for _, route := range []string{"/auth/refresh", "/auth/logout-everywhere"} {
			got := c.send(http.MethodPost, route)
			if sessions {
				requireNoContent(t, got)
				continue
			}
			requireRefused(t, got, http.StatusNotFound, "Not Found")
		}
	}
}

// The refresh token's cookie is Secure where that of the access token is. No refresh
// token outlives a restart, since the store in memory forgets which were used.
func TestSessionsOfProcess(t *testing.T) {
	t.Parallel()
	args := []string{"-username", "name", "-password", "password", "-secret-file", writeFile(t, goodSecret)}
	p := start(t, append(args, "-addr", "0.0.0.0:0")...)
	r := loginRequest(t, p.url, urlEncoded, form("username", "name", "password", "password"))
	r.URL.Path = "/auth/cookie/login"
	cookies := do(t, r).header.Values("Set-Cookie")
	require.Len(t, cookies, 2)
	assert.Contains(t, cookies[1], "; Path=/auth; Max-Age=1209600; HttpOnly; Secure; SameSite=Strict")
	cookie, err := http.ParseSetCookie(cookies[1])
	require.NoError(t, err)

	restarted := start(t, args...)
	requireNoRefresh(t, restarted.url, cookie.Value)
}
