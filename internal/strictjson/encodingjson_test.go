package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

type (
	ID    string
	ratio float64
	octet byte

	text struct{ S string } // decodes itself from any text of other than three bytes

	lower string // decodes itself from any text, as lower case

	own struct{ JSON string } // decodes itself from any JSON of other than three bytes

	ownKey string // has UnmarshalJSON, which a map's key does not use

	embedded struct {
		E    string `json:"e"`
		Both int
	}
	Promoted struct {
		P    string `json:"p"`
		Both int
	}
)

var errThree = errors.New("three bytes")

func (t text) MarshalText() ([]byte, error) { return []byte(t.S), nil }
func (t *text) UnmarshalText(data []byte) error {
	if len(data) == 3 {
		return errThree
	}
	t.S = string(data)
	return nil
}

func (l *lower) UnmarshalText(data []byte) error {
	*l = lower(strings.ToLower(string(data)))
	return nil
}

func (o own) MarshalJSON() ([]byte, error) { return []byte(o.JSON), nil }
func (o *own) UnmarshalJSON(data []byte) error {
	o.JSON = string(data)
	if len(data) == 3 {
		return errThree
	}
	return nil
}

func (ownKey) MarshalJSON() ([]byte, error)  { return nil, errUser }
func (*ownKey) UnmarshalJSON(_ []byte) error { return errUser }

// plainFields has a field of every kind.
type plainFields struct {
	Bool    bool
	Int     int
	Int8    int8
	Int64   int64
	Uint    uint
	Uint8   uint8
	Uint64  uint64
	Uintptr uintptr
	Float32 float32
	Float64 float64
	Ratio   ratio
	String  string
	ID      ID

	Bytes   []byte
	Octets  []octet
	Array   [2]int
	ByteArr [2]byte
	Strings []string
	StrPtrs []*string
	Structs []embedded
	Map     map[string]int
	IntMap  map[int]string
	U8Map   map[uint8]string
	IDMap   map[ID]int
	TextMap map[text]string
	LowMap  map[lower]int
	OwnMap  map[ownKey]int
	NumMap  map[json.Number]int
	AnyMap  map[string]any
	OwnVals map[string]own

	Any       any
	Error     error
	IntPtr    *int
	StrPtrPtr **string
	Struct    *embedded
	Empty     struct{}
	Chan      chan int
	Func      func()
	Complex   complex128

	Number    json.Number
	NumberPtr *json.Number
	Raw       json.RawMessage
	RawPtr    *json.RawMessage
	Time      time.Time
	TimePtr   *time.Time
	Duration  time.Duration
	Text      text
	TextPtr   *text
	Lower     lower
	Own       own
	OwnPtr    *own
	IP        netip.Addr
	Big       big.Int
	BigPtr    *big.Int

	Omit    string `json:"omit,omitempty"`
	OmitPtr *int   `json:",omitempty"`
	Zero    int    `json:"zero,omitzero"`
	Skipped int    `json:"-"`
	URL     int    `json:"https://example.com/claims"`
	Space   int    `json:"a b"`
}

// stringFields has fields with the string option, also where it has no effect.
var stringFields = withStringOption(reflect.TypeFor[struct {
	Bool    bool
	Int     int
	Int8    int8
	Uint    uint
	Float32 float32
	Float64 float64
	Ratio   ratio
	String  string
	ID      ID
	IntPtr  *int
	BoolPtr *bool
	StrPtr  *string
	PtrPtr  **int
	Ints    []int
	Map     map[string]int
	IntMap  map[int]int
	Any     any
	Time    time.Time
	Dur     time.Duration
	Text    text
	Own     own
	Struct  embedded
}]())

func withStringOption(t reflect.Type) reflect.Type {
	fields := reflect.VisibleFields(t)
	for i := range fields {
		fields[i].Tag = `json:",string"`
	}
	return reflect.StructOf(fields)
}

type embeddingFields struct {
	embedded
	*Promoted
	ID
	Named Promoted `json:"named"`
}

type unexportedPointer struct {
	*embedded
	X int
}

// carelessTags is a struct as people write it, though go vet warns of its tags.
var carelessTags = reflect.StructOf([]reflect.StructField{
	{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"a"`},
	{Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"a"`},
	{Name: "C", Type: reflect.TypeFor[string](), Tag: `json:"c, omitempty"`},
	{Name: "D", Type: reflect.TypeFor[[]string](), Tag: `json:"d,strnig"`},
	{Name: "E", Type: reflect.TypeFor[int](), Tag: `json:"-,"`},
})

var targets = []reflect.Type{
	reflect.TypeFor[plainFields](), stringFields, reflect.TypeFor[embeddingFields](), reflect.TypeFor[unexportedPointer](), carelessTags,
	reflect.TypeFor[any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[map[string]int](), reflect.TypeFor[map[int]any](), reflect.TypeFor[map[bool]int](),
}

// memberNames returns the names that mean something to the target t or to a
// struct within, and a few that do not.
func memberNames(t reflect.Type) []string {
	names := map[string]bool{"e": true, "p": true, "Both": true, "1": true, "unknown": true}
	if t.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" {
				name = field.Name
			}
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// foldsIntoAnother reports whether a name in data matches one of the names, but
// not exactly.
func foldsIntoAnother(t *testing.T, data []byte, names []string) bool {
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && !slices.Contains(names, s) && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, s) }) {
			return true
		}
	}
}

