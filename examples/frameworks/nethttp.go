package frameworks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
	return limitBody(mux)
}

// limitBody answers 413 to a request with a body over maxBody. It serves chi, gin
// and echo as well. It reads the body first, whether or not its length was
// announced: PostFormValue would write a large upload to the disk, and would not
// say that the rest of the form is missing.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			replyHTTP(w, refuseStatus(http.StatusRequestEntityTooLarge))
			return
		}
		if err != nil { // the client stopped half-way
			replyHTTP(w, refuseStatus(http.StatusBadRequest))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
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
