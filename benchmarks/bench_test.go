package main

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// These measure by Go's own means what the command measures, for benchstat.

func BenchmarkRead(b *testing.B)         { byAlgorithm(b, readComparison) }
func BenchmarkWrite(b *testing.B)        { byAlgorithm(b, writeComparison) }
func BenchmarkWritePrivate(b *testing.B) { ofTasks(b, privateWriteComparison) }
func BenchmarkForeign(b *testing.B)      { ofTasks(b, foreignComparison) }
func BenchmarkFirstRead(b *testing.B)    { ofTasks(b, firstReadComparison) }
func BenchmarkDecode(b *testing.B)       { ofTasks(b, decodeComparison) }
func BenchmarkRefuse(b *testing.B)       { ofTasks(b, refusalComparison) }
func BenchmarkDearHeader(b *testing.B)   { ofTasks(b, dearHeaderComparison) }
func BenchmarkSize(b *testing.B)         { ofTasks(b, sizeComparison) }
func BenchmarkStrategies(b *testing.B)   { ofTasks(b, anyOfComparison) }
func BenchmarkSourceKeys(b *testing.B)   { ofTasks(b, keySourceComparison) }
func BenchmarkCacheSize(b *testing.B)    { ofTasks(b, cacheSizeComparison) }
func BenchmarkCores(b *testing.B)        { ofTasks(b, coresComparison) }

func byAlgorithm(b *testing.B, newComparison func(string, *keys) (comparison, error)) {
	k := testKeys(b)
	for _, alg := range algorithms {
		made, err := newComparison(alg, k)
		require.NoError(b, err)
		made.benchmark(b)
	}
}

func ofTasks(b *testing.B, newComparison func(*keys) (comparison, error)) {
	made, err := newComparison(testKeys(b))
	require.NoError(b, err)
	made.benchmark(b)
}

func (c comparison) benchmark(b *testing.B) {
	for _, t := range c.tasks {
		_, name, _ := strings.Cut(t.name, "/") // without that of the group
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			t.benchmark(b)
			if t.size > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*t.size), "ns/byte")
			}
		})
	}
}

func (t task) benchmark(b *testing.B) {
	if len(t.ops) == 1 {
		for b.Loop() {
			if err := t.ops[0](); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(len(t.ops)))
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
}
