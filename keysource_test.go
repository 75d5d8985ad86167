package authstrategy_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

const testIssuer = "https://issuer.example"

// A sourceFunc is a KeySource.
type sourceFunc func(ctx context.Context, kid string) ([]*authstrategy.PublicKey, error)

func (f sourceFunc) PublicKeys(ctx context.Context, kid string) ([]*authstrategy.PublicKey, error) {
	return f(ctx, kid)
}

// fixed is a source that always returns the same keys.
func fixed(keys ...*authstrategy.PublicKey) authstrategy.KeySource {
	return sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) { return keys, nil })
}

func publicKey(t testing.TB, id string, alg authstrategy.Algorithm, key crypto.PublicKey) *authstrategy.PublicKey {
	t.Helper()
	k, err := authstrategy.NewPublicKey(id, alg, key)
	require.NoError(t, err)
	return k
}

// parsed is the key of a file in testdata.
func parsed(t testing.TB, name string) any {
	t.Helper()
	block, _ := pem.Decode([]byte(file(t, "keys/"+name+".pem")))
	require.NotNil(t, block)
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	require.NoError(t, err)
	return key
}

func newEd25519(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return public, private
}

// signEd25519 makes a token of any header and claims with the right signature.
func signEd25519(key ed25519.PrivateKey, header, claims string) string {
	input := encode(header) + "." + encode(claims)
	return input + "." + encode(string(ed25519.Sign(key, []byte(input))))
}

const issuedClaims = `{"iss":"` + testIssuer + `","sub":"` + testID + `","aud":["fastapi-users:auth"],"exp":1893459600}`

func reader(t testing.TB, source authstrategy.KeySource, alg authstrategy.Algorithm, opts ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	return newStrategy(t, "", append([]authstrategy.Option{authstrategy.WithAlgorithm(alg), authstrategy.WithIssuer(testIssuer), authstrategy.WithKeySource(source)}, opts...)...)
}

func TestKeySourceIsAskedWithTheKid(t *testing.T) {
	public, private := newEd25519(t)
	key := publicKey(t, "k1", "", public)
	type contextKey struct{}
	ctx := context.WithValue(ctx, contextKey{}, "mine")
	for header, want := range map[string]string{
		`{"alg":"EdDSA","kid":"k1"}`:            "k1",
		`{"alg":"EdDSA","kid":"unknown to it"}`: "unknown to it", // the source chooses, the strategy compares nothing
		`{"alg":"EdDSA","kid":"\u006b1"}`:       "k1",
		`{"alg":"EdDSA","kid":""}`:              "",
		`{"alg":"EdDSA"}`:                       "",
		`{"alg":"EdDSA","typ":"JWT"}`:           "",
	} {
		var asked []string
		s := reader(t, sourceFunc(func(ctx context.Context, kid string) ([]*authstrategy.PublicKey, error) {
			assert.Equal(t, "mine", ctx.Value(contextKey{}))
			asked = append(asked, kid)
			return []*authstrategy.PublicKey{key}, nil
		}), authstrategy.EdDSA)
		user, err := s.ReadToken(ctx, signEd25519(private, header, issuedClaims), loadSubject)
		assert.NoError(t, err, header)
		assert.Equal(t, authstrategy.Subject(testID), user)
		assert.Equal(t, []string{want}, asked, header)
	}
}

