package sqlstoretest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

// A call is one statement. Get and Raise find their rows by the key, and Clean finds
// its own in the order of the index on until.
func TestStatements(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			plain := open(t, d.driver, url)
			recorder := &recorder{inner: plain.Driver(), url: url}
			_, table := newStore(t, plain)
			fill(t, plain, table)
			store, err := sqlstore.New(closing(t, sql.OpenDB(recorder)), sqlstore.WithTable(table))
			require.NoError(t, err)
			for _, call := range []struct {
				name  string
				call  func() error
				index string // "": not asked
			}{
				{"Raise", func() error { _, err := store.Raise(t.Context(), "key 7", 1, time.Time{}); return err }, ""},
				{"Get", func() error { _, err := store.Get(t.Context(), "key 7", "key 8", "other"); return err }, "_pkey|_autoindex_"},
				{"Clean", func() error { _, err := store.Clean(t.Context(), 10); return err }, "_until"},
			} {
				recorder.statements = nil
				require.NoError(t, call.call(), call.name)
				require.Len(t, recorder.statements, 1, call.name)
				if call.index != "" {
					plan := explain(t, plain, recorder.statements[0])
					assert.Regexp(t, table+"("+call.index+")|("+call.index+")"+table, plan)
					assert.NotRegexp(t, `Seq Scan|SCAN|Sort|TEMP B-TREE`, plan)
				}
			}
		})
	}
}

// fill writes many rows that are over.
func fill(t *testing.T, db *sql.DB, table string) {
	_, err := db.ExecContext(t.Context(), "INSERT INTO "+table+` (key, value, previous, until)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		SELECT 'key ' || i, i, 0, i FROM n`)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "ANALYZE "+table)
	require.NoError(t, err)
}

func explain(t *testing.T, db *sql.DB, s statement) string {
	explain := "EXPLAIN "
	if strings.Contains(t.Name(), "SQLite") {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := db.QueryContext(t.Context(), explain+s.text, s.args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	fields := make([]any, len(columns))
	for i := range fields {
		fields[i] = new(string)
	}
	var plan strings.Builder
	for rows.Next() {
		require.NoError(t, rows.Scan(fields...))
		plan.WriteString(*fields[len(fields)-1].(*string) + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// A recorder keeps the statements that pass through its connections.
type recorder struct {
	inner      driver.Driver
	url        string
	statements []statement
}

type statement struct {
	text string
	args []any
}

func (r *recorder) Driver() driver.Driver { return r.inner }

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	conn, err := r.inner.Open(r.url)
	return recordingConn{conn, r}, err
}

func (r *recorder) record(text string, named []driver.NamedValue) {
	s := statement{text: text}
	for _, arg := range named {
		s.args = append(s.args, arg.Value)
	}
	r.statements = append(r.statements, s)
}

type recordingConn struct {
	driver.Conn
	recorder *recorder
}

func (c recordingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.recorder.record(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c recordingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.recorder.record(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}
