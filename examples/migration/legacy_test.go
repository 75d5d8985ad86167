package migration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/observe"
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

// faults are what makes an old token none of the old service's.
func faults() map[string]func(*oldToken) {
	return map[string]func(*oldToken){
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
}

// Legacy refuses all that is no token of the old service with ErrTokenUnverifiable, and
// does not ask the loader. That it has expired as well changes nothing.
func TestLegacyRefuses(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		texts := map[string]string{
			"nothing": "", "no token": "garbage", "two segments": "e30.e30", "a token and a space": lib.write(t, asItIs) + " ",
			"no exp": lib.write(t, without("exp")), "exp is text": lib.write(t, set("exp", "2100000000")),
		}
		for name, change := range faults() {
			texts[name] = lib.write(t, change)
			texts[name+", expired"] = lib.write(t, func(old *oldToken) { expired(old); change(old) })
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

func expired(old *oldToken) { old.claims["exp"] = time.Now().Add(-lifetime).Unix() }

// An old token that has expired, and has no other fault, is ErrTokenExpired.
func TestLegacyExpired(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		for name, change := range map[string]func(*oldToken){
			"now":           set("exp", time.Now().Unix()),
			"an hour ago":   expired,
			"long ago":      set("exp", 1),
			"it had an nbf": func(old *oldToken) { expired(old); old.claims["nbf"] = time.Now().Add(-2 * lifetime).Unix() },
		} {
			for _, eternal := range []bool{false, true} {
				legacy := lib.legacy(t)
				legacy.WithoutExpiration = eternal
				user, err := legacy.ReadToken(t.Context(), lib.write(t, change), loaderNotCalled(t))
				assert.Equal(t, errExpired, err, name)
				assert.ErrorIs(t, err, authstrategy.ErrTokenExpired)
				assert.Nil(t, user)
			}
		}
	})
}

// Each reader says what its library says of exp, and reads the date.
func TestReadersSayExpired(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		read, token := lib.read(t, lib.secret), lib.write(t, asItIs)
		expires := time.Now().Add(lifetime)
		for _, want := range []bool{false, true} {
			old, err := read(token)
			require.NoError(t, err)
			assert.Equal(t, want, old.Expired)
			assert.True(t, expires.Equal(old.Expires))
			time.Sleep(lifetime)
		}
	})
}

// What the library says of exp counts, whatever the reader makes of the date. So does
// the date, whatever the library says.
func TestLegacyExpiredByLibraryOrDate(t *testing.T) {
	for name, row := range map[string]struct {
		old  OldToken
		want error
	}{
		"neither":                  {OldToken{Expires: time.Now().Add(time.Hour)}, nil},
		"library":                  {OldToken{Expires: time.Now().Add(time.Hour), Expired: true}, errExpired},
		"date":                     {OldToken{Expires: time.Now()}, errExpired},
		"library, without a date":  {OldToken{Expired: true}, errUnknown},
		"no exp, which is allowed": {OldToken{}, nil},
	} {
		row.old.Type, row.old.Claims = "JWT", map[string]any{"user_id": 42.0}
		read := func(string) (OldToken, error) { return row.old, nil }
		legacy := &Legacy{Read: read, ID: "user_id", Until: time.Now().Add(time.Hour), WithoutExpiration: true}
		_, err := legacy.ReadToken(t.Context(), "a token", users.Load)
		assert.Equal(t, row.want, err, name)
	}
}

// An exp that is no date is no exp that has passed, and none that is missing.
func TestLegacyExpIsNoDate(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		legacy.WithoutExpiration = true
		_, err := legacy.ReadToken(t.Context(), lib.write(t, set("exp", "tomorrow")), loaderNotCalled(t))
		assert.Equal(t, errUnknown, err)
	})
}

// With TextID, the id is a text, and a number is none.
func TestLegacyTextID(t *testing.T) {
	const uuid = "0197f3c2-4c1e-7c5b-9d0a-5b1f6a2e8c11"
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		legacy.TextID = true
		user, err := legacy.ReadToken(t.Context(), lib.write(t, id("42")), users.Load)
		require.NoError(t, err)
		assert.Equal(t, users[42], user)

		subject := ""
		_, err = legacy.ReadToken(t.Context(), lib.write(t, id(uuid)), func(_ context.Context, claims *authstrategy.Claims) (*User, error) {
			subject = claims.Subject
			return nil, authstrategy.ErrUserNotFound
		})
		assert.ErrorIs(t, err, authstrategy.ErrUserNotFound)
		assert.Equal(t, uuid, subject)

		for name, change := range map[string]func(*oldToken){
			"a number": asItIs, "empty": id(""), "null": id(nil), "none": without(lib.id), "an array": id([]string{uuid}),
		} {
			_, err := legacy.ReadToken(t.Context(), lib.write(t, change), loaderNotCalled(t))
			assert.Equal(t, errUnknown, err, name)
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
		assert.Equal(t, "token_audience", observe.Reason(err))

		all, err = Migrating(lib.strategies(t)[3], []byte(lib.secret), time.Now())
		require.NoError(t, err)
		_, err = all.ReadToken(t.Context(), token, users.Load)
		assert.Equal(t, "token_signature", observe.Reason(err), "the new strategy has a new secret")
	})
}

