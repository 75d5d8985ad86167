package keyring

import (
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// A key that the checks let pass and Go refuses to use is found before it is used,
// as in FIPS 140-only mode (TestFIPSOnly of the root).
func TestKeyThatGoRefuses(t *testing.T) {
	public, err := newPublic([]string{"RS256"}, &rsa.PublicKey{N: big.NewInt(15), E: 3})
	require.IsType(t, &keys.Fault{}, err)
	assert.ErrorContains(t, err, "Go refuses to use this key: it does not verify: crypto/rsa: ")
	assert.ErrorContains(t, err, "; make another one, or run without GODEBUG=fips140=only")
	assert.Nil(t, public)
}
