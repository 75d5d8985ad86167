package authstrategy_test

import (
	"context"
	"errors"
	"iter"
	"slices"
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
	"algorithm": {360, 16},
	"base64url": {646, 3},
	"header":    {1048, 190},
	"key":       {208, 22},
	"signature": {2171, 4},
	"claims":    {1055, 365},
	"order":     {170, 0},
	"size":      {79, 5},
}

// TestHostileTokens reads every token of the matrix, and the control of every
// bad one.
func TestHostileTokens(t *testing.T) {
	strategy := perReader(func(r *hostiletest.Reader) *authstrategy.JWTStrategy[authstrategy.Subject] {
		return hostileStrategy(t, r)
	})
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

// inOrder are the reasons that a token of the matrix can get, in the order of
// errors.go.
var inOrder = []error{
	authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenMalformed, authstrategy.ErrTokenUnverifiable,
	authstrategy.ErrTokenSignature, authstrategy.ErrTokenType, authstrategy.ErrTokenIssuer, authstrategy.ErrTokenAudience,
	authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenNotYetValid, authstrategy.ErrTokenExpired,
}

// furthest returns what AnyOf says where two strategies say this of a token, nil if
// they read it. The final reasons of the matrix are the last three. No other reason
// stands after them, so they need no rule of their own.
func furthest(a, b error) error {
	if a == nil || b == nil {
		return nil
	}
	return inOrder[max(slices.Index(inOrder, a), slices.Index(inOrder, b))]
}

// strangerSays returns what a strategy says of the row that differs from the row's
// reader in its key alone. It agrees as long as the key does not count. After that
// the signature is not good, also that of a good token.
func strangerSays(row hostiletest.Row) error {
	if row.Stage == hostiletest.AtHeader || row.Stage == hostiletest.AtKey {
		return row.Want
	}
	return authstrategy.ErrTokenSignature
}

// strangerOfSays is strangerSays for a strategy of another algorithm, too. It agrees
// as long as the algorithm does not count. After that the token is another's, unless
// it is one of those whose only fault is that they are of that algorithm.
func strangerOfSays(row hostiletest.Row, alg authstrategy.Algorithm) error {
	if row.Stage == hostiletest.AtHeader && row.Want != authstrategy.ErrTokenUnverifiable {
		return row.Want
	}
	if row.ReachesSignature(alg) {
		return authstrategy.ErrTokenSignature
	}
	return authstrategy.ErrTokenUnverifiable
}

// TestHostileTokensThroughAnyOf reads the matrix with AnyOf, where the strategy of
// the row's reader stands before and after one that has another key. What AnyOf says
// is nearly always what the reader says: what comes before the signature is the same
// for both, and what comes after it is further than what the other says. The
// exception are claims that are malformed. Only the reader sees that, and it stands
// early in the order, so the other's reason is reported.
func TestHostileTokensThroughAnyOf(t *testing.T) {
	t.Parallel()
	of := perReader(func(r *hostiletest.Reader) rotations { return newRotations(t, r) })
	exceptions := 0
	for _, row := range hostiletest.Rows() {
		s := of(row.Reader)
		withStranger := furthest(row.Want, strangerSays(row))
		withStrangerOf := furthest(row.Want, strangerOfSays(row, s.otherAlgorithm))
		for _, round := range []struct {
			name     string
			strategy authstrategy.Strategy[authstrategy.Subject]
			want     error
		}{
			{"before another key", s.beforeStranger, withStranger},
			{"after another key", s.afterStranger, withStranger},
			{"after another algorithm", s.afterStrangerOf, withStrangerOf},
		} {
			if got := verdict(t, round.strategy, row.Token); got != round.want {
				t.Errorf("%s: %s: %v, want %v", row.Name, round.name, got, round.want)
			}
		}
		if withStranger != row.Want {
			assert.Equal(t, authstrategy.ErrTokenMalformed, row.Want, row.Name)
			exceptions++
		}
	}
	t.Logf("another reason than the row's own: %d of %d", exceptions, len(hostiletest.Rows()))
}

// rotations are AnyOf of a Reader's own strategy and of one with another key.
type rotations struct {
	beforeStranger, afterStranger, afterStrangerOf authstrategy.Strategy[authstrategy.Subject]
	otherAlgorithm                                 authstrategy.Algorithm
}

func newRotations(t *testing.T, r *hostiletest.Reader, more ...authstrategy.Option) rotations {
	t.Helper()
	otherAlgorithm := authstrategy.EdDSA
	if r.Algorithm == authstrategy.EdDSA || r.Algorithm == authstrategy.Ed25519 {
		otherAlgorithm = authstrategy.ES256
	}
	own := hostileStrategy(t, r, more...)
	stranger, err := r.Stranger(more...)
	require.NoError(t, err, r.Name)
	strangerOf, err := r.StrangerOf(otherAlgorithm, more...)
	require.NoError(t, err, r.Name)
	return rotations{anyOf(t, own, stranger), anyOf(t, stranger, own), anyOf(t, strangerOf, own), otherAlgorithm}
}

// TestHostileTokensThroughKeySource reads the matrix with strategies that have a
// KeySource. Few rows cannot be made to go through one.
func TestHostileTokensThroughKeySource(t *testing.T) {
	t.Parallel()
	of := perReader(func(r *hostiletest.Reader) sources { return newSources(t, r) })
	bad, good := map[string]int{}, map[string]int{}
	controls := map[string]bool{}
	for _, row := range hostiletest.Rows() {
		row, ok := row.ForSource()
		if !ok {
			continue
		}
		if row.Want == nil {
			good[row.Class]++
		} else {
			bad[row.Class]++
		}
		s := of(row.Reader)
		checkSources(t, s, row)
		if control := row.Reader.Name + row.Control; row.Control != "" && !controls[control] {
			controls[control] = true
			requireRead(t, s.right.strategy, row.Control, "the control: "+row.Rule)
		}
	}
	readGood := 0
	for class, minimum := range minimumRows {
		assert.GreaterOrEqual(t, 100*bad[class], 95*minimum.bad, "bad rows of class %s that go through", class)
		readGood += good[class]
	}
	assert.GreaterOrEqual(t, readGood, 590, "good rows that go through")
	assert.GreaterOrEqual(t, len(controls), 240, "controls")
	t.Logf("bad %v, good %v, controls %d", bad, good, len(controls))
}

// sources are strategies of one Reader, each with a source: one that has the right
// key among others, one that has the others alone, and one that has none.
type sources struct{ right, wrong, empty sourced }

type sourced struct {
	strategy *authstrategy.JWTStrategy[authstrategy.Subject]
	source   *hostiletest.Source
}

func newSources(t *testing.T, r *hostiletest.Reader) sources {
	t.Helper()
	with := func(source *hostiletest.Source) sourced {
		strategy, err := r.SourceStrategy(source)
		require.NoError(t, err, r.Name)
		return sourced{strategy, source}
	}
	return sources{with(r.Source()), with(r.WrongSource()), with(&hostiletest.Source{})}
}

// checkSources reads the row with each of the sources. Without the right key no
// signature is good, and without any key there is nothing to verify it with. No key
// is looked up for a token whose form, size or header is refused, and one look is
// enough for all others.
func checkSources(t *testing.T, s sources, row hostiletest.Row) {
	t.Helper()
	withWrong, withNone := row.Want, row.Want
	if row.Stage > hostiletest.AtKey {
		withWrong, withNone = authstrategy.ErrTokenSignature, authstrategy.ErrTokenUnverifiable
	}
	var kids []string
	if row.Stage > hostiletest.AtHeader {
		kids = []string{row.KeyID()}
	}
	for _, round := range []struct {
		name string
		sourced
		want error
	}{{"the right key", s.right, row.Want}, {"wrong keys", s.wrong, withWrong}, {"no keys", s.empty, withNone}} {
		round.source.Asked = nil
		if got := verdict(t, round.strategy, row.Token); got != round.want {
			t.Errorf("%s: with %s: %v, want %v", row.Name, round.name, got, round.want)
		}
		if asked := round.source.Asked; !slices.Equal(asked, kids) {
			t.Errorf("%s: with %s: the source is asked for %q, want %q", row.Name, round.name, asked, kids)
		}
	}
}

// TestTokenCacheHostile reads the matrix with strategies that have a cache, each token
// twice. They say what strategies without one say.
func TestTokenCacheHostile(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"alone": cacheAlone, "AnyOf": cacheThroughAnyOf, "source": cacheThroughSource, "one byte": cacheAndOneByte,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

const hostileCache = 8 // tokens: few, so that they push out one another

func cacheAlone(t *testing.T) {
	type pair struct{ plain, cached *hostiletest.Strategy }
	of := perReader(func(r *hostiletest.Reader) pair {
		return pair{hostileStrategy(t, r), hostileStrategy(t, r, authstrategy.WithTokenCache(hostileCache))}
	})
	bad, good := 0, 0
	controls := map[string]bool{}
	for _, row := range hostiletest.Rows() {
		s := of(row.Reader)
		check := func(token string, reason error) {
			want, wantErr := s.plain.ReadClaims(ctx, token)
			require.True(t, errors.Is(wantErr, reason), "%s: %v, want %v", row.Name, wantErr, reason)
			requireSameTwice(t, s.cached, token, want, wantErr)
			if reason == nil {
				good++
			} else {
				bad++
			}
		}
		for _, token := range append([]string{row.Token}, row.Respelled()...) {
			check(token, row.Want)
		}
		if control := row.Reader.Name + row.Control; row.Control != "" && !controls[control] {
			controls[control] = true
			check(row.Control, nil)
		}
	}
	assert.Greater(t, bad, 7000)
	assert.Greater(t, good, 1000)
	t.Logf("bad %d, good %d", bad, good)
}

func cacheThroughAnyOf(t *testing.T) {
	of := perReader(func(r *hostiletest.Reader) rotations {
		return newRotations(t, r, authstrategy.WithTokenCache(hostileCache))
	})
	for i, row := range hostiletest.Rows() {
		s := of(row.Reader)
		strategy, want := s.beforeStranger, furthest(row.Want, strangerSays(row))
		switch i % 3 { // by turns: it is the same cache
		case 1:
			strategy = s.afterStranger
		case 2:
			strategy, want = s.afterStrangerOf, furthest(row.Want, strangerOfSays(row, s.otherAlgorithm))
		}
		for range 2 {
			if got := verdict(t, strategy, row.Token); got != want {
				t.Errorf("%s: %v, want %v", row.Name, got, want)
			}
		}
	}
}

// A switchedSource is one source at a time.
type switchedSource struct{ *hostiletest.Source }

func cacheThroughSource(t *testing.T) {
	type switched struct {
		strategy            *hostiletest.Strategy
		source              *switchedSource
		right, wrong, empty *hostiletest.Source
	}
	of := perReader(func(r *hostiletest.Reader) switched {
		source := &switchedSource{}
		strategy, err := r.SourceStrategy(source, authstrategy.WithTokenCache(hostileCache))
		require.NoError(t, err, r.Name)
		return switched{strategy, source, r.Source(), r.WrongSource(), &hostiletest.Source{}}
	})
	bad, good := 0, 0
	for _, row := range hostiletest.Rows() {
		row, ok := row.ForSource()
		if !ok {
			continue
		}
		s := of(row.Reader)
		check := func(source *hostiletest.Source, want error) {
			t.Helper()
			s.source.Source = source
			if got := verdict(t, s.strategy, row.Token); got != want {
				t.Errorf("%s: %v, want %v", row.Name, got, want)
			}
		}
		check(s.right, row.Want)
		check(s.right, row.Want)
		if row.Want != nil {
			bad++
			continue
		}
		good++
		check(s.wrong, authstrategy.ErrTokenSignature)
		check(s.empty, authstrategy.ErrTokenUnverifiable)
		check(s.right, nil)
	}
	assert.Greater(t, bad, 5000)
	assert.GreaterOrEqual(t, good, 590)
	t.Logf("bad %d, good %d", bad, good)
}

// cacheAndOneByte changes one byte of a token that is remembered. The cache has one
// place: every variant meets the token, and none pushes it out.
func cacheAndOneByte(t *testing.T) {
	for _, reader := range hostiletest.Algorithms() {
		strategy := hostileStrategy(t, reader, authstrategy.WithTokenCache(1))
		token := reader.Good()
		requireRead(t, strategy, token, "the token itself")
		every := 173
		switch reader.Algorithm {
		case authstrategy.HS256:
			every = 2
		case authstrategy.ES384, authstrategy.ES512:
			every = 1601
		}
		count := 0
		for _, variants := range []iter.Seq[string]{hostiletest.OneByteVariants(token), hostiletest.OneByteLongerOrShorter(token)} {
			for variant := range variants {
				if count++; count%every != 0 {
					continue
				}
				if _, err := strategy.ReadClaims(ctx, variant); !errors.Is(err, authstrategy.ErrInvalidToken) {
					t.Fatalf("%s: %q: %v", reader.Name, variant, err)
				}
			}
		}
		requireFromMemory(t, strategy, token)
	}
}

// perReader returns f, called once for each Reader.
func perReader[T any](f func(*hostiletest.Reader) T) func(*hostiletest.Reader) T {
	made := map[*hostiletest.Reader]T{}
	return func(r *hostiletest.Reader) T {
		if _, ok := made[r]; !ok {
			made[r] = f(r)
		}
		return made[r]
	}
}

// verdict reads the token and returns the one reason for which it is refused, nil if
// it is read. It fails if there is a user or a call of the loader beside a reason.
func verdict(t *testing.T, strategy authstrategy.Strategy[authstrategy.Subject], token string) error {
	t.Helper()
	asked := 0
	user, err := strategy.ReadToken(context.Background(), token, func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		asked++
		return authstrategy.Subject(claims.Subject), nil
	})
	if err == nil && user != "" && asked == 1 {
		return nil
	}
	requireOneReason(t, err)
	if user != "" || asked != 0 {
		t.Fatalf("%.200q: ReadToken returns %q, %v; the loader is asked %d times", token, user, err, asked)
	}
	for _, reason := range inOrder {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return err
}

func hostileStrategy(t *testing.T, reader *hostiletest.Reader, more ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.Subject] {
	t.Helper()
	strategy, err := reader.Strategy(more...)
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
