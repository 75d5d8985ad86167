// Package conformance holds authstrategy against what others wrote: the vectors
// of Wycheproof, the examples of RFC 7515, RFC 7517, RFC 7520, RFC 7638 and RFC
// 8037, golang-jwt's own parser reading the same bad tokens, and go-jose and jwx
// reading the same key sets. It has tests and nothing else, and is a module of its
// own so that nobody who imports authstrategy loads the vectors.
package conformance
