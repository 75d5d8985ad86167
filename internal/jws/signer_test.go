package jws_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// What is said of a signature that is none.
const (
	saysNone    = "the signer returned no signature, and no error; it is broken"
	saysDER     = "the signer's signature is not the strict DER of R and S alone, as crypto.Signer has it (RFC 3279 §2.2.3); the signer must convert it"
	saysRange   = "the signer's signature has an R or S below 1 or above what the curve allows; the signer is broken"
	saysSalt    = "the signer's PSS salt is not as long as the hash, which RFC 7518 §3.5 requires; set the signer's salt length, or use RS256, RS384 or RS512"
	saysInvalid = "the signer's signature does not verify by the public key; the signer uses another key or another kind of signature, or is broken"
)

// signFunc is Sign of crypto.Signer, or SignMessage of crypto.MessageSigner.
type signFunc func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)

// A plainSigner is a crypto.Signer and no more.
type plainSigner struct {
	public crypto.PublicKey
	sign   signFunc
}

func (s plainSigner) Public() crypto.PublicKey { return s.public }
func (s plainSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(rand, digest, opts)
}

// A messageSigner is a crypto.MessageSigner.
type messageSigner struct {
	plainSigner
	signMessage signFunc
}

func (s messageSigner) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.signMessage(rand, message, opts)
}

// A kms takes a context.
type kms struct {
	messageSigner
	signContext func(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s kms) SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.signContext(ctx, rand, digest, opts)
}

func unexpected(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	panic("this method must not be called")
}

// newKMS returns a kms that answers SignContext alone.
func newKMS(public crypto.PublicKey, sign func(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)) kms {
	return kms{messageSigner{plainSigner{public, unexpected}, unexpected}, sign}
}

type algorithmKey struct {
	alg     string
	hash    crypto.Hash
	private func() crypto.Signer
	golang  jwt.SigningMethod // golang-jwt's
}

func rsaKey() crypto.Signer   { return theRSAKey() }
func otherRSA() crypto.Signer { return theOtherRSAKey() }

var (
	theRSAKey      = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	theOtherRSAKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

	signerKeys = []algorithmKey{
		{"RS256", crypto.SHA256, rsaKey, jwt.SigningMethodRS256},
		{"RS384", crypto.SHA384, rsaKey, jwt.SigningMethodRS384},
		{"RS512", crypto.SHA512, rsaKey, jwt.SigningMethodRS512},
		{"PS256", crypto.SHA256, rsaKey, jwt.SigningMethodPS256},
		{"PS384", crypto.SHA384, rsaKey, jwt.SigningMethodPS384},
		{"PS512", crypto.SHA512, rsaKey, jwt.SigningMethodPS512},
		{"ES256", crypto.SHA256, ecKey(elliptic.P256()), jwt.SigningMethodES256},
		{"ES384", crypto.SHA384, ecKey(elliptic.P384()), jwt.SigningMethodES384},
		{"ES512", crypto.SHA512, ecKey(elliptic.P521()), jwt.SigningMethodES512},
		{"EdDSA", 0, edKey(), jwt.SigningMethodEdDSA},
		{"Ed25519", 0, edKey(), jwt.SigningMethodEdDSA},
	}
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ecKey(curve elliptic.Curve) func() crypto.Signer {
	return sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) })
}

func edKey() func() crypto.Signer {
	return sync.OnceValue(func() crypto.Signer {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return must(private, err)
	})
}

func newSigner(t *testing.T, alg string, signer crypto.Signer, public crypto.PublicKey) *jws.Key {
	t.Helper()
	key, err := jws.NewSigner(alg, signer, public)
	require.NoError(t, err)
	return key
}

// signBy signs a token by the key, whose error must be that of the signer.
func signBy(ctx context.Context, t *testing.T, key *jws.Key, alg string) error {
	t.Helper()
	token, err := newCodec(t, alg).Sign(ctx, key, []byte("payload"))
	if err != nil {
		assert.Empty(t, token)
		for _, reason := range []error{jws.ErrMalformed, jws.ErrUnverifiable, jws.ErrSignature} {
			assert.NotErrorIs(t, err, reason)
		}
	}
	return err
}

