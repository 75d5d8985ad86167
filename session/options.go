package session

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/inspect"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

const (
	defaultKeySpace = "authstrategy"
	maxKeySpace     = 255

	defaultSkew = time.Second
	maxSkew     = time.Minute

	defaultGrace = 10 * time.Second
	maxGrace     = time.Minute

	defaultIdle    = 14 * 24 * time.Hour
	defaultSession = 90 * 24 * time.Hour
	minSession     = time.Minute // and the shortest idle lifetime
)

// An Option changes a default of [New] or [NewRefresher]. Each option says for which
// of them it is; to give it to the other is a mistake. If an option is given twice,
// the last one applies, and each is validated.
type Option func(*options)

// WithKeySpace keeps services apart that share a store: what one ends is not ended
// for another. It is 1 to 255 bytes of UTF-8, by default "authstrategy". It is for
// New, and for NewRefresher, which otherwise takes that of its Strategy; the cutoff
// of [Strategy.DestroyAll] is looked up under the Strategy's.
func WithKeySpace(name string) Option {
	return func(o *options) {
		o.keySpace = &name
		if name == "" || len(name) > maxKeySpace || !utf8.ValidString(name) {
			o.mistake("WithKeySpace: the name has %d bytes; it must have 1 to %d bytes of UTF-8", len(name), maxKeySpace)
		}
	}
}

// WithClock sets the clock, by default time.Now; it is meant for tests. It is for New,
// and for NewRefresher, which otherwise takes that of its Strategy. Stores go by
// time.Now, whatever it says: a clock that is far from the real time makes them
// forget too early, or too late.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.now = now
		if now == nil {
			o.mistake("WithClock(nil) is no clock; pass a function, or omit the option for time.Now")
		}
	}
}

// WithMaxLifetime sets the longest lifetime of any token of these users, by default
// the inner strategy's Lifetime. It is required where the inner strategy has no such
// method. It is for New.
//
// It must be true: what is stored about a token is kept for this long, and a token
// without iat counts as issued this long before its exp. So a shorter
// one than the inner strategy's is a mistake, as is any for tokens that never expire;
// and a token that lives longer is not read. When lifetimes grow, raise it on all
// hosts first. When they shrink, keep it at the old value until the old tokens have
// expired.
func WithMaxLifetime(d time.Duration) Option {
	return func(o *options) {
		o.lifetime = &d
		if d < time.Second {
			o.mistake("WithMaxLifetime(%v) is too short; it must be 1s or more, and a bare number counts nanoseconds", d)
		}
	}
}

// WithClockSkew sets how far the clocks of different hosts are apart at most: 0 to 1
// minute, by default 1 second. It is for New, and for NewRefresher, which otherwise
// takes that of its Strategy.
//
// If clocks differ by more, a token that another host wrote before a
// [Strategy.DestroyAll] may live on, and honest clients of a [Refresher] may be
// taken for thieves.
func WithClockSkew(d time.Duration) Option {
	return func(o *options) {
		o.skew = &d
		if d < 0 || d > maxSkew {
			o.mistake("WithClockSkew(%v) is out of range; it must be from 0 to %v", d, maxSkew)
		}
	}
}

// WithPreviousSecrets names secrets that still verify refresh tokens and sign none:
// to change the secret without ending sessions. A token that one of them signed is
// answered with one that the current secret signs. Given twice, the secrets add up. It
// is for NewRefresher.
func WithPreviousSecrets(secrets ...authstrategy.Secret) Option {
	secrets = slices.Clone(secrets)
	return func(o *options) {
		o.previous, o.refresherOnly = append(o.previous, secrets...), append(o.refresherOnly, "WithPreviousSecrets")
	}
}

// WithGrace sets for how long after its first use a refresh token may come again:
// from another tab of the browser, or because the reply was lost. It is 0 to 1 minute,
// by default 10 seconds; the clock skew is added. It is for NewRefresher.
func WithGrace(d time.Duration) Option {
	return func(o *options) {
		o.grace, o.refresherOnly = d, append(o.refresherOnly, "WithGrace")
		if d < 0 || d > maxGrace {
			o.mistake("WithGrace(%v) is out of range; it must be from 0 to %v", d, maxGrace)
		}
	}
}

// WithIdleLifetime sets how long a session lasts without a refresh: 1 minute to 731
// days, by default 14 days, or the session lifetime if that is shorter. It must not
// be longer than the session lifetime. It is for NewRefresher.
func WithIdleLifetime(d time.Duration) Option {
	return func(o *options) {
		o.idle, o.refresherOnly = d, append(o.refresherOnly, "WithIdleLifetime")
		o.checkSession("WithIdleLifetime", d)
	}
}

