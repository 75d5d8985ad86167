package keys

import (
	"crypto/fips140"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Redacted is what a redacted configuration holds instead of a secret.
const Redacted = "**********"

// CheckRedacted refuses a secret that is [Redacted], also with white space
// around it.
func CheckRedacted(secret string) error {
	if strings.TrimSpace(secret) == Redacted {
		return Invalid("the secret is the redaction mark %s, not a secret; load the real one", Redacted)
	}
	return nil
}

const (
	minDistinct = 6  // different bytes; one random secret of 32 bytes in 2^148 has fewer
	minFIPS     = 14 // bytes; crypto/hmac panics on fewer where FIPS 140-3 is enforced
)

// CheckSecret checks that a secret is good enough for HS256, HS384 or HS512. With
// allowShort it takes a secret that is shorter than the algorithm's hash, and does
// not count its different bytes.
func CheckSecret(alg, secret string, allowShort bool) error {
	if !Symmetric(alg) {
		return Invalid("%q is no algorithm that signs with a secret", alg)
	}
	want := ruleOf(alg).minSecret
	makeOne := fmt.Sprintf("make one with openssl rand -base64 %d", want)
	if secret == "" {
		return &Fault{Weak: true, Invalid: true, text: fmt.Sprintf("the secret is empty; %s requires %d random bytes or more; %s", alg, want, makeOne)}
	}
	if err := CheckRedacted(secret); err != nil {
		return err
	}
	if found := find(secret); found.form != noForm {
		return Invalid("the secret is %s; %s requires %d random bytes or more, which are used as they are; choose the algorithm of the key with WithAlgorithm, or %s", found.name, alg, want, makeOne)
	}
	if isPublished(secret) {
		return Invalid("the secret is a URL or an issuer's metadata, which others know; %s", makeOne)
	}
	size := secretSize(secret)
	if strings.Trim(secret, "\x00") == "" {
		return &Fault{Weak: size < want && !allowShort, Invalid: true, text: "the secret is all zero bytes; " + makeOne}
	}
	if err := checkText(secret); err != nil {
		return err
	}
	if size < want && !allowShort {
		var zeros string
		if size < len(secret) {
			zeros = ", followed by zero bytes, which do not count"
		}
		return weak("the secret has %d bytes%s; %s requires %d or more (RFC 7518 §3.2); %s, or allow this one with WithInsecureShortSecret", size, zeros, alg, want, makeOne)
	}
	if size >= want && distinctBytes(secret[:size]) < minDistinct {
		return weak("the secret has fewer than %d different bytes; %s requires %d random bytes or more; %s", minDistinct, alg, want, makeOne)
	}
	if len(secret) < minFIPS && fips140.Enforced() {
		return weak("the secret has %d bytes; under GODEBUG=fips140=only Go requires %d or more, which WithInsecureShortSecret cannot change; %s", len(secret), minFIPS, makeOne)
	}
	return nil
}

// isPublished reports whether a secret is something that was meant for another option:
// the address of an issuer or of its keys, or what is found there.
func isPublished(secret string) bool {
	text := strings.ToLower(strings.TrimSpace(secret))
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || strings.Contains(text, `"jwks_uri"`)
}

// secretSize is the length of a secret in bytes, without the zero bytes of a
// buffer that was only partly filled. They make no difference to HMAC (RFC 2104
// §2). One random secret in 2^64 ends in so many zero bytes.
func secretSize(secret string) int {
	const unlikely = 8
	filled := len(strings.TrimRight(secret, "\x00"))
	if filled == 0 || len(secret)-filled < unlikely {
		return len(secret)
	}
	return filled
}

func distinctBytes(secret string) int {
	sorted := []byte(secret)
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

// checkText refuses what files, editors and shells put around a secret that is
// text. The other side has the secret without it, and refuses every token.
func checkText(secret string) error {
	if utf16Name(secret) == utf16Marked {
		return Invalid("the secret is text in UTF-16, as the > of PowerShell writes it; convert it with iconv -f UTF-16 -t UTF-8, and cut off the line end")
	}
	if !isText(secret) {
		return nil
	}
	if strings.HasPrefix(secret, byteOrderMark) {
		return Invalid("the secret begins with a byte order mark; cut off these three bytes, EF BB BF")
	}
	if strings.ContainsAny(secret[len(secret)-1:], "\r\n") {
		return Invalid(`the secret ends in a line end; cut it off, such as with strings.TrimRight(secret, "\r\n")`)
	}
	if first, last := secret[0], secret[len(secret)-1]; len(secret) > 1 && first == last && strings.ContainsRune(quotes, rune(first)) {
		return Invalid("the secret is in quotes; cut them off at both ends")
	}
	return nil
}

// isText reports whether a secret is text: UTF-8 in which only line ends are
// control characters. Random bytes are not.
func isText(secret string) bool {
	return utf8.ValidString(secret) && !strings.ContainsFunc(secret, func(r rune) bool {
		return unicode.IsControl(r) && r != '\r' && r != '\n'
	})
}
