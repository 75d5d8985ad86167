package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
	"github.com/go-authstrategy/authstrategy/session/redisstore"
)

func soon() time.Time { return time.Now().Add(time.Hour) }

func newServer(t *testing.T, arguments ...string) *servers.Server {
	s, err := servers.Redis(arguments...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func wantValue(t *testing.T, store *redisstore.Store, key string, want int64) {
	t.Helper()
	values, err := store.Get(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, []int64{want}, values)
}

// connected returns a Store behind a proxy, that has a connection which has sent the
// script, and one that is not behind it.
func connected(t *testing.T, maxRetries int) (*servers.Proxy, *redisstore.Store, *redisstore.Store) {
	proxy := newProxy(t, server)
	store := redisstore.New(connect(t, redis.Options{Addr: proxy.Addr(), PoolSize: 1, MaxRetries: maxRetries}))
	for range 2 {
		_, err := store.Raise(t.Context(), t.Name()+"connect", 1, soon())
		require.NoError(t, err)
		wantValue(t, store, "nothing", 0)
	}
	return proxy, store, redisstore.New(newClient(t))
}

const noRetries = -1

func TestCutBefore(t *testing.T) {
	proxy, store, direct := connected(t, noRetries)
	proxy.CutBefore(1)
	_, err := store.Raise(t.Context(), "cut before", 5, soon())
	require.ErrorContains(t, err, "redisstore: Redis did not raise a value")
	wantValue(t, direct, "cut before", 0)

	before, err := store.Raise(t.Context(), "cut before", 5, soon())
	require.NoError(t, err)
	assert.Zero(t, before)

	proxy.CutBefore(1)
	values, err := store.Get(t.Context(), "cut before", "other")
	require.ErrorContains(t, err, "redisstore: Redis did not return the values")
	assert.Nil(t, values)
	wantValue(t, store, "cut before", 5)
}

// An error after the work is done looks the same. To raise again does no harm.
func TestCutAfter(t *testing.T) {
	proxy, store, direct := connected(t, noRetries)
	proxy.CutAfter(1)
	_, err := store.Raise(t.Context(), "cut after", 5, soon())
	require.ErrorContains(t, err, "redisstore: Redis did not raise a value")
	wantValue(t, direct, "cut after", 5)

	before, err := store.Raise(t.Context(), "cut after", 5, soon())
	require.NoError(t, err)
	assert.EqualValues(t, 5, before)

	proxy.CutAfter(1)
	_, err = store.Get(t.Context(), "cut after", "other")
	require.ErrorContains(t, err, "redisstore: Redis did not return the values")
	wantValue(t, store, "cut after", 5)
}

// The client repeats by itself what was cut. Then the value before may be the
// call's own.
func TestClientRepeats(t *testing.T) {
	proxy, store, _ := connected(t, 3)
	for name, test := range map[string]struct {
		cut    func(int)
		before int64
	}{
		"repeated before": {proxy.CutBefore, 0},
		"repeated after":  {proxy.CutAfter, 5},
	} {
		test.cut(1)
		before, err := store.Raise(t.Context(), name, 5, soon())
		require.NoError(t, err, name)
		assert.Equal(t, test.before, before, name)
		assert.Zero(t, proxy.Cuts(), name)
		wantValue(t, store, name, 5)
	}
}

func TestRestart(t *testing.T) {
	own := newServer(t)
	store := redisstore.New(connect(t, redis.Options{Addr: own.Addr()}))
	ends := map[string]func() error{"stop": own.Stop, "crash": own.Crash}
	until := time.Now().Add(time.Second)
	for name, end := range ends {
		_, err := store.Raise(t.Context(), "long "+name, 5, soon())
		require.NoError(t, err)
		_, err = store.Raise(t.Context(), "for ever "+name, 6, time.Time{})
		require.NoError(t, err)
		_, err = store.Raise(t.Context(), "short "+name, 7, until)
		require.NoError(t, err)
		require.NoError(t, end())

		_, err = store.Raise(t.Context(), "down", 5, soon())
		require.Error(t, err)
		_, err = store.Get(t.Context(), "long "+name)
		require.Error(t, err)

		require.NoError(t, own.Start())
		wantValue(t, store, "long "+name, 5)
		wantValue(t, store, "for ever "+name, 6)
		wantValue(t, store, "down", 0)
		before, err := store.Raise(t.Context(), "long "+name, 4, soon())
		require.NoError(t, err)
		assert.EqualValues(t, 5, before)
	}
	for name := range ends {
		require.Eventually(t, func() bool {
			values, err := store.Get(t.Context(), "short "+name)
			return err == nil && values[0] == 0
		}, time.Minute, 10*time.Millisecond, "the time to live outlives a restart as well")
	}
}

func TestSlow(t *testing.T) {
	proxy, store, direct := connected(t, 0)
	release := proxy.Hold()
	defer release()
	for name, call := range map[string]func(ctx context.Context) error{
		"Raise": func(ctx context.Context) error { _, err := store.Raise(ctx, "slow", 5, soon()); return err },
		"Get":   func(ctx context.Context) error { _, err := store.Get(ctx, "slow"); return err },
	} {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := call(ctx)
		cancel()
		assert.Error(t, err, name)
		assert.True(t, errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "timeout"), "%s: %v", name, err)
		assert.Less(t, time.Since(began), 2*time.Second, "%s: less than the client's own ReadTimeout", name)
	}
	release()
	wantValue(t, store, "other", 0)
	_, err := direct.Raise(t.Context(), "slow", 5, soon())
	require.NoError(t, err)
	wantValue(t, store, "slow", 5)
}

// A full Redis forgets nothing: it takes no more, and says so.
func TestFullMemory(t *testing.T) {
	client := connect(t, redis.Options{Addr: newServer(t).Addr()})
	store := redisstore.New(client)
	_, err := store.Raise(t.Context(), "first", 5, soon())
	require.NoError(t, err)
	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "1kb").Err()) // less than it has

	for _, key := range []string{"first", "second"} {
		_, err = store.Raise(t.Context(), key, 6, soon())
		require.ErrorContains(t, err, "OOM")
	}
	values, err := store.Get(t.Context(), "first", "second")
	require.NoError(t, err)
	assert.Equal(t, []int64{5, 0}, values)

	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	before, err := store.Raise(t.Context(), "first", 6, soon())
	require.NoError(t, err)
	assert.EqualValues(t, 5, before)
}
