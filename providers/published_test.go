package providers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

const (
	ourIssuer   = "https://issuer.test"
	ourAudience = "an API"
	ourSubject  = "42"
)

type strategy = *authstrategy.JWTStrategy[authstrategy.Subject]

// Every peer reads our tokens by the set that we publish, through a rotation: the
// next keys beside the old ones, then the next keys alone.
func TestPublishedSet(t *testing.T) {
	old, next, stranger := newStrategies(t), newStrategies(t), newStrategies(t)
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			site := publish(t, old)
			reader := p.open(t, site.url)
			for _, alg := range p.algorithms {
				requireRead(t, reader, alg, old[alg])
				requireRefused(t, reader, alg, stranger[alg], p.unknownKey)
				requireRefused(t, reader, alg, impostor(t, alg, old[alg]), p.badSignature)
			}

			site.publish(t, next, old)
			p.refreshWhereNeeded(t, reader)
			for _, alg := range p.algorithms {
				waitUntil(t, p.within, "it finds the next key of "+string(alg), func() bool {
					_, err := read(t, reader, alg, next[alg])
					return err == nil
				})
				requireRead(t, reader, alg, next[alg])
				requireRead(t, reader, alg, old[alg])
			}

			site.publish(t, next)
			for _, alg := range p.algorithms {
				if !p.expires {
					requireRead(t, reader, alg, old[alg]) // nothing had it look
				}
			}
			p.refreshWhereNeeded(t, reader)
			for _, alg := range p.algorithms {
				waitUntil(t, p.within, "it forgets the old key of "+string(alg), func() bool {
					requireRefused(t, reader, alg, stranger[alg], p.unknownKey)
					_, err := read(t, reader, alg, old[alg])
					return err != nil
				})
				requireRefused(t, reader, alg, old[alg], p.unknownKey)
				requireRead(t, reader, alg, next[alg])
			}
		})
	}
}

// The name Ed25519 is younger than most libraries. A key of that name costs none of
// the others; who does not know the name does not read its tokens.
func TestPublishedEd25519(t *testing.T) {
	ours := map[authstrategy.Algorithm]strategy{
		authstrategy.RS256:   newStrategies(t)[authstrategy.RS256],
		authstrategy.Ed25519: newStrategy(t, authstrategy.Ed25519),
	}
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			reader := p.open(t, publish(t, ours).url)
			requireRead(t, reader, authstrategy.RS256, ours[authstrategy.RS256])
			if p.noEd25519 == "" {
				requireRead(t, reader, authstrategy.Ed25519, ours[authstrategy.Ed25519])
				return
			}
			requireRefused(t, reader, authstrategy.Ed25519, ours[authstrategy.Ed25519], p.noEd25519)
		})
	}
}

// The kid of WithThumbprintKeyID is the thumbprint that others compute from the JWK.
func TestThumbprints(t *testing.T) {
	nodeJOSE := start(t, "jose.mjs")
	for alg, s := range newStrategies(t) {
		set, err := jwks.Marshal(s.PublicKey())
		require.NoError(t, err)
		var parsed struct{ Keys []json.RawMessage }
		require.NoError(t, json.Unmarshal(set, &parsed))
		require.Len(t, parsed.Keys, 1)

		var goJOSE jose.JSONWebKey
		require.NoError(t, goJOSE.UnmarshalJSON(parsed.Keys[0]))
		require.True(t, goJOSE.Valid())
		thumbprint, err := goJOSE.Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		assert.Equal(t, goJOSE.KeyID, base64.RawURLEncoding.EncodeToString(thumbprint), "go-jose, %s", alg)

		jwx, err := jwk.ParseKey(parsed.Keys[0])
		require.NoError(t, err)
		require.NoError(t, jwx.Validate())
		thumbprint, err = jwx.Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		assert.Equal(t, goJOSE.KeyID, base64.RawURLEncoding.EncodeToString(thumbprint), "jwx, %s", alg)

		answer := nodeJOSE.ask(t, request{"op": "thumbprint", "jwk": parsed.Keys[0]})
		assert.Equal(t, goJOSE.KeyID, answer["thumbprint"], "jose, %s", alg)
		assert.Equal(t, goJOSE.KeyID, s.PublicKey().ID())
	}
}

