package authhttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

const clearedCookie = "__Host-auth=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"

// destroying is a strategy that keeps the tokens it has destroyed.
type destroying struct {
	*authstrategy.JWTStrategy[*user]
	destroyed []string
	err       error
}

func newDestroying(t *testing.T, err error) *destroying {
	return &destroying{JWTStrategy: newStrategy(t), err: err}
}

func (d *destroying) DestroyToken(_ context.Context, token string, u *user) error {
	if d.err == nil {
		d.destroyed = append(d.destroyed, u.id+" "+token)
	}
	return d.err
}

func TestLogout(t *testing.T) {
	adas, bobs := tokenOf(t, "ada"), tokenOf(t, "bob")
	loggedOut := answer{204, headers("Cache-Control", "no-store", "Set-Cookie", clearedCookie), ""}
	andCleared := func(a answer) answer {
		a.header["Set-Cookie"] = []string{clearedCookie}
		return a
	}
	for name, test := range map[string]struct {
		header    http.Header
		want      answer
		destroyed []string
	}{
		"no token":                        {nil, loggedOut, nil},
		"a bearer token":                  {bearer(adas), loggedOut, []string{"ada " + adas}},
		"a cookie":                        {cookie(adas), loggedOut, []string{"ada " + adas}},
		"both":                            {with(bearer(adas), "Cookie", "__Host-auth="+bobs), loggedOut, []string{"ada " + adas, "bob " + bobs}},
		"an expired bearer token":         {bearer(expiredToken(t)), loggedOut, nil},
		"an expired cookie":               {cookie(expiredToken(t)), loggedOut, nil},
		"a forged token":                  {bearer(adas + "A"), loggedOut, nil},
		"a user who is gone":              {bearer(tokenOf(t, "gone")), loggedOut, nil},
		"a user whom nobody knows":        {cookie(tokenOf(t, "eve")), loggedOut, nil},
		"expired bearer, good cookie":     {with(bearer(expiredToken(t)), "Cookie", "__Host-auth="+bobs), loggedOut, []string{"bob " + bobs}},
		"two cookies":                     {headers("Cookie", "__Host-auth="+adas+"; __Host-auth="), loggedOut, nil},
		"two cookies, good bearer":        {with(bearer(adas), "Cookie", "__Host-auth=a; __Host-auth=b"), loggedOut, []string{"ada " + adas}},
		"another scheme":                  {headers("Authorization", "Basic abc"), loggedOut, nil},
		"two Authorization headers":       {headers("Authorization", "Bearer "+adas, "Authorization", "Bearer "+bobs), andCleared(refusal(400, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidRequest, "WWW-Authenticate", cookieRealm)), nil},
		"two Authorization, good cookie":  {headers("Authorization", "a", "Authorization", "b", "Cookie", "__Host-auth="+bobs), andCleared(refusal(400, "Vary", "Authorization", "WWW-Authenticate", bearerRealm+invalidRequest, "WWW-Authenticate", cookieRealm)), []string{"bob " + bobs}},
		"the loader is down":              {bearer(tokenOf(t, "down")), andCleared(unavailable("Authorization")), nil},
		"the loader is down, by cookie":   {cookie(tokenOf(t, "down")), andCleared(unavailable("Authorization", "Cookie")), nil},
		"loader down, good cookie":        {with(bearer(tokenOf(t, "down")), "Cookie", "__Host-auth="+bobs), andCleared(unavailable("Authorization")), []string{"bob " + bobs}},
		"good bearer, loader down":        {with(bearer(adas), "Cookie", "__Host-auth="+tokenOf(t, "down")), andCleared(unavailable("Authorization", "Cookie")), []string{"ada " + adas}},
		"the loader: ErrMalformedRequest": {cookie(tokenOf(t, "malformed")), andCleared(unavailable("Authorization", "Cookie")), nil},
		"two cookies and cross-site":      {headers("Cookie", "__Host-auth=a; __Host-auth=b", "Sec-Fetch-Site", "cross-site"), refusal(403, "Vary", "Authorization", "Vary", "Cookie"), nil},
		"another site, bearer token":      {with(bearer(adas), "Sec-Fetch-Site", "cross-site"), refusal(403, "Vary", "Authorization", "Vary", "Cookie"), nil},
		"another site, cookie":            {with(cookie(adas), "Sec-Fetch-Site", "same-site"), refusal(403, "Vary", "Authorization", "Vary", "Cookie"), nil},
		"another site, no token":          {headers("Origin", "https://evil.example"), refusal(403, "Vary", "Authorization", "Vary", "Cookie"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newDestroying(t, nil)
			a := anyOf(t, authOf(t, authhttp.Bearer{}, s), authOf(t, authhttp.Cookie{}, s))
			assert.Equal(t, test.want, ask(t, http.HandlerFunc(a.Logout), "POST", test.header))
			assert.Equal(t, test.destroyed, s.destroyed)
		})
	}

	t.Run("by bearer alone, no site is another", func(t *testing.T) {
		s := newDestroying(t, nil)
		a := authOf(t, authhttp.Bearer{}, s)
		assert.Equal(t, answer{204, headers("Cache-Control", "no-store"), ""}, ask(t, http.HandlerFunc(a.Logout), "POST", with(bearer(adas), "Sec-Fetch-Site", "cross-site")))
		assert.Equal(t, []string{"ada " + adas}, s.destroyed)
	})
	for name, site := range sites {
		t.Run(name, func(t *testing.T) {
			a := newAuth(t, trusting)
			want := crossOrigin
			if site.may {
				want = loggedOut
			}
			assert.Equal(t, want, ask(t, http.HandlerFunc(a.Logout), "POST", site.header))
		})
	}
}

