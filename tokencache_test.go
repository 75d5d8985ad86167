package authstrategy_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

type strategy = *authstrategy.JWTStrategy[authstrategy.Subject]

// remember reads the token, which the strategy has to remember from then on.
func remember(t testing.TB, s strategy, token string) {
	t.Helper()
	_, err := s.ReadClaims(ctx, token)
	require.NoError(t, err)
	require.True(t, authstrategy.Remembers(s, token), "the token is not remembered")
}

// requireFromMemory requires that the strategy reads the token again without its
// signature and without decoding it.
func requireFromMemory(t testing.TB, s strategy, token string) *authstrategy.Claims {
	t.Helper()
	var claims *authstrategy.Claims
	var err error
	require.NotPanics(t, func() { claims, err = authstrategy.ByMemoryAlone(s).ReadClaims(ctx, token) }, "the token is verified again")
	require.NoError(t, err)
	return claims
}

// requireVerified requires that the token is none of those that count as remembered.
func requireVerified(t testing.TB, s strategy, token string) {
	t.Helper()
	require.Panics(t, func() { authstrategy.ByMemoryAlone(s).ReadClaims(ctx, token) }, "the token is read from memory")
}

// requireSameTwice requires that a strategy with a cache says twice what was said of
// the token without one, and that it remembers the token if it was read.
func requireSameTwice(t testing.TB, cached strategy, token string, want *authstrategy.Claims, wantErr error) {
	t.Helper()
	requireAnswer(t, cached, token, want, wantErr)
	requireAnswer(t, cached, token, want, wantErr)
	require.Equal(t, wantErr == nil, authstrategy.Remembers(cached, token))
}

// requireAnswer requires that the strategy reads the token to these claims, or refuses
// it in these words.
func requireAnswer(t testing.TB, s strategy, token string, want *authstrategy.Claims, wantErr error) {
	t.Helper()
	got, err := s.ReadClaims(ctx, token)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%.200q: %v, want %v", token, err, wantErr)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%.200q: the claims are %+v, want %+v", token, got, want)
	}
}

// Every algorithm reads a token again from memory, to the same claims and user.
func TestTokenCache(t *testing.T) {
	for _, tt := range []struct {
		alg    authstrategy.Algorithm
		secret string
	}{
		{authstrategy.HS256, testSecret}, {authstrategy.HS512, strings.Repeat(testSecret, 2)}, {authstrategy.RS256, file(t, "keys/rsa.pem")},
		{authstrategy.PS256, file(t, "keys/rsa.pem")}, {authstrategy.ES256, file(t, "keys/p256.pem")}, {authstrategy.EdDSA, file(t, "keys/ed25519.pem")},
	} {
		t.Run(string(tt.alg), func(t *testing.T) {
			s := newStrategy(t, tt.secret, authstrategy.WithAlgorithm(tt.alg), authstrategy.WithTokenCache(1), authstrategy.WithIssuedAt(), authstrategy.WithTokenID())
			token, err := s.WriteToken(ctx, testID)
			require.NoError(t, err)
			requireVerified(t, s, token) // what is written is not remembered: nobody has read it
			first, err := s.ReadClaims(ctx, token)
			require.NoError(t, err)
			again := requireFromMemory(t, s, token)
			assert.Equal(t, first, again)
			assert.NotSame(t, first, again)
			user, err := authstrategy.ByMemoryAlone(s).ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			assert.EqualValues(t, testID, user)
		})
	}
}

// Without the option nothing is remembered.
func TestTokenCacheIsOff(t *testing.T) {
	s, token := newStrategy(t, testSecret), sign(testHeader, testClaims)
	for range 3 {
		_, err := s.ReadClaims(ctx, token)
		require.NoError(t, err)
		requireVerified(t, s, token)
	}
}