// FuzzLikeEncodingJSON: what encoding/json decodes of an object that EachMember
// takes, Unmarshal decodes to the same value, which Marshal encodes to the same
// JSON; and what encoding/json refuses, Unmarshal refuses. The exceptions are
// those of Unmarshal's comment.
func FuzzLikeEncodingJSON(f *testing.F) {
	for _, value := range []string{
		`null`, `true`, `1`, `-1`, `300`, `1.5`, `1e2`, `1e400`, `-0`, `0.0`, `18446744073709551616`,
		`"x"`, `""`, `"1"`, `"NaN"`, `"nan"`, `"-Inf"`, `"Infinity"`, `"+5"`, `"-5"`, `"007"`, `"0x1p-2"`, `"-0x1p1"`, `".5"`, `"-.5"`, `"5."`, `"1_0"`, `"1e5"`, `"1e400"`, `" 1"`, `"-"`, `"\u004eaN"`, `"N\u0061N"`, `"-in\u0066"`, `"\u0031"`,
		`"true"`, `"True"`, `"null"`, `"null "`, `"\u006eull"`, `"\"s\""`, `"\"a"`, `"\"\\u0061\""`, `"\"\\ud800\""`, `"\"\\'\""`, `"abc"`, `"é<&>\u2028"`, `"\\"`,
		`[]`, `[1,2,3]`, `[null]`, `["a"]`, `["abc"]`, `[[1]]`, `[1,[]]`, `[{"e":"x"},{"e":1}]`,
		`{}`, `{"a":1}`, `{"e":"x"}`, `{"Both":1}`, `{"BOTH":1}`, `{"1":"x","01":"y"}`, `{"300":"x"}`, `{"+5":"x"}`, `{"+5":1}`, `{"NaN":1}`, `{"-1":"x"}`, `{"abc":"x"}`, `{"A":1,"a":2}`, `{"a":null}`, `{"":1}`, `{"true":1}`, `{ "a" : [ 1 , 2 ] }`, `1,"a":2`, `1,"e":"x"`,
		`"2020-01-01T00:00:00Z"`, `"2020-01-01T0:00:00Z"`, `"2020-01-01T00:00:00,5Z"`, `"2020-01-01T00:00:00+24:00"`, `"1.2.3.4"`, `"AQI="`, `"AQ\nI="`, `"AQI"`, `"AQJ="`,
	} {
		f.Add(value)
	}
	names := make(map[reflect.Type][]string)
	for _, target := range targets {
		names[target] = memberNames(target)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, target := range targets {
			for _, name := range names[target] {
				data := []byte(`{"` + name + `":` + value + `}`)
				if strictjson.EachMember(string(data), func(string, strictjson.Value) error { return nil }) != nil || foldsIntoAnother(t, data, names[target]) {
					continue
				}
				requireLikeEncodingJSON(t, target, data)
			}
		}
	})
}

func requireLikeEncodingJSON(t *testing.T, target reflect.Type, data []byte) {
	t.Helper()
	got, want := reflect.New(target).Interface(), reflect.New(target).Interface()
	err, wantErr := strictjson.Unmarshal(data, got), json.Unmarshal(data, want)
	if err != nil && wantErr == nil {
		require.True(t, isIntended(err, target, data), "%s into %v is refused: %v", data, target, err)
	}
	if err != nil {
		return
	}
	if wantErr != nil {
		require.True(t, target == stringFields && oddNumber.Match(data), "%s into %v is taken", data, target)
		return // strconv takes it
	}
	if target == stringFields && bytes.Contains(data, []byte(`\u`)) {
		return // in Go 1.26, a null in a string may be escaped
	}
	sameNaN := oddNumber.Match(data) && fmt.Sprint(want) == fmt.Sprint(got) // from Go 1.27 on; it equals nothing
	require.True(t, reflect.DeepEqual(want, got) || sameNaN, "%s into %v is %+v, and for encoding/json %+v", data, target, got, want)

	var wantJSON bytes.Buffer
	encoder := json.NewEncoder(&wantJSON)
	encoder.SetEscapeHTML(false)
	wantErr = encoder.Encode(want)
	gotJSON, err := strictjson.Marshal(got)
	require.Equal(t, wantErr == nil, err == nil, "%s by way of %v: %v, and encoding/json: %v", data, target, err, wantErr)
	if err == nil {
		unescape := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029")
		require.Equal(t, unescape.Replace(strings.TrimSuffix(wantJSON.String(), "\n")), unescape.Replace(string(gotJSON)), "%s by way of %v", data, target)
	}
}

// oddNumber is, for integers and named floats, a string that strconv takes and
// encoding/json does not.
var oddNumber = regexp.MustCompile(`"(Int|Int8|Uint|IntPtr|PtrPtr|Ratio|Dur)"\s*:\s*"`)

// sameKeys is what is said of two names that become the same key of a map.
var sameKeys = regexp.MustCompile(`the value does not fit the Go type map\[(int|uint8)\]`)

// isIntended reports whether Unmarshal's comment says that it refuses what
// encoding/json takes.
func isIntended(err error, target reflect.Type, data []byte) bool {
	if strings.HasSuffix(err.Error(), "an object with the same member twice") || sameKeys.MatchString(err.Error()) {
		return true
	}
	return target == stringFields && !holdsJSONInStrings(data)
}

// holdsJSONInStrings reports whether the members of data that are strings hold
// valid JSON.
func holdsJSONInStrings(data []byte) bool {
	return strictjson.EachMember(string(data), func(_ string, value strictjson.Value) error {
		text, err := value.Text()
		if err != nil {
			return nil // not a string
		}
		return strictjson.EachMember(`{"":`+text+`}`, func(string, strictjson.Value) error { return nil })
	}) == nil
}
