package migration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// An oldToken is a token as an old service writes it, before a test changes it.
type oldToken struct {
	method jwt.SigningMethod
	key    any
	header map[string]any
	claims jwt.MapClaims
}

// write returns a token of the library's, after it was changed.
func (lib library) write(t *testing.T, change func(*oldToken)) string {
	t.Helper()
	old := oldToken{
		jwt.SigningMethodHS256, []byte(lib.secret), map[string]any{"typ": "JWT"},
		jwt.MapClaims{lib.id: 42, "exp": time.Now().Add(lifetime).Unix()},
	}
	change(&old)
	token := jwt.NewWithClaims(old.method, old.claims)
	token.Header = old.header
	token.Header["alg"] = old.method.Alg()
	text, err := token.SignedString(old.key)
	require.NoError(t, err)
	return text
}

func set(claim string, value any) func(*oldToken) {
	return func(old *oldToken) { old.claims[claim] = value }
}

func without(claim string) func(*oldToken) {
	return func(old *oldToken) { delete(old.claims, claim) }
}

func asItIs(*oldToken) {}

// What the old service itself writes is the good control of all bad tokens.
func TestLegacyReadsOldTokens(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		for _, token := range []string{login(t, lib.service(t, lib.secret, lib.claims), "42"), lib.write(t, asItIs)} {
			user, err := legacy.ReadToken(t.Context(), token, users.Load)
			require.NoError(t, err)
			assert.Equal(t, users[42], user)
		}
	})
}

// Legacy refuses all that is no token of the old service with ErrTokenUnverifiable, and
// does not ask the loader.
func TestLegacyRefuses(t *testing.T) {
	rows := map[string]func(*oldToken){
		"an audience":                 set("aud", audience),
		"another audience":            set("aud", []string{"billing"}),
		"an empty audience":           set("aud", ""),
		"no audiences":                set("aud", []string{}),
		"a subject":                   set("sub", "42"),
		"an empty subject":            set("sub", ""),
		"a null audience":             set("aud", nil),
		"a null subject":              set("sub", nil),
		"both":                        func(old *oldToken) { old.claims["sub"], old.claims["aud"] = "42", audience },
		"an issuer":                   set("iss", "https://other.example.com"),
		"no typ":                      func(old *oldToken) { delete(old.header, "typ") },
		"another typ":                 func(old *oldToken) { old.header["typ"] = "reset+jwt" },
		"another case of typ":         func(old *oldToken) { old.header["typ"] = "jwt" },
		"another algorithm":           func(old *oldToken) { old.method = jwt.SigningMethodHS512 },
		"alg none":                    func(old *oldToken) { old.method, old.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType },
		"another key":                 func(old *oldToken) { old.key = []byte("another secret of some length, for tests") },
		"no exp":                      without("exp"),
		"exp 0":                       set("exp", 0),
		"exp is text":                 set("exp", "2100000000"),
		"exp is now":                  func(old *oldToken) { old.claims["exp"] = time.Now().Unix() },
		"not yet valid":               func(old *oldToken) { old.claims["nbf"] = time.Now().Unix() + 1 },
		"longer than 8192 bytes":      set("filler", strings.Repeat("a", maxOldToken)),
		"id 0":                        id(0),
		"no id":                       func(old *oldToken) { delete(old.claims, "id"); delete(old.claims, "user_id") },
		"a negative id":               id(-42),
		"an id with a fraction":       id(42.5),
		"an id that is text":          id("42"),
		"an id that is null":          id(nil),
		"an id that float64 confuses": id(int64(1 << 53)),
	}
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		texts := map[string]string{"nothing": "", "no token": "garbage", "two segments": "e30.e30", "a token and a space": lib.write(t, asItIs) + " "}
		for name, change := range rows {
			texts[name] = lib.write(t, change)
		}
		if lib.name == "jwtauth" { // it trims tokens, and reads dates that are text
			delete(texts, "a token and a space")
			delete(texts, "exp is text")
		}
		for name, token := range texts {
			user, err := legacy.ReadToken(t.Context(), token, loaderNotCalled(t))
			assert.ErrorIs(t, err, authstrategy.ErrTokenUnverifiable, name)
			assert.Equal(t, errUnknown, err, name)
			assert.Nil(t, user, name)
		}
	})
}

