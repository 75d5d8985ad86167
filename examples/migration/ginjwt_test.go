package migration

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	ginjwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	jwtv4 "github.com/golang-jwt/jwt/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/session"
)

// ginAuth is a gin-jwt with changes, and the route of a handler that asks for nothing.
func ginAuth(t *testing.T, change func(*ginjwt.GinJWTMiddleware)) http.Handler {
	t.Helper()
	m := &ginjwt.GinJWTMiddleware{Key: []byte(oldSecret), IdentityKey: "id"}
	change(m)
	auth, err := ginjwt.New(m)
	require.NoError(t, err)
	router := gin.New()
	router.GET("/me", auth.MiddlewareFunc(), func(c *gin.Context) {
		_, ok := c.Get("id")
		c.JSON(http.StatusOK, ok)
	})
	return router
}

// gin-jwt lets a token without its identity through, and nobody is the user.
func TestGinJWTWithoutIdentity(t *testing.T) {
	service := ginAuth(t, func(*ginjwt.GinJWTMiddleware) {})
	assert.Equal(t, answer{http.StatusOK, "true"}, me(service, signed(t, good("id", 42))))
	assert.Equal(t, answer{http.StatusOK, "false"}, me(service, signed(t, good())))
}

func TestGinJWTTimeout(t *testing.T) {
	auth, err := ginjwt.New(&ginjwt.GinJWTMiddleware{Key: []byte(oldSecret)})
	require.NoError(t, err)
	assert.Equal(t, newStrategy[*User](t).Lifetime(), auth.Timeout)
}

func TestGinJWTAlgorithm(t *testing.T) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS512, good()).SignedString([]byte(oldSecret))
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, me(ginAuth(t, func(*ginjwt.GinJWTMiddleware) {}), token).status)
	service := ginAuth(t, func(m *ginjwt.GinJWTMiddleware) {
		m.KeyFunc = func(*jwtv4.Token) (any, error) { return []byte(oldSecret), nil }
	})
	assert.Equal(t, http.StatusOK, me(service, token).status, "with KeyFunc")
}

func TestGinJWTWithoutExp(t *testing.T) {
	claims := good()
	delete(claims, "exp")
	assert.Equal(t, http.StatusBadRequest, me(ginAuth(t, func(*ginjwt.GinJWTMiddleware) {}), signed(t, claims)).status)
	here, err := authhttp.New(authhttp.Bearer{}, newStrategy[*User](t, authstrategy.WithAudience(audience)), users.Load)
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, me(here.Require(http.NotFoundHandler()), signed(t, claims)).status)
}

// The parser of gin-jwt has a clock of its own: a TimeFunc that is an hour behind
// revives no token.
func TestGinJWTTimeFunc(t *testing.T) {
	service := ginAuth(t, func(m *ginjwt.GinJWTMiddleware) {
		m.TimeFunc = func() time.Time { return time.Now().Add(-lifetime) }
	})
	assert.Equal(t, http.StatusUnauthorized, me(service, signed(t, good("exp", time.Now().Add(-time.Minute).Unix()))).status)
}

// inGin runs a test with gin-jwt as it was, gin-jwt with step 1 of recipe A and with
// the handler that it has for refreshing, and the new service.
func inGin(t *testing.T, test func(old, copies, named, fresh http.Handler)) {
	synctest.Test(t, func(t *testing.T) {
		service := func(claims claimsOf, refresh func(*ginjwt.GinJWTMiddleware) gin.HandlerFunc) http.Handler {
			auth, err := GinJWT([]byte(oldSecret), claims, users)
			require.NoError(t, err)
			return GinRoutes(auth, refresh(auth))
		}
		itsOwn := func(auth *ginjwt.GinJWTMiddleware) gin.HandlerFunc { return auth.RefreshHandler }
		ours := func(auth *ginjwt.GinJWTMiddleware) gin.HandlerFunc { return RefreshNamed(auth, users) }
		fresh, err := New(newStrategy[*User](t, authstrategy.WithAudience(audience)), users)
		require.NoError(t, err)
		test(service(byID, itsOwn), service(named(byID), itsOwn), service(named(byID), ours), fresh)
	})
}

