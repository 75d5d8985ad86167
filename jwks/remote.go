package jwks

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/fetch"
)

// Package refresh decides when keys are fetched and who waits. The table there is
// what this file carries out:
//
//   - The mutex guards the set, the schedule and the attempt in progress. It is held
//     for as long as it takes to read or write these, and never during I/O.
//   - An attempt is one goroutine, which ends by itself within the timeout. Callers
//     wait for its channel, and for the end of their own context.
//   - The outcome of an attempt is noted before its channel is closed. So whoever
//     waited for it finds it.

// Remote returns a Source of the keys that a JSON Web Key Set at this address has,
// the jwks_uri of an issuer. It does no I/O: see [Source.Refresh].
//
// The keys are fetched by GET. The URL must be https (see [WithInsecureHTTP]) and
// have no fragment and no user or password, for which a Transport in
// [WithHTTPClient] is the place. Up to 5 redirects are followed, never from https to
// http. An answer is good if its status is 200 and it is a JSON Web Key Set with at
// least one key of use; its Content-Type is not judged. Anything else is a failed
// fetch, and the keys at hand stay.
//
// All mistakes are reported at once, joined as by errors.Join. Each matches
// authstrategy.ErrInvalidConfig.
func Remote(jwksURI string, opts ...Option) (*Source, error) {
	o := newOptions(opts)
	if strings.Contains(jwksURI, "#") {
		o.mistake("the URL of Remote has a fragment, which is never sent; remove it")
	}
	address := o.parseURL("the URL of Remote", jwksURI)
	client := o.newClient()
	return o.source(func(ctx context.Context) (*set, time.Duration, error) {
		return fetchSet(ctx, client, address, o.maxAge)
	})
}

// A fetcher gets a set, and how old it may become.
type fetcher func(ctx context.Context) (*set, time.Duration, error)

// fetchSet is the fetcher of a set whose address is known.
func fetchSet(ctx context.Context, client *fetch.Client, address *url.URL, maxAge time.Duration) (*set, time.Duration, error) {
	document, err := client.Get(ctx, *address)
	if err != nil {
		return nil, 0, err
	}
	set, err := parseSet(ctx, document.Body)
	if err != nil {
		return nil, 0, fmt.Errorf("GET %s: %w", fetch.Shown(address), err)
	}
	return set, document.MaxAge(maxAge), nil
}

// An attempt is a fetch that is in progress or over.
type attempt struct {
	late context.Context // ends a moment after the time of the fetch is over
	done chan struct{}   // is closed when the other fields are set
	set  *set
	err  error // matches ErrUnavailable
}

// wait waits for the end of the attempt. It fails if the context ends before; and with
// errLate if the attempt is not over in its time, since the client does not heed its
// context: no caller waits for such a one, and no second fetch begins beside it.
func (a *attempt) wait(ctx context.Context) error {
	select {
	case <-a.done:
		return nil
	case <-a.late.Done():
		select {
		case <-a.done:
			return nil
		default:
			return errLate
		}
	case <-ctx.Done():
		return fmt.Errorf("%w: the context ended before the fetch did: %w", ErrUnavailable, ctx.Err())
	}
}

// lookUp begins a fetch where one is due. It returns the attempt that the call
// needs to wait for; nil: the call gets what is at hand.
func (s *Source) lookUp(kid string) (*attempt, []*authstrategy.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	keys := s.set.publicKeys(kid)
	due, wait := s.schedule.Decide(now, kid, len(keys) > 0)
	if due {
		s.begin(now)
	}
	if wait && s.running != nil {
		return s.running, nil, nil
	}
	keys, err := s.handOut(now, keys)
	return nil, keys, err
}

// atHand returns what is at hand for a kid.
func (s *Source) atHand(kid string) ([]*authstrategy.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handOut(time.Now(), s.set.publicKeys(kid))
}

// handOut returns the keys that the set at hand has for a kid, or why there are none
// that a call may get. The caller holds the mutex.
func (s *Source) handOut(now time.Time, keys []*authstrategy.PublicKey) ([]*authstrategy.PublicKey, error) {
	if err := s.unusable(now); err != nil {
		return nil, err
	}
	if len(keys) == 0 && s.failure != nil {
		return nil, s.failure
	}
	return keys, nil
}

// unusable says why the keys at hand may not be used; nil: they may. The caller
// holds the mutex.
func (s *Source) unusable(now time.Time) error {
	if s.schedule.Usable(now) {
		return nil
	}
	if s.failure != nil {
		return s.failure
	}
	return errNoneYet
}

// begin begins a fetch, unless one is in progress. The caller holds the mutex.
func (s *Source) begin(now time.Time) {
	if s.running != nil {
		return
	}
	// It knows no caller's context: the fetch is for all who wait, and outlives the one
	// who began it.
	const moment = 100 * time.Millisecond // in which a client returns that heeds its context
	late, cancel := context.WithDeadline(context.Background(), now.Add(s.timeout).Add(moment))
	s.running = &attempt{late: late, done: make(chan struct{})}
	go s.run(s.running, cancel, now)
}

// run fetches.
func (s *Source) run(a *attempt, release func(), start time.Time) {
	defer release()
	ctx, cancel := context.WithTimeout(a.late, s.timeout)
	defer cancel()
	var maxAge time.Duration
	err := errEnded
	// What a client of the program's own does, a panic and runtime.Goexit included,
	// must not keep others waiting.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the fetch panicked: %v", p)
		}
		s.end(a, start, maxAge, err)
	}()
	a.set, maxAge, err = s.fetch(ctx)
}

// end notes the outcome before it wakes those who wait.
func (s *Source) end(a *attempt, start time.Time, maxAge time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		a.err = fmt.Errorf("%w: %w", ErrUnavailable, fetch.Legible(err))
		s.schedule.Failed(time.Now())
	} else {
		s.set = a.set
		s.schedule.Worked(start, time.Now(), maxAge)
	}
	s.failure, s.running = a.err, nil
	close(a.done)
}
