package authstrategy

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// ErrInvalidToken matches every error that means: this token is refused, log in
// again. A web service answers 401 to it, and 503 to every other error of
// [Strategy].ReadToken. Beside it the error matches exactly one of the reasons
// below, and the error of github.com/golang-jwt/jwt/v5 of the same meaning
// where there is one. More reasons may come in later versions.
var ErrInvalidToken = errors.New("authstrategy: token is invalid")

// The reasons to refuse a token, in the order in which they are checked. The
// first that applies is the one that is reported: who sees ErrTokenExpired
// knows that the token was authentic and of the right type, issuer and
// audience.
var (
	// ErrTokenMissing: the token is the empty string.
	ErrTokenMissing = errors.New("authstrategy: token is missing")

	// ErrTokenTooLarge: the token is longer than the limit of
	// [WithMaxTokenSize]. Nothing of it has been looked at.
	ErrTokenTooLarge = errors.New("authstrategy: token is too large")

	// ErrTokenMalformed: the token is not three non-empty segments of canonical
	// base64url (RFC 7515 §2, §7.1); its header is not a strict JSON object, or
	// the header's alg, typ or kid is not a string; or, once the signature has
	// been verified, its claims are not a strict JSON object, or a registered
	// claim is of the wrong JSON type or out of range (RFC 7519 §4.1).
	// It matches jwt.ErrTokenMalformed.
	ErrTokenMalformed = errors.New("authstrategy: token is malformed")

	// ErrTokenUnverifiable: the header has no alg or another than the
	// strategy's (RFC 8725 §3.1), or it has crit, b64, enc, zip or cty.
	// It matches jwt.ErrTokenUnverifiable.
	ErrTokenUnverifiable = errors.New("authstrategy: token is unverifiable")

	// ErrTokenSignature: the signature does not verify (RFC 7515 §5.2).
	// It matches jwt.ErrTokenSignatureInvalid.
	ErrTokenSignature = errors.New("authstrategy: token signature is invalid")

	// ErrTokenType: the header's typ is not one that the strategy takes (RFC
	// 8725 §3.11, see [WithTokenType]).
	ErrTokenType = errors.New("authstrategy: token has the wrong type")

	// ErrTokenIssuer: the issuer is not that of [WithIssuer] (RFC 7519 §4.1.1).
	// It matches jwt.ErrTokenInvalidIssuer and jwt.ErrTokenInvalidClaims.
	ErrTokenIssuer = errors.New("authstrategy: token has the wrong issuer")

	// ErrTokenAudience: none of the strategy's audiences is among the token's
	// (RFC 7519 §4.1.3, see [WithAudience]). It matches
	// jwt.ErrTokenInvalidAudience and jwt.ErrTokenInvalidClaims.
	ErrTokenAudience = errors.New("authstrategy: token has the wrong audience")

	// ErrTokenClaimMissing: there is no subject, or an empty one; or no
	// expiration time, and the strategy has a lifetime. It matches
	// jwt.ErrTokenRequiredClaimMissing and jwt.ErrTokenInvalidClaims.
	ErrTokenClaimMissing = errors.New("authstrategy: token lacks a claim")

	// ErrTokenNotYetValid: now is before nbf less the leeway (RFC 7519 §4.1.5).
	// It matches jwt.ErrTokenNotValidYet and jwt.ErrTokenInvalidClaims.
	ErrTokenNotYetValid = errors.New("authstrategy: token is not yet valid")

	// ErrTokenExpired: now is at or after exp plus the leeway (RFC 7519
	// §4.1.4). It matches jwt.ErrTokenExpired and jwt.ErrTokenInvalidClaims.
	ErrTokenExpired = errors.New("authstrategy: token is expired")

	// ErrUserNotFound: there is no such user. A [UserLoader] returns it, alone
	// or wrapped; a nil user, or one with an empty subject, counts as it.
	ErrUserNotFound = errors.New("authstrategy: user not found")

	// ErrUserRefused: the user may not come in with this token: disabled,
	// logged out everywhere, token revoked. A [UserLoader] returns it, alone or
	// wrapped.
	ErrUserRefused = errors.New("authstrategy: user refused")
)

// ErrInvalidConfig matches every error that means: the program that uses this
// package has to be mended. [GetJWTStrategy] returns it for each of its
// mistakes; reading and writing return it for a strategy, loader or option
// that is nil and for a clock that is off. It never comes with [ErrInvalidToken].
var ErrInvalidConfig = errors.New("authstrategy: invalid configuration")

