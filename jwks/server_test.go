package jwks_test

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// What the tests in memory cannot show: real servers, real connections and their
// goroutines.

func newServer(t *testing.T, http2 bool, handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = http2
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that a test breaks off
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func writeKeys(w http.ResponseWriter, ids ...string) {
	var jwks []string
	for _, id := range ids {
		jwks = append(jwks, jwkOf(id))
	}
	io.WriteString(w, setOf(jwks...))
}

// requireGoroutines waits until no more goroutines than these are left.
func requireGoroutines(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > most; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, and %d are expected:\n%s", runtime.NumGoroutine(), most, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestServer(t *testing.T) {
	for protocol, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(protocol, func(t *testing.T) {
			mux := http.NewServeMux()
			server := newServer(t, http2, mux)
			plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("plain http was used") }))
			t.Cleanup(plain.Close)
			mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/redirect")
			})
			mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				http.Redirect(w, r, "/keys", http.StatusFound)
			})
			mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, protocol, r.Proto)
				assert.Equal(t, http.MethodGet, r.Method)
				assert.Equal(t, "authstrategy-jwks (+https://github.com/go-authstrategy/authstrategy)", r.UserAgent())
				assert.Empty(t, r.Cookies())
				assert.Empty(t, r.Referer())
				writeKeys(w, "a")
			})
			mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) })

			client := server.Client()
			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			client.Jar = jar
			before := runtime.NumGoroutine()

			source, err := jwks.Discover(server.URL, jwks.WithHTTPClient(client))
			require.NoError(t, err)
			requireKeys(t, source, "a", "a")
			require.NoError(t, source.Refresh(t.Context()))

			source, err = jwks.Remote(server.URL+"/down", jwks.WithHTTPClient(client), jwks.WithInsecureHTTP())
			require.NoError(t, err)
			require.ErrorContains(t, source.Refresh(t.Context()), "the address that it redirects to"+notHTTPS)
			requireGoroutines(t, before)
		})
	}
}

// Without WithHTTPClient, too, no connection stays.
func TestDefaultClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeKeys(w, "a") }))
	t.Cleanup(server.Close)
	before := runtime.NumGoroutine()
	source, err := jwks.Remote(server.URL, jwks.WithInsecureHTTP())
	require.NoError(t, err)
	requireKeys(t, source, "a", "a")
	requireGoroutines(t, before)
}

// The certificate of the server is verified.
func TestUnknownCertificate(t *testing.T) {
	server := newServer(t, false, http.NotFoundHandler())
	source, err := jwks.Remote(server.URL)
	require.NoError(t, err)
	require.ErrorContains(t, source.Refresh(t.Context()), "tls: failed to verify certificate")
}

// The size limit counts what a compressed answer becomes.
func TestCompressedAnswer(t *testing.T) {
	padding := 0
	server := newServer(t, false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		writeKeys(zippedWriter{w, zipped}, "a")
		io.WriteString(zipped, strings.Repeat(" ", padding))
		zipped.Close()
	}))
	source, err := jwks.Remote(server.URL, jwks.WithHTTPClient(server.Client()))
	require.NoError(t, err)
	require.NoError(t, source.Refresh(t.Context()))
	padding = 512 << 10
	require.ErrorContains(t, source.Refresh(t.Context()), "the answer has more than 524288 bytes (see WithMaxSize)")
}

type zippedWriter struct {
	http.ResponseWriter
	zipped io.Writer
}

func (w zippedWriter) Write(p []byte) (int, error) { return w.zipped.Write(p) }

// A loadedServer serves good keys, or as its mode says.
type loadedServer struct {
	mode atomic.Value // of type http.HandlerFunc
	gets atomic.Int64
}

func (s *loadedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.gets.Add(1)
	s.mode.Load().(http.HandlerFunc)(w, r)
}

// A thousand goroutines of tokens with random kids cost one GET per cooldown. No
// request takes longer than one timeout, and good tokens are not held up. In the end
// no goroutine is left.
func TestLoad(t *testing.T) {
	const (
		timeout  = time.Second
		cooldown = 300 * time.Millisecond
		slow     = 100 * time.Millisecond
	)
	good := func(w http.ResponseWriter, _ *http.Request) { writeKeys(w, "a") }
	for name, mode := range map[string]http.HandlerFunc{
		"slow": func(w http.ResponseWriter, r *http.Request) {
			if sleep(r.Context(), slow) == nil {
				good(w, r)
			}
		},
		"failing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			served := new(loadedServer)
			served.mode.Store(http.HandlerFunc(good))
			server := newServer(t, false, served)
			before := runtime.NumGoroutine()
			source, err := jwks.Remote(server.URL, jwks.WithHTTPClient(server.Client()), jwks.WithTimeout(timeout), jwks.WithCooldown(cooldown))
			require.NoError(t, err)
			load := newLoad(t, source)
			load.round(t)
			served.mode.Store(mode)

			start, gets := time.Now(), served.gets.Load()
			for served.gets.Load() < gets+2 {
				load.round(t)
				require.Less(t, time.Since(start), time.Minute)
			}
			fetches := float64(served.gets.Load() - gets)
			assert.LessOrEqual(t, fetches, 1+float64(time.Since(start))/float64(cooldown))
			// Twice the timeout, since the machine may be slow. A request that waited for a
			// second fetch would exceed that, too.
			assert.Less(t, time.Duration(load.longest.Load()), 2*timeout)
			assert.Equal(t, name != "slow", load.unavailable.Load() > 0)
			requireGoroutines(t, before)
		})
	}
}

// A load is what reads tokens.
type load struct {
	reader      *authstrategy.JWTStrategy[authstrategy.Subject]
	token       string // a good one
	kids        atomic.Int64
	longest     atomic.Int64 // nanoseconds
	unavailable atomic.Int64
}

func newLoad(t *testing.T, source *jwks.Source) *load {
	const issuer = "https://login.example"
	reader, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{},
		authstrategy.WithKeySource(source), authstrategy.WithIssuer(issuer), authstrategy.WithAlgorithm(authstrategy.EdDSA))
	require.NoError(t, err)
	writer, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithSigner(privateKey("a")),
		authstrategy.WithKeyID("a"), authstrategy.WithIssuer(issuer), authstrategy.WithAlgorithm(authstrategy.EdDSA))
	require.NoError(t, err)
	token, err := writer.WriteToken(t.Context(), "42")
	require.NoError(t, err)
	return &load{reader: reader, token: token}
}

// round reads a thousand tokens at once, one of a hundred a good one.
func (l *load) round(t *testing.T) {
	var callers sync.WaitGroup
	for i := range 1000 {
		token := l.token
		if i%100 > 0 {
			header := fmt.Sprintf(`{"alg":"EdDSA","kid":"random %d"}`, l.kids.Add(1))
			token = base64.RawURLEncoding.EncodeToString([]byte(header)) + token[strings.Index(token, "."):]
		}
		callers.Go(func() { l.read(t, token) })
	}
	callers.Wait()
}

func (l *load) read(t *testing.T, token string) {
	start := time.Now()
	_, err := l.reader.ReadToken(context.Background(), token, authstrategy.LoadSubject)
	took := int64(time.Since(start))
	for longest := l.longest.Load(); took > longest && !l.longest.CompareAndSwap(longest, took); {
		longest = l.longest.Load()
	}
	if token == l.token {
		assert.NoError(t, err)
		return
	}
	if errors.Is(err, jwks.ErrUnavailable) {
		l.unavailable.Add(1)
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
		return
	}
	assert.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable)
}
