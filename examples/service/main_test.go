package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

const goodSecret = "for tests only: 32 bytes and some more"

// keyPair writes a new Ed25519 key pair and returns the files' paths.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	publicKey, privateKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(privateKey)
	require.NoError(t, err)
	publicDER, err := x509.MarshalPKIXPublicKey(publicKey)
	require.NoError(t, err)
	return writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}))),
		writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})))
}

func TestFlagDefaults(t *testing.T) {
	cfg, err := parseFlags(flag.NewFlagSet("", flag.ContinueOnError), nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, config{
		addr:      "127.0.0.1:8080",
		username:  "user@example.com",
		algorithm: "HS256",
		lifetime:  time.Hour,
		sessions:  true,
	}, cfg)
}

// refusal returns what the library says to that configuration, for that reason.
func refusal(t *testing.T, reason error, secret string, options ...authstrategy.Option) string {
	t.Helper()
	_, err := authstrategy.GetJWTStrategy[*User](authstrategy.NewSecret(secret), options...)
	require.ErrorIs(t, err, reason)
	require.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	return "service: " + err.Error() + "\n"
}

// contentOf returns a key file's content as the service takes it.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	content, err := readKeyFile("", path)
	require.NoError(t, err)
	return content
}

func TestFlagsRefused(t *testing.T) {
	t.Parallel()
	const weakSecret = "weak-xyzzy"
	weak := writeFile(t, weakSecret)
	good := writeFile(t, goodSecret)
	empty := writeFile(t, "\n")
	private, public := keyPair(t)
	_, otherPublic := keyPair(t)
	eddsa := authstrategy.WithAlgorithm(authstrategy.EdDSA)
	cases := map[string]struct {
		args []string
		code int
		says string
	}{
		"help":                         {[]string{"-h"}, 0, "Usage of "},
		"unknown flag":                 {[]string{"-port", "80"}, 2, "flag provided but not defined: -port"},
		"argument":                     {[]string{"serve"}, 2, "an argument belongs to no flag"},
		"password without quotes":      {[]string{"-password", "plugh", "xyzzy"}, 2, "an argument belongs to no flag"},
		"sessions neither on nor off":  {[]string{"-sessions=maybe"}, 2, `invalid boolean value "maybe" for -sessions`},
		"lifetime not a duration":      {[]string{"-lifetime", "60"}, 2, `invalid value "60" for flag -lifetime`},
		"empty user name":              {[]string{"-username", ""}, 2, "-username is empty"},
		"empty password":               {[]string{"-password", ""}, 2, "-password is empty"},
		"empty algorithm":              {[]string{"-algorithm", ""}, 2, "-algorithm is empty"},
		"empty secret file name":       {[]string{"-secret-file", ""}, 2, "-secret-file is empty"},
		"empty public key file name":   {[]string{"-public-key-file", ""}, 2, "-public-key-file is empty"},
		"empty address":                {[]string{"-addr", ""}, 2, "-addr is empty"},
		"user name not UTF-8":          {[]string{"-username", "\xff"}, 2, "-username is not UTF-8"},
		"two mistakes":                 {[]string{"-username", "", "-password", ""}, 2, "-password is empty\n-username is empty"},
		"lifetime too short":           {[]string{"-lifetime", "0s"}, 1, refusal(t, authstrategy.ErrInvalidConfig, goodSecret, authstrategy.WithLifetime(0))},
		"unknown algorithm":            {[]string{"-algorithm", "none"}, 1, refusal(t, authstrategy.ErrUnsupportedAlgorithm, goodSecret, authstrategy.WithAlgorithm("none"))},
		"weak secret":                  {[]string{"-secret-file", weak}, 1, refusal(t, authstrategy.ErrWeakSecret, weakSecret)},
		"no such secret file":          {[]string{"-secret-file", weak + "x"}, 1, "-secret-file: open "},
		"no such public key file":      {[]string{"-public-key-file", weak + "x"}, 1, "-public-key-file: open "},
		"empty secret":                 {[]string{"-secret-file", empty}, 1, "-secret-file: " + empty + " is empty"},
		"empty secret, public key":     {[]string{"-algorithm", "EdDSA", "-secret-file", empty, "-public-key-file", public}, 1, "-secret-file: " + empty + " is empty"},
		"empty public key":             {[]string{"-algorithm", "EdDSA", "-public-key-file", empty}, 1, "-public-key-file: " + empty + " is empty"},
		"public key of another pair":   {[]string{"-algorithm", "EdDSA", "-secret-file", private, "-public-key-file", otherPublic}, 1, refusal(t, authstrategy.ErrKeyMismatch, contentOf(t, private), eddsa, authstrategy.WithPublicKey(contentOf(t, otherPublic)))},
		"private key as a HMAC secret": {[]string{"-secret-file", private}, 1, refusal(t, authstrategy.ErrInvalidKey, contentOf(t, private))},
		"public key with HMAC":         {[]string{"-public-key-file", public}, 1, refusal(t, authstrategy.ErrInvalidKey, "", authstrategy.WithPublicKey(contentOf(t, public)))},
		"address without a port":       {[]string{"-secret-file", good, "-addr", "127.0.0.1"}, 1, "missing port in address"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // should it start after all
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, c.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				var exit *exec.ExitError
				require.True(t, errors.As(err, &exit), err)
			}
			assert.Equal(t, c.code, cmd.ProcessState.ExitCode())
			assert.Contains(t, stderr.String(), c.says)
			assert.Empty(t, stdout.String(), "it has not started")
			assert.NotContains(t, stderr.String(), "xyzzy", "no secret is shown")
		})
	}
}

