package conformance

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A member of a JWK, with its value in JSON.
type member struct{ name, value string }

// An element of a set that is being made: the members of a JWK, in order, or any
// other text.
type element struct {
	members []member
	text    string
}

func (e *element) find(name string) *member {
	for i := range e.members {
		if e.members[i].name == name {
			return &e.members[i]
		}
	}
	return nil
}

// set replaces a member, or adds it.
func (e *element) set(name, value string) {
	if m := e.find(name); m != nil {
		m.value = value
		return
	}
	e.members = append(e.members, member{name, value})
}

func (e *element) remove(name string) {
	for i := range e.members {
		if e.members[i].name == name {
			e.members = append(e.members[:i], e.members[i+1:]...)
			return
		}
	}
}

// change changes the bytes of a member that is base64url.
func (e *element) change(name string, change func([]byte) []byte) {
	if m := e.find(name); m != nil {
		m.value = inJSON(encodeBytes(change(e.bytes(name))))
	}
}

// bytes returns what a member holds in base64url; nothing if it has been made odd.
func (e *element) bytes(name string) []byte {
	var text string
	if m := e.find(name); m != nil {
		_ = json.Unmarshal([]byte(m.value), &text)
	}
	data, _ := base64.RawURLEncoding.DecodeString(text)
	return data
}

func inJSON(text string) string { return string(must(json.Marshal(text))) }

// write writes the element with its members in any order, and with white space and
// escapes that mean nothing.
func (e *element) write(r *mathrand.Rand) string {
	if e.text != "" {
		return e.text
	}
	members := append([]member(nil), e.members...)
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	var text strings.Builder
	text.WriteString("{" + blank(r))
	for i, m := range members {
		if i > 0 {
			text.WriteString("," + blank(r))
		}
		text.WriteString(escaped(r, m.name) + blank(r) + ":" + blank(r) + m.value)
	}
	text.WriteString("}")
	return text.String()
}

func blank(r *mathrand.Rand) string {
	return []string{"", "", "", " ", "\n\t", "\r\n  "}[r.IntN(6)]
}

// escaped writes a name, one time in eight with its first letter escaped.
func escaped(r *mathrand.Rand, name string) string {
	if r.IntN(8) > 0 {
		return `"` + name + `"`
	}
	return fmt.Sprintf(`"\u%04x%s"`, name[0], name[1:])
}

// A generator makes JWKs. All it does follows from its seed.
type generator struct {
	*mathrand.Rand
	bases []base
}

// A base is a good key, and what odd members need besides.
type base struct {
	alg         string // one that fits
	d           string // the private part
	members     []member
	certificate string
	other       string // the certificate of another key
}

func newGenerator(t testing.TB, seed uint64) *generator {
	t.Helper()
	bases := []base{rsaBase(t), ecBase(t, "ES256", elliptic.P256()), ed25519Base(t)}
	bases = slices.Repeat(bases, 4) // the others cost much time where int has 32 bits
	bases = append(bases, ecBase(t, "ES384", elliptic.P384()), ecBase(t, "ES512", elliptic.P521()))
	return &generator{mathrand.New(mathrand.NewPCG(seed, 0)), bases}
}

func newBase(t testing.TB, alg, d string, public crypto.PublicKey, members ...member) base {
	t.Helper()
	signer := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	return base{alg, d, members, certificateOf(t, public, signer), certificateOf(t, signer.Public(), signer)}
}

func rsaBase(t testing.TB) base {
	t.Helper()
	var set struct{ Keys []jwk }
	require.NoError(t, json.Unmarshal([]byte(keyTexts(t)["RFC 7517 A.2"]), &set))
	key := set.Keys[1]
	public := &rsa.PublicKey{N: numberOf(key.N), E: 65537}
	return newBase(t, "RS256", key.D, public, member{"kty", `"RSA"`}, member{"n", inJSON(key.N)}, member{"e", `"AQAB"`})
}

