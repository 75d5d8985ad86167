package hostiletest

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// The limits of a header: its members, with those of all objects in it, and its
// depth, where the header itself is 1.
const (
	maxMembers = 64
	maxDepth   = 8
)

// longHeaderRows have headers of one long member: length alone is no fault.
func longHeaderRows(m *matrix) {
	longest := maxToken - len("..") - encodedLen(hs256.claims().String()) - len(split(hs256.Good())[2])
	for _, length := range []int{1000, 4094, 4095, 4096, 4098, 5000, 8000, longest} {
		token := hs256.mint(headerOf(hs256, length), hs256.claims())
		m.good(hs256, ruleHeadSize, fmt.Sprintf("a header of %d characters", length), token)
		m.bad(hs256, authstrategy.ErrTokenSignature, ruleHeadSize, fmt.Sprintf("a header of %d characters, forged", length), forged(token), token)
	}
	for _, length := range []int{4098, 8192, 100_000, 1_000_000} {
		token := largest.mint(headerOf(largest, length), largest.claims())
		m.good(largest, ruleHeadSize, fmt.Sprintf("a header of %d characters where the limit is 1 MiB", length), token)
	}
	m.bad(hs256, authstrategy.ErrTokenTooLarge, ruleHeadSize, "a header that is too long for the token",
		hs256.mint(headerOf(hs256, longest+2), hs256.claims()), hs256.mint(headerOf(hs256, longest), hs256.claims()))
}

// headerOf returns a good header of r's, whose segment has exactly that many
// characters. base64url has no text of 4n+1 characters.
func headerOf(r *Reader, length int) members {
	filled := r.header().and("x", quote(""))
	space := length*3/4 - len(filled.String()) // so many bytes make length characters
	header := r.header().and("x", quote(strings.Repeat("x", space)))
	if encodedLen(header.String()) != length {
		panic("hostiletest: a header of another length")
	}
	return header
}

// chainRows have the certificates of an issuer in the header. Nobody looks at
// them, but the header is read.
func chainRows(m *matrix) {
	for n := 1; n <= 5; n++ {
		header := rs256.header().and("x5c", "["+strings.Join(chain(n), ",")+"]")
		good := rs256.mint(header, rs256.claims())
		m.good(rs256, ruleChain, fmt.Sprintf("x5c of %d certificates", n), good)
		input := encode(header.String()) + "." + encode(rs256.claims().String())
		m.bad(rs256, authstrategy.ErrTokenSignature, ruleKeyIn, fmt.Sprintf("x5c of %d certificates, signed by the attacker", n),
			input+"."+encode(sign(rs256.Algorithm, rs256.attacker(), input)), good)
	}
	if length := len(strings.Join(chain(5), ",")); length < 5000 {
		panic("hostiletest: five certificates are shorter than 5 kB: " + strconv.Itoa(length))
	}
}

// chain returns n certificates as x5c has them. The first holds the key of
// rs256, and each next one is named as the issuer of the one before.
func chain(n int) []string {
	var chain []string
	name := func(i int) pkix.Name {
		return pkix.Name{Organization: []string{"Example Organization for Tests"}, CommonName: fmt.Sprintf("Certificate %d of a chain, for tests only", i)}
	}
	for i := range n {
		certificate := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: name(i),
			NotBefore: Now.Add(-time.Hour), NotAfter: Now.Add(time.Hour),
		}
		issuer := &x509.Certificate{Subject: name(i + 1)}
		der, err := x509.CreateCertificate(rand.Reader, certificate, issuer, rs256.VerificationKey(), attackers()["RS"])
		if err != nil {
			panic(err)
		}
		chain = append(chain, quote(encodeStandard(der)))
	}
	return chain
}

// flat returns n members, each with the value, whose names have the prefix.
func flat(n int, prefix, value string) members {
	m := make(members, n)
	for i := range m {
		m[i].name, m[i].value = prefix+strconv.Itoa(i), value
	}
	return m
}

