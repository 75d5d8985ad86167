package authstrategy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// An issuer is what the documentation of an issuer shows: a token, and where its
// keys are. The names in capital letters are those of docs/issuers.md.
type issuer struct {
	name     string // as in docs/issuers.md
	metadata string // the URL of the metadata; "": the keys are found without
	iss      string // the issuer in the metadata
	keys     string // the URL of the keys
	jwk      string // the members of the key, beside those that hold it
	x5c      bool   // whether the key has its certificate, too
	header   string
	claims   string // iat and exp are put in
	other    string // an issuer that is easily mixed up with this one, or has the same keys
}

var issuers = []issuer{{
	name:     "Auth0",
	metadata: "https://TENANT.auth0.com/.well-known/openid-configuration",
	iss:      "https://TENANT.auth0.com/",
	keys:     "https://TENANT.auth0.com/.well-known/jwks.json",
	jwk:      `"alg":"RS256","use":"sig","kid":"NjJDNEMzQUEx","x5t":"NjJDNEMzQUEx"`,
	x5c:      true,
	header:   `{"alg":"RS256","typ":"JWT","kid":"NjJDNEMzQUEx"}`,
	claims: `{"iss":"https://TENANT.auth0.com/","sub":"auth0|123456",
		"aud":["API-IDENTIFIER","https://TENANT.auth0.com/userinfo"],"azp":"my_client_id",
		"iat":IAT,"exp":EXP,"scope":"openid profile read:admin"}`,
	other: "https://TENANT.eu.auth0.com/",
}, {
	name:     "Auth0, RFC 9068 profile",
	metadata: "https://TENANT.auth0.com/.well-known/openid-configuration",
	iss:      "https://TENANT.auth0.com/",
	keys:     "https://TENANT.auth0.com/.well-known/jwks.json",
	jwk:      `"alg":"RS256","use":"sig","kid":"NjJDNEMzQUEx","x5t":"NjJDNEMzQUEx"`,
	x5c:      true,
	header:   `{"alg":"RS256","typ":"at+jwt","kid":"NjJDNEMzQUEx"}`,
	claims: `{"iss":"https://TENANT.auth0.com/","sub":"auth0|123456",
		"aud":["API-IDENTIFIER","https://TENANT.auth0.com/userinfo"],"client_id":"my_client_id",
		"iat":IAT,"exp":EXP,"jti":"73WakrfVbNJBaAmhQtEeDv","scope":"openid profile read:admin"}`,
	other: "https://TENANT.auth0.com",
}, {
	name:     "Okta",
	metadata: "https://DOMAIN/oauth2/default/.well-known/openid-configuration",
	iss:      "https://DOMAIN/oauth2/default",
	keys:     "https://DOMAIN/oauth2/default/v1/keys",
	jwk:      `"alg":"RS256","use":"sig","kid":"45js03w0djwedsw"`,
	header:   `{"alg":"RS256","kid":"45js03w0djwedsw"}`,
	claims: `{"ver":1,"jti":"AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE","iss":"https://DOMAIN/oauth2/default",
		"aud":"api://default","sub":"user@example.com","iat":IAT,"exp":EXP,"cid":"nmdP1fcyvdVO11AL7ECm",
		"uid":"00ujmkLgagxeRrAg20g3","auth_time":IAT,"scp":["openid","profile"]}`,
	other: "https://DOMAIN",
}, {
	name:     "Entra ID, v2.0 tokens",
	metadata: "https://login.microsoftonline.com/TENANT/v2.0/.well-known/openid-configuration",
	iss:      "https://login.microsoftonline.com/TENANT/v2.0",
	keys:     "https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
	jwk:      `"use":"sig","kid":"nOo3ZDrODXEK1jKWhXslHR_KXEg","x5t":"nOo3ZDrODXEK1jKWhXslHR_KXEg","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0"`,
	x5c:      true,
	header:   `{"typ":"JWT","alg":"RS256","kid":"nOo3ZDrODXEK1jKWhXslHR_KXEg"}`,
	claims: `{"aud":"CLIENT-ID","iss":"https://login.microsoftonline.com/TENANT/v2.0","iat":IAT,"nbf":IAT,"exp":EXP,
		"aio":"AXQAi/8IAAAA","azp":"11112222-bbbb-3333-cccc-4444dddd5555","azpacr":"0","groups":GROUPS,
		"name":"Ada","oid":"aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb","preferred_username":"ada@example.com","rh":"I",
		"scp":"access_as_user","sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ","tid":"TENANT","uti":"fqiBqXLPj0eQa82S-IYFAA","ver":"2.0"}`,
	other: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
}, {
	name:   "Entra ID, v1.0 tokens",
	keys:   "https://login.microsoftonline.com/common/discovery/keys",
	jwk:    `"use":"sig","kid":"nOo3ZDrODXEK1jKWhXslHR_KXEg","x5t":"nOo3ZDrODXEK1jKWhXslHR_KXEg"`,
	x5c:    true,
	header: `{"typ":"JWT","alg":"RS256","x5t":"nOo3ZDrODXEK1jKWhXslHR_KXEg","kid":"nOo3ZDrODXEK1jKWhXslHR_KXEg"}`,
	claims: `{"aud":"api://CLIENT-ID","iss":"https://sts.windows.net/TENANT/","iat":IAT,"nbf":IAT,"exp":EXP,
		"acr":"1","aio":"AXQAi/8IAAAA","amr":["pwd"],"appid":"11112222-bbbb-3333-cccc-4444dddd5555","appidacr":"0",
		"groups":GROUPS,"ipaddr":"192.0.2.1","name":"Ada","oid":"aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb","rh":"I",
		"scp":"access_as_user","sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ","tid":"TENANT",
		"unique_name":"ada@example.com","upn":"ada@example.com","uti":"fqiBqXLPj0eQa82S-IYFAA","ver":"1.0"}`,
	other: "https://login.microsoftonline.com/TENANT/v2.0",
}, {
	name:     "Google ID tokens",
	metadata: "https://accounts.google.com/.well-known/openid-configuration",
	iss:      "https://accounts.google.com",
	keys:     "https://www.googleapis.com/oauth2/v3/certs",
	jwk:      `"alg":"RS256","use":"sig","kid":"c7e04465649ffa606557650c7e65f0a87ae00fe8"`,
	header:   `{"alg":"RS256","kid":"c7e04465649ffa606557650c7e65f0a87ae00fe8","typ":"JWT"}`,
	claims: `{"iss":"https://accounts.google.com","azp":"CLIENT-ID","aud":"CLIENT-ID","sub":"10769150350006150715113082367",
		"at_hash":"HK6E_P6Dh8Y93mRNtsDB1Q","hd":"example.com","email":"ada@example.com","email_verified":true,"iat":IAT,"exp":EXP}`,
	other: "accounts.google.com",
}, {
	name:     "Amazon Cognito, access tokens",
	metadata: "https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/openid-configuration",
	iss:      "https://cognito-idp.REGION.amazonaws.com/POOL",
	keys:     "https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/jwks.json",
	jwk:      `"alg":"RS256","use":"sig","kid":"1234example="`,
	header:   `{"kid":"1234example=","alg":"RS256"}`,
	claims: `{"sub":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","device_key":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
		"cognito:groups":["admin"],"iss":"https://cognito-idp.REGION.amazonaws.com/POOL","version":2,"client_id":"CLIENT-ID",
		"origin_jti":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","event_id":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","token_use":"access",
		"scope":"phone openid profile email","auth_time":IAT,"exp":EXP,"iat":IAT,"jti":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","username":"ada"}`,
	other: "https://cognito-idp.REGION.amazonaws.com/OTHER-POOL",
}, {
	name:     "Amazon Cognito, ID tokens",
	metadata: "https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/openid-configuration",
	iss:      "https://cognito-idp.REGION.amazonaws.com/POOL",
	keys:     "https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/jwks.json",
	jwk:      `"alg":"RS256","use":"sig","kid":"5678example="`,
	header:   `{"kid":"5678example=","alg":"RS256"}`,
	claims: `{"sub":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","cognito:groups":["admin"],"email_verified":true,
		"iss":"https://cognito-idp.REGION.amazonaws.com/POOL","cognito:username":"ada","nonce":"abcdefg",
		"origin_jti":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","aud":"CLIENT-ID","event_id":"64f513be-32db-42b0-b78e-b02127b4f463",
		"token_use":"id","auth_time":IAT,"exp":EXP,"iat":IAT,"jti":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee","email":"ada@example.com"}`,
	other: "https://cognito-identity.amazonaws.com",
}, {
	name:     "Firebase",
	metadata: "https://securetoken.google.com/PROJECT/.well-known/openid-configuration",
	iss:      "https://securetoken.google.com/PROJECT",
	keys:     "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
	jwk:      `"alg":"RS256","use":"sig","kid":"aa8b1f2c3d4e5f60718293a4b5c6d7e8f9012345"`,
	header:   `{"alg":"RS256","kid":"aa8b1f2c3d4e5f60718293a4b5c6d7e8f9012345","typ":"JWT"}`,
	claims: `{"iss":"https://securetoken.google.com/PROJECT","aud":"PROJECT","auth_time":IAT,
		"user_id":"ZTKqWfVDbIgYkCSFyTPSIUE1dHm2","sub":"ZTKqWfVDbIgYkCSFyTPSIUE1dHm2","iat":IAT,"exp":EXP,
		"email":"ada@example.com","email_verified":true,
		"firebase":{"identities":{"email":["ada@example.com"]},"sign_in_provider":"password"}}`,
	other: "https://securetoken.google.com/OTHER-PROJECT",
}, {
	name:   "Supabase",
	keys:   "https://PROJECT.supabase.co/auth/v1/.well-known/jwks.json",
	jwk:    `"alg":"ES256","ext":true,"key_ops":["verify"],"use":"sig","kid":"3a18cfe2-7226-43b0-bbb4-7c5242f2406e"`,
	header: `{"alg":"ES256","kid":"3a18cfe2-7226-43b0-bbb4-7c5242f2406e","typ":"JWT"}`,
	claims: `{"aal":"aal1","amr":[{"method":"password","timestamp":IAT}],"app_metadata":{"provider":"email","providers":["email"]},
		"aud":"authenticated","email":"ada@example.com","exp":EXP,"iat":IAT,"iss":"https://PROJECT.supabase.co/auth/v1","phone":"",
		"role":"authenticated","session_id":"123e4567-e89b-12d3-a456-426614174000","sub":"123e4567-e89b-12d3-a456-426614174000",
		"user_metadata":{"name":"Ada"},"is_anonymous":false}`,
	other: "supabase",
}, {
	name:     "Keycloak",
	metadata: "https://HOST/realms/REALM/.well-known/openid-configuration",
	iss:      "https://HOST/realms/REALM",
	keys:     "https://HOST/realms/REALM/protocol/openid-connect/certs",
	jwk:      `"alg":"RS256","use":"sig","kid":"FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE"`,
	x5c:      true,
	header:   `{"alg":"RS256","typ":"JWT","kid":"FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE"}`,
	claims: `{"exp":EXP,"iat":IAT,"auth_time":IAT,"jti":"onrtac:6b5b0d3e-2d60-4f5c-9c4a-1c1e8f6f5b1a","iss":"https://HOST/realms/REALM",
		"aud":["CLIENT","account"],"sub":"f:1a2b3c:ada","typ":"Bearer","azp":"frontend","sid":"0f8f2b9e-3f0e-4c0e-9d4c-4f9c4f3e2d1c","acr":"1",
		"realm_access":{"roles":["offline_access","uma_authorization"]},
		"resource_access":{"CLIENT":{"roles":["editor"]},"account":{"roles":["view-profile"]}},
		"scope":"openid profile email","email_verified":true,"preferred_username":"ada"}`,
	other: "https://HOST/realms/master",
}, {
	name:   "Clerk",
	keys:   "https://FRONTEND-API/.well-known/jwks.json",
	jwk:    `"alg":"RS256","use":"sig","kid":"ins_2GIoQhbUpy0hX7B2cVkuTMinXoD"`,
	header: `{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"ins_2GIoQhbUpy0hX7B2cVkuTMinXoD","typ":"JWT"}`,
	claims: `{"azp":"https://APP","exp":EXP,"fva":[7,-1],"iat":IAT,"iss":"https://FRONTEND-API","jti":"5b1d7e2f3c4a5b6c7d8e",
		"nbf":IAT,"sid":"sess_123","sts":"active","sub":"user_123","v":2,"act":{"sub":"user_456"}}`,
	other: "https://clerk.APP",
}, {
	name:     "Kubernetes service accounts",
	metadata: "https://kubernetes.default.svc.cluster.local/.well-known/openid-configuration",
	iss:      "https://kubernetes.default.svc.cluster.local",
	keys:     "https://172.20.0.3:6443/openid/v1/jwks",
	jwk:      `"alg":"RS256","use":"sig","kid":"fOcBXMkB5s3iGwd0VtTGCSsZgvOV3yLdaXYqvDqlWxM"`,
	header:   `{"alg":"RS256","kid":"fOcBXMkB5s3iGwd0VtTGCSsZgvOV3yLdaXYqvDqlWxM"}`,
	claims: `{"aud":["AUDIENCE"],"exp":EXP,"iat":IAT,"iss":"https://kubernetes.default.svc.cluster.local",
		"jti":"aed34954-b33a-4142-b1ec-389d6bbb4936","kubernetes.io":{"namespace":"my-namespace",
		"node":{"name":"my-node","uid":"646e7c5e-32d6-4d42-9dbd-e504e6cbe6b1"},
		"pod":{"name":"my-pod","uid":"5e0bd49b-f040-43b0-99b7-22765a53f7f3"},
		"serviceaccount":{"name":"my-serviceaccount","uid":"14ee3fa4-a7e2-420f-9f9a-dbc4507c3798"}},
		"nbf":IAT,"sub":"system:serviceaccount:my-namespace:my-serviceaccount"}`,
	other: "kubernetes/serviceaccount",
}, {
	name:     "GitHub Actions",
	metadata: "https://token.actions.githubusercontent.com/.well-known/openid-configuration",
	iss:      "https://token.actions.githubusercontent.com",
	keys:     "https://token.actions.githubusercontent.com/.well-known/jwks",
	jwk:      `"alg":"RS256","use":"sig","kid":"cc413527-173f-5a05-976e-9c52b1d7b431","x5t":"TD3Jds1F"`,
	x5c:      true,
	header:   `{"typ":"JWT","alg":"RS256","x5t":"TD3Jds1F","kid":"cc413527-173f-5a05-976e-9c52b1d7b431"}`,
	claims: `{"jti":"be2f1d3a-0ac2-4d8d-8e2a-5a7d9a8b1c3e","sub":"repo:octo-org@123456/octo-repo@456789:environment:prod","environment":"prod",
		"aud":"AUDIENCE","ref":"refs/heads/main","sha":"example-sha","repository":"octo-org/octo-repo","repository_owner":"octo-org",
		"actor_id":"12","repository_visibility":"private","repository_id":"456789","repository_owner_id":"123456","run_id":"1","run_number":"10",
		"run_attempt":"2","runner_environment":"github-hosted","actor":"octocat","workflow":"example","head_ref":"","base_ref":"",
		"event_name":"workflow_dispatch","ref_type":"branch","job_workflow_ref":"octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
		"iss":"https://token.actions.githubusercontent.com","nbf":IAT,"exp":EXP,"iat":IAT}`,
	other: "https://token.actions.octocorp.ghe.com",
}}

