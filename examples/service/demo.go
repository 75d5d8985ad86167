package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// The demonstration: a page on which one sees a session begin, be used, be
// refused, be refreshed and end. It breaks its own requests on purpose; the checks
// that refuse them are the service's. Nothing of it is needed to run the service.

var demoFlag = flag.Bool("demo", false, "serve a page to try the service in a browser (default: on a loopback address)")

//go:embed demo
var demoFiles embed.FS

type demo struct {
	service
	api      http.Handler          // its routes
	guard    *authhttp.Auth[*User] // and its guard
	lifetime time.Duration
	expired  string // a token
	port     int    // of the other origin
	reasons  *reasons

	// key begins the id of every request of the page. Who has logged in is told
	// it. Without it nobody can have a request broken, or a reason kept and read.
	key string
}

// demonstrate adds the page to the server, and a second origin that attacks it,
// and prints how to open the page.
func demonstrate(server *http.Server, svc service, cfg config, keys keys, password string, addr net.Addr, stdout io.Writer) {
	if !demoWanted(isLoopback(addr)) {
		return
	}
	if svc.readOnly {
		fmt.Fprintln(stdout, "No page for a browser: it needs a service that makes tokens.")
		return
	}
	d, err := newDemo(svc, cfg, keys)
	if err == nil {
		err = d.addTo(server, addr)
	}
	if err != nil {
		svc.log.Error("no demonstration", "err", err)
		return
	}
	fmt.Fprintf(stdout, "In a browser: %s\n", pageURL(addr, cfg, password))
}

// demoWanted returns what -demo says, or else whether only this machine reaches
// the service.
func demoWanted(loopback bool) bool {
	wanted := loopback
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "demo" {
			wanted = *demoFlag
		}
	})
	return wanted
}

// pageURL has the user's name and password in it if only this machine reaches it,
// and no password that the operator chose. They are in the fragment, which no
// browser sends.
func pageURL(addr net.Addr, cfg config, password string) string {
	page := baseURL(addr) + "/"
	if !isLoopback(addr) {
		return page
	}
	fields := url.Values{"username": {cfg.username}}
	if cfg.password == "" {
		fields.Set("password", password)
	}
	return page + "#" + fields.Encode()
}

// newDemo returns a demo of the service, whose loader it lets fail and whose log
// it reads.
func newDemo(svc service, cfg config, keys keys) (*demo, error) {
	d := &demo{service: svc, lifetime: cfg.lifetime, key: rand.Text(), reasons: new(reasons)}
	d.load = failOnDemand(svc.load)
	d.log = slog.New(demoLog{svc.log.Handler(), d.reasons})
	auths, err := d.auths()
	if err != nil {
		return nil, err
	}
	d.guard = auths.either
	if d.api, err = d.routes(); err != nil {
		return nil, err
	}

	cfg.lifetime = time.Second
	hourAgo := func() time.Time { return time.Now().Add(-time.Hour) }
	past, err := newStrategy(cfg, keys, authstrategy.WithClock(hourAgo))
	if err != nil {
		return nil, err
	}
	d.expired, err = past.WriteToken(context.Background(), &svc.users.user)
	return d, err
}

// addTo opens the other origin, which is another port, and lets the server serve
// the page. The other origin ends with the server.
func (d *demo) addTo(server *http.Server, addr net.Addr) error {
	tcp := *addr.(*net.TCPAddr)
	page := tcp.Port
	tcp.Port = 0
	listener, err := net.ListenTCP("tcp", &tcp)
	if err != nil {
		return err
	}
	d.port = listener.Addr().(*net.TCPAddr).Port
	other := newServer(serveFiles("demo/other", fmt.Sprintf(otherPolicy, page)), d.log)
	server.RegisterOnShutdown(func() { other.Close() })
	go other.Serve(listener)
	server.Handler = d.handler()
	return nil
}

