package main

import (
	"crypto"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/pascaldekloe/jwt"
)

// pascaldekloeJWT uses the reusable HMAC that it offers "for high usage
// scenarios". Its other checks take any algorithm of the key's family in the
// package's own lists, so these are cut down to the one that is measured.
var pascaldekloeJWT = contender{
	name:   "pascaldekloe/jwt",
	module: "github.com/pascaldekloe/jwt",
	newReader: func(alg string, k *keys) (reader, error) {
		var check func(token []byte) (*jwt.Claims, error)
		switch alg {
		case "HS256":
			mac, err := jwt.NewHMAC(jwt.HS256, k.hmac)
			if err != nil {
				return nil, err
			}
			check = mac.Check
		case "RS256":
			check = func(token []byte) (*jwt.Claims, error) { return jwt.RSACheck(token, &k.rsa.PublicKey) }
		case "ES256":
			check = func(token []byte) (*jwt.Claims, error) { return jwt.ECDSACheck(token, &k.ecdsa.PublicKey) }
		case "EdDSA":
			public := k.ed25519.Public().(ed25519.PublicKey)
			check = func(token []byte) (*jwt.Claims, error) { return jwt.EdDSACheck(token, public) }
		default:
			return nil, errUnknownAlgorithm(alg)
		}
		return func(token string) (string, error) {
			claims, err := check([]byte(token))
			if err != nil {
				return "", err
			}
			if !slices.Contains(claims.Audiences, audience) {
				return "", errAudience
			}
			if claims.Expires == nil || !claims.Valid(time.Now()) {
				return "", errExpiry
			}
			return claims.Subject, nil
		}, nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		sign, err := pascaldekloeSigner(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			claims := pascaldekloeClaims(subject)
			token, err := sign(&claims)
			return string(token), err
		}, nil
	},
	// Private claims go into a map: it takes no struct.
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		sign, err := pascaldekloeSigner(alg, k)
		if err != nil {
			return nil, err
		}
		return func(subject string) (string, error) {
			claims := pascaldekloeClaims(subject)
			claims.Set = map[string]any{"email": adasClaims.Email, "roles": adasClaims.Roles, "tenant": adasClaims.Tenant}
			token, err := sign(&claims)
			return string(token), err
		}, nil
	},
}

func pascaldekloeClaims(subject string) (claims jwt.Claims) {
	claims.Subject = subject
	claims.Audiences = []string{audience}
	claims.Expires = jwt.NewNumericTime(time.Now().Add(lifetime).Truncate(time.Second))
	return claims
}

func pascaldekloeSigner(alg string, k *keys) (func(claims *jwt.Claims) ([]byte, error), error) {
	switch alg {
	case "HS256":
		mac, err := jwt.NewHMAC(jwt.HS256, k.hmac)
		if err != nil {
			return nil, err
		}
		return func(claims *jwt.Claims) ([]byte, error) { return mac.Sign(claims) }, nil
	case "RS256":
		return func(claims *jwt.Claims) ([]byte, error) { return claims.RSASign(jwt.RS256, k.rsa) }, nil
	case "ES256":
		return func(claims *jwt.Claims) ([]byte, error) { return claims.ECDSASign(jwt.ES256, k.ecdsa) }, nil
	case "EdDSA":
		return func(claims *jwt.Claims) ([]byte, error) { return claims.EdDSASign(k.ed25519) }, nil
	}
	return nil, errUnknownAlgorithm(alg)
}

func init() {
	jwt.RSAAlgs = map[string]crypto.Hash{jwt.RS256: crypto.SHA256}
	jwt.ECDSAAlgs = map[string]crypto.Hash{jwt.ES256: crypto.SHA256}
}
