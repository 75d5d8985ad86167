package authstrategy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// Every option at its bounds, and one step beyond.
func TestOptionBounds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		option authstrategy.Option
		says   string // "": it is good
	}{
		{"WithLifetime", authstrategy.WithLifetime(time.Second), ""},
		{"WithLifetime", authstrategy.WithLifetime(1<<63 - 1), ""},
		{"WithLifetime", authstrategy.WithLifetime(time.Second - 1), "must be 1s or more"},
		{"WithLifetime", authstrategy.WithLifetime(0), "WithoutExpiration"},
		{"WithLifetime", authstrategy.WithLifetime(-time.Hour), "must be 1s or more"},
		{"WithAudience", authstrategy.WithAudience("a"), ""},
		{"WithAudience", authstrategy.WithAudience("a", "b", "ü"), ""},
		{"WithAudience", authstrategy.WithAudience(), "has no audience"},
		{"WithAudience", authstrategy.WithAudience([]string{}...), "has no audience"},
		{"WithAudience", authstrategy.WithAudience("a", ""), "audience 2 of 2 is empty"},
		{"WithAudience", authstrategy.WithAudience("\xff", "b"), "audience 1 of 2 is not UTF-8"},
		{"WithAudience", authstrategy.WithAudience("accounts", " reports"), "audience 2 of 2 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("a\n"), "audience 1 of 1 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("a\u00a0"), "audience 1 of 1 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("a\u200b"), "audience 1 of 1 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("\ufeffa"), "audience 1 of 1 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("a\x00"), "audience 1 of 1 has white space or invisible characters at its ends"},
		{"WithAudience", authstrategy.WithAudience("a b"), ""},
		{"WithAlgorithm", authstrategy.WithAlgorithm(authstrategy.HS256), ""},
		{"WithPublicKey", authstrategy.WithPublicKey(""), "WithPublicKey does not go with HS256"},
		{"WithKeyID", authstrategy.WithKeyID("k"), ""},
		{"WithKeyID", authstrategy.WithKeyID(strings.Repeat("k", 256)), ""},
		{"WithKeyID", authstrategy.WithKeyID(strings.Repeat("k", 257)), "the id has 257 bytes; it must have at most 256"},
		{"WithKeyID", authstrategy.WithKeyID(""), "the id is empty"},
		{"WithKeyID", authstrategy.WithKeyID("\xff"), "the id is not UTF-8"},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim(""), "the name is empty; pass that of a claim"},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim("\xff"), "the name is not UTF-8"},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim("client_id\n"), "the name has white space or invisible characters at its ends"},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim(strings.Repeat("c", 257)), "the name has 257 bytes; it must have at most 256"},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim("iss"), `WithAudienceClaim("iss") names a registered claim`},
		{"WithAudienceClaim", authstrategy.WithAudienceClaim("jti"), `WithAudienceClaim("jti") names a registered claim`},
		{"WithIssuer", authstrategy.WithIssuer("i"), ""},
		{"WithIssuer", authstrategy.WithIssuer(""), "the issuer is empty"},
		{"WithIssuer", authstrategy.WithIssuer("\xff"), "the issuer is not UTF-8"},
		{"WithIssuer", authstrategy.WithIssuer("i "), "the issuer has white space or invisible characters at its ends"},
		{"WithIssuer", authstrategy.WithIssuer("a b"), ""},
		{"WithLeeway", authstrategy.WithLeeway(0), ""},
		{"WithLeeway", authstrategy.WithLeeway(10 * time.Minute), ""},
		{"WithLeeway", authstrategy.WithLeeway(10*time.Minute + 1), "0 to 10m0s"},
		{"WithLeeway", authstrategy.WithLeeway(-1), "0 to 10m0s"},
		{"WithLeeway", authstrategy.WithLeeway(time.Millisecond), ""},
		{"WithLeeway", authstrategy.WithLeeway(time.Millisecond - 1), "a bare number counts nanoseconds"},
		{"WithLeeway", authstrategy.WithLeeway(60), "WithLeeway(60ns) is too short to have an effect; it must be 0, or from 1ms to 10m0s, and a bare number counts nanoseconds"},
		{"WithLeeway", authstrategy.WithLeeway(1), "a bare number counts nanoseconds"},
		{"WithTokenType", authstrategy.WithTokenType("t"), ""},
		{"WithTokenType", authstrategy.WithTokenType(strings.Repeat("t", 256)), ""},
		{"WithTokenType", authstrategy.WithTokenType(strings.Repeat("t", 257)), "257 bytes; it must have at most 256"},
		{"WithTokenType", authstrategy.WithTokenType(""), "the type is empty"},
		{"WithTokenType", authstrategy.WithTokenType("application/"), "the type is empty"},
		{"WithTokenType", authstrategy.WithTokenType("\xff"), "the type is not UTF-8"},
		{"WithTokenType", authstrategy.WithTokenType("\tt"), "the type has white space or invisible characters at its ends"},
		{"WithMaxTokenSize", authstrategy.WithMaxTokenSize(256), ""},
		{"WithMaxTokenSize", authstrategy.WithMaxTokenSize(1 << 20), ""},
		{"WithMaxTokenSize", authstrategy.WithMaxTokenSize(255), "256 to 1048576 bytes"},
		{"WithMaxTokenSize", authstrategy.WithMaxTokenSize(1<<20 + 1), "256 to 1048576 bytes"},
		{"WithTokenCache", authstrategy.WithTokenCache(1), ""},
		{"WithTokenCache", authstrategy.WithTokenCache(1 << 20), ""},
		{"WithTokenCache", authstrategy.WithTokenCache(0), "WithTokenCache(0) is out of range; it must be from 1 to 1048576 tokens (for no cache, omit the option)"},
		{"WithTokenCache", authstrategy.WithTokenCache(-1), "WithTokenCache(-1) is out of range; it must be from 1 to 1048576 tokens"},
		{"WithTokenCache", authstrategy.WithTokenCache(1<<20 + 1), "WithTokenCache(1048577) is out of range; it must be from 1 to 1048576 tokens"},
		{"WithTokenCache", authstrategy.WithTokenCache(math.MinInt), "is out of range"},
		{"WithTokenCache", authstrategy.WithTokenCache(math.MaxInt), "is out of range"},
		{"WithClock", authstrategy.WithClock(time.Now), ""},
		{"WithClock", authstrategy.WithClock(nil), "is no clock"},
	} {
		t.Run(tt.name+" "+tt.says, func(t *testing.T) {
			s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), tt.option)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Contains(t, err.Error(), tt.name)
			assert.Contains(t, err.Error(), tt.says)
			assert.Nil(t, s)
			if tt.name != "WithPublicKey" {
				for _, kind := range keyErrors {
					assert.NotErrorIs(t, err, kind)
				}
			}
		})
	}
}

