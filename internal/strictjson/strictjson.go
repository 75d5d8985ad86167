// Package strictjson reads and writes the JSON of tokens.
//
// Reading is as strict as RFC 8259 and RFC 7515 §4 allow a verifier to be:
// duplicate members at any depth, invalid UTF-8, lone surrogates, a byte order
// mark and trailing data are refused, and names match exactly, never by case.
//
// It is the only package of this module that imports go-json-experiment, which
// carries no version tags; with Go 1.27 the same code is encoding/json/v2.
//
// No error of this package quotes the JSON it was about.
package strictjson

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

var (
	errNotObject = errors.New("not a JSON object")
	errSyntax    = errors.New("not valid JSON")
	errDuplicate = errors.New("an object with the same member twice")
	errTrailing  = errors.New("a JSON object with more data after it")
)

// A Value is one JSON value as it was written, already checked.
// It is valid only until the visitor that was given it returns.
type Value []byte

// A reader is a decoder with its source. Making one costs more than reading a
// token's claims with it, so they are pooled. A reader is reset before use; up
// to then it holds on to what was read with it last.
type reader struct {
	source  bytes.Buffer
	decoder jsontext.Decoder
	name    []byte
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// EachMember calls visit for every member of the one JSON object that data
// holds, in order, with the member's unescaped name. The name, like the value,
// is valid only until visit returns. An error from visit ends the reading.
func EachMember(data []byte, visit func(name []byte, value Value) error) error {
	if members, n := plainObject(data); n > 0 {
		for _, m := range members[:n] {
			if err := visit(m.name, m.value); err != nil {
				return err
			}
		}
		return nil
	}
	return eachDecoded(data, visit)
}

// eachDecoded is EachMember for all JSON there is. A reader whose visit panicked
// is not given back to the pool.
func eachDecoded(data []byte, visit func(name []byte, value Value) error) error {
	r := readers.Get().(*reader)
	r.source = *bytes.NewBuffer(data)
	r.decoder.Reset(&r.source)
	err := r.eachMember(visit)
	readers.Put(r)
	return err
}

func (r *reader) eachMember(visit func(name []byte, value Value) error) error {
	if r.decoder.PeekKind() != jsontext.KindBeginObject {
		return errNotObject
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for r.decoder.PeekKind() != jsontext.KindEndObject {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		if r.name, err = unquote(r.name[:0], name); err != nil {
			return err
		}
		value, err := r.decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		if err := visit(r.name, Value(value)); err != nil {
			return err
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	if _, err := r.decoder.ReadToken(); err != io.EOF {
		return errTrailing
	}
	return nil
}

func syntaxError(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errDuplicate
	}
	return errSyntax
}

// unquote appends to dst what the JSON string literal means.
func unquote(dst, literal []byte) ([]byte, error) {
	if bytes.IndexByte(literal, '\\') < 0 {
		return append(dst, literal[1:len(literal)-1]...), nil
	}
	dst, err := jsontext.AppendUnquote(dst, literal)
	if err != nil {
		return dst, errSyntax
	}
	return dst, nil
}

// Text returns the JSON string that v is; false if v is something else.
func (v Value) Text() (string, bool) {
	if jsontext.Value(v).Kind() != jsontext.KindString {
		return "", false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), true
	}
	text, err := unquote(nil, v)
	return string(text), err == nil
}

// Texts returns the JSON array of strings that v is, or the single string as a
// list of one; false if v is something else.
func (v Value) Texts() ([]string, bool) {
	if jsontext.Value(v).Kind() != jsontext.KindBeginArray {
		text, ok := v.Text()
		return []string{text}, ok
	}
	// Pointers tell a null element from an empty string.
	var elements []*string
	if err := json.Unmarshal(v, &elements); err != nil {
		return nil, false
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		if element == nil {
			return nil, false
		}
		texts[i] = *element
	}
	return texts, true
}

// Seconds returns the time that v, a JSON number, gives in seconds since 1970
// (a NumericDate, RFC 7519 §2), to the nanosecond; false if v is no number or
// lies outside of 0 to max.
func (v Value) Seconds(max int64) (time.Time, bool) {
	if jsontext.Value(v).Kind() != jsontext.KindNumber {
		return time.Time{}, false
	}
	if seconds, ok := plainSeconds(v); ok {
		return time.Unix(seconds, 0).UTC(), seconds <= max
	}
	// 128 bits hold every date in range to far below a nanosecond, and the
	// limited precision keeps "1e-999999999" cheap.
	number, _, err := big.ParseFloat(string(v), 10, 128, big.ToNearestEven)
	if err != nil || isNegative(v) || number.Cmp(new(big.Float).SetInt64(max)) > 0 {
		return time.Time{}, false
	}
	seconds, _ := number.Int64()
	fraction := number.Sub(number, new(big.Float).SetInt64(seconds))
	nanoseconds, _ := fraction.Mul(fraction, big.NewFloat(1e9)).Float64()
	return time.Unix(seconds, int64(nanoseconds+0.5)).UTC(), true
}

// isNegative reports whether a JSON number is less than 0. It looks at the text,
// since -1e-999999999 becomes -0 in any float.
func isNegative(v Value) bool {
	mantissa, _, _ := bytes.Cut(bytes.ToLower(v), []byte("e"))
	return v[0] == '-' && bytes.ContainsAny(mantissa, "123456789")
}

// plainSeconds reads a number that is nothing but digits, as nearly every date
// is.
func plainSeconds(v Value) (int64, bool) {
	if len(v) > 18 { // 18 digits cannot overflow
		return 0, false
	}
	var seconds int64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		seconds = seconds*10 + int64(c-'0')
	}
	return seconds, true
}

// AppendString appends text to dst as a JSON string with the fewest escapes.
// The text must be valid UTF-8.
func AppendString(dst []byte, text string) ([]byte, error) {
	dst, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		return dst, errors.New("not valid UTF-8")
	}
	return dst, nil
}

