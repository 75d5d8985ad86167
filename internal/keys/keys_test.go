package keys_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// file returns a file of testdata/keys.
func file(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/keys/" + name)
	require.NoError(t, err)
	return string(data)
}

// der returns the content of the key in a file of testdata/keys.
func der(t testing.TB, name string) []byte {
	t.Helper()
	block, rest := pem.Decode([]byte(file(t, name)))
	if block.Type == "EC PARAMETERS" {
		block, _ = pem.Decode(rest)
	}
	return block.Bytes
}

func armor(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

const (
	weak    = "weak"
	invalid = "invalid"
	both    = "weak and invalid"
)

// assertFault asserts that err is a Fault with these flags and this text.
func assertFault(t testing.TB, err error, flags, text string) {
	t.Helper()
	fault := assertIsFault(t, err)
	assert.Equal(t, flags != invalid, fault.Weak, "weak: %v", err)
	assert.Equal(t, flags != weak, fault.Invalid, "invalid: %v", err)
	assert.Equal(t, text, fault.Error())
}

func assertIsFault(t testing.TB, err error) *keys.Fault {
	t.Helper()
	fault, ok := errors.AsType[*keys.Fault](err)
	require.True(t, ok, "%v", err)
	return fault
}

func TestAlgorithms(t *testing.T) {
	names := []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
	assert.Equal(t, names, keys.Algorithms())
	for _, alg := range names {
		assert.True(t, keys.Supported(alg), alg)
		assert.Equal(t, slices.Contains(names[:3], alg), keys.Symmetric(alg), alg)
	}
	for _, alg := range []string{"", "none", "hs256", "ES256K", "HS256 "} {
		assert.False(t, keys.Supported(alg), alg)
		assert.False(t, keys.Symmetric(alg), alg)
	}
}

// rsaKey is an RSA key of some bits that nobody can sign with.
func rsaKey(bits uint, e int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}
}

// foreignCurve is a curve of another package.
type foreignCurve struct{ elliptic.Curve }

func TestCheck(t *testing.T) {
	ec := func(curve elliptic.Curve) *ecdsa.PublicKey {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		return &key.PublicKey
	}
	point := func(curve elliptic.Curve, x, y *big.Int) *ecdsa.PublicKey {
		//lint:ignore SA1019 how else would one make a wrong key
		return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}
	}
	p256, ed := ec(elliptic.P256()), ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	//lint:ignore SA1019 as above
	x, y := p256.X, p256.Y
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	huge := int64(1<<31 + 1) // does not fit into an int of 32 bits, and is negative there
	const (
		brokenRSA     = "the key is a broken RSA key: its modulus must be odd, and its exponent odd and from 3 to 2147483647"
		chooseAnother = "; pass another key, or choose the algorithm of this one with WithAlgorithm"
	)
	for _, tt := range []struct {
		name, alg string
		key       crypto.PublicKey
		want      string // "": it is good
	}{
		{"RSA of 2048 bits", "RS256", rsaKey(2048, 65537), ""},
		{"RSA of 16384 bits", "PS512", rsaKey(16384, 65537), ""},
		{"RSA of 2047 bits", "RS256", rsaKey(2047, 65537), "the key has 2047 bits; RS256 requires an RSA key of 2048 to 16384 bits"},
		{"RSA of 16385 bits", "PS384", rsaKey(16385, 65537), "the key has 16385 bits; PS384 requires an RSA key of 2048 to 16384 bits"},
		{"RSA, exponent -1", "RS256", rsaKey(2048, -1), brokenRSA},
		{"RSA, exponent 1", "RS256", rsaKey(2048, 1), brokenRSA},
		{"RSA, exponent 2", "RS256", rsaKey(2048, 2), brokenRSA},
		{"RSA, exponent 3", "RS256", rsaKey(2048, 3), ""},
		{"RSA, exponent 4", "RS256", rsaKey(2048, 4), brokenRSA},
		{"RSA, exponent 2^31-1", "RS256", rsaKey(2048, 1<<31-1), ""},
		{"RSA, exponent 2^31+1", "RS256", rsaKey(2048, int(huge)), brokenRSA},
		{"RSA, even modulus", "RS256", &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}, brokenRSA},
		{"RSA, no modulus", "RS256", &rsa.PublicKey{E: 65537}, "the key is an RSA key without a modulus"},
		{"RSA, nil", "RS256", (*rsa.PublicKey)(nil), "the key is an RSA key without a modulus"},

		{"ECDSA", "ES256", p256, ""},
		{"ECDSA, another curve", "ES384", p256, "the key is on the curve P-256; ES384 requires P-384"},
		{"ECDSA, P-224", "ES256", ec(elliptic.P224()), "the key is on the curve P-224; ES256 requires P-256"},
		{"ECDSA, a curve that says it is P-256", "ES256", point(foreignCurve{elliptic.P256()}, x, y), "the key is on the curve P-256; ES256 requires P-256"},
		{"ECDSA, beside the curve", "ES512", point(elliptic.P521(), big.NewInt(1), big.NewInt(1)),
			"the key is no point of the curve; copy it again, or make a new key with openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out private.pem"},
		{"ECDSA, no curve", "ES256", point(nil, x, y), "the key is an ECDSA key without a curve or a point"},
		{"ECDSA, no x", "ES256", point(elliptic.P256(), nil, y), "the key is an ECDSA key without a curve or a point"},
		{"ECDSA, no y", "ES256", point(elliptic.P256(), x, nil), "the key is an ECDSA key without a curve or a point"},
		{"ECDSA, nil", "ES256", (*ecdsa.PublicKey)(nil), "the key is an ECDSA key without a curve or a point"},

		{"Ed25519", "EdDSA", ed, ""},
		{"Ed25519, cut short", "EdDSA", ed.(ed25519.PublicKey)[:31], "the key is no point of the curve; copy it again, or make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},
		{"Ed25519, nil", "EdDSA", ed25519.PublicKey(nil), "the key is no point of the curve; copy it again, or make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},

		{"RSA for ECDSA", "ES256", rsaKey(2048, 3), "the key is of type RSA; ES256 requires a key of type ECDSA on P-256" + chooseAnother},
		{"RSA for Ed25519", "EdDSA", rsaKey(2048, 3), "the key is of type RSA; EdDSA requires a key of type Ed25519" + chooseAnother},
		{"ECDSA for RSA", "RS256", p256, "the key is of type ECDSA; RS256 requires a key of type RSA" + chooseAnother},
		{"Ed25519 for ECDSA", "ES384", ed, "the key is of type Ed25519; ES384 requires a key of type ECDSA on P-384" + chooseAnother},
		{"X25519", "EdDSA", x25519.PublicKey(), "the key is of type X25519, which is for key agreement and signs nothing; EdDSA requires a key of type Ed25519; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},
		{"nil", "PS256", nil, "the key is of another type; PS256 requires a key of type RSA; make a new key with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem"},
		{"by value", "RS256", *rsaKey(2048, 3), "the key is of another type; RS256 requires a key of type RSA; make a new key with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem"},
		{"HMAC", "HS256", p256, `the key is a key, but "HS256" is no algorithm of key pairs`},
		{"unknown algorithm", "none", p256, `the key is a key, but "none" is no algorithm of key pairs`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := keys.Check("the key", tt.alg, tt.key)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assertFault(t, err, invalid, tt.want)
		})
	}
}