// The options that docs/issuers.md names read a token of each issuer's documented
// shape, with keys from the issuer's own addresses, and nothing of another issuer
// or for another audience. None of the options can be left out.
func TestOtherIssuers(t *testing.T) {
	options, checks := issuerTable(t, "options"), issuerTable(t, "why")
	for i, issuer := range issuers {
		t.Run(issuer.name, func(t *testing.T) {
			require.Equal(t, issuer.name, options[i][0])
			require.Equal(t, issuer.name, checks[i][0])
			keys := issuer.source(t, options[i][1])
			codes := quoted(options[i][2])
			token := issuer.token(t, nil)

			claims, err := issuer.strategy(t, keys, codes).ReadClaims(ctx, token)
			require.NoError(t, err)
			shape := issuer.shape(t)
			assert.Equal(t, shape["sub"], claims.Subject)
			assert.Equal(t, shape["iss"], claims.Issuer)
			assert.Equal(t, testTime, claims.IssuedAt)
			for _, name := range quoted(checks[i][1]) {
				assert.Contains(t, shape, name, "docs/issuers.md says to check it")
			}

			issuer.refusesOthers(t, issuer.strategy(t, keys, codes))
			issuer.needsEach(t, keys, codes, token)
		})
	}
}

// refusesOthers asserts that the tokens of another issuer, and those for another
// audience, are refused, though the same key signed them.
func (i issuer) refusesOthers(t *testing.T, strategy *authstrategy.JWTStrategy[*authstrategy.Claims]) {
	_, err := strategy.ReadClaims(ctx, i.token(t, map[string]any{"iss": i.other}))
	assertRefused(t, err, authstrategy.ErrTokenIssuer)
	_, err = strategy.ReadClaims(ctx, i.token(t, map[string]any{"aud": "another"}))
	assertRefused(t, err, authstrategy.ErrTokenAudience)
	_, err = strategy.ReadClaims(ctx, i.token(t, map[string]any{"aud": nil, "client_id": "another", "azp": "another"}))
	assertRefused(t, err, authstrategy.ErrTokenAudience)
}