// An old token that has expired is counted as such. Clients are not told.
func TestMigratingExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lib := libraries[0]
		all, err := Migrating(lib.strategies(t)[0], []byte(lib.secret), time.Now().Add(24*time.Hour))
		require.NoError(t, err)
		service, err := New(all, users)
		require.NoError(t, err)
		refusal := func(token string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", "/me", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			return w
		}
		token := lib.write(t, asItIs)
		time.Sleep(lifetime)
		_, err = all.ReadToken(t.Context(), token, loaderNotCalled(t))
		assert.Equal(t, "token_expired", observe.Reason(err))
		forged := token[:strings.LastIndex(token, ".")+1] + strings.Repeat("A", 43)
		_, err = all.ReadToken(t.Context(), forged, loaderNotCalled(t))
		assert.Equal(t, "token_signature", observe.Reason(err))
		assert.Equal(t, http.StatusUnauthorized, refusal(token).Code)
		assert.Equal(t, refusal(forged), refusal(token))
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
		eternal, past := lib.write(t, without("exp")), lib.write(t, set("exp", time.Now().Unix()))
		time.Sleep(24*time.Hour - time.Nanosecond)
		_, err := legacy.ReadToken(t.Context(), eternal, users.Load)
		require.NoError(t, err)
		_, err = legacy.ReadToken(t.Context(), past, loaderNotCalled(t))
		assert.Equal(t, errExpired, err)
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
		assert.Equal(t, errExpired, err)
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
			"for another audience":               {written(other(authstrategy.WithAudience("billing")), 42), authstrategy.ErrTokenAudience},
			"of another type":                    {written(other(authstrategy.WithAudience(audience), authstrategy.WithTokenType("reset+jwt")), 42), authstrategy.ErrTokenType},
			"expired":                            {written(other(authstrategy.WithAudience(audience), authstrategy.WithClock(hourAgo)), 42), authstrategy.ErrTokenExpired},
			"of a disabled user":                 {written(other(authstrategy.WithAudience(audience)), 43), authstrategy.ErrUserRefused},
			"old, disabled":                      {lib.write(t, id(43)), authstrategy.ErrUserRefused},
			"old, unknown user":                  {lib.write(t, id(44)), authstrategy.ErrUserNotFound},
			"old, expired":                       {lib.write(t, expired), authstrategy.ErrTokenExpired},
			"old, expired, for another audience": {lib.write(t, func(old *oldToken) { expired(old); old.claims["aud"] = "billing" }), authstrategy.ErrTokenAudience},
			"old, expired, of another type":      {lib.write(t, func(old *oldToken) { expired(old); old.header["typ"] = "reset+jwt" }), authstrategy.ErrTokenType},
			"garbage":                            {"garbage", authstrategy.ErrTokenUnverifiable},
			"of another algorithm":               {lib.write(t, func(old *oldToken) { old.method = jwt.SigningMethodHS384 }), authstrategy.ErrTokenUnverifiable},
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

// newWithIDs returns the new strategy as package session needs it.
func (lib library) newWithIDs(t *testing.T) strategy {
	t.Helper()
	options := append(lib.options, authstrategy.WithAudience(audience), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	s, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(lib.secret), options...)
	require.NoError(t, err)
	return s
}

// AnyOf(sessions, legacy) ends new tokens, and Legacy brings none of them back. Old ones
// live on, though log-out and DestroyAll return nil: until their exp, and until the date.
func TestSessionsBeforeLegacy(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		store, legacy := session.NewMemory(), lib.legacy(t)
		sessions, all := lib.sessionsBefore(t, legacy, store)
		old := lib.write(t, set("exp", time.Now().Add(48*time.Hour).Unix()))
		brief := lib.write(t, asItIs)
		fresh, err := all.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		another, err := all.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		for _, token := range []string{old, brief, fresh, another} {
			_, err = all.ReadToken(t.Context(), token, users.Load)
			require.NoError(t, err)
		}
		for _, token := range []string{old, brief, fresh} {
			require.NoError(t, all.DestroyToken(t.Context(), token, users[42]))
		}
		require.NoError(t, sessions.DestroyAll(t.Context(), users[42]))
		for _, token := range []string{fresh, another} {
			_, err = all.ReadToken(t.Context(), token, users.Load)
			assert.ErrorIs(t, err, session.ErrRevoked)
		}
		_, down := lib.sessionsBefore(t, legacy, downStore{store})
		for _, token := range []string{old, brief} {
			_, err = all.ReadToken(t.Context(), token, users.Load)
			assert.NoError(t, err)
			_, err = down.ReadToken(t.Context(), token, users.Load)
			assert.NoError(t, err, "the store is down")
		}
		_, err = down.ReadToken(t.Context(), fresh, users.Load)
		require.Error(t, err, "the store is down")
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)

		time.Sleep(24*time.Hour - time.Nanosecond)
		_, err = all.ReadToken(t.Context(), brief, users.Load)
		assert.ErrorIs(t, err, authstrategy.ErrTokenExpired)
		_, err = all.ReadToken(t.Context(), old, users.Load)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = all.ReadToken(t.Context(), old, users.Load)
		assert.ErrorIs(t, err, authstrategy.ErrTokenAudience)
	})
}

