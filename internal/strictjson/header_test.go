package strictjson_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// object returns an object of n members.
func object(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = `"` + strconv.Itoa(i) + `":0`
	}
	return "{" + strings.Join(members, ",") + "}"
}

func eachHeaderMember(data string) error {
	return strictjson.EachHeaderMember(data, func(string, strictjson.Value) error { return nil })
}

func TestEachHeaderMember(t *testing.T) {
	const (
		tooMany = "an object with more than 64 members, nested ones counted"
		tooDeep = "an object that is nested more than 8 deep"
		twice   = "an object with the same member twice"
		noJSON  = "not valid JSON"
	)
	nested := func(n int, open, end string) string { return strings.Repeat(open, n) + `1` + strings.Repeat(end, n) }
	for _, tt := range []struct{ name, data, says string }{
		{"empty", `{}`, ""},
		{"64 members", object(64), ""},
		{"65 members", object(65), tooMany},
		{"64 members in two objects", `{"a":` + object(31) + `,"b":` + object(31) + `}`, ""},
		{"65 members in two objects", `{"a":` + object(31) + `,"b":` + object(32) + `}`, tooMany},
		{"64 members in an array", `{"a":[` + object(31) + `,` + object(32) + `]}`, ""},
		{"65 members in an array", `{"a":[` + object(32) + `,` + object(32) + `]}`, tooMany},
		{"8 deep", nested(8, `{"a":`, `}`), ""},
		{"9 deep", nested(9, `{"a":`, `}`), tooDeep},
		{"8 deep with arrays", `{"a":` + nested(7, `[`, `]`) + `}`, ""},
		{"9 deep with arrays", `{"a":` + nested(8, `[`, `]`) + `}`, tooDeep},
		{"8 deep many times", `{"a":[` + strings.Repeat(nested(6, `[`, `]`)+`,`, 100) + `1]}`, ""},
		{"colons in a string", `{"a":"` + strings.Repeat(":", 100) + `"}`, ""},
		{"colons in a name", `{"` + strings.Repeat(":", 100) + `":1}`, ""},
		{"brackets in a string", `{"a":"` + strings.Repeat("{[", 100) + `"}`, ""},
		{"closing brackets in a string", `{"a":["}]}]}]",` + nested(7, `[`, `]`) + `]}`, tooDeep},
		{"escaped quotes", `{"a":"` + strings.Repeat(`\":`, 100) + `"}`, ""},
		{"escaped backslash before a quote", `{"a":"\\\":{[","b":1}`, ""},
		{"unicode escapes", `{"a":"\u0022` + strings.Repeat(":", 100) + `"}`, ""},
		{"long array", `{"a":[` + strings.Repeat("1,", 1000) + `1]}`, ""},

		{"twice", `{"a":1, "a":2}`, twice},
		{"twice, plain", `{"a":1,"a":2}`, twice},
		{"twice, apart", `{"a":1, "b":{"a":1,"c":{}},"a":2}`, twice},
		{"twice, within", `{"x":{"a":1,"a":2}}`, twice},
		{"twice, within an array", `{"x":[{"a":1},{"a":1,"a":2}]}`, twice},
		{"twice, escaped", `{"a":1,"\u0061":2}`, twice},
		{"twice, both escaped", `{"\u00e9":1,"\u00E9":2}`, twice},
		{"twice, a surrogate pair", `{"😀":1,"\ud83d\ude00":2}`, twice},
		{"once here and there", `{"a":{"a":{"a":1}},"b":{"a":1},"c":[{"a":1},{"a":1}]}`, ""},
		{"once in neighbours", `{"x":[{"a":1},{"a":1},{"a":1}], "a":1}`, ""},
		{"a value like a name", `{"a":"b", "b":"a"}`, ""},
		{"a quote in a name", `{"\"":1,"\\":2, "":3}`, ""},
		{"the 64th twice", strings.Replace(object(64), `"63"`, `"0"`, 1), twice},

		{"no JSON", `{` + strings.Repeat(`"a":`, 65) + `}`, noJSON},
		{"one name for two colons", `{"a"::1}`, noJSON},
		{"one name for many colons", `{"a":[{:},{:}]}`, noJSON},
		{"colons alone", `{` + strings.Repeat(":", 65) + `}`, noJSON},
		{"a name that is no string", `{ "a" : 1, 1 : 1 }`, noJSON},
		{"closed too often", `{}}}}` + object(2), "a JSON object with more data after it"},
		{"bad escape in a name", `{"\x":1}`, noJSON},
		{"lone surrogate in a name", `{"\ud800":1}`, noJSON},
		{"lone surrogate", `{"a":"\ud800"}`, noJSON},
		{"not UTF-8", "{\"a\":\"\xff\"}", noJSON},
		{"trailing comma", `{"a":1,}`, noJSON},
		{"ends in a string", `{"a\`, noJSON},
		{"ends in a name", `{"a`, noJSON},
		{"nothing", ``, "not a JSON object"},
		{"array", `[]`, "not a JSON object"},
		{"more", `{ }{}`, "a JSON object with more data after it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := eachHeaderMember(tt.data)
			if tt.says == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, tt.says)
			}
		})
	}
}

// count returns how many members valid JSON has and how deep it is nested, as
// encoding/json finds it.
func count(t *testing.T, data []byte) (members, depth int) {
	t.Helper()
	var stack []json.Delim
	var names []bool // whether a name comes next, for each level of stack
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return members, depth
		}
		require.NoError(t, err)
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			stack, names = stack[:len(stack)-1], names[:len(names)-1]
			continue
		}
		if top := len(stack) - 1; top >= 0 && stack[top] == '{' {
			if names[top] {
				members++
			}
			names[top] = !names[top]
		}
		if delim, ok := token.(json.Delim); ok {
			stack, names = append(stack, delim), append(names, true)
			depth = max(depth, len(stack))
		}
	}
}

// FuzzHeader: EachHeaderMember finds what EachMember finds, and refuses what it
// refuses; beyond that it refuses what has too many members or is too deep, and
// nothing else.
func FuzzHeader(f *testing.F) {
	for _, data := range []string{
		`{}`, `[]`, `1`, `""`, `{"a":1,"b":{"c":[{"d":null},[]]}}`, `{":":":","\"":"\\","\\":["\\\"",{}]}`, ` { "a" : [ ] , "b" : { } } `,
		`{"a":"}","b":"]"}`, `{"a":1,"\u0061":2}`, `{"a":{"a":1},"b":{"a":1,"a":2}}`, `{"a":[[[[{"a":[[]]}]]]]}`, `{"\ud83d\ude00":1,"😀":2}`, `{"a":1,:2}`, `{"a"::1}`,
		object(64), object(65), `{"x":[{"a":1},{"a":1}],"x":1}`,
	} {
		f.Add([]byte(data))
	}
	type pair struct{ name, value string }
	f.Fuzz(func(t *testing.T, data []byte) {
		var want, got []pair
		wantErr := strictjson.EachMember(string(data), func(name string, value strictjson.Value) error {
			want = append(want, pair{string(name), string(value)})
			return nil
		})
		err := strictjson.EachHeaderMember(string(data), func(name string, value strictjson.Value) error {
			got = append(got, pair{string(name), string(value)})
			return nil
		})
		if wantErr != nil {
			require.Error(t, err)
			return
		}
		members, depth := count(t, data)
		if members > strictjson.MaxMembers || depth > strictjson.MaxDepth {
			require.Regexp(t, "with more than 64 members|more than 8 deep", err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
