// Package sqlstoretest tests package sqlstore with PostgreSQL and SQLite. It is a
// module of its own for their drivers.
package sqlstoretest
