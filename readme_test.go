package authstrategy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func document(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

// documents returns the names of the README and of the documents in docs.
func documents(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	for i, name := range names {
		names[i] = filepath.ToSlash(name)
	}
	return append(names, "README.md")
}

// A program is a block of Go in a document.
type program struct {
	output string   // how its output begins; "": it serves, and does not end
	onto   int      // the program of the document, from 1, that it belongs beside, as http.go
	beside []string // files of testdata/docs that belong beside it: a driver, or tests
	quotes string   // the file that it is a part of; the rest is not for it
}

// programs is what the documents show, in their order.
var programs = map[string][]program{
	"README.md": {
		{output: "hello Ada\n"},
		{onto: 1, output: "hello Ada\n", beside: []string{"bearer_test.go"}},
		{quotes: "observe/otelauth/example_test.go"},
	},
	"docs/coming-from.md": {
		{quotes: "examples/migration/users.go"},
		{quotes: "examples/migration/users.go"},
		{quotes: "examples/migration/old.go"},
		{quotes: "examples/migration/service.go"},
		{quotes: "examples/migration/service.go"},
		{quotes: "examples/migration/legacy.go"},
		{quotes: "examples/migration/old.go"},
		{quotes: "examples/migration/golangjwt.go"},
		{quotes: "examples/migration/jwtauth.go"},
		{quotes: "examples/migration/ginjwt.go"},
		{quotes: "examples/migration/users.go"},
		{quotes: "examples/migration/service.go"},
		{quotes: "examples/migration/keyids.go"},
		{quotes: "examples/migration/keyids.go"},
		{quotes: "examples/migration/ginjwt.go"},
		{quotes: "examples/migration/echojwt.go"},
		{quotes: "examples/migration/echojwt.go"},
	},
	"docs/http.md": {
		{beside: []string{"service_test.go"}},
		{quotes: "authhttp/example_test.go"},
		{quotes: "authhttp/example_test.go"},
		{quotes: "examples/frameworks/gin.go"},
		{quotes: "examples/frameworks/grpc.go"},
	},
	"docs/interchange.md": {},
	"docs/issuers.md": {
		{quotes: "example_keys_test.go"},
		{quotes: "issuers_test.go"},
		{beside: []string{"foreign_test.go"}},
		{quotes: "issuers_test.go"},
	},
	"docs/keys.md": {
		{output: "42 until "},
		{output: "old token, now: hello Ada\nold token, after: authstrategy: token signature is invalid: the token was altered, or signed with another key\nnew token, after: hello Ada\n"},
		{output: "1 reads tokens of 0: yes\n2 reads tokens of 1: yes\n3 reads tokens of 2: yes\n" +
			"0 reads tokens of 1: yes\n1 reads tokens of 2: yes\n2 reads tokens of 3: yes\n" +
			"without step 1, 0 reads tokens of 2: no\nwithout a pause before step 3, 3 reads tokens of 1: no\n"},
		{output: "hello 42\nhello 42\nrequests: 1\n"},
		{output: "hello 42\n"},
		{output: "hello 42\ncancelled: true false\n"},
	},
	"docs/operation.md": {
		{output: `{"read ok": 2, "read token_malformed": 1, "read token_missing": 1, "write ok": 1}` + "\n"},
		{quotes: "examples/replicas/metrics.go"},
		{quotes: "examples/replicas/routes.go"},
	},
	"docs/performance.md": {},
	"docs/recipes.md": {
		{output: "42 [editor]\n"},
		{output: "hello Ada\n", beside: []string{"driver.go", "driver_test.go"}},
		{output: "stolen token: authstrategy: user refused\nfresh token: hello Ada\n", beside: []string{"version_test.go"}},
	},
	"docs/sessions.md": {
		{output: "laptop: true session: revoked: the token was ended; log in again\nphone: hello Ada\n" +
			"phone: true session: revoked: all tokens of the user were ended after this one was written; log in again\nhere: hello Ada\n"},
		{beside: []string{"session_test.go"}},
		{quotes: "testdata/docs/session_test.go"},
		{quotes: "examples/replicas/store.go"},
		{quotes: "examples/replicas/store.go"},
		{quotes: "examples/replicas/store.go"},
	},
}

// Every program in the documents, and that of the package comment, builds as it
// stands, and those that end by themselves run, too.
func TestReadmePrograms(t *testing.T) {
	require.ElementsMatch(t, documents(t), slices.Collect(maps.Keys(programs)))
	for name, programs := range programs {
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(document(t, name), -1)
		require.Len(t, blocks, len(programs), name)
		for i, p := range programs {
			t.Run(fmt.Sprintf("%s %d", path.Base(name), i+1), func(t *testing.T) {
				sources := map[string]string{"main.go": blocks[i][1]}
				if p.onto > 0 {
					sources = map[string]string{"main.go": blocks[p.onto-1][1], "http.go": blocks[i][1]}
				}
				p.test(t, sources)
			})
		}
	}
	t.Run("package comment", func(t *testing.T) {
		program{output: "ada@example.com\n"}.test(t, map[string]string{"main.go": packageProgram(t)})
	})
}

func (p program) test(t *testing.T, sources map[string]string) {
	if p.quotes != "" {
		assert.Contains(t, unindented(document(t, p.quotes)), unindented(sources["main.go"]), p.quotes)
		return
	}
	dir := t.TempDir()
	overlay := p.overlay(t, dir, sources)
	for name, key := range map[string]string{
		"private.pem": "keys/rsa.pem", "public.pem": "keys/rsa.pub.pem", "ed25519.pem": "keys/ed25519.pem",
		"current.pem": "keys/rsa.pem", "next.pem": "keys/rsa-other.pem",
	} {
		write(t, dir, name, file(t, key))
	}
	build, tests := filepath.Join(dir, "program.exe"), filepath.Join(dir, "tests.exe")
	run(t, ".", "go", "build", "-overlay", overlay, "-o", build, "./program")
	if p.output != "" {
		out := run(t, dir, build)
		assert.True(t, strings.HasPrefix(out, p.output), out)
	}
	if slices.ContainsFunc(p.beside, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		// Without vet, which would look for the folder on the disk.
		run(t, ".", "go", "test", "-overlay", overlay, "-vet=off", "-c", "-o", tests, "./program")
		assert.Contains(t, run(t, dir, tests, "-test.v"), "--- PASS")
	}
}

// unindented returns code without the tabs before its lines: a document may quote
// the inside of a function.
func unindented(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}

// run returns what a command prints in the folder dir.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "AUTH_SECRET="+testSecret, "AUTH_SECRET_PREVIOUS=previous "+testSecret)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// overlay writes the program into dir, and returns the overlay that puts it into
// this module, as the package ./program, without writing there.
func (p program) overlay(t *testing.T, dir string, sources map[string]string) string {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	files := map[string]string{}
	for name, source := range sources {
		files[filepath.Join(root, "program", name)] = write(t, dir, name, source)
	}
	for _, name := range p.beside {
		files[filepath.Join(root, "program", name)] = filepath.Join(root, "testdata", "docs", name)
	}
	replace, err := json.Marshal(map[string]any{"Replace": files})
	require.NoError(t, err)
	return write(t, dir, "overlay.json", string(replace))
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	name = filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

// packageProgram returns the program of the package comment.
func packageProgram(t *testing.T) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "strategy.go", nil, parser.ParseComments)
	require.NoError(t, err)
	comment := f.Doc.Text()
	source := comment[strings.Index(comment, "\tpackage main"):strings.Index(comment, "# What a token is good for")]
	return strings.ReplaceAll(source, "\n\t", "\n")[1:]
}

