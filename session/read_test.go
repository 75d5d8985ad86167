package session_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

func TestReadAsksTheStoreOnceAndBeforeTheLoader(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	w.store.since()
	loads := 0
	got, err := w.ReadToken(ctx, token, func(_ context.Context, claims *authstrategy.Claims) (user, error) {
		loads++
		assert.Equal(t, []call{get(tokenKey(t, w.inner, token), space.User("ada"))}, w.store.since(), "before the loader")
		return user(claims.Subject), nil
	})
	require.NoError(t, err)
	assert.Equal(t, ada, got)
	assert.Equal(t, 1, loads)
	assert.Empty(t, w.store.since(), "nothing after the loader")
}

func TestTheLoaderIsNotAskedForAnEndedToken(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	require.NoError(t, w.DestroyToken(ctx, token, ada))
	_, err := w.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (user, error) {
		t.Error("the loader was called")
		return ada, nil
	})
	isRevoked(t, err)
	assert.EqualError(t, err, "session: revoked: the token was ended; log in again")
}

func TestAForgedTokenNeverReachesTheStore(t *testing.T) {
	w := newWorld(t)
	good := write(t, w, ada)
	expired := write(t, w.wrap(t, newJWT(t, accessSecret, w.plus(-2*time.Hour))), ada)
	w.store.since()
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"none":             {"", authstrategy.ErrTokenMissing},
		"large":            {good + strings.Repeat("a", 8192), authstrategy.ErrTokenTooLarge},
		"garbage":          {"garbage", authstrategy.ErrTokenMalformed},
		"another key":      {write(t, w.jwt(t, otherSecret), ada), authstrategy.ErrTokenSignature},
		"another audience": {write(t, w.jwt(t, accessSecret, authstrategy.WithAudience("other")), ada), authstrategy.ErrTokenAudience},
		"expired":          {expired, authstrategy.ErrTokenExpired},
		"not yet valid":    {accessToken(fmt.Sprintf(`,"jti":"1","nbf":%d,"exp":%d`, testTime.Unix()+60, testTime.Unix()+120)), authstrategy.ErrTokenNotYetValid},
	} {
		_, err := w.ReadToken(ctx, c.token, load)
		assertReason(t, err, c.want, name)
		err = w.DestroyToken(ctx, c.token, ada)
		if c.want == authstrategy.ErrTokenNotYetValid {
			assertReason(t, err, c.want, name)
			continue
		}
		assert.NoError(t, err, name)
	}
	assert.Empty(t, w.store.since())
}

// One Get also where the token has no jti.
func TestATokenWithoutAnID(t *testing.T) {
	w := newWorld(t)
	token := accessToken(fmt.Sprintf(`,"iat":%d,"exp":%d`, testTime.Unix(), testTime.Unix()+60))
	lives(t, w, token, ada)
	assert.Equal(t, []call{get(space.Token(""), space.User("ada"))}, w.store.since())
	destroyAll(t, w.Strategy, ada)
	_, err := w.ReadToken(ctx, token, load)
	isRevoked(t, err)
	assert.EqualError(t, err, "session: revoked: all tokens of the user were ended after this one was written; log in again")
}

func TestTheUsersOwnCheckStays(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		load authstrategy.UserLoader[user]
		want error
	}{
		"another user": {func(context.Context, *authstrategy.Claims) (user, error) { return bob, nil }, authstrategy.ErrInvalidSubject},
		"nobody":       {func(context.Context, *authstrategy.Claims) (user, error) { return "", nil }, authstrategy.ErrUserNotFound},
		"refused":      {func(context.Context, *authstrategy.Claims) (user, error) { return "", authstrategy.ErrUserRefused }, authstrategy.ErrUserRefused},
		"its error":    {func(context.Context, *authstrategy.Claims) (user, error) { return "", errOwn }, errOwn},
	} {
		got, err := w.ReadToken(ctx, write(t, w, ada), c.load)
		assert.ErrorIs(t, err, c.want, name)
		assert.Empty(t, got, name)
	}
}

// FastAPI Users writes tokens without iat and jti.
func TestATokenWithoutTimeOfIssueCountsAsIssuedItsMaxLifetimeBeforeExp(t *testing.T) {
	w := newWorld(t, session.WithMaxLifetime(2*time.Hour))
	cutoff := testTime.Add(skew)
	for _, c := range []struct {
		name  string
		exp   time.Time
		lives bool
	}{
		{"issued at the cutoff", cutoff.Add(2 * time.Hour), false},
		{"issued a millisecond later", cutoff.Add(2*time.Hour + time.Millisecond), true},
		{"issued a millisecond before", cutoff.Add(2*time.Hour - time.Millisecond), false},
		{"issued by the inner strategy's lifetime", cutoff.Add(time.Hour + time.Second), false},
	} {
		token := accessToken(fmt.Sprintf(`,"exp":%d.%03d`, c.exp.Unix(), c.exp.Nanosecond()/1e6))
		lives(t, w, token, ada, c.name, "before DestroyAll")
		destroyAll(t, w.Strategy, ada)
		if c.lives {
			lives(t, w, token, ada, c.name)
		} else {
			isEnded(t, w, token, c.name)
		}
		clear(w.store.values)
	}
}

