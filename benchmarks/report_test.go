package main

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample has every peer at 3 µs, this package at 1 µs, again at 0.1 µs, and the limit
// at 0.5 µs in their best round, whatever the work: each goal has a known figure.
func sample() *figures {
	f := &figures{rounds: map[string][]float64{}, allocs: map[string]float64{}, size: map[string]int{}}
	f.sampleContenders()
	f.rounds[readTask("HS256", cristalhqJWT)] = []float64{2990}
	f.rounds[foreignTask("HS256", lestrratJWX)] = []float64{2800}
	f.rounds[writeTask("HS256", pascaldekloeJWT)] = []float64{1700}
	f.rounds[privateWriteTask("HS256", katarasJWT)] = []float64{1400}
	f.allocs[readTask("HS256", authStrategy)] = 4
	f.allocs[writeTask("HS256", authStrategy)] = 5
	f.allocs[againTask("ES256")] = 2
	f.rounds[taskForged] = []float64{1001}
	f.rounds[taskHuge] = []float64{500}
	f.rounds[taskSmall], f.size[taskSmall] = []float64{1000}, 200
	f.rounds[taskLarge], f.size[taskLarge] = []float64{20000}, 5000
	f.rounds[taskDecode], f.rounds[taskUnmarshal] = []float64{1000}, []float64{1600}
	f.rounds[firstReadTask("RS256", false)], f.rounds[firstReadTask("RS256", true)] = []float64{1000}, []float64{1020}
	f.rounds[firstReadTask("HS256", false)], f.rounds[firstReadTask("HS256", true)] = []float64{1000}, []float64{1310}
	for _, size := range dearSizes {
		f.sampleForged(size, "cheap", 2)
		f.sampleForged(size, "dear", float64(size)/1500)
	}
	// The best round of two goroutines is mere luck, and the median leaves it out.
	f.rounds[coresTask(coresRead, 1)], f.rounds[coresTask(coresRead, 2)] = []float64{2000, 1000, 1000}, []float64{2000 / 1.8, 1000 / 1.8, 300}
	f.rounds[coresTask(coresLimit, 1)], f.rounds[coresTask(coresLimit, 2)] = []float64{1000, 500, 500}, []float64{1000 / 2.0, 500 / 2.0, 500 / 2.0}
	for work, growth := range map[string]float64{coresAgain: 1.8, coresMap: 2, coresAgainOne: 1.6, coresMapOne: 2} {
		f.rounds[coresTask(work, 1)], f.rounds[coresTask(work, 2)] = []float64{100}, []float64{100 / growth}
	}
	for _, room := range cacheSizes {
		f.rounds[cacheSizeTask(room, true)], f.rounds[cacheSizeTask(room, false)] = []float64{float64(room)}, []float64{1000 + float64(room)}
	}
	for _, keyID := range []bool{false, true} {
		for _, number := range anyOfs {
			f.rounds[anyOfTask(number, keyID)] = []float64{1000 * float64(number)}
		}
		for _, number := range sourceKeys {
			f.rounds[keySourceTask(number, keyID)] = []float64{1000 * float64(number)}
		}
	}
	return f
}

// sampleContenders has all the tasks that compare contenders.
func (f *figures) sampleContenders() {
	for _, c := range contenders {
		ns := 3000.0
		switch c.name {
		case authStrategy.name:
			ns = 1000
		case limit.name:
			ns = 500
		}
		rounds := []float64{2 * ns, ns, 3 * ns}
		for _, alg := range algorithms {
			f.rounds[readTask(alg, c)], f.rounds[writeTask(alg, c)], f.rounds[againTask(alg)] = rounds, rounds, []float64{100}
		}
		f.rounds[privateWriteTask("HS256", c)], f.rounds[foreignTask("HS256", c)] = rounds, rounds
		for _, size := range sizes {
			f.rounds[sizeTask(size, c)], f.size[sizeTask(size, c)] = []float64{ns * float64(size) / 200}, size
			f.rounds[sizeAgainTask(size)], f.size[sizeAgainTask(size)] = []float64{100}, size
		}
	}
	for _, size := range sizes { // these two are not the fastest, and not in the chart of sizes
		f.rounds[sizeTask(size, goJOSE)] = []float64{9e3 * float64(size) / 200}
		f.rounds[sizeTask(size, golangJWT)] = []float64{8e3 * float64(size) / 200}
		f.rounds[sizeTask(size, pascaldekloeJWT)] = []float64{7e3 * float64(size) / 200}
	}
}

