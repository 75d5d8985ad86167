package frameworks

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// Echo returns the service on echo.
func Echo(s *Service) http.Handler {
	router := echo.New()
	router.POST("/login", echo.WrapHandler(http.HandlerFunc(s.login)))
	router.POST("/logout", echo.WrapHandler(http.HandlerFunc(s.auth.Logout)))
	router.GET("/me", func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.JSON(http.StatusOK, authhttp.User[*User](c.Request().Context()))
	}, requireUserEcho(s.auth)) // per route: a group's middleware answers for unknown paths, too
	return limitBody(router)
}

// requireUserEcho lets a request with a good token through, with the user in its context.
func requireUserEcho[U any](auth *authhttp.Auth[U]) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			user, err := auth.Authenticate(r)
			if err != nil {
				auth.Refuse(c.Response(), r, err)
				return nil // it is answered
			}
			auth.Vary(c.Response().Header())
			c.SetRequest(r.WithContext(authhttp.WithUser(r.Context(), user)))
			return next(c)
		}
	}
}
