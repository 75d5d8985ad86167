package hostiletest

import (
	"fmt"
	"strings"
	utf "unicode/utf16"
)

const (
	ruleObject    = "RFC 7515 §4, RFC 7519 §7.2: a JSON object and nothing but one"
	ruleSyntax    = "RFC 8259 §2: the grammar of JSON"
	ruleString    = "RFC 8259 §7: the grammar of strings"
	ruleNumber    = "RFC 8259 §6: the grammar of numbers"
	ruleUTF8      = "RFC 8259 §8.1: UTF-8 without a byte order mark; RFC 3629 §3: well-formed"
	ruleSurrogate = "RFC 8259 §8.2, RFC 8725 §3.7: no unpaired surrogates"
	ruleUnique    = "RFC 7515 §4, RFC 7519 §4: member names are unique"
)

// A variant is a text that a strict reader of JSON objects refuses, beside one
// that differs in being good.
type variant struct{ name, rule, text, control string }

// brokenObjects returns what must not be taken for the object m, whether it is
// a header or claims. Most faults sit in a member "x" that nobody looks at:
// what is refused is the text, not the member. The objects beside them have at
// most so many members, and are nested at most so deep.
func brokenObjects(m members, maxMembers, maxDepth int) []variant {
	object := m.String()
	good := m.with("x", `"y"`)
	var variants []variant
	add := func(rule, name, text string) {
		variants = append(variants, variant{name, rule, text, object})
	}
	// value puts a raw value into the member that nobody looks at.
	value := func(rule, name, raw string) {
		variants = append(variants, variant{name, rule, m.with("x", raw).String(), good.String()})
	}

	for _, other := range []string{"null", "true", "false", "0", "1", `""`, `"x"`, "[]", "[{}]", "[" + object + "]", "[[" + object + "]]"} {
		add(ruleObject, "not an object: "+shorten(other), other)
	}
	add(ruleObject, "not an object but a string that holds one", quote(strings.ReplaceAll(object, `"`, `\"`)))
	for _, space := range []string{" ", "\n", "\t", "\r\n"} {
		add(ruleObject, fmt.Sprintf("white space alone: %q", space), space)
	}
	add(ruleObject, "a NUL alone", "\x00")
	add(ruleObject, "plain text", "hello")
	add(ruleObject, "a form", "alg=HS256&sub=user-1")

	for _, trailing := range []string{"{}", " {}", object, "\n" + object, "null", " 0", `"x"`, ",", "}", "]", ";", "x", "\x00", "\v", "\f", "\u00a0", "\u2028", "\ufeff", "//x", "/**/", "#"} {
		add(ruleObject, fmt.Sprintf("trailing %q", shorten(trailing)), object+trailing)
	}
	for _, leading := range []string{"{}", "null", ",", "\x00", "\v", "\f", "\u00a0", "\u2028", "/**/", ")]}',\n", "x"} {
		add(ruleObject, fmt.Sprintf("leading %q", shorten(leading)), leading+object)
	}
	add(ruleSyntax, "an opening brace alone", "{")
	add(ruleSyntax, "a closing brace alone", "}")
	add(ruleSyntax, "no opening brace", object[1:])
	add(ruleSyntax, "no closing brace", object[:len(object)-1])
	add(ruleSyntax, "two opening braces", "{"+object)
	add(ruleSyntax, "a bracket for the closing brace", object[:len(object)-1]+"]")
	for _, cut := range []int{2, len(object) / 4, len(object) / 2, len(object) - 2} {
		add(ruleSyntax, fmt.Sprintf("cut after %d bytes", cut), object[:cut])
	}
	add(ruleSyntax, "a trailing comma", object[:len(object)-1]+",}")
	add(ruleSyntax, "a leading comma", "{,"+object[1:])
	add(ruleSyntax, "two commas", strings.Replace(object, `,"`, `,,"`, 1))
	add(ruleSyntax, "a comma missing", strings.Replace(object, `,"`, ` "`, 1))
	add(ruleSyntax, "a colon missing", strings.Replace(object, `":`, `" `, 1))
	add(ruleSyntax, "two colons", strings.Replace(object, `":`, `"::`, 1))
	add(ruleSyntax, "an equals sign for a colon", strings.Replace(object, `":`, `"=`, 1))
	add(ruleSyntax, "single quotes", strings.ReplaceAll(object, `"`, `'`))
	add(ruleSyntax, "names without quotes", strings.NewReplacer(`{"`, `{`, `,"`, `,`, `":`, `:`).Replace(object))
	add(ruleSyntax, "a comment", "{/*x*/"+object[1:])
	add(ruleSyntax, "a line comment", "{//x\n"+object[1:])
	add(ruleSyntax, "a name with no value", object[:len(object)-1]+`,"x"}`)
	add(ruleSyntax, "a name with an empty value", object[:len(object)-1]+`,"x":}`)
	for _, name := range []string{"1", "null", "true", "{}", "[]", "x"} {
		add(ruleSyntax, "a name that is "+name, object[:len(object)-1]+","+name+":1}")
	}

	for _, raw := range []string{"undefined", "NaN", "Infinity", "-Infinity", "True", "NULL", "nil", "truex", "nul", "'y'", "y", "`y`", "[1,]", "[,1]", "[1 2]", "[", "]", "[}", `{"a"}`, `{"a":1,}`, "(1)", "new Date(0)", "/y/",
		`["y";"z"]`, `["y""z"]`, `["y":"z"]`, `["y" "z"]`, `["y"|"z"]`, `["y",]`, `[,"y"]`, `["y",,"z"]`, `["y"}`, `["y"`, `["y",`, `["y]`, `["y"]]`} {
		value(ruleSyntax, "a value that is "+raw, raw)
	}
	for _, raw := range []string{"01", "-01", "00", "+1", ".5", "1.", "-", "-.5", "--1", "1e", "1e+", "1E-", "0x1", "0b1", "0o7", "1_0", "1,5", "1.5.5", "1e1.5", "1n", "1f", "- 1", "1 e5", "\u0661"} {
		value(ruleNumber, "a number that is "+raw, raw)
	}
	for _, raw := range []string{"a\x00b", "a\x01b", "a\tb", "a\nb", "a\rb", "a\x1fb", `\x41`, `\'`, `\8`, `\0`, `\v`, `\ `, `\u`, `\u12`, `\u00g0`, `\u{41}`, `\U00000041`, `\u+041`} {
		value(ruleString, fmt.Sprintf("a string of %q", raw), quote(raw))
	}
	value(ruleString, "a string that does not end", `"y`)
	value(ruleString, "a string that ends in a backslash", `"y\"`)

	for _, raw := range []string{
		"\xff", "\xfe", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3\x28", "\xe0\x80\xaf", "\xe2\x82", "\xe2\x28\xa1",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80", "\xf0\x80\x80\xaf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
	} {
		value(ruleUTF8, fmt.Sprintf("the bytes % X in a value", raw), quote(raw))
		variants = append(variants, variant{fmt.Sprintf("the bytes % X in a name", raw), ruleUTF8, m.and("x"+raw, "1").String(), m.and("x", "1").String()})
	}
	add(ruleUTF8, "a byte order mark before", "\ufeff"+object)
	add(ruleUTF8, "a byte order mark within", "{\ufeff"+object[1:])
	add(ruleUTF8, "UTF-16, little-endian", utf16(object, false))
	add(ruleUTF8, "UTF-16, big-endian", utf16(object, true))
	add(ruleUTF8, "UTF-16, little-endian, with a mark", utf16("\ufeff"+object, false))
	add(ruleUTF8, "UTF-16, big-endian, with a mark", utf16("\ufeff"+object, true))
	add(ruleUTF8, "UTF-32", utf32(object))

	for _, raw := range []string{`\ud800`, `\udbff`, `\udc00`, `\udfff`, `\uDEAD`, `\ud83d\ud83d`, `\ude00\ud83d`, `\ud83dx`, `\ud83d\u0041`, `\ud83d\n`, `\ud83d\\ude00`} {
		value(ruleSurrogate, "the surrogate "+raw+" in a value", quote(raw))
		variants = append(variants, variant{"the surrogate " + raw + " in a name", ruleSurrogate, m.and("x"+raw, "1").String(), m.and("x", "1").String()})
	}

	return append(variants, repeatedMembers(m, maxMembers, maxDepth)...)
}

