package cache

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A model is a cache of strings without hashes, lists and locks: the places of fresh
// and of proven tokens, and the values.
type model struct {
	fresh, proven    []string // "": free
	puts, promotions int
	values           map[string]int
}

func newModel(tokens int) *model {
	proven := tokens / 2
	return &model{fresh: make([]string, tokens-proven), proven: make([]string, proven), values: map[string]int{}}
}

func (m *model) put(token string, value int) {
	if _, has := m.values[token]; has {
		return
	}
	place := &m.fresh[m.puts%len(m.fresh)]
	m.puts++
	delete(m.values, *place)
	*place = token
	m.values[token] = value
}

// get returns the value of a token, 0 if there is none.
func (m *model) get(token string) int {
	for i := range m.fresh {
		if m.fresh[i] == token && len(m.proven) > 0 {
			place := &m.proven[m.promotions%len(m.proven)]
			m.promotions++
			m.fresh[i], *place = *place, m.fresh[i]
			break
		}
	}
	return m.values[token]
}

// valueOf returns the value of a token in the cache, 0 if there is none.
func valueOf(c Cache[int], token string) int {
	value := look(c, token)
	if value == nil {
		return 0
	}
	return *value
}

// The Cache does what the model does. Each value occurs once, and so none can be that
// of another token.
func TestModel(t *testing.T) {
	for _, size := range []int{1, 2, 3, 4, 5, 64} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			random := rand.New(rand.NewPCG(13, uint64(size)))
			c, m := New[int](size), newModel(size)
			universe := make([]string, 3*size)
			for i := range universe {
				universe[i] = tokenOf(i)
			}
			for step := 1; step <= 20_000; step++ {
				token := universe[random.IntN(len(universe))]
				if random.IntN(2) == 0 {
					c.Put(token, new(step))
					m.put(token, step)
				}
				if want, got := m.get(token), valueOf(c, token); want != got {
					t.Fatalf("step %d: the value is %d, want %d", step, got, want)
				}
				if step%1000 == 0 {
					held := 0
					for _, token := range universe {
						want, got := m.get(token), valueOf(c, token)
						if want != got {
							t.Fatalf("after step %d: the value is %d, want %d", step, got, want)
						}
						if got != 0 {
							held++
						}
					}
					require.LessOrEqual(t, held, size)
					require.Equal(t, len(m.values), held)
				}
			}
			require.Len(t, m.values, size, "the cache was never full")
		})
	}
}

// tokenOf returns a token of some length of its own. Many share their beginning.
func tokenOf(i int) string { return fmt.Sprintf("%0*d.%d", 1+i%20, 0, i) }

// FuzzCache: whatever is done with it, the Cache does what the model does.
func FuzzCache(f *testing.F) {
	f.Add(uint8(0), []byte{1, 0, 3, 2, 1, 0})
	f.Add(uint8(1), []byte{1, 0, 3, 0, 5, 0, 2, 4, 7, 0, 2, 4, 6})
	f.Add(uint8(4), []byte{1, 1, 0, 0, 3, 2, 5, 4, 7, 6, 9, 8, 0, 2, 4, 6, 8})
	f.Fuzz(func(t *testing.T, size uint8, steps []byte) {
		tokens := 1 + int(size%8)
		c, m := New[int](tokens), newModel(tokens)
		for i, step := range steps {
			token := tokenOf(int(step/2) % 20)
			if step%2 == 1 {
				c.Put(token, new(i+1))
				m.put(token, i+1)
				continue
			}
			require.Equal(t, m.get(token), valueOf(c, token), "step %d", i)
		}
		held := 0
		for i := range 20 {
			value := valueOf(c, tokenOf(i))
			require.Equal(t, m.get(tokenOf(i)), value)
			if value != 0 {
				held++
			}
		}
		assert.LessOrEqual(t, held, tokens)
	})
}
