package hostiletest

import (
	"fmt"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleOneAlgorithm = "RFC 8725 §3.1: each key is used with exactly one algorithm, which the verifier checks"
	ruleTwoNames     = "RFC 9864 §2.2: Ed25519 is EdDSA on that curve, by its newer name"
)

// algorithmRows have a good token of every algorithm, and each algorithm's
// tokens at the readers of the others.
func algorithmRows(m *matrix) {
	for _, r := range Algorithms() {
		rule := "RFC 7518 §3.1: " + r.Name
		switch r {
		case eddsa:
			rule = "RFC 8037 §3.1: EdDSA"
		case curve25519:
			rule = ruleTwoNames
		}
		m.good(r, rule, "a token of "+r.Name, r.Good())
		for _, other := range Algorithms() {
			if family(other.Algorithm) == "EdDSA" && family(r.Algorithm) == "EdDSA" {
				if other != r {
					m.good(r, ruleTwoNames, fmt.Sprintf("a token of %s at a reader of %s", other.Name, r.Name), other.Good())
				}
				continue
			}
			if other == r {
				continue
			}
			m.bad(r, authstrategy.ErrTokenUnverifiable, ruleOneAlgorithm,
				fmt.Sprintf("a token of %s at a reader of %s", other.Name, r.Name), other.Good(), r.Good())
			// The header that the reader wants over the other's signature.
			input := encode(r.header().String()) + "." + encode(r.claims().String())
			m.bad(r, authstrategy.ErrTokenSignature, ruleOneAlgorithm,
				fmt.Sprintf("a signature of %s in a token of %s", other.Name, r.Name),
				input+"."+encode(sign(other.Algorithm, other.key(), input)), r.Good())
		}
	}
}
