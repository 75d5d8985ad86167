package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

// The tests with databases are in sqlstoretest.

func TestNewRefuses(t *testing.T) {
	db := sql.OpenDB(&fake{})
	for _, name := range []string{
		"", " ", "a b", "a-b", "a.b", `"a"`, "a;", "a\n", "\na", "a'", "1a", "é", "ａ", "a\x00", "$1", "{table}",
		strings.Repeat("n", 64),
	} {
		store, err := sqlstore.New(db, sqlstore.WithTable(name))
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, "%q", name)
		assert.ErrorContains(t, err, "is no plain SQL identifier", "%q", name)
		assert.Nil(t, store)
	}
	for want, call := range map[string]func() (*sqlstore.Store, error){
		"the database is nil": func() (*sqlstore.Store, error) { return sqlstore.New(nil) },
		"an Option is nil":    func() (*sqlstore.Store, error) { return sqlstore.New(db, nil) },
	} {
		store, err := call()
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		assert.ErrorContains(t, err, want)
		assert.Nil(t, store)
	}
}

func TestNewTakes(t *testing.T) {
	for _, name := range []string{"a", "_", "A_1", "sessions", strings.Repeat("n", 63)} {
		f := &fake{}
		store, err := sqlstore.New(sql.OpenDB(f), sqlstore.WithTable("other"), sqlstore.WithTable(name))
		require.NoError(t, err, name)
		_, err = store.Get(t.Context(), "key", "other")
		require.NoError(t, err, name)
		assert.Contains(t, f.statement, "FROM "+name+" WHERE key IN ($2,$3)")
		_, err = store.Clean(t.Context(), 1)
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(f.statement, "FROM "+name+" WHERE"))
	}
	f := &fake{}
	store, err := sqlstore.New(sql.OpenDB(f))
	require.NoError(t, err)
	_, err = store.Get(t.Context(), "key")
	require.NoError(t, err)
	assert.Contains(t, f.statement, "FROM authstrategy_sessions WHERE")
}

func TestWithoutNew(t *testing.T) {
	var none *sqlstore.Store
	for name, store := range map[string]*sqlstore.Store{"nil": none, "zero": {}} {
		_, err := store.Raise(t.Context(), "key", 1, time.Time{})
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
		_, err = store.Get(t.Context(), "key")
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
		_, err = store.Clean(t.Context(), 1)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig, name)
	}
}

// Nothing reaches the database that must not.
func TestNothingIsDone(t *testing.T) {
	f := &fake{}
	store, err := sqlstore.New(sql.OpenDB(f))
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Raise, context": func() error { _, err := store.Raise(cancelled, "key", 1, time.Time{}); return err },
		"Raise, value":   func() error { _, err := store.Raise(t.Context(), "key", 0, time.Time{}); return err },
		"Raise, key":     func() error { _, err := store.Raise(t.Context(), "", 1, time.Time{}); return err },
		"Get, context":   func() error { _, err := store.Get(cancelled, "key"); return err },
		"Get, key":       func() error { _, err := store.Get(t.Context(), "key", ""); return err },
		"Clean, context": func() error { _, err := store.Clean(cancelled, 1); return err },
		"Clean, limit":   func() error { _, err := store.Clean(t.Context(), 0); return err },
	} {
		assert.Error(t, call(), name)
		assert.Empty(t, f.statement, name)
	}
	values, err := store.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int64{}, values)
	assert.Empty(t, f.statement)
}

// Times are milliseconds, rounded up.
func TestArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rows: [][]driver.Value{{"5"}}}
		db := sql.OpenDB(f)
		defer db.Close()
		store, err := sqlstore.New(db)
		require.NoError(t, err)
		start := time.Now()
		for _, passed := range []time.Duration{0, 1, time.Millisecond - 1, time.Millisecond} {
			time.Sleep(time.Until(start.Add(passed)))
			now := start.UnixMilli() + 1
			if passed == 0 {
				now--
			}
			_, err = store.Raise(t.Context(), "key", 7, start.Add(time.Hour+1))
			require.NoError(t, err)
			assert.Equal(t, []driver.Value{"key", int64(7), start.UnixMilli() + 3_600_001, now}, f.args)
			_, err = store.Raise(t.Context(), "key", 7, time.Time{})
			require.NoError(t, err)
			assert.Equal(t, []driver.Value{"key", int64(7), int64(math.MaxInt64), now}, f.args)
			_, err = store.Clean(t.Context(), 9)
			require.NoError(t, err)
			assert.Equal(t, []driver.Value{now, int64(9)}, f.args)
			f.rows = nil
			_, err = store.Get(t.Context(), "b", "a", "b")
			require.NoError(t, err)
			assert.Equal(t, []driver.Value{now, "b", "a", "b"}, f.args)
			f.rows = [][]driver.Value{{"5"}}
		}
	})
}