// WithSessionLifetime sets how long a session lasts from its log-in, whatever
// happens: 1 minute to 731 days, by default 90 days. It is for NewRefresher.
func WithSessionLifetime(d time.Duration) Option {
	return func(o *options) {
		o.session, o.refresherOnly = d, append(o.refresherOnly, "WithSessionLifetime")
		o.checkSession("WithSessionLifetime", d)
	}
}

// options is what the Options of one call add up to; nil and 0 stand for what was
// not given.
type options struct {
	keySpace       *string
	now            func() time.Time
	lifetime, skew *time.Duration

	previous             []authstrategy.Secret
	grace, idle, session time.Duration
	refresherOnly        []string // the options given that New does not take

	mistakes []error
}

func (o *options) mistake(format string, args ...any) {
	o.mistakes = append(o.mistakes, fmt.Errorf("%w: session: "+format, append([]any{authstrategy.ErrInvalidConfig}, args...)...))
}

func (o *options) checkSession(option string, d time.Duration) {
	if d < minSession || d > ledger.MaxSession {
		o.mistake("%s(%v) is out of range; it must be from %v to 731 days", option, d, minSession)
	}
}

func newOptions(opts []Option) *options {
	o := &options{grace: defaultGrace, session: defaultSession}
	for i, option := range opts {
		if option == nil {
			o.mistake("option %d of %d is nil; omit it, or use one of the With functions", i+1, len(opts))
			continue
		}
		option(o)
	}
	return o
}

// book checks what New was given.
func (o *options) book(inner any, store Store) book {
	for _, name := range o.refresherOnly {
		o.mistake("%s is no option of New; pass it to NewRefresher", name)
	}
	if nils.Is(store) {
		o.mistake("the store is nil; pass NewMemory(), or a store that several processes share")
	}
	b := book{store: store, keys: defaultKeySpace, rules: ledger.Rules{Skew: defaultSkew}, now: time.Now}
	o.applyTo(&b)
	if nils.Is(inner) {
		o.mistake("the inner strategy is nil; check the error of the function that made it")
		return b
	}
	b.rules.Lifetime = o.longestLifetime(inner)
	for _, writer := range inspect.Writers(inner) {
		if !writer.TokenID {
			o.mistake("the inner strategy writes tokens without jti, so that none could be ended; make it with authstrategy.WithTokenID")
		}
		if !writer.IssuedAt {
			o.mistake("the inner strategy writes tokens without iat, so that DestroyAll could not tell them apart; make it with authstrategy.WithIssuedAt")
		}
	}
	return b
}

// applyTo sets what both constructors take.
func (o *options) applyTo(b *book) {
	if o.keySpace != nil {
		b.keys = ledger.KeySpace(*o.keySpace)
	}
	if o.now != nil {
		b.now = o.now
	}
	if o.skew != nil {
		b.rules.Skew = *o.skew
	}
}

// checkSessions checks what NewRefresher was given, and sets the idle lifetime.
func (o *options) checkSessions() {
	if o.lifetime != nil {
		o.mistake("WithMaxLifetime is no option of NewRefresher; pass it to New")
	}
	if o.idle == 0 {
		o.idle = min(defaultIdle, o.session)
	}
	if o.idle > o.session {
		o.mistake("the idle lifetime of %v is longer than the session lifetime of %v; see WithIdleLifetime and WithSessionLifetime", o.idle, o.session)
	}
}

// lasting is what tells how long its tokens are valid.
type lasting interface{ Lifetime() time.Duration }

// longestLifetime returns the longest lifetime of a token; 0 means that tokens never
// expire.
func (o *options) longestLifetime(inner any) time.Duration {
	lasting, ok := inner.(lasting)
	if !ok && o.lifetime == nil {
		o.mistake("the inner strategy, a %T, has no method Lifetime; name the longest lifetime of its tokens with WithMaxLifetime", inner)
		return 0
	}
	if !ok {
		return *o.lifetime
	}
	lifetime := lasting.Lifetime()
	if lifetime < 0 {
		o.mistake("the inner strategy's lifetime is %v; it must be positive, or 0 if tokens never expire", lifetime)
	}
	if o.lifetime == nil {
		return lifetime
	}
	if lifetime == 0 {
		o.mistake("WithMaxLifetime(%v) does not go with tokens that never expire; omit it, or give the inner strategy a lifetime", *o.lifetime)
	}
	if *o.lifetime < lifetime {
		o.mistake("WithMaxLifetime(%v) is shorter than the inner strategy's lifetime of %v; it must be as long, or longer", *o.lifetime, lifetime)
	}
	return *o.lifetime
}
