package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// A place is where a key was given, with the words for an error about it.
type place struct {
	rule    rule
	name    string
	want    string // what is required there
	private bool
	takes   []kind
	bundled kind   // what openssl can take out of several PEM blocks there
	extract string // how
	pkey    string // how openssl reads and writes a key there
}

func secretPlace(alg string) place {
	return place{
		rule:    ruleOf(alg),
		name:    "the secret",
		want:    "an unencrypted private key in PEM",
		private: true,
		takes:   []kind{privateKey},
		bundled: privateKey,
		extract: "openssl pkey -in key.pem -out private.pem writes the first private key",
		pkey:    "openssl pkey -in key.pem -out new.pem",
	}
}

func publicPlace(alg string) place {
	return place{
		rule:    ruleOf(alg),
		name:    "the key of WithPublicKey",
		want:    "a public key or an X.509 certificate in PEM",
		takes:   []kind{publicKey, certificate},
		bundled: certificate,
		extract: "openssl x509 -in chain.pem -out cert.pem writes the first certificate",
		pkey:    "openssl pkey -pubin -in public.pem -pubout -out new.pem",
	}
}

// fault says what was found in place of a key, and what to do if there is a
// cure.
func (p place) fault(found, cure string) error {
	text := p.name + " " + found + "; " + p.rule.alg + " requires " + p.want
	if cure != "" {
		text += "; " + cure
	}
	return &Fault{Invalid: true, text: text}
}

// ParsePrivate reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1) that was
// given as the secret, and checks it as [Check] does.
func ParsePrivate(alg, text string) (crypto.Signer, error) {
	if err := CheckRedacted(text); err != nil {
		return nil, err
	}
	p := secretPlace(alg)
	block, err := p.block(text)
	if err != nil {
		return nil, err
	}
	key, ok := parsePrivate(block.Bytes)
	if !ok {
		return nil, p.explain(block)
	}
	if err := Check(p.name, alg, key.Public()); err != nil {
		return nil, err
	}
	return key.(crypto.Signer), nil // only X25519 is none, and Check has refused it
}

// ParsePublic reads a public key in PEM (PKIX or PKCS #1), or the one in an X.509
// certificate, that was given with WithPublicKey, and checks it as [Check] does.
func ParsePublic(alg, text string) (crypto.PublicKey, error) {
	p := publicPlace(alg)
	block, err := p.block(text)
	if err != nil {
		return nil, err
	}
	key, ok := parsePublic(block.Bytes)
	if !ok {
		return nil, p.explain(block)
	}
	if err := Check(p.name, alg, key); err != nil {
		return nil, err
	}
	return key, nil
}

type halfPublic interface{ Public() crypto.PublicKey }

// parsePrivate tries every format, because the label of a PEM block is often
// that of another one.
func parsePrivate(der []byte) (halfPublic, bool) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		key, ok := key.(halfPublic)
		return key, ok
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, true
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, true
	}
	return nil, false
}

func parsePublic(der []byte) (crypto.PublicKey, bool) {
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key, true
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, true
	}
	if cert, err := x509.ParseCertificate(der); err == nil {
		return cert.PublicKey, cert.PublicKey != nil
	}
	return nil, false
}

// block returns the one PEM block of the text (RFC 7468). The usual tools write
// text before it, and EC PARAMETERS.
func (p place) block(text string) (*pem.Block, error) {
	if strings.TrimSpace(text) == "" {
		return nil, p.fault("is empty", "")
	}
	block, rest := pem.Decode([]byte(text))
	if block != nil && block.Type == "EC PARAMETERS" {
		text = string(rest)
		block, rest = pem.Decode(rest)
	}
	if strings.TrimSpace(text) == "" {
		return nil, p.fault("holds EC PARAMETERS and no key", "")
	}
	if block == nil {
		return nil, p.noBlock(text)
	}
	if strings.Count(text, "-----BEGIN ") > 1 {
		return nil, p.manyBlocks(text)
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, p.fault("holds something after its PEM block", "cut it off")
	}
	if strings.HasSuffix(block.Type, " PARAMETERS") { // those of Diffie-Hellman look like an RSA key
		return nil, p.fault("holds parameters and no key", "")
	}
	return block, nil
}
