package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// The tests here start the service and drive it over HTTP.

const (
	testUser     = "king+queen&co@camelot.bt"
	testPassword = "guinevere & <Lancelot> +100%"
)

func TestService(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags    []string
		sessions bool
	}{
		"by default":       {nil, true},
		"without the page": {[]string{"-demo=false"}, true},
		"without sessions": {[]string{"-sessions=false"}, false},
		"with neither":     {[]string{"-demo=false", "-sessions=false"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, append(c.flags, "-username", testUser, "-password", testPassword)...)
			assert.Contains(t, p.welcome, "a random secret was made")
			assert.Equal(t, c.sessions, strings.Contains(p.welcome, "Log-out ends tokens."), p.welcome)
			assert.Equal(t, !c.sessions, strings.Contains(p.welcome, "Log-out ends no token here"), p.welcome)
			assert.NotContains(t, p.welcome, testPassword)
			token := login(t, p.url, testUser, testPassword)
			t.Run("login", func(t *testing.T) { testLogin(t, p) })
			t.Run("users/me", func(t *testing.T) { testMe(t, p, token) })
			t.Run("logout", func(t *testing.T) { testLogout(t, p, c.sessions) })
			t.Run("bearer", func(t *testing.T) { testBearer(t, p, token) })
			t.Run("cookie", func(t *testing.T) { testCookie(t, p, token, c.sessions) })
			t.Run("routes", func(t *testing.T) { testRoutes(t, p, token) })
			t.Run("large body", func(t *testing.T) { testLargeBody(t, p, token) })

			require.NoError(t, p.cmd.Process.Kill())
			rest, _ := p.end(t)
			assert.Empty(t, rest+p.stderr.String(), "refusals are logged at Debug, which is not shown")
		})
	}
}

func testLogin(t *testing.T, p *process) {
	for _, route := range []string{"/auth/jwt/login", "/auth/cookie/login"} {
		t.Run(route, func(t *testing.T) { testRefusedLogin(t, p, route) })
	}
	t.Run("multipart", func(t *testing.T) {
		contentType, body := multipartForm(t, "username", testUser, "password", testPassword)
		tokenIn(t, do(t, loginRequest(t, p.url, contentType, body)))
	})
	t.Run("beside what does not matter", func(t *testing.T) {
		r := loginRequest(t, p.url, urlEncoded+"; charset=utf-8",
			form("grant_type", "password", "username", testUser, "password", testPassword))
		r.URL.RawQuery = "username=other&password=%zz"
		tokenIn(t, do(t, r))
	})
}

func testRefusedLogin(t *testing.T, p *process, route string) {
	rawQuery, err := io.ReadAll(form("username", testUser, "password", testPassword))
	require.NoError(t, err)
	contentType, parts := multipartForm(t, "username", testUser, "password", testPassword)
	truncated := parts.Bytes()[:parts.Len()-10]
	const (
		badCredentials = "LOGIN_BAD_CREDENTIALS"
		required       = "username and password are required"
		unparsable     = "There was an error parsing the body"
	)
	cases := map[string]struct {
		request *http.Request
		status  int
		detail  string
	}{
		"wrong password": {loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", testPassword+" ")), 400, badCredentials},
		"unknown user":   {loginRequest(t, p.url, urlEncoded, form("username", "mordred", "password", testPassword)), 400, badCredentials},

		"empty":           {loginRequest(t, p.url, urlEncoded, nil), 422, required},
		"query":           {loginRequest(t, p.url, urlEncoded, nil), 422, required},
		"no password":     {loginRequest(t, p.url, urlEncoded, form("username", testUser)), 422, required},
		"no user name":    {loginRequest(t, p.url, urlEncoded, form("password", testPassword)), 422, required},
		"empty password":  {loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", "")), 422, required},
		"empty user name": {loginRequest(t, p.url, urlEncoded, form("username", "", "password", testPassword)), 422, required},
		"two passwords":   {loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", testPassword, "password", "x")), 422, required},
		"two user names":  {loginRequest(t, p.url, urlEncoded, form("username", testUser, "username", "x", "password", testPassword)), 422, required},
		"no content type": {loginRequest(t, p.url, "", form("username", testUser, "password", testPassword)), 422, required},
		"JSON":            {loginRequest(t, p.url, "application/json", strings.NewReader(`{"username":"`+testUser+`","password":"x"}`)), 422, required},

		"bad encoding":     {loginRequest(t, p.url, urlEncoded, strings.NewReader("username=x&password=%zz")), 400, unparsable},
		"bad encoding too": {loginRequest(t, p.url, urlEncoded, io.MultiReader(form("username", testUser, "password", testPassword), strings.NewReader("&scope=%"))), 400, unparsable},
		"bad content type": {loginRequest(t, p.url, urlEncoded+"; charset", form("username", testUser, "password", testPassword)), 400, unparsable},
		"multipart broken": {loginRequest(t, p.url, contentType, bytes.NewReader(truncated)), 400, unparsable},
		"no boundary":      {loginRequest(t, p.url, "multipart/form-data", bytes.NewReader(parts.Bytes())), 400, unparsable},
	}
	cases["query"].request.URL.RawQuery = string(rawQuery)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.request.URL.Path = route
			got := do(t, c.request)
			requireRefused(t, got, c.status, c.detail)
			assert.Empty(t, got.header.Values("Set-Cookie"))
		})
	}
}

