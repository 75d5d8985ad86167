package frameworks

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode) // its debug mode prints every route
	os.Exit(m.Run())
}

// frameworks start the service over the framework on a port of this machine
// until the test ends, and return its URL.
var frameworks = map[string]func(t *testing.T, s *Service) string{
	"net/http": startHTTP(NetHTTP),
	"chi":      startHTTP(Chi),
	"gin":      startHTTP(Gin),
	"echo":     startHTTP(Echo),
	"fiber":    startFiber,
}

func startHTTP(newHandler func(*Service) http.Handler) func(*testing.T, *Service) string {
	return func(t *testing.T, s *Service) string {
		server := httptest.NewServer(newHandler(s))
		t.Cleanup(server.Close)
		return server.URL
	}
}

// startFiber serves on a listener of its own: fiber is not on net/http.
func startFiber(t *testing.T, s *Service) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app := Fiber(s)
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections() // Shutdown waits for them
		assert.NoError(t, app.Shutdown())
		assert.NoError(t, <-served)
	})
	return "http://" + listener.Addr().String()
}

const (
	arthur  = "5f0d3d0e-1111-4a6b-8f57-0a1b2c3d4e5f"
	morgana = "5f0d3d0e-2222-4a6b-8f57-0a1b2c3d4e5f"
	mordred = "5f0d3d0e-3333-4a6b-8f57-0a1b2c3d4e5f" // disabled
	merlin  = "5f0d3d0e-4444-4a6b-8f57-0a1b2c3d4e5f" // the database fails
	nobody  = "5f0d3d0e-5555-4a6b-8f57-0a1b2c3d4e5f"
)

var errDown = errors.New("dial tcp 10.0.0.7:5432: connection refused")

// users is a database that is down for one user.
type users struct{ *MemoryUsers }

func (u users) ByID(ctx context.Context, id string) (*User, error) {
	if id == merlin {
		return nil, errDown
	}
	return u.MemoryUsers.ByID(ctx, id)
}

func (u users) ByPassword(ctx context.Context, name, password string) (*User, error) {
	if name == "merlin" {
		return nil, errDown
	}
	return u.MemoryUsers.ByPassword(ctx, name, password)
}

var secret = authstrategy.NewSecret("for tests only: 32 bytes and some more")

func newStrategy(t *testing.T, options ...authstrategy.Option) authstrategy.Strategy[*User] {
	t.Helper()
	strategy, err := authstrategy.GetJWTStrategy[*User](secret, options...)
	require.NoError(t, err)
	return strategy
}

func newService(t *testing.T, transports ...authhttp.Transport) *Service {
	t.Helper()
	memory := NewMemoryUsers(1)
	require.NoError(t, memory.Add(User{ID: arthur, Name: "arthur"}, "excalibur & 100%"))
	require.NoError(t, memory.Add(User{ID: morgana, Name: "morgana"}, "avalon"))
	require.NoError(t, memory.Add(User{ID: mordred, Name: "mordred", Disabled: true}, "camlann"))
	service, err := NewService(newStrategy(t), users{memory}, transports...)
	require.NoError(t, err)
	return service
}

func tokenFor(t *testing.T, id string, options ...authstrategy.Option) string {
	t.Helper()
	token, err := newStrategy(t, options...).WriteToken(t.Context(), &User{ID: id})
	require.NoError(t, err)
	return token
}

// row is a request and the whole answer to it, the same for every framework.
type row struct {
	name          string
	route         string // method and path
	authorization []string
	header        http.Header // others that are sent
	origin        bool        // and the Origin of the service itself
	form          url.Values  // sent URL-encoded
	multipart     bool        // sent as multipart/form-data instead
	cut           int         // bytes that are missing at its end
	size          int         // the form is padded to this many bytes
	chunked       bool        // sent without its length
	gzip          bool        // sent compressed

	status    int
	challenge string
	vary      string
	setCookie string // with … for a token
	body      string // JSON; empty: no body
}