// The option's number is that of the tokens.
func TestTokenCacheSize(t *testing.T) {
	for _, size := range []int{1, 2, 3, 10} {
		s := newStrategy(t, testSecret, authstrategy.WithTokenCache(size))
		token := func(i int) string {
			return sign(testHeader, fmt.Sprintf(`{"sub":"%d","aud":["fastapi-users:auth"],"exp":1893459600}`, i))
		}
		read := func(from, to int) {
			for i := from; i < to; i++ {
				_, err := s.ReadClaims(ctx, token(i))
				require.NoError(t, err)
			}
		}
		remembered := func(from, to int) (count int) {
			for i := from; i < to; i++ {
				if authstrategy.Remembers(s, token(i)) {
					count++
				}
			}
			return count
		}
		inUse := size / 2
		read(0, inUse)
		read(0, inUse)
		read(100, 100+10*size)
		assert.Equal(t, inUse, remembered(0, inUse), "of half the size, each read twice")
		assert.Equal(t, size-inUse, remembered(100, 100+10*size), "of ten times as many, read once")
	}
}

// A moment is a clock that the tests set.
type moment struct{ time.Time }

func (m *moment) option() authstrategy.Option {
	return authstrategy.WithClock(func() time.Time { return m.Time })
}

// What can change counts between two reads of one token. What a strategy with a cache
// says is, to the letter, what one without says.
func TestTokenCacheChanges(t *testing.T) {
	t.Run("clock", testCacheAndClock)
	t.Run("loader", testCacheAndLoader)
	t.Run("source", testCacheAndSource)
	t.Run("strategy", testCacheAndOtherStrategies)
}

func testCacheAndClock(t *testing.T) {
	const claims = `{"sub":"1","aud":["fastapi-users:auth"],"nbf":1893456000.5,"exp":1893459600.25}`
	token := sign(testHeader, claims)
	notBefore, expires := time.Unix(1893456000, 5e8), time.Unix(1893459600, 25e7)
	for _, leeway := range []time.Duration{0, time.Minute} {
		now := &moment{testTime.Add(time.Minute)}
		cached := newStrategy(t, testSecret, now.option(), authstrategy.WithLeeway(leeway), authstrategy.WithTokenCache(1))
		plain := newStrategy(t, testSecret, now.option(), authstrategy.WithLeeway(leeway))
		remember(t, cached, token)
		for _, tt := range []struct {
			name   string
			now    time.Time
			reason error // nil: it is read
		}{
			{"at exp", expires.Add(leeway), authstrategy.ErrTokenExpired},
			{"before exp", expires.Add(leeway - 1), nil},
			{"long after exp", expires.Add(1000 * time.Hour), authstrategy.ErrTokenExpired},
			{"at nbf", notBefore.Add(-leeway), nil},
			{"before nbf", notBefore.Add(-leeway - 1), authstrategy.ErrTokenNotYetValid},
			{"in 1970", time.Unix(0, 0), authstrategy.ErrTokenNotYetValid},
			{"before 1970", time.Unix(0, -1), authstrategy.ErrInvalidConfig},
			{"in the year 10000", time.Unix(253402300800, 0), authstrategy.ErrInvalidConfig},
			{"never set", time.Time{}, authstrategy.ErrInvalidConfig},
		} {
			t.Run(fmt.Sprintf("%s, leeway %v", tt.name, leeway), func(t *testing.T) {
				now.Time = tt.now
				assertSameAnswer(t, plain, cached, token, tt.reason)
				now.Time = testTime.Add(time.Minute)
				requireFromMemory(t, cached, token)
			})
		}
	}
}

// assertSameAnswer asserts that both strategies refuse the token for the reason, in the
// same words, or read it to the same claims. What they say is no refusal if the reason
// is ErrInvalidConfig.
func assertSameAnswer(t testing.TB, plain, cached strategy, token string, reason error) {
	t.Helper()
	want, wantErr := plain.ReadClaims(ctx, token)
	for range 2 {
		got, err := cached.ReadClaims(ctx, token)
		if reason == nil {
			require.NoError(t, err)
			assert.Equal(t, want, got)
			continue
		}
		if reason == authstrategy.ErrInvalidConfig {
			assertNoRefusal(t, err, reason)
		} else {
			assertRefused(t, err, reason)
		}
		assert.EqualError(t, err, wantErr.Error())
		assert.Nil(t, got)
	}
}

// A token whose time is still to come is remembered from then on.
func TestTokenCacheBeforeItsTime(t *testing.T) {
	now := &moment{testTime}
	s := newStrategy(t, testSecret, now.option(), authstrategy.WithTokenCache(1))
	token := sign(testHeader, `{"sub":"1","aud":["fastapi-users:auth"],"nbf":1893456001,"exp":1893459600}`)
	for range 2 {
		_, err := s.ReadClaims(ctx, token)
		assertRefused(t, err, authstrategy.ErrTokenNotYetValid)
		require.False(t, authstrategy.Remembers(s, token))
	}
	now.Time = testTime.Add(time.Second)
	remember(t, s, token)
	requireFromMemory(t, s, token)
}

