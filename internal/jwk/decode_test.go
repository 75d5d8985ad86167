package jwk_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jwk"
)

// What makes up the keys of the RFCs.
const (
	rsaMembers = `"kty":"RSA","n":"` + rfcRSAModulus + `","e":"AQAB"`
	ecMembers  = `"kty":"EC","crv":"P-256","x":"` + rfcX + `","y":"` + rfcY + `"`
	okpMembers = `"kty":"OKP","crv":"Ed25519","x":"` + rfcEd25519 + `"`
)

func read(t testing.TB, text string) map[string]any {
	t.Helper()
	object, err := jwk.Read([]byte(text))
	require.NoError(t, err, text)
	return object
}

func base64url(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func TestRead(t *testing.T) {
	object, err := jwk.Read([]byte(" {\"a\":[1e999,{\"b\":null}],\"\\u0063\":\"\\n\"}\r\n"))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"a": []any{json.Number("1e999"), map[string]any{"b": nil}}, "c": "\n"}, object)
}

func TestReadRefuses(t *testing.T) {
	const (
		notObject = "not a JSON object"
		notJSON   = "not valid JSON"
		duplicate = "an object with the same member twice"
	)
	deep := strings.Repeat("[", 10001) + strings.Repeat("]", 10001)
	for text, want := range map[string]string{
		"":                                 "empty",
		"-----BEGIN PUBLIC KEY-----":       "PEM (pass a public key in PEM to WithPublicKey)",
		"null":                             notObject,
		"[]":                               notObject,
		`"{}"`:                             notObject,
		"\ufeff{}":                         "text with a byte order mark (cut it off)",
		"{":                                notJSON,
		"{'a':1}":                          notJSON,
		`{"a":"` + "\xff" + `"}`:           notJSON,
		`{"a":"\ud800"}`:                   notJSON,
		`{"a":` + deep + `}`:               notJSON,
		`{} {}`:                            "a JSON object with more data after it",
		`{"a":1,"a":1}`:                    duplicate,
		`{"a":1,"\u0061":2}`:               duplicate,
		`{"keys":[{"x":{"a":1,"a":1}}]}`:   duplicate,
		`{"keys":[[[{"a":[],"a":null}]]]}`: duplicate,
	} {
		_, err := jwk.Read([]byte(text))
		assert.EqualError(t, err, want, "%.40q", text)
	}
}

