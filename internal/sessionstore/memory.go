package sessionstore

import (
	"context"
	"sync"
	"time"
)

// Memory is the store of session.Memory.
type Memory struct {
	mu      sync.Mutex
	entries map[string]*entry
	peak    int               // the most entries since the map was made
	leaving map[string]*entry // what is not yet moved from the larger map before; else nil

	// The entries of both maps are a ring, so that calls can look at them in turn.
	// It goes on from next.
	next *entry
}

type entry struct {
	key            string
	value          int64
	until          time.Time // zero: for ever
	previous, next *entry
}

const (
	looksPerCall = 4    // more than one, or the ring grows as fast as it is cleaned
	smallMap     = 1024 // entries; a map that never had more is not worth shrinking
)

// Len returns how many keys there are, with those that are over and not yet
// forgotten.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clean(time.Now())
	return len(m.entries) + len(m.leaving)
}

// Raise does what session.Store says.
func (m *Memory) Raise(ctx context.Context, key string, value int64, until time.Time) (before int64, err error) {
	if err := CheckRaise(ctx, key, value); err != nil {
		return 0, err
	}
	// Without its monotonic reading a time is what the host's clock says, as in the
	// other stores.
	until = until.Round(0)

	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.clean(now)
	e := m.find(key)
	if e != nil && e.isOver(now) {
		m.remove(e)
		e = nil
	}
	if e != nil {
		before = e.value
		e.value = max(e.value, value)
		e.until = later(e.until, until)
		return before, nil
	}
	if e = (&entry{key: key, value: value, until: until}); !e.isOver(now) {
		m.add(e)
	}
	return 0, nil
}

// Get does what session.Store says. It allocates nothing but the slice.
func (m *Memory) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if err := CheckGet(ctx, keys); err != nil {
		return nil, err
	}
	values := make([]int64, len(keys))

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next == nil { // there is nothing, as there mostly is: this saves a fifth of the time
		return values, nil
	}
	now := time.Now()
	m.clean(now)
	for i, key := range keys {
		if e := m.find(key); e != nil && !e.isOver(now) {
			values[i] = e.value
		}
	}
	return values, nil
}

func (e *entry) isOver(now time.Time) bool {
	return !e.until.IsZero() && now.After(e.until)
}

func later(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if a.After(b) {
		return a
	}
	return b
}

func (m *Memory) find(key string) *entry {
	if e := m.entries[key]; e != nil {
		return e
	}
	return m.leaving[key]
}

// clean looks at the next entries of the ring: it removes those that are over, and
// moves the others out of the map that is being left.
func (m *Memory) clean(now time.Time) {
	for range looksPerCall {
		e := m.next
		if e == nil {
			return
		}
		m.next = e.next
		if e.isOver(now) {
			m.remove(e)
			continue
		}
		if m.leave(e.key) {
			m.put(e)
		}
	}
}

// add puts the entry of a new key where the ring gets to it last.
func (m *Memory) add(e *entry) {
	m.put(e)
	if m.next == nil {
		e.previous, e.next, m.next = e, e, e
		return
	}
	e.previous, e.next = m.next.previous, m.next
	e.previous.next, e.next.previous = e, e
}

func (m *Memory) put(e *entry) {
	if m.entries == nil {
		m.entries = make(map[string]*entry)
	}
	m.entries[e.key] = e
	m.peak = max(m.peak, len(m.entries))
}

func (m *Memory) remove(e *entry) {
	if !m.leave(e.key) {
		delete(m.entries, e.key)
	}
	if e.next == e {
		m.next = nil
	} else {
		e.previous.next, e.next.previous = e.next, e.previous
		if m.next == e {
			m.next = e.next
		}
	}
	m.shrink()
}

// shrink begins to move to a new map if the one at hand has become much too large: a
// map of Go never gives memory back. To copy it at once would take long.
func (m *Memory) shrink() {
	if m.leaving == nil && m.peak > smallMap && len(m.entries) < m.peak/4 {
		m.entries, m.leaving, m.peak = nil, m.entries, 0
	}
}

// leave takes a key out of the map that is being left, and reports whether it was
// there.
func (m *Memory) leave(key string) bool {
	if m.leaving[key] == nil {
		return false
	}
	delete(m.leaving, key)
	if len(m.leaving) == 0 {
		m.leaving = nil
	}
	return true
}
