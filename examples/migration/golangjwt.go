package migration

import (
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
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	return func(text string) (OldToken, error) {
		claims := jwt.MapClaims{}
		token, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return secret, nil })
		if err != nil {
			return OldToken{}, err
		}
		old := OldToken{Type: token.Header["typ"], Claims: claims}
		if expires, _ := claims.GetExpirationTime(); expires != nil { // its error would have come before
			old.Expires = expires.Time
		}
		return old, nil
	}
}