func TestUnsupportedAlgorithm(t *testing.T) {
	for _, alg := range []authstrategy.Algorithm{"", "none", "None", "hs256", "HS256 ", "RS1", "ES256K", "ed25519", "Ed448", "EdDSA\x00", "12345678"} {
		_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), authstrategy.WithAlgorithm(alg))
		assertInvalid(t, err, authstrategy.ErrUnsupportedAlgorithm)
		assert.Contains(t, err.Error(), fmt.Sprintf("WithAlgorithm(%q)", string(alg)))
		assert.Contains(t, err.Error(), "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519")
	}
	// What is longer than any algorithm's name may be the secret, in the wrong place.
	_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), authstrategy.WithAlgorithm("123456789"))
	assertInvalid(t, err, authstrategy.ErrUnsupportedAlgorithm)
	assert.Contains(t, err.Error(), "WithAlgorithm(a text of 9 bytes)")
	assert.NotContains(t, err.Error(), "1234")
}

func TestLifetimeOrNone(t *testing.T) {
	lifetime, none := authstrategy.WithLifetime(time.Minute), authstrategy.WithoutExpiration()
	for _, opts := range [][]authstrategy.Option{{lifetime, none}, {none, lifetime}} {
		_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), opts...)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Contains(t, err.Error(), "WithLifetime and WithoutExpiration")
	}
	assert.Equal(t, time.Hour, newStrategy(t, testSecret).Lifetime())
	assert.Equal(t, time.Minute, newStrategy(t, testSecret, lifetime).Lifetime())
	assert.Zero(t, newStrategy(t, testSecret, none).Lifetime())
}

