package keys_test

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

// random returns bytes that look random and are text neither in UTF-8 nor UTF-16.
func random(n int) string { return strings.Repeat("\xa5\x3c\x77\x18\xe1\x92\x0f", 10)[:n] }

func utf16(order func(c byte) []byte, text string) string {
	var wide []byte
	for _, c := range []byte(text) {
		wide = append(wide, order(c)...)
	}
	return string(wide)
}

func littleEndian(c byte) []byte { return []byte{c, 0} }
func bigEndian(c byte) []byte    { return []byte{0, c} }

const passphrase = "correct horse battery staple, 40 bytes!!"

func TestCheckSecret(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	size := func(found, alg string, want int) string {
		return fmt.Sprintf("the secret has %s; %s requires %d or more (RFC 7518 §3.2); make one with openssl rand -base64 %d, or allow this one with WithInsecureShortSecret", found, alg, want, want)
	}
	const (
		short, long = true, false // whether short secrets are allowed
		redaction   = "the secret is the redaction mark **********, not a secret; load the real one"
		empty       = "the secret is empty; HS256 requires 32 random bytes or more; make one with openssl rand -base64 32"
		allZero     = "the secret is all zero bytes; make one with openssl rand -base64 32"
		sameBytes   = "the secret has fewer than 6 different bytes; HS256 requires 32 random bytes or more; make one with openssl rand -base64 32"
		mark        = "the secret begins with a byte order mark; cut off these three bytes, EF BB BF"
		lineEnd     = `the secret ends in a line end; cut it off, such as with strings.TrimRight(secret, "\r\n")`
		inQuotes    = "the secret is in quotes; cut them off at both ends"
		wide        = "the secret is text in UTF-16, as the > of PowerShell writes it; convert it with iconv -f UTF-16 -t UTF-8, and cut off the line end"
	)
	for _, tt := range []struct {
		name, alg, secret string
		allowShort        bool
		flags, want       string // "": it is good
	}{
		{"HS256, 32 bytes", "HS256", random(32), long, "", ""},
		{"HS256, 31 bytes", "HS256", random(31), long, weak, size("31 bytes", "HS256", 32)},
		{"HS384, 48 bytes", "HS384", random(48), long, "", ""},
		{"HS384, 47 bytes", "HS384", random(47), long, weak, size("47 bytes", "HS384", 48)},
		{"HS512, 64 bytes", "HS512", random(64), long, "", ""},
		{"HS512, 63 bytes", "HS512", random(63), long, weak, size("63 bytes", "HS512", 64)},
		{"short, allowed", "HS256", random(31), short, "", ""},
		{"text", "HS256", passphrase, long, "", ""},
		{"text of other letters", "HS256", "Übermäßig lange Kennwörter schützen", long, "", ""},

		{"empty", "HS256", "", long, both, empty},
		{"empty, short allowed", "HS256", "", short, both, empty},
		{"redacted", "HS256", keys.Redacted, short, invalid, redaction},
		{"redacted, white space", "HS512", " " + keys.Redacted + "\r\n", long, invalid, redaction},
		{"zero bytes", "HS256", zeros(32), long, invalid, allZero},
		{"zero bytes, short", "HS256", zeros(31), long, both, allZero},
		{"zero bytes, short allowed", "HS256", zeros(1), short, invalid, allZero},

		{"six different bytes", "HS256", strings.Repeat("abcdef", 6)[:32], long, "", ""},
		{"five different bytes", "HS256", strings.Repeat("abcde", 7)[:32], long, weak, sameBytes},
		{"five different bytes, short allowed", "HS256", strings.Repeat("abcde", 7)[:32], short, weak, sameBytes},
		{"five different bytes, short", "HS256", strings.Repeat("abcde", 7)[:31], long, weak, size("31 bytes", "HS256", 32)},
		{"five different bytes, short and allowed", "HS256", strings.Repeat("abcde", 7)[:31], short, "", ""},
		{"SECRET", "HS256", "SECRET", short, "", ""},
		{"one byte", "HS512", "S", short, "", ""},
		{"blanks", "HS256", strings.Repeat(" ", 32), long, weak, sameBytes},
		{"0xff", "HS256", strings.Repeat("\xff", 32), long, weak, sameBytes},
		{"one byte after zero bytes", "HS256", zeros(31) + "x", long, weak, sameBytes},

		{"one byte in a buffer of 32", "HS256", "x" + zeros(31), long, weak, size("1 bytes, followed by zero bytes, which do not count", "HS256", 32)},
		{"32 bytes in a buffer of 64", "HS256", random(32) + zeros(32), long, "", ""},
		{"32 bytes of one value in a buffer of 64", "HS256", strings.Repeat("abcde", 7)[:32] + zeros(32), long, weak, sameBytes},
		{"seven zero bytes at the end", "HS256", random(25) + zeros(7), long, "", ""},
		{"eight zero bytes at the end", "HS256", random(24) + zeros(8), long, weak, size("24 bytes, followed by zero bytes, which do not count", "HS256", 32)},
		{"eight zero bytes before the end", "HS256", random(23) + zeros(8) + "x", long, "", ""},

		{"byte order mark", "HS256", "\ufeff" + passphrase, short, invalid, mark},
		{"line feed", "HS256", passphrase + "\n", short, invalid, lineEnd},
		{"carriage return", "HS256", passphrase + "\r", long, invalid, lineEnd},
		{"line feed, short", "HS256", "SECRET\n", long, invalid, lineEnd},
		{"line feed of base64", "HS256", base64.StdEncoding.EncodeToString([]byte(random(32))) + "\r\n", long, invalid, lineEnd},
		{"line feed within", "HS256", passphrase + "\n" + passphrase, long, "", ""},
		{"line feed before", "HS256", "\n" + passphrase, long, "", ""},
		{"double quotes", "HS256", `"` + passphrase + `"`, long, invalid, inQuotes},
		{"single quotes", "HS256", `'` + passphrase + `'`, long, invalid, inQuotes},
		{"back quotes", "HS256", "`" + passphrase + "`", short, invalid, inQuotes},
		{"quotes around nothing", "HS256", `""`, short, invalid, inQuotes},
		{"one quote", "HS256", `"`, short, "", ""},
		{"a quote before", "HS256", `"` + passphrase, long, "", ""},
		{"two different quotes", "HS256", `"` + passphrase + `'`, long, "", ""},
		{"the same letter at both ends", "HS256", "x" + passphrase + "x", long, "", ""},
		{"PowerShell", "HS256", "\xff\xfe" + utf16(littleEndian, passphrase+"\r\n"), short, invalid, wide},
		{"UTF-16, big-endian", "HS256", "\xfe\xff" + utf16(bigEndian, passphrase), long, invalid, wide},

		{"UTF-16, half of it not ASCII", "HS256", "\xff\xfe" + utf16(littleEndian, "12345678") + strings.Repeat("\x16\x04", 7), long, invalid, wide},
		{"UTF-16, more than half of it not ASCII", "HS256", "\xff\xfe" + utf16(littleEndian, "1234567") + strings.Repeat("\x16\x04", 8), long, "", ""},
		{"random bytes after a byte order mark", "HS256", "\ufeff" + random(32), long, "", ""},
		{"random bytes and a line feed", "HS256", random(31) + "\n", long, "", ""},
		{"random bytes in quotes", "HS256", `"` + random(30) + `"`, long, "", ""},
		{"control characters and a line feed", "HS256", passphrase + "\t\n", long, "", ""},
		{"random bytes after a mark of UTF-16", "HS256", "\xff\xfe" + random(30), long, "", ""},

		{"a key, before a line end", "HS256", file(t, "rsa.pub.pem"), long, invalid, isKey("HS256", "a key in PEM")},
		{"a short key, allowed", "HS512", `{"kty":""}`, short, invalid, isKey("HS512", "a JWK")},

		{"an algorithm of key pairs", "RS256", random(32), long, invalid, `"RS256" is no algorithm that signs with a secret`},
		{"an unknown algorithm", "", random(32), short, invalid, `"" is no algorithm that signs with a secret`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := keys.CheckSecret(tt.alg, tt.secret, tt.allowShort)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assertFault(t, err, tt.flags, tt.want)
		})
	}
}