func TestATokenWithNeitherTimeIsRefusedUntilTheCutoffIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.store.now = w.Now
	forever := w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration()))
	neither := accessToken(`,"jti":"1"`)
	onlyExp := accessToken(fmt.Sprintf(`,"jti":"2","exp":%d`, testTime.Add(800*day).Unix()))
	lives(t, forever, neither, ada)
	lives(t, forever, onlyExp, ada)
	destroyAll(t, forever, ada)
	w.Add(732 * day)
	isEnded(t, forever, neither, "for ever")
	isEnded(t, forever, onlyExp, "without iat it counts as one with neither")
	clear(w.store.values) // as if the cutoff were forgotten
	lives(t, forever, neither, ada)
	lives(t, forever, onlyExp, ada)
}

func TestATokenThatOutlivesWhatIsStored(t *testing.T) {
	w := newWorld(t, session.WithMaxLifetime(2*time.Hour), session.WithClockSkew(5*time.Second))
	forever := w.wrap(t, &fakeStrategy{Strategy: w.jwt(t, accessSecret, authstrategy.WithoutExpiration())}, session.WithMaxLifetime(2*time.Hour))
	const most = 2*time.Hour + 5*time.Second + 10*time.Minute
	seconds := func(at time.Time) string { return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/1e6) }
	const tooLong = "authstrategy: invalid configuration: the token lives longer than WithMaxLifetime says, and so outlives what is stored about it; raise WithMaxLifetime, on all hosts before lifetimes grow"
	const noExpiry = "authstrategy: invalid configuration: the token has no exp, and so outlives what is stored about it; give the inner strategy a lifetime, as WithMaxLifetime has it"
	for _, c := range []struct {
		name, claims string
		strategy     *session.Strategy[user]
		want         string // "": it lives
	}{
		{"as far from now as it may be", `,"exp":` + seconds(testTime.Add(most)), w.Strategy, ""},
		{"a millisecond further", `,"exp":` + seconds(testTime.Add(most+time.Millisecond)), w.Strategy, tooLong},
		{"as far from iat as it may be", `,"iat":` + seconds(testTime.Add(-time.Hour)) + `,"exp":` + seconds(testTime.Add(most-time.Hour)), w.Strategy, ""},
		{"a millisecond further from iat", `,"iat":` + seconds(testTime.Add(-time.Hour)) + `,"exp":` + seconds(testTime.Add(most-time.Hour+time.Millisecond)), w.Strategy, tooLong},
		{"no exp", `,"jti":"1","iat":` + seconds(testTime), forever, noExpiry},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := accessToken(c.claims)
			if c.want == "" {
				lives(t, c.strategy, token, ada)
				return
			}
			got, err := c.strategy.ReadToken(ctx, token, load)
			assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
			assert.EqualError(t, err, c.want)
			assert.Empty(t, got)
			assert.EqualError(t, c.strategy.DestroyToken(ctx, token, ada), c.want, "it cannot be ended either")
			assert.Contains(t, c.want, "WithMaxLifetime")
		})
	}
	lives(t, w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration())), accessToken(`,"iat":1`), ada, "no lifetime, no limit")
}

func TestAStoreThatFailsLetsNobodyInAndLogsNobodyOut(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	causes := []error{errDown, authstrategy.ErrInvalidToken, session.ErrRevoked, session.ErrRefreshReused, context.Canceled}
	for _, r := range refusals {
		causes = append(causes, fmt.Errorf("wrapped: %w", r))
	}
	for _, cause := range causes {
		w.store.failing(fmt.Errorf("%w: %w", errOwn, cause), 0)
		loads := 0
		got, err := w.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (user, error) { loads++; return ada, nil })
		assertNoRefusal(t, err, errOwn, cause)
		assert.Empty(t, got)
		assert.Zero(t, loads)
		_, err = w.WriteToken(ctx, ada)
		assertNoRefusal(t, err, errOwn, cause)
		assertNoRefusal(t, w.DestroyAll(ctx, ada), errOwn, cause)
		assertNoRefusal(t, w.DestroyToken(ctx, token, ada), errOwn, cause)
		w.store.failing(fmt.Errorf("%w: %w", errOwn, cause), 1)
		assertNoRefusal(t, w.DestroyToken(ctx, token, ada), errOwn, cause)
	}
	w.store.fail = nil
	lives(t, w, token, ada)
}

func TestAStoreThatReturnsTooFewValues(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	w.store.short = true
	_, err := w.ReadToken(ctx, token, load)
	assert.EqualError(t, err, "session: the store failed: it returned 1 values for 2 keys")
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	_, err = w.WriteToken(ctx, ada)
	assert.EqualError(t, err, "session: the store failed: it returned 0 values for 1 keys")
}