func testCacheAndLoader(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(1))
	token := sign(testHeader, testClaims)
	remember(t, s, token)
	down := errors.New("the database is down")
	for _, tt := range []struct {
		name    string
		user    authstrategy.Subject
		err     error
		reason  error // of a refusal
		failure error // of what is none
	}{
		{name: "found", user: testID},
		{name: "refused", err: authstrategy.ErrUserRefused, reason: authstrategy.ErrUserRefused},
		{name: "not found", err: authstrategy.ErrUserNotFound, reason: authstrategy.ErrUserNotFound},
		{name: "empty", reason: authstrategy.ErrUserNotFound},
		{name: "down", err: down, failure: down},
		{name: "other user", user: "other", failure: authstrategy.ErrInvalidSubject},
		{name: "found again", user: testID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loads := 0
			user, err := authstrategy.ByMemoryAlone(s).ReadToken(ctx, token, func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
				loads++
				assert.Equal(t, testID, claims.Subject)
				return tt.user, tt.err
			})
			assert.Equal(t, 1, loads)
			if tt.reason == nil && tt.failure == nil {
				require.NoError(t, err)
				assert.EqualValues(t, testID, user)
				return
			}
			assert.Empty(t, user)
			if tt.reason != nil {
				assertRefused(t, err, tt.reason)
			} else {
				assertNoRefusal(t, err, tt.failure)
			}
		})
	}
	_, err := s.ReadToken(ctx, token, nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	_, err = s.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) {
		return testID, errors.Join(down, context.Canceled)
	})
	assertNoRefusal(t, err, context.Canceled)
}

// A shelf is a KeySource whose keys come and go.
type shelf struct {
	keys  []*authstrategy.PublicKey
	err   error
	asked []string
}

func (s *shelf) PublicKeys(_ context.Context, kid string) ([]*authstrategy.PublicKey, error) {
	s.asked = append(s.asked, kid)
	return s.keys, s.err
}