func table(t *testing.T) []row {
	t.Helper()
	const (
		unauthorized = `{"detail":"Unauthorized"}`
		badRequest   = `{"detail":"Bad Request"}`
		badLogin     = `{"detail":"LOGIN_BAD_CREDENTIALS"}`
		tooLarge     = `{"detail":"Request Entity Too Large"}`
		unavailable  = `{"detail":"Service Unavailable"}`
		noToken      = `Bearer realm="api"`
		invalidToken = noToken + `, error="invalid_token"`
		invalidReq   = noToken + `, error="invalid_request"`
	)
	good := tokenFor(t, arthur)
	hourAgo := func() time.Time { return time.Now().Add(-2 * time.Hour) }
	rows := []row{
		{name: "user", route: "GET /me", authorization: []string{"Bearer " + good}, status: 200,
			body: `{"id":"` + arthur + `","name":"arthur"}`},
		{name: "scheme in another case", route: "GET /me", authorization: []string{"bEARER  " + good}, status: 200,
			body: `{"id":"` + arthur + `","name":"arthur"}`},
		{name: "logout", route: "POST /logout", authorization: []string{"Bearer " + good}, status: 204},

		{name: "wrong password", route: "POST /login", form: url.Values{"username": {"arthur"}, "password": {"avalon"}}, status: 400, body: badLogin},
		{name: "unknown user", route: "POST /login", form: url.Values{"username": {"lancelot"}, "password": {"avalon"}}, status: 400, body: badLogin},
		{name: "wrong password, multipart", route: "POST /login", multipart: true, form: url.Values{"username": {"arthur"}, "password": {"avalon"}}, status: 400, body: badLogin},
		{name: "multipart cut short", route: "POST /login", multipart: true, cut: 10, form: url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}, status: 400, body: badLogin},
		{name: "compressed", route: "POST /login", multipart: true, gzip: true, form: url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}, status: 400, body: badLogin},
		{name: "a field twice", route: "POST /login", form: url.Values{"username": {"arthur", "morgana"}, "password": {"avalon"}}, status: 400, body: badLogin},
		{name: "fields in another case", route: "POST /login", form: url.Values{"Username": {"morgana"}, "PASSWORD": {"avalon"}}, status: 400, body: badLogin},
		{name: "fields in brackets", route: "POST /login", form: url.Values{"username[]": {"morgana"}, "password[]": {"avalon"}}, status: 400, body: badLogin},
		{name: "disabled user", route: "POST /login", form: url.Values{"username": {"mordred"}, "password": {"camlann"}}, status: 400, body: badLogin},
		{name: "no form", route: "POST /login", status: 400, body: badLogin},
		{name: "credentials in the query", route: "POST /login?username=morgana&password=avalon", status: 400, body: badLogin},
		{name: "password in the query", route: "POST /login?password=avalon", form: url.Values{"username": {"morgana"}}, status: 400, body: badLogin},
		{name: "database down at login", route: "POST /login", form: url.Values{"username": {"merlin"}, "password": {"x"}}, status: 503, body: unavailable},
	}
	for _, c := range []struct {
		name          string
		authorization []string
		status        int
		challenge     string
		body          string
	}{
		{"no header", nil, 401, noToken, unauthorized},
		{"empty header", []string{""}, 401, noToken, unauthorized},
		{"another scheme", []string{"Basic YXJ0aHVyOng="}, 401, noToken, unauthorized},
		{"no scheme", []string{good}, 401, noToken, unauthorized},
		{"no token", []string{"Bearer"}, 401, noToken, unauthorized},
		{"garbage", []string{"Bearer garbage"}, 401, invalidToken, unauthorized},
		{"changed token", []string{"Bearer A" + good}, 401, invalidToken, unauthorized},
		{"token over the limit", []string{"Bearer " + strings.Repeat("a", 9000)}, 401, invalidToken, unauthorized},
		{"expired token", []string{"Bearer " + tokenFor(t, arthur, authstrategy.WithClock(hourAgo))}, 401, invalidToken, unauthorized},
		{"token for another audience", []string{"Bearer " + tokenFor(t, arthur, authstrategy.WithAudience("other"))}, 401, invalidToken, unauthorized},
		{"user that is gone", []string{"Bearer " + tokenFor(t, nobody)}, 401, invalidToken, unauthorized},
		{"user that is disabled", []string{"Bearer " + tokenFor(t, mordred)}, 401, invalidToken, unauthorized},
		{"database down", []string{"Bearer " + tokenFor(t, merlin)}, 503, "", unavailable},
		{"two headers", []string{"Bearer " + good, "Bearer " + good}, 400, invalidReq, badRequest},
		{"two headers, one empty", []string{"Bearer " + good, ""}, 400, invalidReq, badRequest},
		{"two tokens", []string{"Bearer " + good + " " + good}, 400, invalidReq, badRequest},
	} {
		refused := row{name: "GET /me " + c.name, route: "GET /me", authorization: c.authorization,
			status: c.status, challenge: c.challenge, body: c.body}
		logout := refused
		logout.name, logout.route = "POST /logout "+c.name, "POST /logout"
		if c.status == http.StatusUnauthorized { // logged out already
			logout.status, logout.challenge, logout.body = http.StatusNoContent, "", ""
		}
		rows = append(rows, refused, logout)
	}
	for i, r := range rows {
		if r.status == http.StatusServiceUnavailable || r.challenge != "" || r.route == "GET /me" {
			rows[i].vary = "Authorization"
		}
	}
	for _, c := range []struct {
		route  string
		form   url.Values
		status int
		vary   string
		body   string
	}{
		{"POST /login", url.Values{"username": {"arthur"}, "password": {"avalon"}}, 400, "", badLogin},
		{"POST /logout", url.Values{}, 204, "", ""},
		{"GET /me", url.Values{}, 200, "Authorization", `{"id":"` + arthur + `","name":"arthur"}`},
	} {
		for how, chunked := range map[string]bool{"announced": false, "in chunks": true} {
			largest := row{name: c.route + " with the largest body " + how, route: c.route, authorization: []string{"Bearer " + good},
				form: c.form, size: bodyLimit, chunked: chunked, status: c.status, vary: c.vary, body: c.body}
			larger := largest
			larger.name, larger.size, larger.status, larger.vary, larger.body = c.route+" with a larger body "+how, bodyLimit+1, 413, "", tooLarge
			rows = append(rows, largest, larger)
		}
	}
	return rows
}