// list returns the JSON array of n times the same element.
func list(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// spaced writes white space wherever JSON lets one.
func spaced(m members) text {
	return text(strings.NewReplacer("{", " {\n", `":`, "\" \t:\r\n ", `,"`, " , \"", "}", "\t} ").Replace(m.String()))
}

// fullHeaders are headers of hs256 with exactly n members, some of them in
// other objects. What stands in a string is no member.
var fullHeaders = []struct {
	name   string
	header func(n int) fmt.Stringer
}{
	{"side by side", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", "0")) }},
	{"before alg", func(n int) fmt.Stringer { return flat(n-2, "x", "0").plus(hs256.header()) }},
	{"around alg", func(n int) fmt.Stringer {
		return flat(30, "x", "0").plus(hs256.header()).plus(flat(n-32, "y", "0"))
	}},
	{"with white space", func(n int) fmt.Stringer { return spaced(hs256.header().plus(flat(n-2, "x", "0"))) }},
	{"with escaped names", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, `\u0078`, "0")) }},
	{"of empty strings", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", `""`)) }},
	{"of empty objects", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", "{}")) }},
	{"of empty arrays", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", "[]")) }},
	{"of null", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", "null")) }},

	{"in an object", func(n int) fmt.Stringer { return hs256.header().and("x", flat(n-3, "x", "0").String()) }},
	{"in jwk", func(n int) fmt.Stringer { return hs256.header().and("jwk", flat(n-3, "x", "0").String()) }},
	{"in two objects", func(n int) fmt.Stringer {
		return hs256.header().and("x", flat(30, "x", "0").String()).and("y", flat(n-34, "x", "0").String())
	}},
	{"in objects of every depth", func(n int) fmt.Stringer {
		value := flat(n-2-7*(maxDepth-2)-1, "x", "0").String()
		for range maxDepth - 2 {
			value = flat(6, "x", "0").and("y", value).String()
		}
		return hs256.header().and("x", value)
	}},
	{"in the deepest object", func(n int) fmt.Stringer {
		value := flat(n-2-(maxDepth-1), "x", "0").String()
		return hs256.header().and("x", nestObjects(maxDepth-2, value))
	}},
	{"in objects inside an array", func(n int) fmt.Stringer { return hs256.header().and("x", list(n-3, `{"a":0}`)) }},
	{"of the empty name, in objects inside an array", func(n int) fmt.Stringer { return hs256.header().and("x", list(n-3, `{"":0}`)) }},
	{"in objects inside arrays of arrays", func(n int) fmt.Stringer { return hs256.header().and("x", list(n-3, `[[{"a":0}]]`)) }},
	{"in an object inside an array", func(n int) fmt.Stringer {
		return hs256.header().and("x", "[0,"+flat(n-3, "x", "0").String()+"]")
	}},
	{"after five hundred elements", func(n int) fmt.Stringer {
		return hs256.header().and("x", list(500, "0")).plus(flat(n-3, "x", "0"))
	}},
	{"after five hundred empty objects", func(n int) fmt.Stringer {
		return hs256.header().and("x", list(500, "{}")).plus(flat(n-3, "x", "0"))
	}},

	{"beside colons in a string", looksLike(strings.Repeat(":", 500))},
	{"beside commas in a string", looksLike(strings.Repeat(",", 500))},
	{"beside escaped quotes in a string", looksLike(strings.Repeat(`\"`, 500))},
	{"beside an odd number of escaped quotes in a string", looksLike(strings.Repeat(`\"`, 501))},
	{"beside members in a string", looksLike(strings.Repeat(`,\"a\":0`, 100))},
	{"beside an object in a string", looksLike(strings.ReplaceAll(flat(100, "x", `""`).String(), `"`, `\"`))},
	{"beside an object in a string in a string", looksLike(strings.Repeat(`\\\"a\\\":0,`, 100))},
	{"beside quotes and colons by escapes", looksLike(strings.Repeat(`\u0022\u003a`, 100))},
	{"beside a string that ends in a backslash", looksLike(`\\`)},
	{"beside a string of three backslashes and a quote", looksLike(`\\\"`)},
	{"beside a string of backslashes", looksLike(strings.Repeat(`\\`, 100))},
	{"beside addresses in an array", func(n int) fmt.Stringer {
		return hs256.header().and("x5u", list(100, `"https://example.com:8443/"`)).plus(flat(n-3, "x", "0"))
	}},
	{"of strings that end in a backslash", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", `"\\"`)) }},
	{"of strings that hold a quote and a colon", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "x", `"\":\":"`)) }},
	{"whose names hold colons", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, "a:b:", "0")) }},
	{"whose names hold quotes and colons", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, `\":\":`, "0")) }},
	{"whose names hold backslashes", func(n int) fmt.Stringer { return hs256.header().plus(flat(n-2, `\\`, "0")) }},
	{"whose names end in a backslash", func(n int) fmt.Stringer {
		header := hs256.header()
		for i := len(header); i < n; i++ {
			header = header.and(strconv.Itoa(i)+`\\`, "0")
		}
		return header
	}},
}

// looksLike returns headers with one string that a careless count takes for
// members.
func looksLike(text string) func(n int) fmt.Stringer {
	return func(n int) fmt.Stringer { return hs256.header().and("y", quote(text)).plus(flat(n-3, "x", "0")) }
}

