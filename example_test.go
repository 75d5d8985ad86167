package authstrategy_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// User is the user record that the examples share.
type User struct {
	ID       string
	Name     string
	Inactive bool
}

func (u *User) TokenSubject() string { return u.ID }

var users = map[string]*User{
	"1": {ID: "1", Name: "Ada"},
	"2": {ID: "2", Name: "Bob", Inactive: true},
}

// findUser is the plainest loader: a look-up by the subject. A nil user is
// refused.
func findUser(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	return users[claims.Subject], nil
}

// A secret and a type of user are all that a strategy needs.
func Example() {
	// In production: authstrategy.NewSecret(os.Getenv("AUTH_SECRET")), made once
	// by openssl rand -base64 32. This one is a test secret.
	secret := authstrategy.NewSecret("test secret of 32 bytes or more!")

	strategy, err := authstrategy.GetJWTStrategy[*User](secret, authstrategy.WithLifetime(15*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	// At login, after the password was right:
	token, err := strategy.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}
	// On every request after that:
	user, err := strategy.ReadToken(ctx, token, findUser)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name)

	_, err = strategy.ReadToken(ctx, token+"x", findUser)
	fmt.Println(errors.Is(err, authstrategy.ErrInvalidToken))
	// Output:
	// Ada
	// true
}

// The secret is a private key that signs; a second service holds the public key
// alone, and can read tokens but not write them.
func ExampleGetJWTStrategy_rs256() {
	private, err := os.ReadFile("testdata/keys/rsa.pem") // test keys
	if err != nil {
		log.Fatal(err)
	}
	public, err := os.ReadFile("testdata/keys/rsa.pub.pem")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	login, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(string(private)),
		authstrategy.WithAlgorithm(authstrategy.RS256),
		authstrategy.WithPublicKey(string(public))) // may be omitted: it is derived
	if err != nil {
		log.Fatal(err)
	}
	token, err := login.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}

	service, err := authstrategy.GetJWTStrategy[*User](authstrategy.Secret{},
		authstrategy.WithAlgorithm(authstrategy.RS256),
		authstrategy.WithPublicKey(string(public)))
	if err != nil {
		log.Fatal(err)
	}
	user, err := service.ReadToken(ctx, token, findUser)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name)

	_, err = service.WriteToken(ctx, users["1"])
	fmt.Println(errors.Is(err, authstrategy.ErrNoSigningKey))
	// Output:
	// Ada
	// true
}

// Employee is a user whose roles travel in the token.
type Employee struct {
	ID    string   `json:"sub"`
	Roles []string `json:"roles"`
}

func (e Employee) TokenSubject() string { return e.ID }

// TokenClaims adds the roles to the token.
func (e Employee) TokenClaims() any {
	return struct {
		Roles []string `json:"roles"`
	}{e.Roles}
}

