package strictjson

import (
	"bytes"
	"fmt"
	"hash/maphash"

	"github.com/go-json-experiment/json/jsontext"
)

// What EachHeaderMember takes.
const (
	MaxMembers = 64 // of all objects together
	MaxDepth   = 8  // of objects and arrays; the outermost object is at depth 1
)

var (
	errMembers = fmt.Errorf("an object with more than %d members, nested ones counted", MaxMembers)
	errDepth   = fmt.Errorf("an object that is nested more than %d deep", MaxDepth)
)

// EachHeaderMember is EachMember for JSON that nobody has vouched for. It bounds
// the number of members and the depth. The caller bounds the length.
//
// It finds duplicates by itself. With the decoder's search for them, the dearest
// header costs 5.8 times as much per byte as a good token; with this one, 3.1
// to 3.4 (TestDearHeaders).
//
// A duplicate may be reported before a syntax error. FuzzHeader holds it to
// EachMember.
func EachHeaderMember(data []byte, visit func(name []byte, value Value) error) error {
	if members, n := plainObject(data); n > 0 { // few, flat and different
		return visitPlain(members[:n], visit)
	}
	r := readers.Get().(*reader)
	err := r.checkHeader(data)
	if err == nil {
		err = r.decode(data, visit, jsontext.AllowDuplicateNames(true))
	}
	r.noted = false
	readers.Put(r)
	return err
}

// checkHeader goes over data once, and notes the names of the outermost object. In
// JSON a colon outside of a string follows the name of a member, which is the last
// string. What is no JSON is left to the decoder, whatever is found in it here.
func (r *reader) checkHeader(data []byte) error {
	var (
		seen    nameSet
		members int
		objects [MaxDepth + 1]uint64 // the number of the object at each depth
		opened  uint64
		depth   int
		last    []byte // the last string, with its quotes
	)
	r.name, r.names, r.noted = r.name[:0], r.names[:0], true
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			last = stringAt(data[i:])
			i += len(last) - 1
		case '{', '[':
			if depth++; depth > MaxDepth {
				return errDepth
			}
			opened++
			objects[depth] = opened
		case '}', ']':
			depth = max(depth-1, 0)
		case ':':
			if members == MaxMembers {
				return errMembers
			}
			name, err := r.appendName(last)
			if err != nil {
				return err
			}
			if depth == 1 {
				r.names = append(r.names, name)
			}
			if !seen.add(maphash.Bytes(seed, name) ^ objects[depth]<<1) {
				return errDuplicate
			}
			members++
			last = nil // a colon without a name of its own is no JSON
		}
	}
	return nil
}

// seed makes the hashes random for each process, so nobody can choose two names
// that share one. Two names do so by chance once in 2^63, and then a good header
// is refused.
var seed = maphash.MakeSeed()

// A nameSet holds a hash of each name and its object, by open addressing; 0 is a
// free place, and half of them always are.
type nameSet [2 * MaxMembers]uint64

// add reports whether the hash was not there yet.
func (s *nameSet) add(hash uint64) bool {
	hash |= 1 // never 0
	i := (hash >> 1) % uint64(len(s))
	for s[i] != 0 {
		if s[i] == hash {
			return false
		}
		i = (i + 1) % uint64(len(s))
	}
	s[i] = hash
	return true
}

// appendName returns what the literal means, in memory that lasts as long as the
// reader is in use.
func (r *reader) appendName(literal []byte) ([]byte, error) {
	if len(literal) < 2 {
		return nil, errSyntax
	}
	if bytes.IndexByte(literal, '\\') < 0 {
		return literal[1 : len(literal)-1], nil
	}
	start := len(r.name)
	var err error
	r.name, err = unquote(r.name, literal)
	return r.name[start:], err
}

// stringAt returns the string with which data begins, with its quotes; all of data
// if it has no end.
func stringAt(data []byte) []byte {
	for i := 1; i < len(data); i++ {
		if data[i] == '\\' {
			i++ // what is escaped does not end the string
		} else if data[i] == '"' {
			return data[:i+1]
		}
	}
	return data
}
