package strictjson

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type pair struct{ name, value string }

func pairs(each func([]byte, func([]byte, Value) error) error, data string) (all []pair, err error) {
	err = each([]byte(data), func(name []byte, value Value) error {
		all = append(all, pair{string(name), string(value)})
		return nil
	})
	return all, err
}

var plainObjects = map[string]int{ // and how many members plainObject finds
	`{"sub":"1","aud":["a"],"exp":1893459600}`:                3,
	`{"exp":0,"aud":"a","sub":""}`:                            3,
	`{"":""}`:                                                 1,
	`{"a":["x","y",""]}`:                                      1,
	`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}`:       8,
	`{"a":1234567890123456789012345678901234567890}`:          1,
	`{"A":1,"a":2}`:                                           2,
	`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9}`: 0, // valid, and the decoder's
	`{}`:                  0,
	` {"a":1}`:            0,
	`{"a":1} `:            0,
	`{"a" :1}`:            0,
	`{"a": 1}`:            0,
	`{"a":1 }`:            0,
	`{"a":1, "b":2}`:      0,
	`{"a":["x" ]}`:        0,
	`{"a":[]}`:            0,
	`{"a":[1]}`:           0,
	`{"a":{}}`:            0,
	`{"a":null}`:          0,
	`{"a":true}`:          0,
	`{"a":-1}`:            0,
	`{"a":1.5}`:           0,
	`{"a":1e3}`:           0,
	`{"\\u0061":1}`:       0,
	`{"a":"\\n"}`:         0,
	`{"a":"ü"}`:           0,
	"{\"a\":\"\x7f\"}":    0,
	`{"a":1,"a":1}`:       0, // and not valid
	`{"a":1,"b":2,"a":3}`: 0,
	"{\"a\":\"\x1f\"}":    0,
	"{\"a\":\"\xff\"}":    0,
	`{"a":01}`:            0,
	`{"a":00}`:            0,
	`{"a":1}}`:            0,
	`{"a":1}{`:            0,
	`{"a":1,}`:            0,
	`{,"a":1}`:            0,
	`{"a"}`:               0,
	`{"a":}`:              0,
	`{"a":"x}`:            0,
	`{"a":["x"}`:          0,
	`{"a":["x",]}`:        0,
	`{"a":["x"`:           0,
	`{"a":["x",`:          0,
	`{"a":[`:              0,
	`{"a":1`:              0,
	`{"a":`:               0,
	`{"a`:                 0,
	`{a":1}`:              0,
	`{`:                   0,
	``:                    0,
	`[]`:                  0,
	`{"a":"x""b":1}`:      0,
	`{"a":1"b":1}`:        0,
	`{"a"1}`:              0,
}

func TestPlainObject(t *testing.T) {
	for data, want := range plainObjects {
		_, n := plainObject([]byte(data))
		assert.Equal(t, want, n, data)
		requireSame(t, data)
	}
}

// requireSame requires that data is read as the decoder alone would read it.
func requireSame(t *testing.T, data string) {
	t.Helper()
	want, wantErr := pairs(eachDecoded, data)
	got, err := pairs(EachMember, data)
	require.Equal(t, wantErr, err, data)
	if err == nil {
		require.Equal(t, want, got, data)
	}
}

// FuzzPlainObject: what is found without the decoder is what the decoder finds.
func FuzzPlainObject(f *testing.F) {
	for data := range plainObjects {
		f.Add(data)
	}
	f.Fuzz(requireSame)
}

// BenchmarkEachMember finds the claims of an ordinary token at a glance, and with
// the decoder.
func BenchmarkEachMember(b *testing.B) {
	claims := []byte(`{"sub":"5a2f5bb0-8ad2-4c13-9f0e-6d1f3a9b7c42","aud":["fastapi-users:auth"],"exp":1893459600}`)
	visit := func([]byte, Value) error { return nil }
	for name, each := range map[string]func([]byte, func([]byte, Value) error) error{"plain": EachMember, "decoder": eachDecoded} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := each(claims, visit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
