package otelauth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
	"github.com/go-authstrategy/authstrategy/observe"
	"github.com/go-authstrategy/authstrategy/observe/otelauth"
)

var ctx = context.Background()

type user = authstrategy.Subject

// newHook returns a hook of the real SDK, and what collects the metrics.
func newHook(t testing.TB) (func(context.Context, observe.Event), *sdk.ManualReader) {
	t.Helper()
	reader := sdk.NewManualReader()
	hook, err := otelauth.Hook(sdk.NewMeterProvider(sdk.WithReader(reader)))
	require.NoError(t, err)
	return hook, reader
}

// collect returns the one metric, with its scope.
func collect(t testing.TB, reader *sdk.ManualReader) (scope string, m metricdata.Metrics) {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(ctx, &all))
	require.Len(t, all.ScopeMetrics, 1)
	require.Len(t, all.ScopeMetrics[0].Metrics, 1)
	return all.ScopeMetrics[0].Scope.Name, all.ScopeMetrics[0].Metrics[0]
}

func points(t testing.TB, reader *sdk.ManualReader) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	_, m := collect(t, reader)
	histogram, ok := m.Data.(metricdata.Histogram[float64])
	require.True(t, ok, "%T", m.Data)
	return histogram.DataPoints
}

// text returns attributes as a=b,c=d, sorted by name.
func text(set attribute.Set) string {
	return set.Encoded(attribute.DefaultEncoder())
}

// counts returns how many events there were of each set of attributes.
func counts(t testing.TB, reader *sdk.ManualReader) map[string]uint64 {
	t.Helper()
	counts := map[string]uint64{}
	for _, p := range points(t, reader) {
		counts[text(p.Attributes)] = p.Count
	}
	return counts
}

func labels(operation observe.Operation, outcome, reason string) string {
	labels := "authstrategy.operation.name=" + string(operation) + ",authstrategy.outcome=" + outcome
	if reason != "" {
		labels += ",error.type=" + reason
	}
	return labels
}

func TestMetric(t *testing.T) {
	hook, reader := newHook(t)
	hook(ctx, observe.Event{Operation: observe.Read, Duration: 1500 * time.Microsecond})
	scope, m := collect(t, reader)
	assert.Equal(t, "github.com/go-authstrategy/authstrategy/observe/otelauth", scope)
	assert.Equal(t, "authstrategy.operation.duration", m.Name)
	assert.Equal(t, "s", m.Unit)
	assert.Equal(t, "How long it takes to write, read and destroy tokens.", m.Description)
	point := points(t, reader)[0]
	assert.Equal(t, 0.0015, point.Sum)
	assert.Equal(t, []float64{0.000001, 0.000003, 0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1}, point.Bounds)
}

// Each bound is the end of its own bucket, and the last bucket is for all above 1 s.
func TestBuckets(t *testing.T) {
	hook, reader := newHook(t)
	const us, ms = time.Microsecond, time.Millisecond
	for _, d := range []time.Duration{us, 3 * us, 10 * us, 30 * us, 100 * us, 300 * us, ms, 3 * ms, 10 * ms, 30 * ms, 100 * ms, 300 * ms, time.Second, time.Second + 1} {
		hook(ctx, observe.Event{Operation: observe.Read, Duration: d})
	}
	assert.Equal(t, []uint64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, points(t, reader)[0].BucketCounts)
}

// Every end of every operation has attributes of its own, and they are made once.
func TestAttributes(t *testing.T) {
	reasons := map[error]string{
		authstrategy.ErrTokenMissing: "token_missing", authstrategy.ErrTokenTooLarge: "token_too_large", authstrategy.ErrTokenMalformed: "token_malformed",
		authstrategy.ErrTokenUnverifiable: "token_unverifiable", authstrategy.ErrTokenSignature: "token_signature", authstrategy.ErrTokenType: "token_type",
		authstrategy.ErrTokenIssuer: "token_issuer", authstrategy.ErrTokenAudience: "token_audience", authstrategy.ErrTokenClaimMissing: "token_claim_missing",
		authstrategy.ErrTokenNotYetValid: "token_not_yet_valid", authstrategy.ErrTokenExpired: "token_expired",
		authstrategy.ErrUserNotFound: "user_not_found", authstrategy.ErrUserRefused: "user_refused",
	}
	hook, reader := newHook(t)
	want := map[string]uint64{}
	for _, operation := range []observe.Operation{observe.Write, observe.Read, observe.Destroy} {
		record := func(err error) { hook(ctx, observe.Event{Operation: operation, Err: err}) }
		record(nil)
		record(observe.ErrFailed)
		want[labels(operation, "ok", "")] = 1
		want[labels(operation, "failed", "failed")] = 1
		for err, name := range reasons {
			record(err)
			want[labels(operation, "refused", name)] = 1
		}
	}
	assert.Equal(t, want, counts(t, reader))
	assert.Len(t, want, 45, "as the package comment says")
}

// An event of another version of package observe is recorded as well.
func TestUnknownOperation(t *testing.T) {
	hook, reader := newHook(t)
	hook(ctx, observe.Event{Operation: "refresh"})
	hook(ctx, observe.Event{Operation: "refresh", Err: authstrategy.ErrTokenExpired})
	assert.Equal(t, map[string]uint64{labels("refresh", "ok", ""): 1, labels("refresh", "refused", "token_expired"): 1}, counts(t, reader))
}

