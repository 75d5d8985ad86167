package strictjson

import (
	"errors"
	"math/big"
	"strings"
	"time"
)

// MaxDate is the latest date of a token, in seconds since 1970: the last second
// of the year 9999. RFC 3339 has no form for a later year, and many libraries
// cannot represent one. Today's date in milliseconds is far beyond it.
const MaxDate = 253402300799

// A Value is one JSON value as it was written, which EachMember has checked.
//
// An error of its methods reads as the rest of a sentence, such as "its exp is a
// string; it must be a number". It tells the kind of the value, not the value.
type Value string

var (
	errNegative     = errors.New("is before 1970")
	errMilliseconds = errors.New("is after the year 9999; are these milliseconds? it must be in seconds")
	errExponent     = errors.New("has an exponent that is out of range; it must be in seconds")
)

// Text returns the JSON string that v is.
func (v Value) Text() (string, error) {
	if at(string(v), 0) != '"' {
		return "", errors.New("is " + v.kind() + "; it must be a string")
	}
	return unquote(string(v)), nil
}

// Texts returns the JSON array of strings that v is, or the single string as a list of
// one.
func (v Value) Texts() ([]string, error) {
	const must = "; it must be a string or an array of strings"
	array := string(v)
	if at(array, 0) == '"' {
		return []string{unquote(array)}, nil
	}
	if at(array, 0) != '[' {
		return nil, errors.New("is " + v.kind() + must)
	}
	texts := make([]string, 0, 4) // few tokens have more audiences
	c, i := next(array, 1)
	for c == '"' {
		end, _ := stringEnd(array, i)
		texts = append(texts, unquote(array[i:end]))
		if c, i = next(array, end); c == ',' {
			c, i = next(array, i+1)
		}
	}
	if c != ']' {
		return nil, errors.New("is an array with an element that is " + v[i:].kind() + must)
	}
	return texts, nil
}

// unquote returns what a JSON string means, which has been checked.
func unquote(literal string) string {
	inside := literal[1 : len(literal)-1]
	if strings.IndexByte(inside, '\\') < 0 {
		return inside
	}
	var meaning strings.Builder
	meaning.Grow(len(inside))
	unescape(&meaning, inside)
	return meaning.String()
}

// Seconds returns the time that v, a JSON number, gives in seconds since 1970
// (a NumericDate, RFC 7519 §2), to the nanosecond. It must lie between 0 and
// MaxDate.
func (v Value) Seconds() (time.Time, error) {
	if c := at(string(v), 0); c != '-' && !isDigit(c) {
		return time.Time{}, errors.New("is " + v.kind() + "; it must be a number")
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
	mantissa, _, _ := strings.Cut(strings.ToLower(string(v)), "e")
	return v[0] == '-' && strings.ContainsAny(mantissa, "123456789")
}

// plainSeconds reads a number that is nothing but digits, as nearly every date
// is.
func plainSeconds(v Value) (int64, bool) {
	if len(v) > 18 { // 18 digits cannot overflow
		return 0, false
	}
	var seconds int64
	for _, c := range []byte(v) {
		if c < '0' || c > '9' {
			return 0, false
		}
		seconds = seconds*10 + int64(c-'0')
	}
	return seconds, true
}

// kind names the kind of v, with its article.
func (v Value) kind() string {
	switch c := at(string(v), 0); {
	case c == '"':
		return "a string"
	case c == '-' || isDigit(c):
		return "a number"
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	default:
		return "not valid JSON"
	}
}
