package keys_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/keys"
)

func parsePrivate(t testing.TB, name string) crypto.Signer {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(der(t, name))
	require.NoError(t, err)
	return key.(crypto.Signer)
}

// certificate makes an expired certificate of the key of rsa.pem, for no purpose.
func certificate(t testing.TB, change func(*x509.Certificate)) []byte {
	t.Helper()
	key := parsePrivate(t, "rsa.pem")
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

func certificateRequest(t testing.TB) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, parsePrivate(t, "rsa.pem"))
	require.NoError(t, err)
	return der
}

func revocationList(t testing.TB) []byte {
	t.Helper()
	issuer, err := x509.ParseCertificate(certificate(t, func(c *x509.Certificate) { c.KeyUsage, c.SubjectKeyId = x509.KeyUsageCRLSign, []byte{1} }))
	require.NoError(t, err)
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Unix(0, 0), NextUpdate: time.Unix(1, 0)}, issuer, parsePrivate(t, "rsa.pem"))
	require.NoError(t, err)
	return der
}

// The bytes decide what a PEM block is, whatever its label says.
func TestParseWhateverTheLabel(t *testing.T) {
	labels := []string{
		"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY",
		"PUBLIC KEY", "RSA PUBLIC KEY", "EC PUBLIC KEY", "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PUBLIC\u00a0KEY", "ANYTHING",
	}
	for _, tt := range []struct{ file, alg, public string }{
		{"rsa.pem", "RS256", "rsa.pub.pem"}, {"rsa-pkcs1.pem", "PS512", "rsa.pub.pem"},
		{"p256.pem", "ES256", "p256.pub.pem"}, {"p256-pkcs8.pem", "ES256", "p256.pub.pem"},
		{"p384.pem", "ES384", "p384.pub.pem"}, {"p521.pem", "ES512", "p521.pub.pem"},
		{"ed25519.pem", "EdDSA", "ed25519.pub.pem"},
	} {
		want, err := x509.ParsePKIXPublicKey(der(t, tt.public))
		require.NoError(t, err)
		for _, label := range labels {
			key, err := keys.ParsePrivate(tt.alg, armor(label, der(t, tt.file)))
			require.NoError(t, err, "%s as %s", tt.file, label)
			assert.Equal(t, want, key.Public(), "%s as %s", tt.file, label)
		}
	}
	for _, tt := range []struct{ file, alg, public string }{
		{"rsa.pub.pem", "RS256", "rsa.pub.pem"}, {"rsa-pkcs1.pub.pem", "PS256", "rsa.pub.pem"}, {"rsa.crt.pem", "RS256", "rsa.pub.pem"},
		{"p256.pub.pem", "ES256", "p256.pub.pem"}, {"ed25519.pub.pem", "EdDSA", "ed25519.pub.pem"},
	} {
		want, err := x509.ParsePKIXPublicKey(der(t, tt.public))
		require.NoError(t, err)
		for _, label := range labels {
			key, err := keys.ParsePublic(tt.alg, armor(label, der(t, tt.file)))
			require.NoError(t, err, "%s as %s", tt.file, label)
			assert.Equal(t, want, key, "%s as %s", tt.file, label)
		}
	}
}

const (
	needsPrivate = "; RS256 requires an unencrypted private key in PEM"
	needsPublic  = "; RS256 requires a public key or an X.509 certificate in PEM"
	makeRSA      = "; make a new key with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem"
	makeP256     = "; make a new key with openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem"
	makeEd25519  = "; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"
	oneAlone     = "; pass one of them alone"
	writesKey    = "; openssl pkey -in key.pem -out private.pem writes the first private key"
	writesCert   = "; openssl x509 -in chain.pem -out cert.pem writes the first certificate"
	chooseAlg    = "; pass another key, or choose the algorithm of this one with WithAlgorithm"
	printsHalf   = "; a private key belongs in the secret; openssl pkey -in key.pem -pubout prints its public half"
	damaged      = " that cannot be read: it is damaged, or no key"
	unsupported  = "is a PEM block that cannot be read: it is damaged, or of a kind that Go does not support"
)

