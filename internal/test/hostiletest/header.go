package hostiletest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleAlg      = "RFC 7515 §4.1.1: alg is present, a case-sensitive string"
	ruleNone     = "RFC 8725 §3.2, RFC 7518 §3.6: an unsecured JWS is not taken for a secured one"
	ruleCrit     = "RFC 7515 §4.1.11: an extension that is not understood makes the JWS invalid"
	ruleB64      = "RFC 7797 §7: unencoded payloads are not for JWTs"
	rulePlain    = "RFC 7519 §7.2, RFC 8725 §3.11: a JWS whose payload is the claims; not encrypted, compressed or nested"
	ruleTyp      = "RFC 7515 §4.1.9: typ is a media type, a string"
	ruleTypes    = "RFC 8725 §3.11: explicit typing tells one kind of JWT from another"
	ruleKid      = "RFC 7515 §4.1.4: kid is a case-sensitive string"
	ruleKeyIn    = "RFC 8725 §3.10, RFC 7515 §10.1: a key that comes with the token is not trusted"
	ruleUnknown  = "RFC 7515 §4: what is not understood is ignored"
	ruleHeadSize = "RFC 7515 §4: a header may be long; it may be as long as the token may be"
	ruleMembers  = "RFC 8259 §9; a limit of this package: 64 members in the header and all objects in it together"
	ruleDepth    = "RFC 8259 §9: no more depth than the reader can bear; a limit of this package: a header is nested 8 deep"
	ruleChain    = "RFC 7515 §4.1.6: x5c holds the certificate of the key, and may hold those that certify it"
)

func headerRows(m *matrix) {
	headerJSONRows(m)
	repeatedHeaderRows(m)
	algRows(m)
	noneRows(m)
	critRows(m)
	notPlainRows(m)
	typRows(m)
	kidRows(m)
	foreignKeyRows(m)
	headerCaseRows(m)
	longHeaderRows(m)
	chainRows(m)
	memberRows(m)
	headerDepthRows(m)
}

// withHeader mints a token for hs256 whose claims are good.
func withHeader(header fmt.Stringer) string { return hs256.mint(header, hs256.claims()) }

func headerJSONRows(m *matrix) {
	for _, v := range brokenObjects(hs256.header(), maxMembers, maxDepth) {
		m.bad(hs256, authstrategy.ErrTokenMalformed, v.rule, v.name, withHeader(text(v.text)), withHeader(text(v.control)))
	}
	for _, v := range oddObjects(hs256.header()) {
		m.good(hs256, v.rule, v.name, withHeader(text(v.text)))
	}
	// An empty object has no alg: it is well-formed.
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleAlg, "an empty object", withHeader(text("{}")), hs256.Good())
}

func repeatedHeaderRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header)
	bad := func(name string, header members) {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleUnique, name, withHeader(header), good)
	}
	for _, alg := range []string{`"HS256"`, `"none"`, `"HS512"`, `""`, "null", "1"} {
		bad("alg twice, then "+alg, header.and("alg", alg))
		bad("alg twice, first "+alg, header.before("alg", alg))
		bad("alg twice by an escape, then "+alg, header.and(`\u0061lg`, alg))
		bad("alg twice by an escape, first "+alg, header.before(`a\u006cg`, alg))
	}
	for _, typ := range []string{`"JWT"`, `"at+jwt"`, "null"} {
		bad("typ twice, then "+typ, header.and("typ", typ))
		bad("typ twice by an escape, then "+typ, header.and(`\u0074yp`, typ))
	}
	bad("kid twice", header.and("kid", `"a"`).and("kid", `"b"`))
	bad("kid twice by an escape", header.and("kid", `"a"`).and(`\u006bid`, `"a"`))
	bad("jwk twice", header.and("jwk", "{}").and("jwk", "{}"))
	bad("crit twice", header.and("crit", `["exp"]`).and("crit", `["exp"]`))
	bad("a member twice within jwk", header.and("jwk", `{"kty":"oct","kty":"RSA"}`))
}

func algRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header)
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleAlg, "alg missing", withHeader(header.without("alg")), good)
	for _, alg := range []string{"null", "true", "false", "256", "0", "[]", `["HS256"]`, `["none","HS256"]`, "{}", `{"alg":"HS256"}`} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleAlg, "alg "+alg, withHeader(header.with("alg", alg)), good)
	}
	for _, alg := range []string{
		"", " ", "hs256", "Hs256", "hS256", "HS256 ", " HS256", `HS256\u0000`, `\u0000HS256`, `HS256\u0000none`, `HS256\n`, `HS256\t`, `\ufeffHS256`,
		"HS 256", "HS-256", "HS_256", "HS2560", "HS25", "HS", "256", "HS128", "HS1", "HMAC", "HmacSHA256", "SHA256", "HS256,none", "HS256 none", "HS256/none",
		"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "\uff28\uff33\uff12\uff15\uff16", "H\u017f256", "Н\u0405256", "HS256\u0301", "HS256\u200b",
		"HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "Ed25519", "A128KW", "A256GCMKW", "dir", "RSA-OAEP", "RSA1_5", "ECDH-ES", "PBES2-HS256+A128KW",
		"A128CBC-HS256", "HS256/64", "undefined", "null", "*", "../HS256", "%48S256", strings.Repeat("H", 2000), strings.Repeat(`\u0000`, 300),
	} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleAlg, "alg "+strconv.Quote(shorten(alg)), withHeader(header.with("alg", quote(alg))), good)
	}
	m.good(hs256, ruleString, "alg by escapes", withHeader(header.with("alg", `"\u0048S256"`)))
	m.good(hs256, ruleString, "alg's name by escapes", withHeader(header.rename("alg", `\u0061\u006c\u0067`)))
	m.good(hs256, ruleAlg, "alg last", withHeader(header.without("alg").and("alg", `"HS256"`)))

	// Signed as the header says, and with the reader's own key: nothing is
	// wrong but that the reader wants another algorithm.
	families := [][]*Reader{{hs256, hs384, hs512}, {rs256, rs384, rs512, ps256, ps384, ps512}}
	for _, readers := range families {
		for _, r := range readers {
			for _, other := range readers {
				if r != other {
					m.bad(r, authstrategy.ErrTokenUnverifiable, ruleOneAlgorithm,
						fmt.Sprintf("%s, signed with the key of %s", other.Name, r.Name), other.mint(other.header(), r.claims()), r.Good())
				}
			}
		}
	}
	edAlgRows(m)
	for _, alg := range []string{"ES384", "ES512", "ES256K", "ES521", "es256", "ESP256"} {
		m.bad(es256, authstrategy.ErrTokenUnverifiable, ruleAlg, "an ES256 signature under alg "+alg,
			es256.mint(es256.header().with("alg", quote(alg)), es256.claims()), es256.Good())
	}
}

// edAlgRows have good signatures under the two names of EdDSA on Ed25519, which
// each of its readers reads, and under names that look like them.
func edAlgRows(m *matrix) {
	for _, r := range []*Reader{eddsa, curve25519} {
		named := func(alg string) string { return r.mint(r.header().with("alg", quote(alg)), r.claims()) }
		for _, alg := range []string{
			"Ed448", "ES256K", "eddsa", "EDDSA", "EdDsa", "Eddsa", "ed25519", "ED25519", "eD25519", "Ed25519 ", " Ed25519", "EdDSA ", " EdDSA", `Ed25519\u0000`, `EdDSA\u0000`, `Ed25519\n`,
			"Ed2551", "d25519", "Ed25519ph", "Ed25519ctx", "Ed25519EdDSA", "EdDSA,Ed25519", "EdDSA/Ed25519", "X25519", "Curve25519", "Fully-Specified", "ESP256", "-8", "-19", "\u0415d25519",
		} {
			m.bad(r, authstrategy.ErrTokenUnverifiable, ruleAlg, fmt.Sprintf("an Ed25519 signature under alg %q, at a reader of %s", alg, r.Name), named(alg), r.Good())
		}
		for _, alg := range []string{"EdDSA", "Ed25519"} {
			m.good(r, ruleTwoNames, fmt.Sprintf("an Ed25519 signature under alg %s, at a reader of %s", alg, r.Name), named(alg))
			m.bad(r, authstrategy.ErrTokenSignature, ruleTwoNames, fmt.Sprintf("an Ed25519 signature under alg %s, forged, at a reader of %s", alg, r.Name), forged(named(alg)), named(alg))
		}
		for _, alg := range []string{`\u0045dDSA`, `E\u0064DSA`, `\u0045d25519`, `Ed2551\u0039`} {
			m.good(r, ruleString, fmt.Sprintf("an Ed25519 signature under alg %s, at a reader of %s", alg, r.Name), named(alg))
		}
	}
}

