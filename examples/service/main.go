// Service is a small web service around this module: one user in memory, and
// the routes and bodies of FastAPI Users, so that its clients work against it
// unchanged.
//
//	POST /auth/jwt/login      form username, password: an access token
//	POST /auth/jwt/logout     204, and the token is ended
//	POST /auth/cookie/login   the same form: 204 and a cookie
//	POST /auth/cookie/logout  204, the token is ended and the cookie cleared
//	GET  /users/me            with either of the two: the user
//
// Package session adds two routes and, at the cookie log-in, a second cookie with a
// refresh token. With -sessions=false they are not there, and no token ends before
// it expires.
//
//	POST /auth/refresh            with the second cookie: 204 and both cookies anew
//	POST /auth/logout-everywhere  with a token: 204, and all tokens of its user are ended
//
// It speaks plain HTTP: away from the loopback address, put TLS before it.
//
// On a loopback address it also has a page that shows all of this in a browser.
// Who copies the service deletes demo.go, its test, the folder demo, and the line
// in serve that calls demonstrate. Who wants no sessions deletes sessions.go and its
// test, and what then no longer compiles.
package main

import (
	"cmp"
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
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/session"
)

func main() {
	os.Exit(run(flag.CommandLine, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings passed in. It returns the exit code: 2 for
// flags that make no sense, 1 for a service that could not be set up or served.
func run(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(flags, args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // the flag set has printed it
	}
	if err := serve(cfg, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "service: %v\n", err)
		return 1
	}
	return 0
}

type config struct {
	addr          string
	username      string
	password      string // empty: make one
	algorithm     string
	secretFile    string // empty: make a secret, or read only with a public key
	publicKeyFile string
	lifetime      time.Duration
	sessions      bool // with a public key alone there are none
}

func parseFlags(flags *flag.FlagSet, args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags.Init("service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "listen on this `host:port`; port 0 picks a free one")
	flags.StringVar(&cfg.username, "username", "user@example.com", "`name` of the one user; the id depends on it alone")
	flags.StringVar(&cfg.password, "password", "", "the user's `password` (default: a random one at each start)")
	flags.StringVar(&cfg.algorithm, "algorithm", string(authstrategy.HS256), "JWS `algorithm` of the tokens")
	flags.StringVar(&cfg.secretFile, "secret-file", "", "`file` with the secret, or the PEM private key; one final newline is cut off (default: a random secret at each start)")
	flags.StringVar(&cfg.publicKeyFile, "public-key-file", "", "`file` with the PEM public key or certificate; without -secret-file the service only reads tokens")
	flags.DurationVar(&cfg.lifetime, "lifetime", time.Hour, "how long a token is valid, 1s and up")
	flags.BoolVar(&cfg.sessions, "sessions", true, "end tokens at log-out, and refresh them; what was ended is kept in memory")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}

	var faults []error
	if flags.NArg() > 0 {
		// It may be the rest of a password with blanks, so it is not shown.
		faults = append(faults, errors.New("an argument belongs to no flag: the service takes flags only; put a value with blanks in quotes"))
	}
	// An empty value is a variable that the caller's shell did not have, not a
	// wish for the default: a random secret in place of the real one.
	flags.Visit(func(f *flag.Flag) {
		if f.Value.String() == "" {
			faults = append(faults, fmt.Errorf("-%s is empty", f.Name))
		}
	})
	if !utf8.ValidString(cfg.username) {
		faults = append(faults, errors.New("-username is not UTF-8"))
	}
	if err := errors.Join(faults...); err != nil {
		fmt.Fprintln(stderr, err)
		flags.Usage()
		return config{}, err
	}
	return cfg, nil
}

// serve sets the service up, prints how to use it, and serves until it is told
// to stop by SIGINT or SIGTERM.
func serve(cfg config, stdout, stderr io.Writer) error {
	keys, err := loadKeys(cfg)
	if err != nil {
		return err
	}
	cfg.sessions = cfg.sessions && !keys.readOnly()
	strategy, err := newStrategy(cfg, keys)
	if err != nil {
		return err
	}
	password := cmp.Or(cfg.password, randomPassword())
	users, err := newUserStore(cfg.username, password, derivePBKDF2)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return err
	}
	svc := service{
		strategy: strategy,
		users:    users,
		load:     users.Load,
		cookie:   authhttp.Cookie{Insecure: isLoopback(listener.Addr())}, // Cookie{} behind a TLS proxy on this machine
		log:      slog.New(slog.NewTextHandler(stderr, nil)),
		readOnly: keys.readOnly(),
	}
	if cfg.sessions {
		if err := svc.addSessions(strategy, session.NewMemory()); err != nil {
			return err
		}
	}
	handler, err := svc.routes()
	if err != nil {
		return err
	}
	server := newServer(handler, svc.log)

	// Listen for the signal before the address is printed: who reads the
	// address may send one.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	printWelcome(stdout, listener.Addr(), cfg, keys, password)
	demonstrate(server, svc, cfg, keys, password, listener.Addr(), stdout) // delete this line with demo.go
	fmt.Fprintln(stdout, "Stop with Ctrl-C or SIGTERM.")
	return serveUntil(ctx, stop, server, listener, stdout)
}

// newStrategy makes the strategy of the flags. More options override them.
func newStrategy(cfg config, keys keys, more ...authstrategy.Option) (*authstrategy.JWTStrategy[*User], error) {
	options := []authstrategy.Option{
		authstrategy.WithAlgorithm(authstrategy.Algorithm(cfg.algorithm)),
		authstrategy.WithLifetime(cfg.lifetime),
	}
	if cfg.publicKeyFile != "" {
		options = append(options, authstrategy.WithPublicKey(keys.public))
	}
	if cfg.sessions {
		options = append(options, authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	}
	return authstrategy.GetJWTStrategy[*User](keys.secret, append(options, more...)...)
}

// serveUntil serves until a signal ends ctx, and then finishes the requests under
// way.
func serveUntil(ctx context.Context, stop func(), server *http.Server, listener net.Listener, stdout io.Writer) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once
	fmt.Fprintln(stdout, "Stopping: no new connections, requests under way are finished.")
	finish, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return server.Shutdown(finish)
}

// The longest that one request can take is reading and then writing; a request
// under way at shutdown gets that long.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = time.Minute
	shutdownTimeout   = readTimeout + writeTimeout

	// Room for the largest token that a strategy takes by default (8192 bytes)
	// and the other headers.
	maxHeaderBytes = 16 << 10
)