// What is said of a secret that is not the private key of the algorithm.
func TestParsePrivate(t *testing.T) {
	key := func(name string) string { return file(t, name) }
	params, p256, _ := strings.Cut(key("p256.pem"), "-----END EC PARAMETERS-----\n")
	params += "-----END EC PARAMETERS-----\n"
	flipped := der(t, "rsa.pem")
	flipped[len(flipped)/2] ^= 1
	for _, tt := range []struct{ name, alg, text, want string }{
		{"EC after parameters", "ES256", key("p256.pem"), ""},
		{"EC alone", "ES256", p256, ""},
		{"text before, white space after", "ES256", "Key-Name: test\n\n" + p256 + " \r\n\t", ""},
		{"lines that end in CR LF", "ES256", strings.ReplaceAll(p256, "\n", "\r\n"), ""},
		{"three primes", "RS256", armor("RSA PRIVATE KEY", threePrimes(t)), ""},

		{"redacted", "RS256", " **********\n", "the secret is the redaction mark **********, not a secret; load the real one"},
		{"empty", "RS256", "", "the secret is empty" + needsPrivate},
		{"white space", "RS256", " \n", "the secret is empty" + needsPrivate},
		{"HMAC secret", "RS256", passphrase, "the secret is not PEM" + needsPrivate + "; pass what is in the file of the key, not the name of the file"},
		{"JWK", "RS256", `{"kty":"RSA"}`, "the secret is a JWK" + needsPrivate},
		{"JWK in base64", "RS256", base64.StdEncoding.EncodeToString([]byte(`{"kty":"RSA","n":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)), "the secret is a JWK, in base64" + needsPrivate + "; decode it with cat key.txt | base64 -d"},
		{"SSH public", "RS256", key("openssh-rsa.pub"), "the secret is an SSH key" + needsPrivate},
		{"DER", "RS256", string(der(t, "rsa.pem")), "the secret is a key in DER" + needsPrivate + "; convert it with cat key.der | openssl pkey -inform DER -out key.pem"},
		{"DER, encrypted", "RS256", string(der(t, "rsa-encrypted.pem")), "the secret is a key in DER" + needsPrivate + "; convert it with cat key.der | openssl pkey -inform DER -out key.pem"},
		{"DER, PKCS #12", "RS256", key("rsa.p12"), "the secret is a key in DER" + needsPrivate},
		{"DER in base64", "RS256", lines(t, "rsa.pem", ""), "the secret is a key in DER, in base64" + needsPrivate + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | base64 -d | openssl pkey -inform DER -out key.pem"},

		{"parameters alone", "ES256", params, "the secret holds EC PARAMETERS and no key; ES256 requires an unencrypted private key in PEM"},
		{"parameters twice", "ES256", params + params + p256, "the secret holds more than one PEM block; ES256 requires an unencrypted private key in PEM" + oneAlone + writesKey},
		{"parameters twice, no key", "ES256", params + params, "the secret holds parameters and no key; ES256 requires an unencrypted private key in PEM"},
		{"parameters and a broken key", "ES256", params + p256[:100], "the secret has no END line: it is cut short; ES256 requires an unencrypted private key in PEM; copy all of it again"},
		{"two keys", "RS256", key("rsa.pem") + key("rsa.pem"), "the secret holds more than one PEM block" + needsPrivate + oneAlone + writesKey},
		{"key and certificate", "RS256", key("rsa.pem") + key("rsa.crt.pem"), "the secret holds more than one PEM block" + needsPrivate + oneAlone + writesKey},
		{"certificate and key", "RS256", key("rsa.crt.pem") + key("rsa-pkcs1.pem"), "the secret holds more than one PEM block" + needsPrivate + oneAlone + writesKey},
		{"two certificates", "RS256", key("rsa.crt.pem") + key("rsa.crt.pem"), "the secret holds more than one PEM block" + needsPrivate + oneAlone},
		{"text after", "RS256", key("rsa.pem") + "x", "the secret holds something after its PEM block" + needsPrivate + "; cut it off"},

		{"public", "RS256", key("rsa.pub.pem"), "the secret is a PEM block with a public key" + needsPrivate + "; a public key goes into WithPublicKey"},
		{"public PKCS #1 with another label", "RS256", armor("RSA PRIVATE KEY", der(t, "rsa-pkcs1.pub.pem")), "the secret is a PEM block with a public key" + needsPrivate + "; a public key goes into WithPublicKey"},
		{"certificate", "RS256", key("rsa.crt.pem"), "the secret is a PEM block with a certificate, whose key is a public one" + needsPrivate + "; it goes into WithPublicKey"},
		{"encrypted PKCS #8", "RS256", key("rsa-encrypted.pem"), "the secret is a PEM block with an encrypted private key" + needsPrivate + "; decrypt it with openssl pkey -in key.pem -out plain.pem"},
		{"encrypted PKCS #8 with another label", "RS256", armor("PRIVATE KEY", der(t, "rsa-encrypted.pem")), "the secret is a PEM block with an encrypted private key" + needsPrivate + "; decrypt it with openssl pkey -in key.pem -out plain.pem"},
		{"encrypted PKCS #1", "RS256", key("rsa-encrypted-pkcs1.pem"), "the secret is a PEM block with an encrypted private key" + needsPrivate + "; decrypt it with openssl pkey -in key.pem -out plain.pem"},
		{"OpenSSH, RSA", "RS256", key("openssh-rsa.pem"), "the secret is a PEM block with an OpenSSH private key" + needsPrivate + "; rewrite its file with ssh-keygen -p -m PKCS8 -f key"},
		{"OpenSSH, Ed25519", "EdDSA", key("openssh.pem"), "the secret is a PEM block with an OpenSSH private key; EdDSA requires an unencrypted private key in PEM; ssh-keygen cannot convert Ed25519; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},
		{"certificate request", "RS256", armor("CERTIFICATE REQUEST", certificateRequest(t)), `the secret is a PEM block "CERTIFICATE REQUEST"` + damaged + needsPrivate},
		{"PKCS #7", "RS256", key("rsa.p7b.pem"), `the secret is a PEM block "PKCS7"` + damaged + needsPrivate},
		{"PKCS #12", "RS256", armor("PKCS12", []byte(key("rsa.p12"))), `the secret is a PEM block "PKCS12"` + damaged + needsPrivate},
		{"no DER", "RS256", armor("PRIVATE KEY", []byte("x")), `the secret is a PEM block "PRIVATE KEY"` + damaged + needsPrivate},
		{"nothing", "RS256", armor("PRIVATE KEY", nil), `the secret is a PEM block "PRIVATE KEY"` + damaged + needsPrivate},
		{"cut short", "RS256", armor("PRIVATE KEY", der(t, "rsa.pem")[:600]), `the secret is a PEM block "PRIVATE KEY"` + damaged + needsPrivate},
		{"one bit wrong", "RS256", armor("PRIVATE KEY", flipped), "the secret " + unsupported + needsPrivate + "; copy it again, rewrite it with openssl pkey -in key.pem -out new.pem, or make a new key with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem"},

		{"EC for RSA", "RS256", key("p256.pem"), "the secret is of type ECDSA; RS256 requires a key of type RSA" + chooseAlg},
		{"RSA for Ed25519", "EdDSA", key("rsa.pem"), "the secret is of type RSA; EdDSA requires a key of type Ed25519" + chooseAlg},
		{"P-384 for ES256", "ES256", key("p384.pem"), "the secret is on the curve P-384; ES256 requires P-256"},
		{"P-224", "ES256", key("p224.pem"), "the secret is on the curve P-224; ES256 requires P-256"},
		{"RSA of 1024 bits", "RS256", key("rsa-1024.pem"), "the secret has 1024 bits; RS256 requires an RSA key of 2048 to 16384 bits"},
		{"X25519", "EdDSA", key("x25519.pem"), "the secret is of type X25519, which is for key agreement and signs nothing; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"X448", "EdDSA", key("x448.pem"), "the secret is of type X448, which is for key agreement and signs nothing; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"Ed448", "EdDSA", key("ed448.pem"), "the secret is of type Ed448, which Go does not support; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"RSA-PSS", "PS256", key("rsa-pss.pem"), "the secret is of type RSA-PSS, which Go does not support; PS256 requires a key of type RSA" + makeRSA},
		{"secp256k1", "ES256", key("secp256k1.pem"), "the secret is of type ECDSA on the curve secp256k1, which Go does not support; ES256 requires a key of type ECDSA on P-256" + makeP256},
		{"Brainpool", "ES256", key("brainpool.pem"), "the secret is of type ECDSA on a Brainpool curve, which Go does not support; ES256 requires a key of type ECDSA on P-256" + makeP256},
		{"curve written out", "ES256", key("p256-explicit.pem"), "the secret is of type ECDSA, but its curve is written out; ES256 requires a key of type ECDSA on P-256; rewrite it with openssl pkey -in key.pem -out new.pem -ec_conv_form uncompressed -ec_param_enc named_curve"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := keys.ParsePrivate(tt.alg, tt.text)
			if tt.want == "" {
				require.NoError(t, err)
				assert.NotNil(t, key)
				return
			}
			assert.Nil(t, key)
			assertFault(t, err, invalid, tt.want)
		})
	}
}

// threePrimes is an RSA key of three primes, in PKCS #1.
func threePrimes(t testing.TB) []byte {
	t.Helper()
	//lint:ignore SA1019 there are such keys
	key, err := rsa.GenerateMultiPrimeKey(rand.Reader, 3, 2048)
	require.NoError(t, err)
	return x509.MarshalPKCS1PrivateKey(key)
}

// What is said of a key of WithPublicKey that is not the public key of the
// algorithm.
func TestParsePublic(t *testing.T) {
	key := func(name string) string { return file(t, name) }
	const refused = "the key of WithPublicKey is a certificate that Go refuses: "
	const printsKey = "; pass what openssl x509 -in cert.pem -pubkey -noout prints"
	const rewriteEC = "; rewrite it with openssl pkey -pubin -in public.pem -pubout -out new.pem -ec_conv_form uncompressed -ec_param_enc named_curve"
	badName := certificate(t, func(c *x509.Certificate) {
		printable := asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte("a@b")} // which may not have an @
		name, err := asn1.Marshal(pkix.RDNSequence{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: printable}}})
		require.NoError(t, err)
		c.RawSubject = name
	})
	twice := certificate(t, func(c *x509.Certificate) {
		extension := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}
		c.ExtraExtensions = []pkix.Extension{extension, extension}
	})
	serialZero := bytes.Replace(badName, []byte{2, 1, 1}, []byte{2, 1, 0}, 1)
	expired := certificate(t, func(*x509.Certificate) {})
	dhParameters, err := asn1.Marshal(struct{ P, G *big.Int }{rsaKey(2048, 3).N, big.NewInt(5)})
	require.NoError(t, err)
	for _, tt := range []struct{ name, alg, text, want string }{
		{"PKIX", "RS256", key("rsa.pub.pem"), ""},
		{"PKCS #1", "PS256", key("rsa-pkcs1.pub.pem"), ""},
		{"expired certificate", "RS256", armor("CERTIFICATE", expired), ""},
		{"text before, white space after", "ES256", "Subject: test\n" + key("p256.pub.pem") + "\n\n", ""},

		{"empty", "RS256", "", "the key of WithPublicKey is empty" + needsPublic},
		{"redacted", "RS256", "**********", "the key of WithPublicKey is not PEM" + needsPublic + "; pass what is in the file of the key, not the name of the file"},
		{"name of a file", "RS256", "/etc/keys/public.pem", "the key of WithPublicKey is not PEM" + needsPublic + "; pass what is in the file of the key, not the name of the file"},
		{"SSH, RSA", "RS256", key("openssh-rsa.pub"), "the key of WithPublicKey is an SSH key" + needsPublic + "; convert it with ssh-keygen -e -m PKCS8 -f key.pub"},
		{"SSH, ECDSA", "RS256", key("openssh-ecdsa.pub"), "the key of WithPublicKey is an SSH key" + needsPublic + "; convert it with ssh-keygen -e -m PKCS8 -f key.pub"},
		{"SSH, Ed25519", "RS256", key("openssh.pub"), "the key of WithPublicKey is an SSH key" + needsPublic},
		{"SSH2", "RS256", "---- BEGIN SSH2 PUBLIC KEY ----\n" + strings.Fields(key("openssh-rsa.pub"))[1] + "\n---- END SSH2 PUBLIC KEY ----\n", "the key of WithPublicKey is an SSH key" + needsPublic},
		{"DER", "RS256", string(der(t, "rsa.pub.pem")), "the key of WithPublicKey is a key in DER" + needsPublic + "; convert it with cat key.der | openssl pkey -pubin -inform DER -out key.pem"},
		{"certificate of a curve that is written out", "ES256", file(t, "p256-explicit.crt.pem"), "the key of WithPublicKey is of type ECDSA, but its curve is written out; ES256 requires a key of type ECDSA on P-256; rewrite it with openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -pubout -out new.pem -ec_conv_form uncompressed -ec_param_enc named_curve"},
		{"DER of a certificate", "RS256", string(expired), "the key of WithPublicKey is a key in DER" + needsPublic + "; convert it with cat key.der | openssl x509 -inform DER -out key.pem"},
		{"DER in base64", "RS256", lines(t, "rsa.pub.pem", "\n"), "the key of WithPublicKey is a key in DER, in base64" + needsPublic + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | base64 -d | openssl pkey -pubin -inform DER -out key.pem"},
		{"DER in base64url", "RS256", base64.RawURLEncoding.EncodeToString(der(t, "rsa.pub.pem")), "the key of WithPublicKey is a key in DER, in base64url" + needsPublic + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | basenc --base64url -d | openssl pkey -pubin -inform DER -out key.pem"},
		{"DER in hex", "RS256", hex.EncodeToString(der(t, "rsa.pub.pem")), "the key of WithPublicKey is a key in DER, in hex" + needsPublic + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | xxd -r -p | openssl pkey -pubin -inform DER -out key.pem"},
		{"certificate in base64", "RS256", base64.StdEncoding.EncodeToString(expired), "the key of WithPublicKey is a key in DER, in base64" + needsPublic + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | base64 -d | openssl x509 -inform DER -out key.pem"},
		{"DER in base64 of base64", "RS256", base64.StdEncoding.EncodeToString([]byte(lines(t, "rsa.pub.pem", ""))), "the key of WithPublicKey is a key in DER, in base64, in base64" + needsPublic + "; put it alone, without quotes and escapes, into key.txt, and convert it with cat key.txt | base64 -d | base64 -d | openssl pkey -pubin -inform DER -out key.pem"},
		{"PEM in base64", "RS256", base64.StdEncoding.EncodeToString([]byte(key("rsa.pub.pem"))), "the key of WithPublicKey is a key in PEM, in base64" + needsPublic + "; decode it with cat key.txt | base64 -d"},

		{"two keys", "RS256", key("rsa.pub.pem") + key("rsa-other.pub.pem"), "the key of WithPublicKey holds more than one PEM block" + needsPublic + oneAlone},
		{"full chain", "RS256", key("rsa.crt.pem") + armor("CERTIFICATE", expired), "the key of WithPublicKey holds more than one PEM block" + needsPublic + oneAlone + writesCert},
		{"key and certificate", "RS256", key("rsa.pem") + key("rsa.crt.pem"), "the key of WithPublicKey holds more than one PEM block" + needsPublic + oneAlone + writesCert},
		{"broken block before", "RS256", "-----BEGIN PUBLIC KEY-----\n!\n" + key("rsa.pub.pem"), "the key of WithPublicKey holds more than one PEM block" + needsPublic + oneAlone},
		{"text after", "RS256", key("rsa.pub.pem") + "x", "the key of WithPublicKey holds something after its PEM block" + needsPublic + "; cut it off"},
		{"Diffie-Hellman parameters", "RS256", armor("DH PARAMETERS", dhParameters), "the key of WithPublicKey holds parameters and no key" + needsPublic},

		{"private", "RS256", key("rsa.pem"), "the key of WithPublicKey is a PEM block with a private key" + needsPublic + printsHalf},
		{"private with another label", "RS256", armor("PUBLIC KEY", der(t, "p384.pem")), "the key of WithPublicKey is a PEM block with a private key" + needsPublic + printsHalf},
		{"private that Go cannot read", "RS256", key("rsa-pss.pem"), "the key of WithPublicKey is a PEM block with a private key" + needsPublic + printsHalf},
		{"encrypted", "RS256", key("rsa-encrypted.pem"), "the key of WithPublicKey is a PEM block with an encrypted private key" + needsPublic + printsHalf},
		{"encrypted PKCS #1", "RS256", key("rsa-encrypted-pkcs1.pem"), "the key of WithPublicKey is a PEM block with an encrypted private key" + needsPublic + printsHalf},
		{"OpenSSH, RSA", "RS256", key("openssh-rsa.pem"), "the key of WithPublicKey is a PEM block with an OpenSSH private key" + needsPublic + "; a private key belongs in the secret; ssh-keygen -e -m PKCS8 -f key prints its public half"},
		{"OpenSSH, ECDSA", "RS256", key("openssh-ecdsa.pem"), "the key of WithPublicKey is a PEM block with an OpenSSH private key" + needsPublic + "; a private key belongs in the secret; ssh-keygen -e -m PKCS8 -f key prints its public half"},
		{"OpenSSH, Ed25519", "RS256", key("openssh.pem"), "the key of WithPublicKey is a PEM block with an OpenSSH private key" + needsPublic + "; a private key belongs in the secret; ssh-keygen cannot convert Ed25519; make a new key with openssl genpkey -algorithm ed25519 -out private.pem"},
		{"revocation list", "RS256", armor("X509 CRL", revocationList(t)), `the key of WithPublicKey is a PEM block "X509 CRL"` + damaged + needsPublic},
		{"no DER", "RS256", armor("PUBLIC KEY", []byte("x")), `the key of WithPublicKey is a PEM block "PUBLIC KEY"` + damaged + needsPublic},

		{"certificate with a negative serial number", "RS256", key("rsa-negative-serial.crt.pem"), refused + "its serial number is negative" + needsPublic + printsKey},
		{"certificate with a bad name", "RS256", armor("CERTIFICATE", badName), refused + "it breaks a rule of RFC 5280" + needsPublic + printsKey},
		{"certificate with a bad name and the serial number 0", "RS256", armor("CERTIFICATE", serialZero), refused + "it breaks a rule of RFC 5280" + needsPublic + printsKey},
		{"certificate with an extension twice", "RS256", armor("CERTIFICATE", twice), refused + "it breaks a rule of RFC 5280" + needsPublic + printsKey},
		{"certificate with trust settings", "RS256", key("rsa-trusted.crt.pem"), refused + "it breaks a rule of RFC 5280" + needsPublic + printsKey},
		{"RSA-PSS", "PS256", key("rsa-pss.pub.pem"), "the key of WithPublicKey is of type RSA-PSS, which Go does not support; PS256 requires a key of type RSA" + makeRSA},
		{"certificate of RSA-PSS", "PS256", key("rsa-pss.crt.pem"), "the key of WithPublicKey is of type RSA-PSS, which Go does not support; PS256 requires a key of type RSA" + makeRSA},
		{"X25519", "EdDSA", key("x25519.pub.pem"), "the key of WithPublicKey is of type X25519, which is for key agreement and signs nothing; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"X448", "EdDSA", key("x448.pub.pem"), "the key of WithPublicKey is of type X448, which is for key agreement and signs nothing; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"Ed448", "EdDSA", key("ed448.pub.pem"), "the key of WithPublicKey is of type Ed448, which Go does not support; EdDSA requires a key of type Ed25519" + makeEd25519},
		{"secp256k1", "ES256", key("secp256k1.pub.pem"), "the key of WithPublicKey is of type ECDSA on the curve secp256k1, which Go does not support; ES256 requires a key of type ECDSA on P-256" + makeP256},
		{"Brainpool", "ES256", key("brainpool.pub.pem"), "the key of WithPublicKey is of type ECDSA on a Brainpool curve, which Go does not support; ES256 requires a key of type ECDSA on P-256" + makeP256},
		{"compressed", "ES256", key("p256-compressed.pub.pem"), "the key of WithPublicKey is of type ECDSA, but its point is compressed, or it is damaged; ES256 requires a key of type ECDSA on P-256" + rewriteEC},
		{"compressed, P-384", "ES384", armor("PUBLIC KEY", compress(t, "p384.pub.pem")), "the key of WithPublicKey is of type ECDSA, but its point is compressed, or it is damaged; ES384 requires a key of type ECDSA on P-384" + rewriteEC},
		{"compressed, P-521", "ES512", armor("PUBLIC KEY", compress(t, "p521.pub.pem")), "the key of WithPublicKey is of type ECDSA, but its point is compressed, or it is damaged; ES512 requires a key of type ECDSA on P-521" + rewriteEC},
		{"RSA for EC", "ES256", key("rsa.pub.pem"), "the key of WithPublicKey is of type RSA; ES256 requires a key of type ECDSA on P-256" + chooseAlg},
		{"P-256 for ES384", "ES384", key("p256.pub.pem"), "the key of WithPublicKey is on the curve P-256; ES384 requires P-384"},
		{"RSA of 1024 bits", "PS256", key("rsa-1024.pub.pem"), "the key of WithPublicKey has 1024 bits; PS256 requires an RSA key of 2048 to 16384 bits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := keys.ParsePublic(tt.alg, tt.text)
			if tt.want == "" {
				require.NoError(t, err)
				assert.NotNil(t, key)
				return
			}
			assert.Nil(t, key)
			assertFault(t, err, invalid, tt.want)
		})
	}
}

// compress writes a public key of ECDSA again, with a compressed point, in DER.
func compress(t testing.TB, name string) []byte {
	t.Helper()
	var key struct {
		Algorithm pkix.AlgorithmIdentifier
		Point     asn1.BitString
	}
	_, err := asn1.Unmarshal(der(t, name), &key)
	require.NoError(t, err)
	point := key.Point.Bytes // 4, x, y
	size := len(point) / 2
	key.Point = asn1.BitString{Bytes: append([]byte{2 + point[2*size]&1}, point[1:size+1]...), BitLength: 8 * (size + 1)}
	compressed, err := asn1.Marshal(key)
	require.NoError(t, err)
	return compressed
}

// What is said of PEM that cannot be read, and that the cure cures.
func TestParseMisspelledPEM(t *testing.T) {
	good := file(t, "ed25519.pub.pem")
	begin, rest, _ := strings.Cut(good, "\n")
	body, end, _ := strings.Cut(rest, "\n")
	const (
		badLine  = "has a BEGIN or END line that is misspelled, cut short or not alone on its line"
		goodLine = "write it like -----BEGIN PUBLIC KEY-----: capital letters, five hyphens at both ends, nothing else"
		base64   = "has damaged base64 between its BEGIN and END lines"
		again    = "copy it again; base64 has letters, digits, + and /, and = only at its end"
	)
	for _, tt := range []struct{ name, text, found, cure string }{
		{"byte order mark", "\ufeff" + good, "begins with a byte order mark", "cut it off with tail -c +4 key.pem > new.pem"},
		{"UTF-16", "\xff\xfe" + utf16(littleEndian, good), "is in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8 key.pem > new.pem"},
		{"UTF-16, big-endian", "\xfe\xff" + utf16(bigEndian, good), "is in UTF-16", "convert it with iconv -f UTF-16 -t UTF-8 key.pem > new.pem"},
		{"UTF-16 without a mark", utf16(littleEndian, good), "is in UTF-16", "convert it with iconv -f UTF-16LE -t UTF-8 key.pem > new.pem"},
		{"UTF-16, big-endian, without a mark", utf16(bigEndian, good), "is in UTF-16", "convert it with iconv -f UTF-16BE -t UTF-8 key.pem > new.pem"},
		{"JSON", `{"key":"` + strings.ReplaceAll(good, "\n", `\n`) + `"}`, "is JSON that holds a key", "take the key out of it, such as with jq -r"},
		{"double quotes", `"` + good + `"`, "is in quotes", "cut them off"},
		{"single quotes", " '" + good + "'\n", "is in quotes", "cut them off"},
		{"a quote at the end", strings.TrimSpace(good) + "`", "is in quotes", "cut them off"},
		{"line breaks written", strings.ReplaceAll(good, "\n", `\n`), `has the two characters \n for each line break`, `put line breaks there, such as with printf '%b' "$KEY"`},
		{"line breaks written, CR LF", strings.ReplaceAll(good, "\n", `\r\n`), `has the two characters \n for each line break`, `put line breaks there, such as with printf '%b' "$KEY"`},
		{"escaped for a URL", url.PathEscape(good), "is escaped for a URL", "undo the escapes, such as %0A for a line break"},
		{"two joined", strings.TrimSpace(good) + good, "joins two PEM blocks on one line", "pass one of them alone"},
		{"no BEGIN line", rest, "has no BEGIN line", "copy all of it again"},
		{"no END line", begin + "\n" + body + "\n", "has no END line: it is cut short", "copy all of it again"},
		{"cut short in the key", good[:60], "has no END line: it is cut short", "copy all of it again"},
		{"cut short in the END line", strings.TrimSpace(good)[:len(good)-8], badLine, goodLine},
		{"carriage returns", strings.ReplaceAll(good, "\n", "\r"), "has carriage returns alone for line breaks", `convert it with tr '\r' '\n' < key.pem > new.pem`},
		{"indented", "  " + strings.ReplaceAll(good, "\n", "\n  "), "is indented", "cut the blanks off with sed 's/^[[:space:]]*//' key.pem > new.pem"},
		{"END line indented", begin + "\n" + body + "\n\t" + end, "is indented", "cut the blanks off with sed 's/^[[:space:]]*//' key.pem > new.pem"},
		{"line breaks gone", strings.ReplaceAll(good, "\n", ""), "has lost its line breaks", "put one after its BEGIN line and one before its END line"},
		{"blanks for line breaks", strings.ReplaceAll(good, "\n", " "), "has lost its line breaks", "put one after its BEGIN line and one before its END line"},
		{"first line break gone", begin + rest, "has lost its line breaks", "put one after its BEGIN line and one before its END line"},
		{"last line break gone", begin + "\n" + body + end, "has lost its line breaks", "put one after its BEGIN line and one before its END line"},
		{"four dashes", strings.ReplaceAll(good, "-----", "----"), badLine, goodLine},
		{"four dashes in the END line", begin + "\n" + body + "\n" + end[1:], badLine, goodLine},
		{"six dashes", strings.ReplaceAll(good, "-----", "------"), badLine, goodLine},
		{"lower case", strings.ToLower(begin) + "\n" + body + "\n" + strings.ToLower(end), badLine, goodLine},
		{"long dashes", strings.ReplaceAll(good, "-----", "—–"), badLine, goodLine},
		{"something before", "key: " + good, badLine, goodLine},
		{"a comment after", begin + "\n" + body + "\n" + strings.TrimSpace(end) + " # mine\n", badLine, goodLine},
		{"labels that differ", begin + "\n" + body + "\n-----END CERTIFICATE-----\n", "has a BEGIN and an END line that name different things", "make them the same"},
		{"base64 damaged", begin + "\n" + strings.Replace(body, "A", "!", 1) + "\n" + end, base64, again},
		{"base64 shortened", begin + "\n" + body[1:] + "\n" + end, base64, again},
		{"base64url", begin + "\n" + strings.NewReplacer("+", "-", "/", "_").Replace(lines(t, "rsa.pub.pem", "\n")) + "\n" + end, base64, again},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := keys.ParsePublic("EdDSA", tt.text)
			assertFault(t, err, invalid, "the key of WithPublicKey "+tt.found+"; EdDSA requires a public key or an X.509 certificate in PEM; "+tt.cure)
		})
	}
}

// What is read is read again, and what is not read is a Fault.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"p256.pem", "ed25519.pem", "rsa.pub.pem", "p256.pub.pem", "rsa.crt.pem", "rsa-negative-serial.crt.pem", "openssh-rsa.pub"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
			if key, err := keys.ParsePublic(alg, text); err != nil {
				assertIsFault(t, err)
			} else {
				der, err := x509.MarshalPKIXPublicKey(key)
				require.NoError(t, err)
				again, err := keys.ParsePublic(alg, armor("PUBLIC KEY", der))
				require.NoError(t, err)
				assert.Equal(t, key, again)
			}
			if key, err := keys.ParsePrivate(alg, text); err != nil {
				assertIsFault(t, err)
			} else {
				der, err := x509.MarshalPKCS8PrivateKey(key)
				require.NoError(t, err)
				again, err := keys.ParsePrivate(alg, armor("PRIVATE KEY", der))
				require.NoError(t, err)
				assert.Equal(t, key.Public(), again.Public())
			}
		}
		if err := keys.CheckSecret("HS256", text, true); err != nil {
			assertIsFault(t, err)
		}
	})
}
