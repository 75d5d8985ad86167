// Command benchmarks compares authstrategy with its peers and with the bare
// cryptography in one run, and tells which of the project's goals it reached. It
// writes its report into docs/performance.md, and two pictures beside it.
//
//	go run .          about four minutes, on a machine that has nothing else to do
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
	rounds := flag.Int("rounds", 4000, "`number` of rounds, in each of which every contender has a turn")
	slice := flag.Duration("slice", 250*time.Microsecond, "`time` that a turn takes, unless one operation takes longer")
	page := flag.String("page", "../docs/performance.md", "`file` to write the report into, between its marks; the pictures go beside it")
	quick := flag.Bool("quick", false, "2 rounds, and all files in a new temporary folder; the figures mean little")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	if *rounds < 1 || *slice <= 0 {
		log.Fatal("-rounds and -slice must be positive")
	}
	if *quick {
		*rounds = 2
		var err error
		if *page, err = emptyPage(); err != nil {
			log.Fatal(err)
		}
	}
	if err := run(*rounds, *slice, *page); err != nil {
		log.Fatal(err)
	}
}

// emptyPage makes a page with nothing but the marks.
func emptyPage() (string, error) {
	dir, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return "", err
	}
	page := filepath.Join(dir, "performance.md")
	return page, os.WriteFile(page, []byte(beginMark+"\n"+endMark+"\n"), 0o644)
}

// run measures, prints the goals, and writes the report and the pictures.
func run(rounds int, slice time.Duration, page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	// Rather now than after minutes of measuring.
	if _, err := replaceBetweenMarks(text, ""); err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	set, err := newSetting(fmt.Sprintf("best of up to %d turns of %v, without garbage collection", rounds, slice))
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
	goals := f.goals()
	if text, err = replaceBetweenMarks(text, f.report(set, goals)); err != nil {
		return err
	}
	for name, content := range map[string][]byte{filepath.Base(page): text, chartFile: f.chart(set), sizeChartFile: f.sizeChart(set)} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(page), name), content, 0o644); err != nil {
			return err
		}
	}
	fmt.Print(goalTable(goals))
	log.Printf("wrote %s and the pictures beside it; reached %d of %d goals", page, reached(goals), len(goals))
	return nil
}