// Links and prefetching must not log people out.
func TestLogoutMethods(t *testing.T) {
	s := newDestroying(t, nil)
	a := authOf(t, authhttp.Cookie{}, s)
	logout := http.HandlerFunc(a.Logout)
	token := tokenOf(t, "ada")
	want := refusal(405, "Allow", "POST")
	assert.Equal(t, want, ask(t, logout, "GET", cookie(token)))
	want.body = ""
	assert.Equal(t, 405, ask(t, logout, "HEAD", cookie(token)).status)
	assert.Equal(t, want.header, ask(t, logout, "HEAD", cookie(token)).header)
	assert.Empty(t, s.destroyed)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		assert.Equal(t, 204, ask(t, logout, method, cookie(token)).status, method)
	}
	assert.Len(t, s.destroyed, 4)
}

func TestLogoutFailsToDestroy(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want answer
	}{
		"down":                 {errDown, unavailable("Authorization")},
		"expired meanwhile":    {authstrategy.ErrTokenExpired, answer{204, headers("Cache-Control", "no-store"), ""}},
		"the user was refused": {errors.Join(errDown, authstrategy.ErrUserRefused), answer{204, headers("Cache-Control", "no-store"), ""}},
		"forbidden":            {authhttp.ErrForbidden, unavailable("Authorization")},
		"malformed":            {authhttp.ErrMalformedRequest, unavailable("Authorization")},
		"another site":         {authhttp.ErrCrossOrigin, unavailable("Authorization")},
		"too long":             {authhttp.ErrTokenTooLong, unavailable("Authorization")},
		"invalid config":       {authstrategy.ErrInvalidConfig, refusal(503, "Vary", "Authorization")},
	} {
		t.Run(name, func(t *testing.T) {
			a := authOf(t, authhttp.Bearer{}, newDestroying(t, test.err))
			assert.Equal(t, test.want, ask(t, http.HandlerFunc(a.Logout), "POST", bearer(tokenOf(t, "ada"))))
		})
	}

	t.Run("a cookie's, that says malformed, is no second cookie", func(t *testing.T) {
		a := authOf(t, authhttp.Cookie{}, newDestroying(t, authhttp.ErrMalformedRequest))
		want := unavailable("Cookie")
		want.header["Set-Cookie"] = []string{clearedCookie}
		assert.Equal(t, want, ask(t, http.HandlerFunc(a.Logout), "POST", cookie(tokenOf(t, "ada"))))
	})
	t.Run("the first error is answered, and the second token is destroyed", func(t *testing.T) {
		second := newDestroying(t, nil)
		a := anyOf(t, authOf(t, authhttp.Bearer{}, newDestroying(t, errDown)), authOf(t, authhttp.Cookie{}, second))
		want := unavailable("Authorization")
		want.header["Set-Cookie"] = []string{clearedCookie}
		assert.Equal(t, want, ask(t, http.HandlerFunc(a.Logout), "POST", with(bearer(tokenOf(t, "ada")), "Cookie", "__Host-auth="+tokenOf(t, "bob"))))
		assert.Len(t, second.destroyed, 1)
	})
}