// The public keys of Ed25519 under which a signature of zeroes can verify are
// refused. They are found here by arithmetic on the curve (RFC 8032 §5.1), not
// taken from the package that is under test.
func TestCheckEd25519SmallOrder(t *testing.T) {
	points := smallOrderPoints()
	require.Len(t, points, 14, "8 points, 2 of them of order 1 and 2 of order 4 also unreduced, and with both signs of x where x is 0")
	for _, point := range points {
		assertFault(t, keys.Check("the key", "EdDSA", ed25519.PublicKey(point)), invalid,
			"the key is a point of small order, under which anyone can sign; make a new key with openssl genpkey -algorithm ed25519 -out private.pem")
	}
}

// smallOrderPoints returns every encoding of a y coordinate of a point of order
// 1, 2, 4 or 8, with both signs.
func smallOrderPoints() [][]byte {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, p) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	inverse := func(a *big.Int) *big.Int { return new(big.Int).ModInverse(a, p) }
	one := big.NewInt(1)
	d := mul(big.NewInt(-121665), inverse(big.NewInt(121666)))
	// A point has order 8 if doubling it gives one with y = 0, that is if
	// x² = -y²; with the curve's -x² + y² = 1 + d x² y², d y⁴ + 2 y² - 1 = 0.
	root := new(big.Int).ModSqrt(mod(new(big.Int).Add(d, one)), p)
	var ys []*big.Int
	for _, sign := range []int64{1, -1} {
		y2 := mul(mod(new(big.Int).Sub(mul(big.NewInt(sign), root), one)), inverse(d))
		if y := new(big.Int).ModSqrt(y2, p); y != nil {
			ys = append(ys, y, mod(new(big.Int).Neg(y)))
		}
	}
	ys = append(ys, big.NewInt(0), big.NewInt(1), new(big.Int).Sub(p, one), p, new(big.Int).Add(p, one))
	var points [][]byte
	for _, y := range ys {
		for _, sign := range []byte{0, 0x80} {
			point := y.FillBytes(make([]byte, 32))
			slices.Reverse(point)
			point[31] |= sign
			points = append(points, point)
		}
	}
	return points
}

// Half of all numbers are the y coordinate of no point. With such a key no token
// would ever be accepted.
func TestCheckEd25519BesideTheCurve(t *testing.T) {
	refused := 0
	for y := range 256 {
		key := make(ed25519.PublicKey, ed25519.PublicKeySize)
		key[0], key[1] = byte(y), 1
		verified := ed25519.VerifyWithOptions(key, nil, make([]byte, ed25519.SignatureSize), &ed25519.Options{})
		err := keys.Check("the key", "EdDSA", key)
		if !strings.Contains(verified.Error(), "bad public key") {
			assert.NoError(t, err, "%x", key)
			continue
		}
		refused++
		assertFault(t, err, invalid, "the key is no point of the curve; copy it again, or make a new key with openssl genpkey -algorithm ed25519 -out private.pem")
	}
	assert.InDelta(t, 128, refused, 32)
}
