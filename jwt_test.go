package authstrategy_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// payload returns the claims of a token as they were written.
func payload(t testing.TB, token string) string {
	t.Helper()
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3)
	data, err := base64.RawURLEncoding.DecodeString(segments[1])
	require.NoError(t, err)
	return string(data)
}

// What is written, to the byte.
func TestWrittenClaims(t *testing.T) {
	half := at(testTime.Add(time.Second / 2))
	for _, tt := range []struct {
		name string
		id   authstrategy.Subject
		opts []authstrategy.Option
		want string
	}{
		{"defaults", "1", nil, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600}`},
		{"no HTML escapes, UTF-8 as it is", "<&>ü\u2028", nil, "{\"sub\":\"<&>ü\u2028\",\"aud\":[\"fastapi-users:auth\"],\"exp\":1893459600}"},
		{"escapes", "\"\\\n\x00", nil, `{"sub":"\"\\\n\u0000","aud":["fastapi-users:auth"],"exp":1893459600}`},
		{"exp is rounded down", "1", []authstrategy.Option{half}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600}`},
		{"lifetime and clock add up before that", "1", []authstrategy.Option{half, authstrategy.WithLifetime(1500 * time.Millisecond)}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893456002}`},
		{"without expiration", "1", []authstrategy.Option{authstrategy.WithoutExpiration()}, `{"sub":"1","aud":["fastapi-users:auth"]}`},
		{"audiences", "1", []authstrategy.Option{authstrategy.WithAudience("b", "a\"")}, `{"sub":"1","aud":["b","a\""],"exp":1893459600}`},
		{"issuer", "1", []authstrategy.Option{authstrategy.WithIssuer("https://a.example/")}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"iss":"https://a.example/"}`},
		{"issued at is rounded down", "1", []authstrategy.Option{half, authstrategy.WithIssuedAt(), authstrategy.WithIssuer("i")}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"iss":"i","iat":1893456000}`},
		{"first date", "1", []authstrategy.Option{at(time.Unix(0, 0)), authstrategy.WithIssuedAt()}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":3600,"iat":0}`},
		{"last date", "1", []authstrategy.Option{at(time.Unix(253402300799-3600, 0))}, `{"sub":"1","aud":["fastapi-users:auth"],"exp":253402300799}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStrategy(t, testSecret, tt.opts...)
			token, err := s.WriteToken(ctx, tt.id)
			require.NoError(t, err)
			assert.Equal(t, tt.want, payload(t, token))
			user, err := s.ReadToken(ctx, token, loadSubject)
			require.NoError(t, err)
			assert.Equal(t, tt.id, user)
		})
	}
}

func TestTokenID(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithTokenID())
	seen := map[string]bool{}
	var values [16][256]bool // of every byte
	for range 100 {
		token, err := s.WriteToken(ctx, "1")
		require.NoError(t, err)
		claims, err := s.ReadClaims(ctx, token)
		require.NoError(t, err)
		id, err := base64.RawURLEncoding.DecodeString(claims.ID)
		require.NoError(t, err)
		require.Len(t, id, 16)
		for i, b := range id {
			values[i][b] = true
		}
		assert.False(t, seen[claims.ID], "an id came twice")
		seen[claims.ID] = true
		assert.Equal(t, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"jti":"`+claims.ID+`"}`, payload(t, token))
	}
	for i := range values {
		count := 0
		for _, seen := range values[i] {
			if seen {
				count++
			}
		}
		assert.Greater(t, count, 10, "byte %d is not random", i)
	}
}

func TestInvalidSubject(t *testing.T) {
	for _, id := range []authstrategy.Subject{"", "\xff", "a\xc3", "\xed\xa0\x80"} {
		token, err := newStrategy(t, testSecret).WriteToken(ctx, id)
		assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)
		assert.Empty(t, token)
		assert.NotContains(t, err.Error(), "\xff")
	}
}

// A clock that is off neither writes nor reads, and a lifetime may not carry exp
// beyond what can be read.
func TestClock(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  time.Time
		ok   bool
	}{
		{"zero", time.Time{}, false},
		{"before 1970", time.Unix(0, -1), false},
		{"1970", time.Unix(0, 0), true},
		{"9999", time.Unix(253402300799, 999999999), true},
		{"10000", time.Unix(253402300800, 0), false},
		{"far", time.Unix(math.MaxInt64, 0), false},
		{"other zone", time.Unix(0, 0).In(time.FixedZone("west", -3600)), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStrategy(t, testSecret, at(tt.now), authstrategy.WithoutExpiration())
			token, err := s.WriteToken(ctx, testID)
			claims, readErr := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth"}`))
			if tt.ok {
				assert.NoError(t, err)
				assert.NoError(t, readErr)
				return
			}
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Empty(t, token)
			assertNoRefusal(t, readErr, authstrategy.ErrInvalidConfig)
			assert.Nil(t, claims)
		})
	}
	t.Run("lifetime beyond 9999", func(t *testing.T) {
		for _, s := range []*authstrategy.JWTStrategy[authstrategy.Subject]{
			newStrategy(t, testSecret, at(time.Unix(253402300800-3600, 0))),
			newStrategy(t, testSecret, at(time.Unix(253402300799, 0)), authstrategy.WithLifetime(math.MaxInt64)),
		} {
			_, err := s.WriteToken(ctx, testID)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.Contains(t, err.Error(), "WithLifetime")
		}
	})
	t.Run("default", func(t *testing.T) {
		s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(testSecret), authstrategy.WithIssuedAt())
		require.NoError(t, err)
		before := time.Now().Truncate(time.Second)
		token, err := s.WriteToken(ctx, testID)
		require.NoError(t, err)
		claims, err := s.ReadClaims(ctx, token)
		require.NoError(t, err)
		assert.False(t, claims.IssuedAt.Before(before) || claims.IssuedAt.After(time.Now()))
	})
}