// Without a user DestroyToken is not called.
func TestLogoutWithoutAUser(t *testing.T) {
	for name, test := range map[string]struct {
		user *user
		err  error
		want answer
	}{
		"nobody":              {nil, nil, refusal(503, "Vary", "Authorization")},
		"somebody, refused":   {ada, authstrategy.ErrTokenExpired, answer{204, headers("Cache-Control", "no-store"), ""}},
		"somebody, failed":    {ada, errDown, unavailable("Authorization")},
		"forbidden":           {nil, authhttp.ErrForbidden, unavailable("Authorization")},
		"missing, in its way": {nil, authstrategy.ErrTokenMissing, answer{204, headers("Cache-Control", "no-store"), ""}},
	} {
		t.Run(name, func(t *testing.T) {
			called := false
			a := authOf(t, authhttp.Bearer{}, &custom{
				read:    func(string) (*user, error) { return test.user, test.err },
				destroy: func(string, *user) error { called = true; return nil },
			})
			assert.Equal(t, test.want, ask(t, http.HandlerFunc(a.Logout), "POST", bearer("a")))
			assert.False(t, called)
		})
	}
}

// Another error of Clear than ErrCrossOrigin is 503, after everything else was done.
func TestLogoutFailsToClear(t *testing.T) {
	clearing := func(err error) other {
		return other{header: "X-A", token: func(*http.Request) (string, error) { return "", nil }, clear: func(w http.ResponseWriter) error {
			if err == nil {
				w.Header().Set("X-A", "")
			}
			return err
		}}
	}
	token := tokenOf(t, "ada")
	both := []string{"Vary", "X-A", "Vary", "Cookie"}
	cookieToo := func(a answer) answer {
		a.header["Set-Cookie"] = []string{clearedCookie}
		return a
	}
	for name, test := range map[string]struct {
		err, again error
		want       answer
		destroyed  int
	}{
		"none":                {nil, nil, answer{204, headers("Cache-Control", "no-store", "X-A", "", "Set-Cookie", clearedCookie), ""}, 1},
		"down":                {errDown, nil, cookieToo(refusal(503, append(both, "Retry-After", "1")...)), 1},
		"refused":             {authstrategy.ErrTokenExpired, nil, cookieToo(refusal(503, append(both, "Retry-After", "1")...)), 1},
		"malformed":           {authhttp.ErrMalformedRequest, nil, cookieToo(refusal(503, append(both, "Retry-After", "1")...)), 1},
		"forbidden":           {authhttp.ErrForbidden, nil, cookieToo(refusal(503, append(both, "Retry-After", "1")...)), 1},
		"too long":            {authhttp.ErrTokenTooLong, nil, cookieToo(refusal(503, both...)), 1},
		"config, then down":   {authstrategy.ErrInvalidConfig, errDown, cookieToo(refusal(503, both...)), 1},
		"down, then config":   {errDown, authstrategy.ErrInvalidConfig, cookieToo(refusal(503, append(both, "Retry-After", "1")...)), 1},
		"another site":        {authhttp.ErrCrossOrigin, nil, refusal(403, "Vary", "X-A"), 0},
		"down, then the site": {errDown, authhttp.ErrCrossOrigin, refusal(403, both...), 0},
		"none, then the site": {nil, errors.Join(errDown, authhttp.ErrCrossOrigin), refusal(403, both...), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newDestroying(t, nil)
			auths := []*authhttp.Auth[*user]{authOf(t, clearing(test.err), s), authOf(t, authhttp.Cookie{}, s)}
			if test.again != nil {
				auths = append(auths, authOf(t, clearing(test.again), s))
			}
			assert.Equal(t, test.want, ask(t, http.HandlerFunc(anyOf(t, auths...).Logout), "POST", cookie(token)))
			assert.Len(t, s.destroyed, test.destroyed)
		})
	}

	t.Run("the first error is answered", func(t *testing.T) {
		config, down := newDestroying(t, authstrategy.ErrInvalidConfig), newDestroying(t, errDown)
		twice := with(bearer(token), "Cookie", "__Host-auth="+token)
		logout := func(a, b *authhttp.Auth[*user]) http.Header {
			return ask(t, http.HandlerFunc(anyOf(t, a, b).Logout), "POST", twice).header
		}
		assert.NotContains(t, logout(authOf(t, authhttp.Bearer{}, config), authOf(t, authhttp.Cookie{}, down)), "Retry-After")
		assert.Contains(t, logout(authOf(t, authhttp.Bearer{}, down), authOf(t, authhttp.Cookie{}, config)), "Retry-After")
		assert.NotContains(t, logout(authOf(t, authhttp.Bearer{}, down), authOf(t, clearing(authstrategy.ErrInvalidConfig), down)), "Retry-After", "Clear comes first")
	})
	t.Run("nothing is cleared, also what was on w before stays", func(t *testing.T) {
		a := anyOf(t, newAuth(t, authhttp.Cookie{}), newAuth(t, clearing(authhttp.ErrCrossOrigin)))
		w := httptest.NewRecorder()
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-A", "b")
		a.Logout(w, request("POST", nil))
		assert.Equal(t, 403, w.Code)
		assert.Equal(t, []string{"a=b"}, w.Header()["Set-Cookie"])
		assert.Equal(t, []string{"b"}, w.Header()["X-A"])
	})
	t.Run("what was on w before stays", func(t *testing.T) {
		w := httptest.NewRecorder()
		w.Header().Set("Set-Cookie", "a=b")
		newAuth(t, authhttp.Cookie{}).Logout(w, request("POST", nil))
		assert.Equal(t, []string{"a=b", clearedCookie}, w.Header()["Set-Cookie"])
	})
}

// A transport of another kind that says so in Token: after everything was cleared.
func TestLogoutTokenOfOthers(t *testing.T) {
	for name, test := range map[string]struct {
		header string
		err    error
		want   answer
	}{
		"another site":         {"X-A", authhttp.ErrCrossOrigin, refusal(403, "Vary", "X-A")},
		"malformed":            {"X-A", authhttp.ErrMalformedRequest, refusal(400, "Vary", "X-A", "WWW-Authenticate", cookieRealm)},
		"malformed, a cookie":  {"cookie", authhttp.ErrMalformedRequest, answer{204, headers("Cache-Control", "no-store"), ""}},
		"refused":              {"X-A", authstrategy.ErrTokenMalformed, answer{204, headers("Cache-Control", "no-store"), ""}},
		"down":                 {"X-A", errDown, unavailable("X-A")},
		"another site, cookie": {"cookie", authhttp.ErrCrossOrigin, refusal(403, "Vary", "cookie")},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuth(t, other{header: test.header, token: func(*http.Request) (string, error) { return "a", test.err }})
			test.want.header["X-Session-Token"] = []string{""}
			assert.Equal(t, test.want, ask(t, http.HandlerFunc(a.Logout), "POST", nil))
		})
	}
}