const pkgSite = "https://pkg.go.dev/github.com/go-authstrategy/authstrategy"

// packages are those beside the root, each with its folder, and with the document
// that has its errors and options if the README has not.
var packages = map[string]struct{ folder, document string }{
	"authhttp":   {"authhttp", "docs/http.md"},
	"jwks":       {"jwks", "docs/keys.md"},
	"session":    {"session", "docs/sessions.md"},
	"redisstore": {"session/redisstore", "docs/sessions.md"},
	"sqlstore":   {"session/sqlstore", "docs/sessions.md"},
	"observe":    {"observe", "docs/operation.md"},
	"otelauth":   {"observe/otelauth", "docs/operation.md"},
}

// packageOf returns the package of a name such as authhttp.WithLifetime, and the
// name in it; "" for the root.
func packageOf(name string) (pkg, inside string) {
	pkg, inside, _ = strings.Cut(name, ".")
	if _, ok := packages[pkg]; !ok {
		return "", name
	}
	return pkg, inside
}

// site returns where the documentation of a name is, such as WithLifetime or
// authhttp.WithLifetime.
func site(name string) string {
	pkg, inside := packageOf(name)
	if pkg == "" {
		return pkgSite + "#" + name
	}
	return pkgSite + "/" + packages[pkg].folder + "#" + inside
}

