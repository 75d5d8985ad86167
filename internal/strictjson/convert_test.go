package strictjson_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// Every value in this file that a text must not show holds the word "secret", or
// is a number that begins with 4711.

const errUser = textError("of the user's, with a secret")

type textError string

func (e textError) Error() string { return string(e) }

type (
	failing     struct{}
	failingText struct{ A int }
	failingFrom struct{}
	raw         string // encodes itself to what it is
)

func (failing) MarshalJSON() ([]byte, error)                     { return nil, fmt.Errorf("wrapped: %w", errUser) }
func (*failing) UnmarshalJSON(_ []byte) error                    { return fmt.Errorf("wrapped: %w", errUser) }
func (failingText) MarshalText() ([]byte, error)                 { return nil, errUser }
func (*failingText) UnmarshalText(_ []byte) error                { return errUser }
func (failingFrom) MarshalJSONTo(_ *jsontext.Encoder) error      { return errUser }
func (*failingFrom) UnmarshalJSONFrom(_ *jsontext.Decoder) error { return errUser }
func (r raw) MarshalJSON() ([]byte, error)                       { return []byte(r), nil }

type app struct {
	Roles  []string `json:"roles"`
	Age    int8     `json:"age,omitempty"`
	Own    failing
	Time   time.Time
	Nested map[string]map[string]int
	List   []struct{ N int8 }
	Any    any
	Chan   chan int
	Error  error
}

type claims struct {
	App     app  `json:"app"`
	Ptr     *app `json:"ptr"`
	Roles   []string
	Groups  []string
	Scopes  []string
	Number  json.Number
	Float   float64 `json:",string"`
	Bytes   []byte
	URL     int `json:"https://example.com/claims/x.y"`
	TextMap map[failingText]int
	From    failingFrom
	Froms   []failingFrom
}

// requireHidden requires that a text shows no value, and that errors.Unwrap leads
// to no text at all.
func requireHidden(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	for _, format := range []string{"%v", "%+v", "%q"} {
		require.NotContains(t, fmt.Sprintf(format, err), "secret")
		require.NotContains(t, fmt.Sprintf(format, err), "4711")
	}
	require.NoError(t, errors.Unwrap(err))
}

func TestUnmarshalErrors(t *testing.T) {
	for _, tt := range []struct{ data, says string }{
		{`{"Roles":"secret"}`, `cannot decode the member "Roles": a string does not fit the Go type []string`},
		{`{"app":{"roles":4711}}`, `cannot decode the member "app.roles": a number does not fit the Go type []string`},
		{`{"app":{"age":4711}}`, `cannot decode the member "app.age": a number does not fit the Go type int8`},
		{`{"ptr":{"age":true}}`, `cannot decode the member "ptr.age": a boolean does not fit the Go type int8`},
		{`{"ptr":{"List":[{"N":1},{"N":4711}]}}`, `cannot decode the member "ptr.List[1].N": a number does not fit the Go type int8`},
		{`{"Roles":["a",[]]}`, `cannot decode the member "Roles[1]": an array does not fit the Go type string`},
		{`{"Roles":["a",{"secret":1}]}`, `cannot decode the member "Roles[1]": an object does not fit the Go type string`},
		{`{"https://example.com/claims/x.y":"secret"}`, `cannot decode the member "https://example.com/claims/x.y": a string does not fit the Go type int`},
		{`{"app":{"Chan":1}}`, `cannot decode the member "app.Chan": the value does not fit the Go type chan int`},
		{`{"app":{"Error":["secret"]}}`, `cannot decode the member "app.Error": the value does not fit the Go type error`},
		{`{"app":{"Any":{"secret":1e4711}}}`, `cannot decode a value in the member "app.Any": a number does not fit the Go type float64`},
		{`{"app":{"Nested":{"secret":{"secret":"secret"}}}}`, `cannot decode a value in the member "app.Nested": a string does not fit the Go type int`},
		{`{"Bytes":"secret"}`, `cannot decode the member "Bytes": a string does not fit the Go type []uint8`},
		{`{"Number":"secret"}`, `cannot decode the member "Number": a string does not fit the Go type json.Number`},
		{`{"Number":true}`, `cannot decode the member "Number": a boolean does not fit the Go type json.Number`},
		{`{"Float":"NaN"}`, `cannot decode the member "Float": the value does not fit the Go type float64`},
		{`{"Float":"secret"}`, `cannot decode the member "Float": the value does not fit the Go type float64`},
		{`{"app":{"Time":"secret"}}`, `cannot decode the member "app.Time": a string does not fit the Go type time.Time`},
		{`{"app":{"Own":{"secret":1}}}`, `cannot decode the member "app.Own": an object does not fit the Go type strictjson_test.failing`},
		{`{"TextMap":{"secret":1}}`, `cannot decode a value in the member "TextMap": a string does not fit the Go type strictjson_test.failingText`},
		{`{"TextMap":4711}`, `cannot decode the member "TextMap": a number does not fit the Go type map[strictjson_test.failingText]int`},
		{`{"From":"secret"}`, `cannot decode the member "From": the value does not fit the Go type strictjson_test.failingFrom`},
		{`{"Froms":["secret"]}`, `cannot decode the member "Froms[0]": the value does not fit the Go type strictjson_test.failingFrom`},
		{`["secret"]`, `cannot decode: an array does not fit the Go type strictjson_test.claims`},
		{`"secret"`, `cannot decode: a string does not fit the Go type strictjson_test.claims`},
		{`{"twice":1,"twice":"secret"}`, `cannot decode the member "twice": it holds an object with the same member twice`},
		{"{\"a\":\"secret\xff\"}", `cannot decode the member "a": it holds something that is not valid JSON in UTF-8`},
		{`{"a":"secret\ud800"}`, `cannot decode the member "a": it holds something that is not valid JSON in UTF-8`},
		{`{"a":secret}`, `cannot decode the member "a": it holds something that is not valid JSON in UTF-8`},
	} {
		var v claims
		err := strictjson.Unmarshal([]byte(tt.data), &v)
		requireHidden(t, err)
		assert.EqualError(t, err, tt.says, tt.data)
	}
}

