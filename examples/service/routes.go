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
	return noStore(limitBody(mux))
}

// login takes the form of RFC 6749 §4.3.2. Where a field is missing, FastAPI
// answers 422 with a body of its validator's; here that is 400
// LOGIN_BAD_CREDENTIALS, which every client of the route understands, and so
// is a body that is no form at all.
func (s *service) login(w http.ResponseWriter, r *http.Request) {
	if s.readOnly {
		writeError(w, http.StatusServiceUnavailable)
		return
	}
	username, password, ok := credentials(r)
	if !ok {
		writeBadCredentials(w)
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
		s.log.ErrorContext(r.Context(), "no login", "err", err)
		writeError(w, http.StatusServiceUnavailable)
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
		s.log.ErrorContext(r.Context(), "no logout", "err", err)
		writeError(w, http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *service) me(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, sessionFrom(r.Context()).user)
}

// credentials reads the two fields from the body, URL-encoded or multipart. A
// query is never looked at: it ends up in logs and histories. A field given
// twice counts as missing (RFC 6749 §3.1), and so does one that is cut short or
// cannot be decoded.
func credentials(r *http.Request) (username, password string, ok bool) {
	_ = r.ParseMultipartForm(maxBody) // what could not be parsed is not in PostForm
	usernames, passwords := r.PostForm["username"], r.PostForm["password"]
	if len(usernames) != 1 || len(passwords) != 1 {
		return "", "", false
	}
	return usernames[0], passwords[0], true
}

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
