package frameworks

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Echo returns the service on echo.
func Echo(auth *Auth) http.Handler {
	router := echo.New()
	router.POST("/login", func(c echo.Context) error {
		r := c.Request() // its PostFormValue: echo's FormValue takes a password from the query
		return replyEcho(c, auth.Login(r.Context(), r.PostFormValue("username"), r.PostFormValue("password")))
	})
	guard := requireUserEcho(auth) // per route: a group's middleware answers for unknown paths, too
	router.POST("/logout", func(c echo.Context) error {
		return replyEcho(c, auth.Logout(c.Request().Context()))
	}, guard)
	router.GET("/me", func(c echo.Context) error {
		return replyEcho(c, Answer(http.StatusOK, UserFrom(c.Request().Context())))
	}, guard)
	return limitBody(router)
}

// requireUserEcho lets a request with a good token through, with the user in its context.
func requireUserEcho(auth *Auth) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx, err := auth.Authenticate(r.Context(), r.Header.Values("Authorization"))
			if err != nil {
				return replyEcho(c, Refuse(err))
			}
			c.SetRequest(r.WithContext(ctx))
			return next(c)
		}
	}
}

func replyEcho(c echo.Context, reply Reply) error {
	for name, value := range reply.Header {
		c.Response().Header().Set(name, value)
	}
	if reply.Body == nil {
		return c.NoContent(reply.Status)
	}
	return c.JSON(reply.Status, reply.Body)
}
