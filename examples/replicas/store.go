package main

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite"

	"github.com/go-authstrategy/authstrategy/session"
	"github.com/go-authstrategy/authstrategy/session/redisstore"
	"github.com/go-authstrategy/authstrategy/session/sqlstore"
)

// store is what the processes share.
type store struct {
	session.Store
	migrate func(context.Context) error
	clean   func(context.Context) (deleted int, err error)
	close   func() error
}

// openStore connects to the store at an address, as soon as it is needed. No error
// shows the address, which may have a password in it.
func openStore(address string) (*store, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "redis", "rediss":
		return openRedis(address)
	case "postgres", "postgresql":
		return openPostgres(address)
	case "sqlite":
		return openSQLite(rest)
	}
	return nil, errors.New("-store is none of redis://…, postgres://… and sqlite:FILE")
}

func openRedis(address string) (*store, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, errors.New("-store is no address of Redis; want redis://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	options.ContextTimeoutEnabled = true // or a call goes on when its time is over
	options.DialerRetries = 1            // MaxRetries is enough; five dials each time keep the client waiting
	client := redis.NewClient(options)
	return &store{
		Store:   impatient{redisstore.New(client)},
		migrate: func(context.Context) error { return errors.New("-migrate: Redis has no tables; leave it out") },
		clean: func(context.Context) (int, error) {
			return 0, errors.New("-clean: Redis forgets by itself; leave it out")
		},
		close: client.Close,
	}, nil
}

func openPostgres(address string) (*store, error) {
	options, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("-store is no address of PostgreSQL; want postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	return openSQL(stdlib.OpenDB(*options))
}

func openSQLite(file string) (*store, error) {
	if file == "" || strings.ContainsAny(file, "?#%") {
		return nil, errors.New("-store names no file of SQLite; want sqlite:FILE, and none of ?#% in the name")
	}
	// Calls of all processes wait for one another, and reading waits for nobody.
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	return openSQL(db)
}

func openSQL(db *sql.DB) (*store, error) {
	db.SetMaxOpenConns(8) // without a limit, a rush of requests opens a connection for each
	inner, err := sqlstore.New(db)
	if err != nil {
		return nil, err
	}
	return &store{
		Store: impatient{inner},
		migrate: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, sqlstore.Schema)
			return err
		},
		clean: func(ctx context.Context) (int, error) { return clean(ctx, inner) },
		close: db.Close,
	}, nil
}

// clean deletes what is over, in calls that are short.
func clean(ctx context.Context, store *sqlstore.Store) (total int, err error) {
	const limit = 1000
	for {
		deleted, err := store.Clean(ctx, limit)
		total += deleted
		if err != nil || deleted < limit {
			return total, err
		}
	}
}

// patience is how long a call of the store may take. Then the answer is 503, and the
// client tries again.
const patience = 2 * time.Second

// impatient is a store that fails when it is slow.
type impatient struct{ store session.Store }

func (s impatient) Raise(ctx context.Context, key string, value int64, until time.Time) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.store.Raise(ctx, key, value, until)
}

func (s impatient) Get(ctx context.Context, keys ...string) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.store.Get(ctx, keys...)
}
