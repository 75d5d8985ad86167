package hostiletest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleSignature = "RFC 7515 §5.2 step 8: the signature is validated"
	ruleMAC       = "RFC 7518 §3.2: the whole HMAC is compared"
	ruleInput     = "RFC 7515 §5.2 step 8: the signature covers the header and the payload"
	ruleConfusion = "RFC 8725 §3.1, §2.1: a public key is not an HMAC secret"
	ruleSecret    = "RFC 7518 §3.2: the HMAC is keyed with the shared secret"
	rulePKCS1     = "RFC 7518 §3.3, RFC 8017 §8.2.2: one encoding of the digest, as long as the modulus"
	rulePSS       = "RFC 7518 §3.5: a salt as long as the hash, MGF1 with the same hash"
	ruleECDSA     = "RFC 7518 §3.4: r and s, each as long as the curve's order"
	ruleRange     = "RFC 7518 §3.4, FIPS 186-5 §6.4.2: r and s lie in 1 to n-1"
	ruleEdDSA     = "RFC 8037 §3.1, RFC 8032 §5.1.7: S lies in 0 to L-1"
)

func signatureRows(m *matrix) {
	bitFlipRows(m)
	lengthRows(m)
	swapRows(m)
	keyConfusionRows(m)
	wrongSecretRows(m)
	pkcs1Rows(m)
	pssRows(m)
	ecdsaRows(m)
	eddsaRows(m)
}

// withSignature returns r's good token with another signature.
func withSignature(r *Reader, signature []byte) string {
	parts := split(r.Good())
	return parts[0] + "." + parts[1] + "." + encode(signature)
}

// signatureOf returns a token's signature.
func signatureOf(token string) []byte { return decode(split(token)[2]) }

func decode(segment string) []byte {
	data, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic(err)
	}
	return data
}

