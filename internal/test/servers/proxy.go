//go:build unix

package servers

import (
	"net"
	"sync"
	"sync/atomic"
)

// A Proxy stands between a client and a server, and breaks what passes.
type Proxy struct {
	listener net.Listener
	target   string

	before, after atomic.Int64 // how many more to cut
	roundTrips    atomic.Int64

	mu   sync.Mutex
	held chan struct{} // closed: nothing is held
}

// NewProxy starts a proxy to the server at target.
func NewProxy(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, held: make(chan struct{})}
	close(p.held)
	go p.serve()
	return p, nil
}

// Addr returns the address to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close accepts no more connections.
func (p *Proxy) Close() error { return p.listener.Close() }

// CutBefore cuts the connections of the next n requests before the server gets them.
func (p *Proxy) CutBefore(n int) { p.before.Store(int64(n)) }

// CutAfter cuts the connections of the next n requests when the server has answered,
// before the client gets the reply.
func (p *Proxy) CutAfter(n int) { p.after.Store(int64(n)) }

// Cuts returns how many cuts are still to come.
func (p *Proxy) Cuts() int { return int(p.before.Load() + p.after.Load()) }

// RoundTrips returns how often a client has sent something and waited.
func (p *Proxy) RoundTrips() int { return int(p.roundTrips.Load()) }

// Hold keeps all replies back until the function that it returns is called.
func (p *Proxy) Hold() (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	held := make(chan struct{})
	p.held = held
	return sync.OnceFunc(func() { close(held) })
}

func (p *Proxy) gate() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close() // as if nobody listened
			continue
		}
		var asked atomic.Bool // the client has sent something since the last reply
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			pass(client, server, func() bool {
				if !asked.Swap(true) {
					p.roundTrips.Add(1)
				}
				return !take(&p.before)
			})
		}()
		go pass(server, client, func() bool {
			select {
			case <-p.gate():
			case <-gone:
			}
			asked.Store(false)
			return !take(&p.after)
		})
	}
}

// pass carries data as long as each piece may pass, and then closes both connections.
func pass(from, to net.Conn, may func() bool) {
	defer from.Close()
	defer to.Close()
	data := make([]byte, 64<<10)
	for {
		n, err := from.Read(data)
		if n > 0 {
			if !may() {
				return
			}
			if _, err := to.Write(data[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func take(counter *atomic.Int64) bool {
	for {
		n := counter.Load()
		if n == 0 {
			return false
		}
		if counter.CompareAndSwap(n, n-1) {
			return true
		}
	}
}
