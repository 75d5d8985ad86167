package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// The tests here are of what a started service can't be brought to do: its
// user store and its strategy do not fail.

// newTestService returns the service around a user "name" with the password
// "password", and its log.
func newTestService(t *testing.T, derive deriveFunc) (*service, *bytes.Buffer) {
	t.Helper()
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(goodSecret))
	require.NoError(t, err)
	users, err := newUserStore("name", "password", derive)
	require.NoError(t, err)
	log := new(bytes.Buffer)
	handler := slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	return &service{
		strategy: strategy,
		users:    users,
		load:     users.Load,
		cookie:   authhttp.Cookie{Insecure: true},
		log:      slog.New(handler),
	}, log
}

func handlerOf(t *testing.T, svc *service) http.Handler {
	t.Helper()
	handler, err := svc.routes()
	require.NoError(t, err)
	return handler
}

// What cannot be served fails at start.
func TestRoutesInvalid(t *testing.T) {
	for name, spoil := range map[string]func(*service){
		"loader": func(svc *service) { svc.load = nil },
		"cookie": func(svc *service) { svc.cookie.Name = "a b" },
	} {
		svc, _ := newTestService(t, plainDerive)
		spoil(svc)
		handler, err := svc.routes()
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
		assert.Nil(t, handler, name)
	}
}

func serveOnce(handler http.Handler, r *http.Request) answer {
	if r.Body == nil { // a server's requests have one
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// A flood of logins runs as many hashes as there are processors, lets a few
// wait, and turns the others away at once.
func TestLoginQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, finish := make(chan struct{}, 1000), make(chan struct{})
		blocking := false
		svc, log := newTestService(t, func(password string, salt []byte) ([]byte, error) {
			if blocking {
				started <- struct{}{}
				<-finish
			}
			return plainDerive(password, salt)
		})
		blocking = true
		handler := handlerOf(t, svc)
		attempt := func(ctx context.Context) answer {
			return serveOnce(handler, loginRequest(t, "http://service", urlEncoded,
				form("username", "name", "password", "password")).WithContext(ctx))
		}

		processors := runtime.GOMAXPROCS(0)
		places := processors + hashQueue*processors
		answers := make(chan answer, places)
		for range places {
			go func() { answers <- attempt(t.Context()) }()
		}
		synctest.Wait()
		assert.Len(t, started, processors, "hashes at once")
		assert.Empty(t, answers)
		assert.Empty(t, log.String())
		busy := attempt(t.Context())
		requireRefused(t, busy, http.StatusServiceUnavailable, "Service Unavailable")
		assert.Equal(t, "1", busy.header.Get("Retry-After"))
		assert.Regexp(t, `^time=\S+ level=DEBUG msg="no login" err="too many logins at once"\n$`, log.String())

		close(finish)
		for range places {
			tokenIn(t, <-answers)
		}
		assert.Len(t, started, places)
		tokenIn(t, attempt(t.Context()))
	})
}

// A client that has gone gives its place in the queue back.
func TestLoginQueueLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := newUserStore("name", "password", plainDerive)
		require.NoError(t, err)
		for range cap(store.running) {
			store.running <- struct{}{}
		}
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := store.Authenticate(ctx, "name", "password")
			left <- err
		}()
		synctest.Wait()
		assert.Len(t, store.admitted, 1)
		cancel()
		assert.ErrorIs(t, <-left, context.Canceled)
		assert.Empty(t, store.admitted)
	})
}

// What came before a connection broke is no login.
func TestBodyCutShort(t *testing.T) {
	svc, _ := newTestService(t, plainDerive)
	body := io.MultiReader(form("username", "name", "password", "password"), iotest.ErrReader(io.ErrUnexpectedEOF))
	requireRefused(t, serveOnce(handlerOf(t, svc), loginRequest(t, "http://service", urlEncoded, body)),
		http.StatusBadRequest, "Bad Request")
}

