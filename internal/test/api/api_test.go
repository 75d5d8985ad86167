package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/go-authstrategy/authstrategy/internal/test/published"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each form of an exported name has its line, and what others cannot reach has none.
func TestNames(t *testing.T) {
	const source = `package session

import "io"

const Limit = 4
const Kind kind = "k"
type kind string

var ErrGone error
var hidden error

func Open(name string, hook func(n int) error, more ...io.Reader) (ok bool, err error) { return }
func Map[K comparable, V any](m map[K]V) V { panic(0) }

type Box[T any] struct {
	io.Reader
	Value T
	inner []T
}
func (b *Box[T]) Put(value T) {}
func (b Box[T]) Get() T { return b.Value }
func (b Box[T]) hidden() {}

type Point struct{ X int }
type Loader[T any] func(name string) (T, error)
type Same = Point
type Number interface{ ~int }
type Open2 interface{ Next() (n int) }
type Closed interface { Open2; close() }
`
	want := []string{
		`const Kind kind = "k"`,
		`const Limit untyped int = 4`,
		`func Map[K comparable, V any](map[K]V) V`,
		`func Open(string, func(int) error, ...io.Reader) (bool, error)`,
		`method (*Box[T]) Put(T)`,
		`method (Box[T]) Get() T`,
		`method (Box[T]) Read([]byte) (int, error)`,
		`type Box[T any] struct, Value T`,
		`type Box[T any] struct, embedded io.Reader`,
		`type Box[T any] struct, not comparable`,
		`type Closed interface, Next() int`,
		`type Closed interface, with unexported methods`,
		`type Loader[T any] func(string) (T, error)`,
		`type Number interface{~int}`,
		`type Open2 interface`,
		`type Open2 interface, Next() int`,
		`type Point struct`,
		`type Point struct, X int`,
		`type Same = Point`,
		`var ErrGone error`,
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "session.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	config := types.Config{Importer: importer.ForCompiler(files, "source", nil)}
	pkg, err := config.Check(published.Root+"/session", files, []*ast.File{parsed}, nil)
	require.NoError(t, err)
	var got []string
	for _, line := range names(pkg) {
		name, ok := strings.CutPrefix(line, "pkg session, ")
		require.True(t, ok, line)
		got = append(got, name)
	}
	assert.ElementsMatch(t, want, got)
}

func TestDifferences(t *testing.T) {
	gone, added := differences([]string{"a", "b"}, []string{"b", "c"})
	assert.Equal(t, []string{"a"}, gone)
	assert.Equal(t, []string{"c"}, added)
	gone, added = differences([]string{"a"}, []string{"a"})
	assert.Empty(t, gone)
	assert.Empty(t, added)
}

// Programs and internal packages count for nobody, apart from those that a module of
// its own imports.
func TestPublic(t *testing.T) {
	const root = published.Root
	packages := map[string]listed{
		root:                       {Name: "authstrategy", Imports: []string{root + "/internal/jws"}},
		root + "/internal/jws":     {Name: "jws"},
		root + "/examples/service": {Name: "main"},
		"io":                       {Name: "io", DepOnly: true},
	}
	assert.Equal(t, []string{root}, public(packages, false))
	assert.ElementsMatch(t, []string{root, root + "/internal/jws"}, public(packages, true))
}
