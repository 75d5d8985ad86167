package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

type member struct{ name, value string }

func members(data string) ([]member, error) {
	var all []member
	err := strictjson.EachMember([]byte(data), func(name []byte, value strictjson.Value) error {
		all = append(all, member{string(name), string(value)})
		return nil
	})
	return all, err
}

func TestEachMember(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		want       []member
		says       string // "": no error
	}{
		{"empty", `{}`, nil, ""},
		{"values as written", `{"a":1,"b": "x" ,"c":[ 1],"d":{"e":null}}`, []member{{"a", "1"}, {"b", `"x"`}, {"c", "[ 1]"}, {"d", `{"e":null}`}}, ""},
		{"white space around", " \t\r\n{ \"a\" : 1 } \n", []member{{"a", "1"}}, ""},
		{"names unescaped", `{"\u0061\n":1,"":2}`, []member{{"a\n", "1"}, {"", "2"}}, ""},
		{"other case is another name", `{"a":1,"A":2}`, []member{{"a", "1"}, {"A", "2"}}, ""},

		{"nothing", ``, nil, "not a JSON object"},
		{"white space", ` `, nil, "not a JSON object"},
		{"array", `[]`, nil, "not a JSON object"},
		{"null", `null`, nil, "not a JSON object"},
		{"string", `"{}"`, nil, "not a JSON object"},
		{"byte order mark", "\ufeff{}", nil, "not a JSON object"},
		{"two objects", `{}{}`, nil, "a JSON object with more data after it"},
		{"trailing text", `{}x`, nil, "a JSON object with more data after it"},
		{"trailing NUL", "{}\x00", nil, "a JSON object with more data after it"},
		{"open", `{`, nil, "not valid JSON"},
		{"no value", `{"a"}`, nil, "not valid JSON"},
		{"open value", `{"a":`, nil, "not valid JSON"},
		{"trailing comma", `{"a":1,}`, []member{{"a", "1"}}, "not valid JSON"},
		{"comment", `{/**/}`, nil, "not valid JSON"},
		{"name without quotes", `{a:1}`, nil, "not valid JSON"},
		{"number as name", `{1:1}`, nil, "not valid JSON"},
		{"leading zero", `{"a":01}`, []member{{"a", "0"}}, "not valid JSON"},
		{"NaN", `{"a":NaN}`, nil, "not valid JSON"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", nil, "not valid JSON"},
		{"invalid UTF-8 in a name", "{\"\xc0\x80\":1}", nil, "not valid JSON"},
		{"lone surrogate", `{"a":"\ud800"}`, nil, "not valid JSON"},
		{"lone surrogate in a name", `{"\udc00":1}`, nil, "not valid JSON"},
		{"control character", "{\"a\":\"\n\"}", nil, "not valid JSON"},
		{"duplicate", `{"a":1,"a":1}`, []member{{"a", "1"}}, "an object with the same member twice"},
		{"duplicate by escapes", `{"a":1,"\u0061":2}`, []member{{"a", "1"}}, "an object with the same member twice"},
		{"duplicate nested", `{"a":[{"b":1,"b":2}]}`, nil, "an object with the same member twice"},
		{"duplicate after many", `{` + many(200) + `,"n0":1}`, nil, "an object with the same member twice"},
		{"too deep", strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000), nil, "not valid JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := members(tt.data)
			if tt.says == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, tt.says)
			}
			if tt.name != "duplicate after many" {
				assert.Equal(t, tt.want, got)
			}
		})
	}
}

func many(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = `"n` + strings.Repeat("x", i) + `0":1`
	}
	names[0] = `"n0":1`
	return strings.Join(names, ",")
}

func TestEachMemberStops(t *testing.T) {
	stop := errors.New("stop")
	for _, data := range []string{`{"a":1,"b":2}`, `{"a":1, "b":2}`} { // a plain one, and one for the decoder
		calls := 0
		err := strictjson.EachMember([]byte(data), func([]byte, strictjson.Value) error { calls++; return stop })
		assert.Same(t, stop, err)
		assert.Equal(t, 1, calls)
	}
	got, err := members(`{"c":3}`) // the reader is good for another object
	assert.NoError(t, err)
	assert.Equal(t, []member{{"c", "3"}}, got)
}

func TestText(t *testing.T) {
	for value, want := range map[string]string{`""`: "", `"a"`: "a", `"\u0061\"\\\/\n"`: "a\"\\/\n", `"ü"`: "ü", `"\ud83d\ude00"`: "😀"} {
		got, ok := strictjson.Value(value).Text()
		assert.True(t, ok)
		assert.Equal(t, want, got)
	}
	for _, value := range []string{`1`, `null`, `true`, `[]`, `{}`} {
		_, ok := strictjson.Value(value).Text()
		assert.False(t, ok, value)
	}
}