func TestGinJWTRefreshCopiesClaims(t *testing.T) {
	inGin(t, func(old, copies, named, fresh http.Handler) {
		token := login(t, old, "42")
		time.Sleep(lifetime / 2)
		assert.Equal(t, http.StatusUnauthorized, me(fresh, post(t, copies, "/refresh", token)).status)
		assert.Equal(t, ada, me(fresh, post(t, named, "/refresh", token)))
	})
}

func TestGinJWTRefreshesExpiredTokens(t *testing.T) {
	inGin(t, func(old, copies, named, fresh http.Handler) {
		token := login(t, old, "42")
		time.Sleep(24 * time.Hour)
		assert.Equal(t, http.StatusUnauthorized, me(old, token).status)
		assert.Equal(t, ada, me(fresh, post(t, named, "/refresh", token)))
		time.Sleep(time.Second)
		assert.Equal(t, http.StatusUnauthorized, refreshStatus(named, token), "until MaxRefresh after orig_iat")
	})
}

func TestGinJWTSessionHasNoEnd(t *testing.T) {
	inGin(t, func(old, _, _, _ http.Handler) {
		token := login(t, old, "42")
		for range 100 {
			time.Sleep(24 * time.Hour)
			token = post(t, old, "/refresh", token)
		}
		assert.Equal(t, ada, me(old, token))
	})
}

// gin-jwt refreshes tokens of this package, which reads what comes out.
func TestGinJWTRefreshesOurTokens(t *testing.T) {
	inGin(t, func(old, copies, named, fresh http.Handler) {
		token := login(t, fresh, "42")
		time.Sleep(2 * lifetime)
		assert.Equal(t, http.StatusUnauthorized, me(fresh, token).status)
		for _, service := range []http.Handler{old, copies, named} {
			assert.Equal(t, ada, me(fresh, post(t, service, "/refresh", token)))
		}
		assert.Panics(t, func() { refreshStatus(old, signed(t, good("id", 42))) }, "without orig_iat")
	})
}

// The handler of step 1 refuses whoever the loader would refuse.
func TestGinJWTRefreshNamedRefuses(t *testing.T) {
	inGin(t, func(_, _, named, _ http.Handler) {
		for _, id := range []any{43, 44, 0, "42"} {
			assert.Equal(t, http.StatusUnauthorized, refreshStatus(named, signed(t, good("id", id, "orig_iat", time.Now().Unix()))))
		}
		assert.Equal(t, http.StatusUnauthorized, refreshStatus(named, signed(t, good("id", 42, "orig_iat", time.Now().Unix(), "aud", "billing"))))
		assert.Equal(t, http.StatusOK, refreshStatus(named, signed(t, good("id", 42, "orig_iat", time.Now().Unix()))))
		assert.Equal(t, http.StatusUnauthorized, refreshStatus(named, "garbage"))
	})
}

func refreshStatus(service http.Handler, token string) int {
	r := httptest.NewRequest("POST", "/refresh", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w.Code
}

// The route refreshes a token that package session has ended: one or the other.
func TestGinJWTRefreshesEndedTokens(t *testing.T) {
	inGin(t, func(_, _, named, fresh http.Handler) {
		sessions, err := session.New(newStrategy[*User](t, authstrategy.WithAudience(audience), authstrategy.WithTokenID(), authstrategy.WithIssuedAt()), session.NewMemory())
		require.NoError(t, err)
		token, err := sessions.WriteToken(t.Context(), users[42])
		require.NoError(t, err)
		require.NoError(t, sessions.DestroyToken(t.Context(), token, users[42]))
		assert.Equal(t, ada, me(fresh, post(t, named, "/refresh", token)))
	})
}
