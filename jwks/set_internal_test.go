package jwks

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jwk"
)

const ed25519JWK = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`

// TestFetchedSetWithPrivateKeys: of a set that was fetched, a private or symmetric
// key is skipped, and costs none of the others.
func TestFetchedSetWithPrivateKeys(t *testing.T) {
	for _, private := range []string{
		`{"kid":"b","d":"AAAA",` + ed25519JWK + `}`,
		`{"kid":"b","kty":"oct","k":"AAAA"}`,
		`{"kid":"b","foo":{"d":"AAAA",` + ed25519JWK + `},` + ed25519JWK + `}`,
	} {
		s, err := parseSet(t.Context(), []byte(`{"keys":[`+private+`,{"kid":"a",`+ed25519JWK+`}],"foo":`+private+`}`))
		require.NoError(t, err, private)
		require.Len(t, s.publicKeys(""), 1)
		assert.Equal(t, "a", s.publicKeys("")[0].ID())
		assert.Empty(t, s.publicKeys("b"))
		require.Len(t, s.skipped, 1)
		assert.ErrorIs(t, s.skipped[0], jwk.ErrPrivate)
		assert.ErrorContains(t, s.skipped[0], `key 1 of 2 (kid "b") `)

		_, err = parseSet(t.Context(), []byte(`{"keys":[`+private+`]}`))
		assert.ErrorIs(t, err, ErrInvalidKeySet, "no usable key is left")
		assert.ErrorContains(t, err, "jwks: invalid key set: it has no usable key among 1\nkey 1 of 1 (kid \"b\") ")
	}
}

// TestFetchedSingleKey: a single JWK is for Parse alone.
func TestFetchedSingleKey(t *testing.T) {
	_, err := parseSet(t.Context(), []byte(`{`+ed25519JWK+`}`))
	assert.EqualError(t, err, "jwks: invalid key set: it has no array named keys; it must be a JSON Web Key Set")
	_, err = parseSet(t.Context(), []byte(`{"keys":[{"a":1,"a":1}]}`))
	assert.EqualError(t, err, "jwks: invalid key set: it is an object with the same member twice; it must be a JSON Web Key Set")
}
