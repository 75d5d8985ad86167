package conformance

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy/jwks"
	"github.com/go-jose/go-jose/v4"
	jwx "github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A readKey is a key that a library reads out of a JWK.
type readKey struct {
	id, alg string
	public  crypto.PublicKey
}

func (k readKey) equal(other readKey) bool {
	return k.id == other.id && k.alg == other.alg && samePublic(k.public, other.public)
}

// A peer reads a JWK, and a JWK Set. A key that is not public counts as refused: no
// library is asked here to verify with one.
type peer struct {
	name string
	key  func(text []byte) (readKey, error)
	set  func(text []byte) ([]readKey, error)
}

var errNotPublic = errors.New("the key that was read is not public")

var peers = []peer{{"go-jose", goJoseKey, goJoseSet}, {"jwx", jwxKey, jwxSet}}

func goJoseKey(text []byte) (readKey, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(text, &key); err != nil {
		return readKey{}, err
	}
	if !key.Valid() || !key.IsPublic() {
		return readKey{}, errNotPublic
	}
	return readKey{key.KeyID, key.Algorithm, key.Key}, nil
}

func goJoseSet(text []byte) ([]readKey, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	var keys []readKey
	for _, key := range set.Keys {
		if !key.Valid() || !key.IsPublic() {
			return nil, errNotPublic
		}
		keys = append(keys, readKey{key.KeyID, key.Algorithm, key.Key})
	}
	return keys, nil
}

func jwxKey(text []byte) (readKey, error) {
	key, err := jwx.ParseKey(text)
	if err != nil {
		return readKey{}, err
	}
	return fromJWX(key)
}

func jwxSet(text []byte) ([]readKey, error) {
	set, err := jwx.Parse(text)
	if err != nil {
		return nil, err
	}
	var keys []readKey
	for i := range set.Len() {
		key, _ := set.Key(i)
		read, err := fromJWX(key)
		if err != nil {
			return nil, err
		}
		keys = append(keys, read)
	}
	return keys, nil
}

func fromJWX(key jwx.Key) (readKey, error) {
	if err := key.Validate(); err != nil {
		return readKey{}, err
	}
	var raw any
	if err := jwx.Export(key, &raw); err != nil {
		return readKey{}, err
	}
	if _, private := raw.(interface{ Public() crypto.PublicKey }); private {
		return readKey{}, errNotPublic
	}
	if _, public := raw.(interface{ Equal(crypto.PublicKey) bool }); !public {
		return readKey{}, errNotPublic
	}
	id, _ := key.KeyID()
	alg := ""
	if algorithm, ok := key.Algorithm(); ok {
		alg = algorithm.String()
	}
	return readKey{id, alg, raw}, nil
}

// readByParse reads a set with Parse.
func readByParse(text []byte) ([]readKey, error) {
	source, err := jwks.Parse(text)
	if err != nil {
		return nil, err
	}
	found, err := source.PublicKeys(context.Background(), "")
	if err != nil {
		return nil, err
	}
	var keys []readKey
	for _, key := range found {
		keys = append(keys, readKey{key.ID(), string(key.Algorithm()), key.Key()})
	}
	return keys, nil
}

// A difference is one between Parse and its peers that is as it should be.
type difference struct {
	peer    string // "" stands for both
	accepts bool   // whether it is Parse that takes the key
	text    string // in the error of the one that refuses it
	why     string
}

const (
	takes   = true
	refuses = false
)

const hugeExponent = "bits; 31 are the most"

