package frameworks

import (
	"net/http"

	"github.com/gofiber/fiber/v3"
)

// Fiber returns the service on fiber.
func Fiber(auth *Auth) *fiber.App {
	app := fiber.New(fiber.Config{
		ReadBufferSize:               16 << 10, // for all headers: the default is less than a token may have
		DisablePreParseMultipartForm: true,     // its errors' texts go to the client
	})
	app.Post("/login", func(c fiber.Ctx) error {
		return replyFiber(c, auth.Login(c.Context(), formFiber(c, "username"), formFiber(c, "password")))
	})
	app.Post("/logout", requireUserFiber(auth), func(c fiber.Ctx) error {
		return replyFiber(c, auth.Logout(c.Context()))
	})
	app.Get("/me", requireUserFiber(auth), func(c fiber.Ctx) error {
		return replyFiber(c, Answer(http.StatusOK, UserFrom(c.Context())))
	})
	return app
}

// requireUserFiber lets a request with a good token through, with the user in its context.
func requireUserFiber(auth *Auth) fiber.Handler {
	return func(c fiber.Ctx) error {
		// c.Get returns the first of two headers, in memory that the next
		// request writes over: string copies it.
		var authorization []string
		for _, value := range c.Request().Header.PeekAll("Authorization") {
			authorization = append(authorization, string(value))
		}
		ctx, err := auth.Authenticate(c.Context(), authorization)
		if err != nil {
			return replyFiber(c, Refuse(err))
		}
		c.SetContext(ctx)
		return c.Next()
	}
}

// formFiber returns the first value of a field of the body. FormValue would take
// a password from the query, and Bind the last value, or one by another name.
func formFiber(c fiber.Ctx, name string) string {
	form, err := c.MultipartForm()
	if err != nil {
		return string(c.Request().PostArgs().Peek(name))
	}
	if values := form.Value[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func replyFiber(c fiber.Ctx, reply Reply) error {
	for name, value := range reply.Header {
		c.Set(name, value)
	}
	if reply.Body == nil {
		return c.SendStatus(reply.Status)
	}
	return c.Status(reply.Status).JSON(reply.Body)
}
