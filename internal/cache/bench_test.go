package cache

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"testing"
)

// benchmarkTokens returns so many tokens of 250 bytes, the length of an ordinary one.
func benchmarkTokens(count int) []string {
	tokens := make([]string, count)
	for i := range tokens {
		tokens[i] = fmt.Sprintf("%0250d", i)
	}
	return tokens
}

// BenchmarkSame shows what comparing eight bytes at a time saves.
func BenchmarkSame(b *testing.B) {
	for _, length := range []int{250, 2500} {
		x := []byte(strings.Repeat("a", length))
		y := []byte(strings.Repeat("a", length))
		for name, equal := range map[string]func(x, y []byte) bool{
			"same":                func(x, y []byte) bool { return same(x, y) },
			"ConstantTimeCompare": func(x, y []byte) bool { return subtle.ConstantTimeCompare(x, y) == 1 },
		} {
			b.Run(fmt.Sprintf("%d/%s", length, name), func(b *testing.B) {
				for b.Loop() {
					if !equal(x, y) {
						b.Fatal("they are the same")
					}
				}
			})
		}
	}
}

// BenchmarkGet gets tokens that are remembered, one that is not, and the same on all
// cores at once.
func BenchmarkGet(b *testing.B) {
	tokens := benchmarkTokens(65)
	c := New[[40]int](2 * len(tokens))
	for _, token := range tokens[1:] {
		c.Put(token, new([40]int{}))
		look(c, token) // proven
	}
	get := func(b *testing.B, i int) {
		if look(c, tokens[1+i%64]) == nil {
			b.Error("it is forgotten")
		}
	}
	b.Run("remembered", func(b *testing.B) {
		i := 0
		for b.Loop() {
			get(b, i)
			i++
		}
	})
	b.Run("unknown", func(b *testing.B) {
		for b.Loop() {
			if look(c, tokens[0]) != nil {
				b.Fatal("it was never put")
			}
		}
	})
	b.Run("at once", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				get(b, i)
			}
		})
	})
}

// BenchmarkPut puts tokens that push out one another: what the first read of a token
// costs more with a cache, but for a Get.
func BenchmarkPut(b *testing.B) {
	tokens := benchmarkTokens(256)
	c := New[[40]int](64)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c.Put(tokens[i%len(tokens)], new([40]int{}))
		i++
	}
}
