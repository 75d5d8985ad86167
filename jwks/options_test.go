package jwks_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

const (
	notHTTPS = " is not https; only https is fetched (see WithInsecureHTTP for development)"
	noHost   = " has no host; it must begin with https:// and a host"
	notURL   = " is not a URL, or has white space at its ends; it must begin with https:// and a host"
	empty    = " is empty; it must begin with https:// and a host"
	withUser = " has a user or password in it; send credentials by a Transport of your own, to its host alone (see WithHTTPClient)"
)

// requireMistakes requires that an error is made of these, and that each matches
// ErrInvalidConfig.
func requireMistakes(t *testing.T, source *jwks.Source, err error, want ...string) {
	t.Helper()
	require.Error(t, err)
	assert.Nil(t, source)
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	var got []string
	for _, mistake := range joined.Unwrap() {
		assert.ErrorIs(t, mistake, authstrategy.ErrInvalidConfig)
		got = append(got, mistake.Error())
	}
	for i := range want {
		want[i] = "authstrategy: invalid configuration: jwks: " + want[i]
	}
	assert.Equal(t, want, got)
}

func TestOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		option jwks.Option
		says   string // "": it is taken
	}{
		"nil":                {nil, "option 1 of 1 is nil; omit it, or use one of the With functions"},
		"client, nil":        {jwks.WithHTTPClient(nil), "WithHTTPClient(nil) cannot fetch; pass a client, or omit the option"},
		"client, zero":       {jwks.WithHTTPClient(new(http.Client)), ""},
		"max-age, 0":         {jwks.WithMaxAge(0), "WithMaxAge(0s) is zero or negative; it must be more than 0"},
		"max-age, negative":  {jwks.WithMaxAge(-1), "WithMaxAge(-1ns) is zero or negative; it must be more than 0"},
		"max-age, least":     {jwks.WithMaxAge(1), ""},
		"max-age, most":      {jwks.WithMaxAge(1<<63 - 1), ""},
		"cooldown, 0":        {jwks.WithCooldown(0), "WithCooldown(0s) is zero or negative; it must be more than 0"},
		"cooldown, least":    {jwks.WithCooldown(1), ""},
		"max-stale, 0":       {jwks.WithMaxStale(0), "WithMaxStale(0s) is zero or negative; it must be more than 0"},
		"max-stale, least":   {jwks.WithMaxStale(1), ""},
		"timeout, 0":         {jwks.WithTimeout(0), "WithTimeout(0s) is zero or negative; it must be more than 0"},
		"timeout, negative":  {jwks.WithTimeout(-time.Second), "WithTimeout(-1s) is zero or negative; it must be more than 0"},
		"timeout, least":     {jwks.WithTimeout(1), ""},
		"max size, 0":        {jwks.WithMaxSize(0), "WithMaxSize(0) is zero or negative; it must be more than 0"},
		"max size, negative": {jwks.WithMaxSize(-1), "WithMaxSize(-1) is zero or negative; it must be more than 0"},
		"max size, least":    {jwks.WithMaxSize(1), ""},
		"max size, most":     {jwks.WithMaxSize(int(^uint(0) >> 1)), ""},
		"insecure":           {jwks.WithInsecureHTTP(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, make := range []func(string, ...jwks.Option) (*jwks.Source, error){jwks.Remote, jwks.Discover} {
				source, err := make("https://keys.example", tt.option)
				if tt.says == "" {
					require.NoError(t, err)
					assert.NotNil(t, source)
					continue
				}
				requireMistakes(t, source, err, tt.says)
			}
		})
	}
}

// The greatest limits that there are do not overflow.
func TestGreatestLimits(t *testing.T) {
	const longest = time.Duration(1<<63 - 1)
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"), jwks.WithMaxSize(int(^uint(0)>>1)), jwks.WithMaxAge(longest), jwks.WithCooldown(longest),
			jwks.WithMaxStale(longest), jwks.WithTimeout(longest))
		requireKeys(t, source, "a", "a")
		time.Sleep(100 * 365 * 24 * time.Hour)
		requireKeys(t, source, "a", "a")
		requireNone(t, source, "b")
		assert.Equal(t, 1, p.count())
	})
}

