package hardware

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ThalesGroup/crypto11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// softHSM is where Debian's package libsofthsm2 has it, for every architecture.
const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// The PIN of the token's user, and that of its officer.
const userPIN, officerPIN = "1234", "5678"

// initToken makes a token in a folder of its own. SoftHSM finds it there until the
// test ends.
func initToken(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "softhsm2.conf")
	require.NoError(t, os.WriteFile(config, []byte("directories.tokendir = "+folder+"\nlog.level = ERROR\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", config)
	output, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "test", "--pin", userPIN, "--so-pin", officerPIN).CombinedOutput()
	require.NoError(t, err, "if softhsm2-util is not installed, run ./setup\n%s", output)
}

// openToken opens a token of its own.
func openToken(t *testing.T) *crypto11.Context {
	t.Helper()
	initToken(t)
	token, err := crypto11.Configure(&crypto11.Config{Path: softHSM, TokenLabel: "test", Pin: userPIN})
	require.NoError(t, err)
	return token
}

// SoftHSM signs with every algorithm. EdDSA, which crypto11 does not have, is in
// softhsm_ed25519_test.go.
func TestSoftHSM(t *testing.T) {
	token := openToken(t)
	rsaKey, err := token.GenerateRSAKeyPair([]byte("rsa"), 2048)
	require.NoError(t, err)

	for _, alg := range []authstrategy.Algorithm{authstrategy.RS256, authstrategy.RS384, authstrategy.RS512} {
		t.Run(string(alg), func(t *testing.T) {
			assert.Equal(t, []crypto.SignerOpts{hashOf(alg), hashOf(alg)}, exchange(t, alg, rsaKey))
		})
	}
	for _, alg := range []authstrategy.Algorithm{authstrategy.PS256, authstrategy.PS384, authstrategy.PS512} {
		t.Run(string(alg), func(t *testing.T) {
			asHash := pss(alg, rsa.PSSSaltLengthEqualsHash)
			assert.Equal(t, []crypto.SignerOpts{asHash, asHash}, exchange(t, alg, rsaKey))
		})
	}
	for alg, curve := range map[authstrategy.Algorithm]elliptic.Curve{
		authstrategy.ES256: elliptic.P256(), authstrategy.ES384: elliptic.P384(), authstrategy.ES512: elliptic.P521(),
	} {
		t.Run(string(alg), func(t *testing.T) {
			key, err := token.GenerateECDSAKeyPair([]byte(alg), curve)
			require.NoError(t, err)
			assert.Equal(t, []crypto.SignerOpts{hashOf(alg), hashOf(alg)}, exchange(t, alg, key))
		})
	}
	t.Run("salt", func(t *testing.T) { testSoftHSMSalt(t, rsaKey) })
	t.Run("gone", func(t *testing.T) { testSoftHSMGone(t, token, rsaKey) })
}

// SoftHSM's salt has the length that it is told. crypto11 knows no automatic one.
func testSoftHSMSalt(t *testing.T, key crypto.Signer) {
	for _, alg := range []authstrategy.Algorithm{authstrategy.PS256, authstrategy.PS384, authstrategy.PS512} {
		hash := hashOf(alg)
		_, _, err := signAs(key, pss(alg, rsa.PSSSaltLengthAuto))
		assert.EqualError(t, err, "unsupported RSA option value")

		for told, length := range map[int]int{rsa.PSSSaltLengthEqualsHash: hash.Size(), 20: 20} {
			digest, signature, err := signAs(key, pss(alg, told))
			require.NoError(t, err)
			assert.NoError(t, rsa.VerifyPSS(key.Public().(*rsa.PublicKey), hash, digest, signature, &rsa.PSSOptions{SaltLength: length}))
		}
	}
}

// A token that is closed is no reason to refuse anybody. It is asked once for an
// option that has worked.
func testSoftHSMGone(t *testing.T, token *crypto11.Context, key crypto.Signer) {
	d := &device{Signer: key}
	writer := newWriter(t, authstrategy.PS256, d)
	_, err := writer.WriteToken(t.Context(), "42")
	require.NoError(t, err)
	require.NoError(t, token.Close())
	_, err = writer.WriteToken(t.Context(), "42")
	assert.ErrorContains(t, err, "the signer failed: ")
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.Len(t, d.asked, 2)
}
