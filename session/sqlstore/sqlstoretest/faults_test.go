package sqlstoretest

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

// connected returns a Store behind a proxy, on a connection that has prepared the
// statements, and one that is not behind it.
func connected(t *testing.T) (*servers.Proxy, *sqlstore.Store, *sqlstore.Store) {
	proxy, err := servers.NewProxy(server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	db := open(t, "pgx", postgresURL(proxy.Addr()))
	db.SetMaxOpenConns(1)
	plain := postgres(t)
	direct, table := newStore(t, plain)
	store, err := sqlstore.New(db, sqlstore.WithTable(table))
	require.NoError(t, err)
	for range 2 {
		raise(t, store, "connect", 1, soon())
		wantValue(t, store, "nothing", 0)
		_, err := store.Clean(t.Context(), 1)
		require.NoError(t, err)
	}
	return proxy, store, direct
}

func TestRoundTrips(t *testing.T) {
	proxy, store, _ := connected(t)
	for name, call := range map[string]func() error{
		"Raise": func() error { _, err := store.Raise(t.Context(), "key", 5, soon()); return err },
		"Get":   func() error { _, err := store.Get(t.Context(), "key"); return err },
		"Clean": func() error { _, err := store.Clean(t.Context(), 1); return err },
	} {
		before := proxy.RoundTrips()
		require.NoError(t, call(), name)
		assert.Equal(t, 1, proxy.RoundTrips()-before, name)
	}
	before := proxy.RoundTrips()
	_, err := store.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, proxy.RoundTrips(), "no keys, no call")
}

func TestCutBefore(t *testing.T) {
	proxy, store, direct := connected(t)
	proxy.CutBefore(1)
	_, err := store.Raise(t.Context(), "key", 5, soon())
	require.ErrorContains(t, err, "sqlstore: the database did not raise a value")
	wantValue(t, direct, "key", 0)
	assert.Zero(t, raise(t, store, "key", 5, soon()))
	wantValue(t, store, "key", 5)

	proxy.CutBefore(1)
	values, err := store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "sqlstore: the database did not return the values")
	assert.Nil(t, values)
	wantValue(t, store, "key", 5)

	raise(t, direct, "over", 5, time.Now().Add(-time.Hour))
	_, err = store.Clean(t.Context(), 10)
	require.NoError(t, err)
	raise(t, direct, "over", 5, time.Now().Add(-time.Hour))
	proxy.CutBefore(1)
	_, err = store.Clean(t.Context(), 10)
	require.ErrorContains(t, err, "sqlstore: the database did not delete what is over")
	deleted, err := store.Clean(t.Context(), 10)
	require.NoError(t, err)
	assert.Equal(t, 1, deleted)
}

// An error after the work is done looks the same. To raise again does no harm.
func TestCutAfter(t *testing.T) {
	proxy, store, direct := connected(t)
	proxy.CutAfter(1)
	_, err := store.Raise(t.Context(), "key", 5, soon())
	require.ErrorContains(t, err, "sqlstore: the database did not raise a value")
	require.Eventually(t, func() bool {
		values, err := direct.Get(t.Context(), "key")
		return err == nil && values[0] == 5
	}, time.Minute, 5*time.Millisecond)
	assert.EqualValues(t, 5, raise(t, store, "key", 5, soon()))

	wantValue(t, store, "key", 5)
	proxy.CutAfter(1)
	_, err = store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "sqlstore: the database did not return the values")
	wantValue(t, store, "key", 5)
}

func TestRestartPostgreSQL(t *testing.T) {
	own, err := servers.Postgres()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, own.Close()) })
	store, _ := newStore(t, open(t, "pgx", postgresURL(own.Addr())))
	for name, end := range map[string]func() error{"stop": own.Stop, "crash": own.Crash} {
		raise(t, store, name, 5, soon())
		raise(t, store, "for ever "+name, 6, time.Time{})
		require.NoError(t, end())

		_, err := store.Raise(t.Context(), "down", 5, soon())
		require.Error(t, err)
		_, err = store.Get(t.Context(), name)
		require.Error(t, err)
		_, err = store.Clean(t.Context(), 1)
		require.Error(t, err)

		require.NoError(t, own.Start())
		wantValue(t, store, name, 5)
		wantValue(t, store, "for ever "+name, 6)
		wantValue(t, store, "down", 0)
		assert.EqualValues(t, 5, raise(t, store, name, 4, soon()))
	}
}