// No key is looked up for a token that is refused for its form, size or header.
func TestKeySourceIsAskedForNoBrokenToken(t *testing.T) {
	public, private := newEd25519(t)
	_, foreign := newEd25519(t)
	asked := 0
	s := reader(t, sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) {
		asked++
		return []*authstrategy.PublicKey{publicKey(t, "", "", public)}, nil
	}), authstrategy.EdDSA, authstrategy.WithMaxTokenSize(1000))
	good := `{"alg":"EdDSA"}`
	for _, tt := range []struct {
		name, token string
		reason      error
		asked       int
	}{
		{"missing", "", authstrategy.ErrTokenMissing, 0},
		{"too large", signEd25519(private, good, issuedClaims+fmt.Sprintf("%1000s", "")), authstrategy.ErrTokenTooLarge, 0},
		{"two segments", "a.b", authstrategy.ErrTokenMalformed, 0},
		{"padding", signEd25519(private, good, issuedClaims) + "=", authstrategy.ErrTokenMalformed, 0},
		{"no JSON", signEd25519(private, `{`, issuedClaims), authstrategy.ErrTokenMalformed, 0},
		{"kid no string", signEd25519(private, `{"alg":"EdDSA","kid":1}`, issuedClaims), authstrategy.ErrTokenMalformed, 0},
		{"kid null", signEd25519(private, `{"alg":"EdDSA","kid":null}`, issuedClaims), authstrategy.ErrTokenMalformed, 0},
		{"alg", signEd25519(private, `{"alg":"RS256","kid":"k"}`, issuedClaims), authstrategy.ErrTokenUnverifiable, 0},
		{"crit", signEd25519(private, `{"alg":"EdDSA","crit":["x"]}`, issuedClaims), authstrategy.ErrTokenUnverifiable, 0},
		{"signature", signEd25519(foreign, good, issuedClaims), authstrategy.ErrTokenSignature, 1},
		{"typ after the signature", signEd25519(foreign, `{"alg":"EdDSA","typ":"other"}`, issuedClaims), authstrategy.ErrTokenSignature, 1},
		{"typ", signEd25519(private, `{"alg":"EdDSA","typ":"other"}`, issuedClaims), authstrategy.ErrTokenType, 1},
		{"issuer", signEd25519(private, good, `{}`), authstrategy.ErrTokenIssuer, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked = 0
			_, err := s.ReadClaims(ctx, tt.token)
			assertRefused(t, err, tt.reason)
			assert.Equal(t, tt.asked, asked)
		})
	}
}

func TestKeySourceCandidates(t *testing.T) {
	public, private := newEd25519(t)
	other, _ := newEd25519(t)
	rsaKey := parsed(t, "rsa.pub").(*rsa.PublicKey)
	ecKey := parsed(t, "p256.pub").(*ecdsa.PublicKey)
	token := signEd25519(private, `{"alg":"EdDSA","kid":"k"}`, issuedClaims)
	right, wrong := publicKey(t, "", "", public), publicKey(t, "k", "", other)
	many := func(n int, last *authstrategy.PublicKey) []*authstrategy.PublicKey {
		var keys []*authstrategy.PublicKey
		for range n - 1 {
			keys = append(keys, wrong)
		}
		return append(keys, last)
	}
	unfit := []*authstrategy.PublicKey{nil, {}, publicKey(t, "k", "", rsaKey), publicKey(t, "k", "", ecKey), publicKey(t, "k", authstrategy.RS256, rsaKey)}
	for _, tt := range []struct {
		name   string
		keys   []*authstrategy.PublicKey
		reason error // nil: it is read
	}{
		{"none", nil, authstrategy.ErrTokenUnverifiable},
		{"nil, zero and unfit", unfit, authstrategy.ErrTokenUnverifiable},
		{"the right one, without an id", []*authstrategy.PublicKey{right}, nil},
		{"the right one for the algorithm's new name", []*authstrategy.PublicKey{publicKey(t, "k", authstrategy.Ed25519, public)}, nil},
		{"the right one for the algorithm's old name", []*authstrategy.PublicKey{publicKey(t, "k", authstrategy.EdDSA, public)}, nil},
		{"the right one among unfit", append(append([]*authstrategy.PublicKey{}, unfit...), right), nil},
		{"the wrong one", []*authstrategy.PublicKey{wrong}, authstrategy.ErrTokenSignature},
		{"sixteen that fit, and unfit ones", append(many(16, right), unfit...), nil},
		{"sixteen wrong ones", many(16, wrong), authstrategy.ErrTokenSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, alg := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
				claims, err := reader(t, fixed(tt.keys...), alg).ReadClaims(ctx, token)
				if tt.reason != nil {
					assertRefused(t, err, tt.reason)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, testID, claims.Subject)
			}
		})
	}
	_, err := reader(t, fixed(many(17, right)...), authstrategy.EdDSA).ReadClaims(ctx, token)
	assert.EqualError(t, err, "authstrategy: the KeySource returned 17 keys that fit EdDSA; it must return at most 16 for one token: give keys an id, and return those of the kid alone")
	for r := range reasons {
		assert.NotErrorIs(t, err, r)
	}
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
}

