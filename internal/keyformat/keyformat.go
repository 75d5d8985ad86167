// Package keyformat tells keys and certificates from secrets.
//
// A public key that serves as HMAC secret lets everyone sign who knows it, which
// is everyone (RFC 8725 §2.1).
package keyformat

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf16"
)

const (
	// PEM is the name of the one format that keys are read in.
	PEM = "a key in PEM"

	// PEMBegin is what every block of PEM begins with (RFC 7468 §3).
	PEMBegin = "-----BEGIN "
)

// Of names the format of the key or certificate that text is, also in the
// wrappings in which one arrives by accident: quotes, UTF-16, base64, hex. It
// returns "" for all other text.
func Of(text string) string {
	unwrapped := unwrap(text)
	for _, spelling := range []string{text, unwrapped} {
		if format := plain(spelling); format != "" {
			return format
		}
	}
	for encoding, decoded := range map[string]string{"base64": decodeBase64(unwrapped), "hex": decodeHex(unwrapped)} {
		for _, spelling := range []string{decoded, unwrap(decoded)} {
			if format := plain(spelling); format != "" {
				return format + ", in " + encoding
			}
		}
	}
	return ""
}

// plain names the format of a key that is not wrapped in anything.
func plain(text string) string {
	switch {
	case strings.Contains(text, "-----BEGIN"), strings.Contains(text, "-----END"):
		return PEM
	case jwk.MatchString(text):
		return "a JWK"
	case isSSH(text):
		return "an SSH key"
	case isDER(text):
		return "a key in DER"
	}
	return ""
}

// unwrap takes off what editors, shells and environment files put around a key:
// UTF-16, a byte order mark, quotes, white space, and line breaks written \n.
func unwrap(text string) string {
	text = strings.TrimPrefix(decodeUTF16(text), "\ufeff")
	text = strings.NewReplacer(`\r`, "", `\n`, "\n").Replace(text)
	return strings.Trim(text, " \t\r\n\"'`")
}

// decodeUTF16 decodes text that begins with a byte order mark of UTF-16 or with
// ASCII characters in two bytes each; other text it returns as it is.
func decodeUTF16(text string) string {
	const sample = 8
	if len(text) < sample || len(text)%2 != 0 {
		return text
	}
	low := 0 // the place of the less significant byte of two
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
	case strings.HasPrefix(text, "\xfe\xff"):
		low = 1
	case text[1]|text[3]|text[5]|text[7] == 0:
	case text[0]|text[2]|text[4]|text[6] == 0:
		low = 1
	default:
		return text
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i+low]) | uint16(text[2*i+1-low])<<8
	}
	return string(utf16.Decode(units))
}

// decodeBase64 decodes base64 of either alphabet, padded or not, broken into
// lines or not, with a "data:…;base64," or "base64:" before it or without; "" for
// all other text.
func decodeBase64(text string) string {
	if i := strings.LastIndexAny(text, ",:"); i >= 0 && strings.Contains(text[:i], "base64") {
		text = text[i+1:]
	}
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(decoded)
}

// decodeHex decodes hexadecimal, with 0x, colons or white space or without; "" for
// all other text.
func decodeHex(text string) string {
	text = strings.TrimPrefix(strings.ReplaceAll(strings.Join(strings.Fields(text), ""), ":", ""), "0x")
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(decoded)
}

// jwk finds the one member that every JWK has (RFC 7517 §4.1), also in a JWK Set,
// in JSON that was written as a string once more, and in YAML. The text need not
// be valid JSON for its key to be known to everyone.
var jwk = regexp.MustCompile(`kty\\*["']?\s*:`)

// isSSH reports whether text is the file of a private key, a line of a public
// key file, or the binary form of either (RFC 4253 §6.6).
func isSSH(text string) bool {
	for _, mark := range []string{"---- BEGIN SSH2 ", "PuTTY-User-Key-File-", "openssh-key-v1\x00"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	isName := func(s string) bool {
		return strings.HasPrefix(s, "ssh-") || strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-")
	}
	fields := strings.Fields(text)
	for i, field := range fields {
		if strings.HasPrefix(field, "AAAA") && (i > 0 && isName(fields[i-1]) || isSSH(decodeBase64(field))) {
			return true
		}
	}
	const length = 4 // of the name: a big-endian number before it
	return len(text) > length && strings.HasPrefix(text, "\x00\x00\x00") && isName(text[length:])
}

// isDER reports whether data begins with the outer form of every key and
// certificate in DER, and has only white space or NUL after it: one SEQUENCE of
// two or more elements, of which the first is a version or an algorithm. Not
// every such key can be parsed by crypto/x509. Less than one random secret in
// 2^24 looks like it.
func isDER(data string) bool {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal([]byte(data), &outer)
	if err != nil || strings.Trim(string(rest), " \t\r\n\x00") != "" || outer.Class != asn1.ClassUniversal || outer.Tag != asn1.TagSequence {
		return false
	}
	elements := 0
	for content := outer.Bytes; len(content) > 0; elements++ {
		var element asn1.RawValue
		if content, err = asn1.Unmarshal(content, &element); err != nil {
			return false
		}
		if elements == 0 && element.Tag != asn1.TagInteger && element.Tag != asn1.TagSequence && element.Tag != asn1.TagOID {
			return false
		}
	}
	return elements >= 2
}
