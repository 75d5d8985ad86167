package hardware

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// A device is a signer that records the options that it was given.
type device struct {
	crypto.Signer
	asked []crypto.SignerOpts
}

func (d *device) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	d.asked = append(d.asked, opts)
	return d.Signer.Sign(rand, digest, opts)
}

// newWriter returns a strategy that signs by the device. Making it signs nothing.
func newWriter(t *testing.T, alg authstrategy.Algorithm, d *device) authstrategy.Strategy[authstrategy.Subject] {
	t.Helper()
	writer, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{},
		authstrategy.WithAlgorithm(alg), authstrategy.WithSigner(d))
	require.NoError(t, err)
	assert.Empty(t, d.asked)
	return writer
}

// newReader returns a strategy with the public key alone.
func newReader(t *testing.T, alg authstrategy.Algorithm, public crypto.PublicKey) authstrategy.Strategy[authstrategy.Subject] {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	reader, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithAlgorithm(alg),
		authstrategy.WithPublicKey(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))))
	require.NoError(t, err)
	return reader
}

// exchange writes two tokens by a key of a device, and reads them by its public
// key. It returns the options that the device was given.
func exchange(t *testing.T, alg authstrategy.Algorithm, key crypto.Signer) []crypto.SignerOpts {
	t.Helper()
	d := &device{Signer: key}
	writer, reader := newWriter(t, alg, d), newReader(t, alg, key.Public())
	for range 2 {
		token, err := writer.WriteToken(t.Context(), "42")
		require.NoError(t, err)
		for _, strategy := range []authstrategy.Strategy[authstrategy.Subject]{reader, writer} {
			user, err := strategy.ReadToken(t.Context(), token, fromToken)
			require.NoError(t, err)
			assert.Equal(t, authstrategy.Subject("42"), user)
		}
	}
	return d.asked
}

func fromToken(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
	return authstrategy.Subject(claims.Subject), nil
}

// hashOf returns the hash of an algorithm.
func hashOf(alg authstrategy.Algorithm) crypto.Hash {
	return map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg[2:])]
}

// pss returns the options of RSA-PSS.
func pss(alg authstrategy.Algorithm, salt int) crypto.SignerOpts {
	return &rsa.PSSOptions{SaltLength: salt, Hash: hashOf(alg)}
}

// signAs has the key sign some digest.
func signAs(key crypto.Signer, opts crypto.SignerOpts) (digest, signature []byte, err error) {
	digest = opts.HashFunc().New().Sum(nil)
	signature, err = key.Sign(nil, digest, opts)
	return digest, signature, err
}
