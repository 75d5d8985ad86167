package browser

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	binary  string          // the service
	browser context.Context // one Chromium for all tests
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "service")
	build := exec.Command("go", "build", "-o", binary, "github.com/go-authstrategy/authstrategy/examples/service")
	if output, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w\n%s", err, output)
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		return 1, fmt.Errorf("%w; run ./setup", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 { // Chromium has no sandbox for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	browser, cancel = chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(browser); err != nil {
		return 1, err
	}
	defer chromedp.Cancel(browser)
	return m.Run(), nil
}

const (
	user   = "user@example.com"
	userID = "b4c9a289-323b-81a0-9c3e-940f150eb9b8"
)

// service is the service, started for real, and ended with the test.
type service struct {
	cmd    *exec.Cmd
	url    string // of the page
	link   string // the page with user name and password
	stderr *bytes.Buffer
}

func start(t *testing.T, args ...string) *service {
	t.Helper()
	s := &service{cmd: exec.Command(binary, append([]string{"-addr", "127.0.0.1:0"}, args...)...), stderr: new(bytes.Buffer)}
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(s.stop)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if link, ok := strings.CutPrefix(lines.Text(), "In a browser: "); ok {
			s.link = link
			s.url, _, _ = strings.Cut(link, "#")
		}
		if strings.HasPrefix(lines.Text(), "Stop with") {
			require.NotEmpty(t, s.link)
			return s
		}
	}
	require.FailNow(t, "the service did not start", "%v\n%s", lines.Err(), s.stderr)
	return nil
}

func (s *service) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// A page is a tab in a profile of its own, without cookies or history.
type page struct {
	t   *testing.T
	ctx context.Context

	allowed   []string // what the console may say
	mu        sync.Mutex
	console   []string   // errors and warnings
	responses []response // of all requests
}

type response struct {
	url    string
	status int64
}

// complaint is what Chromium says of every answer that is an error, which the
// tests ask for.
var complaint = regexp.MustCompile(`^Failed to load resource: the server responded with a status of (400|401|403|503) `)

// open opens a page. Scripts must run without an error, and nothing must offend
// against the policy, unless the test allows it.
func open(t *testing.T, url string, allowed ...string) *page {
	t.Helper()
	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(tab))
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, allowed: allowed}
	require.NoError(t, chromedp.Listen(tab, p.listen))
	t.Cleanup(func() {
		for _, message := range p.consoleMessages() {
			expected := complaint.MatchString(message)
			for _, text := range p.allowed {
				expected = expected || strings.Contains(message, text)
			}
			assert.True(t, expected, "console: %s", message)
		}
	})
	p.do(chromedp.Navigate(url))
	return p
}

func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		p.console = append(p.console, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		p.console = append(p.console, fmt.Sprintf("%s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *network.EventResponseReceived:
		p.responses = append(p.responses, response{e.Response.URL, e.Response.Status})
	}
}

func (p *page) consoleMessages() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.console...)
}

// answered returns the status of the answers to requests whose URL contains text.
func (p *page) answered(text string) (statuses []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.responses {
		if strings.Contains(r.url, text) {
			statuses = append(statuses, r.status)
		}
	}
	return statuses
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for i, step := range steps {
		require.NoError(p.t, chromedp.Do(p.ctx, step), "step %d", i)
	}
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.do(chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// eval returns what an expression gives, or what its promise does.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, expression)
	return value
}

// wait waits for something to become true on the page.
func (p *page) wait(what string, true func() bool) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !true() {
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			require.FailNow(p.t, "it never came", "%s\n%s", what, p.consoleMessages())
		}
	}
}

// until waits for an expression to become true. Chromedp's Poll would need eval in
// the page, which its policy forbids.
func (p *page) until(expression string) {
	p.t.Helper()
	p.wait(expression, func() bool { return eval[bool](p, expression) })
}

// text is what a reader sees of the element.
func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf("document.querySelector(%q).innerText", selector))
}

func (p *page) waitText(selector, text string) {
	p.t.Helper()
	p.wait(selector+": "+text, func() bool { return p.text(selector) == text })
}

// cookies are those that the browser sends with the page's requests, or to the paths
// named, HttpOnly ones too.
func (p *page) cookies(paths ...string) []*network.Cookie {
	p.t.Helper()
	var urls []string
	for _, path := range paths {
		urls = append(urls, eval[string](p, "location.origin")+path)
	}
	result, err := chromedp.Run(p.ctx, func(ctx context.Context, t *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: urls})
	})
	require.NoError(p.t, err)
	return result.Cookies
}
