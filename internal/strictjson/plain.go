package strictjson

// Most tokens hold JSON of the plainest kind. Without the decoder, finding its
// members takes a third of the time (BenchmarkEachMember). What is accepted here
// is a small part of JSON that can be read at a glance; whatever else comes, valid
// or not, is for the decoder to judge.

const maxPlainMembers = 8

type member struct {
	name  []byte
	value Value
}

// plainObject returns the members of a plain JSON object: 1 to 8 members with
// different names, whose values are strings, whole numbers without a sign, or
// arrays of strings; no white space, no escapes, and printable ASCII alone. It
// returns 0 members of all other data.
func plainObject(data []byte) (members [maxPlainMembers]member, n int) {
	rest, ok := cutByte(data, '{')
	for ok && n < maxPlainMembers {
		name := plainString(rest)
		value, colon := cutByte(rest[name:], ':')
		size := plainValue(value)
		if name == 0 || !colon || size == 0 {
			break
		}
		m := member{rest[1 : name-1], Value(value[:size])}
		for _, earlier := range members[:n] {
			if string(earlier.name) == string(m.name) {
				return members, 0
			}
		}
		members[n] = m
		n++
		if value = value[size:]; string(value) == "}" {
			return members, n
		}
		rest, ok = cutByte(value, ',')
	}
	return members, 0
}

// cutByte returns what follows c; false if text does not begin with c.
func cutByte(text []byte, c byte) ([]byte, bool) {
	if len(text) == 0 || text[0] != c {
		return nil, false
	}
	return text[1:], true
}

// plainValue returns the length of the plain value that text begins with; 0 if
// there is none.
func plainValue(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch c := text[0]; {
	case c == '"':
		return plainString(text)
	case c == '[':
		return plainArray(text)
	case '0' <= c && c <= '9':
		return plainNumber(text)
	}
	return 0
}

func plainString(text []byte) int {
	if len(text) == 0 || text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1
		case c < ' ' || c > '~' || c == '\\':
			return 0
		}
	}
	return 0
}

func plainArray(text []byte) int {
	for i := 1; ; i++ { // past the bracket or comma
		size := plainString(text[i:])
		if i += size; size == 0 || i == len(text) {
			return 0
		}
		switch text[i] {
		case ']':
			return i + 1
		case ',':
		default:
			return 0
		}
	}
}

func plainNumber(text []byte) int {
	i := 1
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	if text[0] == '0' && i > 1 { // no JSON
		return 0
	}
	return i
}
