package hostiletest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleDate      = "RFC 7519 §2: a NumericDate is a JSON number of seconds; a limit of this package: years 1970 to 9999"
	ruleExp       = "RFC 7519 §4.1.4: on or after exp the JWT is not accepted"
	ruleNbf       = "RFC 7519 §4.1.5: before nbf the JWT is not accepted"
	ruleIat       = "RFC 7519 §4.1.6: iat is a NumericDate"
	ruleAud       = "RFC 7519 §4.1.3: aud is a string or an array of strings"
	ruleAudience  = "RFC 7519 §4.1.3, RFC 8725 §3.9: a JWT for others is rejected"
	ruleInstead   = "RFC 7519 §4.1.3 makes aud optional; this package: one claim may stand in for an aud that is absent, and for no other"
	ruleIss       = "RFC 7519 §4.1.1: iss is a case-sensitive string"
	ruleIssuer    = "RFC 8725 §3.8: the issuer is the one that the key belongs to"
	ruleSub       = "RFC 7519 §4.1.2: sub is a string"
	ruleSubject   = "RFC 8725 §3.8: the subject is validated; a limit of this package: there is one"
	ruleJti       = "RFC 7519 §4.1.7: jti is a string"
	ruleRequired  = "RFC 7519 §4: an application says which claims it requires; this package: exp, unless told otherwise"
	ruleClaimName = "RFC 7519 §4, §10.1.1: claim names are case-sensitive"
	ruleIgnored   = "RFC 7519 §4: claims that are not understood are ignored"
	ruleCompared  = "RFC 7519 §7.3, RFC 8725 §3.7: strings are compared code point by code point"
)

func claimsRows(m *matrix) {
	claimsJSONRows(m)
	repeatedClaimsRows(m)
	claimNameRows(m)
	dateRows(m)
	expRows(m)
	nbfRows(m)
	boundaryRows(m)
	iatRows(m)
	audRows(m)
	audienceClaimRows(m)
	issRows(m)
	subRows(m)
	jtiRows(m)
}

// withClaims mints a token for hs256 whose header is good.
func withClaims(claims fmt.Stringer) string { return hs256.mint(hs256.header(), claims) }

// withClaim mints a good token of r's with one claim set to a raw JSON value.
func withClaim(r *Reader, name, value string) string {
	return r.mint(r.header(), r.claims().with(name, value))
}

func claimsJSONRows(m *matrix) {
	for _, v := range brokenObjects(hs256.claims(), 102, 51) {
		m.bad(hs256, authstrategy.ErrTokenMalformed, v.rule, v.name, withClaims(text(v.text)), withClaims(text(v.control)))
	}
	for _, v := range oddObjects(hs256.claims()) {
		m.good(hs256, v.rule, v.name, withClaims(text(v.text)))
	}
	m.bad(hs256, authstrategy.ErrTokenAudience, ruleAudience, "an empty object", withClaims(text("{}")), hs256.Good())
	m.bad(forever, authstrategy.ErrTokenAudience, ruleAudience, "an empty object where no exp is asked for", forever.mint(forever.header(), text("{}")), forever.Good())

	// The signature has been verified: the limits of a header are none here.
	m.good(hs256, ruleIgnored, "500 claims", withClaims(hs256.claims().plus(flat(500, "x", "0"))))
	// Nested as deep as a token has room for.
	for _, nest := range []struct{ name, open, close string }{{"arrays", "[", "]"}, {"objects", `{"":`, "}"}} {
		depth := 5900 / (len(nest.open) + len(nest.close))
		nested := strings.Repeat(nest.open, depth) + "0" + strings.Repeat(nest.close, depth)
		good := withClaim(hs256, "x", nested)
		m.good(hs256, ruleDepth, fmt.Sprintf("%d nested %s", depth, nest.name), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("%d nested %s, one not closed", depth, nest.name),
			withClaim(hs256, "x", nested[:len(nested)-len(nest.close)]), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("%d nested %s, none closed", depth, nest.name),
			withClaim(hs256, "x", strings.Repeat(nest.open, depth)), good)
		for _, claim := range []string{"sub", "aud", "exp", "iss", "jti"} {
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDepth, fmt.Sprintf("%d nested %s as %s", depth, nest.name, claim),
				withClaim(hs256, claim, nested), good)
		}
	}
}

