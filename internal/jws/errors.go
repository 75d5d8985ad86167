package jws

import "errors"

// The ways in which a token fails, in the order in which they are checked. Every
// error of Open matches one of them, except those of a KeySet.
var (
	// ErrMalformed: not a compact JWS, or its header has the wrong form.
	ErrMalformed = errors.New("malformed")

	// ErrUnverifiable: a JWS, but none that the Codec can or may verify.
	ErrUnverifiable = errors.New("unverifiable")

	// ErrSignature: the signature does not verify.
	ErrSignature = errors.New("the signature does not verify")
)

// A failure is one of these errors with a text of its own. The text holds
// nothing of the token but, quoted and cut short, an alg.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.kind }

// KindOf returns which of these errors an error of Open is; nil for an error of the
// KeySet. It looks at the error alone and at nothing in it: the KeySet may have
// wrapped an error of Open about another token.
func KindOf(err error) error {
	if failure, ok := err.(*failure); ok {
		return failure.kind
	}
	if err == ErrSignature {
		return ErrSignature
	}
	return nil
}

func malformed(text string) error    { return &failure{ErrMalformed, text} }
func unverifiable(text string) error { return &failure{ErrUnverifiable, text} }
