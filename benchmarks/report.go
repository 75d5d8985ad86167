package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
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

// comparison is the Markdown that the README shows.
func (f *figures) comparison(s *setting, chart string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "![Time to read and to write one token, by library](%s)\n", chart)
	for _, work := range []struct {
		title    string
		taskName func(string, contender) string
	}{{"Reading a token", readTask}, {"Writing a token", writeTask}} {
		rows := [][]string{{work.title}}
		for _, alg := range algorithms {
			rows[0] = append(rows[0], alg)
			if alg == "HS256" {
				rows[0] = append(rows[0], "allocations")
			}
		}
		for _, c := range contenders {
			row := []string{s.label(c)}
			for _, alg := range algorithms {
				task := work.taskName(alg, c)
				row = append(row, fmt.Sprintf("%s · %.2f×", duration(f.best(task)), f.best(task)/f.best(work.taskName(alg, authStrategy))))
				if alg == "HS256" {
					row = append(row, fmt.Sprintf("%.0f", f.allocs[task]))
				}
			}
			rows = append(rows, row)
		}
		fmt.Fprintf(&b, "\n%s", markdownTable(rows))
	}
	fmt.Fprintf(&b, "\n%s, %s; %s. × is relative to authstrategy. `limit` is the bare base64 and signature, without any JSON or check of a claim.\n", s.machine, s.golang, s.rounds)
	return b.String()
}

// goalTable is the Markdown of the goals and whether they were reached.
func goalTable(goals []goal) string {
	rows := [][]string{{"Figure", "Goal", "Measured", ""}}
	for _, g := range goals {
		verdict := "ok"
		if !g.met() {
			verdict = "not reached"
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

// The lines in the README between which the comparison stands.
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
