package cache

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// look returns the value of a token, nil if there is none. It was of use.
func look[V any](c Cache[V], token string) *V {
	e := c.Get(token)
	if e == nil {
		return nil
	}
	c.Use(e)
	return &e.Value
}

// tabled returns the Cache of a table.
func tabled[V any](t *table[V]) Cache[V] { return Cache[V]{func() *table[V] { return t }} }

// What is found, and of no use, stays fresh, and goes first: a token that has expired
// pushes out none that is in use.
func TestGetAlonePromotesNothing(t *testing.T) {
	c := New[int](4)
	for _, token := range []string{"expired", "good"} {
		c.Put(token, new(1))
	}
	for range 3 {
		assert.NotNil(t, c.Get("expired"))
	}
	assert.NotNil(t, look(c, "good"))
	c.Put("c", new(1))
	c.Put("d", new(1))
	assert.Nil(t, c.Get("expired"))
	assert.NotNil(t, c.Get("good"))
}

// read reads a token as a strategy does, and returns whether it was remembered.
func read(c Cache[int], token string) bool {
	if look(c, token) != nil {
		return true
	}
	c.Put(token, new(1))
	return false
}

func TestZeroCache(t *testing.T) {
	var c Cache[int]
	assert.Nil(t, look(c, "token"))
	c.Put("token", new(1))
	assert.Nil(t, look(c, "token"))
}

// The first value of a token stays: all who put one found out the same.
func TestPutTwice(t *testing.T) {
	c := New[int](4)
	assert.Nil(t, look(c, "token"))
	c.Put("token", new(1))
	c.Put("token", new(2))
	assert.Equal(t, 1, valueOf(c, "token"))
	assert.Same(t, look(c, "token"), look(c, "token"))
	assert.Zero(t, valueOf(New[int](4), "token"), "of another Cache")
}

// Nothing that is like a token gets its value.
func TestNearTokens(t *testing.T) {
	const token = "header.payload.signature"
	c := New[int](1) // one list: all are compared
	c.Put(token, new(1))
	for i := range token {
		for _, near := range []string{
			token[:i], token[i+1:], token[:i] + token[i+1:], token[:i] + "!" + token[i:], token[:i] + "!" + token[i+1:],
			token[:i] + string(token[i]^1) + token[i+1:], token[:i] + string(token[i]^0x80) + token[i+1:],
		} {
			require.Nil(t, look(c, near), near)
		}
	}
	for _, near := range []string{"", token + "\x00", token + token, strings.ToUpper(token), " " + token, token + " "} {
		require.Nil(t, look(c, near), near)
	}
	assert.Equal(t, 1, valueOf(c, token))

	c = New[int](1)
	c.Put("", new(2))
	assert.Equal(t, 2, valueOf(c, ""))
	assert.Nil(t, look(c, "\x00"))
}

// A hash decides nothing: where two tokens have the same, the bytes decide.
func TestSameHash(t *testing.T) {
	table := New[int](4).table()
	table.put("token", new(1))
	hash := maphash.String(table.seed, "token")
	assert.NotNil(t, table.find(hash, "token"))
	assert.Nil(t, table.find(hash, "nekot"))
	assert.Nil(t, table.find(hash, "token "))
}

// Each Cache has a seed of its own: nobody can find tokens that share a list.
func TestSeeds(t *testing.T) {
	hashes := map[uint64]bool{}
	for range 100 {
		hashes[maphash.String(New[int](1).table().seed, "token")] = true
	}
	assert.Len(t, hashes, 100)
}

// There are as many lists as places: a look-up meets few entries, however many there
// are.
func TestListsAreShort(t *testing.T) {
	table := New[int](1000).table()
	for i := range 1000 {
		table.put(fmt.Sprint(i), new(i))
		look(tabled(table), fmt.Sprint(i))
	}
	longest := 0
	for i := range table.buckets {
		length := 0
		for e := table.buckets[i].Load(); e != nil; e = e.next.Load() {
			length++
		}
		longest = max(longest, length)
	}
	assert.LessOrEqual(t, longest, 20) // by chance it is 5 or 6, and once in 10^14 times more than 20
	assert.Equal(t, 1000, table.check(t))
}

