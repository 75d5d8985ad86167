package authstrategy_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

const redacted = "**********"

func TestSecret(t *testing.T) {
	var zero authstrategy.Secret
	assert.True(t, zero.IsZero())
	assert.Empty(t, zero.Reveal())
	assert.True(t, authstrategy.NewSecret("").IsZero())

	s := authstrategy.NewSecret("value")
	assert.False(t, s.IsZero())
	assert.Equal(t, "value", s.Reveal())
}

func TestSecretEqual(t *testing.T) {
	a, zero := authstrategy.NewSecret("a"), authstrategy.Secret{}
	assert.True(t, a.Equal(authstrategy.NewSecret("a")))
	assert.True(t, zero.Equal(authstrategy.NewSecret("")))
	for _, other := range []authstrategy.Secret{zero, authstrategy.NewSecret("b"), authstrategy.NewSecret("aa"), authstrategy.NewSecret("A")} {
		assert.False(t, a.Equal(other), other.Reveal())
		assert.False(t, other.Equal(a), other.Reveal())
	}
}

func TestSecretUnmarshalText(t *testing.T) {
	var config struct {
		Secret authstrategy.Secret `json:"secret"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"secret":"value"}`), &config))
	assert.Equal(t, "value", config.Secret.Reveal())
	require.NoError(t, json.Unmarshal([]byte(`{"secret":""}`), &config))
	assert.True(t, config.Secret.IsZero())

	// A configuration that was written out and read back.
	config.Secret = authstrategy.NewSecret("value")
	written, err := json.Marshal(config)
	require.NoError(t, err)
	assert.Equal(t, `{"secret":"`+redacted+`"}`, string(written))
	assert.ErrorIs(t, json.Unmarshal(written, &config), authstrategy.ErrInvalidKey)
}

// recorder is a testify T that keeps what a failed assertion prints.
type recorder struct{ bytes.Buffer }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// renderings renders a value in every way in which one comes into a log.
func renderings(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
		for _, flags := range []string{"", "+", "#", "-", " ", "0", "12.3"} {
			format := "%" + flags + string(verb)
			out[format] = fmt.Sprintf(format, v)
		}
	}
	out["fmt.Sprint"] = fmt.Sprint(v)
	out["fmt.Errorf"] = fmt.Errorf("%v", v).Error()
	var log bytes.Buffer
	untimed := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewTextHandler(&log, untimed)).Info("text", "value", v)
	slog.New(slog.NewJSONHandler(&log, untimed)).Info("json", "value", v)
	out["slog"] = log.String()
	if data, err := json.Marshal(v); err == nil {
		out["json"] = string(data)
	} else {
		out["json"] = err.Error()
	}
	if data, err := xml.Marshal(v); err == nil {
		out["xml"] = string(data)
	} else {
		out["xml"] = err.Error()
	}
	var dump recorder
	assert.Equal(&dump, nil, v)
	_, out["testify"], _ = strings.Cut(dump.String(), "actual") // the stack trace is before it
	return out
}

// forms are the ways in which a dump may show bytes.
func forms(value string) []string {
	decimals := strings.Trim(fmt.Sprint([]byte(value)), "[]")
	hexes := strings.Trim(fmt.Sprintf("% x", value), "[]")
	return []string{
		value, decimals, hexes, strings.ReplaceAll(hexes, " ", ""), strings.ToUpper(strings.ReplaceAll(hexes, " ", "")),
		base64.StdEncoding.EncodeToString([]byte(value)), strings.Join(strings.Split(decimals, " "), ", "),
		"0x" + strings.Join(strings.Split(hexes, " "), ", 0x"),
	}
}

type holder struct {
	Exported   any
	unexported any
}

