package migration

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

const (
	audience = "https://api.example.com" // what the new strategies write and require
	lifetime = time.Hour                 // of the old tokens and of the new ones
)

// A strategy is what a deployment writes and reads tokens with.
type strategy = authstrategy.Strategy[*User]

// New returns the service on this package.
func New(strategy strategy, users Users) (http.Handler, error) {
	auth, err := authhttp.New(authhttp.Bearer{}, strategy, users.Load)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{id}", func(w http.ResponseWriter, r *http.Request) {
		auth.Login(w, r, users.byText(r.PathValue("id")))
	})
	mux.Handle("GET /me", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hello(w, authhttp.User[*User](r.Context()))
	})))
	return mux, nil
}

// Strategies returns those of the deployments that come after the old service. The
// options are for the old secret alone: WithInsecureShortSecret, if it is short.
func Strategies(secret, fresh authstrategy.Secret, options ...authstrategy.Option) ([]strategy, error) {
	common := []authstrategy.Option{authstrategy.WithAudience(audience), authstrategy.WithLifetime(lifetime)}
	same, err1 := authstrategy.GetJWTStrategy[*User](secret, append(common, options...)...)
	next, err2 := authstrategy.GetJWTStrategy[*User](fresh, common...)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	learn, err1 := authstrategy.AnyOf(same, next)  // writes with the old secret, reads with both
	rotate, err2 := authstrategy.AnyOf(next, same) // writes with the new secret, reads with both
	return []strategy{same, learn, rotate, next}, errors.Join(err1, err2)
}

// Migrating returns the strategy of recipe B. The old tokens are those of golang-jwt.
func Migrating(same strategy, secret []byte, until time.Time) (strategy, error) {
	legacy := &Legacy{
		Read:  ReadGolangJWT(secret),
		ID:    "user_id",
		Until: until, // one lifetime after the last old instance stops
	}
	return authstrategy.AnyOf(same, legacy) // writes with the first
}

// Cookies returns an Auth that logs in with a cookie of its own, and also reads the
// cookie of jwtauth and gin-jwt.
func Cookies(strategy strategy, users Users) (*authhttp.Auth[*User], error) {
	fresh, err1 := authhttp.New(authhttp.Cookie{}, strategy, users.Load)
	old, err2 := authhttp.New(authhttp.Cookie{Name: "jwt"}, strategy, users.Load)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return authhttp.AnyOf(fresh, old)
}

// byText returns the user with the id; nil if there is none.
func (users Users) byText(id string) *User {
	number, _ := strconv.ParseInt(id, 10, 64) // 0 is nobody
	return users[number]
}

// hello answers a user.
func hello(w http.ResponseWriter, user *User) {
	if user == nil {
		http.Error(w, "log in", http.StatusUnauthorized)
		return
	}
	fmt.Fprintln(w, "hello", user.Name)
}
