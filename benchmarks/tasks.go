package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-authstrategy/authstrategy"
)

// A task is one line of the measurements.
type task struct {
	name string
	size int // of the token read, in bytes; 0 where nobody asks
	// ops are what is measured, one for each goroutine that runs at a time.
	ops []func() error
}

// A comparison is the tasks that are compared with each other.
type comparison struct {
	tasks  []task
	shorts int // how many such comparisons share the time of one; 0: it has its own
}

// Names of the tasks.
const (
	taskForged = "Refuse/forged"
	taskHuge   = "Refuse/1MiB"
	taskSmall  = "PerByte/200B"
	taskLarge  = "PerByte/5KB"
)

func readTask(alg string, c contender) string         { return "Read/" + alg + "/" + c.name }
func writeTask(alg string, c contender) string        { return "Write/" + alg + "/" + c.name }
func foreignTask(alg string, c contender) string      { return "Foreign/" + alg + "/" + c.name }
func privateWriteTask(alg string, c contender) string { return "WritePrivate/" + alg + "/" + c.name }

// newComparisons lists all that is measured. Each is made when its turn comes, so that
// the tokens of one are not in the way of another.
func newComparisons() ([]func() (comparison, error), error) {
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	var all []func() (comparison, error)
	for _, alg := range algorithms {
		all = append(all,
			func() (comparison, error) { return readComparison(alg, k) },
			func() (comparison, error) { return writeComparison(alg, k) },
		)
	}
	for _, newComparison := range []func(*keys) (comparison, error){
		refusalComparison, foreignComparison, privateWriteComparison, firstReadComparison, decodeComparison, coresComparison,
		sizeComparison, anyOfComparison, keySourceComparison, cacheSizeComparison, dearHeaderComparison,
	} {
		all = append(all, func() (comparison, error) { return newComparison(k) })
	}
	return all, nil
}

// readComparison has everyone read one token, and this package also from its cache.
func readComparison(alg string, k *keys) (comparison, error) {
	token, err := k.token(alg, goodClaims())
	if err != nil {
		return comparison{}, err
	}
	var made comparison
	for _, c := range contenders {
		if err := made.addRead(readTask(alg, c), c, alg, k, token); err != nil {
			return made, err
		}
	}
	return made, made.addReadAgain(againTask(alg), alg, k, token)
}

func writeComparison(alg string, k *keys) (comparison, error) {
	var made comparison
	for _, c := range contenders {
		write, err := c.newWriter(alg, k)
		if err != nil {
			return made, err
		}
		if err := made.addWrite(writeTask(alg, c), write); err != nil {
			return made, err
		}
	}
	return made, nil
}

// privateWriteComparison has everyone write a token with private claims.
func privateWriteComparison(k *keys) (comparison, error) {
	var made comparison
	for _, c := range contenders {
		write, err := c.newPrivateWriter("HS256", k)
		if err != nil {
			return made, err
		}
		if err := made.addWrite(privateWriteTask("HS256", c), write); err != nil {
			return made, err
		}
	}
	return made, nil
}

// refusalComparison compares refusing a token with reading one, and a long token
// with a short one.
func refusalComparison(k *keys) (comparison, error) {
	var made comparison
	good, err := k.token("HS256", goodClaims())
	if err != nil {
		return made, err
	}
	large, err := sizedToken(k, 5000)
	if err != nil {
		return made, err
	}
	return made, errors.Join(
		made.addRefusal(taskForged, k, forge(good), authstrategy.ErrTokenSignature),
		made.addRefusal(taskHuge, k, strings.Repeat("A", 1<<20), authstrategy.ErrTokenTooLarge),
		made.addRead(taskSmall, authStrategy, "HS256", k, good),
		made.addRead(taskLarge, authStrategy, "HS256", k, large),
	)
}

// add adds a task whose operation succeeds.
func (c *comparison) add(name string, size int, op func() error) error {
	if err := op(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.tasks = append(c.tasks, task{name, size, []func() error{op}})
	return nil
}

func (c *comparison) addRead(name string, by contender, alg string, k *keys, token string) error {
	read, err := by.newReader(alg, k)
	if err != nil {
		return err
	}
	return c.add(name, len(token), reading(read, token))
}

func (c *comparison) addWrite(name string, write writer) error {
	return c.add(name, 0, func() error {
		_, err := write(subject)
		return err
	})
}

// addRefusal adds the reading of a token that must be refused. The reason is looked
// at once, here: that is no part of what is measured.
func (c *comparison) addRefusal(name string, k *keys, token string, reason error) error {
	read, err := authStrategy.newReader("HS256", k)
	if err != nil {
		return err
	}
	if _, err := read(token); !errors.Is(err, reason) {
		return fmt.Errorf("%s: want %q, got %v", name, reason, err)
	}
	return c.add(name, len(token), func() error {
		if _, err := read(token); err == nil {
			return errors.New("a bad token was accepted")
		}
		return nil
	})
}

func reading(read reader, token string) func() error {
	return func() error {
		_, err := read(token)
		return err
	}
}
