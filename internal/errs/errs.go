// Package errs holds what the packages of this module share about errors: the
// type of their sentinels, and a shield around an error that comes from the
// caller's own code. It knows no sentinel.
package errs

import (
	"errors"
	"reflect"
	"slices"
	"strings"
)

// A Sentinel is an error that matches others, of the same or a wider meaning.
type Sentinel struct {
	text    string
	matches []error
}

// New returns a Sentinel. errors.Is finds in it the Sentinel itself, and every
// error that it matches.
func New(text string, matches ...error) *Sentinel {
	return &Sentinel{text, matches}
}

func (s *Sentinel) Error() string   { return s.text }
func (s *Sentinel) Unwrap() []error { return s.matches }

func matchesAny(err error, targets []error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// Shield returns an error in which errors.Is and errors.As find what they find in
// err, except the hidden errors: that the token of an upstream service has
// expired, say, refuses nobody here. An err that holds none of them is returned
// as it is, so that errors.Unwrap still goes through it.
func Shield(err error, hidden []error) error {
	if !matchesAny(err, hidden) {
		return err
	}
	return &shielded{err, hidden}
}

// Refuse returns an error that matches the reason, which is one of the hidden
// errors, and all else that Shield leaves of err.
func Refuse(reason, err error, hidden []error) error {
	return &refusal{reason, Shield(err, hidden)}
}

type refusal [2]error // the reason, and the error with its shield

// Error begins with the reason, and says it once.
func (r *refusal) Error() string {
	reason := r[0].Error()
	own := strings.TrimSuffix(strings.TrimPrefix(r[1].Error(), reason), reason)
	if own = strings.Trim(own, ": \n"); own == "" {
		return reason
	}
	return reason + ": " + own
}

// Unwrap allocates nothing: code that counts errors calls it often.
func (r *refusal) Unwrap() []error { return r[:] }

// shielded is used by pointer, since the error in it may not be comparable.
type shielded struct {
	error
	hidden []error
}

func (s *shielded) Is(target error) bool {
	return !s.hides(target) && errors.Is(s.error, target)
}

func (s *shielded) As(target any) bool {
	if !errors.As(s.error, target) {
		return false
	}
	found := reflect.ValueOf(target).Elem()
	if err, ok := found.Interface().(error); ok && s.hides(err) {
		found.SetZero()
		return false
	}
	return true
}

// hides compares pointers alone: an error of another type may not be comparable.
func (s *shielded) hides(err error) bool {
	sentinel, ok := err.(*Sentinel)
	return ok && slices.ContainsFunc(s.hidden, func(h error) bool { return h == error(sentinel) })
}
