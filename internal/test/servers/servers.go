//go:build unix

package servers

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// startWithin is how long a server may take to start or stop, on a busy machine.
const startWithin = 60 * time.Second

// A Server is a process that can be stopped and started again. It is not safe for
// concurrent use.
type Server struct {
	Port   int
	folder string

	command     func() *exec.Cmd
	ready       func() error
	stop, crash syscall.Signal

	process *exec.Cmd
	ended   chan error
	output  *bytes.Buffer
}

// Addr returns the address to connect to.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// PID returns the id of the process.
func (s *Server) PID() int { return s.process.Process.Pid }

// Folder returns where the data is.
func (s *Server) Folder() string { return s.folder }

// Redis starts a Redis that writes each command to the disk before it answers.
// Arguments such as "--maxmemory", "4mb" come last and win.
func Redis(arguments ...string) (*Server, error) {
	s, err := newServer()
	if err != nil {
		return nil, err
	}
	s.stop, s.crash = syscall.SIGTERM, syscall.SIGKILL
	s.command = func() *exec.Cmd {
		return exec.Command("redis-server", append([]string{
			"--bind", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--dir", s.folder,
			"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
		}, arguments...)...)
	}
	s.ready = func() error { return pings(s.Addr()) }
	return s.started()
}

func pings(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	reply := make([]byte, 64)
	n, err := conn.Read(reply)
	if err != nil {
		return err
	}
	if text := string(reply[:n]); text != "+PONG\r\n" {
		return fmt.Errorf("the answer to PING is %q", text)
	}
	return nil
}

// Postgres starts a PostgreSQL with the user postgres, who needs no password, and the
// database postgres. Settings such as "fsync=off" change its configuration.
func Postgres(settings ...string) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	s, err := newServer()
	if err != nil {
		return nil, err
	}
	attributes, err := s.notRoot()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	data := filepath.Join(s.folder, "data")
	initialise := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initialise.SysProcAttr, initialise.Dir = attributes, s.folder
	if output, err := initialise.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, output), s.Close())
	}
	s.stop, s.crash = syscall.SIGINT, syscall.SIGQUIT
	s.command = func() *exec.Cmd {
		arguments := []string{"-D", data, "-p", strconv.Itoa(s.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"}
		for _, setting := range settings {
			arguments = append(arguments, "-c", setting)
		}
		command := exec.Command(filepath.Join(bin, "postgres"), arguments...)
		command.SysProcAttr, command.Dir = attributes, s.folder
		return command
	}
	s.ready = func() error {
		return exec.Command(filepath.Join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port)).Run()
	}
	return s.started()
}

// postgresBin returns the folder of the newest PostgreSQL. Debian keeps it out of the
// PATH.
func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		number, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return number
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return cmp.Compare(version(a), version(b)) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("there is no PostgreSQL (run the setup of this folder): %w", err)
	}
	return filepath.Dir(path), nil
}

// notRoot makes processes run as the user postgres, since PostgreSQL refuses root.
func (s *Server) notRoot() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(s.folder, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func newServer() (*Server, error) {
	folder, err := os.MkdirTemp("", "servers-")
	if err != nil {
		return nil, err
	}
	return &Server{folder: folder}, nil
}

// started starts a new server. Another process may take the free port first: then
// it tries another one.
func (s *Server) started() (*Server, error) {
	var err error
	for range 5 {
		s.Port, err = freePort()
		if err != nil {
			break
		}
		err = s.Start()
		if err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, s.Close())
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// Start starts the server again, with its data and on its port, and returns when it
// answers.
func (s *Server) Start() error {
	s.process, s.output, s.ended = s.command(), new(bytes.Buffer), make(chan error, 1)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		s.process = nil
		return err
	}
	go func(process *exec.Cmd, ended chan<- error) { ended <- process.Wait() }(s.process, s.ended)

	late := time.After(startWithin)
	for {
		err := s.ready()
		if err == nil {
			return nil
		}
		select {
		case ended := <-s.ended:
			s.process = nil
			return fmt.Errorf("%s ended: %w: %s", s.command().Path, ended, s.output)
		case <-late:
			return errors.Join(fmt.Errorf("%s does not answer: %w", s.process.Path, err), s.end(syscall.SIGKILL))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop stops the server as one does for maintenance, and waits for it.
func (s *Server) Stop() error { return s.end(s.stop) }

// Crash ends the server without leave to write anything more.
func (s *Server) Crash() error { return s.end(s.crash) }

func (s *Server) end(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	if err := process.Process.Signal(signal); err != nil {
		return err
	}
	select {
	case <-s.ended: // with an error, which says only how it was ended
		return nil
	case <-time.After(startWithin):
		return errors.Join(fmt.Errorf("%s did not end", process.Path), process.Process.Kill())
	}
}

// Close stops the server and deletes its data.
func (s *Server) Close() error {
	return errors.Join(s.Stop(), os.RemoveAll(s.folder))
}
