package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample has every peer at 3 µs, this package at 1 µs and the limit at 0.5 µs in
// their best round, whatever the work: each goal has a known figure.
func sample() *figures {
	f := &figures{rounds: map[string][]float64{}, allocs: map[string]float64{}, size: map[string]int{}}
	for _, alg := range algorithms {
		for _, c := range contenders {
			ns := 3000.0
			switch c.name {
			case authStrategy.name:
				ns = 1000
			case limit.name:
				ns = 500
			}
			f.rounds[readTask(alg, c)] = []float64{2 * ns, ns, 3 * ns}
			f.rounds[writeTask(alg, c)] = []float64{2 * ns, ns, 3 * ns}
		}
	}
	f.rounds[readTask("HS256", cristalhqJWT)] = []float64{2990}
	f.rounds[writeTask("HS256", pascaldekloeJWT)] = []float64{1400}
	f.allocs[readTask("HS256", authStrategy)] = 4
	f.allocs[writeTask("HS256", authStrategy)] = 5
	f.rounds[taskForged] = []float64{1001}
	f.rounds[taskHuge] = []float64{500}
	f.rounds[taskSmall], f.size[taskSmall] = []float64{1000}, 200
	f.rounds[taskLarge], f.size[taskLarge] = []float64{20000}, 5000
	// The best round of two goroutines is mere luck, and the median leaves it out.
	f.rounds[parallelTask(authStrategy)] = []float64{2000 / 1.8, 1000 / 1.8, 300}
	f.rounds[parallelTask(limit)] = []float64{1000 / 2.0, 500 / 2.0, 1500 / 2.0}
	return f
}

func sampleSetting() *setting {
	s := &setting{machine: "A Processor, 2 cores", golang: "go1.26", versions: map[string]string{}, rounds: "best of 3"}
	for _, c := range peers() {
		s.versions[c.name] = "v1.2.3"
	}
	return s
}

func TestGoals(t *testing.T) {
	want := []struct {
		figure   string
		measured float64
		met      bool
	}{
		{"ReadToken HS256: × as fast as the fastest peer, cristalhq/jwt", 2.99, false},
		{"ReadToken HS256: × the bare cryptography", 2, true},
		{"ReadToken HS256: allocations", 4, true},
		{"ReadToken RS256: × the bare cryptography", 2, false},
		{"ReadToken ES256: × the bare cryptography", 2, false},
		{"ReadToken EdDSA: × the bare cryptography", 2, false},
		{"WriteToken HS256: × as fast as the fastest peer, pascaldekloe/jwt", 1.4, true},
		{"WriteToken HS256: × the bare cryptography", 2, true},
		{"WriteToken HS256: allocations", 5, false},
		{"WriteToken RS256: × the bare cryptography", 2, false},
		{"forged token: × a good one", 1.001, false},
		{"1 MiB token: × a good one", 0.5, false},
		{"1 MiB token: allocations", 0, true},
		{"token of 5000 bytes: × one of 200, per byte", 0.8, true},
		{"two goroutines: × the scaling of the bare cryptography, 2.00", 0.9, true},
	}
	goals := sample().goals()
	require.Len(t, goals, len(want))
	for i, g := range goals {
		assert.Equal(t, want[i].figure, g.figure)
		assert.InDelta(t, want[i].measured, g.measured, 1e-9, g.figure)
		assert.Equal(t, want[i].met, g.met(), g.figure)
	}

	assert.Equal(t, 7, reached(goals))

	table := goalTable(goals)
	assert.Equal(t, 2+len(want), strings.Count(table, "\n"))
	assert.Regexp(t, `\| forged token: × a good one +\| +≤ 1 \| +1\.001 \| not reached \|`, table)
	assert.Regexp(t, `\| 1 MiB token: allocations +\| +≤ 0 \| +0 \| +ok \|`, table)
}

func TestComparison(t *testing.T) {
	text := sample().comparison(sampleSetting(), "docs/benchmarks.svg")
	assert.Contains(t, text, "](docs/benchmarks.svg)")
	assert.Regexp(t, `(?m)^\| Reading a token +\| +HS256 \| allocations \| +RS256 \| +ES256 \| +EdDSA \|$`, text)
	assert.Regexp(t, `(?m)^\| authstrategy +\| 1\.00 µs · 1\.00× \| +4 \|`, text)
	assert.Regexp(t, `(?m)^\| cristalhq/jwt v1\.2\.3 +\| 2\.99 µs · 2\.99× \|`, text)
	assert.Regexp(t, `(?m)^\| limit +\| +500 ns · 0\.50× \|`, text)
	assert.Contains(t, text, "A Processor, 2 cores, go1.26; best of 3.")
}

func TestDuration(t *testing.T) {
	for ns, want := range map[float64]string{
		7: "7 ns", 999.4: "999 ns", 999.6: "1.00 µs", 3104: "3.10 µs", 27654: "27.7 µs", 412345: "412 µs", 1034567: "1.03 ms",
	} {
		assert.Equal(t, want, duration(ns))
	}
}

func TestReplaceBetweenMarks(t *testing.T) {
	page := "before\n" + beginMark + "\nold\n" + endMark + "\nafter\n"
	got, err := replaceBetweenMarks([]byte(page), "new\n")
	require.NoError(t, err)
	assert.Equal(t, "before\n"+beginMark+"\nnew\n"+endMark+"\nafter\n", string(got))

	for _, page := range []string{"", beginMark, endMark, beginMark + beginMark + endMark, endMark + beginMark} {
		_, err := replaceBetweenMarks([]byte(page), "new")
		assert.ErrorContains(t, err, endMark, page)
	}
}

func TestSettingNamesEveryPeersVersion(t *testing.T) {
	s, err := newSetting("")
	require.NoError(t, err)
	for _, c := range peers() {
		assert.Regexp(t, `^v\d+\.\d+\.\d+`, s.versions[c.name], c.name)
	}
	assert.Regexp(t, `.+, \d+ cores$`, s.machine)
	assert.Contains(t, s.golang, "go1.")
}

func TestChart(t *testing.T) {
	svg, err := sample().chart(sampleSetting())
	require.NoError(t, err)

	var text []string
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if data, ok := token.(xml.CharData); ok {
			text = append(text, strings.TrimSpace(string(data)))
		}
	}
	for _, c := range contenders {
		assert.Contains(t, text, c.name)
	}
	for _, want := range []string{"2.99 µs", "Read a token, HS256", "Write a token, RS256", "A Processor, 2 cores, go1.26; best of 3."} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, strings.Join(text, " "), "cristalhq/jwt v1.2.3")
	assert.NotContains(t, string(svg), "font-family:Liberation")
}

// TestRun does all that the command does, for a moment.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	readme, chart := filepath.Join(dir, "README.md"), filepath.Join(dir, "docs.svg")

	assert.ErrorIs(t, run(1, time.Microsecond, readme, chart), os.ErrNotExist)
	require.NoError(t, os.WriteFile(readme, []byte("no marks"), 0o600))
	assert.ErrorContains(t, run(1, time.Microsecond, readme, chart), beginMark)
	assert.NoFileExists(t, chart)

	require.NoError(t, os.WriteFile(readme, []byte("# Title\n"+beginMark+"\n"+endMark+"\n"), 0o600))
	require.NoError(t, run(1, time.Microsecond, readme, chart))
	page, err := os.ReadFile(readme)
	require.NoError(t, err)
	assert.Contains(t, string(page), "| authstrategy")
	assert.Contains(t, string(page), "](docs.svg)")
	svg, err := os.ReadFile(chart)
	require.NoError(t, err)
	assert.Contains(t, string(svg), "</svg>")
}
