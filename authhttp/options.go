package authhttp

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// An Option changes a default of [New]. If an option is given twice, the last one
// applies; each is validated.
type Option func(*options)

type options struct {
	lifetime time.Duration
	respond  func(w http.ResponseWriter, r *http.Request, status int, err error)
	logger   func() *slog.Logger // returns nil: silent
	mistakes mistakes
}

func newOptions(opts []Option) *options {
	o := &options{respond: respond, logger: slog.Default}
	for i, option := range opts {
		o.mistakes.add(option == nil, "option %d of %d is nil; omit it, or use one of the With functions", i+1, len(opts))
		if option != nil {
			option(o)
		}
	}
	return o
}

// WithLifetime says how long the strategy's tokens are valid, for the Max-Age of a
// cookie and the expires_in of a log-in. It has no effect if the strategy has a
// method Lifetime() time.Duration; an authstrategy.StrategyFactory has none. 0, the
// default, means unknown or for ever: a cookie that the browser keeps until it is
// closed, and no expires_in. A negative lifetime is an error.
func WithLifetime(d time.Duration) Option {
	return func(o *options) {
		o.lifetime = d
		o.mistakes.add(d < 0, "WithLifetime(%v) is negative; it must be 0 or more", d)
	}
}

// WithResponder sets what writes status and body of refusals and failures, by
// default FastAPI Users' JSON, {"detail":"Unauthorized"}. It must write both. The
// headers, WWW-Authenticate and Cache-Control among them, are on w already. The
// error is for logs and metrics and is never to be shown. A nil responder is an
// error.
func WithResponder(respond func(w http.ResponseWriter, r *http.Request, status int, err error)) Option {
	return func(o *options) {
		o.respond = respond
		o.mistakes.add(respond == nil, "WithResponder(nil) answers nothing; pass a function, or omit the option")
	}
}

// WithLogger sets where requests that are not let in are logged, by default
// slog.Default() at the time of the request: failures, answered 503, at the level
// Error; refusals, and requests whose context is over, at Debug. The error is
// logged, and never the token. A nil logger logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = func() *slog.Logger { return logger } }
}

// mistakes are the errors of New, AnyOf or a transport.
type mistakes []error

// add notes a mistake, where there is one.
func (m *mistakes) add(wrong bool, format string, args ...any) {
	if wrong {
		*m = append(*m, fmt.Errorf("%w: authhttp: "+format, append([]any{authstrategy.ErrInvalidConfig}, args...)...))
	}
}
