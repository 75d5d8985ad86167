package main

import (
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// goJOSE reads with go-jose's jwt package, without the leeway of a minute that
// it gives by default. It writes with the signer alone: the jwt package's
// builder decodes and encodes the claims once more and takes nearly twice as
// long.
var goJOSE = contender{
	name:   "go-jose",
	module: "github.com/go-jose/go-jose/v4",
	newReader: func(alg string, k *keys) (reader, error) {
		key := k.verifying(alg)
		algs := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}
		expected := jwt.Expected{AnyAudience: jwt.Audience{audience}}
		return func(token string) (string, error) {
			parsed, err := jwt.ParseSigned(token, algs)
			if err != nil {
				return "", err
			}
			var claims jwt.Claims
			if err := parsed.Claims(key, &claims); err != nil {
				return "", err
			}
			if err := claims.ValidateWithLeeway(expected, 0); err != nil {
				return "", err
			}
			if claims.Expiry == nil {
				return "", errExpiry
			}
			return claims.Subject, nil
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		sign, err := goJOSESigner(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			claims := goJOSEClaims(subject)
			return sign(&claims)
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		sign, err := goJOSESigner(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			return sign(&struct {
				jwt.Claims
				privateClaims
			}{goJOSEClaims(subject), adasClaims})
		}, nil
	},
}

func goJOSEClaims(subject string) jwt.Claims {
	return jwt.Claims{
		Subject:  subject,
		Audience: jwt.Audience{audience},
		Expiry:   jwt.NewNumericDate(time.Now().Add(lifetime)),
	}
}

func goJOSESigner(alg string, k *keys) (func(claims any) (string, error), error) {
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: k.signing(alg)}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return func(claims any) (string, error) {
		payload, err := json.Marshal(claims)
		if err != nil {
			return "", err
		}
		signed, err := signer.Sign(payload)
		if err != nil {
			return "", err
		}
		return signed.CompactSerialize()
	}, nil
}