// differences are tried in order.
var differences = []difference{
	{"", refuses, "the same member twice", "readers disagree on which of two members counts, so none does"},
	{"", refuses, "it is not valid JSON", "it is no UTF-8, or has half of a surrogate pair (RFC 8259 §8.1, §8.2)"},
	{"", refuses, "holds a private or symmetric key inside", "somebody published more than a public key"},
	{"", refuses, "is a private or symmetric key", "a private member counts by its presence, also with null, or with a kty that does not define it"},
	{"", refuses, "requires a key of type", "its alg is for another type of key"},
	{"", refuses, "requires P-", "its alg is for another curve (RFC 7518 §3.4)"},
	{"", refuses, "requires an RSA key of 2048 to", "RFC 7518 §3.3 wants 2048 bits; more than 16384 cost too much time"},
	{"", refuses, "is a broken RSA key", "an even modulus, or an exponent that is even or less than 3, signs nothing"},
	{"", refuses, "is no algorithm of key pairs", "its alg is HS256"},
	{"", refuses, "is no point of the curve", "crypto/ed25519 verifies nothing with it"},
	{"jwx", refuses, "is a point of small order", "anyone can sign under it; go-jose refuses it, too"},
	{"", refuses, "has a key_ops", "it is not there to verify (RFC 7517 §4.3)"},
	{"", refuses, "has a kid that is no string", "null is no absent kid"},
	{"go-jose", refuses, "has a member alg that is no string", "null is no absent alg; jwx refuses it, too"},
	{"", refuses, "has a member use that is no string", "null is no absent use"},
	{"", refuses, "has the alg", "it is none of the algorithms that a strategy can have"},
	{"", refuses, "has the use", "it is not there to verify (RFC 7517 §4.2)"},
	{"", refuses, hugeExponent, "the exponent fits no int of 32 bits, as on some machines"},
	{"", refuses, "has an x5c that is no array", "an x5c without a certificate does not hold the key (RFC 7517 §4.7)"},
	{"jwx", refuses, "holds another key", "RFC 7517 §4.7 wants the same key; go-jose refuses it, too"},
	{"jwx", refuses, "has the crv", "keys of X25519 are for key agreement"},
	{"", refuses, "canonical base64url without padding", "RFC 7515 §2 knows neither padding, + and /, line ends, nor bits that are not used"},

	{"go-jose", takes, "failed to unmarshal x5c field", "only the first certificate of x5c counts"},
	{"jwx", takes, "failed to decode certificate at index 1", "only the first certificate of x5c counts"},
	{"go-jose", takes, "invalid JWK, x5t", "a thumbprint of a certificate decides on nothing here"},
	{"go-jose", takes, "RSA modulus size", "go-jose takes 4096 bits at most"},
	{"go-jose", takes, "into Go value of type string", "x5t and x5u decide on nothing here, and of key_ops only verify does"},
	{"jwx", takes, "failed to decode value for key x5", "x5t and x5u decide on nothing here"},
	{"jwx", takes, "failed to decode value for key key_ops", "of key_ops only verify decides on anything"},
	{"jwx", takes, "cannot unmarshal number 1e999", "a member that means nothing may hold any number"},
	{"jwx", takes, "required field d is missing", "jwx takes D for d; names differ by case (RFC 7517 §4)"},
	{"jwx", takes, "invalid key type from JSON", "jwx takes Kty for kty"},
	{"jwx", takes, "failed to probe data", "jwx takes Kty for kty"},
}

// explain counts a difference. One that has no explanation fails the test.
func explain(t *testing.T, counts []int, peer string, parseErr, peerErr error, text string) {
	t.Helper()
	refusal := errors.Join(parseErr, peerErr).Error() // one of them is nil
	for i, d := range differences {
		if (d.peer == "" || d.peer == peer) && d.accepts == (parseErr == nil) && strings.Contains(refusal, d.text) {
			counts[i]++
			return
		}
	}
	t.Errorf("%s and Parse differ: %s says %v, Parse says %v, of %s", peer, peer, peerErr, parseErr, text)
}

// A verdict is what a library says of one JWK.
type verdict struct {
	keys []readKey // one, or none
	err  error
}

// TestParseAndItsPeers reads some thousand sets, and each of their keys alone, with
// Parse, go-jose and jwx. Where they differ, the reason is one of differences.
func TestParseAndItsPeers(t *testing.T) {
	const sets = 2500 // in some seconds
	g := newGenerator(t, 11)
	counts := make([]int, len(differences))
	keys, agreed, taken := 0, 0, 0
	for range sets {
		var texts []string
		verdicts := map[string][]verdict{} // by the name of the library
		for range 1 + g.IntN(3) {
			text := g.element().write(g.Rand)
			texts = append(texts, text)
			keys++
			read, err := readByParse([]byte(`{"keys":[` + text + `]}`))
			verdicts["Parse"] = append(verdicts["Parse"], verdict{read, err})
			same := true
			for _, peer := range peers {
				theirs, theirErr := peer.key([]byte(text))
				verdicts[peer.name] = append(verdicts[peer.name], verdict{[]readKey{theirs}, theirErr})
				if (err == nil) != (theirErr == nil) {
					same = false
					explain(t, counts, peer.name, err, theirErr, text)
				} else if err == nil {
					require.True(t, read[0].equal(theirs), "%s reads %v, Parse %v, from %s", peer.name, theirs, read[0], text)
				}
			}
			if same {
				agreed++
			}
			if err == nil {
				taken++
			}
		}
		checkSet(t, `{"foo":[1e9,{}],"keys":[`+strings.Join(texts, ",")+`]}`, verdicts)
	}
	for i, d := range differences {
		t.Logf("%5d %v", counts[i], d)
		if d.text == hugeExponent && strconv.IntSize == 32 {
			continue // the peers, which have an int too, refuse it there
		}
		assert.NotZero(t, counts[i], "there is no such difference any more: %v", d)
	}
	assert.Greater(t, agreed, keys/2)
	assert.Greater(t, taken, keys/3)
	t.Logf("%d sets with %d keys: Parse takes %d, all agree on %d", sets, keys, taken, agreed)
}

