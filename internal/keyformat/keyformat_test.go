package keyformat_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/rand/v2"
	"os"
	"regexp"
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
		{"SSH blob", sshBlob, "an SSH key"},
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

		// As they arrive by accident.
		{"PEM after text", "key: " + read(t, "rsa.pub.pem"), "a key in PEM"},
		{"PEM in UTF-16", wide(read(t, "rsa.pub.pem"), "\xff\xfe", 0), "a key in PEM"},
		{"PEM in UTF-16, big-endian", wide(read(t, "rsa.pub.pem"), "\xfe\xff", 1), "a key in PEM"},
		{"PEM in UTF-16 without a mark", wide(read(t, "rsa.pub.pem"), "", 0), "a key in PEM"},
		{"PEM in UTF-16, big-endian, without a mark", wide(read(t, "rsa.pub.pem"), "", 1), "a key in PEM"},
		{"PEM in UTF-16 in base64", std([]byte(wide(read(t, "rsa.pub.pem"), "", 0))), "a key in PEM, in base64"},
		{"PEM without its first line", strings.SplitN(read(t, "rsa.pub.pem"), "\n", 2)[1], "a key in PEM"},
		{"PEM escaped for a URL", "-----BEGIN%20PUBLIC%20KEY-----%0AMIIB", "a key in PEM"},
		{"JWK after a byte order mark", "\ufeff" + `{"kty":"oct"}`, "a JWK"},
		{"JWK in a string", `"{\"kty\":\"oct\"}"`, "a JWK"},
		{"JWK in YAML", "kty: oct\nk: AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ", "a JWK"},
		{"JWK in Python", `{'kty': 'oct', 'k': 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ'}`, "a JWK"},
		{"JWK, damaged", `{"a":1,"a":2,"kty" : "oct"`, "a JWK"},
		{"SSH in quotes", `"` + read(t, "openssh.pub") + `"`, "an SSH key"},
		{"SSH blob with a comment", sshBlob + " user@example", "an SSH key"},
		{"SSH ECDSA", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY", "an SSH key"},
		{"SSH of a token", "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", "an SSH key"},
		{"SSH2 after a comment", "# x\n---- BEGIN SSH2 PUBLIC KEY ----", "an SSH key"},
		{"SSH private, bare", std([]byte("openssh-key-v1\x00\x00\x00\x00\x04none")), "an SSH key, in base64"},
		{"DER and NUL", der("rsa.pub.pem") + "\x00", "a key in DER"},
		{"DER that ends in white space", endingInSpace(der("rsa.pub.pem")) + "\n", "a key in DER"},
		{"DER in hex", hex.EncodeToString([]byte(der("rsa.pub.pem"))), "a key in DER, in hex"},
		{"DER in hex with 0x", "0x" + hex.EncodeToString([]byte(der("rsa.pub.pem"))), "a key in DER, in hex"},
		{"DER in hex with colons", strings.TrimSuffix(regexp.MustCompile("..").ReplaceAllString(hex.EncodeToString([]byte(der("ed25519.pub.pem"))), "$0:"), ":"), "a key in DER, in hex"},
		{"DER in base64 in quotes", "'" + std([]byte(der("rsa.pub.pem"))) + "'", "a key in DER, in base64"},
		{"DER in base64 with blanks", strings.Join(strings.Split(read(t, "rsa.pub.pem"), "\n")[1:8], " "), "a key in DER, in base64"},
		{"DER in base64 with line breaks written", strings.Join(strings.Split(read(t, "rsa.pub.pem"), "\n")[1:8], `\n`), "a key in DER, in base64"},
		{"DER in a data URL", "data:application/octet-stream;base64," + std([]byte(der("rsa.pub.pem"))), "a key in DER, in base64"},
		{"DER in base64, named", "base64:" + std([]byte(der("rsa.pub.pem"))), "a key in DER, in base64"},
		{"DER PKCS #7", "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x02\x30\x00", "a key in DER"},

		// What only looks like it.
		{"empty", "", ""},
		{"another class of tag", "\x70\x06\x02\x01\x01\x02\x01\x01", ""},
		{"a SET", "\x31\x06\x02\x01\x01\x02\x01\x01", ""},
		{"DER of a broken element", "\x30\x06\x02\x01\x01\x02\x05\x01", ""},
		{"DER and more", der("rsa.pub.pem") + "x", ""},
		{"words", "correct horse battery staple, base64: no", ""},
		{"wide zeroes", "a\x00b\x00c\x00d\x00e\x00f\x00", ""},
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

// wide is ASCII text in UTF-16.
func wide(text, mark string, low int) string {
	wide := []byte(mark)
	for _, c := range []byte(text) {
		unit := []byte{0, 0}
		unit[low] = c
		wide = append(wide, unit...)
	}
	return string(wide)
}

// endingInSpace makes the last byte of a key a blank.
func endingInSpace(der string) string { return der[:len(der)-1] + " " }

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
