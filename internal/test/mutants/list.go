package main

import (
	_ "embed"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

//go:embed mutants.txt
var mutantsText string

// A mutant is one fault to put into one file.
type mutant struct {
	line     int      // of mutants.txt
	file     string   // relative to the module
	packages []string // whose tests must notice the fault, the cheapest first
	old, new string
}

func (m mutant) String() string {
	indent := func(mark, text string) string {
		return "\n    " + mark + " " + strings.ReplaceAll(text, "\n", "\n    "+mark+" ")
	}
	return fmt.Sprintf("mutants.txt:%d: %s%s%s", m.line, m.file, indent("-", m.old), indent("+", m.new))
}

// parseList reads mutants.txt, whose first lines explain its form.
func parseList(text string) ([]mutant, error) {
	var list []mutant
	var current mutant
	finish := func() {
		if current.old != "" {
			list = append(list, current)
		}
		current.old, current.new = "", ""
	}
	previous := byte(0)
	for i, line := range strings.Split(text, "\n") {
		kind, rest, _ := strings.Cut(line, " ")
		mark := byte(0)
		switch kind {
		case "":
			finish()
		case "#":
		case "file":
			finish()
			current = mutant{file: rest}
		case "test":
			current.packages = strings.Fields(rest)
		case "-":
			mark = '-'
			if previous != '-' {
				finish()
				current.line, current.old = i+1, rest
			} else {
				current.old += "\n" + rest
			}
		case "+":
			mark = '+'
			if previous == '-' {
				current.new = rest
			} else {
				current.new += "\n" + rest
			}
		default:
			return nil, fmt.Errorf("mutants.txt:%d: a line begins with file, test, #, - or +, each with a blank after it", i+1)
		}
		if mark == '-' && (current.file == "" || len(current.packages) == 0) {
			return nil, fmt.Errorf("mutants.txt:%d: a mutant comes after its file line and test line", i+1)
		}
		previous = mark
	}
	finish()
	if len(list) == 0 {
		return nil, errors.New("mutants.txt: it names no mutant")
	}
	return list, nil
}

// apply returns the source with the fault in it. How much white space stands
// between words does not count, so that the list need not be indented like the
// code.
func (m mutant) apply(source string) (string, error) {
	words := strings.Fields(m.old)
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	places := regexp.MustCompile(strings.Join(words, `\s+`)).FindAllStringIndex(source, -1)
	if len(places) != 1 {
		return "", fmt.Errorf("its old text is found in %d places; it must be in one", len(places))
	}
	start, end := places[0][0], places[0][1]
	mutated := source[:start] + m.new + source[end:]
	if mutated == source {
		return "", errors.New("its new text is the old one")
	}
	if _, err := parser.ParseFile(token.NewFileSet(), m.file, mutated, parser.SkipObjectResolution); err != nil {
		return "", fmt.Errorf("it is not Go: %w", err)
	}
	return mutated, nil
}
