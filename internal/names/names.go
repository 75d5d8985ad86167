// Package names checks and compares the names that tokens hold: audiences, issuers
// and types.
package names

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault says what is wrong with an audience, issuer or type; "" if nothing is.
// Splitting a list at its commas leaves white space at an end, and copying leaves
// characters that nobody sees.
func Fault(name string) string {
	if name == "" {
		return "is empty"
	}
	if !utf8.ValidString(name) {
		return "is not UTF-8"
	}
	if strings.TrimFunc(name, isInvisible) != name {
		return "has white space or invisible characters at its ends"
	}
	return ""
}

func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// MediaType brings a typ into the form in which two of them can be compared: in
// lower case (ASCII only: full case folding would take the Kelvin sign for a k),
// and without the "application/" that RFC 7515 §4.1.9 lets one omit.
func MediaType(typ string) string {
	lower := []byte(typ)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + ('a' - 'A')
		}
	}
	return strings.TrimPrefix(string(lower), "application/")
}