// Keys in memory, and signers of all three kinds, sign with every algorithm what
// the public key alone reads, here and in golang-jwt.
func TestSigner(t *testing.T) {
	for _, k := range signerKeys {
		private := k.private()
		public := private.Public()
		plain := plainSigner{public, private.Sign}
		for name, signer := range map[string]crypto.Signer{
			"in memory": private,
			"plain":     plain,
			"message": messageSigner{plainSigner{public, unexpected}, func(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
				return crypto.SignMessage(plain, rand, message, opts)
			}},
			"context": newKMS(public, func(_ context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				return private.Sign(rand, digest, opts)
			}),
		} {
			t.Run(k.alg+" "+name, func(t *testing.T) {
				key := newSigner(t, k.alg, signer, public)
				assert.True(t, key.CanSign())
				assert.True(t, key.Is(k.alg))
				reader, err := jws.NewKeyPair(k.alg, nil, public)
				require.NoError(t, err)
				codec := newCodec(t, k.alg)
				for range 2 {
					token, err := codec.Sign(t.Context(), key, []byte(`{}`))
					require.NoError(t, err)
					assert.Len(t, token, codec.Size(2, reader.SignatureSize()))
					opened, err := open(t, codec, reader, token)
					require.NoError(t, err)
					assert.Equal(t, `{}`, opened.Payload)
					input, signature := cut(t, token)
					assert.NoError(t, k.golang.Verify(input, signature, public))
				}
			})
		}
	}
}

// cut returns a token's signing input and its signature.
func cut(t *testing.T, token string) (string, []byte) {
	t.Helper()
	i := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	require.NoError(t, err)
	return token[:i], signature
}

func TestNewSigner(t *testing.T) {
	_, err := jws.NewSigner("HS256", theRSAKey(), theRSAKey().Public())
	assert.EqualError(t, err, "no such algorithm")

	// The signer is nobody's before there is something to sign.
	_, err = jws.NewSigner("RS256", nil, theRSAKey().Public())
	assert.NoError(t, err)
}

// What a signer is given: crypto/rand's Reader; the digest, the message where it
// wants that, or Ed25519 does; the hash, with PSS's own options; and the caller's
// context.
func TestSignerIsGiven(t *testing.T) {
	type contextKey struct{}
	ctx := context.WithValue(t.Context(), contextKey{}, "the caller's")
	for _, k := range signerKeys {
		t.Run(k.alg, func(t *testing.T) {
			private := k.private()
			message := encode(`{"alg":"`+k.alg+`","typ":"JWT"}`) + "." + encode("payload")
			digest := []byte(message)
			if k.hash != 0 {
				h := k.hash.New()
				h.Write(digest)
				digest = h.Sum(nil)
			}
			var opts crypto.SignerOpts = k.hash
			if strings.HasPrefix(k.alg, "PS") {
				opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash}
			}
			calls := 0
			given := func(what []byte) signFunc {
				return func(random io.Reader, got []byte, gotOpts crypto.SignerOpts) ([]byte, error) {
					calls++
					assert.True(t, random == rand.Reader, "the source of randomness")
					assert.Equal(t, string(what), string(got))
					assert.Equal(t, opts, gotOpts)
					return private.Sign(random, digest, gotOpts)
				}
			}
			plain := plainSigner{private.Public(), given(digest)}
			withMessage := messageSigner{plainSigner{private.Public(), unexpected}, given([]byte(message))}
			withContext := newKMS(private.Public(), func(ctx context.Context, random io.Reader, got []byte, gotOpts crypto.SignerOpts) ([]byte, error) {
				assert.Equal(t, "the caller's", ctx.Value(contextKey{}))
				return given(digest)(random, got, gotOpts)
			})
			for _, signer := range []crypto.Signer{plain, withMessage, withContext} {
				assert.NoError(t, signBy(ctx, t, newSigner(t, k.alg, signer, private.Public()), k.alg))
			}
			assert.Equal(t, 3, calls)
		})
	}
}

