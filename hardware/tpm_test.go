package hardware

import (
	"crypto"
	"crypto/rsa"
	"testing"

	"github.com/google/go-tpm-tools/client"
	"github.com/google/go-tpm-tools/simulator"
	"github.com/google/go-tpm/legacy/tpm2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// A key of a TPM has one algorithm, hash included.
var (
	tpmHashes = map[crypto.Hash]tpm2.Algorithm{crypto.SHA256: tpm2.AlgSHA256, crypto.SHA384: tpm2.AlgSHA384, crypto.SHA512: tpm2.AlgSHA512}
	tpmCurves = map[crypto.Hash]tpm2.EllipticCurve{crypto.SHA256: tpm2.CurveNISTP256, crypto.SHA384: tpm2.CurveNISTP384, crypto.SHA512: tpm2.CurveNISTP521}
)

func rsaTemplate(scheme tpm2.Algorithm, hash crypto.Hash) tpm2.Public {
	template := client.AKTemplateRSA()
	template.Attributes &^= tpm2.FlagRestricted // which signs only what the TPM itself made
	template.RSAParameters.Sign = &tpm2.SigScheme{Alg: scheme, Hash: tpmHashes[hash]}
	return template
}

func ecdsaTemplate(hash crypto.Hash) tpm2.Public {
	template := client.AKTemplateECC()
	template.Attributes &^= tpm2.FlagRestricted
	template.ECCParameters.Sign.Hash = tpmHashes[hash]
	template.ECCParameters.CurveID = tpmCurves[hash]
	return template
}

func openTPM(t *testing.T) *simulator.Simulator {
	t.Helper()
	tpm, err := simulator.Get()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, tpm.Close()) })
	return tpm
}

// newTPMKey makes a key in the TPM.
func newTPMKey(t *testing.T, tpm *simulator.Simulator, template tpm2.Public) crypto.Signer {
	t.Helper()
	key, err := client.NewKey(tpm, tpm2.HandleOwner, template)
	require.NoError(t, err)
	t.Cleanup(key.Close)
	signer, err := key.GetSigner()
	require.NoError(t, err)
	return signer
}

// The TPM signs with every algorithm but EdDSA, which its reference code does not
// have.
func TestTPM(t *testing.T) {
	tpm := openTPM(t)
	for _, alg := range []authstrategy.Algorithm{authstrategy.RS256, authstrategy.RS384, authstrategy.RS512} {
		t.Run(string(alg), func(t *testing.T) {
			key := newTPMKey(t, tpm, rsaTemplate(tpm2.AlgRSASSA, hashOf(alg)))
			assert.Equal(t, []crypto.SignerOpts{hashOf(alg), hashOf(alg)}, exchange(t, alg, key))
		})
	}
	for _, alg := range []authstrategy.Algorithm{authstrategy.ES256, authstrategy.ES384, authstrategy.ES512} {
		t.Run(string(alg), func(t *testing.T) {
			key := newTPMKey(t, tpm, ecdsaTemplate(hashOf(alg)))
			assert.Equal(t, []crypto.SignerOpts{hashOf(alg), hashOf(alg)}, exchange(t, alg, key))
		})
	}
	for _, alg := range []authstrategy.Algorithm{authstrategy.PS256, authstrategy.PS384, authstrategy.PS512} {
		t.Run(string(alg), func(t *testing.T) {
			key := newTPMKey(t, tpm, rsaTemplate(tpm2.AlgRSAPSS, hashOf(alg)))
			asHash, auto := pss(alg, rsa.PSSSaltLengthEqualsHash), pss(alg, rsa.PSSSaltLengthAuto)
			assert.Equal(t, []crypto.SignerOpts{asHash, auto, auto}, exchange(t, alg, key), "the automatic salt, once it worked")
			testTPMSalt(t, alg, key)
		})
	}
}

// A TPM cannot be told how long the salt is, not even the length that it has:
// that of the hash.
func testTPMSalt(t *testing.T, alg authstrategy.Algorithm, key crypto.Signer) {
	t.Helper()
	hash := hashOf(alg)
	for _, told := range []int{rsa.PSSSaltLengthEqualsHash, hash.Size()} {
		_, _, err := signAs(key, pss(alg, told))
		assert.EqualError(t, err, "salt length must be rsa.PSSSaltLengthAuto")
	}
	digest, signature, err := signAs(key, pss(alg, rsa.PSSSaltLengthAuto))
	require.NoError(t, err)
	assert.NoError(t, rsa.VerifyPSS(key.Public().(*rsa.PublicKey), hash, digest, signature, &rsa.PSSOptions{SaltLength: hash.Size()}))
}
