// Package conformance holds authstrategy against what others wrote: the vectors
// of Wycheproof, the examples of RFC 7515 and RFC 7520, and golang-jwt's own
// parser reading the same bad tokens. It has tests and nothing else, and is a
// module of its own so that nobody who imports authstrategy loads the vectors.
package conformance
