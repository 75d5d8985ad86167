package keyring

import (
	"crypto"

	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// A Public is a public key with what verifies by it. It is immutable.
type Public struct {
	key       func() crypto.PublicKey // a copy: out of reach of fmt and reflection, as all keys here are
	verifiers []*jws.Key              // one for each algorithm that it is for
}

// NewPublic checks a public key for an algorithm, or takes each that fits the key
// if alg is "". It keeps nothing of the caller's. An error is a *keys.Fault.
func NewPublic(alg string, key crypto.PublicKey) (*Public, error) {
	const name = "the key of NewPublicKey"
	if err := keys.CheckType(name, key); err != nil {
		return nil, err
	}
	if alg == "" {
		algorithms, err := keys.Fitting(name, key)
		if err != nil {
			return nil, err
		}
		return newPublic(algorithms, key)
	}
	if err := keys.Check(name, alg, key); err != nil {
		return nil, err
	}
	return newPublic([]string{alg}, key)
}

// newPublic makes the Public of a key that was checked for the algorithms.
func newPublic(algorithms []string, key crypto.PublicKey) (*Public, error) {
	own := keys.Clone(key)
	p := &Public{key: func() crypto.PublicKey { return keys.Clone(own) }}
	for _, alg := range algorithms {
		verifier, _ := jws.NewKeyPair(alg, nil, own) // never fails for an algorithm of key pairs
		p.verifiers = append(p.verifiers, verifier)
	}
	if err := selfTest(p.verifiers[0]); err != nil {
		return nil, err
	}
	return p, nil
}

// Key returns a copy of the key.
func (p *Public) Key() crypto.PublicKey { return p.key() }

// Verifier returns what verifies with the algorithm; nil if the key is not for it, and
// for a nil Public.
func (p *Public) Verifier(alg string) *jws.Key {
	if p == nil {
		return nil
	}
	for _, verifier := range p.verifiers {
		if verifier.Is(alg) {
			return verifier
		}
	}
	return nil
}
