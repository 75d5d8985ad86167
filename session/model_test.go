package session_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// The model: a plain record of what was written and ended, beside three hosts whose
// clocks differ by up to the skew and also step back.
//
// No ended token is ever read, no live one refused, and no honest client logged out.

const (
	modelLifetime = time.Minute
	modelIdle     = 5 * time.Minute
	modelSession  = 12 * time.Minute
)

type model struct {
	t        *testing.T
	store    *memory
	hosts    [3]*modelHost
	tokens   []*modelToken
	sessions []*modelSessionOf
	log      []string // of the operations, for a test that fails
}

type modelHost struct {
	ahead     time.Duration // 0 to the skew
	strategy  *session.Strategy[user]
	refresher *session.Refresher[user]
}

func (h *modelHost) now() time.Time { return time.Now().Add(h.ahead) }

// A modelToken is an access token.
type modelToken struct {
	text  string
	user  user
	exp   int64
	ended bool
}

type modelSessionOf struct {
	user     user
	tokens   []modelRefresh
	last     int64     // the counter of the last token used
	firstUse time.Time // of it
	end      int64     // in milliseconds
	ended    bool
}

type modelRefresh struct {
	text    string
	counter int64
	exp     int64
}

func newModel(t *testing.T) *model {
	m := &model{t: t, store: &memory{session.NewMemory()}}
	for i := range m.hosts {
		h := &modelHost{ahead: time.Duration(i) * skew / 2}
		inner := newJWT(t, accessSecret, h.now, authstrategy.WithLifetime(modelLifetime))
		h.strategy = newSession(t, inner, m.store, session.WithClock(h.now))
		h.refresher = newRefresher(t, h.strategy, session.WithIdleLifetime(modelIdle), session.WithSessionLifetime(modelSession))
		m.hosts[i] = h
	}
	return m
}

// A memory is one that can be exchanged.
type memory struct{ *session.Memory }

// reset begins anew, with the same hosts.
func (m *model) reset() {
	m.store.Memory = session.NewMemory()
	m.tokens, m.sessions, m.log = nil, nil, nil
}

// run makes one operation for each three bytes: which, on what, and where.
func (m *model) run(operations []byte) {
	for ; len(operations) >= 3; operations = operations[3:] {
		m.operate(operations[0], int(operations[1]), int(operations[2]))
	}
	for _, h := range m.hosts {
		for _, token := range m.tokens {
			m.read(token, h)
		}
	}
	for i, s := range m.sessions {
		m.refresh(s, len(s.tokens)-1, m.hosts[i%3])
	}
}

func (m *model) operate(which byte, what, where int) {
	h := m.hosts[where%3]
	m.log = append(m.log, fmt.Sprintf("%d %d at %d", which%12, what, where%3))
	switch which % 12 {
	case 0:
		m.login(user("user"+fmt.Sprint(what%2)), h)
	case 1:
		m.destroyAll(user("user"+fmt.Sprint(what%2)), h)
	case 2:
		m.start(user("user"+fmt.Sprint(what%2)), h)
	case 3:
		time.Sleep(modelTimes[what%len(modelTimes)])
	case 4:
		h.ahead = skew * time.Duration(what) / 255
	case 5, 6:
		if len(m.tokens) > 0 {
			m.read(m.tokens[what%len(m.tokens)], h)
		}
	case 7:
		if len(m.tokens) > 0 {
			m.destroy(m.tokens[what%len(m.tokens)], h)
		}
	case 8, 9:
		if len(m.sessions) > 0 {
			s := m.sessions[what%len(m.sessions)]
			m.refresh(s, len(s.tokens)-1, h)
		}
	case 10:
		if len(m.sessions) > 0 {
			s := m.sessions[what%len(m.sessions)]
			m.refresh(s, what/7%len(s.tokens), h)
		}
	case 11:
		if len(m.sessions) > 0 {
			s := m.sessions[what%len(m.sessions)]
			m.end(s, what/7%len(s.tokens), h)
		}
	}
}

// modelTimes has the bounds of all that is counted, and what is just before and
// after them.
var modelTimes = []time.Duration{
	time.Nanosecond, 999 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, skew / 2, skew - time.Millisecond, skew, skew + time.Millisecond,
	grace - skew, grace - time.Millisecond, grace, grace + time.Millisecond, grace + skew, grace + 2*skew, grace + 2*skew + time.Millisecond,
	modelLifetime / 2, modelLifetime, modelIdle - 2*time.Second, modelIdle,
}

func (m *model) login(u user, h *modelHost) {
	text, err := h.strategy.WriteToken(ctx, u)
	require.NoError(m.t, err, m.log)
	m.wrote(text, u, h)
}