// What New promises: a working set of half the size, each token read at least twice,
// survives a crowd of tokens that come once, whatever was there before.
func TestWorkingSetSurvives(t *testing.T) {
	befores := map[string]func(c Cache[int], size int){
		"nothing": func(Cache[int], int) {},
		"fresh tokens": func(c Cache[int], size int) {
			for i := range 2*size + 1 {
				read(c, fmt.Sprintf("before %d", i))
			}
		},
		"proven tokens": func(c Cache[int], size int) {
			for i := range size + 1 {
				for range 3 {
					read(c, fmt.Sprintf("before %d", i))
				}
			}
		},
		"tokens of all kinds": func(c Cache[int], size int) {
			random := rand.New(rand.NewPCG(13, uint64(size)))
			for range 5*size + random.IntN(size+1) {
				read(c, fmt.Sprintf("before %d", random.IntN(2*size)))
			}
		},
	}
	orders := map[string]func(c Cache[int], set []string){
		"each twice, one after the other": func(c Cache[int], set []string) {
			for _, token := range set {
				read(c, token)
				read(c, token)
			}
		},
		"all, then all again": func(c Cache[int], set []string) {
			for range 2 {
				for _, token := range set {
					read(c, token)
				}
			}
		},
		"all three times, in any order": func(c Cache[int], set []string) {
			all := append(append(append([]string{}, set...), set...), set...)
			rand.New(rand.NewPCG(13, 13)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for _, token := range all {
				read(c, token)
			}
		},
	}
	for _, size := range []int{2, 3, 4, 5, 7, 8, 63, 64, 65, 400, 401} {
		for before, fill := range befores {
			for order, use := range orders {
				t.Run(fmt.Sprintf("%d after %s: %s", size, before, order), func(t *testing.T) {
					survivors := func(tokens int) (count int) {
						c := New[int](size)
						fill(c, size)
						set := make([]string, tokens)
						for i := range set {
							set[i] = fmt.Sprintf("in use %d", i)
						}
						use(c, set)
						for i := range 10 * size {
							read(c, fmt.Sprintf("once %d", i))
						}
						for _, token := range set {
							if look(c, token) != nil {
								count++
							}
						}
						return count
					}
					assert.Equal(t, size/2, survivors(size/2))
					assert.Less(t, survivors(size/2+1), size/2+1, "one more than half of the size")
				})
			}
		}
	}
}

// A Cache of one token remembers the last one.
func TestOneToken(t *testing.T) {
	c := New[int](1)
	assert.False(t, read(c, "a"))
	assert.True(t, read(c, "a"))
	assert.False(t, read(c, "b"))
	assert.True(t, read(c, "b"))
	assert.False(t, read(c, "a"))
}

// check requires that every entry has one place and one list, and knows its place.
func (t *table[V]) check(tb testing.TB) (entries int) {
	tb.Helper()
	placed := map[*Entry[V]]bool{}
	for place, e := range t.places {
		if e != nil {
			require.False(tb, placed[e], "an entry has two places")
			placed[e] = true
			require.EqualValues(tb, place, e.place.Load())
		}
	}
	tokens := map[string]bool{}
	for i := range t.buckets {
		for e := t.buckets[i].Load(); e != nil; e = e.next.Load() {
			require.True(tb, placed[e], "an entry is in a list and has no place")
			require.False(tb, tokens[string(e.token)], "a token has two entries")
			require.Equal(tb, &t.buckets[i], t.bucket(e.hash))
			tokens[string(e.token)] = true
		}
	}
	require.Len(tb, tokens, len(placed), "an entry has a place and is in no list")
	return len(placed)
}

// A promotion that comes late changes nothing: the entry is proven, or forgotten.
func TestLatePromotion(t *testing.T) {
	table := New[int](4).table()
	table.put("a", new(1))
	table.put("b", new(2))
	a := table.find(maphash.String(table.seed, "a"), "a")
	b := table.find(maphash.String(table.seed, "b"), "b")
	table.promote(a)
	table.promote(a) // two have asked at once for the fresh token
	assert.EqualValues(t, 2, a.place.Load(), "the first place of a proven one")
	assert.Equal(t, 2, table.check(t))

	table.put("c", new(3))
	table.put("d", new(4)) // takes the place of b
	assert.Nil(t, look(tabled(table), "b"))
	table.promote(b)
	assert.Nil(t, look(tabled(table), "b"))
	assert.Equal(t, 3, table.check(t))
}

// Who stands on an entry that is taken out still finds those behind it, also when
// they are taken out meanwhile.
func TestReadingWhileEntriesGo(t *testing.T) {
	table := New[int](4).table()
	table.buckets = table.buckets[:1] // one list
	table.fresh = 4
	for i := range 4 {
		table.put(fmt.Sprint(i), new(i))
	}
	reader := table.buckets[0].Load() // the newest, 3: before 2, 1 and 0
	table.remove(reader)
	table.remove(reader.next.Load())
	var found []int
	for e := reader; e != nil; e = e.next.Load() {
		found = append(found, e.Value)
	}
	assert.Equal(t, []int{3, 2, 1, 0}, found)
	assert.Nil(t, look(tabled(table), "3"))
	assert.Nil(t, look(tabled(table), "2"))
	assert.NotNil(t, look(tabled(table), "1"))
	assert.NotNil(t, look(tabled(table), "0"))
}

// Many at once put, get and push out, and each gets the value of its token.
func TestConcurrency(t *testing.T) {
	for _, size := range []int{1, 2, 7, 64} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := New[string](size)
			var wait sync.WaitGroup
			for g := range 16 {
				wait.Go(func() {
					random := rand.New(rand.NewPCG(13, uint64(g)))
					for range 2000 {
						token := tokenOf(random.IntN(2 * size))
						value := look(c, token)
						if value == nil {
							c.Put(token, new("the value of "+token))
							continue
						}
						if *value != "the value of "+token {
							t.Errorf("%q has the value %q", token, *value)
						}
					}
				})
			}
			wait.Wait()
			assert.Equal(t, size, c.table().check(t))
		})
	}
}

