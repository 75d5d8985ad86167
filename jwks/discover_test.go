package jwks_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/jwks"
)

const issuer = "https://login.example/tenant"

// site serves documents by their address, and 404 elsewhere.
type site map[string]answerer

func (s site) serve(request *http.Request) (*http.Response, error) {
	serve, ok := s[request.URL.String()]
	if !ok {
		serve = answer(404, "")
	}
	return serve(request)
}

func metadataOf(issuer, jwksURI string) answerer {
	text, _ := json.Marshal(map[string]any{"issuer": issuer, "jwks_uri": jwksURI, "token_endpoint": issuer + "/token"})
	return answer(200, string(text))
}

func discover(t *testing.T, issuer string, site site, opts ...jwks.Option) (*provider, *jwks.Source) {
	t.Helper()
	p := &provider{serve: site.serve}
	source, err := jwks.Discover(issuer, append(opts, jwks.WithHTTPClient(&http.Client{Transport: p}))...)
	require.NoError(t, err)
	return p, source
}

func TestDiscover(t *testing.T) {
	const keysURL = "https://keys.example/a%2Fb?version=1" // another host
	for _, tt := range []struct{ name, issuer, place, other string }{
		{"path", "https://login.example/tenant/1", "https://login.example/tenant/1/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server/tenant/1"},
		{"path, slash", "https://login.example/tenant/", "https://login.example/tenant/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server/tenant"},
		{"host", "https://login.example", "https://login.example/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server"},
		{"host, slash", "https://login.example/", "https://login.example/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server"},
		{"two slashes", "https://login.example//", "https://login.example//.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server/"},
		{"port", "https://login.example:8443/a", "https://login.example:8443/a/.well-known/openid-configuration",
			"https://login.example:8443/.well-known/oauth-authorization-server/a"},
		{"escapes", "https://login.example/a%2Fb%20c", "https://login.example/a%2Fb%20c/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server/a%2Fb%20c"},
		{"escaped slash", "https://login.example/a%2F", "https://login.example/a%2F/.well-known/openid-configuration",
			"https://login.example/.well-known/oauth-authorization-server/a%2F"},
	} {
		inBubble(tt.name, t, func(t *testing.T) {
			p, source := discover(t, tt.issuer, site{tt.place: metadataOf(tt.issuer, keysURL), keysURL: keys("a")})
			require.Zero(t, p.count(), "Discover does I/O")
			requireKeys(t, source, "a", "a")
			require.Equal(t, []string{tt.place, keysURL}, p.urls())

			p, source = discover(t, tt.issuer, site{tt.other: metadataOf(tt.issuer, keysURL), keysURL: keys("a")})
			requireKeys(t, source, "a", "a")
			require.Equal(t, []string{tt.place, tt.other, keysURL}, p.urls())
		})
	}
}

const (
	openIDPlace = issuer + "/.well-known/openid-configuration"
	oauthPlace  = "https://login.example/.well-known/oauth-authorization-server/tenant"
	keysURL     = "https://keys.example/jwks"
)

// Not found is 404 alone: after another answer, the second place is not tried.
func TestNotFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for name, serve := range map[string]answerer{
			"400": answer(400, ""), "401": answer(401, ""), "403": answer(403, ""), "405": answer(405, ""), "410": answer(410, ""),
			"500": answer(500, ""), "204": answer(204, ""), "down": fails(errDown), "not JSON": answer(200, "<html>"), "issuer": metadataOf("https://other.example", keysURL),
		} {
			p, source := discover(t, issuer, site{openIDPlace: serve, oauthPlace: metadataOf(issuer, keysURL), keysURL: keys("a")})
			require.ErrorIs(t, source.Refresh(t.Context()), jwks.ErrUnavailable, name)
			require.Equal(t, []string{openIDPlace}, p.urls(), name)
		}

		p, source := discover(t, issuer, site{})
		require.EqualError(t, source.Refresh(t.Context()), "jwks: the keys are unavailable: GET "+openIDPlace+": the answer is 404 Not Found; only 200 is good; "+
			"GET "+oauthPlace+": the answer is 404 Not Found; only 200 is good")
		require.Equal(t, []string{openIDPlace, oauthPlace}, p.urls())

		_, source = discover(t, issuer, site{oauthPlace: fails(errDown)})
		requireCause(t, source.Refresh(t.Context()), errDown)

		// A key set that is not found sends nobody to another place.
		p, source = discover(t, issuer, site{openIDPlace: metadataOf(issuer, keysURL)})
		require.EqualError(t, source.Refresh(t.Context()), "jwks: the keys are unavailable: GET "+keysURL+": the answer is 404 Not Found; only 200 is good")
		require.Equal(t, []string{openIDPlace, keysURL}, p.urls())
	})
}

