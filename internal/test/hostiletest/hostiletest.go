// Package hostiletest is a matrix of bad tokens, each with the rule it breaks and
// the one reason for which it must be refused, and of good tokens beside them
// that must be read. It is imported by tests and the benchmarks alone.
//
// Its tokens are put together from bytes written by hand and signed by the
// standard library, never by the package under test. Wherever the fault is not
// the signature, the signature is right: what refuses the token is the rule.
//
// Every key in here is published and worthless: test use only.
package hostiletest

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// A Row is one token and what becomes of it.
type Row struct {
	Class  string // the kind of fault, e.g. "header"
	Name   string // unique
	Rule   string // what the token breaks, or what allows it: RFC and section
	Reader *Reader
	Token  string

	// Want is the reason the token must get, an authstrategy.ErrToken…; nil
	// for a good token.
	Want error

	// Control is, for a bad token, one that differs only in being good.
	Control string

	// Stage is how far the token comes.
	Stage Stage
}

// A Stage is a part of reading. A token that is malformed can end in the first, or
// in the last; one that is unverifiable in the first, or in the second.
type Stage int

// The stages, in order.
const (
	AtHeader    Stage = iota // its form, size or header is refused
	AtKey                    // there is no key with its kid
	AtSignature              // its signature does not verify
	AtClaims                 // its signature verifies: its type or claims are refused, or it is good
)

// stageOf returns the stage that tokens of this reason end in, nil for good ones:
// nearly all of them.
func stageOf(class string, want error) Stage {
	switch want {
	case authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenUnverifiable:
		return AtHeader
	case authstrategy.ErrTokenMalformed:
		if class == "claims" {
			return AtClaims
		}
		return AtHeader
	case authstrategy.ErrTokenSignature:
		return AtSignature
	}
	return AtClaims
}

// Now is what the clock of every Reader says that has no Clock of its own.
var Now = time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)

// Now in seconds since 1970, and the exp of most tokens here: an hour later.
const (
	now = 1893456000
	exp = "1893459600"
)

// issuer is that of every Reader that asks for one.
const issuer = "https://issuer.example"

// A Reader is the set-up that a token is read with: a verifier's, so that a
// key pair's reader holds the public key alone.
type Reader struct {
	Name          string
	Algorithm     authstrategy.Algorithm
	KeyID         string   // "": any is accepted
	Audience      []string // nil: the default
	AudienceClaim string   // "": none stands in for aud
	Issuer        string   // "": none is asked for
	TokenType     string   // "": the default
	Leeway        time.Duration
	NoExpiration  bool
	MaxTokenSize  int       // 0: the default
	Clock         time.Time // zero: Now
}

// The readers. Those named after an algorithm have default options.
var (
	hs256 = &Reader{Name: "HS256", Algorithm: authstrategy.HS256}
	hs384 = &Reader{Name: "HS384", Algorithm: authstrategy.HS384}
	hs512 = &Reader{Name: "HS512", Algorithm: authstrategy.HS512}
	rs256 = &Reader{Name: "RS256", Algorithm: authstrategy.RS256}
	rs384 = &Reader{Name: "RS384", Algorithm: authstrategy.RS384}
	rs512 = &Reader{Name: "RS512", Algorithm: authstrategy.RS512}
	ps256 = &Reader{Name: "PS256", Algorithm: authstrategy.PS256}
	ps384 = &Reader{Name: "PS384", Algorithm: authstrategy.PS384}
	ps512 = &Reader{Name: "PS512", Algorithm: authstrategy.PS512}
	es256 = &Reader{Name: "ES256", Algorithm: authstrategy.ES256}
	es384 = &Reader{Name: "ES384", Algorithm: authstrategy.ES384}
	es512 = &Reader{Name: "ES512", Algorithm: authstrategy.ES512}
	eddsa = &Reader{Name: "EdDSA", Algorithm: authstrategy.EdDSA}

	// RFC 9864 calls EdDSA on Ed25519 by the name of the curve.
	curve25519 = &Reader{Name: "Ed25519", Algorithm: authstrategy.Ed25519}

	keyed    = &Reader{Name: "kid k1", Algorithm: authstrategy.HS256, KeyID: "k1"}
	keyedEd  = &Reader{Name: "kid k1, EdDSA", Algorithm: authstrategy.EdDSA, KeyID: "k1"}
	keyedISS = &Reader{Name: "kid k1, issuer", Algorithm: authstrategy.HS256, KeyID: "k1", Issuer: issuer}
	clientID = &Reader{Name: "client_id for aud", Algorithm: authstrategy.EdDSA, Issuer: issuer, Audience: []string{"app-1", "app-2"}, AudienceClaim: "client_id"}

	issued   = &Reader{Name: "issuer", Algorithm: authstrategy.HS256, Issuer: issuer}
	twoFor   = &Reader{Name: "two audiences", Algorithm: authstrategy.HS256, Audience: []string{"web", "api"}}
	accented = &Reader{Name: "audience café", Algorithm: authstrategy.HS256, Audience: []string{"caf\u00e9"}}
	typedAT  = &Reader{Name: "typ at+jwt", Algorithm: authstrategy.HS256, TokenType: "at+jwt"}
	typedSK  = &Reader{Name: "typ task+jwt", Algorithm: authstrategy.HS256, TokenType: "application/task+jwt"}
	lenient  = &Reader{Name: "leeway 1m", Algorithm: authstrategy.HS256, Leeway: time.Minute}
	forever  = &Reader{Name: "no expiration", Algorithm: authstrategy.HS256, NoExpiration: true}
	quarter  = &Reader{Name: "clock at .25", Algorithm: authstrategy.HS256, Clock: Now.Add(250 * time.Millisecond)}
	smallest = &Reader{Name: "limit 256", Algorithm: authstrategy.HS256, MaxTokenSize: 256}
	largest  = &Reader{Name: "limit 1 MiB", Algorithm: authstrategy.HS256, MaxTokenSize: 1 << 20}
)

