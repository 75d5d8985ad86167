// Package refresh decides when keys are fetched, who waits for them, and whether
// they may be used. It decides from times alone: it does no I/O, starts nothing and
// reads no clock.
//
// # States
//
// A source of keys is in one of three states:
//
//	none    there are no keys that may be used: no fetch has worked yet; or the last
//	        good answer is max-stale old, and the last fetch failed or nobody asked
//	        for keys since their max-age
//	good    the last fetch worked
//	failed  the last fetch failed, and the last good answer is younger than max-stale
//
// # Calls
//
// A call that asks for the keys of a kid finds one of these rows. The age is the
// time since the last good answer, in percent of its max-age. A kid is known if the
// set at hand has a key with it; "" stands for a token without one.
//
//	state   age           kid          a fetch  the call  what the call gets where
//	                                   is due   waits     there is nothing to wait for
//	none    any           any          yes      yes       an error
//	good    below 80 %    known or ""  no       no        its keys
//	good    80 to 100 %   known or ""  yes      no        its keys
//	good    0 to 100 %    unknown      yes      yes       no keys and no error
//	good    over 100 %    any          yes      yes       its keys, if there are any
//	failed  any           known        yes      no        its keys
//	failed  any           unknown      yes      no        an error
//	failed  below 80 %    ""           no       no        all keys
//	failed  from 80 %     ""           yes      no        all keys
//
// A fetch that is due begins with the call, unless one is in progress or it is too
// early: before a cooldown has passed since the start of the last fetch, if that
// worked; or before a pause has passed since its end, if it failed. The pause is 1
// second, doubles with each further failure, and is never longer than the cooldown.
//
// A call that waits does so for the fetch that is in progress, whoever began it,
// until that fetch or the call's own context ends. If there is none, since it is too
// early for one, there is nothing to wait for.
//
// If the fetch worked, a call that waited gets what the new set has for its kid. If
// it failed, the call gets what the last column says for the state after it, which
// is none or failed. So a call never waits twice, and no longer than one timeout.
//
// A good answer replaces the keys at hand as a whole: a key that was removed is gone.
// A failed fetch changes none of them. Nothing but these rules and an explicit order
// begins a fetch. The order heeds neither cooldown nor pause.
//
// Where the cooldown is longer than max-age and max-stale, keys can be older than
// both within the cooldown of the fetch that brought them. The state is good until it
// is over, since no fetch may replace them.
package refresh

import "time"

// firstPause is how long after the end of a failed fetch the next may begin.
const firstPause = time.Second

// A Schedule says when the keys of one source are fetched.
type Schedule struct {
	Cooldown, MaxStale time.Duration

	answered time.Time     // when the last good answer was there; zero: there was none
	maxAge   time.Duration // of that answer
	failed   bool          // whether the last fetch failed
	pause    time.Duration // after that failure
	next     time.Time     // before it no fetch begins
}

// Decide says for a call whether a fetch is due and not too early, and whether the
// call waits for the one that is in progress then.
func (s *Schedule) Decide(now time.Time, kid string, known bool) (fetch, wait bool) {
	due, wait := s.decide(now, kid, known)
	return due && !now.Before(s.next), wait
}

func (s *Schedule) decide(now time.Time, kid string, known bool) (due, wait bool) {
	if !s.Usable(now) {
		return true, true
	}
	age := now.Sub(s.answered)
	aging := age >= s.maxAge-s.maxAge/5
	if s.failed {
		return aging || kid != "", false
	}
	if age > s.maxAge || !known {
		return true, true
	}
	return aging, false
}

// Usable reports whether the keys at hand may be used: whether the state is not
// none.
func (s *Schedule) Usable(now time.Time) bool {
	if s.answered.IsZero() {
		return false
	}
	age := now.Sub(s.answered)
	if age < s.MaxStale {
		return true
	}
	return !s.failed && (age <= s.maxAge || now.Before(s.next))
}

// Worked notes a fetch that worked, and the max-age of its answer.
func (s *Schedule) Worked(start, end time.Time, maxAge time.Duration) {
	s.answered, s.maxAge = end, maxAge
	s.failed, s.pause = false, 0
	s.next = start.Add(s.Cooldown)
}

// Failed notes a fetch that failed.
func (s *Schedule) Failed(end time.Time) {
	s.failed = true
	s.pause = min(max(2*s.pause, firstPause), s.Cooldown)
	s.next = end.Add(s.pause)
}
