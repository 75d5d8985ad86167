//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The lines that the service prints work as they are pasted into a shell.
func TestPrintedLines(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(self, filepath.Join(dir, "curl")))
	username, password := "d'Artagnan \"$HOME\" & `Co`", "a'b\\c =+%?#;@ü"
	for name, c := range map[string]struct{ args, env []string }{
		"password given": {[]string{"-password", password}, []string{"PASSWORD=" + password}},
		"password made":  {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, append(c.args, "-username", username)...)
			script := ""
			for line := range strings.Lines(p.welcome) {
				if strings.HasPrefix(line, "  ") {
					script += line
				}
			}
			cmd := exec.Command("sh", "-eu", "-c", script)
			cmd.Env = append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
			cmd.Env = append(cmd.Env, c.env...)
			output, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", output)
			assert.Contains(t, string(output), "200 OK")
			assert.Contains(t, string(output), `{"id":"`+userID(username)+`"`)
			assert.Contains(t, string(output), "204 No Content")
			assert.NotContains(t, p.welcome, password)
			assert.Equal(t, c.env != nil, strings.Contains(p.welcome, "first set the shell variable PASSWORD"))
		})
	}
}

// startUpload sends a log-in up to its body, for which the service waits then.
func startUpload(t *testing.T, p *process, body string) (net.Conn, *bufio.Reader) {
	t.Helper()
	base, err := url.Parse(p.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", base.Host)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /auth/jwt/login HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		base.Host, urlEncoded, len(body))
	reader := bufio.NewReader(conn)
	status, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", status)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	return conn, reader
}

// signal sends one and waits until the service says that it stops.
func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(signal))
	line, err := p.stdout.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "Stopping")
}

// On a signal the service takes no new connections, finishes the request under
// way, and ends with exit code 0.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			p := start(t, "-username", "name", "-password", "password")
			const body = "username=name" // answered without a hash
			conn, reader := startUpload(t, p, body)
			p.signal(t, signal)

			_, err := io.WriteString(conn, body)
			require.NoError(t, err)
			response, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			defer response.Body.Close()
			content, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			requireRefused(t, answer{response.StatusCode, response.Header, string(content)},
				http.StatusUnprocessableEntity, "username and password are required")

			_, code := p.end(t)
			assert.Zero(t, code, "%s", &p.stderr)
			_, err = net.Dial("tcp", conn.RemoteAddr().String())
			assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		})
	}
}

// A second signal does not wait for the request under way.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := start(t, "-username", "name", "-password", "password")
	startUpload(t, p, "username=name")
	p.signal(t, syscall.SIGTERM)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	_, code := p.end(t)
	assert.Equal(t, -1, code)
	assert.Equal(t, syscall.SIGTERM, p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
}
