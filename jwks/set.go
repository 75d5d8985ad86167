package jwks

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/jwk"
)

// A set is the usable keys of a JWK Set (RFC 7517 §5). It does not change once it
// is read.
type set struct {
	keys    []*authstrategy.PublicKey
	byID    map[string][]*authstrategy.PublicKey
	skipped []error // why the others are not used
}

// publicKeys returns the keys with this kid, byte for byte, or all for "". The
// slice is the caller's own.
func (s *set) publicKeys(kid string) []*authstrategy.PublicKey {
	if kid == "" {
		return slices.Clone(s.keys)
	}
	return slices.Clone(s.byID[kid])
}

// parseSet reads a JWK Set that was fetched. Its errors match ErrInvalidKeySet, as
// those of parseText do. It is one if none of the keys can be used.
func parseSet(ctx context.Context, data []byte) (*set, error) {
	object, err := jwk.Read(data)
	if err != nil {
		return nil, invalid("it is %w; it must be a JSON Web Key Set", err)
	}
	return newSet(ctx, object)
}

// parseText reads a JWK or a JWK Set that somebody put into a file or a variable.
// It is an error if there is a private or a symmetric key anywhere in it, or if
// none of the keys can be used.
func parseText(keyOrSet []byte) (*set, error) {
	object, err := jwk.Read(keyOrSet)
	if err != nil {
		return nil, invalid("it is %w; it must be a JSON Web Key Set", err)
	}
	_, isSet := object["keys"]
	if _, isKey := object["kty"]; isKey && !isSet {
		object = map[string]any{"keys": []any{object}}
	}
	if err := checkPublic(object); err != nil {
		return nil, err
	}
	return newSet(context.Background(), object)
}

// checkPublic says which key of a set is private or symmetric.
func checkPublic(object map[string]any) error {
	elements, _ := object["keys"].([]any)
	for i, element := range elements {
		if err := jwk.CheckPublic(element); err != nil {
			return invalid("%s %w", nameOf(i, elements), err)
		}
	}
	if err := jwk.CheckPublic(object); err != nil {
		return invalid("its JSON, outside of its keys, %w", err)
	}
	return nil
}

// maxSkipped is how many reasons a set keeps: a hostile one has as many as bytes.
const maxSkipped = 100

// newSet reads the keys of a JWK Set, for as long as the context allows. Other members
// of the set mean nothing.
func newSet(ctx context.Context, object map[string]any) (*set, error) {
	elements, isArray := object["keys"].([]any)
	if _, isMetadata := object["jwks_uri"]; isMetadata && !isArray {
		return nil, invalid("it is the metadata of an issuer; pass the issuer to Discover, or the jwks_uri in it to Remote")
	}
	if !isArray {
		return nil, invalid("it has no array named keys; it must be a JSON Web Key Set")
	}
	s := &set{byID: map[string][]*authstrategy.PublicKey{}}
	for i, element := range elements {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		key, err := newKey(element)
		if err != nil {
			if len(s.skipped) < maxSkipped {
				s.skipped = append(s.skipped, fmt.Errorf("%s %w", nameOf(i, elements), err))
			}
			continue
		}
		s.keys = append(s.keys, key)
		s.byID[key.ID()] = append(s.byID[key.ID()], key)
	}
	if more := len(elements) - len(s.keys) - len(s.skipped); more > 0 {
		s.skipped = append(s.skipped, fmt.Errorf("%d keys more are not used", more))
	}
	if len(s.keys) == 0 {
		return nil, noKey(len(elements), s.skipped)
	}
	return s, nil
}

// noKey says why no key of a set can be used. It has the texts of the reasons alone: what
// an issuer publishes is no mistake of this program.
func noKey(count int, skipped []error) error {
	text := fmt.Sprintf("it has no usable key among %d", count)
	for _, reason := range skipped[:min(len(skipped), 3)] {
		text += "\n" + reason.Error()
	}
	return invalid("%s", text)
}

func newKey(element any) (*authstrategy.PublicKey, error) {
	key, err := jwk.Decode(element)
	if err != nil {
		return nil, err
	}
	public, err := authstrategy.NewPublicKey(key.ID, authstrategy.Algorithm(key.Algorithm), key.Public)
	if err != nil {
		return nil, fmt.Errorf("cannot be used: %w", err)
	}
	return public, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalidKeySet}, args...)...)
}

// nameOf names an element of a set in an error.
func nameOf(i int, elements []any) string {
	name := fmt.Sprintf("key %d of %d", i+1, len(elements))
	object, _ := elements[i].(map[string]any)
	if kid, _ := object["kid"].(string); kid != "" {
		name += fmt.Sprintf(" (kid %+.64q)", kid)
	}
	return name
}