func (f *figures) sampleForged(size int, shape string, times float64) {
	for _, good := range []bool{false, true} {
		task := dearTask(size, shape, good)
		f.rounds[task], f.size[task] = []float64{1000 * times}, size
		if good {
			f.rounds[task] = []float64{1000}
		}
	}
}

func sampleSetting() *setting {
	s := &setting{machine: "A Processor, 2 cores", golang: "go1.26", versions: map[string]string{}, rounds: "best of 3"}
	for _, c := range peers() {
		s.versions[c.name] = "v1.2.3"
	}
	return s
}

// The tests of the report are on the tasks that are measured, but for the shapes of
// forged headers.
func TestSampleHasEveryTask(t *testing.T) {
	comparisons, err := newComparisons()
	require.NoError(t, err)
	var measured []string
	for _, newComparison := range comparisons {
		c, err := newComparison()
		require.NoError(t, err)
		for _, task := range c.tasks {
			if !strings.HasPrefix(task.name, "DearHeader/") {
				measured = append(measured, task.name)
			}
		}
	}
	sampled := slices.DeleteFunc(slices.Collect(maps.Keys(sample().rounds)), func(name string) bool {
		return strings.HasPrefix(name, "DearHeader/")
	})
	assert.ElementsMatch(t, sampled, measured)
}

// sampleGoals are those of sample.
var sampleGoals = []struct {
	figure   string
	measured float64
	met      bool
}{
	{"read HS256: × as fast as the fastest peer, cristalhq/jwt", 2.99, false},
	{"read HS256: × the bare cryptography", 2, true},
	{"read HS256: allocations", 4, false},
	{"read RS256: × the bare cryptography", 2, false},
	{"read ES256: × the bare cryptography", 2, false},
	{"read EdDSA: × the bare cryptography", 2, false},
	{"read again RS256: × as fast as the fastest peer, golang-jwt", 30, false},
	{"read again ES256: × as fast as the fastest peer, golang-jwt", 30, false},
	{"read again EdDSA: × as fast as the fastest peer, golang-jwt", 30, false},
	{"read again HS256: × as fast as the fastest peer, cristalhq/jwt", 29.9, true},
	{"read again: allocations", 2, true},
	{"first read RS256: × with the cache on", 1.02, true},
	{"first read HS256: × with the cache on", 1.31, false},
	{"read a foreign token HS256: × as fast as the fastest peer, lestrrat-go/jwx", 2.8, false},
	{"read a foreign token HS256: × the bare cryptography", 2, true},
	{"Claims.Decode, ten fields: × as fast as encoding/json", 1.6, true},
	{"write HS256: × as fast as the fastest peer, pascaldekloe/jwt", 1.7, true},
	{"write HS256: × the bare cryptography", 2, false},
	{"write HS256: allocations", 5, false},
	{"write RS256: × the bare cryptography", 2, false},
	{"write HS256 with private claims: × as fast as the fastest peer, kataras/jwt", 1.4, false},
	{"forged token: × a good one", 1.001, false},
	{"1 MiB token: × a good one", 0.5, false},
	{"1 MiB token: allocations", 0, true},
	{"token of 5000 bytes: × one of 200, per byte", 0.8, true},
	{"dearest header in 2300 bytes, cheap: × a good token, per byte", 2, false},
	{"dearest header in 8192 bytes, dear: × a good token, per byte", 8192.0 / 1500, false},
	{"two cores, read HS256: × the growth of the bare cryptography, 2.00", 0.9, false},
	{"two cores, read again: × the growth of a plain map, 2.00", 0.9, true},
	{"two cores, read one token again: × the growth of a plain map, 2.00", 0.8, false},
}

func TestGoals(t *testing.T) {
	want := sampleGoals
	goals := sample().goals()
	require.Len(t, goals, len(want))
	met := 0
	for i, g := range goals {
		assert.Equal(t, want[i].figure, g.figure)
		assert.InDelta(t, want[i].measured, g.measured, 1e-9, g.figure)
		assert.Equal(t, want[i].met, g.met(), g.figure)
		if want[i].met {
			met++
		}
	}
	assert.Equal(t, met, reached(goals))

	table := goalTable(goals)
	assert.Equal(t, 2+len(want), strings.Count(table, "\n"))
	assert.Regexp(t, `\| forged token: × a good one +\| +≤ 1 \| +1\.001 \| not reached \|`, table)
	assert.Regexp(t, `\| 1 MiB token: allocations +\| +≤ 0 \| +0 \| +ok \|`, table)
}

