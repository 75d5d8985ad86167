package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
)

// soon is how long to wait for what comes soon, on a busy machine.
const soon = 30 * time.Second

// shared is a store, and how it goes down and comes back.
type shared struct {
	address  string
	down, up func() error
	crash    func() error // goes down without warning; nil: there is no difference
}

func TestRedis(t *testing.T) {
	server, err := servers.Redis()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	address := "redis://" + server.Addr() + "/0"
	for _, flag := range []string{"-migrate", "-clean"} {
		output, err := newEnvironment().run("-store", address, flag)
		require.Error(t, err)
		assert.Contains(t, output, "replicas: "+flag+": Redis ")
	}
	testService(t, shared{address, server.Stop, server.Start, server.Crash})
}

func TestPostgreSQL(t *testing.T) {
	server, err := servers.Postgres()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	address := "postgres://postgres@" + server.Addr() + "/postgres?sslmode=disable"
	migrate(t, address)
	testService(t, shared{address, server.Stop, server.Start, server.Crash})
	testClean(t, address, "pgx", address)
	testSlow(t, server.Addr())
}

// testSlow has the server not answer: nor does it keep the client of the service
// waiting.
func testSlow(t *testing.T, addr string) {
	t.Helper()
	proxy, err := servers.NewProxy(addr)
	require.NoError(t, err)
	defer proxy.Close()
	p := newEnvironment().start(t, "postgres://postgres@"+proxy.Addr()+"/postgres?sslmode=disable")
	live := requireLogin(t, p)
	release := proxy.Hold()
	defer release()
	began := time.Now()
	require.Equal(t, http.StatusServiceUnavailable, p.me(t, live.Access))
	assert.Less(t, time.Since(began), 5*patience)
	release()
	p.retries = true
	require.Equal(t, http.StatusOK, p.me(t, live.Access))
}

// SQLite has no server that could be down: its table goes away and comes back.
func TestSQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.db")
	address := "sqlite:" + file
	migrate(t, address)
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	rename := func(from, to string) func() error {
		return func() error {
			_, err := db.ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
			return err
		}
	}
	testService(t, shared{address: address, down: rename("authstrategy_sessions", "gone"), up: rename("gone", "authstrategy_sessions")})
	testClean(t, address, "sqlite", "file:"+file)
}

// migrate makes the table, and cannot make it twice.
func migrate(t *testing.T, address string) {
	t.Helper()
	output, err := newEnvironment().run("-store", address, "-migrate")
	require.NoError(t, err, output)
	output, err = newEnvironment().run("-store", address, "-migrate")
	require.Error(t, err)
	assert.Contains(t, output, "already exists")
}

// testClean cleans a table in which some rows are over.
func testClean(t *testing.T, address, driver, source string) {
	t.Helper()
	output, err := newEnvironment().run("-store", address, "-clean")
	require.NoError(t, err, output)
	assert.Equal(t, "deleted 0\n", output, "what the service has ended is not over yet")

	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "UPDATE authstrategy_sessions SET until = 1")
	require.NoError(t, err)
	output, err = newEnvironment().run("-store", address, "-clean")
	require.NoError(t, err, output)
	var deleted int
	_, err = fmt.Sscanf(output, "deleted %d\n", &deleted)
	require.NoError(t, err, output)
	assert.Positive(t, deleted)
}

// replicas are the processes of one service.
type replicas struct {
	environment
	store string
	a, b  *process
}

func (r *replicas) each() []*process { return []*process{r.a, r.b} }

// requireStatus asks both for the user of an access token.
func (r *replicas) requireStatus(t *testing.T, want int, access string) {
	t.Helper()
	for _, p := range r.each() {
		require.Equal(t, want, p.me(t, access))
	}
}

// requireEnded tries the tokens at both.
func (r *replicas) requireEnded(t *testing.T, ended tokens) {
	t.Helper()
	r.requireStatus(t, http.StatusUnauthorized, ended.Access)
	for _, p := range r.each() {
		status, _ := p.refresh(t, ended.Refresh)
		require.Equal(t, http.StatusUnauthorized, status)
	}
}