// Algorithms returns a Reader with default options for each algorithm.
func Algorithms() []*Reader {
	return []*Reader{hs256, hs384, hs512, rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa, curve25519}
}

// A Strategy is what a Reader describes.
type Strategy = authstrategy.JWTStrategy[authstrategy.Subject]

// Strategy returns the strategy that r describes, with more options.
func (r *Reader) Strategy(more ...authstrategy.Option) (*Strategy, error) {
	return r.strategy(hmacSecret, verificationKeys(), more)
}

// Stranger returns the same strategy, but with a key that signed none of the tokens.
func (r *Reader) Stranger(more ...authstrategy.Option) (*Strategy, error) {
	return r.strategy(strangerSecret, strangers(), more)
}

// StrangerOf returns Stranger with another algorithm, that of a key pair.
func (r *Reader) StrangerOf(alg authstrategy.Algorithm, more ...authstrategy.Option) (*Strategy, error) {
	other := *r
	other.Algorithm = alg
	return other.Stranger(more...)
}

func (r *Reader) strategy(secret string, public map[string]crypto.PublicKey, more []authstrategy.Option) (*Strategy, error) {
	options := append(r.options(), more...)
	if r.KeyID != "" {
		options = append(options, authstrategy.WithKeyID(r.KeyID))
	}
	if r.symmetric() {
		return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(secret), options...)
	}
	pem := encodePublic(public[family(r.Algorithm)])
	return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, append(options, authstrategy.WithPublicKey(pem))...)
}

// options returns those that say nothing about keys.
func (r *Reader) options() []authstrategy.Option {
	options := []authstrategy.Option{authstrategy.WithAlgorithm(r.Algorithm), authstrategy.WithClock(r.Time)}
	if r.Audience != nil {
		options = append(options, authstrategy.WithAudience(r.Audience...))
	}
	if r.AudienceClaim != "" {
		options = append(options, authstrategy.WithAudienceClaim(r.AudienceClaim))
	}
	if r.Issuer != "" {
		options = append(options, authstrategy.WithIssuer(r.Issuer))
	}
	if r.TokenType != "" {
		options = append(options, authstrategy.WithTokenType(r.TokenType))
	}
	if r.Leeway != 0 {
		options = append(options, authstrategy.WithLeeway(r.Leeway))
	}
	if r.NoExpiration {
		options = append(options, authstrategy.WithoutExpiration())
	}
	if r.MaxTokenSize != 0 {
		options = append(options, authstrategy.WithMaxTokenSize(r.MaxTokenSize))
	}
	return options
}

// Time is what r's clock says.
func (r *Reader) Time() time.Time {
	if r.Clock.IsZero() {
		return Now
	}
	return r.Clock
}

// Good returns a token that r reads: its Algorithm's plainest, always the same.
func (r *Reader) Good() string {
	token, _ := goodTokens.LoadOrStore(r, sync.OnceValue(func() string { return r.mint(r.header(), r.claims()) }))
	return token.(func() string)()
}

var goodTokens sync.Map // by *Reader: signing anew for every row takes seconds

func (r *Reader) symmetric() bool { return strings.HasPrefix(string(r.Algorithm), "HS") }

// header returns the header of a good token.
func (r *Reader) header() members {
	typ := "JWT"
	if r.TokenType != "" {
		typ = r.TokenType
	}
	header := members{{"alg", quote(string(r.Algorithm))}, {"typ", quote(typ)}}
	if r.KeyID != "" {
		header = header.and("kid", quote(r.KeyID))
	}
	return header
}

// claims returns the claims of a good token.
func (r *Reader) claims() members {
	audience := []string{authstrategy.DefaultAudience}
	if r.Audience != nil {
		audience = r.Audience[:1]
	}
	claims := members{{"sub", `"user-1"`}, {"aud", "[" + quote(audience[0]) + "]"}, {"exp", exp}}
	if r.AudienceClaim != "" {
		claims[1].name, claims[1].value = r.AudienceClaim, quote(audience[0])
	}
	if r.Issuer != "" {
		claims = claims.with("iss", quote(r.Issuer))
	}
	return claims
}

