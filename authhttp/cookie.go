package authhttp

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cookie carries the token in a cookie (RFC 6265), by default
//
//	__Host-auth=…; Path=/; Max-Age=…; HttpOnly; Secure; SameSite=Lax
//
// It is always HttpOnly. Max-Age is the token's lifetime, rounded up to a whole
// second; there is none where the lifetime is unknown. A log-in answers 204.
//
// A request that another site makes cannot use the cookie, set it or clear it: see
// [ErrCrossOrigin]. http.CrossOriginProtection decides what another site is. It
// looks at Sec-Fetch-Site, then at Origin; a client that sends neither passes.
// Methods other than GET, HEAD and OPTIONS are checked, and WebSocket handshakes.
//
// Two cookies of the name are [ErrMalformedRequest], since a neighbouring
// subdomain may have set one of them; an empty cookie is no token.
type Cookie struct {
	// Name is the cookie's name; "" means "__Host-auth", or "auth" if Insecure.
	// Browsers accept a name that begins with __Host-, __Secure- or __Http- only
	// with the attributes that the prefix promises; other attributes are an error
	// here.
	Name string

	// Path is where the browser sends the cookie; "" means "/". It must begin with
	// a slash.
	Path string

	// Domain adds the subdomains of a domain; "" means this host alone. It needs a
	// Name, since __Host- does not go with it.
	Domain string

	// SameSite is 0 for Lax, or Lax, Strict or None. None does not go with Insecure.
	SameSite http.SameSite

	// TrustedOrigins are origins, such as "https://app.example.com", whose pages
	// may make any request with the cookie. That includes a log-in which one of them
	// posts, as Apple and SAML do: list only origins that you would let log your
	// users in and out. Each must be what a browser sends: in lower case, without a
	// default port, a path or a *.
	TrustedOrigins []string

	// Insecure leaves Secure out, for plain http in development.
	Insecure bool

	checked *checkedCookie // what New has made of the rest; nil: not yet
}

type checkedCookie struct {
	template   http.Cookie
	protection http.CrossOriginProtection
}

// maxCookie is how long name and value may be, together, in bytes (RFC 6265
// §6.1). Browsers drop a longer cookie without a word.
const maxCookie = 4096

const cookieChallenge = `Cookie realm="api"`

// Token returns the value of the one cookie of the name.
func (c Cookie) Token(r *http.Request) (string, error) {
	m, err := c.check()
	if err != nil {
		return "", err
	}
	cookies := r.CookiesNamed(m.template.Name)
	if len(cookies) > 1 {
		return "", fmt.Errorf("%w: it has %d cookies named %q; clear them, and look for a subdomain that sets one", ErrMalformedRequest, len(cookies), m.template.Name)
	}
	if len(cookies) == 0 || cookies[0].Value == "" {
		return "", nil
	}
	if err := m.checkOrigin(r); err != nil {
		return "", err
	}
	return cookies[0].Value, nil
}

// Write sets the cookie. It fails with [ErrTokenTooLong] if name and token have
// more than 4096 bytes, and with [ErrCrossOrigin] for a log-in that another site
// submits. A GET passes, since a log-in at another service ends with one: take
// passwords by POST alone.
func (c Cookie) Write(w http.ResponseWriter, r *http.Request, token string, lifetime time.Duration) error {
	maxAge := int(min(seconds(lifetime), math.MaxInt)) // an int has 32 bits on some machines
	return c.set(w, r, token, maxAge)
}

// Body returns nil.
func (c Cookie) Body(string, time.Duration) any { return nil }

// Clear sets the cookie once more, empty and expired, whether or not the request
// carries it.
func (c Cookie) Clear(w http.ResponseWriter, r *http.Request) error { return c.set(w, r, "", -1) }

// set adds the Set-Cookie. As in net/http, a maxAge of 0 is none, and a negative one
// clears the cookie.
func (c Cookie) set(w http.ResponseWriter, r *http.Request, value string, maxAge int) error {
	m, err := c.check()
	if err != nil {
		return err
	}
	if err := m.checkOrigin(r); err != nil {
		return err
	}
	if value == "" && maxAge >= 0 || strings.ContainsFunc(value, isNoCookieOctet) {
		return errors.New("authhttp: the strategy wrote a token that is empty or that a cookie cannot carry (RFC 6265 §4.1.1)")
	}
	cookie := m.template
	cookie.Value, cookie.MaxAge = value, maxAge
	if size := len(cookie.Name) + len(value); size > maxCookie {
		return fmt.Errorf("%w: the cookie's name and value have %d bytes, over the %d that browsers store; write fewer private claims, or use Bearer", ErrTokenTooLong, size, maxCookie)
	}
	http.SetCookie(w, &cookie)
	return nil
}