func testCacheAndSource(t *testing.T) {
	public, private := newEd25519(t)
	stranger, _ := newEd25519(t)
	key := func(id string, key crypto.PublicKey) *authstrategy.PublicKey { return publicKey(t, id, "", key) }
	own, other := key("k1", public), key("k1", stranger)
	unfit := []*authstrategy.PublicKey{nil, {}, key("k1", parsed(t, "rsa.pub")), key("k1", parsed(t, "p256.pub"))}
	others := slices.Repeat([]*authstrategy.PublicKey{other}, 15)
	down := errors.New("the source is down")

	source := &shelf{keys: []*authstrategy.PublicKey{own}}
	cached := reader(t, source, authstrategy.EdDSA, authstrategy.WithTokenCache(2))
	plain := reader(t, source, authstrategy.EdDSA)
	for header, kid := range map[string]string{`{"alg":"EdDSA","kid":"k1"}`: "k1", `{"alg":"EdDSA"}`: ""} {
		token := signEd25519(private, header, issuedClaims)
		remember(t, cached, token)
		for _, tt := range []struct {
			name   string
			keys   []*authstrategy.PublicKey
			reason error // nil: it is read from memory
		}{
			{"the key", []*authstrategy.PublicKey{own}, nil},
			{"withdrawn", nil, authstrategy.ErrTokenUnverifiable},
			{"back", []*authstrategy.PublicKey{own}, nil},
			{"replaced", []*authstrategy.PublicKey{other}, authstrategy.ErrTokenSignature},
			{"the same key, made anew", []*authstrategy.PublicKey{key("k1", public)}, nil},
			{"the same key under another id", []*authstrategy.PublicKey{key("k2", public)}, nil},
			{"the same key, for the algorithm alone", []*authstrategy.PublicKey{publicKey(t, "k1", authstrategy.Ed25519, public)}, nil},
			{"behind others", append(slices.Clone(others), own), nil},
			{"before others", append([]*authstrategy.PublicKey{own}, others...), nil},
			{"none that fits", unfit, authstrategy.ErrTokenUnverifiable},
			{"among some that do not fit", append(slices.Clone(unfit), own), nil},
			{"others alone", append(slices.Clone(unfit), others...), authstrategy.ErrTokenSignature},
		} {
			t.Run(tt.name+", kid "+kid, func(t *testing.T) {
				source.keys = tt.keys
				assertSameAnswer(t, plain, cached, token, tt.reason)
				source.asked = nil
				if tt.reason != nil {
					requireVerified(t, cached, token)
					assert.NotContains(t, source.asked, map[string]string{"k1": "", "": "k1"}[kid])
					return
				}
				requireFromMemory(t, cached, token)
				assert.Equal(t, []string{kid}, source.asked)
			})
		}
		t.Run("failing, kid "+kid, func(t *testing.T) {
			source.keys, source.err = []*authstrategy.PublicKey{own}, errors.Join(down, authstrategy.ErrTokenExpired)
			_, wantErr := plain.ReadClaims(ctx, token)
			source.asked = nil
			claims, err := cached.ReadClaims(ctx, token)
			assert.Equal(t, []string{kid}, source.asked)
			assertNoRefusal(t, err, down)
			assert.EqualError(t, err, wantErr.Error())
			assert.Nil(t, claims)
			source.err = nil
			requireFromMemory(t, cached, token)
		})
		t.Run("17 keys, kid "+kid, func(t *testing.T) {
			source.keys = append([]*authstrategy.PublicKey{own}, slices.Repeat(others[:1], 16)...)
			_, wantErr := plain.ReadClaims(ctx, token)
			claims, err := cached.ReadClaims(ctx, token)
			assert.ErrorContains(t, err, "the KeySource returned 17 keys that fit EdDSA")
			assert.EqualError(t, err, wantErr.Error())
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			assert.Nil(t, claims)
			source.keys = []*authstrategy.PublicKey{own}
			requireFromMemory(t, cached, token)
		})
	}
	t.Run("the algorithm of the key", func(t *testing.T) {
		public := parsed(t, "rsa.pub")
		writer := newStrategy(t, file(t, "keys/rsa.pem"), authstrategy.WithAlgorithm(authstrategy.PS256), authstrategy.WithIssuer(testIssuer))
		token, err := writer.WriteToken(ctx, testID)
		require.NoError(t, err)
		source := &shelf{keys: []*authstrategy.PublicKey{publicKey(t, "", "", public)}}
		s := reader(t, source, authstrategy.PS256, authstrategy.WithTokenCache(1))
		remember(t, s, token)
		requireFromMemory(t, s, token)
		source.keys = []*authstrategy.PublicKey{publicKey(t, "", authstrategy.RS256, public)}
		_, err = s.ReadClaims(ctx, token)
		assertRefused(t, err, authstrategy.ErrTokenUnverifiable)
		source.keys = []*authstrategy.PublicKey{publicKey(t, "", authstrategy.PS256, public)}
		requireFromMemory(t, s, token)
	})
	t.Run("the context", func(t *testing.T) {
		type contextKey struct{}
		s := reader(t, sourceFunc(func(ctx context.Context, _ string) ([]*authstrategy.PublicKey, error) {
			assert.Equal(t, "mine", ctx.Value(contextKey{}))
			return []*authstrategy.PublicKey{own}, nil
		}), authstrategy.EdDSA, authstrategy.WithTokenCache(1))
		token := signEd25519(private, `{"alg":"EdDSA"}`, issuedClaims)
		for range 2 {
			_, err := s.ReadClaims(context.WithValue(ctx, contextKey{}, "mine"), token)
			require.NoError(t, err)
		}
	})
}

