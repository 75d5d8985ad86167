package providers

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// algorithms are those of oidc-provider that are read here.
var algorithms = []authstrategy.Algorithm{authstrategy.RS256, authstrategy.ES256, authstrategy.EdDSA, authstrategy.Ed25519}

// The provider's tokens are read by the keys that it publishes: those of a user who
// logs in, and those of a service.
func TestProviderTokens(t *testing.T) {
	p := startProvider(t)
	p.serve(t, p.generate(t, "a"))
	source := discover(t, p.issuer)
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			idToken, accessToken := p.logIn(t, alg)
			clientID, api := "client-"+string(alg), "https://api.test/"+string(alg)
			id := reader(t, source, p.issuer, alg, authstrategy.WithAudience(clientID))
			access := reader(t, source, p.issuer, alg, authstrategy.WithAudience(api), authstrategy.WithTokenType("at+jwt"))

			claims, err := id.ReadToken(t.Context(), idToken, authstrategy.LoadClaims)
			require.NoError(t, err)
			var private struct {
				Nonce string `json:"nonce"`
			}
			require.NoError(t, claims.Decode(&private))
			assert.Equal(t, "ada", claims.Subject)
			assert.Equal(t, "a nonce", private.Nonce)

			claims, err = access.ReadToken(t.Context(), accessToken, authstrategy.LoadClaims)
			require.NoError(t, err)
			assert.Equal(t, "ada", claims.Subject)
			assert.Equal(t, []string{api}, claims.Audience)

			claims, err = access.ReadToken(t.Context(), p.serviceToken(t, alg), authstrategy.LoadClaims)
			require.NoError(t, err)
			assert.Equal(t, clientID, claims.Subject)

			// One key signs both kinds; neither is taken for the other.
			_, err = id.ReadClaims(t.Context(), accessToken)
			require.ErrorIs(t, err, authstrategy.ErrTokenType)
			_, err = access.ReadClaims(t.Context(), idToken)
			require.ErrorIs(t, err, authstrategy.ErrTokenType)
		})
	}
	assert.Empty(t, source.Skipped())
	require.NoError(t, source.Err())
}

// One algorithm's tokens are never read by another's keys, though the set holds both,
// except that EdDSA and Ed25519 are two names of one algorithm.
func TestProviderAlgorithms(t *testing.T) {
	p := startProvider(t)
	p.serve(t, p.generate(t, "a"))
	source := discover(t, p.issuer)
	for _, written := range algorithms {
		token := p.serviceToken(t, written)
		for _, read := range algorithms {
			_, err := p.reader(t, source, read, written).ReadClaims(t.Context(), token)
			if read == written || isEdwards(read) && isEdwards(written) {
				require.NoError(t, err, "%s read as %s", written, read)
				continue
			}
			require.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable, "%s read as %s", written, read)
		}
	}
}

func isEdwards(alg authstrategy.Algorithm) bool {
	return alg == authstrategy.EdDSA || alg == authstrategy.Ed25519
}

// The provider changes its keys while its tokens are read: nobody is logged out
// until the old keys are withdrawn.
func TestProviderRotation(t *testing.T) {
	const maxAge = 2 * time.Second
	p := startProvider(t)
	old, next := p.generate(t, "a"), p.generate(t, "b")
	p.serve(t, old)
	source := discover(t, p.issuer, jwks.WithMaxAge(maxAge), jwks.WithCooldown(50*time.Millisecond))
	oldTokens := p.serviceTokens(t)
	readOld := readInBackground(t, p, source, oldTokens)

	p.serve(t, jwkSet{append(next.Keys, old.Keys...)}) // it signs with the first that fits
	nextTokens := p.serviceTokens(t)
	for alg, token := range nextTokens {
		require.NotEqual(t, keyID(t, oldTokens[alg]), keyID(t, token))
		strategy := p.reader(t, source, alg, alg)
		waitUntil(t, patience, "the next key of "+string(alg)+" is read", func() bool {
			_, err := strategy.ReadClaims(t.Context(), token)
			if err != nil { // within the cooldown, nobody has heard of its kid
				require.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable)
			}
			return err == nil
		})
	}
	readNext := readInBackground(t, p, source, nextTokens)
	readOld()

	p.serve(t, next)
	for alg, token := range oldTokens {
		strategy := p.reader(t, source, alg, alg)
		waitUntil(t, 2*maxAge, "the old key of "+string(alg)+" is gone", func() bool {
			_, err := strategy.ReadClaims(t.Context(), token)
			if err != nil {
				require.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable)
			}
			return err != nil
		})
	}
	readNext()
}

