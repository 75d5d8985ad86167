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
		first := method.appendSignature(nil, "first")
		kept := string(first)
		assert.NotEqual(t, kept, string(method.appendSignature(nil, "second")))
		assert.Equal(t, kept, string(first))
		assert.Equal(t, "so far"+kept, string(method.appendSignature([]byte("so far"), "first")))
	}
}

// A key that takes any signature is of no use, either.
func TestUsable(t *testing.T) {
	assert.EqualError(t, usable(nil), "it accepts a wrong signature")
	assert.NoError(t, usable(mismatches[0]))
	assert.EqualError(t, usable(errNoMethod), "it does not verify: no such algorithm")
}