// The key's own algorithm counts where it has one.
func TestKeySourceAlgorithmOfTheKey(t *testing.T) {
	private := parsed(t, "rsa").(*rsa.PrivateKey)
	writer := newStrategy(t, file(t, "keys/rsa.pem"), authstrategy.WithAlgorithm(authstrategy.PS256), authstrategy.WithIssuer(testIssuer))
	token, err := writer.WriteToken(ctx, testID)
	require.NoError(t, err)
	for alg, reason := range map[authstrategy.Algorithm]error{
		"":                 nil,
		authstrategy.PS256: nil,
		authstrategy.PS384: authstrategy.ErrTokenUnverifiable,
		authstrategy.RS256: authstrategy.ErrTokenUnverifiable,
	} {
		_, err := reader(t, fixed(publicKey(t, "", alg, &private.PublicKey)), authstrategy.PS256).ReadClaims(ctx, token)
		if reason == nil {
			assert.NoError(t, err, alg)
		} else {
			assertRefused(t, err, reason)
		}
	}
}

// That the keys cannot be had says nothing about the token, whatever the source's
// error matches.
func TestKeySourceFails(t *testing.T) {
	_, private := newEd25519(t)
	down := errors.New("down")
	s := reader(t, sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) {
		return nil, errors.Join(down, authstrategy.ErrInvalidConfig, authstrategy.ErrTokenExpired, authstrategy.ErrTokenUnverifiable, authstrategy.ErrUserNotFound, authstrategy.ErrUserRefused)
	}), authstrategy.EdDSA)
	_, err := s.ReadToken(ctx, signEd25519(private, `{"alg":"EdDSA"}`, issuedClaims), loadSubject)
	assert.ErrorIs(t, err, down)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	assert.ErrorContains(t, err, "authstrategy: the KeySource failed: down\n")
	for r := range reasons {
		assert.NotErrorIs(t, err, r)
	}
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
}

// An error about another token, such as one that guards the keys, is none about this
// one. Nor is one that claims to be every error.
func TestKeySourceFailsForAnotherToken(t *testing.T) {
	_, private := newEd25519(t)
	token := signEd25519(private, `{"alg":"EdDSA"}`, issuedClaims)
	upstream := newStrategy(t, testSecret)
	for _, other := range []string{"", "x", token, sign(testHeader, testClaims)[:100], sign(testHeader, testClaims) + "A"} {
		s := reader(t, sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) {
			_, err := upstream.ReadClaims(ctx, other)
			require.ErrorIs(t, err, authstrategy.ErrInvalidToken)
			return nil, fmt.Errorf("upstream: %w", err)
		}), authstrategy.EdDSA)
		_, err := s.ReadClaims(ctx, token)
		assert.ErrorContains(t, err, "authstrategy: the KeySource failed: upstream: ")
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
		for r := range reasons {
			assert.NotErrorIs(t, err, r)
		}
	}
	s := reader(t, sourceFunc(func(context.Context, string) ([]*authstrategy.PublicKey, error) { return nil, yes{} }), authstrategy.EdDSA)
	_, err := s.ReadClaims(ctx, token)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.EqualError(t, err, "authstrategy: the KeySource failed: yes")
}

// yes says that it is every error.
type yes struct{}

func (yes) Error() string { return "yes" }
func (yes) Is(error) bool { return true }

