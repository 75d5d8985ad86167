package strictjson

import (
	"cmp"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A conversionError says why Marshal or Unmarshal failed. The text quotes no
// value. A cause's text may (that of time.Time's does), so it is not part of the
// text, and errors.Unwrap does not lead to it: only errors.Is and errors.As do.
type conversionError struct {
	text  string
	cause error
}

func (e *conversionError) Error() string   { return e.text }
func (e *conversionError) Unwrap() []error { return []error{e.cause} }

// explain returns the error of encoding or decoding a value of type t. The cause
// is what went wrong; located is the same, with its place, where that is known.
func explain(verb string, cause, located error, t reflect.Type) error {
	text := "cannot " + verb + " the Go type " + typeName(t)
	switch e := located.(type) {
	case *jsontext.SyntacticError:
		text = "cannot " + verb + place(t, e.JSONPointer) + ": it holds something that is not valid JSON in UTF-8"
		if errors.Is(e, jsontext.ErrDuplicateName) {
			text = "cannot " + verb + place(t, e.JSONPointer) + ": it holds " + errDuplicate.Error()
		}
	case *json.SemanticError:
		text = "cannot " + verb + place(t, e.JSONPointer) + ": " + misfit(verb, e)
	}
	return &conversionError{text, cause}
}

// misfit says what does not go together.
func misfit(verb string, e *json.SemanticError) string {
	t := indirect(e.GoType)
	if verb == "decode" {
		value := "the value"
		if e.JSONKind != 0 {
			value = Value([]byte{byte(e.JSONKind)}).kind()
		}
		return value + " does not fit the Go type " + typeName(t)
	}
	if t != nil && (t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64) {
		return "a " + typeName(t) + " that is NaN or infinite has no form in JSON"
	}
	return "the Go type " + typeName(t) + " cannot be encoded"
}

// maxShown bounds, in bytes, a path and the name of a type in an error.
const maxShown = 100

// place names a place in a value of type t, as the object of a sentence. It shows
// the name of a member of the outermost object, which in claims is no secret, and
// the names of struct fields. The keys of a map may be values: the path ends
// before the first of them, and where the type is not known.
func place(t reflect.Type, pointer jsontext.Pointer) string {
	path, where := "", " the member "
	for token := range pointer.Tokens() {
		step, inner, isPublic := stepInto(t, token)
		if path != "" && !isPublic {
			where = " a value in the member "
			break
		}
		path += step
		t = inner
	}
	if path == "" {
		return ""
	}
	path = strings.TrimPrefix(path, ".")
	if len(path) > maxShown {
		return where + strconv.QuoteToASCII(strings.ToValidUTF8(path[:maxShown], "")) + "..."
	}
	return where + strconv.QuoteToASCII(path)
}

// stepInto returns the step of a path from a value of type t to the member or
// element that token names, the type there (nil: not known), and whether the step
// is free of values.
func stepInto(t reflect.Type, token string) (step string, inner reflect.Type, isPublic bool) {
	if t = indirect(t); t == nil {
		return "." + token, nil, false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "[" + token + "]", t.Elem(), true
	case reflect.Map:
		return "." + token, t.Elem(), false
	case reflect.Struct:
		inner, isPublic = fieldType(t, token)
	}
	return "." + token, inner, isPublic
}

func indirect(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fieldType returns the type of the field of the struct t that holds the member.
func fieldType(t reflect.Type, member string) (reflect.Type, bool) {
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if cmp.Or(name, field.Name) == member {
			return field.Type, true
		}
	}
	return nil, false
}

func typeName(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	name := t.String()
	if len(name) > maxShown {
		return strings.ToValidUTF8(name[:maxShown], "") + "..."
	}
	return name
}
