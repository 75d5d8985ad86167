package jws

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync/atomic"

	"github.com/golang-jwt/jwt/v5"
)

// NewSigner returns a Key that signs by a crypto.Signer, whose private key is out
// of reach: a KMS, an HSM, a TPM, an agent. It does not call the signer. The
// public key is as for [NewKeyPair].
//
// The signer gets crypto/rand's Reader and the digest; for Ed25519 the signing
// input itself and crypto.Hash(0). The first of these methods that it has is
// called:
//
//   - SignContext(ctx context.Context, rand io.Reader, digest []byte, opts
//     crypto.SignerOpts) ([]byte, error), with the context that Sign was given
//   - SignMessage of a crypto.MessageSigner, with the signing input
//   - Sign
//
// No signature leaves the Key that its public key does not verify. An error wraps
// the signer's own. Otherwise it says what is wrong with the signature, and holds
// nothing of it or of what was signed.
func NewSigner(alg string, signer crypto.Signer, public crypto.PublicKey) (*Key, error) {
	key, err := NewKeyPair(alg, nil, public)
	if err != nil {
		return nil, err
	}
	s := &outsideSigner{signer: signer, public: public, verify: key.Verify, size: key.signatureSize}
	key.sign = s.sign
	method, _ := keyPairMethod(alg) // NewKeyPair has found it
	switch method := method.(type) {
	case *jwt.SigningMethodRSA:
		s.hash = method.Hash
	case *jwt.SigningMethodECDSA:
		s.hash = method.Hash
	case *jwt.SigningMethodRSAPSS:
		s.hash = method.Hash
		key.sign = s.signPSS
	}
	return key, nil
}

// An outsideSigner signs by a crypto.Signer and trusts none of its signatures.
type outsideSigner struct {
	signer crypto.Signer
	public crypto.PublicKey
	verify func(signingInput string, signature []byte) error
	size   int         // of a signature, in bytes
	hash   crypto.Hash // 0 for Ed25519, which signs the message itself

	salt atomic.Pointer[int] // PSS: the salt length that worked; nil: none has yet
}

