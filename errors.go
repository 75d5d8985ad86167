package authstrategy

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/golang-jwt/jwt/v5"

	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// ErrInvalidToken matches every error that means: this token is refused, log in
// again. A web service answers it with 401, and every other error of
// [Strategy].ReadToken with 503.
//
// With it comes exactly one of the reasons ErrTokenMissing to ErrUserRefused,
// and the error of github.com/golang-jwt/jwt/v5 with the same meaning where
// there is one. More reasons may come in later versions.
var ErrInvalidToken error = &sentinel{text: "authstrategy: token is invalid"}

// The reasons to refuse a token, in the order in which they are checked. The
// first that applies is reported: ErrTokenExpired, for example, means that the
// token was authentic and of the right type, issuer and audience. Each also
// matches [ErrInvalidToken].
var (
	// ErrTokenMissing: the token is the empty string.
	ErrTokenMissing = reason("token is missing")

	// ErrTokenTooLarge: the token is longer than the limit of
	// [WithMaxTokenSize]. Nothing in it has been looked at.
	ErrTokenTooLarge = reason("token is too large")

	// ErrTokenMalformed: the token is not three non-empty segments of canonical
	// base64url (RFC 7515 §2, §7.1); or its header is longer than 4096 characters
	// of base64url, is not a strict JSON object, or has an alg, typ or kid that is
	// not a string; or, after the signature has been verified, its claims are not a
	// strict JSON object, a registered claim has the wrong JSON type (RFC 7519 §4.1),
	// or its exp, nbf or iat is outside the years 1970 to 9999.
	ErrTokenMalformed = reason("token is malformed", jwt.ErrTokenMalformed)

	// ErrTokenUnverifiable: the header has no alg, or one other than the
	// strategy's (RFC 8725 §3.1), or it has crit, b64, enc, zip or cty.
	ErrTokenUnverifiable = reason("token is unverifiable", jwt.ErrTokenUnverifiable)

	// ErrTokenSignature: the signature does not verify (RFC 7515 §5.2).
	ErrTokenSignature = reason("token signature is invalid", jwt.ErrTokenSignatureInvalid)

	// ErrTokenType: the typ in the header is not one that the strategy accepts
	// (RFC 8725 §3.11, see [WithTokenType]).
	ErrTokenType = reason("token has the wrong type")

	// ErrTokenIssuer: the issuer is not that of [WithIssuer] (RFC 7519 §4.1.1).
	ErrTokenIssuer = reason("token has the wrong issuer", jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidClaims)

	// ErrTokenAudience: the token has none of the strategy's audiences (RFC 7519
	// §4.1.3, see [WithAudience]).
	ErrTokenAudience = reason("token has the wrong audience", jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidClaims)

	// ErrTokenClaimMissing: the token has no subject, or an empty one; or it has
	// no expiration time and the strategy has a lifetime.
	ErrTokenClaimMissing = reason("token lacks a required claim", jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidClaims)

	// ErrTokenNotYetValid: now is before nbf minus the leeway (RFC 7519 §4.1.5).
	ErrTokenNotYetValid = reason("token is not yet valid", jwt.ErrTokenNotValidYet, jwt.ErrTokenInvalidClaims)

	// ErrTokenExpired: now is at or after exp plus the leeway (RFC 7519 §4.1.4).
	ErrTokenExpired = reason("token is expired", jwt.ErrTokenExpired, jwt.ErrTokenInvalidClaims)

	// ErrUserNotFound: there is no such user. A [UserLoader] returns it, bare or
	// wrapped; a nil user, or one with an empty subject, counts as it.
	ErrUserNotFound = reason("user not found")

	// ErrUserRefused: the user may not come in with this token: disabled, logged
	// out everywhere, token revoked. A [UserLoader] returns it, bare or wrapped.
	ErrUserRefused = reason("user refused")
)

// ErrInvalidConfig matches every error that means: the program that uses this
// package must be fixed.
//
// [GetJWTStrategy] returns it for each mistake in its arguments. Reading and
// writing return it for a nil or zero strategy, a nil loader, a nil
// [StrategyFactory] or one that returns a nil strategy, a clock outside the
// years 1970 to 9999, and a lifetime that would carry exp beyond 9999.
var ErrInvalidConfig = errors.New("authstrategy: invalid configuration")

