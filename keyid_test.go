package authstrategy_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

func headerOf(t testing.TB, token string) map[string]any {
	t.Helper()
	segment, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(segment)
	require.NoError(t, err)
	var header map[string]any
	require.NoError(t, json.Unmarshal(decoded, &header))
	return header
}

func TestKeyID(t *testing.T) {
	for _, kid := range []string{"k", "ü \"\n\x00", " k ", strings.Repeat("k", 256)} {
		s := newStrategy(t, testSecret, authstrategy.WithKeyID(kid))
		token, err := s.WriteToken(ctx, testID)
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT", "kid": kid}, headerOf(t, token))
		_, err = s.ReadClaims(ctx, token)
		assert.NoError(t, err)
	}
	token, err := newStrategy(t, testSecret).WriteToken(ctx, testID)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"alg": "HS256", "typ": "JWT"}, headerOf(t, token), "by default there is none")
}

// A token that names another key is refused before any cryptography: also one
// whose signature is wrong.
func TestKeyIDOfTheToken(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithKeyID("k1"))
	any := newStrategy(t, testSecret)
	for header, reason := range map[string]error{
		`{"alg":"HS256"}`:                     nil,
		`{"alg":"HS256","kid":""}`:            nil,
		`{"alg":"HS256","kid":"k1"}`:          nil,
		`{"kid":"\u006b1","alg":"HS256"}`:     nil,
		`{"alg":"HS256","kid":"k2"}`:          authstrategy.ErrTokenUnverifiable,
		`{"alg":"HS256","kid":"K1"}`:          authstrategy.ErrTokenUnverifiable,
		`{"alg":"HS256","kid":"k1 "}`:         authstrategy.ErrTokenUnverifiable,
		`{"alg":"HS256","kid":"k"}`:           authstrategy.ErrTokenUnverifiable,
		`{"alg":"HS256","kid":"k1\u0000"}`:    authstrategy.ErrTokenUnverifiable,
		`{"alg":"HS256","kid":1}`:             authstrategy.ErrTokenMalformed,
		`{"alg":"HS256","kid":null}`:          authstrategy.ErrTokenMalformed,
		`{"alg":"HS256","kid":"k1","kid":""}`: authstrategy.ErrTokenMalformed,
	} {
		token := sign(header, testClaims)
		_, err := s.ReadClaims(ctx, token)
		if reason == nil {
			assert.NoError(t, err, header)
			continue
		}
		assertRefused(t, err, reason)
		forged := token[:len(token)-43] + strings.Repeat("A", 43)
		_, err = s.ReadClaims(ctx, forged)
		assertRefused(t, err, reason)
		if reason == authstrategy.ErrTokenUnverifiable {
			assert.EqualError(t, err, "authstrategy: token is unverifiable: its header names another key than the strategy's, by its kid (see WithKeyID)")
			_, err = any.ReadClaims(ctx, token)
			assert.NoError(t, err, "without WithKeyID any kid is accepted")
		}
	}
	// One without kid is judged by its signature.
	_, err := s.ReadClaims(ctx, sign(`{"alg":"HS256"}`, testClaims)[:60]+"AA.AA")
	requireOneReason(t, err)
}

