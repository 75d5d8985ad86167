// Package frameworks shows the auth middleware that a service on net/http,
// chi, gin, echo or fiber would write around this module: a bearer token
// becomes a user in the request's context, and what is refused is answered as
// RFC 6750 §3 says. One file per framework, each the same three routes
//
//	POST /login   form username, password: an access token
//	POST /logout  with a bearer token: 204
//	GET  /me      with a bearer token: the user
//
// and this file, which all of them share and which knows no framework.
package frameworks

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

// maxBody is how many bytes the body of a request may have: far more than a login
// form needs. A larger one is answered with 413, on every route and before
// anything parses it.
const maxBody = 64 << 10

// Auth logs users in, knows them again and logs them out. It is safe for
// concurrent use if its Users is.
type Auth struct {
	strategy authstrategy.Strategy[*User]
	users    Users
}

// NewAuth returns an Auth over a strategy, such as GetJWTStrategy makes.
func NewAuth(strategy authstrategy.Strategy[*User], users Users) *Auth {
	return &Auth{strategy, users}
}

// Token is the body of a successful login (RFC 6749 §5.1).
type Token struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
}

// Login answers with a token for the user of that name and password. Each must
// be from the request's body: a query ends up in logs and histories.
func (a *Auth) Login(ctx context.Context, name, password string) Reply {
	user, err := a.users.ByPassword(ctx, name, password)
	if err != nil {
		return Refuse(err)
	}
	if user.Disabled {
		return Refuse(ErrBadCredentials)
	}
	token, err := a.strategy.WriteToken(ctx, user)
	if err != nil {
		return Refuse(err)
	}
	return Answer(http.StatusOK, Token{token, "bearer"})
}

// session is who sent a request, and the token that said so.
type session struct {
	user  *User
	token string
}

type sessionKey struct{}

// Authenticate takes all values of the request's Authorization header and
// returns the context for the request's handler, with the user in it. What to
// answer to an error, Refuse says.
func (a *Auth) Authenticate(ctx context.Context, authorization []string) (context.Context, error) {
	token, err := bearerToken(authorization)
	if err != nil {
		return nil, err
	}
	user, err := a.strategy.ReadToken(ctx, token, a.load)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, sessionKey{}, session{user, token}), nil
}

// UserFrom returns the user that Authenticate put into the context. It panics
// where there is none: that is a mistake in the routes, and no handler should
// guess on.
func UserFrom(ctx context.Context) *User {
	return ctx.Value(sessionKey{}).(session).user
}

// load finds the user of a verified token. An error other than ErrUserNotFound
// and ErrUserRefused (the database is down) says nothing against the token.
func (a *Auth) load(ctx context.Context, claims *authstrategy.Claims) (*User, error) {
	user, err := a.users.ByID(ctx, claims.Subject)
	if err != nil {
		return nil, err
	}
	if user.Disabled {
		return nil, authstrategy.ErrUserRefused
	}
	return user, nil
}

// Logout ends the session in the context as far as the strategy can: a JWT
// stays valid until it expires.
func (a *Auth) Logout(ctx context.Context) Reply {
	session := ctx.Value(sessionKey{}).(session)
	if err := a.strategy.DestroyToken(ctx, session.token, session.user); err != nil {
		return Refuse(err)
	}
	return Answer(http.StatusNoContent, nil)
}

var (
	errNoToken          = errors.New("no bearer token in the request")
	errMalformedRequest = errors.New("malformed or repeated Authorization header")
)

// bearerToken returns the token in the one Authorization header. Another
// scheme, or none, or no token behind it is errNoToken: the client does not
// know that it needs one (RFC 6750 §3.1). Two headers are an error, since a
// proxy before the service may have looked at the other one; so is what can't
// be one token.
func bearerToken(authorization []string) (string, error) {
	if len(authorization) == 0 {
		return "", errNoToken
	}
	if len(authorization) > 1 {
		return "", errMalformedRequest
	}
	scheme, token, _ := strings.Cut(authorization[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", errNoToken
	}
	if strings.ContainsAny(token, " \t,") { // a second token, or parameters
		return "", errMalformedRequest
	}
	return token, nil
}

// Reply is what to answer to a request.
type Reply struct {
	Status int
	Header map[string]string
	Body   any // to be encoded as JSON; nil: none
}

// Answer returns a Reply that no cache keeps: it holds a token or a user.
func Answer(status int, body any) Reply {
	return Reply{status, map[string]string{"Cache-Control": "no-store"}, body}
}

// Refuse decides what to answer to an error. Nothing of the error is in it: the
// reason is for the log, not for the client.
func Refuse(err error) Reply {
	switch {
	case errors.Is(err, ErrBadCredentials):
		return refusal(http.StatusBadRequest, "LOGIN_BAD_CREDENTIALS", "")
	case errors.Is(err, errNoToken):
		return refusal(http.StatusUnauthorized, "Unauthorized", "Bearer")
	case errors.Is(err, errMalformedRequest):
		return refusal(http.StatusBadRequest, "Bad Request", `Bearer error="invalid_request"`)
	case errors.Is(err, authstrategy.ErrInvalidToken):
		return refusal(http.StatusUnauthorized, "Unauthorized", `Bearer error="invalid_token"`)
	default: // nobody can say whether the token, or the password, is good
		return refusal(http.StatusServiceUnavailable, "Service Unavailable", "")
	}
}

// Detail is a body that says what is wrong, in the words of FastAPI Users.
type Detail struct {
	Detail string `json:"detail"`
}

// refuseStatus answers with the status and its name, as FastAPI does.
func refuseStatus(status int) Reply {
	return refusal(status, http.StatusText(status), "")
}

func refusal(status int, detail, challenge string) Reply {
	reply := Answer(status, Detail{detail})
	if challenge != "" {
		reply.Header["WWW-Authenticate"] = challenge
	}
	return reply
}
