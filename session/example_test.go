package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// User is the user record that the examples share.
type User struct {
	ID       string
	Name     string
	Disabled bool
}

func (u *User) TokenSubject() string { return u.ID }

// users stands for a database.
var users = map[string]*User{"1": {ID: "1", Name: "Ada"}}

// findUser asks the database. A refresh token has no claims but the subject.
func findUser(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	user := users[claims.Subject]
	if user != nil && user.Disabled {
		return nil, authstrategy.ErrUserRefused
	}
	return user, nil // a nil user is refused
}

// newStrategy makes the strategy of the examples. In production its secret is
// authstrategy.NewSecret(os.Getenv("AUTH_SECRET")), made once by openssl rand -base64 32.
func newStrategy() *session.Strategy[*User] {
	inner, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"),
		authstrategy.WithTokenID(), authstrategy.WithIssuedAt(), authstrategy.WithLifetime(15*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	strategy, err := session.New(inner, session.NewMemory())
	if err != nil {
		log.Fatal(err)
	}
	return strategy
}

// Log out: the token is ended before it expires.
func Example() {
	strategy, ctx := newStrategy(), context.Background()
	token, err := strategy.WriteToken(ctx, users["1"]) // after checking the password
	if err != nil {
		log.Fatal(err)
	}
	user, err := strategy.ReadToken(ctx, token, findUser)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name)

	if err := strategy.DestroyToken(ctx, token, user); err != nil {
		log.Fatal(err)
	}
	_, err = strategy.ReadToken(ctx, token, findUser)
	fmt.Println(errors.Is(err, session.ErrRevoked), errors.Is(err, authstrategy.ErrInvalidToken))
	// Output:
	// Ada
	// true true
}

// Log out everywhere but here: end all tokens of the user, then write a new one. Both
// may happen in the same second.
func ExampleStrategy_DestroyAll() {
	strategy, ctx := newStrategy(), context.Background()
	phone, err := strategy.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}
	if err := strategy.DestroyAll(ctx, users["1"]); err != nil {
		log.Fatal(err)
	}
	here, err := strategy.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}
	_, err = strategy.ReadToken(ctx, phone, findUser)
	fmt.Println("phone:", err)
	_, err = strategy.ReadToken(ctx, here, findUser)
	fmt.Println("here:", err)
	// Output:
	// phone: session: revoked: all tokens of the user were ended after this one was written; log in again
	// here: <nil>
}

// Short-lived access tokens in a session of three months.
func ExampleRefresher() {
	strategy, ctx := newStrategy(), context.Background()
	secret := authstrategy.NewSecret("another secret, of 32 bytes or more!") // for nothing else
	refresher, err := session.NewRefresher(strategy, secret)
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := refresher.Start(ctx, users["1"]) // after checking the password
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokens.ExpiresIn, tokens.RefreshExpiresIn)

	// When the access token has expired:
	user, tokens, err := refresher.Refresh(ctx, tokens.Refresh, findUser)
	if errors.Is(err, session.ErrRefreshReused) {
		log.Println("a refresh token was stolen, or came twice: look into it")
	}
	if err != nil {
		log.Fatal(err) // errors.Is(err, authstrategy.ErrInvalidToken): answer 401; else 503
	}
	fmt.Println(user.Name)

	// Log out: the session, and the access token that is left.
	if err := refresher.End(ctx, tokens.Refresh); err != nil {
		log.Fatal(err)
	}
	if err := strategy.DestroyToken(ctx, tokens.Access, user); err != nil {
		log.Fatal(err)
	}
	_, _, err = refresher.Refresh(ctx, tokens.Refresh, findUser)
	fmt.Println(err)
	// Output:
	// 15m0s 336h0m0s
	// Ada
	// session: revoked: the session was ended; log in again
}
