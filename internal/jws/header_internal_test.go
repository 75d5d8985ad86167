package jws

import (
	"encoding/base64"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The header of the last verified token that the Codec did not write is kept, and no
// other: not that of a token that was refused, and not its own.
func TestLastHeader(t *testing.T) {
	codec, err := NewCodec("HS256", "JWT", "")
	require.NoError(t, err)
	key, err := NewHMAC("HS256", []byte("secret"))
	require.NoError(t, err)
	token := func(header string) string {
		input := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte("p"))
		signature, err := key.sign(t.Context(), input)
		require.NoError(t, err)
		return input + "." + base64url.EncodeToString(signature)
	}
	var opened Opened
	open := func(token string) error {
		opened = Opened{}
		return codec.Open(t.Context(), token, StaticKeySet{key}, &opened)
	}

	own, err := codec.Sign(t.Context(), key, []byte("p"))
	require.NoError(t, err)
	require.NoError(t, open(own))
	assert.Nil(t, codec.last.Load())

	first, second := token(`{"alg":"HS256","kid":"1"}`), token(`{"kid":"2","alg":"HS256","typ":"JWT"}`)
	require.ErrorIs(t, open(first[:len(first)-4]+"AAAA"), ErrSignature)
	assert.Nil(t, codec.last.Load())

	for range 2 {
		require.NoError(t, open(first))
		assert.Equal(t, Header{Algorithm: "HS256", HasAlgorithm: true, KeyID: "1"}, opened.Header)
		kept := codec.last.Load()
		require.NoError(t, open(own))
		assert.Same(t, kept, codec.last.Load())
		require.ErrorIs(t, open(second[:len(second)-4]+"AAAA"), ErrSignature)
		assert.Same(t, kept, codec.last.Load())
		require.NoError(t, open(first))
		assert.Same(t, kept, codec.last.Load())

		require.NoError(t, open(second))
		assert.Equal(t, Header{Algorithm: "HS256", HasAlgorithm: true, Type: "JWT", HasType: true, KeyID: "2"}, opened.Header)
		assert.NotSame(t, kept, codec.last.Load())
	}
}

// No header passes for another one, however near it is. In base64url the first two differ
// in the case of a letter alone.
func TestNearHeaders(t *testing.T) {
	codec, err := NewCodec("HS256", "JWT", "")
	require.NoError(t, err)
	key, err := NewHMAC("HS256", []byte("secret"))
	require.NoError(t, err)
	kids := []string{"kA", "k[", "kB", "k"}
	segments := make([]string, len(kids))
	for i, kid := range kids {
		segments[i] = base64url.EncodeToString([]byte(`{"alg":"HS256","kid":"` + kid + `"}`))
	}
	require.True(t, strings.EqualFold(segments[0], segments[1]))
	for range 2 {
		for i, segment := range segments {
			input := segment + ".cA"
			signature, err := key.sign(t.Context(), input)
			require.NoError(t, err)
			var opened Opened
			require.NoError(t, codec.Open(t.Context(), input+"."+base64url.EncodeToString(signature), StaticKeySet{key}, &opened))
			assert.Equal(t, kids[i], opened.Header.KeyID)
			assert.Equal(t, segment, codec.last.Load().segment)
		}
	}
}

// Some servers use the memory of a request's strings again.
func TestLastHeaderIsACopy(t *testing.T) {
	codec, err := NewCodec("HS256", "JWT", "")
	require.NoError(t, err)
	segment := []byte(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"1"}`)))
	codec.remember(unsafe.String(&segment[0], len(segment)), Header{KeyID: "1"})
	kept := string(segment)
	segment[0]++
	assert.Equal(t, kept, codec.last.Load().segment)
}