func TestKeySourceNeverWrites(t *testing.T) {
	public, _ := newEd25519(t)
	s := reader(t, fixed(publicKey(t, "k", "", public)), authstrategy.EdDSA)
	token, err := s.WriteToken(ctx, testID)
	assertNoRefusal(t, err, authstrategy.ErrNoSigningKey)
	assert.Empty(t, token)
	assert.Nil(t, s.PublicKey())
}

// A limit that no token can meet is found without knowing the keys.
func TestKeySourceMaxTokenSize(t *testing.T) {
	for alg, smallest := range map[authstrategy.Algorithm]int{
		authstrategy.RS256: 36 + 2 + 342, authstrategy.PS512: 36 + 2 + 342, authstrategy.ES256: 0, authstrategy.ES512: 0, authstrategy.EdDSA: 0,
	} {
		make := func(size int) error {
			_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithAlgorithm(alg),
				authstrategy.WithIssuer(testIssuer), authstrategy.WithKeySource(fixed()), authstrategy.WithMaxTokenSize(size))
			return err
		}
		if smallest == 0 {
			assert.NoError(t, make(256), alg)
			continue
		}
		assert.ErrorContains(t, make(smallest-1), fmt.Sprintf("a token has %d bytes or more", smallest))
		assert.NoError(t, make(smallest), alg)
	}
}