// One Clean waits for the other, and no longer than its context allows.
func TestCleanWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{hold: make(chan struct{}), running: make(chan struct{}, 2)}
		db := sql.OpenDB(f)
		defer db.Close()
		store, err := sqlstore.New(db)
		require.NoError(t, err)
		clean := func() {
			_, err := store.Clean(t.Context(), 1)
			assert.NoError(t, err)
		}
		go clean()
		go clean()
		synctest.Wait()
		assert.Len(t, f.running, 1)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = store.Clean(ctx, 1)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		f.hold <- struct{}{}
		synctest.Wait()
		assert.Len(t, f.running, 2)
		f.hold <- struct{}{}
		synctest.Wait()
	})
}

// Whatever step fails, its error is returned and no value.
func TestDatabaseFails(t *testing.T) {
	down := errors.New("the database is down")
	for name, f := range map[string]*fake{
		"statement":     {err: down},
		"row":           {rows: [][]driver.Value{{"5"}}, rowErr: down},
		"after the row": {rows: [][]driver.Value{{"5"}}, endErr: down}, // SQLite, when it commits
	} {
		store, err := sqlstore.New(sql.OpenDB(f))
		require.NoError(t, err)
		before, err := store.Raise(t.Context(), "key", 7, time.Time{})
		assert.ErrorIs(t, err, down, name)
		assert.ErrorContains(t, err, "sqlstore: the database did not raise a value", name)
		assert.Zero(t, before, name)
		if f.rows != nil {
			f.rows = [][]driver.Value{{"key", "5"}}
		}
		values, err := store.Get(t.Context(), "key")
		assert.ErrorIs(t, err, down, name)
		assert.ErrorContains(t, err, "sqlstore: the database did not return the values", name)
		assert.Nil(t, values, name)
	}
	for want, f := range map[string]*fake{
		"sqlstore: the database did not delete what is over":     {err: down},
		"sqlstore: the database did not say how much it deleted": {affectedErr: down},
	} {
		store, err := sqlstore.New(sql.OpenDB(f))
		require.NoError(t, err)
		deleted, err := store.Clean(t.Context(), 1)
		assert.ErrorIs(t, err, down)
		assert.ErrorContains(t, err, want)
		assert.Zero(t, deleted)
	}
}

func TestRowsAreOdd(t *testing.T) {
	for name, test := range map[string]struct {
		raise, get [][]driver.Value
	}{
		"no number":     {[][]driver.Value{{"x"}}, [][]driver.Value{{"key", "x"}}},
		"NULL":          {[][]driver.Value{{nil}}, [][]driver.Value{{nil, "5"}}},
		"too many":      {[][]driver.Value{{"1", "2"}}, [][]driver.Value{{"key", "1", "2"}}},
		"out of bounds": {[][]driver.Value{{"-1"}}, [][]driver.Value{{"key", int64(0)}}},
	} {
		f := &fake{rows: test.raise}
		store, err := sqlstore.New(sql.OpenDB(f))
		require.NoError(t, err)
		before, err := store.Raise(t.Context(), "key", 7, time.Time{})
		assert.Error(t, err, name)
		assert.Zero(t, before, name)
		f.rows = test.get
		values, err := store.Get(t.Context(), "key")
		assert.Error(t, err, name)
		assert.Nil(t, values, name)
	}

	// No row comes from a database that does as it is told.
	store, err := sqlstore.New(sql.OpenDB(&fake{}))
	require.NoError(t, err)
	_, err = store.Raise(t.Context(), "key", 7, time.Time{})
	assert.ErrorContains(t, err, "no whole number")
}

// A fake is a database that answers every statement the same.
type fake struct {
	rows                [][]driver.Value
	err, rowErr, endErr error
	affectedErr         error
	statement           string // the last one
	args                []driver.Value
	hold, running       chan struct{} // nil: nothing is held
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (f *fake) Driver() driver.Driver                        { return nil }
func (f *fake) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not here") }
func (f *fake) Begin() (driver.Tx, error)                    { return nil, errors.New("not here") }
func (f *fake) Close() error                                 { return nil }

func (f *fake) keep(statement string, args []driver.NamedValue) {
	f.statement, f.args = statement, nil
	for _, arg := range args {
		f.args = append(f.args, arg.Value)
	}
}

func (f *fake) QueryContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	f.keep(statement, args)
	return &fakeRows{fake: *f}, f.err
}

func (f *fake) ExecContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	f.keep(statement, args)
	if f.hold != nil {
		f.running <- struct{}{}
		<-f.hold
	}
	return fakeResult{f.affectedErr}, f.err
}

type fakeResult struct{ err error }

func (r fakeResult) LastInsertId() (int64, error) { return 0, r.err }
func (r fakeResult) RowsAffected() (int64, error) { return 0, r.err }

type fakeRows struct {
	fake fake
	next int
}

func (r *fakeRows) Close() error { return nil }

func (r *fakeRows) Columns() []string {
	if len(r.fake.rows) == 0 {
		return []string{""}
	}
	return make([]string, len(r.fake.rows[0]))
}

func (r *fakeRows) Next(to []driver.Value) error {
	if r.next < len(r.fake.rows) {
		copy(to, r.fake.rows[r.next])
		r.next++
		return r.fake.rowErr
	}
	if r.fake.endErr != nil {
		return r.fake.endErr
	}
	return io.EOF
}
