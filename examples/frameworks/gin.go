package frameworks

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// Gin returns the service on gin.
func Gin(s *Service) http.Handler {
	router := gin.New()
	router.POST("/login", gin.WrapF(s.login))
	router.POST("/logout", gin.WrapF(s.auth.Logout))
	guarded := router.Group("/", requireUserGin(s.auth))
	guarded.GET("/me", func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, authhttp.User[*User](c.Request.Context()))
	})
	return limitBody(router)
}

// requireUserGin lets a request with a good token through, with the user in its context.
func requireUserGin[U any](auth *authhttp.Auth[U]) gin.HandlerFunc {
	return func(c *gin.Context) {
		user, err := auth.Authenticate(c.Request)
		if err != nil {
			auth.Refuse(c.Writer, c.Request, err)
			c.Abort() // gin runs the next handler when a middleware merely returns
			return
		}
		auth.Vary(c.Writer.Header())
		c.Request = c.Request.WithContext(authhttp.WithUser(c.Request.Context(), user))
	}
}