func encodeStandard(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// flip returns the segment with one bit of its bytes changed.
func flip(segment string, bit int) string {
	data := decode(segment)
	data[bit/8] ^= 1 << (bit % 8)
	return encode(data)
}

// bitFlipRows change one bit of a signature: every bit of HS256, one of every
// byte for the plainest algorithm of the other families, and fewer for the
// rest, which are slow to verify.
func bitFlipRows(m *matrix) {
	for _, r := range Algorithms() {
		step := 8*11 + 1
		switch r {
		case hs256:
			step = 1
		case rs256, ps256, es256, eddsa, curve25519:
			step = 8 + 1 // not always the same bit of a byte
		}
		good := r.Good()
		parts := split(good)
		for bit := 0; bit < 8*len(signatureOf(good)); bit += step {
			m.bad(r, authstrategy.ErrTokenSignature, ruleSignature, fmt.Sprintf("bit %d of an %s signature", bit, r.Name),
				parts[0]+"."+parts[1]+"."+flip(parts[2], bit), good)
		}
	}
}

func lengthRows(m *matrix) {
	for _, r := range Algorithms() {
		good := r.Good()
		signature := signatureOf(good)
		size := len(signature)
		rule := ruleSignature
		if r.symmetric() {
			rule = ruleMAC
		}
		bad := func(name string, signature []byte) {
			m.bad(r, authstrategy.ErrTokenSignature, rule, fmt.Sprintf("an %s signature %s", r.Name, name), withSignature(r, signature), good)
		}
		cuts := []int{1, 2, size / 4, size / 2, size - 2, size - 1}
		if r.symmetric() { // any prefix of a MAC could be taken for a truncated one
			cuts = nil
			for cut := 1; cut < size; cut++ {
				cuts = append(cuts, cut)
			}
		}
		for _, cut := range cuts {
			bad(fmt.Sprintf("without its last %d bytes", cut), signature[:size-cut])
		}
		bad("without its first byte", signature[1:])
		bad("without its first half", signature[size/2:])
		for _, extra := range []int{1, 2, 16, size} {
			bad(fmt.Sprintf("and %d zero bytes", extra), slices.Concat(signature, make([]byte, extra)))
			bad(fmt.Sprintf("behind %d zero bytes", extra), slices.Concat(make([]byte, extra), signature))
		}
		bad("and a line feed", slices.Concat(signature, []byte("\n")))
		bad("twice", slices.Concat(signature, signature))
		bad("backwards", reversed(signature))
		bad("in hexadecimal", fmt.Appendf(nil, "%x", signature))
		bad("encoded twice", []byte(encode(signature)))
		bad("of zero bytes", make([]byte, size))
		bad("of FF bytes", bytes.Repeat([]byte{0xff}, size))
		bad("of one zero byte", []byte{0})
		m.bad(r, authstrategy.ErrTokenMalformed, ruleCompact, "an empty "+r.Name+" signature", withSignature(r, nil), good)
	}
}

func reversed(data []byte) []byte {
	data = slices.Clone(data)
	slices.Reverse(data)
	return data
}

// swapRows put together parts of good tokens.
func swapRows(m *matrix) {
	for _, r := range []*Reader{hs256, rs256, ps256, es256, eddsa, curve25519} {
		good := r.Good()
		one := split(good)
		for _, other := range []struct{ name, token string }{
			{"with another sub", r.mint(r.header(), r.claims().with("sub", `"admin"`))},
			{"with a later exp", r.mint(r.header(), r.claims().with("exp", "1893463200"))},
			{"with one claim more", r.mint(r.header(), r.claims().and("admin", "true"))},
			{"with a space more", r.mint(r.header(), text(r.claims().String()+" "))},
			{"with a kid", r.mint(r.header().and("kid", `"k1"`), r.claims())},
			{"without typ", r.mint(r.header().without("typ"), r.claims())},
		} {
			two := split(other.token)
			if one[0] != two[0] {
				m.bad(r, authstrategy.ErrTokenSignature, ruleInput, "the header of another token, "+other.name+", "+r.Name, two[0]+"."+one[1]+"."+one[2], good)
			} else {
				m.bad(r, authstrategy.ErrTokenSignature, ruleInput, "the claims of another token, "+other.name+", "+r.Name, one[0]+"."+two[1]+"."+one[2], good)
			}
			m.bad(r, authstrategy.ErrTokenSignature, ruleInput, "the signature of another token, "+other.name+", "+r.Name, one[0]+"."+one[1]+"."+two[2], good)
		}
		for _, input := range []struct{ name, text string }{
			{"the header alone", one[0]},
			{"the claims alone", one[1]},
			{"both without the dot", one[0] + one[1]},
			{"both and a dot", one[0] + "." + one[1] + "."},
			{"both the other way round", one[1] + "." + one[0]},
			{"both decoded", string(decode(one[0])) + "." + string(decode(one[1]))},
			{"the decoded claims", string(decode(one[1]))},
			{"nothing", ""},
		} {
			m.bad(r, authstrategy.ErrTokenSignature, ruleInput, "a signature of "+input.name+", "+r.Name,
				withSignature(r, sign(r.Algorithm, r.key(), input.text)), good)
		}
	}
}

// keyConfusionRows are HMACs keyed with what everybody knows: the public key,
// as it stands in the configuration or in another of its forms.
func keyConfusionRows(m *matrix) {
	for _, r := range []*Reader{rs256, ps256, es256, es512, eddsa, curve25519} {
		public := r.VerificationKey()
		der := publicDER(public)
		secrets := []struct {
			name  string
			value []byte
		}{
			{"the public key's PEM", []byte(encodePublic(public))},
			{"the public key's PEM without its last line feed", []byte(strings.TrimSpace(encodePublic(public)))},
			{"the public key's PEM with CRLF", []byte(strings.ReplaceAll(encodePublic(public), "\n", "\r\n"))},
			{"the public key's DER", der},
			{"the public key's DER in base64", []byte(encodeStandard(der))},
			{"the public key's JWK", []byte(jwk(public))},
			{"an empty secret", nil},
			{"the name of the algorithm", []byte(r.Name)},
		}
		if key, ok := public.(*rsa.PublicKey); ok {
			pkcs1 := x509.MarshalPKCS1PublicKey(key)
			block := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})
			secrets = append(secrets, []struct {
				name  string
				value []byte
			}{{"the public key's PKCS#1 PEM", block}, {"the public key's PKCS#1 DER", pkcs1}, {"the modulus", key.N.Bytes()}}...)
		} else {
			secrets = append(secrets, struct {
				name  string
				value []byte
			}{"the public key's raw bytes", rawPublic(public)})
		}
		for _, secret := range secrets {
			for _, alg := range []*Reader{hs256, hs512} {
				input := encode(alg.header().String()) + "." + encode(r.claims().String())
				m.bad(r, authstrategy.ErrTokenUnverifiable, ruleConfusion, fmt.Sprintf("%s with %s, at a reader of %s", alg.Name, secret.name, r.Name),
					input+"."+encode(mac(hashOf(alg.Algorithm), secret.value, input)), r.Good())
			}
			input := encode(r.header().String()) + "." + encode(r.claims().String())
			m.bad(r, authstrategy.ErrTokenSignature, ruleConfusion, fmt.Sprintf("an HMAC with %s for a signature of %s", secret.name, r.Name),
				input+"."+encode(mac(crypto.SHA256, secret.value, input)), r.Good())
		}
	}
}