// needsEach asserts that without any one of the options the token is not read, for
// the reason that the option is about.
func (i issuer) needsEach(t *testing.T, keys *jwks.Source, codes []string, token string) {
	for n, code := range codes {
		rest := slices.Delete(slices.Clone(codes), n, n+1)
		name, _, _ := strings.Cut(code, "(")
		strategy, err := i.build(t, keys, rest)
		if name == "WithAlgorithm" || name == "WithIssuer" {
			require.ErrorIs(t, err, authstrategy.ErrInvalidConfig, code)
			continue
		}
		require.NoError(t, err)
		_, err = strategy.ReadClaims(ctx, token)
		assertRefused(t, err, map[string]error{
			"WithAudience":      authstrategy.ErrTokenAudience,
			"WithAudienceClaim": authstrategy.ErrTokenAudience,
			"WithTokenType":     authstrategy.ErrTokenType,
			"WithMaxTokenSize":  authstrategy.ErrTokenTooLarge,
		}[name])
	}
}

// The ID token of a Cognito client is accepted where its access tokens are, as
// docs/issuers.md warns: only token_use tells the two apart.
func TestCognitoIDTokenAsAccessToken(t *testing.T) {
	options := issuerTable(t, "options")
	at := func(name string) int {
		return slices.IndexFunc(issuers, func(i issuer) bool { return i.name == name })
	}
	access, id := at("Amazon Cognito, access tokens"), at("Amazon Cognito, ID tokens")
	strategy := issuers[access].strategy(t, issuers[id].source(t, options[id][1]), quoted(options[access][2]))
	claims, err := strategy.ReadClaims(ctx, issuers[id].token(t, nil))
	require.NoError(t, err)
	var token struct {
		Use string `json:"token_use"`
	}
	require.NoError(t, claims.Decode(&token))
	assert.Equal(t, "id", token.Use)
}

