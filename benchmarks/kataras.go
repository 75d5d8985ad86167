package main

import (
	"slices"
	"time"

	"github.com/kataras/jwt"
)

// katarasJWT checks the audience and that there is an expiry in a validator of
// the caller's, which its documentation calls the faster way.
var katarasJWT = contender{
	name:   "kataras/jwt",
	module: "github.com/kataras/jwt",
	newReader: func(alg string, k *keys) (reader, error) {
		method, err := katarasAlg(alg)
		if err != nil {
			return nil, err
		}
		key := k.verifying(alg)
		return katarasReader(func(token []byte) (*jwt.VerifiedToken, error) {
			return jwt.Verify(method, key, token, katarasCheck)
		}), nil
	},
	// Verify refuses every header but the library's own.
	newKeyIDReader: func(alg string, k *keys) (reader, error) {
		method, err := katarasAlg(alg)
		if err != nil {
			return nil, err
		}
		keys := jwt.Keys{}
		keys.Register(method, foreignKeyID, k.verifying(alg), nil)
		return katarasReader(func(token []byte) (*jwt.VerifiedToken, error) {
			return jwt.VerifyWithHeaderValidator(nil, nil, token, keys.ValidateHeader, katarasCheck)
		}), nil
	},
	newWriter: func(alg string, k *keys) (writer, error) {
		method, err := katarasAlg(alg)
		if err != nil {
			return nil, err
		}
		key := k.signing(alg)
		return func(subject string) (string, error) {
			claims := katarasClaims(subject)
			token, err := jwt.Sign(method, key, &claims)
			return string(token), err
		}, nil
	},
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		method, err := katarasAlg(alg)
		if err != nil {
			return nil, err
		}
		key := k.signing(alg)
		return func(subject string) (string, error) {
			token, err := jwt.Sign(method, key, &struct {
				jwt.Claims
				privateClaims
			}{katarasClaims(subject), adasClaims})
			return string(token), err
		}, nil
	},
}

var katarasCheck = jwt.TokenValidatorFunc(func(_ []byte, claims jwt.Claims, err error) error {
	switch {
	case err != nil:
		return err
	case claims.Expiry == 0:
		return errExpiry
	case !slices.Contains(claims.Audience, audience):
		return errAudience
	}
	return nil
})

func katarasReader(verify func(token []byte) (*jwt.VerifiedToken, error)) reader {
	return func(token string) (string, error) {
		verified, err := verify([]byte(token))
		if err != nil {
			return "", err
		}
		return verified.StandardClaims.Subject, nil
	}
}

func katarasClaims(subject string) jwt.Claims {
	return jwt.Claims{
		Subject:  subject,
		Audience: jwt.Audience{audience},
		Expiry:   time.Now().Add(lifetime).Unix(),
	}
}

func katarasAlg(alg string) (jwt.Alg, error) {
	for _, known := range []jwt.Alg{jwt.HS256, jwt.RS256, jwt.ES256, jwt.EdDSA} {
		if known.Name() == alg {
			return known, nil
		}
	}
	return nil, errUnknownAlgorithm(alg)
}