// exp and nbf at the very moment, with fractions and leeway.
func TestTime(t *testing.T) {
	const now = 1893456000 // testTime
	for _, tt := range []struct {
		name   string
		claims string
		leeway time.Duration
		reason error
	}{
		{"exp ahead", fmt.Sprintf(`"exp":%d`, now+1), 0, nil},
		{"exp now", fmt.Sprintf(`"exp":%d`, now), 0, authstrategy.ErrTokenExpired},
		{"exp just ahead", `"exp":1893456000.000000001`, 0, nil},
		{"exp just past", `"exp":1893455999.999999999`, 0, authstrategy.ErrTokenExpired},
		{"exp 0", `"exp":0`, 0, authstrategy.ErrTokenExpired},
		{"exp last", `"exp":253402300799`, 0, nil},
		{"exp with an exponent", `"exp":1.893456001e9`, 0, nil},
		{"exp with an exponent, now", `"exp":1.893456e9`, 0, authstrategy.ErrTokenExpired},
		{"exp plus leeway", fmt.Sprintf(`"exp":%d`, now-60), time.Minute, authstrategy.ErrTokenExpired},
		{"exp plus leeway, just", fmt.Sprintf(`"exp":%d.000000001`, now-60), time.Minute, nil},
		{"nbf past", fmt.Sprintf(`"exp":%d,"nbf":%d`, now+1, now-1), 0, nil},
		{"nbf now", fmt.Sprintf(`"exp":%d,"nbf":%d`, now+1, now), 0, nil},
		{"nbf just ahead", fmt.Sprintf(`"exp":%d,"nbf":%d.000000001`, now+1, now), 0, authstrategy.ErrTokenNotYetValid},
		{"nbf ahead", fmt.Sprintf(`"exp":%d,"nbf":%d`, now+2, now+1), 0, authstrategy.ErrTokenNotYetValid},
		{"nbf less leeway", fmt.Sprintf(`"exp":%d,"nbf":%d`, now+90, now+60), time.Minute, nil},
		{"nbf less leeway, just", fmt.Sprintf(`"exp":%d,"nbf":%d.000000001`, now+90, now+60), time.Minute, authstrategy.ErrTokenNotYetValid},
		{"nbf last", fmt.Sprintf(`"exp":%d,"nbf":253402300799`, now+1), 0, authstrategy.ErrTokenNotYetValid},
		{"iat ahead", fmt.Sprintf(`"exp":%d,"iat":253402300799`, now+1), 0, nil},
		{"no exp", `"nbf":0`, 0, authstrategy.ErrTokenClaimMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStrategy(t, testSecret, authstrategy.WithLeeway(tt.leeway))
			claims, err := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth",`+tt.claims+`}`))
			if tt.reason != nil {
				assertRefused(t, err, tt.reason)
				assert.Nil(t, claims)
				return
			}
			assert.NoError(t, err)
		})
	}
}

// A strategy without expiration reads tokens with and without exp, and still
// refuses an expired one.
func TestWithoutExpiration(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithoutExpiration())
	_, err := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth"}`))
	assert.NoError(t, err)
	_, err = s.ReadClaims(ctx, sign(testHeader, testClaims))
	assert.NoError(t, err)
	_, err = s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth","exp":1893456000}`))
	assertRefused(t, err, authstrategy.ErrTokenExpired)
}

func TestDates(t *testing.T) {
	s := newStrategy(t, testSecret)
	claims, err := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth","exp":253402300799.0,"nbf":1.5,"iat":0.1}`))
	require.NoError(t, err)
	assert.Equal(t, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), claims.ExpiresAt)
	assert.Equal(t, time.Date(1970, 1, 1, 0, 0, 1, 5e8, time.UTC), claims.NotBefore)
	assert.Equal(t, time.Date(1970, 1, 1, 0, 0, 0, 1e8, time.UTC), claims.IssuedAt)

	claims, err = s.ReadClaims(ctx, sign(testHeader, testClaims))
	require.NoError(t, err)
	assert.True(t, claims.NotBefore.IsZero() && claims.IssuedAt.IsZero(), "absent dates are zero")

	for _, date := range []string{`-1`, `-0.000001`, `253402300799.000001`, `253402300800`, `1e18`, `9223372036854775807`,
		`18446744073709551616`, `1e308`, `1e400`, `1e-999999999999999999999`, `"1"`, `null`, `true`, `[1]`, `{}`} {
		for _, name := range []string{"exp", "nbf", "iat"} {
			_, err := s.ReadClaims(ctx, sign(testHeader, fmt.Sprintf(`{"sub":"1","aud":"fastapi-users:auth","%s":%s}`, name, date)))
			assertRefused(t, err, authstrategy.ErrTokenMalformed)
			assert.Contains(t, err.Error(), "its claims are an object whose "+name+" ")
		}
	}
	for _, date := range []string{`0`, `-0`, `0e999`, `1e-999999999`} {
		_, err := s.ReadClaims(ctx, sign(testHeader, fmt.Sprintf(`{"sub":"1","aud":"fastapi-users:auth","exp":1893459600,"nbf":%s}`, date)))
		assert.NoError(t, err, date)
	}
}

func TestAudience(t *testing.T) {
	const d = authstrategy.DefaultAudience
	for _, tt := range []struct {
		wants []string
		aud   string
		ok    bool
	}{
		{[]string{d}, `["` + d + `"]`, true},
		{[]string{d}, `"` + d + `"`, true},
		{[]string{d}, `["x","` + d + `"]`, true},
		{[]string{"a", "b"}, `["b","c"]`, true},
		{[]string{"a", "b"}, `"b"`, true},
		{[]string{"a", "b"}, `["a","b"]`, true},
		{[]string{"é"}, `["\u00e9"]`, true},
		{[]string{"a", "b"}, `["a,b"]`, false},
		{[]string{"a"}, `["A"]`, false},
		{[]string{"ab"}, `["a"]`, false},
		{[]string{"a"}, `["ab"]`, false},
		{[]string{"a"}, `[]`, false},
		{[]string{"a"}, `""`, false},
		{[]string{"a"}, `[""]`, false},
	} {
		s := newStrategy(t, testSecret, authstrategy.WithAudience(tt.wants...))
		_, err := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","exp":1893459600,"aud":`+tt.aud+`}`))
		if tt.ok {
			assert.NoError(t, err, "%v of %v", tt.aud, tt.wants)
		} else {
			assertRefused(t, err, authstrategy.ErrTokenAudience)
		}
	}
	_, err := newStrategy(t, testSecret).ReadClaims(ctx, sign(testHeader, `{"sub":"1","exp":1893459600}`))
	assertRefused(t, err, authstrategy.ErrTokenAudience)
	for _, aud := range []string{`1`, `null`, `{}`, `["fastapi-users:auth",1]`, `["fastapi-users:auth",null]`, `[["fastapi-users:auth"]]`} {
		_, err := newStrategy(t, testSecret).ReadClaims(ctx, sign(testHeader, `{"sub":"1","exp":1893459600,"aud":`+aud+`}`))
		assertRefused(t, err, authstrategy.ErrTokenMalformed)
	}
}

