// Package authhttp puts an authstrategy.Strategy in front of net/http handlers:
// it finds the token in a request, lets its user in or answers the request, logs
// users in and logs them out, by bearer token, by cookie, or by both.
//
//	auth, err := authhttp.New(authhttp.Bearer{}, strategy, loadUser)
//	…
//	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
//		user, err := checkPassword(r.PostFormValue("username"), r.PostFormValue("password")) // yours
//		…
//		auth.Login(w, r, user)
//	})
//	mux.HandleFunc("POST /logout", auth.Logout)
//	mux.Handle("GET /me", auth.Require(http.HandlerFunc(me))) // in me: user := authhttp.User[*User](r.Context())
//
// [Auth.Require] is middleware for every router that takes a
// func(http.Handler) http.Handler. For other frameworks write a shell of a few
// lines around [Auth.Authenticate] and [Auth.Refuse].
//
// # Answers
//
// A request that is not let in is answered with {"detail":"…"}, the text of the
// status, and with nothing of the reason, which goes to the log:
//
//   - 401 for no token, and for one that is refused (authstrategy.ErrInvalidToken),
//     with the challenges of RFC 6750 §3;
//   - 400 for a request that does not carry one token ([ErrMalformedRequest]);
//   - 403 for a cookie in a cross-site request ([ErrCrossOrigin]), and where the user
//     is not allowed ([ErrForbidden]);
//   - 503 for everything else: nobody can say whether the token is good, and a
//     database that is down is no reason to log people out.
//
// # Cross-site requests
//
// A browser sends cookies with requests that another site makes. [Cookie] holds
// every such request against http.CrossOriginProtection, where it reads a cookie,
// sets one and clears one: a foreign site can neither act for the user, nor log
// the user in as somebody else, nor out. A bearer token needs no such check.
package authhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// An Auth logs users in and out and knows them again in later requests. Make it
// with [New] or [AnyOf]: a nil or zero Auth lets nobody in and answers 503.
//
// It is immutable and safe for concurrent use. The response writer reaches the
// handlers that it guards unwrapped.
type Auth[U any] struct {
	members []member[U] // the first logs in; none: not made by New
	respond func(w http.ResponseWriter, r *http.Request, status int, err error)
	logger  func() *slog.Logger
}

// A member reads the tokens of one transport.
type member[U any] struct {
	transport Transport
	strategy  authstrategy.Strategy[U]
	load      authstrategy.UserLoader[U]
	lifetime  time.Duration // of WithLifetime
}

// tokenLifetime returns how long the strategy's tokens are valid; 0: unknown.
func (m *member[U]) tokenLifetime() time.Duration {
	if s, ok := m.strategy.(interface{ Lifetime() time.Duration }); ok {
		return max(s.Lifetime(), 0)
	}
	return m.lifetime
}

// New returns an Auth that carries the strategy's tokens by the transport, and
// looks their users up by load.
//
// Mistakes are reported at once, joined as by errors.Join. Each matches
// authstrategy.ErrInvalidConfig.
func New[U any](transport Transport, strategy authstrategy.Strategy[U], load authstrategy.UserLoader[U], opts ...Option) (*Auth[U], error) {
	o := newOptions(opts)
	transport, invalid := prepare(transport)
	o.mistakes.add(nils.Is(strategy), "the strategy is nil; pass one that GetJWTStrategy returned without an error")
	o.mistakes.add(load == nil, "the loader is nil; pass a function that returns the user for the claims")
	if err := errors.Join(append(o.mistakes, invalid)...); err != nil {
		return nil, err
	}
	return &Auth[U]{[]member[U]{{transport, strategy, load, o.lifetime}}, o.respond, o.logger}, nil
}

// AnyOf returns an Auth that takes the tokens of several, such as bearer tokens
// and cookies. It logs in with the first, and answers and logs as the first does.
// The first whose transport finds a token decides: a refused token is not replaced
// by one of the next, since a client that named one user must never act as
// another. Each reads with its own strategy and loader.
//
// It fails with authstrategy.ErrInvalidConfig for no Auth, and for a nil or zero
// one.
func AnyOf[U any](auths ...*Auth[U]) (*Auth[U], error) {
	var mistakes mistakes
	var members []member[U]
	mistakes.add(len(auths) == 0, "AnyOf() has no Auth; pass one or more")
	for i, a := range auths {
		mistakes.add(!a.made(), "AnyOf: Auth %d of %d is nil or zero; pass what New returned without an error", i+1, len(auths))
		members = append(members, a.all()...)
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return &Auth[U]{members, auths[0].respond, auths[0].logger}, nil
}

func (a *Auth[U]) made() bool { return len(a.all()) > 0 }

// all returns the members; none of a nil or zero Auth.
func (a *Auth[U]) all() []member[U] {
	if a == nil {
		return nil
	}
	return a.members
}

// Authenticate returns the user of the token in the request. Without a token the
// error matches authstrategy.ErrTokenMissing. [Auth.Refuse] answers its errors.
//
// It is the core of [Auth.Require], for frameworks whose middleware is of another
// kind. Call [Auth.Vary] on the answer's headers, too.
func (a *Auth[U]) Authenticate(r *http.Request) (U, error) {
	user, _, err := a.authenticate(r)
	return user, err
}

// authenticate also returns the index of the member whose transport found a
// token, or none. Every error is a decision.
func (a *Auth[U]) authenticate(r *http.Request) (user U, by int, err error) {
	by, token, err := a.find(r)
	if err == nil {
		user, err = a.members[by].read(r.Context(), token)
	}
	if err != nil {
		return user, by, &decision{err, by}
	}
	return user, by, nil
}

// find returns the first token, and the index of the member whose transport found
// it, or something that stands in a token's place. Without one it fails.
func (a *Auth[U]) find(r *http.Request) (by int, token string, err error) {
	if !a.made() {
		return none, "", errNoAuth
	}
	for i, m := range a.members {
		token, err := m.transport.Token(r)
		if err != nil || token != "" {
			return i, token, err
		}
	}
	return none, "", errNoToken
}

// read returns the user of a token. Its errors match none of this package's.
func (m *member[U]) read(ctx context.Context, token string) (U, error) {
	var nobody U
	user, err := m.strategy.ReadToken(ctx, token, m.load)
	if err != nil {
		return nobody, errs.Shield(err, own)
	}
	if nils.Is(user) {
		return nobody, errNilUser
	}
	return user, nil
}

// Require lets a request through whose token has a user, which [User] finds in
// the request's context, and answers all others. Put CORS middleware outside of
// it: a preflight carries no token.
func (a *Auth[U]) Require(next http.Handler) http.Handler {
	return a.guard(next, false, everyone)
}

// RequireThat is [Auth.Require], with 403 where allowed says no. The request that
// allowed is given has the user in its context. A nil allowed panics at once.
func (a *Auth[U]) RequireThat(allowed func(r *http.Request, user U) bool) func(http.Handler) http.Handler {
	if allowed == nil {
		panic("authhttp: RequireThat(nil) would allow nobody; pass a function, or use Require")
	}
	return func(next http.Handler) http.Handler { return a.guard(next, false, allowed) }
}

// Optional lets a request without a token through as well, without a user: ask
// with [LookupUser]. It also lets a request through whose cookie is refused: scripts
// cannot delete the cookie, and a visitor must not be locked out of public pages.
// Another token that is refused is answered as by [Auth.Require], and so are all
// failures.
func (a *Auth[U]) Optional(next http.Handler) http.Handler {
	return a.guard(next, true, everyone)
}

// guard lets a request through whose user is allowed, and if optional, also one of
// nobody.
func (a *Auth[U]) guard(next http.Handler, optional bool, allowed func(r *http.Request, user U) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, by, err := a.authenticate(r)
		if err != nil && !(optional && a.isNobody(err, by)) {
			a.Refuse(w, r, err)
			return
		}
		if err == nil {
			r = r.WithContext(WithUser(r.Context(), user))
			if !allowed(r, user) {
				a.Refuse(w, r, &decision{ErrForbidden, by})
				return
			}
			a.markPrivate(w.Header(), by)
		}
		a.vary(w.Header(), by)
		next.ServeHTTP(w, r)
	})
}

func everyone[U any](*http.Request, U) bool { return true }

// isNobody reports whether the sender of a request that failed to authenticate
// counts as nobody.
func (a *Auth[U]) isNobody(err error, by int) bool {
	if by == none {
		return a.made()
	}
	status := statusOf(err)
	return a.hasHeader(by, "Cookie") && (status == http.StatusUnauthorized || status == http.StatusBadRequest)
}

type userKey[U any] struct{}

// WithUser returns a context with the user, as [Auth.Require] makes it: for tests
// of handlers, and for middleware that exchanges the user for another type. Users
// of two types can be in one context.
func WithUser[U any](ctx context.Context, user U) context.Context {
	return context.WithValue(ctx, userKey[U]{}, user)
}

// User returns the user that [Auth.Require] let in. It panics if there is none of
// this type in the context: the route lacks Require, and no handler should guess
// on.
func User[U any](ctx context.Context) U {
	user, ok := LookupUser[U](ctx)
	if !ok {
		panic(fmt.Sprintf("authhttp: no user of type %v is in the context; put the handler behind Require of an Auth with this type of user, or ask with LookupUser behind Optional", reflect.TypeFor[U]()))
	}
	return user
}

// LookupUser returns the user that [Auth.Require] or [Auth.Optional] let in; false
// if there is none.
func LookupUser[U any](ctx context.Context) (U, bool) {
	user, ok := ctx.Value(userKey[U]{}).(U)
	return user, ok
}
