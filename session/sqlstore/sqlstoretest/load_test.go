package sqlstoretest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/redisstore"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

var (
	load     = flag.Bool("load", false, "run TestLoad, which takes some minutes")
	loadKeys = flag.Int("load-keys", 1_000_000, "how many ended tokens TestLoad fills each store with")
)

const (
	requestsPerSecond = 1000
	cleanLimit        = 1000
	calls             = 5000 // of Get, one after another
)

// A loaded store is one that TestLoad fills and measures.
type loaded struct {
	session.Store
	fill  func(from, to int, until time.Time)
	bytes func() int64                           // what the store takes
	clean func(ctx context.Context) (int, error) // nil: it forgets by itself
	len   func() int64                           // how many keys it holds
}

// TestLoad measures Get with an empty store and with a million ended tokens, and the
// requests while another million are over and are forgotten.
func TestLoad(t *testing.T) {
	if !*load {
		return
	}
	fmt.Printf("%d ended tokens; Get reads two keys; %d requests a second, of which each tenth is a Raise\n\n", *loadKeys, requestsPerSecond)
	fmt.Println("| store | Get, empty | Get, filled | bytes a token | requests while as many are forgotten | forgotten within |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, store := range []struct {
		name string
		open func(*testing.T) loaded
	}{{"Memory", loadedMemory}, {"Redis", loadedRedis}, {"PostgreSQL", loadedPostgres}, {"SQLite", loadedSQLite}} {
		t.Run(store.name, func(t *testing.T) { measure(t, store.name, store.open(t)) })
	}
}

func measure(t *testing.T, name string, s loaded) {
	getMany(t, s, calls/10, 1) // prepares statements
	empty := getMany(t, s, calls, 1)
	before := s.bytes()
	s.fill(0, *loadKeys, time.Now().Add(time.Hour))
	size := s.bytes() - before
	filled := getMany(t, s, calls, *loadKeys)

	over := time.Now().Add(time.Minute) // more than Memory and Redis need to be filled
	s.fill(*loadKeys, 2**loadKeys, over)
	time.Sleep(time.Until(over.Add(time.Millisecond)))
	requests, took := requestWhileForgetting(t, s)
	fmt.Printf("| %s | %s | %s | %d | %s | %s |\n", name, empty, filled, size/int64(*loadKeys), requests, took.Round(100*time.Millisecond))
}

// latencies are shown as their middle and the 99th of a hundred.
type latencies []time.Duration

func (l latencies) String() string {
	slices.Sort(l)
	round := func(d time.Duration) time.Duration {
		if d < 10*time.Microsecond {
			return d.Round(10 * time.Nanosecond)
		}
		return d.Round(time.Microsecond)
	}
	return fmt.Sprintf("%v, 99 %% %v", round(l[len(l)/2]), round(l[len(l)*99/100]))
}

// loadKey gives a key like that of a token: 43 characters of base64url of a hash.
func loadKey(i int) string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// getMany reads the key of a token that may be ended, and one of a user without a
// cutoff.
func getMany(t *testing.T, s session.Store, n, among int) latencies {
	var all latencies
	for i := range n {
		token, user := loadKey(i*7919%among), loadKey(-1-i)
		began := time.Now()
		_, err := s.Get(t.Context(), token, user)
		all = append(all, time.Since(began))
		require.NoError(t, err)
	}
	return all
}

// requestWhileForgetting sends requests at their rate, whether or not the ones before
// are answered, until nothing is left to be forgotten.
func requestWhileForgetting(t *testing.T, s loaded) (latencies, time.Duration) {
	var mu sync.Mutex
	var all latencies
	var running sync.WaitGroup
	var added atomic.Int64
	request := func(i int) {
		began := time.Now()
		var err error
		if i%10 == 0 {
			added.Add(1)
			_, err = s.Raise(t.Context(), loadKey(-1_000_000-i), math.MaxInt64, time.Now().Add(time.Hour))
		} else {
			_, err = s.Get(t.Context(), loadKey(i%*loadKeys), loadKey(-1-i))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, time.Since(began))
		assert.NoError(t, err)
	}

	began := time.Now()
	forgotten := make(chan time.Duration, 1)
	running.Go(func() {
		forgetAll(t, s, func() int64 { return int64(*loadKeys) + added.Load() })
		forgotten <- time.Since(began)
	})
	for i := 0; ; i++ {
		select {
		case took := <-forgotten:
			running.Wait()
			return all, took
		case <-time.After(time.Until(began.Add(time.Duration(i) * time.Second / requestsPerSecond))):
			running.Go(func() { request(i) })
		}
	}
}

