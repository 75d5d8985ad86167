// Package keyring makes what a strategy signs and verifies with, out of its secret
// and its options. It checks the keys, and uses each once, so that one that Go
// refuses to use is found at start.
package keyring

import (
	"crypto"
	"crypto/ed25519"
	"reflect"

	"github.com/go-authstrategy/authstrategy/internal/jwk"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// A Ring is what one strategy signs and verifies with.
type Ring struct {
	ID            string     // the kid of its tokens; "": none
	Signing       *jws.Key   // nil: the strategy only reads
	Verifying     jws.KeySet // never nil
	Public        *Public    // nil: there is no public key, or no single one
	SignatureSize int        // of its tokens, or the least that it can be; in bytes
}

// Options are those about keys.
type Options struct {
	PublicKey      string // in PEM
	PublicKeyGiven bool
	Signer         crypto.Signer // nil: none
	ShortSecret    bool          // allows a secret that is shorter than it should be
	ID             string        // the kid; "": none
	ThumbprintID   bool          // makes the public key's thumbprint the kid
}

// Reading returns the Ring of a strategy of key pairs that has no key of its own.
func Reading(alg string, set jws.KeySet) *Ring {
	return &Ring{Verifying: set, SignatureSize: jws.SmallestSignature(alg)}
}

// New checks the secret and the keys, and returns the Ring, or all faults. Each is
// a *keys.Fault.
func New(alg, secret string, o Options) (*Ring, []error) {
	if keys.Symmetric(alg) {
		return newHMAC(alg, secret, o)
	}
	return newKeyPair(alg, secret, o)
}

func newHMAC(alg, secret string, o Options) (*Ring, []error) {
	var faults []error
	if o.PublicKeyGiven {
		faults = append(faults, keys.Invalid("WithPublicKey does not go with %s, which verifies with the secret; omit it, or choose an algorithm for key pairs, such as RS256, with WithAlgorithm", alg))
	}
	if err := keys.CheckSecret(alg, secret, o.ShortSecret); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	key, _ := jws.NewHMAC(alg, []byte(secret)) // never fails for an algorithm of secrets
	if err := selfTest(key); err != nil {
		return nil, []error{err}
	}
	return &Ring{ID: o.ID, Signing: key, Verifying: jws.StaticKeySet{key}, SignatureSize: key.SignatureSize()}, nil
}

func newKeyPair(alg, secret string, o Options) (*Ring, []error) {
	pair, faults := readKeyPair(alg, secret, o)
	if len(faults) > 0 {
		return nil, faults
	}
	public, err := newPublic([]string{alg}, pair.public)
	if err != nil {
		return nil, []error{err}
	}
	ring := &Ring{ID: o.ID, Public: public}
	if o.ThumbprintID {
		ring.ID, _ = jwk.Thumbprint(pair.public) // never fails for a key that was checked
	}
	verifier := public.Verifier(alg)
	ring.Verifying, ring.SignatureSize = jws.StaticKeySet{verifier}, verifier.SignatureSize()
	if pair.signer != nil { // not tested: a signature can cost money, or need a person
		ring.Signing, _ = jws.NewSigner(alg, pair.signer, public.Key())
	}
	if pair.private != nil {
		ring.Signing, _ = jws.NewKeyPair(alg, pair.private, pair.public)
		if err := selfTest(ring.Signing); err != nil {
			return nil, []error{err}
		}
	}
	return ring, nil
}

// A pair is a public key with what signs, if anything does: a private key in
// memory, or a signer.
type pair struct {
	private crypto.Signer
	signer  crypto.Signer
	public  crypto.PublicKey
}

// readKeyPair reads the private key, where the secret is not empty, and the public
// key, where it is given. Else it is that of what signs.
func readKeyPair(alg, secret string, o Options) (pair, []error) {
	if secret == "" && o.Signer == nil && !o.PublicKeyGiven {
		return pair{}, []error{keys.Invalid("there is no key; %s requires a private key in PEM as the secret, or a signer with WithSigner, or, to only read tokens, a public key with WithPublicKey or keys with WithKeySource", alg)}
	}
	var p pair
	var faults []error
	failed := func(err error) bool {
		if err != nil {
			faults = append(faults, err)
		}
		return err != nil
	}
	var signs crypto.PublicKey // of what signs
	if secret != "" {
		var err error
		if p.private, err = keys.ParsePrivate(alg, secret); !failed(err) {
			signs = p.private.Public()
		}
	} else if o.Signer != nil {
		if err := checkSigner(o.Signer); !failed(err) {
			p.signer, signs = o.Signer, o.Signer.Public()
			failed(keys.Check("the public key of WithSigner", alg, signs))
		}
	}
	p.public = signs
	if o.PublicKeyGiven {
		var err error
		p.public, err = keys.ParsePublic(alg, o.PublicKey)
		failed(err)
	}
	if len(faults) == 0 && signs != nil && !keys.Equal(signs, p.public) {
		failed(keys.Mismatch(p.signer != nil))
	}
	return p, faults
}

// checkSigner finds a signer whose methods panic, or would not be called.
func checkSigner(signer crypto.Signer) error {
	if key, ok := signer.(ed25519.PrivateKey); ok && len(key) != ed25519.PrivateKeySize {
		return keys.Invalid("the key of WithSigner is an ed25519.PrivateKey of %d bytes; it must have %d: make it with ed25519.NewKeyFromSeed, and check that its source is not empty", len(key), ed25519.PrivateKeySize)
	}
	if _, has := reflect.TypeOf(signer).MethodByName("SignContext"); has && !jws.TakesContext(signer) {
		return keys.Invalid("the SignContext of WithSigner's %T has another signature than WithSigner names, and would not be called; correct or rename it", signer)
	}
	return nil
}

func selfTest(key *jws.Key) error {
	if err := key.SelfTest(); err != nil {
		return keys.Invalid("Go refuses to use this key: %v; make another one, or run without GODEBUG=fips140=only", err)
	}
	return nil
}