func TestNewPublicKey(t *testing.T) {
	ed, edPrivate := newEd25519(t)
	rsaKey, ecKey := parsed(t, "rsa.pub"), parsed(t, "p256.pub")
	small, p224 := parsed(t, "rsa-1024.pub"), parsed(t, "p224.pub")
	var noKey *rsa.PublicKey
	var noPoint *ecdsa.PublicKey
	on := func(curve elliptic.Curve) *ecdsa.PublicKey {
		key := *ecKey.(*ecdsa.PublicKey)
		key.Curve = curve
		return &key
	}
	const begins = "authstrategy: invalid key: the key of NewPublicKey is "
	for _, tt := range []struct {
		name string
		id   string
		alg  authstrategy.Algorithm
		key  crypto.PublicKey
		want []error
		says string // "": it is good
	}{
		{"RSA", "k", "", rsaKey, nil, ""},
		{"RSA for PS384", "", authstrategy.PS384, rsaKey, nil, ""},
		{"ECDSA", "ü \x00", "", ecKey, nil, ""},
		{"ECDSA for ES256", "k", authstrategy.ES256, ecKey, nil, ""},
		{"Ed25519", "k", "", ed, nil, ""},
		{"Ed25519 for EdDSA", "k", authstrategy.EdDSA, ed, nil, ""},
		{"Ed25519 for Ed25519", "k", authstrategy.Ed25519, ed, nil, ""},

		{"nil", "k", "", nil, noKeyAtAll, begins + "a <nil>; it must be an *rsa.PublicKey, an *ecdsa.PublicKey or an ed25519.PublicKey"},
		{"nil for RS256", "k", authstrategy.RS256, nil, noKeyAtAll, begins + "a <nil>; it must be"},
		{"nil RSA", "k", "", noKey, noKeyAtAll, begins + "an RSA key without a modulus"},
		{"nil ECDSA", "k", "", noPoint, noKeyAtAll, begins + "an ECDSA key without a curve or a point"},
		{"nil Ed25519", "k", "", ed25519.PublicKey(nil), noKeyAtAll, begins + "no point of the curve"},
		{"RSA by value", "k", "", *rsaKey.(*rsa.PublicKey), noKeyAtAll, begins + "a rsa.PublicKey; it must be an *rsa.PublicKey"},
		{"a secret", "k", "", []byte(testSecret), noKeyAtAll, begins + "a []uint8; it must be"},
		{"a secret in a string", "k", authstrategy.HS256, testSecret, noKeyAtAll, begins + "a string; it must be"},
		{"RSA of 1024 bits", "k", "", small, noKeyAtAll, "the key of NewPublicKey has 1024 bits; RS256 requires an RSA key of 2048 to 16384 bits"},
		{"RSA of 1024 bits for PS512", "k", authstrategy.PS512, small, noKeyAtAll, "has 1024 bits; PS512 requires"},
		{"P-224", "k", "", p224, noKeyAtAll, "is on the curve P-224; ES256 requires P-256"},
		{"P-256 for ES384", "k", authstrategy.ES384, ecKey, noKeyAtAll, "is on the curve P-256; ES384 requires P-384"},
		{"RSA for EdDSA", "k", authstrategy.EdDSA, rsaKey, noKeyAtAll, "is of type RSA; EdDSA requires a key of type Ed25519"},
		{"RSA for HS256", "k", authstrategy.HS256, rsaKey, noKeyAtAll, `"HS256" is no algorithm of key pairs`},
		{"small order", "k", "", make(ed25519.PublicKey, 32), noKeyAtAll, "is a point of small order"},
		{"private RSA", "k", "", parsed(t, "rsa"), noKeyAtAll, begins + "a private key; pass what its method Public returns"},
		{"private ECDSA", "k", authstrategy.ES256, parsed(t, "p256-pkcs8"), noKeyAtAll, begins + "a private key"},
		{"private Ed25519", "k", "", edPrivate, noKeyAtAll, begins + "a private key"},
		{"X25519", "k", "", parsed(t, "x25519.pub"), noKeyAtAll, begins + "a *ecdh.PublicKey; it must be"},

		{"ECDSA on a nil curve", "k", "", on((*elliptic.CurveParams)(nil)), noKeyAtAll, "is on an unknown curve; ES256 requires P-256"},
		{"ECDSA on a curve of nothing", "k", authstrategy.ES384, on(struct{ *elliptic.CurveParams }{}), noKeyAtAll, "is on an unknown curve; ES384 requires P-384"},
		{"RSA with a negative modulus", "k", "", &rsa.PublicKey{N: new(big.Int).Neg(rsaKey.(*rsa.PublicKey).N), E: 65537}, noKeyAtAll, begins + "an RSA key without a modulus"},

		{"unsupported", "k", "ES256K", ecKey, []error{authstrategy.ErrUnsupportedAlgorithm}, `NewPublicKey("ES256K") is not supported; it must be one of HS256, `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := authstrategy.NewPublicKey(tt.id, tt.alg, tt.key)
			if tt.says != "" {
				assertInvalid(t, err, tt.want...)
				assert.ErrorContains(t, err, tt.says)
				assert.Nil(t, k)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.id, k.ID())
			assert.Equal(t, tt.alg, k.Algorithm())
			assert.Equal(t, tt.key, k.Key())
		})
	}
	_, err := authstrategy.NewPublicKey("\xff", "", ed)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.EqualError(t, err, `authstrategy: invalid configuration: the id of NewPublicKey is not UTF-8, as every kid is; pass another, or "" for none`)
	_, err = authstrategy.NewPublicKey("\xff", "none", nil)
	assertInvalid(t, err, authstrategy.ErrUnsupportedAlgorithm)
	assert.ErrorContains(t, err, "is not UTF-8", "all mistakes come at once")
}

var noKeyAtAll = []error{authstrategy.ErrInvalidKey}

// A nil or zero PublicKey is none.
func TestZeroPublicKey(t *testing.T) {
	var none *authstrategy.PublicKey
	for _, k := range []*authstrategy.PublicKey{none, {}} {
		assert.Empty(t, k.ID())
		assert.Empty(t, k.Algorithm())
		assert.Nil(t, k.Key())
	}
}

