// Package strictjson reads and writes the JSON of tokens.
//
// Reading is as strict as RFC 8259 and RFC 7515 §4 allow a verifier to be:
// duplicate members at any depth, invalid UTF-8, lone surrogates, a byte order
// mark and trailing data are refused, and names match exactly, never by case.
//
// It is the only package of this module that imports go-json-experiment. With Go
// 1.27 that module holds nothing but aliases of encoding/json/v2.
//
// The text of an error of this package never quotes the JSON that it is about.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	errNotObject = errors.New("not a JSON object")
	errSyntax    = errors.New("not valid JSON")
	errDuplicate = errors.New("an object with the same member twice")
	errTrailing  = errors.New("a JSON object with more data after it")
)

// A reader is a decoder with its source. Making one costs more than reading a
// token's claims with it, so they are pooled. A reader is reset before use; up
// to then it holds on to what was read with it last.
type reader struct {
	source  bytes.Buffer
	decoder jsontext.Decoder
	name    []byte   // a buffer for names that have escapes
	names   [][]byte // of the outermost object's members, as checkHeader found them
	noted   bool     // whether it did
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// EachMember calls visit for every member of the one JSON object that data
// holds, in order, with the member's unescaped name. The name, like the value,
// is valid only until visit returns. An error from visit ends the reading.
func EachMember(data []byte, visit func(name []byte, value Value) error) error {
	if members, n := plainObject(data); n > 0 {
		return visitPlain(members[:n], visit)
	}
	return eachDecoded(data, visit)
}

func visitPlain(members []member, visit func(name []byte, value Value) error) error {
	for _, m := range members {
		if err := visit(m.name, m.value); err != nil {
			return err
		}
	}
	return nil
}

// eachDecoded is EachMember for all JSON there is. A reader whose visit panicked
// is not given back to the pool.
func eachDecoded(data []byte, visit func(name []byte, value Value) error) error {
	r := readers.Get().(*reader)
	err := r.decode(data, visit)
	readers.Put(r)
	return err
}

func (r *reader) decode(data []byte, visit func(name []byte, value Value) error, opts ...jsontext.Options) error {
	r.source = *bytes.NewBuffer(data)
	r.decoder.Reset(&r.source, opts...)
	return r.eachMember(visit)
}

func (r *reader) eachMember(visit func(name []byte, value Value) error) error {
	if start, err := r.decoder.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginObject {
		return errNotObject
	}
	for i := 0; r.decoder.PeekKind() != jsontext.KindEndObject; i++ {
		literal, err := r.decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		name, err := r.memberName(i, literal)
		if err != nil {
			return err
		}
		value, err := r.decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		if err := visit(name, Value(value)); err != nil {
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

// memberName returns the name of the outermost object's member number i.
func (r *reader) memberName(i int, literal []byte) (name []byte, err error) {
	if !r.noted {
		r.name, err = unquote(r.name[:0], literal)
		return r.name, err
	}
	if i >= len(r.names) { // no colon follows
		return nil, errSyntax
	}
	return r.names[i], nil
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

// AppendString appends text to dst as a JSON string with the fewest escapes.
// The text must be valid UTF-8.
func AppendString(dst []byte, text string) ([]byte, error) {
	dst, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		return dst, errors.New("not valid UTF-8")
	}
	return dst, nil
}
