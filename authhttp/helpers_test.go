package authhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// What the tests share: users, strategies, a service, and what looks at its
// answers and its log.

const testSecret = "authhttp test secret, not for production"

var ctx = context.Background()

type user struct {
	id    string
	admin bool
}

func (u *user) TokenSubject() string { return u.id }

var (
	ada = &user{"ada", true}
	bob = &user{"bob", false}
)

var errDown = errors.New("the database is down")

// loaderErrors are what load fails with, by the subject of the token.
var loaderErrors = map[string]error{
	"gone":      authstrategy.ErrUserNotFound,
	"refused":   fmt.Errorf("inactive: %w", authstrategy.ErrUserRefused),
	"down":      errDown,
	"malformed": fmt.Errorf("a: %w", authhttp.ErrMalformedRequest),
	"cross":     fmt.Errorf("a: %w", authhttp.ErrCrossOrigin),
	"forbidden": fmt.Errorf("a: %w", authhttp.ErrForbidden),
	"long":      fmt.Errorf("a: %w", authhttp.ErrTokenTooLong),
	"config":    fmt.Errorf("a: %w", authstrategy.ErrInvalidConfig),
	"expired":   fmt.Errorf("a: %w", authstrategy.ErrTokenExpired), // of an upstream service
	"canceled":  context.Canceled,
}

func load(_ context.Context, claims *authstrategy.Claims) (*user, error) {
	if err := loaderErrors[claims.Subject]; err != nil {
		return nil, err
	}
	return map[string]*user{"ada": ada, "bob": bob}[claims.Subject], nil
}

func newStrategy(t testing.TB, opts ...authstrategy.Option) *authstrategy.JWTStrategy[*user] {
	t.Helper()
	s, err := authstrategy.GetJWTStrategy[*user](authstrategy.NewSecret(testSecret), opts...)
	require.NoError(t, err)
	return s
}

// tokenOf returns a good token of the user with the id.
func tokenOf(t testing.TB, id string) string {
	t.Helper()
	token, err := newStrategy(t).WriteToken(ctx, &user{id: id})
	require.NoError(t, err)
	return token
}

// expiredToken returns a token that has expired.
func expiredToken(t testing.TB) string {
	t.Helper()
	yesterday := authstrategy.WithClock(func() time.Time { return time.Now().Add(-24 * time.Hour) })
	token, err := newStrategy(t, yesterday).WriteToken(ctx, ada)
	require.NoError(t, err)
	return token
}

// newAuth makes an Auth with a strategy of its own, and without a log unless opts
// say otherwise.
func newAuth(t testing.TB, transport authhttp.Transport, opts ...authhttp.Option) *authhttp.Auth[*user] {
	t.Helper()
	return authOf(t, transport, newStrategy(t), opts...)
}

func authOf(t testing.TB, transport authhttp.Transport, s authstrategy.Strategy[*user], opts ...authhttp.Option) *authhttp.Auth[*user] {
	t.Helper()
	a, err := authhttp.New(transport, s, load, append([]authhttp.Option{authhttp.WithLogger(nil)}, opts...)...)
	require.NoError(t, err)
	return a
}

func anyOf(t testing.TB, auths ...*authhttp.Auth[*user]) *authhttp.Auth[*user] {
	t.Helper()
	a, err := authhttp.AnyOf(auths...)
	require.NoError(t, err)
	return a
}

// custom is a strategy whose methods are the test's; those that are nil do nothing.
type custom struct {
	write   func(u *user) (string, error)
	read    func(token string) (*user, error)
	destroy func(token string, u *user) error
}

func (c *custom) WriteToken(_ context.Context, u *user) (string, error) {
	if c.write == nil {
		return "custom", nil
	}
	return c.write(u)
}

func (c *custom) ReadToken(_ context.Context, token string, _ authstrategy.UserLoader[*user]) (*user, error) {
	if c.read == nil {
		return ada, nil
	}
	return c.read(token)
}

func (c *custom) DestroyToken(_ context.Context, token string, u *user) error {
	if c.destroy == nil {
		return nil
	}
	return c.destroy(token, u)
}

// other is a transport of another package: it reads X-Session-Token, unless its
// fields say otherwise.
type other struct {
	header, challenge string
	body              any
	token             func(r *http.Request) (string, error)
	write             func(w http.ResponseWriter) error
	clear             func(w http.ResponseWriter) error
}

func (o other) Token(r *http.Request) (string, error) {
	if o.token != nil {
		return o.token(r)
	}
	return r.Header.Get("X-Session-Token"), nil
}

func (o other) Write(w http.ResponseWriter, _ *http.Request, token string, _ time.Duration) error {
	if o.write != nil {
		return o.write(w)
	}
	w.Header().Set("X-Session-Token", token)
	return nil
}

func (o other) Body(string, time.Duration) any { return o.body }