// ownWorkflow is the loader that docs/issuers.md shows.
func ownWorkflow(_ context.Context, claims *authstrategy.Claims) (*authstrategy.Claims, error) {
	var token struct {
		OwnerID string `json:"repository_owner_id"`
		Ref     string `json:"ref"`
	}
	if err := claims.Decode(&token); err != nil {
		return nil, fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, err)
	}
	if token.OwnerID != "123456" || token.Ref != "refs/heads/main" {
		return nil, authstrategy.ErrUserRefused
	}
	return claims, nil
}

// It lets in the main branches of one organisation, and nothing else that has a
// good token of GitHub's.
func TestOwnWorkflow(t *testing.T) {
	github, row := issuers[len(issuers)-1], issuerTable(t, "options")[len(issuers)-1]
	require.Equal(t, "GitHub Actions", github.name)
	strategy := github.strategy(t, github.source(t, row[1]), quoted(row[2]))
	for name, change := range map[string]map[string]any{
		"another owner":            {"repository_owner_id": "654321"},
		"no owner":                 {"repository_owner_id": nil},
		"an owner that is no text": {"repository_owner_id": 123456},
		"another branch":           {"ref": "refs/heads/main2"},
		"a pull request":           {"ref": "refs/pull/1/merge"},
	} {
		_, err := strategy.ReadToken(ctx, github.token(t, change), ownWorkflow)
		require.ErrorIs(t, err, authstrategy.ErrUserRefused, name)
	}
	claims, err := strategy.ReadToken(ctx, github.token(t, nil), ownWorkflow)
	require.NoError(t, err)
	assert.Equal(t, "repo:octo-org@123456/octo-repo@456789:environment:prod", claims.Subject)
}

