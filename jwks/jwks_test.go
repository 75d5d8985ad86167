package jwks_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// A Source of Parse has nothing to fetch.
func TestParsedSource(t *testing.T) {
	source, err := jwks.Parse([]byte(setOf(jwkOf("a"), jwkOf("b"), `{"kty":"new"}`)))
	require.NoError(t, err)
	requireKeys(t, source, "a", "a")
	requireKeys(t, source, "", "a", "b")
	requireNone(t, source, "c")
	assert.Len(t, source.Skipped(), 1)
	require.NoError(t, source.Err())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, source.Refresh(over))
}

func TestParseFails(t *testing.T) {
	source, err := jwks.Parse([]byte(`{"keys":[]}`))
	require.ErrorIs(t, err, jwks.ErrInvalidKeySet)
	require.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	assert.Nil(t, source)
}

func TestNilAndZeroSource(t *testing.T) {
	for _, source := range []*jwks.Source{nil, new(jwks.Source)} {
		found, err := source.PublicKeys(t.Context(), "a")
		assert.Nil(t, found)
		for _, err := range []error{err, source.Refresh(t.Context()), source.Err()} {
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			assert.EqualError(t, err, "authstrategy: invalid configuration: jwks: the Source is nil or zero; make it with Parse, Remote or Discover and check the error")
		}
		assert.Nil(t, source.Skipped())
	}
}

func TestErrorsRefuseNoToken(t *testing.T) {
	for _, err := range []error{jwks.ErrUnavailable, jwks.ErrInvalidKeySet} {
		assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
	}
	assert.NotErrorIs(t, jwks.ErrUnavailable, jwks.ErrInvalidKeySet)
	assert.NotErrorIs(t, jwks.ErrInvalidKeySet, jwks.ErrUnavailable)
}
