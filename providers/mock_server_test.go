package providers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// oauth2-mock-server's tokens are read, and the key that it adds while they are.
func TestMockServer(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			server := start(t, "oauth2-mock-server.mjs")
			server.ask(t, request{"op": "generate", "alg": alg, "kid": "a"})
			issuer := server.ask(t, request{"op": "serve"})["issuer"].(string)
			source := discover(t, issuer, jwks.WithCooldown(time.Millisecond))
			strategy := reader(t, source, issuer, alg, authstrategy.WithAudience("a client"))

			old := mockServerToken(t, issuer)
			require.Equal(t, "a", keyID(t, old))
			claims, err := strategy.ReadToken(t.Context(), old, authstrategy.LoadClaims)
			require.NoError(t, err)
			assert.Equal(t, "johndoe", claims.Subject)

			server.ask(t, request{"op": "generate", "alg": alg, "kid": "b"})
			next := mockServerToken(t, issuer) // by the old key, which comes first
			if keyID(t, next) == "a" {
				next = mockServerToken(t, issuer)
			}
			require.Equal(t, "b", keyID(t, next))
			waitUntil(t, patience, "the new key is read", func() bool {
				_, err := strategy.ReadClaims(t.Context(), next)
				return err == nil
			})
			_, err = strategy.ReadClaims(t.Context(), old)
			require.NoError(t, err)
		})
	}
}

// mockServerToken returns an ID token.
func mockServerToken(t *testing.T, issuer string) string {
	t.Helper()
	config := &oauth2.Config{ClientID: "a client", Endpoint: oauth2.Endpoint{TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	token, err := config.PasswordCredentialsToken(t.Context(), "johndoe", "")
	require.NoError(t, err)
	return token.Extra("id_token").(string)
}
