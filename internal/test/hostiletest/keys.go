package hostiletest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash.New
	_ "crypto/sha512" // for crypto.Hash.New
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"

	"github.com/go-authstrategy/authstrategy"
)

// hmacSecret is the secret of every HMAC reader: long enough for HS512, so that
// a token of another HMAC algorithm is wrong in nothing but its algorithm, and
// no longer than a block of SHA-256, so that its hash is not the same key.
const hmacSecret = "TEST-ONLY HMAC secret, published and worthless: 0123456789abcdef"

// strangerSecret is a secret that no token is signed with.
const strangerSecret = "TEST-ONLY HMAC secret of others, published and worthless: 0123456"

// privateKeys are the readers' private keys, and attackers those of somebody else.
var privateKeys = sync.OnceValue(func() map[string]crypto.Signer {
	return map[string]crypto.Signer{
		"RS":    rsaKey(rsaPEM),
		"ES256": ecKey(elliptic.P256(), 0x41),
		"ES384": ecKey(elliptic.P384(), 0x42),
		"ES512": ecKey(elliptic.P521(), 0x43),
		"EdDSA": ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x44}, ed25519.SeedSize)),
	}
})

var attackers = sync.OnceValue(func() map[string]crypto.Signer {
	return map[string]crypto.Signer{
		"RS":    rsaKey(attackerRSAPEM),
		"ES256": ecKey(elliptic.P256(), 0x61),
		"ES384": ecKey(elliptic.P384(), 0x62),
		"ES512": ecKey(elliptic.P521(), 0x63),
		"EdDSA": ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x64}, ed25519.SeedSize)),
	}
})

// verificationKeys are the public keys of the readers.
var verificationKeys = sync.OnceValue(func() map[string]crypto.PublicKey { return publicKeys(privateKeys()) })

// strangers are public keys that no token is signed with.
var strangers = sync.OnceValue(func() map[string]crypto.PublicKey {
	block, _ := pem.Decode([]byte(strangerRSAPEM))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	keys := publicKeys(map[string]crypto.Signer{
		"ES256": ecKey(elliptic.P256(), 0x51),
		"ES384": ecKey(elliptic.P384(), 0x52),
		"ES512": ecKey(elliptic.P521(), 0x53),
		"EdDSA": ed25519.NewKeyFromSeed(bytes.Repeat([]byte{0x54}, ed25519.SeedSize)),
	})
	keys["RS"] = public
	return keys
})

func publicKeys(private map[string]crypto.Signer) map[string]crypto.PublicKey {
	public := map[string]crypto.PublicKey{}
	for family, key := range private {
		public[family] = key.Public()
	}
	return public
}

// family is the name under which an algorithm's key pair is kept.
func family(alg authstrategy.Algorithm) string {
	if alg == authstrategy.Ed25519 {
		return "EdDSA"
	}
	if strings.HasPrefix(string(alg), "RS") || strings.HasPrefix(string(alg), "PS") {
		return "RS"
	}
	return string(alg)
}

// key is what r's tokens are signed with: a secret or a private key.
func (r *Reader) key() any {
	if r.symmetric() {
		return []byte(hmacSecret)
	}
	return privateKeys()[family(r.Algorithm)]
}

// attacker is somebody else's private key for r's algorithm.
func (r *Reader) attacker() crypto.Signer { return attackers()[family(r.Algorithm)] }

// VerificationKey is what r's tokens are verified with: the secret's bytes or
// the standard library's public key.
func (r *Reader) VerificationKey() any {
	if private, ok := r.key().(crypto.Signer); ok {
		return private.Public()
	}
	return r.key()
}

func encodePublic(public crypto.PublicKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER(public)}))
}

func publicDER(public crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	return der
}