// Nothing of an error that is not the package's becomes an attribute.
func TestForeignError(t *testing.T) {
	hook, reader := newHook(t)
	hook(ctx, observe.Event{Operation: observe.Read, Err: errors.New("hunter2")})
	assert.Equal(t, map[string]uint64{labels("read", "failed", "failed"): 1}, counts(t, reader))
}

// Ten thousand bad tokens, each another one, and as many users and causes: the sets of
// attributes are no more than the reasons.
func TestCardinality(t *testing.T) {
	hook, reader := newHook(t)
	clock := time.Unix(1893456000, 0)
	inner, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret("otelauth test secret, not for production"), authstrategy.WithClock(func() time.Time { return clock }))
	require.NoError(t, err)
	s, err := observe.Strategy[user](inner, hook)
	require.NoError(t, err)

	tokens := map[string]bool{}
	read := func(s authstrategy.Strategy[user], token string, load authstrategy.UserLoader[user]) {
		require.False(t, tokens[token])
		tokens[token] = true
		_, err := s.ReadToken(ctx, token, load)
		require.Error(t, err)
	}
	for i := 0; len(tokens) < 8000; i++ {
		id := user(fmt.Sprintf("user-%d-%s", i, rand.Text()))
		good, err := inner.WriteToken(ctx, id)
		require.NoError(t, err)
		read(s, good, func(context.Context, *authstrategy.Claims) (user, error) {
			return "", []error{fmt.Errorf("%s: down", id), fmt.Errorf("%w: %s", authstrategy.ErrUserRefused, id), fmt.Errorf("%w: %s", authstrategy.ErrUserNotFound, id)}[i%3]
		})
		segments := strings.Split(good, ".")
		forged := []string{
			rand.Text(),
			segments[0] + "." + segments[1] + "." + strings.Repeat("A", 43),
			rand.Text() + "." + segments[1] + "." + segments[2],
			good + strings.Repeat("A", 8192),
		}
		read(s, forged[i%4], nopLoad)
	}
	for _, row := range hostiletest.Rows() {
		if row.Want == nil || tokens[row.Token] {
			continue
		}
		strategy, err := row.Reader.Strategy()
		require.NoError(t, err)
		wrapped, err := observe.Strategy[user](strategy, hook)
		require.NoError(t, err)
		read(wrapped, row.Token, nopLoad)
	}
	for len(tokens) < 10000 {
		read(s, rand.Text()+"."+rand.Text()+"."+rand.Text(), nopLoad)
	}

	got, total := counts(t, reader), uint64(0)
	for labels, count := range got {
		total += count
		assert.True(t, strings.HasPrefix(labels, "authstrategy.operation.name=read,authstrategy.outcome="), labels)
	}
	assert.EqualValues(t, len(tokens), total)
	assert.Len(t, got, 14, "all 13 reasons, and failures")
}

func nopLoad(_ context.Context, claims *authstrategy.Claims) (user, error) {
	return user(claims.Subject), nil
}

// Two hooks of one provider record into one histogram.
func TestTwoHooks(t *testing.T) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	for range 2 {
		hook, err := otelauth.Hook(provider)
		require.NoError(t, err)
		hook(ctx, observe.Event{Operation: observe.Write})
	}
	assert.Equal(t, map[string]uint64{labels("write", "ok", ""): 2}, counts(t, reader))
}

// The context of the call reaches the SDK, which finds the trace in it.
func TestContext(t *testing.T) {
	type key struct{}
	provider := &provider{}
	hook, err := otelauth.Hook(provider)
	require.NoError(t, err)
	hook(context.WithValue(ctx, key{}, 1), observe.Event{Operation: observe.Read, Duration: math.MaxInt64})
	assert.Equal(t, 1, provider.ctx.Value(key{}))
	assert.Equal(t, time.Duration(math.MaxInt64).Seconds(), provider.value)
}

func TestMistakes(t *testing.T) {
	for name, provider := range map[string]metric.MeterProvider{"nil": nil, "a nil, with a type": (*sdk.MeterProvider)(nil)} {
		hook, err := otelauth.Hook(provider)
		assert.EqualError(t, err, "authstrategy: invalid configuration: otelauth: the provider is nil; pass one of the OpenTelemetry SDK, or otel.GetMeterProvider()", name)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
		assert.Nil(t, hook, name)
	}
	own := errors.New("no more instruments")
	hook, err := otelauth.Hook(&provider{err: own})
	assert.EqualError(t, err, "otelauth: the provider did not make the histogram: no more instruments")
	assert.ErrorIs(t, err, own)
	assert.Nil(t, hook)
	_, err = otelauth.Hook(noop.NewMeterProvider())
	assert.NoError(t, err)
}

// provider makes a histogram that keeps what it is given last, or fails.
type provider struct {
	embedded.MeterProvider
	err   error
	ctx   context.Context
	value float64
}

func (p *provider) Meter(string, ...metric.MeterOption) metric.Meter {
	return meter{provider: p}
}

type meter struct {
	noop.Meter
	provider *provider
}

func (m meter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return histogram{provider: m.provider}, m.provider.err
}

type histogram struct {
	noop.Float64Histogram
	provider *provider
}

func (h histogram) Record(ctx context.Context, value float64, _ ...metric.RecordOption) {
	h.provider.ctx, h.provider.value = ctx, value
}
