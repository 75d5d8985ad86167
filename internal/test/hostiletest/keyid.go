package hostiletest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const ruleKeyID = "RFC 7515 §4.1.4: kid says which key was used, and is compared byte for byte; a token that names another is not verified"

// keyRows have tokens for readers whose key has an id, k1.
func keyRows(m *matrix) {
	for _, r := range []*Reader{keyed, keyedEd} {
		otherKeyRows(m, r)
		otherKeyAndFaultRows(m, r)
		sameKeyRows(m, r)
	}
}

// withKeyID mints a good token of r's with another kid, a raw JSON value.
func withKeyID(r *Reader, kid string) string { return r.mint(r.header().with("kid", kid), r.claims()) }

func otherKeyRows(m *matrix, r *Reader) {
	for _, kid := range []string{
		"k2", "K1", "k", "1", "k11", "kk1", "k1k1", "k1 ", " k1", `k1\n`, `k1\t`, `k1\u0000`, `\u0000k1`, `k1\u0000k2`, `\u0000`, " ", `\u004b1`, "k1,k2", "k2,k1", "k1;", "k1/", "/k1", "../k1", "./k1",
		"k%31", "k*", "*", ".*", "k1*", `\"k1\"`, `[\"k1\"]`, "ｋ1", "\u212a1", "k１", "к1", "k1\u200b", `\ufeffk1`, "k1\u0301", "k01", "k1.0", "null", "undefined", "0", "HS256", "k2 k1", strings.Repeat("k1", 500), strings.Repeat("k", 3000),
	} {
		name := fmt.Sprintf("kid %s of %d, %s", strconv.Quote(shorten(kid)), len(kid), r.Name)
		m.bad(r, authstrategy.ErrTokenUnverifiable, ruleKeyID, name, withKeyID(r, quote(kid)), r.Good()).Stage = AtKey
	}
	escaped := r.mint(r.header().rename("kid", `\u006bid`).with(`\u006bid`, `"k2"`), r.claims())
	m.bad(r, authstrategy.ErrTokenUnverifiable, ruleKeyID, "another kid by an escape of its name, "+r.Name, escaped, r.Good()).Stage = AtKey
	first := r.mint(r.header().without("kid").before("kid", `"k2"`), r.claims())
	m.bad(r, authstrategy.ErrTokenUnverifiable, ruleKeyID, "another kid in front, "+r.Name, first, r.Good()).Stage = AtKey
	for _, kid := range []string{"null", "true", "1", "[]", `["k1"]`, "{}", `{"kid":"k1"}`} {
		m.bad(r, authstrategy.ErrTokenMalformed, ruleKid, "kid "+kid+", "+r.Name, withKeyID(r, kid), r.Good())
	}
	for _, kid := range []string{`"k1"`, `"k2"`, `""`, "null"} {
		m.bad(r, authstrategy.ErrTokenMalformed, ruleUnique, "kid twice, then "+kid+", "+r.Name, r.mint(r.header().and("kid", kid), r.claims()), r.Good())
		m.bad(r, authstrategy.ErrTokenMalformed, ruleUnique, "kid twice, first "+kid+", "+r.Name, r.mint(r.header().before("kid", kid), r.claims()), r.Good())
	}
}

// otherKeyAndFaultRows have another fault beside another kid. What the header says
// of the algorithm comes before the kid, and everything else after it.
func otherKeyAndFaultRows(m *matrix, r *Reader) {
	header := r.header().with("kid", `"k2"`)
	claims := r.claims()
	attacked := encode(header.String()) + "." + encode(claims.String())
	bad := func(stage Stage, name, token string) {
		m.bad(r, authstrategy.ErrTokenUnverifiable, ruleOrder, "another kid and "+name+", "+r.Name, token, r.Good()).Stage = stage
	}
	bad(AtHeader, "another alg", r.mint(header.with("alg", `"RS256"`), claims))
	bad(AtHeader, "the alg none", r.mint(header.with("alg", `"none"`), claims))
	bad(AtHeader, "no alg", r.mint(header.without("alg"), claims))
	bad(AtHeader, "crit", r.mint(header.and("crit", `["exp"]`), claims))
	bad(AtHeader, "b64", r.mint(header.and("b64", "false"), claims))
	bad(AtHeader, "cty", r.mint(header.and("cty", `"JWT"`), claims))
	bad(AtKey, "another signature", forged(r.mint(header, claims)))
	bad(AtKey, "a signature of one byte", attacked+".AA")
	bad(AtKey, "a key in the header", r.mint(header.and("jwk", `{"kty":"oct","k":"AA"}`), claims))
	bad(AtKey, "another typ", r.mint(header.with("typ", `"at+jwt"`), claims))
	bad(AtKey, "claims that are no object", r.mint(header, text("[]")))
	bad(AtKey, "a sub that is no string", r.mint(header, claims.with("sub", "1")))
	bad(AtKey, "another aud", r.mint(header, claims.with("aud", `"other"`)))
	bad(AtKey, "no sub", r.mint(header, claims.without("sub")))
	bad(AtKey, "an exp that has passed", r.mint(header, claims.with("exp", "1")))
	m.bad(r, authstrategy.ErrTokenMalformed, ruleOrder, "another kid and a typ that is no string, "+r.Name, r.mint(header.with("typ", "1"), claims), r.Good())
	m.bad(r, authstrategy.ErrTokenMalformed, ruleOrder, "another kid and a padded signature, "+r.Name, r.mint(header, claims)+"=", r.Good())
	m.bad(r, authstrategy.ErrTokenTooLarge, ruleOrder, "another kid and too many bytes, "+r.Name,
		r.mint(header.and("x", quote(strings.Repeat("x", maxToken))), claims), r.Good())
}

// sameKeyRows have no kid, or the reader's: the signature decides.
func sameKeyRows(m *matrix, r *Reader) {
	bare := r.header().without("kid")
	for _, same := range []struct {
		name   string
		header members
	}{
		{"the kid", r.header()},
		{"the kid in front", bare.before("kid", `"k1"`)},
		{"no kid", bare},
		{"an empty kid", r.header().with("kid", `""`)},
		{"the kid by an escape", r.header().with("kid", `"\u006b1"`)},
		{"the kid by escapes alone", r.header().with("kid", `"\u006b\u0031"`)},
		{"the kid by an escape of its name", r.header().rename("kid", `k\u0069d`)},
		{"another kid under KID", r.header().and("KID", `"k2"`)},
		{"no kid, and another under KID", bare.and("KID", `"k2"`)},
		{"no kid, and another under k\u0131d", bare.and("k\u0131d", `"k2"`)},
		{"no kid, and another within jwk", bare.and("jwk", `{"kid":"k2"}`)},
	} {
		token := r.mint(same.header, r.claims())
		m.good(r, ruleKeyID, same.name+", "+r.Name, token)
		m.bad(r, authstrategy.ErrTokenSignature, ruleSignature, same.name+" and another signature, "+r.Name, forged(token), token)
		m.bad(r, authstrategy.ErrTokenMalformed, ruleSub, same.name+" and a sub that is no string, "+r.Name, r.mint(same.header, r.claims().with("sub", "1")), token).Stage = AtClaims
	}
}