// Neither the key that was passed nor the one that is returned leads to its inside.
func TestPublicKeyIsImmutable(t *testing.T) {
	for _, name := range []string{"rsa", "p256-pkcs8", "ed25519"} {
		t.Run(name, func(t *testing.T) {
			private := parsed(t, name)
			var want, given crypto.PublicKey
			given, want = private.(crypto.Signer).Public(), parsed(t, name).(crypto.Signer).Public()
			k := publicKey(t, "k", "", given)
			for _, key := range []crypto.PublicKey{given, k.Key()} {
				switch key := key.(type) {
				case *rsa.PublicKey:
					key.N.SetInt64(1)
					key.E = 1
				case *ecdsa.PublicKey:
					*key = ecdsa.PublicKey{Curve: elliptic.P384()}
				case ed25519.PublicKey:
					clear(key)
				}
			}
			assert.Equal(t, want, k.Key())
		})
	}
}

// A key that changes after the strategy was made changes nothing either.
func TestKeySourceKeyIsACopy(t *testing.T) {
	public, private := newEd25519(t)
	s := reader(t, fixed(publicKey(t, "", "", public)), authstrategy.EdDSA)
	clear(public)
	_, err := s.ReadClaims(ctx, signEd25519(private, `{"alg":"EdDSA"}`, issuedClaims))
	assert.NoError(t, err)
}

func TestPublicKeyOfAStrategy(t *testing.T) {
	ed := parsed(t, "ed25519").(ed25519.PrivateKey).Public()
	edPEM, edPublic := file(t, "keys/ed25519.pem"), file(t, "keys/ed25519.pub.pem")
	eddsa := authstrategy.WithAlgorithm(authstrategy.EdDSA)
	for _, tt := range []struct {
		name   string
		secret string
		opts   []authstrategy.Option
		id     string
		alg    authstrategy.Algorithm
		key    crypto.PublicKey
	}{
		{"plain", edPEM, []authstrategy.Option{eddsa}, "", authstrategy.EdDSA, ed},
		{"by its new name", edPEM, []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.Ed25519)}, "", authstrategy.Ed25519, ed},
		{"with a kid", edPEM, []authstrategy.Option{eddsa, authstrategy.WithKeyID("k")}, "k", authstrategy.EdDSA, ed},
		{"that only reads", "", []authstrategy.Option{eddsa, authstrategy.WithPublicKey(edPublic), authstrategy.WithKeyID("k")}, "k", authstrategy.EdDSA, ed},
		{"by a signer", "", []authstrategy.Option{eddsa, authstrategy.WithSigner(parsed(t, "ed25519").(crypto.Signer))}, "", authstrategy.EdDSA, ed},
		{"RSA", file(t, "keys/rsa.pem"), []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.PS384)}, "", authstrategy.PS384, parsed(t, "rsa.pub")},
		{"ECDSA", file(t, "keys/p384.pem"), []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.ES384)}, "", authstrategy.ES384, parsed(t, "p384.pub")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newStrategy(t, tt.secret, tt.opts...).PublicKey()
			require.NotNil(t, k)
			assert.Equal(t, tt.id, k.ID())
			assert.Equal(t, tt.alg, k.Algorithm())
			assert.Equal(t, tt.key, k.Key())
		})
	}
	assert.Nil(t, newStrategy(t, testSecret).PublicKey())
	var none *authstrategy.JWTStrategy[authstrategy.Subject]
	assert.Nil(t, none.PublicKey())
	assert.Nil(t, (&authstrategy.JWTStrategy[authstrategy.Subject]{}).PublicKey())
}

// A strategy's own key reads its tokens elsewhere, through a source.
func TestPublicKeyGoesIntoASource(t *testing.T) {
	for _, alg := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
		writer := newStrategy(t, file(t, "keys/ed25519.pem"), authstrategy.WithAlgorithm(alg), authstrategy.WithIssuer(testIssuer), authstrategy.WithThumbprintKeyID())
		token, err := writer.WriteToken(ctx, testID)
		require.NoError(t, err)
		for _, readerAlg := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
			_, err = reader(t, fixed(writer.PublicKey()), readerAlg).ReadClaims(ctx, token)
			assert.NoError(t, err)
		}
		_, err = reader(t, fixed(writer.PublicKey()), authstrategy.RS256).ReadClaims(ctx, token)
		assertRefused(t, err, authstrategy.ErrTokenUnverifiable)
	}
}
