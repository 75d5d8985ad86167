// Package frameworks shows package authhttp under net/http, chi, gin, echo, fiber
// and Connect, and a gRPC service that does without it. One file per framework,
// each the same routes
//
//	POST /login   form username, password: an access token
//	POST /logout  204
//	GET  /me      with a bearer token: the user
//
// and this file, which all of them share and which knows no framework. chi,
// net/http and Connect use the middleware and handlers of authhttp as they are.
// The others have a shell around Authenticate and Refuse.
package frameworks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// A Service logs users in, knows them again and logs them out, on any of the
// frameworks. It is safe for concurrent use if its Users is.
type Service struct {
	auth  *authhttp.Auth[*User]
	users Users
}

// NewService returns a Service whose tokens are carried by the transports, such as
// authhttp.Bearer{}. It logs in by the first, and guards with all.
func NewService(strategy authstrategy.Strategy[*User], users Users, transports ...authhttp.Transport) (*Service, error) {
	var auths []*authhttp.Auth[*User]
	for _, transport := range transports {
		auth, err := authhttp.New(transport, strategy, loader(users))
		if err != nil {
			return nil, err
		}
		auths = append(auths, auth)
	}
	auth, err := authhttp.AnyOf(auths...)
	if err != nil {
		return nil, err
	}
	return &Service{auth, users}, nil
}

// loader finds the user of a verified token. An error other than ErrUserNotFound
// and ErrUserRefused (the database is down) says nothing against the token.
func loader(users Users) authstrategy.UserLoader[*User] {
	return func(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
		user, err := users.ByID(ctx, claims.Subject)
		if err != nil {
			return nil, err
		}
		if user.Disabled {
			return nil, authstrategy.ErrUserRefused
		}
		return user, nil
	}
}

// login is the handler of POST /login.
func (s *Service) login(w http.ResponseWriter, r *http.Request) {
	// PostFormValue, since FormValue would take a password from the query, which
	// ends up in logs and histories.
	user, err := s.users.ByPassword(r.Context(), r.PostFormValue("username"), r.PostFormValue("password"))
	if err == nil && user.Disabled {
		err = ErrBadCredentials
	}
	if errors.Is(err, ErrBadCredentials) {
		refuse(w, http.StatusBadRequest, "LOGIN_BAD_CREDENTIALS")
		return
	}
	if err != nil {
		s.auth.Refuse(w, r, err)
		return
	}
	s.auth.Login(w, r, user)
}

// me is the handler of GET /me, where a framework takes one of net/http.
func me(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, authhttp.User[*User](r.Context()))
}

// maxBody is how many bytes the body of a request may have: far more than a login
// form needs. A larger one is answered with 413, on every route and before
// anything parses it.
const maxBody = 64 << 10

// limitBody answers 413 to a request with a body over maxBody. It reads the body
// first, whether or not its length was announced: PostFormValue would write a
// large upload to the disk, and would not say that the rest of the form is missing.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			refuseStatus(w, http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil { // the client stopped half-way
			refuseStatus(w, http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// refuseStatus answers with the status and its name, as FastAPI does.
func refuseStatus(w http.ResponseWriter, status int) {
	refuse(w, status, http.StatusText(status))
}

// refuse answers with a body that says what is wrong, in the words of FastAPI
// Users.
func refuse(w http.ResponseWriter, status int, detail string) {
	reply(w, status, map[string]string{"detail": detail})
}

// reply answers with JSON that no cache keeps: it holds a user, or a refusal.
func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error is a client that has gone
}