func memberRows(m *matrix) {
	for _, full := range fullHeaders {
		good := withHeader(full.header(maxMembers))
		m.good(hs256, ruleMembers, fmt.Sprintf("%d members %s", maxMembers, full.name), good)
		for _, n := range []int{maxMembers + 1, maxMembers + 2, 2 * maxMembers} {
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleMembers, fmt.Sprintf("%d members %s", n, full.name), withHeader(full.header(n)), good)
		}
	}
	header := hs256.header()
	good := withHeader(header.plus(flat(maxMembers-2, "x", "0")))
	for _, n := range []int{10, 32, maxMembers - 1} {
		m.good(hs256, ruleUnknown, fmt.Sprintf("%d members", n), withHeader(header.plus(flat(n-2, "x", "0"))))
	}
	for _, n := range []int{300, 600} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleMembers, fmt.Sprintf("%d members", n), withHeader(header.plus(flat(n-2, "x", "0"))), good)
	}
	for _, n := range []int{maxMembers + 1, 1000, 10_000, 50_000} {
		m.bad(largest, authstrategy.ErrTokenMalformed, ruleMembers, fmt.Sprintf("%d members where the limit is 1 MiB", n),
			largest.mint(header.plus(flat(n-2, "x", "0")), largest.claims()), good)
	}
	filled := quote(strings.Repeat("x", 10_000))
	m.good(largest, ruleMembers, fmt.Sprintf("%d long members where the limit is 1 MiB", maxMembers),
		largest.mint(header.plus(flat(maxMembers-2, "x", filled)), largest.claims()))
	memberOrderRows(m)
}

// memberOrderRows have one member too many and a header that is refused for
// something else, too: its form comes first.
func memberOrderRows(m *matrix) {
	good := withHeader(hs256.header().plus(flat(maxMembers-2, "x", "0")))
	for _, other := range []struct {
		name   string
		header members
	}{
		{"none", members{{"alg", `"none"`}}},
		{"HS512", members{{"alg", `"HS512"`}}},
		{"no alg", members{}},
		{"crit", members{{"alg", `"HS256"`}, {"crit", `["exp"]`}}},
		{"enc", members{{"alg", `"HS256"`}, {"enc", `"A128GCM"`}}},
		{"typ at+jwt", members{{"alg", `"HS256"`}, {"typ", `"at+jwt"`}}},
	} {
		allowed := other.header.plus(flat(maxMembers-len(other.header), "x", "0"))
		want := authstrategy.ErrTokenUnverifiable
		if other.name == "typ at+jwt" {
			want = authstrategy.ErrTokenType
		}
		m.bad(hs256, want, ruleMembers, fmt.Sprintf("%d members, %s", maxMembers, other.name), withHeader(allowed), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleMembers, fmt.Sprintf("%d members, %s", maxMembers+1, other.name), withHeader(allowed.and("y", "0")), good)
	}
	m.bad(hs256, authstrategy.ErrTokenMalformed, ruleMembers, fmt.Sprintf("%d members, forged", maxMembers+1),
		forged(withHeader(hs256.header().plus(flat(maxMembers-1, "x", "0")))), good)
	m.bad(hs256, authstrategy.ErrTokenSignature, ruleMembers, fmt.Sprintf("%d members, forged", maxMembers), forged(good), good)
}

func nestArrays(n int, inner string) string {
	return strings.Repeat("[", n) + inner + strings.Repeat("]", n)
}

func nestObjects(n int, inner string) string {
	return strings.Repeat(`{"":`, n) + inner + strings.Repeat("}", n)
}

// nestAlternately nests objects in arrays and arrays in objects.
func nestAlternately(n int, inner string, objectFirst bool) string {
	for i := n; i > 0; i-- {
		if (i%2 == 1) == objectFirst {
			inner = nestObjects(1, inner)
		} else {
			inner = nestArrays(1, inner)
		}
	}
	return inner
}

