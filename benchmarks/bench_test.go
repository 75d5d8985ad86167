package main

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkRead(b *testing.B) {
	k := testKeys(b)
	for _, alg := range algorithms {
		token, err := k.token(alg, goodClaims())
		require.NoError(b, err)
		for _, c := range contenders {
			b.Run(alg+"/"+c.name, func(b *testing.B) {
				op, err := newRead(c, alg, k, token)
				require.NoError(b, err)
				loop(b, op)
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	k := testKeys(b)
	for _, alg := range algorithms {
		for _, c := range contenders {
			b.Run(alg+"/"+c.name, func(b *testing.B) {
				op, err := newWrite(c, alg, k)
				require.NoError(b, err)
				loop(b, op)
			})
		}
	}
}

// BenchmarkRefuse reads bad tokens.
func BenchmarkRefuse(b *testing.B) { ownBenchmark(b, "Refuse/") }

// BenchmarkSize reads a short token and a long one.
func BenchmarkSize(b *testing.B) { ownBenchmark(b, "Size/") }

func ownBenchmark(b *testing.B, group string) {
	for _, t := range groupOf(b, group) {
		b.Run(strings.TrimPrefix(t.name, group), func(b *testing.B) {
			loop(b, t.ops[0])
			if t.size > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*t.size), "ns/byte")
			}
		})
	}
}

// BenchmarkParallel reads in two goroutines on two processors.
func BenchmarkParallel(b *testing.B) {
	const group = "Parallel/"
	for _, t := range groupOf(b, group) {
		b.Run(strings.TrimPrefix(t.name, group), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(len(t.ops)))
			b.ReportAllocs()
			var started atomic.Int32
			b.RunParallel(func(pb *testing.PB) {
				op := t.ops[started.Add(1)-1]
				for pb.Next() {
					if err := op(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func groupOf(b *testing.B, group string) []task {
	tasks, err := ownTasks(testKeys(b))
	require.NoError(b, err)
	tasks = slices.DeleteFunc(tasks, func(t task) bool { return !strings.HasPrefix(t.name, group) })
	require.NotEmpty(b, tasks)
	return tasks
}

func loop(b *testing.B, op func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
}