func TestAddresses(t *testing.T) {
	const fragment = "the URL of Remote has a fragment, which is never sent; remove it"
	const query = "the issuer of Discover has a query or a fragment; RFC 8414 §2 allows none"
	const metadata = "the issuer of Discover is the address of its metadata; pass the issuer that is in there"
	for _, tt := range []struct {
		address          string
		remote, discover []string
		insecure         []string // with WithInsecureHTTP, of Remote
	}{
		{"https://a.example/keys", nil, nil, nil},
		{"https://a.example/keys/", nil, nil, nil},
		{"HTTPS://a.example", nil, nil, nil},
		{"http://a.example/keys", []string{notHTTPS}, []string{notHTTPS}, nil},
		{"", []string{empty}, []string{empty}, []string{empty}},
		{" ", []string{empty}, []string{empty}, []string{empty}},
		{"https://a.example/ ", []string{notURL}, []string{notURL}, []string{notURL}},
		{"https://a.example/.well-known/openid-configuration", nil, []string{metadata}, nil},
		{"https://a.example/.well-known/oauth-authorization-server/b", nil, []string{metadata}, nil},
		{"a.example/keys", []string{notHTTPS}, []string{notHTTPS}, []string{notHTTPS}},
		{"/keys", []string{notHTTPS}, []string{notHTTPS}, []string{notHTTPS}},
		{"file:///keys", []string{notHTTPS}, []string{notHTTPS}, []string{notHTTPS}},
		{"https:///keys", []string{noHost}, []string{noHost}, []string{noHost}},
		{"https://", []string{noHost}, []string{noHost}, []string{noHost}},
		{"https:a.example", []string{noHost}, []string{noHost}, []string{noHost}},
		{"https://u:hidden@a.example/", []string{withUser}, []string{withUser}, []string{withUser}},
		{" https://a.example", []string{notURL}, []string{notURL}, []string{notURL}},
		{"https://a.example/\n", []string{notURL}, []string{notURL}, []string{notURL}},
		{"https://u:hidden@a.example:port", []string{notURL}, []string{notURL}, []string{notURL}},
		{"https://a.example/keys?tenant=1", nil, []string{query}, nil},
		{"https://a.example/?", nil, []string{query}, nil},
		{"https://a.example/#", []string{fragment}, []string{query}, []string{fragment}},
		{"https://a.example/#a", []string{fragment}, []string{query}, []string{fragment}},
		{"http://a.example/#a", []string{fragment, notHTTPS}, []string{query, notHTTPS}, []string{fragment}},
	} {
		check := func(what string, source *jwks.Source, err error, want []string) {
			t.Helper()
			if want == nil {
				assert.NoError(t, err, tt.address)
				assert.NotNil(t, source, tt.address)
				return
			}
			var texts []string
			for _, text := range want {
				if text[0] == ' ' {
					text = what + text
				}
				texts = append(texts, text)
			}
			requireMistakes(t, source, err, texts...)
			assert.NotContains(t, err.Error(), "hidden")
		}
		source, err := jwks.Remote(tt.address)
		check("the URL of Remote", source, err, tt.remote)
		source, err = jwks.Discover(tt.address)
		check("the issuer of Discover", source, err, tt.discover)
		source, err = jwks.Remote(tt.address, jwks.WithInsecureHTTP())
		check("the URL of Remote", source, err, tt.insecure)
	}
	_, err := jwks.Discover("http://a.example", jwks.WithInsecureHTTP())
	assert.NoError(t, err)
}

// All mistakes are reported at once.
func TestAllMistakes(t *testing.T) {
	opts := []jwks.Option{jwks.WithHTTPClient(nil), jwks.WithMaxAge(0), nil, jwks.WithMaxSize(0), jwks.WithMaxSize(1)}
	mistakes := func(more ...string) []string {
		return append([]string{
			"WithHTTPClient(nil) cannot fetch; pass a client, or omit the option",
			"WithMaxAge(0s) is zero or negative; it must be more than 0",
			"option 3 of 5 is nil; omit it, or use one of the With functions",
			"WithMaxSize(0) is zero or negative; it must be more than 0",
		}, more...)
	}
	source, err := jwks.Remote("#", opts...)
	requireMistakes(t, source, err, mistakes("the URL of Remote has a fragment, which is never sent; remove it", "the URL of Remote"+notHTTPS)...)
	source, err = jwks.Discover("?", opts...)
	requireMistakes(t, source, err, mistakes("the issuer of Discover has a query or a fragment; RFC 8414 §2 allows none", "the issuer of Discover"+notHTTPS)...)
}

func TestLastOptionApplies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, source := newProvider(t, hang, jwks.WithTimeout(time.Second), jwks.WithTimeout(2*time.Second))
		takes(t, 2*time.Second, func() { require.Error(t, source.Refresh(t.Context())) })
	})
}

// A forbiddenJar panics when it is used.
type forbiddenJar struct{ http.CookieJar }

// The Timeout of the client given applies, too; its Jar and CheckRedirect do not. It
// is not changed.
func TestHTTPClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &provider{serve: hang}
		ours := errors.New("CheckRedirect of the client given")
		client := &http.Client{
			Transport:     p,
			Timeout:       time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return ours },
			Jar:           forbiddenJar{},
		}
		source, err := jwks.Remote(address, jwks.WithHTTPClient(client))
		require.NoError(t, err)
		takes(t, time.Second, func() { requireCause(t, source.Refresh(t.Context()), context.DeadlineExceeded) })

		p.set(func(request *http.Request) (*http.Response, error) {
			if request.URL.Path == "/jwks" {
				return answer(302, "", "Location", "/b", "Set-Cookie", "a=b")(request)
			}
			return keys("a")(request)
		})
		require.NoError(t, source.Refresh(t.Context()))
		for _, get := range p.gets {
			assert.Empty(t, get.request.Cookies())
		}
		assert.Equal(t, p, client.Transport)
		assert.Equal(t, time.Second, client.Timeout)
		assert.Equal(t, ours, client.CheckRedirect(nil, nil))
		assert.Equal(t, forbiddenJar{}, client.Jar)

		client.Transport = nil // nor does a change of it later matter
		require.NoError(t, source.Refresh(t.Context()))
	})
}
