package jws

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A comparison that stops at the first difference tells a forger, by its time,
// how many bytes of a MAC are right. No test of what it returns can see that, so
// this one looks at the source: a MAC is compared by hmac.Equal, and the package
// compares bytes in no other way.
func TestMACsAreComparedInConstantTime(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	callers := map[string][]string{} // of each function: the functions that it is called by
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			ast.Inspect(declaration, func(node ast.Node) bool {
				if called, ok := node.(*ast.SelectorExpr); ok {
					if pkg, ok := called.X.(*ast.Ident); ok {
						callee := pkg.Name + "." + called.Sel.Name
						callers[callee] = append(callers[callee], nameOf(declaration))
					}
				}
				return true
			})
		}
	}
	assert.Equal(t, []string{"hmacMethod.verify"}, callers["hmac.Equal"], "who calls hmac.Equal")
	for _, other := range []string{"bytes.Equal", "bytes.Compare", "slices.Equal", "slices.Compare", "reflect.DeepEqual", "strings.Compare"} {
		assert.Empty(t, callers[other], "who calls %s", other)
	}
	require.True(t, slices.Contains(callers["hmac.New"], "newHMACMethod"), "the calls were not found")
}

// The function that compares MACs compares nothing else.
func TestVerifyHasNoOperator(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "method.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	found := false
	for _, declaration := range file.Decls {
		if nameOf(declaration) != "hmacMethod.verify" {
			continue
		}
		found = true
		ast.Inspect(declaration, func(node ast.Node) bool {
			_, operator := node.(*ast.BinaryExpr)
			assert.False(t, operator, "an operator, such as == for strings")
			return true
		})
	}
	require.True(t, found, "there is no method hmacMethod.verify")
}

// nameOf returns the name of a function, with that of its receiver's type.
func nameOf(declaration ast.Decl) string {
	function, ok := declaration.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if function.Recv == nil {
		return function.Name.Name
	}
	receiver := function.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		return name.Name + "." + function.Name.Name
	}
	return function.Name.Name
}
