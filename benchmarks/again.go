package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/go-authstrategy/authstrategy"
)

const (
	cachedTokens  = 1000 // that a cache remembers, where all of the tokens find room
	smallCache    = 64   // tokens that a cache remembers, where none is to be found in it
	ringTokens    = 200  // different tokens that follow each other, over and over
	walkedTokens  = 64   // different tokens that every core reads
	taskDecode    = "Decode/authstrategy"
	taskUnmarshal = "Decode/encoding-json"
)

// againTask is the reading of a token from the cache.
func againTask(alg string) string { return readTask(alg, authStrategy) + "-again" }

// firstReadTask is the reading of tokens that are not in the cache.
func firstReadTask(alg string, cached bool) string {
	if cached {
		return "FirstRead/" + alg + "/cache-on"
	}
	return "FirstRead/" + alg + "/cache-off"
}

func (c *comparison) addReadAgain(name, alg string, k *keys, token string) error {
	read, err := newOwnReader(alg, k, authstrategy.WithTokenCache(cachedTokens))
	if err != nil {
		return err
	}
	return c.add(name, len(token), reading(read, token))
}

// firstReadComparison reads more tokens than the cache remembers, one after the other:
// when a token comes again, it is as if it had never been there.
func firstReadComparison(k *keys) (comparison, error) {
	var made comparison
	for _, alg := range []string{"RS256", "HS256"} {
		tokens, err := differentTokens(k, alg, ringTokens)
		if err != nil {
			return made, err
		}
		off, err := newOwnReader(alg, k)
		if err != nil {
			return made, err
		}
		on, err := newOwnReader(alg, k, authstrategy.WithTokenCache(smallCache))
		if err != nil {
			return made, err
		}
		err = errors.Join(
			made.add(firstReadTask(alg, false), 0, walk(off, tokens, 0)),
			made.add(firstReadTask(alg, true), 0, walk(on, tokens, 0)),
		)
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// cacheSizes are the tokens that a cache has room for.
var cacheSizes = []int{100, 1000, 10000}

func cacheSizeTask(room int, again bool) string {
	if again {
		return fmt.Sprintf("CacheSize/%d/again", room)
	}
	return fmt.Sprintf("CacheSize/%d/first", room)
}

// cacheSizeComparison reads tokens again, half as many as the cache has room for, and
// tokens that are not in it, by the size of the cache. They come in no order, as in a
// service: the processor's own caches do not foresee which is next.
func cacheSizeComparison(k *keys) (comparison, error) {
	made := comparison{shorts: 5}
	tokens, err := differentTokens(k, "HS256", 2*slices.Max(cacheSizes))
	if err != nil {
		return made, err
	}
	rand.Shuffle(len(tokens), func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
	for _, room := range cacheSizes {
		again, err1 := newOwnReader("HS256", k, authstrategy.WithTokenCache(room))
		first, err2 := newOwnReader("HS256", k, authstrategy.WithTokenCache(room))
		if err := errors.Join(err1, err2); err != nil {
			return made, err
		}
		err := errors.Join(
			readAll(again, tokens[:room/2]),
			readAll(first, tokens[:room]),
			made.add(cacheSizeTask(room, true), 0, walk(again, tokens[:room/2], 0)),
			made.add(cacheSizeTask(room, false), 0, walk(first, tokens[:2*room], room)),
		)
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// coresComparison does the same on one core and on two: reading, reading again, and,
// to measure these by, the bare cryptography and a plain map that nobody writes.
// Every core walks through the same tokens, but begins elsewhere.
func coresComparison(k *keys) (comparison, error) {
	var made comparison
	tokens, err := differentTokens(k, "HS256", walkedTokens)
	if err != nil {
		return made, err
	}
	// This package is safe for concurrent use, and its users share one strategy.
	plain, err := newOwnReader("HS256", k)
	if err != nil {
		return made, err
	}
	cached, err := newOwnReader("HS256", k, authstrategy.WithTokenCache(cachedTokens))
	if err != nil {
		return made, err
	}
	if err := readAll(cached, tokens); err != nil {
		return made, err
	}
	// The limit is not: a reader for each goroutine.
	var bare [2]reader
	for i := range bare {
		if bare[i], err = limit.newReader("HS256", k); err != nil {
			return made, err
		}
	}
	lookUp := newMapReader(tokens)
	one := tokens[:1]
	made.addCores(coresRead, walk(plain, one, 0), walk(plain, one, 0))
	made.addCores(coresLimit, walk(bare[0], one, 0), walk(bare[1], one, 0))
	made.addCores(coresAgain, walk(cached, tokens, 0), walk(cached, tokens, walkedTokens/2))
	made.addCores(coresMap, walk(lookUp, tokens, 0), walk(lookUp, tokens, walkedTokens/2))
	made.addCores(coresAgainOne, walk(cached, one, 0), walk(cached, one, 0))
	made.addCores(coresMapOne, walk(lookUp, one, 0), walk(lookUp, one, 0))
	return made, nil
}

func readAll(read reader, tokens []string) error {
	for _, token := range tokens {
		if _, err := read(token); err != nil {
			return err
		}
	}
	return nil
}

// What is done on one core and on two.
const (
	coresRead     = "read"
	coresLimit    = "limit"
	coresAgain    = "again"
	coresMap      = "map"
	coresAgainOne = "again-one-token"
	coresMapOne   = "map-one-token"
)

func coresTask(work string, cores int) string { return fmt.Sprintf("Cores/%s/%d", work, cores) }

func (c *comparison) addCores(work string, first, second func() error) {
	c.tasks = append(c.tasks,
		task{name: coresTask(work, 1), ops: []func() error{first}},
		task{name: coresTask(work, 2), ops: []func() error{first, second}},
	)
}

// newMapReader finds tokens in a map that nobody writes.
func newMapReader(tokens []string) reader {
	known := map[string]*authstrategy.Claims{}
	for _, token := range tokens {
		known[token] = &authstrategy.Claims{Subject: subject}
	}
	return func(token string) (string, error) {
		claims := known[token]
		if claims == nil {
			return "", errors.New("an unknown token")
		}
		return claims.Subject, nil
	}
}

// differentTokens are good tokens that differ in their jti.
func differentTokens(k *keys, alg string, count int) ([]string, error) {
	tokens := make([]string, count)
	for i := range tokens {
		claims := goodClaims()
		claims["jti"] = fmt.Sprintf("%08d", i)
		var err error
		if tokens[i], err = k.token(alg, claims); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// walk returns an operation that reads another token each time.
func walk(read reader, tokens []string, start int) func() error {
	w := &struct {
		next int
		_    [2 * cacheLine]byte // that of another core is far enough away
	}{next: start}
	return func() error {
		token := tokens[w.next]
		if w.next++; w.next == len(tokens) {
			w.next = 0
		}
		_, err := read(token)
		return err
	}
}
