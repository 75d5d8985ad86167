package observe

import (
	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
)

// ErrFailed is the Err of an [Event] whose cause is none of the reasons to refuse a
// token: nobody can say whether the token is good, or it could not be written or
// destroyed. It matches nothing else, and least of all authstrategy.ErrInvalidToken.
var ErrFailed error = errs.New("observe: operation failed")

const failed = "failed" // what Reason says of it

// reasons are those of authstrategy, in the order in which they are checked.
var reasons = [...]struct {
	err  error
	name string
}{
	{authstrategy.ErrTokenMissing, "token_missing"},
	{authstrategy.ErrTokenTooLarge, "token_too_large"},
	{authstrategy.ErrTokenMalformed, "token_malformed"},
	{authstrategy.ErrTokenUnverifiable, "token_unverifiable"},
	{authstrategy.ErrTokenSignature, "token_signature"},
	{authstrategy.ErrTokenType, "token_type"},
	{authstrategy.ErrTokenIssuer, "token_issuer"},
	{authstrategy.ErrTokenAudience, "token_audience"},
	{authstrategy.ErrTokenClaimMissing, "token_claim_missing"},
	{authstrategy.ErrTokenNotYetValid, "token_not_yet_valid"},
	{authstrategy.ErrTokenExpired, "token_expired"},
	{authstrategy.ErrUserNotFound, "user_not_found"},
	{authstrategy.ErrUserRefused, "user_refused"},
}

// Reason returns a short name of an error, for metrics and logs:
//
//   - "" for nil
//   - "token_missing" for authstrategy.ErrTokenMissing
//   - "token_too_large" for ErrTokenTooLarge
//   - "token_malformed" for ErrTokenMalformed
//   - "token_unverifiable" for ErrTokenUnverifiable
//   - "token_signature" for ErrTokenSignature
//   - "token_type" for ErrTokenType
//   - "token_issuer" for ErrTokenIssuer
//   - "token_audience" for ErrTokenAudience
//   - "token_claim_missing" for ErrTokenClaimMissing
//   - "token_not_yet_valid" for ErrTokenNotYetValid
//   - "token_expired" for ErrTokenExpired
//   - "user_not_found" for ErrUserNotFound
//   - "user_refused" for ErrUserRefused, and so for session.ErrRevoked and
//     session.ErrRefreshReused
//   - "failed" for all else, such as [ErrFailed], a database that is down, or
//     authstrategy.ErrInvalidConfig
//
// There are no others, whatever the error says. A name never changes its meaning; a
// later version may add names for new reasons. It may be given any error, such as that
// of ReadToken, and not only that of an [Event]. Of several reasons in one error the
// last in this order counts, as in authstrategy.AnyOf.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	if i := place(err); i >= 0 {
		return reasons[i].name
	}
	return failed
}

// sentinel returns the reason that err matches, or ErrFailed; nil for nil.
func sentinel(err error) error {
	if err == nil {
		return nil
	}
	if i := place(err); i >= 0 {
		return reasons[i].err
	}
	return ErrFailed
}

// place returns the index of the last of the reasons that errors.Is finds in err, or -1.
// It goes through err once: asking errors.Is for one reason after the other takes many
// times as long. FuzzReason holds the two together.
func place(err error) int {
	last := -1
	asked, asks := err.(interface{ Is(error) bool })
	for i := range reasons {
		if err == reasons[i].err {
			return i // a reason matches no other
		}
		if asks && asked.Is(reasons[i].err) {
			last = i
		}
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		last = max(last, place(err.Unwrap()))
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			last = max(last, place(inner))
		}
	}
	return last
}
