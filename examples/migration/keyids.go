package migration

import (
	"context"
	"errors"

	"github.com/go-authstrategy/authstrategy"
)

// ByKeyID writes with the current secret, and reads with both. Each has an id, which is
// the kid of its tokens.
func ByKeyID(current, previous string, secrets map[string]string) (strategy, error) {
	writes, err1 := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(secrets[current]),
		authstrategy.WithKeyID(current), authstrategy.WithAudience(audience))
	reads, err2 := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(secrets[previous]),
		authstrategy.WithKeyID(previous), authstrategy.WithAudience(audience))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return authstrategy.AnyOf(writes, reads)
}

// PublicKeys is a KeySource: the map of a Keyfunc that chooses by kid.
type PublicKeys map[string]*authstrategy.PublicKey

// PublicKeys returns the key with the id. A nil key is skipped: the token is refused.
func (keys PublicKeys) PublicKeys(_ context.Context, kid string) ([]*authstrategy.PublicKey, error) {
	return []*authstrategy.PublicKey{keys[kid]}, nil
}
