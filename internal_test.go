package authstrategy

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

var errDown = errors.New("down")

type brokenSigner struct{ ed25519.PrivateKey }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errDown }

func TestSigningFails(t *testing.T) {
	s, err := GetJWTStrategy[Subject](NewSecret("for tests only: 32 bytes and some more"))
	require.NoError(t, err)
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	s.tokens.keys.Signing, err = jws.NewKeyPair("EdDSA", brokenSigner{private}, private.Public())
	require.NoError(t, err)
	token, err := s.WriteToken(t.Context(), "1")
	assert.ErrorIs(t, err, errDown)
	assert.EqualError(t, err, "authstrategy: signing failed: down")
	assert.Empty(t, token)
}
