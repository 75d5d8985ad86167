package strictjson

import (
	"bytes"
	"errors"
	"math/big"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDate is the latest date of a token, in seconds since 1970: the last second
// of the year 9999. RFC 3339 has no form for a later year, and many libraries
// cannot represent one. Today's date in milliseconds is far beyond it.
const MaxDate = 253402300799

// A Value is one JSON value as it was written, already checked.
// It is valid only until the visitor that was given it returns.
//
// An error of its methods reads as the rest of a sentence, such as "its exp is a
// string; it must be a number". It tells the kind of the value, not the value.
type Value []byte

var (
	errNegative     = errors.New("is before 1970")
	errMilliseconds = errors.New("is after the year 9999; are these milliseconds? it must be in seconds")
	errExponent     = errors.New("has an exponent that is out of range; it must be in seconds")
	errNotJSON      = errors.New("is not valid JSON")
)

// Text returns the JSON string that v is.
func (v Value) Text() (string, error) {
	if v.kind() != jsontext.KindString {
		return "", errors.New("is " + kindName(v.kind()) + "; it must be a string")
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), nil
	}
	text, err := unquote(nil, v)
	if err != nil {
		return "", errNotJSON
	}
	return string(text), nil
}

// Texts returns the JSON array of strings that v is, or the single string as a
// list of one.
func (v Value) Texts() ([]string, error) {
	switch v.kind() {
	case jsontext.KindString:
		text, err := v.Text()
		if err != nil {
			return nil, err
		}
		return []string{text}, nil
	case jsontext.KindBeginArray:
		return v.elements()
	default:
		return nil, errors.New("is " + kindName(v.kind()) + "; it must be a string or an array of strings")
	}
}

func (v Value) elements() ([]string, error) {
	// Pointers tell a null element from an empty string.
	var elements []*string
	if err := json.Unmarshal(v, &elements); err != nil {
		return nil, v.elementError()
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		if element == nil {
			return nil, v.elementError()
		}
		texts[i] = *element
	}
	return texts, nil
}

// elementError says what the first element is that is not a string.
func (v Value) elementError() error {
	var elements []jsontext.Value
	_ = json.Unmarshal(v, &elements) // never fails for an array
	for _, element := range elements {
		if element.Kind() != jsontext.KindString {
			return errors.New("is an array with an element that is " + kindName(element.Kind()) + "; it must be a string or an array of strings")
		}
	}
	return errNotJSON
}

// Seconds returns the time that v, a JSON number, gives in seconds since 1970
// (a NumericDate, RFC 7519 §2), to the nanosecond. It must lie between 0 and
// MaxDate.
func (v Value) Seconds() (time.Time, error) {
	if v.kind() != jsontext.KindNumber {
		return time.Time{}, errors.New("is " + kindName(v.kind()) + "; it must be a number")
	}
	if seconds, ok := plainSeconds(v); ok && seconds <= MaxDate {
		return time.Unix(seconds, 0).UTC(), nil
	}
	if isNegative(v) {
		return time.Time{}, errNegative
	}
	// 128 bits hold every date in range to far below a nanosecond, and the
	// limited precision keeps "1e-999999999" cheap.
	number, _, err := big.ParseFloat(string(v), 10, 128, big.ToNearestEven)
	if err != nil {
		return time.Time{}, errExponent
	}
	if number.Cmp(big.NewFloat(MaxDate)) > 0 {
		return time.Time{}, errMilliseconds
	}
	seconds, _ := number.Int64()
	fraction := number.Sub(number, new(big.Float).SetInt64(seconds))
	nanoseconds, _ := fraction.Mul(fraction, big.NewFloat(1e9)).Float64()
	return time.Unix(seconds, int64(nanoseconds+0.5)).UTC(), nil
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

func (v Value) kind() jsontext.Kind { return jsontext.Value(v).Kind() }

// kindName names a kind of JSON values, with its article.
func kindName(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	default:
		return "not valid JSON"
	}
}
