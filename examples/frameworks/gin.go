package frameworks

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Gin returns the service on gin.
func Gin(auth *Auth) http.Handler {
	router := gin.New()
	router.POST("/login", func(c *gin.Context) {
		replyGin(c, auth.Login(c.Request.Context(), c.PostForm("username"), c.PostForm("password")))
	})
	guarded := router.Group("/", requireUserGin(auth))
	guarded.POST("/logout", func(c *gin.Context) {
		replyGin(c, auth.Logout(c.Request.Context()))
	})
	guarded.GET("/me", func(c *gin.Context) {
		replyGin(c, Answer(http.StatusOK, UserFrom(c.Request.Context())))
	})
	return limitBody(router)
}

// requireUserGin lets a request with a good token through, with the user in its context.
func requireUserGin(auth *Auth) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, err := auth.Authenticate(c.Request.Context(), c.Request.Header.Values("Authorization"))
		if err != nil {
			replyGin(c, Refuse(err))
			c.Abort() // gin runs the next handler when a middleware merely returns
			return
		}
		c.Request = c.Request.WithContext(ctx)
	}
}

func replyGin(c *gin.Context, reply Reply) {
	for name, value := range reply.Header {
		c.Header(name, value)
	}
	if reply.Body == nil {
		c.Status(reply.Status)
		return
	}
	c.JSON(reply.Status, reply.Body)
}