// id sets the claim that names the user, whatever its name is.
func id(value any) func(*oldToken) {
	return func(old *oldToken) {
		for _, claim := range []string{"id", "user_id"} {
			if _, ok := old.claims[claim]; ok {
				old.claims[claim] = value
			}
		}
	}
}

func loaderNotCalled(t *testing.T) authstrategy.UserLoader[*User] {
	return func(context.Context, *authstrategy.Claims) (*User, error) {
		t.Error("the loader was called")
		return users[42], nil
	}
}

// Migrating reads the tokens of golang-jwt until the date.
func TestMigrating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := libraries[0]
		all, err := Migrating(lib.strategies(t)[0], []byte(lib.secret), time.Now().Add(time.Minute))
		require.NoError(t, err)
		token := lib.write(t, asItIs)
		_, err = all.ReadToken(t.Context(), token, users.Load)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		_, err = all.ReadToken(t.Context(), token, users.Load)
		assert.ErrorIs(t, err, authstrategy.ErrTokenAudience)
	})
}

// With Issuer, the old tokens must have it.
func TestLegacyIssuer(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		legacy.Issuer = "https://old.example.com"
		_, err := legacy.ReadToken(t.Context(), lib.write(t, set("iss", legacy.Issuer)), users.Load)
		require.NoError(t, err)
		for name, change := range map[string]func(*oldToken){
			"none": asItIs, "another": set("iss", "https://other.example.com"), "a longer one": set("iss", legacy.Issuer+"/"), "empty": set("iss", ""),
		} {
			_, err := legacy.ReadToken(t.Context(), lib.write(t, change), loaderNotCalled(t))
			assert.Equal(t, errUnknown, err, name)
		}
	})
}

// The date ends all old tokens, those without exp included.
func TestLegacyUntil(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		token := lib.write(t, set("exp", time.Now().Add(48*time.Hour).Unix()))
		time.Sleep(24*time.Hour - time.Nanosecond)
		_, err := legacy.ReadToken(t.Context(), token, users.Load)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = legacy.ReadToken(t.Context(), token, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)

		_, err = (&Legacy{Read: lib.read(t, lib.secret), ID: lib.id}).ReadToken(t.Context(), token, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err, "no date is no time")
	})
}

// Old tokens without exp are read if Legacy is told that there are such, until the date.
// An exp that is there counts all the same.
func TestLegacyWithoutExpiration(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		legacy.WithoutExpiration = true
		eternal, expired := lib.write(t, without("exp")), lib.write(t, set("exp", time.Now().Unix()))
		time.Sleep(24*time.Hour - time.Nanosecond)
		_, err := legacy.ReadToken(t.Context(), eternal, users.Load)
		require.NoError(t, err)
		_, err = legacy.ReadToken(t.Context(), expired, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)
		time.Sleep(time.Nanosecond)
		_, err = legacy.ReadToken(t.Context(), eternal, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)
	})
}

// An old token is refused from the second of its exp on, as by this package.
func TestLegacyExpires(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy, token := lib.legacy(t), lib.write(t, asItIs)
		time.Sleep(lifetime - time.Nanosecond)
		_, err := legacy.ReadToken(t.Context(), token, users.Load)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = legacy.ReadToken(t.Context(), token, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)
	})
}

