// Command mutants puts faults into the security decisions of this module, one at
// a time, and checks that the tests notice each. The faults are listed by hand in
// mutants.txt: a mutation tool finds only those that it knows, and does not
// change the conditions of a switch.
//
// Run it in the module's folder. No file is changed: go builds with an overlay.
//
//	go run ./internal/test/mutants                  all of them: some minutes
//	go run ./internal/test/mutants -only header.go  those whose entry holds the text
//	go run ./internal/test/mutants -check           whether each still fits the code: a second
//
// It prints the faults that no test noticed and then exits with 1.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// skipped are tests that compare times or memory: on a busy machine they may fail without
// a fault, and would then hide that nothing else does. And the README's programs,
// which are built without the fault.
const skipped = "^(TestHostileCost|TestDearHeaders|TestDearestHeader|TestReadmePrograms)$"

func main() {
	check := flag.Bool("check", false, "check that each mutant fits the code, without running tests")
	only := flag.String("only", "", "run only the mutants whose entry in mutants.txt holds this `text`")
	flag.Parse()
	if err := run(*check, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(check bool, only string) error {
	list, err := parseList(mutantsText)
	if err != nil {
		return err
	}
	if only != "" {
		list = matching(list, only)
	}
	if err := checkAll(list); err != nil || check {
		return err
	}
	if err := checkTests(list); err != nil {
		return err
	}
	survivors := 0
	for i, m := range list {
		started := time.Now()
		noticed, err := noticedBy(m)
		if err != nil {
			survivors++
			fmt.Printf("NOT RUN %v\n    %v\n", m, err)
			continue
		}
		if noticed == "" {
			survivors++
			fmt.Printf("SURVIVED %v\n", m)
			continue
		}
		fmt.Printf("%d of %d: noticed by %s in %.1f s: mutants.txt:%d\n", i+1, len(list), noticed, time.Since(started).Seconds(), m.line)
	}
	if survivors > 0 {
		return fmt.Errorf("%d of %d mutants survived or could not be run; write a test for each, or correct mutants.txt", survivors, len(list))
	}
	fmt.Printf("all %d mutants are noticed\n", len(list))
	return nil
}

func matching(list []mutant, text string) []mutant {
	var found []mutant
	for _, m := range list {
		if strings.Contains(m.String(), text) {
			found = append(found, m)
		}
	}
	return found
}

// checkAll reports every mutant that does not fit the code any more.
func checkAll(list []mutant) error {
	unfit := 0
	for _, m := range list {
		if _, err := mutated(m); err != nil {
			unfit++
			fmt.Printf("%v\n    %v\n", m, err)
		}
	}
	if unfit > 0 {
		return fmt.Errorf("%d of %d mutants do not fit the code; correct mutants.txt", unfit, len(list))
	}
	fmt.Printf("all %d mutants fit the code\n", len(list))
	return nil
}

func mutated(m mutant) (string, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	return m.apply(string(source))
}

// checkTests checks that the tests pass without a fault.
func checkTests(list []mutant) error {
	checked := map[string]bool{}
	for _, m := range list {
		for _, pkg := range m.packages {
			if checked[pkg] {
				continue
			}
			checked[pkg] = true
			if output, err := goTest(pkg); err != nil {
				return fmt.Errorf("the tests of %s fail without a mutant: %w\n%s", pkg, err, output)
			}
		}
	}
	return nil
}

// noticedBy returns the first package whose tests fail with the mutant, or "".
func noticedBy(m mutant) (string, error) {
	source, err := mutated(m)
	if err != nil {
		return "", err
	}
	overlay, err := writeOverlay(m.file, source)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(filepath.Dir(overlay))
	folder := "./" + filepath.ToSlash(filepath.Dir(m.file))
	if output, err := exec.Command("go", "build", "-overlay", overlay, folder).CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, output)
	}
	for _, pkg := range m.packages {
		output, err := goTest(pkg, "-overlay", overlay)
		if bytes.Contains(output, []byte(" failed]")) { // "build failed" or "setup failed"
			return "", fmt.Errorf("its tests do not compile:\n%s", output)
		}
		if err != nil {
			return pkg, nil
		}
	}
	return "", nil
}

// writeOverlay returns the path of a file for the -overlay flag of the go
// command, alone in its folder with the source that it points to.
func writeOverlay(file, source string) (string, error) {
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	replacement, overlay := filepath.Join(folder, "mutant.go"), filepath.Join(folder, "overlay.json")
	content, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(replacement, []byte(source), 0o600); err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, content, 0o600)
}

func goTest(pkg string, flags ...string) ([]byte, error) {
	arguments := append([]string{"test", "-vet=off", "-failfast", "-timeout=3m", "-skip", skipped}, flags...)
	return exec.Command("go", append(arguments, pkg)...).CombinedOutput()
}
