package sqlstoretest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

// server is the PostgreSQL of the tests that do not harm theirs. It need not write to
// the disk.
var server *servers.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	server, err = servers.Postgres("fsync=off")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer server.Close()
	return m.Run()
}

func postgresURL(addr string) string {
	return "postgres://postgres@" + addr + "/postgres?sslmode=disable"
}

// sqliteURL has what a service needs: calls wait for one another.
func sqliteURL(file string) string {
	return "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
}

// A database is one that the tests run against.
type database struct {
	name, driver string
	url          func(t *testing.T) string
}

var databases = []database{
	{"PostgreSQL", "pgx", func(*testing.T) string { return postgresURL(server.Addr()) }},
	{"SQLite", "sqlite", func(t *testing.T) string { return sqliteURL(filepath.Join(t.TempDir(), "sessions.db")) }},
}

func postgres(t *testing.T) *sql.DB { return open(t, "pgx", postgresURL(server.Addr())) }

func open(t *testing.T, driver, url string) *sql.DB {
	db, err := sql.Open(driver, url)
	require.NoError(t, err)
	return closing(t, db)
}

func closing(t *testing.T, db *sql.DB) *sql.DB {
	// SQLite has one writer at a time. More than some connections only wait.
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

func onEach(t *testing.T, test func(t *testing.T, db *sql.DB)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, open(t, d.driver, d.url(t))) })
	}
}

// newStore returns a Store with a table of its own, and its name.
func newStore(t *testing.T, db *sql.DB) (*sqlstore.Store, string) {
	table := "t_" + strings.ToLower(rand.Text())
	_, err := db.ExecContext(t.Context(), strings.ReplaceAll(sqlstore.Schema, "authstrategy_sessions", table))
	require.NoError(t, err)
	store, err := sqlstore.New(db, sqlstore.WithTable(table))
	require.NoError(t, err)
	return store, table
}

func soon() time.Time { return time.Now().Add(time.Hour) }

func raise(t *testing.T, store *sqlstore.Store, key string, value int64, until time.Time) (before int64) {
	t.Helper()
	before, err := store.Raise(t.Context(), key, value, until)
	require.NoError(t, err)
	return before
}

func wantValue(t *testing.T, store *sqlstore.Store, key string, want int64) {
	t.Helper()
	values, err := store.Get(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, []int64{want}, values)
}