// The place of an error is shown as far as no name in it can be a value.
func TestErrorPlace(t *testing.T) {
	decode := func(v any, data string) error { return strictjson.Unmarshal([]byte(data), v) }
	long := strings.Repeat("x", 99)
	for says, err := range map[string]error{
		`cannot decode the member "a.b": a boolean does not fit the Go type int`:             decode(new(map[string]int), `{"a.b":true}`),
		`cannot decode a value in the member "a.b": a boolean does not fit the Go type int`:  decode(new(map[string]map[string]int), `{"a.b":{"secret":true}}`),
		`cannot decode the member "a.roles[0]": a boolean does not fit the Go type string`:   decode(new(map[string]app), `{"a":{"roles":[true]}}`),
		`cannot decode the member "a": a number does not fit the Go type float64`:            decode(new(any), `{"a":1e4711}`),
		`cannot decode a value in the member "a": a number does not fit the Go type float64`: decode(new(any), `{"a":{"0":1e4711}}`),
		`cannot decode the member "[1]": a boolean does not fit the Go type int`:             decode(new([]int), `[1,true]`),
		`cannot decode the member "[1].a": a boolean does not fit the Go type int`: decode(new([2]struct {
			A int `json:"a"`
		}), `[{},{"a":true}]`),
		`cannot decode a value in the member "[1]": a boolean does not fit the Go type int`:   decode(new([]map[string]int), `[{},{"secret":true}]`),
		`cannot decode the member "\"\u00fc\n~/": a boolean does not fit the Go type int`:     decode(new(map[string]int), `{"\"ü\n~/":true}`),
		`cannot decode the member "` + long + `x": a boolean does not fit the Go type int`:    decode(new(map[string]int), `{"`+long+`x":true}`),
		`cannot decode the member "` + long + `x"...: a boolean does not fit the Go type int`: decode(new(map[string]int), `{"`+long+`xx":true}`),
		`cannot decode the member "` + long + `"...: a boolean does not fit the Go type int`:  decode(new(map[string]int), `{"`+long+`ü":true}`),
		`cannot decode the member "a": a boolean does not fit the Go type struct { A string "json:\"a\"" }`: decode(new(map[string]struct {
			A string `json:"a"`
		}), `{"a":true}`),
		`cannot decode: an array does not fit the Go type struct { A string "json:\"` + strings.Repeat("x", 74) + `...`: decode(new(struct {
			A string `json:"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
		}), `[]`),
		`cannot decode: an array does not fit the Go type struct { A string "json:\"` + strings.Repeat("x", 69) + `\"" }`: decode(new(struct {
			A string `json:"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
		}), `[]`),
	} {
		requireHidden(t, err)
		assert.EqualError(t, err, says)
	}
}