// What [GetJWTStrategy] refuses, more closely. Each comes with
// [ErrInvalidConfig].
var (
	// ErrWeakSecret: the HMAC secret is shorter than the algorithm's hash: 32,
	// 48 or 64 bytes (RFC 7518 §3.2, see [WithInsecureShortSecret]).
	ErrWeakSecret = errors.New("authstrategy: weak secret")

	// ErrInvalidKey: any other fault of a secret or key. An empty HMAC secret
	// has both faults and matches both errors.
	ErrInvalidKey = errors.New("authstrategy: invalid key")

	// ErrKeyMismatch: the public key is not that of the private key.
	ErrKeyMismatch = errors.New("authstrategy: keys do not belong together")

	// ErrUnsupportedAlgorithm: the [Algorithm] is none of the constants.
	ErrUnsupportedAlgorithm = errors.New("authstrategy: unsupported algorithm")
)

// What writing a token, and [Claims.Decode], may fail with.
var (
	// ErrNoSigningKey: the strategy was made with a public key alone. It reads
	// tokens and cannot write them.
	ErrNoSigningKey = errors.New("authstrategy: no signing key")

	// ErrInvalidSubject: the user to write a token for is nil, or its subject
	// is empty or not UTF-8; or, on reading, the loader returned another user
	// than the one that the token names.
	ErrInvalidSubject = errors.New("authstrategy: invalid subject")

	// ErrInvalidClaims: private claims do not encode to a JSON object, or name
	// a registered claim; the token would be longer than the limit of
	// [WithMaxTokenSize]; or, from [Claims.Decode], claims do not decode.
	ErrInvalidClaims = errors.New("authstrategy: invalid claims")
)

// reasons are all the reasons there are, each with the errors of golang-jwt that
// mean the same.
var reasons = []struct {
	reason    error
	golangJWT []error
}{
	{ErrTokenMissing, nil},
	{ErrTokenTooLarge, nil},
	{ErrTokenMalformed, []error{jwt.ErrTokenMalformed}},
	{ErrTokenUnverifiable, []error{jwt.ErrTokenUnverifiable}},
	{ErrTokenSignature, []error{jwt.ErrTokenSignatureInvalid}},
	{ErrTokenType, nil},
	{ErrTokenIssuer, []error{jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidClaims}},
	{ErrTokenAudience, []error{jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidClaims}},
	{ErrTokenClaimMissing, []error{jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidClaims}},
	{ErrTokenNotYetValid, []error{jwt.ErrTokenNotValidYet, jwt.ErrTokenInvalidClaims}},
	{ErrTokenExpired, []error{jwt.ErrTokenExpired, jwt.ErrTokenInvalidClaims}},
	{ErrUserNotFound, nil},
	{ErrUserRefused, nil},
}

// A failure is every error that this package makes itself.
type failure struct {
	text    string
	matches []error
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.matches }

// reject refuses a token for one reason.
func reject(reason error, detail string) *failure {
	matches := []error{ErrInvalidToken, reason}
	for _, r := range reasons {
		if r.reason == reason {
			matches = append(matches, r.golangJWT...)
		}
	}
	return &failure{text: reason.Error() + ": " + detail, matches: matches}
}

// rejectJWS refuses a token that internal/jws did not open.
func rejectJWS(err *jws.Error) error {
	switch err.Kind {
	case jws.Unverifiable:
		return reject(ErrTokenUnverifiable, err.Text)
	case jws.Signature:
		return reject(ErrTokenSignature, err.Text)
	default:
		return reject(ErrTokenMalformed, err.Text)
	}
}

// misconfigured reports a mistake of the program. The kind is ErrInvalidConfig
// or an error that comes with it.
func misconfigured(kind error, text string) *failure {
	return &failure{text: "authstrategy: " + text, matches: []error{kind, ErrInvalidConfig}}
}

// unwritten says why a token was not written.
func unwritten(kind error, detail string) *failure {
	return &failure{text: kind.Error() + ": " + detail, matches: []error{kind}}
}

// hostError is the error of a host's own function, a loader or a factory,
// as it reaches the caller: it refuses the token where it says so by
// ErrUserNotFound or ErrUserRefused, and is no word about the token otherwise.
func hostError(what string, err error) error {
	for _, reason := range []error{ErrUserNotFound, ErrUserRefused} {
		if errors.Is(err, reason) {
			rejection := reject(reason, err.Error())
			rejection.matches = append(rejection.matches, foreign{err})
			return rejection
		}
	}
	return &failure{text: "authstrategy: " + what + " failed: " + err.Error(), matches: []error{foreign{err}}}
}

// foreign shows all that is in an error of the host's, except this package's
// reasons: the token of an upstream service, say, may have expired, which
// refuses nobody here.
type foreign struct{ err error }

func (f foreign) Error() string { return f.err.Error() }

func (f foreign) Is(target error) bool {
	if target == ErrInvalidToken {
		return false
	}
	for _, r := range reasons {
		if target == r.reason {
			return false
		}
	}
	return errors.Is(f.err, target)
}

func (f foreign) As(target any) bool { return errors.As(f.err, target) }