// The Content-Security-Policy of the two origins. Each names the other's port: on
// which host it is depends on how the browser came here.
const (
	commonPolicy = "default-src 'none'; script-src 'self'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
	pagePolicy   = commonPolicy + "style-src 'self'; img-src 'self'; connect-src 'self'; frame-src http://*:%d; frame-ancestors 'none'"
	otherPolicy  = commonPolicy + "connect-src http://*:%d; frame-ancestors http://*:%[1]d"
)

// handler serves the page, and leaves every other request to the service.
func (d *demo) handler() http.Handler {
	files := serveFiles("demo/page", fmt.Sprintf(pagePolicy, d.port))
	service := d.tamper(d.api)
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", files)
	mux.Handle("GET /demo/", http.StripPrefix("/demo", files))
	mux.Handle("POST /demo/session", d.tamper(d.guard.Require(http.HandlerFunc(d.session))))
	mux.Handle("POST /demo/device", d.guard.Require(http.HandlerFunc(d.device)))
	mux.Handle("POST /demo/reason", http.NewCrossOriginProtection().Handler(http.HandlerFunc(d.reason)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern == "" {
			service.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func serveFiles(dir, policy string) http.Handler {
	files, err := fs.Sub(demoFiles, dir)
	if err != nil {
		panic(err) // the name is wrong
	}
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		server.ServeHTTP(w, r)
	})
}

// session takes the token apart for the page, which cannot read a cookie. It
// keeps the signature to itself: what it shows is no token.
func (d *demo) session(w http.ResponseWriter, r *http.Request) {
	_, token := d.token(r)
	segments := strings.Split(token, ".")
	header, claims := decodeSegment(segments[0]), decodeSegment(segments[1])
	var expiry struct {
		Seconds float64 `json:"exp"`
	}
	json.Unmarshal(claims, &expiry)
	now := float64(time.Now().UnixMilli()) / 1000
	writeJSON(w, http.StatusOK, map[string]any{
		"header":   header,
		"claims":   claims,
		"left":     expiry.Seconds - now, // in seconds; the browser's clock may be another
		"lifetime": d.lifetime.Seconds(),
		"key":      d.key,
		"port":     d.port,
		"sessions": d.sessions != nil,
	})
}

// decodeSegment returns the JSON in a segment of a token that has been verified.
func decodeSegment(segment string) json.RawMessage {
	content, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic(err)
	}
	return content
}

// token returns the token that the guard looks at, and the header it is in.
func (d *demo) token(r *http.Request) (header, token string) {
	for _, transport := range []authhttp.Transport{authhttp.Bearer{}, d.cookie} {
		if token, err := transport.Token(r); err == nil && token != "" {
			return transport.Header(), token
		}
	}
	return "", ""
}

// device logs the user in on another device: with a token of its own.
func (d *demo) device(w http.ResponseWriter, r *http.Request) {
	token, err := d.strategy.WriteToken(r.Context(), authhttp.User[*User](r.Context()))
	if err == nil {
		err = d.copy("device").Write(w, r, token, copyLifetime)
	}
	if err != nil {
		d.guard.Refuse(w, r, err)
		return
	}
	writeNoContent(w)
}

// copyLifetime is how long the browser keeps a copy. It is sent within a second or
// two, and without sessions it is as good as its token.
const copyLifetime = time.Minute

// copy is a cookie of the demonstration's own, with a token as another device or a
// thief would have it. No script can read it, and no other site has it sent.
func (d *demo) copy(name string) authhttp.Cookie {
	return authhttp.Cookie{Name: "demo-" + name, SameSite: http.SameSiteStrictMode, Insecure: d.cookie.Insecure}
}

// reason returns what the log has of a request of the page.
func (d *demo) reason(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("demo")
	if !d.isOurs(id) {
		writeError(w, http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, d.reasons.of(id))
}

// What the context of a request of the page holds.
type (
	demoID   struct{} // its id
	demoDown struct{} // true: no user can be looked up
)

// tamper gives a request of the page its id, and breaks it as it asks for, or
// has copies of its tokens kept or sent. That gets nobody in who would not get in
// by the token of the request, or by the copy.
func (d *demo) tamper(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		id, wanted := query.Get("demo"), query.Get("case")
		if !d.isOurs(id) {
			next.ServeHTTP(w, r)
			return
		}
		ctx := context.WithValue(r.Context(), demoID{}, id)
		ctx = context.WithValue(ctx, demoDown{}, wanted == "down")
		r = r.Clone(ctx)
		if wanted == "keep" {
			d.keep(w, r)
		}
		d.sendCopy(r, wanted)
		header, token := d.token(r)
		if broken := d.breakToken(token, wanted); broken != token {
			r.Header.Set(header, strings.Replace(r.Header.Get(header), token, broken, 1))
		}
		next.ServeHTTP(w, r)
	})
}