func wrongSecretRows(m *matrix) {
	for _, r := range []*Reader{hs256, hs384, hs512} {
		good := r.Good()
		hash := hashOf(r.Algorithm)
		input := strings.TrimSuffix(good, "."+split(good)[2])
		hashed := sha256.Sum256([]byte(hmacSecret))
		for _, secret := range []struct {
			name  string
			value []byte
		}{
			{"an empty secret", nil},
			{"a zero byte", []byte{0}},
			{"another case", []byte(strings.ToUpper(hmacSecret))},
			{"a line feed more", []byte(hmacSecret + "\n")},
			{"a space before", []byte(" " + hmacSecret)},
			{"a byte less", []byte(hmacSecret[:len(hmacSecret)-1])},
			{"the first half", []byte(hmacSecret[:len(hmacSecret)/2])},
			{"the secret in base64", []byte(encodeStandard([]byte(hmacSecret)))},
			{"the secret in base64url", []byte(encode(hmacSecret))},
			{"the secret in quotes", []byte(quote(hmacSecret))},
			{"the secret's SHA-256", hashed[:]},
			{"the word secret", []byte("secret")},
			{"the mark of a redacted secret", []byte("**********")},
			{"the default audience", []byte(authstrategy.DefaultAudience)},
		} {
			m.bad(r, authstrategy.ErrTokenSignature, ruleSecret, r.Name+" with "+secret.name, withSignature(r, mac(hash, secret.value, input)), good)
		}
		for _, other := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA224, crypto.SHA512_256} {
			if other == hash {
				continue
			}
			long := slices.Concat(mac(other, []byte(hmacSecret), input), make([]byte, 64))
			m.bad(r, authstrategy.ErrTokenSignature, ruleMAC, fmt.Sprintf("an HMAC of %v as %s", other, r.Name),
				withSignature(r, long[:other.Size()]), good)
			if other.Size() != hash.Size() {
				m.bad(r, authstrategy.ErrTokenSignature, ruleMAC, fmt.Sprintf("an HMAC of %v, brought to the length of %s", other, r.Name),
					withSignature(r, long[:hash.Size()]), good)
			}
		}
		m.bad(r, authstrategy.ErrTokenSignature, ruleMAC, "a digest without a key, "+r.Name, withSignature(r, digestOf(hash, input)), good)
		m.bad(r, authstrategy.ErrTokenSignature, ruleMAC, "a digest of secret and token, "+r.Name, withSignature(r, digestOf(hash, hmacSecret+input)), good)
	}
}

// Claims whose RS256 signature begins with a zero byte, or with so small a
// number that the modulus can be added to it and the sum is no longer. They
// were found by counting up; the signature has no randomness in it.
const (
	zeroFirstID  = `"70"`
	smallFirstID = `"1"`
)

