package authstrategy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(data)
}

// Every program in the README, and that of the package comment, builds as it
// stands, and those that end by themselves run, too.
func TestReadmePrograms(t *testing.T) {
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme(t), -1)
	require.Len(t, programs, 4)
	programs = append(programs, []string{"", packageProgram(t)})
	outputs := []string{"hello Ada\n", "42 until ", "", "42 [editor]\n", "ada@example.com\n"} // "": it serves, and does not end
	root, err := os.Getwd()
	require.NoError(t, err)
	for i, program := range programs {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			// An overlay puts the program into this module without writing into it.
			dir := t.TempDir()
			source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program.exe")
			require.NoError(t, os.WriteFile(source, []byte(program[1]), 0o600))
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "readme_program", "main.go"): source}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
			build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, "./readme_program")
			out, err := build.CombinedOutput()
			require.NoError(t, err, "%s", out)
			if outputs[i] == "" {
				return
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "private.pem"), []byte(file(t, "keys/rsa.pem")), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "public.pem"), []byte(file(t, "keys/rsa.pub.pem")), 0o600))
			run := exec.Command(binary)
			run.Dir = dir
			run.Env = append(os.Environ(), "AUTH_SECRET="+testSecret)
			out, err = run.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.True(t, bytes.HasPrefix(out, []byte(outputs[i])), "%s", out)
		})
	}
}

// packageProgram returns the program of the package comment.
func packageProgram(t *testing.T) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "strategy.go", nil, parser.ParseComments)
	require.NoError(t, err)
	comment := f.Doc.Text()
	program := comment[strings.Index(comment, "\tpackage main"):strings.Index(comment, "# What a token is good for")]
	return strings.ReplaceAll(program, "\n\t", "\n")[1:]
}

// Every name that the README links is there in the documentation, and every
// error and option of the package is in the README.
func TestReadmeNames(t *testing.T) {
	text := readme(t)
	exported := exportedNames(t)
	const link = "https://pkg.go.dev/github.com/go-authstrategy/authstrategy#"
	links := regexp.MustCompile("(?m)^\\[`([A-Za-z0-9.]+)`\\]: (.*)$").FindAllStringSubmatch(text, -1)
	require.Greater(t, len(links), 40)
	linked := map[string]bool{}
	for _, l := range links {
		assert.Equal(t, link+l[1], l[2])
		assert.True(t, exported[l[1]], "%s is linked, and not in the documentation", l[1])
		linked[l[1]] = true
	}
	for _, use := range regexp.MustCompile("\\[`([A-Za-z0-9.]+)`\\]").FindAllStringSubmatch(text, -1) {
		assert.True(t, linked[use[1]], "%s has no link", use[1])
	}
	for name := range exported {
		if strings.HasPrefix(name, "Err") || strings.HasPrefix(name, "With") {
			assert.True(t, linked[name], "%s is not in the README", name)
		}
	}
}

// exportedNames returns the names of the package's documentation, methods as
// Type.Method.
func exportedNames(t *testing.T) map[string]bool {
	files := token.NewFileSet()
	var parsed []*ast.File
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
			require.NoError(t, err)
			parsed = append(parsed, f)
		}
	}
	pkg, err := doc.NewFromFiles(files, parsed, "github.com/go-authstrategy/authstrategy")
	require.NoError(t, err)
	exported := map[string]bool{}
	values := func(values []*doc.Value) {
		for _, v := range values {
			for _, name := range v.Names {
				exported[name] = true
			}
		}
	}
	functions := func(prefix string, functions []*doc.Func) {
		for _, f := range functions {
			exported[prefix+f.Name] = true
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	functions("", pkg.Funcs)
	for _, typ := range pkg.Types {
		exported[typ.Name] = true
		values(typ.Consts)
		values(typ.Vars)
		functions("", typ.Funcs)
		functions(typ.Name+".", typ.Methods)
	}
	return exported
}

// The tables of the README are those that the tests with other libraries wrote.
func TestReadmeInterchange(t *testing.T) {
	for _, name := range []string{"interop/MATRIX.md", "interop/DIFFERENCES.md"} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		rows := regexp.MustCompile(`(?m)(^\|.*\n)+`).FindString(string(data))
		require.NotEmpty(t, rows)
		assert.Contains(t, readme(t), rows, name)
	}
}

// The tests that SECURITY.md names are there.
func TestSecurityNamesTests(t *testing.T) {
	data, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Za-z0-9_]+)`").FindAllSubmatch(data, -1)
	require.Greater(t, len(named), 20)
	var sources []byte
	for _, pattern := range []string{"*_test.go", "internal/*/*_test.go", "conformance/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, name := range files {
			source, err := os.ReadFile(name)
			require.NoError(t, err)
			sources = append(sources, source...)
		}
	}
	for _, name := range named {
		assert.True(t, bytes.Contains(sources, []byte("func "+string(name[1])+"(")), "SECURITY.md names %s", name[1])
	}
}
