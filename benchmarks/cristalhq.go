package main

import (
	"crypto/ed25519"
	"time"

	"github.com/cristalhq/jwt/v5"
)

// cristalhqJWT keeps one verifier and one builder, and leaves every check of a
// claim to its caller.
var cristalhqJWT = contender{
	name:   "cristalhq/jwt",
	module: "github.com/cristalhq/jwt/v5",
	newReader: func(alg string, k *keys) (reader, error) {
		var verifier jwt.Verifier
		var err error
		switch alg {
		case "HS256":
			verifier, err = jwt.NewVerifierHS(jwt.HS256, k.hmac)
		case "RS256":
			verifier, err = jwt.NewVerifierRS(jwt.RS256, &k.rsa.PublicKey)
		case "ES256":
			verifier, err = jwt.NewVerifierES(jwt.ES256, &k.ecdsa.PublicKey)
		case "EdDSA":
			verifier, err = jwt.NewVerifierEdDSA(k.ed25519.Public().(ed25519.PublicKey))
		default:
			err = errUnknownAlgorithm(alg)
		}
		if err != nil {
			return nil, err
		}
		return func(token string) (string, error) {
			var claims jwt.RegisteredClaims
			if err := jwt.ParseClaims([]byte(token), verifier, &claims); err != nil {
				return "", err
			}
			if !claims.IsForAudience(audience) {
				return "", errAudience
			}
			if claims.ExpiresAt == nil || !claims.IsValidAt(time.Now()) {
				return "", errExpiry
			}
			return claims.Subject, nil
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		builder, err := cristalhqBuilder(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			claims := cristalhqClaims(subject)
			token, err := builder.Build(&claims)
			if err != nil {
				return "", err
			}
			return token.String(), nil
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		builder, err := cristalhqBuilder(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			token, err := builder.Build(&struct {
				jwt.RegisteredClaims
				privateClaims
			}{cristalhqClaims(subject), adasClaims})
			if err != nil {
				return "", err
			}
			return token.String(), nil
		}, nil
	},
}

func cristalhqClaims(subject string) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Subject:   subject,
		Audience:  jwt.Audience{audience},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(lifetime)),
	}
}

func cristalhqBuilder(alg string, k *keys) (*jwt.Builder, error) {
	var signer jwt.Signer
	var err error
	switch alg {
	case "HS256":
		signer, err = jwt.NewSignerHS(jwt.HS256, k.hmac)
	case "RS256":
		signer, err = jwt.NewSignerRS(jwt.RS256, k.rsa)
	case "ES256":
		signer, err = jwt.NewSignerES(jwt.ES256, k.ecdsa)
	case "EdDSA":
		signer, err = jwt.NewSignerEdDSA(k.ed25519)
	default:
		err = errUnknownAlgorithm(alg)
	}
	if err != nil {
		return nil, err
	}
	return jwt.NewBuilder(signer), nil
}