func repeatedClaimsRows(m *matrix) {
	full := hs256.claims().and("iss", `"x"`).and("nbf", "0").and("iat", "0").and("jti", `"x"`)
	good := withClaims(full)
	for _, claim := range []struct{ name, other string }{
		{"sub", `"admin"`}, {"aud", `"other"`}, {"exp", "253402300799"}, {"iss", `"y"`}, {"nbf", "1"}, {"iat", "1"}, {"jti", `"y"`},
	} {
		name := claim.name
		var same string
		for _, member := range full {
			if member.name == name {
				same = member.value
			}
		}
		escaped := fmt.Sprintf(`\u%04x%s`, name[0], name[1:])
		for _, value := range []string{same, claim.other, "null"} {
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleUnique, fmt.Sprintf("%s twice, then %s", name, value), withClaims(full.and(name, value)), good)
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleUnique, fmt.Sprintf("%s twice, first %s", name, value), withClaims(full.before(name, value)), good)
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleUnique, fmt.Sprintf("%s twice by an escape, then %s", name, value), withClaims(full.and(escaped, value)), good)
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleUnique, fmt.Sprintf("%s twice by an escape, first %s", name, value), withClaims(full.before(escaped, value)), good)
		}
	}
}

// claimNameRows have the registered names in another spelling: beside the real
// ones they are ignored, and instead of them the claim is missing.
func claimNameRows(m *matrix) {
	full := issued.claims().and("nbf", "0").and("iat", "0").and("jti", `"x"`)
	good := issued.mint(issued.header(), full)
	for _, claim := range []struct {
		name    string
		hostile string // would be refused, or let in, if it counted
		missing error  // what the token gets without the claim
	}{
		{"sub", `"admin"`, authstrategy.ErrTokenClaimMissing},
		{"exp", "1", authstrategy.ErrTokenClaimMissing},
		{"aud", `"other"`, authstrategy.ErrTokenAudience},
		{"iss", `"https://attacker.example"`, authstrategy.ErrTokenIssuer},
		{"nbf", "253402300799", nil},
		{"iat", `"never"`, nil},
		{"jti", "1", nil},
	} {
		for _, name := range spellings(claim.name) {
			renamed := issued.mint(issued.header(), full.rename(claim.name, name))
			if claim.missing != nil {
				m.bad(issued, claim.missing, ruleClaimName, fmt.Sprintf("%q instead of %s", name, claim.name), renamed, good)
			} else {
				m.good(issued, ruleClaimName, fmt.Sprintf("%q instead of %s", name, claim.name), renamed)
			}
			m.good(issued, ruleIgnored, fmt.Sprintf("%q after %s", name, claim.name), issued.mint(issued.header(), full.and(name, claim.hostile)))
			m.good(issued, ruleIgnored, fmt.Sprintf("%q before %s", name, claim.name), issued.mint(issued.header(), full.before(name, claim.hostile)))
		}
		for _, name := range []string{`\u` + fmt.Sprintf("%04x", claim.name[0]) + claim.name[1:], claim.name[:2] + `\u` + fmt.Sprintf("%04X", claim.name[2])} {
			m.good(issued, ruleString, fmt.Sprintf("%q, an escape, is %s", name, claim.name), issued.mint(issued.header(), full.rename(claim.name, name)))
		}
	}
	for _, name := range []string{"subject", "user_id", "audience", "expires", "expires_in", "expiry", "exp_", "x-exp"} {
		m.good(hs256, ruleIgnored, name, withClaims(hs256.claims().and(name, "null")))
	}
}

// spellings returns names that are not the given one, though something that
// compares names loosely takes them for it.
func spellings(name string) []string {
	upper := strings.ToUpper(name)
	result := []string{upper, upper[:1] + name[1:], name[:2] + upper[2:], name + " ", " " + name, name + `\u0000`, name + `\u200b`, `\ufeff` + name, name + `\n`, "_" + name}
	if strings.Contains(name, "s") {
		result = append(result, strings.ReplaceAll(name, "s", "\u017f"), strings.Replace(name, "s", `\u017f`, 1))
	}
	return result
}