// What the store said stands, whatever the inner strategy makes of its loader's error.
func TestTheStoresWordStands(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	require.NoError(t, w.DestroyToken(ctx, token, ada))
	for name, read := range map[string]func(context.Context, string, authstrategy.UserLoader[user]) (user, error){
		"lets in all the same": func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
			_, _ = w.inner.ReadToken(ctx, token, load)
			return ada, nil
		},
		"forgets the cause": func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
			_, err := w.inner.ReadToken(ctx, token, load)
			return "", errors.New(err.Error())
		},
		"calls every error a refusal": func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
			_, err := w.inner.ReadToken(ctx, token, load)
			return "", fmt.Errorf("%w: %w", authstrategy.ErrTokenExpired, err)
		},
		"asks again": func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
			if _, err := w.inner.ReadToken(ctx, token, load); err != nil {
				w.store.fail = nil
				return w.inner.ReadToken(ctx, token, load)
			}
			return ada, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.wrap(t, &fakeStrategy{Strategy: w.inner, read: read}, session.WithMaxLifetime(time.Hour))
			w.store.since()
			isEnded(t, s, token)
			assert.Len(t, w.store.since(), 1, "the store is asked once")

			w.store.failing(fmt.Errorf("%w: %w", errOwn, session.ErrRevoked), 0)
			got, err := s.ReadToken(ctx, token, load)
			assertNoRefusal(t, err, errOwn)
			assert.Empty(t, got)
			w.store.fail = nil
		})
	}
}

// A strategy that asks twice, as AnyOf does after a loader that failed, is told by the
// store each time.
func TestALaterWordOfTheStoreStands(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, read: func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
		got, err := w.inner.ReadToken(ctx, token, load)
		require.NoError(t, err)
		require.NoError(t, w.DestroyToken(ctx, token, ada))
		_, _ = w.inner.ReadToken(ctx, token, load)
		return got, nil
	}}, session.WithMaxLifetime(time.Hour))
	isEnded(t, s, token)
}

func TestAnInnerStrategyThatDoesNotAskTheLoader(t *testing.T) {
	w := newWorld(t)
	token := write(t, w, ada)
	s := w.wrap(t, &fakeStrategy{Strategy: w.inner, read: func(context.Context, string, authstrategy.UserLoader[user]) (user, error) {
		return ada, nil
	}}, session.WithMaxLifetime(time.Hour))
	const want = "authstrategy: invalid configuration: the inner strategy did not ask the loader, or asked it without claims, so nobody knows whether the token was ended"
	got, err := s.ReadToken(ctx, token, load)
	assert.EqualError(t, err, want)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.Empty(t, got, "nobody is let in")
	assert.EqualError(t, s.DestroyToken(ctx, token, ada), want)

	destroyAll(t, s, ada)
	_, err = s.WriteToken(ctx, ada)
	assert.ErrorContains(t, err, want)
}

// What the inner strategy itself says comes back as it is.
func TestTheInnerStrategysErrorIsReturned(t *testing.T) {
	w := newWorld(t)
	s := w.wrap(t, &fakeStrategy{
		read:  func(context.Context, string, authstrategy.UserLoader[user]) (user, error) { return ada, errOwn },
		write: func(user) (string, error) { return "token", errOwn },
	}, session.WithMaxLifetime(time.Hour))
	got, err := s.ReadToken(ctx, "token", load)
	assert.Equal(t, errOwn, err)
	assert.Empty(t, got)
	token, err := s.WriteToken(ctx, ada)
	assert.Equal(t, errOwn, err)
	assert.Empty(t, token)
	assert.Empty(t, w.store.since())
}

// An ECDSA signature has a second spelling, so that a token has a second text.
func TestTheSecondSpellingOfATokenIsEndedToo(t *testing.T) {
	w := newWorld(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	s := w.wrap(t, w.jwt(t, secret, authstrategy.WithAlgorithm(authstrategy.ES256)))
	token := write(t, s, ada)
	signed := token[:strings.LastIndexByte(token, '.')+1]
	signature, err := base64.RawURLEncoding.DecodeString(token[len(signed):])
	require.NoError(t, err)
	second := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(signature[32:]))
	second.FillBytes(signature[32:])
	other := signed + base64.RawURLEncoding.EncodeToString(signature)
	require.NotEqual(t, token, other)
	lives(t, s, other, ada)
	require.NoError(t, s.DestroyToken(ctx, token, ada))
	isEnded(t, s, token)
	isEnded(t, s, other)
}

func TestKeySpacesKeepServicesApart(t *testing.T) {
	w := newWorld(t)
	other := w.wrap(t, w.inner, session.WithKeySpace("other"))
	one, two := write(t, w, ada), write(t, w, ada)
	require.NoError(t, w.DestroyToken(ctx, one, ada))
	destroyAll(t, w.Strategy, ada)
	isEnded(t, w, one)
	isEnded(t, w, two)
	lives(t, other, one, ada)
	lives(t, other, two, ada)
	claims, err := w.inner.ReadClaims(ctx, two)
	require.NoError(t, err)
	calls := w.store.since()
	assert.Equal(t, get(ledger.KeySpace("other").Token(claims.ID), ledger.KeySpace("other").User("ada")), calls[len(calls)-1])
}
