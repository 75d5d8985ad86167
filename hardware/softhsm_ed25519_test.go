package hardware

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"io"
	"testing"

	"github.com/miekg/pkcs11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// What PKCS #11 3.0 has for Ed25519, and the PKCS #11 wrapper has no name for.
const (
	ckkECEdwards           = 0x00000040
	ckmECEdwardsKeyPairGen = 0x00001055
	ckmEdDSA               = 0x00001057
)

// An ed25519Key is a key of a PKCS #11 token, without crypto11.
type ed25519Key struct {
	module  *pkcs11.Ctx
	session pkcs11.SessionHandle
	private pkcs11.ObjectHandle
	public  ed25519.PublicKey
}

func (k *ed25519Key) Public() crypto.PublicKey { return k.public }

func (k *ed25519Key) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != 0 {
		return nil, errors.New("Ed25519 signs messages, and no digests")
	}
	if err := k.module.SignInit(k.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmEdDSA, nil)}, k.private); err != nil {
		return nil, err
	}
	return k.module.Sign(k.session, message)
}

// newEd25519Key makes a key in a token of its own.
func newEd25519Key(t *testing.T) *ed25519Key {
	t.Helper()
	module := pkcs11.New(softHSM)
	require.NotNil(t, module)
	require.NoError(t, module.Initialize())
	t.Cleanup(func() {
		assert.NoError(t, module.Finalize())
		module.Destroy()
	})
	slots, err := module.GetSlotList(true)
	require.NoError(t, err)
	session, err := module.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	require.NoError(t, err)
	require.NoError(t, module.Login(session, pkcs11.CKU_USER, userPIN))
	public, private, err := module.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(ckmECEdwardsKeyPairGen, nil)},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, ckkECEdwards),
			pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, append([]byte{0x13, 12}, "edwards25519"...)),
		},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
			pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
			pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		})
	require.NoError(t, err)
	point, err := module.GetAttributeValue(session, public, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, nil)})
	require.NoError(t, err)
	octets := point[0].Value // an OCTET STRING
	require.Len(t, octets, 2+ed25519.PublicKeySize)
	return &ed25519Key{module, session, private, octets[2:]}
}

// SoftHSM has Ed25519, and signs the message itself.
func TestSoftHSMEd25519(t *testing.T) {
	initToken(t)
	key := newEd25519Key(t)
	for _, alg := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
		t.Run(string(alg), func(t *testing.T) {
			assert.Equal(t, []crypto.SignerOpts{crypto.Hash(0), crypto.Hash(0)}, exchange(t, alg, key))
		})
	}
}
