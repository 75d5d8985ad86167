package session

import (
	"context"
	"time"
)

// A Store keeps one number under each key, and the number only grows. All that is
// remembered of tokens and sessions are such numbers: a call may be repeated or
// overtaken, and two hosts may make it at once, and the outcome is the same.
//
// [NewMemory] is the Store of one process. The packages session/redisstore and
// session/sqlstore have those that processes share. Who writes another runs
// session/storetest against it.
//
// Its methods are safe for concurrent use, by all processes that share the Store.
//
//   - Keys are 1 to 255 bytes of UTF-8 without NUL, compared byte by byte. Values
//     are 1 to math.MaxInt64. Others are an error, and nothing is done.
//   - A context that is over is an error that matches the context's own
//     (context.Canceled, context.DeadlineExceeded), and nothing is done.
//   - A stored value that is no such number is an error.
//   - Time is time.Now of the process that calls. A Store may round an until up to
//     the next millisecond, and never rounds it down.
type Store interface {
	// Raise keeps the larger of value and what the key holds, at least until then,
	// and returns what the key held before, 0 for nothing. It is atomic: no other
	// Raise of the key comes between the look and the change.
	//
	// The zero time means for ever. The later until stays, whichever value stays: a
	// Raise may keep for longer what is there, and never shortens it. After until a
	// key reads as nothing, and a Raise begins anew, also with a smaller value. An
	// until that is over keeps nothing: it raises a value that is there, which stays
	// until its own time, and where there is none the key goes on to read as nothing.
	//
	// After an error, other than one that says that nothing is done, the value may be
	// raised or not, since the reply may have been lost. Raise it again. A Store, or
	// the client library below it, may do so by itself: then before is what this very
	// call has written. A caller must not take a before that is its own value for
	// another's.
	Raise(ctx context.Context, key string, value int64, until time.Time) (before int64, err error)

	// Get returns what each key holds, 0 for nothing, in the order of the keys and in
	// one round trip. A key may be there twice. No keys give no values and no error.
	// The slice is the caller's.
	Get(ctx context.Context, keys ...string) ([]int64, error)
}
