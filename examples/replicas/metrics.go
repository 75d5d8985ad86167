package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/go-authstrategy/authstrategy/observe"
	"github.com/go-authstrategy/authstrategy/observe/otelauth"
)

// newMetrics returns a hook that counts, and the handler that shows Prometheus what was
// counted.
func newMetrics() (hook func(context.Context, observe.Event), handler http.Handler, err error) {
	registry := prometheus.NewRegistry()
	reader, err := exporter.New(
		exporter.WithRegisterer(registry),
		exporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes)) // the names in alerts.yml
	if err != nil {
		return nil, nil, err
	}
	hook, err = otelauth.Hook(metric.NewMeterProvider(metric.WithReader(reader)))
	if err != nil {
		return nil, nil, err
	}
	return hook, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}

// serveMetrics serves /metrics until stop is called. It has an address of its own: the
// figures tell an attacker how far he has come, and are nothing for the public.
func serveMetrics(addr string, handler http.Handler, stdout io.Writer) (stop func() error, err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 20 * time.Second}
	fmt.Fprintf(stdout, "Metrics on http://%s/metrics\n", listener.Addr())
	go server.Serve(listener)
	return server.Close, nil
}