// requireMe asks for the user and checks the whole answer.
func requireMe(t *testing.T, p *process, username string, authorization ...string) {
	t.Helper()
	requireUser(t, do(t, request(t, http.MethodGet, p.url+"/users/me", authorization...)), username)
}

func requireUser(t *testing.T, got answer, username string) {
	t.Helper()
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Equal(t, `{"id":"`+userID(username)+`","email":"`+username+
		`","is_active":true,"is_superuser":false,"is_verified":true}`, got.body)
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
	assert.Empty(t, got.header.Values("WWW-Authenticate"))
}

func testMe(t *testing.T, p *process, token string) {
	for _, authorization := range []string{"Bearer " + token, "bearer " + token, "BEARER  " + token} {
		requireMe(t, p, testUser, authorization)
	}
}

// Without sessions a JWT is valid until it expires.
func testLogout(t *testing.T, p *process, sessions bool) {
	token := login(t, p.url, testUser, testPassword)
	got := do(t, request(t, http.MethodPost, p.url+"/auth/jwt/logout", "Bearer "+token))
	requireNoContent(t, got)
	if !sessions {
		requireMe(t, p, testUser, "Bearer "+token)
		return
	}
	requireRefused(t, do(t, request(t, http.MethodGet, p.url+"/users/me", "Bearer "+token)),
		http.StatusUnauthorized, "Unauthorized", bearerChallenge+`, error="invalid_token"`, cookieChallenge)
}

const (
	bearerChallenge = `Bearer realm="api"`
	cookieChallenge = `Cookie realm="api"`
)

