package keys

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
)

// A kind is what a key in DER, or the content of a PEM block, is.
type kind int

const (
	noKind kind = iota
	publicKey
	privateKey
	encryptedKey
	openSSHKey
	openSSHEd25519
	certificate
	otherKind
)

// derShapes are the tags of the elements that keys in DER begin with. A stands for
// an AlgorithmIdentifier.
var derShapes = []struct {
	tags string
	kind kind
}{
	{"\x02A\x04", privateKey},        // PrivateKeyInfo (RFC 5208 §5)
	{"\x02\x02\x02\x02", privateKey}, // RSAPrivateKey (RFC 8017 A.1.2), a key of DSA
	{"\x02\x04", privateKey},         // ECPrivateKey (RFC 5915 §3)
	{"A\x03", publicKey},             // SubjectPublicKeyInfo (RFC 5280 §4.1)
	{"\x02\x02", publicKey},          // RSAPublicKey (RFC 8017 A.1.1)
	{"A\x04", encryptedKey},          // EncryptedPrivateKeyInfo (RFC 5208 §6)
	{"\x30A\x03", certificate},       // Certificate (RFC 5280 §4.1)
	{"\x06\xa0", otherKind},          // PKCS #7 (RFC 2315 §7)
	{"\x02A", otherKind},             // PKCS #12 (RFC 7292 §4)
}

const sequence = 0x30 // tag, constructed

// kindOf tells what kind of key data begins with. It also knows formats and types
// that crypto/x509 does not read. Fewer than one random secret in 2^34 looks like
// a key.
func kindOf(data []byte) kind {
	if bytes.HasPrefix(data, []byte("openssh-key-v1\x00")) {
		if bytes.Contains(data, []byte("ssh-ed25519")) {
			return openSSHEd25519
		}
		return openSSHKey
	}
	var elements []asn1.RawValue // they must fill the SEQUENCE
	if _, err := asn1.Unmarshal(data, &elements); err != nil {
		return noKind
	}
	var tags string
	for _, e := range elements[:min(len(elements), 4)] {
		if bytes.HasPrefix(e.FullBytes, []byte{sequence}) && bytes.HasPrefix(e.Bytes, []byte{asn1.TagOID}) {
			tags += "A"
			continue
		}
		tags += string(e.FullBytes[:1])
	}
	for _, d := range derShapes {
		if strings.HasPrefix(tags, d.tags) {
			return d.kind
		}
	}
	return noKind
}

// A signedCertificate is the beginning of a certificate, up to its key (RFC 5280
// §4.1). crypto/x509 may read the key of a certificate that it refuses.
type signedCertificate struct {
	Content struct {
		Version                              int `asn1:"optional,explicit,default:0,tag:0"`
		Serial                               *big.Int
		Algorithm, Issuer, Validity, Subject asn1.RawValue
		Key                                  struct {
			Raw       asn1.RawContent
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}
	}
}
