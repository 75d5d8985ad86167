package frameworks

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// Fiber's own errors are answered in JSON too, and without their texts: that of a
// malformed header holds the whole request.
func TestFiberErrors(t *testing.T) {
	base := startFiber(t, newService(t, authhttp.Bearer{}))
	response, body := send(t, base, row{route: "GET /unknown"})
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.JSONEq(t, `{"detail":"Not Found"}`, body)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/me", nil)
	require.NoError(t, err)
	response, body = exchange(t, request, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "GET /me HTTP/1.1\r\nHost: %s\r\nAuthorization Bearer %s\r\n\r\n", request.URL.Host, tokenFor(t, arthur))
		return err
	})
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	assert.JSONEq(t, `{"detail":"Bad Request"}`, body)

	app := fiber.New(fiber.Config{ErrorHandler: errorFiber})
	app.Get("/", func(fiber.Ctx) error { return errDown })
	response, err = app.Test(httptest.NewRequest(http.MethodGet, "/", nil))
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
	assert.JSONEq(t, `{"detail":"Internal Server Error"}`, string(content))
}

// What comes before the middleware on fiber's answer stays, as it does on an
// http.ResponseWriter: Vary is added to, and no-store is stricter than private.
func TestFiberHeaders(t *testing.T) {
	service := newService(t, authhttp.Cookie{})
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		c.Set("Vary", "Origin")
		c.Set("Cache-Control", "no-store")
		c.Set("WWW-Authenticate", "Basic")
		return c.Next()
	})
	app.Get("/", requireUserFiber(service.auth), func(c fiber.Ctx) error { return c.SendString("in") })
	for cookie, want := range map[string]struct {
		status    int
		challenge []string
		mediaType string
	}{
		"":                                   {http.StatusUnauthorized, []string{`Cookie realm="api"`}, "application/json"},
		"__Host-auth=" + tokenFor(t, arthur): {http.StatusOK, []string{"Basic"}, "text/plain; charset=utf-8"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Cookie", cookie)
		response, err := app.Test(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, want.status, response.StatusCode)
		assert.Equal(t, []string{"Origin", "Cookie"}, response.Header["Vary"])
		assert.Equal(t, []string{"no-store"}, response.Header["Cache-Control"])
		assert.Equal(t, want.challenge, response.Header["Www-Authenticate"])
		assert.Equal(t, []string{want.mediaType}, response.Header["Content-Type"])
	}
}

// keeping is a strategy that keeps the tokens it reads.
type keeping struct {
	authstrategy.Strategy[*User]
	tokens []string
}

func (k *keeping) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[*User]) (*User, error) {
	k.tokens = append(k.tokens, token)
	return k.Strategy.ReadToken(ctx, token, load)
}

// Fasthttp writes over the memory of a request with the next one. What is read
// from it stays as it was.
func TestFiberMemory(t *testing.T) {
	strategy := &keeping{Strategy: newStrategy(t)}
	service, err := NewService(strategy, users{NewMemoryUsers(1)}, authhttp.Bearer{})
	require.NoError(t, err)
	base := startFiber(t, service)
	var tokens []string
	for _, id := range []string{arthur, morgana, mordred} { // on one connection
		tokens = append(tokens, tokenFor(t, id))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/me", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+tokens[len(tokens)-1])
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	assert.Equal(t, tokens, strategy.tokens)
}