// bodyLimit is the largest body that the service takes.
const bodyLimit = 64 << 10

// encode returns the row's form as its content type says, or nothing.
func encode(t *testing.T, r row) (contentType, content string) {
	t.Helper()
	switch {
	case r.form == nil:
		return "", ""
	case !r.multipart:
		content = r.form.Encode()
		if r.size > 0 {
			const field = "&padding="
			content += field + strings.Repeat("x", r.size-len(content)-len(field))
		}
		return "application/x-www-form-urlencoded", content
	}
	var body strings.Builder
	w := multipart.NewWriter(&body)
	for name := range r.form {
		require.NoError(t, w.WriteField(name, r.form.Get(name)))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), body.String()[:body.Len()-r.cut]
}

// send sends the request and returns the answer with its body read.
func send(t *testing.T, base string, r row) (*http.Response, string) {
	t.Helper()
	method, path, _ := strings.Cut(r.route, " ")
	contentType, content := encode(t, r)
	if r.gzip {
		content = compress(t, content)
	}
	var reader io.Reader = strings.NewReader(content)
	if r.chunked {
		reader = struct{ io.Reader }{reader} // NewRequest finds no length in it
	}
	request, err := http.NewRequestWithContext(t.Context(), method, base+path, reader)
	require.NoError(t, err)
	maps.Copy(request.Header, r.header)
	if r.origin {
		request.Header.Set("Origin", base)
	}
	if r.authorization != nil {
		request.Header["Authorization"] = r.authorization
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if r.gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	return exchange(t, request, request.Write)
}

func compress(t *testing.T, content string) string {
	t.Helper()
	var compressed strings.Builder
	w := gzip.NewWriter(&compressed)
	_, err := io.WriteString(w, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return compressed.String()
}

// exchange writes the request to a connection of its own and returns the answer
// with its body read. It reads while it still writes, and does not care whether
// all was written: a server may answer 413, and fiber closes the connection with
// it, before the body has arrived.
func exchange(t *testing.T, request *http.Request, write func(io.Writer) error) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", request.URL.Host)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.Close()
	wg.Go(func() { _ = write(conn) })
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestFrameworks(t *testing.T) {
	rows := table(t)
	for name, start := range frameworks {
		t.Run(name, func(t *testing.T) {
			base := start(t, newService(t, authhttp.Bearer{}))
			for _, r := range rows {
				t.Run(r.name, func(t *testing.T) { r.test(t, base) })
			}
			t.Run("wrong method", func(t *testing.T) {
				response, body := send(t, base, row{route: "GET /login?username=morgana&password=avalon"})
				assert.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, response.StatusCode, body)
			})
			t.Run("log in, be known, log out", func(t *testing.T) {
				form := url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}
				for _, login := range []row{
					{route: "POST /login", form: form},
					{route: "POST /login", form: form, multipart: true},
					{route: "POST /login", form: form, size: bodyLimit},
					{route: "POST /login?username=morgana&password=avalon", form: form},
				} {
					bearer := "Bearer " + logIn(t, base, login)
					response, body := send(t, base, row{route: "GET /me", authorization: []string{bearer}})
					assert.Equal(t, http.StatusOK, response.StatusCode)
					assert.JSONEq(t, `{"id":"`+arthur+`","name":"arthur"}`, body)
					response, _ = send(t, base, row{route: "POST /logout", authorization: []string{bearer}})
					assert.Equal(t, http.StatusNoContent, response.StatusCode)
				}
			})
			t.Run("a body that breaks off", func(t *testing.T) { testBrokenBody(t, base) })
			t.Run("an upload", func(t *testing.T) { testUpload(t, base) })
			t.Run("a token of the largest size", func(t *testing.T) { testLargestToken(t, start) })
			t.Run("many at once", func(t *testing.T) { testManyAtOnce(t, base) })
		})
	}
}

