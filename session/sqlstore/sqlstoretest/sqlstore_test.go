package sqlstoretest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
	"github.com/go-authstrategy/authstrategy/session/storetest"
)

var _ session.Store = (*sqlstore.Store)(nil)

func TestStore(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		storetest.Run(t, func(t *testing.T) session.Store {
			store, _ := newStore(t, db)
			return store
		})
	})
}

func TestSchemaIsForTheDefaultName(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		_, err := db.ExecContext(t.Context(), sqlstore.Schema)
		require.NoError(t, err)
		defer drop(t, db, "authstrategy_sessions")
		store, err := sqlstore.New(db)
		require.NoError(t, err)
		assert.Zero(t, raise(t, store, "key", 5, soon()))
		wantValue(t, store, "key", 5)

		// A name is the same in upper and lower case.
		same, err := sqlstore.New(db, sqlstore.WithTable("Authstrategy_SESSIONS"))
		require.NoError(t, err)
		wantValue(t, same, "key", 5)
	})
}

func drop(t *testing.T, db *sql.DB, table string) {
	_, err := db.ExecContext(t.Context(), "DROP TABLE "+table)
	assert.NoError(t, err)
}

func TestTableIsMissing(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		store, err := sqlstore.New(db, sqlstore.WithTable("not_there"))
		require.NoError(t, err)
		_, err = store.Raise(t.Context(), "key", 1, soon())
		assert.ErrorContains(t, err, "not_there")
		_, err = store.Get(t.Context(), "key")
		assert.ErrorContains(t, err, "not_there")
		_, err = store.Clean(t.Context(), 1)
		assert.ErrorContains(t, err, "not_there")
	})
}

func TestLongestName(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		name := strings.Repeat("n", 63)
		schema := strings.NewReplacer("authstrategy_sessions_until", "short", "authstrategy_sessions", name).Replace(sqlstore.Schema)
		_, err := db.ExecContext(t.Context(), schema)
		require.NoError(t, err)
		defer drop(t, db, name)
		store, err := sqlstore.New(db, sqlstore.WithTable(name))
		require.NoError(t, err)
		raise(t, store, "key", 5, soon())
		wantValue(t, store, "key", 5)
	})
}

// PostgreSQL lets nothing but a number into the column, SQLite anything.
func TestNoNumber(t *testing.T) {
	db := open(t, "sqlite", databases[1].url(t))
	store, table := newStore(t, db)
	for _, value := range []any{"x", "", "1x", []byte("x"), 2.5, 1e19, 0, -1, int64(math.MinInt64)} {
		raise(t, store, "key", 5, soon())
		_, err := db.ExecContext(t.Context(), "UPDATE "+table+" SET value = $1", value)
		require.NoError(t, err)
		values, err := store.Get(t.Context(), "missing", "key")
		assert.Error(t, err, "%v", value)
		assert.Nil(t, values)
		before, err := store.Raise(t.Context(), "key", 5, soon())
		if value != 0 { // which it takes for nothing
			assert.Error(t, err, "%v", value)
		}
		assert.Zero(t, before, "%v", value)
		_, err = db.ExecContext(t.Context(), "DELETE FROM "+table)
		require.NoError(t, err)
	}
}

func TestClean(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		store, table := newStore(t, db)
		clean := func(limit, want int) {
			t.Helper()
			deleted, err := store.Clean(t.Context(), limit)
			require.NoError(t, err)
			assert.Equal(t, want, deleted)
		}
		clean(10, 0)
		raise(t, store, "soon", 5, soon())
		raise(t, store, "for ever", 5, time.Time{})
		for i := range 25 { // the oldest last
			raise(t, store, fmt.Sprint("over ", i), 5, time.Now().Add(-time.Duration(i+1)*time.Hour))
		}
		assert.Equal(t, 27, rows(t, db, table, ""))
		clean(10, 10)
		assert.Zero(t, rows(t, db, table, "WHERE key = 'over 24'"), "the oldest goes first")
		assert.Zero(t, rows(t, db, table, "WHERE key = 'over 15'"))
		assert.Equal(t, 1, rows(t, db, table, "WHERE key = 'over 14'"))
		clean(1, 1)
		clean(math.MaxInt, 14)
		clean(10, 0)
		assert.Equal(t, 2, rows(t, db, table, ""))
		wantValue(t, store, "soon", 5)
		wantValue(t, store, "for ever", 5)

		for _, limit := range []int{0, -1, math.MinInt} {
			_, err := store.Clean(t.Context(), limit)
			assert.ErrorContains(t, err, fmt.Sprintf("the limit of Clean is %d, want 1 or more", limit))
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		raise(t, store, "over", 5, time.Now().Add(-time.Hour))
		_, err := store.Clean(cancelled, 10)
		assert.ErrorIs(t, err, context.Canceled)
		clean(10, 1)
	})
}

