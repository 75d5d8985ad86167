package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/observe"
)

func logLine(t *testing.T, e observe.Event) string {
	t.Helper()
	var buffer bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&buffer, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	observe.Log(logger)(ctx, e)
	return buffer.String()
}

func TestLog(t *testing.T) {
	assert.Equal(t, "level=DEBUG msg=\"authstrategy: ok\" operation=read reason=\"\" duration=1.5µs\n",
		logLine(t, observe.Event{Operation: observe.Read, Duration: 1500}))
	assert.Equal(t, "level=ERROR msg=\"authstrategy: failed\" operation=write reason=failed duration=2s\n",
		logLine(t, observe.Event{Operation: observe.Write, Err: observe.ErrFailed, Duration: 2 * time.Second}))
	for _, reason := range inOrder {
		assert.Equal(t, "level=INFO msg=\"authstrategy: refused\" operation=destroy reason="+reason.name+" duration=1ms\n",
			logLine(t, observe.Event{Operation: observe.Destroy, Err: reason.err, Duration: time.Millisecond}))
	}
}

// An event that somebody made of another error shows nothing of it.
func TestLogShowsNoText(t *testing.T) {
	const want = "level=ERROR msg=\"authstrategy: failed\" operation=read reason=failed duration=0s\n"
	assert.Equal(t, want, logLine(t, observe.Event{Operation: observe.Read, Err: errors.New("hunter2")}))
}

// The handler gets the context of the call, and the attributes their kinds.
func TestLogRecord(t *testing.T) {
	type key struct{}
	h := &handler{level: slog.LevelInfo}
	hook := observe.Log(slog.New(h))
	hook(context.WithValue(ctx, key{}, 1), observe.Event{Operation: observe.Read, Err: authstrategy.ErrTokenExpired, Duration: time.Second})
	require.Len(t, h.records, 1)
	assert.Equal(t, 1, h.contexts[0].Value(key{}))
	assert.Equal(t, 1, h.enabledContext.Value(key{}))
	var kinds []slog.Kind
	for a := range h.records[0].Attrs {
		kinds = append(kinds, a.Value.Kind())
	}
	assert.Equal(t, []slog.Kind{slog.KindString, slog.KindString, slog.KindDuration}, kinds)

	hook(ctx, observe.Event{Operation: observe.Read})
	assert.Len(t, h.records, 1, "Debug is not enabled")
	h.level = slog.LevelError
	hook(ctx, observe.Event{Operation: observe.Read, Err: authstrategy.ErrTokenExpired})
	assert.Len(t, h.records, 1, "Info is not enabled")
	hook(ctx, observe.Event{Operation: observe.Read, Err: observe.ErrFailed})
	assert.Len(t, h.records, 2)
}

type handler struct {
	slog.Handler
	level          slog.Level
	enabledContext context.Context
	contexts       []context.Context
	records        []slog.Record
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	h.enabledContext = ctx
	return level >= h.level
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	h.contexts, h.records = append(h.contexts, ctx), append(h.records, r)
	return nil
}

// A nil logger is the default one of the moment.
func TestLogToTheDefault(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	hook := observe.Log(nil)
	for range 2 {
		var buffer bytes.Buffer
		slog.SetDefault(slog.New(slog.NewJSONHandler(&buffer, nil)))
		hook(ctx, observe.Event{Operation: observe.Read, Err: observe.ErrFailed, Duration: time.Second})
		var line map[string]any
		require.NoError(t, json.Unmarshal(buffer.Bytes(), &line))
		assert.Equal(t, "authstrategy: failed", line["msg"])
		assert.Equal(t, float64(time.Second), line["duration"])
	}
}
