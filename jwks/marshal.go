package jwks

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/jwk"
)

// Thumbprint returns the thumbprint of a public key (RFC 7638): the SHA-256 hash
// of its JWK, in base64url. It is a kid that nobody has to choose; strategies made
// with [authstrategy.WithThumbprintKeyID] have it.
//
// The key is an *authstrategy.PublicKey or a key that [authstrategy.NewPublicKey]
// takes. The errors are those of that function; they match
// [authstrategy.ErrInvalidConfig].
func Thumbprint(key crypto.PublicKey) (string, error) {
	if known, ok := key.(*authstrategy.PublicKey); ok {
		key = known.Key()
	}
	checked, err := authstrategy.NewPublicKey("", "", key)
	if err != nil {
		return "", err
	}
	return jwk.Thumbprint(checked.Key())
}

// Marshal returns the JSON Web Key Set (RFC 7517 §5) of the keys, in their order,
// for others to read. Of each key it has kty, the public members, kid, use, which
// is sig, and alg if the key has an algorithm. [Handler] serves it.
//
// Verifiers choose a key by its kid. So a key without id, two keys of one id, no
// key at all, and a nil or zero key are errors. They match
// [authstrategy.ErrInvalidConfig]; all mistakes are reported at once.
func Marshal(keys ...*authstrategy.PublicKey) ([]byte, error) {
	if err := checkPublished(keys); err != nil {
		return nil, err
	}
	objects := make([][]byte, len(keys))
	for i, key := range keys {
		objects[i], _ = jwk.Encode(key.ID(), string(key.Algorithm()), key.Key()) // never fails for a PublicKey
	}
	return slices.Concat([]byte(`{"keys":[`), bytes.Join(objects, []byte(",")), []byte("]}")), nil
}

// checkPublished reports all mistakes in a set that is to be published.
func checkPublished(keys []*authstrategy.PublicKey) error {
	if len(keys) == 0 {
		return mistake("there is no key to publish; pass at least one")
	}
	var mistakes []error
	places := map[string]int{} // by id
	for i, key := range keys {
		place, repeated := places[key.ID()]
		places[key.ID()] = i
		if key.Key() == nil {
			mistakes = append(mistakes, mistake("key %d of %d is nil or zero; strategies with HS256, HS384, HS512 or WithKeySource have no public key", i+1, len(keys)))
		} else if key.ID() == "" {
			mistakes = append(mistakes, mistake("key %d of %d has no id, and verifiers choose by it; make its strategy with WithThumbprintKeyID", i+1, len(keys)))
		} else if repeated {
			mistakes = append(mistakes, mistake("keys %d and %d of %d have the same id, and verifiers choose by it; publish each key once, and give each an id of its own, as WithThumbprintKeyID does", place+1, i+1, len(keys)))
		}
	}
	return errors.Join(mistakes...)
}

func mistake(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{authstrategy.ErrInvalidConfig}, args...)...)
}