// mint returns the token of header and claims, signed with r's key.
func (r *Reader) mint(header, claims fmt.Stringer) string {
	return r.seal(encode(header.String()), encode(claims.String()))
}

// seal signs two segments just as they stand.
func (r *Reader) seal(header, payload string) string {
	input := header + "." + payload
	return input + "." + encode(sign(r.Algorithm, r.key(), input))
}

// Respelled returns the row's token with a header, with claims, and with both,
// that mean the same in other bytes (by white space), signed anew. A reader that
// knows its own header and claims by sight has to look into these, and come to
// the same verdict. There are none for a token that has not the reader's own
// header, or no good signature, or no HMAC, and for one of class size: another
// spelling is longer.
func (row Row) Respelled() []string {
	r, segments := row.Reader, strings.Split(row.Token, ".")
	own := encode(r.header().String())
	if row.Class == "size" || !r.symmetric() || len(segments) != 3 || segments[0] != own || r.seal(own, segments[1]) != row.Token {
		return nil
	}
	header := encode(" " + r.header().String())
	claims, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil || encode(claims) != segments[1] || len(row.Token) > 8000 {
		return []string{r.seal(header, segments[1])}
	}
	spaced := encode(" " + string(claims))
	return []string{r.seal(header, segments[1]), r.seal(own, spaced), r.seal(header, spaced)}
}

// text is a JSON text, or something that is none.
type text string

func (t text) String() string { return string(t) }

// members is a JSON object in the making: names and raw JSON values in order.
// Neither is checked or escaped.
type members []struct{ name, value string }

// with returns a copy in which the first member of that name has the value;
// a name that is not there yet comes last.
func (m members) with(name, value string) members {
	result := append(members(nil), m...)
	for i := range result {
		if result[i].name == name {
			result[i].value = value
			return result
		}
	}
	return result.and(name, value)
}

// and returns a copy with one more member, whether or not it is there already.
func (m members) and(name, value string) members {
	return append(append(members(nil), m...), members{{name, value}}...)
}

// plus returns a copy with more members after its own.
func (m members) plus(more members) members {
	return append(append(members(nil), m...), more...)
}

// before returns a copy with one more member at the front.
func (m members) before(name, value string) members {
	return append(members{{name, value}}, m...)
}

// without returns a copy that lacks the members of that name.
func (m members) without(name string) members {
	var result members
	for _, member := range m {
		if member.name != name {
			result = append(result, member)
		}
	}
	return result
}

// rename returns a copy in which the member has another name.
func (m members) rename(from, to string) members {
	result := append(members(nil), m...)
	for i := range result {
		if result[i].name == from {
			result[i].name = to
		}
	}
	return result
}

func (m members) String() string {
	texts := make([]string, len(m))
	for i, member := range m {
		texts[i] = `"` + member.name + `":` + member.value
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// quote writes s, which must need no escape, as a JSON string.
func quote(s string) string { return `"` + s + `"` }

func encode[T ~string | ~[]byte](data T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(data))
}

// split returns a token's three segments.
func split(token string) [3]string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		panic("hostiletest: not a token of three segments: " + token)
	}
	return [3]string(parts)
}

// named is a token with what is wrong with it, for the lists in this package.
type named struct{ name, token string }

// A matrix collects the rows of one class.
type matrix struct {
	class string
	rows  []Row
}

// bad adds a row and returns it, for who knows its Stage better than stageOf.
func (m *matrix) bad(r *Reader, want error, rule, name, token, control string) *Row {
	if token == control {
		panic("hostiletest: " + name + " is the same as its control")
	}
	m.rows = append(m.rows, Row{m.class, m.class + ": " + name, rule, r, token, want, control, stageOf(m.class, want)})
	return &m.rows[len(m.rows)-1]
}

func (m *matrix) good(r *Reader, rule, name, token string) {
	m.rows = append(m.rows, Row{Class: m.class, Name: m.class + ": " + name, Rule: rule, Reader: r, Token: token, Stage: stageOf(m.class, nil)})
}

// Rows returns the whole matrix. The slice is shared: it is not to be changed.
var Rows = sync.OnceValue(func() []Row {
	classes := []struct {
		name string
		fill func(*matrix)
	}{
		{"algorithm", algorithmRows},
		{"base64url", base64urlRows},
		{"header", headerRows},
		{"key", keyRows},
		{"signature", signatureRows},
		{"claims", claimsRows},
		{"order", orderRows},
		{"size", sizeRows},
	}
	var rows []Row
	for _, class := range classes {
		m := &matrix{class: class.name}
		class.fill(m)
		rows = append(rows, m.rows...)
	}
	return rows
})
