package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

const (
	askTimeout  = 30 * time.Second // the first answer waits for an interpreter to load its libraries
	stopTimeout = 5 * time.Second
)

// A peer is a JWT library of another language and the process that runs it. It
// reads a request, a line of JSON, and writes an answer, a line of JSON.
type peer struct {
	name    string
	command []string
	needs   string // what the command runs in its turn
	refusal refusal

	lacks          []authstrategy.Algorithm
	lackedError    string // what it says to one of those
	signaturesOnly bool   // looks at no claim

	version string
	broken  error // why it can't be asked: not installed, or gone since
	process *exec.Cmd
	stderr  bytes.Buffer
	stdin   io.WriteCloser
	answers chan []byte
}

// A refusal is what a peer says to a token that it should refuse.
type refusal struct{ algorithm, signature, audience string }

// The interpreters of Debian's libraries are named by their path: another one
// that comes first on the PATH doesn't see them.
var peers = []*peer{
	{
		name:    "PyJWT",
		command: []string{"/usr/bin/python3", "peers/pyjwt.py"},
		refusal: refusal{
			algorithm: "InvalidAlgorithmError: The specified alg value is not allowed",
			signature: "InvalidSignatureError: Signature verification failed",
			audience:  "InvalidAudienceError: Invalid audience",
		},
	},
	{
		name:    "ruby-jwt",
		command: []string{"/usr/bin/ruby", "peers/ruby-jwt.rb"},
		refusal: refusal{
			algorithm: "JWT::IncorrectAlgorithm: Expected a different algorithm",
			signature: "JWT::VerificationError: Signature verification failed",
			audience:  `JWT::InvalidAudError: Invalid audience. Expected ["fastapi-users:auth"], received ["another:audience"]`,
		},
	},
	{
		name:    "latchset jose",
		command: []string{"bash", "peers/jose.sh"},
		needs:   "jose",
		refusal: refusal{
			algorithm: "JOSE_CFG_ERR_ALG_NOTSUP",
			signature: "Signature validation failed!",
		},
		lacks:          []authstrategy.Algorithm{authstrategy.EdDSA},
		lackedError:    "JOSE_CFG_ERR_ALG_NOTSUP:Signing algorithm (EdDSA) is not supported",
		signaturesOnly: true,
	},
	{
		name:    "Crypt::JWT",
		command: []string{"/usr/bin/perl", "peers/crypt-jwt.pl"},
		refusal: refusal{
			algorithm: "not accepted_alg",
			signature: "JWS: invalid signature",
			audience:  "JWT: aud claim code check failed",
		},
	},
	{
		name:    "node jose",
		command: []string{"node", "peers/node-jose.mjs"},
		refusal: refusal{
			algorithm: `ERR_JOSE_ALG_NOT_ALLOWED: "alg" (Algorithm) Header Parameter value not allowed`,
			signature: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED: signature verification failed",
			audience:  `ERR_JWT_CLAIM_VALIDATION_FAILED: unexpected "aud" claim value`,
		},
	},
	{
		name:    "jsonwebtoken",
		command: []string{"node", "peers/jsonwebtoken.mjs"},
		refusal: refusal{
			algorithm: "JsonWebTokenError: invalid algorithm",
			signature: "JsonWebTokenError: invalid signature",
			audience:  "JsonWebTokenError: jwt audience invalid. expected: fastapi-users:auth",
		},
		lacks:       []authstrategy.Algorithm{authstrategy.EdDSA},
		lackedError: `"algorithm" must be a valid string enum value`,
	},
	{
		name:    "fast-jwt",
		command: []string{"node", "peers/fast-jwt.mjs"},
		refusal: refusal{
			algorithm: "FAST_JWT_INVALID_ALGORITHM: The token algorithm is invalid.",
			signature: "FAST_JWT_INVALID_SIGNATURE: The token signature is invalid.",
			audience:  "FAST_JWT_INVALID_CLAIM_VALUE: None of aud claim values are allowed.",
		},
	},
}

func TestMain(m *testing.M) {
	for _, p := range peers {
		p.start()
	}
	code := m.Run()
	fmt.Print(printed.String())
	for _, p := range peers {
		p.stop()
	}
	os.Exit(code)
}