func TestIssuer(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithIssuer("https://a.example"))
	for iss, ok := range map[string]bool{
		`,"iss":"https://a.example"`: true, `,"iss":"https:\/\/a.example"`: true,
		``: false, `,"iss":""`: false, `,"iss":"https://a.example/"`: false, `,"iss":"https://A.example"`: false,
	} {
		claims, err := s.ReadClaims(ctx, sign(testHeader, `{"sub":"1","aud":"fastapi-users:auth","exp":1893459600`+iss+`}`))
		if ok {
			require.NoError(t, err)
			assert.Equal(t, "https://a.example", claims.Issuer)
		} else {
			assertRefused(t, err, authstrategy.ErrTokenIssuer)
		}
	}
}

// Issuers and audiences are written as JSON, whatever they hold.
func TestNamesInNeedOfEscapes(t *testing.T) {
	const name = `",\` + "\n\x00" + `ü"`
	s := newStrategy(t, testSecret, authstrategy.WithIssuer(name), authstrategy.WithAudience(name))
	token, err := s.WriteToken(ctx, testID)
	require.NoError(t, err)
	claims, err := s.ReadClaims(ctx, token)
	require.NoError(t, err)
	assert.Equal(t, name, claims.Issuer)
	assert.Equal(t, []string{name}, claims.Audience)
}

func TestType(t *testing.T) {
	for _, tt := range []struct {
		wants string // "": the default
		typ   string // the JSON value, "": absent
		ok    bool
	}{
		{"", `"JWT"`, true},
		{"", ``, true},
		{"", `"jwt"`, true},
		{"", `"application/JWT"`, true},
		{"", `"APPLICATION/jwt"`, true},
		{"", `""`, false},
		{"", `"application/"`, false},
		{"", `"application/application/jwt"`, false},
		{"", `"at+jwt"`, false},
		{"", `"dpop+jwt"`, false},
		{"", `"logout+jwt"`, false},
		{"", `"JWT "`, false},
		{"at+jwt", `"at+jwt"`, true},
		{"at+jwt", `"AT+JWT"`, true},
		{"azAZ", `"AZaz"`, true},
		{"[`", `"{@"`, false},
		{"at+jwt", `"application/at+jwt"`, true},
		{"application/at+jwt", `"at+jwt"`, true},
		{"application/AT+jwt", `"Application/at+JWT"`, true},
		{"at+jwt", ``, false},
		{"at+jwt", `"JWT"`, false},
		{"jwt", ``, false},
		{"k", `"\u212a"`, false}, // the Kelvin sign folds to k
		{"ss", `"ß"`, false},
		{"ü", `"Ü"`, false},
	} {
		t.Run(tt.wants+" "+tt.typ, func(t *testing.T) {
			var opts []authstrategy.Option
			if tt.wants != "" {
				opts = append(opts, authstrategy.WithTokenType(tt.wants))
			}
			s := newStrategy(t, testSecret, opts...)
			header := `{"alg":"HS256","typ":` + tt.typ + `}`
			if tt.typ == "" {
				header = `{"alg":"HS256"}`
			}
			_, err := s.ReadClaims(ctx, sign(header, testClaims))
			if tt.ok {
				assert.NoError(t, err)
			} else {
				assertRefused(t, err, authstrategy.ErrTokenType)
			}
			token, err := s.WriteToken(ctx, testID)
			require.NoError(t, err)
			_, err = s.ReadClaims(ctx, token)
			assert.NoError(t, err)
		})
	}
	token, err := newStrategy(t, testSecret, authstrategy.WithTokenType("at+jwt")).WriteToken(ctx, testID)
	require.NoError(t, err)
	assert.Equal(t, sign(`{"alg":"HS256","typ":"at+jwt"}`, testClaims), token)
}

// The limit holds to the byte, on both sides, and before anything is looked at.
func TestMaxTokenSize(t *testing.T) {
	sized := func(size int) string { // a good token of that size, by the length of its id
		empty := len(sign(testHeader, `{"sub":"","aud":["fastapi-users:auth"],"exp":1893459600}`))
		for n := (size - empty) * 3 / 4; ; n++ {
			token := sign(testHeader, `{"sub":"`+strings.Repeat("x", n)+`","aud":["fastapi-users:auth"],"exp":1893459600}`)
			if len(token) >= size {
				require.Len(t, token, size)
				return token
			}
		}
	}
	for limit, opts := range map[int][]authstrategy.Option{
		8192: nil,
		256:  {authstrategy.WithMaxTokenSize(256)},
	} {
		s := newStrategy(t, testSecret, opts...)
		token := sized(limit)
		claims, err := s.ReadClaims(ctx, token)
		require.NoError(t, err)
		written, err := s.WriteToken(ctx, authstrategy.Subject(claims.Subject))
		require.NoError(t, err)
		assert.Equal(t, token, written)

		_, err = s.ReadClaims(ctx, token+"x")
		assertRefused(t, err, authstrategy.ErrTokenTooLarge)
		written, err = s.WriteToken(ctx, authstrategy.Subject(claims.Subject+"x"))
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.Empty(t, written)
	}
}

// grown is a user with private claims, by value; shy has them by pointer.
type grown struct {
	ID     string
	claims any
}

func (g grown) TokenSubject() string { return g.ID }
func (g grown) TokenClaims() any     { return g.claims }

type shy struct{ ID string }

func (s shy) TokenSubject() string { return s.ID }
func (s *shy) TokenClaims() any    { return map[string]string{"shy": s.ID} }

