package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The work that every contender does: tokens for one subject, one audience and
// one expiry, refused when any of the three is wrong.
const (
	subject  = "5a2f5bb0-8ad2-4c13-9f0e-6d1f3a9b7c42"
	audience = "fastapi-users:auth"
	lifetime = time.Hour
)

// algorithms are those compared: one of each family.
var algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"}

// A contender is one way to read and write tokens. Whatever can be made once
// and kept (keys, parsers, verifiers, builders) is made by its functions, so that
// only what a request costs is measured.
type contender struct {
	name             string
	module           string // whose version is shown; empty: none
	newReader        func(alg string, k *keys) (reader, error)
	newKeyIDReader   func(alg string, k *keys) (reader, error) // of tokens with foreignKeyID; nil: newReader takes them
	newWriter        func(alg string, k *keys) (writer, error)
	newPrivateWriter func(alg string, k *keys) (writer, error) // a writer that adds adasClaims
}

// privateClaims are what a service adds to its tokens.
type privateClaims struct {
	Email  string   `json:"email"`
	Roles  []string `json:"roles"`
	Tenant int      `json:"tenant"`
}

var adasClaims = privateClaims{Email: "ada@example.com", Roles: []string{"admin", "editor"}, Tenant: 7}

// A reader checks signature (with the algorithm pinned), audience and expiry
// of a token, and returns its subject.
type reader func(token string) (string, error)

// A writer makes a token for a subject, which expires a lifetime from now.
type writer func(subject string) (string, error)

// contenders lists them in the order in which they are measured and shown. The
// first is this package, the last the bare cryptography; all between are its peers.
var contenders = []contender{
	authStrategy,
	golangJWT,
	lestrratJWX,
	goJOSE,
	katarasJWT,
	cristalhqJWT,
	pascaldekloeJWT,
	limit,
}

// peers are the contenders to be faster than.
func peers() []contender { return contenders[1 : len(contenders)-1] }

// What a contender answers where its library leaves the check to the caller.
var (
	errAudience = errors.New("the token is for another audience")
	errExpiry   = errors.New("the token has expired, or never does")
)

// keys holds one key of each family.
type keys struct {
	hmac    []byte
	rsa     *rsa.PrivateKey
	ecdsa   *ecdsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

func newKeys() (*keys, error) {
	k := &keys{hmac: newSecret()}
	var err error
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if k.ecdsa, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if _, k.ed25519, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	return k, nil
}

func newSecret() []byte { return []byte(rand.Text() + rand.Text()) }

// signing is the key that makes alg's signatures.
func (k *keys) signing(alg string) any {
	switch alg {
	case "RS256":
		return k.rsa
	case "ES256":
		return k.ecdsa
	case "EdDSA":
		return k.ed25519
	default:
		return k.hmac
	}
}

// verifying is the key that checks alg's signatures.
func (k *keys) verifying(alg string) any {
	switch alg {
	case "RS256":
		return &k.rsa.PublicKey
	case "ES256":
		return &k.ecdsa.PublicKey
	case "EdDSA":
		return k.ed25519.Public()
	default:
		return k.hmac
	}
}

// pem is the signing key as a deployment would hold it: the HMAC secret as it
// is, every other key as PKCS#8.
func (k *keys) pem(alg string) (string, error) {
	if alg == "HS256" {
		return string(k.hmac), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.signing(alg))
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// token signs claims with the bare cryptography: the same token for every
// contender to read.
func (k *keys) token(alg string, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	sign, err := newSigner(alg, k)
	if err != nil {
		return "", err
	}
	token, err := appendToken(nil, alg, payload, sign)
	return string(token), err
}

// goodClaims are those of the token that is read. It outlives the longest run.
func goodClaims() map[string]any {
	return map[string]any{
		"sub": subject,
		"aud": []string{audience},
		"exp": time.Now().Add(24 * lifetime).Unix(),
	}
}

// forge changes the first character of the signature: still base64url, and the
// length stays the same.
func forge(token string) string {
	i := strings.LastIndexByte(token, '.') + 1
	other := "A"
	if token[i] == 'A' {
		other = "B"
	}
	return token[:i] + other + token[i+1:]
}

func errUnknownAlgorithm(alg string) error {
	return fmt.Errorf("unknown algorithm %q", alg)
}
