package strictjson

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A scanner goes over JSON text once, from its first byte to its last. Its methods
// take the place where something begins, and return the place after its end, or -1
// if it is not what it has to be.
type scanner struct {
	text      string
	most      *limits
	members   int             // so far
	kinds     byte            // of all bytes in strings so far
	unescaped strings.Builder // what the names with escapes mean
	err       error           // why a place is -1; nil: errSyntax
}

// limits are the most members of all objects together, and the most depth. The
// outermost object is at depth 1.
type limits struct {
	members, depth int
	errDepth       error
}

func (s *scanner) fail(err error) (end int) {
	s.err = err
	return -1
}

// scan visits the members of the one object that the text is.
func (s *scanner) scan(visit func(name string, value Value) error) error {
	c, start := next(s.text, 0)
	if c != '{' {
		return errNotObject
	}
	end := s.object(start, 0, visit)
	if end < 0 {
		return cmp.Or(s.err, errSyntax)
	}
	if s.kinds&beyondASCII != 0 && !utf8.ValidString(s.text) {
		return errSyntax
	}
	if _, rest := next(s.text, end); rest < len(s.text) {
		return errTrailing
	}
	return nil
}

// object goes over an object that has so many objects and arrays around it. It calls
// visit for its members, unless that is nil.
func (s *scanner) object(i, depth int, visit func(name string, value Value) error) (end int) {
	var room [fewNames]string
	names := room[:0]
	c, i := next(s.text, i+1)
	if c == '}' {
		return i + 1
	}
	for {
		if c != '"' {
			return -1
		}
		name, start := s.name(i)
		if start < 0 {
			return -1
		}
		if len(names) == fewNames {
			names = slices.Grow(names, MaxMembers-fewNames) // which headers do not exceed
		}
		names = append(names, name)
		if end = s.value(start, depth+1); end < 0 {
			return -1
		}
		if visit != nil {
			if err := visit(name, Value(s.text[start:end])); err != nil {
				return s.fail(err)
			}
		}
		c, i = next(s.text, end)
		if c != ',' {
			break
		}
		c, i = next(s.text, i+1)
	}
	if c != '}' {
		return -1
	}
	if !distinct(names) {
		return s.fail(errDuplicate)
	}
	return i + 1
}

// name goes over the name of a member and its colon. It returns the name and the
// place of the value.
func (s *scanner) name(i int) (name string, value int) {
	end, kinds := stringEnd(s.text, i)
	if end < 0 {
		return "", -1
	}
	s.kinds |= kinds
	if s.members++; s.members > s.most.members {
		return "", s.fail(errMembers)
	}
	name = s.text[i+1 : end-1]
	if kinds&backslash != 0 {
		name = s.unescape(name)
	}
	c, i := next(s.text, end)
	if c != ':' {
		return "", -1
	}
	_, value = next(s.text, i+1)
	return name, value
}

// unescape returns what a name means, in memory that all names share.
func (s *scanner) unescape(name string) string {
	if s.unescaped.Cap() == 0 {
		s.unescaped.Grow(len(s.text)) // enough for all of them
	}
	start := s.unescaped.Len()
	unescape(&s.unescaped, name)
	return s.unescaped.String()[start:]
}

// value goes over a value that has so many objects and arrays around it. Arrays in
// arrays need no call and no memory: it is enough to know how many are open. Objects
// need both, and the limit of the depth bounds them.
func (s *scanner) value(i, depth int) (end int) {
	text, outer := s.text, depth
	c := at(text, i)
	for {
		switch {
		case c == '"':
			var kinds byte
			i, kinds = stringEnd(text, i)
			s.kinds |= kinds
		case beginsNumber(c):
			i = numbersEnd(text, i, depth > outer)
		case c == '[' || c == '{':
			if depth == s.most.depth {
				return s.fail(s.most.errDepth)
			}
			inner, start := next(text, i+1)
			if inner == c+2 { // ']' or '}', which closes it
				i = start + 1
			} else if c == '{' {
				i = s.object(i, depth, nil)
			} else {
				depth++
				c, i = inner, start
				continue
			}
		default:
			i = literalEnd(text, i)
		}
		if i < 0 {
			return -1
		}
		for {
			if depth == outer {
				return i
			}
			c, i = next(text, i)
			i++
			if c == ',' {
				break
			}
			if c != ']' {
				return -1
			}
			depth--
		}
		c, i = next(text, i)
	}
}