// Every name that a document links is there in the package's documentation. Every
// error and option of the root is in the README, and every one of another package
// in the README or in the package's own document.
func TestReadmeNames(t *testing.T) {
	exported := exportedNames(t)
	for name, pkg := range packages {
		maps.Copy(exported, namesIn(t, pkg.folder, name+"."))
	}
	linkedBy := map[string][]string{}
	for _, name := range documents(t) {
		text := document(t, name)
		linked := map[string]bool{}
		for _, l := range regexp.MustCompile("(?m)^\\[`([A-Za-z0-9.]+)`\\]: (.*)$").FindAllStringSubmatch(text, -1) {
			assert.Equal(t, site(l[1]), l[2])
			assert.True(t, exported[l[1]], "%s links %s, which is not in the documentation", name, l[1])
			linked[l[1]] = true
			linkedBy[l[1]] = append(linkedBy[l[1]], name)
		}
		used := map[string]bool{}
		for _, use := range regexp.MustCompile("\\[`([A-Za-z0-9.]+)`\\](?:[^:(]|$)").FindAllStringSubmatch(text, -1) {
			used[use[1]] = true
		}
		assert.Equal(t, used, linked, "%s: what it uses as a link, and what it defines", name)
	}
	for e := range exported {
		pkg, inside := packageOf(e)
		if !strings.HasPrefix(inside, "Err") && !strings.HasPrefix(inside, "With") {
			continue
		}
		documented := slices.Contains(linkedBy[e], "README.md") || pkg != "" && slices.Contains(linkedBy[e], packages[pkg].document)
		assert.True(t, documented, "%s is in no document where it belongs", e)
	}
}

// Every link into this repository leads to a file, and to a heading in it; every
// link to an example leads to one.
func TestReadmeLinks(t *testing.T) {
	examples := map[string]string{
		pkgSite + "#example-":          document(t, "example_test.go"),
		pkgSite + "/authhttp#example-": document(t, "authhttp/example_test.go"),
		pkgSite + "/session#example-":  document(t, "session/example_test.go"),
	}
	for _, name := range append(documents(t), "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		text := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(document(t, name), "") // code has no links
		for _, link := range regexp.MustCompile(`(?:\]\(|(?:src|srcset|href)=")([^)"]*)[)"]`).FindAllStringSubmatch(text, -1) {
			for prefix, examples := range examples {
				if example, ok := strings.CutPrefix(link[1], prefix); ok {
					assert.Contains(t, examples, "func Example"+strings.ReplaceAll(example, ".", "_")+"(", name)
				}
			}
			if strings.Contains(link[1], "://") {
				continue
			}
			other, heading, _ := strings.Cut(link[1], "#")
			target := name
			if other != "" {
				target = path.Join(path.Dir(name), other)
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links %s", name, link[1])
			if heading != "" {
				assert.Contains(t, headings(document(t, target)), heading, "%s links %s", name, link[1])
			}
		}
	}
}

// headings returns the anchors of a document's headings, as GitHub makes them.
func headings(text string) []string {
	var anchors []string
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(h[1]), "")
		anchors = append(anchors, strings.ReplaceAll(plain, " ", "-"))
	}
	return anchors
}

// exportedNames returns the names of the root package's documentation, methods as
// Type.Method.
func exportedNames(t *testing.T) map[string]bool { return namesIn(t, ".", "") }

