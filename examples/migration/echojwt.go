package migration

import (
	"errors"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"

	"github.com/go-authstrategy/authstrategy"
)

// EchoJWT returns the old service on echo-jwt, which reads; golang-jwt writes.
func EchoJWT(secret []byte, claims claimsOf, users Users) http.Handler {
	router := echo.New()
	router.POST("/login/:id", func(c echo.Context) error {
		token, err := writeGolangJWT(secret, claims(users.byText(c.Param("id"))))
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, token)
	})
	router.GET("/me", func(c echo.Context) error {
		claims := c.Get("user").(*jwt.Token).Claims.(jwt.MapClaims)
		id, _ := claims["user_id"].(float64)
		hello(c.Response(), users[int64(id)])
		return nil
	}, echojwt.WithConfig(echojwt.Config{SigningKey: secret}))
	return router
}

// EchoWith returns a service that keeps echo-jwt, and has the strategy read the tokens.
func EchoWith(strategy strategy, load authstrategy.UserLoader[*User]) http.Handler {
	router := echo.New()
	router.GET("/me", func(c echo.Context) error {
		hello(c.Response(), c.Get("user").(*User))
		return nil
	}, echojwt.WithConfig(echojwt.Config{
		ParseTokenFunc: func(c echo.Context, token string) (any, error) {
			return strategy.ReadToken(c.Request().Context(), token, load)
		},
		ErrorHandler: refuseEcho,
	}))
	return router
}

// refuseEcho answers 503 where the token could not be judged. By itself echo-jwt makes
// 401 of every error, and a database that is down would log everyone out.
func refuseEcho(c echo.Context, err error) error {
	status := http.StatusUnauthorized
	_, parsed := errors.AsType[*echojwt.TokenParsingError](err) // else the request has no token
	if parsed && !errors.Is(err, authstrategy.ErrInvalidToken) {
		status = http.StatusServiceUnavailable
	}
	return echo.NewHTTPError(status).SetInternal(err)
}
