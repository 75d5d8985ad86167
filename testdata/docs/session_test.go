package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/session"
)

// counted is a store that counts its calls.
type counted struct {
	session.Store
	calls
}

type calls struct{ Gets, Raises int }

func (s *counted) Get(ctx context.Context, keys ...string) ([]int64, error) {
	s.Gets++
	return s.Store.Get(ctx, keys...)
}

func (s *counted) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	s.Raises++
	return s.Store.Raise(ctx, key, value, until)
}

// during returns the calls that f makes.
func (s *counted) during(f func()) calls {
	before := s.calls
	f()
	return calls{s.Gets - before.Gets, s.Raises - before.Raises}
}

func newTestService(t *testing.T) (*service, *counted) {
	t.Helper()
	store := &counted{Store: session.NewMemory()}
	s, err := newService(authstrategy.NewSecret("test secret of 32 bytes or more!"), authstrategy.NewSecret("another test secret, 32 bytes or more"), store)
	require.NoError(t, err)
	return s, store
}

// A browser has the cookies that it was sent, by their names.
type browser struct {
	service http.Handler
	cookies map[string]*http.Cookie
}

func newBrowser(s *service) *browser { return &browser{s.handler(), map[string]*http.Cookie{}} }

func (b *browser) send(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range b.cookies {
		if strings.HasPrefix(path, c.Path) {
			r.AddCookie(c)
		}
	}
	w := httptest.NewRecorder()
	b.service.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c
	}
	return w
}

func (b *browser) post(path string) int { return b.send("POST", path, nil).Code }

func (b *browser) login(t *testing.T) {
	t.Helper()
	require.Equal(t, http.StatusNoContent, b.send("POST", "/auth/login", url.Values{"username": {"ada"}, "password": {password}}).Code)
}

// copied returns a browser with the same cookies: a tab, or a thief.
func (b *browser) copied() *browser {
	c := &browser{b.service, map[string]*http.Cookie{}}
	for name, cookie := range b.cookies {
		c.cookies[name] = cookie
	}
	return c
}

func (b *browser) requireMe(t *testing.T) {
	t.Helper()
	answer := b.send("GET", "/me", nil)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, "hello Ada [editor]\n", answer.Body.String())
}

// requireLoggedOut tries all that the cookies could be good for.
func (b *browser) requireLoggedOut(t *testing.T) {
	t.Helper()
	require.Equal(t, http.StatusUnauthorized, b.send("GET", "/me", nil).Code)
	require.Equal(t, http.StatusUnauthorized, b.post("/auth/refresh"))
}

func TestLoginRefreshLogout(t *testing.T) {
	s, _ := newTestService(t)
	b := newBrowser(s)
	b.requireLoggedOut(t)
	answer := b.send("POST", "/auth/login", url.Values{"username": {"ada"}, "password": {"wrong"}})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	b.login(t)
	access, refresh := b.cookies["__Host-auth"], b.cookies["refresh"]
	assert.Equal(t, "/", access.Path)
	assert.Equal(t, 15*60, access.MaxAge)
	assert.Equal(t, "/auth", refresh.Path)
	assert.Equal(t, 14*24*60*60, refresh.MaxAge)
	assert.True(t, refresh.HttpOnly && refresh.Secure && access.HttpOnly && access.Secure)
	b.requireMe(t)

	tab := b.copied()
	require.Equal(t, http.StatusNoContent, b.post("/auth/refresh"))
	assert.NotEqual(t, access.Value, b.cookies["__Host-auth"].Value)
	assert.NotEqual(t, refresh.Value, b.cookies["refresh"].Value)
	b.requireMe(t)
	require.Equal(t, http.StatusNoContent, tab.post("/auth/refresh"), "the same token within the grace")

	kept := b.copied()
	require.Equal(t, http.StatusNoContent, b.post("/auth/logout"))
	assert.Empty(t, b.cookies)
	kept.requireLoggedOut(t)
	require.Equal(t, http.StatusUnauthorized, tab.post("/auth/refresh"), "the session has ended")
	require.Equal(t, http.StatusNoContent, b.post("/auth/logout"), "without a token there is nothing to end")
}

func TestLogoutElsewhere(t *testing.T) {
	s, _ := newTestService(t)
	phone, here := newBrowser(s), newBrowser(s)
	phone.login(t)
	here.login(t)
	before := here.copied()
	require.Equal(t, http.StatusNoContent, here.post("/auth/logout-elsewhere"))
	phone.requireLoggedOut(t)
	before.requireLoggedOut(t)
	here.requireMe(t)
	require.Equal(t, http.StatusNoContent, here.post("/auth/refresh"))
	phone.login(t)
	phone.requireMe(t)
}