func TestSecretIsShownNowhere(t *testing.T) {
	type typed struct {
		Exported   authstrategy.Secret
		unexported authstrategy.Secret
		pointer    *authstrategy.Secret
	}
	const value = "s3cr3t-value-that-nobody-may-see!"
	s := authstrategy.NewSecret(value)
	for name, v := range map[string]any{
		"alone":   s,
		"pointer": &s,
		"typed":   typed{s, s, &s},
		"holder":  &holder{s, s},
		"slice":   []authstrategy.Secret{s},
		"map":     map[string]authstrategy.Secret{"k": s},
	} {
		for rendering, text := range renderings(v) {
			for _, form := range forms(value) {
				assert.NotContains(t, text, form, "%s of %s", rendering, name)
			}
		}
	}
	for rendering, text := range renderings(s) {
		if rendering == "testify" { // it calls no methods, and shows the address of a func
			continue
		}
		switch rendering[len(rendering)-1] {
		case 'T', 'p', 'w': // the type, an address, and no verb of Sprintf: no value at all
		default:
			assert.Contains(t, text, redacted, rendering)
		}
	}
	assert.Equal(t, redacted, s.String())
}

// A vault is a KeySource that holds credentials.
type vault struct {
	token string
	key   *rsa.PrivateKey
}

func (*vault) PublicKeys(context.Context, string) ([]*authstrategy.PublicKey, error) { return nil, nil }