// After the token, Legacy checks what the loader says, as a JWTStrategy does: both
// return the same.
func TestLegacyLoader(t *testing.T) {
	down := errors.New("dial tcp 10.0.0.7:5432: connection refused")
	for name, row := range map[string]struct {
		user *User
		err  error
		want []error
	}{
		"the user":            {user: &User{ID: 42}},
		"nil":                 {want: []error{authstrategy.ErrUserNotFound, authstrategy.ErrInvalidToken}},
		"a user without id":   {user: &User{}, want: []error{authstrategy.ErrUserNotFound, authstrategy.ErrInvalidToken}},
		"another user":        {user: &User{ID: 43}, want: []error{authstrategy.ErrInvalidSubject}},
		"not found":           {err: authstrategy.ErrUserNotFound, want: []error{authstrategy.ErrUserNotFound, authstrategy.ErrInvalidToken}},
		"refused":             {err: authstrategy.ErrUserRefused, want: []error{authstrategy.ErrUserRefused, authstrategy.ErrInvalidToken}},
		"a user and an error": {user: &User{ID: 42}, err: authstrategy.ErrUserRefused, want: []error{authstrategy.ErrUserRefused, authstrategy.ErrInvalidToken}},
		"down":                {user: &User{ID: 42}, err: down, want: []error{}},
		"another reason":      {err: authstrategy.ErrTokenExpired, want: []error{}},
	} {
		t.Run(name, func(t *testing.T) {
			inEachLibrary(t, func(t *testing.T, lib library) {
				load := func(_ context.Context, claims *authstrategy.Claims) (*User, error) {
					assert.Equal(t, "42", claims.Subject)
					assert.True(t, claims.ExpiresAt.Equal(time.Now().Add(lifetime)))
					return row.user, row.err
				}
				ours := lib.strategies(t)[0]
				fresh, err := ours.WriteToken(t.Context(), users[42])
				require.NoError(t, err)
				for token, reader := range map[string]strategy{fresh: ours, lib.write(t, asItIs): lib.legacy(t)} {
					user, err := reader.ReadToken(t.Context(), token, load)
					if row.want == nil {
						require.NoError(t, err)
						assert.Equal(t, row.user, user)
						continue
					}
					require.Error(t, err)
					assert.Nil(t, user)
					for _, reason := range []error{authstrategy.ErrInvalidToken, authstrategy.ErrUserNotFound, authstrategy.ErrUserRefused, authstrategy.ErrInvalidSubject, authstrategy.ErrTokenExpired} {
						assert.Equal(t, slices.Contains(row.want, reason), errors.Is(err, reason), "%T %v", reader, reason)
					}
				}
			})
		})
	}
}

// Behind the new strategy, Legacy opens no second door for tokens that it refuses.
func TestLegacyBehindAnyOf(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		all, err := authstrategy.AnyOf(lib.strategies(t)[0], legacy)
		require.NoError(t, err)
		other := func(options ...authstrategy.Option) strategy {
			options = append(options, lib.options...)
			s, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(lib.secret), options...)
			require.NoError(t, err)
			return s
		}
		written := func(s strategy, id int64) string {
			token, err := s.WriteToken(t.Context(), users[id])
			require.NoError(t, err)
			return token
		}
		hourAgo := func() time.Time { return time.Now().Add(-lifetime) }
		for name, row := range map[string]struct {
			token string
			want  error
		}{
			"for another audience": {written(other(authstrategy.WithAudience("billing")), 42), authstrategy.ErrTokenAudience},
			"of another type":      {written(other(authstrategy.WithAudience(audience), authstrategy.WithTokenType("reset+jwt")), 42), authstrategy.ErrTokenType},
			"expired":              {written(other(authstrategy.WithAudience(audience), authstrategy.WithClock(hourAgo)), 42), authstrategy.ErrTokenExpired},
			"of a disabled user":   {written(other(authstrategy.WithAudience(audience)), 43), authstrategy.ErrUserRefused},
			"old, disabled":        {lib.write(t, id(43)), authstrategy.ErrUserRefused},
			"old, unknown user":    {lib.write(t, id(44)), authstrategy.ErrUserNotFound},
			"garbage":              {"garbage", authstrategy.ErrTokenUnverifiable},
			"of another algorithm": {lib.write(t, func(old *oldToken) { old.method = jwt.SigningMethodHS384 }), authstrategy.ErrTokenUnverifiable},
		} {
			_, err := all.ReadToken(t.Context(), row.token, users.Load)
			assert.ErrorIs(t, err, row.want, name)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidToken, name)
		}

		token, err := all.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		_, err = legacy.ReadToken(t.Context(), token, loaderNotCalled(t))
		assert.Equal(t, errUnknown, err, "what the new strategy writes is not for Legacy")
		_, err = legacy.WriteToken(t.Context(), users[42])
		assert.ErrorIs(t, err, authstrategy.ErrNoSigningKey)
		assert.Equal(t, lifetime, all.(interface{ Lifetime() time.Duration }).Lifetime())
	})
}