// notDates are JSON values that are no date, and texts that are no JSON.
var notDates = []string{
	`"` + exp + `"`, `""`, `"2030-01-01T01:00:00Z"`, `"never"`, `"NaN"`, `"Infinity"`, `"1e10"`, `"0"`,
	"true", "false", "null", "[]", "[" + exp + "]", "[[]]", "{}", `{"$date":` + exp + `}`,
	"-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9", "-0.5", "-0.9", "-1e-9", "-" + exp, "-62135596800", "-62167219200", "-9223372036854775808", "-9223372036854775809", "-1e18", "-1e19", "-1e308", "-1e400",
	"253402300799.5", "253402300800", "253402300800.0", "2.534023008e11", "1893459600000", "9007199254740993", "1e12", "1e15", "1e18", "9223371974719179007",
	"9223372036854775806", "9223372036854775807", "9223372036854775808", "9223372036854775809", "1e19", "18446744073709551615", "18446744073709551616", "1.8e19",
	"340282366920938463463374607431768211456", "1e38", "1e100", "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "1e400", "1e4000", "1e99999", "1e2147483648", "1e9223372036854775808", "1" + strings.Repeat("0", 400),
	"NaN", "nan", "Infinity", "-Infinity", "inf", "0x70DBD880", "01893459600", "+1893459600", "1893459600.", ".5e10", "1893459600e", "1_893_459_600", "1,893,459,600", "1893459600n", "1893459600L", "'1893459600'", "",
}

func dateRows(m *matrix) {
	for _, claim := range []string{"exp", "nbf", "iat"} {
		good := withClaim(hs256, claim, map[string]string{"exp": exp, "nbf": "0", "iat": "0"}[claim])
		for _, value := range notDates {
			m.bad(hs256, authstrategy.ErrTokenMalformed, ruleDate, claim+" "+shorten(value)+" of "+strconv.Itoa(len(value)), withClaim(hs256, claim, value), good)
		}
		for _, value := range []string{"null", `"` + exp + `"`, "-1", "253402300800", "1e400", "9223372036854775808"} {
			m.bad(forever, authstrategy.ErrTokenMalformed, ruleDate, claim+" "+value+" where no exp is asked for", withClaim(forever, claim, value), good)
			m.bad(lenient, authstrategy.ErrTokenMalformed, ruleDate, claim+" "+value+" where there is leeway", withClaim(lenient, claim, value), good)
		}
	}
}

func expRows(m *matrix) {
	good := hs256.Good()
	for _, value := range []string{
		exp, "1893459600.0", "1893459600.5", "1893459600.999999999", "1.8934596e9", "1.8934596E9", "1.8934596e+9", "18934596e2", "189345960000e-2", "1893459600000000000000000000000e-21",
		"1893459600." + strings.Repeat("0", 300), "1893459600e0", "1893459600E-0", "253402300799", "253402300799.0", "2.53402300799e11", "253402300798.999", "4294967296", "2147483648", "9223372036", "1893456001",
	} {
		m.good(hs256, ruleDate, "exp "+shorten(value), withClaim(hs256, "exp", value))
	}
	for _, value := range []string{"0", "-0", "-0.0", "0e0", "-0e99", "0.0", "1e-9", "1e-400", "1", "1300819380", "1893455999", "1893455999.5", "1893455999.999999", "1.893456e9", "1893456000", "1893456000.0", "189345600000e-2", "4294967"} {
		m.bad(hs256, authstrategy.ErrTokenExpired, ruleExp, "exp "+value, withClaim(hs256, "exp", value), good)
		m.bad(forever, authstrategy.ErrTokenExpired, ruleExp, "exp "+value+" where no exp is asked for", withClaim(forever, "exp", value), good)
	}
	m.bad(hs256, authstrategy.ErrTokenClaimMissing, ruleRequired, "no exp", withClaims(hs256.claims().without("exp")), good)
	m.bad(lenient, authstrategy.ErrTokenClaimMissing, ruleRequired, "no exp where there is leeway", lenient.mint(lenient.header(), lenient.claims().without("exp")), good)
	m.good(forever, ruleRequired, "no exp where no exp is asked for", forever.mint(forever.header(), forever.claims().without("exp")))
	m.good(forever, ruleRequired, "an exp where no exp is asked for", forever.Good())
}

