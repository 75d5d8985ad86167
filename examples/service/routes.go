package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// maxBody is far more than a login form needs.
const maxBody = 64 << 10

type service struct {
	strategy authstrategy.Strategy[*User]
	users    *userStore
	load     authstrategy.UserLoader[*User]
	cookie   authhttp.Cookie
	log      *slog.Logger
	readOnly bool      // a public key alone: nothing to sign with
	sessions *sessions // nil: tokens cannot be ended or refreshed
}

// auths are who logs in by bearer token, who logs in by cookie, and who lets in
// the holder of either.
type auths struct{ bearer, cookie, either *authhttp.Auth[*User] }

func (s *service) auths() (a auths, err error) {
	logger := authhttp.WithLogger(s.log)
	if a.bearer, err = authhttp.New(authhttp.Bearer{}, s.strategy, s.load, logger); err != nil {
		return auths{}, err
	}
	if a.cookie, err = authhttp.New(s.cookie, s.strategy, s.load, logger); err != nil {
		return auths{}, err
	}
	a.either, err = authhttp.AnyOf(a.bearer, a.cookie)
	return a, err
}

func (s *service) routes() (http.Handler, error) {
	auths, err := s.auths()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/jwt/login", s.login(auths.bearer, auths.bearer.Login))
	mux.HandleFunc("POST /auth/jwt/logout", auths.bearer.Logout)
	mux.Handle("GET /users/me", auths.either.Require(http.HandlerFunc(me)))
	if s.sessions == nil {
		mux.HandleFunc("POST /auth/cookie/login", s.login(auths.cookie, auths.cookie.Login))
		mux.HandleFunc("POST /auth/cookie/logout", auths.cookie.Logout)
	} else {
		s.addSessionRoutes(mux, auths)
	}
	return limitBody(jsonErrors(mux)), nil
}

// login checks the password, and calls begin for the user. It takes the form of RFC
// 6749 §4.3.2. As in FastAPI, a missing field is answered with 422, and a body that
// cannot be parsed with 400. The detail of a 422 is one sentence here, and a list
// from FastAPI's validator there.
func (s *service) login(auth *authhttp.Auth[*User], begin func(http.ResponseWriter, *http.Request, *User)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.readOnly {
			writeError(w, http.StatusServiceUnavailable) // a later try does not help
			return
		}
		username, password, err := credentials(r)
		if errors.Is(err, errFieldMissing) {
			writeDetail(w, http.StatusUnprocessableEntity, "username and password are required")
			return
		}
		if err != nil {
			writeDetail(w, http.StatusBadRequest, "There was an error parsing the body")
			return
		}
		user, err := s.users.Authenticate(r.Context(), username, password)
		if errors.Is(err, errBadCredentials) {
			writeDetail(w, http.StatusBadRequest, "LOGIN_BAD_CREDENTIALS")
			return
		}
		if errors.Is(err, errBusy) {
			s.writeBusy(w, r)
			return
		}
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		begin(w, r, user)
	}
}

// writeBusy answers one of a flood of logins, which must not fill the log.
func (s *service) writeBusy(w http.ResponseWriter, r *http.Request) {
	s.log.DebugContext(r.Context(), "no login", "err", errBusy)
	w.Header().Set("Retry-After", "1") // in seconds; the logins that wait take about that long
	writeError(w, http.StatusServiceUnavailable)
}

func me(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, authhttp.User[*User](r.Context()))
}

var errFieldMissing = errors.New("the form lacks the username or the password")

// credentials reads the two fields from the body, URL-encoded or multipart. A
// body of another type has no fields. A query is never looked at: it ends up in
// logs and histories. A field that is empty or given twice counts as missing
// (RFC 6749 §3.1). Any other error than errFieldMissing is a form that is cut
// short or cannot be decoded: nothing of it is used.
func credentials(r *http.Request) (username, password string, err error) {
	r.URL.RawQuery = "" // ParseForm would report its mistakes as well
	if err := r.ParseForm(); err != nil {
		return "", "", err
	}
	if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return "", "", err
	}
	usernames, passwords := r.PostForm["username"], r.PostForm["password"]
	if len(usernames) != 1 || len(passwords) != 1 || usernames[0] == "" || passwords[0] == "" {
		return "", "", errFieldMissing
	}
	return usernames[0], passwords[0], nil
}

// jsonErrors answers where mux has no such path, or not with that method. The mux
// alone answers in plain text, FastAPI in JSON.
func jsonErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refusing, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		header := headerOnly{}
		refusing.ServeHTTP(header, r)
		if allow := header.Header().Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			writeError(w, http.StatusMethodNotAllowed)
			return
		}
		writeError(w, http.StatusNotFound)
	})
}

// headerOnly is an http.ResponseWriter that keeps the header of an answer.
type headerOnly http.Header

func (h headerOnly) Header() http.Header         { return http.Header(h) }
func (h headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h headerOnly) WriteHeader(int)             {}

// limitBody answers 413 to a request with a body over maxBody. It reads the
// body first, so that this holds on every route and whether or not the length
// was announced.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			writeError(w, http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil { // the client stopped half-way
			writeError(w, http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// writeError answers with the status and its name, as FastAPI does, and with
// nothing of what went wrong.
func writeError(w http.ResponseWriter, status int) {
	writeDetail(w, status, http.StatusText(status))
}

func writeDetail(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, struct {
		Detail string `json:"detail"`
	}{detail})
}

// writeJSON writes v as FastAPI does: compact, no line feed after it, and
// nothing escaped for HTML. No cache keeps it. Every v here encodes.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}