// What a strategy remembers is its own: another one with the same secret judges the
// token by its own options.
func testCacheAndOtherStrategies(t *testing.T) {
	first := newStrategy(t, testSecret, authstrategy.WithTokenCache(4))
	token := sign(`{"alg":"HS256","typ":"JWT","kid":"k1"}`, testClaims)
	remember(t, first, token)
	for _, tt := range []struct {
		name   string
		secret string
		option authstrategy.Option
		reason error // nil: it is read
	}{
		{"same options", testSecret, authstrategy.WithLeeway(0), nil},
		{"other audience", testSecret, authstrategy.WithAudience("other"), authstrategy.ErrTokenAudience},
		{"other issuer", testSecret, authstrategy.WithIssuer("other"), authstrategy.ErrTokenIssuer},
		{"other type", testSecret, authstrategy.WithTokenType("at+jwt"), authstrategy.ErrTokenType},
		{"other key id", testSecret, authstrategy.WithKeyID("k2"), authstrategy.ErrTokenUnverifiable},
		{"lower limit", testSecret, authstrategy.WithMaxTokenSize(256), authstrategy.ErrTokenTooLarge},
		{"later clock", testSecret, at(testTime.Add(time.Hour)), authstrategy.ErrTokenExpired},
		{"other secret", otherSecret, authstrategy.WithLeeway(0), authstrategy.ErrTokenSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			long := token
			if tt.reason == authstrategy.ErrTokenTooLarge {
				long = sign(testHeader, strings.TrimSuffix(testClaims, "}")+`,"x":"`+strings.Repeat("x", 256)+`"}`)
				remember(t, first, long)
			}
			other := newStrategy(t, tt.secret, authstrategy.WithTokenCache(4), tt.option)
			assert.False(t, authstrategy.Remembers(other, long), "it starts empty")
			assertSameAnswer(t, newStrategy(t, tt.secret, tt.option), other, long, tt.reason)
			assert.Equal(t, tt.reason == nil, authstrategy.Remembers(other, long))
			requireFromMemory(t, first, long)
		})
	}
}

// refusedTokens are tokens that a strategy at testTime refuses after and before it has
// verified their signature.
func refusedTokens() map[string]string {
	good := sign(testHeader, testClaims)
	claims := func(text string) string { return sign(testHeader, text) }
	return map[string]string{
		"missing":         "",
		"too large":       claims(`{"sub":"1","aud":"fastapi-users:auth","exp":1893459600,"x":"` + strings.Repeat("x", 8192) + `"}`),
		"malformed":       good + ".",
		"not base64url":   good + "=",
		"unsigned":        encode(`{"alg":"none"}`) + "." + encode(testClaims) + ".",
		"other algorithm": strings.Replace(good, encode(testHeader), encode(`{"alg":"HS512","typ":"JWT"}`), 1),
		"bad signature":   good[:len(good)-8] + "AAAAAAAA",
		"other type":      sign(`{"alg":"HS256","typ":"other"}`, testClaims),
		"no claims":       claims(`[]`),
		"no date":         claims(`{"sub":"1","aud":"fastapi-users:auth","exp":"1893459600"}`),
		"wrong audience":  claims(`{"sub":"1","aud":"other","exp":1893459600}`),
		"no audience":     claims(`{"sub":"1","exp":1893459600}`),
		"no subject":      claims(`{"aud":"fastapi-users:auth","exp":1893459600}`),
		"no exp":          claims(`{"sub":"1","aud":"fastapi-users:auth"}`),
		"not yet valid":   claims(`{"sub":"1","aud":"fastapi-users:auth","nbf":1893456001,"exp":1893459600}`),
		"expired":         claims(`{"sub":"1","aud":"fastapi-users:auth","exp":1893456000}`),
	}
}

// A token that is refused is not remembered.
func TestTokenCacheRefused(t *testing.T) {
	cached, plain := newStrategy(t, testSecret, authstrategy.WithTokenCache(64)), newStrategy(t, testSecret)
	for name, token := range refusedTokens() {
		_, wantErr := plain.ReadClaims(ctx, token)
		require.Error(t, wantErr, name)
		for range 3 {
			_, err := cached.ReadClaims(ctx, token)
			requireOneReason(t, err)
			assert.EqualError(t, err, wantErr.Error(), name)
			assert.False(t, authstrategy.Remembers(cached, token), name)
		}
	}
	broken := newStrategy(t, testSecret, authstrategy.WithTokenCache(4), at(time.Time{}))
	_, err := broken.ReadClaims(ctx, sign(testHeader, testClaims))
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.False(t, authstrategy.Remembers(broken, sign(testHeader, testClaims)), "nobody knows whether it has expired")
}