// A contextSigner takes the caller's context with it, to a KMS for example.
type contextSigner interface {
	SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// TakesContext reports whether a signer is called by its SignContext.
func TakesContext(signer crypto.Signer) bool {
	_, ok := signer.(contextSigner)
	return ok
}

// A signerError is an error that the signer returned, not one that was found in
// its signature.
type signerError struct{ err error }

func (e *signerError) Error() string { return "the signer failed: " + e.err.Error() }
func (e *signerError) Unwrap() error { return e.err }

// sign signs for all algorithms but PS*.
func (s *outsideSigner) sign(ctx context.Context, signingInput string) ([]byte, error) {
	return s.signWith(ctx, signingInput, s.hash)
}

// signPSS asks for a salt as long as the hash, which RFC 7518 §3.5 requires. Some
// signers, such as TPMs, take no length but their automatic one, which may be the
// same. What worked is asked for alone from then on, so that a signer that is down
// is not asked twice.
func (s *outsideSigner) signPSS(ctx context.Context, signingInput string) ([]byte, error) {
	if salt := s.salt.Load(); salt != nil {
		return s.signSalted(ctx, signingInput, *salt)
	}
	signature, err := s.signSalted(ctx, signingInput, rsa.PSSSaltLengthEqualsHash)
	if _, failed := err.(*signerError); !failed || ctx.Err() != nil {
		return signature, err
	}
	signature, errAuto := s.signSalted(ctx, signingInput, rsa.PSSSaltLengthAuto)
	if errAuto != nil {
		return nil, fmt.Errorf("%w; asked again, for its automatic salt: %w", err, errAuto)
	}
	return signature, nil
}

// signSalted asks for one salt length, and remembers it if it worked.
func (s *outsideSigner) signSalted(ctx context.Context, signingInput string, salt int) ([]byte, error) {
	signature, err := s.signWith(ctx, signingInput, &rsa.PSSOptions{SaltLength: salt, Hash: s.hash})
	if err != nil {
		return nil, err
	}
	s.salt.Store(&salt)
	return signature, nil
}

// signWith returns the signature in the form of RFC 7518, once it is verified.
func (s *outsideSigner) signWith(ctx context.Context, signingInput string, opts crypto.SignerOpts) ([]byte, error) {
	answer, err := s.ask(ctx, signingInput, opts)
	if err != nil {
		return nil, &signerError{err}
	}
	signature, err := s.convert(answer)
	if err != nil {
		return nil, err
	}
	if s.verify(signingInput, signature) != nil {
		return nil, s.explain(signingInput, signature, opts)
	}
	return signature, nil
}

// ask calls the signer. Each call gets options and bytes of its own, which it may
// keep or change.
func (s *outsideSigner) ask(ctx context.Context, signingInput string, opts crypto.SignerOpts) ([]byte, error) {
	if signer, ok := s.signer.(contextSigner); ok {
		return signer.SignContext(ctx, rand.Reader, s.digest(signingInput), opts)
	}
	return crypto.SignMessage(s.signer, rand.Reader, []byte(signingInput), opts)
}

// digest returns what is signed: the hash of the signing input, or for Ed25519 the
// signing input itself.
func (s *outsideSigner) digest(signingInput string) []byte {
	if s.hash == 0 {
		return []byte(signingInput)
	}
	h := s.hash.New()
	io.WriteString(h, signingInput)
	return h.Sum(nil)
}

// Faults of a signature.
var (
	errNothing     = errors.New("the signer returned no signature, and no error; it is broken")
	errNotDER      = errors.New("the signer's signature is not the strict DER of R and S alone, as crypto.Signer has it (RFC 3279 §2.2.3); the signer must convert it")
	errOutOfRange  = errors.New("the signer's signature has an R or S below 1 or above what the curve allows; the signer is broken")
	errOtherSalt   = errors.New("the signer's PSS salt is not as long as the hash, which RFC 7518 §3.5 requires; set the signer's salt length, or use RS256, RS384 or RS512")
	errNotVerified = errors.New("the signer's signature does not verify by the public key; the signer uses another key or another kind of signature, or is broken")
)

// convert returns the signature of an answer in the form of RFC 7518 §3.3 to §3.5
// or RFC 8037 §3.1. It is a copy: the signer may reuse its own.
func (s *outsideSigner) convert(answer []byte) ([]byte, error) {
	if len(answer) == 0 {
		return nil, errNothing
	}
	if public, ok := s.public.(*ecdsa.PublicKey); ok {
		return fixedSize(answer, public.Params().N, s.size)
	}
	if len(answer) != s.size {
		return nil, fmt.Errorf("the signer's signature has %d bytes, and one by its public key has %d; it signs with another key, or is broken", len(answer), s.size)
	}
	return bytes.Clone(answer), nil
}

// fixedSize returns R and S of a signature in DER, each filling half of size bytes
// (RFC 7518 §3.4). Both are below the order of the curve (FIPS 186-5 §6.4.2).
func fixedSize(der []byte, order *big.Int, size int) ([]byte, error) {
	var value struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &value); err != nil {
		return nil, errNotDER
	}
	// Unmarshal lets bytes pass at the end of the value and behind it. Strings are
	// compared since this is no MAC (see source_test.go).
	if again, _ := asn1.Marshal(value); string(again) != string(der) {
		return nil, errNotDER
	}
	for _, v := range []*big.Int{value.R, value.S} {
		if v.Sign() <= 0 || v.Cmp(order) >= 0 {
			return nil, errOutOfRange
		}
	}
	signature := make([]byte, size)
	value.R.FillBytes(signature[:size/2])
	value.S.FillBytes(signature[size/2:])
	return signature, nil
}

// explain says why a signature does not verify. A salt of another length is worth
// telling: the key is the right one.
func (s *outsideSigner) explain(signingInput string, signature []byte, opts crypto.SignerOpts) error {
	_, salted := opts.(*rsa.PSSOptions)
	public, _ := s.public.(*rsa.PublicKey)
	anySalt := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}
	if salted && rsa.VerifyPSS(public, s.hash, s.digest(signingInput), signature, anySalt) == nil {
		return errOtherSalt
	}
	return errNotVerified
}
