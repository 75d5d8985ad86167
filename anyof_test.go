package authstrategy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

const otherSecret = "another secret for tests, not for production"

func anyOf(t testing.TB, strategies ...authstrategy.Strategy[authstrategy.Subject]) authstrategy.Strategy[authstrategy.Subject] {
	t.Helper()
	all, err := authstrategy.AnyOf(strategies...)
	require.NoError(t, err)
	return all
}

// A told strategy answers as it is told, and counts.
type told struct {
	err   error
	reads int
}

func (s *told) WriteToken(context.Context, authstrategy.Subject) (string, error) {
	return "told", s.err
}

func (s *told) ReadToken(context.Context, string, authstrategy.UserLoader[authstrategy.Subject]) (authstrategy.Subject, error) {
	s.reads++
	if s.err != nil {
		return "", s.err
	}
	return "told", nil
}

func (s *told) DestroyToken(context.Context, string, authstrategy.Subject) error { return s.err }

func TestAnyOfRotatesASecret(t *testing.T) {
	previous, current := newStrategy(t, testSecret), newStrategy(t, otherSecret)
	both := anyOf(t, current, previous)
	old, err := previous.WriteToken(ctx, testID)
	require.NoError(t, err)
	written, err := both.WriteToken(ctx, testID)
	require.NoError(t, err)
	for _, token := range []string{old, written} {
		loads := 0
		user, err := both.ReadToken(ctx, token, func(ctx context.Context, c *authstrategy.Claims) (authstrategy.Subject, error) {
			loads++
			return loadSubject(ctx, c)
		})
		assert.NoError(t, err)
		assert.Equal(t, authstrategy.Subject(testID), user)
		assert.Equal(t, 1, loads)
	}
	_, err = current.ReadToken(ctx, written, loadSubject)
	assert.NoError(t, err, "the first strategy writes")
	_, err = previous.ReadToken(ctx, written, loadSubject)
	assertRefused(t, err, authstrategy.ErrTokenSignature)
	_, err = anyOf(t, current).ReadToken(ctx, old, loadSubject)
	assertRefused(t, err, authstrategy.ErrTokenSignature)
}

// Refusals in the order of errors.go, from the one that comes least far.
var refusalsInOrder = []error{
	authstrategy.ErrInvalidToken, authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenMalformed,
	authstrategy.ErrTokenUnverifiable, authstrategy.ErrTokenSignature, authstrategy.ErrTokenType, authstrategy.ErrTokenIssuer,
	authstrategy.ErrTokenAudience, authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenNotYetValid, authstrategy.ErrTokenExpired,
	authstrategy.ErrUserNotFound, authstrategy.ErrUserRefused,
}

const firstFinal = 9 // ErrTokenClaimMissing

// Of two strategies that refuse, the one that got further gives the reason, the
// earlier of equals; and what is final is not asked again elsewhere.
func TestAnyOfPairsOfRefusals(t *testing.T) {
	for i, first := range refusalsInOrder {
		for j, second := range refusalsInOrder {
			a := &told{err: fmt.Errorf("first: %w", first)}
			b := &told{err: fmt.Errorf("second: %w", second)}
			want := a.err
			if i < firstFinal && j > i {
				want = b.err
			}
			user, err := anyOf(t, a, b).ReadToken(ctx, "token", loadSubject)
			assert.Same(t, want, err, "%v, then %v", first, second)
			assert.Empty(t, user)
			assert.Equal(t, 1, a.reads)
			asked := 1
			if i >= firstFinal {
				asked = 0
			}
			assert.Equal(t, asked, b.reads, "%v, then %v", first, second)

			good := &told{}
			user, err = anyOf(t, a, good).ReadToken(ctx, "token", loadSubject)
			assert.Equal(t, i < firstFinal, err == nil)
			assert.Equal(t, i < firstFinal, user == "told")
			assert.Equal(t, asked, good.reads)
		}
	}
}

