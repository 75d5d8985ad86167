package authhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// User is the user record that the examples share.
type User struct{ ID, Name string }

func (u *User) TokenSubject() string { return u.ID }

var users = map[string]*User{"1": {ID: "1", Name: "Ada"}}

// loadUser looks the user up by the token's subject. A nil user is refused.
func loadUser(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	return users[claims.Subject], nil
}

// checkPassword stands for your own check of the password.
func checkPassword(username, password string) (*User, error) {
	if username != "ada" || password != "correct horse" {
		return nil, errors.New("wrong user name or password")
	}
	return users["1"], nil
}

// me is a handler behind Require.
func me(w http.ResponseWriter, r *http.Request) {
	user := authhttp.User[*User](r.Context())
	fmt.Fprint(w, "hello ", user.Name)
}

// newUserStrategy makes the strategy that the examples share. In production the
// secret comes from the environment; this one is a test secret.
func newUserStrategy() *authstrategy.JWTStrategy[*User] {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	if err != nil {
		log.Fatal(err)
	}
	return strategy
}

// newRequest makes a request with a form, which may be empty.
func newRequest(method, address string, form url.Values) *http.Request {
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// send sends a request, and prints its method and path, and the answer's status
// and body.
func send(client *http.Client, r *http.Request) (body string) {
	response, err := client.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	body = string(content)
	shown, _, _ := strings.Cut(body, "eyJ") // the token is another one each time
	fmt.Println(strings.TrimSpace(fmt.Sprintln(r.Method, r.URL.Path, response.StatusCode, shown)))
	return body
}

// A whole service: log-in, log-out, and a handler that only users reach.
func Example() {
	strategy := newUserStrategy()
	auth, err := authhttp.New(authhttp.Bearer{}, strategy, loadUser)
	if err != nil {
		log.Fatal(err) // names every mistake, and what to do about it
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		user, err := checkPassword(r.PostFormValue("username"), r.PostFormValue("password"))
		if err != nil {
			http.Error(w, "wrong user name or password", http.StatusBadRequest)
			return
		}
		auth.Login(w, r, user)
	})
	mux.HandleFunc("POST /logout", auth.Logout)
	mux.Handle("GET /me", auth.Require(http.HandlerFunc(me)))

	server := httptest.NewServer(mux) // in production: http.ListenAndServe
	defer server.Close()
	get := func(authorization string) {
		r := newRequest("GET", server.URL+"/me", nil)
		r.Header.Set("Authorization", authorization)
		send(server.Client(), r)
	}
	get("")
	form := url.Values{"username": {"ada"}, "password": {"correct horse"}}
	body := send(server.Client(), newRequest("POST", server.URL+"/login", form))
	token, _, _ := strings.Cut(strings.TrimPrefix(body, `{"access_token":"`), `"`)
	get("Bearer " + token)
	get("Bearer " + token + "x")
	// Output:
	// GET /me 401 {"detail":"Unauthorized"}
	// POST /login 200 {"access_token":"
	// GET /me 200 hello Ada
	// GET /me 401 {"detail":"Unauthorized"}
}

// A service with two back ends: one log-in answers a bearer token, for programs,
// the other sets a cookie, for browsers. One guard takes both.
func ExampleAnyOf() {
	strategy := newUserStrategy()
	byBearer, err := authhttp.New(authhttp.Bearer{}, strategy, loadUser)
	if err != nil {
		log.Fatal(err)
	}
	byCookie, err := authhttp.New(authhttp.Cookie{}, strategy, loadUser)
	if err != nil {
		log.Fatal(err)
	}
	either, err := authhttp.AnyOf(byBearer, byCookie)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /bearer/login", func(w http.ResponseWriter, r *http.Request) {
		byBearer.Login(w, r, users["1"]) // after your own check of the password
	})
	mux.HandleFunc("POST /cookie/login", func(w http.ResponseWriter, r *http.Request) {
		byCookie.Login(w, r, users["1"])
	})
	mux.HandleFunc("POST /logout", either.Logout)
	mux.Handle("GET /me", either.Require(http.HandlerFunc(me)))

	server := httptest.NewTLSServer(mux)
	defer server.Close()
	browser := server.Client()
	if browser.Jar, err = cookiejar.New(nil); err != nil {
		log.Fatal(err)
	}
	for _, step := range []string{"GET /me", "POST /cookie/login", "GET /me", "POST /logout", "GET /me", "POST /bearer/login"} {
		method, path, _ := strings.Cut(step, " ")
		send(browser, newRequest(method, server.URL+path, nil))
	}
	// Output:
	// GET /me 401 {"detail":"Unauthorized"}
	// POST /cookie/login 204
	// GET /me 200 hello Ada
	// POST /logout 204
	// GET /me 401 {"detail":"Unauthorized"}
	// POST /bearer/login 200 {"access_token":"
}

