package jws

import "context"

// A KeySet finds the keys by which a token may have been signed.
type KeySet interface {
	// Candidates returns the keys that may have signed a token with this kid, ""
	// if it has none. Each is tried. An error says nothing about the token.
	Candidates(ctx context.Context, kid string) ([]*Key, error)
}

// A StaticKeySet is always the same. Any of its keys may have signed any token,
// whatever its kid.
type StaticKeySet []*Key

// Candidates returns all keys.
func (s StaticKeySet) Candidates(context.Context, string) ([]*Key, error) { return s, nil }
