package migration

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// echo-jwt with a strategy in ParseTokenFunc.
func TestEchoWith(t *testing.T) {
	down := func(context.Context, *authstrategy.Claims) (*User, error) { return nil, http.ErrServerClosed }
	strategy := newStrategy[*User](t, authstrategy.WithAudience(audience))
	good := write(t)
	assert.Equal(t, ada, me(EchoWith(strategy, users.Load), good))
	for name, row := range map[string]struct {
		load   authstrategy.UserLoader[*User]
		header []string
		status int
	}{
		"database down":        {down, []string{"Bearer " + good}, http.StatusServiceUnavailable},
		"refused":              {users.Load, []string{"Bearer " + good + "A"}, http.StatusUnauthorized},
		"unknown user":         {Users{}.Load, []string{"Bearer " + good}, http.StatusUnauthorized},
		"no token":             {down, nil, http.StatusUnauthorized},
		"another scheme":       {down, []string{"Basic " + good}, http.StatusUnauthorized},
		"refused, then a good": {users.Load, []string{"Bearer garbage", "Bearer " + good}, http.StatusOK},
	} {
		assert.Equal(t, row.status, withHeaders(EchoWith(strategy, row.load), row.header), name)
	}
	here, err := authhttp.New(authhttp.Bearer{}, strategy, users.Load)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, withHeaders(here.Require(http.NotFoundHandler()), []string{"Bearer garbage", "Bearer " + good}))
}

func withHeaders(service http.Handler, authorization []string) int {
	r := httptest.NewRequest("GET", "/me", nil)
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w.Code
}

// By itself echo-jwt makes 401 of a database that is down.
func TestEchoJWTByItself(t *testing.T) {
	router := echo.New()
	router.GET("/me", func(c echo.Context) error { return c.NoContent(http.StatusOK) }, echojwt.WithConfig(echojwt.Config{
		ParseTokenFunc: func(echo.Context, string) (any, error) { return nil, http.ErrServerClosed },
	}))
	assert.Equal(t, http.StatusUnauthorized, me(router, write(t)).status)
}