// newServer sets the limits that net/http leaves open: without them a client
// that sends nothing holds its connection forever.
func newServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

// printWelcome prints the address, the password if it was made at random, and the
// curl lines to paste into a shell. A password that the operator chose is not
// shown: it would be in the log for good.
func printWelcome(w io.Writer, addr net.Addr, cfg config, keys keys, password string) {
	url := baseURL(addr)
	fmt.Fprintf(w, "Listening on %s (%s, tokens valid for %s)\n", url, cfg.algorithm, cfg.lifetime)
	switch {
	case keys.readOnly():
		fmt.Fprintln(w, "A public key alone: the service reads tokens and makes none, login answers 503.")
	case keys.random:
		fmt.Fprintln(w, "No -secret-file: a random secret was made, and tokens end with this process.")
	}
	if cfg.sessions {
		fmt.Fprintln(w, "Log-out ends tokens. The service has in memory which ones: after a restart with the same secret they are accepted again until they expire.")
	} else {
		fmt.Fprintln(w, "Log-out ends no token here: each is good until it expires.")
	}
	if isLoopback(addr) {
		fmt.Fprintln(w, "The cookie is not Secure, since this is plain http on a loopback address. Browsers also send it to the other ports of this host.")
	} else {
		fmt.Fprintln(w, "The cookie is Secure: browsers take it over https alone. Put TLS before this address.")
	}
	fmt.Fprintf(w, "The user is %s, id %s.\n", cfg.username, userID(cfg.username))
	passwordField := `"password=${PASSWORD:?}"`
	switch {
	case keys.readOnly():
	case cfg.password == "":
		fmt.Fprintln(w, "No -password: a random one was made, for this start alone.")
		passwordField = shellQuote("password=" + password)
	default:
		fmt.Fprintln(w, "The password is not shown: first set the shell variable PASSWORD to it.")
	}
	fmt.Fprint(w, "Try:\n\n")
	if keys.readOnly() {
		fmt.Fprintln(w, "  TOKEN='a token signed with the private key'")
	} else {
		fmt.Fprintf(w, "  TOKEN=$(curl -s --data-urlencode %s --data-urlencode %s %s/auth/jwt/login | cut -d '\"' -f 4)\n",
			shellQuote("username="+cfg.username), passwordField, url)
	}
	fmt.Fprintf(w, "  curl -i -H \"Authorization: Bearer $TOKEN\" %s/users/me\n", url)
	fmt.Fprintf(w, "  curl -i -X POST -H \"Authorization: Bearer $TOKEN\" %s/auth/jwt/logout\n\n", url)
}

// isLoopback reports whether only this machine reaches the address.
func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// baseURL is where a client on this machine finds the listener: an address that
// stands for all interfaces is none to connect to.
func baseURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + addr.String()
}

// shellQuote makes one word of s for a POSIX shell, whatever is in it.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