// The document's issuer is the given one byte for byte; the error says how they differ
// and what to do.
func TestIssuerOfMetadata(t *testing.T) {
	const (
		slash  = "they differ by the slash at the end: give Discover and WithIssuer the one that the metadata and the tokens have"
		tenant = "it has a place for a tenant: use Remote with the jwks_uri of this metadata, and a strategy WithIssuer for each tenant, by a StrategyFactory"
		other  = "they must be equal: give Discover and WithIssuer the one that the tokens have, if it is the provider that you mean"
	)
	bubble(t, func(t *testing.T) {
		for _, tt := range []struct{ issuer, found, shown, advice string }{
			{issuer, issuer + "/", issuer + "/", slash},
			{issuer + "/", issuer, issuer, slash},
			{issuer, issuer + "//", issuer + "//", other},
			{issuer, "", "", other},
			{issuer, "https://login.example/Tenant", "https://login.example/Tenant", other},
			{issuer, "https://LOGIN.example/tenant", "https://LOGIN.example/tenant", other},
			{issuer, "https://login.example:443/tenant", "https://login.example:443/tenant", other},
			{issuer, "https://login.example/t%65nant", "https://login.example/t%65nant", other},
			{issuer, "http://login.example/tenant", "http://login.example/tenant", other},
			{issuer, issuer + " ", issuer + " ", other},
			{issuer, issuer + "\n\x1b", issuer + `\n\x1b`, other},
			{issuer, strings.Repeat("ü", 101), strings.Repeat("ü", 100), other},
			{"https://login.microsoftonline.example/common/v2.0", "https://login.microsoftonline.example/{tenantid}/v2.0",
				"https://login.microsoftonline.example/{tenantid}/v2.0", tenant},
		} {
			place := strings.TrimSuffix(tt.issuer, "/") + "/.well-known/openid-configuration"
			p, source := discover(t, tt.issuer, site{place: metadataOf(tt.found, keysURL), keysURL: keys("a")})
			err := source.Refresh(t.Context())
			require.ErrorIs(t, err, jwks.ErrUnavailable)
			require.EqualError(t, err, "jwks: the keys are unavailable: the metadata of the issuer "+tt.issuer+`: its issuer is "`+tt.shown+`"; `+tt.advice)
			require.Equal(t, []string{place}, p.urls())
		}
	})
}