// While the provider is down, known keys are read and unknown ones are an outage,
// never an invalid token. Once it is back, its new keys are found.
func TestProviderOutage(t *testing.T) {
	p := startProvider(t)
	old, next := p.generate(t, "a"), p.generate(t, "b")
	p.serve(t, old)
	source := discover(t, p.issuer, jwks.WithCooldown(time.Second))
	oldTokens := p.serviceTokens(t)
	for alg, token := range oldTokens {
		_, err := p.reader(t, source, alg, alg).ReadClaims(t.Context(), token)
		require.NoError(t, err)
	}
	p.serve(t, next)
	nextTokens := p.serviceTokens(t)

	p.stop()
	err := source.Refresh(t.Context())
	requireUnavailable(t, err)
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "the cause")
	for range 20 {
		for _, alg := range algorithms {
			strategy := p.reader(t, source, alg, alg)
			_, err := strategy.ReadClaims(t.Context(), oldTokens[alg])
			require.NoError(t, err)
			_, err = strategy.ReadClaims(t.Context(), nextTokens[alg])
			requireUnavailable(t, err)
		}
	}
	require.NoError(t, source.Err(), "the keys at hand may be used")

	p.restart(t, next)
	back := time.Now()
	for alg, token := range nextTokens {
		strategy := p.reader(t, source, alg, alg)
		waitUntil(t, time.Until(back.Add(2*time.Second)), "the new key of "+string(alg)+" is read", func() bool {
			_, err := strategy.ReadClaims(t.Context(), token)
			if err != nil {
				requireUnavailable(t, err)
			}
			return err == nil
		})
		_, err := strategy.ReadClaims(t.Context(), oldTokens[alg])
		require.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable)
	}
}

// A service that starts before its provider says so, and reads once it is there.
func TestProviderStartsLate(t *testing.T) {
	p := startProvider(t)
	keys := p.generate(t, "a")
	p.serve(t, keys)
	token := p.serviceToken(t, authstrategy.RS256)
	p.stop()

	source := discover(t, p.issuer)
	strategy := p.reader(t, source, authstrategy.RS256, authstrategy.RS256)
	requireUnavailable(t, source.Refresh(t.Context()))
	requireUnavailable(t, source.Err())
	_, err := strategy.ReadClaims(t.Context(), token)
	requireUnavailable(t, err)

	p.restart(t, keys)
	require.NoError(t, source.Refresh(t.Context()))
	require.NoError(t, source.Err())
	_, err = strategy.ReadClaims(t.Context(), token)
	require.NoError(t, err)
}

// An issuer that the provider does not call itself is refused.
func TestProviderOfAnotherName(t *testing.T) {
	p := startProvider(t)
	p.serve(t, p.generate(t, "a"))
	for _, issuer := range []string{p.issuer + "/", strings.Replace(p.issuer, "127.0.0.1", "localhost", 1)} {
		err := discover(t, issuer).Refresh(t.Context())
		requireUnavailable(t, err)
		require.ErrorContains(t, err, fmt.Sprintf("its issuer is %q", p.issuer))
	}
}

// readInBackground reads the tokens all the time, each in a goroutine of its own. What
// it returns ends that, and fails the test if a token was ever refused.
func readInBackground(t *testing.T, p *provider, source *jwks.Source, tokens map[authstrategy.Algorithm]string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var read atomic.Int64
	for alg, token := range tokens {
		strategy := p.reader(t, source, alg, alg)
		group.Go(func() {
			for ctx.Err() == nil {
				_, err := strategy.ReadClaims(t.Context(), token)
				if !assert.NoError(t, err, "%s, after %d reads", alg, read.Load()) {
					return
				}
				read.Add(1)
				time.Sleep(time.Millisecond) // leaves the processors to the provider
			}
		})
	}
	t.Cleanup(cancel)
	return func() {
		cancel()
		group.Wait()
		require.Positive(t, read.Load())
	}
}
