package hostiletest

import (
	"fmt"
	"strconv"
	"strings"
)

// Costs are the tokens that the tests of cost read, all with one Reader.
type Costs struct {
	Reader       *Reader
	Good         string // an ordinary token
	GoodLargest  string // a good token as long as the limit allows
	Forged       string // the same with another signature
	JustTooLarge string // one byte over the limit
	FarTooLarge  string // 16 MiB
}

// CostTokens returns the tokens that the tests of cost read.
func CostTokens() Costs {
	return Costs{
		Reader:       hs256,
		Good:         hs256.Good(),
		GoodLargest:  ofSize(hs256, maxToken),
		Forged:       forged(ofSize(hs256, maxToken)),
		JustTooLarge: ofSize(hs256, maxToken+1),
		FarTooLarge:  strings.Repeat("a", 16<<20),
	}
}

// A DearHeader is a token whose header costs as much as a forger can make it,
// and what it is measured by.
type DearHeader struct {
	Name   string
	Token  string
	Good   string // a good token of the same length, whose header is its Reader's own
	Reader *Reader
}

// DearHeaders returns tokens of so many bytes, a little less at most, that are
// nearly all header. Their signatures are wrong, as a forger's are: a strategy remembers
// the header of a token that it has verified, and to read that again costs nothing.
func DearHeaders(size int) []DearHeader {
	r := hs256
	if size > maxToken {
		r = largest
	}
	var dear []DearHeader
	for _, shape := range dearShapes {
		token := longestOf(r, size, shape.members)
		dear = append(dear, DearHeader{shape.name, token, ofSize(r, len(token)), r})
	}
	return dear
}

// longestOf returns the longest forged token of at most size bytes whose header has
// members that take about n bytes, for some n.
func longestOf(r *Reader, size int, membersOf func(n int) members) string {
	rest := len(r.Good()) - len(split(r.Good())[0])
	for n := size * 3 / 4; ; n -= 1 + n/100 {
		header := r.header().plus(membersOf(n))
		if encodedLen(header.String())+rest <= size {
			return forged(r.mint(header, r.claims()))
		}
	}
}

// dearShapes are members that take about n bytes. They are what was found to
// cost the most for each byte, of all that the limits of a header allow, and what
// the limits refuse.
var dearShapes = []struct {
	name    string
	members func(n int) members
}{
	{"64 members", evenly(maxMembers-2, "x", "0")},
	{"64 members with long names", longNames(maxMembers-2, "x")},
	{"64 members with escaped names", longNames(maxMembers-2, `\n`)},
	{"64 members that are strings", evenly(maxMembers-2, "x", quote("x"))},
	{"64 members that are arrays", func(n int) members {
		return flat(maxMembers-2, "x", list(n/(maxMembers-2)/2-4, "0"))
	}},
	{"64 members in objects in an array", func(n int) members {
		return members{{"x", list(maxMembers-4, `{"x":0}`)}, {"y", quote(strings.Repeat("y", n-8*maxMembers))}}
	}},
	{"64 members with names of escaped quotes", longNames(maxMembers-2, `\"`)},
	{"64 members with names of text, escapes and text beyond ASCII", longNames(maxMembers-2, `x\né`)},
	{"64 members with names of line ends and text beyond ASCII", longNames(maxMembers-2, `x\nxé`)},
	{"64 members with names of escapes by number and text beyond ASCII", longNames(maxMembers-2, `é\u0000\u20AC`)},
	{"one member with an escaped name", longNames(1, `\n`)},
	{"one member with a name of escaped quotes", longNames(1, `\"`)},
	{"one member with a name escaped by number", longNames(1, `\u0000`)},
	{"kid of escapes", one("kid", func(n int) string { return quote(strings.Repeat(`\n`, n/2)) })},
	{"kid of escaped quotes", one("kid", func(n int) string { return quote(strings.Repeat(`\"`, n/2)) })},
	{"kid of escapes by number", one("kid", func(n int) string { return quote(strings.Repeat(`\u0000`, n/6)) })},
	{"a string of escapes by number", one("x", func(n int) string { return quote(strings.Repeat(`\u0000`, n/6)) })},
	{"a string of text beyond ASCII", one("x", func(n int) string { return quote(strings.Repeat("é", n/2)) })},
	{"digits", one("x", func(n int) string { return strings.Repeat("1", n) })},
	{"an array of digits", one("x", func(n int) string { return list(n/2, "0") })},
	{"an array of numbers with an exponent", one("x", func(n int) string { return list(n/4, "1e1") })},
	{"an array of empty arrays", one("x", func(n int) string { return list(n/3, "[]") })},
	{"an array of empty objects", one("x", func(n int) string { return list(n/3, "{}") })},
	{"an array of arrays of empty objects", one("x", func(n int) string { return list(n/5, "[{}]") })},
	{"an array of the deepest empty objects", one("x", func(n int) string {
		return list(n/(2*maxDepth-3), nestArrays(maxDepth-3, "{}"))
	})},
	{"an array of escapes", one("x", func(n int) string { return list(n/5, `"\n"`) })},
	{"an array of escaped quotes", one("x", func(n int) string { return list(n/5, `"\""`) })},
	{"an array of empty strings", one("x", func(n int) string { return list(n/3, `""`) })},
	{"a string that a count has to look at", one("x", func(n int) string { return quote(strings.Repeat(`\"`, n/2)) })},

	// These are refused.
	{"as many members as there is room for", func(n int) members { return flat(n/10, "x", "0") }},
	{"as many empty objects with a member as there is room for", one("x", func(n int) string { return list(n/7, `{"":0}`) })},
	{"as deep as there is room for", one("x", func(n int) string { return nestArrays(n/2, "") })},
	{"a member too many, at the end", func(n int) members {
		return evenly(maxMembers-2, "x", "0")(n-10).and("y", "0")
	}},
	{"one escaped name for many colons", one("x", func(n int) string {
		return "0," + quote(strings.Repeat(`\n`, n/2-100)) + strings.Repeat("{:}", maxMembers-4)
	})},
	{"one long name for many colons", one("x", func(n int) string {
		return "0," + quote(strings.Repeat("x", n-200)) + strings.Repeat("[:]", maxMembers-4)
	})},
	{"too deep, at the end", func(n int) members {
		return members{{"x", list(n/2-10, "0")}, {"y", nestArrays(maxDepth, "")}}
	}},
}

func one(name string, value func(n int) string) func(n int) members {
	return func(n int) members { return members{{name, value(n)}} }
}

// evenly returns count members with the value, and as many bytes in one more
// string as are left.
func evenly(count int, prefix, value string) func(n int) members {
	return func(n int) members {
		m := flat(count-1, prefix, value)
		return m.and("y", quote(strings.Repeat("y", max(0, n-len(m.String())))))
	}
}

// longNames returns count members whose names begin with the same piece as
// often as there is room for it.
func longNames(count int, piece string) func(n int) members {
	return func(n int) members {
		var m members
		for i := range count {
			m = m.and(strings.Repeat(piece, max(0, n/count-8)/len(piece))+fmt.Sprintf("%02d", i), strconv.Itoa(i%10))
		}
		return m
	}
}
