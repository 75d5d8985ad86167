package authhttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

const (
	bearerRealm = `Bearer realm="api"`
	cookieRealm = `Cookie realm="api"`

	invalidToken      = `, error="invalid_token"`
	invalidRequest    = `, error="invalid_request"`
	insufficientScope = `, error="insufficient_scope"`
)

// unauthorized is a 401 of an Auth with one transport.
func unauthorized(vary string, challenge string) answer {
	return refusal(401, "Vary", vary, "WWW-Authenticate", challenge)
}

func unavailable(vary ...string) answer {
	a := refusal(503, "Retry-After", "1")
	if len(vary) > 0 {
		a.header["Vary"] = vary
	}
	return a
}

func TestBearerToken(t *testing.T) {
	good := tokenOf(t, "ada")
	ok := passed("ada", "Vary", "Authorization")
	missing := unauthorized("Authorization", bearerRealm)
	refused := unauthorized("Authorization", bearerRealm+invalidToken)
	malformed := refusal(400, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidRequest)
	guarded := newAuth(t, authhttp.Bearer{}).Require(greet)
	for name, test := range map[string]struct {
		authorization []string
		want          answer
	}{
		"good":                            {[]string{"Bearer " + good}, ok},
		"scheme in lower case":            {[]string{"bearer " + good}, ok},
		"scheme in upper case":            {[]string{"BEARER " + good}, ok},
		"several spaces":                  {[]string{"Bearer   " + good}, ok},
		"spaces at the end":               {[]string{"Bearer " + good + "  "}, ok},
		"no header":                       {nil, missing},
		"an empty header":                 {[]string{""}, missing},
		"another scheme":                  {[]string{"Basic YWRhOmFkYQ=="}, missing},
		"another scheme, good token":      {[]string{"Token " + good}, missing},
		"only the token":                  {[]string{good}, missing},
		"only the scheme":                 {[]string{"Bearer"}, missing},
		"nothing after the scheme":        {[]string{"Bearer "}, missing},
		"spaces after the scheme":         {[]string{"Bearer    "}, missing},
		"a tab is no separator":           {[]string{"Bearer\t" + good}, missing},
		"a longer scheme":                 {[]string{"Bearers " + good}, missing},
		"a scheme with a colon":           {[]string{"Bearer: " + good}, missing},
		"two headers":                     {[]string{"Bearer " + good, "Bearer " + good}, malformed},
		"two headers, one of them basic":  {[]string{"Basic YWRhOmFkYQ==", "Bearer " + good}, malformed},
		"two headers of other schemes":    {[]string{"Basic YWRhOmFkYQ==", "Negotiate abc"}, malformed},
		"two headers, one of them empty":  {[]string{"Bearer " + good, ""}, malformed},
		"two empty headers":               {[]string{"", ""}, malformed},
		"two tokens":                      {[]string{"Bearer " + good + " " + good}, malformed},
		"two in one header":               {[]string{"Bearer " + good + ", Bearer " + good}, malformed},
		"a tab before the token":          {[]string{"Bearer \t" + good}, malformed},
		"a comma":                         {[]string{"Bearer a,b"}, malformed},
		"a quoted token":                  {[]string{`Bearer "` + good + `"`}, malformed},
		"a parameter":                     {[]string{`Bearer token="a"`}, malformed},
		"padding alone":                   {[]string{"Bearer =="}, malformed},
		"padding inside":                  {[]string{"Bearer a=b"}, malformed},
		"beyond ASCII":                    {[]string{"Bearer é"}, malformed},
		"every character of a b64token":   {[]string{"Bearer ABCXYZabcxyz0189-._~+/=="}, refused},
		"one character":                   {[]string{"Bearer a"}, refused},
		"one byte changed":                {[]string{"Bearer " + good + "A"}, refused},
		"expired":                         {[]string{"Bearer " + expiredToken(t)}, refused},
		"of a user who is gone":           {[]string{"Bearer " + tokenOf(t, "gone")}, refused},
		"of a user who is refused":        {[]string{"Bearer " + tokenOf(t, "refused")}, refused},
		"of a user whom nobody knows":     {[]string{"Bearer " + tokenOf(t, "eve")}, refused},
		"the loader is down":              {[]string{"Bearer " + tokenOf(t, "down")}, unavailable("Authorization")},
		"the loader was canceled":         {[]string{"Bearer " + tokenOf(t, "canceled")}, unavailable("Authorization")},
		"another service's token expired": {[]string{"Bearer " + tokenOf(t, "expired")}, unavailable("Authorization")},
		"loader: ErrMalformedRequest":     {[]string{"Bearer " + tokenOf(t, "malformed")}, unavailable("Authorization")},
		"loader: ErrCrossOrigin":          {[]string{"Bearer " + tokenOf(t, "cross")}, unavailable("Authorization")},
		"loader: ErrForbidden":            {[]string{"Bearer " + tokenOf(t, "forbidden")}, unavailable("Authorization")},
		"loader: ErrTokenTooLong":         {[]string{"Bearer " + tokenOf(t, "long")}, unavailable("Authorization")},
		"loader: ErrInvalidConfig":        {[]string{"Bearer " + tokenOf(t, "config")}, refusal(503, "Vary", "Authorization")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(t, guarded, "GET", http.Header{"Authorization": test.authorization}))
		})
	}

	t.Run("no token in a cookie, a form or the query", func(t *testing.T) {
		r := httptest.NewRequest("GET", "/?access_token="+good, nil)
		r.Header = cookie(good)
		assert.Equal(t, missing, recorded(guarded, r))
	})
}

