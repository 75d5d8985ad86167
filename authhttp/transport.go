package authhttp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// A Transport carries a token between client and service. [Bearer] and [Cookie]
// are two; others can be written. Its methods are safe for concurrent use.
type Transport interface {
	// Token returns the token of the request, or "" if the request carries none.
	// It fails with an error that matches ErrMalformedRequest if the request
	// carries something else in the token's place, or more than one token; and with
	// ErrCrossOrigin if the token must not be used for this request. It may be
	// called more than once for a request.
	Token(r *http.Request) (string, error)

	// Write adds the headers that hand a new token over to the client, such as a
	// Set-Cookie. It writes no status and no body. A lifetime of 0 is unknown, or
	// the token never expires. If it fails, w is untouched.
	Write(w http.ResponseWriter, r *http.Request, token string, lifetime time.Duration) error

	// Body returns what a log-in answers, to be encoded as JSON, with the status
	// 200; nil: nothing, with the status 204.
	Body(token string, lifetime time.Duration) any

	// Clear adds the headers that make the client forget the token. It fails with
	// ErrCrossOrigin if this request must not do so. If it fails, w is untouched.
	Clear(w http.ResponseWriter, r *http.Request) error

	// Challenge returns the WWW-Authenticate header of a refusal (RFC 9110
	// §11.6.1), without an error parameter: `Bearer realm="api"`. "": there is none.
	// Basic and Digest, which make browsers open a dialog, are an error of New, and
	// so is Bearer without a parameter (RFC 6750 §3).
	Challenge() string

	// Header names the request header that carries the token, for Vary. "Cookie"
	// brings the rules for cookies: an answer to the user is Cache-Control: private,
	// and [Auth.Optional] lets a refused token pass as none. "Authorization" brings
	// the rule for bearer tokens: a 403 has their challenge.
	Header() string
}

// Bearer carries the token in the Authorization header, as RFC 6750 §2.1 has it.
// A log-in answers {"access_token":"…","token_type":"bearer","expires_in":3600}
// (RFC 6749 §5.1), without expires_in where the lifetime is unknown.
//
// Another scheme, or nothing after the scheme, is no token. Two Authorization
// headers, or a value after Bearer that is not one b64token, are
// [ErrMalformedRequest]: a proxy before the service may have looked at the other.
type Bearer struct {
	// Realm is the realm of the challenge; "" means "api". Control characters other
	// than tab are an error.
	Realm string
}

// Token returns the token of the one Authorization header.
func (b Bearer) Token(r *http.Request) (string, error) {
	if err := b.check(); err != nil {
		return "", err
	}
	if count := len(r.Header["Authorization"]); count > 1 {
		return "", fmt.Errorf("%w: it has %d Authorization headers; send one", ErrMalformedRequest, count)
	}
	name, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(name, "Bearer") || token == "" {
		return "", nil
	}
	if !isB64Token(token) {
		return "", fmt.Errorf("%w: what follows Bearer in its Authorization header is not one token (RFC 6750 §2.1)", ErrMalformedRequest)
	}
	return token, nil
}

// Write adds nothing: the token is in the body.
func (b Bearer) Write(http.ResponseWriter, *http.Request, string, time.Duration) error {
	return b.check()
}

// Body returns an access token response.
func (b Bearer) Body(token string, lifetime time.Duration) any {
	return accessToken{token, "bearer", seconds(lifetime)}
}

type accessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in,omitempty"`
}

// Clear adds nothing: the client forgets the token by itself.
func (b Bearer) Clear(http.ResponseWriter, *http.Request) error { return b.check() }

// Challenge returns Bearer with the realm as a quoted string (RFC 9110 §5.6.4).
func (b Bearer) Challenge() string {
	return `Bearer realm="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(cmp.Or(b.Realm, "api")) + `"`
}

// Header returns "Authorization".
func (b Bearer) Header() string { return "Authorization" }

func (b Bearer) check() error {
	var m mistakes
	m.add(hasControls(b.Realm), "Bearer: the Realm has control characters; remove them")
	return errors.Join(m...)
}

// isB64Token reports whether text is a b64token (RFC 6750 §2.1), as every token
// of a JWTStrategy is.
func isB64Token(text string) bool {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
	padding := strings.TrimLeft(text, characters)
	return len(padding) < len(text) && strings.Trim(padding, "=") == ""
}

// hasControls reports whether text has a control character other than tab, which
// no header can hold.
func hasControls(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// seconds rounds a lifetime up to whole seconds, since a client that forgets a
// token early logs in early; 0 for none.
func seconds(lifetime time.Duration) int64 {
	const second = uint64(time.Second)
	return int64((uint64(max(lifetime, 0)) + second - 1) / second) // a Duration would overflow
}

// dialogPattern finds the challenges that make browsers ask for a password, also
// behind another one.
var dialogPattern = regexp.MustCompile(`(?i)(^|,)[ \t]*(basic|digest)([ \t,]|$)`)

// prepare finds the mistakes in a transport that can be found at start, and
// returns it as an Auth keeps it: what the caller changes later has no effect.
func prepare(t Transport) (Transport, error) {
	if nils.Is(t) {
		return nil, errNilTransport
	}
	switch own := t.(type) {
	case *Bearer:
		return prepare(*own)
	case *Cookie:
		return prepare(*own)
	case Bearer:
		return own, own.check()
	case Cookie:
		checked, err := own.check()
		own.checked = checked
		return own, err
	}
	var m mistakes
	challenge := t.Challenge()
	m.add(dialogPattern.MatchString(challenge), "the Challenge of the transport %T is Basic or Digest, which make browsers open a dialog; use another scheme", t)
	// A Bearer without a parameter is against RFC 6750 §3.
	m.add(strings.EqualFold(challenge, "Bearer") || hasControls(challenge) || strings.Trim(challenge, " \t") != challenge, "the Challenge of the transport %T is %q; it must be a scheme with its parameters, such as %s, or empty", t, challenge, Bearer{}.Challenge())
	return t, errors.Join(m...)
}
