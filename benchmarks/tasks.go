package main

import (
	"crypto/rand"
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

// Names of the tasks that are measured for this package or the limit alone.
const (
	taskForged = "Refuse/forged"
	taskHuge   = "Refuse/1MiB"
	taskSmall  = "Size/200B"
	taskLarge  = "Size/5KB"
)

func readTask(alg string, c contender) string  { return "Read/" + alg + "/" + c.name }
func writeTask(alg string, c contender) string { return "Write/" + alg + "/" + c.name }
func parallelTask(c contender) string          { return "Parallel/HS256/" + c.name }

// newComparisons lists everything that is measured, by the tasks that are
// compared with each other. Every operation has succeeded once when it returns.
func newComparisons() ([][]task, error) {
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	var comparisons [][]task
	for _, alg := range algorithms {
		token, err := k.token(alg, goodClaims())
		if err != nil {
			return nil, err
		}
		var reading, writing []task
		for _, c := range contenders {
			read, err := newRead(c, alg, k, token)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", readTask(alg, c), err)
			}
			reading = append(reading, task{name: readTask(alg, c), ops: []func() error{read}})
			write, err := newWrite(c, alg, k)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", writeTask(alg, c), err)
			}
			writing = append(writing, task{name: writeTask(alg, c), ops: []func() error{write}})
		}
		if alg == "HS256" {
			own, err := ownTasks(k)
			if err != nil {
				return nil, err
			}
			reading = append(reading, own...)
		}
		comparisons = append(comparisons, reading, writing)
	}
	return comparisons, nil
}

// ownTasks are those that compare this package with itself or the limit, all of
// them by reading HS256.
func ownTasks(k *keys) ([]task, error) {
	good, err := k.token("HS256", goodClaims())
	if err != nil {
		return nil, err
	}
	large, err := largeToken(k)
	if err != nil {
		return nil, err
	}
	readGood, err := newRead(authStrategy, "HS256", k, good)
	if err != nil {
		return nil, err
	}
	readLarge, err := newRead(authStrategy, "HS256", k, large)
	if err != nil {
		return nil, err
	}
	forged, err := newRefusal(k, forge(good), authstrategy.ErrTokenSignature)
	if err != nil {
		return nil, err
	}
	huge, err := newRefusal(k, strings.Repeat("A", 1<<20), authstrategy.ErrTokenTooLarge)
	if err != nil {
		return nil, err
	}
	// The limit is not safe for concurrent use: a reader for each goroutine.
	// This package is, and its users share one strategy.
	bare := make([]func() error, 2)
	for i := range bare {
		if bare[i], err = newRead(limit, "HS256", k, good); err != nil {
			return nil, err
		}
	}
	return []task{
		{name: taskForged, ops: []func() error{forged}},
		{name: taskHuge, ops: []func() error{huge}},
		{name: taskSmall, size: len(good), ops: []func() error{readGood}},
		{name: taskLarge, size: len(large), ops: []func() error{readLarge}},
		{name: parallelTask(authStrategy), ops: []func() error{readGood, readGood}},
		{name: parallelTask(limit), ops: bare},
	}, nil
}

func newRead(c contender, alg string, k *keys, token string) (func() error, error) {
	read, err := c.newReader(alg, k)
	if err != nil {
		return nil, err
	}
	op := func() error {
		_, err := read(token)
		return err
	}
	return op, op()
}

func newWrite(c contender, alg string, k *keys) (func() error, error) {
	write, err := c.newWriter(alg, k)
	if err != nil {
		return nil, err
	}
	op := func() error {
		_, err := write(subject)
		return err
	}
	return op, op()
}

// newRefusal reads a token that must be refused. The reason is looked at once,
// here: that is no part of what is measured.
func newRefusal(k *keys, token string, reason error) (func() error, error) {
	read, err := authStrategy.newReader("HS256", k)
	if err != nil {
		return nil, err
	}
	if _, err := read(token); !errors.Is(err, reason) {
		return nil, fmt.Errorf("want %q, got %v", reason, err)
	}
	return func() error {
		if _, err := read(token); err == nil {
			return errors.New("a bad token was accepted")
		}
		return nil
	}, nil
}

// largeToken is a token of 5 KB, as directories mint them that list the groups
// of a user.
func largeToken(k *keys) (string, error) {
	claims := goodClaims()
	var groups []string
	for {
		groups = append(groups, rand.Text())
		claims["groups"] = groups
		token, err := k.token("HS256", claims)
		if err != nil || len(token) >= 5000 {
			return token, err
		}
	}
}
