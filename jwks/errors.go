package jwks

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-authstrategy/authstrategy"
)

// ErrUnavailable: the keys could not be fetched, or the caller's context ended
// first. It says nothing about a token: a service answers it with 503. The cause
// is found by errors.Is and errors.As.
var ErrUnavailable = errors.New("jwks: the keys are unavailable")

// ErrInvalidKeySet: a text is no JSON Web Key or JSON Web Key Set that can be
// used. From [Parse] it is a mistake of the program or its configuration. Of a
// fetched set it is the cause of an [ErrUnavailable].
var ErrInvalidKeySet = errors.New("jwks: invalid key set")

// Errors that always say the same.
var (
	errNoSource = fmt.Errorf("%w: jwks: the Source is nil or zero; make it with Parse, Remote or Discover and check the error", authstrategy.ErrInvalidConfig)
	errNoneYet  = fmt.Errorf("%w: none were fetched, or too long ago; call Refresh", ErrUnavailable)
	errLate     = fmt.Errorf("%w: the HTTP client does not end when its time is over: %w", ErrUnavailable, context.DeadlineExceeded)
	errEnded    = errors.New("the HTTP client ended the goroutine that fetched")
)