// checkSet reads a set as a whole. What a library makes of it follows from what it
// said of each key alone: Parse leaves out what it cannot use, and refuses a set
// with a private key, or that is no strict JSON; its peers refuse a set for the
// first key that they do not read.
func checkSet(t *testing.T, text string, verdicts map[string][]verdict) {
	t.Helper()
	read := map[string]func([]byte) ([]readKey, error){"Parse": readByParse}
	for _, peer := range peers {
		read[peer.name] = peer.set
	}
	for name, read := range read {
		var want []readKey
		refused := false
		for _, v := range verdicts[name] {
			if v.err == nil {
				want = append(want, v.keys...)
			} else if name != "Parse" || !strings.Contains(v.err.Error(), "it has no usable key among 1\n") {
				refused = true
			}
		}
		got, err := read([]byte(text))
		if refused || len(want) == 0 {
			assert.Error(t, err, "%s: %s", name, text)
			continue
		}
		require.NoError(t, err, "%s: %s", name, text)
		assert.True(t, slices.EqualFunc(want, got, readKey.equal), "%s reads other keys from the set than from its elements: %s", name, text)
	}
}

// TestSetsAndTheirPeers has what can be odd about a set itself.
func TestSetsAndTheirPeers(t *testing.T) {
	key := keyTexts(t)["RFC 8037 A.2"]
	for _, tt := range []struct {
		text               string
		parse, goJose, jwx bool
		why                string
	}{
		{`{"keys":[` + key + `]}`, takes, takes, takes, ""},
		{" \t\r\n{\"\\u006beys\":[" + key + "]} \n", takes, takes, takes, ""},
		{`{"keys":[` + key + `],"foo":1e999}`, takes, takes, refuses, "a member that means nothing may hold any number"},
		{`{"keys":[` + key + `,` + key + `]}`, takes, takes, takes, ""},
		{key, takes, takes, takes, ""}, // go-jose takes it for a set without keys,
		{`{"Keys":[` + key + `]}`, refuses, takes, refuses, "encoding/json, which reads the set for go-jose, does not heed case"},
		{`{"keys":[` + key + `],"keys":[` + key + `]}`, refuses, takes, takes, "of two members with one name, which counts?"},
		{`{"keys":[` + key + `],"foo":1,"foo":1}`, refuses, takes, takes, "of two members with one name, which counts?"},
		{`{"keys":[` + key + `],"foo":[` + keyTexts(t)["RFC 8037 A.1"] + `]}`, refuses, takes, takes, "a private key beside the keys"},
		{`{"keys":[` + key + `],"foo":"` + "\xff" + `"}`, refuses, takes, takes, "no UTF-8"},
		{"\ufeff" + `{"keys":[` + key + `]}`, refuses, refuses, refuses, ""},
		{`{"keys":[` + key + `]}{}`, refuses, refuses, refuses, ""},
		{`{"keys":[` + key + `]`, refuses, refuses, refuses, ""},
		{`{"keys":[` + key + `,]}`, refuses, refuses, refuses, ""},
		{`{"keys":` + key + `}`, refuses, refuses, refuses, ""},
		{`[` + key + `]`, refuses, refuses, refuses, ""},
		{`{"keys":[]}`, refuses, takes, takes, "a set without a key verifies nothing"},
		{`{"keys":null}`, refuses, takes, refuses, "null is no array"},
		{`{}`, refuses, takes, refuses, "without keys it is no set"},
		{`null`, refuses, takes, refuses, "null is no object"},
		{``, refuses, refuses, refuses, ""},
	} {
		_, err := readByParse([]byte(tt.text))
		assert.Equal(t, tt.parse, err == nil, "Parse: %v, of %s", err, tt.text)
		agree := true
		for i, want := range []bool{tt.goJose, tt.jwx} {
			_, err := peers[i].set([]byte(tt.text))
			assert.Equal(t, want, err == nil, "%s: %v, of %s", peers[i].name, err, tt.text)
			agree = agree && want == tt.parse
		}
		assert.Equal(t, agree, tt.why == "", "a difference has a reason, and nothing else has one: %s", tt.text)
	}
}