// test sends the request and checks the whole answer.
func (r row) test(t *testing.T, base string) {
	response, body := send(t, base, r)
	require.Equal(t, r.status, response.StatusCode, body)
	assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	assert.Equal(t, r.challenge, strings.Join(response.Header.Values("WWW-Authenticate"), "\n"))
	assert.Equal(t, r.vary, strings.Join(response.Header.Values("Vary"), "\n"))
	cookie := regexp.MustCompile("=[^;]{100,};").ReplaceAllString(strings.Join(response.Header.Values("Set-Cookie"), "\n"), "=…;")
	assert.Equal(t, r.setCookie, cookie)
	if r.body == "" {
		assert.Empty(t, body)
		assert.Empty(t, response.Header.Get("Content-Type"))
		return
	}
	mediaType, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	require.NoError(t, err)
	assert.Equal(t, "application/json", mediaType)
	assert.JSONEq(t, r.body, body)
}

// logIn sends a login, checks the whole answer and returns the token in it.
func logIn(t *testing.T, base string, r row) string {
	t.Helper()
	response, body := send(t, base, r)
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	assert.Equal(t, "no-store", response.Header.Get("Cache-Control"))
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &token))
	require.NotEmpty(t, token.AccessToken)
	assert.JSONEq(t, `{"access_token":`+strconv.Quote(token.AccessToken)+`,"token_type":"bearer","expires_in":3600}`, body)
	return token.AccessToken
}

// What comes before a body breaks is no login.
func testBrokenBody(t *testing.T, base string) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/login", nil)
	require.NoError(t, err)
	form := url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}.Encode()
	response, body := exchange(t, request, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
			"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nno length\r\n", request.URL.Host, len(form), form)
		return err
	})
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.JSONEq(t, `{"detail":"Bad Request"}`, body)
}

// An upload that is larger than net/http keeps in memory leaves no file behind,
// and the login before it does not count.
func testUpload(t *testing.T, base string) {
	dir := t.TempDir()
	for _, variable := range []string{"TMPDIR", "TMP"} { // TMP is for Windows
		t.Setenv(variable, dir)
	}
	require.Equal(t, dir, os.TempDir())

	var start strings.Builder
	w := multipart.NewWriter(&start)
	require.NoError(t, w.WriteField("username", "arthur"))
	require.NoError(t, w.WriteField("password", "excalibur & 100%"))
	_, err := w.CreateFormFile("file", "file")
	require.NoError(t, err)
	body := io.MultiReader(
		strings.NewReader(start.String()),
		io.LimitReader(zeros{}, 48<<20),
		strings.NewReader("\r\n--"+w.Boundary()+"--\r\n"),
	)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/login", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", w.FormDataContentType())
	response, content := exchange(t, request, request.Write)
	assert.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	assert.JSONEq(t, `{"detail":"Request Entity Too Large"}`, content)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// roleUser has private claims.
type roleUser struct {
	*User
	roles string
}

func (u roleUser) TokenClaims() any { return map[string]string{"roles": u.roles} }

// A framework must let a header through that holds the largest token the
// strategy takes, 8192 bytes by default.
func testLargestToken(t *testing.T, start func(*testing.T, *Service) string) {
	strategy, err := authstrategy.GetJWTStrategy[roleUser](secret)
	require.NoError(t, err)
	token := ""
	for size := 5900; len(token) < 8188; size++ {
		token, err = strategy.WriteToken(t.Context(), roleUser{&User{ID: arthur}, strings.Repeat("r", size)})
		require.NoError(t, err)
	}
	response, body := send(t, start(t, newService(t, authhttp.Bearer{})), row{route: "GET /me", authorization: []string{"Bearer " + token}})
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.JSONEq(t, `{"id":"`+arthur+`","name":"arthur"}`, body)
}

// Nobody gets another's session, also where a framework uses its request
// objects and their buffers again.
func testManyAtOnce(t *testing.T, base string) {
	var wg sync.WaitGroup
	for i := range 8 {
		id, name := arthur, "arthur"
		if i%2 == 1 {
			id, name = morgana, "morgana"
		}
		bearer := "Bearer " + tokenFor(t, id)
		wg.Go(func() {
			for range 20 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/me", nil)
				if !assert.NoError(t, err) {
					return
				}
				request.Header.Set("Authorization", bearer)
				response, err := http.DefaultClient.Do(request)
				if !assert.NoError(t, err) {
					return
				}
				var user User
				assert.NoError(t, json.NewDecoder(response.Body).Decode(&user))
				response.Body.Close()
				assert.Equal(t, User{ID: id, Name: name}, user)
			}
		})
	}
	wg.Wait()
}
