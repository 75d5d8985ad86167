package hostiletest

import (
	"fmt"
	"iter"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

const (
	ruleSize    = "a limit of this package: over it nothing of the token is looked at"
	ruleMissing = "RFC 6750 §3.1: a request without a token"
)

// maxToken is the default limit.
const maxToken = 8192

func sizeRows(m *matrix) {
	m.bad(hs256, authstrategy.ErrTokenMissing, ruleMissing, "the empty string", "", hs256.Good())
	m.bad(eddsa, authstrategy.ErrTokenMissing, ruleMissing, "the empty string, EdDSA", "", eddsa.Good())

	for _, limit := range []struct {
		reader *Reader
		size   int
	}{{smallest, 256}, {hs256, maxToken}, {rs256, maxToken}, {eddsa, maxToken}, {largest, 1 << 20}} {
		r, size := limit.reader, limit.size
		fits := ofSize(r, size)
		m.good(r, ruleSize, fmt.Sprintf("a token of %d bytes, %s", size, r.Name), fits)
		m.bad(r, authstrategy.ErrTokenSignature, ruleSignature, fmt.Sprintf("a forged token of %d bytes, %s", size, r.Name), forged(fits), fits)
		m.bad(r, authstrategy.ErrTokenTooLarge, ruleSize, fmt.Sprintf("a token of %d bytes, %s", size+1, r.Name), ofSize(r, size+1), fits)
		for _, filler := range []struct{ name, text string }{
			{"A", "A"}, {"dots", "."}, {"NUL", "\x00"}, {"spaces", " "}, {"é", "é"}, {"invalid UTF-8", "\xff"}, {"segments", "eyJ."}, {"braces", "{"},
		} {
			whole := strings.Repeat(filler.text, size/len(filler.text)+1)
			m.bad(r, authstrategy.ErrTokenTooLarge, ruleSize, fmt.Sprintf("%s over %d bytes, %s", filler.name, size, r.Name), whole, fits)
		}
		for _, filler := range []string{"A", ".", " "} {
			m.bad(r, authstrategy.ErrTokenMalformed, ruleCompact, fmt.Sprintf("%d times %q, %s", size, filler, r.Name), strings.Repeat(filler, size), fits)
		}
		m.bad(r, authstrategy.ErrTokenTooLarge, ruleSize, fmt.Sprintf("a good token and line feeds over %d bytes, %s", size, r.Name), r.Good()+strings.Repeat("\n", size), fits)
		m.bad(r, authstrategy.ErrTokenTooLarge, ruleSize, fmt.Sprintf("a good token after dots over %d bytes, %s", size, r.Name), strings.Repeat(".", size)+r.Good(), fits)
	}
	m.bad(hs256, authstrategy.ErrTokenTooLarge, ruleSize, "a token of 1 MiB where the limit is 8192 bytes", ofSize(largest, 1<<20), hs256.Good())
	m.bad(smallest, authstrategy.ErrTokenTooLarge, ruleSize, "a token of 8192 bytes where the limit is 256 bytes", ofSize(hs256, maxToken), smallest.Good())
}

// ofSize returns a good token of r's that is exactly size bytes long.
func ofSize(r *Reader, size int) string {
	for kid := range 4 { // base64url has no text of 4n+1 characters
		header := r.header().and("kid", quote(strings.Repeat("k", kid)))
		if kid == 0 {
			header = r.header()
		}
		filled := r.claims().and("x", quote(""))
		space := size - len(r.mint(header, filled))
		// Three bytes make four characters; the rest is found by trying.
		for n := max(0, space*3/4-4); n <= space; n++ {
			filled := r.claims().and("x", quote(strings.Repeat("x", n)))
			length := encodedLen(header.String()) + 1 + encodedLen(filled.String()) + 1 + len(split(r.Good())[2])
			if length == size {
				return r.mint(header, filled)
			}
			if length > size {
				break
			}
		}
	}
	panic("hostiletest: no token of that size")
}

func encodedLen(s string) int { return (len(s)*4 + 2) / 3 }

// OneByteVariants returns every string that differs from token in the value of
// exactly one byte.
func OneByteVariants(token string) iter.Seq[string] {
	return func(yield func(string) bool) {
		variant := []byte(token)
		for i := range variant {
			for delta := 1; delta < 256; delta++ {
				variant[i] = token[i] + byte(delta)
				if !yield(string(variant)) {
					return
				}
			}
			variant[i] = token[i]
		}
	}
}

// OneByteLongerOrShorter returns every string that token becomes when one of
// its bytes is left out or written twice, or when any byte is put before it or
// after it.
func OneByteLongerOrShorter(token string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range token {
			if !yield(token[:i]+token[i+1:]) || !yield(token[:i]+token[i:i+1]+token[i:]) {
				return
			}
		}
		for b := range 256 {
			if !yield(string([]byte{byte(b)})+token) || !yield(token+string([]byte{byte(b)})) {
				return
			}
		}
	}
}