// The thumbprint is the one that anyone computes from the public key (RFC 7638).
func TestThumbprintKeyID(t *testing.T) {
	public := parsed(t, "ed25519.pub").(ed25519.PublicKey)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`))
	want := base64.RawURLEncoding.EncodeToString(sum[:])
	eddsa := authstrategy.WithAlgorithm(authstrategy.EdDSA)
	writer := newStrategy(t, file(t, "keys/ed25519.pem"), eddsa, authstrategy.WithThumbprintKeyID())
	only := newStrategy(t, "", eddsa, authstrategy.WithThumbprintKeyID(), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")))
	assert.Equal(t, want, writer.PublicKey().ID())
	assert.Equal(t, want, only.PublicKey().ID())
	token, err := writer.WriteToken(ctx, testID)
	require.NoError(t, err)
	assert.Equal(t, want, headerOf(t, token)["kid"])
	_, err = only.ReadClaims(ctx, token)
	assert.NoError(t, err)
	other := newStrategy(t, "", eddsa, authstrategy.WithKeyID("another"), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")))
	_, err = other.ReadClaims(ctx, token)
	assertRefused(t, err, authstrategy.ErrTokenUnverifiable)
}

// EdDSA and Ed25519 are two names of one algorithm. Each is written as it was
// asked for, and each reads both.
func TestEd25519HasTwoNames(t *testing.T) {
	for _, writes := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
		token, err := newStrategy(t, file(t, "keys/ed25519.pem"), authstrategy.WithAlgorithm(writes)).WriteToken(ctx, testID)
		require.NoError(t, err)
		assert.Equal(t, string(writes), headerOf(t, token)["alg"])
		for _, reads := range []authstrategy.Algorithm{authstrategy.EdDSA, authstrategy.Ed25519} {
			s := newStrategy(t, "", authstrategy.WithAlgorithm(reads), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")))
			_, err = s.ReadClaims(ctx, token)
			assert.NoError(t, err, "%s reads %s", reads, writes)
		}
		_, err = newStrategy(t, testSecret).ReadClaims(ctx, token)
		assertRefused(t, err, authstrategy.ErrTokenUnverifiable)
	}
}

func TestAudienceClaim(t *testing.T) {
	private := parsed(t, "ed25519").(ed25519.PrivateKey)
	options := []authstrategy.Option{
		authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")),
		authstrategy.WithIssuer(testIssuer), authstrategy.WithAudience("web", "api"),
	}
	plain := newStrategy(t, "", options...)
	s := newStrategy(t, "", append(options, authstrategy.WithAudienceClaim("client_id"))...)
	const rest = `"iss":"` + testIssuer + `","sub":"` + testID + `","exp":1893459600`
	for claims, reason := range map[string]error{
		`"client_id":"web"`:                   nil,
		`"client_id":"api"`:                   nil,
		`"client_\u0069d":"\u0061pi"`:         nil,
		`"client_id":"app"`:                   authstrategy.ErrTokenAudience,
		`"client_id":"API"`:                   authstrategy.ErrTokenAudience,
		`"client_id":""`:                      authstrategy.ErrTokenAudience,
		`"client_id":null`:                    authstrategy.ErrTokenAudience,
		`"client_id":["web"]`:                 authstrategy.ErrTokenAudience,
		`"client_id":1`:                       authstrategy.ErrTokenAudience,
		`"Client_id":"web"`:                   authstrategy.ErrTokenAudience,
		`"azp":"web"`:                         authstrategy.ErrTokenAudience,
		`"aud":"app","client_id":"web"`:       authstrategy.ErrTokenAudience,
		`"aud":[],"client_id":"web"`:          authstrategy.ErrTokenAudience,
		`"aud":"","client_id":"web"`:          authstrategy.ErrTokenAudience,
		`"aud":null,"client_id":"web"`:        authstrategy.ErrTokenMalformed,
		`"client_id":"web","client_id":"web"`: authstrategy.ErrTokenMalformed,
	} {
		token := signEd25519(private, `{"alg":"EdDSA"}`, "{"+rest+","+claims+"}")
		c, err := s.ReadClaims(ctx, token)
		if reason != nil {
			assertRefused(t, err, reason)
			continue
		}
		require.NoError(t, err, claims)
		assert.Nil(t, c.Audience)
		_, err = plain.ReadClaims(ctx, token)
		assertRefused(t, err, authstrategy.ErrTokenAudience)
	}
	for _, claims := range []string{`"aud":"web"`, `"aud":["x","api"],"client_id":"app"`, `"aud":"web","client_id":1`} {
		c, err := s.ReadClaims(ctx, signEd25519(private, `{"alg":"EdDSA"}`, "{"+rest+","+claims+"}"))
		require.NoError(t, err, claims)
		assert.NotEmpty(t, c.Audience)
	}
	_, err := s.ReadClaims(ctx, signEd25519(private, `{"alg":"EdDSA"}`, `{`+rest+`,"client_id":"value-of-the-token"}`))
	assert.EqualError(t, err, `authstrategy: token has the wrong audience: it has no aud, and its claim "client_id" is none of the strategy's audiences, ["web" "api"] (see WithAudienceClaim)`)
	_, err = s.ReadClaims(ctx, signEd25519(private, `{"alg":"EdDSA"}`, `{`+rest+`,"aud":"value-of-the-token"}`))
	assert.EqualError(t, err, `authstrategy: token has the wrong audience: its aud has none of the strategy's audiences, ["web" "api"] (see WithAudience)`)
}