// The other way round: what a peer signs is read by the JWK that the peer exports.
func TestSignedByPeers(t *testing.T) {
	for _, p := range peers {
		for _, alg := range p.signs {
			t.Run(p.name+"/"+string(alg), func(t *testing.T) {
				t.Parallel()
				token, jwk := p.sign(t, alg, map[string]any{
					"iss": ourIssuer, "aud": ourAudience, "sub": ourSubject, "exp": time.Now().Add(time.Hour).Unix(),
				})
				source, err := jwks.Parse(jwk)
				require.NoError(t, err)
				require.Empty(t, source.Skipped())
				strategy := reader(t, source, ourIssuer, alg, authstrategy.WithAudience(ourAudience))
				claims, err := strategy.ReadToken(t.Context(), token, authstrategy.LoadClaims)
				require.NoError(t, err)
				assert.Equal(t, ourSubject, claims.Subject)
				assert.NotEmpty(t, keyID(t, token))

				other, err := jwks.Parse(ourSet(t, newStrategy(t, alg)))
				require.NoError(t, err)
				_, err = reader(t, other, ourIssuer, alg, authstrategy.WithAudience(ourAudience)).ReadClaims(t.Context(), token)
				require.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable, "another kid")
			})
		}
	}
}

func ourSet(t *testing.T, s strategy) []byte {
	t.Helper()
	set, err := jwks.Marshal(s.PublicKey())
	require.NoError(t, err)
	return set
}

// A site serves a JWK Set that changes.
type site struct {
	url     string
	handler atomic.Pointer[http.Handler]
}

func publish(t *testing.T, strategies map[authstrategy.Algorithm]strategy) *site {
	t.Helper()
	s := &site{}
	s.publish(t, strategies)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.handler.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/jwks.json"
	return s
}

func (s *site) publish(t *testing.T, sets ...map[authstrategy.Algorithm]strategy) {
	t.Helper()
	var keys []*authstrategy.PublicKey
	for _, set := range sets {
		for _, strategy := range set {
			keys = append(keys, strategy.PublicKey())
		}
	}
	handler, err := jwks.Handler(time.Hour, keys...)
	require.NoError(t, err)
	s.handler.Store(&handler)
}

// newStrategies returns a strategy with a new key for each algorithm that the peers
// read.
func newStrategies(t *testing.T) map[authstrategy.Algorithm]strategy {
	t.Helper()
	strategies := map[authstrategy.Algorithm]strategy{}
	for _, alg := range []authstrategy.Algorithm{authstrategy.RS256, authstrategy.ES256, authstrategy.EdDSA} {
		strategies[alg] = newStrategy(t, alg)
	}
	return strategies
}

func newStrategy(t *testing.T, alg authstrategy.Algorithm) strategy {
	t.Helper()
	return strategyOf(t, alg, authstrategy.WithThumbprintKeyID())
}

// impostor returns a strategy with a key of its own that it gives the other's kid.
func impostor(t *testing.T, alg authstrategy.Algorithm, other strategy) strategy {
	t.Helper()
	return strategyOf(t, alg, authstrategy.WithKeyID(other.PublicKey().ID()))
}

func strategyOf(t *testing.T, alg authstrategy.Algorithm, kid authstrategy.Option) strategy {
	t.Helper()
	secret := authstrategy.NewSecret(encode(t, newPrivateKey(t, alg)))
	s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](secret, kid, authstrategy.WithAlgorithm(alg),
		authstrategy.WithIssuer(ourIssuer), authstrategy.WithAudience(ourAudience))
	require.NoError(t, err)
	return s
}

func newPrivateKey(t *testing.T, alg authstrategy.Algorithm) (private crypto.Signer) {
	t.Helper()
	var err error
	switch alg {
	case authstrategy.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case authstrategy.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	require.NoError(t, err)
	return private
}

func encode(t *testing.T, private crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func read(t *testing.T, r keyReader, alg authstrategy.Algorithm, writer strategy) (subject string, err error) {
	t.Helper()
	token, err := writer.WriteToken(t.Context(), ourSubject)
	require.NoError(t, err)
	return r.read(alg, token)
}

func requireRead(t *testing.T, r keyReader, alg authstrategy.Algorithm, writer strategy) {
	t.Helper()
	subject, err := read(t, r, alg, writer)
	require.NoError(t, err, "%s", alg)
	require.Equal(t, ourSubject, subject)
}

func requireRefused(t *testing.T, r keyReader, alg authstrategy.Algorithm, writer strategy, why string) {
	t.Helper()
	_, err := read(t, r, alg, writer)
	require.ErrorContains(t, err, why, "%s", alg)
}

// header returns the header of a token.
func header(t *testing.T, token string) (members map[string]any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(slices.Collect(strings.SplitSeq(token, "."))[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &members))
	return members
}
