package jws_test

import (
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
			_, payload, err := codec.Open(t.Context(), token, tt.keys)
			assert.Equal(t, tt.want, err)
			assert.Equal(t, tt.want == nil, string(payload) == "p")
		})
	}
}