func TestMetadata(t *testing.T) {
	const begin = "jwks: the keys are unavailable: the metadata of the issuer " + issuer + ": "
	const (
		noURI     = "it has no jwks_uri"
		notJSON   = "cannot decode: it holds something that is not valid JSON in UTF-8"
		inX       = "it holds an object with the same member twice"
		noIssuer  = `its issuer is ""; they must be equal: give Discover and WithIssuer the one that the tokens have, if it is the provider that you mean`
		good      = `"issuer":"` + issuer + `","jwks_uri":"` + keysURL + `"`
		andNoKeys = `{"issuer":"` + issuer + `"`
		andKeys   = andNoKeys + `,"jwks_uri":`
	)
	bubble(t, func(t *testing.T) {
		for text, says := range map[string]string{
			`{` + good + `}`:  "",
			`{` + good + `} `: "",
			` { "x" : [ { "jwks_uri":1}],` + good + `}`: "",

			``:                     notJSON,
			`null`:                 noIssuer,
			`{}`:                   noIssuer,
			`[{` + good + `}]`:     "cannot decode: an array does not fit the Go type jwks.metadata",
			`{` + good:             notJSON,
			`{` + good + `}{}`:     notJSON,
			"\ufeff{" + good + `}`: notJSON,
			andNoKeys + `}`:        noURI,
			andKeys + `null}`:      noURI,
			andKeys + `""}`:        noURI,
			andNoKeys + `,"JWKS_URI":"` + keysURL + `"}`: noURI,
			andKeys + `["` + keysURL + `"]}`:             `cannot decode the member "jwks_uri": an array does not fit the Go type string`,
			`{"issuer":1,"jwks_uri":"` + keysURL + `"}`:  `cannot decode the member "issuer": a number does not fit the Go type string`,

			andKeys + `"/jwks"}`:                                              `its jwks_uri, "/jwks",` + notHTTPS,
			andKeys + `"http://a.example/"}`:                                  `its jwks_uri, "http://a.example/",` + notHTTPS,
			andKeys + `"file:///etc/passwd"}`:                                 `its jwks_uri, "file:///etc/passwd",` + notHTTPS,
			andKeys + `"https:///jwks"}`:                                      `its jwks_uri, "https:///jwks",` + noHost,
			andKeys + `"https://u@a.example"}`:                                `its jwks_uri, "https://u@a.example",` + withUser,
			andKeys + `"https://a.example:b"}`:                                `its jwks_uri, "https://a.example:b", is not a URL`,
			andKeys + `"https://a.example\n` + strings.Repeat("x", 99) + `"}`: `its jwks_uri, "https://a.example\n` + strings.Repeat("x", 82) + `", is not a URL`,
			andKeys + `"/` + strings.Repeat("x", 100) + `"}`:                  `its jwks_uri, "/` + strings.Repeat("x", 99) + `",` + notHTTPS,

			`{` + good + `,` + good + `}`:                 `cannot decode the member "issuer": ` + inX,
			`{` + good + `,"jwks_uri":"` + keysURL + `"}`: `cannot decode the member "jwks_uri": ` + inX,
			`{` + good + `,"x":1,"x":1}`:                  `cannot decode the member "x": ` + inX,
			`{` + good + `,"x":[{"y":1,"y":1}]}`:          `cannot decode a value in the member "x": ` + inX,
			"{" + good + ",\"x\":\"\xff\"}":               `cannot decode the member "x": it holds something that is not valid JSON in UTF-8`,
		} {
			p, source := discover(t, issuer, site{openIDPlace: answer(200, text), keysURL: keys("a")})
			err := source.Refresh(t.Context())
			if says == "" {
				require.NoError(t, err, text)
				require.Equal(t, 2, p.count(), text)
				continue
			}
			require.ErrorIs(t, err, jwks.ErrUnavailable, text)
			require.EqualError(t, err, begin+says, text)
			require.Equal(t, 1, p.count(), text)
		}
	})
}

// With WithInsecureHTTP, an issuer on http may have keys on http; one on https may
// not.
func TestInsecureKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, tt := range []struct {
			issuer, keys string
			ok           bool
		}{
			{"http://a.example", "http://b.example/jwks", true},
			{"http://a.example", "https://b.example/jwks", true},
			{"https://a.example", "https://b.example/jwks", true},
			{"https://a.example", "http://b.example/jwks", false},
			{"http://a.example", "ftp://b.example/jwks", false},
		} {
			_, source := discover(t, tt.issuer, site{
				tt.issuer + "/.well-known/openid-configuration": metadataOf(tt.issuer, tt.keys),
				tt.keys: keys("a"),
			}, jwks.WithInsecureHTTP())
			err := source.Refresh(t.Context())
			if tt.ok {
				require.NoError(t, err, tt.keys)
				continue
			}
			require.ErrorContains(t, err, ": its jwks_uri, \""+tt.keys+"\","+notHTTPS)
		}
	})
}

// The metadata is read anew with the keys.
func TestMetadataIsReadAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const moved = "https://keys.example/moved"
		site := site{openIDPlace: metadataOf(issuer, keysURL), keysURL: keys("a"), moved: keys("b")}
		p, source := discover(t, issuer, site)
		requireKeys(t, source, "a", "a")
		site[openIDPlace] = metadataOf(issuer, moved)
		time.Sleep(time.Minute)
		requireKeys(t, source, "b", "b")
		requireNone(t, source, "a")
		assert.Equal(t, []string{openIDPlace, keysURL, openIDPlace, moved}, p.urls())
	})
}