// clusterTransport sends the pod's own token to the API server, as docs/issuers.md
// shows.
type clusterTransport struct {
	http.RoundTripper
	token string // the file, which the kubelet writes anew from time to time
}

func (t clusterTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := os.ReadFile(t.token)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return t.RoundTripper.RoundTrip(r)
}

func newCluster(dir string) (*http.Client, error) { // "/var/run/secrets/kubernetes.io/serviceaccount"
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &http.Client{Transport: clusterTransport{transport, filepath.Join(dir, "token")}}, nil
}

// The client of docs/issuers.md reaches an API server that wants a token of its
// own CA's cluster, also after the token has changed, and no other server.
func TestCluster(t *testing.T) {
	dir, set := t.TempDir(), `{"keys":[`+issuers[0].key(t)+`]}`
	var want atomic.Value
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte(set))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails below
	server.StartTLS()
	defer server.Close()
	_, err := newCluster(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	write(t, dir, "ca.crt", "no certificate")
	_, err = newCluster(dir)
	require.EqualError(t, err, "ca.crt holds no certificate")
	write(t, dir, "ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	cluster, err := newCluster(dir)
	require.NoError(t, err)
	defer cluster.CloseIdleConnections()

	keys, err := jwks.Remote(server.URL, jwks.WithHTTPClient(cluster))
	require.NoError(t, err)
	require.ErrorIs(t, keys.Refresh(ctx), os.ErrNotExist)
	for _, token := range []string{"first", "second"} {
		want.Store("Bearer " + token)
		write(t, dir, "token", token+"\n")
		require.NoError(t, keys.Refresh(ctx))
	}

	write(t, dir, "ca.crt", file(t, "keys/rsa.crt.pem"))
	stranger, err := newCluster(dir)
	require.NoError(t, err)
	keys, err = jwks.Remote(server.URL, jwks.WithHTTPClient(stranger))
	require.NoError(t, err)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, keys.Refresh(ctx), &unknown)
}