// A signer's own error is found in ours, and ours adds nothing but who failed.
func TestSignerFails(t *testing.T) {
	outage := errors.New("outage")
	for _, k := range signerKeys {
		calls := 0
		signer := plainSigner{k.private().Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			calls++
			signature, _ := k.private().Sign(rand, digest, opts)
			return signature, outage // a signature beside an error is none
		}}
		err := signBy(t.Context(), t, newSigner(t, k.alg, signer, signer.public), k.alg)
		assert.ErrorIs(t, err, outage, k.alg)
		if strings.HasPrefix(k.alg, "PS") {
			assert.EqualError(t, err, "the signer failed: outage; asked again, for its automatic salt: the signer failed: outage", k.alg)
			assert.Equal(t, 2, calls, k.alg)
		} else {
			assert.EqualError(t, err, "the signer failed: outage", k.alg)
			assert.Equal(t, 1, calls, k.alg)
		}
	}
}

// A panic of the signer is the signer's.
func TestSignerPanics(t *testing.T) {
	signer := plainSigner{theRSAKey().Public(), unexpected}
	assert.PanicsWithValue(t, "this method must not be called", func() {
		newCodec(t, "RS256").Sign(t.Context(), newSigner(t, "RS256", signer, signer.public), nil)
	})
}

// always returns a signFunc that returns what it is given.
func always(signature []byte) signFunc {
	return func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return signature, nil }
}

// changed returns a signFunc that changes what a key signs.
func changed(key crypto.Signer, change func(signature []byte) []byte) signFunc {
	return func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		signature, err := key.Sign(rand, digest, opts)
		return change(signature), err
	}
}

// as returns a signFunc that signs with options of its own.
func as(key crypto.Signer, opts crypto.SignerOpts) signFunc {
	return func(rand io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
		return key.Sign(rand, digest, opts)
	}
}

func flipBit(signature []byte) []byte {
	signature[len(signature)-1] ^= 1
	return signature
}

// What is no signature by the public key, in the form that the algorithm wants,
// leaves the signer with an error that says why, and with nothing else.
func TestSignerIsBroken(t *testing.T) {
	ed, p256 := edKey()(), ecKey(elliptic.P256())()
	overwritten := func(key crypto.Signer) signFunc { // signs something else, and hides it
		return func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			digest[0] ^= 1
			return key.Sign(rand, digest, opts)
		}
	}
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	for _, tt := range []struct {
		name, alg string
		public    crypto.PublicKey
		sign      signFunc
		want      string
	}{
		{"nil", "RS256", rsaKey().Public(), always(nil), saysNone},
		{"nil", "PS256", rsaKey().Public(), always(nil), saysNone},
		{"nil", "ES256", p256.Public(), always(nil), saysNone},
		{"nil", "EdDSA", ed.Public(), always(nil), saysNone},
		{"empty", "ES256", p256.Public(), always([]byte{}), saysNone},
		{"empty", "EdDSA", ed.Public(), always([]byte{}), saysNone},

		{"a byte less", "RS256", rsaKey().Public(), changed(rsaKey(), func(s []byte) []byte { return s[1:] }), saysLength("255", "256")},
		{"a byte more", "PS256", rsaKey().Public(), changed(rsaKey(), func(s []byte) []byte { return append(s, 0) }), saysLength("257", "256")},
		{"a byte less", "EdDSA", ed.Public(), changed(ed, func(s []byte) []byte { return s[:63] }), saysLength("63", "64")},
		{"a byte more", "EdDSA", ed.Public(), changed(ed, func(s []byte) []byte { return append(s, 0) }), saysLength("65", "64")},

		{"another key", "RS256", rsaKey().Public(), otherRSA().Sign, saysInvalid},
		{"another key", "PS256", rsaKey().Public(), otherRSA().Sign, saysInvalid},
		{"another key", "ES256", p256.Public(), ecKey(elliptic.P256())().Sign, saysInvalid},
		{"another key", "EdDSA", ed.Public(), edKey()().Sign, saysInvalid},

		{"a bit flipped", "RS256", rsaKey().Public(), changed(rsaKey(), flipBit), saysInvalid},
		{"a bit flipped", "PS256", rsaKey().Public(), changed(rsaKey(), flipBit), saysInvalid},
		{"a bit flipped", "ES256", p256.Public(), changed(p256, flipBit), saysInvalid},
		{"a bit flipped", "EdDSA", ed.Public(), changed(ed, flipBit), saysInvalid},

		{"of another digest", "RS256", rsaKey().Public(), overwritten(rsaKey()), saysInvalid},
		{"of another digest", "PS256", rsaKey().Public(), overwritten(rsaKey()), saysInvalid},
		{"of another digest", "ES256", p256.Public(), overwritten(p256), saysInvalid},
		{"of another message", "EdDSA", ed.Public(), overwritten(ed), saysInvalid},

		{"PSS instead of PKCS #1 v1.5", "RS256", rsaKey().Public(), as(rsaKey(), pss), saysInvalid},
		{"PKCS #1 v1.5 instead of PSS", "PS256", rsaKey().Public(), as(rsaKey(), crypto.SHA256), saysInvalid},
		{"Ed25519ctx", "EdDSA", ed.Public(), as(ed, &ed25519.Options{Context: "another"}), saysInvalid},
	} {
		t.Run(tt.alg+" "+tt.name, func(t *testing.T) {
			var digest, signature []byte
			signer := plainSigner{tt.public, func(rand io.Reader, d []byte, opts crypto.SignerOpts) ([]byte, error) {
				var err error
				digest = slices.Clone(d)
				signature, err = tt.sign(rand, d, opts)
				return signature, err
			}}
			err := signBy(t.Context(), t, newSigner(t, tt.alg, signer, tt.public), tt.alg)
			require.EqualError(t, err, tt.want)
			for _, secret := range []string{encode("payload"), string(digest), hex.EncodeToString(digest), hex.EncodeToString(signature), encode(string(signature))} {
				assert.True(t, secret == "" || !strings.Contains(err.Error(), secret))
			}
		})
	}
}

