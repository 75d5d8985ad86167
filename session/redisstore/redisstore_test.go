package redisstore_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/servers"
	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/redisstore"
	"github.com/go-authstrategy/authstrategy/session/storetest"
)

var _ session.Store = (*redisstore.Store)(nil)

// server is the Redis of the tests that do not harm theirs. It need not write to the
// disk.
var server *servers.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	server, err = servers.Redis("--appendonly", "no")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer server.Close()
	redis.SetLogger(silent{}) // which tells of each server that is down
	return m.Run()
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func connect(t *testing.T, options redis.Options) *redis.Client {
	options.ContextTimeoutEnabled = true
	options.DialerRetries = 1
	client := redis.NewClient(&options)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

// newClient returns a client of a server that holds nothing.
func newClient(t *testing.T) *redis.Client {
	client := connect(t, redis.Options{Addr: server.Addr()})
	require.NoError(t, client.FlushAll(t.Context()).Err())
	return client
}

func TestStore(t *testing.T) {
	for name, client := range map[string]redis.UniversalClient{
		"RESP3":   newClient(t),
		"RESP2":   connect(t, redis.Options{Addr: server.Addr(), Protocol: 2}),
		"cluster": newCluster(t),
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) session.Store { return redisstore.New(client) })
		})
	}
}

// A key is what the Store is given, its value the number in decimal, and Redis knows
// for how many milliseconds to keep it.
func TestStored(t *testing.T) {
	client, ctx := newClient(t), t.Context()
	store := redisstore.New(client)
	key := "stored"
	for _, test := range []struct {
		until     time.Time
		remaining time.Duration // 0: for ever
	}{
		{time.Now().Add(time.Minute), time.Minute},
		{time.Now().Add(time.Hour), time.Hour},
		{time.Now().Add(time.Minute), time.Hour},
		{time.Now().Add(-time.Minute), time.Hour},
		{time.Time{}, 0},
		{time.Now().Add(time.Minute), 0},
	} {
		_, err := store.Raise(ctx, key, math.MaxInt64-1, test.until)
		require.NoError(t, err)
		assert.Equal(t, "9223372036854775806", client.Get(ctx, key).Val())
		left := client.Do(ctx, "PTTL", key).Val()
		if test.remaining == 0 {
			assert.Equal(t, int64(-1), left)
			continue
		}
		assert.InDelta(t, test.remaining.Milliseconds(), left, 10_000)
	}
}

// Redis is told milliseconds, rounded up.
func TestTimeToLive(t *testing.T) {
	client, hook := newClient(t), &argumentsHook{}
	client.AddHook(hook)
	store := redisstore.New(client)
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, test := range []struct {
			until time.Time
			want  int64
		}{
			{time.Time{}, -1},
			{time.Time{}.Add(1), 0},
			{time.Unix(-1<<62, 0), 0},
			{now.Add(-time.Hour), 0},
			{now.Add(-1), 0},
			{now, 1},
			{now.Add(1), 1},
			{now.Add(time.Millisecond - 1), 1},
			{now.Add(time.Millisecond), 1},
			{now.Add(time.Millisecond + 1), 2},
			{now.Add(time.Hour), 3_600_000},
			{now.Add(time.Hour).Round(0).In(time.FixedZone("", 3600)), 3_600_000},
			{now.Add(math.MaxInt64 - 1), 9_223_372_036_855},
			{now.Add(math.MaxInt64), -1},
			{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), -1},
			{time.Unix(1<<62, 0), -1},
		} {
			_, err := store.Raise(t.Context(), "key", 7, test.until)
			require.NoError(t, err)
			assert.Equal(t, []any{1, "key", int64(7), test.want}, hook.arguments[2:], "%v", test.until)
		}
	})
}

// argumentsHook answers for Redis, and keeps what it was asked.
type argumentsHook struct{ arguments []any }

func (h *argumentsHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *argumentsHook) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, command redis.Cmder) error {
		h.arguments = command.Args()
		command.(*redis.Cmd).SetVal("0")
		return nil
	}
}

