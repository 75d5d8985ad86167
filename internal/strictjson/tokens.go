package strictjson

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// next returns the first byte from i on that is no white space, and its place; if
// there is none, 0, which JSON does not have, and the end of the text.
func next(text string, i int) (c byte, place int) {
	for i < len(text) {
		if c = text[i]; c > ' ' || !isSpace(c) {
			return c, i
		}
		i++
	}
	return 0, i
}

// at returns the byte at i; 0 after the end.
func at(text string, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func literalEnd(text string, i int) (end int) {
	rest := text[i:]
	if strings.HasPrefix(rest, "true") || strings.HasPrefix(rest, "null") {
		return i + len("true")
	}
	if strings.HasPrefix(rest, "false") {
		return i + len("false")
	}
	return -1
}

func beginsNumber(c byte) bool { return c == '-' || isDigit(c) }

// numbersEnd goes over a number; in an array also over those that follow with nothing
// but commas between them. Going back to the scanner for each would make long arrays
// of numbers the dearest headers (TestDearHeaders).
func numbersEnd(text string, i int, inArray bool) (end int) {
	for {
		if text[i] == '-' {
			i++
		}
		end = skipDigits(text, i)
		if end == i || text[i] == '0' && end > i+1 {
			return -1
		}
		c := at(text, end)
		if c == '.' {
			if i, end = end+1, skipDigits(text, end+1); end == i {
				return -1
			}
			c = at(text, end)
		}
		if c == 'e' || c == 'E' {
			if c = at(text, end+1); c == '+' || c == '-' {
				end++
			}
			if i, end = end+1, skipDigits(text, end+1); end == i {
				return -1
			}
			c = at(text, end)
		}
		if !inArray || c != ',' || !beginsNumber(at(text, end+1)) {
			return end
		}
		i = end + 1
	}
}

func skipDigits(text string, i int) (end int) {
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	return i
}

// The kinds of bytes in strings, but for plain ones.
const (
	quote = 1 << iota
	backslash
	control
	beyondASCII
)

var kindOf = func() (kinds [256]byte) {
	for c := range kinds {
		switch {
		case c < ' ':
			kinds[c] = control
		case c >= utf8.RuneSelf:
			kinds[c] = beyondASCII
		}
	}
	kinds['"'], kinds['\\'] = quote, backslash
	return kinds
}()

// stringEnd goes over a string, and also returns the kinds of the bytes in it. It
// does not look whether they are UTF-8: scan does so once for all strings.
func stringEnd(text string, i int) (end int, kinds byte) {
	for i = skipPlain(text, i+1); i < len(text); {
		kind := kindOf[text[i]]
		kinds |= kind
		i++
		if kind&^beyondASCII == 0 {
			continue
		}
		if kind == quote {
			return i, kinds
		}
		if kind == control {
			break
		}
		if escapes[at(text, i)] != 0 {
			i++
		} else if _, i = unicodeEscape(text, i); i < 0 {
			break
		}
	}
	return -1, 0
}

// skipPlain goes over the bytes of no kind that a string begins with, as far as they
// fill groups of eight, and most strings have no others: the tokens of other issuers
// take a twentieth less (BenchmarkForeign).
func skipPlain(text string, i int) (end int) {
	const each = 0x0101010101010101 // times a byte: eight of it
	for ; i+8 <= len(text); i += 8 {
		t := text[i : i+8]
		bytes := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		// Below, the highest bit of the lowest byte that is set tells of a byte that is
		// beyond ASCII, a control character, a quote, or a backslash.
		found := (bytes - ' '*each) | (bytes ^ '"'*each - each) | (bytes ^ '\\'*each - each)
		if found &= 0x80 * each; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}

// escapes has what is meant by a byte after a backslash.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unicodeEscape goes over an escape from its u on, and over the next one if the two
// are a pair of surrogates. It also returns what is meant.
func unicodeEscape(text string, i int) (r rune, end int) {
	r, end = codeUnit(text, i)
	if end < 0 || !utf16.IsSurrogate(r) {
		return r, end
	}
	if at(text, end) != '\\' {
		return 0, -1
	}
	low, end := codeUnit(text, end+1)
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, -1
	}
	return r, end
}

func codeUnit(text string, i int) (unit rune, end int) {
	end = i + len("u0000")
	if end > len(text) || text[i] != 'u' {
		return 0, -1
	}
	unit = hexDigits[text[i+1]]<<12 | hexDigits[text[i+2]]<<8 | hexDigits[text[i+3]]<<4 | hexDigits[text[i+4]]
	if unit > 0xffff {
		return 0, -1
	}
	return unit, end
}

// hexDigits has the values of the digits, and of all other bytes more than 16 bits.
var hexDigits = func() (values [256]rune) {
	for c := range values {
		values[c] = 0x10000
	}
	for value, c := range []byte("0123456789abcdef") {
		values[c], values[bytes.ToUpper([]byte{c})[0]] = rune(value), rune(value)
	}
	return values
}()

// unescape writes what the inside of a string means, by way of a buffer on the stack.
// stringEnd has found the escapes to be valid.
func unescape(dst *strings.Builder, inside string) {
	var room [128]byte
	buffer := room[:0]
	for i := 0; i < len(inside); i++ {
		if len(buffer) > len(room)-utf8.UTFMax {
			dst.Write(buffer)
			buffer = room[:0]
		}
		c := inside[i]
		if c == '\\' {
			i++
			if c = escapes[inside[i]]; c == 0 {
				r, end := unicodeEscape(inside, i)
				buffer = utf8.AppendRune(buffer, r)
				i = end - 1
				continue
			}
		}
		buffer = append(buffer, c)
	}
	dst.Write(buffer)
}
