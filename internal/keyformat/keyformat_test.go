package keyformat_test

import (
	"encoding/base64"
	"encoding/pem"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keyformat"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/keys/" + name)
	require.NoError(t, err)
	return string(data)
}

func TestOf(t *testing.T) {
	der := func(name string) string {
		block, rest := pem.Decode([]byte(read(t, name)))
		if block.Type == "EC PARAMETERS" {
			block, _ = pem.Decode(rest)
		}
		return string(block.Bytes)
	}
	std := base64.StdEncoding.EncodeToString
	sshBlob := strings.Fields(read(t, "openssh.pub"))[1]
	bits := func(n int) string { return strings.Repeat("\xa5", n) }
	for _, tt := range []struct{ name, text, want string }{
		{"PEM public", read(t, "rsa.pub.pem"), "a key in PEM"},
		{"PEM private", read(t, "p256.pem"), "a key in PEM"},
		{"PEM indented", "  \n" + read(t, "p256.pub.pem"), "a key in PEM"},
		{"PEM without line ends", strings.ReplaceAll(read(t, "ed25519.pub.pem"), "\n", `\n`), "a key in PEM"},
		{"PEM in base64", std([]byte(read(t, "ed25519.pub.pem"))), "a key in PEM, in base64"},
		{"JWK", `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`, "a JWK"},
		{"JWK, kty last", "\n " + `{"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP"}` + "\n", "a JWK"},
		{"JWK Set", `{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}]}`, "a JWK"},
		{"JWK in base64", std([]byte(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`)), "a JWK, in base64"},
		{"SSH public", read(t, "openssh.pub"), "an SSH key"},
		{"SSH public, authorized_keys", `from="10.0.0.1" ` + read(t, "openssh.pub"), "an SSH key"},
		{"SSH private", read(t, "openssh.pem"), "a key in PEM"},
		{"SSH blob", sshBlob, "an SSH key, in base64"},
		{"SSH2 public", "---- BEGIN SSH2 PUBLIC KEY ----\n" + sshBlob + "\n---- END SSH2 PUBLIC KEY ----", "an SSH key"},
		{"PuTTY private", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "an SSH key"},
		{"DER PKIX", der("rsa.pub.pem"), "a key in DER"},
		{"DER PKIX Ed25519", der("ed25519.pub.pem"), "a key in DER"},
		{"DER PKIX of an unknown curve", der("secp256k1.pub.pem"), "a key in DER"},
		{"DER PKCS #1", der("rsa-pkcs1.pub.pem"), "a key in DER"},
		{"DER PKCS #8", der("p256-pkcs8.pem"), "a key in DER"},
		{"DER PKCS #8 encrypted", der("rsa-encrypted.pem"), "a key in DER"},
		{"DER SEC 1", der("p384.pem"), "a key in DER"},
		{"DER and a line end", der("rsa.pub.pem") + "\n", "a key in DER"},
		{"DER in base64", std([]byte(der("rsa.pub.pem"))), "a key in DER, in base64"},
		{"DER in base64 of lines", strings.Join(strings.Split(read(t, "rsa.pub.pem"), "\n")[1:8], "\r\n"), "a key in DER, in base64"},
		{"DER in base64url", base64.RawURLEncoding.EncodeToString([]byte(der("rsa.pub.pem"))), "a key in DER, in base64"},

		// What only looks like it.
		{"JSON", `{"not":"a key but the JSON of a secret"}`, ""},
		{"ssh- words", "ssh-correct horse battery staple, AAAA", ""},
		{"DER of one element", "\x30\x20\x04\x1e" + bits(30), ""},
		{"DER of text", "\x30\x20\x04\x0e" + bits(14) + "\x04\x0e" + bits(14), ""},
		{"DER cut short", der("rsa.pub.pem")[:200], ""},
		{"base64 of random bytes", std([]byte(bits(32))), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, keyformat.Of(tt.text))
		})
	}
}

// Random secrets, in every spelling that people make, are no keys.
func TestOfRandom(t *testing.T) {
	random := rand.NewChaCha8([32]byte{}) // always the same: a test may not fail by chance
	for range 10000 {
		secret := make([]byte, 64)
		_, _ = random.Read(secret)
		for _, text := range []string{string(secret), string(secret[:32]), base64.StdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret)} {
			assert.Empty(t, keyformat.Of(text), "%q", text)
		}
	}
}