// Neither the key that the service makes for itself nor the password that it was
// given is in what it prints.
func TestWelcomeHoldsNoSecret(t *testing.T) {
	const password = "xyzzy & plugh"
	for _, algorithm := range []string{"HS256", "ES256", "EdDSA"} {
		k, err := loadKeys(config{algorithm: algorithm})
		require.NoError(t, err)
		var welcome bytes.Buffer
		printWelcome(&welcome, &net.TCPAddr{}, config{algorithm: algorithm, username: "name", password: password}, k, password)
		assert.NotContains(t, welcome.String(), "xyzzy")
		dump := welcome.String() + fmt.Sprintf("%v %+v %#v", k, k, k)
		for line := range strings.Lines(k.secret.Reveal()) {
			if !strings.HasPrefix(line, "-----") {
				assert.NotContains(t, dump, strings.TrimSpace(line), algorithm)
			}
		}
	}
}

// A client that sends its request a byte a minute must not hold a connection.
func TestServerLimits(t *testing.T) {
	server := newServer(http.NotFoundHandler(), slog.New(slog.NewTextHandler(io.Discard, nil)))
	for name, limit := range map[string]time.Duration{
		"ReadHeaderTimeout": server.ReadHeaderTimeout,
		"ReadTimeout":       server.ReadTimeout,
		"WriteTimeout":      server.WriteTimeout,
		"IdleTimeout":       server.IdleTimeout,
	} {
		assert.Positive(t, limit, name)
		assert.LessOrEqual(t, limit, time.Minute, name)
	}
	assert.Greater(t, server.MaxHeaderBytes, 8192, "a token of the largest size fits")
	assert.LessOrEqual(t, server.MaxHeaderBytes, 64<<10)
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]struct {
		url      string
		loopback bool
	}{
		"127.0.0.1:8080": {"http://127.0.0.1:8080", true},
		"127.1.2.3:8080": {"http://127.1.2.3:8080", true},
		"[::1]:8080":     {"http://[::1]:8080", true},
		"0.0.0.0:8080":   {"http://localhost:8080", false},
		"[::]:8080":      {"http://localhost:8080", false},
		"10.0.0.7:8080":  {"http://10.0.0.7:8080", false},
	} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		require.NoError(t, err)
		assert.Equal(t, want.url, baseURL(addr), address)
		assert.Equal(t, want.loopback, isLoopback(addr), address)
	}
	assert.False(t, isLoopback(&net.UnixAddr{Name: "socket", Net: "unix"}))
}

// The cookie is Secure wherever a network is between browser and service.
func TestSecureCookie(t *testing.T) {
	for address, secure := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		p := start(t, "-addr", address, "-username", testUser, "-password", testPassword)
		assert.Equal(t, secure, strings.Contains(p.welcome, "The cookie is Secure"), p.welcome)
		assert.Equal(t, !secure, strings.Contains(p.welcome, "The cookie is not Secure"), p.welcome)
		r := loginRequest(t, p.url, urlEncoded, form("username", testUser, "password", testPassword))
		r.URL.Path = "/auth/cookie/login"
		cookie, err := http.ParseSetCookie(do(t, r).header.Get("Set-Cookie"))
		require.NoError(t, err)
		assert.Equal(t, secure, cookie.Secure)
		assert.Equal(t, map[bool]string{true: "__Host-auth", false: "auth"}[secure], cookie.Name)
	}
}