// isKey is what is said of a secret that is a key.
func isKey(alg, found string) string {
	size := map[string]int{"HS256": 32, "HS512": 64}[alg]
	return fmt.Sprintf("the secret is %s; %s requires %d random bytes or more, which are used as they are; choose the algorithm of the key with WithAlgorithm, or make one with openssl rand -base64 %d", found, alg, size, size)
}

func TestCheckRedacted(t *testing.T) {
	for _, text := range []string{"**********", " **********", "**********\n"} {
		assertFault(t, keys.CheckRedacted(text), invalid, "the secret is the redaction mark **********, not a secret; load the real one")
	}
	for _, text := range []string{"", "*********", "***********", "**********x"} {
		assert.NoError(t, keys.CheckRedacted(text), text)
	}
}

// crypto/hmac panics on a key of fewer than 14 bytes where FIPS 140-3 is enforced.
// That is a mode of the process, so this runs the test binary again.
func TestCheckSecretFIPS(t *testing.T) {
	const short, long = true, false
	if !fips140.Enforced() {
		command := exec.Command(os.Args[0], "-test.run=^TestCheckSecretFIPS$", "-test.v")
		command.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "FIPS 140-3 is enforced")
		assert.NoError(t, keys.CheckSecret("HS256", random(13), short))
		return
	}
	t.Log("FIPS 140-3 is enforced")
	assert.NoError(t, keys.CheckSecret("HS256", random(32), long))
	assert.NoError(t, keys.CheckSecret("HS256", random(14), short))
	assertFault(t, keys.CheckSecret("HS512", random(13), short), weak,
		"the secret has 13 bytes; under GODEBUG=fips140=only Go requires 14 or more, which WithInsecureShortSecret cannot change; make one with openssl rand -base64 64")
	assert.PanicsWithValue(t, "crypto/hmac: use of keys shorter than 112 bits is not allowed in FIPS 140-only mode", func() { hmac.New(sha256.New, []byte(random(13))) })
	assert.NotPanics(t, func() { hmac.New(sha256.New, []byte(random(14))) })
}

