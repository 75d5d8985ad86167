package fetch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/fetch"
)

// A transport answers requests, and keeps them.
type transport struct {
	requests []*http.Request
	answer   func(request *http.Request) (*http.Response, error)
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.requests = append(t.requests, request)
	return t.answer(request)
}

// respond returns the response that this text is, after HTTP/1.1 and a space.
func respond(request *http.Request, text string) (*http.Response, error) {
	text = "HTTP/1.1 " + strings.ReplaceAll(text, "\n", "\r\n")
	return http.ReadResponse(bufio.NewReader(strings.NewReader(text)), request)
}

// always returns a transport whose answer is always this.
func always(text string) *transport {
	return &transport{answer: func(request *http.Request) (*http.Response, error) { return respond(request, text) }}
}

func parse(t *testing.T, text string) *url.URL {
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

func get(t *testing.T, transport http.RoundTripper, insecure bool, address string) (*fetch.Document, error) {
	client := fetch.NewClient(transport, 0, 1<<10, insecure)
	return client.Get(t.Context(), *parse(t, address))
}

func TestGet(t *testing.T) {
	transport := always("200 OK\n\nthe document")
	document, err := get(t, transport, false, "https://a.example/keys?tenant=1")
	require.NoError(t, err)
	assert.Equal(t, "the document", string(document.Body))
	require.Len(t, transport.requests, 1)
	request := transport.requests[0]
	assert.Equal(t, http.MethodGet, request.Method)
	assert.Equal(t, "https://a.example/keys?tenant=1", request.URL.String())
	assert.True(t, request.Close, "the connection, and its goroutines, would stay")
	assert.Equal(t, http.Header{
		"Accept":     {"application/jwk-set+json, application/json, */*;q=0.5"},
		"User-Agent": {"authstrategy-jwks (+https://github.com/go-authstrategy/authstrategy)"},
	}, request.Header)
}

func TestStatus(t *testing.T) {
	for status, says := range map[string]string{
		"204 No Content":         "the answer is 204 No Content; only 200 is good",
		"206 Partial Content":    "the answer is 206 Partial Content; only 200 is good",
		"304 Not Modified":       "the answer is 304 Not Modified; only 200 is good",
		"404 text of the remote": "the answer is 404 Not Found; only 200 is good",
		"503 x":                  "the answer is 503 Service Unavailable; only 200 is good",
		"299 x":                  "the answer is 299 ; only 200 is good",
	} {
		_, err := get(t, always(status+"\n\n"), false, "https://a.example/keys")
		assert.EqualError(t, err, "GET https://a.example/keys: "+says)
		assert.Equal(t, strings.HasPrefix(status, "404"), errors.Is(err, fetch.StatusError(404)), status)
	}
}

// A countedBody counts what is read of it, and notes that it was closed.
type countedBody struct {
	io.Reader
	read   int
	closed bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

func (b *countedBody) Close() error { b.closed = true; return nil }

func TestMaxSize(t *testing.T) {
	const limit = 1 << 10
	for _, size := range []int{0, limit - 1, limit, limit + 1, limit + 2, 1 << 20} {
		for _, declared := range []int64{int64(size), -1} {
			body := &countedBody{Reader: strings.NewReader(strings.Repeat("a", size))}
			document, err := get(t, &transport{answer: func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: declared, Body: body}, nil
			}}, false, "https://a.example/keys")
			assert.True(t, body.closed)
			// Whether a body ends at the limit, only the attempt to read one byte more shows.
			assert.LessOrEqual(t, body.read, limit+1)
			if size <= limit {
				require.NoError(t, err, size)
				assert.Len(t, document.Body, size)
				continue
			}
			assert.EqualError(t, err, "GET https://a.example/keys: the answer has more than 1024 bytes (see WithMaxSize)")
		}
	}
}

func TestBodyOfOtherStatusIsNotRead(t *testing.T) {
	body := &countedBody{Reader: strings.NewReader("a")}
	_, err := get(t, &transport{answer: func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 500, Body: body}, nil
	}}, false, "https://a.example/keys")
	require.ErrorIs(t, err, fetch.StatusError(500))
	assert.Zero(t, body.read)
	assert.True(t, body.closed)
}

// redirecting returns a transport that redirects to the addresses one after the
// other, and then answers.
func redirecting(addresses ...string) *transport {
	i := 0
	return &transport{answer: func(request *http.Request) (*http.Response, error) {
		if i == len(addresses) {
			return respond(request, "200 OK\n\nfound")
		}
		i++
		return respond(request, "302 Found\nLocation: "+addresses[i-1]+"\n\n")
	}}
}

