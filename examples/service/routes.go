package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-authstrategy/authstrategy"
)

// maxBody is far more than a login form needs.
const maxBody = 64 << 10

type service struct {
	strategy authstrategy.Strategy[*User]
	users    *userStore
	log      *slog.Logger
	readOnly bool // a public key alone: nothing to sign with
}

func (s *service) routes() http.Handler {
	guard := requireUser(s.strategy, s.users.Load, s.log)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/jwt/login", s.login)
	mux.Handle("POST /auth/jwt/logout", guard(http.HandlerFunc(s.logout)))
	mux.Handle("GET /users/me", guard(http.HandlerFunc(s.me)))
	return noStore(limitBody(jsonErrors(mux)))
}

// login takes the form of RFC 6749 §4.3.2. As in FastAPI, a missing field is
// answered with 422, and a body that cannot be parsed with 400. The detail of a
// 422 is one sentence here, and a list from FastAPI's validator there.
func (s *service) login(w http.ResponseWriter, r *http.Request) {
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
		writeBadCredentials(w)
		return
	}
	var token string
	if err == nil {
		token, err = s.strategy.WriteToken(r.Context(), user)
	}
	if err != nil {
		writeUnavailable(w, r, s.log, "no login", err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}{token, "bearer"})
}

// logout tells the strategy, for which a JWT stays valid until it expires: the
// client forgets it.
func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	session := sessionFrom(r.Context())
	if err := s.strategy.DestroyToken(r.Context(), session.token, session.user); err != nil {
		writeUnavailable(w, r, s.log, "no logout", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) me(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, sessionFrom(r.Context()).user)
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

// noStore keeps tokens and user data out of every cache (RFC 6749 §5.1). What
// is refused or failed is no better kept.
func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// writeUnavailable answers 503 where nobody can say whether a token or a password
// is good, and logs why. At the level Error is only what the operator can mend. A
// flood of logins and clients that hang up must not fill the log: they are at
// Debug. A client that has gone is answered all the same, because a handler that
// answers nothing answers 200.
func writeUnavailable(w http.ResponseWriter, r *http.Request, log *slog.Logger, what string, err error) {
	level := slog.LevelError
	if errors.Is(err, errBusy) || r.Context().Err() != nil {
		level = slog.LevelDebug
	}
	log.Log(r.Context(), level, what, "err", err)
	w.Header().Set("Retry-After", "1") // in seconds; the logins that wait take about that long
	writeError(w, http.StatusServiceUnavailable)
}

// writeError answers with the status and its name, as FastAPI does, and with
// nothing of what went wrong.
func writeError(w http.ResponseWriter, status int) {
	writeDetail(w, status, http.StatusText(status))
}

func writeBadCredentials(w http.ResponseWriter) {
	writeDetail(w, http.StatusBadRequest, "LOGIN_BAD_CREDENTIALS")
}

func writeDetail(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, struct {
		Detail string `json:"detail"`
	}{detail})
}

// writeJSON writes v as FastAPI does: compact, no line feed after it, and
// nothing escaped for HTML. Every v here encodes.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}
