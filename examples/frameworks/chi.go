package frameworks

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Chi returns the service on chi.
func Chi(auth *Auth) http.Handler {
	router := chi.NewRouter()
	router.Post("/login", func(w http.ResponseWriter, r *http.Request) {
		// PostFormValue, since FormValue would take a password from the query.
		replyHTTP(w, auth.Login(r.Context(), r.PostFormValue("username"), r.PostFormValue("password")))
	})
	guarded := router.With(requireUserChi(auth))
	guarded.Post("/logout", func(w http.ResponseWriter, r *http.Request) {
		replyHTTP(w, auth.Logout(r.Context()))
	})
	guarded.Get("/me", func(w http.ResponseWriter, r *http.Request) {
		replyHTTP(w, Answer(http.StatusOK, UserFrom(r.Context())))
	})
	return limitBody(router)
}

// requireUserChi lets a request with a good token through, with the user in its context.
func requireUserChi(auth *Auth) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, err := auth.Authenticate(r.Context(), r.Header.Values("Authorization"))
			if err != nil {
				replyHTTP(w, Refuse(err))
				return
			}
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