// A token that many put at once has one entry, and is promoted once.
func TestSameTokenAtOnce(t *testing.T) {
	for range 100 {
		c := New[int](64)
		table := c.table()
		together(64, func(i int) {
			c.Put("token", new(i+1))
			assert.NotNil(t, look(c, "token"))
		})
		require.Equal(t, 1, table.check(t))
		require.Equal(t, "token", string(table.places[table.fresh].token), "the first place of a proven one")
	}
}

// together calls f at once in so many goroutines.
func together(goroutines int, f func(i int)) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range goroutines {
		wait.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wait.Wait()
}

// A server that uses the memory of a request again changes the token's bytes.
func TestMemoryOfTheCaller(t *testing.T) {
	for _, size := range []int{1, 4} {
		c := New[int](size)
		request := []byte("the token of Alice")
		token := unsafe.String(&request[0], len(request))
		c.Put(token, new(1))
		copy(request, "the token of Mally")
		assert.Nil(t, look(c, token))
		assert.Equal(t, 1, valueOf(c, "the token of Alice"))
		c.Put(token, new(2))
		copy(request, "the token of Carol")
		assert.Equal(t, 2, valueOf(c, "the token of Mally"))
	}
}

// recorder is a testify T that keeps what a failed assertion prints.
type recorder struct{ bytes.Buffer }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

