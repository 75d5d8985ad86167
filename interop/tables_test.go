package interop

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/interchange.md anew")

// printed is what the run prints at its end.
var printed strings.Builder

// The document that has the tables, each between marks of its name.
const document = "../docs/interchange.md"

// compareTable prints a table, and compares it with the one in the document. A table
// with an empty cell (a peer is missing, or -run left it out) is not compared.
func compareTable(t *testing.T, name string, rows [][]string) {
	t.Helper()
	table := markdown(rows)
	fmt.Fprintf(&printed, "%s\n%s\n", name, table)
	for _, row := range rows {
		if slices.Contains(row, "") {
			return
		}
	}
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->\n"
	before, rest, ok := strings.Cut(string(content), begin)
	old, after, okEnd := strings.Cut(rest, end)
	if !ok || !okEnd {
		t.Fatalf("%s lacks the marks of the table %q", document, name)
	}
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(document, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s says otherwise (-update writes it anew):\n%s", document, old)
	}
}

func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}