// What is behind an error is found, though not shown.
func TestErrorCauses(t *testing.T) {
	decode := func(data string) error { return strictjson.Unmarshal([]byte(data), new(claims)) }
	encode := func(v any) error { _, err := strictjson.Marshal(v); return err }

	for _, err := range []error{
		decode(`{"app":{"Own":"secret"}}`), decode(`{"TextMap":{"secret":1}}`), decode(`{"From":1}`),
		encode(failing{}), encode(failingText{}), encode(map[failingText]int{{}: 1}), encode(failingFrom{}),
	} {
		requireHidden(t, err)
		assert.ErrorIs(t, err, errUser)
		var cause textError
		assert.ErrorAs(t, err, &cause)
	}

	assert.ErrorAs(t, decode(`{"Bytes":"#"}`), new(base64.CorruptInputError))
	assert.ErrorAs(t, decode(`{"app":{"Time":"secret"}}`), new(*time.ParseError))
	assert.ErrorIs(t, decode(`{"Float":"NaN"}`), strconv.ErrSyntax)
	assert.NotErrorIs(t, decode(`{"app":{"Own":"secret"}}`), strconv.ErrSyntax)
}

type (
	nesting  struct{ inner failing } // decodes a value within itself
	wrapping struct{ nesting }       // and wraps its error
)

func (n *nesting) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	return jsonv2.UnmarshalDecode(decoder, &n.inner)
}

func (w *wrapping) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	return fmt.Errorf("wrapped secret: %w", w.nesting.UnmarshalJSONFrom(decoder))
}

// unsupported does not decode itself after all.
type unsupported struct{ A int }

func (*unsupported) UnmarshalJSONFrom(*jsontext.Decoder) error { return errors.ErrUnsupported }

func TestTypesThatDecodeThemselves(t *testing.T) {
	for says, v := range map[string]any{
		`cannot decode the member "[0]": a string does not fit the Go type strictjson_test.failing`:   new([]*nesting),
		`cannot decode the member "[0]": the value does not fit the Go type strictjson_test.wrapping`: new([]*wrapping),
	} {
		err := strictjson.Unmarshal([]byte(`["secret"]`), v)
		requireHidden(t, err)
		assert.EqualError(t, err, says)
		assert.ErrorIs(t, err, errUser)
		assert.ErrorAs(t, err, new(textError))
	}
	var u unsupported
	require.NoError(t, strictjson.Unmarshal([]byte(`{"A":1}`), &u))
	assert.Equal(t, unsupported{1}, u)
}

