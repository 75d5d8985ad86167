package providers

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// A peer is a library that reads tokens by the keys at a URL.
type peer struct {
	name       string
	algorithms []authstrategy.Algorithm // those that it reads
	open       func(t *testing.T, url string) keyReader

	// What it says to a kid that is not in the set, to a signature by another key, and
	// to a key that is called Ed25519: "" if it reads that.
	unknownKey, badSignature, noEd25519 string

	// It looks at the set again when a token names a kid that it has not got, and goes
	// by what it finds; except that one waits to be told, and one keeps each key for a
	// time. Some get there a little later.
	refresh func(t *testing.T, r keyReader)
	expires bool
	within  time.Duration

	signs []authstrategy.Algorithm
	sign  func(t *testing.T, alg authstrategy.Algorithm, claims map[string]any) (token string, jwk []byte)
}

type keyReader interface {
	// read verifies the token's signature, algorithm, issuer and audience.
	read(alg authstrategy.Algorithm, token string) (subject string, err error)
}

var (
	all    = []authstrategy.Algorithm{authstrategy.RS256, authstrategy.ES256, authstrategy.EdDSA}
	noEd   = []authstrategy.Algorithm{authstrategy.RS256, authstrategy.ES256}
	noES   = []authstrategy.Algorithm{authstrategy.RS256, authstrategy.EdDSA}
	withEd = append(all[:3:3], authstrategy.Ed25519)
)

var peers = []peer{
	{
		name: "jwks.Remote", algorithms: all, open: openRemote,
		unknownKey:   authstrategy.ErrTokenUnverifiable.Error(),
		badSignature: authstrategy.ErrTokenSignature.Error(),
	},
	{
		name: "jose", algorithms: all, open: openProcess("jose.mjs"),
		unknownKey:   "ERR_JWKS_NO_MATCHING_KEY: no applicable key found in the JSON Web Key Set",
		badSignature: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED: signature verification failed",
		signs:        withEd, sign: signByProcess("jose.mjs"),
	},
	{
		name: "jwks-rsa", algorithms: noEd, open: openProcess("jwks-rsa.mjs"),
		unknownKey:   "SigningKeyNotFoundError: Unable to find a signing key that matches",
		badSignature: "JsonWebTokenError: invalid signature",
		noEd25519:    `Error: Unknown key type "ed25519"`,
		expires:      true, // after the half second of jwks-rsa.mjs
		within:       patience,
		signs:        noEd, sign: signByProcess("jwks-rsa.mjs"),
	},
	{
		name: "PyJWKClient", algorithms: all, open: openProcess("pyjwkclient.py"),
		unknownKey:   "PyJWKClientError: Unable to find a signing key that matches",
		badSignature: "InvalidSignatureError: Signature verification failed",
		noEd25519:    "PyJWKClientError: Unable to find a signing key that matches", // it skips the key
		signs:        noES, sign: signByProcess("pyjwkclient.py"),
	},
	{
		name: "go-oidc", algorithms: all, open: openGoOIDC,
		unknownKey:   "failed to verify id token signature",
		badSignature: "failed to verify id token signature",
		noEd25519:    "failed to verify id token signature", // it skips the key
		within:       patience,                              // who comes right after a look gets what that one found
		signs:        all, sign: signByGoJOSE,
	},
	{
		name: "keyfunc", algorithms: all, open: openKeyfunc,
		unknownKey:   "key not found",
		badSignature: "token signature is invalid",
		noEd25519:    "signing method (alg) is unavailable",
		signs:        all, sign: signByJWKSet,
	},
	{
		name: "jwx", algorithms: all, open: openJWX,
		unknownKey:   "failed to find key with key ID",
		badSignature: "could not verify message",
		refresh:      func(t *testing.T, r keyReader) { r.(*jwxReader).refresh(t) },
		signs:        withEd, sign: signByJWX,
	},
}

func (p *peer) refreshWhereNeeded(t *testing.T, r keyReader) {
	t.Helper()
	if p.refresh != nil {
		p.refresh(t, r)
	}
}

// remoteReader is this module's own.
type remoteReader struct {
	source *jwks.Source
	t      *testing.T
}

// By default a new key is found 30 seconds after the last look.
func openRemote(t *testing.T, url string) keyReader {
	t.Helper()
	source, err := jwks.Remote(url, jwks.WithInsecureHTTP(), jwks.WithCooldown(time.Nanosecond))
	require.NoError(t, err)
	return remoteReader{source, t}
}

func (r remoteReader) read(alg authstrategy.Algorithm, token string) (string, error) {
	claims, err := reader(r.t, r.source, ourIssuer, alg, authstrategy.WithAudience(ourAudience)).ReadClaims(r.t.Context(), token)
	if err != nil {
		return "", err
	}
	return claims.Subject, nil
}

func openProcess(file string) func(t *testing.T, url string) keyReader {
	return func(t *testing.T, url string) keyReader {
		t.Helper()
		p := start(t, file)
		p.ask(t, request{"op": "open", "url": url})
		return p
	}
}

func (p *process) read(alg authstrategy.Algorithm, token string) (string, error) {
	answer, err := p.roundTrip(request{
		"op": "read", "token": token, "algorithms": []authstrategy.Algorithm{alg}, "issuer": ourIssuer, "audience": ourAudience,
	})
	if err != nil {
		return "", err
	}
	return answer["subject"].(string), nil
}

