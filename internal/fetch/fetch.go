// Package fetch gets a document over https, within limits of size and redirects. It
// does not know what is in the document. Of the options of package jwks it knows
// only the names, for its advice.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	minMaxAge    = time.Minute
	maxMaxAge    = 24 * time.Hour
	maxRedirects = 5
	maxShown     = 600 // bytes of an error that comes from outside

	accept    = "application/jwk-set+json, application/json, */*;q=0.5"
	userAgent = "authstrategy-jwks (+https://github.com/go-authstrategy/authstrategy)"
)

// A Client fetches documents.
type Client struct {
	http     http.Client
	maxSize  int
	insecure bool
}

// NewClient returns a Client with the transport and timeout of another client. A
// document may have up to maxSize bytes. Insecure allows http, but no redirect from
// https to http.
func NewClient(transport http.RoundTripper, timeout time.Duration, maxSize int, insecure bool) *Client {
	c := &Client{http.Client{Transport: transport, Timeout: timeout}, maxSize, insecure}
	c.http.CheckRedirect = c.checkRedirect
	return c
}

// A Document is what an address answers with the status 200.
type Document struct {
	Body   []byte
	header http.Header
}

// Get fetches a document by GET. Its error matches a StatusError if the status is
// another than 200. The address has no fault (see FaultOf). Get takes it by value,
// since a transport might change it.
func (c *Client) Get(ctx context.Context, address url.URL) (*Document, error) {
	document, err := c.get(ctx, &address)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", Shown(&address), err)
	}
	return document, nil
}

func (c *Client) get(ctx context.Context, address *url.URL) (*Document, error) {
	// Closing the connection leaves no goroutine behind. The next fetch is minutes
	// away.
	request := &http.Request{
		Method: http.MethodGet,
		URL:    address,
		Header: http.Header{"Accept": {accept}, "User-Agent": {userAgent}},
		Close:  true,
	}
	response, err := c.http.Do(request.WithContext(ctx))
	if err != nil {
		return nil, withoutQuery(errors.Unwrap(err)) // without *url.Error, which shows the query
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, StatusError(response.StatusCode)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, int64(c.maxSize)))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, fmt.Errorf("the answer has more than %d bytes (see WithMaxSize)", c.maxSize)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return &Document{body, response.Header}, nil
}

// withoutQuery returns the error of a client as it is, unless it quotes an address that
// a redirect goes to: there can be a secret in its query.
func withoutQuery(err error) error {
	if strings.Contains(err.Error(), "Location") {
		return errors.New("the address that it redirects to is not a URL")
	}
	return err
}

// checkRedirect holds every redirect against the rules of the first URL.
func (c *Client) checkRedirect(request *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("there are more than %d redirects", maxRedirects)
	}
	fromHTTP := via[len(via)-1].URL.Scheme == "http"
	if fault := FaultOf(request.URL, c.insecure && fromHTTP); fault != "" {
		return fmt.Errorf("the address that it redirects to %s", fault)
	}
	request.Close = true
	request.Header.Del("Referer") // the query of an address can be meant for its host alone
	return nil
}

// Parse returns the address that a text is, and what is wrong with it; "" if nothing is.
func Parse(text string, insecure bool) (address *url.URL, fault string) {
	const must = "; it must begin with https:// and a host"
	if strings.TrimSpace(text) == "" {
		return nil, "is empty" + must
	}
	u, err := url.Parse(text)
	if err != nil || strings.TrimSpace(text) != text {
		return nil, "is not a URL, or has white space at its ends" + must
	}
	return u, FaultOf(u, insecure)
}

// FaultOf says what is wrong with an address that is to be fetched; "" if nothing
// is.
func FaultOf(u *url.URL, insecure bool) string {
	if u.Scheme != "https" && (u.Scheme != "http" || !insecure) {
		return "is not https; only https is fetched (see WithInsecureHTTP for development)"
	}
	if u.Hostname() == "" {
		return "has no host; it must begin with https:// and a host"
	}
	if u.User != nil {
		return "has a user or password in it; send credentials by a Transport of your own, to its host alone (see WithHTTPClient)"
	}
	return ""
}

// A StatusError is a status other than 200.
type StatusError int

func (e StatusError) Error() string {
	return fmt.Sprintf("the answer is %d %s; only 200 is good", int(e), http.StatusText(int(e)))
}

// MaxAge returns the max-age of the answer's Cache-Control (RFC 9111 §5.2),
// brought within 1 minute and 24 hours, or else the given one.
//
// The first max-age that is well-formed counts (§4.2.1): digits, also in quotes, and
// as many as there may be (§1.2.2). no-store beats it, wherever it stands. Age is
// not subtracted, and s-maxage is for shared caches. A comma in the quoted argument
// of another directive is taken for the end of that directive: whatever is misread
// then, the bounds still hold.
func (d *Document) MaxAge(otherwise time.Duration) time.Duration {
	maxAge, found := otherwise, false
	for directive := range strings.SplitSeq(strings.Join(d.header.Values("Cache-Control"), ","), ",") {
		name, argument, _ := strings.Cut(strings.Trim(directive, " \t"), "=")
		if strings.EqualFold(name, "no-store") {
			return minMaxAge
		}
		if found || !strings.EqualFold(name, "max-age") {
			continue
		}
		if len(argument) > 1 && argument[0] == '"' && argument[len(argument)-1] == '"' {
			argument = argument[1 : len(argument)-1]
		}
		seconds, err := strconv.ParseUint(argument, 10, 32)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			maxAge, found = min(max(time.Duration(seconds)*time.Second, minMaxAge), maxMaxAge), true
		}
	}
	return maxAge
}

// Shown returns an address as errors show it: without its query, which can hold a
// secret.
func Shown(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// Legible returns an error whose text is fit for a log: short, and of characters that
// can be printed. What is fetched, and whoever fetches it, has a say in the text.
// errors.Is and errors.As find what they find in err.
func Legible(err error) error { return &legible{err} }

type legible struct{ err error }

func (l *legible) Error() string {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, l.err.Error())
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "..."
	}
	return text
}

func (l *legible) Unwrap() error { return l.err }
