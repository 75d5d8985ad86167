package keys

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (p place) manyBlocks(text string) error {
	const found, cure = "holds more than one PEM block", "pass one of them alone"
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if kindOf(block.Bytes) == p.bundled {
			return p.fault(found, cure+"; "+p.extract)
		}
	}
	return p.fault(found, cure)
}

// noBlock says what a text without a PEM block is.
func (p place) noBlock(text string) error {
	found := find(text)
	if found.form != formSSH && pemLike.MatchString(unwrap(text)) {
		return p.fault(diagnose(text))
	}
	if found.form == noForm {
		return p.fault("is not PEM", "pass what is in the file of the key, not the name of the file")
	}
	return p.fault("is "+found.name, p.conversion(found))
}

// conversion says how to turn a key in another format into PEM. It is "" where no
// usual tool can do it.
func (p place) conversion(found finding) string {
	if command, ok := fromDER[kindOf([]byte(found.text))]; ok && found.decode == "" {
		return "convert it with cat key.der | " + command + " -out key.pem"
	} else if ok {
		return "put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | " + found.decode + command + " -out key.pem"
	}
	if command, encoded := strings.CutSuffix(found.decode, " | "); encoded {
		return "decode it with cat key.txt | " + command
	}
	if !p.private && convertibleSSH.MatchString(found.text) {
		return "convert it with ssh-keygen -e -m PKCS8 -f key.pub"
	}
	return ""
}

var (
	fromDER = map[kind]string{
		privateKey:   "openssl pkey -inform DER",
		encryptedKey: "openssl pkey -inform DER",
		publicKey:    "openssl pkey -pubin -inform DER",
		certificate:  "openssl x509 -inform DER",
	}
	// ssh-keygen cannot convert the other types.
	convertibleSSH = regexp.MustCompile(`^(?:ssh-rsa|ecdsa-sha2-\S+) AAAA`)
	// pemLike is in PEM, however misspelled.
	pemLike = regexp.MustCompile(`-----(?:BEGIN|END)|(?:--|[–—])\s?(?i:(?:BEGIN|END)\s[A-Z0-9 -]*(?:KEY|CERTIFICATE))`)
)

// diagnose says why a text that looks like PEM has no PEM block, and what to do.
func diagnose(text string) (found, cure string) {
	if encoding := utf16Name(text); encoding != "" {
		return "is in UTF-16", "convert it with iconv -f " + encoding + " -t UTF-8 key.pem > new.pem"
	}
	for _, m := range misspellings {
		if m.in.MatchString(text) == m.present {
			return m.found, m.cure
		}
	}
	if beginLine.FindStringSubmatch(text)[1] != endLine.FindStringSubmatch(text)[1] {
		return "has a BEGIN and an END line that name different things", "make them the same"
	}
	return "has damaged base64 between its BEGIN and END lines", "copy it again; base64 has letters, digits, + and /, and = only at its end"
}

var (
	beginLine = regexp.MustCompile(`(?m)^-----BEGIN ([A-Z0-9 -]+)-----\s*$`)
	endLine   = regexp.MustCompile(`(?m)^-----END ([A-Z0-9 -]+)-----\s*$`)
)

const (
	present = true
	missing = false

	badLine    = "has a BEGIN or END line that is misspelled, cut short or not alone on its line"
	badLineFix = "write it like -----BEGIN PUBLIC KEY-----: capital letters, five hyphens at both ends, nothing else"
)

// misspellings are what can be wrong with PEM. The first one that applies is
// reported.
var misspellings = []struct {
	in          *regexp.Regexp
	present     bool
	found, cure string
}{
	{regexp.MustCompile(`^\x{FEFF}`), present, "begins with a byte order mark", "cut it off with tail -c +4 key.pem > new.pem"},
	{regexp.MustCompile(`^\s*[{\[]`), present, "is JSON that holds a key", "take the key out of it, such as with jq -r"},
	{regexp.MustCompile("^\\s*[" + quotes + "]|[" + quotes + "]\\s*$"), present, "is in quotes", "cut them off"},
	{regexp.MustCompile(`\\[nr]`), present, `has the two characters \n for each line break`, `put line breaks there, such as with printf '%b' "$KEY"`},
	{regexp.MustCompile(`%[0-9A-Fa-f]{2}`), present, "is escaped for a URL", "undo the escapes, such as %0A for a line break"},
	{regexp.MustCompile(`-----END[^\n]*-BEGIN`), present, "joins two PEM blocks on one line", "pass one of them alone"},
	{regexp.MustCompile(`(?i)[-–—]\s?BEGIN`), missing, "has no BEGIN line", "copy all of it again"},
	{regexp.MustCompile(`(?i)[-–—]\s?END`), missing, "has no END line: it is cut short", "copy all of it again"},
	{regexp.MustCompile(`\r[^\n]`), present, "has carriage returns alone for line breaks", `convert it with tr '\r' '\n' < key.pem > new.pem`},
	{regexp.MustCompile(`(?m)^[ \t]+-----(?:BEGIN|END)`), present, "is indented", "cut the blanks off with sed 's/^[[:space:]]*//' key.pem > new.pem"},
	{regexp.MustCompile(`(?m)^-----BEGIN [A-Z0-9 -]+-----[ \t]*[^\s-]|[^\s-][ \t]*-----END`), present, "has lost its line breaks", "put one after its BEGIN line and one before its END line"},
	{beginLine, missing, badLine, badLineFix},
	{endLine, missing, badLine, badLineFix},
}

