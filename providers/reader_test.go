package providers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

const (
	patience = 20 * time.Second // for what has no time of its own
	interval = 10 * time.Millisecond
)

func reader(t *testing.T, source *jwks.Source, issuer string, alg authstrategy.Algorithm, opts ...authstrategy.Option) *authstrategy.JWTStrategy[*authstrategy.Claims] {
	t.Helper()
	opts = append(opts, authstrategy.WithKeySource(source), authstrategy.WithIssuer(issuer), authstrategy.WithAlgorithm(alg))
	strategy, err := authstrategy.GetJWTStrategy[*authstrategy.Claims](authstrategy.Secret{}, opts...)
	require.NoError(t, err)
	return strategy
}

func discover(t *testing.T, issuer string, opts ...jwks.Option) *jwks.Source {
	t.Helper()
	source, err := jwks.Discover(issuer, append(opts, jwks.WithInsecureHTTP())...)
	require.NoError(t, err)
	return source
}

func requireUnavailable(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, jwks.ErrUnavailable)
	require.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
}

// waitUntil asks again and again, within the time and in the test's own goroutine.
func waitUntil(t *testing.T, within time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !done() {
		require.True(t, time.Now().Before(deadline), "within %v %s", within, what)
		time.Sleep(interval)
	}
}

// keyID returns the kid of a token's header.
func keyID(t *testing.T, token string) string {
	t.Helper()
	return header(t, token)["kid"].(string)
}
