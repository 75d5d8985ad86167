package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"errors"
	"hash"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

var errNoMethod = errors.New("no such algorithm")

// mismatches are what the methods say of a signature that does not verify. Any
// other error means that the key cannot be used.
var mismatches = []error{rsa.ErrVerification, jwt.ErrECDSAVerification, jwt.ErrEd25519Verification}

// signatureSize returns how many bytes a signature by the key has (RFC 7518 §3.3
// to §3.5, RFC 8032 §5.1.6).
func signatureSize(public crypto.PublicKey) int {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return key.Size()
	case *ecdsa.PublicKey:
		return 2 * ((key.Curve.Params().BitSize + 7) / 8)
	}
	return ed25519.SignatureSize
}

// SmallestSignature returns how many bytes the shortest signature of an algorithm
// of key pairs has. RSA keys have 2048 bits or more (RFC 7518 §3.3, §3.5).
func SmallestSignature(alg string) int {
	method, _ := keyPairMethod(alg)
	switch method := method.(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		return 2048 / 8
	case *jwt.SigningMethodECDSA:
		return 2 * method.KeySize
	}
	return ed25519.SignatureSize
}

// oneName returns the name under which an algorithm is compared: EdDSA, as far as
// it is used here, and Ed25519 are the same (RFC 9864 §2.2).
func oneName(alg string) string {
	if alg == "Ed25519" {
		return "EdDSA"
	}
	return alg
}

// keyPairMethod returns golang-jwt's signing method for an algorithm of key pairs
// (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1, RFC 9864 §2.2), in an instance of our own:
// golang-jwt's are variables that any package can change, and its PS* take salts of
// any length.
func keyPairMethod(alg string) (jwt.SigningMethod, error) {
	switch alg {
	case "RS256":
		return rs(alg, crypto.SHA256), nil
	case "RS384":
		return rs(alg, crypto.SHA384), nil
	case "RS512":
		return rs(alg, crypto.SHA512), nil
	case "PS256":
		return ps(alg, crypto.SHA256), nil
	case "PS384":
		return ps(alg, crypto.SHA384), nil
	case "PS512":
		return ps(alg, crypto.SHA512), nil
	case "ES256":
		return &jwt.SigningMethodECDSA{Name: alg, Hash: crypto.SHA256, KeySize: 32, CurveBits: 256}, nil
	case "ES384":
		return &jwt.SigningMethodECDSA{Name: alg, Hash: crypto.SHA384, KeySize: 48, CurveBits: 384}, nil
	case "ES512":
		return &jwt.SigningMethodECDSA{Name: alg, Hash: crypto.SHA512, KeySize: 66, CurveBits: 521}, nil
	case "EdDSA", "Ed25519":
		return &jwt.SigningMethodEd25519{}, nil
	}
	return nil, errNoMethod
}

func rs(alg string, hash crypto.Hash) *jwt.SigningMethodRSA {
	return &jwt.SigningMethodRSA{Name: alg, Hash: hash}
}

func ps(alg string, hash crypto.Hash) *jwt.SigningMethodRSAPSS {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: rs(alg, hash),
		// RFC 7518 §3.5: the salt is as long as the hash, on both sides.
		Options: &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// hmacMaxSize is the size in bytes of the longest HMAC, that of HS512.
const hmacMaxSize = 64

// hmacMethod does the work of golang-jwt's SigningMethodHMAC (RFC 7518 §3.2)
// with the secret bound to it. Keying an HMAC costs more than using it on a
// token, so the keyed states are kept in a pool. They forge as well as the secret
// does, and are held as it is: by closures alone.
type hmacMethod struct {
	size   int // of its signatures, in bytes
	states sync.Pool
}

// An hmacState is a keyed HMAC with the buffers that using it takes.
type hmacState struct {
	mac   hash.Hash
	input [256]byte
	sum   [hmacMaxSize]byte
}

func newHMACMethod(alg string, secret []byte) (*hmacMethod, error) {
	hashes := map[string]crypto.Hash{"HS256": crypto.SHA256, "HS384": crypto.SHA384, "HS512": crypto.SHA512}
	newHash, ok := hashes[alg]
	if !ok {
		return nil, errNoMethod
	}
	return &hmacMethod{newHash.Size(), sync.Pool{New: func() any {
		return &hmacState{mac: hmac.New(newHash.New, secret)}
	}}}, nil
}

func (m *hmacMethod) appendSignature(dst []byte, signingInput string) []byte {
	state := m.states.Get().(*hmacState)
	defer m.states.Put(state)
	return append(dst, state.authenticate(signingInput)...)
}

func (m *hmacMethod) verify(signingInput string, signature []byte) error {
	state := m.states.Get().(*hmacState)
	defer m.states.Put(state)
	if !hmac.Equal(signature, state.authenticate(signingInput)) {
		return jwt.ErrSignatureInvalid
	}
	return nil
}

// authenticate returns the HMAC of text, valid until the next call. The text
// goes through a buffer because a hash takes only bytes, and a string's bytes
// would have to be copied to the heap.
func (s *hmacState) authenticate(text string) []byte {
	s.mac.Reset()
	for len(text) > 0 {
		n := copy(s.input[:], text)
		s.mac.Write(s.input[:n])
		text = text[n:]
	}
	return s.mac.Sum(s.sum[:0])
}