// Private claims save the database: the loader makes the user out of the token
// alone. They are as old as the token, so keep its lifetime short.
func ExampleClaimsProvider() {
	strategy, err := authstrategy.GetJWTStrategy[Employee](authstrategy.NewSecret("test secret of 32 bytes or more!"),
		authstrategy.WithLifetime(5*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token, err := strategy.WriteToken(ctx, Employee{ID: "7", Roles: []string{"editor", "admin"}})
	if err != nil {
		log.Fatal(err)
	}

	user, err := strategy.ReadToken(ctx, token, func(_ context.Context, claims *authstrategy.Claims) (Employee, error) {
		var e Employee
		if err := claims.Decode(&e); err != nil { // a token from before the roles looked like this
			return e, fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, err)
		}
		return e, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.ID, user.Roles)
	// Output: 7 [editor admin]
}

type tenantKey struct{}

// A tenants picks the strategy of the tenant that the context names. Each
// tenant has a secret of its own, and its strategy is built once.
type tenants struct {
	secrets map[string]authstrategy.Secret

	mu    sync.Mutex
	built map[string]authstrategy.Strategy[*User]
}

func (t *tenants) strategy(ctx context.Context) (authstrategy.Strategy[*User], error) {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	secret, known := t.secrets[tenant]
	if !known {
		return nil, fmt.Errorf("no tenant %q: %w", tenant, authstrategy.ErrTokenUnverifiable) // 401, not 503
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.built[tenant]; ok {
		return s, nil
	}
	s, err := authstrategy.GetJWTStrategy[*User](secret, authstrategy.WithAudience(tenant))
	if err != nil {
		return nil, err
	}
	t.built[tenant] = s
	return s, nil
}

// A factory picks a strategy per tenant. One tenant's token is worth nothing at
// another.
func ExampleStrategyFactory() {
	t := &tenants{
		secrets: map[string]authstrategy.Secret{
			"red":  authstrategy.NewSecret("test secret of the tenant red :)"),
			"blue": authstrategy.NewSecret("test secret of the tenant blue:)"),
		},
		built: map[string]authstrategy.Strategy[*User]{},
	}
	var strategy authstrategy.Strategy[*User] = authstrategy.StrategyFactory[*User](t.strategy)

	at := func(tenant string) context.Context {
		return context.WithValue(context.Background(), tenantKey{}, tenant)
	}
	token, err := strategy.WriteToken(at("red"), users["1"])
	if err != nil {
		log.Fatal(err)
	}
	for _, tenant := range []string{"red", "red", "blue", "green"} {
		_, err := strategy.ReadToken(at(tenant), token, findUser)
		fmt.Println(tenant, errors.Is(err, authstrategy.ErrInvalidToken), errors.Is(err, authstrategy.ErrTokenSignature))
	}
	fmt.Println(len(t.built), "built")
	// Output:
	// red false false
	// red false false
	// blue true true
	// green true false
	// 2 built
}

// A loader refuses users who may not come in, whatever their token says.
func ExampleUserLoader_inactive() {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	if err != nil {
		log.Fatal(err)
	}
	activeUser := func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		user := users[claims.Subject]
		if user != nil && user.Inactive {
			return nil, authstrategy.ErrUserRefused
		}
		return user, nil
	}
	ctx := context.Background()
	for _, id := range []string{"1", "2", "3"} {
		token, err := strategy.WriteToken(ctx, &User{ID: id})
		if err != nil {
			log.Fatal(err)
		}
		_, err = strategy.ReadToken(ctx, token, activeUser)
		fmt.Println(id, errors.Is(err, authstrategy.ErrUserRefused), errors.Is(err, authstrategy.ErrUserNotFound))
	}
	// Output:
	// 1 false false
	// 2 true false
	// 3 false true
}

// Account is a user whose tokens end with the password.
type Account struct {
	ID      string
	Version int64 // goes up with each new password
}

func (a *Account) TokenSubject() string { return a.ID }

// TokenClaims writes the version into the token.
func (a *Account) TokenClaims() any { return map[string]any{"version": a.Version} }

// A version in the token and in the user's record logs the user out everywhere:
// the loader refuses a token of another version, or of none. That is exact where
// IssuedAt is not, since IssuedAt has whole seconds.
func ExampleClaimsProvider_version() {
	strategy, err := authstrategy.GetJWTStrategy[*Account](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	if err != nil {
		log.Fatal(err)
	}
	account := &Account{ID: "1", Version: 7} // a row of your database
	load := func(_ context.Context, claims *authstrategy.Claims) (*Account, error) {
		var token struct {
			Version *int64 `json:"version"` // nil: the token has none
		}
		if err := claims.Decode(&token); err != nil {
			return nil, fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, err)
		}
		if token.Version == nil || *token.Version != account.Version {
			return nil, authstrategy.ErrUserRefused
		}
		return account, nil
	}
	ctx := context.Background()
	login := func() string {
		token, err := strategy.WriteToken(ctx, account)
		if err != nil {
			log.Fatal(err)
		}
		return token
	}

	stolen := login()
	account.Version++ // in the statement that stores the new password
	fresh := login()  // in the same second

	_, err = strategy.ReadToken(ctx, stolen, load)
	fmt.Println("stolen", errors.Is(err, authstrategy.ErrUserRefused))
	_, err = strategy.ReadToken(ctx, fresh, load)
	fmt.Println("fresh", err)
	// Output:
	// stolen true
	// fresh <nil>
}

// IssuedAt tells how old a login is: after five minutes the user has to enter the
// password again before the account is deleted.
func ExampleWithIssuedAt() {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"),
		authstrategy.WithIssuedAt(),
		authstrategy.WithClock(func() time.Time { return now }))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token, err := strategy.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}
	deleteAccount := func() string {
		claims, err := strategy.ReadClaims(ctx, token)
		if err != nil {
			return "log in"
		}
		if now.Sub(claims.IssuedAt) > 5*time.Minute { // or it has none: the zero time is long ago
			return "enter your password again"
		}
		return "deleted"
	}

	now = now.Add(30 * time.Minute)
	fmt.Println(deleteAccount())
	if token, err = strategy.WriteToken(ctx, users["1"]); err != nil { // the password was right
		log.Fatal(err)
	}
	fmt.Println(deleteAccount())
	// Output:
	// enter your password again
	// deleted
}

// queryUser stands for a look-up by database/sql.
func queryUser(_ context.Context, id int64) (*User, error) {
	if id != 1 {
		return nil, sql.ErrNoRows
	}
	return users["1"], nil
}

// What says that there is no such user is ErrUserNotFound: no row, and an id
// that is none. Every other error stays what it is.
func ExampleUserLoader_database() {
	strategy, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	if err != nil {
		log.Fatal(err)
	}
	load := func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		id, err := strconv.ParseInt(claims.Subject, 10, 64)
		if err != nil {
			return nil, authstrategy.ErrUserNotFound
		}
		user, err := queryUser(ctx, id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, authstrategy.ErrUserNotFound
		}
		return user, err
	}
	ctx := context.Background()
	for _, id := range []string{"1", "2", "no number"} {
		token, err := strategy.WriteToken(ctx, &User{ID: id})
		if err != nil {
			log.Fatal(err)
		}
		_, err = strategy.ReadToken(ctx, token, load)
		fmt.Println(id, errors.Is(err, authstrategy.ErrUserNotFound))
	}
	// Output:
	// 1 false
	// 2 true
	// no number true
}
