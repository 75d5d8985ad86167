package jwks_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// The private keys of RFC 8037 A.1 and of the curve P-256 in RFC 7517 A.2, and the
// symmetric keys of RFC 7517 A.3.
var secretSeeds = []string{
	`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
	jwkSet(`"kid":"1","use":"enc","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",` + rfcEC),
	jwkSet(`"kty":"oct","alg":"A128KW","k":"GawgguFyGrWKav7AX4VKUg"`, `"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow","kid":"HMAC key used in JWS spec Appendix A.1 example"`),
	`{"keys":[{` + rfcEC + `}],"a":[[{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}]]}`,
}

// FuzzParse: nothing panics. No error holds what a member of a key holds. No text
// with a private or symmetric key in it is accepted. Keys that are accepted are
// public, are found by their ids, and come back the same from the set that Marshal
// makes of them.
func FuzzParse(f *testing.F) {
	for _, text := range secretSeeds {
		f.Add([]byte(text))
	}
	for _, key := range []string{rfcRSA, rfcEC, rfcOKP, `"kid":"2011-04-29","alg":"RS256",` + rfcRSA, `"kid":"1","use":"sig","key_ops":["verify"],"alg":"ES256",` + rfcEC} {
		f.Add([]byte(`{` + key + `}`))
		f.Add([]byte(jwkSet(key, `"kid":"1","x5c":[],`+rfcEC, `"kid":"1",`+rfcOKP, `"use":"enc",`+rfcRSA, `"kid":"2",`+rfcEC)))
	}
	for _, text := range []string{"", "null", `{"keys":[]}`, `{"keys":[null,{},[]]}`, "\ufeff{}", "-----BEGIN PUBLIC KEY-----", `{"kty":"RSA","kty":"EC"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var input any
		_ = json.Unmarshal(text, &input)
		values, secret := lookInto(input)
		source, err := jwks.Parse(text)
		if err != nil {
			assert.ErrorIs(t, err, jwks.ErrInvalidKeySet)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			assertTellsNothing(t, err, values)
			return
		}
		assert.False(t, secret, "a private or symmetric key is accepted")
		assertTellsNothing(t, errors.Join(source.Skipped()...), values)

		read := keysOf(t, source, "")
		require.NotEmpty(t, read)
		var published []*authstrategy.PublicKey
		taken := map[string]bool{}
		for i, key := range read {
			switch key.Key().(type) {
			case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			default:
				t.Fatalf("a key of type %T is accepted", key.Key())
			}
			if key.ID() != "" {
				assert.Contains(t, keysOf(t, source, key.ID()), key)
			}
			if key.ID() == "" || taken[key.ID()] { // Marshal wants ids that differ
				key = publicKey(t, "\x00"+strconv.Itoa(i), key.Algorithm(), key.Key())
			}
			taken[key.ID()] = true
			published = append(published, key)
		}
		set, err := jwks.Marshal(published...)
		require.NoError(t, err)
		again := keysOf(t, parse(t, string(set)), "")
		require.Len(t, again, len(published))
		for i := range again {
			assert.Equal(t, published[i].ID(), again[i].ID())
			assert.Equal(t, published[i].Algorithm(), again[i].Algorithm())
			assert.True(t, sameKey(published[i].Key(), again[i].Key()))
		}
	})
}

// lookInto returns the texts of the members that hold keys, and whether one of the
// objects is a private or symmetric key.
func lookInto(value any) (values []string, secret bool) {
	var inner []any
	switch value := value.(type) {
	case []any:
		inner = value
	case map[string]any:
		for name, member := range value {
			inner = append(inner, member)
			if text, ok := member.(string); ok && strings.Contains(" n e x y d p q dp dq qi k priv ", " "+name+" ") {
				values = append(values, text)
			}
		}
		_, isKey := value["kty"]
		_, d := value["d"]
		_, k := value["k"]
		secret = isKey && (d || k || value["kty"] == "oct")
	}
	for _, member := range inner {
		more, found := lookInto(member)
		values, secret = append(values, more...), secret || found
	}
	return values, secret
}

var quotedID = regexp.MustCompile(`\(kid "(?:[^"\\]|\\.)*"\)`)

// assertTellsNothing asserts that the error does not quote a value. Short ones are
// in any text, and a kid, which is quoted, can be anything.
func assertTellsNothing(t testing.TB, err error, values []string) {
	t.Helper()
	if err == nil {
		return
	}
	text := quotedID.ReplaceAllString(err.Error(), "")
	for _, value := range values {
		if len(value) > 20 { // as much as is shown of a kty
			assert.NotContains(t, text, value)
		}
	}
}
