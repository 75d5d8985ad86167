package interop

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// noon is what every clock says in these tests, in seconds.
const noon = 2_000_000_000

const (
	// plain is taken by all, which shows that in the others it is the difference
	// that matters. It has no line in the table.
	plain       = "a plain token"
	plainHeader = `{"alg":"HS256","typ":"JWT"}`
	plainClaims = `{"sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000003600}`
)

// A difference is a token that not every side takes.
type difference struct {
	what           string                 // as the table says it
	alg            authstrategy.Algorithm // empty: HS256
	header, claims string                 // empty: the plain one
	spoil          func(token string) string
	audience       any               // what peers ask for; nil: an array
	aboutClaims    bool              // not for a peer that looks at signatures only
	here           error             // nil: taken
	refused        map[string]string // by these peers, with this error; the others take it
}

var differences = []difference{
	{what: plain},
	{
		what:        "`aud` is a string",
		claims:      `{"sub":"` + subject + `","aud":"fastapi-users:auth","exp":2000003600}`,
		aboutClaims: true,
	},
	{
		what:        "`aud` is an array of two, one of them wanted",
		claims:      `{"sub":"` + subject + `","aud":["another:audience","fastapi-users:auth"],"exp":2000003600}`,
		aboutClaims: true,
	},
	{
		what:        "`aud` is an array, the peer's option a string",
		audience:    authstrategy.DefaultAudience,
		aboutClaims: true,
		refused:     map[string]string{"Crypt::JWT": "JWT: aud claim scalar check failed"},
	},
	{
		what:   "no `typ`",
		header: `{"alg":"HS256"}`,
	},
	{
		what:   "another `typ`: `at+jwt`",
		header: `{"alg":"HS256","typ":"at+jwt"}`,
		here:   authstrategy.ErrTokenType,
	},
	{
		what:        "`iat` a minute in the future",
		claims:      `{"sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000003600,"iat":2000000060}`,
		aboutClaims: true,
		refused:     map[string]string{"PyJWT": "ImmatureSignatureError: The token is not yet valid (iat)"},
	},
	{
		what:        "no `exp`",
		claims:      `{"sub":"` + subject + `","aud":["fastapi-users:auth"]}`,
		aboutClaims: true,
		here:        authstrategy.ErrTokenClaimMissing,
	},
	{
		what:        "`exp` has a fraction",
		claims:      `{"sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000003600.5}`,
		aboutClaims: true,
	},
	{
		what:        "`exp` is half a second from now",
		claims:      `{"sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000000000.5}`,
		aboutClaims: true,
		refused: map[string]string{
			"PyJWT":    "ExpiredSignatureError: Signature has expired",
			"ruby-jwt": "JWT::ExpiredSignature: Signature has expired",
		},
	},
	{
		what:        "`exp` is now",
		claims:      `{"sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000000000}`,
		aboutClaims: true,
		here:        authstrategy.ErrTokenExpired,
		refused: map[string]string{
			"PyJWT":        "ExpiredSignatureError: Signature has expired",
			"ruby-jwt":     "JWT::ExpiredSignature: Signature has expired",
			"Crypt::JWT":   "JWT: exp claim check failed (2000000000/0 vs. 2000000000)",
			"node jose":    `ERR_JWT_EXPIRED: "exp" claim timestamp check failed`,
			"jsonwebtoken": "TokenExpiredError: jwt expired",
		},
	},
	{
		what:  "spare bits are set in the signature's last character",
		spoil: setSpareBit,
		here:  authstrategy.ErrTokenMalformed,
		refused: map[string]string{
			"latchset jose": "Signature validation failed!",
			"jsonwebtoken":  "JsonWebTokenError: invalid signature",
		},
	},
	{
		what:  "a line feed after the signature, HS256",
		spoil: appendLineFeed,
		here:  authstrategy.ErrTokenMalformed,
		refused: map[string]string{
			"PyJWT":         "DecodeError: Invalid crypto padding",
			"latchset jose": "Signature validation failed!",
			"jsonwebtoken":  "JsonWebTokenError: invalid token",
			"fast-jwt":      "FAST_JWT_INVALID_SIGNATURE: The token signature is invalid.",
		},
	},
	{
		what:   "a line feed after the signature, HS384",
		alg:    authstrategy.HS384,
		header: `{"alg":"HS384","typ":"JWT"}`,
		spoil:  appendLineFeed,
		here:   authstrategy.ErrTokenMalformed,
		refused: map[string]string{
			"latchset jose": "Signature validation failed!",
			"jsonwebtoken":  "JsonWebTokenError: invalid token",
			"fast-jwt":      "FAST_JWT_INVALID_SIGNATURE: The token signature is invalid.",
		},
	},
	{
		what:   "`crit` names an extension that nobody knows",
		header: `{"alg":"HS256","typ":"JWT","crit":["tenant"],"tenant":"a"}`,
		here:   authstrategy.ErrTokenUnverifiable,
		refused: map[string]string{
			"PyJWT":     "InvalidTokenError: Unsupported critical extension: tenant",
			"node jose": `ERR_JOSE_NOT_SUPPORTED: Extension Header Parameter "tenant" is not recognized`,
			"fast-jwt":  `FAST_JWT_INVALID_CRIT_HEADER: Critical extension "tenant" is not supported.`,
		},
	},
	{
		what:   "a header with a member twice: `none`, then `HS256`",
		header: `{"alg":"none","alg":"HS256","typ":"JWT"}`,
		here:   authstrategy.ErrTokenMalformed,
	},
	{
		what:        "claims with a member twice: another `sub` first",
		claims:      `{"sub":"another","sub":"` + subject + `","aud":["fastapi-users:auth"],"exp":2000003600}`,
		aboutClaims: true,
		here:        authstrategy.ErrTokenMalformed,
	},
}

