// Command benchmarks compares authstrategy with its peers and with the bare
// cryptography in one run, and tells which of the project's goals it reached.
// It writes the comparison into the README and a chart into docs.
//
//	go run .          a few minutes, on a machine that has nothing else to do
//	go run . -quick   a few seconds, to see that it works; changes no file of the project
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 5000, "`number` of rounds, in each of which every contender has a turn")
	slice := flag.Duration("slice", 250*time.Microsecond, "`time` that a turn takes, unless one operation takes longer")
	readme := flag.String("readme", "../README.md", "`file` to write the comparison into, between its marks")
	chart := flag.String("chart", "../docs/benchmarks.svg", "`file` to write the chart to")
	quick := flag.Bool("quick", false, "2 rounds, and both files in a new temporary folder; the figures mean little")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	if *rounds < 1 || *slice <= 0 {
		log.Fatal("-rounds and -slice must be positive")
	}
	if *quick {
		*rounds = 2
		dir, err := os.MkdirTemp("", "benchmarks")
		if err != nil {
			log.Fatal(err)
		}
		*readme, *chart = filepath.Join(dir, "README.md"), filepath.Join(dir, "benchmarks.svg")
		if err := os.WriteFile(*readme, []byte(beginMark+"\n"+endMark+"\n"), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	if err := run(*rounds, *slice, *readme, *chart); err != nil {
		log.Fatal(err)
	}
}

func run(rounds int, slice time.Duration, readme, chart string) error {
	page, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	// Rather now than after minutes of measuring.
	if _, err := replaceBetweenMarks(page, ""); err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	link, err := filepath.Rel(filepath.Dir(readme), chart)
	if err != nil {
		return err
	}
	set, err := newSetting(fmt.Sprintf("best of %d turns of %v or one operation, without garbage collection", rounds, slice))
	if err != nil {
		return err
	}

	comparisons, err := newComparisons()
	if err != nil {
		return err
	}
	f, err := measure(comparisons, rounds, slice)
	if err != nil {
		return err
	}

	comparison := f.comparison(set, filepath.ToSlash(link))
	goals := f.goals()
	fmt.Printf("%s\n%s", comparison, goalTable(goals))

	svg, err := f.chart(set)
	if err != nil {
		return err
	}
	if page, err = replaceBetweenMarks(page, comparison); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(chart), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(chart, svg, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(readme, page, 0o644); err != nil {
		return err
	}
	log.Printf("wrote %s and %s; reached %d of %d goals", readme, chart, reached(goals), len(goals))
	return nil
}
