package session

import (
	"context"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/sessionstore"
)

// Memory is the [Store] of one process. Other processes do not see what it holds. It
// is lost when the process ends: after a restart a token that was ended is accepted
// again until it expires. So give a [Refresher] on a Memory a secret that is made anew
// at each start, or ended sessions come back as well.
//
// It forgets what is over by itself. It has no goroutine, and there is nothing to
// close: each call looks at four keys, in turn, and drops those that are over. So no
// call takes long, and there are never more than twice the keys that had to be kept
// at one time. It gives memory back when it has become much smaller. What is kept for
// ever stays.
//
// A key of 43 bytes takes about 170 bytes. The zero Memory is empty and ready to use.
type Memory struct{ store sessionstore.Memory }

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{} }

// Len returns how many keys there are, with those that are over and not yet
// forgotten.
func (m *Memory) Len() int { return m.store.Len() }

// Raise does what [Store] says.
func (m *Memory) Raise(ctx context.Context, key string, value int64, until time.Time) (before int64, err error) {
	return m.store.Raise(ctx, key, value, until)
}

// Get does what [Store] says.
func (m *Memory) Get(ctx context.Context, keys ...string) ([]int64, error) {
	return m.store.Get(ctx, keys...)
}