func TestAnyOfErrors(t *testing.T) {
	down, down2 := errors.New("down"), errors.New("down as well")
	unknown := authstrategy.ErrTokenUnverifiable
	for _, tt := range []struct {
		name  string
		tells []error // of each strategy; nil accepts
		want  error
		asked int
	}{
		{"an error beats a refusal before it", []error{unknown, down}, down, 2},
		{"an error beats a refusal after it", []error{down, unknown}, down, 2},
		{"the first of two errors", []error{down, down2}, down, 2},
		{"the first of two errors, with refusals between", []error{unknown, down, authstrategy.ErrTokenAudience, down2}, down, 4},
		{"a strategy after an error accepts", []error{down, nil}, nil, 2},
		{"what is final ends it, also after an error", []error{down, authstrategy.ErrTokenExpired, nil}, authstrategy.ErrTokenExpired, 2},
		{"what is final ends it, also after a refusal", []error{unknown, authstrategy.ErrUserNotFound, down}, authstrategy.ErrUserNotFound, 2},
		{"an error of configuration is no refusal", []error{authstrategy.ErrInvalidConfig, unknown}, authstrategy.ErrInvalidConfig, 2},
		{"another user is no refusal", []error{authstrategy.ErrInvalidSubject, unknown}, authstrategy.ErrInvalidSubject, 2},
		{"the earliest of three equals", []error{fmt.Errorf("1: %w", unknown), fmt.Errorf("2: %w", unknown), unknown}, unknown, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var strategies []authstrategy.Strategy[authstrategy.Subject]
			var all []*told
			for _, err := range tt.tells {
				s := &told{err: err}
				all, strategies = append(all, s), append(strategies, s)
			}
			user, err := anyOf(t, strategies...).ReadToken(ctx, "token", loadSubject)
			assert.Equal(t, tt.want == nil, user == "told")
			if tt.name == "the earliest of three equals" {
				assert.Same(t, tt.tells[0], err)
			} else {
				assert.Equal(t, tt.want, err)
			}
			for i, s := range all {
				assert.Equal(t, i < tt.asked, s.reads == 1, "strategy %d", i)
			}
		})
	}
}

// A refusal for a reason that only the caller knows comes least far.
func TestAnyOfForeignRefusal(t *testing.T) {
	own := fmt.Errorf("%w: of another kind", authstrategy.ErrInvalidToken)
	missing := fmt.Errorf("%w", authstrategy.ErrTokenMissing)
	_, err := anyOf(t, &told{err: own}, &told{err: missing}).ReadToken(ctx, "token", loadSubject)
	assert.Same(t, missing, err)
	_, err = anyOf(t, &told{err: own}, &told{err: own}).ReadToken(ctx, "token", loadSubject)
	assert.Same(t, own, err)
}

// The loader runs once for each strategy that verified the token. That its
// database is down is no reason not to ask the next strategy.
func TestAnyOfLoads(t *testing.T) {
	down := errors.New("down")
	a, b, other := newStrategy(t, testSecret), newStrategy(t, testSecret), newStrategy(t, otherSecret)
	token := sign(testHeader, testClaims)
	for _, tt := range []struct {
		name       string
		strategies []authstrategy.Strategy[authstrategy.Subject]
		err        error
		want       error
		loads      int
	}{
		{"down", []authstrategy.Strategy[authstrategy.Subject]{other, a, other}, down, down, 1},
		{"down, and two that verify", []authstrategy.Strategy[authstrategy.Subject]{a, other, b}, down, down, 2},
		{"not found", []authstrategy.Strategy[authstrategy.Subject]{a, b}, authstrategy.ErrUserNotFound, authstrategy.ErrUserNotFound, 1},
		{"refused", []authstrategy.Strategy[authstrategy.Subject]{a, b}, authstrategy.ErrUserRefused, authstrategy.ErrUserRefused, 1},
		{"none verifies", []authstrategy.Strategy[authstrategy.Subject]{other, other}, down, authstrategy.ErrTokenSignature, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loads := 0
			user, err := anyOf(t, tt.strategies...).ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (authstrategy.Subject, error) {
				loads++
				return "", tt.err
			})
			assert.ErrorIs(t, err, tt.want)
			assert.Empty(t, user)
			assert.Equal(t, tt.loads, loads)
		})
	}
}

func TestAnyOfDestroys(t *testing.T) {
	a, b, c := &told{err: errors.New("a")}, &told{}, &told{err: errors.New("c")}
	err := anyOf(t, a, b, c).DestroyToken(ctx, "token", testID)
	assert.ErrorIs(t, err, a.err)
	assert.ErrorIs(t, err, c.err)
	assert.EqualError(t, err, "a\nc")
	assert.NoError(t, anyOf(t, b, newStrategy(t, testSecret)).DestroyToken(ctx, "token", testID))
}

func TestAnyOfWrites(t *testing.T) {
	token, err := anyOf(t, &told{}, newStrategy(t, testSecret)).WriteToken(ctx, testID)
	assert.NoError(t, err)
	assert.Equal(t, "told", token)
	down := errors.New("down")
	token, err = anyOf(t, &told{err: down}, newStrategy(t, testSecret)).WriteToken(ctx, testID)
	assert.Equal(t, down, err)
	assert.Empty(t, token, "the empty string comes with an error")
}

// authhttp, and whoever writes a cookie, asks for the lifetime.
func TestAnyOfLifetime(t *testing.T) {
	type lasting interface{ Lifetime() time.Duration }
	minute := newStrategy(t, testSecret, authstrategy.WithLifetime(time.Minute))
	both, ok := anyOf(t, minute, newStrategy(t, otherSecret)).(lasting)
	require.True(t, ok)
	assert.Equal(t, time.Minute, both.Lifetime())
	nested, ok := anyOf(t, anyOf(t, minute), &told{}).(lasting)
	require.True(t, ok)
	assert.Equal(t, time.Minute, nested.Lifetime())
	_, ok = anyOf(t, &told{}, minute).(lasting)
	assert.False(t, ok, "the first has none")
}

