package authhttp_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// FuzzBearerToken: a token is what RFC 6750 §2.1 says, and all of the header but
// the scheme and spaces. Two headers never have one.
func FuzzBearerToken(f *testing.F) {
	for _, value := range []string{"", "Bearer", "Bearer ", "Bearer a", "bearer  a.b.c== ", "Bearer a b", "Bearer a=b", "Bearer ==", "Bearer\ta", " Bearer a", "Basic a", "Bearer é", "Bearer a,Bearer b", "BEARER -._~+/0"} {
		f.Add(value, "Bearer b")
	}
	credentials := regexp.MustCompile(`^[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*) *$`)
	scheme := regexp.MustCompile(`^[Bb][Ee][Aa][Rr][Ee][Rr] +[^ ]`)
	f.Fuzz(func(t *testing.T, value, second string) {
		r := request("GET", http.Header{"Authorization": {value}})
		token, err := authhttp.Bearer{}.Token(r)
		if match := credentials.FindStringSubmatch(value); match != nil {
			require.NoError(t, err)
			require.Equal(t, match[1], token)
		} else {
			require.Empty(t, token)
			require.Equal(t, scheme.MatchString(value), err != nil, "%v", err)
		}
		if err != nil {
			require.ErrorIs(t, err, authhttp.ErrMalformedRequest)
		}

		r.Header["Authorization"] = []string{value, second}
		token, err = authhttp.Bearer{}.Token(r)
		require.Empty(t, token)
		require.ErrorIs(t, err, authhttp.ErrMalformedRequest)
	})
}

// FuzzCookie: what Write sets, a cookie jar sends back, and Token reads; what Clear
// sets takes it away. A token that cannot go that way is an error that leaves
// nothing behind.
func FuzzCookie(f *testing.F) {
	for _, token := range []string{"", "a", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", `"a"`, "a b", "a,b", "a;b", `a\b`, "a=b", "é", "a\n", "\x00", " a", strings.Repeat("a", 4092), strings.Repeat("a", 4093)} {
		f.Add("auth", token, int64(time.Hour), true)
		f.Add("", token, int64(0), false)
	}
	f.Add("__Secure-a", "a", int64(1), true)
	f.Fuzz(func(t *testing.T, name, token string, lifetime int64, insecure bool) {
		c := authhttp.Cookie{Name: name, Insecure: insecure}
		w := httptest.NewRecorder()
		if c.Clear(w, request("POST", nil)) != nil {
			require.Empty(t, w.Header())
			return // a name that is none
		}
		clearing := w.Result().Cookies()

		if name == "" {
			name = map[bool]string{true: "auth", false: "__Host-auth"}[insecure]
		}
		w = httptest.NewRecorder()
		err := c.Write(w, request("POST", nil), token, time.Duration(lifetime))
		canGo := token != "" && len(name)+len(token) <= 4096 && !strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\",;\\", c) })
		require.Equal(t, canGo, err == nil, "%v", err)
		if err != nil {
			require.Empty(t, w.Header())
			return
		}
		require.Len(t, w.Result().Cookies(), 1)
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		u := &url.URL{Scheme: map[bool]string{true: "http", false: "https"}[insecure], Host: "example.com", Path: "/any/path"}
		jar.SetCookies(u, w.Result().Cookies())
		r := request("GET", http.Header{})
		for _, cookie := range jar.Cookies(u) {
			r.AddCookie(cookie)
		}
		got, err := c.Token(r)
		require.NoError(t, err)
		require.Equal(t, token, got)

		jar.SetCookies(u, clearing)
		require.Empty(t, jar.Cookies(u))
	})
}

// FuzzTrustedOrigin: an origin that New accepts lets a request with that very
// Origin through, and no other; and it is the one spelling of what it says.
func FuzzTrustedOrigin(f *testing.F) {
	for _, origin := range append(goodOrigins, badOrigins...) {
		f.Add(origin)
	}
	s := newStrategy(f)
	f.Fuzz(func(t *testing.T, origin string) {
		c := authhttp.Cookie{TrustedOrigins: []string{origin}}
		if _, err := authhttp.New(c, s, load); err != nil {
			return
		}
		for value, want := range map[string]error{origin: nil, origin + "x": authhttp.ErrCrossOrigin, "x" + origin: authhttp.ErrCrossOrigin, strings.ToUpper(origin): authhttp.ErrCrossOrigin, "null": authhttp.ErrCrossOrigin} {
			_, err := c.Token(request("POST", headers("Cookie", "__Host-auth=a", "Origin", value, "Sec-Fetch-Site", "cross-site")))
			require.ErrorIs(t, err, want, value)
		}

		u, err := url.Parse(origin)
		require.NoError(t, err)
		require.Equal(t, origin, u.Scheme+"://"+u.Host, "nothing else is in it")
		require.Equal(t, origin, strings.ToLower(origin))
		require.NotContains(t, u.Host, "*")
		if u.Port() != "" {
			port, err := strconv.ParseUint(u.Port(), 10, 16)
			require.NoError(t, err)
			require.Equal(t, u.Port(), strconv.FormatUint(port, 10))
			require.NotZero(t, port)
			require.NotEqual(t, map[string]uint64{"http": 80, "https": 443}[u.Scheme], port)
		}
		if strings.HasPrefix(u.Host, "[") || endsInNumber(u.Hostname()) {
			address, err := netip.ParseAddr(u.Hostname())
			require.NoError(t, err)
			require.Equal(t, u.Hostname(), address.String())
		}
	})
}

// endsInNumber is the check of that name in the URL standard (§3.5), by which
// browsers take a host for an IPv4 address.
func endsInNumber(host string) bool {
	labels := strings.Split(host, ".")
	if last := len(labels) - 1; labels[last] == "" && last > 0 {
		labels = labels[:last]
	}
	last := labels[len(labels)-1]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	digits, hex := strings.CutPrefix(last, "0x")
	return hex && strings.Trim(digits, "0123456789abcdef") == ""
}

func TestEndsInNumber(t *testing.T) {
	for _, host := range []string{"1", "1.2.3.4", "a.1", "a.1.", "0x", "0xff", "a.0x1"} {
		assert.True(t, endsInNumber(host), host)
	}
	for _, host := range []string{"a", "1a", "1.a", "0xg", ".", "1.."} {
		assert.False(t, endsInNumber(host), host)
	}
}