func TestMarshal(t *testing.T) {
	for want, v := range map[string]any{
		`null`:                             nil,
		`{}`:                               struct{}{},
		`{"a":[1,"<&>"],"b":null}`:         map[string]any{"b": nil, "a": []any{1, "<&>"}},
		"\"\u2028\\n\"":                    "\u2028\n",
		`{"N":12345678901234567890,"Z":0}`: struct{ N, Z json.Number }{N: "12345678901234567890"},
		`{"x":1}`:                          map[json.Number]int{"x": 1},
		`{"S":"\"a\"","N":"7"}`: struct {
			S string      `json:",string"`
			N json.Number `json:",string"`
		}{"a", "7"},
		`{"Time":"2020-01-02T03:04:05.006Z"}`: struct{ Time time.Time }{time.Date(2020, 1, 2, 3, 4, 5, 6e6, time.UTC)},
	} {
		got, err := strictjson.Marshal(v)
		assert.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	first, err := strictjson.Marshal("first")
	require.NoError(t, err)
	_, err = strictjson.Marshal("second")
	require.NoError(t, err)
	assert.Equal(t, `"first"`, string(first)) // it is the caller's own
}

func TestMarshalErrors(t *testing.T) {
	type cycle struct {
		Next *cycle
	}
	endless := new(cycle)
	endless.Next = endless
	for _, tt := range []struct {
		v    any
		says string
	}{
		{map[string]any{"x": math.NaN()}, `cannot encode the member "x": a float64 that is NaN or infinite has no form in JSON`},
		{map[string]any{"x": map[string]any{"secret": math.NaN()}}, `cannot encode a value in the member "x": a float64 that is NaN or infinite has no form in JSON`},
		{struct{ L []float32 }{[]float32{1, float32(math.Inf(-1))}}, `cannot encode the member "L[1]": a float32 that is NaN or infinite has no form in JSON`},
		{struct{ L []float64 }{[]float64{math.NaN()}}, `cannot encode the member "L[0]": a float64 that is NaN or infinite has no form in JSON`},
		{[]any{map[string]any{"a": []int{1}}, []any{1, math.NaN()}}, `cannot encode a value in the member "[1]": a float64 that is NaN or infinite has no form in JSON`},
		{math.NaN(), `cannot encode: a float64 that is NaN or infinite has no form in JSON`},
		{claims{}, `cannot encode the member "app.Own": the Go type strictjson_test.failing cannot be encoded`},
		{&claims{}, `cannot encode the member "app.Own": the Go type strictjson_test.failing cannot be encoded`},
		{map[string]any{"a": app{}}, `cannot encode a value in the member "a": the Go type strictjson_test.failing cannot be encoded`},
		{map[string]failingText{"a": {}}, `cannot encode the member "a": the Go type strictjson_test.failingText cannot be encoded`},
		{map[string]map[failingText]int{"a": {{}: 1}}, `cannot encode the member "a": the Go type strictjson_test.failingText cannot be encoded`},
		{[]failingFrom{{}}, `cannot encode the member "[0]": the Go type strictjson_test.failingFrom cannot be encoded`},
		{map[string]any{"n": json.Number("secret")}, `cannot encode the member "n": the Go type json.Number cannot be encoded`},
		{struct{ C chan int }{}, `cannot encode the member "C": the Go type chan int cannot be encoded`},
		{map[string]map[bool]int{"a": {true: 1}}, `cannot encode the member "a": the Go type bool cannot be encoded`},
		{map[string]string{"a": "secret\xff"}, `cannot encode the member "a": it holds something that is not valid JSON in UTF-8`},
		{map[string]string{"secret\xff": "a"}, `cannot encode: it holds something that is not valid JSON in UTF-8`},
		{map[string]map[string]int{"a": {"b": 1, "secret\xff": 2}}, `cannot encode the member "a": it holds something that is not valid JSON in UTF-8`},
		{struct {
			S string `json:",string"`
		}{"secret\xff"}, `cannot encode the member "S": the Go type string cannot be encoded`},
		{struct{ M map[text]int }{map[text]int{{"secret"}: 1, {"secret\xff"}: 2}}, `cannot encode the member "M": the Go type strictjson_test.text cannot be encoded`},
		{map[string]raw{"r": `{"twice":1,"twice":"secret"}`}, `cannot encode the member "r": the Go type strictjson_test.raw cannot be encoded`},
		{map[string]raw{"r": "\"secret\xff\""}, `cannot encode the member "r": the Go type strictjson_test.raw cannot be encoded`},
		{map[string]raw{"r": `"secret\ud800"`}, `cannot encode the member "r": the Go type strictjson_test.raw cannot be encoded`},
		{struct{ R json.RawMessage }{json.RawMessage(`{"secret`)}, fmt.Sprintf(`cannot encode the member "R": the Go type %T cannot be encoded`, json.RawMessage{})},
		{partial{}, `cannot encode the member "public": the Go type strictjson_test.partial cannot be encoded`},
		{map[string]partial{"a": {}}, `cannot encode a value in the member "a": the Go type strictjson_test.partial cannot be encoded`},
		{map[twin]int{{1}: 1, {2}: 2}, `cannot encode the member "twin": it holds an object with the same member twice`},
		{endless, `cannot encode the member "` + strings.Repeat("Next.", 20) + `"...: the Go type strictjson_test.cycle cannot be encoded`},
	} {
		_, err := strictjson.Marshal(tt.v)
		requireHidden(t, err)
		assert.EqualError(t, err, tt.says, "%T", tt.v)
	}
}

// partial fails when it has written the name of a member, which may be a value
// unless it is a member of the outermost object.
type partial struct{ A int }

func (partial) MarshalJSONTo(encoder *jsontext.Encoder) error {
	name := "secret"
	if encoder.StackDepth() == 0 {
		name = "public"
	}
	return errors.Join(encoder.WriteToken(jsontext.BeginObject), encoder.WriteToken(jsontext.String(name)), errUser)
}

// twin has one text for all its values.
type twin struct{ N int }

func (twin) MarshalText() ([]byte, error) { return []byte("twin"), nil }

// counting counts how often it was decoded.
type counting int

func (c *counting) UnmarshalJSON(_ []byte) error { *c++; return nil }

// What is decoded again, because of a tag that encoding/json takes, is decoded as if it
// were the first time.
func TestUnmarshalAgain(t *testing.T) {
	v := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Count", Type: reflect.TypeFor[counting]()},
		{Name: "List", Type: reflect.TypeFor[[]int](), Tag: `json:",string"`},
	}))
	require.NoError(t, strictjson.Unmarshal([]byte(`{"Count":0,"List":[1]}`), v.Interface()))
	assert.EqualValues(t, 1, v.Elem().Field(0).Int())
	assert.Equal(t, []int{1}, v.Elem().Field(1).Interface())
}