// noneRows have "none" in every case, signed as if it were HS256 and signed
// with nothing that verifies. (With an empty signature it is no token at all.)
func noneRows(m *matrix) {
	good := hs256.Good()
	payload := encode(hs256.claims().String())
	for spelling := range 16 {
		none := []byte("none")
		for i := range none {
			if spelling>>i&1 == 1 {
				none[i] -= 'a' - 'A'
			}
		}
		header := encode(hs256.header().with("alg", quote(string(none))).String())
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleNone, fmt.Sprintf("%s, signed", none), hs256.seal(header, payload), good)
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleNone, fmt.Sprintf("%s, with another signature", none), header+"."+payload+"."+encode("none"), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleNone, fmt.Sprintf("%s, with an empty signature", none), header+"."+payload+".", good)
	}
	for _, none := range []string{"none ", " none", `none\u0000`, `\u0000none`, `n\u006fne`, "nоne", "ｎｏｎｅ", "none,HS256", "non", "nonee", "nil"} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleNone, fmt.Sprintf("%q, signed", none), withHeader(hs256.header().with("alg", quote(none))), good)
	}
	for _, r := range []*Reader{rs256, es256, eddsa, curve25519} {
		header, payload := encode(`{"alg":"none"}`), encode(r.claims().String())
		m.bad(r, authstrategy.ErrTokenUnverifiable, ruleNone, "none, signed with the key of "+r.Name, r.seal(header, payload), r.Good())
		m.bad(r, authstrategy.ErrTokenMalformed, ruleNone, "none, with an empty signature, at a reader of "+r.Name, header+"."+payload+".", r.Good())
	}
}

func critRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header)
	for _, crit := range []string{
		"[]", `["exp"]`, `["alg"]`, `["typ"]`, `["b64"]`, `["x"]`, `["crit"]`, `["exp","exp"]`, `[""]`, `[1]`, "[null]", "[[]]", `[["exp"]]`, "[{}]",
		"null", "true", "false", "0", "1", `"exp"`, `""`, "{}", `{"exp":true}`,
	} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleCrit, "crit "+crit, withHeader(header.and("crit", crit)), good)
	}
	for _, crit := range []struct {
		name   string
		header members
	}{
		{"crit that names a member that is there", header.and("crit", `["exp"]`).and("exp", exp)},
		{"crit that names a member that is not there", header.and("crit", `["http://example.com/UNDEFINED"]`)},
		{"crit of RFC 7515 appendix E", header.and("crit", `["http://example.com/UNDEFINED"]`).and("http://example.com/UNDEFINED", "true")},
		{"crit in front", header.before("crit", `["exp"]`)},
		{"crit by an escape", header.and(`cr\u0069t`, `["exp"]`)},
		{"crit of five hundred names", header.and("crit", "["+strings.Repeat(`"",`, 499)+`""]`)},
	} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleCrit, crit.name, withHeader(crit.header), good)
	}
	for _, b64 := range []string{"false", "true", "null", "0", `"false"`, "[]", "{}"} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleB64, "b64 "+b64, withHeader(header.and("b64", b64)), good)
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleB64, "b64 "+b64+" under crit", withHeader(header.and("b64", b64).and("crit", `["b64"]`)), good)
	}
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleB64, "b64 by an escape", withHeader(header.and(`b\u00364`, "false")), good)
	unencoded := encode(header.and("b64", "false").and("crit", `["b64"]`).String())
	m.bad(hs256, authstrategy.ErrTokenMalformed, ruleB64, "an unencoded payload", hs256.seal(unencoded, hs256.claims().String()), good)
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, ruleB64, "an unencoded payload that could be base64url", hs256.seal(unencoded, "payload-"), good)
	m.bad(hs256, authstrategy.ErrTokenMalformed, ruleB64, "a detached payload", hs256.seal(unencoded, ""), good)
}

func notPlainRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header)
	for _, member := range []struct {
		name   string
		values []string
	}{
		{"enc", []string{`"A128GCM"`, `"A128CBC-HS256"`, `""`, "null", "false", "1", "[]", "{}"}},
		{"zip", []string{`"DEF"`, `"GZIP"`, `""`, "null", "false", "1", "[]", "{}"}},
		{"cty", []string{`"JWT"`, `"jwt"`, `"application/jwt"`, `"json"`, `"text/plain"`, `""`, "null", "false", "1", "[]", "{}"}},
	} {
		name, values := member.name, member.values
		for _, value := range values {
			m.bad(hs256, authstrategy.ErrTokenUnverifiable, rulePlain, name+" "+value, withHeader(header.and(name, value)), good)
		}
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, rulePlain, name+" in front", withHeader(header.before(name, values[0])), good)
		escaped := fmt.Sprintf(`\u%04x%s`, name[0], name[1:])
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, rulePlain, name+" by an escape", withHeader(header.and(escaped, values[0])), good)
	}
	nested := encode(hs256.Good())
	m.bad(hs256, authstrategy.ErrTokenUnverifiable, rulePlain, "a nested JWT",
		hs256.seal(encode(header.and("cty", `"JWT"`).String()), nested), good)
	m.bad(hs256, authstrategy.ErrTokenMalformed, rulePlain, "a nested JWT without cty", hs256.seal(encode(header.String()), nested), good).Stage = AtClaims
}

func typRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header)
	for _, typ := range []string{"null", "true", "1", "[]", `["JWT"]`, "{}", `{"typ":"JWT"}`} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleTyp, "typ "+typ, withHeader(header.with("typ", typ)), good)
		m.bad(typedAT, authstrategy.ErrTokenMalformed, ruleTyp, "typ "+typ+" where at+jwt is asked for", typedAT.mint(typedAT.header().with("typ", typ), typedAT.claims()), typedAT.Good())
	}
	for _, typ := range []string{
		"", " ", "JWT ", " JWT", `JWT\u0000`, `\u0000JWT`, `JWT\n`, "JWS", "JOSE", "JOSE+JSON", "JWE", "JW", "JWTT", "J W T", "jwt+jwt", "+jwt", "jwt+", "at+jwt", "AT+JWT", "application/at+jwt",
		"dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "oauth-authz-req+jwt", "application/", "application/application/jwt", "application//jwt", "/jwt", "application/ jwt",
		"text/jwt", "applicationjwt", "jwt;charset=utf-8", "application/jwt;v=1", "*/*", "application/*", "\uff2aＷＴ", "JWT\u200b", "ЈWT", strings.Repeat("J", 2000),
	} {
		m.bad(hs256, authstrategy.ErrTokenType, ruleTypes, "typ "+strconv.Quote(shorten(typ)), withHeader(header.with("typ", quote(typ))), good)
	}
	for _, typ := range []string{"JWT", "jwt", "Jwt", "jWt", "application/jwt", "application/JWT", "APPLICATION/JWT", "Application/Jwt", `\u004aWT`} {
		m.good(hs256, ruleTyp, "typ "+strconv.Quote(typ), withHeader(header.with("typ", quote(typ))))
	}
	m.good(hs256, "RFC 7519 §5.1: typ is optional", "no typ", withHeader(header.without("typ")))

	at := typedAT.header()
	for _, typ := range []string{"", "JWT", "jwt", "application/jwt", "at", "at+jwt ", " at+jwt", "at+jw", "at+jwts", "xat+jwt", "at+jwt,JWT", "at jwt", "application/application/at+jwt", "dpop+jwt", "àt+jwt", `at+jwt\u0000`} {
		m.bad(typedAT, authstrategy.ErrTokenType, ruleTypes, "typ "+strconv.Quote(typ)+" where at+jwt is asked for",
			typedAT.mint(at.with("typ", quote(typ)), typedAT.claims()), typedAT.Good())
	}
	m.bad(typedAT, authstrategy.ErrTokenType, ruleTypes, "no typ where at+jwt is asked for", typedAT.mint(at.without("typ"), typedAT.claims()), typedAT.Good())
	for _, typ := range []string{"at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "APPLICATION/AT+JWT"} {
		m.good(typedAT, ruleTyp, "typ "+typ+" where at+jwt is asked for", typedAT.mint(at.with("typ", quote(typ)), typedAT.claims()))
	}

	// The Kelvin sign and the long s fold to k and s, but not in ASCII.
	task := typedSK.header()
	for _, typ := range []string{"tas\u212a+jwt", "ta\u017fk+jwt", "TA\u017f\u212a+JWT", "application/tas\u212a+jwt"} {
		m.bad(typedSK, authstrategy.ErrTokenType, ruleTypes, "typ "+typ+" where task+jwt is asked for",
			typedSK.mint(task.with("typ", quote(typ)), typedSK.claims()), typedSK.Good())
	}
	for _, typ := range []string{"task+jwt", "TASK+JWT", "application/task+jwt"} {
		m.good(typedSK, ruleTyp, "typ "+typ+" where application/task+jwt is asked for", typedSK.mint(task.with("typ", quote(typ)), typedSK.claims()))
	}
}

func kidRows(m *matrix) {
	header := hs256.header()
	good := withHeader(header.and("kid", `"k1"`))
	for _, kid := range []string{"null", "true", "1", "0.5", "[]", `["k1"]`, "{}", `{"kid":"k1"}`} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleKid, "kid "+kid, withHeader(header.and("kid", kid)), good)
	}
	m.bad(hs256, authstrategy.ErrTokenMalformed, ruleKid, "kid null by an escape", withHeader(header.and(`\u006bid`, "null")), good)
	for _, kid := range []string{"", "k1", "../../../../dev/null", "/dev/null", "' OR '1'='1", "|id", "http://attacker.example/key", `\u0000`, "ключ"} {
		m.good(hs256, ruleKid, "kid "+strconv.Quote(kid), withHeader(header.and("kid", quote(kid))))
	}
	// /dev/null as a key is an empty secret.
	null := encode(header.and("kid", `"/dev/null"`).String()) + "." + encode(hs256.claims().String())
	m.bad(hs256, authstrategy.ErrTokenSignature, ruleKeyIn, "kid /dev/null, signed with what is in there",
		null+"."+encode(mac(hashOf(hs256.Algorithm), nil, null)), withHeader(header.and("kid", `"/dev/null"`)))
}

