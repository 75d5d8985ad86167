package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"time"
	"unsafe"
)

// limit is the bare cryptography and base64, to measure libraries by: reading
// splits the token, decodes its three segments and checks the signature;
// writing encodes claims made beforehand and signs. There is no JSON, no check
// of a claim and no allocation but the cryptography's own. It is not safe for
// concurrent use: every goroutine needs a reader and a writer of its own.
var limit = contender{
	name: "limit",
	// The claims are never decoded, so the reader has no subject to return.
	newReader: func(alg string, k *keys) (reader, error) {
		verify, err := newVerifier(alg, k)
		if err != nil {
			return nil, err
		}
		buf := make([]byte, maxToken)
		return func(token string) (string, error) {
			if len(token) > len(buf) {
				return "", errors.New("too long")
			}
			// Read only: hashes and decoders take bytes, tokens are strings.
			text := unsafe.Slice(unsafe.StringData(token), len(token))
			first, last := bytes.IndexByte(text, '.'), bytes.LastIndexByte(text, '.')
			if first == last {
				return "", errors.New("not three segments")
			}
			if _, err := base64.RawURLEncoding.Decode(buf, text[:first]); err != nil {
				return "", err
			}
			if _, err := base64.RawURLEncoding.Decode(buf, text[first+1:last]); err != nil {
				return "", err
			}
			n, err := base64.RawURLEncoding.Decode(buf, text[last+1:])
			if err != nil {
				return "", err
			}
			if !verify(text[:last], buf[:n]) {
				return "", errLimitSignature
			}
			return "", nil
		}, nil
	},
	// The token returned is overwritten by the next call.
	newWriter: func(alg string, k *keys) (writer, error) { return newBareWriter(alg, k, goodClaims()) },
	newPrivateWriter: func(alg string, k *keys) (writer, error) {
		claims := goodClaims()
		claims["email"], claims["roles"], claims["tenant"] = adasClaims.Email, adasClaims.Roles, adasClaims.Tenant
		return newBareWriter(alg, k, claims)
	},
}

func newBareWriter(alg string, k *keys, claims map[string]any) (writer, error) {
	sign, err := newSigner(alg, k)
	if err != nil {
		return nil, err
	}
	claims["exp"] = time.Now().Add(lifetime).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	var buf []byte
	return func(string) (string, error) {
		var err error
		buf, err = appendToken(buf[:0], alg, payload, sign)
		return unsafe.String(unsafe.SliceData(buf), len(buf)), err
	}, nil
}

const (
	maxToken = 8192 // longer than any token that is measured

	// A verifier's buffers fill whole cache lines: two verifiers on two cores
	// that wrote to the same one would slow each other down.
	cacheLine = 64
)

var errLimitSignature = errors.New("the signature does not verify")

// headers are the encoded headers, with the dot that follows.
var headers = func() map[string]string {
	m := map[string]string{}
	for _, alg := range algorithms {
		m[alg] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "."
	}
	return m
}()

// appendToken appends a token with this payload to buf.
func appendToken(buf []byte, alg string, payload []byte, sign func(text []byte) ([]byte, error)) ([]byte, error) {
	start := len(buf)
	buf = append(buf, headers[alg]...)
	buf = base64.RawURLEncoding.AppendEncode(buf, payload)
	signature, err := sign(buf[start:])
	if err != nil {
		return nil, err
	}
	buf = append(buf, '.')
	return base64.RawURLEncoding.AppendEncode(buf, signature), nil
}

// newVerifier returns the bare check of alg's signatures.
func newVerifier(alg string, k *keys) (func(text, signature []byte) bool, error) {
	switch alg {
	case "HS256":
		mac := hmac.New(sha256.New, k.hmac)
		sum := make([]byte, 0, cacheLine)
		return func(text, signature []byte) bool {
			mac.Reset()
			mac.Write(text)
			return hmac.Equal(mac.Sum(sum), signature)
		}, nil
	case "RS256":
		public := &k.rsa.PublicKey
		return func(text, signature []byte) bool {
			digest := sha256.Sum256(text)
			return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
		}, nil
	case "ES256":
		public := &k.ecdsa.PublicKey
		var r, s big.Int
		return func(text, signature []byte) bool {
			if len(signature) != 64 {
				return false
			}
			digest := sha256.Sum256(text)
			return ecdsa.Verify(public, digest[:], r.SetBytes(signature[:32]), s.SetBytes(signature[32:]))
		}, nil
	case "EdDSA":
		public := k.ed25519.Public().(ed25519.PublicKey)
		return func(text, signature []byte) bool {
			return ed25519.Verify(public, text, signature)
		}, nil
	}
	return nil, errUnknownAlgorithm(alg)
}

// newSigner returns the bare making of alg's signatures. A signature is
// overwritten by the next one.
func newSigner(alg string, k *keys) (func(text []byte) ([]byte, error), error) {
	switch alg {
	case "HS256":
		mac := hmac.New(sha256.New, k.hmac)
		var sum []byte
		return func(text []byte) ([]byte, error) {
			mac.Reset()
			mac.Write(text)
			sum = mac.Sum(sum[:0])
			return sum, nil
		}, nil
	case "RS256":
		return func(text []byte) ([]byte, error) {
			digest := sha256.Sum256(text)
			return rsa.SignPKCS1v15(nil, k.rsa, crypto.SHA256, digest[:])
		}, nil
	case "ES256":
		var signature [64]byte
		return func(text []byte) ([]byte, error) {
			digest := sha256.Sum256(text)
			r, s, err := ecdsa.Sign(rand.Reader, k.ecdsa, digest[:])
			if err != nil {
				return nil, err
			}
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
			return signature[:], nil
		}, nil
	case "EdDSA":
		return func(text []byte) ([]byte, error) {
			return ed25519.Sign(k.ed25519, text), nil
		}, nil
	}
	return nil, errUnknownAlgorithm(alg)
}
