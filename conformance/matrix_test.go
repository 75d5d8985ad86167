package conformance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMatrixBesideGolangJWT reads the matrix of bad tokens with authstrategy
// and with golang-jwt's parser, and prints what each of them takes (go test -v).
// It is there to show what is added, and never fails for golang-jwt, which
// promises less.
func TestMatrixBesideGolangJWT(t *testing.T) {
	readers := []struct {
		name string
		read func(*hostiletest.Reader) func(string) error
	}{
		{"authstrategy", ours(t)},
		{"authstrategy, with a cache, each token twice", oursTwice(t)},
		{"golang-jwt, RegisteredClaims", golangJWT(func() jwt.Claims { return &jwt.RegisteredClaims{} })},
		{"golang-jwt, MapClaims", golangJWT(func() jwt.Claims { return jwt.MapClaims{} })},
	}
	var bad, good []hostiletest.Row
	for _, row := range hostiletest.Rows() {
		if row.Want != nil {
			bad = append(bad, row)
		} else {
			good = append(good, row)
		}
	}
	require.Greater(t, len(bad), 5000)
	require.Greater(t, len(good), 500)

	for _, reader := range readers {
		reads := map[*hostiletest.Reader]func(string) error{}
		takes := func(row hostiletest.Row) bool {
			if reads[row.Reader] == nil {
				reads[row.Reader] = reader.read(row.Reader)
			}
			return reads[row.Reader](row.Token) == nil
		}
		accepted := slices.DeleteFunc(slices.Clone(bad), func(row hostiletest.Row) bool { return !takes(row) })
		refused := slices.DeleteFunc(slices.Clone(good), takes)
		if strings.HasPrefix(reader.name, "authstrategy") {
			assert.Empty(t, accepted, "bad tokens that are accepted")
			assert.Empty(t, refused, "good tokens that are refused")
		}
		t.Logf("%s\naccepts %d of %d bad tokens%s\nrefuses %d of %d good tokens%s",
			reader.name, len(accepted), len(bad), byRule(accepted), len(refused), len(good), byRule(refused))
	}
}

func ours(t *testing.T) func(*hostiletest.Reader) func(string) error {
	return func(r *hostiletest.Reader) func(string) error {
		strategy, err := r.Strategy()
		require.NoError(t, err)
		return func(token string) error {
			_, err := strategy.ReadClaims(t.Context(), token)
			return err
		}
	}
}

// oursTwice fails if the two readings do not end in the same words.
func oursTwice(t *testing.T) func(*hostiletest.Reader) func(string) error {
	return func(r *hostiletest.Reader) func(string) error {
		strategy, err := r.Strategy(authstrategy.WithTokenCache(8))
		require.NoError(t, err)
		return func(token string) error {
			first, err := strategy.ReadClaims(t.Context(), token)
			again, errAgain := strategy.ReadClaims(t.Context(), token)
			require.Equal(t, fmt.Sprint(err), fmt.Sprint(errAgain))
			require.Equal(t, first, again)
			return err
		}
	}
}

// golangJWT is golang-jwt's parser, as strict as its options make it without
// refusing what RFC 7519 allows: WithIssuedAt would refuse an iat that is ahead
// of the clock. The options have no say about typ, kid, an empty sub, a claim that
// stands in for aud, or the length of a token. It does not know the algorithm
// Ed25519 (RFC 9864), neither by itself nor as a name of EdDSA.
func golangJWT(newClaims func() jwt.Claims) func(*hostiletest.Reader) func(string) error {
	return func(r *hostiletest.Reader) func(string) error {
		audience := r.Audience
		if audience == nil {
			audience = []string{authstrategy.DefaultAudience}
		}
		options := []jwt.ParserOption{
			jwt.WithValidMethods([]string{string(r.Algorithm)}),
			jwt.WithStrictDecoding(),
			jwt.WithAudience(audience...),
			jwt.WithLeeway(r.Leeway),
			jwt.WithTimeFunc(r.Time),
		}
		if !r.NoExpiration {
			options = append(options, jwt.WithExpirationRequired())
		}
		if r.Issuer != "" {
			options = append(options, jwt.WithIssuer(r.Issuer))
		}
		parser := jwt.NewParser(options...)
		return func(token string) error {
			_, err := parser.ParseWithClaims(token, newClaims(), func(*jwt.Token) (any, error) { return r.VerificationKey(), nil })
			return err
		}
	}
}

// byRule counts rows by the rule they are there for, in the matrix's order.
func byRule(rows []hostiletest.Row) string {
	var text strings.Builder
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Class+": "+row.Rule]++
	}
	for _, row := range rows {
		rule := row.Class + ": " + row.Rule
		if counts[rule] > 0 {
			fmt.Fprintf(&text, "\n%6d  %s", counts[rule], rule)
			counts[rule] = 0
		}
	}
	return text.String()
}