// issuerTable returns the rows of the table in docs/issuers.md whose last column
// has that head.
func issuerTable(t *testing.T, last string) [][]string {
	t.Helper()
	_, text, found := strings.Cut(document(t, "docs/issuers.md"), " | "+last+" |\n|---|---|---|\n")
	require.True(t, found, last)
	text, _, _ = strings.Cut(text, "\n\n")
	var rows [][]string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		require.Len(t, cells, 3, line)
		rows = append(rows, cells)
	}
	require.Len(t, rows, len(issuers), last)
	return rows
}

// quoted returns what stands between backticks.
func quoted(cell string) []string {
	var all []string
	for _, found := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(cell, -1) {
		all = append(all, found[1])
	}
	return all
}

// call returns the function and the arguments of a call of one literal or name
// and, for some functions, more.
func call(t *testing.T, code string) (function string, arguments []string) {
	t.Helper()
	expression, err := parser.ParseExpr(code)
	require.NoError(t, err, code)
	parsed, ok := expression.(*ast.CallExpr)
	require.True(t, ok, code)
	for _, argument := range parsed.Args {
		if literal, ok := argument.(*ast.BasicLit); ok && strings.HasPrefix(literal.Value, `"`) {
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			arguments = append(arguments, text)
			continue
		}
		arguments = append(arguments, code[argument.Pos()-1:argument.End()-1])
	}
	return code[parsed.Fun.Pos()-1 : parsed.Fun.End()-1], arguments
}

