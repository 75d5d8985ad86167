package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// anyone is a user with the id 42 and whatever private claims.
type anyone struct{ claims map[string]any }

func (anyone) TokenSubject() string { return "42" }
func (a anyone) TokenClaims() any   { return a.claims }

// Only a token of the user's own version gets in.
func TestVersion(t *testing.T) {
	secret := authstrategy.NewSecret("test secret of 32 bytes or more!")
	writer, err := authstrategy.GetJWTStrategy[anyone](secret)
	require.NoError(t, err)
	strategy, err := authstrategy.GetJWTStrategy[*User](secret)
	require.NoError(t, err)
	for _, c := range []struct {
		version int64 // the user's
		claims  map[string]any
		want    error
	}{
		{7, map[string]any{"version": 7}, nil},
		{7, map[string]any{"version": 6}, authstrategy.ErrUserRefused},
		{7, map[string]any{"version": 8}, authstrategy.ErrUserRefused},
		{7, map[string]any{"version": "7"}, authstrategy.ErrUserRefused},
		{7, map[string]any{"Version": 7}, authstrategy.ErrUserRefused},
		{0, map[string]any{"version": 0}, nil},
		{0, map[string]any{"version": nil}, authstrategy.ErrUserRefused},
		{0, nil, authstrategy.ErrUserRefused},
	} {
		users["42"] = &User{ID: "42", Version: c.version}
		token, err := writer.WriteToken(t.Context(), anyone{c.claims})
		require.NoError(t, err)
		_, err = strategy.ReadToken(t.Context(), token, load)
		assert.ErrorIs(t, err, c.want, "%v", c)
	}

	delete(users, "42")
	token, err := writer.WriteToken(t.Context(), anyone{})
	require.NoError(t, err)
	_, err = strategy.ReadToken(t.Context(), token, load)
	assert.ErrorIs(t, err, authstrategy.ErrUserNotFound)
}
