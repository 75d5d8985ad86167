//go:build !race

package observe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/observe"
)

// Wrapping allocates nothing, and neither does a logger that is not enabled. The race
// detector adds allocations of its own: it does not build this file.
func TestAllocations(t *testing.T) {
	inner := newJWT(t)
	token, err := inner.WriteToken(ctx, ada)
	require.NoError(t, err)
	down := errors.New("down")
	fails := authstrategy.UserLoader[user](func(context.Context, *authstrategy.Claims) (user, error) { return "", down })
	banned := fmt.Errorf("%w: banned", authstrategy.ErrUserRefused)
	refuses := authstrategy.UserLoader[user](func(context.Context, *authstrategy.Claims) (user, error) { return "", banned })
	silent := observe.Log(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1})))
	for name, hook := range map[string]hook{"no hook's own": func(context.Context, observe.Event) {}, "a logger": silent} {
		wrapped := observed(t, inner, hook)
		for call, f := range map[string]func(authstrategy.Strategy[user]){
			"write":            func(s authstrategy.Strategy[user]) { _, _ = s.WriteToken(ctx, ada) },
			"write for nobody": func(s authstrategy.Strategy[user]) { _, _ = s.WriteToken(ctx, "") },
			"read":             func(s authstrategy.Strategy[user]) { _, _ = s.ReadToken(ctx, token, load) },
			"read nothing":     func(s authstrategy.Strategy[user]) { _, _ = s.ReadToken(ctx, "", load) },
			"read a forgery":   func(s authstrategy.Strategy[user]) { _, _ = s.ReadToken(ctx, token[:len(token)-4]+"AAAA", load) },
			"fail to load":     func(s authstrategy.Strategy[user]) { _, _ = s.ReadToken(ctx, token, fails) },
			"refuse a user":    func(s authstrategy.Strategy[user]) { _, _ = s.ReadToken(ctx, token, refuses) },
			"destroy":          func(s authstrategy.Strategy[user]) { _ = s.DestroyToken(ctx, token, ada) },
		} {
			bare := testing.AllocsPerRun(200, func() { f(inner) })
			assert.LessOrEqual(t, testing.AllocsPerRun(200, func() { f(wrapped) }), bare, "%s, %s", call, name)
		}
	}
}
