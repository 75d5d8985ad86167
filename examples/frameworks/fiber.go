package frameworks

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v3"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// Fiber returns the service on fiber.
func Fiber(s *Service) *fiber.App {
	app := fiber.New(fiber.Config{
		BodyLimit:                    maxBody, // where it is over, fiber answers and closes without reading on
		ErrorHandler:                 errorFiber,
		ReadBufferSize:               16 << 10, // for all headers: the default is less than a token may have
		DisablePreParseMultipartForm: true,     // it would answer a broken form before the handler does
	})
	app.Post("/login", handlerFiber(s.login))
	app.Post("/logout", handlerFiber(s.auth.Logout))
	app.Get("/me", requireUserFiber(s.auth), func(c fiber.Ctx) error {
		c.Set("Cache-Control", "no-store")
		return c.JSON(authhttp.User[*User](c.Context()))
	})
	return app
}

// requireUserFiber lets a request with a good token through, with the user in its context.
func requireUserFiber[U any](auth *authhttp.Auth[U]) fiber.Handler {
	return func(c fiber.Ctx) error {
		r, err := requestFiber(c)
		if err != nil {
			return err
		}
		w := newRecorder(c)
		user, err := auth.Authenticate(r)
		if err != nil {
			auth.Refuse(w, r, err)
			return w.send(c)
		}
		auth.Vary(w.header)
		w.sendHeader(c)
		c.SetContext(authhttp.WithUser(c.Context(), user))
		return c.Next()
	}
}

// handlerFiber makes a fiber handler of one of net/http.
func handlerFiber(handler http.HandlerFunc) fiber.Handler {
	return func(c fiber.Ctx) error {
		r, err := requestFiber(c)
		if err != nil {
			return err
		}
		w := newRecorder(c)
		handler(w, r)
		return w.send(c)
	}
}

// requestFiber returns the request as net/http has it. Fiber's own adaptor does not
// serve here: it keeps the last of two Authorization headers, which must be
// refused. Fasthttp uses its memory again for the next request, so string copies
// it; the body alone is not copied, and must not be read later.
func requestFiber(c fiber.Ctx) (*http.Request, error) {
	target, err := url.ParseRequestURI(string(c.Request().RequestURI()))
	if err != nil {
		return nil, fiber.ErrBadRequest
	}
	body := c.Request().Body() // as it was sent: c.Body() would unpack a compressed one, to any size
	r := &http.Request{
		Method:        string(c.Request().Header.Method()),
		URL:           target,
		Host:          string(c.Request().Host()),
		Header:        http.Header{},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for name, value := range c.Request().Header.All() {
		r.Header.Add(string(name), string(value))
	}
	return r.WithContext(c.Context()), nil
}

// A recorder is an http.ResponseWriter that keeps an answer until it is sent by
// fiber.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// newRecorder returns a recorder with the headers that fiber's answer has already.
func newRecorder(c fiber.Ctx) *recorder {
	w := &recorder{header: http.Header{}}
	for name, value := range c.Response().Header.All() {
		w.header.Add(string(name), string(value))
	}
	w.header.Del("Content-Type") // fasthttp's default
	return w
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = cmp.Or(w.status, status) }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// send answers the request.
func (w *recorder) send(c fiber.Ctx) error {
	w.sendHeader(c)
	c.Response().Header.SetNoDefaultContentType(true) // where there is no body
	return c.Status(cmp.Or(w.status, http.StatusOK)).Send(w.body.Bytes())
}

// sendHeader makes the headers of fiber's answer those of the recorder.
func (w *recorder) sendHeader(c fiber.Ctx) {
	for name := range newRecorder(c).header {
		c.Response().Header.Del(name)
	}
	for name, values := range w.header {
		for _, value := range values {
			c.Response().Header.Add(name, value)
		}
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
	w := newRecorder(c)
	refuseStatus(w, status)
	return w.send(c)
}