func saysLength(found, want string) string {
	return "the signer's signature has " + found + " bytes, and one by its public key has " + want + "; it signs with another key, or is broken"
}

// A number as DER has it. Only short ones are needed here.
func derInteger(content ...byte) []byte { return append([]byte{0x02, byte(len(content))}, content...) }

func derSequence(elements ...[]byte) []byte {
	content := slices.Concat(elements...)
	return append([]byte{0x30, byte(len(content))}, content...)
}

// The DER of an ECDSA signature has one spelling, and what it spells is in range.
func TestSignerDER(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	order := elliptic.P256().Params().N
	less := new(big.Int).Sub(order, big.NewInt(1))
	marshal := func(r, s *big.Int) []byte { return must(asn1.Marshal(struct{ R, S *big.Int }{r, s})) }
	one, zero := big.NewInt(1), big.NewInt(0)
	big257 := new(big.Int).Lsh(one, 256)
	for name, tt := range map[string]struct {
		change func(r, s *big.Int) []byte
		want   string
	}{
		"as it is": {marshal, ""},

		"a byte behind it":     {func(r, s *big.Int) []byte { return append(marshal(r, s), 0) }, saysDER},
		"itself behind it":     {func(r, s *big.Int) []byte { return append(marshal(r, s), marshal(r, s)...) }, saysDER},
		"a third number":       {func(r, s *big.Int) []byte { return must(asn1.Marshal([]*big.Int{r, s, one})) }, saysDER},
		"one number":           {func(r, _ *big.Int) []byte { return must(asn1.Marshal([]*big.Int{r})) }, saysDER},
		"no number":            {func(_, _ *big.Int) []byte { return derSequence() }, saysDER},
		"a number with a zero": {func(_, _ *big.Int) []byte { return derSequence(derInteger(0, 1), derInteger(1)) }, saysDER},
		"a number of no bytes": {func(_, _ *big.Int) []byte { return derSequence(derInteger(), derInteger(1)) }, saysDER},
		"a long form":          {func(r, s *big.Int) []byte { der := marshal(r, s); return slices.Concat(der[:1], []byte{0x81}, der[1:]) }, saysDER},
		"an indefinite length": {func(r, s *big.Int) []byte { return slices.Concat([]byte{0x30, 0x80}, marshal(r, s)[2:], []byte{0, 0}) }, saysDER},
		"a SET":                {func(r, s *big.Int) []byte { der := marshal(r, s); der[0] = 0x31; return der }, saysDER},
		"cut short":            {func(r, s *big.Int) []byte { der := marshal(r, s); return der[:len(der)-1] }, saysDER},
		"R and S without DER": {func(r, s *big.Int) []byte {
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}, saysDER},
		"zeros":                   {func(_, _ *big.Int) []byte { return make([]byte, 64) }, saysDER},
		"an octet string instead": {func(r, _ *big.Int) []byte { return must(asn1.Marshal(r.Bytes())) }, saysDER},

		"R is 0":             {func(_, s *big.Int) []byte { return marshal(zero, s) }, saysRange},
		"S is 0":             {func(r, _ *big.Int) []byte { return marshal(r, zero) }, saysRange},
		"R is negative":      {func(r, s *big.Int) []byte { return marshal(new(big.Int).Neg(r), s) }, saysRange},
		"S is negative":      {func(r, s *big.Int) []byte { return marshal(r, new(big.Int).Neg(s)) }, saysRange},
		"R is the order":     {func(_, s *big.Int) []byte { return marshal(order, s) }, saysRange},
		"S is the order":     {func(r, _ *big.Int) []byte { return marshal(r, order) }, saysRange},
		"R has 257 bits":     {func(_, s *big.Int) []byte { return marshal(big257, s) }, saysRange},
		"S has 257 bits":     {func(r, _ *big.Int) []byte { return marshal(r, big257) }, saysRange},
		"R is congruent":     {func(r, s *big.Int) []byte { return marshal(new(big.Int).Add(r, order), s) }, saysRange},
		"R is too large":     {func(_, s *big.Int) []byte { return marshal(new(big.Int).Lsh(one, 100_000), s) }, saysRange},
		"R is just in range": {func(_, s *big.Int) []byte { return marshal(less, s) }, saysInvalid},
		"S is just in range": {func(r, _ *big.Int) []byte { return marshal(r, less) }, saysInvalid},
		"R is 1":             {func(_, s *big.Int) []byte { return marshal(one, s) }, saysInvalid},
		"S is 1":             {func(r, _ *big.Int) []byte { return marshal(r, one) }, saysInvalid},
		"R and S swapped":    {func(r, s *big.Int) []byte { return marshal(s, r) }, saysInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			signer := plainSigner{key.Public(), func(rand io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
				r, s, err := ecdsa.Sign(rand, key, digest)
				return tt.change(r, s), err
			}}
			err := signBy(t.Context(), t, newSigner(t, "ES256", signer, key.Public()), "ES256")
			if tt.want == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, tt.want)
			}
		})
	}
}

