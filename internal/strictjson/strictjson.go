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
	"errors"
	"fmt"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

// What EachHeaderMember takes.
const (
	MaxMembers = 64 // of all objects together
	MaxDepth   = 8  // of objects and arrays; the outermost object is at depth 1
)

// maxDepth is how deep EachMember goes: as deep as Unmarshal.
const maxDepth = 10000

var (
	errNotObject = errors.New("not a JSON object")
	errSyntax    = errors.New("not valid JSON")
	errDuplicate = errors.New("an object with the same member twice")
	errTrailing  = errors.New("a JSON object with more data after it")
	errMembers   = fmt.Errorf("an object with more than %d members, nested ones counted", MaxMembers)
	errDepth     = fmt.Errorf("an object that is nested more than %d deep", MaxDepth)
)

var (
	limitsOfHeader = limits{MaxMembers, MaxDepth, errDepth}
	limitsOfAny    = limits{math.MaxInt, maxDepth, errSyntax}
)

// EachMember calls visit for every member of the one JSON object that text holds,
// in order, with the member's unescaped name. An error from visit ends the reading.
//
// Only when EachMember has returned nil is the text what it has to be: of bad text,
// some members may have been visited.
func EachMember(text string, visit func(name string, value Value) error) error {
	s := scanner{text: text, most: &limitsOfAny}
	return s.scan(visit)
}

// EachHeaderMember is EachMember for JSON that nobody has vouched for. It bounds
// the number of members and the depth. The caller bounds the length.
func EachHeaderMember(text string, visit func(name string, value Value) error) error {
	s := scanner{text: text, most: &limitsOfHeader}
	return s.scan(visit)
}

// AppendString appends text to dst as a JSON string with the fewest escapes.
// The text must be valid UTF-8.
func AppendString(dst []byte, text string) ([]byte, error) {
	if isPlain(text) {
		return append(append(append(dst, '"'), text...), '"'), nil
	}
	dst, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		return dst, errors.New("not valid UTF-8")
	}
	return dst, nil
}

// isPlain reports whether a string of this text needs no escapes and is ASCII.
func isPlain(text string) bool {
	for _, c := range []byte(text) {
		if kindOf[c] != 0 {
			return false
		}
	}
	return true
}