func signByProcess(file string) func(*testing.T, authstrategy.Algorithm, map[string]any) (string, []byte) {
	return func(t *testing.T, alg authstrategy.Algorithm, claims map[string]any) (string, []byte) {
		t.Helper()
		answer := start(t, file).ask(t, request{"op": "sign", "alg": alg, "claims": claims})
		return answer["token"].(string), marshal(t, answer["jwk"])
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}

// goOIDCReader keeps the set until a signature does not verify by it.
type goOIDCReader struct{ keys *oidc.RemoteKeySet }

func openGoOIDC(t *testing.T, url string) keyReader {
	return goOIDCReader{oidc.NewRemoteKeySet(t.Context(), url)}
}

func (r goOIDCReader) read(alg authstrategy.Algorithm, token string) (string, error) {
	config := &oidc.Config{ClientID: ourAudience, SupportedSigningAlgs: []string{string(alg)}}
	verified, err := oidc.NewVerifier(ourIssuer, r.keys, config).Verify(context.Background(), token)
	if err != nil {
		return "", err
	}
	return verified.Subject, nil
}

func signByGoJOSE(t *testing.T, alg authstrategy.Algorithm, claims map[string]any) (string, []byte) {
	t.Helper()
	private := newPrivateKey(t, alg)
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: private, KeyID: "a key of go-jose"}}
	signer, err := jose.NewSigner(key, nil)
	require.NoError(t, err)
	signed, err := signer.Sign(marshal(t, claims))
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token, marshal(t, jose.JSONWebKey{Key: private.Public(), KeyID: "a key of go-jose", Algorithm: string(alg), Use: "sig"})
}

type keyfuncReader struct{ keyfunc.Keyfunc }

// By default an unknown kid has it look once in five minutes, and others wait.
func openKeyfunc(t *testing.T, url string) keyReader {
	t.Helper()
	override := keyfunc.Override{RefreshUnknownKID: rate.NewLimiter(rate.Inf, 1)}
	keys, err := keyfunc.NewDefaultOverrideCtx(t.Context(), []string{url}, override)
	require.NoError(t, err)
	return keyfuncReader{keys}
}

func (r keyfuncReader) read(alg authstrategy.Algorithm, token string) (string, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, r.Keyfunc.Keyfunc, jwt.WithValidMethods([]string{string(alg)}),
		jwt.WithIssuer(ourIssuer), jwt.WithAudience(ourAudience))
	if err != nil {
		return "", err
	}
	return claims.Subject, nil
}

func signByJWKSet(t *testing.T, alg authstrategy.Algorithm, claims map[string]any) (string, []byte) {
	t.Helper()
	private := newPrivateKey(t, alg)
	token := jwt.NewWithClaims(jwt.GetSigningMethod(string(alg)), jwt.MapClaims(claims))
	token.Header["kid"] = "a key of jwkset"
	signed, err := token.SignedString(private)
	require.NoError(t, err)
	key, err := jwkset.NewJWKFromKey(private.Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{ALG: jwkset.ALG(alg), KID: "a key of jwkset", USE: jwkset.UseSig},
	})
	require.NoError(t, err)
	return signed, marshal(t, key.Marshal())
}

// jwxReader looks at the set as often as its Cache-Control says, and when it is told.
type jwxReader struct {
	cache *jwk.Cache
	url   string
}

func openJWX(t *testing.T, url string) keyReader {
	t.Helper()
	cache, err := jwk.NewCache(t.Context(), httprc.NewClient())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cache.Shutdown(context.Background())) })
	require.NoError(t, cache.Register(t.Context(), url))
	return &jwxReader{cache, url}
}

func (r *jwxReader) refresh(t *testing.T) {
	t.Helper()
	_, err := r.cache.Refresh(t.Context(), r.url)
	require.NoError(t, err)
}

func (r *jwxReader) read(_ authstrategy.Algorithm, token string) (string, error) {
	set, err := r.cache.Lookup(context.Background(), r.url)
	if err != nil {
		return "", err
	}
	verified, err := jwxjwt.ParseString(token, jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(ourIssuer), jwxjwt.WithAudience(ourAudience))
	if err != nil {
		return "", err
	}
	subject, _ := verified.Subject()
	return subject, nil
}

func signByJWX(t *testing.T, alg authstrategy.Algorithm, claims map[string]any) (string, []byte) {
	t.Helper()
	private := newPrivateKey(t, alg)
	key, err := jwk.Import(private)
	require.NoError(t, err)
	require.NoError(t, key.Set(jwk.KeyIDKey, "a key of jwx"))
	require.NoError(t, key.Set(jwk.AlgorithmKey, string(alg)))
	token := jwxjwt.New()
	for name, value := range claims {
		require.NoError(t, token.Set(name, value))
	}
	algorithm, ok := jwa.LookupSignatureAlgorithm(string(alg))
	require.True(t, ok)
	signed, err := jwxjwt.Sign(token, jwxjwt.WithKey(algorithm, key))
	require.NoError(t, err)
	public, err := key.PublicKey()
	require.NoError(t, err)
	return string(signed), marshal(t, public)
}
