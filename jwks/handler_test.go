package jwks_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

func newHandler(t testing.TB, maxAge time.Duration) (http.Handler, []byte, string) {
	t.Helper()
	keys := []*authstrategy.PublicKey{publicKey(t, "a", authstrategy.RS256, keyOfRSA(t)), publicKey(t, "b", "", keyOfOKP(t))}
	handler, err := jwks.Handler(maxAge, keys...)
	require.NoError(t, err)
	body, err := jwks.Marshal(keys...)
	require.NoError(t, err)
	hash := sha256.Sum256(body)
	return handler, body, `"` + base64.RawURLEncoding.EncodeToString(hash[:]) + `"`
}

func askHandler(handler http.Handler, method string, ifNoneMatch ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/jwks.json?a=b", nil)
	r.Header["If-None-Match"] = ifNoneMatch
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	handler, body, etag := newHandler(t, time.Hour)
	for method, want := range map[string]string{"GET": string(body), "HEAD": ""} {
		w := askHandler(handler, method)
		assert.Equal(t, http.StatusOK, w.Code, method)
		assert.Equal(t, want, w.Body.String(), method)
		assert.Equal(t, http.Header{
			"Content-Type":           {"application/jwk-set+json"},
			"Content-Length":         {strconv.Itoa(len(body))},
			"Etag":                   {etag},
			"Cache-Control":          {"public, max-age=3600"},
			"X-Content-Type-Options": {"nosniff"},
		}, w.Header(), method)
	}
}

// TestHandlerServes asks through a real server.
func TestHandlerServes(t *testing.T) {
	handler, body, _ := newHandler(t, time.Hour)
	server := httptest.NewServer(handler)
	defer server.Close()
	for method, want := range map[string]string{"GET": string(body), "HEAD": ""} {
		r, err := http.NewRequest(method, server.URL, nil)
		require.NoError(t, err)
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, want, string(got), method)
		assert.EqualValues(t, len(body), answer.ContentLength, method)
	}
}

func TestHandlerIfNoneMatch(t *testing.T) {
	handler, _, etag := newHandler(t, time.Hour)
	for name, tt := range map[string]struct {
		header []string
		known  bool
	}{
		"none":                 {nil, false},
		"empty":                {[]string{""}, false},
		"the ETag":             {[]string{etag}, true},
		"weak":                 {[]string{"W/" + etag}, true},
		"any":                  {[]string{"*"}, true},
		"any, with blanks":     {[]string{" *\t"}, true},
		"a list":               {[]string{`"a", W/"b",` + etag + ` , "c"`}, true},
		"a list, weak":         {[]string{`"a",W/` + etag}, true},
		"empty elements":       {[]string{`, ,` + etag}, true},
		"two fields":           {[]string{`"a"`, etag}, true},
		"another":              {[]string{`"a"`}, false},
		"a list of others":     {[]string{`"a", "b"`}, false},
		"without quotes":       {[]string{etag[1 : len(etag)-1]}, false},
		"half of the quotes":   {[]string{etag[1:]}, false},
		"with more":            {[]string{etag + `"`}, false},
		"weak by a small w":    {[]string{"w/" + etag}, false},
		"twice weak":           {[]string{"W/W/" + etag}, false},
		"* in a list":          {[]string{`"a",*`}, false},
		"* in a tag":           {[]string{`"a,*,b"`}, false},
		"* in quotes":          {[]string{`"*"`}, false},
		"a line end around it": {[]string{"\r\n" + etag}, true}, // net/http refuses it
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				w := askHandler(handler, method, tt.header...)
				if !tt.known {
					assert.Equal(t, http.StatusOK, w.Code)
					assert.Equal(t, "application/jwk-set+json", w.Header().Get("Content-Type"))
					continue
				}
				assert.Equal(t, http.StatusNotModified, w.Code)
				assert.Empty(t, w.Body.String())
				assert.Equal(t, http.Header{"Etag": {etag}, "Cache-Control": {"public, max-age=3600"}}, w.Header())
			}
		})
	}
}

// TestHandlerETag: other keys have another ETag, the same keys the same.
func TestHandlerETag(t *testing.T) {
	etagOf := func(id string) string {
		handler, err := jwks.Handler(0, publicKey(t, id, "", keyOfOKP(t)))
		require.NoError(t, err)
		return askHandler(handler, "GET").Header().Get("ETag")
	}
	assert.Equal(t, etagOf("a"), etagOf("a"))
	assert.NotEqual(t, etagOf("a"), etagOf("b"))
}

func TestHandlerMethods(t *testing.T) {
	handler, _, etag := newHandler(t, time.Hour)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "FOO"} {
		w := askHandler(handler, method, etag)
		assert.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
		assert.Equal(t, "GET, HEAD", w.Header().Get("Allow"), method)
		assert.Equal(t, "Method Not Allowed\n", w.Body.String(), method)
		assert.Empty(t, w.Header().Get("Cache-Control"), method)
	}
}

func TestHandlerMaxAge(t *testing.T) {
	for maxAge, want := range map[time.Duration]string{
		0:                            "0",
		time.Second:                  "1",
		2*time.Second - 1:            "1",
		24 * time.Hour:               "86400",
		time.Duration(math.MaxInt64): "9223372036",
	} {
		handler, _, _ := newHandler(t, maxAge)
		assert.Equal(t, "public, max-age="+want, askHandler(handler, "GET").Header().Get("Cache-Control"))
	}
}

func TestHandlerRefuses(t *testing.T) {
	const (
		mistake  = "authstrategy: invalid configuration: "
		negative = mistake + "the max-age -1ns of Handler is negative or shorter than 1s; pass 0, or how long caches may keep the keys, such as time.Hour: a bare number counts nanoseconds"
		noKey    = mistake + "there is no key to publish; pass at least one"
	)
	good := publicKey(t, "a", "", keyOfOKP(t))
	for name, tt := range map[string]struct {
		maxAge time.Duration
		keys   []*authstrategy.PublicKey
		want   string
	}{
		"a negative max-age": {-1, []*authstrategy.PublicKey{good}, negative},
		"a bare number":      {3600, []*authstrategy.PublicKey{good}, strings.Replace(negative, "-1ns", "3.6µs", 1)},
		"a second, nearly":   {time.Second - 1, []*authstrategy.PublicKey{good}, strings.Replace(negative, "-1ns", "999.999999ms", 1)},
		"no key":             {0, nil, noKey},
		"both":               {-1, nil, negative + "\n" + noKey},
	} {
		t.Run(name, func(t *testing.T) {
			handler, err := jwks.Handler(tt.maxAge, tt.keys...)
			assert.Nil(t, handler)
			assert.EqualError(t, err, tt.want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		})
	}
}
