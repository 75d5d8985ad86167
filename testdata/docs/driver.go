package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// This file takes the place of the driver in the program of docs/recipes.md that
// uses database/sql: a table users with one row.

func init() { sql.Register("pgx", database{}) }

// errDown is what a query for the id 500 fails with.
var errDown = errors.New("the database is down")

type database struct{}

func (database) Open(string) (driver.Conn, error)    { return database{}, nil }
func (database) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared for this") }
func (database) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }
func (database) Close() error                        { return nil }

func (database) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if query != "SELECT id, name FROM users WHERE id = $1 AND active" || len(args) != 1 {
		return nil, errors.New("another query than expected: " + query)
	}
	switch args[0].Value {
	case int64(42):
		return &rows{{int64(42), "Ada"}}, nil
	case int64(500):
		return nil, errDown
	}
	return &rows{}, nil
}

type rows [][]driver.Value

func (*rows) Columns() []string { return []string{"id", "name"} }
func (*rows) Close() error      { return nil }

func (r *rows) Next(row []driver.Value) error {
	if len(*r) == 0 {
		return io.EOF
	}
	copy(row, (*r)[0])
	*r = (*r)[1:]
	return nil
}