// Another site can neither refresh, nor log in or out.
func TestCrossSite(t *testing.T) {
	s, _ := newTestService(t)
	b := newBrowser(s)
	b.login(t)
	for _, path := range []string{"/auth/login", "/auth/refresh", "/auth/logout", "/auth/logout-elsewhere"} {
		r := httptest.NewRequest("POST", path, strings.NewReader(url.Values{"username": {"ada"}, "password": {password}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		assert.Equal(t, http.StatusForbidden, w.Code, path)
		assert.Empty(t, w.Result().Cookies(), path)
	}
	b.requireMe(t)
	require.Equal(t, http.StatusNoContent, b.post("/auth/refresh"))
}

// logTo returns what is logged from now on.
func logTo(t *testing.T) *bytes.Buffer {
	log := new(bytes.Buffer)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return log
}

func TestTheft(t *testing.T) {
	log := logTo(t)
	s, _ := newTestService(t)
	b := newBrowser(s)
	b.login(t)
	thief := b.copied()
	for range 2 {
		require.Equal(t, http.StatusNoContent, b.post("/auth/refresh"))
	}
	require.Empty(t, log.String())
	require.Equal(t, http.StatusUnauthorized, thief.post("/auth/refresh"))
	assert.Contains(t, log.String(), "look for a thief")
	assert.NotContains(t, log.String(), thief.cookies["refresh"].Value)
	require.Equal(t, http.StatusUnauthorized, b.post("/auth/refresh"), "nobody knows who is the thief")
}

func TestDisabled(t *testing.T) {
	s, _ := newTestService(t)
	b := newBrowser(s)
	b.login(t)
	users["42"].Disabled = true
	b.requireLoggedOut(t)
	users["42"].Disabled = false
	require.Equal(t, http.StatusNoContent, b.post("/auth/refresh"), "nothing was spent")
	b.requireMe(t)
}

// The roles of a refreshed token are the database's, and in the access token.
func TestRoles(t *testing.T) {
	s, _ := newTestService(t)
	tokens, err := s.refresher.Start(t.Context(), users["42"])
	require.NoError(t, err)
	before := users["42"].Roles
	users["42"].Roles = []string{"admin"}
	defer func() { users["42"].Roles = before }()

	var roles struct {
		Roles []string `json:"roles"`
	}
	_, tokens, err = s.refresher.Refresh(t.Context(), tokens.Refresh, func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		require.NoError(t, claims.Decode(&roles))
		assert.Empty(t, roles.Roles, "a refresh token has none")
		return findUser(ctx, claims)
	})
	require.NoError(t, err)
	_, err = s.strategy.ReadToken(t.Context(), tokens.Access, func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		require.NoError(t, claims.Decode(&roles))
		return findUser(ctx, claims)
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"admin"}, roles.Roles)
}

// The table of what each call costs.
func TestCosts(t *testing.T) {
	s, store := newTestService(t)
	ctx, user := t.Context(), users["42"]
	write := func() (token string) {
		token, err := s.strategy.WriteToken(ctx, user)
		require.NoError(t, err)
		return token
	}
	read := func(token string) func() {
		return func() { s.strategy.ReadToken(ctx, token, findUser) }
	}
	start := func() (tokens session.Tokens) {
		tokens, err := s.refresher.Start(ctx, user)
		require.NoError(t, err)
		return tokens
	}
	refresh := func(token string) (tokens session.Tokens) {
		_, tokens, _ = s.refresher.Refresh(ctx, token, findUser)
		return tokens
	}
	auth, err := authhttp.New(authhttp.Bearer{}, s.strategy, findUser)
	require.NoError(t, err)

	token, tokens := write(), start()
	assert.Equal(t, calls{1, 0}, store.during(read(token)))
	assert.Equal(t, calls{0, 0}, store.during(read(token+"A")))
	assert.Equal(t, calls{1, 0}, store.during(func() { write() }))
	assert.Equal(t, calls{1, 1}, store.during(func() { require.NoError(t, s.strategy.DestroyToken(ctx, token, user)) }))
	assert.Equal(t, calls{2, 1}, store.during(func() {
		r := httptest.NewRequest("POST", "/logout", nil)
		r.Header.Set("Authorization", "Bearer "+tokens.Access)
		auth.Logout(httptest.NewRecorder(), r)
	}))
	assert.Equal(t, calls{2, 0}, store.during(func() { start() }))
	var next session.Tokens
	assert.Equal(t, calls{2, 1}, store.during(func() { next = refresh(tokens.Refresh) }))
	assert.Equal(t, calls{2, 0}, store.during(func() { refresh(tokens.Refresh) }))
	refresh(next.Refresh)
	assert.Equal(t, calls{2, 1}, store.during(func() { refresh(tokens.Refresh) }))
	assert.Equal(t, calls{0, 1}, store.during(func() { require.NoError(t, s.refresher.End(ctx, next.Refresh)) }))
	assert.Equal(t, calls{0, 1}, store.during(func() { require.NoError(t, s.strategy.DestroyAll(ctx, user)) }))
	assert.Equal(t, calls{1, 1}, store.during(func() { write() }))
}

// How the document rotates the secret.
func TestRotation(t *testing.T) {
	const old, current = "the old secret, of 32 bytes or more", "the current secret, 32 bytes or more"
	store := session.NewMemory()
	s, err := newService(authstrategy.NewSecret("test secret of 32 bytes or more!"), authstrategy.NewSecret(old), store)
	require.NoError(t, err)
	tokens, err := s.refresher.Start(t.Context(), users["42"])
	require.NoError(t, err)
	t.Setenv("REFRESH_SECRET", current)
	t.Setenv("REFRESH_SECRET_PREVIOUS", old)

	strategy := s.strategy
	refresher, err := session.NewRefresher(strategy, authstrategy.NewSecret(os.Getenv("REFRESH_SECRET")),
		session.WithPreviousSecrets(authstrategy.NewSecret(os.Getenv("REFRESH_SECRET_PREVIOUS"))))
	require.NoError(t, err)
	_, tokens, err = refresher.Refresh(t.Context(), tokens.Refresh, findUser)
	require.NoError(t, err)
	after, err := session.NewRefresher(strategy, authstrategy.NewSecret(current))
	require.NoError(t, err)
	_, _, err = after.Refresh(t.Context(), tokens.Refresh, findUser)
	require.NoError(t, err)
}
