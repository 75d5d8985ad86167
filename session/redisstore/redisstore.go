// Package redisstore keeps the sessions of authstrategy in Redis, for services of
// more than one process.
//
// # What Redis must be configured for
//
//   - maxmemory-policy noeviction, which is the default. Any other lets Redis drop a
//     key before its time when memory is short, and the token that it had ended is
//     accepted again. With noeviction a full Redis refuses a Raise with an error, and
//     nothing is forgotten.
//   - Persistence: appendonly yes. Without it a restart revives all tokens that were
//     ended. With appendfsync everysec, the default, a crash loses the last second;
//     always loses nothing.
//   - Redis 6 or later, or Valkey, and a user that may call GET, PTTL, SET, EVALSHA
//     and EVAL. The Store uses no key other than those it is given.
//
// Replication is asynchronous. A failover can lose the last calls: a token that was
// marked must log in again, a token that was ended lives again. Do not let the client
// read from replicas: one that lags does not know of the last calls.
//
// # What the client must be configured for
//
//   - ContextTimeoutEnabled: true. Otherwise a call goes on for the client's own
//     ReadTimeout, by default three seconds, though its context is over.
//   - DialerRetries: 1. Otherwise a call to a Redis that is down tries again and again
//     to connect, and takes as long as its context allows.
//   - The client repeats a call whose reply was lost, MaxRetries times, by default
//     three. That does no harm, but the value before that Raise returns may then be
//     the one that it has itself written.
package redisstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/nils"
	"github.com/go-authstrategy/authstrategy/internal/sessionstore"
)

var (
	errNoClient = fmt.Errorf("%w: redisstore: the Store has no client; make it with New and a client that is not nil", authstrategy.ErrInvalidConfig)
	errRing     = fmt.Errorf("%w: redisstore: a redis.Ring moves keys to other servers when one is down, so that what was ended would live again; use a Redis Cluster or Sentinel", authstrategy.ErrInvalidConfig)
)

// A Store is a session.Store in Redis. Make it with [New]: the methods of a nil or
// zero Store fail with authstrategy.ErrInvalidConfig. It is safe for concurrent use.
//
// A key of Redis is the key that the Store is given, its value the number in decimal.
// Redis is told for how long to keep it, in milliseconds, and not until when: its
// clock need not agree with this host's. What is kept for ever, or for longer than the
// 292 years that a time.Duration holds, has no time to live. Redis forgets by itself
// what is over.
type Store struct {
	client redis.UniversalClient
}

// New returns a Store that uses the client, of one server, of Sentinel or of a
// cluster. It does not call it, and does not close it.
func New(client redis.UniversalClient) *Store {
	return &Store{client}
}

// usable tells a client that can hold a store from none, and from one that cannot: a
// Ring answers for a server that is down by another one, which has not got the keys.
func (s *Store) usable() error {
	if s == nil || nils.Is(s.client) {
		return errNoClient
	}
	if _, isRing := s.client.(*redis.Ring); isRing {
		return errRing
	}
	return nil
}

// raise keeps the larger number and the longer time to live. KEYS[1] is the key,
// ARGV[1] the value, ARGV[2] the time to live in milliseconds: "-1" for ever, "0" if
// it is over already.
//
// Lua's numbers are doubles, exact up to 2^53. So values stay text, and are compared
// by length, then digit by digit.
var raise = redis.NewScript(`
local function larger(a, b)
	return #a > #b or #a == #b and a > b
end

local before = redis.call('GET', KEYS[1])
if before and not before:find('^[1-9]%d*$') then
	return redis.error_reply('ERR the key holds a value that is no whole number from 1 to 9223372036854775807')
end
local value = ARGV[1]
if before and larger(before, value) then
	value = before
end

local ttl, left = tonumber(ARGV[2]), redis.call('PTTL', KEYS[1])
if ttl == -1 or left == -1 then
	redis.call('SET', KEYS[1], value)
elseif ttl > 0 or left > 0 then
	redis.call('SET', KEYS[1], value, 'PX', math.max(ttl, left))
end
return before or '0'
`)

// Raise does what session.Store says.
func (s *Store) Raise(ctx context.Context, key string, value int64, until time.Time) (before int64, err error) {
	if err := s.usable(); err != nil {
		return 0, err
	}
	if err := sessionstore.CheckRaise(ctx, key, value); err != nil {
		return 0, err
	}
	text, err := raise.Run(ctx, s.client, []string{key}, value, timeToLive(until)).Text()
	if err != nil {
		return 0, fmt.Errorf("redisstore: Redis did not raise a value: %w", err)
	}
	return sessionstore.ParseBefore(text)
}

// timeToLive gives milliseconds, rounded up, for the script.
func timeToLive(until time.Time) int64 {
	// Without its monotonic reading a time is what the host's clock says.
	left := time.Until(until.Round(0))
	if until.IsZero() || left == math.MaxInt64 { // or more, which a Duration cannot hold
		return -1
	}
	if left < 0 {
		return 0
	}
	return int64((left-1)/time.Millisecond) + 1
}

// Get does what session.Store says. It is one pipeline, which a client of a cluster
// sends to all its servers at once: one command could not read keys of several slots.
func (s *Store) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if err := sessionstore.CheckGet(ctx, keys); err != nil {
		return nil, err
	}
	replies := make([]*redis.StringCmd, len(keys))
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, key := range keys {
			replies[i] = pipe.Get(ctx, key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("redisstore: Redis did not return the values: %w", err)
	}
	values := make([]int64, len(keys))
	for i, reply := range replies {
		values[i], err = number(reply)
		if err != nil {
			return nil, err
		}
	}
	return values, nil
}

func number(reply *redis.StringCmd) (int64, error) {
	text, err := reply.Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("redisstore: Redis did not return a value: %w", err)
	}
	return sessionstore.ParseValue(text)
}
