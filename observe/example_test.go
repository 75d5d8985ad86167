package observe_test

import (
	"context"
	"fmt"
	"log"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/observe"
)

// A hook may do what it likes with an event. Here it prints all but the duration.
func ExampleStrategy() {
	inner, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("example secret, not for production"))
	if err != nil {
		log.Fatal(err)
	}
	strategy, err := observe.Strategy(inner, func(ctx context.Context, e observe.Event) {
		fmt.Printf("%s %q\n", e.Operation, observe.Reason(e.Err))
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	token, _ := strategy.WriteToken(ctx, "ada")
	_, _ = strategy.ReadToken(ctx, token, authstrategy.LoadSubject)
	_, _ = strategy.ReadToken(ctx, token+"A", authstrategy.LoadSubject)
	// Output:
	// write ""
	// read ""
	// read "token_signature"
}
