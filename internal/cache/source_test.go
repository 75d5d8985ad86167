package cache

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The processor compares some bytes at once so fast that no test sees by its time where
// such a comparison stops. So this one looks at the source: find compares tokens by
// their hash and by same, and same leaves no loop before its end.
func TestTokensAreComparedInConstantTime(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "cache.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	functions := map[string]*ast.FuncDecl{}
	for _, declaration := range parsed.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok {
			functions[function.Name.Name] = function
		}
	}
	require.Contains(t, functions, "find")
	require.Contains(t, functions, "same")

	comparisons, calls := textsOf(functions["find"].Body)
	assert.Equal(t, []string{"e != nil", "e.hash == hash"}, comparisons, "comparisons in find")
	assert.Contains(t, calls, "same(e.token, []byte(token))")

	ast.Inspect(functions["same"].Body, func(node ast.Node) bool {
		loop := loopBody(node)
		if loop == nil {
			return true
		}
		ast.Inspect(loop, func(inner ast.Node) bool {
			switch inner.(type) {
			case *ast.IfStmt, *ast.ReturnStmt, *ast.BranchStmt:
				t.Error("a loop of same decides something")
			}
			return true
		})
		return true
	})
}

// textsOf returns the comparisons and the calls in a body, as they are written.
func textsOf(body ast.Node) (comparisons, calls []string) {
	operators := []token.Token{token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.BinaryExpr:
			if slices.Contains(operators, node.Op) {
				comparisons = append(comparisons, types.ExprString(node))
			}
		case *ast.CallExpr:
			calls = append(calls, types.ExprString(node))
		}
		return true
	})
	return comparisons, calls
}

// loopBody returns the body of a loop, nil for what is none.
func loopBody(node ast.Node) ast.Node {
	switch loop := node.(type) {
	case *ast.ForStmt:
		return loop.Body
	case *ast.RangeStmt:
		return loop.Body
	}
	return nil
}