func ecBase(t testing.TB, alg string, curve elliptic.Curve) base {
	t.Helper()
	size := (curve.Params().BitSize + 7) / 8
	d := big.NewInt(7).FillBytes(make([]byte, size))
	private, err := ecdsa.ParseRawPrivateKey(curve, d)
	require.NoError(t, err)
	point, err := private.PublicKey.Bytes()
	require.NoError(t, err)
	return newBase(t, alg, encodeBytes(d), &private.PublicKey, member{"kty", `"EC"`}, member{"crv", inJSON(curve.Params().Name)},
		member{"x", inJSON(encodeBytes(point[1 : size+1]))}, member{"y", inJSON(encodeBytes(point[size+1:]))})
}

func ed25519Base(t testing.TB) base {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	public := private.Public().(ed25519.PublicKey)
	return newBase(t, "EdDSA", encodeBytes(private.Seed()), public, member{"kty", `"OKP"`}, member{"crv", `"Ed25519"`}, member{"x", inJSON(encodeBytes(public))})
}

func encodeBytes(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func certificateOf(t testing.TB, key crypto.PublicKey, signer crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key, signer)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(der)
}

func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// element makes a JWK with up to three odd members.
func (g *generator) element() *element {
	b := g.bases[g.IntN(len(g.bases))]
	e := &element{members: append([]member(nil), b.members...)}
	if g.IntN(4) > 0 {
		e.set("kid", inJSON(g.pick("a", "b", "c", "ä\u2028", "A")))
	}
	if g.IntN(2) == 0 {
		e.set("alg", inJSON(b.alg))
	}
	for range g.IntN(3) {
		oddities[g.IntN(len(oddities))](g, b, e)
	}
	return e
}