func nbfRows(m *matrix) {
	good := withClaim(hs256, "nbf", "1893456000")
	for _, value := range []string{"0", "-0", "-0.0", "1", "1e-9", "1893455999", "1893455999.999999", "1893456000", "1893456000.0", "1.893456e9"} {
		m.good(hs256, ruleNbf, "nbf "+value, withClaim(hs256, "nbf", value))
	}
	for _, value := range []string{"1893456000.000001", "1893456000.5", "1893456001", "1893459600", "1.893456001e9", "4294967296", "9223372036", "253402300799", "2.53402300799e11"} {
		m.bad(hs256, authstrategy.ErrTokenNotYetValid, ruleNbf, "nbf "+value, withClaim(hs256, "nbf", value), good)
		m.bad(forever, authstrategy.ErrTokenNotYetValid, ruleNbf, "nbf "+value+" where no exp is asked for", withClaim(forever, "nbf", value), good)
	}
	m.bad(forever, authstrategy.ErrTokenNotYetValid, ruleNbf, "nbf and no exp", forever.mint(forever.header(), forever.claims().without("exp").and("nbf", "1893456001")), good)
}

// boundaryRows have dates at the very edge, with fractions and with leeway.
func boundaryRows(m *matrix) {
	for _, edge := range []struct {
		reader *Reader
		claim  string
		good   []string
		bad    []string
		want   error
	}{
		{hs256, "exp", []string{"1893456000.000001", "1893456000.001", "1893456000.5", "1893456000.999999"}, []string{"1893455999.999", "1893455999.000001"}, authstrategy.ErrTokenExpired},
		{quarter, "exp", []string{"1893456000.250001", "1893456000.5", "1893456001"}, []string{"1893456000.25", "1893456000.249999", "1893456000.125", "1893456000", "1893455999.75"}, authstrategy.ErrTokenExpired},
		{quarter, "nbf", []string{"1893456000.25", "1893456000.249999", "1893456000.125", "1893456000"}, []string{"1893456000.250001", "1893456000.5", "1893456001"}, authstrategy.ErrTokenNotYetValid},
		{lenient, "exp", []string{"1893455940.000001", "1893455940.5", "1893455941", "1893456000", "253402300799"}, []string{"1893455940", "1893455940.0", "1893455939.999999", "1893455939", "0", "-0"}, authstrategy.ErrTokenExpired},
		{lenient, "nbf", []string{"1893456060", "1893456060.0", "1893456059.999999", "1893456001", "0"}, []string{"1893456060.000001", "1893456060.5", "1893456061", "253402300799"}, authstrategy.ErrTokenNotYetValid},
	} {
		rule := ruleExp
		if edge.claim == "nbf" {
			rule = ruleNbf
		}
		for _, value := range edge.good {
			m.good(edge.reader, rule, fmt.Sprintf("%s %s, %s", edge.claim, value, edge.reader.Name), withClaim(edge.reader, edge.claim, value))
		}
		for _, value := range edge.bad {
			m.bad(edge.reader, edge.want, rule, fmt.Sprintf("%s %s, %s", edge.claim, value, edge.reader.Name),
				withClaim(edge.reader, edge.claim, value), withClaim(edge.reader, edge.claim, edge.good[0]))
		}
	}
}

func iatRows(m *matrix) {
	for _, value := range []string{"0", "-0", "1893456000", "1893456000.5", "1893459600", "253402300799", "1.9e9"} {
		m.good(hs256, ruleIat, "iat "+value, withClaim(hs256, "iat", value))
	}
}

