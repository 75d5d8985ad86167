package jws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A signature stays what it is when its pooled state signs something else.
func TestSignatureIsACopy(t *testing.T) {
	method, err := newHMACMethod("HS256", []byte("secret"))
	require.NoError(t, err)
	for range 100 { // the pool may drop a state
		first, err := method.sign("first")
		require.NoError(t, err)
		kept := string(first)
		_, err = method.sign("second")
		require.NoError(t, err)
		assert.Equal(t, kept, string(first))
	}
}