func requireLogin(t *testing.T, p *process) tokens {
	t.Helper()
	status, tokens := p.login(t)
	require.Equal(t, http.StatusOK, status)
	return tokens
}

func requireRefresh(t *testing.T, p *process, refresh string) tokens {
	t.Helper()
	status, tokens := p.refresh(t, refresh)
	require.Equal(t, http.StatusOK, status)
	return tokens
}

func testService(t *testing.T, store shared) {
	r := &replicas{environment: newEnvironment(), store: store.address}
	r.a, r.b = r.start(t, r.store), r.start(t, r.store)
	status, _ := r.a.forTokens(t, "/auth/jwt/login", url.Values{"username": {"ada"}, "password": {"wrong"}})
	require.Equal(t, http.StatusBadRequest, status)

	ended := r.logoutAtTheOther(t)
	r.refreshAtOnce(t)
	r.steal(t)
	r.logoutEverywhere(t)
	outages := []func() error{store.down}
	if store.crash != nil {
		outages = append(outages, store.crash)
	}
	for _, down := range outages {
		r.outage(t, down, store.up, ended)
	}
	r.replaceOne(t, ended)
}

// logoutAtTheOther logs in at one and out at the other, and returns the tokens.
func (r *replicas) logoutAtTheOther(t *testing.T) tokens {
	first := requireLogin(t, r.a)
	r.requireStatus(t, http.StatusOK, first.Access)
	second := requireRefresh(t, r.b, first.Refresh)
	third := requireRefresh(t, r.a, second.Refresh)
	r.requireStatus(t, http.StatusOK, third.Access)

	require.Equal(t, http.StatusNoContent, r.b.logout(t, third))
	r.requireEnded(t, third)
	require.Equal(t, http.StatusNoContent, r.a.logout(t, third), "once more does no harm")
	return third
}

// refreshAtOnce uses one refresh token many times at both, as tabs of a browser do.
func (r *replicas) refreshAtOnce(t *testing.T) {
	first := requireLogin(t, r.a)
	statuses, answers := make([]int, 16), make([]tokens, 16)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() { statuses[i], answers[i] = r.each()[i%2].refresh(t, first.Refresh) })
	}
	wait.Wait()
	for i, answer := range answers {
		require.Equal(t, http.StatusOK, statuses[i])
		r.requireStatus(t, http.StatusOK, answer.Access)
	}
	for i, answer := range answers {
		requireRefresh(t, r.each()[i%2], answer.Refresh)
	}
}

// steal uses a refresh token again when the next one has been used: the session ends
// for both, and there is an alert.
func (r *replicas) steal(t *testing.T) {
	stolen := requireLogin(t, r.a)
	other := requireLogin(t, r.b)
	second := requireRefresh(t, r.b, stolen.Refresh)
	third := requireRefresh(t, r.a, second.Refresh)
	const alert = "a refresh token was used twice"
	require.NotContains(t, r.b.log.String(), alert)

	status, _ := r.b.refresh(t, stolen.Refresh)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Eventually(t, func() bool { return strings.Contains(r.b.log.String(), alert) }, soon, 10*time.Millisecond)
	for _, p := range r.each() {
		status, _ := p.refresh(t, third.Refresh)
		require.Equal(t, http.StatusUnauthorized, status)
	}
	requireRefresh(t, r.a, other.Refresh)
}

// logoutEverywhere ends all sessions, and none that begins after it.
func (r *replicas) logoutEverywhere(t *testing.T) {
	phone, laptop := requireLogin(t, r.a), requireLogin(t, r.b)
	require.Equal(t, http.StatusNoContent, r.a.logoutAll(t, phone.Access))
	r.requireEnded(t, phone)
	r.requireEnded(t, laptop)
	after := requireLogin(t, r.b)
	r.requireStatus(t, http.StatusOK, after.Access)
	requireRefresh(t, r.a, after.Refresh)
}

