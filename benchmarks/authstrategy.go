package main

import (
	"context"

	"github.com/go-authstrategy/authstrategy"
)

// authStrategy is this package, with a loader that takes the subject for the
// user. All requests share one strategy.
var authStrategy = contender{
	name: "authstrategy",
	newReader: func(alg string, k *keys) (reader, error) {
		strategy, err := newStrategy(alg, k)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		load := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
			return authstrategy.Subject(claims.Subject), nil
		}
		return func(token string) (string, error) {
			user, err := strategy.ReadToken(ctx, token, load)
			return string(user), err
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		strategy, err := newStrategy(alg, k)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return func(subject string) (string, error) {
			return strategy.WriteToken(ctx, authstrategy.Subject(subject))
		}, nil
	},
}

func newStrategy(alg string, k *keys) (*authstrategy.JWTStrategy[authstrategy.Subject], error) {
	secret, err := k.pem(alg)
	if err != nil {
		return nil, err
	}
	return authstrategy.GetJWTStrategy[authstrategy.Subject](
		authstrategy.NewSecret(secret),
		authstrategy.WithAlgorithm(authstrategy.Algorithm(alg)),
		authstrategy.WithAudience(audience),
		authstrategy.WithLifetime(lifetime),
	)
}
