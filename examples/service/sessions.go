package main

import (
	"errors"
	"net/http"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/session"
)

// sessions are what package session adds: a log-out that ends the token, a log-out
// everywhere, and refresh tokens for those who log in by cookie.
type sessions struct {
	access    *session.Strategy[*User]
	refresher *session.Refresher[*User]
	cookie    authhttp.Cookie // of the refresh token; browsers send it to the routes of /auth alone
}

// addSessions remembers in the store which tokens of the strategy were ended.
func (s *service) addSessions(strategy authstrategy.Strategy[*User], store session.Store) error {
	access, err := session.New(strategy, store)
	if err != nil {
		return err
	}
	// A secret for this start alone: a store in memory forgets at a restart which
	// refresh tokens were used, and so none may outlive it.
	secret, err := randomSecret(authstrategy.HS256)
	if err != nil {
		return err
	}
	refresher, err := session.NewRefresher(access, authstrategy.NewSecret(secret))
	if err != nil {
		return err
	}
	cookie := authhttp.Cookie{Name: "refresh", Path: "/auth", SameSite: http.SameSiteStrictMode, Insecure: s.cookie.Insecure}
	s.strategy = access
	s.sessions = &sessions{access, refresher, cookie}
	return nil
}

// addSessionRoutes adds the routes of the cookie, which begin and end a session, and
// those that there are for sessions alone.
func (s *service) addSessionRoutes(mux *http.ServeMux, auths auths) {
	mux.HandleFunc("POST /auth/cookie/login", s.login(auths.cookie, s.startSession(auths.cookie)))
	mux.HandleFunc("POST /auth/cookie/logout", s.endSession(auths.cookie))
	mux.HandleFunc("POST /auth/refresh", s.refresh(auths.cookie))
	mux.Handle("POST /auth/logout-everywhere", auths.either.Require(s.logoutEverywhere(auths.either)))
}

func (s *service) startSession(auth *authhttp.Auth[*User]) func(http.ResponseWriter, *http.Request, *User) {
	return func(w http.ResponseWriter, r *http.Request, user *User) {
		tokens, err := s.sessions.refresher.Start(r.Context(), user)
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		s.writeTokens(w, r, auth, tokens)
	}
}

func (s *service) refresh(auth *authhttp.Auth[*User]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := s.sessions.cookie.Token(r)
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		_, tokens, err := s.sessions.refresher.Refresh(r.Context(), token, s.load)
		if errors.Is(err, session.ErrRefreshReused) {
			s.log.WarnContext(r.Context(), "a refresh token came twice: it may be stolen; its session was ended", "remote", r.RemoteAddr)
		}
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		s.writeTokens(w, r, auth, tokens)
	}
}

// writeTokens sets both cookies.
func (s *service) writeTokens(w http.ResponseWriter, r *http.Request, auth *authhttp.Auth[*User], tokens session.Tokens) {
	err := s.cookie.Write(w, r, tokens.Access, tokens.ExpiresIn)
	if err == nil {
		err = s.sessions.cookie.Write(w, r, tokens.Refresh, tokens.RefreshExpiresIn)
	}
	if err != nil {
		auth.Refuse(w, r, err)
		return
	}
	writeNoContent(w)
}

// endSession ends the session, and has the Auth end the access token. If the store
// fails, the cookies stay, so that the client can try again.
func (s *service) endSession(auth *authhttp.Auth[*User]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := s.sessions.cookie.Token(r)
		if errors.Is(err, authhttp.ErrMalformedRequest) {
			err = nil // two cookies: nobody knows which is ours, and Clear sees to it
		}
		if err == nil {
			err = s.sessions.refresher.End(r.Context(), token)
		}
		if err == nil {
			err = s.sessions.cookie.Clear(w, r)
		}
		if err != nil {
			auth.Refuse(w, r, err)
			return
		}
		auth.Logout(w, r)
	}
}

func (s *service) logoutEverywhere(auth *authhttp.Auth[*User]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.sessions.access.DestroyAll(r.Context(), authhttp.User[*User](r.Context())); err != nil {
			auth.Refuse(w, r, err)
			return
		}
		// They fail for a bearer token that a page of another site sends. It has no
		// cookies of ours, and what is in them was ended anyway.
		s.cookie.Clear(w, r)
		s.sessions.cookie.Clear(w, r)
		writeNoContent(w)
	}
}

func writeNoContent(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
