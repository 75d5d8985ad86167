package jws

import (
	"encoding/base64"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The headers of the last four verified tokens are kept that the Codec did not write,
// and no others: not those of tokens that were refused, and not its own.
func TestKnownHeaders(t *testing.T) {
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
	isKnown := func(token string) bool {
		segment, _, _ := strings.Cut(token, ".")
		return codec.recall(segment) != nil
	}

	own, err := codec.Sign(t.Context(), key, []byte("p"))
	require.NoError(t, err)
	require.NoError(t, open(own))
	assert.False(t, isKnown(own))

	ofKid := func(kid string) string { return token(`{"alg":"HS256","kid":"` + kid + `"}`) }
	kids := []string{"1", "2", "3", "4", "5", "6"}
	for round := range 2 {
		for i, kid := range kids {
			good := ofKid(kid)
			require.ErrorIs(t, open(good[:len(good)-4]+"AAAA"), ErrSignature)
			assert.False(t, isKnown(good), kid)
			for range 3 { // the first time as it comes, and then as it is known
				require.NoError(t, open(good))
				assert.Equal(t, Header{Algorithm: "HS256", HasAlgorithm: true, KeyID: kid}, opened.Header)
			}
			for back := range 4 {
				if at := round*len(kids) + i - back; at >= 0 {
					assert.True(t, isKnown(ofKid(kids[at%len(kids)])), "%s, %d before %s", kids[at%len(kids)], back, kid)
				}
			}
		}
	}
	for _, other := range []string{`{"alg":"HS256","kid":"6","typ":"JWT"}`, `{"kid":"6","alg":"HS256"}`} {
		assert.False(t, isKnown(token(other)), other)
	}
}

// No header passes for another one, however near it is. In base64url the first two differ
// in the case of a letter alone.
func TestNearHeaders(t *testing.T) {
	codec, err := NewCodec("HS256", "JWT", "")
	require.NoError(t, err)
	key, err := NewHMAC("HS256", []byte("secret"))
	require.NoError(t, err)
	kids := []string{"kA", "k[", "kB", "k"} // as many as are kept
	segments := make([]string, len(kids))
	for i, kid := range kids {
		segments[i] = base64url.EncodeToString([]byte(`{"alg":"HS256","kid":"` + kid + `"}`))
	}
	require.True(t, strings.EqualFold(segments[0], segments[1]))
	var opened Opened
	open := func(segment string) error {
		opened = Opened{}
		input := segment + ".cA"
		signature, err := key.sign(t.Context(), input)
		require.NoError(t, err)
		return codec.Open(t.Context(), input+"."+base64url.EncodeToString(signature), StaticKeySet{key}, &opened)
	}
	for range 2 {
		for i, segment := range segments {
			require.NoError(t, open(segment))
			assert.Equal(t, kids[i], opened.Header.KeyID)
			assert.NotNil(t, codec.recall(segment))
			require.ErrorIs(t, open(segment+"AAAA"), ErrMalformed)
			require.ErrorIs(t, open(segment[:len(segment)-4]), ErrMalformed)
		}
	}
}

// Some servers use the memory of a request's strings again.
func TestKnownHeadersAreCopies(t *testing.T) {
	codec, err := NewCodec("HS256", "JWT", "")
	require.NoError(t, err)
	segment := []byte(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"1"}`)))
	codec.remember(unsafe.String(&segment[0], len(segment)), Header{KeyID: "1"})
	kept := string(segment)
	segment[0]++
	assert.NotNil(t, codec.recall(kept))
}