func TestReopenSQLite(t *testing.T) {
	url := sqliteURL(filepath.Join(t.TempDir(), "sessions.db"))
	first, err := sql.Open("sqlite", url)
	require.NoError(t, err)
	store, table := newStore(t, first)
	raise(t, store, "key", 5, soon())
	raise(t, store, "for ever", 6, time.Time{})
	require.NoError(t, first.Close())
	_, err = store.Raise(t.Context(), "key", 7, soon())
	require.ErrorContains(t, err, "database is closed")
	_, err = store.Get(t.Context(), "key")
	require.ErrorContains(t, err, "database is closed")

	again, err := sqlstore.New(open(t, "sqlite", url), sqlstore.WithTable(table))
	require.NoError(t, err)
	wantValue(t, again, "key", 5)
	wantValue(t, again, "for ever", 6)
	assert.EqualValues(t, 5, raise(t, again, "key", 4, soon()))
}

func TestSlow(t *testing.T) {
	proxy, store, direct := connected(t)
	release := proxy.Hold()
	defer release()
	for name, call := range map[string]func(ctx context.Context) error{
		"Raise": func(ctx context.Context) error { _, err := store.Raise(ctx, "slow", 5, soon()); return err },
		"Get":   func(ctx context.Context) error { _, err := store.Get(ctx, "slow"); return err },
		"Clean": func(ctx context.Context) error { _, err := store.Clean(ctx, 5); return err },
	} {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := call(ctx)
		cancel()
		assert.ErrorIs(t, err, context.DeadlineExceeded, name)
		assert.Less(t, time.Since(began), 10*time.Second, name)
	}
	release()
	raise(t, direct, "slow", 5, soon())
	wantValue(t, store, "slow", 5)
}

// Another process writes for a long time. A call waits for its busy timeout or until
// its context is over, and then fails; reading goes on.
func TestBusySQLite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.db")
	store, table := newStore(t, open(t, "sqlite", sqliteURL(file)))
	raise(t, store, "key", 5, soon())
	writer := open(t, "sqlite", sqliteURL(file)+"&_txlock=immediate")
	writing, err := writer.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	hasty, err := sqlstore.New(open(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(1)"), sqlstore.WithTable(table))
	require.NoError(t, err)
	_, err = hasty.Raise(t.Context(), "key", 6, soon())
	require.ErrorContains(t, err, "SQLITE_BUSY")
	_, err = hasty.Clean(t.Context(), 6)
	require.ErrorContains(t, err, "SQLITE_BUSY")

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = store.Raise(ctx, "key", 6, soon())
	require.Error(t, err)
	wantValue(t, store, "key", 5)
	require.NoError(t, writing.Rollback())
	assert.EqualValues(t, 5, raise(t, store, "key", 6, soon()))
}

// At a level of isolation at which PostgreSQL refuses one of two calls at once, it
// does so with an error, and nothing is lost.
func TestSerializable(t *testing.T) {
	plain := postgres(t)
	direct, table := newStore(t, plain)
	raise(t, direct, "key", 1, soon())
	strict, err := sqlstore.New(open(t, "pgx", postgresURL(server.Addr())+"&default_transaction_isolation=serializable"), sqlstore.WithTable(table))
	require.NoError(t, err)
	raise(t, strict, "key", 2, soon())

	holder, err := plain.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = holder.ExecContext(t.Context(), "UPDATE "+table+" SET value = 3")
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		_, err := strict.Raise(t.Context(), "key", 4, soon())
		failed <- err
	}()
	wantWaiting(t, plain, table, 1)
	require.NoError(t, holder.Commit())
	var state interface{ SQLState() string }
	err = <-failed
	require.ErrorContains(t, err, "sqlstore: the database did not raise a value")
	require.True(t, errors.As(err, &state), err)
	assert.Equal(t, "40001", state.SQLState())
	wantValue(t, direct, "key", 3)
	assert.EqualValues(t, 3, raise(t, strict, "key", 4, soon()))
}
