package ledger

import "time"

// A Session is what a refresh token says of its session. Times are in milliseconds
// since 1970.
//
// The store has one number for each session, which grows with each refresh: in bits 36
// to 62 the counter of the last token used, in bits 0 to 35 the time from log-in to its
// first use, in milliseconds, counted down. So a larger counter always wins, and within
// one counter the first use.
type Session struct {
	ID      string `json:"sid"`
	Counter int64  `json:"counter"` // of the session's refresh tokens, from 1
	Login   int64  `json:"login"`
	Begun   int64  `json:"begun"` // Login, or one after the cutoff that lay ahead then
	End     int64  `json:"end"`
}

const (
	timeBits = 36 // 795 days, more than MaxSession
	maxTime  = 1<<timeBits - 1

	// MaxCounter is the largest counter: with the next one, a number could be Ended.
	MaxCounter = 1<<27 - 2
)

// NewSession returns a session that begins now. A cutoff that lies ahead was set
// before, by a host whose clock is ahead.
func NewSession(id string, now time.Time, lifetime time.Duration, cutoff int64) Session {
	login := now.UnixMilli()
	return Session{ID: id, Counter: 1, Login: login, Begun: max(login, cutoff+1), End: now.Add(lifetime).UnixMilli()}
}

// Next is what the next refresh token says.
func (s Session) Next() Session {
	s.Counter++
	return s
}

// Number is what the store holds if the token is used for the first time now. A clock
// that is off, or was set back, does not carry into the counter.
func (s Session) Number(now time.Time) int64 {
	sinceLogin := min(max(now.UnixMilli()-s.Login, 0), maxTime)
	return s.Counter<<timeBits | (maxTime - sinceLogin)
}

// Counter returns the counter of the last token used; 0 for none.
func Counter(number int64) int64 { return number >> timeBits }

// FirstUse returns when the last token used was used for the first time.
func (s Session) FirstUse(number int64) time.Time {
	return time.UnixMilli(s.Login + maxTime - number&maxTime)
}

// Until is how long the session's number is kept: until no host takes one of its tokens
// any more.
func (s Session) Until(skew time.Duration) time.Time {
	return time.UnixMilli(s.End).Add(MaxLeeway + skew)
}
