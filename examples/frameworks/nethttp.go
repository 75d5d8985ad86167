package frameworks

import "net/http"

// NetHTTP returns the service on net/http alone.
func NetHTTP(s *Service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.auth.Logout)
	mux.Handle("GET /me", s.auth.Require(http.HandlerFunc(me)))
	return limitBody(mux)
}
