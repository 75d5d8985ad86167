// Package sqlstore keeps the sessions of authstrategy in PostgreSQL or SQLite, for
// services of more than one process, or for one that must not forget when it restarts.
// It uses database/sql and brings no driver.
//
// Put [Schema] into your migrations, and call [Store.Clean] from time to time.
//
//   - PostgreSQL 9.5 or later, in a database with the encoding UTF8, at the default
//     isolation level. At a stricter level a call can fail because of another; the
//     error is returned, and the call can be repeated. A commit must be durable
//     before it is reported: leave synchronous_commit on, or a crash revives tokens
//     that were ended. Do not read from a replica: one that lags does not know of the
//     last calls.
//   - SQLite 3.35 or later. Only one connection writes at a time: give the driver a
//     busy timeout, or calls fail with SQLITE_BUSY, and use journal_mode=WAL, so that
//     reading does not wait for writing. With synchronous=NORMAL a loss of power can
//     lose the last calls; the default, FULL, loses none.
//
// A call is one statement and one round trip. The driver may need another one for the
// first use of a statement on a connection, to prepare it.
package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/sessionstore"
)

// Schema makes the table of the default name, with its index. It is for PostgreSQL
// and SQLite. For another name see [WithTable].
//
// until is in milliseconds since 1970; 9223372036854775807 is for ever. previous is
// what the last Raise returned.
const Schema = `CREATE TABLE authstrategy_sessions (
	key      TEXT   NOT NULL PRIMARY KEY,
	value    BIGINT NOT NULL,
	previous BIGINT NOT NULL,
	until    BIGINT NOT NULL
);
CREATE INDEX authstrategy_sessions_until ON authstrategy_sessions (until);
`

const defaultTable = "authstrategy_sessions"

var errNoStore = fmt.Errorf("%w: sqlstore: the Store is nil or zero; make it with New and check its error", authstrategy.ErrInvalidConfig)

// A Store is a session.Store in a table of SQL. Make it with [New]: the methods of a
// nil or zero Store fail with authstrategy.ErrInvalidConfig. It is safe for concurrent
// use.
type Store struct {
	db                *sql.DB
	raise, get, clean string
	cleaning          chan struct{} // holds one while Clean runs
}

// An Option is an optional argument of [New].
type Option func(*options)

type options struct{ table string }

// WithTable names the table; the default is authstrategy_sessions. The name must be a
// plain SQL identifier: 1 to 63 letters of ASCII, digits and underscores, not a digit
// first. It is used without quotes, so that upper and lower case are the same, and a
// word that the database reserves does not work.
//
// [Schema] is for the default name: replace the name in it, in all three places. The
// name of the index does not matter.
func WithTable(name string) Option {
	return func(o *options) { o.table = name }
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// New returns a Store in the database. It does not call it, and does not close it.
// Mistakes match authstrategy.ErrInvalidConfig.
func New(db *sql.DB, opts ...Option) (*Store, error) {
	o := options{table: defaultTable}
	for _, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("%w: sqlstore: an Option is nil", authstrategy.ErrInvalidConfig)
		}
		opt(&o)
	}
	if db == nil {
		return nil, fmt.Errorf("%w: sqlstore: the database is nil; open one with sql.Open", authstrategy.ErrInvalidConfig)
	}
	if !identifier.MatchString(o.table) {
		return nil, fmt.Errorf("%w: sqlstore: WithTable(%.100q) is no plain SQL identifier: want 1 to 63 letters of ASCII, digits and underscores, not a digit first", authstrategy.ErrInvalidConfig, o.table)
	}
	named := strings.NewReplacer("{table}", o.table)
	return &Store{db, named.Replace(raise), named.Replace(get), named.Replace(clean), make(chan struct{}, 1)}, nil
}

// The numbers of the placeholders come in order, because some drivers of SQLite go by
// the place and not by the number.
const (
	// On the right of SET, kept is the row as it was. A row with until < now is over:
	// it counts as none.
	raise = `INSERT INTO {table} AS kept (key, value, previous, until) VALUES ($1, $2, 0, $3)
ON CONFLICT (key) DO UPDATE SET
	previous = CASE WHEN kept.until < $4 THEN 0 ELSE kept.value END,
	value = CASE WHEN kept.until < $4 OR kept.value < excluded.value THEN excluded.value ELSE kept.value END,
	until = CASE WHEN kept.until < excluded.until THEN excluded.until ELSE kept.until END
RETURNING previous`

	// The time is no condition, so that no planner takes the index on until for it.
	get = `SELECT key, CASE WHEN until >= $1 THEN value END FROM {table} WHERE key IN (`

	// The condition is there twice because PostgreSQL looks again at a row that has
	// changed meanwhile, but does not run the inner query again: a key that was over
	// and has just begun anew stays.
	clean = `DELETE FROM {table} WHERE until < $1 AND key IN (
	SELECT key FROM {table} WHERE until < $1 ORDER BY until LIMIT $2)`
)

