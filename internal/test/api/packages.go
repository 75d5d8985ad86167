package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/test/published"
)

// A listed is a package as go list prints it.
type listed struct {
	ImportPath, Name string
	Export           string // the file of its export data
	DepOnly          bool   // not of the module itself
	Imports          []string
}

// lines returns those of every package of the modules that others can import,
// sorted. Beside these it has the internal packages that a module of its own imports:
// whoever upgrades the root alone compiles the older module with the newer package.
func lines(modules []string) ([]string, error) {
	var all []string
	for _, module := range modules {
		packages, err := list(module)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", module, err)
		}
		for _, path := range public(packages, module != ".") {
			pkg, err := load(packages, path)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			all = append(all, names(pkg)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// list returns the packages of a module, and all that they import, by path.
func list(module string) (map[string]listed, error) {
	command := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Name,Export,DepOnly,Imports", "./...")
	command.Dir = module
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, err
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages[p.ImportPath] = p
	}
}

// public returns the paths of the packages that count.
func public(packages map[string]listed, nested bool) []string {
	var paths []string
	for path, p := range packages {
		if p.DepOnly || p.Name == "main" || isInternal(path) {
			continue
		}
		paths = append(paths, path)
		for _, imported := range p.Imports {
			if nested && isInternal(imported) {
				paths = append(paths, imported)
			}
		}
	}
	return paths
}

// isInternal reports whether a package is one of this project's internal ones.
func isInternal(path string) bool { return strings.HasPrefix(path, published.Root+"/internal/") }

// load reads a package from its export data.
func load(packages map[string]listed, path string) (*types.Package, error) {
	open := func(path string) (io.ReadCloser, error) { return os.Open(packages[path].Export) }
	return importer.ForCompiler(token.NewFileSet(), "gc", open).Import(path)
}
