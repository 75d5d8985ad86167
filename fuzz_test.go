package authstrategy_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
)

// FuzzReadClaims: whatever is read, golang-jwt reads too, to the same claims,
// and its segments are the only spelling of what they say. What is refused is
// refused for one reason. A strategy with a cache says the same, twice.
func FuzzReadClaims(f *testing.F) {
	seeds := 0
	for _, row := range hostiletest.Rows() {
		if segments := strings.Split(row.Token, "."); len(segments) == 3 && row.Class != "signature" && len(row.Token) < 1000 {
			header, headerErr := base64.RawURLEncoding.DecodeString(segments[0])
			claims, claimsErr := base64.RawURLEncoding.DecodeString(segments[1])
			if headerErr == nil && claimsErr == nil {
				f.Add(string(header), string(claims))
				seeds++
			}
		}
	}
	require.Greater(f, seeds, 1000, "the matrix gave too few seeds")
	s, cached := newStrategy(f, testSecret), newStrategy(f, testSecret, authstrategy.WithTokenCache(2))
	parser := jwt.NewParser(jwt.WithJSONNumber(), jwt.WithValidMethods([]string{"HS256"}), jwt.WithStrictDecoding(),
		jwt.WithAudience(authstrategy.DefaultAudience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return testTime }),
		jwt.WithLeeway(time.Second)) // it cuts the fractions of dates off
	key := func(*jwt.Token) (any, error) { return []byte(testSecret), nil }

	f.Fuzz(func(t *testing.T, header, claims string) {
		token := sign(header, claims)
		ours, err := s.ReadClaims(ctx, token)
		requireSameTwice(t, cached, token, ours, err)
		if err != nil {
			requireOneReason(t, err)
			require.Nil(t, ours)
			return
		}
		theirs := jwt.MapClaims{}
		_, err = parser.ParseWithClaims(token, theirs, key)
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return // a number in the header that is too large for a float64, which is no fault
		}
		require.NoError(t, err)
		subject, _ := theirs.GetSubject()
		assert.Equal(t, subject, ours.Subject)
		issuer, _ := theirs.GetIssuer()
		assert.Equal(t, issuer, ours.Issuer)
		audience, _ := theirs.GetAudience()
		assert.Equal(t, []string(audience), ours.Audience)
		id, _ := theirs["jti"].(string)
		assert.Equal(t, id, ours.ID)
		for _, date := range []struct {
			theirs func() (*jwt.NumericDate, error)
			ours   time.Time
		}{{theirs.GetExpirationTime, ours.ExpiresAt}, {theirs.GetNotBefore, ours.NotBefore}, {theirs.GetIssuedAt, ours.IssuedAt}} {
			d, err := date.theirs()
			require.NoError(t, err)
			if d == nil {
				assert.True(t, date.ours.IsZero())
			} else {
				// Its dates go through a float64, which can round up to a second.
				assert.InDelta(t, float64(d.Unix()), float64(date.ours.Unix()), 1)
			}
		}
		for _, segment := range strings.Split(token, ".") {
			decoded, err := base64.RawURLEncoding.DecodeString(segment)
			require.NoError(t, err)
			assert.Equal(t, segment, base64.RawURLEncoding.EncodeToString(decoded))
		}
		var all map[string]json.RawMessage
		require.NoError(t, ours.Decode(&all))
		assert.Len(t, all, len(theirs))
	})
}

// FuzzToken: a token that was not written by the strategy is refused, and one
// that is read is, byte for byte, one that was signed. A strategy with a cache says
// the same, twice.
func FuzzToken(f *testing.F) {
	s, cached := newStrategy(f, testSecret), newStrategy(f, testSecret, authstrategy.WithTokenCache(2))
	for _, row := range hostiletest.Rows() {
		if len(row.Token) < 1000 {
			f.Add(row.Token)
		}
	}
	f.Add(sign(testHeader, testClaims))
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := s.ReadClaims(ctx, token)
		requireSameTwice(t, cached, token, claims, err)
		if err != nil {
			requireOneReason(t, err)
			require.Nil(t, claims)
			return
		}
		segments := strings.Split(token, ".")
		require.Len(t, segments, 3)
		header, err := base64.RawURLEncoding.DecodeString(segments[0])
		require.NoError(t, err)
		require.Equal(t, token, sign(string(header), payload(t, token)))
	})
}

// FuzzOneByte: a good token with one byte changed, added or taken away is
// refused, also by a strategy that remembers the good one.
func FuzzOneByte(f *testing.F) {
	s, cached := newStrategy(f, testSecret), newStrategy(f, testSecret, authstrategy.WithTokenCache(1))
	good := sign(testHeader, testClaims)
	for i := range len(good) {
		f.Add(i, good[i]^1)
	}
	f.Fuzz(func(t *testing.T, i int, c byte) {
		if i < 0 || i >= len(good) {
			return
		}
		for _, token := range []string{good[:i] + string([]byte{c}) + good[i+1:], good[:i] + string([]byte{c}) + good[i:], good[:i] + good[i+1:]} {
			if token == good {
				continue
			}
			_, err := s.ReadClaims(ctx, token)
			requireOneReason(t, err)
			remember(t, cached, good)
			requireAnswer(t, cached, token, nil, err)
			requireAnswer(t, cached, token, nil, err)
			require.True(t, authstrategy.Remembers(cached, good))
		}
	})
}