// R and S fill their halves, however short they are.
func TestSignerShortNumbers(t *testing.T) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	for name, short := range map[string]func(r, s *big.Int) bool{
		"R": func(r, _ *big.Int) bool { return r.BitLen() <= 248 },
		"S": func(_, s *big.Int) bool { return s.BitLen() <= 248 },
	} {
		t.Run(name, func(t *testing.T) {
			var r, s *big.Int
			signer := plainSigner{key.Public(), func(rand io.Reader, digest []byte, _ crypto.SignerOpts) (_ []byte, err error) {
				for r == nil || !short(r, s) { // one in 256 is
					if r, s, err = ecdsa.Sign(rand, key, digest); err != nil {
						return nil, err
					}
				}
				return asn1.Marshal(struct{ R, S *big.Int }{r, s})
			}}
			token, err := newCodec(t, "ES256").Sign(t.Context(), newSigner(t, "ES256", signer, key.Public()), nil)
			require.NoError(t, err)
			_, signature := cut(t, token)
			require.Len(t, signature, 64)
			assert.Equal(t, r, new(big.Int).SetBytes(signature[:32]))
			assert.Equal(t, s, new(big.Int).SetBytes(signature[32:]))
		})
	}
}

// A pssSigner records the salt lengths that it is asked for.
type pssSigner struct {
	asked  []int
	answer func(digest []byte, opts *rsa.PSSOptions) ([]byte, error)
}