// A signerFunc signs, for a public key that it has.
type signerFunc struct {
	public crypto.PublicKey
	sign   func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (s *signerFunc) Public() crypto.PublicKey { return s.public }
func (s *signerFunc) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(rand, digest, opts)
}

// A kms takes the context.
type kms struct {
	crypto.Signer
	ctx context.Context
}

func (k *kms) SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.ctx = ctx
	return k.Sign(rand, digest, opts)
}

func TestSigner(t *testing.T) {
	for _, tt := range []struct {
		alg  authstrategy.Algorithm
		file string
	}{
		{authstrategy.RS256, "rsa"}, {authstrategy.PS256, "rsa"}, {authstrategy.ES256, "p256-pkcs8"},
		{authstrategy.EdDSA, "ed25519"}, {authstrategy.Ed25519, "ed25519"},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			alg, private := authstrategy.WithAlgorithm(tt.alg), parsed(t, tt.file).(crypto.Signer)
			calls := 0
			signer := &signerFunc{private.Public(), func(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				calls++
				return private.Sign(rand, digest, opts)
			}}
			s := newStrategy(t, "", alg, authstrategy.WithSigner(signer), authstrategy.WithThumbprintKeyID())
			assert.Zero(t, calls, "GetJWTStrategy signs nothing")
			token, err := s.WriteToken(ctx, testID)
			require.NoError(t, err)
			assert.Equal(t, 1, calls)
			_, err = s.ReadClaims(ctx, token)
			assert.NoError(t, err, "it also reads")
			local := newStrategy(t, file(t, "keys/"+tt.file+".pem"), alg)
			_, err = local.ReadClaims(ctx, token)
			assert.NoError(t, err)
			assert.Equal(t, private.Public(), s.PublicKey().Key())

			type contextKey struct{}
			remote := &kms{Signer: private}
			_, err = newStrategy(t, "", alg, authstrategy.WithSigner(remote)).WriteToken(context.WithValue(ctx, contextKey{}, "mine"), testID)
			require.NoError(t, err)
			assert.Equal(t, "mine", remote.ctx.Value(contextKey{}), "it gets the context of WriteToken")
		})
	}
}

// A signer's error reaches the caller, and refuses nobody. A signature that does
// not verify reaches nobody.
func TestSignerFails(t *testing.T) {
	public, _ := newEd25519(t)
	_, foreign := newEd25519(t)
	down := errors.New("down")
	eddsa := authstrategy.WithAlgorithm(authstrategy.EdDSA)
	signer := &signerFunc{public: public}
	s := newStrategy(t, "", eddsa, authstrategy.WithSigner(signer))

	signer.sign = func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
		return nil, errors.Join(down, authstrategy.ErrTokenExpired, authstrategy.ErrUserRefused, authstrategy.ErrUserNotFound)
	}
	token, err := s.WriteToken(ctx, testID)
	assert.ErrorIs(t, err, down)
	assert.ErrorContains(t, err, "authstrategy: signing failed: the signer failed: down\n")
	for r := range reasons {
		assert.NotErrorIs(t, err, r)
	}
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.Empty(t, token)

	calls := 0
	signer.sign = func(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { calls++; return nil, down }
	small := newStrategy(t, "", eddsa, authstrategy.WithSigner(signer), authstrategy.WithMaxTokenSize(256))
	_, err = small.WriteToken(ctx, authstrategy.Subject(strings.Repeat("1", 100)))
	assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
	assert.Zero(t, calls, "a token over the limit is not signed")

	signer.sign = foreign.Sign
	token, err = s.WriteToken(ctx, testID)
	assert.ErrorContains(t, err, "authstrategy: signing failed: the signer's signature does not verify by the public key")
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.NotContains(t, err.Error(), testID)
	assert.Empty(t, token)
}

