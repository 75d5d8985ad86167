package migration

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/jwtauth/v5"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// JWTAuth returns the old service on go-chi/jwtauth.
func JWTAuth(secret []byte, claims claimsOf, users Users) http.Handler {
	auth := jwtauth.New("HS256", secret, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{id}", func(w http.ResponseWriter, r *http.Request) {
		all := claims(users.byText(r.PathValue("id")))
		jwtauth.SetExpiryIn(all, lifetime)
		_, token, err := auth.Encode(all)
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(token))
	})
	me := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, claims, _ := jwtauth.FromContext(r.Context())
		id, _ := claims["user_id"].(float64)
		hello(w, users[int64(id)])
	})
	mux.Handle("GET /me", jwtauth.Verifier(auth)(jwtauth.Authenticator(auth)(me)))
	return mux
}

// ReadJWTAuth reads the tokens of go-chi/jwtauth.
func ReadJWTAuth(secret []byte) ReadOld {
	auth := jwtauth.New("HS256", secret, nil)
	return func(text string) (OldToken, error) {
		token, err := jwtauth.VerifyToken(auth, text)
		expired := errors.Is(err, jwtauth.ErrExpired)
		if expired { // perhaps not for that alone: was it good a second before?
			before := jwt.ClockFunc(func() time.Time { return token.Expiration().Add(-time.Second) })
			err = jwt.Validate(token, slices.Concat(auth.ValidateOptions(), []jwt.ValidateOption{jwt.WithClock(before)})...)
		}
		if err != nil {
			return OldToken{}, err
		}
		// jwx also reads JSON with several signatures, each with a header of its own.
		message, err := jws.Parse([]byte(text), jws.WithCompact())
		if err != nil {
			return OldToken{}, err
		}
		claims, err := token.AsMap(context.Background())
		return OldToken{message.Signatures()[0].ProtectedHeaders().Type(), claims, token.Expiration(), expired}, err
	}
}