func pkcs1Rows(m *matrix) {
	key := rs256.key().(*rsa.PrivateKey)
	good := rs256.Good()
	input := strings.TrimSuffix(good, "."+split(good)[2])
	bad := func(name string, signature []byte) {
		m.bad(rs256, authstrategy.ErrTokenSignature, rulePKCS1, name, withSignature(rs256, signature), good)
	}
	bad("PSS for RS256", signPSS(key, crypto.SHA256, 32, input))
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA384, crypto.SHA512} {
		signature, err := rsa.SignPKCS1v15(nil, key, hash, digestOf(hash, input))
		if err != nil {
			panic(err)
		}
		bad(fmt.Sprintf("RS256 with %v", hash), signature)
	}

	// What the padding of the digest looks like when it is wrong.
	size := key.Size()
	prefix := []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	noNull := []byte{0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20}
	longForm := []byte{0x30, 0x81, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	sha1OID := []byte{0x30, 0x2d, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x20}
	digest := digestOf(crypto.SHA256, input)
	info := slices.Concat(prefix, digest)
	padded := func(first, second, fill byte, tail []byte) []byte {
		return slices.Concat([]byte{first, second}, bytes.Repeat([]byte{fill}, size-3-len(tail)), []byte{0}, tail)
	}
	if !bytes.Equal(rawRSA(key, padded(0, 1, 0xff, info)), signatureOf(good)) {
		panic("hostiletest: the padding made by hand is not that of RS256")
	}
	garbage := bytes.Repeat([]byte{0xaa}, 100)
	for _, em := range []struct {
		name    string
		message []byte
	}{
		{"no NULL in the digest's algorithm", padded(0, 1, 0xff, slices.Concat(noNull, digest))},
		{"a length in BER's long form", padded(0, 1, 0xff, slices.Concat(longForm, digest))},
		{"the name of SHA-1", padded(0, 1, 0xff, slices.Concat(sha1OID, digest))},
		{"no name of the hash", padded(0, 1, 0xff, digest)},
		{"a byte after the digest", padded(0, 1, 0xff, slices.Concat(info, []byte{0}))},
		{"garbage after the digest (Bleichenbacher 2006)", slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 8), []byte{0}, info, bytes.Repeat([]byte{0xaa}, size-11-len(info)))},
		{"garbage before the digest", padded(0, 1, 0xff, slices.Concat(garbage, info))},
		{"padding of block type 0", padded(0, 0, 0, info)},
		{"padding of block type 2", padded(0, 2, 0xff, info)},
		{"padding of zeros", padded(0, 1, 0, info)},
		{"padding of 0xFE", padded(0, 1, 0xfe, info)},
		{"no zero after the padding", slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-2-len(info)), info)},
		{"the digest of nothing", padded(0, 1, 0xff, slices.Concat(prefix, digestOf(crypto.SHA256, "")))},
		{"a digest cut short", padded(0, 1, 0xff, info[:len(info)-1])},
	} {
		bad("RS256 with "+em.name, rawRSA(key, em.message))
	}

	for _, value := range []struct {
		name   string
		number *big.Int
	}{
		{"zero", new(big.Int)},
		{"one", big.NewInt(1)},
		{"the modulus less one", new(big.Int).Sub(key.N, big.NewInt(1))},
		{"the modulus", key.N},
		{"the digest unsigned", new(big.Int).SetBytes(padded(0, 1, 0xff, info))},
	} {
		bad("RS256: "+value.name, value.number.FillBytes(make([]byte, size)))
	}
	for _, r := range []*Reader{rs256, ps256} {
		signature := signatureOf(r.Good())
		sum := new(big.Int).Add(new(big.Int).SetBytes(signature), key.N)
		m.bad(r, authstrategy.ErrTokenSignature, rulePKCS1, r.Name+" plus the modulus, a byte longer",
			withSignature(r, sum.FillBytes(make([]byte, size+1))), r.Good())
	}

	small := rs256.mint(rs256.header(), rs256.claims().with("jti", smallFirstID))
	sum := new(big.Int).Add(new(big.Int).SetBytes(signatureOf(small)), key.N)
	if sum.BitLen() > 8*size {
		panic("hostiletest: smallFirstID is not small")
	}
	m.bad(rs256, authstrategy.ErrTokenSignature, rulePKCS1, "RS256 plus the modulus, no longer",
		strings.TrimSuffix(small, split(small)[2])+encode(sum.FillBytes(make([]byte, size))), small)

	zero := rs256.mint(rs256.header(), rs256.claims().with("jti", zeroFirstID))
	if signatureOf(zero)[0] != 0 {
		panic("hostiletest: zeroFirstID has no zero first")
	}
	m.good(rs256, rulePKCS1, "RS256 with a leading zero byte", zero)
	m.bad(rs256, authstrategy.ErrTokenSignature, rulePKCS1, "RS256 without its leading zero byte",
		strings.TrimSuffix(zero, split(zero)[2])+encode(signatureOf(zero)[1:]), zero)
}

