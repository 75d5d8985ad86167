package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// reads measures two ways to read a token by turns, so that a machine which slows
// down slows both, and returns the time of one read of each, the best of the turns.
func reads(b *testing.B, one, other func() error) (first, second time.Duration) {
	const batch = 50
	first, second = time.Hour, time.Hour
	turns := 0
	for b.Loop() {
		if turns++; turns%(2*batch) != 1 {
			continue
		}
		for _, way := range []struct {
			read func() error
			best *time.Duration
		}{{one, &first}, {other, &second}} {
			start := time.Now()
			for range batch {
				if err := way.read(); err != nil {
					b.Fatal(err)
				}
			}
			*way.best = min(*way.best, time.Since(start)/batch)
		}
	}
	return first, second
}

// BenchmarkAnyOf shows what AnyOf adds to a ReadToken of its first strategy, as
// anyof-ns: at most 60 on a machine that does nothing else.
func BenchmarkAnyOf(b *testing.B) {
	current, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("benchmark secret of 32 bytes or more!"))
	require.NoError(b, err)
	previous, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("another benchmark secret of 32 bytes!"))
	require.NoError(b, err)
	both, err := authstrategy.AnyOf[authstrategy.Subject](current, previous)
	require.NoError(b, err)
	ctx := context.Background()
	token, err := current.WriteToken(ctx, "42")
	require.NoError(b, err)
	read := func(s authstrategy.Strategy[authstrategy.Subject]) func() error {
		return func() error {
			_, err := s.ReadToken(ctx, token, authstrategy.LoadSubject)
			return err
		}
	}
	alone, together := reads(b, read(current), read(both))
	b.ReportMetric(float64(together-alone), "anyof-ns")
}

// BenchmarkKeySource shows what reading with a key source whose keys are at hand
// costs, as a multiple of reading with WithPublicKey: at most 1.15.
func BenchmarkKeySource(b *testing.B) {
	keys, err := newKeys()
	require.NoError(b, err)
	for _, c := range []struct {
		alg     authstrategy.Algorithm
		private crypto.Signer
	}{{authstrategy.RS256, keys.rsa}, {authstrategy.ES256, keys.ecdsa}, {authstrategy.EdDSA, keys.ed25519}} {
		b.Run(string(c.alg), func(b *testing.B) {
			der, err := x509.MarshalPKIXPublicKey(c.private.Public())
			require.NoError(b, err)
			public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
			alg, issuer := authstrategy.WithAlgorithm(c.alg), authstrategy.WithIssuer("https://issuer.example")
			writer, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, alg, issuer, authstrategy.WithSigner(c.private), authstrategy.WithThumbprintKeyID())
			require.NoError(b, err)
			plain, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, alg, issuer, authstrategy.WithPublicKey(public))
			require.NoError(b, err)
			handler, err := jwks.Handler(time.Hour, writer.PublicKey())
			require.NoError(b, err)
			server := httptest.NewServer(handler)
			defer server.Close()
			source, err := jwks.Remote(server.URL, jwks.WithInsecureHTTP())
			require.NoError(b, err)
			require.NoError(b, source.Refresh(b.Context()))
			sourced, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, alg, issuer, authstrategy.WithKeySource(source))
			require.NoError(b, err)
			ctx := context.Background()
			token, err := writer.WriteToken(ctx, "42")
			require.NoError(b, err)
			read := func(s *authstrategy.JWTStrategy[authstrategy.Subject]) func() error {
				return func() error {
					_, err := s.ReadClaims(ctx, token)
					return err
				}
			}
			withKey, withSource := reads(b, read(plain), read(sourced))
			b.ReportMetric(float64(withSource)/float64(withKey), "source/key")
		})
	}
}