// Neither a token nor its value is in reach of fmt, of testify's dump, and of
// reflection. All three reach them where a Cache does not hide them.
func TestNothingIsInReach(t *testing.T) {
	type value struct{ Name string }
	const token, name = "a-token-that-nobody-may-see", "a-value-that-nobody-may-see"
	c := New[value](4)
	c.Put(token, new(value{name}))
	require.Equal(t, name, look(c, token).Name)
	for _, v := range []any{c, &c, struct{ cache Cache[value] }{c}, []any{c}, map[string]any{"": &c}} {
		for _, text := range shown(v) {
			for _, secret := range forms(token, name) {
				assert.NotContains(t, text, secret, "%T", v)
			}
		}
	}
	open := strings.Join(shown(c.table().places), "")
	assert.Contains(t, open, fmt.Sprint([]byte(token)), "the walk does not come to where tokens are")
	assert.Contains(t, open, name, "the walk does not come to where values are")
}

// shown is all that dumps and a walk by reflection show of v.
func shown(v any) []string {
	var texts []string
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
		texts = append(texts, fmt.Sprintf(format, v))
	}
	var dump recorder
	assert.Equal(&dump, nil, v)
	var walked []string
	walk(reflect.ValueOf(v), &walked, map[uintptr]bool{})
	return append(texts, dump.String(), strings.Join(walked, "\n"))
}

// walk collects what reflection reaches from v, through unexported fields, too.
func walk(v reflect.Value, texts *[]string, seen map[uintptr]bool) {
	if !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			walk(v.Elem(), texts, seen)
		}
	case reflect.UnsafePointer: // an atomic.Pointer holds one; what is behind it has no type
	case reflect.Interface:
		walk(v.Elem(), texts, seen)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), texts, seen)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			*texts = append(*texts, fmt.Sprint(v))
			return
		}
		for i := range v.Len() {
			walk(v.Index(i), texts, seen)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walk(key, texts, seen)
			walk(v.MapIndex(key), texts, seen)
		}
	default:
		*texts = append(*texts, fmt.Sprint(v))
	}
}

// forms are the ways in which a dump may show the texts.
func forms(texts ...string) (all []string) {
	for _, text := range texts {
		decimals := strings.Trim(fmt.Sprint([]byte(text)), "[]")
		hexes := fmt.Sprintf("% x", text)
		all = append(all, text, decimals, hexes, strings.ReplaceAll(hexes, " ", ""), strings.ReplaceAll(decimals, " ", ", "), "0x"+strings.ReplaceAll(hexes, " ", ", 0x"))
	}
	return all
}

// FuzzSame: same is bytes.Equal.
func FuzzSame(f *testing.F) {
	for _, length := range []int{0, 1, 7, 8, 9, 15, 16, 17, 250} {
		f.Add(bytes.Repeat([]byte{'a'}, length), bytes.Repeat([]byte{'a'}, length), uint16(length/2), byte(1))
		f.Add(bytes.Repeat([]byte{'a'}, length), bytes.Repeat([]byte{'b'}, length+1), uint16(length), byte(0x80))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, at uint16, change byte) {
		require.Equal(t, bytes.Equal(a, b), same(a, b))
		require.True(t, same(a, bytes.Clone(a)))
		if len(a) == 0 {
			return
		}
		other := bytes.Clone(a)
		other[int(at)%len(a)] ^= change
		require.Equal(t, change == 0, same(a, other))
		require.False(t, same(a, a[:len(a)-1]))
	})
}

// Every bit of every byte counts, at every length up to some words.
func TestSame(t *testing.T) {
	for length := range 40 {
		a := bytes.Repeat([]byte{0x5a}, length)
		require.True(t, same(a, bytes.Clone(a)))
		require.False(t, same(a, append(bytes.Clone(a), 0)))
		require.False(t, same(append(bytes.Clone(a), 0), a))
		for i := range a {
			for bit := range 8 {
				b := bytes.Clone(a)
				b[i] ^= 1 << bit
				require.False(t, same(a, b), "length %d, byte %d, bit %d", length, i, bit)
			}
		}
		for i := range a { // two differences are no less than one
			b := bytes.Clone(a)
			b[i] ^= 1
			b[(i+8)%length] ^= 1
			b[0] ^= 0x80
			require.False(t, same(a, b), "length %d, byte %d", length, i)
		}
	}
}