// What a signer does to the key that its Public returned changes nothing: its signatures
// are verified by the key that was checked.
func TestSignerChangesItsPublicKey(t *testing.T) {
	first, second := parsed(t, "rsa").(*rsa.PrivateKey), parsed(t, "rsa-other").(*rsa.PrivateKey)
	public := first.PublicKey
	signer := &signerFunc{&public, first.Sign}
	s := newStrategy(t, "", authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithSigner(signer))
	public, signer.sign = second.PublicKey, second.Sign
	token, err := s.WriteToken(ctx, testID)
	assert.ErrorContains(t, err, "the signer's signature does not verify by the public key")
	assert.Empty(t, token)
}

// A pretender has a SignContext that nobody calls.
type pretender struct{ crypto.Signer }

func (pretender) SignContext(context.Context, []byte) ([]byte, error) { return nil, nil }

// A signer whose methods would panic, or not be called, is found at start.
func TestSignerMistakes(t *testing.T) {
	_, private := newEd25519(t)
	for says, signer := range map[string]crypto.Signer{
		"is an ed25519.PrivateKey of 0 bytes; it must have 64":                         ed25519.PrivateKey{},
		"is an ed25519.PrivateKey of 32 bytes; it must have 64":                        ed25519.PrivateKey(private.Seed()),
		"the SignContext of WithSigner's authstrategy_test.pretender has another sign": pretender{private},
	} {
		s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithSigner(signer))
		assertInvalid(t, err, authstrategy.ErrInvalidKey)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, s)
	}
}

// The public key of a signer is checked as that of WithPublicKey, and must match it.
func TestSignerKey(t *testing.T) {
	rsaPrivate := parsed(t, "rsa").(*rsa.PrivateKey)
	var none *rsa.PublicKey
	for _, tt := range []struct {
		name   string
		public crypto.PublicKey
		opts   []authstrategy.Option
		want   error
		says   string
	}{
		{"of another type", &rsaPrivate.PublicKey, []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.ES256)}, authstrategy.ErrInvalidKey, "the public key of WithSigner is of type RSA; ES256 requires a key of type ECDSA on P-256"},
		{"too small", parsed(t, "rsa-1024.pub"), nil, authstrategy.ErrInvalidKey, "the public key of WithSigner has 1024 bits"},
		{"nil", nil, nil, authstrategy.ErrInvalidKey, "the public key of WithSigner is of another type"},
		{"nil pointer", none, nil, authstrategy.ErrInvalidKey, "the public key of WithSigner is an RSA key without a modulus"},
		{"another", &rsaPrivate.PublicKey, []authstrategy.Option{authstrategy.WithPublicKey(file(t, "keys/rsa-other.pub.pem"))}, authstrategy.ErrKeyMismatch, "the key of WithPublicKey does not match the signer; pass the signer's own, or omit WithPublicKey"},
		{"and a broken one", &rsaPrivate.PublicKey, []authstrategy.Option{authstrategy.WithPublicKey("x")}, authstrategy.ErrInvalidKey, "the key of WithPublicKey is not PEM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := append([]authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithSigner(&signerFunc{public: tt.public})}, tt.opts...)
			s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, opts...)
			assertInvalid(t, err, tt.want)
			assert.ErrorContains(t, err, tt.says)
			assert.Nil(t, s)
		})
	}
	matching := newStrategy(t, "", authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithSigner(rsaPrivate), authstrategy.WithPublicKey(file(t, "keys/rsa.pub.pem")))
	token, err := matching.WriteToken(ctx, testID)
	require.NoError(t, err)
	_, err = matching.ReadClaims(ctx, token)
	assert.NoError(t, err)
}