// outage takes the store down and up again. Meanwhile nobody is let in and nobody is
// logged out. Then all is as it was before.
func (r *replicas) outage(t *testing.T, down, up func() error, ended tokens) {
	live := requireLogin(t, r.a)
	require.NoError(t, down())
	for _, p := range r.each() {
		p.retries = false
		for _, access := range []string{live.Access, ended.Access} {
			require.Equal(t, http.StatusServiceUnavailable, p.me(t, access))
		}
		require.Equal(t, http.StatusUnauthorized, p.me(t, forged(live.Access)), "a forged token never reaches the store")
		status, _ := p.login(t)
		require.Equal(t, http.StatusServiceUnavailable, status)
		for _, refresh := range []string{live.Refresh, ended.Refresh} {
			status, _ := p.refresh(t, refresh)
			require.Equal(t, http.StatusServiceUnavailable, status)
		}
		require.Equal(t, http.StatusServiceUnavailable, p.logout(t, live))
		require.Equal(t, http.StatusServiceUnavailable, p.logoutAll(t, live.Access))
	}
	require.NoError(t, up())

	for _, p := range r.each() {
		p.retries = true
	}
	r.requireStatus(t, http.StatusOK, live.Access)
	r.requireEnded(t, ended)
	next := requireRefresh(t, r.b, live.Refresh)
	requireLogin(t, r.a)
	require.Equal(t, http.StatusNoContent, r.a.logout(t, next))
	r.requireEnded(t, next)
}

// forged returns the token with another signature.
func forged(token string) string {
	signature := strings.LastIndex(token, ".") + 1
	first := "A"
	if token[signature] == 'A' {
		first = "B"
	}
	return token[:signature] + first + token[signature+1:]
}

// replaceOne ends a process and starts another one, which knows all that was ended.
func (r *replicas) replaceOne(t *testing.T, ended tokens) {
	live := requireLogin(t, r.a)
	r.a.end(t)
	r.a = r.start(t, r.store)
	r.requireEnded(t, ended)
	r.requireStatus(t, http.StatusOK, live.Access)
	live = requireRefresh(t, r.a, live.Refresh)
	require.Equal(t, http.StatusNoContent, r.b.logout(t, live))
	r.requireEnded(t, live)
}

// A service that cannot work does not start, and says why without the values.
func TestMistakes(t *testing.T) {
	const good = "sqlite:unused.db"
	secret := "test secret of 32 bytes or more!"
	for _, c := range []struct {
		store, access, refresh, password string
		want                             string
	}{
		{"", secret, secret + "2", password, "-store is none of"},
		{"mysql://ada:hunter2@db/x", secret, secret + "2", password, "-store is none of"},
		{"redis://ada:hunter2@[::1/0", secret, secret + "2", password, "-store is no address of Redis"},
		{"postgres://ada:hunter2@[::1/x", secret, secret + "2", password, "-store is no address of PostgreSQL"},
		{"sqlite:", secret, secret + "2", password, "-store names no file of SQLite"},
		{"sqlite:hunter2.db?mode=memory", secret, secret + "2", password, "-store names no file of SQLite"},
		{good, "hunter2", secret, password, "AUTH_SECRET: "},
		{good, secret, "hunter2", password, "REFRESH_SECRET: "},
		{good, secret, secret, password, "REFRESH_SECRET: it is that of AUTH_SECRET"},
		{good, secret, secret + "2", "", "PASSWORD: it is empty"},
	} {
		environment := append(newEnvironment(), "AUTH_SECRET="+c.access, "REFRESH_SECRET="+c.refresh, "PASSWORD="+c.password)
		output, err := environment.run("-addr", "127.0.0.1:0", "-store", c.store)
		require.Error(t, err)
		assert.Contains(t, output, "replicas: "+c.want)
		assert.NotContains(t, output, "hunter2")
		assert.NotContains(t, output, secret)
	}
	output, err := newEnvironment().run("-store", good, "-clean", "-migrate")
	require.Error(t, err)
	assert.Contains(t, output, "replicas: want flags only, and one of -migrate and -clean")
}