// deepValues are values of n arrays or objects in each other.
var deepValues = []struct {
	name  string
	value func(n int) string
}{
	{"arrays", func(n int) string { return nestArrays(n, "0") }},
	{"objects", func(n int) string { return nestObjects(n, "0") }},
	{"arrays around nothing", func(n int) string { return nestArrays(n, "") }},
	{"objects around an empty object", func(n int) string { return nestObjects(n-1, "{}") }},
	{"arrays around an empty object", func(n int) string { return nestArrays(n-1, "{}") }},
	{"objects around an empty array", func(n int) string { return nestObjects(n-1, "[]") }},
	{"arrays and objects by turns, an array first", func(n int) string { return nestAlternately(n, "0", false) }},
	{"arrays and objects by turns, an object first", func(n int) string { return nestAlternately(n, "0", true) }},
	{"arrays with white space", func(n int) string { return strings.Repeat(" [\n", n) + strings.Repeat("\t] ", n) }},
	{"arrays after shallow ones", func(n int) string { return "[[],[[]],{}," + nestArrays(n-1, "") + "]" }},
	{"arrays, each after an element", func(n int) string { return strings.Repeat(`["]",`, n) + "0" + strings.Repeat("]", n) }},
	{"arrays around a string of closing brackets", func(n int) string { return nestArrays(n, `"]]]]]]]]"`) }},
	{"arrays after a string of closing brackets", func(n int) string { return `["]]]]}}}}",` + nestArrays(n-1, "0") + "]" }},
	{"arrays after an escaped quote and closing brackets", func(n int) string { return `["\"]]]]}}}}",` + nestArrays(n-1, "0") + "]" }},
	{"arrays after a string that ends in a backslash", func(n int) string { return `["\\",` + nestArrays(n-1, "0") + "]" }},
	{"arrays around a string of opening brackets", func(n int) string { return nestArrays(n, `"[[[[{{{{\"[[[["`) }},
	{"arrays around an object with brackets in its name", func(n int) string { return nestArrays(n-1, `{"[[[]]]]]":0}`) }},
	{"a hundred times arrays", func(n int) string { return list(100, nestArrays(n-1, "")) }},
	{"ten times objects and arrays", func(n int) string { return list(10, nestAlternately(n-1, "0", false)) }},
}

// headerDepthRows have headers nested as deep as allowed, and deeper.
func headerDepthRows(m *matrix) {
	header := hs256.header()
	for _, deep := range deepValues {
		good := withHeader(header.and("x", deep.value(maxDepth-1)))
		m.good(hs256, ruleDepth, fmt.Sprintf("depth %d: %s", maxDepth, deep.name), good)
		m.good(hs256, ruleDepth, fmt.Sprintf("depth %d: %s, before alg", maxDepth, deep.name), withHeader(header.before("x", deep.value(maxDepth-1))))
		m.bad(hs256, authstrategy.ErrTokenSignature, ruleDepth, fmt.Sprintf("depth %d: %s, forged", maxDepth, deep.name), forged(good), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("depth %d: %s", maxDepth+1, deep.name),
			withHeader(header.and("x", deep.value(maxDepth))), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("depth %d: %s, before alg", maxDepth+1, deep.name),
			withHeader(header.before("x", deep.value(maxDepth))), good)
	}
	veryDeepRows(m)

	good := withHeader(header)
	for _, name := range []string{"crit", "enc"} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleDepth, fmt.Sprintf("depth %d in %s", maxDepth, name), withHeader(header.and(name, nestArrays(maxDepth-1, ""))), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("depth %d in %s", maxDepth+1, name), withHeader(header.and(name, nestArrays(maxDepth, ""))), good)
	}
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleDepth, fmt.Sprintf("depth %d, none", maxDepth), withHeader(header.with("alg", `"none"`).and("x", nestArrays(maxDepth-1, ""))), good)
	m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("depth %d, none", maxDepth+1), withHeader(header.with("alg", `"none"`).and("x", nestArrays(maxDepth, ""))), good)
}

// veryDeepRows have headers nested far deeper, up to what a token has room for,
// closed and not.
func veryDeepRows(m *matrix) {
	header := hs256.header()
	for _, nest := range []struct {
		name, open, close string
		of                *Reader
		depths            []int
	}{
		{"arrays", "[", "]", hs256, []int{10, 50, 1000, 2900}},
		{"objects", `{"":`, "}", hs256, []int{10, 50, 500, 1150}},
		{"arrays where the limit is 1 MiB", "[", "]", largest, []int{10_000, 380_000}},
		{"objects where the limit is 1 MiB", `{"":`, "}", largest, []int{10_000, 150_000}},
	} {
		mint := func(header fmt.Stringer) string { return nest.of.mint(header, nest.of.claims()) }
		levels := func(n int) string { return strings.Repeat(nest.open, n) + "0" + strings.Repeat(nest.close, n) }
		good := mint(header.and("x", levels(maxDepth-1)))
		for _, depth := range nest.depths {
			name := fmt.Sprintf("%d nested %s", depth, nest.name)
			nested := levels(depth)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name, mint(header.and("x", nested)), good)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name+", one not closed", mint(header.and("x", nested[:len(nested)-len(nest.close)])), good)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name+", none closed", mint(header.and("x", strings.Repeat(nest.open, depth))), good)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name+" and nothing else", mint(text(nested)), good)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name+", closed once more", mint(header.and("x", nested+nest.close)), good)
			m.bad(nest.of, authstrategy.ErrTokenMalformed, ruleDepth, name+", forged", forged(mint(header.and("x", nested))), good)
		}
	}
}