// A flood of forgeries pushes out nothing, not even a token that was read once.
func TestTokenCacheForgeries(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(1))
	good := sign(testHeader, testClaims)
	remember(t, s, good)
	input := good[:strings.LastIndex(good, ".")+1]
	for i := range 5000 {
		for _, forgery := range []string{
			input + encode(fmt.Sprintf("%032d", i)),
			sign(testHeader, fmt.Sprintf(`{"sub":"%d","aud":["fastapi-users:auth"],"exp":1893456000}`, i)),
		} {
			if _, err := s.ReadClaims(ctx, forgery); err == nil {
				t.Fatalf("%s is read", forgery)
			}
		}
	}
	requireFromMemory(t, s, good)
}

// A token that has expired, and is sent again and again, pushes out none that is in use.
func TestTokenCacheExpired(t *testing.T) {
	now := testTime
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(4), authstrategy.WithClock(func() time.Time { return now }))
	ofSubject := func(subject string, expires int64) string {
		return sign(testHeader, fmt.Sprintf(`{"sub":%q,"aud":["fastapi-users:auth"],"exp":%d}`, subject, expires))
	}
	late := testTime.Add(time.Hour).Unix()
	expires, first, second := ofSubject("expires", testTime.Unix()+1), ofSubject("first", late), ofSubject("second", late)
	for _, token := range []string{first, first, second, second, expires} {
		remember(t, s, token)
	}
	now = now.Add(time.Second)
	for range 3 {
		require.True(t, authstrategy.Remembers(s, expires))
		_, err := s.ReadClaims(ctx, expires)
		assertRefused(t, err, authstrategy.ErrTokenExpired)
	}
	for i := range 3 {
		remember(t, s, ofSubject(fmt.Sprint(i), late))
	}
	for _, token := range []string{first, second} {
		assert.True(t, authstrategy.Remembers(s, token))
	}
	assert.False(t, authstrategy.Remembers(s, expires))
}

// What the caller does with its claims changes those of nobody else.
func TestTokenCacheClaimsBelongToTheCaller(t *testing.T) {
	private := parsed(t, "ed25519").(ed25519.PrivateKey)
	options := []authstrategy.Option{
		authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")),
		authstrategy.WithAudience("web", "api"), authstrategy.WithIssuer("i"), authstrategy.WithAudienceClaim("client_id"),
	}
	cached := newStrategy(t, "", append(options, authstrategy.WithTokenCache(1))...)
	plain := newStrategy(t, "", options...)
	const rest = `"iss":"i","sub":"1","jti":"id","iat":1893456000,"nbf":1893456000,"exp":1893459600,"roles":["admin","user"]}`
	for name, claims := range map[string]string{
		"a text as audience":       `{"aud":"web",` + rest,
		"one audience":             `{"aud":["web"],` + rest,
		"the strategy's audiences": `{"aud":["web","api"],` + rest,
		"three audiences":          `{"aud":["other","api","third"],` + rest,
		"no audience":              `{"client_id":"api",` + rest,
	} {
		t.Run(name, func(t *testing.T) {
			token := signEd25519(private, `{"alg":"EdDSA","typ":"JWT"}`, claims)
			want, err := plain.ReadClaims(ctx, token)
			require.NoError(t, err)
			var wantAll map[string]any
			require.NoError(t, want.Decode(&wantAll))
			kept, err := cached.ReadClaims(ctx, token)
			require.NoError(t, err)
			for range 3 {
				c, err := cached.ReadClaims(ctx, token)
				require.NoError(t, err)
				assert.Equal(t, want, c)
				assert.Equal(t, want, kept)
				var raw keeper
				require.NoError(t, c.Decode(&raw))
				clear(raw)
				var all map[string]any
				require.NoError(t, c.Decode(&all))
				assert.Equal(t, wantAll, all)
				change(c)
				kept = requireFromMemory(t, cached, token)
			}
		})
	}
}

// change changes all that a caller can change of its claims.
func change(c *authstrategy.Claims) {
	for i := range c.Audience {
		c.Audience[i] = "changed"
	}
	c.Audience = append(c.Audience, "appended")
	fields := reflect.ValueOf(c).Elem()
	for i := range fields.NumField() {
		if fields.Type().Field(i).IsExported() {
			fields.Field(i).SetZero()
		}
	}
	c.Subject, c.Audience = "changed", append(c.Audience[:0], "changed")
}

