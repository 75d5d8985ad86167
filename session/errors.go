package session

import (
	"errors"
	"fmt"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
)

// Reasons to refuse a token that this package adds. Each also matches
// authstrategy.ErrUserRefused, and so authstrategy.ErrInvalidToken.
var (
	// ErrRevoked: the token, all tokens of the user, or the session were ended.
	ErrRevoked error = errs.New("session: revoked", authstrategy.ErrUserRefused)

	// ErrRefreshReused: a refresh token came again after the grace, or after a later
	// one of its session. Two parties hold it, and one of them may be a thief: the
	// session has been ended. Alert on it. It comes without a user; the loader has seen
	// whom the token names.
	ErrRefreshReused error = errs.New("session: refresh token reused", authstrategy.ErrUserRefused)
)

// reasons are all reasons to refuse a token.
var reasons = []error{
	authstrategy.ErrInvalidToken, authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenMalformed,
	authstrategy.ErrTokenUnverifiable, authstrategy.ErrTokenSignature, authstrategy.ErrTokenType, authstrategy.ErrTokenIssuer,
	authstrategy.ErrTokenAudience, authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenNotYetValid, authstrategy.ErrTokenExpired,
	authstrategy.ErrUserNotFound, authstrategy.ErrUserRefused, ErrRevoked, ErrRefreshReused,
}

// Refusals that always say the same.
var (
	errTokenEnded   = fmt.Errorf("%w: the token was ended; log in again", ErrRevoked)
	errAllEnded     = fmt.Errorf("%w: all tokens of the user were ended after this one was written; log in again", ErrRevoked)
	errSessionEnded = fmt.Errorf("%w: the session was ended; log in again", ErrRevoked)
	errSessionFull  = fmt.Errorf("%w: the session was refreshed as often as one can be; log in again", ErrRevoked)
	errReused       = fmt.Errorf("%w: it came after a later one of its session, or after the grace; the session was ended", ErrRefreshReused)
	errSessionOver  = fmt.Errorf("%w: its session has lasted as long as WithSessionLifetime allows; log in again", authstrategy.ErrTokenExpired)
	errNoSession    = fmt.Errorf("%w: it has a good signature and is no refresh token of this package; use a secret for nothing else", authstrategy.ErrTokenMalformed)
)

// Mistakes that always say the same.
var (
	errNoStrategy  = fmt.Errorf("%w: the session.Strategy is nil or zero; make it with New and check its error", authstrategy.ErrInvalidConfig)
	errNoRefresher = fmt.Errorf("%w: the session.Refresher is nil or zero; make it with NewRefresher and check its error", authstrategy.ErrInvalidConfig)
	errNilLoader   = fmt.Errorf("%w: the loader is nil; pass a function that returns the user for the claims", authstrategy.ErrInvalidConfig)
	errNotAsked    = fmt.Errorf("%w: the inner strategy did not ask the loader, or asked it without claims, so nobody knows whether the token was ended", authstrategy.ErrInvalidConfig)
	errNoTokenID   = fmt.Errorf("%w: the token has no jti, without which it cannot be told from others; write tokens with authstrategy.WithTokenID", authstrategy.ErrInvalidConfig)
	errNoExpiry    = fmt.Errorf("%w: the token has no exp, and so outlives what is stored about it; give the inner strategy a lifetime, as WithMaxLifetime has it", authstrategy.ErrInvalidConfig)
	errTooLong     = fmt.Errorf("%w: the token lives longer than WithMaxLifetime says, and so outlives what is stored about it; raise WithMaxLifetime, on all hosts before lifetimes grow", authstrategy.ErrInvalidConfig)

	errNoUser    = fmt.Errorf("%w: the user is nil, or its TokenSubject is empty", authstrategy.ErrInvalidSubject)
	errOtherUser = fmt.Errorf("%w: the token is another user's", authstrategy.ErrInvalidSubject)
)

// shield hides the reasons in an error that says nothing about the token at hand.
func shield(err error) error { return errs.Shield(err, reasons) }

// storeError is an error of the store as the caller gets it.
func storeError(err error) error {
	return fmt.Errorf("session: the store failed: %w", shield(err))
}

// isRefused reports whether a token is refused for good. One that is not yet valid
// will live.
func isRefused(err error) bool {
	return errors.Is(err, authstrategy.ErrInvalidToken) && !errors.Is(err, authstrategy.ErrTokenNotYetValid)
}
