package strictjson

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// userOptions make a struct's tags mean what they mean to encoding/json, but
// keep what this package is for: exact names, no duplicates, valid UTF-8.
var userOptions = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	json.MatchCaseInsensitiveNames(false),
	jsontext.AllowDuplicateNames(false),
	jsontext.AllowInvalidUTF8(false),
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
	json.WithMarshalers(json.MarshalToFunc(encodeNumber)),
	json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(decodeNumber),
		json.UnmarshalFromFunc(decodeFloat[float32]),
		json.UnmarshalFromFunc(decodeFloat[float64]),
	)),
)

// locatingOptions are userOptions whose errors tell where they came up. What they
// take they take as userOptions do, and in one pass over the JSON instead of two. But
// they also refuse some structs that encoding/json takes: userOptions decide.
var locatingOptions = json.JoinOptions(userOptions, jsonv1.ReportErrorsWithLegacySemantics(false))

// Marshal encodes v as encoding/json would, but refuses duplicate members and
// invalid UTF-8, and does not escape for HTML. Its errors are like Unmarshal's.
func Marshal(v any) ([]byte, error) {
	data, err := json.Marshal(v, userOptions)
	if err != nil {
		_, located := json.Marshal(v, locatingOptions)
		return nil, explain("encode", err, located, reflect.TypeOf(v))
	}
	return data, nil
}

// Unmarshal decodes data into v, a pointer to a zero value, as encoding/json would,
// except that it
//
//   - matches names exactly, never by case;
//   - refuses duplicate members, and members that become the same key of a map,
//     such as "1" and "01" in a map[int]string;
//   - refuses invalid UTF-8 and lone surrogates;
//   - with the string option, takes an integer, and a number of a named type, in a
//     string as strconv does: with a plus sign, say;
//   - with the string option, refuses a string in a string that is not valid JSON.
//
// Where versions of encoding/json differ, it does what that of Go 1.27 does: the
// string option has no effect on types that decode themselves, a json.Number with
// it has to be a number, and a name in a tag ends where it is malformed.
//
// The text of an error names the member and the Go type, and quotes no value.
// What went wrong, such as the error of a type's own UnmarshalJSON, is found by
// errors.Is and errors.As. To find the member, a failed decoding is done twice.
func Unmarshal(data []byte, v any) error {
	located := json.Unmarshal(data, v, locatingOptions)
	if located == nil {
		return nil
	}
	target := reflect.ValueOf(v).Elem()
	target.SetZero()
	if err := json.Unmarshal(data, v, userOptions); err != nil {
		return explain("decode", err, located, target.Type())
	}
	return nil
}

// sameNumber tells whether go-json-experiment knows the json.Number of
// encoding/json, as it does where (from Go 1.27) it is the standard library.
var _, sameNumber = any(jsonv1.Number("")).(stdjson.Number)

func encodeNumber(encoder *jsontext.Encoder, n stdjson.Number) error {
	if sameNumber || isName(encoder) {
		return errors.ErrUnsupported // leaves it to the library
	}
	return json.MarshalEncode(encoder, jsonv1.Number(n))
}

func decodeNumber(decoder *jsontext.Decoder, n *stdjson.Number) error {
	if sameNumber || isName(decoder) {
		return errors.ErrUnsupported
	}
	return json.UnmarshalDecode(decoder, (*jsonv1.Number)(n))
}

// decodeFloat refuses, for the string option, a string that holds no JSON number.
// go-json-experiment reads it with strconv, which knows "NaN": no comparison with
// that is true, so a check of a limit would pass.
func decodeFloat[F float32 | float64](decoder *jsontext.Decoder, f *F) error {
	stringOption, _ := json.GetOption(decoder.Options(), json.StringifyNumbers)
	if !stringOption || isName(decoder) || decoder.PeekKind() != jsontext.KindString {
		return errors.ErrUnsupported
	}
	literal, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	text, err := jsontext.AppendUnquote(nil, literal)
	if err != nil || string(text) == "null" { // which encoding/json takes
		return err
	}
	number := jsontext.Value(text)
	if number.Kind() != jsontext.KindNumber || !number.IsValid() || len(bytes.TrimSpace(text)) < len(text) {
		return strconv.ErrSyntax
	}
	return json.Unmarshal(text, f)
}

// isName reports whether a decoder or encoder is at a member's name, and so at a
// key of a map.
func isName(coder interface {
	StackDepth() int
	StackIndex(level int) (jsontext.Kind, int64)
}) bool {
	kind, n := coder.StackIndex(coder.StackDepth())
	return kind == jsontext.KindBeginObject && n%2 == 0
}
