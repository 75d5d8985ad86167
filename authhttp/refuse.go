package authhttp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
)

// Reasons to refuse a request, beside those of authstrategy. They count where a
// [Transport] returns them or the caller gives them to [Auth.Refuse]; what a
// strategy or a loader returns never matches them.
var (
	// ErrMalformedRequest: the request carries something in the place of a token
	// that is not one token, such as two Authorization headers. 400.
	ErrMalformedRequest error = errs.New("authhttp: malformed request")

	// ErrCrossOrigin: another site made a request that would use, set or clear a
	// cookie. 403.
	ErrCrossOrigin error = errs.New("authhttp: cross-origin request")

	// ErrForbidden: the user may not do this. 403. [Auth.RequireThat] refuses with
	// it, and a handler may give it to [Auth.Refuse].
	ErrForbidden error = errs.New("authhttp: forbidden")

	// ErrTokenTooLong: the token does not fit into a cookie, which browsers would
	// drop without a word. 503; a retry does not help.
	ErrTokenTooLong error = errs.New("authhttp: token too long")
)

// own are the errors of this package that no strategy or loader may use.
var own = []error{ErrMalformedRequest, ErrCrossOrigin, ErrForbidden, ErrTokenTooLong}

var (
	errNoAuth       = fmt.Errorf("%w: the Auth is nil or zero; make it with authhttp.New or AnyOf, and check their error", authstrategy.ErrInvalidConfig)
	errNilTransport = fmt.Errorf("%w: authhttp: the transport is nil; pass Bearer{}, Cookie{} or one of your own", authstrategy.ErrInvalidConfig)
	errNoToken      = fmt.Errorf("%w: the request carries none", authstrategy.ErrTokenMissing)
	errNilUser      = fmt.Errorf("%w: the strategy returned a nil user without an error", authstrategy.ErrInvalidConfig)
	errNilError     = errors.New("authhttp: Refuse was called without an error")
	errMethod       = errors.New("authhttp: log out with POST; links and prefetching send GET and HEAD")
)

// Refuse answers an error of [Auth.Authenticate] or [Auth.Issue], or one of this
// package's or authstrategy's, as [Auth.Require] does. It sets the headers, then
// calls the responder. An error that is none of them, or nil, is a failure: 503.
func (a *Auth[U]) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		err = errNilError
	}
	if !a.made() {
		err = errNoAuth
	}
	status, by := statusOf(err), a.decider(r, err)
	a.vary(w.Header(), by)
	a.challenge(w.Header(), status, by, err)
	if status == http.StatusServiceUnavailable && !errors.Is(err, ErrTokenTooLong) && !errors.Is(err, authstrategy.ErrInvalidConfig) {
		w.Header().Set("Retry-After", "1")
	}
	a.answer(w, r, status, err)
}

// decider returns the index of the member that an error is about, or none. An
// error that a handler made up is about the token of the request.
func (a *Auth[U]) decider(r *http.Request, err error) int {
	if d, ok := errors.AsType[*decision](err); ok {
		return min(d.by, len(a.all())-1) // it may be of another Auth
	}
	by, _, _ := a.find(r)
	return by
}

// answer has the responder write a refusal or failure, which no cache may keep.
func (a *Auth[U]) answer(w http.ResponseWriter, r *http.Request, status int, err error) {
	logger, respond := slog.Default(), respond
	if a.made() {
		logger, respond = a.logger(), a.respond
	}
	logRefusal(logger, r, status, err)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Del("Content-Length") // of the answer that does not come
	respond(w, r, status, err)
}

// respond is the default responder.
func respond(w http.ResponseWriter, _ *http.Request, status int, _ error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write([]byte(`{"detail":"` + http.StatusText(status) + `"}`))
}

// logRefusal logs why a request was not let in.
func logRefusal(logger *slog.Logger, r *http.Request, status int, err error) {
	level, message := slog.LevelDebug, "authhttp: request refused"
	if status == http.StatusServiceUnavailable {
		message = "authhttp: request failed"
		if r.Context().Err() == nil { // else the client has gone, or was told to wait no longer
			level = slog.LevelError
		}
	}
	if logger != nil {
		logger.Log(r.Context(), level, message, "status", status, "err", err)
	}
}

