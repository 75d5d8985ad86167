// Package observe tells what becomes of tokens, for logs, metrics and alerts: how many
// are refused and why, and how many could not be judged at all.
//
//	strategy, err := authstrategy.GetJWTStrategy[*User](secret)
//	…
//	observed, err := observe.Strategy(strategy, observe.Log(slog.Default()))
//
// [Strategy] calls a hook after each operation. [Log] is a hook for log/slog, and
// package otelauth, a module of its own, has one for OpenTelemetry. A hook of one's own
// calls several, or counts by [Reason].
//
// Put it outermost, around authstrategy.AnyOf and session.New: a token that one of
// several strategies refuses, and the next one accepts, is then one success. The hook
// sees the methods of an authstrategy.Strategy alone, and not the calls of a
// session.Refresher.
//
// A refusal is the client's: its token has expired, or somebody guesses. It is no
// reason to wake anybody. A failure is the service's: its database or key source is
// down, or the program is wrong. Alert on failures.
package observe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/inspect"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// An Operation is a method of an authstrategy.Strategy.
type Operation string

// The operations.
const (
	Write   Operation = "write"   // WriteToken
	Read    Operation = "read"    // ReadToken
	Destroy Operation = "destroy" // DestroyToken
)

// An Event is one operation and its end. It holds no token, claim, key or user, nor any
// text that came from one.
type Event struct {
	Operation Operation

	// Err is nil for a success. For a refusal it is the reason itself, one of
	// authstrategy.ErrTokenMissing to authstrategy.ErrUserRefused, and can be compared
	// with ==. For all else, a panic included, it is [ErrFailed]. It is never the error
	// that the caller gets, whose text may come from anywhere.
	Err error

	// Duration is how long the operation took, the loader's time included. It is
	// measured by time.Now, and not by the clock of authstrategy.WithClock.
	Duration time.Duration
}

// Strategy returns a strategy that does what inner does, and calls hook after each
// operation, before the caller has its result. The hook gets the context of the call.
// It must be safe for concurrent use, and fast: the caller waits for it.
//
// The errors are those of inner. A panic is not recovered: that of the loader counts
// as a failure, and after that of the hook the caller gets no user. The result has a
// method Lifetime exactly if inner has one, as authhttp and session ask for it.
//
// A nil inner or hook is an error that matches authstrategy.ErrInvalidConfig. Both
// mistakes are reported at once.
func Strategy[U any](inner authstrategy.Strategy[U], hook func(context.Context, Event)) (authstrategy.Strategy[U], error) {
	var mistakes []error
	if nils.Is(inner) {
		mistakes = append(mistakes, errNoInner)
	}
	if hook == nil {
		mistakes = append(mistakes, errNoHook)
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	s := &observed[U]{inner, hook}
	if l, ok := inner.(lasting); ok {
		return &lastingObserved[U]{s, l}, nil
	}
	return s, nil
}

var (
	errNoInner = fmt.Errorf("%w: observe: the inner strategy is nil; check the error of the function that made it", authstrategy.ErrInvalidConfig)
	errNoHook  = fmt.Errorf("%w: observe: the hook is nil; pass a function, such as Log(logger)", authstrategy.ErrInvalidConfig)
)

type observed[U any] struct {
	inner authstrategy.Strategy[U]
	hook  func(context.Context, Event)
}

func (s *observed[U]) WriteToken(ctx context.Context, user U) (string, error) {
	began, err := time.Now(), ErrFailed // which stays if inner panics
	defer func() { s.report(ctx, Write, began, err) }()
	token, err := s.inner.WriteToken(ctx, user)
	if err != nil {
		return "", err
	}
	return token, nil
}

func (s *observed[U]) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[U]) (U, error) {
	var none U
	began, err := time.Now(), ErrFailed // which stays if inner panics
	defer func() { s.report(ctx, Read, began, err) }()
	user, err := s.inner.ReadToken(ctx, token, load)
	if err != nil {
		return none, err
	}
	return user, nil
}

func (s *observed[U]) DestroyToken(ctx context.Context, token string, user U) error {
	began, err := time.Now(), ErrFailed // which stays if inner panics
	defer func() { s.report(ctx, Destroy, began, err) }()
	err = s.inner.DestroyToken(ctx, token, user)
	return err
}

func (s *observed[U]) report(ctx context.Context, operation Operation, began time.Time, err error) {
	duration := time.Since(began)
	s.hook(ctx, Event{operation, sentinel(err), duration})
}

// Inspect shows package session the strategy inside.
func (s *observed[U]) Inspect() inspect.Inner { return inspect.Inner{Strategy: s.inner} }

// lasting is what tells how long its tokens are valid.
type lasting interface{ Lifetime() time.Duration }

// lastingObserved is observed with an inner strategy that is lasting.
type lastingObserved[U any] struct {
	*observed[U]
	lasting
}