// Challenge returns `Cookie realm="api"`, on which no browser acts: RFC 9110
// §11.6.1 wants a challenge with every 401.
func (c Cookie) Challenge() string { return cookieChallenge }

// Header returns "Cookie".
func (c Cookie) Header() string { return "Cookie" }

// check finds all mistakes in the fields, and fills the defaults in.
func (c Cookie) check() (*checkedCookie, error) {
	if c.checked != nil {
		return c.checked, nil
	}
	name := cmp.Or(c.Name, "__Host-auth")
	if c.Name == "" && c.Insecure {
		name = "auth"
	}
	m := &checkedCookie{template: http.Cookie{
		Name:     name,
		Path:     cmp.Or(c.Path, "/"),
		Domain:   c.Domain,
		SameSite: cmp.Or(c.SameSite, http.SameSiteLaxMode),
		Secure:   !c.Insecure,
		HttpOnly: true,
	}}
	mistakes := checkCookie(m.template)
	for _, origin := range c.TrustedOrigins {
		m.protection.AddTrustedOrigin(origin) // never fails for what isOrigin accepts
		mistakes.add(!isOrigin(origin), "Cookie: the trusted origin %q is not what a browser sends; it must be like https://app.example.com: scheme and host in lower case, no default port, no path, no user, no *", origin)
	}
	return m, errors.Join(mistakes...)
}

// checkCookie finds attributes that do not go together, and a name whose prefix
// promises what they do not keep (RFC 6265bis §4.1.3): browsers drop such a cookie
// without a word, whatever the prefix's case.
func checkCookie(c http.Cookie) (m mistakes) {
	name, invalid := strings.ToLower(c.Name), c.Valid()
	host := strings.HasPrefix(name, "__host-")
	secure := host || strings.HasPrefix(name, "__secure-") || strings.HasPrefix(name, "__http-")
	m.add(invalid != nil, "Cookie: %v, which net/http or browsers drop; correct it", invalid)
	m.add(c.Path[0] != '/', "Cookie: the Path %q does not begin with a slash; add it", c.Path)
	m.add(c.SameSite < http.SameSiteLaxMode || c.SameSite > http.SameSiteNoneMode, "Cookie: SameSite is %d; it must be 0, or Lax, Strict or None of net/http", c.SameSite)
	m.add(c.SameSite == http.SameSiteNoneMode && !c.Secure, "Cookie: browsers drop SameSite=None without Secure; omit Insecure, or choose another SameSite")
	m.add(secure && !c.Secure, "Cookie: the name %q does not go with Insecure; give a Name without the prefix, such as auth", c.Name)
	m.add(host && (c.Path != "/" || c.Domain != ""), "Cookie: the name %q (the default is __Host-auth) does not go with a Path or Domain; give a Name without __Host-, such as __Secure-auth", c.Name)
	return m
}

var (
	originPattern      = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[1-9][0-9]*)?$`)
	defaultPortPattern = regexp.MustCompile(`^(http:.*:80|https:.*:443)$`)
	numberPattern      = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)\.?$`) // browsers take a host that ends so for an IPv4 address
	webSocketPattern   = regexp.MustCompile(`(?i)(^|,)[ \t]*websocket[ \t]*(/|,|$)`)
)

// isOrigin reports whether text is exactly what a browser sends as the Origin of
// a page (RFC 6454 §6.2), and not what only resembles it, which would match
// nothing.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || !originPattern.MatchString(text) || defaultPortPattern.MatchString(text) {
		return false
	}
	if port, _ := strconv.Atoi(u.Port()); port > math.MaxUint16 {
		return false
	}
	if u.Host[0] != '[' && !numberPattern.MatchString(u.Hostname()) {
		return true // a name
	}
	address, err := netip.ParseAddr(u.Hostname())
	return err == nil && address.String() == u.Hostname() // browsers write one in its shortest form
}

// checkOrigin refuses what another site asks for. A WebSocket handshake is a GET that
// scripts of any site can send with cookies, and whose answer they can read (RFC
// 6455 §10.2).
func (m *checkedCookie) checkOrigin(r *http.Request) error {
	if r.Method == http.MethodGet && slices.ContainsFunc(r.Header["Upgrade"], webSocketPattern.MatchString) {
		unsafe := *r
		unsafe.Method = http.MethodPost
		r = &unsafe
	}
	if err := m.protection.Check(r); err != nil {
		return fmt.Errorf("%w: %w; if the site is yours, name it in Cookie.TrustedOrigins", ErrCrossOrigin, err)
	}
	return nil
}

// isNoCookieOctet reports whether a cookie's value cannot hold c without quotes
// (RFC 6265 §4.1.1). net/http would quote it or leave it out.
func isNoCookieOctet(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune("\",;\\", c)
}
