package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"
)

// A setting is what the figures were measured with.
type setting struct {
	machine  string
	golang   string
	versions map[string]string // of the peers, by name
	rounds   string
}

func newSetting(rounds string) (*setting, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, errors.New("built without module information")
	}
	s := &setting{
		machine:  fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU()),
		golang:   fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH),
		versions: map[string]string{},
		rounds:   rounds,
	}
	for _, c := range peers() {
		for _, dep := range info.Deps {
			if dep.Path == c.module {
				s.versions[c.name] = dep.Version
			}
		}
		if s.versions[c.name] == "" {
			return nil, fmt.Errorf("no version of %s in the module information", c.module)
		}
	}
	return s, nil
}

// cpuModel is what Linux calls the processor, elsewhere its architecture.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// label is a contender's name and version.
func (s *setting) label(c contender) string {
	if v := s.versions[c.name]; v != "" {
		return c.name + " " + v
	}
	return c.name
}

// allVersions names every peer with its version.
func (s *setting) allVersions() string {
	var versions []string
	for _, c := range peers() {
		versions = append(versions, s.label(c))
	}
	return strings.Join(versions, ", ")
}

// report is the Markdown that the page shows between its marks.
func (f *figures) report(s *setting, goals []goal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "![Times to read a token, to read it again, and to write one, by library](%s)\n", chartFile)
	fmt.Fprintf(&b, "\n## Reading\n\n%s\n%s\n", markdownTable(f.readRows(s)), f.readWords())
	fmt.Fprintf(&b, "\n## Reading the tokens of others\n\n%s\n%s\n", markdownTable(f.rows(s, foreignTask, "HS256")), f.foreignWords())
	fmt.Fprintf(&b, "\n## Writing\n\n%s\n%s\n", markdownTable(f.rows(s, writeTask, algorithms...)), f.writeWords())
	fmt.Fprintf(&b, "\nWith three private claims, from a struct where the library takes one:\n\n%s", markdownTable(f.rows(s, privateWriteTask, "HS256")))
	fmt.Fprintf(&b, "\n## How cost grows\n\n![Time to read a token, by its size](%s)\n\n%s\n%s\n", sizeChartFile, markdownTable(f.growthRows()), growthWords)
	fmt.Fprintf(&b, "\nThe cache by its size, with HS256. Tokens come in no order; as many are read again as half of the room:\n\n%s", markdownTable(f.cacheRows()))
	fmt.Fprintf(&b, "\n## Goals\n\nWhat this project set out to reach, and what it reached in this run:\n\n%s", goalTable(goals))
	fmt.Fprintf(&b, "\n%s, %s; %s. × is relative to authstrategy. `limit` is the bare base64 and signature, without any JSON or check of a claim.\n", s.machine, s.golang, s.rounds)
	return b.String()
}

// rows are a table of the contenders at one work: their times by algorithm, and their
// allocations with HS256.
func (f *figures) rows(s *setting, taskName func(string, contender) string, algs ...string) [][]string {
	rows := [][]string{{""}}
	for _, alg := range algs {
		rows[0] = append(rows[0], alg)
		if alg == "HS256" {
			rows[0] = append(rows[0], "allocations")
		}
	}
	for _, c := range contenders {
		rows = append(rows, f.row(s.label(c), func(alg string) string { return taskName(alg, c) }, taskName, algs))
	}
	return rows
}

// row is one line of a table. Its times are relative to those of this package at
// the table's work.
func (f *figures) row(label string, taskOf func(alg string) string, taskName func(string, contender) string, algs []string) []string {
	row := []string{label}
	for _, alg := range algs {
		ns := f.best(taskOf(alg))
		row = append(row, fmt.Sprintf("%s · %s×", duration(ns), relative(ns/f.best(taskName(alg, authStrategy)))))
		if alg == "HS256" {
			row = append(row, fmt.Sprintf("%.0f", f.allocs[taskOf(alg)]))
		}
	}
	return row
}

// readRows have reading again below reading.
func (f *figures) readRows(s *setting) [][]string {
	rows := f.rows(s, readTask, algorithms...)
	return slices.Insert(rows, 2, f.row(againLabel, againTask, readTask, algorithms))
}

const againLabel = "authstrategy, again from the cache"

func (f *figures) readWords() string {
	var first, again []string
	for _, alg := range algorithms {
		_, ns := f.fastestPeer(alg, readTask)
		first = append(first, times(ns/f.best(readTask(alg, authStrategy)))+" times as fast with "+alg)
		again = append(again, times(ns/f.best(againTask(alg)))+" times as fast with "+alg)
	}
	return fmt.Sprintf("Compared with the fastest peer, authstrategy is %s. Read again from the cache, a token takes a fraction of that: authstrategy is %s.", strings.Join(first, ", "), strings.Join(again, ", "))
}

func (f *figures) foreignWords() string {
	return fmt.Sprintf("The token has 700 bytes, with a `kid` and a dozen claims, some of them nested. authstrategy reads it %s.",
		f.ahead("HS256", foreignTask, foreignTask("HS256", authStrategy)))
}

func (f *figures) writeWords() string {
	return fmt.Sprintf("authstrategy writes HS256 %s.", f.ahead("HS256", writeTask, writeTask("HS256", authStrategy)))
}