func writeAs[U authstrategy.User](t *testing.T, user U) (string, error) {
	t.Helper()
	s, err := authstrategy.GetJWTStrategy[U](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	return s.WriteToken(ctx, user)
}

func TestPrivateClaims(t *testing.T) {
	const registered = `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600`
	type roles struct {
		Roles []string `json:"roles"`
	}
	for _, tt := range []struct {
		name   string
		claims any
		want   string
	}{
		{"struct", roles{[]string{"admin"}}, `,"roles":["admin"]`},
		{"pointer", &roles{}, `,"roles":null`},
		{"map", map[string]any{"b": 1, "a": "<ü>"}, `,"a":"<ü>","b":1`},
		{"raw", json.RawMessage(` { "a" : [ 1 , 2 ] } `), `,"a":[1,2]`},
		{"no members", struct{}{}, ``},
		{"nil", nil, ``},
		{"nil map", map[string]any(nil), ``},
		{"nil pointer", (*roles)(nil), ``},
		{"raw null", json.RawMessage(`null`), ``},
		{"other case is another name", map[string]int{"EXP": 1, "Sub": 2}, `,"EXP":1,"Sub":2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := writeAs(t, grown{"1", tt.claims})
			require.NoError(t, err)
			assert.Equal(t, registered+tt.want+"}", payload(t, token))
			_, err = newStrategy(t, testSecret).ReadClaims(ctx, token)
			assert.NoError(t, err)
		})
	}
	t.Run("receivers", func(t *testing.T) {
		for want, write := range map[string]func() (string, error){
			`,"g":1`:     func() (string, error) { return writeAs(t, grown{"1", map[string]int{"g": 1}}) },
			`,"g":2`:     func() (string, error) { return writeAs(t, &grown{"1", map[string]int{"g": 2}}) },
			`,"g":3`:     func() (string, error) { return writeAs[authstrategy.User](t, grown{"1", map[string]int{"g": 3}}) },
			`,"shy":"1"`: func() (string, error) { return writeAs(t, &shy{"1"}) },
			`,"shy":"2"`: func() (string, error) { return writeAs[authstrategy.User](t, &shy{"2"}) },
			``:           func() (string, error) { return writeAs[authstrategy.User](t, authstrategy.Subject("1")) },
		} {
			token, err := write()
			require.NoError(t, err)
			assert.Equal(t, registered+want+"}", strings.Replace(payload(t, token), `"sub":"2"`, `"sub":"1"`, 1))
		}
	})
}

type typed struct{ authstrategy.Subject }

func (typed) TokenClaims() map[string]any { return nil }

type typedPointer struct{ authstrategy.Subject }

func (*typedPointer) TokenClaims() (any, error) { return nil, nil }

type typedInterface interface {
	authstrategy.User
	TokenClaims() map[string]any
}

// Private claims that would be left out without a word are a mistake.
func TestTokenClaimsOfAnotherSignature(t *testing.T) {
	for name, err := range map[string]error{
		"authstrategy_test.typed":          constructionError[typed](),
		"*authstrategy_test.typed":         constructionError[*typed](),
		"*authstrategy_test.typedPointer":  constructionError[*typedPointer](),
		"authstrategy_test.typedInterface": constructionError[typedInterface](),
	} {
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.EqualError(t, err, "authstrategy: invalid configuration: TokenClaims of "+name+" has another signature than ClaimsProvider requires; declare it as TokenClaims() any, or rename it")
	}
	// With the right signature or not, a method of the pointer is not one of the user.
	for _, err := range []error{constructionError[shy](), constructionError[typedPointer]()} {
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Contains(t, err.Error(), "TokenClaims has the receiver *authstrategy_test.")
		assert.Contains(t, err.Error(), "as the type of user")
	}
	assert.NoError(t, constructionError[struct{ authstrategy.Subject }]())
	assert.NoError(t, constructionError[interface {
		authstrategy.User
		authstrategy.ClaimsProvider
	}]())
}

func constructionError[U authstrategy.User]() error {
	_, err := authstrategy.GetJWTStrategy[U](authstrategy.NewSecret(testSecret))
	return err
}

type twice map[int]string // keys that encode to the same name

func (twice) MarshalJSON() ([]byte, error) { return []byte(`{"a":1,"a":2}`), nil }

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("value-of-the-user") }

func TestInvalidClaims(t *testing.T) {
	const value = "value-of-the-user"
	for name, claims := range map[string]any{
		"array":              []string{value},
		"string":             value,
		"number":             1,
		"bool":               true,
		"iss":                map[string]string{"iss": value},
		"sub":                map[string]string{"sub": value},
		"aud":                map[string]string{"aud": value},
		"exp":                map[string]any{"a": value, "exp": 1},
		"nbf":                map[string]int{"nbf": 0},
		"iat":                map[string]int{"iat": 0},
		"jti":                map[string]string{"jti": value},
		"sub, escaped":       json.RawMessage(`{"s\u0075b":"` + value + `"}`),
		"duplicate":          twice{},
		"duplicate, nested":  json.RawMessage(`{"a":{"b":"` + value + `","b":1}}`),
		"not JSON":           json.RawMessage(`{"a":` + value + `}`),
		"trailing":           json.RawMessage(`{"a":1}{"` + value + `":1}`),
		"not UTF-8":          map[string]string{"a": value + "\xff"},
		"name not UTF-8":     map[string]string{"\xff": value},
		"chan":               map[string]any{"a": make(chan int)},
		"func":               func() {},
		"NaN":                map[string]float64{"a": math.NaN()},
		"no number":          map[string]json.Number{"a": json.Number(value)},
		"MarshalJSON failed": failing{},
		"larger than limit":  map[string]string{"a": strings.Repeat(value, 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := writeAs(t, grown{"1", claims})
			assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
			assert.Empty(t, token)
			for e := err; e != nil; e = errors.Unwrap(e) {
				assert.NotContains(t, e.Error(), value)
			}
		})
	}
}

// Private claims mean what they mean to encoding/json, both ways.
func TestClaimsLikeEncodingJSON(t *testing.T) {
	type nested struct {
		Embedded string `json:"embedded"`
	}
	type all struct {
		nested
		Empty    int             `json:"empty,omitempty"`
		False    bool            `json:"false,omitempty"`
		Zero     time.Time       `json:"zero,omitzero"`
		NilSlice []string        `json:"nil_slice"`
		NilMap   map[string]int  `json:"nil_map"`
		Duration time.Duration   `json:"duration"`
		Number   json.Number     `json:"number"`
		Quoted   json.Number     `json:"quoted,string"`
		Blank    json.Number     `json:"blank"`
		Big      int64           `json:"big"`
		BigU     uint64          `json:"big_u"`
		String   int             `json:"string,string"`
		Bytes    []byte          `json:"bytes"`
		Array    [2]byte         `json:"array"`
		Float    float64         `json:"float"`
		Time     time.Time       `json:"time"`
		Raw      json.RawMessage `json:"raw"`
		Keys     map[int]string  `json:"keys"`
		Any      any             `json:"any"`
		Pointer  *int            `json:"pointer"`
		Numbers  []json.Number   `json:"numbers"`
		NumberP  *json.Number    `json:"number_p"`
		Untagged string
		Skipped  string `json:"-"`
	}
	one, n := 1, json.Number("-1.50e3")
	in := all{
		nested: nested{"e"}, Duration: time.Second, Number: "12345678901234567890.5", Quoted: "7", Big: math.MaxInt64 - 1, BigU: math.MaxUint64 - 1, String: 5,
		Bytes: []byte{0xfb, 0xff}, Array: [2]byte{1, 2}, Float: 1e21, Time: testTime, Raw: json.RawMessage(`{"a":1}`),
		Keys: map[int]string{2: "b", 1: "a"}, Any: []any{"x", 1.5, nil}, Pointer: &one, Numbers: []json.Number{"1", "2.0"}, NumberP: &n, Untagged: "u", Skipped: "s",
	}
	want, err := json.Marshal(in)
	require.NoError(t, err)
	token, err := writeAs(t, grown{"1", in})
	require.NoError(t, err)
	assert.Equal(t, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,`+string(want[1:]), payload(t, token))

	claims, err := newStrategy(t, testSecret).ReadClaims(ctx, token)
	require.NoError(t, err)
	var got, expected all
	require.NoError(t, json.Unmarshal(want, &expected))
	require.NoError(t, claims.Decode(&got))
	assert.Equal(t, expected, got)
	assert.Equal(t, int64(math.MaxInt64-1), got.Big)
	assert.Equal(t, in.Number, got.Number)
}

func readClaims(t *testing.T, private string) *authstrategy.Claims {
	t.Helper()
	claims, err := newStrategy(t, testSecret).ReadClaims(ctx, sign(testHeader, strings.TrimSuffix(testClaims, "}")+`,"iss":"i","jti":"j","nbf":1,"iat":2`+private+"}"))
	require.NoError(t, err)
	return claims
}

func TestClaims(t *testing.T) {
	claims := readClaims(t, ``)
	assert.Equal(t, testID, claims.Subject)
	assert.Equal(t, "i", claims.Issuer)
	assert.Equal(t, "j", claims.ID)
	assert.Equal(t, []string{authstrategy.DefaultAudience}, claims.Audience)
	assert.Equal(t, testTime.Add(time.Hour), claims.ExpiresAt)
	assert.Equal(t, time.Unix(1, 0).UTC(), claims.NotBefore)
	assert.Equal(t, time.Unix(2, 0).UTC(), claims.IssuedAt)

	var golang jwt.RegisteredClaims
	require.NoError(t, claims.Decode(&golang))
	assert.Equal(t, testID, golang.Subject)
	assert.Equal(t, jwt.ClaimStrings{authstrategy.DefaultAudience}, golang.Audience)
	assert.True(t, golang.ExpiresAt.Equal(claims.ExpiresAt))

	_, satisfies := any(claims).(jwt.Claims)
	assert.False(t, satisfies, "golang-jwt would take Claims for its own")
	for _, data := range []string{`{}`, `{"Subject":"admin"}`, `null`, `[]`} {
		err := claims.UnmarshalJSON([]byte(data))
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		var fresh struct{ Claims authstrategy.Claims }
		assert.ErrorIs(t, json.Unmarshal([]byte(`{"Claims":`+data+`}`), &fresh), authstrategy.ErrInvalidClaims, data)
	}
}

// Plain claims, which need no decoder, are read as it reads them, and those that
// only look plain are left to it.
func TestPlainClaims(t *testing.T) {
	s := newStrategy(t, testSecret)
	own := readOf(t, s, testClaims)
	decoded := readOf(t, s, " "+testClaims)
	assert.Equal(t, decoded.Subject, own.Subject)
	assert.Equal(t, decoded.Audience, own.Audience)
	assert.Equal(t, decoded.ExpiresAt, own.ExpiresAt)
	assert.True(t, own.IssuedAt.IsZero() && own.NotBefore.IsZero() && own.ID == "" && own.Issuer == "")

	for claims, reason := range map[string]error{
		`{"sub":"1\u0022","aud":["fastapi-users:auth"],"exp":1893459600}`:                 nil,
		`{"sub":"1\","aud":["fastapi-users:auth"],"exp":1893459600}`:                      authstrategy.ErrTokenMalformed,
		"{\"sub\":\"\xff\",\"aud\":[\"fastapi-users:auth\"],\"exp\":1893459600}":          authstrategy.ErrTokenMalformed,
		"{\"sub\":\"\x1f\",\"aud\":[\"fastapi-users:auth\"],\"exp\":1893459600}":          authstrategy.ErrTokenMalformed,
		`{"sub":"","aud":["fastapi-users:auth"],"exp":1893459600}`:                        authstrategy.ErrTokenClaimMissing,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":01893459600}`:                      authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":}`:                                 authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":253402300800}`:                     authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893456000}`:                       authstrategy.ErrTokenExpired,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600`:                        authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600}}`:                      authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"nbf":1893459600}`:      authstrategy.ErrTokenNotYetValid,
		`{"sub":"1","sub":"2","aud":["fastapi-users:auth"],"exp":1893459600}`:             authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"exp":1893459600}`:      authstrategy.ErrTokenMalformed,
		`{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"aud":"fastapi-users"}`: authstrategy.ErrTokenMalformed,
	} {
		_, err := s.ReadClaims(ctx, sign(testHeader, claims))
		if reason == nil {
			assert.NoError(t, err, claims)
		} else {
			assertRefused(t, err, reason)
		}
	}
	_, err := newStrategy(t, testSecret, authstrategy.WithIssuer("i")).ReadClaims(ctx, sign(testHeader, testClaims))
	assertRefused(t, err, authstrategy.ErrTokenIssuer)
}

func readOf(t *testing.T, s *authstrategy.JWTStrategy[authstrategy.Subject], claims string) *authstrategy.Claims {
	t.Helper()
	read, err := s.ReadClaims(ctx, sign(testHeader, claims))
	require.NoError(t, err)
	return read
}

// keeper keeps what it is given, against the rule of json.Unmarshaler.
type keeper []byte

func (k *keeper) UnmarshalJSON(data []byte) error {
	*k = data
	return nil
}

func TestDecode(t *testing.T) {
	type private struct {
		Role string `json:"role"`
		N    int    `json:"n"`
	}
	t.Run("names match exactly", func(t *testing.T) {
		var got private
		require.NoError(t, readClaims(t, `,"Role":"admin","ROLE":"admin","role":"user"`).Decode(&got))
		assert.Equal(t, private{Role: "user"}, got)
		require.NoError(t, readClaims(t, `,"Role":"admin"`).Decode(&got))
		assert.Equal(t, private{}, got)
	})
	t.Run("a reused value keeps nothing", func(t *testing.T) {
		got := private{Role: "admin"}
		require.NoError(t, readClaims(t, ``).Decode(&got))
		assert.Equal(t, private{}, got)

		m := map[string]any{"role": "admin"}
		require.NoError(t, readClaims(t, ``).Decode(&m))
		assert.NotContains(t, m, "role")
		assert.Equal(t, testID, m["sub"])
	})
	t.Run("nor after an error", func(t *testing.T) {
		got := private{Role: "admin"}
		err := readClaims(t, `,"role":"root","n":"value-of-the-claim"`).Decode(&got)
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.NotContains(t, err.Error(), "value-of-the-claim")
		assert.Contains(t, err.Error(), `cannot decode the member "n": a string does not fit the Go type int`)
		assert.Equal(t, private{}, got)

		err = readClaims(t, `,"n":4294967296000000000000`).Decode(&got)
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.NotContains(t, err.Error(), "4294967296")
	})
	t.Run("a pointer in an interface", func(t *testing.T) { // encoding/json would follow it
		v := validated{Role: "kept"}
		var held any = &v
		err := readClaims(t, `,"role":"root"`).Decode(&held)
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.EqualError(t, err, "authstrategy: invalid claims: cannot decode into a *interface {} that holds a *authstrategy_test.validated; pass what it holds")
		assert.Equal(t, "kept", v.Role)
		held = nil
		require.NoError(t, readClaims(t, ``).Decode(&held))
		assert.Equal(t, testID, held.(map[string]any)["sub"])
		require.NoError(t, readClaims(t, ``).Decode(&held), "what it holds is no pointer")
	})
	t.Run("no target", func(t *testing.T) {
		for _, v := range []any{nil, private{}, (*private)(nil), 1} {
			assertNoRefusal(t, readClaims(t, ``).Decode(v), authstrategy.ErrInvalidClaims)
		}
	})
	t.Run("hand-made", func(t *testing.T) {
		got := private{Role: "admin"}
		assertNoRefusal(t, (&authstrategy.Claims{Subject: "1"}).Decode(&got), authstrategy.ErrInvalidClaims)
		assert.Equal(t, private{}, got)
		assertNoRefusal(t, (*authstrategy.Claims)(nil).Decode(&got), authstrategy.ErrInvalidClaims)
	})
	t.Run("what is kept is a copy", func(t *testing.T) {
		var raw json.RawMessage
		var kept keeper
		for target, data := range map[any]*[]byte{&raw: (*[]byte)(&raw), &kept: (*[]byte)(&kept)} {
			claims := readClaims(t, `,"role":"user"`)
			require.NoError(t, claims.Decode(target))
			require.NotEmpty(t, *data)
			clear(*data)
			var got private
			require.NoError(t, claims.Decode(&got), "%T", target)
			assert.Equal(t, "user", got.Role, "%T", target)
		}
	})
}

// refuser is a claim whose own decoding says that a token has expired.
type refuser struct{}

var errOfTheUser = errors.New("of the user's, with value-of-the-claim in it")

func (*refuser) UnmarshalJSON([]byte) error {
	return errors.Join(errOfTheUser, authstrategy.ErrTokenExpired)
}
func (refuser) MarshalJSON() ([]byte, error) {
	return nil, errors.Join(errOfTheUser, authstrategy.ErrTokenExpired)
}

// What the user's own code says of private claims is found, not shown, and never
// refuses a token by itself.
func TestErrorsOfPrivateClaims(t *testing.T) {
	t.Run("decoded", func(t *testing.T) {
		var v struct {
			Role refuser `json:"role"`
		}
		err := readClaims(t, `,"role":"value-of-the-claim"`).Decode(&v)
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.ErrorIs(t, err, errOfTheUser)
		assert.Contains(t, err.Error(), `"role"`)
		assert.Contains(t, err.Error(), "authstrategy_test.refuser")
		assert.NotContains(t, err.Error(), "value-of-the-claim")
	})
	t.Run("encoded", func(t *testing.T) {
		_, err := writeAs(t, grown{"1", map[string]any{"role": refuser{}}})
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.ErrorIs(t, err, errOfTheUser)
		assert.Contains(t, err.Error(), `"role"`)
		assert.Contains(t, err.Error(), "authstrategy_test.refuser")
		assert.NotContains(t, err.Error(), "value-of-the-claim")
	})
	t.Run("which member", func(t *testing.T) {
		var v struct {
			Groups []string `json:"groups"`
			Roles  []string `json:"roles"`
			Teams  []string `json:"teams"`
		}
		err := readClaims(t, `,"groups":["a"],"roles":"value-of-the-claim"`).Decode(&v)
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.Contains(t, err.Error(), `"roles"`)
		assert.Contains(t, err.Error(), "[]string")
		assert.NotContains(t, err.Error(), "value-of-the-claim")

		_, err = writeAs(t, grown{"1", map[string]any{"a": 1, "ratio": math.NaN()}})
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.Contains(t, err.Error(), `"ratio"`)
		assert.Contains(t, err.Error(), "float64")
	})
	t.Run("a loader", func(t *testing.T) { // as the comment of Decode shows it
		s := newStrategy(t, testSecret)
		_, err := s.ReadToken(ctx, sign(testHeader, testClaims), func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
			var v struct {
				Subject refuser `json:"sub"`
			}
			return "", fmt.Errorf("%w: %w", authstrategy.ErrUserRefused, claims.Decode(&v))
		})
		requireOneReason(t, err)
		assert.ErrorIs(t, err, authstrategy.ErrUserRefused)
		assert.ErrorIs(t, err, errOfTheUser)
		assert.True(t, strings.HasPrefix(err.Error(), "authstrategy: user refused: authstrategy: invalid claims: "), err)
	})
}

// validated are claims that check themselves, as golang-jwt has it.
type validated struct {
	jwt.RegisteredClaims
	Role string `json:"role"`
}

var errNoRole = errors.New("no such role")

func (v *validated) Validate() error {
	switch v.Role {
	case "admin":
		return nil
	case "expired":
		return authstrategy.ErrTokenExpired
	}
	return errNoRole
}

// A Validate that golang-jwt would call is called.
func TestDecodeValidates(t *testing.T) {
	good, bad, reason := readClaims(t, `,"role":"admin"`), readClaims(t, `,"role":"root"`), readClaims(t, `,"role":"expired"`)
	var v validated
	require.NoError(t, good.Decode(&v))
	assert.Equal(t, "admin", v.Role)
	err := bad.Decode(&v)
	assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
	assert.ErrorIs(t, err, errNoRole)
	assert.EqualError(t, err, "authstrategy: invalid claims: the method Validate of *authstrategy_test.validated: no such role")
	assert.Zero(t, v, "nothing of refused claims remains")
	assertNoRefusal(t, reason.Decode(&v), authstrategy.ErrInvalidClaims)

	// Also of a value, behind a pointer to a pointer, and embedded.
	var pointer *validated
	require.NoError(t, good.Decode(&pointer))
	assert.Equal(t, "admin", pointer.Role)
	assert.ErrorIs(t, bad.Decode(&pointer), errNoRole)
	assert.Nil(t, pointer)
	var embedded struct{ validated }
	assert.ErrorIs(t, bad.Decode(&embedded), errNoRole)
	var value strict
	require.NoError(t, good.Decode(&value))
	assert.ErrorIs(t, bad.Decode(&value), errNoRole)

	// Claims that do not decode are not asked.
	var number struct {
		Role int `json:"role"`
		strict
	}
	assert.NotErrorIs(t, good.Decode(&number), errNoRole)
}

// strict is a map that checks itself, by value.
type strict map[string]any

func (s strict) Validate() error {
	if s["role"] != "admin" {
		return errNoRole
	}
	return nil
}

// Each refusal says what was found, what is wanted and what to do.
func TestRefusalTexts(t *testing.T) {
	s := newStrategy(t, testSecret, authstrategy.WithIssuer("me"), authstrategy.WithAudience("a", "b"))
	typed := newStrategy(t, testSecret, authstrategy.WithTokenType("at+jwt"))
	none := encode(`{"alg":"none"}`) + "." + encode(testClaims) + "."
	for _, tt := range []struct {
		strategy *authstrategy.JWTStrategy[authstrategy.Subject]
		token    string
		says     string
	}{
		{s, "", "token is missing: no token was given"},
		{s, strings.Repeat("a", 8193), "token is too large: it is longer than WithMaxTokenSize allows (by default 8192 bytes)"},
		{s, none, "token is malformed: its signature segment is empty, as in an unsigned token (alg none); only signed tokens are read"},
		{s, none + "cA", `token is unverifiable: its header has the alg "none", and HS256 is wanted (see WithAlgorithm)`},
		{s, none + ".a.b", "token is malformed: it has five segments, as an encrypted token has (JWE); only signed tokens are read"},
		{s, "Bearer " + none + "cA", `token is malformed: its header is not canonical base64url without padding (pass the token alone, without "Bearer ")`},
		{s, sign(testHeader, testClaims) + "=", "token is malformed: its signature is not canonical base64url without padding"},
		{s, sign(testHeader, testClaims)[:len(sign(testHeader, testClaims))-43] + strings.Repeat("A", 43), "token signature is invalid: the token was altered, or signed with another key"},
		{s, sign(`{"alg":"HS256","typ":"at+jwt"}`, `{}`), `token has the wrong type: it has another typ than the strategy's, "JWT" (see WithTokenType)`},
		{typed, sign(`{"alg":"HS256"}`, `{}`), `token has the wrong type: it has no typ, and the strategy requires "at+jwt" (see WithTokenType)`},
		{s, sign(testHeader, `{"iss":"you"}`), `token has the wrong issuer: it has another iss than the strategy's, "me" (see WithIssuer)`},
		{s, sign(testHeader, `{}`), `token has the wrong issuer: it has no iss, and the strategy requires "me"; have its writer add it, or omit WithIssuer`},
		{s, sign(testHeader, `{"iss":"me","aud":["c"]}`), `token has the wrong audience: its aud has none of the strategy's audiences, ["a" "b"] (see WithAudience)`},
		{s, sign(testHeader, `{"iss":"me"}`), `token has the wrong audience: it has no aud, and the strategy requires one of ["a" "b"]; have its writer add it (in golang-jwt RegisteredClaims.Audience, in PyJWT the claim "aud"), and name it in WithAudience; or see WithAudienceClaim`},
		{s, sign(testHeader, `{"iss":"me","aud":[]}`), `token has the wrong audience: it has no aud, and the strategy requires one of ["a" "b"]; have its writer add it`},
		{s, sign(testHeader, `{"iss":"me","aud":"a"}`), "token lacks a required claim: it has no sub, or an empty one"},
		{s, sign(testHeader, `{"iss":"me","aud":"a","sub":"1"}`), "token lacks a required claim: it has no exp, which a strategy with a lifetime requires (see WithoutExpiration)"},
		{s, sign(testHeader, `{"iss":"me","aud":"a","sub":"1","exp":1}`), "token is expired: its exp has passed; log in again"},
		{s, sign(testHeader, `{"iss":"me","aud":"a","sub":"1","exp":1893459600,"nbf":1893459600}`), "token is not yet valid: now is before its nbf; compare the clocks (see WithLeeway)"},
		{s, sign(testHeader, `{"sub":1}`), "token is malformed: its claims are an object whose sub is a number; it must be a string"},
		{s, sign(testHeader, `{"sub":null}`), "token is malformed: its claims are an object whose sub is null; it must be a string"},
		{s, sign(testHeader, `{"iss":{}}`), "token is malformed: its claims are an object whose iss is an object; it must be a string"},
		{s, sign(testHeader, `{"jti":true}`), "token is malformed: its claims are an object whose jti is a boolean; it must be a string"},
		{s, sign(testHeader, `{"aud":null}`), "token is malformed: its claims are an object whose aud is null; it must be a string or an array of strings"},
		{s, sign(testHeader, `{"aud":["a",null]}`), "token is malformed: its claims are an object whose aud is an array"},
		{s, sign(testHeader, `{"exp":"1893459600"}`), "token is malformed: its claims are an object whose exp is a string; it must be a number"},
		{s, sign(testHeader, `{"exp":1893459600000}`), "token is malformed: its claims are an object whose exp is after the year 9999"},
		{s, sign(testHeader, `{"nbf":-1}`), "token is malformed: its claims are an object whose nbf is before 1970"},
	} {
		_, err := tt.strategy.ReadClaims(ctx, tt.token)
		requireOneReason(t, err)
		assert.True(t, strings.HasPrefix(err.Error(), "authstrategy: "+tt.says), "%v\nwant %s", err, tt.says)
	}
	// Milliseconds are the usual cause.
	_, err := s.ReadClaims(ctx, sign(testHeader, `{"exp":1893459600000}`))
	assert.ErrorContains(t, err, "milliseconds")
}

