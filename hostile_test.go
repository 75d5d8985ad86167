package authstrategy_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The matrix has at least so many rows of each class; a class that shrinks is a
// class that is no longer tested.
var minimumRows = map[string]struct{ bad, good int }{
	"algorithm": {312, 13},
	"base64url": {646, 3},
	"header":    {977, 178},
	"signature": {2006, 4},
	"claims":    {917, 314},
	"order":     {152, 0},
	"size":      {79, 5},
}

// TestHostileTokens reads every token of the matrix, and the control of every
// bad one.
func TestHostileTokens(t *testing.T) {
	readers := map[*hostiletest.Reader]*authstrategy.JWTStrategy[authstrategy.Subject]{}
	strategy := func(r *hostiletest.Reader) *authstrategy.JWTStrategy[authstrategy.Subject] {
		if readers[r] == nil {
			readers[r] = hostileStrategy(t, r)
		}
		return readers[r]
	}
	type reading struct {
		reader *hostiletest.Reader
		token  string
	}
	names := map[string]bool{}
	controls := map[reading]bool{}
	respelled := 0
	bad, good := map[string]int{}, map[string]int{}
	for _, row := range hostiletest.Rows() {
		require.False(t, names[row.Name], "two rows are named %q", row.Name)
		names[row.Name] = true
		require.NotEmpty(t, row.Rule, row.Name)
		spellings := append([]string{row.Token}, row.Respelled()...)
		respelled += len(spellings) - 1
		if row.Want == nil {
			good[row.Class]++
			t.Run(row.Name, func(t *testing.T) {
				for _, token := range spellings {
					requireRead(t, strategy(row.Reader), token, row.Rule)
				}
			})
			continue
		}
		bad[row.Class]++
		t.Run(row.Name, func(t *testing.T) {
			for _, token := range spellings {
				requireRefused(t, strategy(row.Reader), token, row.Want, row.Rule)
			}
			if control := (reading{row.Reader, row.Control}); !controls[control] {
				controls[control] = true
				requireRead(t, strategy(row.Reader), row.Control, "the control: "+row.Rule)
			}
		})
	}
	for class, minimum := range minimumRows {
		assert.GreaterOrEqual(t, bad[class], minimum.bad, "bad rows of class %s", class)
		assert.GreaterOrEqual(t, good[class], minimum.good, "good rows of class %s", class)
	}
	assert.Len(t, bad, len(minimumRows))
	assert.GreaterOrEqual(t, respelled, 3000, "tokens that say the same as a row in other bytes")
	t.Logf("bad %v, good %v, controls %d", bad, good, len(controls))
}

// TestOneByteVariants changes one byte of a good token of each algorithm: every
// byte to every value for HS256, and for the others, whose signatures cost more
// to verify, so many of these variants that the test stays short.
func TestOneByteVariants(t *testing.T) {
	for _, reader := range hostiletest.Algorithms() {
		t.Run(reader.Name, func(t *testing.T) {
			t.Parallel()
			strategy := hostileStrategy(t, reader)
			token := reader.Good()
			requireRead(t, strategy, token, "the token itself")
			every := 37
			switch reader.Algorithm {
			case authstrategy.HS256:
				every = 1
			case authstrategy.ES384, authstrategy.ES512:
				every = 401
			}
			refuse := func(variants iter.Seq[string]) (count int) {
				for variant := range variants {
					if count++; count%every == 0 {
						requireInvalid(t, strategy, variant)
					}
				}
				return count
			}
			require.Equal(t, 255*len(token), refuse(hostiletest.OneByteVariants(token)))
			require.Equal(t, 2*len(token)+512, refuse(hostiletest.OneByteLongerOrShorter(token)))
		})
	}
}

func hostileStrategy(t *testing.T, reader *hostiletest.Reader) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	strategy, err := reader.Strategy()
	require.NoError(t, err, reader.Name)
	return strategy
}

// requireRead fails unless both ways of reading accept the token.
func requireRead(t *testing.T, strategy *authstrategy.JWTStrategy[authstrategy.Subject], token, rule string) {
	t.Helper()
	claims, err := strategy.ReadClaims(context.Background(), token)
	require.NoError(t, err, rule)
	require.NotEmpty(t, claims.Subject, rule)
	user, err := strategy.ReadToken(context.Background(), token, loadSubject)
	require.NoError(t, err, rule)
	require.Equal(t, claims.Subject, string(user), rule)
}

// requireRefused fails unless both ways of reading refuse the token for this
// reason and no other, without a user and without a word of the token.
func requireRefused(t *testing.T, strategy *authstrategy.JWTStrategy[authstrategy.Subject], token string, want error, rule string) {
	t.Helper()
	for _, err := range requireNothing(t, strategy, token) {
		assertRefused(t, err, want)
		for _, other := range append(keyErrors, authstrategy.ErrInvalidSubject, authstrategy.ErrInvalidClaims, authstrategy.ErrNoSigningKey) {
			require.NotErrorIs(t, err, other, rule)
		}
		require.Less(t, len(err.Error()), 300, "the length of the error's text: %s", rule)
		for _, segment := range strings.Split(token, ".") {
			if len(segment) > 20 {
				require.NotContains(t, err.Error(), segment, rule)
			}
		}
	}
}

// requireInvalid fails unless both ways of reading refuse the token for exactly
// one reason, whichever it is.
func requireInvalid(t *testing.T, strategy *authstrategy.JWTStrategy[authstrategy.Subject], token string) {
	t.Helper()
	for _, err := range requireNothing(t, strategy, token) {
		requireOneReason(t, err)
	}
}

// requireNothing fails unless both ways of reading return an ErrInvalidToken
// and nothing else, and the loader is not asked. It returns the two errors.
func requireNothing(t *testing.T, strategy *authstrategy.JWTStrategy[authstrategy.Subject], token string) [2]error {
	t.Helper()
	claims, claimsErr := strategy.ReadClaims(context.Background(), token)
	asked := false
	user, userErr := strategy.ReadToken(context.Background(), token, func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		asked = true
		return authstrategy.Subject(claims.Subject), nil
	})
	if !errors.Is(claimsErr, authstrategy.ErrInvalidToken) || !errors.Is(userErr, authstrategy.ErrInvalidToken) || claims != nil || user != "" || asked {
		t.Fatalf("%.200q: ReadClaims returns %+v, %v; ReadToken %q, %v; the loader is asked: %t", token, claims, claimsErr, user, userErr, asked)
	}
	return [2]error{claimsErr, userErr}
}