// keep keeps copies of the tokens of a request.
func (d *demo) keep(w http.ResponseWriter, r *http.Request) {
	if _, token := d.token(r); token != "" {
		d.copy("access").Write(w, r, token, copyLifetime)
	}
	if d.sessions == nil {
		return
	}
	if token, _ := d.sessions.cookie.Token(r); token != "" {
		d.copy("refresh").Write(w, r, token, copyLifetime)
	}
}

// sendCopy puts a copy into a request in the place of its own token.
func (d *demo) sendCopy(r *http.Request, name string) {
	token, err := d.copy(name).Token(r)
	if err != nil || token == "" {
		return
	}
	if name == "access" || name == "device" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if name == "refresh" && d.sessions != nil {
		r.Header.Set("Cookie", d.sessions.cookie.Name+"="+token)
	}
}

func (d *demo) isOurs(id string) bool {
	key, _, _ := strings.Cut(id, "-")
	return subtle.ConstantTimeCompare([]byte(key), []byte(d.key)) == 1
}

func (d *demo) breakToken(token, wanted string) string {
	signature := strings.LastIndex(token, ".") + 1
	if signature == 0 {
		return token
	}
	switch wanted {
	case "changed":
		first := "A"
		if token[signature] == 'A' {
			first = "B"
		}
		return token[:signature] + first + token[signature+1:]
	case "expired":
		return d.expired
	case "none": // as RFC 7519 §6 has it
		_, rest, _ := strings.Cut(token[:signature], ".")
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + rest
	}
	return token
}

var errDemoDown = errors.New("the database is down, as the page asked for")

func failOnDemand(load authstrategy.UserLoader[*User]) authstrategy.UserLoader[*User] {
	return func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		if ctx.Value(demoDown{}) == true {
			return nil, errDemoDown
		}
		return load(ctx, claims)
	}
}

// demoLog is a slog.Handler that also keeps why requests of the page were
// refused. A logger that With makes of it does not; the service has none.
type demoLog struct {
	slog.Handler
	reasons *reasons
}

func (l demoLog) Enabled(ctx context.Context, level slog.Level) bool {
	return ctx.Value(demoID{}) != nil || l.Handler.Enabled(ctx, level)
}

func (l demoLog) Handle(ctx context.Context, record slog.Record) error {
	if id, ok := ctx.Value(demoID{}).(string); ok {
		l.reasons.keep(id, record)
	}
	if !l.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	return l.Handler.Handle(ctx, record)
}

// reason is what a record of the log says.
type reason struct {
	id     string
	Status int64  `json:"status"` // 0: the log has nothing
	Reason string `json:"reason"`
}

// reasons are the last ones.
type reasons struct {
	mu   sync.Mutex
	last [32]reason
	next int
}

func (k *reasons) keep(id string, record slog.Record) {
	kept := reason{id: id}
	record.Attrs(func(attr slog.Attr) bool {
		switch attr.Key {
		case "status":
			kept.Status = attr.Value.Int64()
		case "err":
			kept.Reason = attr.Value.String()
		}
		return true
	})
	if kept.Status == 0 {
		return // it says of no answer why
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last[k.next] = kept
	k.next = (k.next + 1) % len(k.last)
}

// of returns the reason of the request with that id.
func (k *reasons) of(id string) reason {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, kept := range k.last {
		if kept.id == id {
			return kept
		}
	}
	return reason{}
}
