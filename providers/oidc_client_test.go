package providers

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

const (
	clientSecret = "a secret of the tests"
	redirectURL  = "https://client.test/callback"
)

type jwkSet struct {
	Keys []map[string]any `json:"keys"`
}

// A provider is a run of oidc-provider, or several in turn at one port.
type provider struct {
	process *process
	issuer  string
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	return &provider{process: start(t, "oidc-provider.mjs")}
}

// generate returns a private key for each algorithm.
func (p *provider) generate(t *testing.T, name string) jwkSet {
	t.Helper()
	text, err := json.Marshal(p.process.ask(t, request{"op": "generate", "name": name})["jwks"])
	require.NoError(t, err)
	var set jwkSet
	require.NoError(t, json.Unmarshal(text, &set))
	require.Len(t, set.Keys, len(algorithms))
	return set
}

// serve begins to serve, or goes on with other keys.
func (p *provider) serve(t *testing.T, keys jwkSet) {
	t.Helper()
	p.issuer = p.process.ask(t, request{"op": "serve", "port": p.port(t), "jwks": keys})["issuer"].(string)
}

// port is that of the run before; 0 for any free one.
func (p *provider) port(t *testing.T) string {
	t.Helper()
	issuer, err := url.Parse(p.issuer)
	require.NoError(t, err)
	if issuer.Port() == "" {
		return "0"
	}
	return issuer.Port()
}

func (p *provider) stop() { p.process.stop() }

func (p *provider) restart(t *testing.T, keys jwkSet) {
	t.Helper()
	issuer := p.issuer
	p.process = start(t, "oidc-provider.mjs")
	p.serve(t, keys)
	require.Equal(t, issuer, p.issuer)
}

// logIn logs the user in as a browser and a client would do it together, and
// returns the ID token and the access token.
func (p *provider) logIn(t *testing.T, alg authstrategy.Algorithm) (idToken, accessToken string) {
	t.Helper()
	config := &oauth2.Config{
		ClientID: "client-" + string(alg), ClientSecret: clientSecret, RedirectURL: redirectURL,
		Scopes:   []string{"openid", "read"},
		Endpoint: oauth2.Endpoint{AuthURL: p.issuer + "/auth", TokenURL: p.issuer + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	verifier := oauth2.GenerateVerifier()
	callback := browse(t, config.AuthCodeURL("a state", oauth2.S256ChallengeOption(verifier),
		oauth2.SetAuthURLParam("nonce", "a nonce"), oauth2.SetAuthURLParam("resource", "https://api.test/"+string(alg))))
	require.Equal(t, "a state", callback.Get("state"), "%v", callback)
	token, err := config.Exchange(t.Context(), callback.Get("code"), oauth2.VerifierOption(verifier))
	require.NoError(t, err)
	return token.Extra("id_token").(string), token.AccessToken
}

// browse follows redirects up to that of the client, and returns its parameters.
func browse(t *testing.T, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirectURL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := browser.Get(address)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	location, err := response.Location()
	require.NoError(t, err, "%s: no redirect to the client", response.Status)
	return location.Query()
}

// serviceToken returns an access token that a service gets for itself.
func (p *provider) serviceToken(t *testing.T, alg authstrategy.Algorithm) string {
	t.Helper()
	config := &clientcredentials.Config{
		ClientID: "client-" + string(alg), ClientSecret: clientSecret, Scopes: []string{"read"},
		TokenURL: p.issuer + "/token", AuthStyle: oauth2.AuthStyleInParams,
		EndpointParams: url.Values{"resource": {"https://api.test/" + string(alg)}},
	}
	token, err := config.Token(t.Context())
	require.NoError(t, err)
	return token.AccessToken
}

func (p *provider) serviceTokens(t *testing.T) map[authstrategy.Algorithm]string {
	t.Helper()
	tokens := map[authstrategy.Algorithm]string{}
	for _, alg := range algorithms {
		tokens[alg] = p.serviceToken(t, alg)
	}
	return tokens
}

// reader returns a strategy for the access tokens of an algorithm's API.
func (p *provider) reader(t *testing.T, source *jwks.Source, alg, api authstrategy.Algorithm) *authstrategy.JWTStrategy[*authstrategy.Claims] {
	t.Helper()
	return reader(t, source, p.issuer, alg, authstrategy.WithAudience("https://api.test/"+string(api)), authstrategy.WithTokenType("at+jwt"))
}
