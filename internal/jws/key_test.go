package jws_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
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
		opened, err := openBy(t, codec, keys, sign(t, header, "p"))
		if want == nil {
			require.NoError(t, err, header)
			assert.Equal(t, "p", opened.Payload)
		} else {
			assert.ErrorIs(t, err, want, header)
			assert.Zero(t, opened)
		}
	}
	_, err = openBy(t, codec, jws.StaticKeySet{}, sign(t, `{"alg":"HS256"}`, "p"))
	assert.EqualError(t, err, "there is no key for it")
}

// That keys cannot be looked up is not the token's fault, and nothing is looked
// up for a token that is refused before.
func TestKeysFail(t *testing.T) {
	codec, down := newCodec(t, "HS256"), errors.New("down")
	_, err := openBy(t, codec, downKeys{down}, sign(t, `{"alg":"HS256"}`, "p"))
	assert.Same(t, down, err)
	_, err = openBy(t, codec, downKeys{down}, sign(t, `{"alg":"HS512"}`, "p"))
	assert.ErrorIs(t, err, jws.ErrUnverifiable)
	_, err = openBy(t, codec, downKeys{down}, "x")
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

// A key that comes again, as a source's keys do when they are fetched again, is equal
// to itself, and to no other key or algorithm. A secret is equal to nothing but its own
// Key.
func TestKeyEqual(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	edPublic, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	pair := func(alg string, public crypto.PublicKey) *jws.Key {
		key, err := jws.NewKeyPair(alg, nil, public)
		require.NoError(t, err)
		return key
	}
	secret := newHMAC(t, "HS256")
	rs256, es256, ed := pair("RS256", &rsaKey.PublicKey), pair("ES256", &ecKey.PublicKey), pair("EdDSA", edPublic)
	for name, tt := range map[string]struct {
		a, b *jws.Key
		want bool
	}{
		"the same Key":            {rs256, rs256, true},
		"the same RSA key":        {rs256, pair("RS256", &rsa.PublicKey{N: rsaKey.N, E: rsaKey.E}), true},
		"the same ECDSA key":      {es256, pair("ES256", &ecKey.PublicKey), true},
		"EdDSA and Ed25519":       {ed, pair("Ed25519", slices.Clone(edPublic)), true},
		"another algorithm":       {rs256, pair("RS384", &rsaKey.PublicKey), false},
		"another ECDSA key":       {es256, pair("ES256", &other.PublicKey), false},
		"a key of another family": {es256, ed, false},
		"the same secret":         {secret, secret, true},
		"another Key of a secret": {secret, newHMAC(t, "HS256"), false},
		"a secret and a key pair": {secret, rs256, false},
	} {
		assert.Equal(t, tt.want, tt.a.Equal(tt.b), name)
		assert.Equal(t, tt.want, tt.b.Equal(tt.a), name)
	}
}
