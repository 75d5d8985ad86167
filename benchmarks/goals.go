package main

import (
	"fmt"
	"math"
	"slices"
)

// A goal is one figure that this package is to reach, as a ratio of two
// measurements of one run, or as a count of allocations.
type goal struct {
	figure   string
	relation string // "≥", "≤" or "<"
	bound    float64
	measured float64
}

func (g goal) met() bool {
	switch g.relation {
	case "≥":
		return g.measured >= g.bound
	case "≤":
		return g.measured <= g.bound
	default:
		return g.measured < g.bound
	}
}

func reached(goals []goal) int {
	n := 0
	for _, g := range goals {
		if g.met() {
			n++
		}
	}
	return n
}

// goals holds the figures against what the project set out to reach.
func (f *figures) goals() []goal {
	read := func(alg string, c contender) float64 { return f.best(readTask(alg, c)) }
	write := func(alg string, c contender) float64 { return f.best(writeTask(alg, c)) }
	good := read("HS256", authStrategy)

	reader, readerNS := f.fastestPeer("HS256", readTask)
	writer, writerNS := f.fastestPeer("HS256", writeTask)

	goals := []goal{
		{"ReadToken HS256: × as fast as the fastest peer, " + reader, "≥", 3, readerNS / good},
		{"ReadToken HS256: × the bare cryptography", "≤", 3, good / read("HS256", limit)},
		{"ReadToken HS256: allocations", "≤", 4, f.allocs[readTask("HS256", authStrategy)]},
	}
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		goals = append(goals, goal{
			"ReadToken " + alg + ": × the bare cryptography", "≤", 1.05,
			read(alg, authStrategy) / read(alg, limit),
		})
	}
	ours := write("HS256", authStrategy)
	return append(goals,
		goal{"WriteToken HS256: × as fast as the fastest peer, " + writer, "≥", 1.4, writerNS / ours},
		goal{"WriteToken HS256: × the bare cryptography", "≤", 2.5, ours / write("HS256", limit)},
		goal{"WriteToken HS256: allocations", "≤", 4, f.allocs[writeTask("HS256", authStrategy)]},
		goal{"WriteToken RS256: × the bare cryptography", "≤", 1.05, write("RS256", authStrategy) / write("RS256", limit)},
		goal{"forged token: × a good one", "≤", 1, f.best(taskForged) / good},
		goal{"1 MiB token: × a good one", "<", 0.5, f.best(taskHuge) / good},
		goal{"1 MiB token: allocations", "≤", 0, f.allocs[taskHuge]},
		goal{
			fmt.Sprintf("token of %d bytes: × one of %d, per byte", f.size[taskLarge], f.size[taskSmall]), "≤", 1,
			f.perByte(taskLarge) / f.perByte(taskSmall),
		},
		goal{
			fmt.Sprintf("two goroutines: × the scaling of the bare cryptography, %.2f", median(f.scaling(limit))), "≥", 0.9,
			median(ratios(f.scaling(authStrategy), f.scaling(limit))),
		},
	)
}

func (f *figures) fastestPeer(alg string, taskName func(string, contender) string) (name string, ns float64) {
	ns = math.Inf(1)
	for _, c := range peers() {
		if t := f.best(taskName(alg, c)); t < ns {
			name, ns = c.name, t
		}
	}
	return name, ns
}

func (f *figures) perByte(task string) float64 { return f.best(task) / float64(f.size[task]) }

// scaling is the throughput of two goroutines over that of one, in every round.
// It has no best round: the best moment of one core is not that of two.
func (f *figures) scaling(c contender) []float64 {
	return ratios(f.rounds[readTask("HS256", c)], f.rounds[parallelTask(c)])
}

func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}

func median(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }
