// Package authstrategy turns a logged-in user into a signed token, a JSON Web
// Token (RFC 7519), and the token back into the user.
//
// A web service makes a [JWTStrategy] once, at start, and calls it from its own
// login handler and auth middleware:
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//		"os"
//
//		"github.com/go-authstrategy/authstrategy"
//	)
//
//	type User struct{ ID, Email string }
//
//	func (u *User) TokenSubject() string { return u.ID }
//
//	var users = map[string]*User{"42": {ID: "42", Email: "ada@example.com"}}
//
//	func loadUser(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
//		return users[claims.Subject], nil // a nil user is refused
//	}
//
//	func main() {
//		secret := authstrategy.NewSecret(os.Getenv("AUTH_SECRET")) // openssl rand -base64 32
//		strategy, err := authstrategy.GetJWTStrategy[*User](secret)
//		if err != nil {
//			log.Fatal(err)
//		}
//		ctx := context.Background()
//		token, err := strategy.WriteToken(ctx, users["42"]) // after the password was right
//		if err != nil {
//			log.Fatal(err)
//		}
//		user, err := strategy.ReadToken(ctx, token, loadUser) // on every request after that
//		if err != nil {
//			log.Fatal(err) // errors.Is(err, authstrategy.ErrInvalidToken): answer 401; else 503
//		}
//		fmt.Println(user.Email)
//	}
//
// # What a token is good for
//
// A token is signed, not encrypted: whoever holds it can read it. It is kept in
// no database and valid until it expires; [JWTStrategy.DestroyToken] does
// nothing. To end sessions early, keep lifetimes short, or have the loader
// refuse: see [UserLoader].
//
// The same secret and audience make one realm: a token written in it is good
// everywhere in it. Give each environment and each tenant a secret of its own.
//
// # What is checked
//
// Reading checks, in this order: the size; three segments of canonical
// base64url; the header's form; the algorithm, which is fixed by the strategy,
// never chosen by the token; the signature; and only then the claims, their
// form first and then type, issuer, audience, presence, nbf and exp. The user
// is looked up last. See [ErrInvalidToken] for the reasons to refuse a token.
//
// Tokens are the same as those of the JWT strategy of FastAPI Users (Python)
// with the same secret, audience and lifetime.
package authstrategy

import (
	"context"
	"reflect"
)

// A User is what a token is written for and read back into.
type User interface {
	// TokenSubject returns the stable id that becomes the token's "sub" (RFC
	// 7519 §4.1.2): not empty, valid UTF-8, never given to another user.
	TokenSubject() string
}

// A Subject is a ready-made [User], the bare id, for services that need no user
// record.
type Subject string

// TokenSubject returns the id itself.
func (s Subject) TokenSubject() string { return string(s) }

// A Strategy writes, reads and destroys the tokens of users of type U. It is
// what auth middleware is handed; [JWTStrategy] and [StrategyFactory] implement
// it.
//
// All methods are safe for concurrent use. A call that fails returns the zero
// user or the empty string beside its error.
type Strategy[U any] interface {
	// WriteToken returns a new token for a user who has just logged in.
	WriteToken(ctx context.Context, user U) (string, error)

	// ReadToken checks a token and returns the user that load finds for it.
	// The error matches ErrInvalidToken when the token is refused, and does not
	// when nothing could be said about it, as when load could not ask its
	// database.
	ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error)

	// DestroyToken makes a token invalid before its time, where the kind of
	// token allows it.
	DestroyToken(ctx context.Context, token string, user U) error
}

// A UserLoader turns verified claims into the user: by a look-up of
// claims.Subject in a database, or from the claims alone. It is asked last, and
// only about a token that passed every other check.
//
// It refuses the user by an error that matches [ErrUserNotFound] or
// [ErrUserRefused], and by these alone; a nil user, or one whose TokenSubject
// is empty, counts as not found, so that a map miss never gets in. Any other
// error, such as that of a database that is down, reaches the caller of
// ReadToken wrapped and does not match [ErrInvalidToken]. What errors.Is and
// errors.As find in it they still find there, except ErrInvalidToken and its
// reasons.
//
// The user must be the one that the token names: TokenSubject equal to
// claims.Subject, else ReadToken fails with [ErrInvalidSubject]. A service that
// maps a foreign subject to ids of its own uses [JWTStrategy.ReadClaims].
type UserLoader[U any] func(ctx context.Context, claims *Claims) (U, error)

// A StrategyFactory makes or picks a strategy for each call: by tenant, say,
// which it finds in the context. Its methods make it a [Strategy] itself.
// Building a strategy parses its keys, so a factory should keep those it built.
//
// An error of the factory's is treated like that of a [UserLoader], by all
// three methods: it refuses by [ErrUserNotFound] and [ErrUserRefused] alone. A
// nil factory, and one that returns a nil strategy, is an error that matches
// [ErrInvalidConfig].
type StrategyFactory[U any] func(ctx context.Context) (Strategy[U], error)

var _ Strategy[Subject] = StrategyFactory[Subject](nil)

// WriteToken calls WriteToken of the strategy that the factory returns.
func (f StrategyFactory[U]) WriteToken(ctx context.Context, user U) (string, error) {
	strategy, err := f.strategy(ctx)
	if err != nil {
		return "", err
	}
	token, err := strategy.WriteToken(ctx, user)
	if err != nil {
		return "", err
	}
	return token, nil
}

// ReadToken calls ReadToken of the strategy that the factory returns.
func (f StrategyFactory[U]) ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error) {
	var none U
	if load == nil {
		return none, errNilLoader
	}
	strategy, err := f.strategy(ctx)
	if err != nil {
		return none, err
	}
	user, err := strategy.ReadToken(ctx, token, load)
	if err != nil {
		return none, err
	}
	return user, nil
}

// DestroyToken calls DestroyToken of the strategy that the factory returns.
func (f StrategyFactory[U]) DestroyToken(ctx context.Context, token string, user U) error {
	strategy, err := f.strategy(ctx)
	if err != nil {
		return err
	}
	return strategy.DestroyToken(ctx, token, user)
}

func (f StrategyFactory[U]) strategy(ctx context.Context) (Strategy[U], error) {
	if f == nil {
		return nil, misconfigured(ErrInvalidConfig, "the StrategyFactory is nil; it has to be a func that returns a strategy")
	}
	strategy, err := f(ctx)
	if err != nil {
		return nil, hostError("the StrategyFactory", err)
	}
	if isNil(strategy) {
		return nil, misconfigured(ErrInvalidConfig, "the StrategyFactory returned a nil strategy; where it has none it has to return an error")
	}
	return strategy, nil
}

// isNil reports whether value is nil or an interface that holds a nil. The type
// is asked first: a type that has no nil, such as Subject, is never boxed.
func isNil[T any](value T) bool {
	if !hasNil(reflect.TypeFor[T]().Kind()) {
		return false
	}
	v := reflect.ValueOf(value)
	return !v.IsValid() || hasNil(v.Kind()) && v.IsNil()
}

func hasNil(kind reflect.Kind) bool {
	switch kind {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice, reflect.UnsafePointer:
		return true
	}
	return false
}
