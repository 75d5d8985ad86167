package authstrategy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/jws"
)

// ErrInvalidToken matches every error that means: this token is refused, log in
// again. A web service answers it with 401, and every other error of
// [Strategy].ReadToken with 503.
//
// With it comes exactly one of the reasons ErrTokenMissing to ErrUserRefused,
// and the error of github.com/golang-jwt/jwt/v5 with the same meaning where
// there is one. More reasons may come in later versions.
var ErrInvalidToken error = errs.New("authstrategy: token is invalid")

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
	// base64url (RFC 7515 §2, §7.1); or its header has more than 64 members, those
	// of nested objects included, is nested more than 8 deep, is not a strict JSON
	// object, or has an alg, typ or kid that is not a string; or, after the signature
	// has been verified, its claims are not a strict JSON object, a registered claim
	// has the wrong JSON type (RFC 7519 §4.1), or its exp, nbf or iat is outside the
	// years 1970 to 9999.
	ErrTokenMalformed = reason("token is malformed", jwt.ErrTokenMalformed)

	// ErrTokenUnverifiable: the header has no alg, or one other than the
	// strategy's (RFC 8725 §3.1); or it has crit, b64, enc, zip or cty; or its kid
	// names another key than that of [WithKeyID], or none that the [KeySource] has. A
	// [StrategyFactory] returns it where it has no strategy for the token.
	ErrTokenUnverifiable = reason("token is unverifiable", jwt.ErrTokenUnverifiable)

	// ErrTokenSignature: the signature does not verify (RFC 7515 §5.2).
	ErrTokenSignature = reason("token signature is invalid", jwt.ErrTokenSignatureInvalid)

	// ErrTokenType: the typ in the header is not one that the strategy accepts
	// (RFC 8725 §3.11, see [WithTokenType]).
	ErrTokenType = reason("token has the wrong type")

	// ErrTokenIssuer: the issuer is not that of [WithIssuer] (RFC 7519 §4.1.1).
	ErrTokenIssuer = reason("token has the wrong issuer", jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidClaims)

	// ErrTokenAudience: the token has none of the strategy's audiences (RFC 7519
	// §4.1.3, see [WithAudience] and [WithAudienceClaim]).
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

// refusals are ErrInvalidToken and all reasons.
var refusals = []error{
	ErrInvalidToken, ErrTokenMissing, ErrTokenTooLarge, ErrTokenMalformed, ErrTokenUnverifiable, ErrTokenSignature, ErrTokenType, ErrTokenIssuer,
	ErrTokenAudience, ErrTokenClaimMissing, ErrTokenNotYetValid, ErrTokenExpired, ErrUserNotFound, ErrUserRefused,
}

// Refusals that always say the same. No text here holds a claim's value.
var (
	errMissing   = fmt.Errorf("%w: no token was given", ErrTokenMissing)
	errTooLarge  = fmt.Errorf("%w: it is longer than WithMaxTokenSize allows (by default 8192 bytes)", ErrTokenTooLarge)
	errSignature = fmt.Errorf("%w: the token was altered, or signed with another key", ErrTokenSignature)
	errNoSubject = fmt.Errorf("%w: it has no sub, or an empty one", ErrTokenClaimMissing)
	errNoExpiry  = fmt.Errorf("%w: it has no exp, which a strategy with a lifetime requires (see WithoutExpiration)", ErrTokenClaimMissing)
	errNotYet    = fmt.Errorf("%w: now is before its nbf; compare the clocks (see WithLeeway)", ErrTokenNotYetValid)
	errExpired   = fmt.Errorf("%w: its exp has passed; log in again", ErrTokenExpired)
	errNilUser   = fmt.Errorf("%w: the loader returned a nil user", ErrUserNotFound)
	errEmptyUser = fmt.Errorf("%w: the loader returned a user with an empty subject", ErrUserNotFound)
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
	// is 32, 48 or 64 bytes (RFC 7518 §3.2, see [WithInsecureShortSecret]), or has
	// fewer than six different bytes.
	ErrWeakSecret = mistake("weak secret")

	// ErrInvalidKey: any other fault of a secret or key. An empty HMAC secret
	// matches both ErrInvalidKey and ErrWeakSecret.
	ErrInvalidKey = mistake("invalid key")

	// ErrKeyMismatch: the public key does not belong to the private key.
	ErrKeyMismatch = mistake("key mismatch")

	// ErrUnsupportedAlgorithm: the [Algorithm] is none of the constants.
	ErrUnsupportedAlgorithm = mistake("unsupported algorithm")
)

