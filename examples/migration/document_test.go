package migration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const document = "../../docs/coming-from.md"

// All code of the document is this package's.
func TestDocumentCode(t *testing.T) {
	sources := ""
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			sources += file(t, name)
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(file(t, document), -1)
	require.Greater(t, len(blocks), 10)
	for _, block := range blocks {
		assert.True(t, strings.Contains(sources, block[1]), "this is in no file here:\n%s", block[1])
	}
}

// The versions in the document are those that the tests run with.
func TestDocumentVersions(t *testing.T) {
	named := regexp.MustCompile(`(golang-jwt|jwtauth|gin-jwt|echo-jwt) v([0-9.]+[0-9])`).FindAllStringSubmatch(file(t, document), -1)
	require.Len(t, named, 4)
	module := map[string]string{"golang-jwt": "golang-jwt/jwt/v5", "jwtauth": "go-chi/jwtauth/v5", "gin-jwt": "appleboy/gin-jwt/v2", "echo-jwt": "labstack/echo-jwt/v4"}
	for _, n := range named {
		assert.Contains(t, file(t, "go.mod"), "github.com/"+module[n[1]]+" v"+n[2]+"\n")
	}
}

// Whatever the first column of a library's tables names is there in the library.
func TestDocumentNames(t *testing.T) {
	for heading, packages := range map[string][]string{
		"golang-jwt": {"github.com/golang-jwt/jwt/v5"},
		"jwtauth":    {"github.com/go-chi/jwtauth/v5", "github.com/lestrrat-go/jwx/v2/jwt"},
		"gin-jwt":    {"github.com/appleboy/gin-jwt/v2"},
		"echo-jwt":   {"github.com/labstack/echo-jwt/v4"},
	} {
		exported := map[string]bool{"Validate": true} // which the claims have, and not the library
		for _, path := range packages {
			exportedNames(t, path, exported)
		}
		named := 0
		for _, cell := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(section(t, heading), -1) {
			for _, code := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(cell[1], -1) {
				for _, name := range regexp.MustCompile(`\b[A-Z]\w*`).FindAllString(code[1], -1) {
					assert.True(t, exported[name], "%s has no %s", heading, name)
					named++
				}
			}
		}
		assert.Greater(t, named, 9, heading)
	}
}

// section returns the part of the document below a heading, without the subsections.
func section(t *testing.T, heading string) string {
	_, after, found := strings.Cut(file(t, document), "\n## "+heading+"\n")
	require.True(t, found, heading)
	text, _, _ := strings.Cut(after, "\n## ")
	return text
}

// exportedNames adds the names of a package's functions, methods, types, variables and
// fields.
func exportedNames(t *testing.T, path string, exported map[string]bool) {
	folder, err := exec.Command("go", "list", "-f", "{{.Dir}}", path).Output()
	require.NoError(t, err)
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				exported[n.Name.Name] = true
				return false
			case *ast.TypeSpec:
				exported[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, id := range n.Names {
					exported[id.Name] = true
				}
			case *ast.Field:
				for _, id := range n.Names {
					exported[id.Name] = true
				}
			}
			return true
		})
	}
}