func TestAnyOfMistakes(t *testing.T) {
	s := newStrategy(t, testSecret)
	var none *authstrategy.JWTStrategy[authstrategy.Subject]
	var factory authstrategy.StrategyFactory[authstrategy.Subject]
	for says, strategies := range map[string][]authstrategy.Strategy[authstrategy.Subject]{
		"AnyOf has no strategy":         {},
		"AnyOf: strategy 1 of 1 is nil": {nil},
		"AnyOf: strategy 2 of 2 is nil": {s, none},
		"AnyOf: strategy 2 of 3 is nil": {s, factory, s},
	} {
		all, err := authstrategy.AnyOf(strategies...)
		assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
		assert.Contains(t, err.Error(), says)
		assert.Nil(t, all)
	}
	_, err := anyOf(t, s).ReadToken(ctx, sign(testHeader, testClaims), nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.Contains(t, err.Error(), "the loader is nil")
}

// A strategy is compared by ==, for example as the key of a map.
func TestAnyOfIsComparable(t *testing.T) {
	for _, all := range []authstrategy.Strategy[authstrategy.Subject]{anyOf(t, &told{}), anyOf(t, newStrategy(t, testSecret))} {
		assert.True(t, map[any]bool{all: true}[all])
	}
}

// What is the caller's stays the caller's: changing the slice changes nothing.
func TestAnyOfKeepsNothingOfTheCallers(t *testing.T) {
	strategies := []authstrategy.Strategy[authstrategy.Subject]{&told{}, &told{}}
	all := anyOf(t, strategies...)
	clear(strategies)
	token, err := all.WriteToken(ctx, testID)
	assert.NoError(t, err)
	assert.Equal(t, "told", token)
}

// A strategy shows no key, and strategies together show none either.
func TestAnyOfShowsNoKey(t *testing.T) {
	for _, all := range []authstrategy.Strategy[authstrategy.Subject]{
		anyOf(t, newStrategy(t, testSecret), newStrategy(t, otherSecret)), anyOf(t, &told{}, newStrategy(t, otherSecret)),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			text := fmt.Sprintf(verb, all)
			assert.NotContains(t, text, testSecret)
			assert.NotContains(t, text, otherSecret)
		}
	}
}

func TestReadyMadeLoaders(t *testing.T) {
	s := newStrategy(t, testSecret)
	user, err := s.ReadToken(ctx, sign(testHeader, testClaims), authstrategy.LoadSubject)
	require.NoError(t, err)
	assert.Equal(t, authstrategy.Subject(testID), user)

	foreign, err := authstrategy.GetJWTStrategy[*authstrategy.Claims](authstrategy.NewSecret(testSecret), at(testTime))
	require.NoError(t, err)
	claims, err := foreign.ReadToken(ctx, sign(testHeader, testClaims), authstrategy.LoadClaims)
	require.NoError(t, err)
	assert.Equal(t, testID, claims.TokenSubject())
	var decoded struct{ Aud []string }
	require.NoError(t, claims.Decode(&decoded))

	// Writing claims keeps their Subject alone.
	claims.Issuer, claims.ID, claims.Audience = "someone else", "an id", []string{"another"}
	token, err := foreign.WriteToken(ctx, claims)
	require.NoError(t, err)
	again, err := foreign.ReadClaims(ctx, token)
	require.NoError(t, err)
	assert.Equal(t, testID, again.Subject)
	assert.Empty(t, again.Issuer+again.ID)
	assert.Equal(t, []string{authstrategy.DefaultAudience}, again.Audience)

	// Nil claims name nobody.
	var none *authstrategy.Claims
	assert.Empty(t, none.TokenSubject())
	user, err = authstrategy.LoadSubject(ctx, nil)
	assert.NoError(t, err)
	assert.Empty(t, user)
	claims, err = authstrategy.LoadClaims(ctx, nil)
	assert.NoError(t, err)
	assert.Nil(t, claims)
	_, err = foreign.WriteToken(ctx, nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)
	_, err = foreign.WriteToken(ctx, &authstrategy.Claims{})
	assertNoRefusal(t, err, authstrategy.ErrInvalidSubject)
}

// The order of refusals is the one of the documentation.
func TestOrderOfRefusals(t *testing.T) {
	assert.Len(t, refusalsInOrder, len(reasons)+1)
	assert.Equal(t, authstrategy.ErrTokenClaimMissing, refusalsInOrder[firstFinal])
	for reason := range reasons {
		assert.True(t, slices.Contains(refusalsInOrder, reason), "%v", reason)
	}
}

// A nil loader is found before any strategy is asked.
func TestAnyOfNilLoader(t *testing.T) {
	s := &told{}
	user, err := anyOf(t, s).ReadToken(ctx, "token", nil)
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	assert.ErrorContains(t, err, "the loader is nil")
	assert.Empty(t, user)
	assert.Zero(t, s.reads)
}
