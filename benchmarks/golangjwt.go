package main

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// golangJWT is golang-jwt as its documentation tells a careful user to set it
// up: one parser kept, every check that is opt-in opted into.
var golangJWT = contender{
	name:   "golang-jwt",
	module: "github.com/golang-jwt/jwt/v5",
	newReader: func(alg string, k *keys) (reader, error) {
		key := k.verifying(alg)
		keyfunc := func(*jwt.Token) (any, error) { return key, nil }
		parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithAudience(audience), jwt.WithExpirationRequired())
		return func(token string) (string, error) {
			var claims jwt.RegisteredClaims
			if _, err := parser.ParseWithClaims(token, &claims, keyfunc); err != nil {
				return "", err
			}
			return claims.Subject, nil
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		key, method := k.signing(alg), jwt.GetSigningMethod(alg)
		return func(subject string) (string, error) {
			claims := golangJWTClaims(subject)
			return jwt.NewWithClaims(method, &claims).SignedString(key)
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		key, method := k.signing(alg), jwt.GetSigningMethod(alg)
		return func(subject string) (string, error) {
			return jwt.NewWithClaims(method, &struct {
				jwt.RegisteredClaims
				privateClaims
			}{golangJWTClaims(subject), adasClaims}).SignedString(key)
		}, nil
	},
}

func golangJWTClaims(subject string) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Subject:   subject,
		Audience:  jwt.ClaimStrings{audience},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(lifetime)),
	}
}