// SessionHeader carries the token in a header of its own, both ways.
type SessionHeader struct{}

const sessionHeader = "X-Session-Token"

func (SessionHeader) Token(r *http.Request) (string, error) {
	values := r.Header.Values(sessionHeader)
	if len(values) > 1 {
		return "", fmt.Errorf("%w: it has %d %s headers; send one", authhttp.ErrMalformedRequest, len(values), sessionHeader)
	}
	return r.Header.Get(sessionHeader), nil
}

func (SessionHeader) Write(w http.ResponseWriter, _ *http.Request, token string, _ time.Duration) error {
	w.Header().Set(sessionHeader, token)
	return nil
}

func (SessionHeader) Body(string, time.Duration) any { return nil }

func (SessionHeader) Clear(http.ResponseWriter, *http.Request) error { return nil }

func (SessionHeader) Challenge() string { return `Session realm="api"` }

func (SessionHeader) Header() string { return sessionHeader }

// A transport of one's own needs six methods.
func ExampleTransport() {
	auth, err := authhttp.New(SessionHeader{}, newUserStrategy(), loadUser)
	if err != nil {
		log.Fatal(err)
	}
	login := httptest.NewRecorder()
	auth.Login(login, httptest.NewRequest("POST", "/login", nil), users["1"])
	fmt.Println(login.Code)

	guarded := auth.Require(http.HandlerFunc(me))
	for _, token := range []string{login.Header().Get(sessionHeader), "forged", ""} {
		r := httptest.NewRequest("GET", "/me", nil)
		r.Header.Set(sessionHeader, token)
		w := httptest.NewRecorder()
		guarded.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body, w.Header()["Www-Authenticate"])
	}
	// Output:
	// 204
	// 200 hello Ada []
	// 401 {"detail":"Unauthorized"} [Session realm="api", error="invalid_token"]
	// 401 {"detail":"Unauthorized"} [Session realm="api"]
}

// Member is a user together with when the token expires, which the loader finds
// in the claims.
type Member struct {
	*User
	Expires time.Time
}

// A cookie that is past half its life is renewed, so that who keeps using the
// service stays logged in. Whoever has stolen a cookie has it renewed as well: give
// a session an end that no renewal moves, such as a private claim with the time of
// the log-in, which the loader checks.
func ExampleAuth_Issue() {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	strategy, err := authstrategy.GetJWTStrategy[*Member](authstrategy.NewSecret("test secret of 32 bytes or more!"),
		authstrategy.WithLifetime(time.Hour), authstrategy.WithClock(func() time.Time { return now }))
	if err != nil {
		log.Fatal(err)
	}
	load := func(_ context.Context, claims *authstrategy.Claims) (*Member, error) {
		user, ok := users[claims.Subject]
		if !ok {
			return nil, authstrategy.ErrUserNotFound
		}
		return &Member{user, claims.ExpiresAt}, nil
	}
	auth, err := authhttp.New(authhttp.Cookie{}, strategy, load)
	if err != nil {
		log.Fatal(err)
	}

	// renew goes between Require and the handler: the cookie must be set before
	// the handler writes its answer.
	renew := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			member := authhttp.User[*Member](r.Context())
			if member.Expires.Sub(now) < strategy.Lifetime()/2 {
				if _, err := auth.Issue(w, r, member); err != nil {
					log.Print(err) // the old cookie is still good
				}
			}
			next.ServeHTTP(w, r)
		})
	}
	handler := auth.Require(renew(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello ", authhttp.User[*Member](r.Context()).Name)
	})))

	login := httptest.NewRecorder()
	auth.Login(login, httptest.NewRequest("POST", "/login", nil), &Member{User: users["1"]})
	cookie := login.Result().Cookies()[0]
	for range 4 {
		r := httptest.NewRequest("GET", "/me", nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		renewed := w.Result().Cookies()
		fmt.Println(now.Format(time.TimeOnly), w.Code, w.Body, len(renewed))
		if len(renewed) > 0 {
			cookie = renewed[0]
		}
		now = now.Add(25 * time.Minute)
	}
	// Output:
	// 12:00:00 200 hello Ada 0
	// 12:25:00 200 hello Ada 0
	// 12:50:00 200 hello Ada 1
	// 13:15:00 200 hello Ada 0
}

// A test of a handler puts the user into the context by itself.
func ExampleWithUser() {
	r := httptest.NewRequest("GET", "/me", nil)
	r = r.WithContext(authhttp.WithUser(r.Context(), &User{ID: "1", Name: "Ada"}))
	w := httptest.NewRecorder()
	me(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 hello Ada
}