func audRows(m *matrix) {
	good := hs256.Good()
	const aud = `"fastapi-users:auth"`
	for _, value := range []string{
		"null", "true", "false", "0", "1", "1.5", "{}", `{"aud":` + aud + `}`, `{"0":` + aud + `}`,
		"[null]", "[1]", "[true]", "[{}]", "[[]]", "[" + aud + ",1]", "[1," + aud + "]", "[" + aud + ",null]", "[null," + aud + "]", "[" + aud + ",{}]", "[" + aud + ",[]]",
		"[[" + aud + "]]", "[[[" + aud + "]]]", `[["a"],` + aud + "]", "[" + aud + ",[" + aud + "]]", "[" + aud + ",true]",
	} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleAud, "aud "+value, withClaim(hs256, "aud", value), good)
	}
	for _, value := range []string{
		"[]", `""`, `[""]`, `["",""]`, `" "`, `"*"`, `"fastapi-users"`, `"fastapi-users:"`, `":auth"`, `"auth"`, `"fastapi-users:aut"`, `"astapi-users:auth"`, `"fastapi-users:auth2"`,
		`"xfastapi-users:auth"`, `"fastapi-users:auth "`, `" fastapi-users:auth"`, `"fastapi-users:auth\u0000"`, `"fastapi-users:auth\n"`, `"fastapi-users:auth/"`, `"FASTAPI-USERS:AUTH"`,
		`"Fastapi-users:auth"`, `"fastapi-uſers:auth"`, `"fastapi-users:auth,other"`, `"fastapi-users:auth other"`, `"fastapi-users:auth;other"`, `"[\"fastapi-users:auth\"]"`, `"fastapi‐users:auth"`,
		`"fastapi-users：auth"`, `"fastapi-users:аuth"`, `"fastapi-users:verify"`, `"fastapi-users:reset"`, `["fastapi-users","auth"]`, `["fastapi-users:","auth"]`, `["a","b","c"]`, `["fastapi-users:AUTH"]`,
		`"fastapi%2Dusers:auth"`, `"fastapi-users:.*"`, `".*"`,
	} {
		m.bad(hs256, authstrategy.ErrTokenAudience, ruleAudience, "aud "+value, withClaim(hs256, "aud", value), good)
	}
	m.bad(hs256, authstrategy.ErrTokenAudience, ruleAudience, "no aud", withClaims(hs256.claims().without("aud")), good)
	m.bad(hs256, authstrategy.ErrTokenAudience, ruleAudience, "azp for aud", withClaims(hs256.claims().rename("aud", "azp")), good)
	for _, value := range []string{
		aud, "[" + aud + "]", `["other",` + aud + "]", "[" + aud + `,"other"]`, `["",` + aud + "]", "[" + aud + "," + aud + "]", `"fastapi-users:\u0061uth"`, `["\u0066astapi-users:auth"]`, "[ " + aud + " ]",
	} {
		m.good(hs256, ruleAud, "aud "+value, withClaim(hs256, "aud", value))
	}
	var hundred strings.Builder
	for i := range 100 {
		fmt.Fprintf(&hundred, `"a%d",`, i)
	}
	m.good(hs256, ruleAud, "aud the last of 101", withClaim(hs256, "aud", "["+hundred.String()+aud+"]"))
	m.bad(hs256, authstrategy.ErrTokenAudience, ruleAudience, "aud none of 101", withClaim(hs256, "aud", "["+hundred.String()+`"other"]`), good)

	for _, value := range []string{`"web"`, `"api"`, `["api"]`, `["other","api"]`, `["api","web"]`} {
		m.good(twoFor, ruleAud, "aud "+value+" where web or api is asked for", withClaim(twoFor, "aud", value))
	}
	for _, value := range []string{`"web,api"`, `"web api"`, `"webapi"`, `"we"`, `"WEB"`, `["other"]`, "[]", aud} {
		m.bad(twoFor, authstrategy.ErrTokenAudience, ruleAudience, "aud "+value+" where web or api is asked for", withClaim(twoFor, "aud", value), twoFor.Good())
	}
	m.good(accented, ruleCompared, "aud café by an escape", withClaim(accented, "aud", `"caf\u00e9"`))
	for _, value := range []string{`"cafe\u0301"`, `"cafe"`, `"CAFÉ"`, `"caf\u00e8"`, `"cafÃ©"`} {
		m.bad(accented, authstrategy.ErrTokenAudience, ruleCompared, "aud "+value+" where café is asked for", withClaim(accented, "aud", value), accented.Good())
	}
}