func forgetAll(t *testing.T, s loaded, kept func() int64) {
	for s.clean != nil {
		deleted, err := s.clean(t.Context())
		if !assert.NoError(t, err) || deleted == 0 {
			return
		}
	}
	// The others forget by themselves, Memory while it is used.
	for end := time.Now().Add(20 * time.Minute); s.len() > kept(); time.Sleep(100 * time.Millisecond) {
		if !assert.True(t, time.Now().Before(end), "it does not forget") {
			return
		}
	}
}

func loadedMemory(t *testing.T) loaded {
	m := session.NewMemory()
	return loaded{
		Store: m,
		fill: func(from, to int, until time.Time) {
			for i := from; i < to; i++ {
				_, err := m.Raise(t.Context(), loadKey(i), math.MaxInt64, until)
				require.NoError(t, err)
			}
		},
		bytes: func() int64 {
			var stats runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&stats)
			return int64(stats.HeapAlloc)
		},
		len: func() int64 { return int64(m.Len()) },
	}
}

func loadedRedis(t *testing.T) loaded {
	own, err := servers.Redis("--appendfsync", "everysec")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, own.Close()) })
	client := redis.NewClient(&redis.Options{Addr: own.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return loaded{
		Store: redisstore.New(client),
		fill: func(from, to int, until time.Time) {
			for i := from; i < to; i += 1000 {
				_, err := client.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
					for j := i; j < min(i+1000, to); j++ {
						pipe.Set(t.Context(), loadKey(j), int64(math.MaxInt64), time.Until(until))
					}
					return nil
				})
				require.NoError(t, err)
			}
		},
		bytes: func() int64 {
			found := regexp.MustCompile(`used_memory:(\d+)`).FindStringSubmatch(client.Info(t.Context(), "memory").Val())
			require.Len(t, found, 2)
			bytes, err := strconv.ParseInt(found[1], 10, 64)
			require.NoError(t, err)
			return bytes
		},
		len: func() int64 { return client.DBSize(t.Context()).Val() },
	}
}

func loadedPostgres(t *testing.T) loaded {
	own, err := servers.Postgres() // which writes to the disk, unlike that of the other tests
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, own.Close()) })
	db := open(t, "pgx", postgresURL(own.Addr()))
	return loadedSQL(t, db, func() int64 {
		var bytes int64
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT pg_total_relation_size('authstrategy_sessions')").Scan(&bytes))
		return bytes
	})
}

func loadedSQLite(t *testing.T) loaded {
	file := filepath.Join(t.TempDir(), "sessions.db")
	db := open(t, "sqlite", sqliteURL(file))
	return loadedSQL(t, db, func() int64 {
		_, err := db.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
		require.NoError(t, err)
		info, err := os.Stat(file)
		require.NoError(t, err)
		return info.Size()
	})
}

func loadedSQL(t *testing.T, db *sql.DB, bytes func() int64) loaded {
	_, err := db.ExecContext(t.Context(), sqlstore.Schema)
	require.NoError(t, err)
	store, err := sqlstore.New(db)
	require.NoError(t, err)
	return loaded{
		Store: store, bytes: bytes,
		fill: func(from, to int, until time.Time) {
			transaction, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			for i := from; i < to; i += 500 {
				insertMany(t, transaction, i, min(i+500, to), until)
			}
			require.NoError(t, transaction.Commit())
		},
		clean: func(ctx context.Context) (int, error) { return store.Clean(ctx, cleanLimit) },
	}
}

func insertMany(t *testing.T, transaction *sql.Tx, from, to int, until time.Time) {
	var rows []string
	var args []any
	for i := from; i < to; i++ {
		n := len(args)
		rows = append(rows, fmt.Sprintf("($%d, 9223372036854775807, 0, $%d)", n+1, n+2))
		args = append(args, loadKey(i), until.UnixMilli())
	}
	_, err := transaction.ExecContext(t.Context(), "INSERT INTO authstrategy_sessions (key, value, previous, until) VALUES "+strings.Join(rows, ","), args...)
	require.NoError(t, err)
}
