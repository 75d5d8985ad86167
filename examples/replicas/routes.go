package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/observe"
	"github.com/go-authstrategy/authstrategy/session"
)

// User is the user, as its owner sees it.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// TokenSubject makes the id the token's "sub".
func (u *User) TokenSubject() string { return u.ID }

// users stands for a database, which all processes share.
var users = map[string]*User{"42": {ID: "42", Name: "ada"}}

// load asks the database, for access and for refresh tokens.
func load(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	return users[claims.Subject], nil // a nil user is refused
}

// secrets are the same in all processes.
type secrets struct{ access, refresh, password authstrategy.Secret }

type service struct {
	strategy  *session.Strategy[*User]
	refresher *session.Refresher[*User]
	auth      *authhttp.Auth[*User]
	password  authstrategy.Secret
	log       *slog.Logger
}

func newService(store session.Store, secrets secrets, hook func(context.Context, observe.Event), logger *slog.Logger) (*service, error) {
	inner, err := authstrategy.GetJWTStrategy[*User](secrets.access,
		authstrategy.WithTokenID(), authstrategy.WithIssuedAt(), authstrategy.WithLifetime(15*time.Minute))
	if err != nil {
		return nil, fmt.Errorf("AUTH_SECRET: %w", err)
	}
	strategy, err := session.New(inner, store)
	if err != nil {
		return nil, err
	}
	refresher, err := session.NewRefresher(strategy, secrets.refresh)
	if err != nil {
		return nil, fmt.Errorf("REFRESH_SECRET: %w", err)
	}
	if secrets.refresh.Equal(secrets.access) {
		return nil, errors.New("REFRESH_SECRET: it is that of AUTH_SECRET; make another one")
	}
	if secrets.password.IsZero() {
		return nil, errors.New("PASSWORD: it is empty")
	}
	observed, err := observe.Strategy(strategy, hook)
	if err != nil {
		return nil, err
	}
	auth, err := authhttp.New(authhttp.Bearer{}, observed, load, authhttp.WithLogger(logger))
	if err != nil {
		return nil, err
	}
	return &service{strategy, refresher, auth, secrets.password, logger}, nil
}

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/jwt/login", s.login)
	mux.HandleFunc("POST /auth/jwt/refresh", s.refresh)
	mux.HandleFunc("POST /auth/jwt/logout", s.logout)
	mux.Handle("POST /auth/jwt/logout-all", s.auth.Require(http.HandlerFunc(s.logoutAll)))
	mux.Handle("GET /users/me", s.auth.Require(http.HandlerFunc(me)))
	return http.MaxBytesHandler(mux, 64<<10)
}

func (s *service) login(w http.ResponseWriter, r *http.Request) {
	user := s.checkPassword(r.PostFormValue("username"), r.PostFormValue("password"))
	if user == nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"detail": "LOGIN_BAD_CREDENTIALS"})
		return
	}
	tokens, err := s.refresher.Start(r.Context(), user)
	if err != nil {
		s.auth.Refuse(w, r, err)
		return
	}
	writeTokens(w, tokens)
}

// checkPassword returns nil for a wrong name or password. Yours looks the user up, and
// compares a slow hash, such as argon2id.
func (s *service) checkPassword(name, password string) *User {
	if name != "ada" || !s.password.Equal(authstrategy.NewSecret(password)) {
		return nil
	}
	return users["42"]
}

func (s *service) refresh(w http.ResponseWriter, r *http.Request) {
	_, tokens, err := s.refresher.Refresh(r.Context(), r.PostFormValue("refresh_token"), load)
	if errors.Is(err, session.ErrRefreshReused) {
		s.log.ErrorContext(r.Context(), "a refresh token was used twice: it may be stolen", "remote", r.RemoteAddr)
	}
	if err != nil {
		s.auth.Refuse(w, r, err)
		return
	}
	writeTokens(w, tokens)
}

// logout ends the session and the access token. If it fails in between, the client
// does all of it again.
func (s *service) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.refresher.End(r.Context(), r.PostFormValue("refresh_token")); err != nil {
		s.auth.Refuse(w, r, err)
		return
	}
	s.auth.Logout(w, r)
}

func (s *service) logoutAll(w http.ResponseWriter, r *http.Request) {
	if err := s.strategy.DestroyAll(r.Context(), authhttp.User[*User](r.Context())); err != nil {
		s.auth.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func me(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, authhttp.User[*User](r.Context()))
}

// writeTokens answers as RFC 6749 §5.1 has it.
func writeTokens(w http.ResponseWriter, tokens session.Tokens) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token":  tokens.Access,
		"refresh_token": tokens.Refresh,
		"token_type":    "bearer",
		"expires_in":    int(tokens.ExpiresIn.Seconds()),
	})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