// repeatedMembers returns objects that have a member twice, other than those
// that somebody looks at.
func repeatedMembers(m members, maxMembers, maxDepth int) []variant {
	var variants []variant
	add := func(name string, text, control fmt.Stringer) {
		variants = append(variants, variant{"a member twice: " + name, ruleUnique, text.String(), control.String()})
	}
	once := m.and("x", "1")
	add("the same value", once.and("x", "1"), once)
	add("another value", once.and("x", "2"), once)
	add("another type", once.and("x", "null"), once)
	add("at both ends", once.before("x", "1"), once)
	add("three times", once.and("x", "1").and("x", "1"), once)
	add("by an escape", once.and(`\u0078`, "1"), once)
	add("by two escapes", m.and(`\u0078`, "1").and(`\u0078`, "1"), m.and(`\u0078`, "1"))
	add("an empty name", m.and("", "1").and("", "1"), m.and("", "1"))
	add("the solidus, escaped", m.and("a/b", "1").and(`a\/b`, "1"), m.and("a/b", "1"))
	add("é, escaped", m.and("é", "1").and(`\u00e9`, "1"), m.and("é", "1"))
	add("é, escaped in upper case", m.and(`\u00e9`, "1").and(`\u00E9`, "1"), m.and(`\u00e9`, "1"))
	add("a surrogate pair, escaped", m.and("😀", "1").and(`\ud83d\ude00`, "1"), m.and("😀", "1"))
	add("a tab, escaped in two ways", m.and(`\t`, "1").and(`\u0009`, "1"), m.and(`\t`, "1"))
	add("__proto__", m.and("__proto__", "{}").and("__proto__", "{}"), m.and("__proto__", "{}"))
	for _, depth := range []int{1, 2, 3, 5, maxDepth - 1} {
		nested := func(inner string) members {
			return m.and("x", strings.Repeat(`{"a":`, depth-1)+inner+strings.Repeat("}", depth-1))
		}
		add(fmt.Sprintf("at depth %d", depth), nested(`{"a":1,"a":1}`), nested(`{"a":1,"b":1}`))
		add(fmt.Sprintf("by an escape at depth %d", depth), nested(`{"a":1,"\u0061":1}`), nested(`{"a":1,"\u0062":1}`))
	}
	add("in an array", m.and("x", `[0,{"a":1,"a":1}]`), m.and("x", `[0,{"a":1,"b":1}]`))
	add("in an array by an escape", m.and("x", `[0,{"a":1,"\u0061":1}]`), m.and("x", `[0,{"a":1,"\u0062":1}]`))
	add("in an array of arrays", m.and("x", `[[[{"a":1,"a":1}]]]`), m.and("x", `[[[{"a":1,"b":1}]]]`))
	many := m // with one more, they are as many as may be
	for len(many) < maxMembers-1 {
		many = many.and(fmt.Sprintf("x%d", len(many)), "1")
	}
	add("the first of many", many.and(fmt.Sprintf("x%d", len(m)), "1"), many.and("y", "1"))
	add("the last of many", many.and(fmt.Sprintf("x%d", len(many)-1), "1"), many.and("y", "1"))
	return variants
}

