package hostiletest

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

// ruleOrder is not an RFC's, except for its beginning: nothing of the claims is
// believed, or told, before the signature is verified.
const ruleOrder = "RFC 7515 §5.2, RFC 7519 §7.2: the signature before the claims; the package's order of reasons"

// draft is a token in the making that can have several faults.
type draft struct {
	header, claims members
	kid            string // a raw value; "": that of the reader
	misspelt       bool   // padded
	forged         bool
	oversized      bool
}

// faults in the order in which they are looked for: a token with several of
// them is refused for the first.
var faults = []struct {
	want  error
	apply func(*draft)
	stage Stage
}{
	{authstrategy.ErrTokenTooLarge, func(d *draft) { d.oversized = true }, AtHeader},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.misspelt = true }, AtHeader},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.kid = "1" }, AtHeader},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.header = d.header.plus(flat(maxMembers-2, "m", "0")) }, AtHeader},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.header = d.header.and("deep", nestArrays(maxDepth, "")) }, AtHeader},
	{authstrategy.ErrTokenUnverifiable, func(d *draft) { d.header = d.header.with("alg", `"HS512"`) }, AtHeader},
	{authstrategy.ErrTokenUnverifiable, func(d *draft) { d.header = d.header.and("crit", `["exp"]`) }, AtHeader},
	{authstrategy.ErrTokenUnverifiable, func(d *draft) { d.kid = cmp.Or(d.kid, `"k2"`) }, AtKey},
	{authstrategy.ErrTokenSignature, func(d *draft) { d.forged = true }, AtSignature},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.claims = d.claims.and("jti", "1") }, AtClaims},
	{authstrategy.ErrTokenMalformed, func(d *draft) { d.claims = d.claims.and("x", "1").and("x", "1") }, AtClaims},
	{authstrategy.ErrTokenType, func(d *draft) { d.header = d.header.with("typ", `"at+jwt"`) }, AtClaims},
	{authstrategy.ErrTokenIssuer, func(d *draft) { d.claims = d.claims.with("iss", `"https://attacker.example"`) }, AtClaims},
	{authstrategy.ErrTokenAudience, func(d *draft) { d.claims = d.claims.with("aud", `"other"`) }, AtClaims},
	{authstrategy.ErrTokenClaimMissing, func(d *draft) { d.claims = d.claims.without("sub") }, AtClaims},
	{authstrategy.ErrTokenNotYetValid, func(d *draft) { d.claims = d.claims.and("nbf", "1893456001") }, AtClaims},
	{authstrategy.ErrTokenExpired, func(d *draft) { d.claims = d.claims.with("exp", "1893455999") }, AtClaims},
}

// orderRows have every pair of faults, and each fault with all that follow.
func orderRows(m *matrix) {
	good := keyedISS.Good()
	for first, fault := range faults {
		for second := first + 1; second < len(faults); second++ {
			m.bad(keyedISS, fault.want, ruleOrder, fmt.Sprintf("faults %d and %d", first+1, second+1), draftOf(first, second), good).Stage = fault.stage
		}
		all := []int{}
		for later := first; later < len(faults); later++ {
			all = append(all, later)
		}
		m.bad(keyedISS, fault.want, ruleOrder, fmt.Sprintf("fault %d and all that follow", first+1), draftOf(all...), good).Stage = fault.stage
		m.bad(keyedISS, fault.want, ruleOrder, fmt.Sprintf("fault %d alone", first+1), draftOf(first), good).Stage = fault.stage
	}
}

// draftOf returns a token with the given faults.
func draftOf(numbers ...int) string {
	d := &draft{header: keyedISS.header(), claims: keyedISS.claims()}
	for _, number := range numbers {
		faults[number].apply(d)
	}
	if d.oversized {
		d.claims = d.claims.and("pad", quote(strings.Repeat("x", 8192)))
	}
	if d.kid != "" {
		d.header = d.header.with("kid", d.kid)
	}
	token := keyedISS.mint(d.header, d.claims)
	if d.forged {
		token = forged(token)
	}
	if d.misspelt {
		token += "="
	}
	return token
}
