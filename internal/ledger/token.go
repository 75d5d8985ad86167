package ledger

import "time"

const (
	// MaxLeeway is the most that a strategy forgives an exp (authstrategy.WithLeeway).
	MaxLeeway = 10 * time.Minute

	// MaxSession is the longest that a session can last.
	MaxSession = 731 * 24 * time.Hour
)

// Rules are the times that a service's hosts agree on.
type Rules struct {
	Skew     time.Duration // by which their clocks differ at most
	Lifetime time.Duration // the longest of a token; 0: tokens never expire
}

// A Token is what a token says of its times. The zero time stands for an absent one.
type Token struct{ IssuedAt, ExpiresAt time.Time }

// Outlives reports whether a token with an exp lives longer than what is stored about
// it. One without iat can be judged only by how long it has yet to live.
func (r Rules) Outlives(t Token, now time.Time) bool {
	latest := func(from time.Time) time.Time { return from.Add(r.Lifetime).Add(r.Skew + MaxLeeway) }
	return t.ExpiresAt.After(latest(now)) || !t.IssuedAt.IsZero() && t.ExpiresAt.After(latest(t.IssuedAt))
}

// IssuedAfter reports whether a token's times say that it was issued after the cutoff.
// One without iat counts as issued the longest lifetime before its exp. One of which
// nothing is known counts as issued before.
func (r Rules) IssuedAfter(t Token, cutoff int64) bool {
	issued := t.IssuedAt
	if issued.IsZero() {
		if t.ExpiresAt.IsZero() || r.Lifetime == 0 {
			return false
		}
		issued = t.ExpiresAt.Add(-r.Lifetime)
	}
	return issued.After(time.UnixMilli(cutoff))
}

// Cutoff returns the cutoff that ends every token issued up to now. The clocks of
// other hosts may be ahead, and so the times of their tokens.
func (r Rules) Cutoff(now time.Time) int64 {
	return now.Add(r.Skew + time.Millisecond - 1).UnixMilli() // rounded up
}

// UntilToken is how long a token's number is kept: until no host takes the token any
// more. The zero time means for ever.
func (r Rules) UntilToken(t Token) time.Time {
	if t.ExpiresAt.IsZero() {
		return time.Time{}
	}
	return t.ExpiresAt.Add(MaxLeeway + r.Skew)
}

// UntilCutoff is how long a cutoff is kept: until all tokens and sessions that it ends
// are over. The zero time means for ever.
func (r Rules) UntilCutoff(now time.Time) time.Time {
	if r.Lifetime == 0 {
		return time.Time{}
	}
	return now.Add(max(r.Lifetime, MaxSession)).Add(MaxLeeway + 2*r.Skew)
}
