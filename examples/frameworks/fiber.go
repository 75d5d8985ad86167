package frameworks

import (
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v3"
)

// Fiber returns the service on fiber.
func Fiber(auth *Auth) *fiber.App {
	app := fiber.New(fiber.Config{
		BodyLimit:                    maxBody, // where it is over, fiber answers and closes without reading on
		ErrorHandler:                 errorFiber,
		ReadBufferSize:               16 << 10, // for all headers: the default is less than a token may have
		DisablePreParseMultipartForm: true,     // it would answer a broken form before the handler does
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

// errorFiber answers what fiber itself refuses, such as a body over the limit or
// an unknown path. Fiber's own error handler sends the text of the error, and that
// of a malformed header holds the whole request, with its token.
func errorFiber(c fiber.Ctx, err error) error {
	status := http.StatusInternalServerError
	if known := (*fiber.Error)(nil); errors.As(err, &known) {
		status = known.Code
	}
	return replyFiber(c, refuseStatus(status))
}

// formFiber returns the first value of a field of the body. FormValue would take
// a password from the query, and Bind the last value, or one by another name.
func formFiber(c fiber.Ctx, name string) string {
	// Fiber would unpack a compressed form, to any size. The others do not.
	c.Request().Header.Del(fiber.HeaderContentEncoding)
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