func (s *pssSigner) Public() crypto.PublicKey { return theRSAKey().Public() }
func (s *pssSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	pss := opts.(*rsa.PSSOptions)
	s.asked = append(s.asked, pss.SaltLength)
	return s.answer(digest, pss)
}

// sign signs once, and checks which salt lengths were asked for.
func (s *pssSigner) sign(ctx context.Context, t *testing.T, key *jws.Key, asked ...int) error {
	t.Helper()
	s.asked = nil
	err := signBy(ctx, t, key, "PS256")
	assert.Equal(t, asked, s.asked, "which salts it was asked for")
	return err
}

const (
	likeHash  = rsa.PSSSaltLengthEqualsHash
	automatic = rsa.PSSSaltLengthAuto
)

var (
	errOption = errors.New("no such option")
	errOutage = errors.New("outage")
)

// salted answers with a salt of so many bytes.
func salted(length int) func([]byte, *rsa.PSSOptions) ([]byte, error) {
	return func(digest []byte, _ *rsa.PSSOptions) ([]byte, error) {
		return theRSAKey().Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: length, Hash: crypto.SHA256})
	}
}

// onlyAutomatic refuses to be told a length, and has one of its own.
func onlyAutomatic(length int) func([]byte, *rsa.PSSOptions) ([]byte, error) {
	return func(digest []byte, opts *rsa.PSSOptions) ([]byte, error) {
		if opts.SaltLength != automatic {
			return nil, errOption
		}
		return salted(length)(digest, opts)
	}
}

func down([]byte, *rsa.PSSOptions) ([]byte, error) { return nil, errOutage }

// The first option works, and is asked for alone from then on.
func TestSignerSalt(t *testing.T) {
	signer := &pssSigner{answer: salted(32)}
	key := newSigner(t, "PS256", signer, signer.Public())
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash))
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash))

	signer.answer = down // after it worked once: it is not asked twice
	for range 2 {
		err := signer.sign(t.Context(), t, key, likeHash)
		assert.EqualError(t, err, "the signer failed: outage")
		assert.ErrorIs(t, err, errOutage)
	}
	signer.answer = salted(32)
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash))
}

// The first option is an error, the automatic one works, and is asked for alone
// from then on.
func TestSignerAutomaticSalt(t *testing.T) {
	signer := &pssSigner{answer: onlyAutomatic(32)}
	key := newSigner(t, "PS256", signer, signer.Public())
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash, automatic))
	assert.NoError(t, signer.sign(t.Context(), t, key, automatic))

	signer.answer = down
	for range 2 {
		err := signer.sign(t.Context(), t, key, automatic)
		assert.EqualError(t, err, "the signer failed: outage")
		assert.ErrorIs(t, err, errOutage)
	}
	signer.answer = onlyAutomatic(32)
	assert.NoError(t, signer.sign(t.Context(), t, key, automatic))
}

// A signer that is down from the start is asked for both. It has not worked, so
// that nothing is remembered of it.
func TestSignerIsDownFromTheStart(t *testing.T) {
	second := errors.New("still down")
	signer := &pssSigner{answer: func(_ []byte, opts *rsa.PSSOptions) ([]byte, error) {
		if opts.SaltLength == automatic {
			return nil, second
		}
		return nil, errOutage
	}}
	key := newSigner(t, "PS256", signer, signer.Public())
	for range 2 {
		err := signer.sign(t.Context(), t, key, likeHash, automatic)
		assert.EqualError(t, err, "the signer failed: outage; asked again, for its automatic salt: the signer failed: still down")
		assert.ErrorIs(t, err, errOutage)
		assert.ErrorIs(t, err, second)
	}
	signer.answer = salted(32)
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash))
}