// rawRSA applies the private key to a message as it stands.
func rawRSA(key *rsa.PrivateKey, message []byte) []byte {
	number := new(big.Int).SetBytes(message)
	return number.Exp(number, key.D, key.N).FillBytes(make([]byte, key.Size()))
}

func pssRows(m *matrix) {
	for _, r := range []*Reader{ps256, ps384, ps512} {
		key := r.key().(*rsa.PrivateKey)
		hash := hashOf(r.Algorithm)
		good := r.Good()
		input := strings.TrimSuffix(good, "."+split(good)[2])
		longest := key.Size() - 2 - hash.Size()
		for _, salt := range []int{0, 1, 8, 16, 20, 28, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, longest - 1, longest} {
			if salt != hash.Size() {
				m.bad(r, authstrategy.ErrTokenSignature, rulePSS, fmt.Sprintf("%s with a salt of %d bytes", r.Name, salt),
					withSignature(r, signPSS(key, hash, salt, input)), good)
			}
		}
		for _, other := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			if other != hash {
				m.bad(r, authstrategy.ErrTokenSignature, rulePSS, fmt.Sprintf("%s with %v", r.Name, other),
					withSignature(r, signPSS(key, other, other.Size(), input)), good)
				m.bad(r, authstrategy.ErrTokenSignature, rulePSS, fmt.Sprintf("%s with %v and a salt of the right length", r.Name, other),
					withSignature(r, signPSS(key, other, hash.Size(), input)), good)
			}
		}
		signature, err := rsa.SignPKCS1v15(nil, key, hash, digestOf(hash, input))
		if err != nil {
			panic(err)
		}
		m.bad(r, authstrategy.ErrTokenSignature, rulePSS, "PKCS #1 v1.5 for "+r.Name, withSignature(r, signature), good)
	}
}

