package providers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The Node.js is that of package-lock.json, by its path: not every npm links it. And
// Debian's PyJWT is seen by Debian's Python alone.
var node = "node_modules/node-linux-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1) + "/bin/node"

const python = "/usr/bin/python3"

const (
	answerTimeout = 30 * time.Second // the first answer waits for an interpreter to load its libraries
	stopTimeout   = 5 * time.Second
)

// A process is a program of another language that a test runs. It reads a request,
// a line of JSON, and writes an answer, a line of JSON, until its input ends.
type process struct {
	name    string
	command *exec.Cmd
	stdin   io.WriteCloser
	stderr  bytes.Buffer
	answers chan []byte
}

type request map[string]any

// start runs a file of the folder peers, and stops it at the end of the test.
func start(t *testing.T, file string) *process {
	t.Helper()
	p, err := run(file)
	if err != nil {
		missing(t, file, err)
	}
	t.Cleanup(p.stop)
	hello, err := p.roundTrip(request{"op": "hello"})
	if err != nil {
		missing(t, file, err)
	}
	if version := pinned(t, file); version != "" {
		require.Equal(t, version, hello["version"], "%s is not the version of package.json: run ./setup", file)
	}
	return p
}

// missing skips the test, or fails it where nothing may be missing.
func missing(t *testing.T, file string, err error) {
	t.Helper()
	if os.Getenv("INTEROP") == "required" {
		t.Fatalf("%s is missing: %v", file, err)
	}
	t.Skipf("%s is missing (./setup installs it): %v", file, err)
}

// pinned returns the version of a file's library in package.json; "" for PyJWT, which
// is Debian's.
func pinned(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("package.json")
	require.NoError(t, err)
	var manifest struct{ Dependencies map[string]string }
	require.NoError(t, json.Unmarshal(text, &manifest))
	return manifest.Dependencies[strings.TrimSuffix(file, ".mjs")]
}

func run(file string) (*process, error) {
	interpreter := node
	if file == "pyjwkclient.py" {
		interpreter = python
	}
	p := &process{name: file, command: exec.Command(interpreter, "peers/"+file), answers: make(chan []byte)}
	p.command.Stderr = &p.stderr
	p.command.WaitDelay = stopTimeout
	stdin, err1 := p.command.StdinPipe()
	stdout, err2 := p.command.StdoutPipe()
	if err := errors.Join(err1, err2, p.command.Start()); err != nil {
		return nil, err
	}
	p.stdin = stdin
	go func() {
		defer close(p.answers)
		for lines := bufio.NewReader(stdout); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			p.answers <- line
		}
	}()
	return p, nil
}

// stop ends the process: the end of its input tells it to, and a kill does where
// it hangs. It may be called twice.
func (p *process) stop() {
	p.stdin.Close()
	kill := time.AfterFunc(stopTimeout, func() { p.command.Process.Kill() })
	defer kill.Stop()
	for range p.answers {
	}
	p.command.Wait() // its exit code says nothing that an answer did not
}

// ask returns the answer, and fails the test if it is an error.
func (p *process) ask(t *testing.T, r request) map[string]any {
	t.Helper()
	answer, err := p.roundTrip(r)
	require.NoError(t, err)
	return answer
}

func (p *process) roundTrip(r request) (map[string]any, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return nil, p.ended()
	}
	select {
	case line, ok := <-p.answers:
		if !ok {
			return nil, p.ended()
		}
		return parseAnswer(line)
	case <-time.After(answerTimeout):
		return nil, fmt.Errorf("%s does not answer within %v", p.name, answerTimeout)
	}
}

func (p *process) ended() error {
	p.stop() // so that stderr is complete
	return fmt.Errorf("%s has ended: %s", p.name, bytes.TrimSpace(p.stderr.Bytes()))
}

func parseAnswer(line []byte) (map[string]any, error) {
	var answer map[string]any
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, fmt.Errorf("not an answer: %q", line)
	}
	if text, ok := answer["error"].(string); ok {
		return nil, errors.New(text)
	}
	return answer, nil
}
