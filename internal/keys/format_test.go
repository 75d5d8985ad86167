package keys_test

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

func lines(t testing.TB, name, separator string) string {
	t.Helper()
	all := strings.Split(strings.TrimSpace(file(t, name)), "\n")
	return strings.Join(all[1:len(all)-1], separator)
}

// A secret that is a key is refused, in whatever it is wrapped by accident.
func TestCheckSecretIsKey(t *testing.T) {
	std, rawURL := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	key := func(name string) string { return file(t, name) }
	der := func(name string) string { return string(der(t, name)) }
	const jwk = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	const (
		isPEM       = "a key in PEM"
		isJWK       = "a JWK"
		isSSH       = "an SSH key"
		isXML       = "a key in XML"
		isDER       = "a key in DER"
		isBase64    = "a key in DER, in base64"
		isBase64URL = "a key in DER, in base64url"
		isHex       = "a key in DER, in hex"
		isText      = "a key as openssl prints it"
	)
	blob := strings.Fields(key("openssh.pub"))[1]
	inHex := hex.EncodeToString([]byte(der("ed25519.pub.pem")))
	base64PKIX := std([]byte(der("rsa.pub.pem")))
	require.Contains(t, base64PKIX, "+")
	require.Contains(t, base64PKIX, "/")
	for _, tt := range []struct{ name, secret, want string }{
		{"PEM public", key("rsa.pub.pem"), isPEM},
		{"PEM private", key("p256.pem"), isPEM},
		{"PEM certificate", key("rsa.crt.pem"), isPEM},
		{"PEM of OpenSSH", key("openssh.pem"), isPEM},
		{"JWK", jwk, isJWK},
		{"JWK, kty last", "\n " + `{"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP"}` + "\n", isJWK},
		{"JWK Set", `{"keys":[` + jwk + `]}`, isJWK},
		{"RSA XML", "<RSAKeyValue><Modulus>2xOjSg==</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>", isXML},
		{"XML Signature", `<KeyInfo><ds:ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">`, isXML},
		{"SSH public", key("openssh.pub"), isSSH},
		{"SSH public, RSA", key("openssh-rsa.pub"), isSSH},
		{"SSH public, ECDSA", key("openssh-ecdsa.pub"), isSSH},
		{"SSH public of a token", "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", isSSH},
		{"SSH public, authorized_keys", `from="10.0.0.1" ` + key("openssh.pub"), isSSH},
		{"SSH public, SSH2", "# x\n---- BEGIN SSH2 PUBLIC KEY ----\n" + blob + "\n---- END SSH2 PUBLIC KEY ----", isSSH},
		{"SSH private, PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", isSSH},
		{"SSH private, binary", der("openssh.pem"), isSSH},
		{"SSH public, binary", decodeBase64(t, blob), isSSH},

		// Public keys and certificates in DER, of every type.
		{"DER PKIX, RSA", der("rsa.pub.pem"), isDER},
		{"DER PKIX, RSA-PSS", der("rsa-pss.pub.pem"), isDER},
		{"DER PKIX, P-256", der("p256.pub.pem"), isDER},
		{"DER PKIX, P-256, compressed", der("p256-compressed.pub.pem"), isDER},
		{"DER PKIX, P-521", der("p521.pub.pem"), isDER},
		{"DER PKIX, P-224", der("p224.pub.pem"), isDER},
		{"DER PKIX, secp256k1", der("secp256k1.pub.pem"), isDER},
		{"DER PKIX, Brainpool", der("brainpool.pub.pem"), isDER},
		{"DER PKIX, Ed25519", der("ed25519.pub.pem"), isDER},
		{"DER PKIX, X25519", der("x25519.pub.pem"), isDER},
		{"DER PKIX, Ed448", der("ed448.pub.pem"), isDER},
		{"DER PKCS #1 public", der("rsa-pkcs1.pub.pem"), isDER},
		{"DER certificate", der("rsa.crt.pem"), isDER},
		{"DER certificate with a negative serial number", der("rsa-negative-serial.crt.pem"), isDER},
		{"DER certificate, RSA-PSS", der("rsa-pss.crt.pem"), isDER},
		{"DER certificate request", string(certificateRequest(t)), isDER},
		{"DER PKCS #7", der("rsa.p7b.pem"), isDER},
		{"DER PKCS #12", key("rsa.p12"), isDER},
		{"DER PKCS #8, RSA", der("rsa.pem"), isDER},
		{"DER PKCS #8, EC", der("p256-pkcs8.pem"), isDER},
		{"DER PKCS #8, Ed25519", der("ed25519.pem"), isDER},
		{"DER PKCS #8, encrypted", der("rsa-encrypted.pem"), isDER},
		{"DER PKCS #1 private", der("rsa-pkcs1.pem"), isDER},
		{"DER SEC 1", der("p384.pem"), isDER},
		{"DER and a line end", der("rsa.pub.pem") + "\n", isDER},
		{"DER and NUL", der("rsa.pub.pem") + "\x00", isDER},
		{"DER that ends in white space", strings.TrimSuffix(der("rsa.pub.pem"), "\x01") + " ", isDER},
		{"DER and more", der("rsa.pub.pem") + "x", isDER},
		{"DER in quotes", `"` + der("ed25519.pub.pem") + `"`, isDER},

		// As they arrive by accident.
		{"PEM indented", "  \n" + key("p256.pub.pem"), isPEM},
		{"PEM without line ends", strings.ReplaceAll(key("ed25519.pub.pem"), "\n", `\n`), isPEM},
		{"PEM after text", "key: " + key("rsa.pub.pem"), isPEM},
		{"PEM without its first line", strings.SplitN(key("rsa.pub.pem"), "\n", 2)[1], isPEM},
		{"PEM without its last line", key("rsa.pub.pem")[:100], isPEM},
		{"PEM escaped for a URL", url.PathEscape(key("rsa.pub.pem")), isPEM},
		{"PEM with four dashes", strings.ReplaceAll(key("rsa.pub.pem"), "-----", "----"), isBase64URL}, // which has dashes
		{"PEM in base64", std([]byte(key("ed25519.pub.pem"))), "a key in PEM, in base64"},
		{"PEM in base64 of base64", std([]byte(std([]byte(key("ed25519.pub.pem"))) + "\n")), "a key in PEM, in base64, in base64"},
		{"PEM in UTF-16", "\xff\xfe" + utf16(littleEndian, key("rsa.pub.pem")), isPEM},
		{"PEM in UTF-16, big-endian", "\xfe\xff" + utf16(bigEndian, key("rsa.pub.pem")), isPEM},
		{"PEM in UTF-16 without a mark", utf16(littleEndian, key("rsa.pub.pem")), isPEM},
		{"PEM in UTF-16, big-endian, without a mark", utf16(bigEndian, key("rsa.pub.pem")), isPEM},
		{"PEM in UTF-16 in base64", std([]byte(utf16(littleEndian, key("rsa.pub.pem")))), "a key in PEM, in base64"},
		{"JWK in base64", std([]byte(jwk)), "a JWK, in base64"},
		{"JWK after a byte order mark", "\ufeff" + jwk, isJWK},
		{"JWK in a string", `"{\"kty\":\"oct\"}"`, isJWK},
		{"JWK in a string in a string", `"{\\\"kty\\\":\\\"oct\\\"}"`, isJWK},
		{"JWK in YAML", "kty: oct\nk: AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ", isJWK},
		{"JWK Set in YAML", "keys:\n  - kty: oct", isJWK},
		{"JWK in JavaScript", `{kty:"oct"}`, isJWK},
		{"JWK in Python", `{'kty': 'oct', 'k': 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ'}`, isJWK},
		{"JWK, damaged", `{"a":1,"a":2,"kty" : "oct"`, isJWK},
		{"SSH in quotes", `"` + key("openssh.pub") + `"`, isSSH},
		{"SSH blob", blob, "an SSH key, in base64"},
		{"SSH blob with a comment", blob + " user@example", "an SSH key, in base64"},
		{"SSH private, bare", lines(t, "openssh.pem", ""), "an SSH key, in base64"},
		{"DER in base64", base64PKIX, isBase64},
		{"DER in base64, shortest", std([]byte(der("ed25519.pub.pem"))), isBase64},
		{"DER in base64, not padded", strings.TrimRight(std([]byte(der("ed25519.pub.pem"))), "="), isBase64},
		{"DER in base64, of what Go cannot read", std([]byte(der("secp256k1.pub.pem"))), isBase64},
		{"DER in base64, of 56 characters", std(tiny(42)), isBase64},
		{"DER in base64 of lines of 16 characters", wrap(base64PKIX, 16), isBase64},
		{"DER in base64 of lines", lines(t, "rsa.pub.pem", "\r\n"), isBase64},
		{"DER in base64 with blanks", lines(t, "rsa.pub.pem", " "), isBase64},
		{"DER in base64 with line breaks written", lines(t, "rsa.pub.pem", `\n`), isBase64},
		{"DER in base64url", rawURL([]byte(der("rsa.pub.pem"))), isBase64URL},
		{"DER in base64 of base64", std([]byte(base64PKIX)), "a key in DER, in base64, in base64"},
		{"DER in base64 of base64 of base64", std([]byte(std([]byte(base64PKIX)))), "a key in DER, in base64, in base64, in base64"},
		{"DER in base64 in quotes", "'" + base64PKIX + "'", isBase64},
		{"DER in base64 in JSON", `{"publicKey":"` + base64PKIX + `"}`, isBase64},
		{"DER in base64 in JSON, solidus escaped", `{"publicKey":"` + strings.ReplaceAll(base64PKIX, "/", `\/`) + `"}`, isBase64},
		{"DER in base64 in JSON, plus escaped", `{"publicKey":"` + strings.ReplaceAll(base64PKIX, "+", `\u002B`) + `"}`, isBase64},
		{"DER in base64 in an environment file", "PUBLIC_KEY=" + base64PKIX + "\nOTHER=1", isBase64},
		{"DER in base64 after words", "ENV JWT_KEY " + base64PKIX, isBase64},
		{"DER in base64 in YAML", "jwt:\n  public_key: |\n    " + lines(t, "rsa.pub.pem", "\n    ") + "\n  issuer: me\n", isBase64},
		{"DER in base64 before a letter", lines(t, "rsa.pub.pem", "\n") + "\nA", isBase64},
		{"DER in base64 in a URL", "?key=" + url.QueryEscape(base64PKIX) + "&x=1", isBase64},
		{"DER in a data URL", "data:application/octet-stream;base64," + base64PKIX, isBase64},
		{"DER in base64, named", "base64:" + base64PKIX, isBase64},
		{"certificate in base64 in JSON", `{"x5c":["` + std([]byte(der("rsa.crt.pem"))) + `"]}`, isBase64},
		{"longest RSA key in lines of base64", wrap(std(longestKey(t)), 64), isBase64},
		{"DER in hex", inHex, isHex},
		{"DER in hex with 0x", "0x" + inHex, isHex},
		{"DER in hex, named", "PUBLIC_KEY=" + inHex, isHex},
		{"DER in hex in JSON", `{"k":"` + inHex + `"}`, isHex},
		{"DER in hex of PostgreSQL", `\x` + inHex, isHex},
		{"openssl pkey -text", "Public-Key: (2048 bit)\nModulus:\n    00:c8:3f", isText},
		{"openssl pkey -text, private", "Private-Key: (256 bit)\npriv:\n    4f:aa", isText},
		{"openssl rsa -modulus", "Modulus=C83F6A", isText},
		{"DER in upper-case hex with 0X", "0X" + strings.ToUpper(inHex), isHex},
		{"DER in hex with colons", strings.TrimSuffix(regexp.MustCompile("..").ReplaceAllString(inHex, "$0:"), ":"), isHex},
		{"DER in base64 of hex", std([]byte(inHex)), "a key in DER, in hex, in base64"},

		// What only looks like it.
		{"empty DER", "\x30\x00", ""},
		{"another tag", "\x31" + der("ed25519.pub.pem")[1:], ""},
		{"DER cut short", der("rsa.pub.pem")[:200], ""},
		{"DER whose elements are longer than it", "\x30\x29" + der("ed25519.pub.pem")[2:], ""},
		{"DER whose elements are shorter than it", "\x30\x2b" + der("ed25519.pub.pem")[2:] + "x", ""},
		{"DER of one element", "\x30\x20\x04\x1e" + random(30), ""},
		{"DER of one number", "\x30\x20\x02\x1e\x7f" + random(29), ""},
		{"DER of text", "\x30\x20\x04\x0e" + random(14) + "\x04\x0e" + random(14), ""},
		{"DER of times", "\x30\x1e\x17\x0d991231235959Z\x17\x0d991231235959Z", ""},
		{"a SEQUENCE that begins with no OBJECT IDENTIFIER", "\x30\x24\x30\x10\x04\x0e" + random(14) + "\x03\x10\x00" + random(15), ""},
		{"words", "correct horse battery staple, base64: no", ""},
		{"words with dashes", "the week-end--end of the key question", ""},
		{"JSON", `{"not":"a key but the JSON of a secret"}`, ""},
		{"JSON with kty in a word", `{"nekty":"a key but the JSON of a secret", xkty: 1}`, ""},
		{"ssh- words", "ssh-correct horse battery staple, AAAA", ""},
		{"XML", "<KeyValue>correct horse battery staple</KeyValue>", ""},
		{"three zero bytes", "\x00\x00\x00\x0bssh", ""},
		{"hex too short for a key", inHex[:86], ""},
		{"base64 of random bytes", std([]byte(random(48))), ""},
		{"DER in base64, of 55 characters", base64.RawStdEncoding.EncodeToString(tiny(41)), ""},
		{"DER in base64 of lines of 15 characters", wrap(base64PKIX, 15), ""},
		{"DER in base64 four times", std([]byte(std([]byte(std([]byte(base64PKIX)))))), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := keys.CheckSecret("HS256", tt.secret, true)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assertFault(t, err, invalid, isKey("HS256", tt.want))
		})
	}
}

func decodeBase64(t testing.TB, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return string(data)
}

// wrap breaks base64 into lines.
func wrap(text string, width int) string {
	var broken []string
	for line := range slices.Chunk([]byte(text), width) {
		broken = append(broken, string(line))
	}
	return strings.Join(broken, "\n")
}

// tiny is a public key in form only, of that many bytes.
func tiny(size int) []byte {
	return []byte("\x30" + string(rune(size-2)) + "\x30\x05\x06\x03\x2b\x65\x70\x03" + string(rune(size-11)) + "\x00" + random(size-12))
}

// longestKey is an RSA private key of 16384 bits in form only: making one takes
// minutes.
func longestKey(t testing.TB) []byte {
	t.Helper()
	number := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1) }
	der, err := asn1.Marshal(struct {
		Version             int
		N                   *big.Int
		E                   int
		D, P, Q, DP, DQ, QI *big.Int
	}{0, number(16384), 65537, number(16384), number(8192), number(8192), number(8192), number(8192), number(8192)})
	require.NoError(t, err)
	return der
}