// Options about keys that contradict each other, or lack what they need.
func TestKeyConflicts(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	edPEM := file(t, "keys/ed25519.pem")
	eddsa, issuer := authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithIssuer(testIssuer)
	source, signer := authstrategy.WithKeySource(fixed()), authstrategy.WithSigner(private)
	public := authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem"))
	kid, thumbprint := authstrategy.WithKeyID("k"), authstrategy.WithThumbprintKeyID()
	audience := authstrategy.WithAudienceClaim("azp")
	var nilSource sourceFunc
	var nilSigner *kms
	type opts = []authstrategy.Option
	for _, tt := range []struct {
		name   string
		secret string
		opts   opts
		says   []string // each line of the error
	}{
		{"source, HS256", "", opts{source, issuer}, []string{"WithKeySource does not go with HS256, whose keys are secrets; choose the algorithm of the source's keys with WithAlgorithm"}},
		{"source, HS256, secret", testSecret, opts{source, issuer}, []string{"WithKeySource does not go with HS256", "WithKeySource does not go with a secret"}},
		{"source, secret", edPEM, opts{source, issuer, eddsa}, []string{"WithKeySource does not go with a secret: such a strategy only reads; pass the zero Secret, and write with another strategy"}},
		{"source, signer", "", opts{source, issuer, eddsa, signer}, []string{"WithKeySource does not go with WithSigner"}},
		{"source, public key", "", opts{source, issuer, eddsa, public}, []string{"WithKeySource does not go with WithPublicKey"}},
		{"source, kid", "", opts{source, issuer, eddsa, kid}, []string{"WithKeySource does not go with WithKeyID and WithThumbprintKeyID"}},
		{"source, thumbprint", "", opts{source, issuer, eddsa, thumbprint}, []string{"WithKeySource does not go with WithKeyID and WithThumbprintKeyID"}},
		{"source, no issuer", "", opts{source, eddsa}, []string{"WithKeySource requires WithIssuer: keys are some issuer's keys (RFC 8725 §3.8); name it"}},
		{"source twice", "", opts{source, source, issuer, eddsa}, []string{"WithKeySource is given twice"}},
		{"signer twice", "", opts{signer, signer, eddsa}, []string{"WithSigner is given twice"}},
		{"nil source", "", opts{authstrategy.WithKeySource(nil), issuer, eddsa}, []string{"WithKeySource(nil) is no source"}},
		{"nil pointer as source", "", opts{authstrategy.WithKeySource(nilSource), issuer, eddsa}, []string{"WithKeySource(nil) is no source"}},
		{"signer, HS256", testSecret, opts{signer}, []string{"WithSigner does not go with HS256, which signs with a secret", "WithSigner does not go with a secret"}},
		{"signer, secret", edPEM, opts{signer, eddsa}, []string{"WithSigner does not go with a secret: one of them signs; pass the zero Secret"}},
		{"nil signer", edPEM, opts{authstrategy.WithSigner(nil), eddsa}, []string{"WithSigner(nil) is no signer", "WithSigner does not go with a secret"}},
		{"nil pointer as signer", "", opts{authstrategy.WithSigner(nilSigner), eddsa, public}, []string{"WithSigner(nil) is no signer"}},
		{"thumbprint, HS256", testSecret, opts{thumbprint}, []string{"WithThumbprintKeyID does not go with HS256: the hash of a secret must not be published; use WithKeyID"}},
		{"thumbprint, kid", edPEM, opts{thumbprint, kid, eddsa}, []string{"WithThumbprintKeyID does not go with WithKeyID; omit one of them"}},
		{"audience claim, no issuer", "", opts{audience, public, eddsa}, []string{"WithAudienceClaim requires WithIssuer: name the issuer whose tokens have no aud"}},
		{"audience claim, secret", testSecret, opts{audience, issuer}, []string{"WithAudienceClaim does not go with a secret or a signer"}},
		{"audience claim, private key", edPEM, opts{audience, issuer, eddsa}, []string{"WithAudienceClaim does not go with a secret or a signer"}},
		{"audience claim, signer", "", opts{audience, issuer, eddsa, signer}, []string{"WithAudienceClaim does not go with a secret or a signer"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(tt.secret), tt.opts...)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Nil(t, s)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tt.says), err)
			for i, says := range tt.says {
				assert.True(t, strings.HasPrefix(lines[i], "authstrategy: invalid configuration: "+says), lines[i])
			}
		})
	}
}
