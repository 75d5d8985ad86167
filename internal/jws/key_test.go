package jws_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// keysByID is a Keys that tells keys apart by their kid.
type keysByID map[string][]*jws.Key

func (k keysByID) Candidates(_ context.Context, kid string) ([]*jws.Key, error) { return k[kid], nil }

// downKeys cannot say which keys there are.
type downKeys struct{ err error }

func (d downKeys) Candidates(context.Context, string) ([]*jws.Key, error) { return nil, d.err }

// A token is verified by one of several keys, which its kid may choose.
func TestCandidates(t *testing.T) {
	codec, right := newCodec(t, "HS256"), newHMAC(t, "HS256")
	wrong, err := jws.NewHMAC("HS256", []byte("another secret"))
	require.NoError(t, err)
	larger, err := jws.NewHMAC("HS384", []byte("secret"))
	require.NoError(t, err)
	keys := keysByID{"right": {right}, "both": {wrong, right}, "wrong": {wrong}, "larger": {larger}, "": {right}}
	for header, want := range map[string]error{
		`{"alg":"HS256","kid":"right"}`:   nil,
		`{"alg":"HS256","kid":"both"}`:    nil,
		`{"alg":"HS256"}`:                 nil,
		`{"alg":"HS256","kid":"wrong"}`:   jws.ErrSignature,
		`{"alg":"HS256","kid":"unknown"}`: jws.ErrUnverifiable,
		`{"alg":"HS256","kid":"larger"}`:  jws.ErrUnverifiable, // a key of another algorithm is none
	} {
		_, payload, err := codec.Open(t.Context(), sign(t, header, "p"), keys)
		if want == nil {
			require.NoError(t, err, header)
			assert.Equal(t, "p", string(payload))
		} else {
			assert.ErrorIs(t, err, want, header)
			assert.Nil(t, payload)
		}
	}
	_, _, err = codec.Open(t.Context(), sign(t, `{"alg":"HS256"}`, "p"), jws.StaticKeySet{})
	assert.EqualError(t, err, "there is no key for it")
}

// That keys cannot be looked up is not the token's fault, and nothing is looked
// up for a token that is refused before.
func TestKeysFail(t *testing.T) {
	codec, down := newCodec(t, "HS256"), errors.New("down")
	_, _, err := codec.Open(t.Context(), sign(t, `{"alg":"HS256"}`, "p"), downKeys{down})
	assert.Same(t, down, err)
	_, _, err = codec.Open(t.Context(), sign(t, `{"alg":"HS512"}`, "p"), downKeys{down})
	assert.ErrorIs(t, err, jws.ErrUnverifiable)
	_, _, err = codec.Open(t.Context(), "x", downKeys{down})
	assert.ErrorIs(t, err, jws.ErrMalformed)
}

// A key that cannot be used is told from a signature that does not verify.
func TestKeyTest(t *testing.T) {
	assert.NoError(t, newHMAC(t, "HS256").SelfTest())

	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	mismatched, err := jws.NewKeyPair("RS256", private, &other.PublicKey)
	require.NoError(t, err)
	assert.ErrorIs(t, mismatched.SelfTest(), rsa.ErrVerification)
	assert.ErrorContains(t, mismatched.SelfTest(), "it does not verify what it signs: ")

	small, err := jws.NewKeyPair("RS256", nil, &rsa.PublicKey{N: big.NewInt(15), E: 3}) // crypto/rsa refuses such keys on use
	require.NoError(t, err)
	assert.ErrorContains(t, small.SelfTest(), "it does not verify: crypto/rsa: ")
	noSigner, err := jws.NewKeyPair("ES256", private, &other.PublicKey)
	require.NoError(t, err)
	assert.ErrorContains(t, noSigner.SelfTest(), "it does not sign: ")
}
