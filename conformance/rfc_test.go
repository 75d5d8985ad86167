package conformance

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/jws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An example is one section of an RFC, as transcribed in ../testdata/rfc.
type example struct {
	Section    string
	Title      string
	Payload    string
	Signatures []struct {
		Alg string
		Key jwk
	}

	Compact   string
	General   json.RawMessage
	Flattened json.RawMessage
}

// jsonJWS is either of the JSON serializations (RFC 7515 §7.2).
type jsonJWS struct {
	Signatures []jsonSignature
	jsonSignature
}

type jsonSignature struct{ Protected, Signature string }

func examples(t *testing.T, name string) []example {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "rfc", name))
	require.NoError(t, err)
	var file struct{ Examples []example }
	require.NoError(t, json.Unmarshal(data, &file))
	require.NotEmpty(t, file.Examples)
	return file.Examples
}

// TestRFCExamples reads the examples of the RFCs. A JSON serialization is
// refused as it stands; what it has of protected headers and signatures makes
// compact tokens, which are read.
func TestRFCExamples(t *testing.T) {
	for _, file := range []struct {
		name           string
		opened, closed int // so many tokens are read, and refused
	}{
		{"rfc7515.json", 7, 4},
		{"rfc7520.json", 19, 19},
	} {
		t.Run(file.name, func(t *testing.T) {
			opened, closed := 0, 0
			open := func(t *testing.T, e example, i int, token string) {
				t.Helper()
				requireOpens(t, e, i, token)
				opened++
			}
			refuse := func(t *testing.T, e example, token string) {
				t.Helper()
				requireMalformed(t, e, token)
				closed++
			}
			for _, e := range examples(t, file.name) {
				t.Run(e.Section+" "+e.Title, func(t *testing.T) {
					header, rest, _ := strings.Cut(e.Compact, ".")
					payload, signature, _ := strings.Cut(rest, ".")
					switch {
					case e.Compact == "":
					case signature == "": // unsecured
						refuse(t, e, e.Compact)
					case payload == "": // detached
						refuse(t, e, e.Compact)
						open(t, e, 0, e.compact(header, signature))
					default:
						open(t, e, 0, e.Compact)
					}
					for _, serialization := range []json.RawMessage{e.General, e.Flattened} {
						if len(serialization) == 0 {
							continue
						}
						refuse(t, e, string(serialization))
						var whole jsonJWS
						require.NoError(t, json.Unmarshal(serialization, &whole))
						if len(whole.Signatures) == 0 {
							whole.Signatures = []jsonSignature{whole.jsonSignature}
						}
						require.Len(t, whole.Signatures, len(e.Signatures))
						for i, s := range whole.Signatures {
							token := e.compact(s.Protected, s.Signature)
							if s.Protected == "" { // no alg that the signature covers
								refuse(t, e, token)
							} else {
								open(t, e, i, token)
							}
						}
					}
				})
			}
			assert.Equal(t, file.opened, opened, "tokens that are read")
			assert.Equal(t, file.closed, closed, "tokens that are refused")
		})
	}
}

// compact makes a token of the example's payload.
func (e example) compact(protected, signature string) string {
	return protected + "." + base64.RawURLEncoding.EncodeToString([]byte(e.Payload)) + "." + signature
}

// open opens a token by the example's key number i.
func (e example) open(i int, token string) ([]byte, error) {
	return e.Signatures[i].Key.open(e.Signatures[i].Alg, token)
}

// requireOpens fails unless the token is read with key number i, and refused
// when another payload is put into it.
func requireOpens(t *testing.T, e example, i int, token string) {
	t.Helper()
	payload, err := e.open(i, token)
	require.NoError(t, err)
	require.Equal(t, e.Payload, string(payload))

	other := e
	other.Payload += " "
	header, rest, _ := strings.Cut(token, ".")
	_, signature, _ := strings.Cut(rest, ".")
	payload, err = e.open(i, other.compact(header, signature))
	require.ErrorIs(t, err, jws.ErrSignature)
	require.Empty(t, payload)
}

// requireMalformed fails unless every key of the example refuses the token.
// One without a key is read with that of RFC 7515 A.1.
func requireMalformed(t *testing.T, e example, token string) {
	t.Helper()
	if len(e.Signatures) == 0 {
		e.Signatures = examples(t, "rfc7515.json")[0].Signatures
	}
	for i := range e.Signatures {
		payload, err := e.open(i, token)
		require.ErrorIs(t, err, jws.ErrMalformed)
		require.Empty(t, payload)
	}
}

// TestRFCTokens reads RFC 7515's three JWTs with the public package, a second
// before they expire. They have no aud, and to be told so is to be told that
// the signature is right.
func TestRFCTokens(t *testing.T) {
	tokens := examples(t, "rfc7515.json")[:3]
	for _, e := range tokens {
		t.Run(e.Section, func(t *testing.T) {
			key := e.Signatures[0].Key
			options := []authstrategy.Option{
				authstrategy.WithAlgorithm(authstrategy.Algorithm(e.Signatures[0].Alg)),
				authstrategy.WithIssuer("joe"),
				authstrategy.WithClock(func() time.Time { return time.Unix(1300819379, 0) }),
			}
			var secret authstrategy.Secret
			if key.Kty == "oct" {
				secret = authstrategy.NewSecret(string(bytesOf(key.K)))
			} else {
				options = append(options, authstrategy.WithPublicKey(key.pem()))
			}
			strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](secret, options...)
			require.NoError(t, err)
			_, err = strategy.ReadClaims(t.Context(), e.Compact)
			require.ErrorIs(t, err, authstrategy.ErrTokenAudience)

			header, rest, _ := strings.Cut(e.Compact, ".")
			_, signature, _ := strings.Cut(rest, ".")
			e.Payload += " "
			_, err = strategy.ReadClaims(t.Context(), e.compact(header, signature))
			require.ErrorIs(t, err, authstrategy.ErrTokenSignature)
		})
	}
}
