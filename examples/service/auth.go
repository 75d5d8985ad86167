package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

// This file is the one to copy: the middleware that lets only the holder of a
// good bearer token through. Of the rest it needs the User, writeError and
// writeUnavailable.

// session is who sent the request, and the token that said so.
type session struct {
	user  *User
	token string
}

type sessionKey struct{}

// sessionFrom returns the session that requireUser put into the context. It
// panics in a handler that requireUser does not guard: that is a mistake in
// the routes, and no handler should guess on.
func sessionFrom(ctx context.Context) session {
	return ctx.Value(sessionKey{}).(session)
}

// requireUser returns middleware that answers a request without a good token
// itself: 401, or 400 where the header is not one that could carry a token, and
// 503 where nobody can say whether the token is good because the loader failed
// (a database that is down is no reason to send people to the login page). The
// challenges are those of RFC 6750 §3. The reason goes to the log, never into
// the answer.
func requireUser(
	strategy authstrategy.Strategy[*User],
	load authstrategy.UserLoader[*User],
	log *slog.Logger,
) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := bearerToken(r.Header)
			switch {
			case errors.Is(err, errNoToken):
				refuse(w, http.StatusUnauthorized, "Bearer")
				return
			case err != nil:
				refuse(w, http.StatusBadRequest, `Bearer error="invalid_request"`)
				return
			}
			user, err := strategy.ReadToken(r.Context(), token, load)
			switch {
			case errors.Is(err, authstrategy.ErrInvalidToken):
				log.InfoContext(r.Context(), "token refused", "err", err)
				refuse(w, http.StatusUnauthorized, `Bearer error="invalid_token"`)
				return
			case err != nil:
				writeUnavailable(w, r, log, "token not checked", err)
				return
			}
			ctx := context.WithValue(r.Context(), sessionKey{}, session{user, token})
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

func refuse(w http.ResponseWriter, status int, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	writeError(w, status)
}

var (
	errNoToken          = errors.New("no bearer token in the request")
	errMalformedRequest = errors.New("malformed or repeated Authorization header")
)

// bearerToken returns the token of the one Authorization header. Another
// scheme, or none, or no token behind it is errNoToken: the client does not
// know that it needs one (RFC 6750 §3.1). Two headers are an error, since a
// proxy before the service may have looked at the other one; so is what can't
// be one token.
func bearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) == 0 {
		return "", errNoToken
	}
	if len(values) > 1 {
		return "", errMalformedRequest
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errNoToken
	}
	if strings.ContainsAny(token, " \t,") { // a second token, or parameters
		return "", errMalformedRequest
	}
	return token, nil
}