// A registered claim among private ones names what to use instead.
func TestRegisteredClaimTexts(t *testing.T) {
	for name, instead := range map[string]string{
		"iss": "WithIssuer writes it", "sub": "it is what TokenSubject returns", "aud": "WithAudience writes it", "exp": "WithLifetime writes it",
		"nbf": "this package reads it and never writes it", "iat": "WithIssuedAt writes it", "jti": "WithTokenID writes it",
	} {
		_, err := writeAs(t, grown{"1", map[string]any{name: 1}})
		assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
		assert.EqualError(t, err, "authstrategy: invalid claims: the user's TokenClaims returned a map[string]interface {}, which is an object with the registered claim "+name+"; leave it out: "+instead)
	}
	_, err := writeAs(t, grown{"1", struct {
		jwt.RegisteredClaims
		Role string
	}{RegisteredClaims: jwt.RegisteredClaims{Issuer: "i"}}})
	assert.ErrorContains(t, err, "the registered claim iss; leave it out: WithIssuer writes it")
	_, err = writeAs(t, grown{"1", []int{1}})
	assert.EqualError(t, err, "authstrategy: invalid claims: the user's TokenClaims returned a []int, which is not a JSON object")
}

// No error of a refusal, nor any it wraps, holds a value of the token; an alg is
// quoted and cut short.
func TestErrorsHoldNoValue(t *testing.T) {
	const value = "value-of-the-token"
	s := newStrategy(t, testSecret, authstrategy.WithIssuer("i"))
	for _, claims := range []string{
		`{"sub":"` + value + `"`, `{"iss":"` + value + `"}`, `{"iss":"i","aud":"` + value + `"}`, `{"exp":"` + value + `"}`, `{"` + value + `":1,"` + value + `":2}`,
		`{"iss":"i","aud":"fastapi-users:auth","sub":"` + value + `","exp":1}`, `"` + value + `"`, value,
	} {
		token := sign(testHeader, claims)
		_, err := s.ReadClaims(ctx, token)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidToken)
		assert.NotContains(t, err.Error(), value)
		assert.NotContains(t, err.Error(), token)
	}
	for alg, says := range map[string]string{
		`none`:                    `has the alg "none", and HS256 is wanted`,
		`\n\u001b[31m`:            `has the alg "\n\x1b[31m", and`,
		strings.Repeat("a", 1000): `has the alg "` + strings.Repeat("a", 32) + `"..., and`,
		strings.Repeat("ü", 100):  `has the alg "` + strings.Repeat(`\u00fc`, 16) + `"..., and`,
	} {
		_, err := s.ReadClaims(ctx, sign(`{"alg":"`+alg+`"}`, testClaims))
		assertRefused(t, err, authstrategy.ErrTokenUnverifiable)
		assert.Contains(t, err.Error(), says)
	}
}

