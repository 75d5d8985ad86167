package keys

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
)

// A form is a format in which keys are written down, by its name in errors.
type form string

const (
	noForm   form = ""
	formPEM  form = "a key in PEM"
	formJWK  form = "a JWK"
	formSSH  form = "an SSH key"
	formXML  form = "a key in XML"
	formText form = "a key as openssl prints it"
	formDER  form = "a key in DER"
)

// marks are in every key of a form that is text. The text need not be valid PEM,
// JSON or XML for its key to be known to everyone.
var marks = []struct {
	form   form
	text   string
	around *regexp.Regexp // nil: the text is enough
}{
	{formPEM, "-----BEGIN", nil},
	{formPEM, "-----END", nil},
	{formSSH, "---- BEGIN SSH2 ", nil},
	{formSSH, "PuTTY-User-Key-File-", nil},
	{formSSH, "openssh-key-v1\x00", nil},
	{formSSH, "AAAA", regexp.MustCompile(`(?:ssh-|ecdsa-sha2-|sk-)\S+\s+AAAA`)},
	{formSSH, "\x00\x00\x00", regexp.MustCompile(`(?s)^\x00\x00\x00.(?:ssh-|ecdsa-sha2-|sk-)`)}, // RFC 4253 §6.6
	{formJWK, "kty", regexp.MustCompile(`["']kty\\*["']\s*:|(?:^|[\s{,-])kty:[\s"'\\]`)},        // RFC 7517 §4.1, in JSON and YAML
	{formXML, "KeyValue", regexp.MustCompile(`<(?:\w+:)?(?:RSA|DSA|EC)KeyValue`)},
	{formText, "Key: (", regexp.MustCompile(`(?:Public|Private)-Key: \(`)}, // openssl pkey -text, openssl x509 -text
	{formText, "Modulus=", nil},                                            // openssl rsa -modulus
}

// formOf names the format of a key that is not wrapped in anything.
func formOf(text string) form {
	for _, m := range marks {
		if strings.Contains(text, m.text) && (m.around == nil || m.around.MatchString(text)) {
			return m.form
		}
	}
	if kindOf([]byte(text)) != noKind {
		return formDER
	}
	return noForm
}

// A finding is a key that was found in a text; the zero finding is none.
type finding struct {
	form   form
	text   string // of the key itself
	name   string // of the form, and of what the key was in
	decode string // the commands that take the key out of that, each before a |
}

// find finds the key or certificate that text is, also in the wrappings in which
// one arrives by accident. If a public key is the HMAC secret, everyone who knows
// the public key can sign (RFC 8725 §2.1).
func find(text string) finding {
	const encodings = 3 // Kubernetes puts base64 around what may be base64 of base64
	return findIn(text, encodings)
}

func findIn(text string, depth int) finding {
	bare := unwrap(text)
	for _, spelling := range []string{text, bare} {
		if form := formOf(spelling); form != noForm {
			return finding{form: form, text: spelling, name: string(form)}
		}
	}
	if depth == 0 {
		return finding{}
	}
	for _, d := range append(decodeHex(bare), decodeBase64(bare)...) {
		if found := findIn(d.text, depth-1); found.form != noForm {
			found.name += ", in " + d.encoding
			found.decode = d.command + " | " + found.decode
			return found
		}
	}
	return finding{}
}

const (
	byteOrderMark = "\ufeff"
	quotes        = "\"'`"
)

// unwrap takes off what editors, shells and environment files put around a key:
// UTF-16, a byte order mark, quotes, white space, escapes.
func unwrap(text string) string {
	if utf16Name(text) != "" { // keys that are text are ASCII
		text = wide.Replace(text)
	}
	text = escapes.ReplaceAllStringFunc(text, unescape)
	return strings.Trim(text, " \t\r\n"+quotes+byteOrderMark)
}

var wide = strings.NewReplacer("\xff\xfe", "", "\xfe\xff", "", "\x00", "")

// escapes are those of JSON, with one backslash or more, and of URLs.
var escapes = regexp.MustCompile(`\\+[nr/]|(?:\\+u00|%)[0-9A-Fa-f]{2}`)

func unescape(escape string) string {
	if char, err := hex.DecodeString(escape[len(escape)-2:]); err == nil {
		return string(char)
	}
	if strings.HasSuffix(escape, "/") {
		return "/"
	}
	return "\n"
}

// utf16Name names the encoding of text in UTF-16 as iconv does, or returns "" for
// text in another. A quarter of the bytes must be zero, as half of them are in
// ASCII.
func utf16Name(text string) string {
	if zeros := strings.Count(text, "\x00"); zeros == 0 || 4*zeros < len(text) {
		return ""
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return utf16Marked
	}
	if text[0] == 0 {
		return "UTF-16BE"
	}
	return "UTF-16LE"
}

const utf16Marked = "UTF-16" // with a byte order mark

// A decoding is a text without one of its encodings.
type decoding struct{ encoding, command, text string }

// decodeBase64 decodes every run of base64 that is long enough for a key. It takes
// both alphabets, padding or none, and line breaks or none. A run begins at each
// word that is long enough, because words may stand before the key.
func decodeBase64(text string) []decoding {
	const (
		minRun   = 56  // characters; the shortest public key in DER has 59
		minWord  = 16  // characters of the first line
		maxWords = 256 // lines; the longest RSA key has about 200 of 64 characters
		maxRuns  = 16  // of one stretch: more words of that length do not stand before a key
	)
	var decoded []decoding
	for _, stretch := range strings.FieldsFunc(text, isNotBase64) {
		words := strings.Fields(stretch)
		runs := 0
		for i, word := range words {
			if len(word) < minWord {
				continue
			}
			if runs++; runs > maxRuns {
				break
			}
			run := strings.Join(words[i:min(i+maxWords, len(words))], "")
			if len(run) < minRun {
				break
			}
			// The one error is a last character too many, of a word after the key.
			data, _ := base64.RawStdEncoding.DecodeString(base64url.Replace(run))
			d := decoding{"base64", "base64 -d", string(data)}
			if strings.ContainsAny(run, "-_") {
				d.encoding, d.command = "base64url", "basenc --base64url -d"
			}
			decoded = append(decoded, d)
		}
	}
	return decoded
}

func isNotBase64(r rune) bool {
	return !unicode.IsSpace(r) && !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_", r)
}

var base64url = strings.NewReplacer("-", "+", "_", "/")

// hexRun is long enough for the shortest public key.
var hexRun = regexp.MustCompile(`(?:[0-9A-Fa-f]{2}){44,}`)

// decodeHex decodes every run of hexadecimal that is long enough for a key, with
// colons or white space in it or without.
func decodeHex(text string) []decoding {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), ""), ":", "")
	var decoded []decoding
	for _, run := range hexRun.FindAllString(text, -1) {
		data, _ := hex.DecodeString(run) // never fails
		decoded = append(decoded, decoding{"hex", "xxd -r -p", string(data)})
	}
	return decoded
}