// The loader has claims of its own, too.
func TestTokenCacheLoaderChangesClaims(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(1))
	token := sign(testHeader, testClaims)
	for range 3 {
		user, err := s.ReadToken(ctx, token, func(_ context.Context, c *authstrategy.Claims) (authstrategy.Subject, error) {
			subject := c.Subject
			assert.Equal(t, []string{authstrategy.DefaultAudience}, c.Audience)
			change(c)
			return authstrategy.Subject(subject), nil
		})
		require.NoError(t, err)
		assert.EqualValues(t, testID, user)
	}
}

// A server that uses the memory of a request again changes the bytes of a token that
// was read. Neither what is remembered nor the claims of earlier reads change with it.
func TestTokenCacheMemoryOfTheCaller(t *testing.T) {
	public, private := newEd25519(t)
	for name, tt := range map[string]struct {
		strategy strategy
		sign     func(subject string) string
	}{
		"own header": {newStrategy(t, testSecret, authstrategy.WithTokenCache(4)), func(subject string) string {
			return sign(testHeader, strings.Replace(testClaims, testID, subject, 1))
		}},
		"foreign header": {newStrategy(t, testSecret, authstrategy.WithTokenCache(4)), func(subject string) string {
			return sign(`{"typ":"JWT","alg":"HS256","kid":"k1"}`, strings.Replace(testClaims, testID, subject, 1))
		}},
		"source": {reader(t, &shelf{keys: []*authstrategy.PublicKey{publicKey(t, "", "", public)}}, authstrategy.EdDSA, authstrategy.WithTokenCache(4)), func(subject string) string {
			return signEd25519(private, `{"alg":"EdDSA","kid":"k1"}`, strings.Replace(issuedClaims, testID, subject, 1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			alice, carol := tt.sign("alice"), tt.sign("carol")
			memory := []byte(alice)
			token := unsafe.String(&memory[0], len(memory))
			ofAlice, err := tt.strategy.ReadClaims(ctx, token)
			require.NoError(t, err)
			copy(memory, strings.Repeat("!", len(memory)))
			_, err = tt.strategy.ReadClaims(ctx, token)
			assertRefused(t, err, authstrategy.ErrTokenMalformed)
			copy(memory, carol)
			for range 2 {
				ofCarol, err := tt.strategy.ReadClaims(ctx, token)
				require.NoError(t, err)
				assert.Equal(t, "carol", ofCarol.Subject)
			}
			copy(memory, alice[:len(alice)/2]) // of both, and of none
			_, err = tt.strategy.ReadClaims(ctx, token)
			require.ErrorIs(t, err, authstrategy.ErrInvalidToken)
			clear(memory)
			assert.Equal(t, ofAlice, requireFromMemory(t, tt.strategy, alice))
			assert.Equal(t, "alice", ofAlice.Subject)
			assert.Equal(t, "carol", requireFromMemory(t, tt.strategy, carol).Subject)
		})
	}
}

// Many read at once what is remembered, what is not, and what pushes out one another.
func TestTokenCacheConcurrently(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(8))
	tokens := make([]string, 16)
	for i := range tokens {
		tokens[i] = sign(testHeader, fmt.Sprintf(`{"sub":"user-%d","aud":["fastapi-users:auth"],"exp":1893459600,"n":%d}`, i, i))
	}
	forged := tokens[0][:len(tokens[0])-8] + "AAAAAAAA"
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 500 {
				n := (i*(g+1) + i/16) % len(tokens)
				c, err := s.ReadClaims(ctx, tokens[n])
				if !assert.NoError(t, err) {
					return
				}
				assert.Equal(t, fmt.Sprintf("user-%d", n), c.Subject)
				assert.Equal(t, []string{authstrategy.DefaultAudience}, c.Audience)
				change(c)
				_, err = s.ReadClaims(ctx, forged)
				assert.ErrorIs(t, err, authstrategy.ErrTokenSignature)
			}
		})
	}
	wait.Wait()
}

