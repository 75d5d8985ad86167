package hostiletest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Shape is a kind of headers. Changing one at random, and keeping what costs more, is
// a search for the dearest.
type Shape struct {
	count  int      // of members, beside alg and typ
	share  int      // how much of a member is its name, in percent
	name   []string // pieces that a name repeats
	text   []string // pieces that a string repeats
	array  []string // elements that an array repeats; none: the value is a string
	hasKid bool     // the first member is a kid, which is a string
}

// What names and strings are made of, and arrays. Objects with members are missing:
// they are bounded as members are.
var (
	textPieces  = []string{"x", "xxxxxxxx", " ", `\n`, `\"`, `\\`, `\/`, `\u0000`, `\u00e9`, `\u20AC`, `\ud83d\ude00`, "é", "€", "😀", "\x7f"}
	arrayPieces = []string{
		"0", "1", "10", "-0", "1111111111111111", "0.5", "1e1", "-1.5E+10", "true", "false", "null", `""`, `"x"`, `"\n"`, `"\u0000"`, `"é"`, `"xxxxxxxxxxxxxxx"`,
		"[]", "{}", "[[]]", "[{}]", "[0]", `[""]`, "[[[[[{}]]]]]", "[0,0,0]", " 0", "0 ", " 0 ", "[ ]", "{ }", "\t\"\"", "\r\n[]", " true ", "  [ [ ] ] ",
	}
)

// NewShape returns a Shape at random.
func NewShape(random *rand.Rand) Shape {
	s := Shape{count: 1 + random.IntN(maxMembers-2), share: random.IntN(100)}
	for range 4 {
		s.name, s.text = append(s.name, pick(random, textPieces)), append(s.text, pick(random, textPieces))
	}
	for range random.IntN(5) {
		s.array = append(s.array, pick(random, arrayPieces))
	}
	return s
}

func pick(random *rand.Rand, pieces []string) string { return pieces[random.IntN(len(pieces))] }

// Changed returns a Shape that differs a little.
func (s Shape) Changed(random *rand.Rand) Shape {
	s.name, s.text, s.array = slices.Clone(s.name), slices.Clone(s.text), slices.Clone(s.array)
	switch random.IntN(8) {
	case 0:
		s.count = 1 + random.IntN(maxMembers-2)
	case 1:
		s.share = random.IntN(100)
	case 2:
		s.hasKid = !s.hasKid
	case 3:
		s.name = changed(random, s.name, textPieces)
	case 4:
		s.text = changed(random, s.text, textPieces)
	case 5:
		s.array = nil
	default:
		s.array = changed(random, s.array, arrayPieces)
	}
	return s
}

// changed puts in a piece, takes one out or replaces one.
func changed(random *rand.Rand, list, pieces []string) []string {
	const longest = 40
	i := random.IntN(len(list) + 1)
	end := min(len(list), i+random.IntN(2))
	list = slices.Delete(list, i, end)
	if len(list) < longest && (len(list) == 0 || random.IntN(3) > 0) {
		list = slices.Insert(list, i, pick(random, pieces))
	}
	return list
}

// String describes the Shape.
func (s Shape) String() string {
	return fmt.Sprintf("%d members, %d%% of them name; names of %q, strings of %q, arrays of %q; a kid: %t", s.count, s.share, s.name, s.text, s.array, s.hasKid)
}

// Token returns a forged token of about so many bytes with a header of the Shape.
func (s Shape) Token(size int) string { return longestOf(hs256, size, s.members) }

// Header returns the same, and what it is measured by.
func (s Shape) Header(size int) DearHeader {
	token := s.Token(size)
	return DearHeader{s.String(), token, ofSize(hs256, len(token)), hs256}
}

func (s Shape) members(n int) members {
	each := n/s.count - len(`"00":"",`)
	inName := max(0, each*s.share/100)
	inValue := max(0, each-inName)
	var m members
	for i := range s.count {
		name := fmt.Sprintf("%s%02d", repeated(s.name, "", inName), i)
		if i == 0 && s.hasKid {
			m = m.and("kid", quote(repeated(s.text, "", each)))
		} else if len(s.array) > 0 {
			m = m.and(name, "["+repeated(s.array, ",", inValue)+"]")
		} else {
			m = m.and(name, quote(repeated(s.text, "", inValue)))
		}
	}
	return m
}

// repeated returns the pieces over and over, as long as there is room for them.
func repeated(pieces []string, between string, room int) string {
	var b strings.Builder
	for i := 0; len(pieces) > 0; i++ {
		piece := pieces[i%len(pieces)]
		if b.Len()+len(piece)+len(between) > room {
			break
		}
		if b.Len() > 0 {
			b.WriteString(between)
		}
		b.WriteString(piece)
	}
	return b.String()
}
