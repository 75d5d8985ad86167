package migration

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// GolangJWT returns the old service on golang-jwt.
func GolangJWT(secret []byte, claims claimsOf, users Users) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{id}", func(w http.ResponseWriter, r *http.Request) {
		token, err := writeGolangJWT(secret, claims(users.byText(r.PathValue("id"))))
		if err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(token))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return secret, nil },
			jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			http.Error(w, "log in", http.StatusUnauthorized)
			return
		}
		id, _ := claims["user_id"].(float64)
		hello(w, users[int64(id)])
	})
	return mux
}

func writeGolangJWT(secret []byte, claims jwt.MapClaims) (string, error) {
	claims["exp"] = time.Now().Add(lifetime).Unix()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
}

// ReadGolangJWT reads the tokens of golang-jwt, and so of echo-jwt.
func ReadGolangJWT(secret []byte) ReadOld {
	parse := func(text string, claims jwt.MapClaims, now func() time.Time) (*jwt.Token, error) {
		parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(now))
		return parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return secret, nil })
	}
	return func(text string) (OldToken, error) {
		claims := jwt.MapClaims{}
		token, err := parse(text, claims, time.Now)
		expires, _ := claims.GetExpirationTime() // its error is in err
		expired := expires != nil && errors.Is(err, jwt.ErrTokenExpired)
		if expired { // perhaps not for that alone: was it good a second before?
			token, err = parse(text, jwt.MapClaims{}, func() time.Time { return expires.Add(-time.Second) })
		}
		if err != nil {
			return OldToken{}, err
		}
		old := OldToken{Type: token.Header["typ"], Claims: claims, Expired: expired}
		if expires != nil {
			old.Expires = expires.Time
		}
		return old, nil
	}
}