// explain says why the content of a PEM block is not the key that is required. It
// does not repeat what crypto/x509 says, which can quote the content.
func (p place) explain(block *pem.Block) error {
	found, der := kindOf(block.Bytes), block.Bytes
	if block.Headers["DEK-Info"] != "" { // RFC 1421 §4.6.1.3, as OpenSSL still writes it
		found = encryptedKey
	}
	var cert signedCertificate
	if _, err := asn1.Unmarshal(der, &cert); err != nil && found == certificate {
		found = otherKind // a certificate request or a revocation list
	}
	if found == noKind || found == otherKind {
		const maxShown = 40 // bytes of a label, which can be as long as the text
		return p.fault(fmt.Sprintf("is a PEM block %.*q that cannot be read: it is damaged, or no key", maxShown, block.Type), "")
	}
	if !slices.Contains(p.takes, found) {
		return p.misplaced(found)
	}
	if found == certificate {
		der = cert.Content.Key.Raw
		if _, ok := parsePublic(der); ok {
			return p.refused(cert)
		}
		p.pkey = "openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -pubout -out new.pem"
	}
	for _, u := range unsupported {
		if bytes.Contains(der, []byte(u.oid)) {
			return p.unsupported(u.found, u.rewrite)
		}
	}
	return p.fault("is a PEM block that cannot be read: it is damaged, or of a kind that Go does not support", "copy it again, rewrite it with "+p.pkey+", or "+p.rule.newKey())
}

// misplaced says what kind of key was found where another kind is required.
func (p place) misplaced(found kind) error {
	const (
		belongs   = "a private key belongs in the secret; "
		printHalf = " prints its public half"
		noEd25519 = "ssh-keygen cannot convert Ed25519; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"
	)
	text := map[kind]struct{ found, inSecret, inPublic string }{
		privateKey:     {"a private key", "", belongs + "openssl pkey -in key.pem -pubout" + printHalf},
		encryptedKey:   {"an encrypted private key", "decrypt it with openssl pkey -in key.pem -out plain.pem", belongs + "openssl pkey -in key.pem -pubout" + printHalf},
		openSSHKey:     {"an OpenSSH private key", "rewrite its file with ssh-keygen -p -m PKCS8 -f key", belongs + "ssh-keygen -e -m PKCS8 -f key" + printHalf},
		openSSHEd25519: {"an OpenSSH private key", noEd25519, belongs + noEd25519},
		publicKey:      {"a public key", "a public key goes into WithPublicKey", ""},
		certificate:    {"a certificate, whose key is a public one", "it goes into WithPublicKey", ""},
	}[found]
	if p.private {
		return p.fault("is a PEM block with "+text.found, text.inSecret)
	}
	return p.fault("is a PEM block with "+text.found, text.inPublic)
}

// refused says why crypto/x509 refuses a certificate whose key it reads.
func (p place) refused(cert signedCertificate) error {
	cause := "it breaks a rule of RFC 5280"
	if cert.Content.Serial.Sign() < 0 {
		cause = "its serial number is negative"
	}
	return p.fault("is a certificate that Go refuses: "+cause, "pass what openssl x509 -in cert.pem -pubkey -noout prints")
}

func (p place) unsupported(found string, rewrite bool) error {
	cure := p.rule.newKey()
	if rewrite {
		cure = "rewrite it with " + p.pkey + " -ec_conv_form uncompressed -ec_param_enc named_curve"
	}
	return wrongType(p.name, p.rule, found, cure)
}

// unsupported are keys that crypto/x509 does not read. All keys of a type contain
// the same object identifier.
var unsupported = []struct {
	oid, found string
	rewrite    bool // OpenSSL writes it in a form that crypto/x509 reads
}{
	{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "type RSA-PSS, which Go does not support", false},
	{"\x06\x03\x2b\x65\x6f", "type X448" + agreement, false},
	{"\x06\x03\x2b\x65\x71", "type Ed448, which Go does not support", false},
	{"\x06\x05\x2b\x81\x04\x00\x0a", "type ECDSA on the curve secp256k1, which Go does not support", false},
	{"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01", "type ECDSA on a Brainpool curve, which Go does not support", false},
	{"\x06\x07\x2a\x86\x48\xce\x3d\x01\x01", "type ECDSA, but its curve is written out", true}, // by a prime
	{"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", compressed, true},                             // P-256
	{"\x06\x05\x2b\x81\x04\x00\x22", compressed, true},                                         // P-384
	{"\x06\x05\x2b\x81\x04\x00\x23", compressed, true},                                         // P-521
}

const compressed = "type ECDSA, but its point is compressed, or it is damaged"