func ecdsaRows(m *matrix) {
	for _, r := range []*Reader{es256, es384, es512} {
		key := r.key().(*ecdsa.PrivateKey)
		good := r.Good()
		input := strings.TrimSuffix(good, "."+split(good)[2])
		sigR, sigS := signECDSA(key, hashOf(r.Algorithm), input)
		n, p := key.Params().N, key.Params().P
		size := (key.Params().BitSize + 7) / 8
		bad := func(rule, name string, signature []byte) {
			m.bad(r, authstrategy.ErrTokenSignature, rule, r.Name+" "+name, withSignature(r, signature), good)
		}

		der, err := asn1.Marshal(struct{ R, S *big.Int }{sigR, sigS})
		if err != nil {
			panic(err)
		}
		bad(ruleECDSA, "as DER", der)
		bad(ruleECDSA, "as DER, brought to the length of r and s", slices.Concat(der, make([]byte, max(0, 2*size-len(der))))[:2*size])
		bad(ruleECDSA, "as DER in reverse", reversed(der))
		bad(ruleECDSA, "with s before r", slices.Concat(sigS.FillBytes(make([]byte, size)), sigR.FillBytes(make([]byte, size))))
		bad(ruleECDSA, "in little-endian", slices.Concat(reversed(sigR.FillBytes(make([]byte, size))), reversed(sigS.FillBytes(make([]byte, size)))))
		bad(ruleECDSA, "with r and s a byte longer", slices.Concat(sigR.FillBytes(make([]byte, size+1)), sigS.FillBytes(make([]byte, size+1))))
		bad(ruleECDSA, "with s a byte longer", slices.Concat(sigR.FillBytes(make([]byte, size)), sigS.FillBytes(make([]byte, size+1))))
		bad(ruleECDSA, "with r alone", sigR.FillBytes(make([]byte, size)))
		bad(ruleECDSA, "with its recovery byte before", slices.Concat([]byte{27}, signatureOf(good)))
		bad(ruleECDSA, "with its recovery byte after", slices.Concat(signatureOf(good), []byte{0}))

		one := big.NewInt(1)
		limits := []struct {
			name  string
			value *big.Int
		}{
			{"0", new(big.Int)},
			{"1", one},
			{"n-1", new(big.Int).Sub(n, one)},
			{"n", n},
			{"n+1", new(big.Int).Add(n, one)},
			{"p", p},
			{"as large as it can be", new(big.Int).Sub(new(big.Int).Lsh(one, uint(8*size)), one)},
		}
		for _, first := range limits {
			for _, second := range limits {
				if r != es256 && first != second {
					continue // slow to verify
				}
				bad(ruleRange, "with r "+first.name+" and s "+second.name, raw(size, first.value, second.value))
			}
			bad(ruleRange, "with r "+first.name, raw(size, first.value, sigS))
			bad(ruleRange, "with s "+first.name, raw(size, sigR, first.value))
		}
		if key.Curve == elliptic.P521() { // 7 bits are left over in each half
			bad(ruleRange, "with n added to r", raw(size, new(big.Int).Add(sigR, n), sigS))
			bad(ruleRange, "with n added to s", raw(size, sigR, new(big.Int).Add(sigS, n)))
			bad(ruleRange, "with n added to r and s", raw(size, new(big.Int).Add(sigR, n), new(big.Int).Add(sigS, n)))
		}
		bad(ruleRange, "with n less r", raw(size, new(big.Int).Sub(n, sigR), sigS))
		m.good(r, "FIPS 186-5 §6.4.2: the verifier takes either of the two values of s", r.Name+" with n less s",
			withSignature(r, raw(size, sigR, new(big.Int).Sub(n, sigS))))

		for _, other := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			if other != hashOf(r.Algorithm) {
				r, s := signECDSA(key, other, input)
				bad(ruleECDSA, fmt.Sprintf("with %v", other), raw(size, r, s))
			}
		}
	}
	// A key of another curve under the reader's algorithm: the numbers of a
	// shorter curve fit into the signature of a longer one.
	for _, r := range []*Reader{es384, es512} {
		input := strings.TrimSuffix(r.Good(), "."+split(r.Good())[2])
		size := len(signatureOf(r.Good())) / 2
		sigR, sigS := signECDSA(es256.key().(*ecdsa.PrivateKey), hashOf(r.Algorithm), input)
		m.bad(r, authstrategy.ErrTokenSignature, ruleECDSA, r.Name+" with a key on P-256", withSignature(r, raw(size, sigR, sigS)), r.Good())
	}
}

// raw is the signature of r and s, each of size bytes.
func raw(size int, r, s *big.Int) []byte {
	return slices.Concat(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size)))
}

func eddsaRows(m *matrix) {
	for _, r := range []*Reader{eddsa, curve25519} {
		eddsaRowsOf(m, r)
	}
	// The header is signed too: neither name can be put in the other's place.
	one, two := split(eddsa.Good()), split(curve25519.Good())
	m.bad(eddsa, authstrategy.ErrTokenSignature, ruleInput, "EdDSA for the Ed25519 that was signed", one[0]+"."+two[1]+"."+two[2], eddsa.Good())
	m.bad(curve25519, authstrategy.ErrTokenSignature, ruleInput, "Ed25519 for the EdDSA that was signed", two[0]+"."+one[1]+"."+one[2], curve25519.Good())
}