func (h *argumentsHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestOverIsNotStored(t *testing.T) {
	client, ctx := newClient(t), t.Context()
	_, err := redisstore.New(client).Raise(ctx, "over", 1, time.Now().Add(-time.Second))
	require.NoError(t, err)
	assert.Zero(t, client.Exists(ctx, "over").Val())
}

func TestNoNumber(t *testing.T) {
	client, ctx := newClient(t), t.Context()
	store := redisstore.New(client)
	const other = "a value that is no whole number from 1 to 9223372036854775807"
	for _, value := range []string{
		"", "x", "x1", "0", "00", "007", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1x", "nan", "inf", "1\x002",
		"9223372036854775808", "9999999999999999999", "10000000000000000000", "\xff",
	} {
		require.NoError(t, client.Set(ctx, "odd", value, time.Minute).Err())
		before, err := store.Raise(ctx, "odd", math.MaxInt64, time.Now().Add(time.Hour))
		assert.ErrorContains(t, err, other, "%q", value)
		assert.Zero(t, before)
		assert.Equal(t, value, client.Get(ctx, "odd").Val(), "is left alone")
		values, err := store.Get(ctx, "missing", "odd")
		assert.ErrorContains(t, err, other, "%q", value)
		assert.Nil(t, values)
	}
	require.NoError(t, client.Del(ctx, "odd").Err())
	require.NoError(t, client.RPush(ctx, "odd", "5").Err())
	_, err := store.Raise(ctx, "odd", 5, time.Now().Add(time.Hour))
	assert.ErrorContains(t, err, "WRONGTYPE")
	_, err = store.Get(ctx, "missing", "odd")
	assert.ErrorContains(t, err, "WRONGTYPE")
}

func TestWithoutClient(t *testing.T) {
	var none *redisstore.Store
	for name, store := range map[string]*redisstore.Store{
		"nil": none, "zero": {}, "of nil": redisstore.New(nil), "of a nil pointer": redisstore.New((*redis.Client)(nil)),
	} {
		_, err := store.Raise(t.Context(), "key", 1, time.Time{})
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
		assert.ErrorContains(t, err, "make it with New", name)
		_, err = store.Get(t.Context(), "key")
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
	}
}

// A Ring loses keys without a word when a server is down.
func TestRing(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": server.Addr()}})
	t.Cleanup(func() { assert.NoError(t, ring.Close()) })
	store := redisstore.New(ring)
	_, err := store.Raise(t.Context(), "key", 1, time.Time{})
	assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	assert.ErrorContains(t, err, "use a Redis Cluster or Sentinel")
	_, err = store.Get(t.Context(), "key")
	assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
}

// The script is sent once, and again when the server has forgotten it.
func TestScriptIsForgotten(t *testing.T) {
	client, ctx := newClient(t), t.Context()
	store := redisstore.New(client)
	for range 2 {
		require.NoError(t, client.ScriptFlush(ctx).Err())
		_, err := store.Raise(ctx, "script", 1, time.Now().Add(time.Minute))
		require.NoError(t, err)
	}
}

func TestRoundTrips(t *testing.T) {
	proxy := newProxy(t, server)
	store := redisstore.New(connect(t, redis.Options{Addr: proxy.Addr(), PoolSize: 1, MaxRetries: -1}))
	raise := func() error {
		_, err := store.Raise(t.Context(), "trip", 1, time.Now().Add(time.Minute))
		return err
	}
	get := func(keys ...string) func() error {
		return func() error { _, err := store.Get(t.Context(), keys...); return err }
	}
	for range 2 { // connects, sends the script, and finds out what this Redis can do
		require.NoError(t, raise())
		require.NoError(t, get("trip")())
	}
	for name, call := range map[string]func() error{
		"Raise":           raise,
		"Get of one key":  get("trip"),
		"Get of two keys": get("trip", "other"),
		"Get of ten keys": get("trip", "b", "c", "d", "e", "f", "g", "h", "i", "j"),
	} {
		before := proxy.RoundTrips()
		require.NoError(t, call(), name)
		assert.Equal(t, 1, proxy.RoundTrips()-before, name)
	}
	before := proxy.RoundTrips()
	require.NoError(t, get()())
	assert.Equal(t, before, proxy.RoundTrips(), "no keys, no call")
}

func newProxy(t *testing.T, to *servers.Server) *servers.Proxy {
	proxy, err := servers.NewProxy(to.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	return proxy
}