// No upload is written to the disk, neither the largest that is taken nor a large
// one that is refused.
func TestUploadLeavesNoFile(t *testing.T) {
	svc, _ := newTestService(t, plainDerive)
	dir := t.TempDir()
	for _, variable := range []string{"TMPDIR", "TMP"} { // TMP is for Windows
		t.Setenv(variable, dir)
	}
	require.Equal(t, dir, os.TempDir())
	upload := func(size int) answer {
		contentType, body := multipartForm(t, "username", "name", "password", "password")
		boundary := contentType[strings.Index(contentType, "boundary=")+len("boundary="):]
		end := "\r\n--" + boundary + "--\r\n"
		body.Truncate(body.Len() - len(end))
		body.WriteString("\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n")
		body.WriteString(strings.Repeat("x", size-body.Len()-len(end)) + end)
		return serveOnce(handlerOf(t, svc), loginRequest(t, "http://service", contentType, body))
	}
	tokenIn(t, upload(maxBody))
	requireRefused(t, upload(maxBody+1), http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	requireRefused(t, upload(48<<20), http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}

// failing is a strategy that a backend stands behind, and it is down.
type failing struct {
	authstrategy.Strategy[*User]
}

var errDown = errors.New("dial tcp 10.0.0.7:5432: connection refused")

func (failing) WriteToken(context.Context, *User) (string, error) { return "", errDown }
func (failing) DestroyToken(context.Context, string, *User) error { return errDown }

// failingCases are services of which one part is down, and requests that need it.
func failingCases(t *testing.T, svc *service, token string) map[string]failingCase {
	t.Helper()
	loaderDown, backendDown, hashDown := *svc, *svc, *svc
	loaderDown.load = func(context.Context, *authstrategy.Claims) (*User, error) { return nil, errDown }
	backendDown.strategy = failing{svc.strategy}
	users := *svc.users
	users.derive = func(string, []byte) ([]byte, error) { return nil, errDown }
	hashDown.users = &users

	logIn := func(route string) *http.Request {
		r := loginRequest(t, "http://service", urlEncoded, form("username", "name", "password", "password"))
		r.URL.Path = route
		return r
	}
	byBearer := func(method, route string) *http.Request {
		return request(t, method, "http://service"+route, "Bearer "+token)
	}
	byCookie := func(method, route string) *http.Request {
		r := request(t, method, "http://service"+route)
		r.AddCookie(&http.Cookie{Name: "auth", Value: token})
		return r
	}
	return map[string]failingCase{
		"the loader":              {&loaderDown, byBearer(http.MethodGet, "/users/me")},
		"the loader, by cookie":   {&loaderDown, byCookie(http.MethodGet, "/users/me")},
		"the hash":                {&hashDown, logIn("/auth/jwt/login")},
		"the hash, by cookie":     {&hashDown, logIn("/auth/cookie/login")},
		"WriteToken":              {&backendDown, logIn("/auth/jwt/login")},
		"WriteToken, by cookie":   {&backendDown, logIn("/auth/cookie/login")},
		"DestroyToken":            {&backendDown, byBearer(http.MethodPost, "/auth/jwt/logout")},
		"DestroyToken, by cookie": {&backendDown, byCookie(http.MethodPost, "/auth/cookie/logout")},
	}
}

type failingCase struct {
	service *service
	request *http.Request
}

// Nobody is sent to the login page because a database is down, and nobody
// learns of it more than that.
func TestFailuresAre503(t *testing.T) {
	svc, log := newTestService(t, plainDerive)
	token, err := svc.strategy.WriteToken(t.Context(), &svc.users.user)
	require.NoError(t, err)
	cases := failingCases(t, svc, token)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			got := serveOnce(handlerOf(t, c.service), c.request)
			requireRefused(t, got, http.StatusServiceUnavailable, "Service Unavailable")
			assert.Equal(t, "1", got.header.Get("Retry-After"))
			assert.Contains(t, log.String(), "level=ERROR")
			assert.Contains(t, log.String(), errDown.Error())
			assert.NotContains(t, log.String(), token)
		})
		t.Run(name+", the client has gone", func(t *testing.T) {
			log.Reset()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			got := serveOnce(handlerOf(t, c.service), c.request.Clone(ctx))
			assert.Equal(t, http.StatusServiceUnavailable, got.status, "never 200")
			assert.Equal(t, 1, strings.Count(log.String(), "level="), log.String())
			assert.Contains(t, log.String(), "level=DEBUG")
		})
	}
	t.Run("a bad token all the same", func(t *testing.T) {
		requireRefused(t, serveOnce(handlerOf(t, cases["the loader"].service), request(t, http.MethodGet, "http://service/users/me", "Bearer "+token+"x")),
			http.StatusUnauthorized, "Unauthorized", `Bearer realm="api", error="invalid_token"`, cookieChallenge)
	})
}

// Whom the loader refuses has to log in again, and the log says why.
func TestRefusedUserIs401(t *testing.T) {
	svc, log := newTestService(t, plainDerive)
	token, err := svc.strategy.WriteToken(t.Context(), &svc.users.user)
	require.NoError(t, err)
	for _, reason := range []error{authstrategy.ErrUserNotFound, authstrategy.ErrUserRefused} {
		log.Reset()
		svc.load = func(context.Context, *authstrategy.Claims) (*User, error) { return nil, reason }
		requireRefused(t, serveOnce(handlerOf(t, svc), request(t, http.MethodGet, "http://service/users/me", "Bearer "+token)),
			http.StatusUnauthorized, "Unauthorized", `Bearer realm="api", error="invalid_token"`, cookieChallenge)
		assert.Contains(t, log.String(), "level=DEBUG")
		assert.Contains(t, log.String(), reason.Error())
		assert.NotContains(t, log.String(), token)
	}
}
