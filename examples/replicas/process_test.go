package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asService makes the test's own binary the service.
const asService = "REPLICAS_TEST_AS_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// environment is what the processes of one service share.
type environment []string

const password = "correct horse battery staple"

func newEnvironment() environment {
	return append(os.Environ(), asService+"=1", "AUTH_SECRET="+rand.Text()+rand.Text(), "REFRESH_SECRET="+rand.Text()+rand.Text(), "PASSWORD="+password)
}

func (e environment) command(arguments ...string) *exec.Cmd {
	command := exec.Command(os.Args[0], arguments...)
	command.Env = e
	return command
}

// run returns what a process prints that ends by itself.
func (e environment) run(arguments ...string) (string, error) {
	output, err := e.command(arguments...).CombinedOutput()
	return string(output), err
}

// process is the service, started for real.
type process struct {
	command *exec.Cmd
	url     string
	metrics string // "": it was started without -metrics
	log     logged
	retries bool // on 503, as a client does when the store has just come back
}

func (e environment) start(t *testing.T, store string, arguments ...string) *process {
	t.Helper()
	p := &process{command: e.command(append([]string{"-addr", "127.0.0.1:0", "-store", store}, arguments...)...)}
	stdout, err := p.command.StdoutPipe()
	require.NoError(t, err)
	p.command.Stderr = &p.log
	require.NoError(t, p.command.Start())
	t.Cleanup(func() {
		if p.command.ProcessState == nil {
			p.command.Process.Kill()
			p.command.Wait()
		}
		if t.Failed() {
			t.Logf("the log of %s:\n%s", p.url, p.log.String())
		}
	})
	lines := bufio.NewReader(stdout)
	p.url = p.announced(t, lines, "Listening on ")
	if slices.Contains(arguments, "-metrics") {
		p.metrics = p.announced(t, lines, "Metrics on ")
	}
	return p
}

// announced returns the address in the next line that the process prints.
func (p *process) announced(t *testing.T, lines *bufio.Reader, prefix string) string {
	t.Helper()
	line, err := lines.ReadString('\n')
	require.NoError(t, err, "%s", &p.log)
	address, found := strings.CutPrefix(strings.TrimSpace(line), prefix)
	require.True(t, found, line)
	return address
}

// end stops the process as one does to put a new version in its place.
func (p *process) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.command.Wait(), "%s", &p.log)
}

// logged is the log of a process that runs.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var client = &http.Client{Timeout: soon}

// tokens are what a log-in or a refresh answers.
type tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
}

// send returns the status and the body of an answer.
func (p *process) send(t *testing.T, method, path, access string, form url.Values) (status int, body []byte) {
	t.Helper()
	for deadline := time.Now().Add(soon); ; {
		status, body = p.sendOnce(t, method, path, access, form)
		if status != http.StatusServiceUnavailable || !p.retries || time.Now().After(deadline) {
			return status, body
		}
	}
}

func (p *process) sendOnce(t *testing.T, method, path, access string, form url.Values) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, body
}

func (p *process) login(t *testing.T) (int, tokens) {
	t.Helper()
	return p.forTokens(t, "/auth/jwt/login", url.Values{"username": {"ada"}, "password": {password}})
}

func (p *process) refresh(t *testing.T, refresh string) (int, tokens) {
	t.Helper()
	return p.forTokens(t, "/auth/jwt/refresh", url.Values{"refresh_token": {refresh}})
}

func (p *process) forTokens(t *testing.T, path string, form url.Values) (status int, tokens tokens) {
	t.Helper()
	status, body := p.send(t, http.MethodPost, path, "", form)
	if status == http.StatusOK {
		require.NoError(t, json.Unmarshal(body, &tokens))
		assert.Equal(t, "bearer", tokens.Type)
		assert.Equal(t, 15*60, tokens.ExpiresIn)
	}
	return status, tokens
}

func (p *process) logout(t *testing.T, tokens tokens) int {
	t.Helper()
	status, _ := p.send(t, http.MethodPost, "/auth/jwt/logout", tokens.Access, url.Values{"refresh_token": {tokens.Refresh}})
	return status
}

func (p *process) logoutAll(t *testing.T, access string) int {
	t.Helper()
	status, _ := p.send(t, http.MethodPost, "/auth/jwt/logout-all", access, nil)
	return status
}

func (p *process) me(t *testing.T, access string) int {
	t.Helper()
	status, body := p.send(t, http.MethodGet, "/users/me", access, nil)
	if status == http.StatusOK {
		assert.JSONEq(t, `{"id":"42","name":"ada"}`, string(body))
	}
	return status
}
