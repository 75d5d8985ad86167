package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"path"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"
	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A vectorFile is what all of Wycheproof's files have in common, and what the
// ones read here have besides.
type vectorFile struct {
	NumberOfTests int
	TestGroups    []vectorGroup
}

type vectorGroup struct {
	Comment string
	Private json.RawMessage // JWK or JWK set
	Public  json.RawMessage

	Sha, Mgf, MgfSha string
	SLen             int // of a PSS salt
	TagSize          int // of an HMAC, in bits
	PublicKey        struct {
		Modulus, PublicExponent string // RSA
		Curve, Uncompressed     string // ECDSA
		PK                      string // Ed25519
	}
	PublicKeyPem string

	Tests []vector
}

type vector struct {
	TcID    int
	Comment string
	Result  string
	Msg     string
	Key     string // of an HMAC
	Sig     string
	Tag     string
	JWS     json.RawMessage // a string, or an object where the serialization is JSON's
	JWE     json.RawMessage
}

// valid is what the vector says of itself. What is "acceptable" is refused:
// those are signatures that older software made wrongly.
func (v vector) valid() bool { return v.Result == "valid" }

func (v vector) signature() []byte { return unhex(v.Sig + v.Tag) }

func (v vector) token() string {
	for _, serialization := range []json.RawMessage{v.JWS, v.JWE} {
		var compact string
		if json.Unmarshal(serialization, &compact) == nil {
			return compact
		}
		if len(serialization) > 0 {
			return string(serialization)
		}
	}
	return ""
}

func unhex(text string) []byte { return must(hex.DecodeString(text)) }

// vectors reads one file whole, and fails when it is not all there.
func vectors(t *testing.T, name string) vectorFile {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	require.NoError(t, err)
	var file vectorFile
	require.NoError(t, json.Unmarshal(data, &file), name)
	count := 0
	for _, group := range file.TestGroups {
		count += len(group.Tests)
	}
	require.NotZero(t, count, name)
	require.Equal(t, file.NumberOfTests, count, name)
	return file
}

// A primitive is a family of algorithms whose vectors are of signatures alone,
// without a token around them.
type primitive struct {
	files      string // a pattern
	algorithms []string
	key        func(alg string, group vectorGroup, v vector) (*jws.Key, error)
	applies    func(alg string, group vectorGroup) bool // whether a valid signature of the group is one of the algorithm's
	pinned     int                                      // at least so many vectors are the algorithms' own
	foreign    int                                      // at least so many are not, and are valid for what they are
}

// Every vector is put to the algorithm whose parameters it was made for. The
// first valid one of each group has to be refused by every other algorithm that
// takes the key: another hash, another salt, a truncated tag. (One that is not
// valid can be just that: "hashed with SHA-256 instead of SHA-384".)
var primitives = []primitive{
	{"hmac_sha*_test.json", []string{"HS256", "HS384", "HS512"}, hmacKey, hmacApplies, 261, 189},
	{"rsa_signature_*_test.json", []string{"RS256", "RS384", "RS512"}, rsaKey, rsaApplies, 3106, 70},
	{"rsa_pss_*_test.json", []string{"PS256", "PS384", "PS512"}, rsaKey, pssApplies, 1186, 957},
	{"ecdsa_secp256r1_*_p1363_test.json", []string{"ES256"}, ecdsaKey, ecdsaApplies, 262, 193},
	{"ecdsa_secp384r1_*_p1363_test.json", []string{"ES384"}, ecdsaKey, ecdsaApplies, 280, 177},
	{"ecdsa_secp521r1_*_p1363_test.json", []string{"ES512"}, ecdsaKey, ecdsaApplies, 318, 90},
	{"ed25519_test.json", []string{"EdDSA"}, ed25519Key, ed25519Applies, 151, 0},
}

func hmacKey(alg string, _ vectorGroup, v vector) (*jws.Key, error) {
	return jws.NewHMAC(alg, unhex(v.Key))
}

// hmacApplies: RFC 7518 §3.2 knows no truncated HMAC.
func hmacApplies(alg string, group vectorGroup) bool {
	bits := map[string]int{"HS256": 256, "HS384": 384, "HS512": 512}
	return group.TagSize == bits[alg] && group.Sha == hashName(alg)
}

func rsaKey(alg string, group vectorGroup, _ vector) (*jws.Key, error) {
	exponent := new(big.Int).SetBytes(unhex(group.PublicKey.PublicExponent))
	return jws.NewKeyPair(alg, nil, &rsa.PublicKey{N: new(big.Int).SetBytes(unhex(group.PublicKey.Modulus)), E: int(exponent.Int64())})
}

func rsaApplies(alg string, group vectorGroup) bool { return group.Sha == hashName(alg) }