func TestDecode(t *testing.T) {
	rsaKey, ecKey, okpKey := rfcRSAKey(t), rfcECKey(t), ed25519.PublicKey(bytesOf(t, rfcEd25519))
	zeros := base64url(append([]byte{0, 0}, bytesOf(t, rfcRSAModulus)...))
	for name, tt := range map[string]struct {
		text    string
		id, alg string
		public  crypto.PublicKey
	}{
		"RSA":                        {`{` + rsaMembers + `}`, "", "", rsaKey},
		"EC":                         {`{` + ecMembers + `}`, "", "", ecKey},
		"OKP":                        {`{` + okpMembers + `}`, "", "", okpKey},
		"id and algorithm":           {`{"kid":"a","alg":"ES256",` + ecMembers + `}`, "a", "ES256", ecKey},
		"an empty id":                {`{"kid":"",` + ecMembers + `}`, "", "", ecKey},
		"use sig":                    {`{"use":"sig",` + ecMembers + `}`, "", "", ecKey},
		"key_ops verify":             {`{"key_ops":["verify"],` + ecMembers + `}`, "", "", ecKey},
		"more key_ops":               {`{"key_ops":["sign","verify"],` + ecMembers + `}`, "", "", ecKey},
		"EdDSA":                      {`{"alg":"EdDSA",` + okpMembers + `}`, "", "EdDSA", okpKey},
		"Ed25519":                    {`{"alg":"Ed25519",` + okpMembers + `}`, "", "Ed25519", okpKey},
		"zero bytes before n and e":  {`{"kty":"RSA","n":"` + zeros + `","e":"AAAAAAAAAAABAAE"}`, "", "", rsaKey},
		"the largest exponent":       {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":"f____w"}`, "", "", &rsa.PublicKey{N: rsaKey.N, E: 1<<31 - 1}},
		"members that are not known": {`{"x5t":5,"x5u":"https://localhost/","exp":1e999,"ext":{"k":1,"d":[{"p":{}}]},` + ecMembers + `}`, "", "", ecKey},
		"a public key inside":        {`{"ext":[{` + rsaMembers + `}],` + ecMembers + `}`, "", "", ecKey},
		"names of other letters":     {`{"D":"","K":"","Use":"enc",` + ecMembers + `}`, "", "", ecKey},
		"P-521, with a byte of zeros": {`{"kty":"EC","crv":"P-521",` +
			`"x":"AMaFjga3BATpzZ4-y2YjlbRCnGSBOQU_tSH4KK9ga009uqFLXnfv51ko_h3BJ6L_qN4zSLPBhWpCm_l-fjHC5b1m",` +
			`"y":"ARg5KWp4mjvABFyKX7QsfRvZmPVESVebRGgXr70XJz5mLJfucple9CZAxVC5AT-tB2E1PHCGonLCQIi-lHaf0WZQ"}`, "", "", shortECKey(t)},
		"P-384": {`{"kty":"EC","crv":"P-384",` +
			`"x":"qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",` +
			`"y":"NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f"}`, "", "",
			generator(t, elliptic.P384())},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := jwk.Decode(read(t, tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.id, key.ID)
			assert.Equal(t, tt.alg, key.Algorithm)
			assert.True(t, tt.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public))
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	const (
		otherKty   = "; only RSA, EC and OKP are supported"
		otherCurve = "; with the kty EC, only P-256, P-384 and P-521 are supported"
		otherOKP   = "; with the kty OKP, only Ed25519 is supported"
		otherUse   = "; only a key whose use is sig, or that has none, verifies signatures"
		operations = "has a key_ops that is no array with verify in it"
		otherAlg   = ", which is not supported"
		textual    = " in something other than canonical base64url without padding"
		noPoint    = "has an x and a y that are no point of the curve P-256"
	)
	x, y := bytesOf(t, rfcX), bytesOf(t, rfcY)
	ec := func(x, y []byte) string {
		return `{"kty":"EC","crv":"P-256","x":"` + base64url(x) + `","y":"` + base64url(y) + `"}`
	}
	zero := []byte{0}
	fieldOrder := elliptic.P256().Params().P
	tooLarge := new(big.Int).Add(fieldOrder, big.NewInt(5)) // (5, y) is on the curve, and 5 + p is no coordinate
	for name, tt := range map[string]struct{ text, want string }{
		"no kty":             {`{}`, "has no kty" + otherKty},
		"kty null":           {`{"kty":null}`, "has a member kty that is no string" + otherKty},
		"kty an array":       {`{"kty":["RSA"]}`, "has a member kty that is no string" + otherKty},
		"kty unknown":        {`{"kty":"AKP"}`, `has the kty "AKP"` + otherKty},
		"kty of other case":  {`{"kty":"rsa"}`, `has the kty "rsa"` + otherKty},
		"kty of odd letters": {`{"kty":"\u202e\nä"}`, `has the kty "\u202e\n\u00e4"` + otherKty},
		"kty that is long":   {`{"kty":"12345678901234567890äbc"}`, `has the kty "12345678901234567890"` + otherKty},

		"use enc":                      {`{"use":"enc",` + ecMembers + `}`, `has the use "enc"` + otherUse},
		"use empty":                    {`{"use":"",` + ecMembers + `}`, `has the use ""` + otherUse},
		"use null":                     {`{"use":null,` + ecMembers + `}`, "has a member use that is no string" + otherUse},
		"use an array":                 {`{"use":["sig"],` + ecMembers + `}`, "has a member use that is no string" + otherUse},
		"use of other case":            {`{"use":"Sig",` + ecMembers + `}`, `has the use "Sig"` + otherUse},
		"key_ops sign":                 {`{"key_ops":["sign"],` + ecMembers + `}`, operations},
		"key_ops empty":                {`{"key_ops":[],` + ecMembers + `}`, operations},
		"key_ops a string":             {`{"key_ops":"verify",` + ecMembers + `}`, operations},
		"key_ops null":                 {`{"key_ops":null,` + ecMembers + `}`, operations},
		"key_ops of objects":           {`{"key_ops":[{"verify":[]},["verify"]],` + ecMembers + `}`, operations},
		"key_ops beside use":           {`{"use":"sig","key_ops":["sign"],` + ecMembers + `}`, operations},
		"alg of encryption":            {`{"alg":"RSA-OAEP",` + rsaMembers + `}`, `has the alg "RSA-OAEP"` + otherAlg},
		"alg none":                     {`{"alg":"none",` + rsaMembers + `}`, `has the alg "none"` + otherAlg},
		"alg empty":                    {`{"alg":"",` + rsaMembers + `}`, `has the alg ""` + otherAlg},
		"alg null":                     {`{"alg":null,` + rsaMembers + `}`, "has a member alg that is no string" + otherAlg},
		"alg a number":                 {`{"alg":256,` + rsaMembers + `}`, "has a member alg that is no string" + otherAlg},
		"alg of other case":            {`{"alg":"rs256",` + rsaMembers + `}`, `has the alg "rs256"` + otherAlg},
		"kid null":                     {`{"kid":null,` + ecMembers + `}`, "has a kid that is no string"},
		"kid a number":                 {`{"kid":1,` + ecMembers + `}`, "has a kid that is no string"},
		"no n":                         {`{"kty":"RSA","e":"AQAB"}`, "has no n"},
		"no e":                         {`{"kty":"RSA","n":"` + rfcRSAModulus + `"}`, "has no e"},
		"n a number":                   {`{"kty":"RSA","n":5,"e":"AQAB"}`, "has a member n that is no string"},
		"e a number":                   {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":65537}`, "has a member e that is no string"},
		"e of 32 bits":                 {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":"gAAAAQ"}`, "has an e of 32 bits; 31 are the most"},
		"e of 64 bits":                 {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":"gAAAAAAAAAE"}`, "has an e of 64 bits; 31 are the most"},
		"e of 65 bits":                 {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":"AQAAAAAAAQAB"}`, "has an e of 65 bits; 31 are the most"}, // 65537 if it is cut
		"n padded":                     {`{"kty":"RSA","n":"` + rfcRSAModulus + `==","e":"AQAB"}`, "has the member n" + textual},
		"n in base64":                  {`{"kty":"RSA","n":"` + strings.NewReplacer("-", "+", "_", "/").Replace(rfcRSAModulus) + `","e":"AQAB"}`, "has the member n" + textual},
		"n with a line end":            {`{"kty":"RSA","n":"` + rfcRSAModulus + `\n","e":"AQAB"}`, "has the member n" + textual},
		"e with a line end":            {`{"kty":"RSA","n":"` + rfcRSAModulus + `","e":"AQ\rAB"}`, "has the member e" + textual},
		"x with a blank":               {`{"kty":"OKP","crv":"Ed25519","x":" ` + rfcEd25519 + `"}`, "has the member x" + textual},
		"x that has a second spelling": {`{"kty":"OKP","crv":"Ed25519","x":"` + rfcEd25519[:42] + `p"}`, "has the member x" + textual},

		"no crv":                {`{"kty":"EC"}`, "has no crv" + otherCurve},
		"crv a number":          {`{"kty":"EC","crv":256}`, "has a member crv that is no string" + otherCurve},
		"crv unknown":           {`{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, `has the crv "secp256k1"` + otherCurve},
		"P-224":                 {`{"kty":"EC","crv":"P-224","x":"AA","y":"AA"}`, `has the crv "P-224"` + otherCurve},
		"crv of OKP with EC":    {`{"kty":"EC","crv":"Ed25519","x":"` + rfcEd25519 + `"}`, `has the crv "Ed25519"` + otherCurve},
		"no x":                  {`{"kty":"EC","crv":"P-256","y":"` + rfcY + `"}`, "has no x"},
		"no y":                  {`{"kty":"EC","crv":"P-256","x":"` + rfcX + `"}`, "has no y"},
		"x a byte short":        {ec(x[1:], y), "has the member x with 31 bytes; it must have 32"},
		"x a byte long":         {ec(append(zero, x...), y), "has the member x with 33 bytes; it must have 32"},
		"y a byte short":        {ec(x, y[1:]), "has the member y with 31 bytes; it must have 32"},
		"y a byte long":         {ec(x, append(zero, y...)), "has the member y with 33 bytes; it must have 32"},
		"a byte moved":          {ec(append(zero, x...), y[1:]), "has the member x with 33 bytes; it must have 32"},
		"beside the curve":      {ec(y, x), noPoint},
		"zero":                  {ec(make([]byte, 32), make([]byte, 32)), noPoint},
		"x beyond the field":    {ec(tooLarge.FillBytes(make([]byte, 32)), yOf5(t)), noPoint},
		"the point of P-384":    {`{"kty":"EC","crv":"P-384","x":"` + rfcX + `","y":"` + rfcY + `"}`, "has the member x with 32 bytes; it must have 48"},
		"the point of no P-384": {`{"kty":"EC","crv":"P-384","x":"` + strings.Repeat("A", 64) + `","y":"` + strings.Repeat("A", 64) + `"}`, "has an x and a y that are no point of the curve P-384"},

		"OKP without crv":  {`{"kty":"OKP"}`, "has no crv" + otherOKP},
		"X25519":           {`{"kty":"OKP","crv":"X25519","x":"` + rfcEd25519 + `"}`, `has the crv "X25519"` + otherOKP},
		"Ed448":            {`{"kty":"OKP","crv":"Ed448","x":"` + rfcEd25519 + `"}`, `has the crv "Ed448"` + otherOKP},
		"OKP crv a list":   {`{"kty":"OKP","crv":["Ed25519"]}`, "has a member crv that is no string" + otherOKP},
		"OKP without x":    {`{"kty":"OKP","crv":"Ed25519"}`, "has no x"},
		"OKP a byte short": {`{"kty":"OKP","crv":"Ed25519","x":"` + base64url(x[1:]) + `"}`, "has the member x with 31 bytes; it must have 32"},
		"OKP a byte long":  {`{"kty":"OKP","crv":"Ed25519","x":"` + base64url(append(zero, x...)) + `"}`, "has the member x with 33 bytes; it must have 32"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jwk.Decode(read(t, tt.text))
			require.EqualError(t, err, tt.want)
			assert.NotErrorIs(t, err, jwk.ErrPrivate)
		})
	}
}

// yOf5 returns the y of a point of P-256 whose x is 5.
func yOf5(t testing.TB) []byte {
	t.Helper()
	p := elliptic.P256().Params()
	square := big.NewInt(5*5*5 - 3*5)
	y := new(big.Int).ModSqrt(square.Add(square, p.B), p.P)
	require.NotNil(t, y)
	point := append(append([]byte{4}, big.NewInt(5).FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
	_, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	require.NoError(t, err)
	return y.FillBytes(make([]byte, 32))
}

func TestDecodeWhatIsNoObject(t *testing.T) {
	for _, value := range []any{nil, true, "RSA", json.Number("1"), []any{}, []any{map[string]any{"kty": "EC"}}} {
		_, err := jwk.Decode(value)
		assert.EqualError(t, err, "is no JSON object", "%v", value)
	}
}

const (
	isPrivate = "is a private or symmetric key, since it has "
	holdsKey  = "holds a private or symmetric key inside; use public keys alone, and replace that key if others have seen it"
	replace   = "; use the public key alone, and replace this key if others have seen it"
)

func TestPrivate(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"symmetric":            {`{"kty":"oct","k":"AAAA"}`, isPrivate + "the member k" + replace},
		"symmetric, no k":      {`{"kty":"oct"}`, isPrivate + "the kty oct" + replace},
		"no kty":               {`{"d":"AAAA"}`, isPrivate + "the member d" + replace},
		"for encryption":       {`{"use":"enc","d":"AAAA",` + ecMembers + `}`, isPrivate + "the member d" + replace},
		"an empty value":       {`{"d":"",` + ecMembers + `}`, isPrivate + "the member d" + replace},
		"null":                 {`{"d":null,` + ecMembers + `}`, isPrivate + "the member d" + replace},
		"in a member":          {`{"ext":{"d":"AAAA",` + ecMembers + `},` + ecMembers + `}`, holdsKey},
		"in a list":            {`{"ext":[0,[{"a":{"kty":"oct","k":"AAAA"}}]],` + ecMembers + `}`, holdsKey},
		"in a key that is one": {`{"ext":{"a":{"kty":"EC","d":""},"kty":"EC"},` + ecMembers + `}`, holdsKey},
		"symmetric in a list":  {`{"ext":[{"kty":"oct"}],` + ecMembers + `}`, holdsKey},
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		cases["the member "+name] = struct{ text, want string }{`{` + rsaMembers + `,"` + name + `":"AAAA"}`, isPrivate + "the member " + name + replace}
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			object := read(t, tt.text)
			_, err := jwk.Decode(object)
			require.EqualError(t, err, tt.want)
			assert.ErrorIs(t, err, jwk.ErrPrivate)
			assert.EqualError(t, jwk.CheckPublic(object), tt.want)
		})
	}
	err := jwk.CheckPublic([]any{[]any{read(t, `{"kty":"oct"}`)}})
	assert.EqualError(t, err, holdsKey)
	assert.ErrorIs(t, err, jwk.ErrPrivate)
}

func TestCheckPublicAcceptsAnythingElse(t *testing.T) {
	for _, value := range []any{nil, true, "oct", json.Number("1"), []any{"d", map[string]any{"d": 1}}, map[string]any{"a": map[string]any{"k": "kty"}}, map[string]any{"kty": "RSA"}} {
		assert.NoError(t, jwk.CheckPublic(value), "%v", value)
	}
}

// certificate returns a certificate of the key, in base64.
func certificate(t testing.TB, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(der)
}

func TestCertificate(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ecPrivate, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	same, different, ofEC := certificate(t, private), certificate(t, other), certificate(t, ecPrivate)
	const (
		none       = "has an x5c that is no array, or an empty one"
		unreadable = "has an x5c whose first certificate cannot be read"
		another    = "has an x5c whose first certificate holds another key"
	)
	for name, tt := range map[string]struct{ x5c, want string }{
		"the same":                          {`["` + same + `"]`, ""},
		"the same first":                    {`["` + same + `","` + different + `"]`, ""},
		"the same first, then no text":      {`["` + same + `",5,"!"]`, ""},
		"another":                           {`["` + different + `"]`, another},
		"another first":                     {`["` + different + `","` + same + `"]`, another},
		"another type":                      {`["` + ofEC + `"]`, another},
		"an empty array":                    {`[]`, none},
		"a string":                          {`"` + same + `"`, none},
		"null":                              {`null`, none},
		"an object":                         {`{}`, none},
		"an empty certificate":              {`[""]`, unreadable},
		"a number":                          {`[5]`, unreadable},
		"an array in it":                    {`[["` + same + `"]]`, unreadable},
		"base64url":                         {`["` + base64url(bytesOfStd(t, same)) + `-_"]`, unreadable},
		"damaged base64":                    {`["` + same + `!"]`, unreadable},
		"cut short":                         {`["` + same[:len(same)/8*4] + `"]`, unreadable},
		"something after it":                {`["` + base64.StdEncoding.EncodeToString(append(bytesOfStd(t, same), 0)) + `"]`, unreadable},
		"PEM":                               {`["-----BEGIN CERTIFICATE-----\n` + same + `\n-----END CERTIFICATE-----\n"]`, unreadable},
		"an empty certificate, then a good": {`["","` + same + `"]`, unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			public := private.Public().(ed25519.PublicKey)
			key, err := jwk.Decode(read(t, `{"kty":"OKP","crv":"Ed25519","x":"`+base64url(public)+`","x5c":`+tt.x5c+`}`))
			if tt.want != "" {
				require.EqualError(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			assert.True(t, public.Equal(key.Public))
		})
	}
}

func bytesOfStd(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return data
}

// TestEncodedIsDecoded decodes what Encode writes.
func TestEncodedIsDecoded(t *testing.T) {
	for name, key := range map[string]crypto.PublicKey{
		"RSA": rfcRSAKey(t), "EC": rfcECKey(t), "P-521": shortECKey(t), "Ed25519": ed25519.PublicKey(bytesOf(t, rfcEd25519)),
	} {
		object, err := jwk.Encode("a\u2028\"", "ES256", key)
		require.NoError(t, err, name)
		got, err := jwk.Decode(read(t, string(object)))
		require.NoError(t, err, name)
		assert.Equal(t, &jwk.Key{ID: "a\u2028\"", Algorithm: "ES256", Public: key}, got, name)
	}
}