// audienceClaimRows have tokens for a reader that takes a client_id for an aud that
// is absent. Its good token has a client_id and no aud.
func audienceClaimRows(m *matrix) {
	goodClientRows(m)
	otherClientRows(m)
	clientAndAudRows(m)
	repeatedClientRows(m)
	clientOrderRows(m)
	noStandInRows(m)
}

// badClient adds a bad row for the reader that takes a client_id.
func badClient(m *matrix, want error, rule, name string, claims members) {
	m.bad(clientID, want, rule, name, clientID.mint(clientID.header(), claims), clientID.Good())
}

func goodClientRows(m *matrix) {
	full, bare := clientID.claims(), clientID.claims().without("client_id")
	for _, same := range []struct {
		name   string
		claims members
	}{
		{"client_id", full},
		{"client_id, the other audience", full.with("client_id", `"app-2"`)},
		{"client_id in front", bare.before("client_id", `"app-1"`)},
		{"client_id by an escape", full.with("client_id", `"\u0061pp-1"`)},
		{"client_id by an escape of its name", full.rename("client_id", `client\u005fid`)},
		{"client_id, and another as Client_ID", full.and("Client_ID", `"other"`)},
		{"client_id, and another as azp", full.and("azp", `"other"`)},
		{"client_id, and an Aud", full.and("Aud", `"other"`)},
		{"aud and client_id", full.and("aud", `"app-1"`)},
		{"aud and client_id, one each", full.and("aud", `"app-2"`)},
		{"aud of two and no client_id", bare.and("aud", `["other","app-1"]`)},
	} {
		m.good(clientID, ruleInstead, same.name, clientID.mint(clientID.header(), same.claims))
	}
}

func otherClientRows(m *matrix) {
	full, bare := clientID.claims(), clientID.claims().without("client_id")
	badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "neither aud nor client_id", bare)
	for _, value := range []string{
		"null", "true", "false", "0", "1", "1.5", "{}", "[]", `["app-1"]`, `["app-1","app-2"]`, `[["app-1"]]`, `{"client_id":"app-1"}`, `{"0":"app-1"}`,
		`""`, `" "`, `"other"`, `"app"`, `"app-"`, `"app-11"`, `"app-3"`, `"App-1"`, `"APP-1"`, `"app-1 "`, `" app-1"`, `"app-1\n"`, `"app-1\u0000"`, `"\u0000app-1"`, `"app-1,app-2"`, `"app-1 app-2"`, `"[\"app-1\"]"`,
		`"\"app-1\""`, `"app‐1"`, `"аpp-1"`, `"app-1\u200b"`, `"*"`, `".*"`, `"fastapi-users:auth"`, `"https://issuer.example"`, `"user-1"`, `"null"`,
	} {
		badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "client_id "+value+" and no aud", full.with("client_id", value))
		m.good(clientID, ruleInstead, "client_id "+value+" and aud", clientID.mint(clientID.header(), full.with("client_id", value).and("aud", `["app-1"]`)))
	}
	for _, name := range append(spellings("client_id"), "clientId", "clientid", "client-id", "client_i", "azp", "cid", "", "appid") {
		badClient(m, authstrategy.ErrTokenAudience, ruleClaimName, fmt.Sprintf("%q instead of client_id", name), full.rename("client_id", name))
	}
	for _, value := range []string{`"\ud800"`, `"app-1\udc00"`, "\"app-1\xff\""} {
		badClient(m, authstrategy.ErrTokenMalformed, ruleString, fmt.Sprintf("client_id %q and no aud", value), full.with("client_id", value))
		badClient(m, authstrategy.ErrTokenMalformed, ruleString, fmt.Sprintf("client_id %q and aud", value), full.with("client_id", value).and("aud", `"app-1"`))
	}
	badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "client_id within another claim", bare.and("act", `{"client_id":"app-1"}`))
}

