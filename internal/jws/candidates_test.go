package jws_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// One right key is enough, wherever it stands among the candidates. A key of
// another algorithm changes nothing.
func TestOrderOfCandidates(t *testing.T) {
	codec, right := newCodec(t, "HS256"), newHMAC(t, "HS256")
	wrong, err := jws.NewHMAC("HS256", []byte("another secret"))
	require.NoError(t, err)
	other, err := jws.NewHMAC("HS384", []byte("secret"))
	require.NoError(t, err)
	token := sign(t, `{"alg":"HS256"}`, "p")
	for _, tt := range []struct {
		name string
		keys jws.StaticKeySet
		want error
	}{
		{"right, wrong", jws.StaticKeySet{right, wrong}, nil},
		{"wrong, right", jws.StaticKeySet{wrong, right}, nil},
		{"wrong, right, wrong", jws.StaticKeySet{wrong, right, wrong}, nil},
		{"right, other", jws.StaticKeySet{right, other}, nil},
		{"other, right", jws.StaticKeySet{other, right}, nil},
		{"wrong, other", jws.StaticKeySet{wrong, other}, jws.ErrSignature},
		{"other, wrong", jws.StaticKeySet{other, wrong}, jws.ErrSignature},
		{"wrong, wrong", jws.StaticKeySet{wrong, wrong}, jws.ErrSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opened, err := openBy(t, codec, tt.keys, token)
			assert.Equal(t, tt.want, err)
			assert.Equal(t, tt.want == nil, opened.Payload == "p")
			assert.Equal(t, tt.want == nil, opened.Key == right)
		})
	}
}

// What was verified stands while its key is among the candidates of its kid.
func TestStands(t *testing.T) {
	key, other := newHMAC(t, "HS256"), newHMAC(t, "HS256")
	opened := jws.Opened{Header: jws.Header{KeyID: "k"}, Key: key}
	down := errors.New("down")
	for name, tt := range map[string]struct {
		keys jws.KeySet
		want bool
		err  error
	}{
		"its key":              {keysByID{"k": {key}}, true, nil},
		"behind another":       {keysByID{"k": {other, key}}, true, nil},
		"another":              {keysByID{"k": {other}}, false, nil},
		"none":                 {keysByID{}, false, nil},
		"that of another kid":  {keysByID{"": {key}, "K": {key}}, false, nil},
		"nobody knows the key": {downKeys{down}, false, down},
	} {
		stands, err := opened.Stands(t.Context(), tt.keys)
		assert.Equal(t, tt.want, stands, name)
		assert.Equal(t, tt.err, err, name)
	}
}