func (o other) Clear(w http.ResponseWriter, _ *http.Request) error {
	if o.clear != nil {
		return o.clear(w)
	}
	w.Header().Set("X-Session-Token", "")
	return nil
}

func (o other) Challenge() string { return o.challenge }

func (o other) Header() string {
	if o.header == "" {
		return "X-Session-Token"
	}
	return o.header
}

// greet is the handler that is guarded: it says who is there.
var greet = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if u, ok := authhttp.LookupUser[*user](r.Context()); ok {
		fmt.Fprintf(w, "hello %s", u.id)
		return
	}
	fmt.Fprint(w, "hello nobody")
})

// loginOf is a handler that logs the user in.
func loginOf(a *authhttp.Auth[*user], u *user) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.Login(w, r, u) })
}

// refusing is a handler that refuses every request with the error.
func refusing(a *authhttp.Auth[*user], err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.Refuse(w, r, err) })
}

// An answer is a response with what is worth a comparison: all headers but Date
// and Content-Length.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to a service that has the handler at every path, and follows
// no redirects.
func ask(t testing.TB, h http.Handler, method string, header http.Header) answer {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	return askServer(t, server, method, header)
}

// ownOrigin in a header stands for the origin of the server, and ownHost for its
// host.
const (
	ownOrigin = "own origin"
	ownHost   = "own host"
)

func askServer(t testing.TB, server *httptest.Server, method string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+"/", nil)
	require.NoError(t, err)
	host := strings.TrimPrefix(server.URL, "http://")
	for name, values := range header {
		for _, value := range values {
			r.Header.Add(name, strings.NewReplacer(ownOrigin, server.URL, ownHost, host).Replace(value))
		}
	}
	response, err := server.Client().Transport.RoundTrip(r)
	require.NoError(t, err)
	return answerOf(t, response)
}

func answerOf(t testing.TB, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	response.Header.Del("Date")
	response.Header.Del("Content-Length")
	return answer{response.StatusCode, response.Header, string(body)}
}

// headers makes a header of names and values in turn.
func headers(namesAndValues ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(namesAndValues); i += 2 {
		h.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return h
}

// with returns a copy of h with more in it.
func with(h http.Header, namesAndValues ...string) http.Header {
	h = h.Clone()
	for name, values := range headers(namesAndValues...) {
		h[name] = append(h[name], values...)
	}
	return h
}

func bearer(token string) http.Header { return headers("Authorization", "Bearer "+token) }
func cookie(token string) http.Header { return headers("Cookie", "__Host-auth="+token) }

// refusal is the answer that a guard gives, with all of its headers.
func refusal(status int, namesAndValues ...string) answer {
	h := with(headers(namesAndValues...), "Cache-Control", "no-store", "Content-Type", "application/json")
	return answer{status, h, fmt.Sprintf(`{"detail":%q}`, http.StatusText(status))}
}

// passed is the answer of greet.
func passed(id string, namesAndValues ...string) answer {
	return answer{http.StatusOK, with(headers(namesAndValues...), "Content-Type", "text/plain; charset=utf-8"), "hello " + id}
}

// A logbook keeps what is logged.
type logbook struct {
	mu      sync.Mutex
	records []string // level, message and attributes
	errs    []error
}

func (l *logbook) logger() *slog.Logger { return slog.New(l) }

func (l *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbook) WithGroup(string) slog.Handler            { return l }

func (l *logbook) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		if err, ok := a.Value.Any().(error); ok {
			l.errs = append(l.errs, err)
		}
		return true
	})
	l.records = append(l.records, line)
	return nil
}

// take returns the records, and forgets them.
func (l *logbook) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	records := l.records
	l.records, l.errs = nil, nil
	return records
}

// setDefaultLogger makes the logbook slog.Default() until the end of the test.
func setDefaultLogger(t *testing.T, l *logbook) {
	old, writer, flags := slog.Default(), log.Writer(), log.Flags()
	t.Cleanup(func() {
		slog.SetDefault(old)
		log.SetOutput(writer) // which slog.SetDefault had changed
		log.SetFlags(flags)
	})
	slog.SetDefault(l.logger())
}

// newBrowser returns a client with a cookie jar for a server with TLS, which
// stands for example.com and all hosts below it.
func newBrowser(t testing.TB, server *httptest.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := server.Client()
	client.Jar = jar
	return client
}

// browse sends a request with the headers that a browser sends from a page of the
// same origin.
func browse(t testing.TB, client *http.Client, method, url string) answer {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := client.Do(r)
	require.NoError(t, err)
	return answerOf(t, response)
}

// recorded calls the handler without a server.
func recorded(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// request makes a request without a server.
func request(method string, header http.Header) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.Header = header
	return r
}

func assertNoUser(t testing.TB, u *user, err, want error) {
	t.Helper()
	assert.Nil(t, u)
	assert.ErrorIs(t, err, want)
}
