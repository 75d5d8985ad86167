package claims_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/claims"
)

func newCodec(t *testing.T, audience ...string) *claims.Codec {
	t.Helper()
	codec, err := claims.NewCodec(audience, "")
	require.NoError(t, err)
	return codec
}

// What is encoded is decoded to the same, in the order of FastAPI Users.
func TestAppend(t *testing.T) {
	codec := newCodec(t, "a", "b")
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	for want, set := range map[string]claims.Set{
		`{"sub":"","aud":["a","b"]}`:                                          {},
		`{"sub":"1","aud":["a","b"]}`:                                         {Subject: "1"},
		`{"sub":"1","aud":["a","b"],"exp":0}`:                                 {Subject: "1", ExpiresAt: at(0)},
		`{"sub":"\"ü","aud":["a","b"],"exp":2,"iss":"i\n","iat":1,"jti":"j"}`: {Subject: `"ü`, Issuer: "i\n", ID: "j", ExpiresAt: at(2), IssuedAt: at(1)},
	} {
		payload, err := codec.Append(nil, &set, "")
		require.NoError(t, err)
		assert.Equal(t, want, string(payload))
		set.Audience, set.HasAudience = []string{"a", "b"}, true
		var decoded claims.Set
		require.NoError(t, codec.Decode(string(payload), &decoded))
		assert.Equal(t, set, decoded)

		payload, err = codec.Append(nil, &set, `"p":1`)
		require.NoError(t, err)
		assert.Equal(t, want[:len(want)-1]+`,"p":1}`, string(payload))
	}
}

func TestAppendNotUTF8(t *testing.T) {
	codec := newCodec(t, "a")
	for _, set := range []claims.Set{{Subject: "\xff"}, {Subject: "1", Issuer: "\xff"}} {
		payload, err := codec.Append(nil, &set, "")
		assert.EqualError(t, err, "not valid UTF-8")
		assert.Nil(t, payload)
	}
	_, err := claims.NewCodec([]string{"\xff"}, "")
	assert.EqualError(t, err, "cannot encode the member \"[0]\": it holds something that is not valid JSON in UTF-8")
}

func TestDecode(t *testing.T) {
	codec := newCodec(t, "a")
	for payload, want := range map[string][]string{`{"aud":["a"]}`: {"a"}, `{"aud":"a"}`: {"a"}, `{"aud":["b","a"]}`: {"b", "a"}, `{"aud":[]}`: {}, `{}`: nil} {
		var set claims.Set
		require.NoError(t, codec.Decode(payload, &set))
		assert.Equal(t, claims.Set{Audience: want, HasAudience: payload != "{}"}, set, payload)
	}
	var set claims.Set
	require.NoError(t, codec.Decode(`{"nbf":1.5,"x":null}`, &set))
	assert.Equal(t, claims.Set{NotBefore: time.Unix(1, 5e8).UTC()}, set)
	for payload, says := range map[string]string{
		`{"sub":1}`:             "an object whose sub is a number; it must be a string",
		`{"iss":null}`:          "an object whose iss is null; it must be a string",
		`{"jti":[]}`:            "an object whose jti is an array; it must be a string",
		`{"aud":1}`:             "an object whose aud is a number; it must be a string or an array of strings",
		`{"exp":true}`:          "an object whose exp is a boolean; it must be a number",
		`{"nbf":-1}`:            "an object whose nbf is before 1970",
		`{"iat":253402300800}`:  "an object whose iat is after the year 9999; are these milliseconds? it must be in seconds",
		`{"sub":"1","sub":"2"}`: "an object with the same member twice",
		`[]`:                    "not a JSON object",
	} {
		assert.EqualError(t, codec.Decode(payload, new(claims.Set)), says, payload)
	}
	assert.NoError(t, codec.Decode(`{"exp":253402300799}`, new(claims.Set)))
}

// The claim that is read in place of aud is a string or nothing.
func TestInsteadOfAudience(t *testing.T) {
	codec, err := claims.NewCodec([]string{"a"}, "client_id")
	require.NoError(t, err)
	for payload, want := range map[string]claims.Set{
		`{"client_id":"x"}`:                {InsteadOfAudience: "x"},
		`{"client_id":"x","aud":"a"}`:      {InsteadOfAudience: "x", HasAudience: true, Audience: []string{"a"}},
		`{"\u0063lient_id":"\u0078"}`:      {InsteadOfAudience: "x"},
		`{"Client_id":"x","clientid":"x"}`: {},
		`{"client_id":["x"]}`:              {},
		`{"client_id":null}`:               {},
		`{"client_id":1}`:                  {},
		`{}`:                               {},
	} {
		var set claims.Set
		require.NoError(t, codec.Decode(payload, &set))
		assert.Equal(t, want, set, payload)
	}
	err = codec.Decode(`{"client_id":"x","client_id":"x"}`, new(claims.Set))
	assert.EqualError(t, err, "an object with the same member twice")
}

func TestRegistered(t *testing.T) {
	for _, name := range []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} {
		assert.True(t, claims.Registered(name), name)
	}
	for _, name := range []string{"", "azp", "Aud", "aud "} {
		assert.False(t, claims.Registered(name), name)
	}
}

func TestEncodePrivate(t *testing.T) {
	for want, v := range map[string]any{`"a":1`: map[string]int{"a": 1}, ``: nil, `"Sub":"x"`: struct{ Sub string }{"x"}} {
		private, err := claims.EncodePrivate(v)
		require.NoError(t, err)
		assert.Equal(t, want, private)
	}
	for says, v := range map[string]any{
		"returned a []int, which is not a JSON object":  []int{1},
		"returned a string, which is not a JSON object": "null",
		"returned a map[string]int, which is an object with the registered claim nbf; leave it out: this package reads it and never writes it": map[string]int{"nbf": 1},
		"returned a chan int: cannot encode: the Go type chan int cannot be encoded":                                                           make(chan int),
	} {
		_, err := claims.EncodePrivate(v)
		assert.EqualError(t, err, says)
	}
}

var errInvalid = errors.New("invalid")

type validated struct{ Role string }

func (v *validated) Validate() error {
	if v.Role == "" {
		return errInvalid
	}
	return nil
}

func TestDecodeAll(t *testing.T) {
	var v validated
	assert.NoError(t, claims.DecodeAll([]byte(`{"Role":"r"}`), reflect.ValueOf(&v)))
	assert.ErrorIs(t, claims.DecodeAll([]byte(`{"Role":""}`), reflect.ValueOf(&v)), errInvalid)
	var p *validated
	assert.ErrorIs(t, claims.DecodeAll([]byte(`{}`), reflect.ValueOf(&p)), errInvalid)
	assert.NoError(t, claims.DecodeAll([]byte(`null`), reflect.ValueOf(&p)), "there is nothing to validate")
	assert.EqualError(t, claims.DecodeAll([]byte(`{"Role":1}`), reflect.ValueOf(&v)), `cannot decode the member "Role": a number does not fit the Go type string`)
}