// TestDifferences shows the same tokens to every peer and to a strategy with
// default options, all at the same instant, and compares who takes them with
// docs/interchange.md.
func TestDifferences(t *testing.T) {
	clock := authstrategy.WithClock(func() time.Time { return time.Unix(noon, 0) })
	secret := secretKey(strings.Repeat("interop ", 8))

	rows := [][]string{{"token", "here"}}
	for _, p := range peers {
		rows[0] = append(rows[0], p.name+" "+p.version)
	}
	for _, d := range differences {
		row := []string{d.what, ""}
		t.Run(d.what, func(t *testing.T) {
			token := d.token(secret.private)
			_, err := reader(t, d.algorithm(), secret, clock).ReadClaims(t.Context(), token)
			if !errors.Is(err, d.here) {
				t.Errorf("here: %v, want %v", err, d.here)
			}
			row[1] = verdict(err == nil)
			for _, p := range peers {
				cell := ""
				t.Run(p.name, func(t *testing.T) {
					p.require(t)
					cell = d.show(t, p, secret, token)
				})
				row = append(row, cell)
			}
		})
		if d.what != plain {
			rows = append(rows, row)
		}
	}
	compareTable(t, "differences", rows)
}

// show asks the peer about the token, and holds it to what is said above.
func (d difference) show(t *testing.T, p *peer, secret key, token string) string {
	var audience any = []string{authstrategy.DefaultAudience}
	if d.audience != nil {
		audience = d.audience
	}
	a := p.ask(t, request{
		Op: "verify", Alg: d.algorithm(), Key: secret.public, JWK: secret.publicJWK,
		Token: token, Audience: audience, Now: noon,
	})
	if want := d.refused[p.name]; a.Error != want {
		t.Errorf("error %q, want %q", a.Error, want)
	}
	// Of a member twice, each peer takes the last.
	if a.Error == "" && a.Claims["sub"] != subject {
		t.Errorf("sub %v, want %v", a.Claims["sub"], subject)
	}
	if d.aboutClaims && p.signaturesOnly {
		return "n/a"
	}
	return verdict(a.Error == "")
}

func (d difference) algorithm() authstrategy.Algorithm { return cmp.Or(d.alg, authstrategy.HS256) }

func verdict(taken bool) string {
	if taken {
		return "takes"
	}
	return "refuses"
}

// token is made by hand: no library here would make most of these.
func (d difference) token(secret string) string {
	header, claims := cmp.Or(d.header, plainHeader), cmp.Or(d.claims, plainClaims)
	input := base64URL([]byte(header)) + "." + base64URL([]byte(claims))
	hash := sha256.New
	if d.algorithm() == authstrategy.HS384 {
		hash = sha512.New384
	}
	mac := hmac.New(hash, []byte(secret))
	mac.Write([]byte(input))
	token := input + "." + base64URL(mac.Sum(nil))
	if d.spoil != nil {
		token = d.spoil(token)
	}
	return token
}

// appendLineFeed leaves PyJWT a segment whose padding comes out wrong after 32
// bytes, and right after 48.
func appendLineFeed(token string) string { return token + "\n" }

// setSpareBit sets the lowest bit of the last character. 32 bytes are 43
// characters of six bits, and the last two bits are not theirs.
func setSpareBit(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	value := strings.IndexByte(alphabet, token[last])
	return fmt.Sprintf("%s%c", token[:last], alphabet[value|1])
}
