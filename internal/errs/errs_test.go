package errs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/errs"
)

var (
	errWide  = errors.New("wide")
	narrow   = errs.New("narrow", errWide)
	other    = errs.New("other", errWide)
	errPlain = errors.New("plain")
	hidden   = []error{narrow, other}
)

func TestSentinel(t *testing.T) {
	assert.EqualError(t, narrow, "narrow")
	assert.ErrorIs(t, narrow, narrow)
	assert.ErrorIs(t, narrow, errWide)
	assert.NotErrorIs(t, narrow, other)
	assert.NotErrorIs(t, errWide, narrow)
}

// uncomparable is an error that == must not be asked about.
type uncomparable []string

func (u uncomparable) Error() string { return "uncomparable" }

// pretender says that it is every error.
type pretender struct{}

func (pretender) Error() string   { return "pretender" }
func (pretender) Is(_ error) bool { return true }

func TestShield(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "p", Err: errPlain}

	// What holds nothing to hide is not wrapped: errors.Unwrap goes on.
	for _, err := range []error{errPlain, path, errWide, uncomparable{"a"}} {
		assert.True(t, fmt.Sprintf("%p", errs.Shield(err, hidden)) == fmt.Sprintf("%p", err), "%v", err)
	}

	err := errs.Shield(errors.Join(path, narrow, uncomparable{"a"}), hidden)
	assert.EqualError(t, err, "open p: plain\nnarrow\nuncomparable")
	assert.NotErrorIs(t, err, narrow)
	assert.NotErrorIs(t, err, other)
	assert.ErrorIs(t, err, errPlain)
	assert.ErrorIs(t, err, errWide, "it is not among the hidden")
	found, ok := errors.AsType[*fs.PathError](err)
	require.True(t, ok)
	assert.Same(t, path, found)
	_, ok = errors.AsType[uncomparable](err)
	assert.True(t, ok)
	_, ok = errors.AsType[*errs.Sentinel](err)
	assert.False(t, ok)
	var sentinel *errs.Sentinel
	assert.False(t, errors.As(err, &sentinel))
	assert.Nil(t, sentinel, "nothing of what was hidden is left behind")
	var several interface{ Unwrap() []error }
	assert.True(t, errors.As(err, &several))

	// A Sentinel that is not hidden is found.
	err = errs.Shield(errors.Join(other, narrow), []error{narrow})
	found2, ok := errors.AsType[*errs.Sentinel](err)
	assert.True(t, ok)
	assert.Same(t, other, found2)

	assert.NotErrorIs(t, errs.Shield(pretender{}, hidden), narrow)
	assert.ErrorIs(t, errs.Shield(pretender{}, hidden), errPlain)
	assert.NoError(t, errs.Shield(nil, hidden))
}

func TestRefuse(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "p", Err: errPlain}
	err := errs.Refuse(narrow, errors.Join(path, other, narrow), hidden)
	assert.ErrorIs(t, err, narrow)
	assert.ErrorIs(t, err, errWide)
	assert.NotErrorIs(t, err, other, "of the hidden ones the reason alone is found")
	assert.ErrorIs(t, err, errPlain)
	found, ok := errors.AsType[*fs.PathError](err)
	require.True(t, ok)
	assert.Same(t, path, found)
	for text, cause := range map[string]error{
		"narrow":                          narrow,
		"narrow: own":                     fmt.Errorf("%w: own", narrow),
		"narrow: own, before":             fmt.Errorf("own, before: %w", narrow),
		"narrow: own narrow thing":        fmt.Errorf("own %w thing", narrow),
		"narrow: narrower":                fmt.Errorf("narrow: narrower: %w", narrow),
		"narrow: first\nsecond":           errors.Join(narrow, errors.New("first"), errors.New("second")),
		"narrow: of another text, really": &titled{"of another text, really", narrow},
	} {
		assert.EqualError(t, errs.Refuse(narrow, cause, hidden), text)
	}
}

// A titled error hides the text of what it wraps.
type titled struct {
	title string
	error
}

func (e *titled) Error() string { return e.title }
func (e *titled) Unwrap() error { return e.error }