// Specific mistakes that [GetJWTStrategy] refuses. Each also matches
// [ErrInvalidConfig].
var (
	// ErrWeakSecret: the HMAC secret is shorter than the algorithm's hash, which
	// is 32, 48 or 64 bytes (RFC 7518 §3.2, see [WithInsecureShortSecret]).
	ErrWeakSecret = mistake("weak secret")

	// ErrInvalidKey: any other fault of a secret or key. An empty HMAC secret
	// matches both ErrInvalidKey and ErrWeakSecret.
	ErrInvalidKey = mistake("invalid key")

	// ErrKeyMismatch: the public key does not belong to the private key.
	ErrKeyMismatch = mistake("key mismatch")

	// ErrUnsupportedAlgorithm: the [Algorithm] is none of the constants.
	ErrUnsupportedAlgorithm = mistake("unsupported algorithm")
)

// Errors of writing a token, of reading its user, and of [Claims.Decode]. None
// of them matches [ErrInvalidToken].
var (
	// ErrNoSigningKey: the strategy was made with a public key alone. It reads
	// tokens but cannot write them.
	ErrNoSigningKey = errors.New("authstrategy: no signing key")

	// ErrInvalidSubject: on writing, the user is nil, or its subject is empty or
	// not UTF-8; on reading, the loader returned a user other than the one that
	// the token names.
	ErrInvalidSubject = errors.New("authstrategy: invalid subject")

	// ErrInvalidClaims: on writing, the private claims do not encode to a JSON
	// object or name a registered claim, or the token would be longer than the
	// limit of [WithMaxTokenSize]; from [Claims.Decode], the claims do not decode.
	ErrInvalidClaims = errors.New("authstrategy: invalid claims")
)

// A sentinel is an error that matches others, of the same or a wider meaning.
type sentinel struct {
	text    string
	matches []error
}

func (s *sentinel) Error() string   { return s.text }
func (s *sentinel) Unwrap() []error { return s.matches }

// reason returns a reason to refuse a token, which matches ErrInvalidToken and
// the errors of golang-jwt with the same meaning.
func reason(text string, golangJWT ...error) error {
	return &sentinel{"authstrategy: " + text, append(golangJWT, ErrInvalidToken)}
}

// mistake returns a kind of ErrInvalidConfig.
func mistake(text string) error {
	return &sentinel{"authstrategy: " + text, []error{ErrInvalidConfig}}
}

// refusal returns the reason for a token that internal/jws did not open.
func refusal(err *jws.Error) error {
	switch err.Kind {
	case jws.Signature:
		return errSignature
	case jws.Unverifiable:
		return fmt.Errorf("%w: %w", ErrTokenUnverifiable, err)
	default:
		return fmt.Errorf("%w: %w", ErrTokenMalformed, err)
	}
}

// callbackError returns the error of the caller's own function, a loader or a
// factory, as the caller gets it back. ErrUserNotFound and ErrUserRefused in it
// refuse the token; anything else says nothing about the token.
func callbackError(function string, err error) error {
	for _, known := range []error{ErrUserNotFound, ErrUserRefused} {
		if err == known {
			return known
		}
		if errors.Is(err, known) {
			return fmt.Errorf("%w: %w", known, &callerError{err})
		}
	}
	return fmt.Errorf("authstrategy: the %s failed: %w", function, &callerError{err})
}

// callerError shows all that is in an error of the caller's, except reasons of
// this package: that the token of an upstream service has expired, say, refuses
// nobody here. It is used by pointer, since the error may not be comparable.
type callerError struct{ error }

func (e *callerError) Is(target error) bool {
	return !isRefusal(target) && errors.Is(e.error, target)
}

func (e *callerError) As(target any) bool {
	if !errors.As(e.error, target) {
		return false
	}
	found := reflect.ValueOf(target).Elem()
	if err, ok := found.Interface().(error); ok && isRefusal(err) {
		found.SetZero()
		return false
	}
	return true
}

// isRefusal reports whether err is ErrInvalidToken or one of its reasons itself.
func isRefusal(err error) bool {
	_, ours := err.(*sentinel)
	return ours && errors.Is(err, ErrInvalidToken)
}
