// Command release proves, before there is a tag, that the next release can be used. It
// puts the published modules into a module proxy of files, with the newest version of
// CHANGELOG.md, and builds a program that requires them by it. As for every program of
// others, replace directives of these modules do not count.
//
// Run it in the module's folder:
//
//	go run ./internal/test/release
package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/test/published"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run() error {
	version, err := newestVersion()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, module := range published.Modules {
		if err := publish(filepath.Join(dir, "proxy"), module, version); err != nil {
			return fmt.Errorf("%s: %w", module, err)
		}
	}
	if err := buildProgram(dir, version); err != nil {
		return fmt.Errorf("a program cannot use %s: %w; see Release in CONTRIBUTING.md", version, err)
	}
	fmt.Printf("a program can use %s of %s\n", version, strings.Join(published.Modules, ", "))
	return nil
}

// newestVersion returns the version that CHANGELOG.md names first, such as v0.1.0.
func newestVersion() (string, error) {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\]`).FindSubmatch(text)
	if found == nil {
		return "", errors.New("CHANGELOG.md names no version: want a heading such as ## [0.1.0]")
	}
	return "v" + string(found[1]), nil
}

// publish writes a module as the module proxy serves it.
func publish(proxy, module, version string) error {
	dir := filepath.Join(proxy, published.Root, module, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	archive, err := zipped(module, path.Join(published.Root, module)+"@"+version)
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "list"), []byte(version+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, version+".info"), []byte(`{"Version":"`+version+`"}`), 0o644),
		os.WriteFile(filepath.Join(dir, version+".mod"), mod, 0o644),
		os.WriteFile(filepath.Join(dir, version+".zip"), archive, 0o644),
	)
}

// zipped returns the files of a module without those of the modules below it, each
// with a prefix to its name.
func zipped(module, prefix string) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	err := filepath.WalkDir(module, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipped(module, name)
		}
		inside, err := filepath.Rel(module, name)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := archive.Create(path.Join(prefix, filepath.ToSlash(inside)))
		if err != nil {
			return err
		}
		_, err = file.Write(content)
		return err
	})
	if err := errors.Join(err, archive.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// skipped returns fs.SkipDir for a folder that does not belong to the module.
func skipped(module, folder string) error {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	nested := folder != module && err == nil
	if nested || filepath.Base(folder) == ".git" {
		return fs.SkipDir
	}
	return nil
}

// buildProgram builds a program that imports every package of api/api.txt, with a
// module cache of its own, which finds what others published in the usual one.
func buildProgram(dir, version string) error {
	source, err := program()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o644); err != nil {
		return err
	}
	usual, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		return err
	}
	cache, proxy, _ := strings.Cut(strings.TrimSpace(string(usual)), "\n")
	environment := append(os.Environ(),
		"GOPROXY=file://"+filepath.Join(dir, "proxy")+",file://"+filepath.Join(cache, "cache", "download")+","+proxy,
		"GOMODCACHE="+filepath.Join(dir, "cache"), "GOFLAGS=-mod=mod -modcacherw", "GOSUMDB=off", "GOWORK=off")
	commands := [][]string{{"mod", "init", "example.com/program"}}
	for _, module := range published.Modules[1:] { // they must require the root by themselves
		commands = append(commands, []string{"mod", "edit", "-require=" + path.Join(published.Root, module) + "@" + version})
	}
	commands = append(commands, []string{"build", "-o", os.DevNull, "."})
	for _, arguments := range commands {
		command := exec.Command("go", arguments...)
		command.Dir, command.Env = dir, environment
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(arguments, " "), err, out)
		}
	}
	return nil
}

// program returns a program that imports every public package.
func program() ([]byte, error) {
	text, err := os.ReadFile("api/api.txt")
	if err != nil {
		return nil, err
	}
	last := ""
	var imports strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^pkg ([a-z/]+), `).FindAllStringSubmatch(string(text), -1) {
		name := line[1]
		if name == last || strings.HasPrefix(name, "internal/") {
			continue
		}
		last = name
		if name == path.Base(published.Root) {
			name = "."
		}
		fmt.Fprintf(&imports, "import _ %q\n", path.Join(published.Root, name))
	}
	return []byte("package main\n\n" + imports.String() + "\nfunc main() {}\n"), nil
}