// namesIn returns those of the package in a folder, each with a prefix.
func namesIn(t *testing.T, folder, prefix string) map[string]bool {
	files := token.NewFileSet()
	var parsed []*ast.File
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(files, name, nil, parser.ParseComments)
			require.NoError(t, err)
			parsed = append(parsed, f)
		}
	}
	pkg, err := doc.NewFromFiles(files, parsed, path.Join("github.com/go-authstrategy/authstrategy", folder))
	require.NoError(t, err)
	exported := map[string]bool{}
	values := func(values []*doc.Value) {
		for _, v := range values {
			for _, name := range v.Names {
				exported[prefix+name] = true
			}
		}
	}
	functions := func(of string, functions []*doc.Func) {
		for _, f := range functions {
			exported[prefix+of+f.Name] = true
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	functions("", pkg.Funcs)
	for _, typ := range pkg.Types {
		exported[prefix+typ.Name] = true
		values(typ.Consts)
		values(typ.Vars)
		functions("", typ.Funcs)
		functions(typ.Name+".", typ.Methods)
	}
	return exported
}

// The README stays short. It begins with whom it is for, in three sentences, then with
// the way here from other libraries.
func TestReadmeBeginning(t *testing.T) {
	readme := document(t, "README.md")
	assert.Less(t, strings.Count(readme, "\n"), 350)
	paragraphs := strings.Split(readme, "\n\n")
	assert.Equal(t, 3, strings.Count(paragraphs[1]+" ", ". "), paragraphs[1])
	assert.Contains(t, paragraphs[2], "](docs/coming-from.md)")
	_, promises, ok := strings.Cut(readme, "## What v1 promises\n\n")
	require.True(t, ok)
	promises, _, _ = strings.Cut(promises, "\n\n")
	assert.Equal(t, 5, strings.Count("\n"+promises, "\n- "), promises)
}

// The README has a row for every package, for every option and for every error of the
// root, and leads to every document.
func TestReadmeTables(t *testing.T) {
	readme := document(t, "README.md")
	rows := strings.Join(regexp.MustCompile(`(?m)^\|.*$`).FindAllString(readme, -1), "\n")
	for _, folder := range []string{"", "/authhttp", "/jwks", "/session", "/observe"} {
		assert.True(t, strings.Contains(rows, "]("+pkgSite+folder+")"), "no row has package %q", folder)
	}
	for name := range exportedNames(t) {
		switch {
		case strings.HasPrefix(name, "With"):
			assert.True(t, strings.Contains(rows, "\n| [`"+name+"`] | "), "no row has %s", name)
		case strings.HasPrefix(name, "Err"):
			assert.True(t, strings.Contains(rows, "[`"+name+"`]"), "no row has %s", name)
		}
	}
	for _, name := range documents(t) {
		if name != "README.md" {
			assert.True(t, regexp.MustCompile(`\]\(`+regexp.QuoteMeta(name)+`[)#]`).MatchString(readme), "no link leads to %s", name)
		}
	}
}

// The alert in the documents is the one that is tested.
func TestReadmeAlert(t *testing.T) {
	for _, name := range []string{"README.md", "docs/operation.md"} {
		blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(document(t, name), -1)
		require.Len(t, blocks, 1, name)
		lines := func(text string) string { return regexp.MustCompile(`(?m)^ +`).ReplaceAllString(text, "") }
		assert.Contains(t, lines(document(t, "examples/replicas/alerts.yml")), lines(blocks[0][1]), name)
	}
}

// The tests that SECURITY.md names are there.
func TestSecurityNamesTests(t *testing.T) {
	named := regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Za-z0-9_]+)`").FindAllStringSubmatch(document(t, "SECURITY.md"), -1)
	require.Greater(t, len(named), 20)
	var sources []byte
	for _, pattern := range []string{"*_test.go", "authhttp/*_test.go", "jwks/*_test.go", "internal/*/*_test.go", "conformance/*_test.go", "session/*_test.go", "session/*/*_test.go", "session/*/*/*_test.go", "observe/*_test.go", "observe/*/*_test.go"} {
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
		assert.True(t, bytes.Contains(sources, []byte("func "+name[1]+"(")), "SECURITY.md names %s", name[1])
	}
}
