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
// # Keys
//
// One strategy has one algorithm, which no token chooses. [AnyOf] reads with several
// strategies, to change a secret or a key pair without logging anyone out. Package
// jwks publishes a strategy's public key, and reads with the keys that another
// issuer publishes. [WithSigner] signs by a key that is out of reach.
//
// # What is checked
//
// Reading checks, in this order: the size; three segments of canonical
// base64url; the form of the header; the algorithm, which is the strategy's and
// never the token's choice; the key, of which the token names no more than the id;
// the signature; and only then the claims: their form, the token's type, issuer and
// audience, the required claims, nbf and exp. The user is looked up last.
// [ErrInvalidToken] leads to the reasons for refusal.
//
// Tokens are interchangeable with those of the JWT strategy of FastAPI Users
// (Python), given the same secret, audience and lifetime.
package authstrategy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/inspect"
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

// LoadSubject is the [UserLoader] of a Strategy[Subject]: it returns the bare id. It is
// for the tokens of one issuer, since another's subjects may be the same.
func LoadSubject(ctx context.Context, claims *Claims) (Subject, error) {
	return Subject(claims.TokenSubject()), nil
}

// LoadClaims is the [UserLoader] of a Strategy[*Claims]: it returns the claims
// themselves.
func LoadClaims(ctx context.Context, claims *Claims) (*Claims, error) { return claims, nil }

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

// AnyOf returns a [Strategy] that writes with the first strategy, and reads with
// whichever accepts the token: to change a secret, a key pair or an algorithm
// without logging anyone out, or to read the tokens of several issuers.
//
// Reading asks the strategies in order until one accepts. A refusal that says
// "authentic and meant for me, but not now" is final: [ErrTokenClaimMissing],
// [ErrTokenNotYetValid], [ErrTokenExpired], [ErrUserNotFound] and [ErrUserRefused].
// After any other error the next strategy is asked. If none accepts, the error is
// the first that does not match [ErrInvalidToken], such as that of a database that
// is down; otherwise the refusal that got furthest in the order in which the
// reasons are checked, the earlier of equals. The loader runs at most once for each
// strategy that verified the token.
//
// Of several issuers, each has subjects of its own: "42" of one is not "42" of
// another. The loader must look at claims.Issuer; [LoadSubject] does not.
//
// A strategy of one's own, or a [StrategyFactory], must refuse a token that it does
// not know with [ErrTokenUnverifiable], and not with ErrUserNotFound, which is
// final.
//
// DestroyToken is called on all strategies, and their errors are joined. If the
// first strategy has a method Lifetime, as [JWTStrategy] has, so has the result. No
// strategies, or a nil among them, are an error that matches [ErrInvalidConfig].
func AnyOf[U any](strategies ...Strategy[U]) (Strategy[U], error) {
	if len(strategies) == 0 {
		return nil, fmt.Errorf("%w: AnyOf has no strategy; pass the one that writes, then those that only read", ErrInvalidConfig)
	}
	for i, strategy := range strategies {
		if nils.Is(strategy) {
			return nil, fmt.Errorf("%w: AnyOf: strategy %d of %d is nil; check the error of the function that made it", ErrInvalidConfig, i+1, len(strategies))
		}
	}
	all := &anyOf[U]{slices.Clone(strategies)}
	if first, ok := strategies[0].(lasting); ok {
		return &lastingAnyOf[U]{all, first}, nil
	}
	return all, nil
}

// anyOf is a strategy of at least one.
type anyOf[U any] struct{ strategies []Strategy[U] }

func (all *anyOf[U]) WriteToken(ctx context.Context, user U) (string, error) {
	token, err := all.strategies[0].WriteToken(ctx, user)
	if err != nil {
		return "", err
	}
	return token, nil
}

func (all *anyOf[U]) ReadToken(ctx context.Context, token string, load UserLoader[U]) (U, error) {
	var none U
	if load == nil {
		return none, errNilLoader
	}
	var failure, refusal error
	for _, strategy := range all.strategies {
		user, err := strategy.ReadToken(ctx, token, load)
		if err == nil {
			return user, nil
		}
		if isFinal(err) {
			return none, err
		}
		if !errors.Is(err, ErrInvalidToken) {
			failure = cmp.Or(failure, err)
		} else if refusal == nil || progress(err) > progress(refusal) {
			refusal = err
		}
	}
	return none, cmp.Or(failure, refusal)
}

func (all *anyOf[U]) DestroyToken(ctx context.Context, token string, user U) error {
	var failures []error
	for _, strategy := range all.strategies {
		failures = append(failures, strategy.DestroyToken(ctx, token, user))
	}
	return errors.Join(failures...)
}

// For package session.
func init() { inspect.Set(writers) }

// writers returns the JWTStrategies that sign among the strategy and those that AnyOf
// has combined in it. What wraps a strategy, inspect.Writers opens.
func writers(strategy any) []inspect.Writer {
	if s, ok := strategy.(interface{ writers() []inspect.Writer }); ok {
		return s.writers()
	}
	return nil
}

func (all *anyOf[U]) writers() (found []inspect.Writer) {
	for _, strategy := range all.strategies {
		found = append(found, inspect.Writers(strategy)...)
	}
	return found
}

func (s *JWTStrategy[U]) writers() []inspect.Writer {
	if s == nil || s.tokens == nil || s.tokens.keys.Signing == nil {
		return nil
	}
	return []inspect.Writer{{TokenID: s.tokens.tokenID, IssuedAt: s.tokens.issuedAt}}
}

// lasting is what tells how long its tokens are valid.
type lasting interface{ Lifetime() time.Duration }

// lastingAnyOf is anyOf whose first strategy is lasting.
type lastingAnyOf[U any] struct {
	*anyOf[U]
	first lasting
}

// Lifetime returns that of the first strategy, which writes.
func (a *lastingAnyOf[U]) Lifetime() time.Duration { return a.first.Lifetime() }
