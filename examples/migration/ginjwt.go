package migration

import (
	"errors"
	"net/http"
	"time"

	ginjwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v4"
)

// GinJWT returns what the old service on gin-jwt rests on.
func GinJWT(secret []byte, claims claimsOf, users Users) (*ginjwt.GinJWTMiddleware, error) {
	return ginjwt.New(&ginjwt.GinJWTMiddleware{
		Key:         secret,
		IdentityKey: "id",
		Timeout:     lifetime,
		MaxRefresh:  24 * time.Hour,
		Authenticator: func(c *gin.Context) (any, error) {
			if user := users.byText(c.Param("id")); user != nil {
				return user, nil
			}
			return nil, ginjwt.ErrFailedAuthentication
		},
		PayloadFunc: func(data any) ginjwt.MapClaims { return claims(data.(*User)) },
		IdentityHandler: func(c *gin.Context) any {
			id, _ := ginjwt.ExtractClaims(c)["id"].(float64)
			return users[int64(id)]
		},
	})
}

// GinRoutes returns the service itself, with POST /refresh besides.
func GinRoutes(auth *ginjwt.GinJWTMiddleware, refresh gin.HandlerFunc) http.Handler {
	router := gin.New()
	router.POST("/login/:id", auth.LoginHandler)
	router.POST("/refresh", refresh)
	router.GET("/me", auth.MiddlewareFunc(), func(c *gin.Context) {
		user, _ := c.MustGet("id").(*User)
		hello(c.Writer, user)
	})
	return router
}

// RefreshNamed takes the place of RefreshHandler, which would copy the claims of an old
// token: sub and aud would never come in.
func RefreshNamed(auth *ginjwt.GinJWTMiddleware, users Users) gin.HandlerFunc {
	return func(c *gin.Context) {
		claims, err := auth.CheckIfTokenExpire(c)
		if err != nil {
			auth.Unauthorized(c, http.StatusUnauthorized, err.Error())
			return
		}
		id, _ := claims["id"].(float64)
		user := users[int64(id)]
		forUs := claims.VerifyAudience(audience, false) // or it has no audience: an old token
		if !forUs || user == nil || user.Disabled {
			auth.Unauthorized(c, http.StatusUnauthorized, "log in")
			return
		}
		token, expires, err := auth.TokenGenerator(user) // with what PayloadFunc adds now
		if err != nil {
			auth.Unauthorized(c, http.StatusServiceUnavailable, "try again")
			return
		}
		auth.SetCookie(c, token)
		auth.RefreshResponse(c, http.StatusOK, token, expires)
	}
}

// ReadGinJWT reads the tokens of gin-jwt. A KeyFunc, if it has one, must check the
// algorithm.
func ReadGinJWT(auth *ginjwt.GinJWTMiddleware) ReadOld {
	return func(text string) (OldToken, error) {
		token, err := auth.ParseTokenString(text)
		fault, _ := errors.AsType[*jwt.ValidationError](err)
		expired := fault != nil && fault.Errors == jwt.ValidationErrorExpired // and no other bit
		if err != nil && !expired {
			return OldToken{}, err
		}
		old := OldToken{Type: token.Header["typ"], Claims: token.Claims.(jwt.MapClaims), Expired: expired}
		if expires, ok := old.Claims["exp"].(float64); ok {
			old.Expires = time.Unix(int64(expires), 0)
		}
		return old, nil
	}
}
