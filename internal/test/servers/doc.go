// Package servers starts the databases that tests need, a Redis and a PostgreSQL, on
// loopback, on free ports and with their data in a temporary folder; and a proxy that
// breaks connections to them. It needs a Unix with redis-server and PostgreSQL
// installed.
package servers