// ecKey returns the key whose private scalar is one byte repeated. (P-521's
// order is one bit longer than a whole number of bytes: its first byte is 0.)
func ecKey(curve elliptic.Curve, fill byte) *ecdsa.PrivateKey {
	scalar := bytes.Repeat([]byte{fill}, (curve.Params().BitSize+7)/8)
	if curve == elliptic.P521() {
		scalar[0] = 0
	}
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		panic(err)
	}
	return key
}

func rsaKey(text string) *rsa.PrivateKey {
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(*rsa.PrivateKey)
}

// hashOf is the hash an algorithm is named after.
func hashOf(alg authstrategy.Algorithm) crypto.Hash {
	switch string(alg[len(alg)-3:]) {
	case "256":
		return crypto.SHA256
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	}
	return 0 // EdDSA signs the message itself
}

func digestOf(hash crypto.Hash, input string) []byte {
	h := hash.New()
	h.Write([]byte(input))
	return h.Sum(nil)
}

// sign returns the signature of input as RFC 7518 §3 and RFC 8037 §3.1 have it.
// The key need not be one that the algorithm asks for.
func sign(alg authstrategy.Algorithm, key any, input string) []byte {
	hash := hashOf(alg)
	var signature []byte
	var err error
	switch key := key.(type) {
	case []byte:
		return mac(hash, key, input)
	case *rsa.PrivateKey:
		if strings.HasPrefix(string(alg), "PS") {
			return signPSS(key, hash, hash.Size(), input)
		}
		signature, err = rsa.SignPKCS1v15(nil, key, hash, digestOf(hash, input))
	case *ecdsa.PrivateKey:
		r, s := signECDSA(key, hash, input)
		return rawECDSA(r, s, key.Curve)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(input))
	default:
		panic("hostiletest: no key")
	}
	if err != nil {
		panic(err)
	}
	return signature
}

func mac(hash crypto.Hash, secret []byte, input string) []byte {
	h := hmac.New(hash.New, secret)
	h.Write([]byte(input))
	return h.Sum(nil)
}

func signPSS(key *rsa.PrivateKey, hash crypto.Hash, salt int, input string) []byte {
	signature, err := rsa.SignPSS(rand.Reader, key, hash, digestOf(hash, input), &rsa.PSSOptions{SaltLength: salt})
	if err != nil {
		panic(err)
	}
	return signature
}

// signECDSA signs without randomness (RFC 6979): every run has the same tokens.
func signECDSA(key *ecdsa.PrivateKey, hash crypto.Hash, input string) (r, s *big.Int) {
	der, err := key.Sign(nil, digestOf(hash, input), hash)
	if err != nil {
		panic(err)
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &signature); err != nil {
		panic(err)
	}
	return signature.R, signature.S
}

