package hostiletest

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/go-authstrategy/authstrategy"
)

// A Source is an authstrategy.KeySource that writes down what it is asked for. It
// is for one goroutine.
type Source struct {
	Asked []string // the kids

	kid  string // of the keys; "": they are for every token
	keys []*authstrategy.PublicKey
}

// PublicKeys returns the keys, or nothing for the kid of another.
func (s *Source) PublicKeys(_ context.Context, kid string) ([]*authstrategy.PublicKey, error) {
	s.Asked = append(s.Asked, kid)
	if s.kid != "" && kid != "" && kid != s.kid {
		return nil, nil
	}
	return s.keys, nil
}

// SourceStrategy returns the strategy that r describes, with more options, but with
// the keys of the source in place of its own. r is the Reader of a row that ForSource
// returned. The source minds the kid, also where r has a KeyID.
func (r *Reader) SourceStrategy(source authstrategy.KeySource, more ...authstrategy.Option) (*Strategy, error) {
	options := append(append(r.options(), authstrategy.WithKeySource(source)), more...)
	return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, options...)
}

// Source returns one that has r's key in the middle of those of WrongSource.
func (r *Reader) Source() *Source {
	wrong := r.WrongSource().keys
	own := newPublicKey(r.KeyID, "", verificationKeys()[family(r.Algorithm)])
	return &Source{kid: r.KeyID, keys: slices.Insert(wrong, len(wrong)/2, own)}
}

// WrongSource returns one whose keys sign none of r's tokens: a stranger's of the
// same algorithm, strangers' of every other type, r's own for another algorithm
// where there is one, and some that are none.
func (r *Reader) WrongSource() *Source {
	keys := []*authstrategy.PublicKey{nil, newPublicKey(r.KeyID, r.Algorithm, strangers()[family(r.Algorithm)]), {}}
	for _, other := range []authstrategy.Algorithm{authstrategy.RS256, authstrategy.PS384, authstrategy.ES256, authstrategy.ES384, authstrategy.ES512, authstrategy.Ed25519} {
		if family(other) != family(r.Algorithm) {
			keys = append(keys, newPublicKey(r.KeyID, "", strangers()[family(other)]))
		} else if other != r.Algorithm && family(other) == "RS" {
			keys = append(keys, newPublicKey(r.KeyID, other, verificationKeys()["RS"]))
		}
	}
	return &Source{kid: r.KeyID, keys: append(keys, nil, &authstrategy.PublicKey{})}
}

func newPublicKey(id string, alg authstrategy.Algorithm, key crypto.PublicKey) *authstrategy.PublicKey {
	public, err := authstrategy.NewPublicKey(id, alg, key)
	if err != nil {
		panic(err)
	}
	return public
}

// KeyID returns the kid in the header of the token, which is well-formed; "": none.
func (row Row) KeyID() string { return row.textInHeader("kid") }

// ReachesSignature reports whether a reader with the options of the row's own, but
// of another algorithm, looks at the signature of the token, whose header is
// well-formed.
func (row Row) ReachesSignature(alg authstrategy.Algorithm) bool {
	header := membersOf(split(row.Token)[0])
	for _, member := range []string{"crit", "b64", "enc", "zip", "cty"} {
		if _, has := header[member]; has {
			return false
		}
	}
	if row.Reader.KeyID != "" && row.KeyID() != "" && row.KeyID() != row.Reader.KeyID {
		return false
	}
	named := authstrategy.Algorithm(row.textInHeader("alg"))
	return named == alg || family(named) == "EdDSA" && family(alg) == "EdDSA"
}

func (row Row) textInHeader(name string) string {
	var text string
	json.Unmarshal(membersOf(split(row.Token)[0])[name], &text)
	return text
}

// ForSource returns the row for a Reader with a KeySource, with the same fault or
// none, and the same reason. Such a Reader has an algorithm of key pairs, and an
// issuer: what the row's own Reader lacks of these is put into the token. There is
// no such row if the token would then be too long, if it would no longer have its
// fault, or the spelling that it is there for. The Control is "" if that holds for
// the control.
func (row Row) ForSource() (Row, bool) {
	derived := row
	derived.Reader = row.Reader.forSource()
	if derived.Reader == row.Reader {
		return row, true
	}
	if !row.fitsSource() {
		return Row{}, false
	}
	derived.Token = row.tokenForSource()
	if row.Want != authstrategy.ErrTokenTooLarge && len(derived.Token) > derived.Reader.maxTokenSize() {
		return Row{}, false
	}
	if row.Want != nil {
		derived.Control = row.controlForSource()
	}
	return derived, true
}