// Unmarshal's comment lists what encoding/json takes and Unmarshal does not.
func TestUnmarshalIsStrict(t *testing.T) {
	var v struct {
		Role   string         `json:"role"`
		IntMap map[int]string `json:"m"`
		Quoted string         `json:"q,string"`
		Number json.Number    `json:"n,string"`
	}
	require.NoError(t, strictjson.Unmarshal([]byte(`{"Role":"a","ROLE":"b"}`), &v))
	assert.Empty(t, v.Role)
	require.NoError(t, strictjson.Unmarshal([]byte(`{"Role":"a","role":"b","ROLE":"c"}`), &v))
	assert.Equal(t, "b", v.Role)
	for data, says := range map[string]string{
		`{"m":{"1":"a","01":"b"}}`: `cannot decode a value in the member "m": it holds an object with the same member twice`,
		`{"q":"\"\\ud800\""}`:      `cannot decode the member "q": a string does not fit the Go type string`,
		`{"q":"\"\\'\""}`:          `cannot decode the member "q": a string does not fit the Go type string`,
		`{"n":"7x"}`:               `cannot decode the member "n": a string does not fit the Go type json.Number`,
	} {
		assert.EqualError(t, strictjson.Unmarshal([]byte(data), &v), says, data)
	}
}

// With the string option, a float in a string is a JSON number, as encoding/json
// has it. What only looks like one to strconv is refused; a named type, and an
// integer with a plus sign, are not looked at.
func TestFloatsInStrings(t *testing.T) {
	type named float64
	var v struct {
		Int   int      `json:"i,string"`
		Float float64  `json:"f,string"`
		Small *float32 `json:"s,string"`
		Named named    `json:"n,string"`
		Plain map[string]float64
		Text  string `json:"t"`
	}
	for _, number := range []string{"NaN", "nan", "Inf", "Infinity", "-Inf", "+5", ".5", "-.5", "5.", "0x1p-2", "007", "1_0", " 5", "5 ", "", "-", "N\\u0061N", "true", `\"5\"`} {
		for _, name := range []string{"f", "s"} {
			err := strictjson.Unmarshal([]byte(`{"`+name+`":"`+number+`"}`), &v)
			assert.ErrorContains(t, err, `cannot decode the member "`+name+`": the value does not fit the Go type float`, number)
		}
	}
	assert.ErrorIs(t, strictjson.Unmarshal([]byte(`{"f":"NaN"}`), &v), strconv.ErrSyntax)
	for _, data := range []string{
		`{"i":"-5","f":"5e-1","s":"-0.5","n":"7"}`, `{"f":"\u0035"}`, `{"f":null,"s":null}`, `{"f":"null","s":"null"}`,
		`{"t":"NaN"}`, `{"i":"+5"}`, `{"n":"+5"}`, `{"Plain":{"NaN":1.5}}`, `{"s":"9"}`,
	} {
		assert.NoError(t, strictjson.Unmarshal([]byte(data), &v), data)
	}
	assert.EqualValues(t, 9, *v.Small)
	assert.Error(t, strictjson.Unmarshal([]byte(`{"Plain":{"a":"1.5"}}`), &v), "without the option a float is no string")
}