// source returns the key source that the code of a table makes, on a network that
// has nothing but the issuer's own documents.
func (i issuer) source(t *testing.T, cell string) *jwks.Source {
	t.Helper()
	require.Len(t, quoted(cell), 1)
	function, arguments := call(t, quoted(cell)[0])
	construct := map[string]func(string, ...jwks.Option) (*jwks.Source, error){"jwks.Discover": jwks.Discover, "jwks.Remote": jwks.Remote}[function]
	require.NotNil(t, construct, function)
	more := []string{}
	if i.name == "Kubernetes service accounts" { // whose API server is reached by newCluster alone
		more = []string{"jwks.WithHTTPClient(cluster)"}
	}
	require.Equal(t, more, arguments[1:])
	source, err := construct(arguments[0], jwks.WithHTTPClient(&http.Client{Transport: i.network(t)}))
	require.NoError(t, err)
	return source
}

// A network has the documents at some URLs.
type network map[string]string

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	text, found := n[r.URL.String()]
	if !found {
		return nil, fmt.Errorf("nothing is at %s", r.URL)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func (i issuer) network(t *testing.T) network {
	// Keycloak publishes such a key beside the one that signs.
	encryption := `{"kid":"for encryption","kty":"RSA","alg":"RSA-OAEP","use":"enc","n":"AQAB","e":"AQAB"}`
	documents := network{i.keys: `{"keys":[` + encryption + `,` + i.key(t) + `]}`}
	if i.metadata != "" {
		documents[i.metadata] = `{"issuer":"` + i.iss + `","jwks_uri":"` + i.keys + `","response_types_supported":["code"]}`
	}
	return documents
}

// key returns the issuer's JWK.
func (i issuer) key(t *testing.T) string {
	members := members(t, i.private(t))
	if i.name == "Firebase" { // which writes a zero byte before the modulus
		modulus, err := base64.RawURLEncoding.DecodeString(members["n"])
		require.NoError(t, err)
		members["n"] = encode("\x00" + string(modulus))
	}
	encoded, err := json.Marshal(members)
	require.NoError(t, err)
	key := strings.TrimSuffix(string(encoded), "}") + "," + i.jwk
	if i.x5c {
		block, _ := pem.Decode([]byte(file(t, "keys/rsa.crt.pem")))
		key += `,"x5c":["` + base64.StdEncoding.EncodeToString(block.Bytes) + `"]`
	}
	return key + "}"
}

// members returns the members of a JWK that hold a public key.
func members(t *testing.T, private any) map[string]string {
	t.Helper()
	if key, ok := private.(*rsa.PrivateKey); ok {
		return map[string]string{"kty": "RSA", "n": encode(string(key.N.Bytes())), "e": "AQAB"}
	}
	point, err := private.(*ecdsa.PrivateKey).PublicKey.Bytes()
	require.NoError(t, err)
	return map[string]string{"kty": "EC", "crv": "P-256", "x": encode(string(point[1:33])), "y": encode(string(point[33:]))}
}

// strategy returns the strategy that the options of a table make.
func (i issuer) strategy(t *testing.T, keys *jwks.Source, codes []string) *authstrategy.JWTStrategy[*authstrategy.Claims] {
	t.Helper()
	strategy, err := i.build(t, keys, codes)
	require.NoError(t, err)
	return strategy
}

func (i issuer) build(t *testing.T, keys *jwks.Source, codes []string) (*authstrategy.JWTStrategy[*authstrategy.Claims], error) {
	t.Helper()
	options := []authstrategy.Option{authstrategy.WithKeySource(keys), at(testTime)}
	for _, code := range codes {
		options = append(options, optionOf(t, code))
	}
	return authstrategy.GetJWTStrategy[*authstrategy.Claims](authstrategy.Secret{}, options...)
}

// optionOf returns the option that the code of a table makes.
func optionOf(t *testing.T, code string) authstrategy.Option {
	t.Helper()
	function, arguments := call(t, code)
	require.Len(t, arguments, 1, code)
	switch function {
	case "WithAlgorithm":
		return authstrategy.WithAlgorithm(authstrategy.Algorithm(arguments[0])) // the constants have the names of their values
	case "WithIssuer":
		return authstrategy.WithIssuer(arguments[0])
	case "WithAudience":
		return authstrategy.WithAudience(arguments[0])
	case "WithAudienceClaim":
		return authstrategy.WithAudienceClaim(arguments[0])
	case "WithTokenType":
		return authstrategy.WithTokenType(arguments[0])
	case "WithMaxTokenSize":
		size, err := strconv.Atoi(arguments[0])
		require.NoError(t, err)
		return authstrategy.WithMaxTokenSize(size)
	}
	require.Fail(t, "an option that the test does not know", code)
	return nil
}

// shape returns the claims of the issuer's token.
func (i issuer) shape(t *testing.T) map[string]any {
	t.Helper()
	groups := `["` + strings.Repeat(`6c2c5d1e-8d6c-4f0b-9a57-3f6b1d0e8a41","`, 199) + `6c2c5d1e-8d6c-4f0b-9a57-3f6b1d0e8a41"]`
	text := strings.NewReplacer("IAT", "1893456000", "EXP", "1893459600", "GROUPS", groups).Replace(i.claims)
	var shape map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&shape))
	return shape
}

// token returns the issuer's token with some claims changed; nil takes one away.
func (i issuer) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	claims := i.shape(t)
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	encoded, err := json.Marshal(claims)
	require.NoError(t, err)
	input := encode(i.header) + "." + encode(string(encoded))
	signature, err := i.method().Sign(input, i.private(t))
	require.NoError(t, err)
	return input + "." + encode(string(signature))
}

// method returns the algorithm in the header.
func (i issuer) method() jwt.SigningMethod {
	if strings.Contains(i.header, `"ES256"`) {
		return jwt.SigningMethodES256
	}
	return jwt.SigningMethodRS256
}

// private returns the private key, which is one of testdata.
func (i issuer) private(t *testing.T) any {
	t.Helper()
	name := "keys/rsa.pem"
	if i.method() == jwt.SigningMethodES256 {
		name = "keys/p256-pkcs8.pem"
	}
	block, _ := pem.Decode([]byte(file(t, name)))
	require.NotNil(t, block)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key
}