func (m *model) wrote(text string, u user, h *modelHost) {
	m.tokens = append(m.tokens, &modelToken{text: text, user: u, exp: h.now().Add(modelLifetime).Unix()})
}

func (m *model) read(token *modelToken, h *modelHost) {
	got, err := h.strategy.ReadToken(ctx, token.text, load)
	if h.now().Unix() >= token.exp {
		require.ErrorIs(m.t, err, authstrategy.ErrTokenExpired, m.log)
		return
	}
	if token.ended {
		require.ErrorIs(m.t, err, session.ErrRevoked, m.log)
		return
	}
	require.NoError(m.t, err, m.log)
	require.Equal(m.t, token.user, got)
}

func (m *model) destroy(token *modelToken, h *modelHost) {
	require.NoError(m.t, h.strategy.DestroyToken(ctx, token.text, token.user), m.log)
	if h.now().Unix() < token.exp {
		token.ended = true
	}
}

func (m *model) destroyAll(u user, h *modelHost) {
	require.NoError(m.t, h.strategy.DestroyAll(ctx, u), m.log)
	for _, token := range m.tokens {
		token.ended = token.ended || token.user == u
	}
	for _, s := range m.sessions {
		s.ended = s.ended || s.user == u
	}
}

func (m *model) start(u user, h *modelHost) {
	tokens, err := h.refresher.Start(ctx, u)
	require.NoError(m.t, err, m.log)
	m.wrote(tokens.Access, u, h)
	s := &modelSessionOf{user: u, end: h.now().Add(modelSession).UnixMilli()}
	s.wrote(tokens.Refresh, 1, h)
	m.sessions = append(m.sessions, s)
}

func (s *modelSessionOf) wrote(text string, counter int64, h *modelHost) {
	s.tokens = append(s.tokens, modelRefresh{text, counter, h.now().Add(modelIdle).Unix()})
}

// isOver reports whether the host refuses the token by the time alone.
func (s *modelSessionOf) isOver(token modelRefresh, h *modelHost) bool {
	return h.now().Unix() >= token.exp || h.now().UnixMilli() >= s.end
}

func (m *model) refresh(s *modelSessionOf, i int, h *modelHost) {
	token := s.tokens[i]
	got, tokens, err := h.refresher.Refresh(ctx, token.text, load)
	if s.isOver(token, h) {
		require.ErrorIs(m.t, err, authstrategy.ErrTokenExpired, m.log)
		return
	}
	if s.ended {
		require.ErrorIs(m.t, err, session.ErrRevoked, m.log)
		return
	}
	if m.isReuse(s, token, err) {
		require.ErrorIs(m.t, err, session.ErrRefreshReused, m.log)
		s.ended = true
		return
	}
	require.NoError(m.t, err, "an honest client is logged out: %v", m.log)
	require.Equal(m.t, s.user, got)
	if token.counter > s.last {
		s.last, s.firstUse = token.counter, time.Now()
	}
	m.wrote(tokens.Access, s.user, h)
	s.wrote(tokens.Refresh, token.counter+1, h)
}

// isReuse reports whether a token comes too late. Where the clocks decide, err does.
func (m *model) isReuse(s *modelSessionOf, token modelRefresh, err error) bool {
	if token.counter != s.last {
		return token.counter < s.last
	}
	since := time.Since(s.firstUse)
	return since > grace+2*skew || since > grace && err != nil
}

func (m *model) end(s *modelSessionOf, i int, h *modelHost) {
	require.NoError(m.t, h.refresher.End(ctx, s.tokens[i].text), m.log)
	s.ended = s.ended || !s.isOver(s.tokens[i], h)
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 1, 0, 0, 2, 5, 0, 0, 5, 1, 1})                      // DestroyAll and WriteToken in one second
	f.Add([]byte{2, 0, 0, 8, 0, 1, 3, 9, 0, 10, 0, 2, 3, 13, 0, 10, 0, 0, 8, 0, 0}) // a refresh token that comes again
	f.Add([]byte{2, 1, 2, 1, 1, 0, 2, 1, 0, 8, 1, 1, 11, 1, 2, 8, 1, 0})            // sessions that end
	f.Fuzz(func(t *testing.T, operations []byte) {
		if len(operations) > 300 {
			return
		}
		synctest.Test(t, func(t *testing.T) { newModel(t).run(operations) })
	})
}

func TestModel(t *testing.T) {
	const sequences, operations = 3000, 40
	random := rand.NewChaCha8([32]byte{})
	synctest.Test(t, func(t *testing.T) {
		m := newModel(t)
		for range sequences {
			bytes := make([]byte, 3*operations)
			_, _ = random.Read(bytes)
			m.run(bytes)
			m.reset()
		}
	})
}