// On a machine whose second core is busy, the growth of anything says nothing.
func TestGoalsOfABusyMachine(t *testing.T) {
	f := sample()
	f.rounds[coresTask(coresMap, 2)] = []float64{100 / 1.4}
	goals := f.goals()
	i := slices.IndexFunc(goals, func(g goal) bool { return strings.HasPrefix(g.figure, "two cores, read again:") })
	require.GreaterOrEqual(t, i, 0)
	assert.False(t, goals[i].met())
	assert.Regexp(t, `\| two cores, read again: .*, 1\.40 \| ≥ 0\.850 \| +NaN \| machine busy \|`, goalTable(goals[i:i+1]))
}

func TestReport(t *testing.T) {
	f := sample()
	text := f.report(sampleSetting(), f.goals())
	for _, want := range []string{
		"](benchmarks.svg)", "](benchmarks-size.svg)", "A Processor, 2 cores, go1.26; best of 3.",
		"Compared with the fastest peer, authstrategy is 3.0 times as fast with HS256, 3.0 times as fast with RS256, 3.0 times as fast with ES256, 3.0 times as fast with EdDSA. Read again from the cache, a token takes a fraction of that: authstrategy is 30 times as fast with HS256, 30 times as fast with RS256,",
		"authstrategy reads it 2.8 times as fast as the fastest peer, lestrrat-go/jwx.",
		"authstrategy writes HS256 1.70 times as fast as the fastest peer, pascaldekloe/jwt.",
		goalTable(f.goals()),
	} {
		assert.Contains(t, text, want)
	}
	for _, want := range []string{
		`\| +\| +HS256 \| allocations \| +RS256 \| +ES256 \| +EdDSA \|`,
		`\| authstrategy +\| 1\.00 µs · 1\.00× \| +4 \|.*`,
		`\| authstrategy, again from the cache \| +100 ns · 0\.10× \| +0 \| .*`,
		`\| cristalhq/jwt v1\.2\.3 +\| 2\.99 µs · 2\.99× \|.*`,
		`\| limit +\| +500 ns · 0\.50× \|.*`,
		`\| Number of +\| +1 \| +2 \| +4 \| +8 \| +16 \|`,
		"\\| strategies in `AnyOf`, HS256, with a `kid` +\\| 1\\.00 µs \\| 2\\.00 µs \\| 4\\.00 µs \\| 8\\.00 µs \\| +\\|",
		"\\| keys in a `KeySource`, EdDSA, without +\\| 1\\.00 µs \\| 2\\.00 µs \\| 4\\.00 µs \\| +\\| 16\\.0 µs \\|",
		`\| Room for +\| 100 tokens \| 1000 tokens \| 10000 tokens \|`,
		`\| read again +\| +100 ns \| +1\.00 µs \| +10\.0 µs \|`,
		`\| first read +\| +1\.10 µs \| +2\.00 µs \| +11\.0 µs \|`,
		`\| cores, read HS256 +\| 1\.00 µs \| +556 ns \| +\| +\| +\|`,
	} {
		assert.Regexp(t, "(?m)^"+want+"$", text)
	}
}

// Everything that is shown has the contenders in one order.
func TestOneOrder(t *testing.T) {
	f := sample()
	page := f.report(sampleSetting(), nil)
	picture := strings.Join(texts(t, f.chart(sampleSetting())), "\n")
	names := func(text, pattern string) (found []string) {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			found = append(found, match[1])
		}
		return found
	}
	var all []string
	for _, c := range contenders {
		all = append(all, c.name)
	}
	pattern := "(" + strings.Join(all, "|") + ")"
	assert.Equal(t, slices.Repeat(all, 4), names(page, `(?m)^\| `+pattern+`( v1\.2\.3)? +\|`))
	assert.Equal(t, slices.Repeat(all[:len(all)-1], len(panels)), names(picture, "(?m)^"+pattern+"$"))
}