// A strategy prints what it is. Nothing of its keys, nor anything of the crypto
// packages that could sign, is in reach of reflection.
func TestStrategyShowsNoKey(t *testing.T) {
	private := file(t, "keys/rsa.pem")
	block, _ := pem.Decode([]byte(private))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	for _, tt := range []struct {
		name     string
		strategy any
		secret   string
		prints   string
	}{
		{"HMAC", newStrategy(t, testSecret), testSecret, `JWTStrategy(HS256, audience ["fastapi-users:auth"], lifetime 1h0m0s)`},
		{"RSA", newStrategy(t, private, authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithAudience("a", "b"), authstrategy.WithoutExpiration()),
			string(key.(*rsa.PrivateKey).D.Bytes()), `JWTStrategy(RS256, audience ["a" "b"], without expiration)`},
		{"signer", newStrategy(t, "", authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithSigner(key.(*rsa.PrivateKey))),
			string(key.(*rsa.PrivateKey).D.Bytes()), `JWTStrategy(RS256, audience ["fastapi-users:auth"], lifetime 1h0m0s)`},
		{"source", newStrategy(t, "", authstrategy.WithAlgorithm(authstrategy.RS256), authstrategy.WithIssuer(testIssuer), authstrategy.WithKeySource(&vault{testSecret, key.(*rsa.PrivateKey)})),
			testSecret, `JWTStrategy(RS256, audience ["fastapi-users:auth"], lifetime 1h0m0s)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.prints, fmt.Sprint(tt.strategy))
			assert.Equal(t, tt.prints, fmt.Sprintf("%#v", tt.strategy))
			assert.Contains(t, renderings(tt.strategy)["slog"], `"value":`+strconv.Quote(tt.prints))
			for _, v := range []any{tt.strategy, &holder{tt.strategy, tt.strategy}, reflect.ValueOf(tt.strategy).Elem().Interface()} {
				for rendering, text := range renderings(v) {
					for _, form := range forms(tt.secret) {
						assert.NotContains(t, text, form, rendering)
					}
				}
			}
			reached := map[string]bool{}
			reach(reflect.ValueOf(tt.strategy), reached, map[uintptr]bool{})
			assert.True(t, reached["keyring"], "the walk did not come to where the key is held: %v", reached)
			for name := range reached {
				assert.NotContains(t, []string{"rsa", "hmac", "sha256", "sync", "hash", "big"}, name)
			}
		})
	}
}

// reach collects the names of the packages of all types that reflection can
// reach from v, through unexported fields, too.
func reach(v reflect.Value, packages map[string]bool, seen map[uintptr]bool) {
	if !v.IsValid() {
		return
	}
	packages[v.Type().PkgPath()[strings.LastIndex(v.Type().PkgPath(), "/")+1:]] = true
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			reach(v.Elem(), packages, seen)
		}
	case reflect.Interface:
		reach(v.Elem(), packages, seen)
	case reflect.Struct:
		for i := range v.NumField() {
			reach(v.Field(i), packages, seen)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			reach(v.Index(i), packages, seen)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			reach(v.MapIndex(k), packages, seen)
		}
	}
}

func insecure() []authstrategy.Option {
	return []authstrategy.Option{authstrategy.WithInsecureShortSecret()}
}

// What an HMAC secret may be, at the bounds of RFC 7518 §3.2, and not be.
func TestHMACSecret(t *testing.T) {
	block, _ := pem.Decode([]byte(file(t, "keys/rsa.pub.pem")))
	der, std := string(block.Bytes), base64.StdEncoding.EncodeToString
	isKey := []error{authstrategy.ErrInvalidKey}
	bits := func(n int) string { return strings.Repeat("\xa5\x3c\x77\x18\xe1\x92\x0f", 10)[:n] }
	for _, tt := range []struct {
		name   string
		alg    authstrategy.Algorithm
		secret string
		opts   []authstrategy.Option
		want   []error // none: it is good
	}{
		{name: "HS256, 32 bytes", alg: authstrategy.HS256, secret: bits(32)},
		{name: "HS256, 31 bytes", alg: authstrategy.HS256, secret: bits(31), want: []error{authstrategy.ErrWeakSecret}},
		{name: "HS384, 48 bytes", alg: authstrategy.HS384, secret: bits(48)},
		{name: "HS384, 47 bytes", alg: authstrategy.HS384, secret: bits(47), want: []error{authstrategy.ErrWeakSecret}},
		{name: "HS512, 64 bytes", alg: authstrategy.HS512, secret: bits(64)},
		{name: "HS512, 63 bytes", alg: authstrategy.HS512, secret: bits(63), want: []error{authstrategy.ErrWeakSecret}},
		{name: "short, allowed", alg: authstrategy.HS256, secret: "SECRET", opts: insecure()},
		{name: "one byte, allowed", alg: authstrategy.HS512, secret: "S", opts: insecure()},
		{name: "empty", alg: authstrategy.HS256, want: []error{authstrategy.ErrInvalidKey, authstrategy.ErrWeakSecret}},
		{name: "empty, short allowed", alg: authstrategy.HS256, opts: insecure(), want: []error{authstrategy.ErrInvalidKey, authstrategy.ErrWeakSecret}},
		{name: "zero bytes", alg: authstrategy.HS256, secret: strings.Repeat("\x00", 32), want: []error{authstrategy.ErrInvalidKey}},
		{name: "zero bytes, short", alg: authstrategy.HS256, secret: "\x00", want: []error{authstrategy.ErrInvalidKey, authstrategy.ErrWeakSecret}},
		{name: "zero bytes but one", alg: authstrategy.HS256, secret: strings.Repeat("\x00", 31) + "x", want: []error{authstrategy.ErrWeakSecret}},
		{name: "five different bytes", alg: authstrategy.HS256, secret: strings.Repeat("abcde", 7), want: []error{authstrategy.ErrWeakSecret}},
		{name: "six different bytes", alg: authstrategy.HS256, secret: strings.Repeat("abcdef", 6)},
		{name: "five different bytes, short allowed", alg: authstrategy.HS256, secret: strings.Repeat("a", 32), opts: insecure(), want: []error{authstrategy.ErrWeakSecret}},
		{name: "a line end", alg: authstrategy.HS256, secret: testSecret + "\n", want: isKey},
		{name: "quotes", alg: authstrategy.HS256, secret: `"` + testSecret + `"`, want: isKey},
		{name: "redacted", alg: authstrategy.HS256, secret: redacted, opts: insecure(), want: []error{authstrategy.ErrInvalidKey}},
		{name: "one byte in a buffer of 32", alg: authstrategy.HS256, secret: "x" + strings.Repeat("\x00", 31), want: []error{authstrategy.ErrWeakSecret}},
		{name: "32 bytes in a buffer of 64", alg: authstrategy.HS256, secret: bits(32) + strings.Repeat("\x00", 32)},
		{name: "seven zero bytes at the end", alg: authstrategy.HS256, secret: bits(25) + strings.Repeat("\x00", 7)},
		{name: "eight zero bytes at the end", alg: authstrategy.HS256, secret: bits(24) + strings.Repeat("\x00", 8), want: []error{authstrategy.ErrWeakSecret}},
		{name: "eight zero bytes before the end", alg: authstrategy.HS256, secret: bits(23) + strings.Repeat("\x00", 8) + "x"},
		{name: "redacted, blanks", alg: authstrategy.HS256, secret: " " + redacted + " ", opts: insecure(), want: []error{authstrategy.ErrInvalidKey}},
		{name: "redacted, white space", alg: authstrategy.HS256, secret: redacted + "\n", opts: insecure(), want: []error{authstrategy.ErrInvalidKey}},
		{name: "redacted, RS256", alg: authstrategy.RS256, secret: redacted, want: []error{authstrategy.ErrInvalidKey}},
		{name: "public key beside it", alg: authstrategy.HS256, secret: bits(32),
			opts: []authstrategy.Option{authstrategy.WithPublicKey(file(t, "keys/rsa.pub.pem"))}, want: []error{authstrategy.ErrInvalidKey}},
		{name: "public key beside a weak one", alg: authstrategy.HS256, secret: bits(31),
			opts: []authstrategy.Option{authstrategy.WithPublicKey("")}, want: []error{authstrategy.ErrInvalidKey, authstrategy.ErrWeakSecret}},

		// Key confusion; internal/keys has more of it. Short or long, it is a key.
		{name: "PEM", alg: authstrategy.HS256, secret: file(t, "keys/rsa.pub.pem"), want: isKey},
		{name: "PEM in base64", alg: authstrategy.HS256, secret: std([]byte(file(t, "keys/ed25519.pub.pem"))), want: isKey},
		{name: "JWK", alg: authstrategy.HS256, secret: `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`, want: isKey},
		{name: "SSH", alg: authstrategy.HS256, secret: file(t, "keys/openssh.pub"), want: isKey},
		{name: "DER", alg: authstrategy.HS256, secret: der, want: isKey},
		{name: "DER in base64", alg: authstrategy.HS512, secret: std([]byte(der)), want: isKey},
		{name: "short JWK, allowed", alg: authstrategy.HS512, secret: `{"kty":""}`, opts: insecure(), want: isKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(tt.secret),
				append(tt.opts, authstrategy.WithAlgorithm(tt.alg))...)
			assertInvalid(t, err, tt.want...)
			if tt.secret != "" && err != nil && tt.secret != redacted && tt.secret != redacted+"\n" {
				assert.NotContains(t, err.Error(), tt.secret)
			}
		})
	}
	_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(bits(24) + strings.Repeat("\x00", 8)))
	assert.ErrorContains(t, err, "the secret has 24 bytes, followed by zero bytes, which do not count; HS256 requires 32 or more")
}

var keyErrors = []error{authstrategy.ErrWeakSecret, authstrategy.ErrInvalidKey, authstrategy.ErrKeyMismatch, authstrategy.ErrUnsupportedAlgorithm}

// assertInvalid asserts that a construction failed for exactly these reasons;
// for none, that it did not fail.
func assertInvalid(t testing.TB, err error, want ...error) {
	t.Helper()
	if len(want) == 0 {
		require.NoError(t, err)
		return
	}
	assertNoRefusal(t, err, authstrategy.ErrInvalidConfig)
	for _, kind := range keyErrors {
		assert.Equal(t, slices.Contains(want, kind), errors.Is(err, kind), "%v: matches %v", err, kind)
	}
}

// certificate makes an expired certificate, for no purpose, of the key of
// rsa.pem, in DER.
func certificate(t testing.TB) []byte {
	block, _ := pem.Decode([]byte(file(t, "keys/rsa.pem")))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.(*rsa.PrivateKey).PublicKey, key)
	require.NoError(t, err)
	return der
}

func armor(blockType string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der}))
}

func pkix(t testing.TB, key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return armor("PUBLIC KEY", der)
}

// What a key pair may be, and what is said of what it may not.
func TestKeyPair(t *testing.T) {
	key := func(name string) string { return file(t, "keys/"+name) }
	rsaKey := func(bits uint, e int) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return pkix(t, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e})
	}
	even := new(big.Int).Lsh(big.NewInt(1), 2047)
	ed := ed25519.NewKeyFromSeed(make([]byte, 32))
	params, rest, _ := strings.Cut(key("p256.pem"), "-----END EC PARAMETERS-----\n")
	params += "-----END EC PARAMETERS-----\n"
	noKey := []error{authstrategy.ErrInvalidKey}
	for _, tt := range []struct {
		name            string
		alg             authstrategy.Algorithm
		private, public string // public "-": WithPublicKey is left out
		want            []error
		says            string
	}{
		{name: "RSA PKCS #8", alg: "RS256", private: key("rsa.pem"), public: "-"},
		{name: "RSA PKCS #1", alg: "PS512", private: key("rsa-pkcs1.pem"), public: "-"},
		{name: "RSA, PKIX", alg: "RS256", private: key("rsa.pem"), public: key("rsa.pub.pem")},
		{name: "RSA, PKCS #1", alg: "RS256", private: key("rsa.pem"), public: key("rsa-pkcs1.pub.pem")},
		{name: "RSA, expired certificate", alg: "RS256", private: key("rsa.pem"), public: armor("CERTIFICATE", certificate(t))},
		{name: "certificate alone", alg: "RS256", public: armor("CERTIFICATE", certificate(t))},
		{name: "EC SEC 1 after parameters", alg: "ES256", private: key("p256.pem"), public: "-"},
		{name: "EC SEC 1", alg: "ES256", private: rest, public: "-"},
		{name: "EC PKCS #8", alg: "ES256", private: key("p256-pkcs8.pem"), public: key("p256.pub.pem")},
		{name: "Ed25519", alg: "EdDSA", private: key("ed25519.pem"), public: key("ed25519.pub.pem")},
		{name: "text before, white space after", alg: "ES256", private: "Key-Name: test\n\n" + rest + " \r\n\t", public: "Subject: test\n" + key("p256.pub.pem") + "\n\n"},

		{name: "none", alg: "RS256", public: "-", want: noKey, says: "there is no key"},
		{name: "empty public alone", alg: "RS256", want: noKey, says: "the key of WithPublicKey is empty"},
		{name: "empty public", alg: "RS256", private: key("rsa.pem"), want: noKey, says: "the key of WithPublicKey is empty"},
		{name: "white space", alg: "RS256", private: " \n", public: "-", want: noKey, says: "the secret is empty"},
		{name: "HMAC secret", alg: "RS256", private: testSecret, public: "-", want: noKey, says: "the secret is not PEM"},
		{name: "JWK", alg: "RS256", private: `{"kty":"RSA"}`, public: "-", want: noKey, says: "the secret is a JWK"},
		{name: "SSH public", alg: "EdDSA", public: key("openssh.pub"), want: noKey, says: "the key of WithPublicKey is an SSH key"},
		{name: "SSH private", alg: "EdDSA", private: key("openssh.pem"), public: "-", want: noKey, says: "OpenSSH private key; EdDSA requires"},
		{name: "DER in base64", alg: "RS256", private: strings.Join(strings.Split(key("rsa.pem"), "\n")[1:27], ""), public: "-", want: noKey, says: "a key in DER, in base64"},
		{name: "no line ends", alg: "RS256", private: strings.ReplaceAll(key("rsa.pem"), "\n", `\n`), public: "-", want: noKey, says: `the secret has the two characters \n for each line break; RS256 requires an unencrypted private key in PEM; put line breaks there`},
		{name: "indented", alg: "RS256", private: strings.ReplaceAll(key("rsa.pem"), "\n", "\n  "), public: "-", want: noKey, says: "the secret is indented; RS256 requires an unencrypted private key in PEM; cut the blanks off"},
		{name: "encrypted PKCS #8", alg: "RS256", private: key("rsa-encrypted.pem"), public: "-", want: noKey, says: "encrypted private key; RS256 requires an unencrypted private key in PEM; decrypt it with openssl pkey"},
		{name: "encrypted PKCS #1", alg: "RS256", private: key("rsa-encrypted-pkcs1.pem"), public: "-", want: noKey, says: "encrypted private key; RS256 requires an unencrypted private key in PEM; decrypt it with openssl pkey"},
		{name: "public for private", alg: "RS256", private: key("rsa.pub.pem"), public: "-", want: noKey, says: "the secret is a PEM block with a public key; RS256 requires an unencrypted private key in PEM; a public key goes into WithPublicKey"},
		{name: "certificate for private", alg: "RS256", private: armor("CERTIFICATE", certificate(t)), public: "-", want: noKey, says: "with a certificate, whose key is a public one"},
		{name: "private for public", alg: "RS256", public: key("rsa.pem"), want: noKey, says: "the key of WithPublicKey is a PEM block with a private key"},
		{name: "other block", alg: "RS256", public: armor("X509 CRL", []byte("x")), want: noKey, says: `is a PEM block "X509 CRL" that cannot be read`},
		{name: "parameters alone", alg: "ES256", private: params, public: "-", want: noKey, says: "holds EC PARAMETERS and no key"},
		{name: "damaged private", alg: "RS256", private: armor("PRIVATE KEY", []byte("x")), public: "-", want: noKey, says: `a PEM block "PRIVATE KEY" that cannot be read`},
		{name: "damaged public", alg: "RS256", public: armor("PUBLIC KEY", []byte("x")), want: noKey, says: `a PEM block "PUBLIC KEY" that cannot be read`},
		{name: "damaged certificate", alg: "RS256", public: armor("CERTIFICATE", []byte("x")), want: noKey, says: `a PEM block "CERTIFICATE" that cannot be read`},
		{name: "two private", alg: "RS256", private: key("rsa.pem") + key("rsa.pem"), public: "-", want: noKey, says: "more than one PEM block"},
		{name: "two public", alg: "RS256", public: key("rsa.pub.pem") + key("rsa-other.pub.pem"), want: noKey, says: "more than one PEM block"},
		{name: "broken block before", alg: "RS256", public: "-----BEGIN PUBLIC KEY-----\n!\n" + key("rsa.pub.pem"), want: noKey, says: "more than one PEM block"},
		{name: "text after", alg: "RS256", private: key("rsa.pem") + "x", public: "-", want: noKey, says: "something after its PEM block"},

		{name: "EC for RSA", alg: "RS256", private: key("p256.pem"), public: "-", want: noKey, says: "the secret is of type ECDSA; RS256 requires a key of type RSA"},
		{name: "RSA for EC", alg: "ES256", public: key("rsa.pub.pem"), want: noKey, says: "the key of WithPublicKey is of type RSA; ES256 requires a key of type ECDSA"},
		{name: "Ed25519 for EC", alg: "ES256", public: key("ed25519.pub.pem"), want: noKey, says: "is of type Ed25519; ES256 requires a key of type ECDSA"},
		{name: "RSA for Ed25519", alg: "EdDSA", private: key("rsa.pem"), public: "-", want: noKey, says: "is of type RSA; EdDSA requires a key of type Ed25519"},
		{name: "X25519 for Ed25519", alg: "EdDSA", private: key("x25519.pem"), public: "-", want: noKey, says: "is of type X25519, which is for key agreement"},
		{name: "X25519 public", alg: "EdDSA", public: key("x25519.pub.pem"), want: noKey, says: "is of type X25519, which is for key agreement"},
		{name: "P-384 for ES256", alg: "ES256", private: key("p384.pem"), public: "-", want: noKey, says: "on the curve P-384; ES256 requires P-256"},
		{name: "P-256 for ES384", alg: "ES384", public: key("p256.pub.pem"), want: noKey, says: "on the curve P-256; ES384 requires P-384"},
		{name: "P-384 for ES512", alg: "ES512", public: key("p384.pub.pem"), want: noKey, says: "on the curve P-384; ES512 requires P-521"},
		{name: "P-224", alg: "ES256", private: key("p224.pem"), public: "-", want: noKey, says: "on the curve P-224"},
		{name: "RSA-PSS", alg: "PS256", public: key("rsa-pss.pub.pem"), want: noKey, says: "is of type RSA-PSS, which Go does not support"},
		{name: "secp256k1", alg: "ES256", private: key("secp256k1.pem"), public: "-", want: noKey, says: "on the curve secp256k1, which Go does not support"},
		{name: "secp256k1 public", alg: "ES256", public: key("secp256k1.pub.pem"), want: noKey, says: "on the curve secp256k1, which Go does not support"},

		{name: "RSA 1024 private", alg: "RS256", private: key("rsa-1024.pem"), public: "-", want: noKey, says: "has 1024 bits; RS256 requires an RSA key of 2048 to 16384 bits"},
		{name: "RSA 1024 public", alg: "PS256", public: key("rsa-1024.pub.pem"), want: noKey, says: "has 1024 bits"},
		{name: "RSA 2047", alg: "RS256", public: rsaKey(2047, 65537), want: noKey, says: "has 2047 bits"},
		{name: "RSA 2048", alg: "RS256", public: rsaKey(2048, 65537)},
		{name: "RSA 16384", alg: "RS256", public: rsaKey(16384, 65537)},
		{name: "RSA 16385", alg: "RS256", public: rsaKey(16385, 65537), want: noKey, says: "has 16385 bits"},
		{name: "RSA exponent 1", alg: "RS256", public: rsaKey(2048, 1), want: noKey, says: "exponent odd and from 3"},
		{name: "RSA exponent 2", alg: "RS256", public: rsaKey(2048, 2), want: noKey, says: "exponent odd and from 3"},
		{name: "RSA exponent 3", alg: "RS256", public: rsaKey(2048, 3)},
		{name: "RSA exponent 4", alg: "RS256", public: rsaKey(2048, 4), want: noKey, says: "exponent odd and from 3"},
		{name: "RSA exponent 2^31-1", alg: "RS256", public: rsaKey(2048, 1<<31-1)},
		{name: "RSA even modulus", alg: "RS256", public: pkix(t, &rsa.PublicKey{N: even, E: 65537}), want: noKey, says: "modulus must be odd"},

		{name: "mismatch RSA", alg: "RS256", private: key("rsa.pem"), public: key("rsa-other.pub.pem"), want: []error{authstrategy.ErrKeyMismatch}, says: "does not match the private key"},
		{name: "mismatch EC", alg: "ES256", private: key("p256.pem"), public: pkix(t, otherEC(t)), want: []error{authstrategy.ErrKeyMismatch}, says: "does not match the private key"},
		{name: "mismatch Ed25519", alg: "EdDSA", private: key("ed25519.pem"), public: pkix(t, ed.Public()), want: []error{authstrategy.ErrKeyMismatch}, says: "does not match the private key"},
		{name: "both bad", alg: "RS256", private: "x", public: "y", want: noKey, says: "the key of WithPublicKey is not PEM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := []authstrategy.Option{authstrategy.WithAlgorithm(tt.alg)}
			if tt.public != "-" {
				opts = append(opts, authstrategy.WithPublicKey(tt.public))
			}
			_, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(tt.private), opts...)
			assertInvalid(t, err, tt.want...)
			if err != nil {
				assert.Contains(t, err.Error(), tt.says)
				assert.NotContains(t, err.Error(), "MII")
			}
		})
	}
}

// rsaOfThree is an RSA key with an exponent of 3, and rsaOfThreePrimes one with
// three primes: Go reads both, and uses neither in FIPS 140-only mode.
func rsaOfThree(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	one, e := big.NewInt(1), big.NewInt(3)
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1), E: 3}}
	phi := big.NewInt(1)
	for len(key.Primes) < 2 {
		p, err := rand.Prime(rand.Reader, 1024)
		require.NoError(t, err)
		less := new(big.Int).Sub(p, one)
		if new(big.Int).GCD(nil, nil, e, less).Cmp(one) == 0 {
			key.Primes = append(key.Primes, p)
			key.N = new(big.Int).Mul(key.N, p)
			phi.Mul(phi, less)
		}
	}
	key.D = new(big.Int).ModInverse(e, phi)
	key.Precompute()
	require.NoError(t, key.Validate())
	return key
}

func rsaOfThreePrimes(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	//lint:ignore SA1019 such keys are deprecated, and in use
	key, err := rsa.GenerateMultiPrimeKey(rand.Reader, 3, 2048)
	require.NoError(t, err)
	return key
}

func pkcs1(key *rsa.PrivateKey) string {
	return armor("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
}

// fipsCase is a strategy that cannot work in FIPS 140-only mode, or that can.
type fipsCase struct {
	Name, Alg, Secret, Public string
	Short                     bool
	Says                      string // "": it can
}

// In FIPS 140-only mode Go refuses some keys, or panics, when they are used:
// GetJWTStrategy says so. The mode is one of the process, so this runs the test
// binary again.
func TestFIPSOnly(t *testing.T) {
	if cases := os.Getenv("AUTHSTRATEGY_FIPS_CASES"); cases != "" {
		testFIPSCases(t, cases)
		return
	}
	three, primes := rsaOfThree(t), rsaOfThreePrimes(t)
	cases, err := json.Marshal([]fipsCase{
		{Name: "HS256", Alg: "HS256", Secret: testSecret},
		{Name: "14 bytes", Alg: "HS256", Secret: "14 bytes long!", Short: true},
		{Name: "13 bytes", Alg: "HS256", Secret: "13 bytes long", Short: true, Says: "weak secret"},
		{Name: "RS256", Alg: "RS256", Secret: file(t, "keys/rsa.pem")},
		{Name: "PS256, public", Alg: "PS256", Public: file(t, "keys/rsa.pub.pem")},
		{Name: "ES512", Alg: "ES512", Secret: file(t, "keys/p521.pem")},
		{Name: "EdDSA", Alg: "EdDSA", Secret: file(t, "keys/ed25519.pem")},
		{Name: "EdDSA, public", Alg: "EdDSA", Public: file(t, "keys/ed25519.pub.pem")},
		{Name: "exponent 3", Alg: "RS256", Secret: pkcs1(three), Says: "Go refuses to use this key"},
		{Name: "exponent 3, PSS", Alg: "PS256", Secret: pkcs1(three), Says: "Go refuses to use this key"},
		{Name: "exponent 3, public", Alg: "RS256", Public: pkix(t, &three.PublicKey), Says: "Go refuses to use this key"},
		{Name: "exponent 3, public, PSS", Alg: "PS512", Public: pkix(t, &three.PublicKey), Says: "Go refuses to use this key"},
		{Name: "three primes", Alg: "RS256", Secret: pkcs1(primes), Says: "Go refuses to use this key"},
	})
	require.NoError(t, err)
	for _, mode := range []string{"off", "only"} {
		command := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$", "-test.v")
		command.Env = append(os.Environ(), "GODEBUG=fips140="+mode, "AUTHSTRATEGY_FIPS_CASES="+string(cases))
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "--- PASS: TestFIPSOnly/three_primes")
		assert.Contains(t, string(out), fmt.Sprintf("FIPS 140-3 is enforced: %v", mode == "only"))
	}
}

func testFIPSCases(t *testing.T, data string) {
	var cases []fipsCase
	require.NoError(t, json.Unmarshal([]byte(data), &cases))
	t.Logf("FIPS 140-3 is enforced: %v", fips140.Enforced())
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			opts := []authstrategy.Option{authstrategy.WithAlgorithm(authstrategy.Algorithm(tt.Alg))}
			if tt.Public != "" {
				opts = append(opts, authstrategy.WithPublicKey(tt.Public))
			}
			if tt.Short {
				opts = append(opts, authstrategy.WithInsecureShortSecret())
			}
			s, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(tt.Secret), opts...)
			if tt.Says != "" && fips140.Enforced() {
				assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
				assert.ErrorContains(t, err, tt.Says)
				return
			}
			require.NoError(t, err)
			if tt.Secret != "" {
				token, err := s.WriteToken(ctx, testID)
				require.NoError(t, err)
				_, err = s.ReadToken(ctx, token, loadSubject)
				require.NoError(t, err)
			}
		})
	}
}

func otherEC(t testing.TB) *ecdsa.PublicKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &key.PublicKey
}
