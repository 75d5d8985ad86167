package frameworks

import (
	"encoding/json"
	"net/http"
)

// NetHTTP returns the service on net/http alone.
func NetHTTP(auth *Auth) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// PostFormValue, since FormValue would take a password from the query.
		replyHTTP(w, auth.Login(r.Context(), r.PostFormValue("username"), r.PostFormValue("password")))
	})
	mux.Handle("POST /logout", requireUser(auth, func(w http.ResponseWriter, r *http.Request) {
		replyHTTP(w, auth.Logout(r.Context()))
	}))
	mux.Handle("GET /me", requireUser(auth, func(w http.ResponseWriter, r *http.Request) {
		replyHTTP(w, Answer(http.StatusOK, UserFrom(r.Context())))
	}))
	return mux
}

// requireUser lets a request with a good token through, with the user in its context.
func requireUser(auth *Auth, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := auth.Authenticate(r.Context(), r.Header.Values("Authorization"))
		if err != nil {
			replyHTTP(w, Refuse(err))
			return
		}
		next(w, r.WithContext(ctx))
	})
}

// replyHTTP serves chi as well: its handlers are net/http's.
func replyHTTP(w http.ResponseWriter, reply Reply) {
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	if reply.Body == nil {
		w.WriteHeader(reply.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(reply.Status)
	_ = json.NewEncoder(w).Encode(reply.Body) // an error is a client that has gone
}