// controlForSource returns the control with the algorithm and the issuer of the
// Reader that has a source; "": there is none.
func (row Row) controlForSource() string {
	type control struct {
		reader *Reader
		token  string
	}
	derive := sync.OnceValue(func() string {
		derived, _ := Row{Class: row.Class, Reader: row.Reader, Token: row.Control, Stage: AtClaims}.ForSource()
		return derived.Token
	})
	token, _ := sourceControls.LoadOrStore(control{row.Reader, row.Control}, derive)
	return token.(func() string)()
}

var (
	sourceControls sync.Map // by reader and token: many rows share a control
	sourceReaders  sync.Map // by *Reader: so that each is made once, and its strategy with it
)

func (r *Reader) forSource() *Reader {
	if !r.symmetric() && r.Issuer != "" {
		return r
	}
	derived := *r
	derived.Name += ", with a source"
	derived.Issuer = issuer
	if r.symmetric() {
		derived.Algorithm = authstrategy.ES256 // fast to sign and to verify, also with the race detector
	}
	actual, _ := sourceReaders.LoadOrStore(r, &derived)
	return actual.(*Reader)
}

func (r *Reader) maxTokenSize() int {
	if r.MaxTokenSize == 0 {
		return maxToken
	}
	return r.MaxTokenSize
}

// fitsSource reports whether the token keeps its fault, or stays good, with another
// algorithm and an issuer.
func (row Row) fitsSource() bool {
	if row.Class == "signature" && row.Want == nil {
		return false // it is about the signature's bytes
	}
	segments := strings.Split(row.Token, ".")
	if len(segments) != 3 {
		return true // refused, whatever the reader
	}
	if row.Reader.symmetric() && !row.keepsAlgorithmFault(segments[0]) {
		return false
	}
	if row.Stage < AtClaims || row.Want == authstrategy.ErrTokenMalformed || row.Want == authstrategy.ErrTokenType {
		return true
	}
	iss, has := membersOf(segments[1])["iss"]
	return row.Reader.Issuer != "" || !has || string(iss) == quote(issuer)
}

// keepsAlgorithmFault reports whether an alg that is wrong stays wrong, and one that
// is right becomes that of the Reader with a source, which one with escapes does not.
func (row Row) keepsAlgorithmFault(header string) bool {
	alg := strings.Trim(string(membersOf(header)["alg"]), `"`)
	if row.Stage > AtHeader {
		return alg == string(row.Reader.Algorithm)
	}
	return row.Want != authstrategy.ErrTokenUnverifiable || alg != string(row.Reader.forSource().Algorithm)
}

// tokenForSource returns the token with the algorithm and the issuer of the Reader
// that has a source. It is signed anew if it was well signed. A signature that was
// none is none for the changed token either.
func (row Row) tokenForSource() string {
	r, derived := row.Reader, row.Reader.forSource()
	segments := strings.Split(row.Token, ".")
	if len(segments) != 3 || (!r.symmetric() && row.Stage < AtClaims) {
		return row.Token // refused before anybody asks for the issuer
	}
	header, payload := segments[0], segments[1]
	if r.symmetric() {
		header = change(header, func(text string) string {
			return strings.ReplaceAll(text, quote(string(r.Algorithm)), quote(string(derived.Algorithm)))
		})
	}
	if _, has := membersOf(payload)["iss"]; !has && r.Issuer == "" {
		payload = change(payload, withIssuer)
	}
	if row.Stage == AtClaims || (r.symmetric() && r.seal(segments[0], segments[1]) == row.Token) {
		return derived.seal(header, payload)
	}
	return header + "." + payload + "." + segments[2]
}

// withIssuer returns the text of claims with an iss at the front. What is no object
// stays as it is.
func withIssuer(claims string) string {
	const space = " \t\r\n"
	before, inner, found := strings.Cut(claims, "{")
	if !found || strings.Trim(before, space) != "" {
		return claims
	}
	iss := `"iss":` + quote(issuer)
	if !strings.HasPrefix(strings.TrimLeft(inner, space), "}") {
		iss += ","
	}
	return before + "{" + iss + inner
}

// change applies f to the text of a segment. What is no canonical base64url stays as
// it is: that is its fault.
func change(segment string, f func(string) string) string {
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil || encode(text) != segment {
		return segment
	}
	return encode(f(string(text)))
}

// membersOf returns the members of the object in a segment; none if it is no object.
func membersOf(segment string) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	text, _ := base64.RawURLEncoding.DecodeString(segment)
	json.Unmarshal(text, &members)
	return members
}