func rows(t *testing.T, db *sql.DB, table, where string) (count int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table+" "+where).Scan(&count))
	return count
}

// Clean does not take a key that was over and has begun anew meanwhile, and hinders
// no other call.
func TestCleanBesideRaise(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		store, _ := newStore(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		var cleaners, raisers sync.WaitGroup
		for range 4 {
			cleaners.Go(func() {
				for ctx.Err() == nil {
					if _, err := store.Clean(t.Context(), 20); err != nil {
						t.Errorf("Clean: %v", err)
					}
				}
			})
		}
		for i := range 16 {
			raisers.Go(func() { overAndAnew(t, store, i) })
		}
		raisers.Wait()
		cancel()
		cleaners.Wait()
	})
}

func overAndAnew(t *testing.T, store *sqlstore.Store, raiser int) {
	for round := range 25 {
		key := fmt.Sprint(raiser, " ", round)
		for _, until := range []time.Time{time.Now().Add(-time.Hour), soon()} {
			before, err := store.Raise(t.Context(), key, 5, until)
			if err != nil || before != 0 {
				t.Errorf("Raise = %d, %v; want 0 and no error", before, err)
				return
			}
		}
		values, err := store.Get(t.Context(), key)
		if err != nil || values[0] != 5 {
			t.Errorf("Get = %d, %v; want the 5 just raised", values, err)
			return
		}
	}
}

// Two processes that clean at once hinder no other call. One of them may fail.
func TestCleanByTwo(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		first, table := newStore(t, db)
		second, err := sqlstore.New(db, sqlstore.WithTable(table))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var cleaners, raisers sync.WaitGroup
		for _, store := range []*sqlstore.Store{first, second} {
			cleaners.Go(func() {
				for ctx.Err() == nil {
					_, err := store.Clean(t.Context(), 20)
					var state interface{ SQLState() string }
					if err != nil && (!errors.As(err, &state) || state.SQLState() != "40P01") {
						t.Errorf("Clean: %v; want no error, or that of a deadlock", err)
					}
				}
			})
		}
		for i := range 16 {
			raisers.Go(func() { overAndAnew(t, first, i) })
		}
		raisers.Wait()
		cancel()
		cleaners.Wait()
	})
}

// A key that was over begins anew while Clean waits for its row: only a second look
// at the row saves it.
func TestCleanWaitsForRaise(t *testing.T) {
	db := postgres(t)
	store, table := newStore(t, db)
	raise(t, store, "key", 9, time.Now().Add(-time.Hour))
	holder, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = holder.ExecContext(t.Context(), "SELECT 1 FROM "+table+" FOR UPDATE")
	require.NoError(t, err)

	var waiting sync.WaitGroup
	waiting.Go(func() { raise(t, store, "key", 5, soon()) })
	wantWaiting(t, db, table, 1)
	waiting.Go(func() {
		deleted, err := store.Clean(t.Context(), 10)
		assert.NoError(t, err)
		assert.Zero(t, deleted)
	})
	wantWaiting(t, db, table, 2)
	require.NoError(t, holder.Rollback())
	waiting.Wait()
	wantValue(t, store, "key", 5)
}

func wantWaiting(t *testing.T, db *sql.DB, table string, want int) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waiting int
		err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, $1) > 0", table).Scan(&waiting)
		return err == nil && waiting == want
	}, time.Minute, 5*time.Millisecond)
}
