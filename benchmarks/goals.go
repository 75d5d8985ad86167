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
	measured float64 // not a number: the machine was too busy to tell
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
	return slices.Concat(f.readGoals(), f.againGoals(), f.foreignGoals(), f.writeGoals(), f.hostileGoals(), f.coresGoals())
}

func (f *figures) readGoals() []goal {
	goals := []goal{
		f.aheadOfPeers("read HS256", 4.2, "HS256", readTask, readTask("HS256", authStrategy)),
		f.overLimit("read HS256", 2, "HS256", readTask),
		f.allocations("read HS256", 3, readTask("HS256", authStrategy)),
	}
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		goals = append(goals, f.overLimit("read "+alg, 1.05, alg, readTask))
	}
	return goals
}

func (f *figures) againGoals() []goal {
	var goals []goal
	most := 0.0
	for _, g := range []struct {
		alg   string
		bound float64
	}{{"RS256", 60}, {"ES256", 150}, {"EdDSA", 80}, {"HS256", 10}} {
		goals = append(goals, f.aheadOfPeers("read again "+g.alg, g.bound, g.alg, readTask, againTask(g.alg)))
		most = max(most, f.allocs[againTask(g.alg)])
	}
	firstRead := func(alg string) float64 { return f.best(firstReadTask(alg, true)) / f.best(firstReadTask(alg, false)) }
	return append(goals,
		goal{"read again: allocations", "≤", 2, most},
		goal{"first read RS256: × with the cache on", "≤", 1.02, firstRead("RS256")},
		goal{"first read HS256: × with the cache on", "≤", 1.3, firstRead("HS256")},
	)
}

func (f *figures) foreignGoals() []goal {
	return []goal{
		f.aheadOfPeers("read a foreign token HS256", 3.5, "HS256", foreignTask, foreignTask("HS256", authStrategy)),
		f.overLimit("read a foreign token HS256", 2.6, "HS256", foreignTask),
		{"Claims.Decode, ten fields: × as fast as encoding/json", "≥", 1.5, f.best(taskUnmarshal) / f.best(taskDecode)},
	}
}

func (f *figures) writeGoals() []goal {
	return []goal{
		f.aheadOfPeers("write HS256", 1.7, "HS256", writeTask, writeTask("HS256", authStrategy)),
		f.overLimit("write HS256", 1.8, "HS256", writeTask),
		f.allocations("write HS256", 4, writeTask("HS256", authStrategy)),
		f.overLimit("write RS256", 1.05, "RS256", writeTask),
		f.aheadOfPeers("write HS256 with private claims", 1.5, "HS256", privateWriteTask, privateWriteTask("HS256", authStrategy)),
	}
}

func (f *figures) hostileGoals() []goal {
	good := f.best(readTask("HS256", authStrategy))
	goals := []goal{
		{"forged token: × a good one", "≤", 1, f.best(taskForged) / good},
		{"1 MiB token: × a good one", "<", 0.5, f.best(taskHuge) / good},
		{"1 MiB token: allocations", "≤", 0, f.allocs[taskHuge]},
		{
			fmt.Sprintf("token of %d bytes: × one of %d, per byte", f.size[taskLarge], f.size[taskSmall]), "≤", 1,
			f.perByte(taskLarge) / f.perByte(taskSmall),
		},
	}
	for _, size := range dearSizes {
		shape, times := f.dearest(size)
		goals = append(goals, goal{fmt.Sprintf("dearest header in %d bytes, %s: × a good token, per byte", size, shape), "≤", 1.5, times})
	}
	return goals
}

func (f *figures) coresGoals() []goal {
	growth := func(figure, work, measure string, bound float64) goal {
		possible := median(f.growth(measure))
		measured := median(ratios(f.growth(work), f.growth(measure)))
		if possible < 1.5 { // somebody else had the second core
			measured = math.NaN()
		}
		return goal{fmt.Sprintf("%s, %.2f", figure, possible), "≥", bound, measured}
	}
	return []goal{
		growth("two cores, read HS256: × the growth of the bare cryptography", coresRead, coresLimit, 0.95),
		growth("two cores, read again: × the growth of a plain map", coresAgain, coresMap, 0.85),
		growth("two cores, read one token again: × the growth of a plain map", coresAgainOne, coresMapOne, 0.85),
	}
}

// aheadOfPeers is how many times as fast a task of this package is as the fastest peer.
func (f *figures) aheadOfPeers(work string, bound float64, alg string, taskName func(string, contender) string, ours string) goal {
	peer, ns := f.fastestPeer(alg, taskName)
	return goal{work + ": × as fast as the fastest peer, " + peer, "≥", bound, ns / f.best(ours)}
}

func (f *figures) overLimit(work string, bound float64, alg string, taskName func(string, contender) string) goal {
	return goal{work + ": × the bare cryptography", "≤", bound, f.best(taskName(alg, authStrategy)) / f.best(taskName(alg, limit))}
}

func (f *figures) allocations(work string, bound float64, task string) goal {
	return goal{work + ": allocations", "≤", bound, f.allocs[task]}
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

// dearest is the header of a shape that costs the most beside a good token of the
// same length.
func (f *figures) dearest(size int) (shape string, times float64) {
	for task := range f.rounds {
		found, ok := dearShape(size, task)
		if !ok {
			continue
		}
		t := f.perByte(task) / f.perByte(dearTask(size, found, true))
		if t > times {
			shape, times = found, t
		}
	}
	return shape, times
}

func (f *figures) perByte(task string) float64 { return f.best(task) / float64(f.size[task]) }

// growth is the throughput of two cores over that of one, in every round. It has no
// best round: the best moment of one core is not that of two.
func (f *figures) growth(work string) []float64 {
	return ratios(f.rounds[coresTask(work, 1)], f.rounds[coresTask(work, 2)])
}

func ratios(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}

func median(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }
