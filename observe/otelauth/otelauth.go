// Package otelauth records what package observe tells as a metric of OpenTelemetry.
//
//	hook, err := otelauth.Hook(otel.GetMeterProvider())
//	…
//	strategy, err = observe.Strategy(strategy, hook)
//
// It needs the API of OpenTelemetry alone. What collects the metric, and where it goes,
// is the choice of the program that has the provider.
//
// # The metric
//
// It is one histogram, authstrategy.operation.duration, in seconds. Its count tells how
// many operations there were. The attributes:
//
//   - authstrategy.operation.name: the observe.Operation: "write", "read" or "destroy"
//   - authstrategy.outcome: "ok"; "refused", for a token or user that is refused; or
//     "failed", where nobody can say
//   - error.type: the name that observe.Reason has for the cause; absent for "ok"
//
// So there are no more than 45 sets of attributes, whatever clients send.
//
// The buckets end at 1, 3, 10, 30, 100 and 300 µs, at as many ms, and at 1 s: from a
// token whose signature is remembered to a database that is about to give up. A view of
// the provider may have others.
package otelauth

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/nils"
	"github.com/go-authstrategy/authstrategy/observe"
)

// scope is the name of the meter.
const scope = "github.com/go-authstrategy/authstrategy/observe/otelauth"

// bounds are where the buckets end, in seconds.
var bounds = []float64{1e-6, 3e-6, 10e-6, 30e-6, 100e-6, 300e-6, 1e-3, 3e-3, 10e-3, 30e-3, 100e-3, 300e-3, 1}

// Hook returns a hook for observe.Strategy that records each event. It makes one
// instrument of the provider; several hooks of one provider record into the same.
//
// A nil provider is an error that matches authstrategy.ErrInvalidConfig. The error of a
// provider that does not make the instrument comes wrapped.
func Hook(provider metric.MeterProvider) (func(context.Context, observe.Event), error) {
	if nils.Is(provider) {
		return nil, fmt.Errorf("%w: otelauth: the provider is nil; pass one of the OpenTelemetry SDK, or otel.GetMeterProvider()", authstrategy.ErrInvalidConfig)
	}
	histogram, err := provider.Meter(scope).Float64Histogram("authstrategy.operation.duration",
		metric.WithUnit("s"),
		metric.WithDescription("How long it takes to write, read and destroy tokens."),
		metric.WithExplicitBucketBoundaries(bounds...))
	if err != nil {
		return nil, fmt.Errorf("otelauth: the provider did not make the histogram: %w", err)
	}
	known := knownKinds()
	return func(ctx context.Context, e observe.Event) {
		k := kind{e.Operation, observe.Reason(e.Err)}
		options, ok := known[k]
		if !ok {
			options = k.options() // of a version of package observe that is newer
		}
		histogram.Record(ctx, e.Duration.Seconds(), options...)
	}, nil
}

// A kind is what the attributes of an event say.
type kind struct {
	operation observe.Operation
	reason    string
}

// knownKinds returns the options of all kinds of events, which are made once.
func knownKinds() map[kind][]metric.RecordOption {
	known := map[kind][]metric.RecordOption{}
	for _, operation := range []observe.Operation{observe.Write, observe.Read, observe.Destroy} {
		for _, err := range []error{
			nil, authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenMalformed, authstrategy.ErrTokenUnverifiable,
			authstrategy.ErrTokenSignature, authstrategy.ErrTokenType, authstrategy.ErrTokenIssuer, authstrategy.ErrTokenAudience,
			authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenNotYetValid, authstrategy.ErrTokenExpired, authstrategy.ErrUserNotFound,
			authstrategy.ErrUserRefused, observe.ErrFailed,
		} {
			k := kind{operation, observe.Reason(err)}
			known[k] = k.options()
		}
	}
	return known
}

func (k kind) options() []metric.RecordOption {
	attributes := []attribute.KeyValue{
		attribute.String("authstrategy.operation.name", string(k.operation)),
		attribute.String("authstrategy.outcome", k.outcome()),
	}
	if k.reason != "" {
		attributes = append(attributes, attribute.String("error.type", k.reason))
	}
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}

func (k kind) outcome() string {
	if k.reason == "" {
		return "ok"
	}
	if k.reason == observe.Reason(observe.ErrFailed) {
		return "failed"
	}
	return "refused"
}