// All mistakes come at once, a line each.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("short"),
		nil,
		authstrategy.WithLifetime(0),
		authstrategy.WithoutExpiration(),
		authstrategy.WithIssuer(""),
		authstrategy.WithLeeway(time.Hour),
		authstrategy.WithMaxTokenSize(1),
		authstrategy.WithTokenType(""),
		authstrategy.WithClock(nil),
		authstrategy.WithAudience(),
		authstrategy.WithPublicKey("x"),
	)
	assertInvalid(t, err, authstrategy.ErrWeakSecret, authstrategy.ErrInvalidKey)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 11)
	var joined interface{ Unwrap() []error }
	require.ErrorAs(t, err, &joined)
	for _, e := range joined.Unwrap() {
		assert.ErrorIs(t, e, authstrategy.ErrInvalidConfig)
	}
	for i, says := range []string{
		"option 1 of 10 is nil", "WithLifetime(0s)", "WithIssuer", "WithLeeway(1h0m0s)", "WithMaxTokenSize(1)", "WithTokenType",
		"WithClock(nil)", "WithAudience()", "WithLifetime and WithoutExpiration", "WithPublicKey", "the secret has 5 bytes; HS256 requires 32",
	} {
		assert.True(t, strings.HasPrefix(lines[i], "authstrategy: "), lines[i])
		assert.Contains(t, lines[i], says)
	}

	// A type that cannot be encoded is one mistake, not two.
	_, err = authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), authstrategy.WithTokenType("\xff"))
	assert.Len(t, strings.Split(err.Error(), "\n"), 1)

	// The mark of a redacted secret hides no other mistake.
	for _, alg := range []authstrategy.Algorithm{authstrategy.HS256, authstrategy.RS256} {
		_, err = authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(redacted), authstrategy.WithAlgorithm(alg), authstrategy.WithPublicKey("x"))
		assertInvalid(t, err, authstrategy.ErrInvalidKey)
		assert.Len(t, strings.Split(err.Error(), "\n"), 2)
		assert.Contains(t, err.Error(), "the secret is the redaction mark **********")
	}

	_, err = authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("x"),
		authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithPublicKey("y"), authstrategy.WithPublicKey("z"))
	assertInvalid(t, err, authstrategy.ErrInvalidKey)
	lines = strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for i, says := range []string{"WithPublicKey is given twice", "the secret is not PEM", "the key of WithPublicKey is not PEM"} {
		assert.Contains(t, lines[i], says)
	}

	// A mistake in the user's type is reported with those in the options.
	_, err = authstrategy.GetJWTStrategy[shy](authstrategy.NewSecret("short"))
	assertInvalid(t, err, authstrategy.ErrWeakSecret)
	assert.Contains(t, err.Error(), "TokenClaims has the receiver")
}