var randomSecrets = flag.Int("random-secrets", 4000, "how many random secrets of each form TestCheckSecretRandom tries")

// Random secrets, in every form that people make, are good. They are always the
// same: a test must not fail by chance.
func TestCheckSecretRandom(t *testing.T) {
	const parts = 8
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			source, secret := rand.NewChaCha8([32]byte{byte(part)}), make([]byte, 64)
			for range *randomSecrets / parts {
				source.Read(secret)
				for _, text := range spellings(secret) {
					if err := keys.CheckSecret("HS256", text, false); err != nil {
						t.Errorf("%q: %v", text, err)
					}
				}
			}
		})
	}
}

// spellings are 64 random bytes as HS256, HS384 and HS512 would have them.
func spellings(secret []byte) []string {
	const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	letters := make([]byte, len(secret))
	for i, b := range secret {
		letters[i] = alphanumeric[int(b)%len(alphanumeric)]
	}
	var texts []string
	for _, size := range []int{32, 48, 64} {
		secret, inHex := secret[:size], hex.EncodeToString(secret[:size])
		texts = append(texts, string(secret), inHex, strings.ToUpper(inHex), string(letters[:size]),
			base64.StdEncoding.EncodeToString(secret), base64.RawStdEncoding.EncodeToString(secret),
			base64.URLEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret),
			base64.StdEncoding.EncodeToString([]byte(inHex)))
	}
	return texts
}

// The address of keys, or what is found there, is no secret, though it is long enough.
func TestCheckSecretIsPublished(t *testing.T) {
	for _, secret := range []string{
		"https://tenant.example.com/.well-known/jwks.json", "HTTP://tenant.example.com/.well-known/jwks.json", " https://tenant.example.com/keys/and/more",
		`{"issuer":"https://tenant.example.com","jwks_uri":"https://tenant.example.com/keys"}`,
	} {
		err := keys.CheckSecret("HS256", secret, true)
		assertFault(t, err, invalid, "the secret is a URL or an issuer's metadata, which others know; make one with openssl rand -base64 32")
	}
	assert.NoError(t, keys.CheckSecret("HS256", "https-correct horse battery staple://", false))
}