type request struct {
	Op       string                 `json:"op"` // hello, sign, verify
	Alg      authstrategy.Algorithm `json:"alg,omitempty"`
	Key      string                 `json:"key,omitempty"`      // the secret or a PEM block
	JWK      map[string]string      `json:"jwk,omitempty"`      // the same key
	Claims   map[string]any         `json:"claims,omitempty"`   // sign
	Token    string                 `json:"token,omitempty"`    // verify
	Audience any                    `json:"audience,omitempty"` // verify: a string, or an array of them
	Now      int64                  `json:"now,omitempty"`      // verify: what the clock says; 0 is the real one
}

type answer struct {
	Version string         `json:"version"`
	Token   string         `json:"token"`
	Claims  map[string]any `json:"claims"`
	Error   string         `json:"error"`
}

// start runs the peer and asks for its version. That it can't is kept for the
// tests that need it.
func (p *peer) start() {
	for _, name := range []string{p.command[0], p.needs} {
		if name == "" {
			continue
		}
		if _, err := exec.LookPath(name); err != nil {
			p.broken = err
			return
		}
	}
	p.process = exec.Command(p.command[0], p.command[1:]...)
	p.process.Stderr = &p.stderr
	p.process.WaitDelay = stopTimeout
	stdout, err := p.process.StdoutPipe()
	if err != nil {
		p.broken = err
		return
	}
	if p.stdin, p.broken = p.process.StdinPipe(); p.broken != nil {
		return
	}
	if p.broken = p.process.Start(); p.broken != nil {
		return
	}
	p.answers = make(chan []byte)
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
	if hello, err := p.roundTrip(request{Op: "hello"}); err != nil {
		p.giveUp(err)
	} else if p.version = hello.Version; p.version == "" {
		p.giveUp(fmt.Errorf("no version: %s", hello.Error))
	}
}

// stop ends the process: the end of its input tells it to, and a kill does where
// it hangs.
func (p *peer) stop() {
	if p.answers == nil {
		return
	}
	p.stdin.Close()
	kill := time.AfterFunc(stopTimeout, func() { p.process.Process.Kill() })
	defer kill.Stop()
	go func() {
		for range p.answers {
		}
	}()
	p.process.Wait() // its exit code says nothing that an answer did not
}

// giveUp stops a peer that doesn't answer as it should: what it says later would
// be taken for the answer to something else.
func (p *peer) giveUp(err error) {
	p.stop()
	p.broken = fmt.Errorf("%w: %s", err, bytes.TrimSpace(p.stderr.Bytes()))
}

func (p *peer) roundTrip(r request) (answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return answer{}, err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return answer{}, err
	}
	select {
	case line, ok := <-p.answers:
		if !ok {
			return answer{}, errors.New("it has ended")
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return answer{}, fmt.Errorf("not an answer: %q", line)
		}
		return a, nil
	case <-time.After(askTimeout):
		return answer{}, fmt.Errorf("no answer within %v", askTimeout)
	}
}

// require skips the test where the peer is missing, or fails it where no peer
// may be.
func (p *peer) require(t *testing.T) {
	t.Helper()
	switch {
	case p.broken == nil:
	case os.Getenv("INTEROP") == "required":
		t.Fatalf("%s is missing: %v", p.name, p.broken)
	default:
		t.Skipf("%s is missing (./setup installs it): %v", p.name, p.broken)
	}
}

func (p *peer) ask(t *testing.T, r request) answer {
	t.Helper()
	if p.broken != nil {
		t.Fatalf("%s: %v", p.name, p.broken)
	}
	a, err := p.roundTrip(r)
	if err != nil {
		p.giveUp(err)
		t.Fatalf("%s: %v", p.name, p.broken)
	}
	return a
}

// sign has the peer sign claims, and fails the test where it doesn't.
func (p *peer) sign(t *testing.T, alg authstrategy.Algorithm, k key, claims map[string]any) string {
	t.Helper()
	a := p.ask(t, request{Op: "sign", Alg: alg, Key: k.private, JWK: k.privateJWK, Claims: claims})
	if a.Error != "" {
		t.Fatalf("%s doesn't sign: %s", p.name, a.Error)
	}
	return a.Token
}

// verify asks the peer to verify a token with the public half of a key.
func (p *peer) verify(t *testing.T, alg authstrategy.Algorithm, k key, token string) answer {
	t.Helper()
	return p.ask(t, request{
		Op: "verify", Alg: alg, Key: k.public, JWK: k.publicJWK,
		Token: token, Audience: []string{authstrategy.DefaultAudience},
	})
}

func (p *peer) knows(alg authstrategy.Algorithm) bool { return !slices.Contains(p.lacks, alg) }
