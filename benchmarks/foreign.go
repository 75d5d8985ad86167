package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// The header is that of an issuer with several keys.
const (
	foreignHeader = `{"alg":"HS256","kid":"` + foreignKeyID + `","typ":"JWT"}`
	foreignKeyID  = "2026-11-a"
)

// foreignClaims are a dozen, some of them nested, as Keycloak writes them. They make
// a token of 700 bytes.
func foreignClaims() map[string]any {
	roles := func(names ...string) map[string]any { return map[string]any{"roles": names} }
	return map[string]any{
		"iss":             "https://id.example.com/realms/main",
		"sub":             subject,
		"aud":             []string{audience, "account"},
		"exp":             time.Now().Add(24 * lifetime).Unix(),
		"iat":             time.Now().Unix(),
		"jti":             "2f6c1f0e-55c8-4b8f-9a51-0c7f1f4f2ab3",
		"azp":             "shop",
		"scope":           "openid profile email",
		"email":           "ada@example.com",
		"email_verified":  true,
		"realm_access":    roles("offline_access", "uma_authorization", "editor"),
		"resource_access": map[string]any{"account": roles("manage-account", "view-profile")},
	}
}

// tenFields are those of foreignClaims that a service decodes.
type tenFields struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      []string `json:"aud"`
	ExpiresAt     int64    `json:"exp"`
	IssuedAt      int64    `json:"iat"`
	ID            string   `json:"jti"`
	Scope         string   `json:"scope"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	RealmAccess   struct {
		Roles []string `json:"roles"`
	} `json:"realm_access"`
}

// foreignToken returns a token as other issuers write them, and its payload.
func foreignToken(k *keys) (token string, payload []byte, err error) {
	return foreignTokenOf(k, foreignClaims())
}

func foreignTokenOf(k *keys, claims map[string]any) (token string, payload []byte, err error) {
	if payload, err = json.Marshal(claims); err != nil {
		return "", nil, err
	}
	sign, err := newSigner("HS256", k)
	if err != nil {
		return "", nil, err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(foreignHeader)) + "." + encode(payload)
	signature, err := sign([]byte(text))
	return text + "." + encode(signature), payload, err
}

// foreignComparison has everyone read a token of another issuer.
func foreignComparison(k *keys) (comparison, error) {
	var made comparison
	token, _, err := foreignToken(k)
	if err != nil {
		return made, err
	}
	for _, c := range contenders {
		if c.newKeyIDReader != nil {
			c.newReader = c.newKeyIDReader
		}
		if err := made.addRead(foreignTask("HS256", c), c, "HS256", k, token); err != nil {
			return made, err
		}
	}
	return made, nil
}

// decodeComparison decodes the claims of a token into a struct, and the same payload
// with encoding/json.
func decodeComparison(k *keys) (comparison, error) {
	var made comparison
	token, payload, err := foreignToken(k)
	if err != nil {
		return made, err
	}
	strategy, err := newStrategy[authstrategy.Subject]("HS256", k)
	if err != nil {
		return made, err
	}
	claims, err := strategy.ReadClaims(context.Background(), token)
	if err != nil {
		return made, err
	}
	if err := made.add(taskDecode, 0, func() error {
		var fields tenFields
		return claims.Decode(&fields)
	}); err != nil {
		return made, err
	}
	return made, made.add(taskUnmarshal, 0, func() error {
		var fields tenFields
		return json.Unmarshal(payload, &fields)
	})
}