func eddsaRowsOf(m *matrix, r *Reader) {
	good := r.Good()
	signature := signatureOf(good)
	bad := func(name string, signature []byte) {
		m.bad(r, authstrategy.ErrTokenSignature, ruleEdDSA, r.Name+" "+name, withSignature(r, signature), good)
	}
	// The order of the base point: S and S+L are the same to who does not look.
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	sigR, sigS := signature[:32], new(big.Int).SetBytes(reversed(signature[32:]))
	scalar := func(value *big.Int) []byte { return reversed(value.FillBytes(make([]byte, 32))) }
	for times := int64(1); times <= 13; times++ {
		more := new(big.Int).Add(sigS, new(big.Int).Mul(order, big.NewInt(times)))
		bad(fmt.Sprintf("with %d L added to S", times), slices.Concat(sigR, scalar(more)))
	}
	bad("with L less S", slices.Concat(sigR, scalar(new(big.Int).Sub(order, sigS))))
	bad("with S of L", slices.Concat(sigR, scalar(order)))
	bad("with S of 0", slices.Concat(sigR, make([]byte, 32)))
	bad("with S before R", slices.Concat(signature[32:], sigR))

	identity := slices.Concat([]byte{1}, make([]byte, 31))
	for _, point := range []struct {
		name  string
		bytes []byte
	}{
		{"the identity", identity},
		{"the identity, not canonical", slices.Concat([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f})},
		{"the identity with its sign set", slices.Concat([]byte{1}, make([]byte, 30), []byte{0x80})},
		{"the point of order 2", slices.Concat([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f})},
		{"a point of order 4", make([]byte, 32)},
		{"a number that is no point", slices.Concat([]byte{2}, make([]byte, 31))},
		{"R with its sign changed", slices.Concat(sigR[:31], []byte{sigR[31] ^ 0x80})},
	} {
		bad("with R "+point.name, slices.Concat(point.bytes, signature[32:]))
		bad("with R "+point.name+" and S of 0", slices.Concat(point.bytes, make([]byte, 32)))
	}

	input := strings.TrimSuffix(good, "."+split(good)[2])
	private := r.key().(ed25519.PrivateKey)
	digest := digestOf(crypto.SHA512, input)
	prehashed, err := private.Sign(nil, digest, &ed25519.Options{Hash: crypto.SHA512})
	if err != nil {
		panic(err)
	}
	bad("as Ed25519ph", prehashed)
	bad("of the token's SHA-512", ed25519.Sign(private, digest))
	withContext, err := private.Sign(nil, []byte(input), &ed25519.Options{Context: "JWT"})
	if err != nil {
		panic(err)
	}
	bad("as Ed25519ctx", withContext)
}

// rawPublic is a public key without the names of its type and curve.
func rawPublic(public crypto.PublicKey) []byte {
	switch public := public.(type) {
	case ed25519.PublicKey:
		return public
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		return point
	}
	panic("hostiletest: a public key of another type")
}

// jwk is a public key as RFC 7517 writes it.
func jwk(public crypto.PublicKey) string {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return `{"kty":"RSA","n":` + quote(encode(public.N.Bytes())) + `,"e":"AQAB"}`
	case *ecdsa.PublicKey:
		point := rawPublic(public)[1:]
		return `{"kty":"EC","crv":` + quote(public.Params().Name) + `,"x":` + quote(encode(point[:len(point)/2])) + `,"y":` + quote(encode(point[len(point)/2:])) + `}`
	case ed25519.PublicKey:
		return `{"kty":"OKP","crv":"Ed25519","x":` + quote(encode(public)) + `}`
	}
	panic("hostiletest: a public key of another type")
}
