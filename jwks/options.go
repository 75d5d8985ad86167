package jwks

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/fetch"
	"github.com/go-authstrategy/authstrategy/internal/refresh"
)

const (
	defaultMaxAge   = 10 * time.Minute
	defaultCooldown = 30 * time.Second
	defaultMaxStale = 24 * time.Hour
	defaultTimeout  = 5 * time.Second
	defaultMaxSize  = 512 << 10
)

// An Option changes a default of [Remote] and [Discover]. If an option is given
// twice, the last one applies; each is validated.
type Option func(*options)

type options struct {
	client             http.Client
	maxAge             time.Duration
	cooldown, maxStale time.Duration
	timeout            time.Duration
	maxSize            int
	insecure           bool
	mistakes           []error
}

// WithHTTPClient sets the client that fetches, by default one with
// http.DefaultTransport: for a proxy, or certificates of one's own. Its Transport
// must end a request whose context is over. If it adds credentials, it must look at the
// request's host: a redirect, or the metadata of an issuer, can lead to another one. Its Timeout applies beside
// [WithTimeout]. Its Jar and CheckRedirect are not used, and it is not changed. A
// nil client is an error.
func WithHTTPClient(client *http.Client) Option {
	return func(o *options) {
		if client == nil {
			o.mistake("WithHTTPClient(nil) cannot fetch; pass a client, or omit the option")
			return
		}
		o.client = *client
	}
}

// WithMaxAge sets how old keys may be before they are fetched again: more than 0,
// by default 10 minutes. It is for answers without Cache-Control: max-age (RFC 9111
// §5.2.2.1). The max-age of an answer counts in its place, but never as less than 1
// minute or more than 24 hours.
func WithMaxAge(d time.Duration) Option {
	return positive("WithMaxAge", d, func(o *options) *time.Duration { return &o.maxAge })
}

// WithCooldown sets the shortest time between the starts of two fetches, if the
// first worked: more than 0, by default 30 seconds. After failures the next fetch
// may begin 1, 2, 4 seconds and so on after the end of the last, up to this time.
//
// It limits how often tokens with made-up key ids cause a fetch. It is also how
// long a new key may stay unknown: publish a key that much earlier than it signs.
func WithCooldown(d time.Duration) Option {
	return positive("WithCooldown", d, func(o *options) *time.Duration { return &o.cooldown })
}

// WithMaxStale sets how long keys are used after the last good answer while fetches
// fail: more than 0, by default 24 hours. It is how long the service outlives a
// provider that is down, and how long a key that was withdrawn may still be used by
// someone who can keep the service from the provider.
func WithMaxStale(d time.Duration) Option {
	return positive("WithMaxStale", d, func(o *options) *time.Duration { return &o.maxStale })
}

// WithTimeout sets how long a fetch may take: more than 0, by default 5 seconds.
// It covers all of it, redirects, the body and, for [Discover], the metadata
// included. No caller waits longer, but for 100 ms more where the client does not end
// when its context is over.
func WithTimeout(d time.Duration) Option {
	return positive("WithTimeout", d, func(o *options) *time.Duration { return &o.timeout })
}

// WithMaxSize sets how many bytes an answer may have, decompressed: more than 0, by
// default 512 KiB. A longer one is a failed fetch.
func WithMaxSize(bytes int) Option {
	return positive("WithMaxSize", bytes, func(o *options) *int { return &o.maxSize })
}

// WithInsecureHTTP also allows http, for tests and development: anyone on the way
// can put in keys of their own. It does not allow a way from https back to http.
func WithInsecureHTTP() Option {
	return func(o *options) { o.insecure = true }
}

// positive returns the option that sets a field to a value above 0.
func positive[T int | time.Duration](name string, value T, field func(*options) *T) Option {
	return func(o *options) {
		*field(o) = value
		if value <= 0 {
			o.mistake("%s(%v) is zero or negative; it must be more than 0", name, value)
		}
	}
}

func newOptions(opts []Option) *options {
	o := &options{
		maxAge:   defaultMaxAge,
		cooldown: defaultCooldown,
		maxStale: defaultMaxStale,
		timeout:  defaultTimeout,
		maxSize:  defaultMaxSize,
	}
	for i, option := range opts {
		if option == nil {
			o.mistake("option %d of %d is nil; omit it, or use one of the With functions", i+1, len(opts))
			continue
		}
		option(o)
	}
	return o
}

// parseURL parses a URL that the program gives. It quotes none: there may be a
// password in it.
func (o *options) parseURL(what, text string) *url.URL {
	u, fault := fetch.Parse(text, o.insecure)
	if fault != "" {
		o.mistake("%s %s", what, fault)
	}
	return u
}

func (o *options) mistake(format string, args ...any) {
	o.mistakes = append(o.mistakes, mistake("jwks: "+format, args...))
}

func (o *options) newClient() *fetch.Client {
	return fetch.NewClient(o.client.Transport, o.client.Timeout, o.maxSize, o.insecure)
}

// source returns a Source that fetches, or all mistakes.
func (o *options) source(fetch fetcher) (*Source, error) {
	if err := errors.Join(o.mistakes...); err != nil {
		return nil, err
	}
	return &Source{
		fetch:    fetch,
		timeout:  o.timeout,
		set:      new(set),
		schedule: refresh.Schedule{Cooldown: o.cooldown, MaxStale: o.maxStale},
	}, nil
}