// statusOf decides what to answer to an error.
func statusOf(err error) int {
	_, failed := errors.AsType[*failure](err)
	if failed || errors.Is(err, ErrTokenTooLong) {
		return http.StatusServiceUnavailable
	}
	if errors.Is(err, ErrCrossOrigin) || errors.Is(err, ErrForbidden) {
		return http.StatusForbidden
	}
	if errors.Is(err, ErrMalformedRequest) {
		return http.StatusBadRequest
	}
	if errors.Is(err, authstrategy.ErrInvalidToken) {
		return http.StatusUnauthorized
	}
	return http.StatusServiceUnavailable
}

// challenge sets the WWW-Authenticate headers (RFC 6750 §3, RFC 9110 §11.6.1): of
// every transport for 401 and 400, with an error code on the one that decided, or
// else on the first; for 403 of a bearer token alone.
func (a *Auth[U]) challenge(h http.Header, status, by int, err error) {
	h.Del("WWW-Authenticate")
	if status == http.StatusForbidden && errors.Is(err, ErrForbidden) && by != none && a.hasHeader(by, "Authorization") {
		a.addChallenge(h, by, "insufficient_scope", true)
	}
	code := map[int]string{http.StatusUnauthorized: "invalid_token", http.StatusBadRequest: "invalid_request"}[status]
	if code == "" {
		return
	}
	if errors.Is(err, authstrategy.ErrTokenMissing) {
		code = "" // RFC 6750 §3.1: the client did not know that it needs one
	}
	for i := range a.members {
		a.addChallenge(h, i, code, i == max(by, 0))
	}
	if h.Get("WWW-Authenticate") == "" { // there has to be one
		h.Set("WWW-Authenticate", cookieChallenge)
	}
}

// addChallenge adds the challenge of one transport, if it has one, with the code of
// an error, if there is one and the transport decided.
func (a *Auth[U]) addChallenge(h http.Header, i int, code string, decided bool) {
	challenge := a.members[i].transport.Challenge()
	if challenge == "" {
		return
	}
	if code != "" && decided {
		separator := ", "
		if !strings.Contains(challenge, " ") { // a scheme without parameters
			separator = " "
		}
		challenge += separator + `error="` + code + `"`
	}
	h.Add("WWW-Authenticate", challenge)
}

// Vary adds to an answer's headers what caches have to know: to Vary, the header
// of every transport; and Cache-Control: private if one of them is a cookie and
// nothing has set Cache-Control before. It is for those who call
// [Auth.Authenticate] themselves; all else here does so by itself.
func (a *Auth[U]) Vary(h http.Header) {
	a.vary(h, none)
	for i := range a.all() {
		a.markPrivate(h, i)
	}
}

// vary adds to Vary the header of every transport that was asked: up to the one
// that decided, or all.
func (a *Auth[U]) vary(h http.Header, by int) {
	for i := range a.all() {
		if by != none && i > by {
			return
		}
		if name := a.members[i].transport.Header(); name != "" && !slices.Contains(h["Vary"], name) {
			h.Add("Vary", name)
		}
	}
}

// markPrivate keeps what a cookie's owner is shown out of shared caches.
func (a *Auth[U]) markPrivate(h http.Header, i int) {
	if a.hasHeader(i, "Cookie") && len(h["Cache-Control"]) == 0 {
		h.Set("Cache-Control", "private")
	}
}

func (a *Auth[U]) hasHeader(i int, name string) bool {
	return strings.EqualFold(a.members[i].transport.Header(), name)
}

// A failure is an error of writing, encoding or clearing. It is no reason to
// answer 401, whatever it matches: no token of the request was refused.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// A decision is an error together with the transport whose token it is about.
type decision struct {
	error
	by int // the index of the member that decided; none: no member found a token
}

// none stands for no member.
const none = -1

func (d *decision) Unwrap() error { return d.error }
