// Command api compares the exported names of the published packages with api/api.txt,
// and prints what differs. So no change of the API goes unseen: a commit that means
// one writes the file anew, and its diff shows the change.
//
// Run it in the module's folder:
//
//	go run ./internal/test/api          compares; exits with 1 if anything differs
//	go run ./internal/test/api -write   writes the file anew
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/test/published"
)

const file = "api/api.txt"

func main() {
	write := flag.Bool("write", false, "write "+file+" anew")
	flag.Parse()
	if err := run(*write); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(write bool) error {
	now, err := lines(published.Modules)
	if err != nil {
		return err
	}
	if write {
		return os.WriteFile(file, []byte(strings.Join(now, "\n")+"\n"), 0o644)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	gone, added := differences(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), now)
	if len(gone)+len(added) == 0 {
		return nil
	}
	for _, line := range gone {
		fmt.Println("-", line)
	}
	for _, line := range added {
		fmt.Println("+", line)
	}
	const advice = "if you mean this change, run go run ./internal/test/api -write, and say it in CHANGELOG.md"
	if len(gone) > 0 {
		return fmt.Errorf("%s has %d names that are gone or changed, which breaks the code of others; %s", file, len(gone), advice)
	}
	return fmt.Errorf("%s lacks %d names; %s", file, len(added), advice)
}

// differences returns the lines of old that now has not, and the other way round.
func differences(old, now []string) (gone, added []string) {
	for _, line := range old {
		if !slices.Contains(now, line) {
			gone = append(gone, line)
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			added = append(added, line)
		}
	}
	return gone, added
}
