package main

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// lestrratJWX is set up for speed, where reading through its jwt package takes
// more than twice as long: its documentation advises to verify with its jws
// package and to decode into a plain struct. Writing takes the jwt package's
// own fast path, which needs the key to be the only option.
var lestrratJWX = contender{
	name:   "lestrrat-go/jwx",
	module: "github.com/lestrrat-go/jwx/v3",
	newReader: func(alg string, k *keys) (reader, error) {
		key := k.verifying(alg)
		method, err := jwxAlg(alg)
		if err != nil {
			return nil, err
		}
		return func(token string) (string, error) {
			payload, err := jws.VerifyCompactFast(key, []byte(token), method)
			if err != nil {
				return "", err
			}
			var claims plainClaims
			if err := json.Unmarshal(payload, &claims); err != nil {
				return "", err
			}
			if !slices.Contains(claims.Audience, audience) {
				return "", errAudience
			}
			if !claims.validAt(time.Now()) {
				return "", errExpiry
			}
			return claims.Subject, nil
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		method, err := jwxAlg(alg)
		if err != nil {
			return nil, err
		}
		key := jwt.WithKey(method, k.signing(alg))
		return func(subject string) (string, error) {
			claims, err := jwxClaims(subject).Build()
			if err != nil {
				return "", err
			}
			token, err := jwt.Sign(claims, key)
			return string(token), err
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		method, err := jwxAlg(alg)
		if err != nil {
			return nil, err
		}
		key := jwt.WithKey(method, k.signing(alg))
		return func(subject string) (string, error) {
			claims, err := jwxClaims(subject).
				Claim("email", adasClaims.Email).
				Claim("roles", adasClaims.Roles).
				Claim("tenant", adasClaims.Tenant).
				Build()
			if err != nil {
				return "", err
			}
			token, err := jwt.Sign(claims, key)
			return string(token), err
		}, nil
	},
}

// jwxClaims are those of every token that is written.
func jwxClaims(subject string) *jwt.Builder {
	return jwt.NewBuilder().
		Subject(subject).
		Audience([]string{audience}).
		Expiration(time.Now().Add(lifetime))
}

func jwxAlg(alg string) (jwa.SignatureAlgorithm, error) {
	method, ok := jwa.LookupSignatureAlgorithm(alg)
	if !ok {
		return method, errUnknownAlgorithm(alg)
	}
	return method, nil
}

// plainClaims takes what RFC 7519 allows: an audience that is a string or an
// array, dates with a fraction.
type plainClaims struct {
	Subject   string        `json:"sub"`
	Audience  plainAudience `json:"aud"`
	ExpiresAt *plainDate    `json:"exp"`
	NotBefore plainDate     `json:"nbf"`
}

type plainDate float64

func (c *plainClaims) validAt(t time.Time) bool {
	now := plainDate(t.Unix())
	return c.ExpiresAt != nil && now < *c.ExpiresAt && now >= c.NotBefore
}

type plainAudience []string

func (a *plainAudience) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(a))
	}
	*a = make(plainAudience, 1)
	return json.Unmarshal(data, &(*a)[0])
}