// What is pooled hands nobody another's bytes: in sequence, which the race
// detector does not see, and at once, which it does.
func TestReadsAreIndependent(t *testing.T) {
	s := newStrategy(t, testSecret)
	token := func(i int) string {
		return sign(testHeader, fmt.Sprintf(`{"sub":"user-%d","aud":["fastapi-users:auth"],"exp":1893459600,"role":"role-%d"}`, i, i))
	}
	check := func(claims *authstrategy.Claims, i int) {
		var private struct {
			Role string `json:"role"`
		}
		assert.NoError(t, claims.Decode(&private))
		assert.Equal(t, fmt.Sprintf("user-%d", i), claims.Subject)
		assert.Equal(t, fmt.Sprintf("role-%d", i), private.Role)
		assert.Equal(t, []string{authstrategy.DefaultAudience}, claims.Audience)
	}
	var kept []*authstrategy.Claims
	for i := range 100 {
		claims, err := s.ReadClaims(ctx, token(i))
		require.NoError(t, err)
		kept = append(kept, claims)
		_, err = s.WriteToken(ctx, "other")
		require.NoError(t, err)
		_, err = s.ReadClaims(ctx, sign(testHeader, `{"sub":"forger"`))
		require.ErrorIs(t, err, authstrategy.ErrTokenMalformed)
	}
	for i, claims := range kept {
		check(claims, i)
	}
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for i := range 50 {
				n := g*1000 + i
				claims, err := s.ReadClaims(ctx, token(n))
				if !assert.NoError(t, err) {
					return
				}
				written, err := s.WriteToken(ctx, authstrategy.Subject(fmt.Sprintf("user-%d", n)))
				assert.NoError(t, err)
				check(claims, n)
				again, err := s.ReadClaims(ctx, written)
				assert.NoError(t, err)
				assert.Equal(t, claims.Subject, again.Subject)
			}
		})
	}
	wait.Wait()
}

// A panic in the code of a user leaves the strategy as it was.
func TestPanicInUserCode(t *testing.T) {
	s, err := authstrategy.GetJWTStrategy[grown](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	for range 10 {
		assert.Panics(t, func() { _, _ = s.WriteToken(ctx, grown{"1", panicking{}}) })
		token, err := s.WriteToken(ctx, grown{"1", map[string]int{"a": 1}})
		require.NoError(t, err)
		assert.Equal(t, `{"sub":"1","aud":["fastapi-users:auth"],"exp":1893459600,"a":1}`, payload(t, token))
	}
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("in the user's code") }
