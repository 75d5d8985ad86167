package authstrategy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A comparison that stops at the first difference tells, by its time, how many
// bytes of a secret are right. No test of what it returns can see that, so this
// one looks at the source of Secret.Equal.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var operators []string
	found, constantTime := false, 0
	for _, declaration := range parsed.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Name.Name != "Equal" {
			continue
		}
		found = true
		ast.Inspect(function.Body, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.BinaryExpr:
				operators = append(operators, node.Op.String())
				_, ofNumber := node.Y.(*ast.BasicLit)
				assert.True(t, ofNumber, "an operator between secrets")
			case *ast.SelectorExpr:
				if node.Sel.Name == "ConstantTimeCompare" {
					constantTime++
				}
			}
			return true
		})
	}
	require.True(t, found, "there is no method Equal in keys.go")
	assert.Equal(t, 1, constantTime, "calls of subtle.ConstantTimeCompare")
	assert.Equal(t, []string{"=="}, operators, "operators: that of the call's result alone")
}