// FuzzWriteRead: reading gives back exactly what was written, also from a cache; what
// is not written is refused with a documented error.
func FuzzWriteRead(f *testing.F) {
	f.Add("1", "a", "b", "role", `"admin"`)
	f.Add("\xff", "a", "", "", ``)
	f.Add("\u2028<\"\\", "ü", "b", "sub", `1`)
	f.Add("1", "a", "b", "n", `9223372036854775807`)
	f.Add("1", "a", "b", "x", `{"a":1,"a":2}`)
	f.Add("1", "a", "b", "y", ` [ 1e400 , "\ud83d\ude00", "\ud800" ] `)
	f.Fuzz(func(t *testing.T, subject, audience1, audience2, name, value string) {
		s, err := authstrategy.GetJWTStrategy[grown](authstrategy.NewSecret(testSecret), at(testTime), authstrategy.WithAudience(audience1, audience2), authstrategy.WithTokenCache(1))
		if err != nil {
			require.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			require.True(t, isNoAudience(audience1) || isNoAudience(audience2))
			return
		}
		token, err := s.WriteToken(ctx, grown{subject, map[string]json.RawMessage{name: json.RawMessage(value)}})
		if err != nil {
			require.Empty(t, token)
			require.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			require.True(t, errors.Is(err, authstrategy.ErrInvalidSubject) || errors.Is(err, authstrategy.ErrInvalidClaims), err)
			return
		}
		for range 2 {
			user, err := s.ReadToken(ctx, token, func(_ context.Context, claims *authstrategy.Claims) (grown, error) {
				require.Equal(t, []string{audience1, audience2}, claims.Audience)
				var private map[string]json.RawMessage
				require.NoError(t, claims.Decode(&private))
				require.Equal(t, exactly(t, value), exactly(t, string(private[name])))
				return grown{claims.Subject, nil}, nil
			})
			require.NoError(t, err)
			require.Equal(t, subject, user.ID)
			require.True(t, authstrategy.Remembers(s, token))
		}
	})
}

// isNoAudience reports whether an audience is empty, not UTF-8, or begins or ends
// with what nobody sees.
func isNoAudience(audience string) bool {
	first, _ := utf8.DecodeRuneInString(audience)
	last, _ := utf8.DecodeLastRuneInString(audience)
	unseen := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }
	return audience == "" || !utf8.ValidString(audience) || unseen(first) || unseen(last)
}

// exactly decodes JSON without rounding its numbers.
func exactly(t *testing.T, text string) (v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v))
	return v
}

// FuzzGetJWTStrategy: no secret, key or option panics, every error is one of
// configuration, and a strategy that was made works.
func FuzzGetJWTStrategy(f *testing.F) {
	files := []string{"rsa.pem", "rsa.pub.pem", "rsa-pkcs1.pem", "p256.pem", "p256.pub.pem", "ed25519.pem", "ed25519.pub.pem", "rsa-encrypted.pem", "openssh.pem", "openssh.pub"}
	for _, name := range files {
		key := file(f, "keys/"+name)
		f.Add(key, key, "RS256", int64(time.Hour), "i", "at+jwt", "a", 8192, int64(0), true)
		f.Add(key, "", "ES256", int64(0), "", "", "", 0, int64(-1), false)
	}
	f.Add(testSecret, "", "HS256", int64(time.Second), "i", "t", "a", 256, int64(time.Minute), false)
	f.Fuzz(func(t *testing.T, secret, public, alg string, lifetime int64, issuer, typ, audience string, size int, leeway int64, withPublic bool) {
		opts := []authstrategy.Option{
			at(testTime), authstrategy.WithAlgorithm(authstrategy.Algorithm(alg)), authstrategy.WithLifetime(time.Duration(lifetime)),
			authstrategy.WithIssuer(issuer), authstrategy.WithTokenType(typ), authstrategy.WithAudience(audience),
			authstrategy.WithMaxTokenSize(size), authstrategy.WithLeeway(time.Duration(leeway)), authstrategy.WithTokenCache(1),
		}
		if withPublic {
			opts = append(opts, authstrategy.WithPublicKey(public))
		}
		s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(secret), opts...)
		if err != nil {
			require.Nil(t, s)
			require.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			require.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			return
		}
		token, err := s.WriteToken(ctx, "1")
		if err != nil {
			require.True(t, errors.Is(err, authstrategy.ErrNoSigningKey) || errors.Is(err, authstrategy.ErrInvalidClaims), err)
			return
		}
		for range 2 { // the second time from memory
			_, err = s.ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			require.True(t, authstrategy.Remembers(s, token))
		}
	})
}

// FuzzSecret: what is shown of a Secret, or of a strategy, does not depend on
// its value.
func FuzzSecret(f *testing.F) {
	for _, value := range []string{"s", "secret", testSecret, "%s%v", "\x00\xff", redacted, file(f, "keys/openssh.pub")} {
		f.Add(value)
	}
	type typed struct {
		Exported   authstrategy.Secret
		unexported authstrategy.Secret
	}
	show := func(value string) []map[string]string {
		secret := authstrategy.NewSecret(value)
		return []map[string]string{renderings(secret), renderings(holder{secret, secret}), renderings(typed{secret, secret})}
	}
	other := show("other")
	f.Fuzz(func(t *testing.T, value string) {
		if value == "" {
			return
		}
		for i, shown := range show(value) {
			for rendering, text := range shown {
				assert.Equal(t, other[i][rendering], text, rendering)
			}
		}
		const marker = "part-of-the-secret"
		for _, alg := range []authstrategy.Algorithm{authstrategy.HS512, authstrategy.RS256} {
			_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(value+marker), authstrategy.WithAlgorithm(alg))
			if err != nil {
				assert.NotContains(t, err.Error(), marker)
			}
		}
	})
}