// Of an option given twice the last one counts, and the first one is checked.
func TestOptionTwice(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithLifetime(time.Minute), authstrategy.WithLifetime(time.Hour))
	assert.Equal(t, time.Hour, s.Lifetime())
	s = newStrategy(t, testSecret, authstrategy.WithTokenCache(8), authstrategy.WithTokenCache(1))
	remember(t, s, sign(testHeader, testClaims))
	remember(t, s, sign(testHeader, " "+testClaims))
	assert.False(t, authstrategy.Remembers(s, sign(testHeader, testClaims)), "there is place for one token")
	for name, opts := range map[string][]authstrategy.Option{
		"WithLifetime":     {authstrategy.WithLifetime(0), authstrategy.WithLifetime(time.Hour)},
		"WithAudience":     {authstrategy.WithAudience(), authstrategy.WithAudience("a")},
		"WithAlgorithm":    {authstrategy.WithAlgorithm("none"), authstrategy.WithAlgorithm(authstrategy.HS256)},
		"WithIssuer":       {authstrategy.WithIssuer(""), authstrategy.WithIssuer("i")},
		"WithLeeway":       {authstrategy.WithLeeway(-1), authstrategy.WithLeeway(0)},
		"WithTokenType":    {authstrategy.WithTokenType(""), authstrategy.WithTokenType("t")},
		"WithMaxTokenSize": {authstrategy.WithMaxTokenSize(0), authstrategy.WithMaxTokenSize(256)},
		"WithTokenCache":   {authstrategy.WithTokenCache(0), authstrategy.WithTokenCache(1)},
		"WithClock":        {authstrategy.WithClock(nil), authstrategy.WithClock(time.Now)},
	} {
		_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), opts...)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Contains(t, err.Error(), name)
	}

	// Two public keys are not "the last one applies": they could be taken for two
	// keys that verify.
	right := authstrategy.WithPublicKey(file(t, "keys/rsa.pub.pem"))
	_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(file(t, "keys/rsa.pem")),
		authstrategy.WithAlgorithm(authstrategy.RS256), right, right)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.EqualError(t, err, "authstrategy: invalid configuration: WithPublicKey is given twice; a strategy verifies with one key: omit the other")
}

// A limit that no token can meet is found at start, to the byte.
func TestMaxTokenSizeForTheKey(t *testing.T) {
	make := func(size int, opts ...authstrategy.Option) (*authstrategy.JWTStrategy[authstrategy.Subject], error) {
		opts = append(opts, authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithoutExpiration(), authstrategy.WithMaxTokenSize(size))
		return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(file(t, "keys/rsa.pem")), opts...)
	}
	s, err := make(8192)
	require.NoError(t, err)
	smallest, err := s.WriteToken(ctx, "1")
	require.NoError(t, err)
	s, err = make(len(smallest))
	require.NoError(t, err)
	_, err = s.WriteToken(ctx, "1")
	assert.NoError(t, err)
	reader, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithAlgorithm(authstrategy.RS256),
		authstrategy.WithPublicKey(file(t, "keys/rsa.pub.pem")), authstrategy.WithMaxTokenSize(len(smallest)-1))
	require.NoError(t, err, "the tokens of others may be smaller")
	assert.NotNil(t, reader)
	_, err = authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithAlgorithm(authstrategy.RS256),
		authstrategy.WithPublicKey(file(t, "keys/rsa.pub.pem")), authstrategy.WithMaxTokenSize(256))
	assert.EqualError(t, err, "authstrategy: invalid configuration: WithMaxTokenSize(256) is too small; with RS256, this key and these options a token has 380 bytes or more", "the signature alone has 342")
	_, err = make(len(smallest), authstrategy.WithIssuer("i"), authstrategy.WithIssuedAt(), authstrategy.WithTokenID())
	assert.ErrorContains(t, err, "is too small; with RS256, this key and these options")
	_, err = make(len(smallest) - 1)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.EqualError(t, err, fmt.Sprintf("authstrategy: invalid configuration: WithMaxTokenSize(%d) is too small; with RS256, this key and these options a token has %d bytes or more", len(smallest)-1, len(smallest)))
}

// Nothing of the caller's is kept.
func TestOptionsKeepNothing(t *testing.T) {
	audience := []string{"a"}
	option := authstrategy.WithAudience(audience...)
	audience[0] = "b"
	s := newStrategy(t, testSecret, option)
	token, err := s.WriteToken(ctx, testID)
	require.NoError(t, err)
	claims, err := s.ReadClaims(ctx, token)
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, claims.Audience)
}
