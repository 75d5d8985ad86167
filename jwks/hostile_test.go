package jwks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// A deaf transport does not end when its context is over, until it is released.
type deaf struct {
	http.RoundTripper
	mu       sync.Mutex
	requests int
	deafened chan struct{} // nil: it hears
}

func (d *deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	d.requests++
	deafened := d.deafened
	d.mu.Unlock()
	if deafened != nil {
		<-deafened
	}
	return d.RoundTripper.RoundTrip(r)
}

func (d *deaf) deafen(until chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests, d.deafened = 0, until
}

func (d *deaf) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests
}

// Nobody waits longer than the timeout and a moment for a client that does not heed its
// context; known keys are served, no second fetch begins beside the stuck one, and once
// that ends all is well.
func TestDeafTransport(t *testing.T) {
	const patience = 5100 * time.Millisecond // the timeout and a moment
	bubble(t, func(t *testing.T) {
		d := &deaf{RoundTripper: &provider{serve: keys("a")}}
		source, err := jwks.Remote(keysURL, jwks.WithHTTPClient(&http.Client{Transport: d}))
		require.NoError(t, err)
		release := make(chan struct{})
		d.deafen(release)
		takes(t, patience, func() { requireUnavailable(t, source, "a", context.DeadlineExceeded) })
		atOnce(t, func() { requireUnavailable(t, source, "a", context.DeadlineExceeded) })
		atOnce(t, func() { requireCause(t, source.Refresh(t.Context()), context.DeadlineExceeded) })
		require.ErrorIs(t, source.Err(), jwks.ErrUnavailable)
		assert.Equal(t, 1, d.count())
		close(release)
		synctest.Wait()
		d.deafen(nil)
		requireUnavailable(t, source, "a", context.DeadlineExceeded) // what came too late counts for nothing
		time.Sleep(time.Second)
		requireKeys(t, source, "a", "a")

		time.Sleep(time.Hour)
		release = make(chan struct{})
		d.deafen(release)
		takes(t, patience, func() { requireKeys(t, source, "a", "a") })
		atOnce(t, func() { requireKeys(t, source, "a", "a") })
		atOnce(t, func() { requireUnavailable(t, source, "b", context.DeadlineExceeded) })
		assert.Equal(t, 1, d.count())
		close(release)
	})
}

// What an issuer publishes is no mistake of the program that reads it.
func TestUnusableSetIsNoMistakeOfTheProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, set := range []string{
			`{"keys":[{"kty":"RSA","e":"AQAB","n":"` + strings.Repeat("_", 171) + `w"}]}`, // 1024 bits
			`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`,
			`{"keys":[]}`, `{}`, `[]`, ``,
		} {
			_, source := newProvider(t, answer(200, set))
			err := source.Refresh(t.Context())
			requireCause(t, err, jwks.ErrInvalidKeySet)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidConfig)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidKey)
		}
	})
}

// No text of an error grows with what a remote sends, or holds what a terminal obeys.
func TestErrorsFromOutsideAreLegible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const most = 700
		long := "https://keys.example/" + strings.Repeat("a", 10_000)
		_, discovered := discover(t, issuer, site{openIDPlace: metadataOf(issuer, long), long: answer(200, "no set")})
		_, bidi := newProvider(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("\u202egnp.exe\x1b[2J") })
		_, panicking := newProvider(t, func(*http.Request) (*http.Response, error) { panic(strings.Repeat("\x1b[2J", 10_000)) })
		for _, source := range []*jwks.Source{discovered, bidi, panicking} {
			text := source.Refresh(t.Context()).Error()
			assert.Less(t, len(text), most)
			assert.NotContains(t, text, "\x1b")
			assert.NotContains(t, text, "\u202e")
		}
	})
}

// A hostile set costs no more memory than a good one.
func TestSkippedIsBounded(t *testing.T) {
	set := `{"keys":[` + strings.Repeat("0,", 1000) + `` + jwkOf("a") + `]}`
	source, err := jwks.Parse([]byte(set))
	require.NoError(t, err)
	skipped := source.Skipped()
	require.Len(t, skipped, 101)
	assert.EqualError(t, skipped[99], "key 100 of 1001 is no JSON object")
	assert.EqualError(t, skipped[100], "900 keys more are not used")

	source, err = jwks.Parse([]byte(`{"keys":[` + strings.Repeat("0,", 100) + `` + jwkOf("a") + `]}`))
	require.NoError(t, err)
	assert.Len(t, source.Skipped(), 100)
}

// A Source can be logged while it fetches.
func TestFormat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, source := newProvider(t, keys("a"))
		var none *jwks.Source
		parsed, err := jwks.Parse([]byte(`{"keys":[` + jwkOf("a") + `]}`))
		require.NoError(t, err)
		var printing sync.WaitGroup
		for range 4 {
			printing.Go(func() {
				for range 50 {
					assert.Equal(t, "jwks.Source", fmt.Sprintf("%+v", source))
				}
			})
		}
		require.NoError(t, source.Refresh(t.Context()))
		printing.Wait()
		for _, verb := range []string{"%v", "%s", "%d", "%#v"} {
			for _, s := range []*jwks.Source{source, parsed, none} {
				assert.Equal(t, "jwks.Source", fmt.Sprintf(verb, s))
			}
		}
	})
}

// The check of readiness that Err recommends keeps to the limits of fetches.
func TestReadinessKeepsToTheLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, answer(503, ""))
		for range 1000 {
			require.Error(t, source.Err())
			_, err := source.PublicKeys(t.Context(), "")
			require.ErrorIs(t, err, jwks.ErrUnavailable)
		}
		assert.Equal(t, 1, p.count())
	})
}

// An issuer's metadata is not its keys, and the error says what to do.
func TestMetadataInPlaceOfKeys(t *testing.T) {
	_, err := jwks.Parse([]byte(`{"issuer":"https://a.example","jwks_uri":"https://a.example/keys"}`))
	assert.EqualError(t, err, "jwks: invalid key set: it is the metadata of an issuer; pass the issuer to Discover, or the jwks_uri in it to Remote")
}

// One reason more than are kept is counted, too.
func TestSkippedOneMore(t *testing.T) {
	source, err := jwks.Parse([]byte(`{"keys":[` + strings.Repeat("0,", 101) + jwkOf("a") + `]}`))
	require.NoError(t, err)
	skipped := source.Skipped()
	require.Len(t, skipped, 101)
	assert.EqualError(t, skipped[100], "1 keys more are not used")
}
