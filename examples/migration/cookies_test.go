package migration

import (
	"net/http"
	"net/http/httptest"
	"testing"

	ginjwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/jwtauth/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// jwtauth and gin-jwt read the cookie jwt; here it is one of two.
func TestCookies(t *testing.T) {
	auth, err := Cookies(newStrategy[*User](t, authstrategy.WithAudience(audience)), users)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/me", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hello(w, authhttp.User[*User](r.Context())) })))
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) { auth.Login(w, r, users[42]) })
	mux.HandleFunc("POST /logout", auth.Logout)

	token := signed(t, good("user_id", 42, "id", 42))
	for name, service := range map[string]http.Handler{
		"jwtauth": JWTAuth([]byte(oldSecret), byUserID, users),
		"gin-jwt": ginAuth(t, func(m *ginjwt.GinJWTMiddleware) { m.TokenLookup = "cookie:jwt" }),
		"here":    mux,
	} {
		assert.Equal(t, http.StatusOK, withCookie(service, "GET", "/me", "jwt", token, "").Code, name)
	}
	assert.Equal(t, http.StatusOK, withCookie(mux, "GET", "/me", "__Host-auth", token, "").Code)

	written := withCookie(mux, "POST", "/login", "", "", "").Result().Cookies()
	require.Len(t, written, 1)
	assert.Equal(t, "__Host-auth", written[0].Name)
	assert.True(t, written[0].HttpOnly && written[0].Secure)
	assert.Len(t, withCookie(mux, "POST", "/logout", "jwt", token, "").Result().Cookies(), 2, "log-out clears both")
}

// gin-jwt writes the cookie jwt, if SendCookie says so.
func TestGinJWTCookie(t *testing.T) {
	auth, err := GinJWT([]byte(oldSecret), byID, users)
	require.NoError(t, err)
	auth.SendCookie = true
	cookies := withCookie(GinRoutes(auth, auth.RefreshHandler), "POST", "/login/42", "", "", "").Result().Cookies()
	require.Len(t, cookies, 1)
	assert.Equal(t, "jwt", cookies[0].Name)
	assert.False(t, cookies[0].HttpOnly || cookies[0].Secure, "unless told to")
}

// Another site can use the cookie of jwtauth and gin-jwt, and not that of authhttp.
func TestCrossSite(t *testing.T) {
	done := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }
	chi := jwtauth.New("HS256", []byte(oldSecret), nil)
	ginAuth, err := ginjwt.New(&ginjwt.GinJWTMiddleware{Key: []byte(oldSecret), TokenLookup: "cookie:jwt"})
	require.NoError(t, err)
	router := gin.New()
	router.POST("/pay", ginAuth.MiddlewareFunc(), gin.WrapF(done))
	here, err := authhttp.New(authhttp.Cookie{Name: "jwt"}, newStrategy[*User](t, authstrategy.WithAudience(audience)), users.Load)
	require.NoError(t, err)
	for _, row := range []struct {
		service http.Handler
		status  int
	}{
		{jwtauth.Verifier(chi)(jwtauth.Authenticator(chi)(http.HandlerFunc(done))), http.StatusAccepted},
		{router, http.StatusAccepted},
		{here.Require(http.HandlerFunc(done)), http.StatusForbidden},
	} {
		assert.Equal(t, row.status, withCookie(row.service, "POST", "/pay", "jwt", signed(t, good()), "cross-site").Code)
	}
	assert.Equal(t, http.StatusAccepted, withCookie(here.Require(http.HandlerFunc(done)), "POST", "/pay", "jwt", signed(t, good()), "same-origin").Code)
}

func withCookie(service http.Handler, method, path, name, value, site string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if name != "" {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w
}
