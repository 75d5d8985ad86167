package otelauth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/observe"
	"github.com/go-authstrategy/authstrategy/observe/otelauth"
)

func ExampleHook() {
	reader := metric.NewManualReader() // in a service: of the exporter
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("an example secret, do not use it"))
	if err != nil {
		log.Fatal(err)
	}

	hook, err1 := otelauth.Hook(provider) // or, for logs: observe.Log(slog.Default())
	observed, err2 := observe.Strategy(strategy, hook)
	auth, err3 := authhttp.New(authhttp.Bearer{}, observed, authstrategy.LoadSubject)
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodGet, "/me", nil)
	r.Header.Set("Authorization", "Bearer forged")
	auth.Require(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)

	var recorded metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &recorded); err != nil {
		log.Fatal(err)
	}
	histogram := recorded.ScopeMetrics[0].Metrics[0]
	point := histogram.Data.(metricdata.Histogram[float64]).DataPoints[0]
	reason, _ := point.Attributes.Value("error.type")
	fmt.Println(histogram.Name, point.Count, reason.AsString())
	// Output: authstrategy.operation.duration 1 token_malformed
}