// AnyOf reads from the memory of each strategy.
func TestTokenCacheThroughAnyOf(t *testing.T) {
	current := newStrategy(t, otherSecret, authstrategy.WithKeyID("new"), authstrategy.WithTokenCache(4))
	previous := newStrategy(t, testSecret, authstrategy.WithKeyID("old"), authstrategy.WithTokenCache(4))
	old, err := previous.WriteToken(ctx, testID)
	require.NoError(t, err)
	written, err := current.WriteToken(ctx, testID)
	require.NoError(t, err)
	for _, all := range []authstrategy.Strategy[authstrategy.Subject]{anyOf(t, current, previous), anyOf(t, previous, current)} {
		for _, token := range []string{old, written, old, written} {
			user, err := all.ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			assert.EqualValues(t, testID, user)
		}
		requireFromMemory(t, current, written)
		requireFromMemory(t, previous, old)
		assert.False(t, authstrategy.Remembers(current, old))
		assert.False(t, authstrategy.Remembers(previous, written))
	}
}

// Neither a token that is remembered nor what it says is in reach of fmt, log/slog,
// encoders, testify's dump and reflection.
func TestTokenCacheIsShownNowhere(t *testing.T) {
	const subject, id, kid = "a-subject-that-nobody-may-see", "an-id-that-nobody-may-see", "a-kid-that-nobody-may-see"
	claims := `{"iss":"` + testIssuer + `","sub":"` + subject + `","jti":"` + id + `","aud":["fastapi-users:auth"],"exp":1893459600}`
	public := parsed(t, "ed25519.pub").(ed25519.PublicKey)
	private := parsed(t, "ed25519").(ed25519.PrivateKey)
	for name, tt := range map[string]struct {
		strategy strategy
		token    string
	}{
		"HMAC":   {newStrategy(t, testSecret, authstrategy.WithTokenCache(4)), sign(`{"alg":"HS256","kid":"`+kid+`"}`, claims)},
		"source": {reader(t, fixed(publicKey(t, "", "", public)), authstrategy.EdDSA, authstrategy.WithTokenCache(4)), signEd25519(private, `{"alg":"EdDSA","kid":"`+kid+`"}`, claims)},
	} {
		t.Run(name, func(t *testing.T) {
			remember(t, tt.strategy, tt.token)
			requireFromMemory(t, tt.strategy, tt.token)
			var secrets []string
			for _, text := range append(strings.Split(tt.token, "."), tt.token, claims, subject, id, kid) {
				secrets = append(secrets, forms(text)...)
			}
			byValue := struct {
				strategy authstrategy.JWTStrategy[authstrategy.Subject]
			}{*tt.strategy}
			for _, v := range []any{tt.strategy, *tt.strategy, byValue, &byValue, &holder{tt.strategy, *tt.strategy}, anyOf(t, tt.strategy, tt.strategy)} {
				shown := renderings(v)
				shown["reflection"] = strings.Join(reachedTexts(reflect.ValueOf(v), map[uintptr]bool{}), "\n")
				require.Contains(t, shown["reflection"], authstrategy.DefaultAudience, "the walk does not come to the options")
				for rendering, text := range shown {
					for _, secret := range secrets {
						if strings.Contains(text, secret) {
							t.Fatalf("%s of a %T shows %q", rendering, v, secret)
						}
					}
				}
			}
		})
	}
}

// reachedTexts are the texts, bytes and numbers that reflection reaches from v, through
// unexported fields, too.
func reachedTexts(v reflect.Value, seen map[uintptr]bool) (texts []string) {
	if !v.IsValid() {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			texts = reachedTexts(v.Elem(), seen)
		}
	case reflect.Interface:
		texts = reachedTexts(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			texts = append(texts, reachedTexts(v.Field(i), seen)...)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return []string{fmt.Sprint(v)}
		}
		for i := range v.Len() {
			texts = append(texts, reachedTexts(v.Index(i), seen)...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			texts = append(append(texts, reachedTexts(key, seen)...), reachedTexts(v.MapIndex(key), seen)...)
		}
	default:
		texts = []string{fmt.Sprint(v)}
	}
	return texts
}

// What is remembered decodes as it did: the payload is kept as a whole.
func TestTokenCacheDecodes(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenCache(1))
	token := sign(testHeader, strings.TrimSuffix(testClaims, "}")+`,"role":"admin","n":9223372036854775807}`)
	remember(t, s, token)
	var private struct {
		Subject string      `json:"sub"`
		Role    string      `json:"role"`
		N       json.Number `json:"n"`
	}
	require.NoError(t, requireFromMemory(t, s, token).Decode(&private))
	assert.Equal(t, testID, private.Subject)
	assert.Equal(t, "admin", private.Role)
	assert.EqualValues(t, "9223372036854775807", private.N)
}