func TestTexts(t *testing.T) {
	for value, want := range map[string][]string{`"a"`: {"a"}, `[]`: {}, `["a"]`: {"a"}, `[ "a" , "\u0062" , "" ]`: {"a", "b", ""}} {
		got, ok := strictjson.Value(value).Texts()
		assert.True(t, ok, value)
		assert.Equal(t, want, got)
	}
	for _, value := range []string{`1`, `null`, `{}`, `[1]`, `["a",null]`, `["a",["b"]]`, `[{}]`, `[true]`} {
		got, ok := strictjson.Value(value).Texts()
		assert.False(t, ok, "%s: %v", value, got)
	}
}

func TestSeconds(t *testing.T) {
	const max = 253402300799
	for value, want := range map[string]time.Time{
		`0`:                              time.Unix(0, 0),
		`-0`:                             time.Unix(0, 0),
		`-0.0e1`:                         time.Unix(0, 0),
		`1`:                              time.Unix(1, 0),
		`253402300799`:                   time.Unix(max, 0),
		`253402300799.0`:                 time.Unix(max, 0),
		`253402300798.999999999`:         time.Unix(max-1, 999999999),
		`1.000000001`:                    time.Unix(1, 1),
		`0.1`:                            time.Unix(0, 1e8),
		`1893456000.123456789`:           time.Unix(1893456000, 123456789),
		`1893456000.9999999999`:          time.Unix(1893456001, 0),
		`1.893456e9`:                     time.Unix(1893456000, 0),
		`18934560000E-1`:                 time.Unix(1893456000, 0),
		`1893456000000000000000000e-15`:  time.Unix(1893456000, 0),
		`0000001e-999999999`[6:]:         time.Unix(0, 0),
		`1` + strings.Repeat(`0`, 9):     time.Unix(1e9, 0),
		`0.` + strings.Repeat(`0`, 4000): time.Unix(0, 0),
	} {
		got, ok := strictjson.Value(value).Seconds(max)
		assert.True(t, ok, value)
		assert.Equal(t, want.UTC(), got, value)
	}
	for _, value := range []string{`-1`, `-1e-9`, `-1e-400`, `-1e-999999999`, `-0.1E-400`, `253402300799.0000001`, `253402300800`, `999999999999999999`, `1000000000000000000`,
		`9223372036854775808`, `1e400`, `1e999999999`, `1e9999999999999999999`, `"1"`, `null`, `[1]`} {
		_, ok := strictjson.Value(value).Seconds(max)
		assert.False(t, ok, value)
	}
}

func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{"": `x""`, "a": `x"a"`, "\"\\\n\x00\x1f": `x"\"\\\n\u0000\u001f"`, "<&>/\u2028ü\x7f": "x\"<&>/\u2028ü\x7f\""} {
		got, err := strictjson.AppendString([]byte("x"), text)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80"} {
		_, err := strictjson.AppendString(nil, text)
		assert.EqualError(t, err, "not valid UTF-8")
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error)  { return nil, errors.New("of the user's") }
func (*failing) UnmarshalJSON(_ []byte) error { return errors.New("of the user's") }

func TestMarshalErrors(t *testing.T) {
	raw := json.RawMessage(`{"a":1,"a":2}`)
	for says, v := range map[string]any{
		"cannot encode the Go type chan int":                struct{ C chan int }{},
		"cannot encode the Go type []float64":               []float64{math.Inf(1)},
		"cannot encode the Go type map[string]string":       map[string]string{"a": "\xff"},
		"cannot encode the Go type strictjson_test.failing": failing{},
		fmt.Sprintf("cannot encode the Go type %T", raw):    raw,
	} {
		_, err := strictjson.Marshal(v)
		assert.EqualError(t, err, says)
	}
}

func TestUnmarshalErrors(t *testing.T) {
	var v struct {
		N int8
		F failing
	}
	assert.EqualError(t, strictjson.Unmarshal([]byte(`{"N":300}`), &v), "cannot decode the Go type int8")
	assert.EqualError(t, strictjson.Unmarshal([]byte(`{"N":"s"}`), &v), "cannot decode the Go type int8")
	assert.EqualError(t, strictjson.Unmarshal([]byte(`{"F":1}`), &v), "cannot decode the Go type *struct { N int8; F strictjson_test.failing }")
	assert.EqualError(t, strictjson.Unmarshal([]byte(`{"N":1,"N":1}`), &v), "cannot decode the Go type *struct { N int8; F strictjson_test.failing }")
	assert.EqualError(t, strictjson.Unmarshal([]byte(`{}`), v), "cannot decode the Go type struct { N int8; F strictjson_test.failing }")
}
