// Package jwks gets the public keys of others, and publishes one's own, as JSON
// Web Key Sets (RFC 7517).
//
// A [Source] is an authstrategy.KeySource. A strategy that is made with it reads
// the tokens of another issuer, whose keys come and go:
//
//	source, err := jwks.Discover("https://login.example.com")
//	…
//	strategy, err := authstrategy.GetJWTStrategy[User](authstrategy.Secret{},
//		authstrategy.WithKeySource(source),
//		authstrategy.WithIssuer("https://login.example.com"),
//		authstrategy.WithAudience("my-api"),
//		authstrategy.WithAlgorithm(authstrategy.RS256))
//
// [Discover] needs nothing but the issuer. [Remote] takes the address of the key
// set itself, and [Parse] the keys as text.
//
// [Handler] and [Marshal] publish keys for other services, with ids that
// authstrategy.WithThumbprintKeyID or [Thumbprint] gives them.
//
// # When keys are fetched
//
// Keys are fetched when the first token needs them; when they are older than the
// answer's Cache-Control, or else [WithMaxAge], allows; and when a token names a
// key id that the set has not got, which is how a new key is noticed. A bad
// signature never causes a fetch. Nothing that a token holds decides on what is
// fetched.
//
// There is one fetch at a time, and whoever needs its keys waits for it. After it,
// no other begins for the time of [WithCooldown]: tokens with made-up key ids cost
// one request, and hold up no others. If it fails, the next may begin after 1, 2, 4
// seconds and so on, and the keys at hand are used for the time of [WithMaxStale].
//
// There is nothing to close. A Source has no goroutine but that of a fetch, which
// ends within the time of [WithTimeout], unless the client of [WithHTTPClient] does not
// heed a context that is over.
package jwks

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/refresh"
)

// A Source hands out public keys. Make it with [Parse], [Remote] or [Discover]:
// the methods of a nil or zero Source fail with authstrategy.ErrInvalidConfig.
//
// All methods are safe for concurrent use.
type Source struct {
	fetch   fetcher // nil: the keys were given to Parse
	timeout time.Duration

	mu       sync.Mutex       // is never held during I/O
	set      *set             // the last good one; empty before
	schedule refresh.Schedule // of the fetches
	failure  error            // of the last fetch; nil: it worked, or there was none
	running  *attempt         // the fetch in progress; nil: there is none
}

var _ authstrategy.KeySource = (*Source)(nil)

// Parse returns a Source of fixed keys: those of a JSON Web Key (RFC 7517 §4) or
// JSON Web Key Set (§5), the text of a file or a variable.
//
// Keys that are of no use, such as those for encryption, are left out, and
// [Source.Skipped] says why. The error matches [ErrInvalidKeySet] if no key can be
// used, and also if there is a private or a symmetric key anywhere in the text:
// somebody gave the wrong file.
func Parse(keyOrSet []byte) (*Source, error) {
	set, err := parseText(keyOrSet)
	if err != nil {
		return nil, err
	}
	return &Source{set: set}, nil
}

// PublicKeys returns the keys that a token with this kid may be signed with: those
// with this id, or for "" all keys. It is for the strategy that the Source is given
// to (authstrategy.WithKeySource).
//
// Where a fetch is needed, it waits for it, no longer than the context allows.
// It returns no key and no error for a kid that the set has not got, if the last
// fetch worked. If the last fetch failed, it returns the keys at hand for a kid
// that they have, up to the time of [WithMaxStale] after the last good answer; else
// the error matches [ErrUnavailable], and the cause of the failure. If the context
// ends first, the error matches ErrUnavailable and the context's error.
func (s *Source) PublicKeys(ctx context.Context, kid string) ([]*authstrategy.PublicKey, error) {
	if !s.made() {
		return nil, errNoSource
	}
	if s.fetch == nil {
		return s.set.publicKeys(kid), nil
	}
	needed, keys, err := s.lookUp(kid)
	if needed == nil {
		return keys, err
	}
	err = needed.wait(ctx)
	if keys, _ := s.atHand(kid); err == errLate && len(keys) > 0 {
		return keys, nil
	}
	if err != nil {
		return nil, err
	}
	if needed.err == nil {
		return needed.set.publicKeys(kid), nil
	}
	return s.atHand(kid)
}

// Refresh fetches the keys now, or joins the fetch in progress, and waits for it.
// It does not heed [WithCooldown], which counts anew from this fetch. Call it at
// start, for a program that shall not begin without keys. A failure matches
// [ErrUnavailable]. A Source made by [Parse] has nothing to fetch: Refresh returns
// nil.
func (s *Source) Refresh(ctx context.Context) error {
	if !s.made() {
		return errNoSource
	}
	if s.fetch == nil {
		return nil
	}
	s.mu.Lock()
	s.begin(time.Now())
	running := s.running
	s.mu.Unlock()
	if err := running.wait(ctx); err != nil {
		return err
	}
	return running.err
}

// Err reports, without I/O, whether the keys at hand may be used: nil, or an error
// that matches [ErrUnavailable] and says why not. Before the first fetch there are
// no keys.
//
// It is for a check of readiness. A program that gets no tokens fetches no keys, so
// these can grow too old meanwhile. Where Err is not nil, such a check calls
// [Source.PublicKeys] with the kid "", which fetches as the limits allow;
// [Source.Refresh] does not heed them.
func (s *Source) Err() error {
	if !s.made() {
		return errNoSource
	}
	if s.fetch == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unusable(time.Now())
}

// Skipped returns why keys of the set at hand are not used, one error for each. It
// returns nil where all are, and where there is no set.
func (s *Source) Skipped() []error {
	if !s.made() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.set.skipped)
}

// Format prints jwks.Source for every verb of fmt. Fetches change a Source, so fmt must
// not look into it.
func (s *Source) Format(f fmt.State, _ rune) { io.WriteString(f, "jwks.Source") }

func (s *Source) made() bool { return s != nil && (s.fetch != nil || s.set != nil) }
