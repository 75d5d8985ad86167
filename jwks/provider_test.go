package jwks_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// What the tests of fetching share: a provider of keys that is a transport in
// memory, so that testing/synctest can run days of it in no time.

const (
	ns      = time.Nanosecond
	address = "https://keys.example/jwks"
)

// A provider answers every GET by its serve, which a test may exchange.
type provider struct {
	mu    sync.Mutex
	serve answerer
	gets  []get
}

type get struct {
	request *http.Request
	at      time.Time
}

type answerer func(request *http.Request) (*http.Response, error)

func (p *provider) RoundTrip(request *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.gets = append(p.gets, get{request, time.Now()})
	serve := p.serve
	p.mu.Unlock()
	return serve(request)
}

func (p *provider) set(serve answerer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve = serve
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.gets)
}

// urls returns the addresses that were fetched, in order.
func (p *provider) urls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var urls []string
	for _, get := range p.gets {
		urls = append(urls, get.request.URL.String())
	}
	return urls
}

// newProvider returns a provider, and a Source of its keys.
func newProvider(t *testing.T, serve answerer, opts ...jwks.Option) (*provider, *jwks.Source) {
	t.Helper()
	p := &provider{serve: serve}
	source, err := jwks.Remote(address, append(opts, jwks.WithHTTPClient(&http.Client{Transport: p}))...)
	require.NoError(t, err)
	return p, source
}

// answer serves a status and body; headers are alternately names and values.
func answer(status int, body string, headers ...string) answerer {
	return func(request *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request}
		for i := 0; i < len(headers); i += 2 {
			response.Header.Add(headers[i], headers[i+1])
		}
		return response, nil
	}
}

// keys serves a set of keys with these ids.
func keys(ids ...string) answerer {
	var jwks []string
	for _, id := range ids {
		jwks = append(jwks, jwkOf(id))
	}
	return answer(200, setOf(jwks...))
}

func fails(err error) answerer {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// after serves so much later.
func after(d time.Duration, serve answerer) answerer {
	return func(request *http.Request) (*http.Response, error) {
		if err := sleep(request.Context(), d); err != nil {
			return nil, err
		}
		return serve(request)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hang serves nothing until the request is over.
func hang(request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// setOf writes a JWK Set of JWKs.
func setOf(jwks ...string) string { return `{"keys":[` + strings.Join(jwks, ",") + `]}` }

func jwkOf(id string) string {
	x := base64.RawURLEncoding.EncodeToString(privateKey(id).Public().(ed25519.PublicKey))
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q,"kid":%q}`, x, id)
}

// privateKey returns a test key that is always the same for an id.
func privateKey(id string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(bytes.Repeat([]byte{1}, ed25519.SeedSize-len(id)), id...))
}

func idsOf(keys []*authstrategy.PublicKey) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, key.ID())
	}
	return ids
}

// requireKeys requires that PublicKeys returns the keys with these ids.
func requireKeys(t *testing.T, source *jwks.Source, kid string, ids ...string) {
	t.Helper()
	found, err := source.PublicKeys(t.Context(), kid)
	require.NoError(t, err)
	require.Equal(t, ids, idsOf(found))
}

// requireNone requires that PublicKeys returns no keys and no error.
func requireNone(t *testing.T, source *jwks.Source, kid string) {
	t.Helper()
	requireKeys(t, source, kid)
}

// requireUnavailable requires that PublicKeys fails, with this cause.
func requireUnavailable(t *testing.T, source *jwks.Source, kid string, cause error) {
	t.Helper()
	found, err := source.PublicKeys(t.Context(), kid)
	require.Empty(t, found)
	requireCause(t, err, cause)
}

func requireCause(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, jwks.ErrUnavailable)
	require.ErrorIs(t, err, cause)
	require.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
}

// atOnce requires that no time passes in f. It is for bubbles of synctest.
func atOnce(t *testing.T, f func()) {
	t.Helper()
	start := time.Now()
	f()
	assert.Zero(t, time.Since(start), "it waited")
}

// takes requires that so much time passes in f.
func takes(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	assert.Equal(t, d, time.Since(start))
}
