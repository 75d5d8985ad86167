package authstrategy_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// A new secret, and nobody is logged out: new tokens are written with the first
// strategy, and the old ones are read until they expire.
func ExampleAnyOf() {
	os.Setenv("AUTH_SECRET", "test secret of 32 bytes or more!")
	os.Setenv("AUTH_SECRET_PREVIOUS", "an older test secret of 32 bytes")

	current, err1 := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(os.Getenv("AUTH_SECRET")))
	previous, err2 := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(os.Getenv("AUTH_SECRET_PREVIOUS")))
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	strategy, err := authstrategy.AnyOf(current, previous) // writes with current, reads with both
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	old, err := previous.WriteToken(ctx, users["1"])
	if err != nil {
		log.Fatal(err)
	}
	user, err := strategy.ReadToken(ctx, old, findUser)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name)
	// Output: Ada
}

// The keys come from the issuer, and follow its changes.
func ExampleWithKeySource() {
	keys, err := jwks.Discover("https://TENANT.auth0.com/")
	if err != nil {
		log.Fatal(err)
	}
	strategy, err := authstrategy.GetJWTStrategy[*authstrategy.Claims](authstrategy.Secret{},
		authstrategy.WithKeySource(keys),
		authstrategy.WithAlgorithm(authstrategy.RS256),
		authstrategy.WithIssuer("https://TENANT.auth0.com/"),
		authstrategy.WithAudience("API-IDENTIFIER"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strategy)
	// Output: JWTStrategy(RS256, audience ["API-IDENTIFIER"], lifetime 1h0m0s)
}
