package main

import (
	"context"

	"github.com/go-authstrategy/authstrategy"
)

// authStrategy is this package, with a loader that takes the subject for the
// user. All requests share one strategy.
var authStrategy = contender{
	name:      "authstrategy",
	newReader: func(alg string, k *keys) (reader, error) { return newOwnReader(alg, k) },
	newWriter: func(alg string, k *keys) (writer, error) {
		strategy, err := newStrategy[authstrategy.Subject](alg, k)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return func(subject string) (string, error) {
			return strategy.WriteToken(ctx, authstrategy.Subject(subject))
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		strategy, err := newStrategy[member](alg, k)
		if err != nil {
			return nil, err
		}
		ctx := context.Background()
		return func(subject string) (string, error) {
			return strategy.WriteToken(ctx, member{subject})
		}, nil
	},
}

// A member is a user whose tokens have private claims.
type member struct{ id string }

func (m member) TokenSubject() string { return m.id }
func (m member) TokenClaims() any     { return adasClaims }

func newStrategy[U authstrategy.User](alg string, k *keys, opts ...authstrategy.Option) (*authstrategy.JWTStrategy[U], error) {
	secret, err := k.pem(alg)
	if err != nil {
		return nil, err
	}
	opts = append([]authstrategy.Option{
		authstrategy.WithAlgorithm(authstrategy.Algorithm(alg)),
		authstrategy.WithAudience(audience),
		authstrategy.WithLifetime(lifetime),
	}, opts...)
	return authstrategy.GetJWTStrategy[U](authstrategy.NewSecret(secret), opts...)
}

// newOwnReader returns the reader of a strategy with more options.
func newOwnReader(alg string, k *keys, opts ...authstrategy.Option) (reader, error) {
	strategy, err := newStrategy[authstrategy.Subject](alg, k, opts...)
	if err != nil {
		return nil, err
	}
	return readerOf(strategy), nil
}

func readerOf(strategy authstrategy.Strategy[authstrategy.Subject]) reader {
	ctx := context.Background()
	load := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		return authstrategy.Subject(claims.Subject), nil
	}
	return func(token string) (string, error) {
		user, err := strategy.ReadToken(ctx, token, load)
		return string(user), err
	}
}
