// Replicas is a web service of which several processes run at once. What was ended is
// in a store that they share, so that a log-out at one of them counts at all.
//
//	POST /auth/jwt/login        form username, password: an access and a refresh token
//	POST /auth/jwt/refresh      form refresh_token: the next two
//	POST /auth/jwt/logout       form refresh_token, and the access token: 204
//	POST /auth/jwt/logout-all   with an access token: 204, and all tokens of the user end
//	GET  /users/me              with an access token: the user
//
// With -metrics it also serves GET /metrics for Prometheus, on another address.
//
// It speaks plain HTTP: put TLS before it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

func main() {
	// Listen for signals first: who starts the process may send one at any time.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "replicas: %v\n", err)
		os.Exit(1)
	}
}

type config struct {
	addr, store, metrics string
	migrate, clean       bool
}

// run is main with its surroundings passed in. It ends with ctx.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	store, err := openStore(cfg.store)
	if err != nil {
		return err
	}
	defer store.close()
	if cfg.migrate {
		return store.migrate(ctx)
	}
	if cfg.clean {
		deleted, err := store.clean(ctx)
		fmt.Fprintf(stdout, "deleted %d\n", deleted)
		return err
	}
	return serve(ctx, cfg, store, stdout, stderr)
}

func parseFlags(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("replicas", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "listen on this `host:port`; port 0 picks a free one")
	flags.StringVar(&cfg.store, "store", "", "`address` of the store: redis://…, postgres://… or sqlite:FILE")
	flags.StringVar(&cfg.metrics, "metrics", "", "serve /metrics on this other `host:port`, which only Prometheus should reach")
	flags.BoolVar(&cfg.migrate, "migrate", false, "make the table, once, and end")
	flags.BoolVar(&cfg.clean, "clean", false, "delete what is over, and end")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 || cfg.migrate && cfg.clean {
		return config{}, errors.New("want flags only, and one of -migrate and -clean")
	}
	return cfg, nil
}

// serve answers requests until ctx ends, and then finishes those under way.
func serve(ctx context.Context, cfg config, store *store, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	hook, metrics, err := newMetrics()
	if err != nil {
		return err
	}
	svc, err := newService(store, secrets{
		access:   authstrategy.NewSecret(os.Getenv("AUTH_SECRET")),
		refresh:  authstrategy.NewSecret(os.Getenv("REFRESH_SECRET")),
		password: authstrategy.NewSecret(os.Getenv("PASSWORD")),
	}, hook, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           svc.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	fmt.Fprintf(stdout, "Listening on http://%s\n", listener.Addr())
	if cfg.metrics != "" {
		stop, err := serveMetrics(cfg.metrics, metrics, stdout)
		if err != nil {
			return err
		}
		defer stop()
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return server.Shutdown(finish)
}
