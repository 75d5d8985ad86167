// Package authstrategy turns a logged-in user into a signed token, a JSON Web
// Token (RFC 7519), and the token back into the user.
//
// A web service builds a [JWTStrategy] once at startup and calls it from its
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
//		token, err := strategy.WriteToken(ctx, users["42"]) // after checking the password
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
// A token is signed, not encrypted: anyone who holds it can read it. It is
// stored in no database and stays valid until it expires;
// [JWTStrategy.DestroyToken] does nothing. To end sessions early, keep lifetimes
// short, or have the [UserLoader] refuse the token.
//
// Strategies that share a secret and an audience accept each other's tokens,
// unless their algorithm, issuer or type differs; give each environment and each
// tenant its own secret.
//
// # What is checked
//
// Reading checks, in this order: the size; three segments of canonical
// base64url; the form of the header; the algorithm, which is the strategy's and
// never the token's choice; the signature; and only then the claims: their form,
// the token's type, issuer and audience, the required claims, nbf and exp. The
// user is looked up last. [ErrInvalidToken] leads to the reasons for refusal.
//
// Tokens are interchangeable with those of the JWT strategy of FastAPI Users
// (Python), given the same secret, audience and lifetime.
package authstrategy

import (
	"context"

	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// A User is what a token is written for and read back into.
type User interface {
	// TokenSubject returns the id that becomes the token's "sub" (RFC 7519
	// §4.1.2): non-empty valid UTF-8, never reassigned to another user.
	TokenSubject() string
}

// A Subject is a ready-made [User], the bare id, for services that need no user
// record.
type Subject string

// TokenSubject returns the id itself.
func (s Subject) TokenSubject() string { return string(s) }

// A Strategy writes, reads and destroys the tokens of users of type U. It is
// what auth middleware is given; [JWTStrategy] and [StrategyFactory] implement
// it.
//
// All methods are safe for concurrent use. A call that fails returns the zero
// user or the empty string with its error.
type Strategy[U any] interface {
	// WriteToken returns a new token for a user who has just logged in. It fails
	// with an error that matches ErrInvalidSubject for a user that no token can
	// name.
	WriteToken(ctx context.Context, user U) (string, error)

	// ReadToken checks a token and returns the user that load finds for it. The
	// error matches ErrInvalidToken if the token is refused. Any other error
	// means that the token could not be judged, for example because load could
	// not reach its database.
	ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error)

	// DestroyToken revokes the token where its kind allows it; otherwise it does
	// nothing and returns nil.
	DestroyToken(ctx context.Context, token string, user U) error
}

// A UserLoader turns verified claims into the user: by looking claims.Subject up
// in a database, or from the claims alone. It is called last, and only for a
// token that passed every other check.
//
// To refuse the user, return an error that matches [ErrUserNotFound] or
// [ErrUserRefused]. A nil user, or one with an empty subject, counts as not
// found, so a failed map lookup lets nobody in, provided that the zero user has
// no subject: a struct with a number as its id has "0", and must be refused by the
// loader. (A struct that embeds a nil pointer is not nil either: its TokenSubject
// must cope with that.) Any other error reaches the caller of ReadToken wrapped
// and does not match [ErrInvalidToken]: errors.Is and errors.As find in it what
// they found before, except ErrInvalidToken and its reasons.
//
// The user must be the one that the token names: TokenSubject must equal
// claims.Subject, or ReadToken fails with [ErrInvalidSubject]. A service that
// maps a foreign subject to ids of its own uses [JWTStrategy.ReadClaims].
type UserLoader[U any] func(ctx context.Context, claims *Claims) (U, error)

// A StrategyFactory chooses the strategy for each call, for example by a tenant
// in ctx. It is itself a [Strategy]. It should keep the strategies that it
// builds: building one parses its keys.
//
// To refuse a token, return an error that matches [ErrTokenUnverifiable], for a
// tenant that does not exist, or [ErrUserNotFound] or [ErrUserRefused]. All three
// methods treat any other error like one from a [UserLoader]: it does not match
// [ErrInvalidToken], so anything that a stranger can cause should refuse. A nil
// factory, or one that returns a nil strategy, is an error that matches
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
		return nil, errNilFactory
	}
	strategy, err := f(ctx)
	if err != nil {
		return nil, callbackError("StrategyFactory", err, ErrUserNotFound, ErrUserRefused, ErrTokenUnverifiable)
	}
	if nils.Is(strategy) {
		return nil, errNoneMade
	}
	return strategy, nil
}
