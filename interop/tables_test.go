package interop

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write MATRIX.md and DIFFERENCES.md anew")

// printed is what the run prints at its end.
var printed strings.Builder

// compareTable prints a table, and compares it with the one in a file, the part
// from the first "|" on; the text before it is the file's own. A table with an
// empty cell (a peer is missing, or -run left it out) is not compared.
func compareTable(t *testing.T, file string, rows [][]string) {
	t.Helper()
	table := markdown(rows)
	fmt.Fprintf(&printed, "%s\n%s\n", file, table)
	for _, row := range rows {
		for _, cell := range row {
			if cell == "" {
				return
			}
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, _, ok := bytes.Cut(content, []byte("|"))
	if !ok && !*update {
		t.Fatalf("%s holds no table", file)
	}
	want := append(bytes.Clone(text), table...)
	switch {
	case bytes.Equal(content, want):
	case *update:
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s says otherwise (-update writes it anew):\n%s", file, content)
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