// Of the Cache-Control, that of the keys counts.
func TestMaxAgeOfDiscoveredKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		document := `{"issuer":"` + issuer + `","jwks_uri":"` + keysURL + `"}`
		p, source := discover(t, issuer, site{
			openIDPlace: answer(200, document, "Cache-Control", "max-age=3600"),
			keysURL:     answer(200, setOf(jwkOf("a")), "Cache-Control", "max-age=300"),
		}, jwks.WithMaxAge(time.Second))
		requireKeys(t, source, "a", "a")
		time.Sleep(5 * time.Minute)
		requireKeys(t, source, "a", "a")
		synctest.Wait()
		require.Equal(t, 4, p.count())
		time.Sleep(4*time.Minute - ns)
		requireKeys(t, source, "a", "a")
		synctest.Wait()
		require.Equal(t, 4, p.count())
	})
}

// Metadata and keys are fetched under one time limit, and each within the size limit.
func TestLimitsOfDiscover(t *testing.T) {
	bubble(t, func(t *testing.T) {
		site := site{openIDPlace: after(2*time.Second, answer(404, "")), oauthPlace: after(2*time.Second, metadataOf(issuer, keysURL)), keysURL: hang}
		p, source := discover(t, issuer, site)
		takes(t, 5*time.Second, func() { requireUnavailable(t, source, "a", context.DeadlineExceeded) })
		require.Equal(t, 3, p.count())
		site[keysURL] = after(time.Second-ns, keys("a"))
		require.NoError(t, source.Refresh(t.Context()))

		padding := strings.Repeat(" ", 512<<10)
		site[keysURL] = answer(200, (setOf(jwkOf("a")) + padding)[:512<<10])
		document := `{"issuer":"` + issuer + `","jwks_uri":"` + keysURL + `"}`
		site[oauthPlace] = answer(200, (document + padding)[:512<<10])
		require.NoError(t, source.Refresh(t.Context()))
		site[oauthPlace] = answer(200, (document + padding)[:512<<10+1])
		require.ErrorContains(t, source.Refresh(t.Context()), "GET "+oauthPlace+": the answer has more than 524288 bytes (see WithMaxSize)")
	})
}

// If the metadata can be used, it has the issuer that was given and an https URL of
// keys, and that URL is what is fetched. Nothing else is.
func FuzzMetadata(f *testing.F) {
	good := `{"issuer":"` + issuer + `","jwks_uri":"` + keysURL + `"}`
	for _, seed := range []string{
		good, `null`, `{}`, `[]`, strings.ToUpper(good), good + good, strings.Replace(good, "{", `{"issuer":"x",`, 1),
		strings.ReplaceAll(good, keysURL, "http://a.example"), strings.ReplaceAll(good, keysURL, "https:/a"), strings.ReplaceAll(good, keysURL, `https://a.example/\u0000`),
		strings.ReplaceAll(good, keysURL, "https://u:p@a.example/%zz"), strings.ReplaceAll(good, keysURL, "//a.example"), strings.ReplaceAll(good, issuer, issuer+"/"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var keysFrom []*url.URL
		p := &provider{serve: func(request *http.Request) (*http.Response, error) {
			if request.URL.String() == openIDPlace && keysFrom == nil {
				return answer(200, string(document))(request)
			}
			keysFrom = append(keysFrom, request.URL)
			return keys("a")(request)
		}}
		source, err := jwks.Discover(issuer, jwks.WithHTTPClient(&http.Client{Transport: p}), jwks.WithMaxSize(1<<20))
		require.NoError(t, err)
		if err := source.Refresh(t.Context()); err != nil {
			require.ErrorIs(t, err, jwks.ErrUnavailable)
			require.NotContains(t, err.Error(), "the fetch panicked")
			require.Empty(t, keysFrom)
			return
		}
		// encoding/json takes more than is taken here, but reads what is taken here alike.
		var members map[string]any
		require.NoError(t, json.Unmarshal(document, &members))
		require.Equal(t, issuer, members["issuer"])
		require.Len(t, keysFrom, 1)
		wanted, err := url.Parse(members["jwks_uri"].(string))
		require.NoError(t, err)
		require.Equal(t, wanted.String(), keysFrom[0].String())
		require.Equal(t, "https", keysFrom[0].Scheme)
		require.NotEmpty(t, keysFrom[0].Hostname())
		require.Nil(t, keysFrom[0].User)
	})
}