// Raise does what session.Store says.
func (s *Store) Raise(ctx context.Context, key string, value int64, until time.Time) (before int64, err error) {
	if s == nil || s.db == nil {
		return 0, errNoStore
	}
	if err := sessionstore.CheckRaise(ctx, key, value); err != nil {
		return 0, err
	}
	rows, err := s.db.QueryContext(ctx, s.raise, key, value, sessionstore.Until(until), sessionstore.Now())
	if err != nil {
		return 0, fmt.Errorf("sqlstore: the database did not raise a value: %w", err)
	}
	var previous string
	err = each(rows, func() error { return rows.Scan(&previous) })
	if err != nil {
		return 0, fmt.Errorf("sqlstore: the database did not raise a value: %w", err)
	}
	return sessionstore.ParseBefore(previous)
}

// Get does what session.Store says. The keys are placeholders of one statement, of
// which PostgreSQL takes 65,535 and SQLite 32,766 by default; one is for the time.
func (s *Store) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if s == nil || s.db == nil {
		return nil, errNoStore
	}
	if err := sessionstore.CheckGet(ctx, keys); err != nil {
		return nil, err
	}
	values := make([]int64, len(keys))
	if len(keys) == 0 {
		return values, nil
	}
	found, err := s.find(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: the database did not return the values: %w", err)
	}
	for i, key := range keys {
		values[i] = found[key]
	}
	return values, nil
}

func (s *Store) find(ctx context.Context, keys []string) (map[string]int64, error) {
	var query strings.Builder
	query.WriteString(s.get)
	args := []any{sessionstore.Now()}
	for i, key := range keys {
		if i > 0 {
			query.WriteByte(',')
		}
		query.WriteString("$" + strconv.Itoa(i+2))
		args = append(args, key)
	}
	query.WriteByte(')')

	rows, err := s.db.QueryContext(ctx, query.String(), args...)
	if err != nil {
		return nil, err
	}
	found := make(map[string]int64, len(keys))
	return found, each(rows, func() error {
		var key string
		var value sql.NullString // NULL: it is over
		err := rows.Scan(&key, &value)
		if err == nil && value.Valid {
			found[key], err = sessionstore.ParseValue(value.String)
		}
		return err
	})
}

// each reads the rows to their end: SQLite commits with the last step, and its error
// must not be lost.
func each(rows *sql.Rows, row func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Clean deletes keys that are over, the oldest first and limit at most, and returns
// how many. It is one statement, finds them by an index, and may run beside all other
// calls. Repeat it until it deletes fewer than limit. Keys that are over read as
// nothing whether they are deleted or not.
//
// How often is up to you: a table that nobody cleans grows for ever. A limit of 1,000
// to 10,000 keeps each call short. A limit below 1 is an error.
//
// Calls on one Store wait for one another. Let one process clean at a time: PostgreSQL
// can find two in a deadlock, and then fails one of them. That does no harm.
func (s *Store) Clean(ctx context.Context, limit int) (deleted int, err error) {
	if s == nil || s.db == nil {
		return 0, errNoStore
	}
	if err := sessionstore.CheckContext(ctx); err != nil {
		return 0, err
	}
	if limit < 1 {
		return 0, fmt.Errorf("sqlstore: the limit of Clean is %d, want 1 or more", limit)
	}
	select {
	case s.cleaning <- struct{}{}:
		defer func() { <-s.cleaning }()
	case <-ctx.Done():
		return 0, sessionstore.CheckContext(ctx)
	}
	result, err := s.db.ExecContext(ctx, s.clean, sessionstore.Now(), limit)
	if err != nil {
		return 0, fmt.Errorf("sqlstore: the database did not delete what is over: %w", err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("sqlstore: the database did not say how much it deleted: %w", err)
	}
	return int(rows), nil
}
