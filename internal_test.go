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

// What no strategy of today can come to: its key is in memory, and there is one.

var errDown = errors.New("down")

// That keys cannot be looked up says nothing about the token, whatever the error
// matches.
func TestKeyLookUpFails(t *testing.T) {
	err := openError(errors.Join(errDown, ErrTokenExpired, ErrUserRefused))
	assert.EqualError(t, err, "authstrategy: the key look-up failed: down\nauthstrategy: token is expired\nauthstrategy: user refused")
	assert.ErrorIs(t, err, errDown)
	for _, refusal := range refusals {
		assert.NotErrorIs(t, err, refusal)
	}
}

type brokenSigner struct{ ed25519.PrivateKey }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errDown }

func TestSigningFails(t *testing.T) {
	s, err := GetJWTStrategy[Subject](NewSecret("for tests only: 32 bytes and some more"))
	require.NoError(t, err)
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	s.tokens.signingKey, err = jws.NewKeyPair("EdDSA", brokenSigner{private}, private.Public())
	require.NoError(t, err)
	token, err := s.WriteToken(t.Context(), "1")
	assert.ErrorIs(t, err, errDown)
	assert.EqualError(t, err, "authstrategy: signing failed: down")
	assert.Empty(t, token)
}
