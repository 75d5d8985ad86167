// Package inspect lets the packages beside the root ask a strategy what its exported
// methods do not tell.
package inspect

// A Writer is what a JWTStrategy that signs adds to its tokens.
type Writer struct {
	TokenID  bool // WithTokenID
	IssuedAt bool // WithIssuedAt
}

// A Wrapper is a strategy that passes its calls on to another one. Only a type of this
// module can be one: nobody else can name Inner.
type Wrapper interface{ Inspect() Inner }

// Inner holds the strategy inside a Wrapper.
type Inner struct{ Strategy any }

// writers is the root's function. The root sets it once, before anything else runs.
var writers func(strategy any) []Writer

// Set is called by the root alone.
func Set(f func(strategy any) []Writer) { writers = f }

// Writers returns the JWTStrategies that sign among a strategy and those that it
// wraps or combines, in their order. It knows nothing of strategies that others wrote.
func Writers(strategy any) []Writer {
	if wrapper, ok := strategy.(Wrapper); ok {
		return Writers(wrapper.Inspect().Strategy)
	}
	return writers(strategy)
}