// sessionsBefore returns sessions around the new strategy, and AnyOf(sessions, legacy).
func (lib library) sessionsBefore(t *testing.T, legacy *Legacy, store session.Store) (*session.Strategy[*User], strategy) {
	t.Helper()
	sessions, err := session.New(lib.newWithIDs(t), store)
	require.NoError(t, err)
	all, err := authstrategy.AnyOf(sessions, legacy)
	require.NoError(t, err)
	return sessions, all
}

// sessionsAround returns sessions around both: session.New(AnyOf(same, legacy), store).
func (lib library) sessionsAround(t *testing.T, legacy *Legacy, store session.Store, options ...session.Option) *session.Strategy[*User] {
	t.Helper()
	both, err := authstrategy.AnyOf(lib.newWithIDs(t), legacy)
	require.NoError(t, err)
	sessions, err := session.New(both, store, options...)
	require.NoError(t, err)
	return sessions
}

// Around both, old tokens are read, and DestroyAll ends them. The log-out of one fails,
// since it has no id.
func TestSessionsAroundLegacy(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		store := session.NewMemory()
		sessions := lib.sessionsAround(t, lib.legacy(t), store)
		old := lib.write(t, asItIs)
		err := sessions.DestroyToken(t.Context(), old, users[42])
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		assert.ErrorContains(t, err, "WithTokenID")
		_, err = sessions.ReadToken(t.Context(), old, users.Load)
		require.NoError(t, err, "after a log-out")
		auth, err := authhttp.New(authhttp.Bearer{}, sessions, users.Load)
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, me(http.HandlerFunc(postTo(auth.Logout)), old).status)

		_, err = lib.sessionsAround(t, lib.legacy(t), downStore{store}).ReadToken(t.Context(), old, users.Load)
		require.Error(t, err, "the store is down")
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)

		require.NoError(t, sessions.DestroyAll(t.Context(), users[42]))
		_, err = sessions.ReadToken(t.Context(), old, users.Load)
		assert.ErrorIs(t, err, session.ErrRevoked)
	})
}

// postTo makes POST of all requests.
func postTo(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Method = http.MethodPost
		handler(w, r)
	}
}

// Around both, an old token without exp, or with one that is too far away, is not read.
// Nobody is told that it is refused.
func TestSessionsAroundEternalTokens(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		legacy := lib.legacy(t)
		legacy.WithoutExpiration = true
		long := lib.write(t, set("exp", time.Now().Add(20*time.Hour).Unix()))
		sessions := lib.sessionsAround(t, legacy, session.NewMemory())
		for _, token := range []string{lib.write(t, without("exp")), long} {
			_, err := sessions.ReadToken(t.Context(), token, users.Load)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
		}
		longer := lib.sessionsAround(t, legacy, session.NewMemory(), session.WithMaxLifetime(20*time.Hour))
		_, err := longer.ReadToken(t.Context(), long, users.Load)
		assert.NoError(t, err)
	})
}

// After a password was stolen: Until ends everyone's old tokens, and the loader those of
// one user.
func TestStolenPassword(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		_, all := lib.sessionsBefore(t, lib.legacy(t), session.NewMemory())
		old := lib.write(t, asItIs)
		fresh, err := all.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		load := func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
			if claims.Subject == "42" && len(claims.Audience) == 0 {
				return nil, authstrategy.ErrUserRefused
			}
			return users.Load(ctx, claims)
		}
		_, err = all.ReadToken(t.Context(), old, load)
		assert.ErrorIs(t, err, authstrategy.ErrUserRefused)
		_, err = all.ReadToken(t.Context(), fresh, load)
		assert.NoError(t, err)

		_, err = all.ReadToken(t.Context(), old, users.Load)
		require.NoError(t, err)
		legacy := lib.legacy(t)
		legacy.Until = time.Now()
		_, all = lib.sessionsBefore(t, legacy, session.NewMemory())
		_, err = all.ReadToken(t.Context(), old, loaderNotCalled(t))
		assert.ErrorIs(t, err, authstrategy.ErrTokenAudience)
		_, err = all.ReadToken(t.Context(), fresh, users.Load)
		assert.NoError(t, err)
	})
}

// An old instance knows nothing of what was ended here, and reads new tokens, too.
func TestOldInstancesReadEndedTokens(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		sessions := lib.sessionsAround(t, lib.legacy(t), session.NewMemory())
		old := lib.write(t, asItIs)
		time.Sleep(time.Second) // jwtauth and gin-jwt look at iat
		fresh, err := sessions.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		require.NoError(t, sessions.DestroyAll(t.Context(), users[42]))
		for _, token := range []string{old, fresh} {
			_, err := sessions.ReadToken(t.Context(), token, users.Load)
			assert.ErrorIs(t, err, session.ErrRevoked)
			assert.Equal(t, ada, me(lib.service(t, lib.secret, lib.claims), token))
		}
	})
}
