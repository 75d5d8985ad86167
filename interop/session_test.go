package interop

import (
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// FastAPI Users' JWTStrategy, which is PyJWT with an audience, still reads the access
// tokens of a session.Strategy: the id and the time in them change nothing for it, nor
// does it that all tokens of the user were ended a moment before. It knows nothing of
// what was ended.
func TestSessionTokens(t *testing.T) {
	pyJWT := peers[0]
	pyJWT.require(t)
	keys := newKeys(t)
	for _, alg := range []authstrategy.Algorithm{authstrategy.HS256, authstrategy.RS256} {
		t.Run(string(alg), func(t *testing.T) {
			inner := writer(t, alg, keys[alg], authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
			strategy, err := session.New(inner, session.NewMemory())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				token, err := strategy.WriteToken(t.Context(), subject)
				if err != nil {
					t.Fatal(err)
				}
				read, err := inner.ReadClaims(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				a := pyJWT.verify(t, alg, keys[alg], token)
				if a.Error != "" || a.Claims["sub"] != subject || a.Claims["jti"] != read.ID || a.Claims["iat"] != float64(read.IssuedAt.Unix()) {
					t.Errorf("verified as %v, error %q", a.Claims, a.Error)
				}
				if err := strategy.DestroyAll(t.Context(), subject); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