// oddities are what can be odd about a JWK, good or bad.
var oddities = []func(g *generator, b base, e *element){
	func(g *generator, _ base, e *element) {
		e.set("use", g.pick(`"sig"`, `"sig"`, `"enc"`, `""`, `null`, `5`, `"SIG"`, `["sig"]`, `"foo"`))
	},
	func(g *generator, _ base, e *element) {
		e.set("key_ops", g.pick(`["verify"]`, `["verify"]`, `["sign","verify"]`, `["sign"]`, `[]`, `"verify"`, `null`, `["verify",5]`, `["verify","verify"]`, `{}`, `["foo"]`))
	},
	func(g *generator, _ base, e *element) {
		e.set("alg", g.pick(`"RS256"`, `"PS512"`, `"ES256"`, `"ES384"`, `"EdDSA"`, `"Ed25519"`, `"HS256"`, `"RSA-OAEP"`, `"ES256K"`, `"none"`, `""`, `null`, `5`, `"foo"`, `"es256"`))
	},
	func(g *generator, _ base, e *element) {
		e.set("kid", g.pick(`""`, `null`, `5`, `["a"]`, `"\u0061"`, `"\ud83d\ude00"`, inJSON(strings.Repeat("k", 300))))
	},
	func(g *generator, _ base, e *element) {
		e.set("kty", g.pick(`"RSA"`, `"EC"`, `"OKP"`, `"oct"`, `"rsa"`, `"AKP"`, `""`, `null`, `5`, `["RSA"]`))
	},
	func(g *generator, _ base, e *element) {
		e.set("crv", g.pick(`"P-256"`, `"P-384"`, `"P-521"`, `"Ed25519"`, `"X25519"`, `"Ed448"`, `"secp256k1"`, `"p-256"`, `""`, `null`, `5`))
	},
	func(g *generator, _ base, e *element) {
		e.remove(g.pick("kty", "crv", "x", "y", "n", "e", "kid", "alg"))
	},
	func(g *generator, _ base, e *element) { // bytes more or less
		e.change(g.pick("x", "y", "n", "e"), func(data []byte) []byte {
			switch g.IntN(5) {
			case 0:
				return append([]byte{0}, data...)
			case 1:
				return append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0}, data...)
			case 2:
				return data[min(1, len(data)):]
			case 3:
				return append(bytes.Clone(data), 0)
			}
			return nil
		})
	},
	func(g *generator, _ base, e *element) { // a point or modulus that is none
		e.change(g.pick("x", "y", "n"), func(data []byte) []byte {
			if len(data) > 0 {
				data[len(data)-1] ^= 1
			}
			return data
		})
	},
	func(g *generator, _ base, e *element) { // sizes
		if e.find("n") != nil {
			bits := []uint{1024, 2047, 2048, 4096, 4097, 8192, 16384, 16385}[g.IntN(8)]
			n := new(big.Int).Lsh(big.NewInt(1), bits-1)
			e.change("n", func([]byte) []byte { return n.SetBit(n, 0, 1).Bytes() })
		}
	},
	func(g *generator, _ base, e *element) { // exponents: 1, 2, 3, 4, 65536, 2^31-1, 2^31+1, 2^33+1, 2^63-1, 2^64+65537
		if e.find("e") != nil {
			e.set("e", g.pick(`"AQ"`, `"Ag"`, `"Aw"`, `"BA"`, `"AQAA"`, `"f____w"`, `"gAAAAQ"`, `"AgAAAAE"`, `"f_________8"`, `"AQAAAAAAAQAB"`, `""`, `65537`, `null`))
		}
	},
	func(g *generator, b base, e *element) { // Ed25519: small order, and beside the curve
		if b.alg == "EdDSA" {
			e.set("x", g.pick(`"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`, `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`, `"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`))
		}
	},
	func(g *generator, _ base, e *element) { // other spellings of base64
		m := e.find(g.pick("x", "y", "n", "e"))
		if m == nil || !strings.HasSuffix(m.value, `"`) {
			return
		}
		text := strings.Trim(m.value, `"`)
		switch g.IntN(5) {
		case 0:
			text += strings.Repeat("=", (4-len(text)%4)%4)
		case 1:
			text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
		case 2:
			text += `\n`
		case 3:
			text = " " + text
		case 4:
			if len(text)%4 == 2 || len(text)%4 == 3 { // set a bit that is not used
				alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
				text = text[:len(text)-1] + string(alphabet[strings.IndexByte(alphabet, text[len(text)-1])|1])
			}
		}
		m.value = `"` + text + `"`
	},
	func(g *generator, b base, e *element) { // private parts
		switch g.IntN(6) {
		case 0, 1:
			e.set("d", inJSON(b.d))
		case 2:
			e.set(g.pick("p", "q", "dp", "dq", "qi", "k", "priv"), `"AAAA"`)
		case 3:
			e.set("d", g.pick(`""`, `null`, `5`))
		case 4:
			e.members = []member{{"kty", `"oct"`}, {"k", `"AAAA"`}}
		case 5:
			e.set("oth", `[]`)
		}
	},
	func(g *generator, b base, e *element) { // certificates
		e.set("x5c", g.pick(`["`+b.certificate+`"]`, `["`+b.certificate+`"]`, `["`+b.other+`"]`, `["`+b.certificate+`","`+b.other+`"]`, `["`+b.other+`","`+b.certificate+`"]`,
			`[]`, `null`, `[""]`, `["AAAA"]`, `[5]`, `"`+b.certificate+`"`, `["`+b.certificate[:40]+`"]`, `["`+b.certificate+`",""]`))
	},
	func(g *generator, _ base, e *element) { // members of no matter
		e.set(g.pick("x5u", "x5t", "x5t#S256", "exp", "ext", "foo"), g.pick(`"foo"`, `5`, `1e999`, `null`, `true`, `{"a":[{}]}`, `{"k":"d"}`, `[]`, `"https://localhost/"`))
	},
	func(g *generator, b base, e *element) { // a private key inside
		e.set("foo", `[{"kty":"EC","d":"`+b.d+`"}]`)
	},
	func(g *generator, _ base, e *element) { // names in other case
		e.members = append(e.members, member{g.pick("Kty", "USE", "Alg", "D", "Kid", "X", "N"), g.pick(`"enc"`, `"foo"`, `5`)})
	},
	func(g *generator, _ base, e *element) { // a member twice
		m := e.members[g.IntN(len(e.members))]
		e.members = append(e.members, member{m.name, g.pick(m.value, `"foo"`)})
	},
	func(g *generator, _ base, e *element) { // a member twice, inside
		e.set("foo", `{"a":1,"\u0061":1}`)
	},
	func(g *generator, _ base, e *element) { // no UTF-8
		e.set("foo", g.pick("\"\xff\"", `"\ud800"`, "\"\xed\xa0\x80\""))
	},
	func(g *generator, _ base, e *element) { // no object
		e.text = g.pick(`null`, `5`, `"foo"`, `[]`, `true`, `{}`, `[{}]`)
	},
}