// rawECDSA is the signature of RFC 7518 §3.4: r and s, each as long as the
// curve's order.
func rawECDSA(r, s *big.Int, curve elliptic.Curve) []byte {
	size := (curve.Params().BitSize + 7) / 8
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

// TEST ONLY: published and worthless.
const rsaPEM = `
-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCrjI1qjj3FdW+B
6uoggHzFVej+TJ6pdkWtiCrLo4HQ4PZhPspO7AX9TMSGzykEmkI8sQic1YatFe2U
OakRQ4YrJPFOGWt/Si6FqeePFxcVFWfxgpBYh4j5Du6ChbYnqd3ZPctqwZU9/XZW
GsbeazLcy5OG5YYNYnLlvJLmdHJam+aebOi4A6Ky4GK2NK0K8pzBoXX/ztYuqNuf
pidq9/Dp24WyX1pRQkXKBNe0wKII6sif4XDMwBOvmCr1gbhjSRd5y+2Oq6Tzyq6U
0Hd2IBl/5rE5dNsRy9wS+XaUKjNgPjJ/W1POphPXDp7kuPI94zJLY+5Q5WqiKoxd
qd0Pu0mDAgMBAAECggEAC2pR6rpGYAJdhi6kn78NDnCWDX35vNsS7eY2utBJjiW6
H2R3P+MyztUx6qqUVysQp0s8gHsw+AmSgp+HoY91uR8/M2w7m//KsrhIoVvu/Ect
YIPIqStzsOcOdf8BzQffrFoRVCxHixV3r2kevKQzgT/GtF5HmlJnxOPUfqNXDLJh
EjSPW9oig1feA9pZK5aGGKep3AO9gN5nNbsIWCpcmw+XdDRUFxw3vtAWkvWgGtw2
kYng0PF5ReBSHZqesimbNHzCwT9qpcTaHl1xk1uqQSwEAKEQjupoCOQ06AWxx9+J
Zwzefe2/ypD4uw1PxyulBwfruPb+uLb7eGcUUE3/iQKBgQDnbCoi5bDSnI0ieyH1
AqH6Uj0SgHVFOnxAGFghBHwIIgKuvetafBxoNLTNxLAtbze5nR09mtlbiTif/7hS
6eSc6WV9VwNNJYpsT0lcWTv/YmHQb32N3IwP+kTDt1WInR8kf3doNLbpzaccV1MK
cK/0c3m+mqLWgtFDfSpPa41fHwKBgQC9xJF1jTO87BiWIN7iLzGZgH0Sct6sGN5a
XH8nfyf6iucS9d/vbdBnWvj1+eoeg7nm0H28kYKPkPEB1hpjQZuUGBASw1vNMvRd
FfIunRUVE5Ug2pMlDpELPhW+xAXuAGNAGMOaMX0uXLdx4Snc+NmIeQ4gZbzBky96
VxpeEe8dHQKBgQCsF3xSDRpr0+0ECirbRwTq4AL4YjxSqcZB55iJnQsbBSeXiDWf
SRHaz+7v4Wbdsonu5o4bBK7D6gwItyH7zmCp6soE5hLXaKZCGsfD+7upEyEH3hCw
0KP7MbG3FPtvJuBExOEnxaOLw9mUMr/W0KuYDdMn0VhsSkWReV9gReuQIwKBgDJW
96MwTt453xfMJnPnwweOTx9au3j5q9pamRx4HbnXqQ6djMbt4Y/ZURunLRTlKqZw
/jnMe87ryxMKobtcxxGVBIaFrk+TycD7tl/pKZOKu0+Yy9nTsGREFu6g/1WwYqO5
LgI0SJnI3Jzn9vv4Q3RxcG7lrhnHmpugiY0UwtJ9AoGBALxToy95bxt+Kzl90Kxo
nF/T4og1T9Ihatu317T9MYRcLS2kYcBwdkrLJapcXd1cZD0d9qHrQ1ghZyp3lSKF
fKHXWxQmUZcDyWLJNqvGDawv5Rfhrn/Zpf/o3eqXgM2m+ldl/73X0kHzAxZSUf0U
5wtLonoXLDsirzdbGE8G8Hlt
-----END PRIVATE KEY-----`

// TEST ONLY: published and worthless.
const attackerRSAPEM = `
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCiTA6blHrotxuO
loGoE/PQoc48nIIvw75+YN09Kv2/qEumPTz6WJQaT7uMQvHowviTLdUh9AWIYL1z
bEHnVaB6Bj/PPag1IMhvsXJxUZgbA/W0TR3O8fMA89WkhFcu4Kf5tCjYlWXzq2wM
AD/Hj+NlanC+BgZRuVSn23kQ63o8QM3jwzIzL6yPHbGp51vFFhxM7jt1XjWigdnW
ePwezIxGgB2EBwz7UwmMrLmjSmIhZwxCNXiZDVKY3xpxYuyuYhpFnsHcIJJ9gDbz
m8L8ohfzmzhqM4W28CcD3qWpUq4MVSN3kpG++Sjlxf4Cj4ZOSq9Dc6OoG5dsHxTK
kEUUA17zAgMBAAECggEACPdDrVOgEKAg/RkSc5sakpGFx7JrvMDHEss+HaV03DQr
bbUfW8Mt92AlP8PpAk9XFSZoilYlQhn6DVjTMTj5QxR6TPQeiUTU3drDNEBqMz/e
QIYsGeUi5BAUYuDOwi+2B+Tshr6GIdZ8AxO2cktgKBefv9esXLJs21MUFpuzpoVl
TapQiZNqWWYYaAFuwlRx/RffSDwmsLa99i0xixgK8DsKI5BKpzRKlyaJ6zYpKkHd
Rg4dZbeLqQTpPbuF1bPNv/8JlCaWubsuqe4dXWAEYCBW/Ndqf2JzVP6l+kgNj559
jA2x8vzPlIo/cDszY1wI+GAY//vm/3KGEDJ21H84hQKBgQDlD0fcraUPZDALCmSD
gcmzJTBL7arWiGODorK9w59OBZE7H6J97K94KiT0eqFJPhix1Jf6n/nZh084Fu/v
Jj4w1JdN8G+zimNyLSmE7mJ/ydMv5RhJHBYbp19ZsEofuir633DRwApC+/qZueFi
QOiy0x4BbbRQqm7QL7gCudv+vQKBgQC1YqH/TOhFyQBCz5qwrtTkFEWHKCSUvnMj
nbhVdR7jF1Kgu2eMcPaGAUMAUvlTH0PHtrxTB4o8iZ627Zw1aTIOk945d4FK+DW8
dYAvvOgcPIoMm7ReB1uIGEziMqidnf7xppMYcG/vrnt1FCJOcA/Vu3Ubl+wagPQT
n6anwDfHbwKBgQCG13wCWOZ2LRBrL28ES38lSpsn131eVWPftgNq2qIJGBXqrDDH
2HFjV8vxb89Kgpee9/uPumUmvRTRfA86xVSPAlcfto7LLohkSlnKu1qYx4LfCwpE
35fUJ69l6PV5v+pVTPvpPhfMXvGjVV1srbFOtCFRzfb8FZiuTakRUcBEMQKBgGAV
K3MtriypWPYLOwo00pkvE9WQsjAI4r0PI0JBlGb/R8nU+/ktLam2qWNWkLQzb5gv
eHsTF2sSC30jSQgR/W4zbhhK8bZg3TZDl++xxdKPTyF2qYjVpOrm1HNOGnvD4fTo
JCtiBCmW59cRH0slmX3CmzpOs8cmYCS1AXcDH4kJAoGAAQlhWAZ2yH+bIsoFnotg
1lKF/zIDOpbReXxEdkTy5NIxBqlI+Yv4S3sJ0DG6GdH7Xr4FOuf/QObkycfAR+Ok
/DWqgmTHrnUOZAKBFfJefAj2r0WUe07VR7LlVf9U2G1xJQga+HhhDmiNA300Yu+c
a/uUdmPW+K+lg41FoiM7ydE=
-----END PRIVATE KEY-----`

// TEST ONLY. Its private key was thrown away.
const strangerRSAPEM = `
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwqJLllsyNcSHqxvnf999
caQOvDqnp/e2FMi6yR8xieHMRuHDui2V5b7fgEsPEY1bzf1c9pZDZ3VpmTF29ee2
1Z9gK5PlMv/pgWlHcZwhHPp/0gIYuFxPXyb0VbPR4yNTSAF4ZyRIY8Wvcf+XYXru
cpaaKErFhgeMJisqZractIn74P9UY8DuHGi70cAVpSsaJSKn7KAHD9Tr3FI5jrYo
8leZ1NxJ+TCej5NdDUZ21InS6Yeu9aW4PFXvzTK6/+BhYKA/ZjSFosHwctI4XU1r
OUCKgCHTdfgLpqFSkeE2WN/QR8415NBj7GYUi0yCPLYRiptTtOTP9XfoaUj+i4ti
5wIDAQAB
-----END PUBLIC KEY-----`