// userOptions make a struct's tags mean what they mean to encoding/json, but
// keep what this package is for: exact names, no duplicates, valid UTF-8.
var userOptions = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	json.MatchCaseInsensitiveNames(false),
	jsontext.AllowDuplicateNames(false),
	jsontext.AllowInvalidUTF8(false),
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
	numberOptions(),
)

// numberOptions teach go-json-experiment the json.Number of encoding/json,
// which it knows only where (from Go 1.27) it is the standard library.
func numberOptions() json.Options {
	if _, same := any(jsonv1.Number("")).(stdjson.Number); same {
		return json.JoinOptions()
	}
	return json.JoinOptions(
		json.WithMarshalers(json.MarshalToFunc(func(enc *jsontext.Encoder, n stdjson.Number) error {
			return json.MarshalEncode(enc, jsonv1.Number(n))
		})),
		json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, n *stdjson.Number) error {
			return json.UnmarshalDecode(dec, (*jsonv1.Number)(n))
		})),
	)
}

// Marshal encodes v as encoding/json would, but refuses duplicate members and
// invalid UTF-8, and does not escape for HTML.
func Marshal(v any) ([]byte, error) {
	data, err := json.Marshal(v, userOptions)
	if err != nil {
		return nil, describe(err, "encode", v)
	}
	return data, nil
}

// Unmarshal decodes data into v as encoding/json would, but matches names
// exactly and refuses duplicate members and invalid UTF-8.
func Unmarshal(data []byte, v any) error {
	if err := json.Unmarshal(data, v, userOptions); err != nil {
		return describe(err, "decode", v)
	}
	return nil
}

// describe says which Go type was in the way: within v where that is known, or
// v's own. The error's own text is left out: it quotes values.
func describe(err error, verb string, v any) error {
	culprit := reflect.TypeOf(v)
	if e, ok := errors.AsType[*jsonv1.UnsupportedTypeError](err); ok {
		culprit = e.Type
	} else if e, ok := errors.AsType[*jsonv1.UnmarshalTypeError](err); ok {
		culprit = e.Type
	}
	return fmt.Errorf("cannot %s the Go type %v", verb, culprit)
}