func clientAndAudRows(m *matrix) {
	full, bare := clientID.claims(), clientID.claims().without("client_id")
	for _, value := range []string{"[]", `""`, `[""]`, `"other"`, `["other"]`, `"App-1"`, `"app-1 "`, `"app-1,app-2"`, `["app","-1"]`, `"client_id"`} {
		badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "aud "+value+" and client_id", full.and("aud", value))
		badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "aud "+value+" before client_id", full.before("aud", value))
	}
	badClient(m, authstrategy.ErrTokenAudience, ruleInstead, "another aud by an escape of its name, and client_id", full.and(`\u0061ud`, `"other"`))
	for _, value := range []string{"null", "true", "1", "{}", "[null]", "[1]", `[["app-1"]]`, `["app-1",1]`, `["app-1",null]`} {
		badClient(m, authstrategy.ErrTokenMalformed, ruleAud, "aud "+value+" and client_id", full.and("aud", value))
		badClient(m, authstrategy.ErrTokenMalformed, ruleAud, "aud "+value+" and no client_id", bare.and("aud", value))
	}
}

func repeatedClientRows(m *matrix) {
	full := clientID.claims()
	for _, value := range []string{`"app-1"`, `"app-2"`, `"other"`, "null", "1"} {
		badClient(m, authstrategy.ErrTokenMalformed, ruleUnique, "client_id twice, then "+value, full.and("client_id", value))
		badClient(m, authstrategy.ErrTokenMalformed, ruleUnique, "client_id twice, first "+value, full.before("client_id", value))
		badClient(m, authstrategy.ErrTokenMalformed, ruleUnique, "client_id twice by an escape, then "+value, full.and(`client\u005fid`, value))
		badClient(m, authstrategy.ErrTokenMalformed, ruleUnique, "client_id twice beside aud, then "+value, full.and("aud", `"app-1"`).and("client_id", value))
	}
}

// clientOrderRows have other faults beside another client_id, which is found where
// another aud is.
func clientOrderRows(m *matrix) {
	full := clientID.claims()
	other := full.with("client_id", `"other"`)
	badClient(m, authstrategy.ErrTokenMalformed, ruleOrder, "another client_id and a sub that is no string", other.with("sub", "1"))
	m.bad(clientID, authstrategy.ErrTokenType, ruleOrder, "another client_id and another typ", clientID.mint(clientID.header().with("typ", `"at+jwt"`), other), clientID.Good())
	badClient(m, authstrategy.ErrTokenIssuer, ruleOrder, "another client_id and another iss", other.with("iss", `"https://attacker.example"`))
	badClient(m, authstrategy.ErrTokenIssuer, ruleOrder, "client_id and another iss", full.with("iss", `"https://attacker.example"`))
	badClient(m, authstrategy.ErrTokenIssuer, ruleOrder, "client_id and no iss", full.without("iss"))
	badClient(m, authstrategy.ErrTokenAudience, ruleOrder, "another client_id and no sub", other.without("sub"))
	badClient(m, authstrategy.ErrTokenAudience, ruleOrder, "another client_id and an exp that has passed", other.with("exp", "1"))
	badClient(m, authstrategy.ErrTokenClaimMissing, ruleOrder, "client_id and no sub", full.without("sub"))
	badClient(m, authstrategy.ErrTokenClaimMissing, ruleOrder, "client_id and no exp", full.without("exp"))
	badClient(m, authstrategy.ErrTokenExpired, ruleOrder, "client_id and an exp that has passed", full.with("exp", "1"))
	m.bad(clientID, authstrategy.ErrTokenSignature, ruleOrder, "another client_id and another signature", forged(clientID.mint(clientID.header(), other)), clientID.Good())
}

// noStandInRows have a reader for whom nothing stands in for aud.
func noStandInRows(m *matrix) {
	m.bad(issued, authstrategy.ErrTokenAudience, ruleInstead, "client_id where aud is asked for",
		issued.mint(issued.header(), issued.claims().rename("aud", "client_id").with("client_id", quote(authstrategy.DefaultAudience))), issued.Good())
	m.bad(issued, authstrategy.ErrTokenAudience, ruleInstead, "a claim without a name where aud is asked for",
		issued.mint(issued.header(), issued.claims().rename("aud", "").with("", quote(authstrategy.DefaultAudience))), issued.Good())
}