func TestRealm(t *testing.T) {
	for realm, want := range map[string]string{
		"":          `Bearer realm="api"`,
		"my api":    `Bearer realm="my api"`,
		"Größe":     `Bearer realm="Größe"`,
		"a\tb":      "Bearer realm=\"a\tb\"",
		`a "b" \c\`: `Bearer realm="a \"b\" \\c\\"`,
	} {
		assert.Equal(t, want, authhttp.Bearer{Realm: realm}.Challenge())
		assert.Equal(t, unauthorized("Authorization", want), ask(t, newAuth(t, authhttp.Bearer{Realm: realm}).Require(greet), "GET", nil))
	}
	assert.Equal(t, "Authorization", authhttp.Bearer{}.Header())
}

// Each member reads with its own strategy and loader.
func TestWhichTokenDecides(t *testing.T) {
	good, gone, bobs := tokenOf(t, "ada"), tokenOf(t, "gone"), tokenOf(t, "bob")
	b, c := newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{})
	both := []string{"Vary", "Authorization", "Vary", "Cookie"}
	challenges := func(bearerError, cookieError string) []string {
		return append(both, "WWW-Authenticate", bearerRealm+bearerError, "WWW-Authenticate", cookieRealm+cookieError)
	}
	auth := func(authorization, cookie string) http.Header {
		return headers("Authorization", authorization, "Cookie", cookie)
	}
	for name, test := range map[string]struct {
		auth   *authhttp.Auth[*user]
		header http.Header
		want   answer
	}{
		"by bearer":                           {anyOf(t, b, c), bearer(good), passed("ada", "Vary", "Authorization")},
		"by cookie":                           {anyOf(t, b, c), cookie(good), passed("ada", append(both, "Cache-Control", "private")...)},
		"by both":                             {anyOf(t, b, c), auth("Bearer "+good, "__Host-auth="+bobs), passed("ada", "Vary", "Authorization")},
		"by both, cookie first":               {anyOf(t, c, b), auth("Bearer "+good, "__Host-auth="+bobs), passed("bob", "Vary", "Cookie", "Cache-Control", "private")},
		"by bearer, cookie first":             {anyOf(t, c, b), bearer(good), passed("ada", "Vary", "Cookie", "Vary", "Authorization")},
		"none":                                {anyOf(t, b, c), nil, refusal(401, challenges("", "")...)},
		"a refused bearer token, good cookie": {anyOf(t, b, c), auth("Bearer "+gone, "__Host-auth="+good), refusal(401, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidToken, "WWW-Authenticate", cookieRealm)},
		"a refused cookie, good bearer token": {anyOf(t, c, b), auth("Bearer "+good, "__Host-auth="+gone), refusal(401, "Vary", "Cookie", "WWW-Authenticate", cookieRealm+invalidToken, "WWW-Authenticate", bearerRealm)},
		"a refused cookie":                    {anyOf(t, b, c), cookie(gone), refusal(401, challenges("", invalidToken)...)},
		"a malformed bearer token":            {anyOf(t, b, c), auth("Bearer a b", "__Host-auth="+good), refusal(400, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidRequest, "WWW-Authenticate", cookieRealm)},
		"two cookies":                         {anyOf(t, b, c), headers("Cookie", "__Host-auth="+good+"; __Host-auth="+good), refusal(400, challenges("", invalidRequest)...)},
		"loader down, good cookie":            {anyOf(t, b, c), auth("Bearer "+tokenOf(t, "down"), "__Host-auth="+good), unavailable("Authorization")},
		"another scheme, good cookie":         {anyOf(t, b, c), auth("Basic abc", "__Host-auth="+good), passed("ada", append(both, "Cache-Control", "private")...)},
		"empty bearer token, good cookie":     {anyOf(t, b, c), auth("Bearer ", "__Host-auth="+good), passed("ada", append(both, "Cache-Control", "private")...)},
		"empty cookie, good bearer token":     {anyOf(t, c, b), auth("Bearer "+good, "__Host-auth="), passed("ada", "Vary", "Cookie", "Vary", "Authorization")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(t, test.auth.Require(greet), "GET", test.header))
		})
	}
}

func TestAnyOf(t *testing.T) {
	var first, second logbook
	teapot := func(w http.ResponseWriter, _ *http.Request, status int, _ error) { w.WriteHeader(status + 20) }
	s := func(name string) *custom {
		return &custom{
			write: func(*user) (string, error) { return "of-" + name, nil },
			read:  func(token string) (*user, error) { return &user{id: name + " by " + token}, nil },
		}
	}
	a := authOf(t, authhttp.Cookie{Name: "a", Insecure: true}, s("a"), authhttp.WithLogger(first.logger()), authhttp.WithResponder(teapot))
	b := authOf(t, authhttp.Cookie{Name: "b", Insecure: true}, s("b"), authhttp.WithLogger(second.logger()))
	c := authOf(t, authhttp.Bearer{}, s("c"))
	for _, all := range []*authhttp.Auth[*user]{anyOf(t, a, b, c), anyOf(t, anyOf(t, a, b), c), anyOf(t, a, anyOf(t, b, c)), anyOf(t, anyOf(t, anyOf(t, a)), anyOf(t, b, c))} {
		assert.Equal(t, "hello a by 1", ask(t, all.Require(greet), "GET", headers("Cookie", "b=2; a=1", "Authorization", "Bearer 3")).body)
		assert.Equal(t, "hello b by 2", ask(t, all.Require(greet), "GET", headers("Cookie", "b=2", "Authorization", "Bearer 3")).body)
		assert.Equal(t, "hello c by 3", ask(t, all.Require(greet), "GET", bearer("3")).body)

		login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { all.Login(w, r, ada) })
		assert.Equal(t, []string{"a=of-a; Path=/; HttpOnly; SameSite=Lax"}, ask(t, login, "POST", nil).header["Set-Cookie"])

		refused := ask(t, all.Require(greet), "GET", nil)
		assert.Equal(t, 421, refused.status)
		assert.Equal(t, []string{"Cookie", "Authorization"}, refused.header["Vary"], "each once")
		assert.Equal(t, []string{cookieRealm, cookieRealm, bearerRealm}, refused.header["Www-Authenticate"])
		assert.Len(t, first.take(), 1)
		assert.Empty(t, second.take())
	}
	assert.Equal(t, passed("b by 2", "Vary", "Cookie", "Cache-Control", "private"), ask(t, anyOf(t, b).Require(greet), "GET", headers("Cookie", "b=2")))
}

func TestRequireThat(t *testing.T) {
	isAdmin := func(r *http.Request, u *user) bool {
		assert.Same(t, u, authhttp.User[*user](r.Context()))
		return u.admin
	}
	b, c := newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{})
	ownBearer := newAuth(t, other{header: "authorization", challenge: "DPoP"})
	for name, test := range map[string]struct {
		auth   *authhttp.Auth[*user]
		header http.Header
		want   answer
	}{
		"allowed":                             {b, bearer(tokenOf(t, "ada")), passed("ada", "Vary", "Authorization")},
		"allowed by cookie":                   {c, cookie(tokenOf(t, "ada")), passed("ada", "Vary", "Cookie", "Cache-Control", "private")},
		"not allowed":                         {b, bearer(tokenOf(t, "bob")), refusal(403, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+insufficientScope)},
		"not allowed by cookie":               {c, cookie(tokenOf(t, "bob")), refusal(403, "Vary", "Cookie")},
		"not allowed, bearer of both":         {anyOf(t, b, c), bearer(tokenOf(t, "bob")), refusal(403, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+insufficientScope)},
		"not allowed, bearer of both, second": {anyOf(t, c, b), bearer(tokenOf(t, "bob")), refusal(403, "Vary", "Cookie", "Vary", "Authorization", "WWW-Authenticate", bearerRealm+insufficientScope)},
		"not allowed, cookie of both":         {anyOf(t, b, c), cookie(tokenOf(t, "bob")), refusal(403, "Vary", "Authorization", "Vary", "Cookie")},
		"not allowed, bearer token of others": {ownBearer, headers("X-Session-Token", tokenOf(t, "bob")), refusal(403, "Vary", "authorization", "WWW-Authenticate", `DPoP error="insufficient_scope"`)},
		"not allowed, other header":           {newAuth(t, other{challenge: "Session x=y"}), headers("X-Session-Token", tokenOf(t, "bob")), refusal(403, "Vary", "X-Session-Token")},
		"no token":                            {b, nil, unauthorized("Authorization", bearerRealm)},
		"a refused token":                     {b, bearer("a"), unauthorized("Authorization", bearerRealm+invalidToken)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(t, test.auth.RequireThat(isAdmin)(greet), "GET", test.header))
		})
	}
}

func TestOptional(t *testing.T) {
	good := tokenOf(t, "ada")
	b, c := newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{})
	ownCookie := newAuth(t, other{header: "cookie", token: func(r *http.Request) (string, error) {
		return r.Header.Get("X-Session-Token"), map[string]error{"malformed": authhttp.ErrMalformedRequest, "forbidden": authhttp.ErrForbidden, "down": errDown}[r.Header.Get("X-Session-Token")]
	}})
	nobody := func(vary ...string) answer {
		a := passed("nobody")
		a.header["Vary"] = vary
		return a
	}
	for name, test := range map[string]struct {
		auth   *authhttp.Auth[*user]
		method string
		header http.Header
		want   answer
	}{
		"a bearer token":                     {b, "GET", bearer(good), passed("ada", "Vary", "Authorization")},
		"a cookie":                           {c, "GET", cookie(good), passed("ada", "Vary", "Cookie", "Cache-Control", "private")},
		"no bearer token":                    {b, "GET", nil, nobody("Authorization")},
		"no cookie":                          {c, "GET", nil, nobody("Cookie")},
		"neither":                            {anyOf(t, b, c), "GET", nil, nobody("Authorization", "Cookie")},
		"another scheme":                     {b, "GET", headers("Authorization", "Basic abc"), nobody("Authorization")},
		"a refused cookie":                   {c, "GET", cookie(expiredToken(t)), nobody("Cookie")},
		"a refused cookie, posted":           {c, "POST", cookie(expiredToken(t)), nobody("Cookie")},
		"a refused cookie of AnyOf":          {anyOf(t, b, c), "GET", cookie("a"), nobody("Authorization", "Cookie")},
		"the cookie of a user who is gone":   {c, "GET", cookie(tokenOf(t, "gone")), nobody("Cookie")},
		"two cookies":                        {c, "GET", headers("Cookie", "__Host-auth="+good+"; __Host-auth="), nobody("Cookie")},
		"a refused cookie of another kind":   {ownCookie, "GET", headers("X-Session-Token", "a"), nobody("cookie")},
		"a malformed cookie of another kind": {ownCookie, "GET", headers("X-Session-Token", "malformed"), nobody("cookie")},
		"a forbidden cookie of another kind": {ownCookie, "GET", headers("X-Session-Token", "forbidden"), refusal(403, "Vary", "cookie")},
		"a failing cookie of another kind":   {ownCookie, "GET", headers("X-Session-Token", "down"), unavailable("cookie")},
		"a refused bearer token":             {b, "GET", bearer("a"), unauthorized("Authorization", bearerRealm+invalidToken)},
		"a refused bearer token, cookie":     {anyOf(t, b, c), "GET", with(bearer("a"), "Cookie", "__Host-auth="+good), refusal(401, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidToken, "WWW-Authenticate", cookieRealm)},
		"a refused cookie, bearer token":     {anyOf(t, c, b), "GET", with(bearer(good), "Cookie", "__Host-auth=a"), nobody("Cookie")},
		"a refused token of another kind":    {newAuth(t, other{challenge: "Session"}), "GET", headers("X-Session-Token", "a"), unauthorized("X-Session-Token", `Session error="invalid_token"`)},
		"two Authorization headers":          {b, "GET", headers("Authorization", "a", "Authorization", "b"), refusal(400, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidRequest)},
		"a cross-site cookie":                {c, "POST", with(cookie(good), "Sec-Fetch-Site", "cross-site"), refusal(403, "Vary", "Cookie")},
		"bearer: the loader is down":         {b, "GET", bearer(tokenOf(t, "down")), unavailable("Authorization")},
		"cookie: the loader is down":         {c, "GET", cookie(tokenOf(t, "down")), unavailable("Cookie")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, ask(t, test.auth.Optional(greet), test.method, test.header))
		})
	}
}

// Vary is added to what is there; Cache-Control is left as it is.
func TestCaches(t *testing.T) {
	a := newAuth(t, authhttp.Cookie{})
	all := func(*http.Request, *user) bool { return true }
	for name, guard := range map[string]func(http.Handler) http.Handler{"Require": a.Require, "RequireThat": a.RequireThat(all), "Optional": a.Optional} {
		outside := func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Vary", "Accept-Encoding")
				w.Header().Set("Cache-Control", "max-age=60")
				h.ServeHTTP(w, r)
			})
		}
		token := cookie(tokenOf(t, "ada"))
		assert.Equal(t, passed("ada", "Vary", "Accept-Encoding", "Vary", "Cookie", "Cache-Control", "max-age=60"), ask(t, outside(guard(greet)), "GET", token), name)
		assert.Equal(t, passed("ada", "Vary", "Cookie", "Cache-Control", "private"), ask(t, guard(guard(greet)), "GET", token), "%s: once", name)
		inside := guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "max-age=60") }))
		assert.Equal(t, []string{"max-age=60"}, ask(t, inside, "GET", token).header["Cache-Control"], name)

		down := unavailable("Accept-Encoding", "Cookie")
		assert.Equal(t, down, ask(t, outside(guard(greet)), "GET", cookie(tokenOf(t, "down"))), "%s: no-store in any case", name)
	}
}

func TestVary(t *testing.T) {
	b, c := newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{})
	none := newAuth(t, nameless{})
	for _, test := range []struct {
		auth         *authhttp.Auth[*user]
		before, want http.Header
	}{
		{b, headers(), headers("Vary", "Authorization")},
		{c, headers(), headers("Vary", "Cookie", "Cache-Control", "private")},
		{anyOf(t, b, c), headers(), headers("Vary", "Authorization", "Vary", "Cookie", "Cache-Control", "private")},
		{anyOf(t, c, b), headers("Vary", "Origin", "Cache-Control", "no-store"), headers("Vary", "Origin", "Vary", "Cookie", "Vary", "Authorization", "Cache-Control", "no-store")},
		{b, headers("Vary", "Authorization"), headers("Vary", "Authorization")},
		{newAuth(t, other{header: "cookie"}), headers(), headers("Vary", "cookie", "Cache-Control", "private")},
		{none, headers(), headers()},
	} {
		test.auth.Vary(test.before)
		assert.Equal(t, test.want, test.before)
	}
	assert.Equal(t, refusal(401, "WWW-Authenticate", cookieRealm), ask(t, none.Require(greet), "GET", nil), "no name, no Vary")
}

// nameless is a transport that names no header.
type nameless struct{ other }

func (nameless) Header() string { return "" }

func TestAuthenticate(t *testing.T) {
	a := anyOf(t, newAuth(t, authhttp.Bearer{}), newAuth(t, authhttp.Cookie{}))
	u, err := a.Authenticate(request("GET", bearer(tokenOf(t, "ada"))))
	assert.NoError(t, err)
	assert.Same(t, ada, u)
	for name, test := range map[string]struct {
		method string
		header http.Header
		want   error
		text   string
	}{
		"no token":        {"GET", nil, authstrategy.ErrTokenMissing, "authstrategy: token is missing: the request carries none"},
		"refused":         {"GET", bearer(tokenOf(t, "refused")), authstrategy.ErrUserRefused, "authstrategy: user refused: inactive"},
		"down":            {"GET", bearer(tokenOf(t, "down")), errDown, "authstrategy: the loader failed: the database is down"},
		"two headers":     {"GET", headers("Authorization", "a", "Authorization", "b"), authhttp.ErrMalformedRequest, "authhttp: malformed request: it has 2 Authorization headers; send one"},
		"no b64token":     {"GET", headers("Authorization", "Bearer a b"), authhttp.ErrMalformedRequest, "authhttp: malformed request: what follows Bearer in its Authorization header is not one token (RFC 6750 §2.1)"},
		"two cookies":     {"GET", headers("Cookie", "__Host-auth=secret1; __Host-auth=secret2"), authhttp.ErrMalformedRequest, `authhttp: malformed request: it has 2 cookies named "__Host-auth"; clear them, and look for a subdomain that sets one`},
		"another site":    {"POST", with(cookie("secret1"), "Sec-Fetch-Site", "cross-site"), authhttp.ErrCrossOrigin, "authhttp: cross-origin request: cross-origin request detected from Sec-Fetch-Site header; if the site is yours, name it in Cookie.TrustedOrigins"},
		"another origin":  {"POST", with(cookie("secret1"), "Origin", "https://evil.example"), authhttp.ErrCrossOrigin, "authhttp: cross-origin request: cross-origin request detected, and/or browser is out of date: Sec-Fetch-Site is missing, and Origin does not match Host; if the site is yours, name it in Cookie.TrustedOrigins"},
		"loader's own":    {"GET", bearer(tokenOf(t, "forbidden")), nil, "authstrategy: the loader failed: a: authhttp: forbidden"},
		"loader's own, 2": {"GET", cookie(tokenOf(t, "malformed")), nil, "authstrategy: the loader failed: a: authhttp: malformed request"},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := a.Authenticate(request(test.method, test.header))
			assert.Nil(t, u)
			assert.EqualError(t, err, test.text)
			for _, own := range []error{authhttp.ErrMalformedRequest, authhttp.ErrCrossOrigin, authhttp.ErrForbidden, authhttp.ErrTokenTooLong} {
				assert.Equal(t, own == test.want, errors.Is(err, own), "%v", own)
			}
			if test.want != nil {
				assert.ErrorIs(t, err, test.want)
			}
		})
	}
}

// A strategy of another kind may return nobody without an error, or somebody with
// one. Neither is let in.
func TestNobodyIsLetIn(t *testing.T) {
	for name, test := range map[string]struct {
		user *user
		err  error
		want answer
	}{
		"nobody":              {nil, nil, refusal(503, "Vary", "Authorization")},
		"somebody, refused":   {ada, authstrategy.ErrTokenSignature, unauthorized("Authorization", bearerRealm+invalidToken)},
		"somebody, failed":    {ada, errDown, unavailable("Authorization")},
		"refused and down":    {nil, errors.Join(errDown, authstrategy.ErrTokenExpired), unauthorized("Authorization", bearerRealm+invalidToken)},
		"refused, forbidden":  {nil, errors.Join(authhttp.ErrForbidden, authstrategy.ErrTokenExpired), unauthorized("Authorization", bearerRealm+invalidToken)},
		"forbidden":           {nil, authhttp.ErrForbidden, unavailable("Authorization")},
		"malformed":           {nil, authhttp.ErrMalformedRequest, unavailable("Authorization")},
		"another site":        {nil, authhttp.ErrCrossOrigin, unavailable("Authorization")},
		"too long":            {nil, authhttp.ErrTokenTooLong, unavailable("Authorization")},
		"missing, in its way": {nil, authstrategy.ErrTokenMissing, unauthorized("Authorization", bearerRealm)},
	} {
		t.Run(name, func(t *testing.T) {
			a := authOf(t, authhttp.Bearer{}, &custom{read: func(string) (*user, error) { return test.user, test.err }})
			assert.Equal(t, test.want, ask(t, a.Require(greet), "GET", bearer("a")))
			u, err := a.Authenticate(request("GET", bearer("a")))
			assert.Nil(t, u)
			assert.Error(t, err)
			if test.want.status != 401 {
				assert.Equal(t, test.want, ask(t, a.Optional(greet), "GET", bearer("a")))
			}
		})
	}
	t.Run("the text for nobody", func(t *testing.T) {
		_, err := authOf(t, authhttp.Bearer{}, &custom{read: func(string) (*user, error) { return nil, nil }}).Authenticate(request("GET", bearer("a")))
		assert.EqualError(t, err, "authstrategy: invalid configuration: the strategy returned a nil user without an error")
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	})
}

// The strategy and its loader get the request's context, and the handler's has all
// that it had.
func TestContext(t *testing.T) {
	type key struct{}
	var seen context.Context
	a, err := authhttp.New(authhttp.Bearer{}, newStrategy(t), func(ctx context.Context, claims *authstrategy.Claims) (*user, error) {
		seen = ctx
		return load(ctx, claims)
	})
	require.NoError(t, err)
	r := request("GET", bearer(tokenOf(t, "ada")))
	r = r.WithContext(context.WithValue(r.Context(), key{}, "value"))
	var served *http.Request
	a.Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { served = r })).ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, r.Context(), seen)
	require.NotNil(t, served)
	assert.Equal(t, "value", served.Context().Value(key{}))
	_, ok := authhttp.LookupUser[*user](r.Context())
	assert.False(t, ok, "the request outside is as it was")
}

// The handler gets the very response writer of the server.
func TestResponseWriter(t *testing.T) {
	a := newAuth(t, authhttp.Bearer{})
	for name, guard := range map[string]func(http.Handler) http.Handler{
		"Require": a.Require, "Optional": a.Optional, "RequireThat": a.RequireThat(func(*http.Request, *user) bool { return true }),
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			called := false
			guard(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
				called = true
				assert.Same(t, w, got)
			})).ServeHTTP(w, request("GET", bearer(tokenOf(t, "ada"))))
			assert.True(t, called)
		})
		t.Run(name+": server-sent events", func(t *testing.T) {
			proceed := make(chan struct{})
			server := httptest.NewServer(guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "data: 1\n\n")
				assert.NoError(t, http.NewResponseController(w).Flush())
				<-proceed
				fmt.Fprint(w, "data: 2\n\n")
			})))
			defer server.Close()
			r, err := http.NewRequest("GET", server.URL, nil)
			require.NoError(t, err)
			r.Header = bearer(tokenOf(t, "ada"))
			response, err := server.Client().Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			event, err := bufio.NewReader(response.Body).ReadString('\n')
			assert.NoError(t, err)
			assert.Equal(t, "data: 1\n", event, "before the handler has returned")
			close(proceed)
			_, err = io.Copy(io.Discard, response.Body)
			assert.NoError(t, err)
		})
		t.Run(name+": a hijacked connection", func(t *testing.T) {
			server := httptest.NewServer(guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, buffered, err := http.NewResponseController(w).Hijack()
				if !assert.NoError(t, err) {
					return
				}
				defer conn.Close()
				fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
				assert.NoError(t, buffered.Flush())
			})))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer %s\r\n\r\n", tokenOf(t, "ada"))
			all, err := io.ReadAll(conn)
			assert.NoError(t, err)
			assert.Equal(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello", string(all))
		})
	}
}

type service struct{ name string }

func TestUser(t *testing.T) {
	assert.PanicsWithValue(t, "authhttp: no user of type *authhttp_test.user is in the context; put the handler behind Require of an Auth with this type of user, or ask with LookupUser behind Optional",
		func() { authhttp.User[*user](ctx) })
	u, ok := authhttp.LookupUser[*user](ctx)
	assert.False(t, ok)
	assert.Nil(t, u)

	both := authhttp.WithUser(authhttp.WithUser(ctx, ada), service{"billing"})
	assert.Same(t, ada, authhttp.User[*user](both))
	assert.Equal(t, service{"billing"}, authhttp.User[service](both))
	assert.PanicsWithValue(t, "authhttp: no user of type *authhttp_test.service is in the context; put the handler behind Require of an Auth with this type of user, or ask with LookupUser behind Optional",
		func() { authhttp.User[*service](both) }, "a pointer is another type")
	_, ok = authhttp.LookupUser[authstrategy.User](both)
	assert.False(t, ok, "an interface is another type")

	assert.Same(t, bob, authhttp.User[*user](authhttp.WithUser(both, bob)), "the last one")
	named := authhttp.WithUser[authstrategy.User](ctx, ada)
	assert.Equal(t, authstrategy.User(ada), authhttp.User[authstrategy.User](named))
	_, ok = authhttp.LookupUser[*user](named)
	assert.False(t, ok)
}

// Users of two types, behind two guards.
func TestUsersOfTwoTypes(t *testing.T) {
	machines, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret))
	require.NoError(t, err)
	subject := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		return authstrategy.Subject(claims.Subject), nil
	}
	machine, err := authhttp.New(other{}, machines, subject, authhttp.WithLogger(nil))
	require.NoError(t, err)
	h := newAuth(t, authhttp.Bearer{}).Require(machine.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, authhttp.User[*user](r.Context()).id, " by ", authhttp.User[authstrategy.Subject](r.Context()))
	})))
	header := with(bearer(tokenOf(t, "ada")), "X-Session-Token", tokenOf(t, "proxy"))
	assert.Equal(t, "ada by proxy", ask(t, h, "GET", header).body)
	assert.Equal(t, 401, ask(t, h, "GET", bearer(tokenOf(t, "ada"))).status)
}

// One Auth serves all requests at once.
func TestConcurrentUse(t *testing.T) {
	a := anyOf(t, newAuth(t, authhttp.Bearer{}), newAuth(t, trusting))
	fromFriend := with(cookie(tokenOf(t, "bob")), "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com")
	requests := map[string]http.Header{"hello ada": bearer(tokenOf(t, "ada")), "hello bob": fromFriend, `{"detail":"Unauthorized"}`: bearer("a")}
	guarded := a.Require(greet)
	var all sync.WaitGroup
	for body, header := range requests {
		for range 4 {
			all.Go(func() {
				for range 25 {
					assert.Equal(t, body, recorded(guarded, request("POST", header)).body)
					w := httptest.NewRecorder()
					_, err := a.Issue(w, request("POST", header), ada)
					assert.NoError(t, err)
					a.Logout(w, request("POST", header))
					assert.Equal(t, 204, w.Code)
				}
			})
		}
	}
	all.Wait()
}
