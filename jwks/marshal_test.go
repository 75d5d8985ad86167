package jwks_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

func publicKey(t testing.TB, id string, alg authstrategy.Algorithm, key crypto.PublicKey) *authstrategy.PublicKey {
	t.Helper()
	public, err := authstrategy.NewPublicKey(id, alg, key)
	require.NoError(t, err)
	return public
}

func TestThumbprint(t *testing.T) {
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"RFC 7638 §3.1": {keyOfRSA(t), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"EC":            {keyOfEC(t), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"},
		"RFC 8037 A.3":  {keyOfOKP(t), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jwks.Thumbprint(tt.key)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)

			// Only the required members count: not the id, not the algorithm.
			got, err = jwks.Thumbprint(publicKey(t, "a", "", tt.key))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestThumbprintRefuses(t *testing.T) {
	ecPrivate, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, key := range map[string]crypto.PublicKey{
		"nil":                          nil,
		"a nil PublicKey":              (*authstrategy.PublicKey)(nil),
		"a zero PublicKey":             new(authstrategy.PublicKey),
		"a private key":                ecPrivate,
		"a private key of Ed25519":     ed25519.NewKeyFromSeed(make([]byte, 32)),
		"a secret":                     []byte("secret"),
		"X25519":                       x25519.PublicKey(),
		"a nil key of RSA":             (*rsa.PublicKey)(nil),
		"a key of RSA of 2047 bits":    &rsa.PublicKey{N: new(big.Int).Rsh(keyOfRSA(t).N, 1), E: 65537},
		"a key of RSA, not by pointer": *keyOfRSA(t),
		"a zero key of EC":             new(ecdsa.PublicKey),
		"P-224":                        &p224.PublicKey,
		"a short key of Ed25519":       ed25519.PublicKey("short"),
	} {
		t.Run(name, func(t *testing.T) {
			thumbprint, err := jwks.Thumbprint(key)
			assert.Empty(t, thumbprint)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidKey)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		})
	}
}

func TestMarshal(t *testing.T) {
	set, err := jwks.Marshal(
		publicKey(t, "a", authstrategy.PS512, keyOfRSA(t)),
		publicKey(t, "\"b\"", authstrategy.ES256, keyOfEC(t)),
		publicKey(t, "A", authstrategy.EdDSA, keyOfOKP(t)),
		publicKey(t, "c", authstrategy.Ed25519, keyOfOKP(t)),
		publicKey(t, "d", "", keyOfOKP(t)),
	)
	require.NoError(t, err)
	const okp = `"use":"sig","crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	assert.Equal(t, `{"keys":[`+
		`{"kid":"a","alg":"PS512","use":"sig","e":"AQAB","kty":"RSA","n":"`+rfcModulus+`"},`+
		`{"kid":"\"b\"","alg":"ES256","use":"sig","crv":"P-256","kty":"EC","x":"`+rfcX+`","y":"`+rfcY+`"},`+
		`{"kid":"A","alg":"EdDSA",`+okp+`,`+
		`{"kid":"c","alg":"Ed25519",`+okp+`,`+
		`{"kid":"d",`+okp+`]}`, string(set))
}

// TestMarshalledIsParsed: Parse reads what Marshal writes.
func TestMarshalledIsParsed(t *testing.T) {
	published := []*authstrategy.PublicKey{
		publicKey(t, "a\u2028<ä>\x00", authstrategy.RS256, keyOfRSA(t)),
		publicKey(t, "b", "", keyOfEC(t)),
		publicKey(t, "c", authstrategy.Ed25519, keyOfOKP(t)),
	}
	set, err := jwks.Marshal(published...)
	require.NoError(t, err)
	source := parse(t, string(set))
	assert.Empty(t, source.Skipped())
	read := keysOf(t, source, "")
	require.Len(t, read, len(published))
	for i := range published {
		assert.Equal(t, published[i].ID(), read[i].ID())
		assert.Equal(t, published[i].Algorithm(), read[i].Algorithm())
		assert.True(t, sameKey(published[i].Key(), read[i].Key()))
	}
}

func TestMarshalRefuses(t *testing.T) {
	const (
		mistake = "authstrategy: invalid configuration: "
		isNil   = " is nil or zero; strategies with HS256, HS384, HS512 or WithKeySource have no public key"
		noID    = " has no id, and verifiers choose by it; make its strategy with WithThumbprintKeyID"
		sameID  = " have the same id, and verifiers choose by it; publish each key once, and give each an id of its own, as WithThumbprintKeyID does"
	)
	a, otherA := publicKey(t, "a", "", keyOfRSA(t)), publicKey(t, "a", authstrategy.EdDSA, keyOfOKP(t))
	b, none := publicKey(t, "b", "", keyOfEC(t)), publicKey(t, "", "", keyOfEC(t))
	for name, tt := range map[string]struct {
		keys []*authstrategy.PublicKey
		want string
	}{
		"none":          {nil, mistake + "there is no key to publish; pass at least one"},
		"nil":           {[]*authstrategy.PublicKey{a, nil}, mistake + "key 2 of 2" + isNil},
		"zero":          {[]*authstrategy.PublicKey{new(authstrategy.PublicKey), a}, mistake + "key 1 of 2" + isNil},
		"without id":    {[]*authstrategy.PublicKey{none}, mistake + "key 1 of 1" + noID},
		"two of one id": {[]*authstrategy.PublicKey{a, b, otherA}, mistake + "keys 1 and 3 of 3" + sameID},
		"one key twice": {[]*authstrategy.PublicKey{a, a}, mistake + "keys 1 and 2 of 2" + sameID},
		"all at once": {[]*authstrategy.PublicKey{nil, none, a, nil, none, b, a, otherA}, mistake + "key 1 of 8" + isNil + "\n" +
			mistake + "key 2 of 8" + noID + "\n" +
			mistake + "key 4 of 8" + isNil + "\n" +
			mistake + "key 5 of 8" + noID + "\n" +
			mistake + "keys 3 and 7 of 8" + sameID + "\n" +
			mistake + "keys 7 and 8 of 8" + sameID},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := jwks.Marshal(tt.keys...)
			assert.Nil(t, set)
			assert.EqualError(t, err, tt.want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		})
	}
}