// pssApplies: RFC 7518 §3.5 has one hash for all, and a salt of its length.
func pssApplies(alg string, group vectorGroup) bool {
	salt := map[string]int{"PS256": 32, "PS384": 48, "PS512": 64}
	hash := hashName(alg)
	return group.Sha == hash && group.Mgf == "MGF1" && group.MgfSha == hash && group.SLen == salt[alg]
}

func ecdsaKey(alg string, group vectorGroup, _ vector) (*jws.Key, error) {
	curve := curves[map[string]string{"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}[group.PublicKey.Curve]]
	public, err := ecdsa.ParseUncompressedPublicKey(curve, unhex(group.PublicKey.Uncompressed))
	if err != nil {
		return nil, err
	}
	return jws.NewKeyPair(alg, nil, public)
}

func ecdsaApplies(alg string, group vectorGroup) bool { return group.Sha == hashName(alg) }

func ed25519Key(alg string, group vectorGroup, _ vector) (*jws.Key, error) {
	var public crypto.PublicKey = ed25519.PublicKey(unhex(group.PublicKey.PK))
	return jws.NewKeyPair(alg, nil, public)
}

func ed25519Applies(string, vectorGroup) bool { return true }

// TestWycheproofSignatures runs the vectors of the algorithms themselves.
func TestWycheproofSignatures(t *testing.T) {
	for _, p := range primitives {
		t.Run(p.files, func(t *testing.T) {
			t.Parallel()
			names, err := fs.Glob(wycheproof.TestVectors, p.files)
			require.NoError(t, err)
			require.NotEmpty(t, names)
			pinned, foreign, accepted := 0, 0, 0
			for _, name := range names {
				for _, group := range vectors(t, name).TestGroups {
					group.inferHash(name)
					for _, alg := range p.algorithms {
						applies := p.applies(alg, group)
						for _, v := range group.Tests {
							if !applies && !v.valid() {
								continue
							}
							key, err := p.key(alg, group, v)
							require.NoError(t, err, "%s, vector %d", name, v.TcID)
							checkSignature(t, key, v, applies && v.valid(), name+" as "+alg)
							if !applies {
								foreign++
								break
							}
							pinned++
							if v.valid() {
								accepted++
							}
						}
					}
				}
			}
			assert.GreaterOrEqual(t, pinned, p.pinned, "vectors of %v", p.algorithms)
			assert.GreaterOrEqual(t, foreign, p.foreign, "vectors of other algorithms")
			t.Logf("%d files: %d vectors of %v, %d of them valid; %d valid ones of other algorithms", len(names), pinned, p.algorithms, accepted, foreign)
		})
	}
}

// inferHash gives an HMAC's group the hash that only its file's name tells.
func (g *vectorGroup) inferHash(file string) {
	for digits, hash := range hashNames {
		if matched, _ := path.Match("hmac_sha"+digits+"_test.json", file); matched {
			g.Sha = hash
		}
	}
}

func checkSignature(t *testing.T, key *jws.Key, v vector, want bool, what string) {
	t.Helper()
	err := key.Verify(string(unhex(v.Msg)), v.signature())
	if want && err != nil {
		t.Errorf("%s, vector %d (%s) is refused: %v", what, v.TcID, v.Comment, err)
	}
	if !want && err == nil {
		t.Errorf("%s, vector %d (%s, %s) is accepted", what, v.TcID, v.Result, v.Comment)
	}
	if err != nil && !errors.Is(err, jws.ErrSignature) {
		t.Errorf("%s, vector %d: %v is no error of a signature", what, v.TcID, err)
	}
}

// TestWycheproofPublicKeys makes a strategy with the public key of every group,
// as it stands in the vectors.
func TestWycheproofPublicKeys(t *testing.T) {
	keys := 0
	for _, p := range primitives {
		names, err := fs.Glob(wycheproof.TestVectors, p.files)
		require.NoError(t, err)
		for _, name := range names {
			for _, group := range vectors(t, name).TestGroups {
				if group.PublicKeyPem == "" {
					continue // a secret
				}
				keys++
				_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{},
					authstrategy.WithAlgorithm(authstrategy.Algorithm(p.algorithms[0])), authstrategy.WithPublicKey(group.PublicKeyPem))
				if strings.HasSuffix(name, "_params_test.json") {
					// The PEM says id-RSASSA-PSS, not rsaEncryption.
					assert.ErrorIs(t, err, authstrategy.ErrInvalidKey, name)
				} else {
					assert.NoError(t, err, name)
				}
			}
		}
	}
	assert.GreaterOrEqual(t, keys, 1000)
	t.Logf("%d keys", keys)
}
