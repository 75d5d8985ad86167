package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

// keys is what the strategy signs and verifies with.
type keys struct {
	secret authstrategy.Secret
	public string
	random bool // the secret was made for this start
}

// readOnly tells a service that verifies tokens and can't make any.
func (k keys) readOnly() bool { return k.secret.IsZero() }

func loadKeys(cfg config) (keys, error) {
	var k keys
	var err error
	if cfg.publicKeyFile != "" {
		if k.public, err = readKeyFile("-public-key-file", cfg.publicKeyFile); err != nil {
			return keys{}, err
		}
	}
	var secret string
	switch {
	case cfg.secretFile != "":
		secret, err = readKeyFile("-secret-file", cfg.secretFile)
	case cfg.publicKeyFile == "":
		k.random = true
		secret, err = randomSecret(authstrategy.Algorithm(cfg.algorithm))
	}
	if err != nil {
		return keys{}, err
	}
	k.secret = authstrategy.NewSecret(secret)
	return k, nil
}

// readKeyFile returns what is in the file without one final newline, which
// editors and shells add. An empty file is an error: an empty secret beside a
// public key would silently make a service that only reads.
func readKeyFile(flagName, path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flagName, err)
	}
	value, cut := strings.CutSuffix(string(content), "\n")
	if cut {
		value = strings.TrimSuffix(value, "\r")
	}
	if value == "" {
		return "", fmt.Errorf("%s: %s is empty", flagName, path)
	}
	return value, nil
}

// randomSecret makes what the algorithm signs with: a PEM private key, or for
// HS* (and a name that the strategy will refuse) random text long enough for
// each of them.
func randomSecret(alg authstrategy.Algorithm) (string, error) {
	var key crypto.Signer
	var err error
	switch {
	case strings.HasPrefix(string(alg), "RS"), strings.HasPrefix(string(alg), "PS"):
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case alg == authstrategy.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case alg == authstrategy.ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case alg == authstrategy.ES512:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case alg == authstrategy.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		secret := make([]byte, 64)
		rand.Read(secret) // never fails, see crypto/rand
		return hex.EncodeToString(secret), nil
	}
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