// A salt of another length is refused and no reason to ask again. It did not work,
// so that nothing is remembered of it.
func TestSignerOtherSalt(t *testing.T) {
	const longest = 256 - 32 - 2
	for _, length := range []int{1, 31, 33, longest} {
		signer := &pssSigner{answer: salted(length)}
		key := newSigner(t, "PS256", signer, signer.Public())
		for range 2 {
			assert.EqualError(t, signer.sign(t.Context(), t, key, likeHash), saysSalt, length)
		}
		signer.answer = onlyAutomatic(32)
		assert.NoError(t, signer.sign(t.Context(), t, key, likeHash, automatic))
		signer.answer = salted(length) // nor is it believed because others were good
		assert.EqualError(t, signer.sign(t.Context(), t, key, automatic), saysSalt, length)
	}
	signer := &pssSigner{answer: onlyAutomatic(longest)}
	key := newSigner(t, "PS256", signer, signer.Public())
	for range 2 {
		err := signer.sign(t.Context(), t, key, likeHash, automatic)
		assert.EqualError(t, err, "the signer failed: no such option; asked again, for its automatic salt: "+saysSalt)
		assert.ErrorIs(t, err, errOption)
	}
	signer.answer = salted(32)
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash))
}

// A caller who waits no longer is no reason to ask again.
func TestSignerContextIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	signer := &pssSigner{answer: func([]byte, *rsa.PSSOptions) ([]byte, error) {
		cancel()
		return nil, errOutage
	}}
	key := newSigner(t, "PS256", signer, signer.Public())
	assert.EqualError(t, signer.sign(ctx, t, key, likeHash), "the signer failed: outage")

	signer.answer = onlyAutomatic(32)
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash, automatic))
}

// Options that the signer changes are its own.
func TestSignerChangesItsOptions(t *testing.T) {
	signer := &pssSigner{answer: func(digest []byte, opts *rsa.PSSOptions) ([]byte, error) {
		defer func() { *opts = rsa.PSSOptions{SaltLength: 1, Hash: crypto.MD5} }()
		return onlyAutomatic(32)(digest, opts)
	}}
	key := newSigner(t, "PS256", signer, signer.Public())
	assert.NoError(t, signer.sign(t.Context(), t, key, likeHash, automatic))
	assert.NoError(t, signer.sign(t.Context(), t, key, automatic))
}

// The context alone says how long a slow signer may take.
func TestSlowSigner(t *testing.T) {
	for _, k := range signerKeys {
		private := k.private() // outside of the bubble: it is made once
		t.Run(k.alg, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				signer := newKMS(private.Public(), func(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
					calls++
					select {
					case <-time.After(time.Hour):
						return private.Sign(rand, digest, opts)
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				})
				key := newSigner(t, k.alg, signer, private.Public())

				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := signBy(ctx, t, key, k.alg)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.EqualError(t, err, "the signer failed: context deadline exceeded")
				assert.Equal(t, time.Minute, time.Since(start))
				assert.Equal(t, 1, calls)

				start = time.Now()
				assert.NoError(t, signBy(t.Context(), t, key, k.alg))
				assert.Equal(t, time.Hour, time.Since(start))
			})
		})
	}
}

// A Key may be used concurrently, also while it finds out which salt works.
func TestSignerConcurrently(t *testing.T) {
	const callers = 8
	public := theRSAKey().Public()
	var mutex sync.Mutex
	asked := map[int]int{}
	begin := make(chan struct{})
	signer := plainSigner{public, func(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		pss := opts.(*rsa.PSSOptions)
		mutex.Lock()
		asked[pss.SaltLength]++
		if asked[likeHash] == callers && pss.SaltLength == likeHash {
			close(begin)
		}
		mutex.Unlock()
		<-begin // all have asked for the first option before any knows better
		return onlyAutomatic(32)(digest, pss)
	}}
	key := newSigner(t, "PS256", signer, public)
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for range 3 {
				assert.NoError(t, signBy(t.Context(), t, key, "PS256"))
			}
		})
	}
	wait.Wait()
	assert.Equal(t, map[int]int{likeHash: callers, automatic: 3 * callers}, asked)
}