// Mistakes that always say the same.
var (
	errNoStrategy = fmt.Errorf("%w: the JWTStrategy is nil or zero; make it with GetJWTStrategy and check its error", ErrInvalidConfig)
	errNilLoader  = fmt.Errorf("%w: the loader is nil; pass a function that returns the user for the claims", ErrInvalidConfig)
	errNilFactory = fmt.Errorf("%w: the StrategyFactory is nil; it must be a function that returns a strategy", ErrInvalidConfig)
	errNoneMade   = fmt.Errorf("%w: the StrategyFactory returned a nil strategy; return an error instead", ErrInvalidConfig)
	errClock      = fmt.Errorf("%w: the clock is outside the years 1970 to 9999; correct it (see WithClock)", ErrInvalidConfig)
	errFarExpiry  = fmt.Errorf("%w: the lifetime carries exp beyond the year 9999; shorten WithLifetime, or use WithoutExpiration", ErrInvalidConfig)
)

// Errors of writing a token, of reading its user, and of [Claims.Decode]. None
// of them matches [ErrInvalidToken].
var (
	// ErrNoSigningKey: the strategy was made with public keys alone. It reads
	// tokens but cannot write them.
	ErrNoSigningKey = errors.New("authstrategy: no signing key")

	// ErrInvalidSubject: on writing, the user is nil, or its subject is empty or
	// not UTF-8; on reading, the loader returned a user other than the one that
	// the token names.
	ErrInvalidSubject = errors.New("authstrategy: invalid subject")

	// ErrInvalidClaims: on writing, the private claims do not encode to a JSON
	// object or name a registered claim, or the token would be longer than the
	// limit of [WithMaxTokenSize]; from [Claims.Decode], the claims do not decode,
	// or their own Validate refuses them.
	ErrInvalidClaims = errors.New("authstrategy: invalid claims")
)

// Errors of these kinds that always say the same.
var (
	errNoSigningKey = fmt.Errorf("%w: the strategy was made with public keys alone and only reads; pass the private key to GetJWTStrategy as the secret, or a signer with WithSigner", ErrNoSigningKey)
	errNoUser       = fmt.Errorf("%w: the user is nil", ErrInvalidSubject)
	errNoID         = fmt.Errorf("%w: the user's TokenSubject is empty", ErrInvalidSubject)
	errOtherUser    = fmt.Errorf("%w: the loader returned a user other than the one that the token names; to map foreign subjects to users of your own, use ReadClaims", ErrInvalidSubject)
	errNoPayload    = fmt.Errorf("%w: there is nothing to decode, since the claims were not read from a token", ErrInvalidClaims)
	errFromJSON     = fmt.Errorf("%w: Claims cannot be unmarshalled from JSON; read a token with ReadClaims, and use Decode for a type of your own", ErrInvalidClaims)
)

// reason returns a reason to refuse a token, which matches ErrInvalidToken and
// the errors of golang-jwt with the same meaning.
func reason(text string, golangJWT ...error) error {
	return errs.New("authstrategy: "+text, append(golangJWT, ErrInvalidToken)...)
}

// mistake returns a kind of ErrInvalidConfig.
func mistake(text string) error {
	return errs.New("authstrategy: "+text, ErrInvalidConfig)
}

// isFinal reports whether an error says that the token is authentic and meant for
// the strategy that returned it, but not good now. No other strategy can know better.
func isFinal(err error) bool {
	return progress(err) >= slices.Index(refusals, ErrTokenClaimMissing)
}

// progress returns how far a token came in the order of refusals. It is 0 for an
// error that gives no reason of this package.
func progress(err error) int {
	for i, refusal := range slices.Backward(refusals) {
		if errors.Is(err, refusal) {
			return i
		}
	}
	return 0
}

// openError returns what ReadClaims says of a token that internal/jws did not
// open: a reason to refuse it, or that its key could not be looked up.
func openError(err error) error {
	kind := jws.KindOf(err)
	if kind == jws.ErrMalformed {
		return fmt.Errorf("%w: %w", ErrTokenMalformed, err)
	}
	if kind == jws.ErrUnverifiable {
		return fmt.Errorf("%w: %w", ErrTokenUnverifiable, err)
	}
	if kind == jws.ErrSignature {
		return errSignature
	}
	return err // of the KeySource
}

// callbackError returns the error of the caller's own function, a loader or a
// factory, as the caller gets it back. It refuses the token with the reasons that
// the function may give; anything else in it says nothing about the token.
func callbackError(function string, err error, may ...error) error {
	for _, reason := range may {
		if errors.Is(err, reason) {
			return errs.Refuse(reason, err, refusals)
		}
	}
	return fmt.Errorf("authstrategy: the %s failed: %w", function, errs.Shield(err, refusals))
}
