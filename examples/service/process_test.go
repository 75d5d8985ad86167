package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// binary is the service, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" { // see runAsCurl
		os.Exit(runAsCurl(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "service")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "service.exe") // Windows insists on the ending
		if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
			return 1
		}
		return m.Run()
	}())
}

// process is the service, started for real.
type process struct {
	cmd     *exec.Cmd
	stdout  *bufio.Reader
	stderr  bytes.Buffer // to be read once the process has ended
	url     string
	welcome string // what it printed when it was ready
}

// start runs the service on a free port until the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
	})
	p.stdout = bufio.NewReader(stdout)
	for !strings.HasPrefix(p.lastLine(), "Stop with") {
		line, err := p.stdout.ReadString('\n')
		p.welcome += line
		if err != nil {
			p.cmd.Wait()
			require.FailNow(t, "the service did not start", "%v\n%s%s", err, p.welcome, &p.stderr)
		}
	}
	first, _, _ := strings.Cut(p.welcome, "\n")
	fields := strings.Fields(first)
	require.GreaterOrEqual(t, len(fields), 3, first)
	require.Equal(t, []string{"Listening", "on"}, fields[:2])
	p.url = fields[2]
	return p
}

func (p *process) lastLine() string {
	lines := strings.Split(strings.TrimSuffix(p.welcome, "\n"), "\n")
	return lines[len(lines)-1]
}

// end waits for the process to end by itself and returns what it printed after
// the welcome, and its exit code.
func (p *process) end(t *testing.T) (stdout string, code int) {
	t.Helper()
	rest, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	if err := p.cmd.Wait(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return string(rest), p.cmd.ProcessState.ExitCode()
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

// request makes one with a header per value in authorization.
func request(t *testing.T, method, url string, authorization ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	return r
}

// loginRequest posts the body to the login route.
func loginRequest(t *testing.T, base, contentType string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/auth/jwt/login", body)
	require.NoError(t, err)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const urlEncoded = "application/x-www-form-urlencoded"

func form(fields ...string) io.Reader {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return strings.NewReader(values.Encode())
}

func multipartForm(t *testing.T, fields ...string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = new(bytes.Buffer)
	w := multipart.NewWriter(body)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, w.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), body
}

// login logs in and returns the access token.
func login(t *testing.T, base, username, password string) string {
	t.Helper()
	got := do(t, loginRequest(t, base, urlEncoded, form("username", username, "password", password)))
	return tokenIn(t, got)
}

var accessToken = regexp.MustCompile(`^\{"access_token":"([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)","token_type":"bearer","expires_in":(3600|5400)\}$`)

// tokenIn checks the whole answer to a login and returns the token in it.
func tokenIn(t *testing.T, got answer) string {
	t.Helper()
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
	match := accessToken.FindStringSubmatch(got.body)
	require.NotNil(t, match, got.body)
	return match[1]
}

// requireRefused checks a whole answer that refuses.
func requireRefused(t *testing.T, got answer, status int, detail string, challenges ...string) {
	t.Helper()
	require.Equal(t, status, got.status, got.body)
	assert.Equal(t, `{"detail":"`+detail+`"}`, got.body)
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
	assert.Equal(t, challenges, got.header.Values("WWW-Authenticate"))
}

// writeFile returns the path of a new file with that content.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// runAsCurl makes the test binary stand in for curl, which a machine with Go
// alone lacks, so that the printed lines can be pasted into a real shell. It
// knows the options that those lines use, and refuses all others.
func runAsCurl(args []string, stdout, stderr io.Writer) int {
	err := func() error {
		var method, target string
		var fields []string
		header := http.Header{}
		include := false
		for ; len(args) > 0; args = args[1:] {
			value := func() string {
				args = args[1:]
				if len(args) == 0 {
					return ""
				}
				return args[0]
			}
			switch option := args[0]; {
			case option == "-s":
			case option == "-i":
				include = true
			case option == "-X":
				method = value()
			case option == "-H":
				name, v, _ := strings.Cut(value(), ": ")
				header.Add(name, v)
			case option == "--data-urlencode":
				name, v, _ := strings.Cut(value(), "=")
				fields = append(fields, name+"="+url.QueryEscape(v))
			case strings.HasPrefix(option, "-") || target != "":
				return fmt.Errorf("unexpected %q", option)
			default:
				target = option
			}
		}
		var body io.Reader
		if fields != nil {
			body = strings.NewReader(strings.Join(fields, "&"))
			header.Set("Content-Type", urlEncoded)
			if method == "" {
				method = http.MethodPost
			}
		}
		r, err := http.NewRequest(method, target, body)
		if err != nil {
			return err
		}
		r.Header = header
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if include {
			return response.Write(stdout)
		}
		_, err = io.Copy(stdout, response.Body)
		return err
	}()
	if err != nil {
		fmt.Fprintln(stderr, "curl:", err)
		return 1
	}
	return 0
}