// foreignKeyRows have tokens that bring a key with them, or say where it is.
// Signed by the attacker whose key it is, they are forgeries; signed by the
// issuer, the same header is harmless.
func foreignKeyRows(m *matrix) {
	for _, r := range []*Reader{rs256, ps256, es256, eddsa, curve25519} {
		public := r.attacker().Public()
		certificate := quote(encodeStandard(publicDER(public)))
		for _, member := range []struct{ name, value string }{
			{"jwk", jwk(public)},
			{"jku", `"https://attacker.example/keys.json"`},
			{"jku", `"file:///dev/null"`},
			{"x5u", `"https://attacker.example/key.pem"`},
			{"x5c", "[" + certificate + "]"},
			{"x5t", quote(encode("12345678901234567890"))},
			{"x5t#S256", quote(encode("12345678901234567890123456789012"))},
			{"kid", `"https://attacker.example/key.pem"`},
			{"iss", `"https://attacker.example"`},
		} {
			header := r.header().and(member.name, member.value)
			input := encode(header.String()) + "." + encode(r.claims().String())
			name := fmt.Sprintf("%s %s, signed by the attacker, %s", member.name, shorten(member.value), r.Name)
			m.bad(r, authstrategy.ErrTokenSignature, ruleKeyIn, name, input+"."+encode(sign(r.Algorithm, r.attacker(), input)), r.mint(header, r.claims()))
		}
		input := encode(r.header().String()) + "." + encode(r.claims().String())
		m.bad(r, authstrategy.ErrTokenSignature, ruleKeyIn, "signed by the attacker, "+r.Name, input+"."+encode(sign(r.Algorithm, r.attacker(), input)), r.Good())
	}
	secret := []byte("the attacker's own secret, long enough to be one")
	header := hs256.header().and("jwk", `{"kty":"oct","k":`+quote(encode(secret))+`}`)
	input := encode(header.String()) + "." + encode(hs256.claims().String())
	m.bad(hs256, authstrategy.ErrTokenSignature, ruleKeyIn, "jwk with a secret, signed with it",
		input+"."+encode(mac(hashOf(hs256.Algorithm), secret, input)), withHeader(header))
	// A key's parameters in the header (CVE-2018-0114) beside a kid.
	header = rs256.header().and("kid", `"1"`).and("jwk", jwk(attackers()["RS"].Public()))
	m.good(rs256, ruleKeyIn, "jwk with an attacker's key, signed by the issuer", rs256.mint(header, rs256.claims()))
}

// headerCaseRows have the registered names in another case: other names, which
// say nothing.
func headerCaseRows(m *matrix) {
	const rule = "RFC 7515 §4, RFC 8259 §8.3: member names match exactly"
	header := hs256.header()
	good := withHeader(header)
	for _, name := range []string{"ALG", "Alg", "aLG", "alg ", " alg", `alg\u0000`, `\ufeffalg`, "ａｌｇ", "algorithm", "", "аlg"} {
		m.bad(hs256, authstrategy.ErrTokenUnverifiable, rule, fmt.Sprintf("%q instead of alg", name), withHeader(header.rename("alg", name)), good)
		m.good(hs256, rule, fmt.Sprintf("%q, none, after alg", name), withHeader(header.and(name, `"none"`)))
		m.good(hs256, rule, fmt.Sprintf("%q, none, before alg", name), withHeader(header.before(name, `"none"`)))
	}
	for _, member := range []struct{ name, value string }{
		{"TYP", `"at+jwt"`}, {"Typ", "1"}, {"KID", "null"}, {"\u212aid", "null"}, {"CRIT", `["exp"]`}, {"Crit", `["exp"]`}, {"B64", "false"},
		{"ENC", `"A128GCM"`}, {"Zip", `"DEF"`}, {"CTY", `"JWT"`}, {"crit ", `["exp"]`}, {`crit\u0000`, `["exp"]`},
	} {
		m.good(hs256, rule, fmt.Sprintf("%q %s", member.name, member.value), withHeader(header.and(member.name, member.value)))
	}
	m.bad(typedAT, authstrategy.ErrTokenType, rule, "TYP instead of typ", typedAT.mint(typedAT.header().rename("typ", "TYP"), typedAT.claims()), typedAT.Good())
}

// forged returns the token with a signature that does not verify.
func forged(token string) string {
	parts := split(token)
	return parts[0] + "." + parts[1] + "." + flip(parts[2], 0)
}
