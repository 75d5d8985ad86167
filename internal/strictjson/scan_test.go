package strictjson_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// oracle reads the members of an object with the decoder of go-json-experiment, whose
// defaults are as strict as EachMember; ok tells whether the text is one object.
func oracle(text string) (all []member, ok bool) {
	decoder := jsontext.NewDecoder(bytes.NewBufferString(text))
	if start, err := decoder.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	for decoder.PeekKind() != jsontext.KindEndObject {
		name, err := decoder.ReadToken()
		if err != nil {
			return nil, false
		}
		m := member{name: name.String()}
		value, err := decoder.ReadValue()
		if err != nil {
			return nil, false
		}
		m.value = string(value)
		all = append(all, m)
	}
	if _, err := decoder.ReadToken(); err != nil {
		return nil, false
	}
	_, err := decoder.ReadToken()
	return all, err == io.EOF
}

func requireLikeOracle(t *testing.T, text string) {
	t.Helper()
	want, ok := oracle(text)
	got, err := members(text)
	require.Equal(t, ok, err == nil, "%.1000q: %v", text, err)
	if ok {
		require.Equal(t, want, got, "%.1000q", text)
	}
}

// values are what a member's value may be, and what it may not.
var values = []string{
	`0`, `-0`, `1`, `10`, `1234567890123456789012345678901234567890`, `0.5`, `-1.25`, `1e5`, `1E5`, `1e+5`, `1e-5`, `0e0`, `1.5e10`, `0.0`, `1e05`,
	`1,2`, `1,2,3`, `-1,-2`, `1e5,1`, `00`, `01`, `-01`, `-`, `--1`, `+1`, `.5`, `-.5`, `1.`, `1.e5`, `1e`, `1e+`, `1e-`, `1e5.`, `1e5e5`, `1.5.5`, `0x1`, `1_0`, `1a`, `-a`, `0-`, `Infinity`, `-Infinity`, `NaN`,
	`true`, `false`, `null`, `tru`, `fals`, `nul`, `truefalse`, `nullnull`, `True`, `NULL`, `t`, `undefined`,
	`""`, `"a"`, `" a b "`, `"ü"`, `"€"`, `"😀"`, "\"\x7f\"", `"\"\\\/\b\f\n\r\t"`, `"\u0000"`, `"\u00Ff"`, `"\ufffd"`, `"\ufffe"`, `"\ud83d\ude00"`, `"\uD83D\uDE00"`, `"\udbff\udfff"`, `"\ud7ff"`, `"\ue000"`,
	`"`, `"a`, `"\`, `"\"`, `"\a"`, `"\'"`, `"\x41"`, `"\U0041"`, `"\u"`, `"\u004"`, `"\u00g0"`, `"\u 041"`, `"\u+041"`, `"\u004`, `"\u0041`, `'a'`, `a`,
	`"\ud800"`, `"\udfff"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\ud83d"`, `"\ud83d\u0041"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\ude0"`, `"\ud83d\`, `"\ud83d\u`, `"\ud83d\ude00`, `"\ud83d/ude00"`,
	"\"\x00\"", "\"\x1f\"", "\"\n\"", "\"\t\"", "\"\xff\"", "\"\x80\"", "\"\xc0\x80\"", "\"\xc3\"", "\"\xe2\x82\"", "\"\xed\xa0\x80\"", "\"\xf0\x9f\x98\"", "\"\xf4\x90\x80\x80\"",
	`[]`, `[ ]`, `[1]`, `[1,2]`, `[ 1 , 2 ]`, `["a","b"]`, `[[]]`, `[[],[]]`, `[[[1],2],3]`, `[{}]`, `[{},{}]`, `[{"a":1},{"a":1}]`, `[true,false,null]`,
	`[`, `]`, `[}`, `{]`, `[1`, `[1,`, `[1,]`, `[,1]`, `[,]`, `[1 2]`, `[1}`, `[[1]`, `[1]]`, `["a"b"]`, `[1;2]`, `[1:2]`, "[1,\x0b2]", "[\x00]", "[\x00",
	`{}`, `{ }`, `{"a":1}`, `{"a":{}}`, `{"a":{"a":{"a":1}}}`, `{"a":1,"b":[2]}`, `{ "a" : 1 , "b" : 2 }`,
	`{`, `}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a",1}`, `{"a"1}`, `{"a"::1}`, `{:1}`, `{a:1}`, `{1:1}`, `{a":1}`, `{1":1}`, `{"a":1]`, `{"a":1 "b":2}`, `{"a":1;"b":2}`, `{"a":1}}`, `{"a":1,"a":2}`, `{"a":[{"b":1,"b":2}]}`,
	``, ` `, `,`, `:`, `/**/1`, `1//`, "\u00a0", "\ufeff1", "\u20281", "\x0c1",
}

func seeds() []string {
	seeds := []string{
		``, ` `, `{`, `}`, `{}`, ` { } `, "\t\r\n{\t\r\n}\t\r\n", `{}{}`, `{},`, `{}x`, "{}\x00", "\x00{}", "\ufeff{}", "\x0b{}", `[]`, `[{}]`, `null`, `"{}"`, `1`, `{"a":1`, `{"a":1}}`, `{"a":1}]`, "{}\xff", "\xff",
		`{"\u0061":1,"a":2}`, `{"\u0061":1,"b":2}`, `{"a\n":1,"a\u000a":2}`, `{"é":1,"\u00e9":2}`, `{"😀":1,"\ud83d\ude00":2}`, `{"\/":1,"/":2}`, `{"":1,"":2}`, `{"":1}`, `{"\ud800":1}`, "{\"\xff\":1}", "{\"\xff\":1,\"\ufffd\":1}", `{"a":1,"A":2}`, `{"a":1,"b":2,"a":3}`,
		`{"a":1,"b":{"a":1},"c":[{"a":1}]}`, `{"a":1,"b":{"c":1},"c":{"c":1,"d":2},"d":1}`, `{"\n":{"\n":{"\n":1}},"\t":2}`,
		`{"` + strings.Repeat(`\n`, 126) + `":1}`, `{"` + strings.Repeat(`\u20ac`, 100) + `":"` + strings.Repeat(`a\ud83d\ude00`, 100) + `"}`,
		object(16), object(17), object(65), object(300), strings.Replace(object(300), `"299"`, `"0"`, 1), strings.Replace(object(16), `"15"`, `"\u0030"`, 1),
	}
	for _, value := range values {
		seeds = append(seeds, `{"a":`+value+`}`, ` { "a" : `+value+` , "b" : `+value+` } `, `{"a":[[`+value+`],`+value+`]}`, `{"a":[`+value, `{`+value+`:1}`)
	}
	return seeds
}

func TestLikeOracle(t *testing.T) {
	for _, text := range seeds() {
		requireLikeOracle(t, text)
	}
}

// FuzzEachMember: EachMember takes what go-json-experiment takes, and finds in it the
// same names and values.
func FuzzEachMember(f *testing.F) {
	for _, text := range seeds() {
		f.Add(text)
	}
	f.Fuzz(requireLikeOracle)
}

// The scanner looks at eight bytes of a string at a time: every byte counts at every
// place, alone and beside every other.
func TestEveryByteAtEveryPlace(t *testing.T) {
	const length = 20
	with := func(at int, bytes ...byte) string {
		text := []byte(strings.Repeat("x", length))
		copy(text[at:], bytes)
		return `{"a":"` + string(text) + `"}`
	}
	for at := range length {
		for c := range 256 {
			requireLikeOracle(t, with(at, byte(c)))
		}
	}
	for at := range 9 {
		for _, first := range []byte("\x00\x1f \"!#\\[]~\x7f\x80\xc3\xff") {
			for second := range 256 {
				requireLikeOracle(t, with(at, first, byte(second)))
			}
		}
	}
}

// The greatest depth is Unmarshal's.
func TestDepth(t *testing.T) {
	const deepest = 10000
	for _, bracket := range []struct{ open, close string }{{`[`, `]`}, {`{"a":`, `}`}, {`[{"a":`, `}]`}} {
		for _, inner := range []string{`1`, `[]`, `{}`} {
			for _, depth := range []int{deepest - 2, deepest - 1, deepest, deepest + 1, 20 * deepest} {
				n := (depth - 1) / strings.Count(strings.ReplaceAll(bracket.open, "{", "["), "[")
				text := `{"a":` + strings.Repeat(bracket.open, n) + inner + strings.Repeat(bracket.close, n) + `}`
				requireLikeOracle(t, text)
				requireLikeOracle(t, text[:len(text)/2])
			}
		}
	}
}

// A name that comes twice is found among few names and many, wherever it stands.
func TestEveryRepeatedName(t *testing.T) {
	for _, count := range []int{1, 2, 3, 15, 16, 17, 18, 63, 64, 65, 128, 200} {
		names := make([]string, count)
		for i := range names {
			names[i] = fmt.Sprintf(`"m%03d":0`, i) // of the same length
		}
		assert.NoError(t, eachMember("{"+strings.Join(names, ",")+`,"other":0}`), count)
		for i, repeated := range names {
			assert.EqualError(t, eachMember("{"+strings.Join(names, ",")+","+repeated+"}"), "an object with the same member twice", "%d of %d", i, count)
			others := append(names[:i:i], names[i+1:]...)
			assert.NoError(t, eachMember("{"+strings.Join(append(others, repeated), ",")+"}"), "%d of %d", i, count)
		}
	}
}

func eachMember(text string) error {
	return strictjson.EachMember(text, func(string, strictjson.Value) error { return nil })
}

// BenchmarkEachMember goes over the claims of this package and of another issuer, and
// over the dearest objects of 64 members.
func BenchmarkEachMember(b *testing.B) {
	for name, text := range map[string]string{
		"own":           `{"sub":"5a2f5bb0-8ad2-4c13-9f0e-6d1f3a9b7c42","aud":["fastapi-users:auth"],"exp":1893459600}`,
		"foreign":       `{"exp":1893459600,"iat":1893456000,"jti":"2f6c1f0e-55c8-4b8f-9a51-0c7f1f4f2ab3","iss":"https://id.example.com/realms/main","aud":["shop","account"],"sub":"5a2f5bb0-8ad2-4c13-9f0e-6d1f3a9b7c42","typ":"Bearer","azp":"shop","realm_access":{"roles":["offline_access","uma_authorization","editor"]},"resource_access":{"account":{"roles":["manage-account","view-profile"]}},"scope":"openid profile email","email_verified":true}`,
		"64 members":    object(64),
		"escaped names": strings.ReplaceAll(object(64), `":`, `\n\n\n\n":`),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := eachMember(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
