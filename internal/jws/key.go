package jws

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
)

// A Key is one algorithm bound to the key material that signs and verifies, which
// is held by closures alone: neither fmt nor reflection can reach it.
type Key struct {
	alg           string // by its oneName
	signatureSize int    // in bytes

	sign   func(ctx context.Context, signingInput string) ([]byte, error) // nil: the key only verifies
	verify func(signingInput string, signature []byte) error
	hmac   func() *hmacMethod // nil: the key is of a pair
	public [sha256.Size]byte  // the hash of the public key; zero: the key is a secret
}

// NewHMAC returns the Key of HS256, HS384 or HS512 with the given secret.
func NewHMAC(alg string, secret []byte) (*Key, error) {
	method, err := newHMACMethod(alg, secret)
	if err != nil {
		return nil, err
	}
	return &Key{
		alg:           alg,
		signatureSize: method.size,
		sign: func(_ context.Context, signingInput string) ([]byte, error) {
			return method.appendSignature(nil, signingInput), nil
		},
		verify: method.verify,
		hmac:   func() *hmacMethod { return method },
	}, nil
}

// NewKeyPair returns the Key of an RS, PS, ES or Ed25519 algorithm. The keys are
// the standard library's, pointers as crypto/x509 returns them; it is up to the
// caller that they have the algorithm's type, size and curve. A nil private key
// makes a Key that only verifies.
func NewKeyPair(alg string, private crypto.Signer, public crypto.PublicKey) (*Key, error) {
	method, err := keyPairMethod(alg)
	if err != nil {
		return nil, err
	}
	k := &Key{alg: oneName(alg), signatureSize: signatureSize(public)}
	if der, err := x509.MarshalPKIXPublicKey(public); err == nil {
		k.public = sha256.Sum256(der)
	}
	k.verify = func(signingInput string, signature []byte) error {
		return method.Verify(signingInput, signature, public)
	}
	if private != nil {
		k.sign = func(_ context.Context, signingInput string) ([]byte, error) {
			return method.Sign(signingInput, private)
		}
	}
	return k, nil
}

// Is reports whether the Key is of the algorithm.
func (k *Key) Is(alg string) bool { return k.alg == oneName(alg) }

// Equal reports whether both are the same Key, or have the same algorithm and public
// key: what one of them verifies, so does the other.
func (k *Key) Equal(other *Key) bool {
	return k == other || k.alg == other.alg && k.public == other.public && k.public != [sha256.Size]byte{}
}

// CanSign reports whether the Key holds what signs.
func (k *Key) CanSign() bool { return k.sign != nil }

// SignatureSize returns how many bytes a signature by the Key has.
func (k *Key) SignatureSize() int { return k.signatureSize }

// Verify checks the signature of a signing input (RFC 7515 §5.2 step 8).
func (k *Key) Verify(signingInput string, signature []byte) error {
	if k.verify(signingInput, signature) != nil {
		return ErrSignature
	}
	return nil
}

// appendSignature signs. HMAC appends to dst, and takes no memory: it is called by
// itself, since a func may keep what it is given.
func (k *Key) appendSignature(ctx context.Context, dst []byte, signingInput string) ([]byte, error) {
	if k.hmac != nil {
		return k.hmac().appendSignature(dst, signingInput), nil
	}
	return k.sign(ctx, signingInput)
}

// SelfTest uses the Key once, so that a key that Go refuses to use is found at
// start: in FIPS 140-only mode crypto/rsa reads some keys, and refuses to use them.
// A Key that only verifies has to refuse a wrong signature for no other reason than
// that it is wrong. It is not for a Key of NewSigner, since it signs.
func (k *Key) SelfTest() error {
	const signingInput = "authstrategy"
	if !k.CanSign() {
		wrong := make([]byte, k.signatureSize)
		for i := range wrong {
			wrong[i] = 1
		}
		return usable(k.verify(signingInput, wrong))
	}
	signature, err := k.sign(context.Background(), signingInput)
	if err != nil {
		return fmt.Errorf("it does not sign: %w", err)
	}
	if err := k.verify(signingInput, signature); err != nil {
		return fmt.Errorf("it does not verify what it signs: %w", err)
	}
	return nil
}

// usable tells from what a key said of a wrong signature whether it looked at it.
func usable(err error) error {
	if err == nil {
		return errors.New("it accepts a wrong signature")
	}
	for _, mismatch := range mismatches {
		if errors.Is(err, mismatch) {
			return nil
		}
	}
	return fmt.Errorf("it does not verify: %w", err)
}
