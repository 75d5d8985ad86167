package strictjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

type member struct{ name, value string }

func members(data string) ([]member, error) {
	var all []member
	err := strictjson.EachMember(data, func(name string, value strictjson.Value) error {
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
		{"trailing comma", `{"a":1,}`, nil, "not valid JSON"},
		{"comment", `{/**/}`, nil, "not valid JSON"},
		{"name without quotes", `{a:1}`, nil, "not valid JSON"},
		{"number as name", `{1:1}`, nil, "not valid JSON"},
		{"leading zero", `{"a":01}`, nil, "not valid JSON"},
		{"NaN", `{"a":NaN}`, nil, "not valid JSON"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", nil, "not valid JSON"},
		{"invalid UTF-8 in a name", "{\"\xc0\x80\":1}", nil, "not valid JSON"},
		{"lone surrogate", `{"a":"\ud800"}`, nil, "not valid JSON"},
		{"lone surrogate in a name", `{"\udc00":1}`, nil, "not valid JSON"},
		{"control character", "{\"a\":\"\n\"}", nil, "not valid JSON"},
		{"duplicate", `{"a":1,"a":1}`, nil, "an object with the same member twice"},
		{"duplicate by escapes", `{"a":1,"\u0061":2}`, nil, "an object with the same member twice"},
		{"duplicate nested", `{"a":[{"b":1,"b":2}]}`, nil, "an object with the same member twice"},
		{"duplicate after many", `{` + many(200) + `,"n0":1}`, nil, "an object with the same member twice"},
		{"too deep", strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000), nil, "not valid JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := members(tt.data)
			if tt.says != "" {
				assert.EqualError(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
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
	calls := 0
	err := strictjson.EachMember(`{"a":1,"b":2}`, func(string, strictjson.Value) error { calls++; return stop })
	assert.Same(t, stop, err)
	assert.Equal(t, 1, calls)
}

func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{"": `x""`, "a": `x"a"`, `"`: `x"\""`, `\`: `x"\\"`, "\n": `x"\n"`, "a\x00": `x"a\u0000"`, "\"\\\n\x00\x1f": `x"\"\\\n\u0000\u001f"`, "<&>/\u2028ü\x7f": "x\"<&>/\u2028ü\x7f\""} {
		got, err := strictjson.AppendString([]byte("x"), text)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80"} {
		_, err := strictjson.AppendString(nil, text)
		assert.EqualError(t, err, "not valid UTF-8")
	}
}
