package frameworks

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Chi returns the service on chi.
func Chi(s *Service) http.Handler {
	router := chi.NewRouter()
	router.Use(limitBody)
	router.Post("/login", s.login)
	router.Post("/logout", s.auth.Logout)
	router.Group(func(router chi.Router) {
		router.Use(s.auth.Require)
		router.Get("/me", me)
	})
	return router
}