func issRows(m *matrix) {
	good := issued.Good()
	for _, value := range []string{"null", "true", "0", "1", "{}", "[]", `["https://issuer.example"]`, `[["https://issuer.example"]]`, `{"iss":"https://issuer.example"}`} {
		m.bad(issued, authstrategy.ErrTokenMalformed, ruleIss, "iss "+value, withClaim(issued, "iss", value), good)
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleIss, "iss "+value+" where none is asked for", withClaim(hs256, "iss", value), good)
	}
	for _, value := range []string{
		`""`, `" "`, `"https://issuer.exampl"`, `"https://issuer"`, `"https://"`, `"h"`, `"https://issuer.example/"`, `"https://issuer.example.attacker.example"`, `"https://issuer.example@attacker.example"`,
		`"http://issuer.example"`, `"issuer.example"`, `"HTTPS://ISSUER.EXAMPLE"`, `"https://Issuer.example"`, `"https://issuer.example "`, `" https://issuer.example"`, `"https://issuer.example\u0000"`,
		`"https://issuer.example#"`, `"https://issuer.example?"`, `"https://issuer.example:443"`, `"https://issuer.example."`, `"https://attacker.example"`, `"https://iſſuer.example"`, `"https:\\issuer.example"`, `".*"`,
	} {
		m.bad(issued, authstrategy.ErrTokenIssuer, ruleIssuer, "iss "+value, withClaim(issued, "iss", value), good)
	}
	m.bad(issued, authstrategy.ErrTokenIssuer, ruleIssuer, "no iss", issued.mint(issued.header(), issued.claims().without("iss")), good)
	m.good(issued, ruleIss, "iss", good)
	m.good(issued, ruleIss, "iss by an escape", withClaim(issued, "iss", `"https:\/\/issuer.example"`))
	m.good(hs256, ruleIss, "iss where none is asked for", withClaim(hs256, "iss", `"https://issuer.example"`))
	m.good(hs256, ruleIss, "an empty iss where none is asked for", withClaim(hs256, "iss", `""`))
}

func subRows(m *matrix) {
	good := hs256.Good()
	for _, value := range []string{"null", "true", "false", "0", "1", "-1", "1.5", "{}", "[]", `["user-1"]`, `[["user-1"]]`, `{"id":"user-1"}`, `["user-1","admin"]`} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleSub, "sub "+value, withClaim(hs256, "sub", value), good)
	}
	m.bad(hs256, authstrategy.ErrTokenClaimMissing, ruleSubject, "an empty sub", withClaim(hs256, "sub", `""`), good)
	m.bad(hs256, authstrategy.ErrTokenClaimMissing, ruleSubject, "no sub", withClaims(hs256.claims().without("sub")), good)
	m.bad(forever, authstrategy.ErrTokenClaimMissing, ruleSubject, "no sub where no exp is asked for", forever.mint(forever.header(), forever.claims().without("sub")), good)
	m.bad(forever, authstrategy.ErrTokenClaimMissing, ruleSubject, "an empty sub where no exp is asked for", withClaim(forever, "sub", `""`), good)
	for _, value := range []string{`"0"`, `" "`, `"null"`, `"\u0000"`, `"ж"`, `"😀"`, `"\ud83d\ude00"`, `"<script>"`, `"a/b\\c\"d"`, `"{\"sub\":\"admin\"}"`, quote(strings.Repeat("x", 4000))} {
		m.good(hs256, ruleSub, "sub "+shorten(value), withClaim(hs256, "sub", value))
	}
}

func jtiRows(m *matrix) {
	for _, value := range []string{"null", "true", "false", "0", "1", "1.5", "{}", "[]", `["x"]`, `{"jti":"x"}`} {
		m.bad(hs256, authstrategy.ErrTokenMalformed, ruleJti, "jti "+value, withClaim(hs256, "jti", value), withClaim(hs256, "jti", `"x"`))
	}
	for _, value := range []string{`""`, `"x"`, `"\u0000"`} {
		m.good(hs256, ruleJti, "jti "+value, withClaim(hs256, "jti", value))
	}
}
