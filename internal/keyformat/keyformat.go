// Package keyformat tells keys and certificates from secrets.
//
// A public key that serves as HMAC secret lets everyone sign who knows it, which
// is everyone (RFC 8725 §2.1).
package keyformat

import (
	"encoding/asn1"
	"encoding/base64"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

const (
	// PEM is the name of the one format that keys are read in.
	PEM = "a key in PEM"

	// PEMBegin is what every block of PEM begins with (RFC 7468 §3).
	PEMBegin = "-----BEGIN "
)

// Of names the format of the key or certificate that text is; "" for all other
// text.
func Of(text string) string {
	if format := plain(text); format != "" {
		return format
	}
	if decoded := decodeBase64(text); decoded != "" {
		if format := plain(decoded); format != "" {
			return format + ", in base64"
		}
	}
	return ""
}

func plain(text string) string {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.Contains(text, PEMBegin):
		return PEM
	case isJWK(trimmed):
		return "a JWK"
	case isSSH(trimmed):
		return "an SSH key"
	case isDER(text), isDER(trimmed):
		return "a key in DER"
	}
	return ""
}

// decodeBase64 decodes base64 of either alphabet, padded or not, broken into
// lines or not; "" for all other text.
func decodeBase64(text string) string {
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(decoded)
}

// isJWK reports whether text begins like a JWK or a JWK Set (RFC 7517 §4, §5).
func isJWK(text string) bool {
	found := false
	_ = strictjson.EachMember([]byte(text), func(name []byte, _ strictjson.Value) error {
		found = found || string(name) == "kty" || string(name) == "keys"
		return nil
	})
	return found
}

// isSSH reports whether text is a line of a public key file, the file of a
// private key, or the binary form of a public key (RFC 4253 §6.6).
func isSSH(text string) bool {
	if strings.HasPrefix(text, "---- BEGIN SSH2 ") || strings.HasPrefix(text, "PuTTY-User-Key-File-") {
		return true
	}
	isName := func(s string) bool {
		return strings.HasPrefix(s, "ssh-") || strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-")
	}
	fields := strings.Fields(text)
	for i := range len(fields) - 1 {
		if isName(fields[i]) && strings.HasPrefix(fields[i+1], "AAAA") {
			return true
		}
	}
	const length = 4 // of the name: a big-endian number before it
	return len(text) > length && strings.HasPrefix(text, "\x00\x00\x00") && isName(text[length:])
}

// isDER reports whether data has the outer form of every key and certificate in
// DER: one SEQUENCE of two or more elements of which the first is a version or
// an algorithm. Not every such key can be parsed by crypto/x509. Less than one
// random secret in 2^24 looks like it.
func isDER(data string) bool {
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal([]byte(data), &outer)
	if err != nil || len(rest) > 0 || outer.Class != asn1.ClassUniversal || outer.Tag != asn1.TagSequence {
		return false
	}
	elements := 0
	for content := outer.Bytes; len(content) > 0; elements++ {
		var element asn1.RawValue
		if content, err = asn1.Unmarshal(content, &element); err != nil {
			return false
		}
		if elements == 0 && element.Tag != asn1.TagInteger && element.Tag != asn1.TagSequence {
			return false
		}
	}
	return elements >= 2
}
