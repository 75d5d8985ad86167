package hostiletest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleBase64  = "RFC 7515 §2: base64url without line breaks, white space or other characters"
	rulePadding = "RFC 7515 §2: base64url with all trailing '=' omitted"
	ruleBits    = "RFC 4648 §3.5: the unused bits of the last character are zero"
	ruleLength  = "RFC 4648 §4: no base64 text is one character longer than a multiple of four"
	ruleCompact = "RFC 7515 §7.1: three segments, none of them empty in a signed token"
	ruleDecoded = "RFC 7519 §7.2 step 1: the compact serialization and nothing around it"
)

var segmentNames = [3]string{"header", "payload", "signature"}

// intruders are the characters that have no place in base64url; lenient
// decoders skip some of them, so that one token can be spelt in many ways.
var intruders = []struct{ name, text string }{
	{"CR", "\r"}, {"LF", "\n"}, {"CRLF", "\r\n"}, {"space", " "}, {"tab", "\t"}, {"NUL", "\x00"},
	{"vertical tab", "\v"}, {"form feed", "\f"}, {"DEL", "\x7f"},
	{"byte 80", "\x80"}, {"byte FF", "\xff"}, {"no-break space", "\u00a0"}, {"line separator", "\u2028"},
	{"zero width space", "\u200b"}, {"BOM", "\ufeff"}, {"full-width A", "\uff21"},
	{"=", "="}, {"+", "+"}, {"/", "/"}, {"*", "*"}, {"!", "!"}, {"?", "?"}, {"~", "~"}, {"@", "@"},
	{",", ","}, {";", ";"}, {":", ":"}, {"quote", `"`}, {"backslash", `\`}, {"%0A", "%0A"}, {"%00", "%00"},
}

func base64urlRows(m *matrix) {
	intruderRows(m)
	lineBreakRows(m)
	paddingRows(m)
	standardAlphabetRows(m)
	trailingBitsRows(m)
	impossibleLengthRows(m)
	segmentCountRows(m)
	wrapperRows(m)
}

// respell applies change to one segment of a good token. What precedes the
// signature is signed as it stands after the change, so that nothing but its
// spelling is wrong.
func respell(r *Reader, good string, segment int, change func(string) string) string {
	parts := split(good)
	parts[segment] = change(parts[segment])
	if segment < 2 {
		return r.seal(parts[0], parts[1])
	}
	return strings.Join(parts[:], ".")
}

func intruderRows(m *matrix) {
	good := hs256.Good()
	for _, intruder := range intruders {
		for segment, where := range segmentNames {
			length := len(split(good)[segment])
			for _, place := range []struct {
				name   string
				offset int
			}{{"at the start", 0}, {"in the middle", length / 2}, {"at the end", length}} {
				name := fmt.Sprintf("%s %s of the %s", intruder.name, place.name, where)
				m.bad(hs256, authstrategy.ErrTokenMalformed, ruleBase64, name,
					respell(hs256, good, segment, func(s string) string {
						return s[:place.offset] + intruder.text + s[place.offset:]
					}), good)
			}
		}
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleBase64, intruder.name+" before a signed token", intruder.text+good, good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleBase64, intruder.name+" around a signed token", intruder.text+good+intruder.text, good)
	}
}

// lineBreakRows have tokens folded the way PEM and MIME fold base64.
func lineBreakRows(m *matrix) {
	for _, r := range []*Reader{hs256, rs256, es256, eddsa} {
		good := r.Good()
		for segment, where := range segmentNames {
			for _, end := range []struct{ name, text string }{{"LF", "\n"}, {"CRLF", "\r\n"}} {
				name := fmt.Sprintf("%s after every 16 characters of the %s, %s", end.name, where, r.Name)
				m.bad(r, authstrategy.ErrTokenMalformed, ruleBase64, name,
					respell(r, good, segment, func(s string) string { return fold(s, 16, end.text) }), good)
			}
		}
	}
}

func fold(s string, width int, end string) string {
	var folded strings.Builder
	for len(s) > width {
		folded.WriteString(s[:width] + end)
		s = s[width:]
	}
	return folded.String() + s
}

// ofLength returns a good token whose header or payload segment is, modulo 4,
// of the given length, filled up by a member that nobody looks at.
func ofLength(segment, modulo int) string {
	for n := range 4 {
		filler := quote(strings.Repeat("x", n))
		header, claims := hs256.header(), hs256.claims()
		if segment == 0 {
			header = header.with("kid", filler)
		} else {
			claims = claims.with("jti", filler)
		}
		if token := hs256.mint(header, claims); len(split(token)[segment])%4 == modulo {
			return token
		}
	}
	panic("hostiletest: no token of that length")
}

func paddingRows(m *matrix) {
	pads := []string{"=", "==", "===", "====", "%3D", "%3D%3D"}
	for segment, where := range segmentNames[:2] {
		for _, modulo := range []int{0, 2, 3} {
			good := ofLength(segment, modulo)
			for _, pad := range pads {
				name := fmt.Sprintf("%q after a %s of 4n+%d", pad, where, modulo)
				m.bad(hs256, authstrategy.ErrTokenMalformed, rulePadding, name,
					respell(hs256, good, segment, func(s string) string { return s + pad }), good)
			}
		}
	}
	for _, r := range []*Reader{hs384, hs512, hs256} { // signatures of 4n, 4n+2 and 4n+3
		good := r.Good()
		for _, pad := range pads {
			m.bad(r, authstrategy.ErrTokenMalformed, rulePadding, fmt.Sprintf("%q after an %s signature", pad, r.Name), good+pad, good)
		}
	}
	good := ofLength(0, 2)
	parts := split(good)
	for i := range parts {
		parts[i] += strings.Repeat("=", (4-len(parts[i])%4)%4)
	}
	m.bad(hs256, authstrategy.ErrTokenMalformed, rulePadding, "every segment padded",
		hs256.seal(parts[0], parts[1])+"=", good)
}

func standardAlphabetRows(m *matrix) {
	const rule = "RFC 7515 §2: the URL-safe alphabet of RFC 4648 §5"
	const special = `"???>>>~~~"` // encodes to '-' and '_' whatever its offset
	tokens := [3]string{
		hs256.mint(hs256.header().with("kid", special), hs256.claims()),
		hs256.mint(hs256.header(), hs256.claims().with("jti", special)),
		signedWith("-_"),
	}
	for segment, where := range segmentNames {
		good := tokens[segment]
		if !strings.ContainsRune(split(good)[segment], '-') || !strings.ContainsRune(split(good)[segment], '_') {
			panic("hostiletest: a segment with neither '-' nor '_'")
		}
		for _, alphabet := range []struct {
			name    string
			replace *strings.Replacer
		}{
			{"+ for -", strings.NewReplacer("-", "+")},
			{"/ for _", strings.NewReplacer("_", "/")},
			{"+ and / for - and _", strings.NewReplacer("-", "+", "_", "/")},
			{"~ for _", strings.NewReplacer("_", "~")},
			{", for _ (RFC 3501)", strings.NewReplacer("_", ",")},
		} {
			m.bad(hs256, authstrategy.ErrTokenMalformed, rule, alphabet.name+" in the "+where,
				respell(hs256, good, segment, alphabet.replace.Replace), good)
		}
		m.bad(hs256, authstrategy.ErrTokenMalformed, rule, "standard base64 with its padding in the "+where,
			respell(hs256, good, segment, func(s string) string {
				data, err := base64.RawURLEncoding.DecodeString(s)
				if err != nil {
					panic(err)
				}
				return base64.StdEncoding.EncodeToString(data)
			}), good)
		m.good(hs256, rule, "- and _ in the "+where, good)
	}
}

// signedWith returns a good token in whose signature all of chars occur.
func signedWith(chars string) string {
next:
	for n := 0; ; n++ {
		token := hs256.mint(hs256.header(), hs256.claims().with("jti", fmt.Sprintf(`"%d"`, n)))
		for _, c := range chars {
			if !strings.ContainsRune(split(token)[2], c) {
				continue next
			}
		}
		return token
	}
}

func trailingBitsRows(m *matrix) {
	for segment, where := range segmentNames[:2] {
		for _, modulo := range []int{2, 3} {
			good := ofLength(segment, modulo)
			for n, last := range sameBytes(split(good)[segment]) {
				name := fmt.Sprintf("unused bits %d in a %s of 4n+%d", n+1, where, modulo)
				m.bad(hs256, authstrategy.ErrTokenMalformed, ruleBits, name,
					respell(hs256, good, segment, func(string) string { return last }), good)
			}
		}
	}
	for _, r := range []*Reader{hs256, hs512, rs256, ps256, es256, eddsa} {
		good := r.Good()
		for n, last := range sameBytes(split(good)[2]) {
			m.bad(r, authstrategy.ErrTokenMalformed, ruleBits, fmt.Sprintf("unused bits %d in an %s signature", n+1, r.Name),
				respell(r, good, 2, func(string) string { return last }), good)
		}
	}
}

// sameBytes returns the other spellings of a segment that a lenient decoder
// takes for the same bytes: those whose last character has unused bits set.
func sameBytes(segment string) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	unused := map[int]int{2: 16, 3: 4}[len(segment)%4] // spellings of the last character
	head, value := segment[:len(segment)-1], strings.IndexByte(alphabet, segment[len(segment)-1])
	var spellings []string
	for bits := 1; bits < unused; bits++ {
		spellings = append(spellings, head+string(alphabet[value+bits]))
	}
	return spellings
}

func impossibleLengthRows(m *matrix) {
	for segment, where := range segmentNames[:2] {
		for _, change := range []struct {
			name   string
			modulo int
			apply  func(string) string
		}{
			{"a character more", 0, func(s string) string { return s + "A" }},
			{"a character less", 2, func(s string) string { return s[:len(s)-1] }},
			{"two characters more", 3, func(s string) string { return s + "AA" }},
		} {
			good := ofLength(segment, change.modulo)
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleLength, fmt.Sprintf("%s in a %s of 4n+%d", change.name, where, change.modulo),
				respell(hs256, good, segment, change.apply), good)
		}
		good := hs256.Good()
		for _, short := range []string{"A", "-", "eyJhb"} {
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleLength, fmt.Sprintf("a %s of %q alone", where, short),
				respell(hs256, good, segment, func(string) string { return short }), good)
		}
	}
	for _, r := range []*Reader{hs256, hs384, hs512, rs256, es256, es384, es512, eddsa} {
		good := r.Good()
		signature := split(good)[2]
		for cut := 1; cut < 4; cut++ {
			if (len(signature)-cut)%4 == 1 {
				m.bad(r, authstrategy.ErrTokenMalformed, ruleLength, fmt.Sprintf("an %s signature %d characters short", r.Name, cut),
					good[:len(good)-cut], good)
			}
			if (len(signature)+cut)%4 == 1 {
				m.bad(r, authstrategy.ErrTokenMalformed, ruleLength, fmt.Sprintf("an %s signature %d characters long", r.Name, cut),
					good+strings.Repeat("A", cut), good)
			}
		}
		m.bad(r, authstrategy.ErrTokenMalformed, ruleLength, fmt.Sprintf("an %s signature of one character", r.Name),
			respell(r, good, 2, func(string) string { return "A" }), good)
	}
}

func segmentCountRows(m *matrix) {
	good := hs256.Good()
	parts := split(good)
	h, p, s := parts[0], parts[1], parts[2]
	unsecured := encode(`{"alg":"none"}`)
	for _, bad := range []named{
		{"a dot alone", "."},
		{"two dots alone", ".."},
		{"three dots alone", "..."},
		{"four dots alone", "...."},
		{"a thousand dots", strings.Repeat(".", 1000)},
		{"an empty header", hs256.seal("", p)},
		{"an empty payload", hs256.seal(h, "")},
		{"an empty header and payload", hs256.seal("", "")},
		{"an empty signature", h + "." + p + "."},
		{"an empty payload and signature", h + ".."},
		{"an empty header and signature", "." + p + "."},
		{"the signature alone, with dots", ".." + s},
		{"an unsecured JWS", unsecured + "." + p + "."},
		{"the header alone", h},
		{"the payload alone", p},
		{"two segments", h + "." + p},
		{"two segments, header and signature", h + "." + s},
		{"two segments signed as a header alone", h + "." + encode(sign(hs256.Algorithm, hs256.key(), h))},
		{"a dot before", "." + good},
		{"a dot after", good + "."},
		{"a dot before and after", "." + good + "."},
		{"two dots after", good + ".."},
		{"two dots between header and payload", h + ".." + p + "." + s},
		{"two dots between payload and signature", h + "." + p + ".." + s},
		{"four segments, the signature twice", good + "." + s},
		{"four segments, the header twice", h + "." + good},
		{"four segments, three of them signed", threeSigned(h, p)},
		{"five segments, as a JWE has", good + "." + h + "." + p},
		{"five segments, empty as a direct JWE's", h + ".." + p + "." + s + "." + s},
		{"six segments, the token twice", good + "." + good},
		{"a thousand segments", good + strings.Repeat(".A", 997)},
		{"the header's dot as another character", h + "\u3002" + p + "." + s},
		{"the dots escaped", h + "%2E" + p + "%2E" + s},
		{"commas for dots", h + "," + p + "," + s},
	} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleCompact, bad.name, bad.token, good)
	}
}

// threeSigned signs a token of three segments and so makes it one of four.
func threeSigned(header, payload string) string {
	return hs256.seal(header, payload+"."+payload)
}

func wrapperRows(m *matrix) {
	good := hs256.Good()
	parts := split(good)
	h, p, s := parts[0], parts[1], parts[2]
	for _, bad := range []named{
		{"flattened JSON serialization (RFC 7515 §7.2.2)", `{"payload":"` + p + `","protected":"` + h + `","signature":"` + s + `"}`},
		{"flattened JSON serialization with an unprotected header", `{"payload":"` + p + `","protected":"` + h + `","header":{"alg":"HS256"},"signature":"` + s + `"}`},
		{"general JSON serialization (RFC 7515 §7.2.1)", `{"payload":"` + p + `","signatures":[{"protected":"` + h + `","signature":"` + s + `"}]}`},
		{"general JSON serialization with two signatures", `{"payload":"` + p + `","signatures":[{"protected":"` + h + `","signature":"` + s + `"},{"protected":"` + h + `","signature":"` + s + `"}]}`},
		{"general JSON serialization with no signature", `{"payload":"` + p + `","signatures":[]}`},
		{"flattened JSON serialization whose members spell a compact token", `{"x":".` + good + `."}`},
		{"the token as a JSON string", `"` + good + `"`},
		{"the token in a JSON array", `["` + good + `"]`},
		{"with its scheme", "Bearer " + good},
		{"with its parameter name", "access_token=" + good},
		{"in angle brackets", "<" + good + ">"},
		{"in single quotes", "'" + good + "'"},
		{"encoded once more", encode(good)},
		{"encoded once more, by segment", encode(h) + "." + encode(p) + "." + encode(s)},
		{"two tokens, separated by a comma", good + "," + good},
		{"two tokens, separated by a space", good + " " + good},
		{"in UTF-16", utf16(good, false)},
		{"in upper case", strings.ToUpper(good)},
		{"in lower case", strings.ToLower(good)},
		{"a PASETO", "v4.public." + p},
		{"three words", "not.a.token"},
		{"one word", "undefined"},
		{"a space", " "},
		{"a NUL", "\x00"},
	} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDecoded, bad.name, bad.token, good)
	}
}
