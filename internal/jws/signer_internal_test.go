package jws

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"io"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bufferSigner returns the same bytes every time.
type bufferSigner struct {
	ed25519.PrivateKey
	buffer [ed25519.SignatureSize]byte
}

func (s *bufferSigner) Sign(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	copy(s.buffer[:], ed25519.Sign(s.PrivateKey, message))
	return s.buffer[:], nil
}

// A signature that was verified stays what it is, whatever the signer does next.
func TestSignatureOfSignerIsACopy(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer := &bufferSigner{PrivateKey: private}
	key, err := NewSigner("EdDSA", signer, public)
	require.NoError(t, err)
	signature, err := key.sign(t.Context(), "first")
	require.NoError(t, err)
	clear(signer.buffer[:])
	assert.NoError(t, key.Verify("first", signature))
}

// Whatever fixedSize takes is the one DER of two numbers in range, here written by
// another encoder, and the two are what it returns.
func FuzzFixedSize(f *testing.F) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		order := curve.Params().N
		less := new(big.Int).Sub(order, big.NewInt(1))
		for _, v := range []*big.Int{big.NewInt(0), big.NewInt(1), big.NewInt(-1), big.NewInt(128), less, order} {
			der, err := asn1.Marshal(struct{ R, S *big.Int }{v, less})
			require.NoError(f, err)
			f.Add(der)
			f.Add(append(der, 0))
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			order, size := curve.Params().N, 2*((curve.Params().BitSize+7)/8)
			signature, err := fixedSize(der, order, size)
			if err != nil {
				assert.Nil(t, signature)
				continue
			}
			require.Len(t, signature, size)
			r, s := new(big.Int).SetBytes(signature[:size/2]), new(big.Int).SetBytes(signature[size/2:])
			assert.Equal(t, der, append(head(0x30, append(integer(r), integer(s)...)), append(integer(r), integer(s)...)...))
			for _, v := range []*big.Int{r, s} {
				assert.True(t, v.Sign() > 0 && v.Cmp(order) < 0)
			}
		}
	})
}

// integer returns the DER of a number above 0 (X.690 §8.3).
func integer(v *big.Int) []byte {
	content := v.Bytes()
	if content[0] >= 0x80 {
		content = append([]byte{0}, content...)
	}
	return append(head(0x02, content), content...)
}

// head returns the tag and the length of a value of fewer than 256 bytes (X.690
// §8.1.3, §10.1).
func head(tag byte, content []byte) []byte {
	if len(content) < 0x80 {
		return []byte{tag, byte(len(content))}
	}
	return []byte{tag, 0x81, byte(len(content))}
}
