package observe

import (
	"context"
	"log/slog"
)

// Log returns a hook that logs each [Event]: "authstrategy: ok" at the level Debug for a
// success, "authstrategy: refused" at Info, and "authstrategy: failed" at Error. The
// attributes are operation, reason (as by [Reason], so "" for a success) and duration.
//
// It tells that an operation failed, and not the cause, which may quote anything:
// authhttp logs the error itself, and so should others who call the strategy.
//
// A nil logger stands for slog.Default() at the time of the event. A level for which
// the logger is not enabled costs no allocation.
func Log(logger *slog.Logger) func(context.Context, Event) {
	return func(ctx context.Context, e Event) {
		logger := logger
		if logger == nil {
			logger = slog.Default()
		}
		reason := Reason(e.Err)
		level, message := slog.LevelInfo, "authstrategy: refused"
		if reason == "" {
			level, message = slog.LevelDebug, "authstrategy: ok"
		} else if reason == failed {
			level, message = slog.LevelError, "authstrategy: failed"
		}
		logger.LogAttrs(ctx, level, message, slog.String("operation", string(e.Operation)), slog.String("reason", reason), slog.Duration("duration", e.Duration))
	}
}