func TestRedirects(t *testing.T) {
	const first = "https://a.example/keys?token=hidden"
	for _, tt := range []struct {
		name, from string
		insecure   bool
		through    []string
		says       string // "": the document is found
	}{
		{"five", first, false, []string{"/1", "/2", "/3", "/4", "/5"}, ""},
		{"six", first, false, []string{"/1", "/2", "/3", "/4", "/5", "/6"}, "there are more than 5 redirects"},
		{"another host", first, false, []string{"https://b.example/keys"}, ""},
		{"http", first, false, []string{"http://a.example/keys"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"https to http, insecure", first, true, []string{"http://a.example/keys"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"https to http later, insecure", first, true, []string{"https://b.example/", "http://b.example/"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"http to https to http, insecure", "http://a.example/", true, []string{"https://a.example/", "http://a.example/"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"http to http, insecure", "http://a.example/", true, []string{"http://b.example/"}, ""},
		{"http to https, insecure", "http://a.example/", true, []string{"https://b.example/"}, ""},
		{"another scheme", first, true, []string{"file:///etc/passwd"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"another scheme, from http", "http://a.example/", true, []string{"ftp://a.example/keys"}, "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		{"a user", first, false, []string{"https://u:p@b.example/"}, "the address that it redirects to has a user or password in it; send credentials by a Transport of your own, to its host alone (see WithHTTPClient)"},
	} {
		transport := redirecting(tt.through...)
		document, err := get(t, transport, tt.insecure, tt.from)
		for _, request := range transport.requests {
			assert.True(t, request.Close, tt.name)
			assert.Empty(t, request.Header.Get("Referer"), tt.name)
			assert.NotEmpty(t, request.Header.Get("User-Agent"), tt.name)
		}
		if tt.says == "" {
			require.NoError(t, err, tt.name)
			assert.Equal(t, "found", string(document.Body), tt.name)
			assert.Len(t, transport.requests, len(tt.through)+1, tt.name)
			continue
		}
		address := parse(t, tt.from)
		assert.EqualError(t, err, "GET "+address.Scheme+"://a.example"+address.Path+": "+tt.says, tt.name)
		assert.Len(t, transport.requests, len(tt.through), "%s: the last address was fetched", tt.name)
	}
}

func TestFaultOf(t *testing.T) {
	const (
		notHTTPS = "is not https; only https is fetched (see WithInsecureHTTP for development)"
		noHost   = "has no host; it must begin with https:// and a host"
		user     = "has a user or password in it; send credentials by a Transport of your own, to its host alone (see WithHTTPClient)"
	)
	for _, tt := range []struct {
		address          string
		secure, insecure string
	}{
		{"https://a.example/keys", "", ""},
		{"HTTPS://a.example", "", ""},
		{"https://127.0.0.1:8443/", "", ""},
		{"https://[::1]/", "", ""},
		{"http://a.example/", notHTTPS, ""},
		{"", notHTTPS, notHTTPS},
		{"a.example/keys", notHTTPS, notHTTPS},
		{"//a.example/keys", notHTTPS, notHTTPS},
		{"file:///etc/passwd", notHTTPS, notHTTPS},
		{"httpss://a.example", notHTTPS, notHTTPS},
		{"https:", noHost, noHost},
		{"https:///keys", noHost, noHost},
		{"https:a.example", noHost, noHost},
		{"https://:443/keys", noHost, noHost},
		{"http:/keys", notHTTPS, noHost},
		{"https://u@a.example/", user, user},
		{"https://u:p@a.example/", user, user},
		{"https://@a.example/", user, user},
	} {
		assert.Equal(t, tt.secure, fetch.FaultOf(parse(t, tt.address), false), tt.address)
		assert.Equal(t, tt.insecure, fetch.FaultOf(parse(t, tt.address), true), tt.address)
	}
}

func TestMaxAge(t *testing.T) {
	const otherwise = 7 * time.Second // neither raised nor cut
	for _, tt := range []struct {
		headers string
		want    time.Duration
	}{
		{"", otherwise},
		{"Cache-Control: public", otherwise},
		{"Cache-Control:", otherwise},
		{"Cache-Control: max-age=3600", time.Hour},
		{"cache-control: Public , MAX-AGE=3600\t, must-revalidate", time.Hour},
		{"Cache-Control: public,max-age=3600,must-revalidate", time.Hour},
		{"Cache-Control: public\nCache-Control: max-age=3600", time.Hour},

		{"Cache-Control: max-age=0", time.Minute},
		{"Cache-Control: max-age=59", time.Minute},
		{"Cache-Control: max-age=60", time.Minute},
		{"Cache-Control: max-age=61", 61 * time.Second},
		{"Cache-Control: max-age=86399", 86399 * time.Second},
		{"Cache-Control: max-age=86400", 24 * time.Hour},
		{"Cache-Control: max-age=86401", 24 * time.Hour},
		{"Cache-Control: max-age=4294967296", 24 * time.Hour},
		{"Cache-Control: max-age=9223372036854775808", 24 * time.Hour},
		{"Cache-Control: max-age=" + strings.Repeat("9", 100), 24 * time.Hour},

		{"Cache-Control: max-age", otherwise},
		{"Cache-Control: max-age=", otherwise},
		{"Cache-Control: max-age=-1", otherwise},
		{"Cache-Control: max-age=+90", otherwise},
		{"Cache-Control: max-age=90.5", otherwise},
		{"Cache-Control: max-age=1e3", otherwise},
		{"Cache-Control: max-age=0x60", otherwise},
		{"Cache-Control: max-age=1_000", otherwise},
		{"Cache-Control: max-age=90s", otherwise},
		{"Cache-Control: max-age = 90", otherwise},
		{"Cache-Control: max-age: 90", otherwise},
		{"Cache-Control: s-maxage=90", otherwise},
		{"Cache-Control: x-max-age=90", otherwise},
		{"Cache-Control: no-cache", otherwise},
		{"Expires: Thu, 01 Jan 2099 00:00:00 GMT", otherwise},

		{`Cache-Control: max-age="90"`, 90 * time.Second},
		{`Cache-Control: max-age="90`, otherwise},
		{`Cache-Control: max-age=90"`, otherwise},
		{`Cache-Control: max-age="`, otherwise},
		{`Cache-Control: max-age=""`, otherwise},
		{`Cache-Control: private="a, b", max-age=90`, 90 * time.Second},

		{"Cache-Control: max-age=90, max-age=3600", 90 * time.Second},
		{"Cache-Control: max-age=90\nCache-Control: max-age=3600", 90 * time.Second},
		{"Cache-Control: max-age=x, max-age=3600", time.Hour},
		{"Cache-Control: max-age=3600\nAge: 3000", time.Hour},

		{"Cache-Control: no-store", time.Minute},
		{"Cache-Control: No-Store, max-age=3600", time.Minute},
		{"Cache-Control: max-age=3600, no-store", time.Minute},
		{"Cache-Control: max-age=3600\nCache-Control: no-store", time.Minute},
		{"Cache-Control: no-stores", otherwise},
	} {
		document, err := get(t, always(strings.TrimSuffix("200 OK\n"+tt.headers, "\n")+"\n\n"), false, "https://a.example/")
		require.NoError(t, err)
		assert.Equal(t, tt.want, document.MaxAge(otherwise), tt.headers)
	}
}

// What a remote sends reaches no log as it is.
func TestErrorsAreLegible(t *testing.T) {
	const address = "https://a.example/a%2Fb?token=hidden"
	failing := func(err error) error {
		_, err = get(t, &transport{answer: func(*http.Request) (*http.Response, error) { return nil, err }}, false, address)
		return fetch.Legible(err)
	}
	assert.EqualError(t, failing(errors.New("one\ntwo\x1b[31m\x00\u202e\u00ad")), "GET https://a.example/a%2Fb: one?two?[31m???")
	assert.EqualError(t, failing(errors.New("für \xff")), "GET https://a.example/a%2Fb: für \ufffd")

	const begin = "GET https://a.example/a%2Fb: "
	fits := strings.Repeat("x", 600-len(begin))
	assert.EqualError(t, failing(errors.New(fits)), begin+fits)
	assert.EqualError(t, failing(errors.New(fits+"y")), begin+fits+"...")
	cut := failing(errors.New(fits[1:] + "üü")).Error()
	assert.Equal(t, begin+fits[1:]+"...", cut)
	assert.True(t, utf8.ValidString(cut))

	_, err := get(t, redirecting("https://b.example/%zz\x01?token=hidden"), false, address)
	assert.EqualError(t, err, begin+"the address that it redirects to is not a URL")

	cause := fmt.Errorf("wrapped: %w", &http.MaxBytesError{Limit: 1})
	assert.ErrorIs(t, failing(cause), cause)
	found := new(http.MaxBytesError)
	assert.ErrorAs(t, failing(cause), &found)
}

func TestReadingFails(t *testing.T) {
	cut := errors.New("the connection was cut")
	_, err := get(t, &transport{answer: func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), failingReader{cut}))}, nil
	}}, false, "https://a.example/")
	require.ErrorIs(t, err, cut)
	assert.EqualError(t, err, "GET https://a.example/: reading the answer: the connection was cut")
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestContextAndTimeoutEndTheRequest(t *testing.T) {
	hanging := &transport{answer: func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fetch.NewClient(hanging, 0, 1, false).Get(ctx, *parse(t, "https://a.example/"))
	require.ErrorIs(t, err, context.Canceled)

	_, err = fetch.NewClient(hanging, time.Millisecond, 1, false).Get(t.Context(), *parse(t, "https://a.example/"))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// A transport that changes the URL of its request changes that of no other.
func TestAddressIsNotChanged(t *testing.T) {
	address := parse(t, "https://a.example/keys")
	client := fetch.NewClient(&transport{answer: func(request *http.Request) (*http.Response, error) {
		request.URL.Host = "b.example"
		return respond(request, "200 OK\n\n")
	}}, 0, 1, false)
	_, err := client.Get(t.Context(), *address)
	require.NoError(t, err)
	assert.Equal(t, "https://a.example/keys", address.String())
}
