// Package migration moves services from golang-jwt, go-chi/jwtauth, gin-jwt and
// echo-jwt to authstrategy, with everyone kept logged in. Its tests run each old
// service and the new one side by side, and docs/coming-from.md quotes its code.
//
// The old services are in golangjwt.go, jwtauth.go, ginjwt.go and echojwt.go, the new
// one in service.go. Each has the same routes:
//
//	POST /login/{id}  a log-in, as if the password had been checked: a token
//	GET /me           with a bearer token: the user's name
package migration

import (
	"context"
	"strconv"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// A User has a number as its id.
type User struct {
	ID       int64
	Name     string
	Disabled bool
}

// TokenSubject is the number in decimal digits. A user without an id is nobody: "0"
// would be a subject like any other, and that of every user who was not saved yet.
func (u *User) TokenSubject() string {
	if u == nil || u.ID <= 0 {
		return ""
	}
	return strconv.FormatInt(u.ID, 10)
}

// TokenClaims adds what the old readers look for. It goes with the last of them.
func (u *User) TokenClaims() any {
	return map[string]any{
		"user_id":  u.ID,              // golang-jwt, jwtauth, echo-jwt: what your handlers read
		"id":       u.ID,              // gin-jwt: its IdentityKey
		"orig_iat": time.Now().Unix(), // gin-jwt: its RefreshHandler panics without it
	}
}

// Users is the database.
type Users map[int64]*User

// Load is the UserLoader.
func (users Users) Load(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	id, err := strconv.ParseInt(claims.Subject, 10, 64)
	if err != nil || id <= 0 {
		return nil, authstrategy.ErrUserNotFound
	}
	user := users[id]
	if user != nil && user.Disabled {
		return nil, authstrategy.ErrUserRefused
	}
	return user, nil // nil: not found
}