// A log-out has nothing to do for a token that is missing or refused.
func testBearer(t *testing.T, p *process, token string) {
	const loggedOut, bad = http.StatusNoContent, http.StatusBadRequest
	cases := map[string]struct {
		authorization []string
		me, logout    int
		failure       string
	}{
		"no header":        {nil, 401, loggedOut, ""},
		"empty header":     {[]string{""}, 401, loggedOut, ""},
		"another scheme":   {[]string{"Basic dXNlcjpwYXNz"}, 401, loggedOut, ""},
		"no scheme":        {[]string{token}, 401, loggedOut, ""},
		"no token":         {[]string{"Bearer"}, 401, loggedOut, ""},
		"garbage":          {[]string{"Bearer garbage"}, 401, loggedOut, `, error="invalid_token"`},
		"changed":          {[]string{"Bearer A" + token}, 401, loggedOut, `, error="invalid_token"`},
		"over the limit":   {[]string{"Bearer " + strings.Repeat("a", 9000)}, 401, loggedOut, `, error="invalid_token"`},
		"two headers":      {[]string{"Bearer " + token, "Bearer " + token}, bad, bad, `, error="invalid_request"`},
		"two, one empty":   {[]string{"Bearer " + token, ""}, bad, bad, `, error="invalid_request"`},
		"two in one":       {[]string{"Bearer " + token + ", Bearer " + token}, bad, bad, `, error="invalid_request"`},
		"two tokens":       {[]string{"Bearer " + token + " " + token}, bad, bad, `, error="invalid_request"`},
		"token, parameter": {[]string{"Bearer " + token + `,realm="x"`}, bad, bad, `, error="invalid_request"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			me := request(t, http.MethodGet, p.url+"/users/me", c.authorization...)
			requireRefused(t, do(t, me), c.me, http.StatusText(c.me), bearerChallenge+c.failure, cookieChallenge)
			if c.failure != "" { // a cookie does not stand in for a refused token
				me.AddCookie(&http.Cookie{Name: "auth", Value: token})
				requireRefused(t, do(t, me), c.me, http.StatusText(c.me), bearerChallenge+c.failure, cookieChallenge)
			}
			logout := do(t, request(t, http.MethodPost, p.url+"/auth/jwt/logout", c.authorization...))
			if c.logout == loggedOut {
				requireNoContent(t, logout)
				return
			}
			requireRefused(t, logout, c.logout, http.StatusText(c.logout), bearerChallenge+c.failure)
		})
	}
}

func requireNoContent(t *testing.T, got answer) {
	t.Helper()
	require.Equal(t, http.StatusNoContent, got.status)
	assert.Empty(t, got.body)
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
}

func testCookie(t *testing.T, p *process, token string, sessions bool) {
	t.Run("from log-in to log-out", func(t *testing.T) { testCookieSession(t, p, sessions) })
	t.Run("log-out without a good token", func(t *testing.T) {
		for _, value := range []string{"", "auth=", "auth=garbage", "auth=a; auth=b"} {
			requireNoContent(t, sendCookie(t, http.MethodPost, p.url+"/auth/cookie/logout", value))
		}
	})
	t.Run("refused", func(t *testing.T) {
		for value, c := range map[string]struct {
			status  int
			failure string
		}{
			"auth=":                              {401, ""},
			"__Host-auth=" + token:               {401, ""},
			"auth=A" + token:                     {401, `, error="invalid_token"`},
			"auth=" + token + "; auth=" + token:  {400, `, error="invalid_request"`},
			"auth=" + token + "; other=x; auth=": {400, `, error="invalid_request"`},
		} {
			requireRefused(t, sendCookie(t, http.MethodGet, p.url+"/users/me", value),
				c.status, http.StatusText(c.status), bearerChallenge, cookieChallenge+c.failure)
		}
	})
	t.Run("from another site", func(t *testing.T) { testCrossSite(t, p, token) })
}

func sendCookie(t *testing.T, method, url, cookie string) answer {
	t.Helper()
	r := request(t, method, url)
	r.Header.Set("Cookie", cookie)
	return do(t, r)
}

func testCookieSession(t *testing.T, p *process, sessions bool) {
	r := loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", testPassword))
	r.URL.Path = "/auth/cookie/login"
	got := do(t, r)
	requireNoContent(t, got)
	cookie, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
	require.NoError(t, err)
	set := []string{"auth=" + cookie.Value + "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"}
	cleared := []string{"auth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"}
	if sessions {
		require.Len(t, got.header.Values("Set-Cookie"), 2)
		refresh, err := http.ParseSetCookie(got.header.Values("Set-Cookie")[1])
		require.NoError(t, err)
		set = append(set, "refresh="+refresh.Value+"; Path=/auth; Max-Age=1209600; HttpOnly; SameSite=Strict")
		cleared = append(cleared, "refresh=; Path=/auth; Max-Age=0; HttpOnly; SameSite=Strict")
	}
	assert.Equal(t, set, got.header.Values("Set-Cookie"))
	requireUser(t, sendCookie(t, http.MethodGet, p.url+"/users/me", "auth="+cookie.Value), testUser)

	got = sendCookie(t, http.MethodPost, p.url+"/auth/cookie/logout", "auth="+cookie.Value)
	requireNoContent(t, got)
	assert.ElementsMatch(t, cleared, got.header.Values("Set-Cookie"))
}

// Another site can neither log the user out nor log somebody in.
func testCrossSite(t *testing.T, p *process, token string) {
	for _, header := range [][2]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "http://evil.example"},
	} {
		logout := request(t, http.MethodPost, p.url+"/auth/cookie/logout")
		logout.Header.Set("Cookie", "auth="+token)
		login := loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", testPassword))
		login.URL.Path = "/auth/cookie/login"
		for _, r := range []*http.Request{logout, login} {
			r.Header.Set(header[0], header[1])
			got := do(t, r)
			requireRefused(t, got, http.StatusForbidden, "Forbidden")
			assert.Empty(t, got.header.Values("Set-Cookie"))
		}
	}
}

func testRoutes(t *testing.T, p *process, token string) {
	for _, c := range []struct {
		method, route string
		status        int
		allow         string
	}{
		{http.MethodGet, "/auth/jwt/login", http.StatusMethodNotAllowed, "POST"},
		{http.MethodPut, "/auth/jwt/login", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/auth/jwt/logout", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/auth/cookie/login", http.StatusMethodNotAllowed, "POST"},
		{http.MethodGet, "/auth/cookie/logout", http.StatusMethodNotAllowed, "POST"},
		{http.MethodPost, "/users/me", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodDelete, "/users/me", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodHead, "/auth/jwt/login", http.StatusMethodNotAllowed, "POST"},
		{http.MethodPost, "/", http.StatusNotFound, ""},
		{http.MethodHead, "/nothing", http.StatusNotFound, ""},
		{http.MethodPost, "/auth/jwt/nothing", http.StatusNotFound, ""},
		{http.MethodGet, "//nothing", http.StatusNotFound, ""},
		{http.MethodGet, "/users/me/", http.StatusNotFound, ""},
	} {
		got := do(t, request(t, c.method, p.url+c.route, "Bearer "+token))
		assert.Equal(t, c.allow, got.header.Get("Allow"), c)
		if c.method == http.MethodHead {
			assert.Equal(t, c.status, got.status, c)
			assert.Empty(t, got.body, c)
			continue
		}
		requireRefused(t, got, c.status, http.StatusText(c.status))
	}
}

// onlyReader hides a body's length, so that the client sends it in chunks.
type onlyReader struct{ io.Reader }

func testLargeBody(t *testing.T, p *process, token string) {
	const limit = 64 << 10
	const prefix = "username=" // with no password: refused before it is hashed
	for name, body := range map[string]func(size int) io.Reader{
		"announced": func(size int) io.Reader {
			return strings.NewReader(prefix + strings.Repeat("x", size-len(prefix)))
		},
		"in chunks": func(size int) io.Reader {
			return onlyReader{strings.NewReader(prefix + strings.Repeat("x", size-len(prefix)))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ method, route string }{
				{http.MethodPost, "/auth/jwt/login"},
				{http.MethodPost, "/auth/jwt/logout"},
				{http.MethodGet, "/users/me"},
				{http.MethodGet, "/nothing"},
			} {
				r, err := http.NewRequestWithContext(t.Context(), c.method, p.url+c.route, body(limit+1))
				require.NoError(t, err)
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Content-Type", urlEncoded)
				requireRefused(t, do(t, r), http.StatusRequestEntityTooLarge, "Request Entity Too Large")
			}
			requireRefused(t, do(t, loginRequest(t, p.url, urlEncoded, body(limit))),
				http.StatusUnprocessableEntity, "username and password are required")
		})
	}
}

// With the same secret a token outlives a restart, whatever the password; it
// is for that user alone, and ends when -lifetime says.
func TestRestart(t *testing.T) {
	t.Parallel()
	secret := writeFile(t, goodSecret+"\n")
	first := start(t, "-username", testUser, "-password", testPassword, "-secret-file", secret, "-lifetime", "90m")
	assert.NotContains(t, first.welcome, "random")
	before := time.Now().Truncate(time.Second)
	got := do(t, loginRequest(t, first.url, urlEncoded, form("username", testUser, "password", testPassword)))
	after := time.Now()
	token := tokenIn(t, got)
	assert.Contains(t, got.body, `"expires_in":5400`)

	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(goodSecret))
	require.NoError(t, err)
	claims, err := strategy.ReadClaims(t.Context(), token)
	require.NoError(t, err, "the secret is the file without its final newline")
	assert.Equal(t, userID(testUser), claims.Subject)
	assert.False(t, claims.ExpiresAt.Before(before.Add(90*time.Minute)), claims.ExpiresAt)
	assert.False(t, claims.ExpiresAt.After(after.Add(90*time.Minute)), claims.ExpiresAt)

	require.NoError(t, first.cmd.Process.Kill())
	second := start(t, "-username", testUser, "-password", "another", "-secret-file", writeFile(t, goodSecret), "-lifetime", "90m")
	requireMe(t, second, testUser, "Bearer "+token)

	plain := start(t, "-username", testUser, "-password", "another", "-secret-file", secret, "-sessions=false")
	requireMe(t, plain, testUser, "Bearer "+token)

	other := start(t, "-username", "mordred", "-password", testPassword, "-secret-file", secret, "-lifetime", "90m")
	requireRefused(t, do(t, request(t, http.MethodGet, other.url+"/users/me", "Bearer "+token)),
		http.StatusUnauthorized, "Unauthorized", `Bearer realm="api", error="invalid_token"`, cookieChallenge)
}

// One service signs with the private key, another holds the public one alone.
func TestKeyPair(t *testing.T) {
	t.Parallel()
	private, public := keyPair(t)
	signer := start(t, "-algorithm", "EdDSA", "-secret-file", private, "-public-key-file", public,
		"-username", testUser, "-password", testPassword)
	assert.NotContains(t, signer.welcome, "public key alone")
	token := login(t, signer.url, testUser, testPassword)
	requireMe(t, signer, testUser, "Bearer "+token)

	reader := start(t, "-algorithm", "EdDSA", "-public-key-file", public, "-username", testUser, "-password", testPassword)
	assert.Contains(t, reader.welcome, "A public key alone")
	assert.NotContains(t, reader.welcome, "auth/jwt/login")
	assert.Contains(t, reader.welcome, "Log-out ends no token here")
	for _, route := range []string{"/auth/refresh", "/auth/logout-everywhere"} {
		requireRefused(t, do(t, request(t, http.MethodPost, reader.url+route, "Bearer "+token)), http.StatusNotFound, "Not Found")
	}
	requireMe(t, reader, testUser, "Bearer "+token)
	for _, route := range []string{"/auth/jwt/login", "/auth/cookie/login"} {
		for _, password := range []string{testPassword, "wrong"} {
			r := loginRequest(t, reader.url, urlEncoded, form("username", testUser, "password", password))
			r.URL.Path = route
			got := do(t, r)
			requireRefused(t, got, http.StatusServiceUnavailable, "Service Unavailable")
			assert.Empty(t, got.header.Values("Retry-After"), "it will never sign")
		}
	}
	got := do(t, request(t, http.MethodPost, reader.url+"/auth/jwt/logout", "Bearer "+token))
	assert.Equal(t, http.StatusNoContent, got.status)
	requireMe(t, reader, testUser, "Bearer "+token)
}

// Without -username and -password there is a user all the same, with another
// password at each start, and without -secret-file another secret.
func TestDefaults(t *testing.T) {
	t.Parallel()
	credentials := regexp.MustCompile(`--data-urlencode 'username=user@example\.com' --data-urlencode 'password=([A-Z2-7]{26})'`)
	var passwords, tokens []string
	for range 2 {
		p := start(t)
		assert.Contains(t, p.welcome, "a random secret was made")
		assert.Contains(t, p.welcome, "No -password: a random one was made")
		match := credentials.FindStringSubmatch(p.welcome)
		require.NotNil(t, match, p.welcome)
		for _, token := range tokens {
			requireRefused(t, do(t, request(t, http.MethodGet, p.url+"/users/me", "Bearer "+token)),
				http.StatusUnauthorized, "Unauthorized", `Bearer realm="api", error="invalid_token"`, cookieChallenge)
		}
		token := login(t, p.url, "user@example.com", match[1])
		requireMe(t, p, "user@example.com", "Bearer "+token)
		passwords, tokens = append(passwords, match[1]), append(tokens, token)
	}
	assert.NotEqual(t, passwords[0], passwords[1])
}