// A signed token in jwx's JSON form, with another header beside the one that is
// signed, is not taken.
func TestLegacyTakesCompactTokensAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := libraries[1]
		parts := strings.Split(lib.write(t, func(old *oldToken) { old.header["typ"] = "reset+jwt" }), ".")
		text, err := json.Marshal(map[string]any{"payload": parts[1], "signatures": []any{
			map[string]any{"protected": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)), "signature": "AAAA"},
			map[string]any{"protected": parts[0], "signature": parts[2]},
		}})
		require.NoError(t, err)
		_, err = lib.legacy(t).ReadToken(t.Context(), string(text), loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)
	})
}

// A loader that decodes private claims cannot do so for an old token, which it knows by
// its empty audience.
func TestLegacyClaimsAreNotDecoded(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		_, err := lib.legacy(t).ReadToken(t.Context(), lib.write(t, asItIs), func(_ context.Context, claims *authstrategy.Claims) (*User, error) {
			assert.Empty(t, claims.Audience)
			assert.ErrorIs(t, claims.Decode(&struct{}{}), authstrategy.ErrInvalidClaims)
			return users[42], nil
		})
		assert.NoError(t, err)
	})
}

// downStore is a store of sessions that answers nothing.
type downStore struct{ session.Store }

func (downStore) Get(context.Context, ...string) ([]int64, error) { return nil, http.ErrServerClosed }

// Package session goes around the new strategy, before AnyOf: it ends new tokens, and
// Legacy brings none of them back.
func TestSessions(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		options := append(lib.options, authstrategy.WithAudience(audience), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
		inner, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(lib.secret), options...)
		require.NoError(t, err)
		store := session.NewMemory()
		within := func(store session.Store) strategy {
			sessions, err := session.New(inner, store)
			require.NoError(t, err)
			all, err := authstrategy.AnyOf(sessions, lib.legacy(t))
			require.NoError(t, err)
			return all
		}
		all := within(store)
		old := lib.write(t, asItIs)
		fresh, err := all.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		for _, token := range []string{old, fresh} {
			_, err = all.ReadToken(t.Context(), token, users.Load)
			require.NoError(t, err)
			require.NoError(t, all.DestroyToken(t.Context(), token, users[42]))
		}
		_, err = all.ReadToken(t.Context(), fresh, users.Load)
		assert.ErrorIs(t, err, session.ErrRevoked)
		_, err = all.ReadToken(t.Context(), old, users.Load)
		assert.NoError(t, err, "an old token lives until it expires")

		_, err = within(downStore{store}).ReadToken(t.Context(), fresh, users.Load)
		require.Error(t, err, "the store is down")
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)

		both, err := authstrategy.AnyOf[*User](inner, lib.legacy(t))
		require.NoError(t, err)
		around, err := session.New(both, store)
		require.NoError(t, err)
		assert.ErrorContains(t, around.DestroyToken(t.Context(), old, users[42]), "WithTokenID", "around both")
	})
}