func TestNumbersInWords(t *testing.T) {
	for ns, want := range map[float64]string{
		7: "7 ns", 999.4: "999 ns", 999.6: "1.00 µs", 3104: "3.10 µs", 27654: "27.7 µs", 412345: "412 µs", 1034567: "1.03 ms",
	} {
		assert.Equal(t, want, duration(ns))
	}
	for ratio, want := range map[float64]string{0.98: "0.98", 1.049: "1.05", 4.24: "4.2", 347.4: "347"} {
		assert.Equal(t, want, times(ratio))
	}
	for ratio, want := range map[float64]string{0.00292: "0.0029", 0.2: "0.20", 12.345: "12.35"} {
		assert.Equal(t, want, relative(ratio))
	}
	for power, want := range map[float64]string{1: "10 ns", 2: "100 ns", 3: "1 µs", 5: "100 µs"} {
		assert.Equal(t, want, decade(power))
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

// texts returns the text of a picture, and fails if it is not well-formed XML.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var all []string
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if data, ok := token.(xml.CharData); ok {
			all = append(all, strings.TrimSpace(string(data)))
		}
	}
}

func TestChart(t *testing.T) {
	text := texts(t, sample().chart(sampleSetting()))
	for _, p := range panels {
		assert.Contains(t, text, p.title)
	}
	for _, want := range []string{
		"2.99 µs", "limit 500 ns", "3.0 times as fast as the fastest peer, cristalhq/jwt",
		"30 times as fast as the fastest peer, golang-jwt", "A Processor, 2 cores, go1.26; best of 3.",
	} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, strings.Join(text, " "), "cristalhq/jwt v1.2.3")
}

func TestSizeChart(t *testing.T) {
	text := texts(t, sample().sizeChart(sampleSetting()))
	for _, want := range []string{
		"authstrategy", againLabel, "limit", "kataras/jwt", "cristalhq/jwt", "lestrrat-go/jwx", "120 µs", "200", "8000", "100 ns", "1 µs", "1000 µs",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "go-jose", "one of the slower")
	assert.Contains(t, strings.Join(text, " "), "3.0 times as fast as the fastest peer at 200 bytes, and 3.0 times at 8000.")
}

// The pictures are as wide as a small phone, keep within that width, and give every
// class that they use a colour for a light page and for a dark one.
func TestPicturesFitPhoneAndDarkMode(t *testing.T) {
	for name, svg := range map[string]string{
		chartFile: string(sample().chart(sampleSetting())), sizeChartFile: string(sample().sizeChart(sampleSetting())),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Regexp(t, `^<svg [^>]*width="360" height="(\d+)(\.\d)?" viewBox="0 0 360 `, svg)
			for _, match := range regexp.MustCompile(` x="([\d.]+)" y="[\d.]+"(?: width="([\d.]+)")?`).FindAllStringSubmatch(svg, -1) {
				x, err := strconv.ParseFloat(match[1], 64)
				require.NoError(t, err)
				width, _ := strconv.ParseFloat(match[2], 64)
				assert.LessOrEqual(t, x+width, drawingWidth, match[0])
			}
			for _, line := range regexp.MustCompile(`<text [^>]*>([^<]*)`).FindAllStringSubmatch(svg, -1) {
				assert.LessOrEqual(t, len(line[1]), 60, line[1])
			}
			light, dark, ok := strings.Cut(style, "@media (prefers-color-scheme:dark){")
			require.True(t, ok)
			assert.Contains(t, svg, style)
			for _, class := range regexp.MustCompile(`class="([^"]+)"`).FindAllStringSubmatch(svg, -1) {
				for _, one := range strings.Fields(class[1]) {
					if slices.Contains([]string{"title", "right", "middle", "line"}, one) {
						continue // these have no colour
					}
					assert.Regexp(t, `\.`+one+`[^}]*#`, light, one)
					assert.Regexp(t, `\.`+one+`[^}]*#`, dark, one)
				}
			}
		})
	}
}

// TestRun does all that the command does, for a moment.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")

	assert.ErrorIs(t, run(1, time.Microsecond, page), os.ErrNotExist)
	require.NoError(t, os.WriteFile(page, []byte("no marks"), 0o600))
	assert.ErrorContains(t, run(1, time.Microsecond, page), beginMark)
	assert.NoFileExists(t, filepath.Join(dir, chartFile))

	require.NoError(t, os.WriteFile(page, []byte("# Title\n"+beginMark+"\n"+endMark+"\n"), 0o600))
	require.NoError(t, run(1, time.Microsecond, page))
	for name, want := range map[string]string{"page.md": "| authstrategy", chartFile: "</svg>", sizeChartFile: "</svg>"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(text), want)
	}
}

// The page of -quick is one that the report goes into.
func TestEmptyPage(t *testing.T) {
	page, err := emptyPage()
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(filepath.Dir(page)) })
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	_, err = replaceBetweenMarks(text, "report")
	assert.NoError(t, err)
}