// ahead compares a task of this package with the fastest peer, in words.
func (f *figures) ahead(alg string, taskName func(string, contender) string, ours string) string {
	peer, ns := f.fastestPeer(alg, taskName)
	return fmt.Sprintf("%s times as fast as the fastest peer, %s", times(ns/f.best(ours)), peer)
}

const growthWords = "Of several strategies or keys, the token is that of the last: others cost less. " +
	"Cores are shown by the time for each token that all of them read together, in the median turn; every core reads the same 64 tokens again."

// growthColumns are the numbers of whatever grows.
var growthColumns = []int{1, 2, 4, 8, 16}

func (f *figures) growthRows() [][]string {
	rows := [][]string{{"Number of"}}
	for _, number := range growthColumns {
		rows[0] = append(rows[0], fmt.Sprint(number))
	}
	for _, grows := range []struct {
		label  string
		taskOf func(number int) string
		time   func(task string) float64
	}{
		{"strategies in `AnyOf`, HS256, with a `kid`", func(n int) string { return anyOfTask(n, true) }, f.best},
		{"strategies in `AnyOf`, HS256, without", func(n int) string { return anyOfTask(n, false) }, f.best},
		{"keys in a `KeySource`, EdDSA, with a `kid`", func(n int) string { return keySourceTask(n, true) }, f.best},
		{"keys in a `KeySource`, EdDSA, without", func(n int) string { return keySourceTask(n, false) }, f.best},
		{"cores, read HS256", func(n int) string { return coresTask(coresRead, n) }, f.typical},
		{"cores, the limit", func(n int) string { return coresTask(coresLimit, n) }, f.typical},
		{"cores, read again", func(n int) string { return coresTask(coresAgain, n) }, f.typical},
		{"cores, look up in a plain map", func(n int) string { return coresTask(coresMap, n) }, f.typical},
	} {
		row := []string{grows.label}
		for _, number := range growthColumns {
			cell := ""
			if task := grows.taskOf(number); f.measured(task) {
				cell = duration(grows.time(task))
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

func (f *figures) cacheRows() [][]string {
	rows := [][]string{{"Room for"}, {"read again"}, {"first read"}}
	for _, room := range cacheSizes {
		rows[0] = append(rows[0], fmt.Sprint(room, " tokens"))
		rows[1] = append(rows[1], duration(f.best(cacheSizeTask(room, true))))
		rows[2] = append(rows[2], duration(f.best(cacheSizeTask(room, false))))
	}
	return rows
}

// goalTable is the Markdown of the goals and whether they were reached.
func goalTable(goals []goal) string {
	rows := [][]string{{"Figure", "Goal", "Measured", ""}}
	for _, g := range goals {
		verdict := "ok"
		if !g.met() {
			verdict = "not reached"
		}
		if math.IsNaN(g.measured) {
			verdict = "machine busy"
		}
		rows = append(rows, []string{g.figure, g.relation + " " + number(g.bound), number(g.measured), verdict})
	}
	return markdownTable(rows)
}

// number is a count or a ratio.
func number(v float64) string {
	if v == float64(int(v)) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// relative is a ratio in a table, with two digits at the least.
func relative(ratio float64) string {
	if ratio < 0.1 {
		return fmt.Sprintf("%.2g", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

// times is a ratio with the digits that matter.
func times(ratio float64) string {
	switch {
	case ratio >= 10:
		return fmt.Sprintf("%.0f", ratio)
	case ratio >= 2:
		return fmt.Sprintf("%.1f", ratio)
	default:
		return fmt.Sprintf("%.2f", ratio)
	}
}

// duration is a time in the unit that suits it, with three digits.
func duration(ns float64) string {
	switch {
	case ns < 999.5:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 9995:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	case ns < 99950:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	case ns < 999500:
		return fmt.Sprintf("%.0f µs", ns/1e3)
	default:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	}
}

// markdownTable aligns the columns, so that it reads well in a terminal too:
// the first to the left, the others to the right.
func markdownTable(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprintf(&b, "| %s%s ", cell, padding)
			} else {
				fmt.Fprintf(&b, "| %s%s ", padding, cell)
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			for i, width := range widths {
				rule := strings.Repeat("-", width)
				if i > 0 {
					rule = rule[1:] + ":"
				}
				fmt.Fprintf(&b, "| %s ", rule)
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// The lines in the page between which the report stands.
const (
	beginMark = "<!-- benchmarks:begin -->"
	endMark   = "<!-- benchmarks:end -->"
)

// replaceBetweenMarks returns the page with new text between the marks.
func replaceBetweenMarks(page []byte, text string) ([]byte, error) {
	if bytes.Count(page, []byte(beginMark)) != 1 || bytes.Count(page, []byte(endMark)) != 1 {
		return nil, fmt.Errorf("want the lines %s and %s once each", beginMark, endMark)
	}
	before, rest, _ := bytes.Cut(page, []byte(beginMark))
	_, after, ok := bytes.Cut(rest, []byte(endMark))
	if !ok {
		return nil, fmt.Errorf("%s stands before %s", endMark, beginMark)
	}
	return fmt.Appendf(nil, "%s%s\n%s%s%s", before, beginMark, text, endMark, after), nil
}
