package authstrategy

// What the tests of the cache need to see of its inside.

// Remembers reports whether the strategy remembers the token.
func Remembers[U User](s *JWTStrategy[U], token string) bool { return s.tokens.seen.Get(token) != nil }

// ByMemoryAlone returns the strategy without what verifies and decodes: it reads the
// tokens that s remembers, and panics at every other.
func ByMemoryAlone[U User](s *JWTStrategy[U]) *JWTStrategy[U] {
	tokens := *s.tokens
	tokens.codec, tokens.claims = nil, nil
	return &JWTStrategy[U]{&tokens, s.asksClaims}
}