// oddObjects returns unusual spellings of the object m that are JSON all the
// same.
func oddObjects(m members) []variant {
	object := m.String()
	return []variant{
		{"white space before", ruleSyntax, " \t\r\n" + object, ""},
		{"white space after", ruleSyntax, object + " \t\r\n", ""},
		{"white space everywhere", ruleSyntax, strings.NewReplacer("{", "{\n\t", `":`, "\" :\r\n ", `,"`, "\t,\r\n\"", "}", "\n}").Replace(object), ""},
		{"an escaped name", ruleString, strings.Replace(object, object[2:3], fmt.Sprintf(`\u%04x`, object[2]), 1), ""},
		{"an empty name", ruleString, m.and("", "1").String(), ""},
		{"a null that nobody looks at", ruleObject, m.and("x", "null").String(), ""},
		{"a surrogate pair", ruleSurrogate, m.and("x", `"\ud83d\ude00"`).String(), ""},
		{"text beyond ASCII", ruleUTF8, m.and("é😀", `"é😀\u0000"`).String(), ""},
		{"the last character of Unicode", ruleUTF8, m.and("x", "\"\U0010ffff\"").String(), ""},
		{"a byte order mark in a string", ruleUTF8, m.and("x", "\"\ufeff\"").String(), ""},
		{"names that differ in case", ruleUnique, m.and("x", "1").and("X", "2").String(), ""},
		{"names that differ in normal form", ruleUnique, m.and("\u00e9", "1").and("e\u0301", "2").String(), ""},
		{"the same name in two objects", ruleUnique, m.and("x", `[{"a":1},{"a":1}]`).and("y", `{"x":{"x":1}}`).String(), ""},
		{"numbers of every form", ruleNumber, m.and("x", "[0,-0,-0.0,1e5,1E+5,1.5e-5,1e400,-1e400,123456789012345678901234567890]").String(), ""},
		{"every literal", ruleSyntax, m.and("x", `[null,true,false,"",[],{},[[]],[{}]]`).String(), ""},
		{"__proto__", ruleObject, m.and("__proto__", `{"admin":true}`).String(), ""},
	}
}

func utf16(s string, bigEndian bool) string {
	var bytes []byte
	for _, unit := range utf.Encode([]rune(s)) {
		if bigEndian {
			bytes = append(bytes, byte(unit>>8), byte(unit))
		} else {
			bytes = append(bytes, byte(unit), byte(unit>>8))
		}
	}
	return string(bytes)
}

func utf32(s string) string {
	var bytes []byte
	for _, r := range s {
		bytes = append(bytes, 0, byte(r>>16), byte(r>>8), byte(r))
	}
	return string(bytes)
}

// shorten cuts a text down to what a row's name needs.
func shorten(s string) string {
	if len(s) > 24 {
		return s[:20] + "…"
	}
	return s
}
