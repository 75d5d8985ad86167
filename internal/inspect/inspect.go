// Package inspect lets the packages beside the root ask a strategy what its exported
// methods do not tell.
package inspect

// A Writer is what a JWTStrategy that signs adds to its tokens.
type Writer struct {
	TokenID  bool // WithTokenID
	IssuedAt bool // WithIssuedAt
}

// writers is the root's function. The root sets it once, before anything else runs.
var writers func(strategy any) []Writer

// Set is called by the root alone.
func Set(f func(strategy any) []Writer) { writers = f }

// Writers returns the JWTStrategies that sign among a strategy and those that it
// combines, in their order. It knows nothing of strategies that others wrote.
func Writers(strategy any) []Writer { return writers(strategy) }
