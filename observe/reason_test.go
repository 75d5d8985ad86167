package observe_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/observe"
)

// inOrder are the reasons to refuse a token, in the order in which they are checked.
var inOrder = []struct {
	variable, name string
	err            error
}{
	{"ErrTokenMissing", "token_missing", authstrategy.ErrTokenMissing},
	{"ErrTokenTooLarge", "token_too_large", authstrategy.ErrTokenTooLarge},
	{"ErrTokenMalformed", "token_malformed", authstrategy.ErrTokenMalformed},
	{"ErrTokenUnverifiable", "token_unverifiable", authstrategy.ErrTokenUnverifiable},
	{"ErrTokenSignature", "token_signature", authstrategy.ErrTokenSignature},
	{"ErrTokenType", "token_type", authstrategy.ErrTokenType},
	{"ErrTokenIssuer", "token_issuer", authstrategy.ErrTokenIssuer},
	{"ErrTokenAudience", "token_audience", authstrategy.ErrTokenAudience},
	{"ErrTokenClaimMissing", "token_claim_missing", authstrategy.ErrTokenClaimMissing},
	{"ErrTokenNotYetValid", "token_not_yet_valid", authstrategy.ErrTokenNotYetValid},
	{"ErrTokenExpired", "token_expired", authstrategy.ErrTokenExpired},
	{"ErrUserNotFound", "user_not_found", authstrategy.ErrUserNotFound},
	{"ErrUserRefused", "user_refused", authstrategy.ErrUserRefused},
}

// Each reason of authstrategy has its name here: a new one there fails this test.
func TestReasonsAreThoseOfAuthstrategy(t *testing.T) {
	var declared, known []string
	file, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if call, ok := spec.Values[0].(*ast.CallExpr); ok && fmt.Sprint(call.Fun) == "reason" {
			declared = append(declared, spec.Names[0].Name)
		}
		return true
	})
	for _, reason := range inOrder {
		known = append(known, reason.variable)
		assert.Equal(t, reason.name, observe.Reason(reason.err))
		assert.Equal(t, reason.name, observe.Reason(fmt.Errorf("read: %w", reason.err)))
	}
	assert.Equal(t, declared, known)
}

// The comment of Reason has all names, and no other.
func TestReasonsAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var documented []string
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "Reason" {
			for _, line := range regexp.MustCompile(`(?m)^ *- "(.*?)" for `).FindAllStringSubmatch(f.Doc.Text(), -1) {
				documented = append(documented, line[1])
			}
		}
	}
	want := []string{""}
	for _, reason := range inOrder {
		want = append(want, reason.name)
	}
	assert.Equal(t, append(want, "failed"), documented)
}

func TestReasonOfTheRest(t *testing.T) {
	assert.Equal(t, "", observe.Reason(nil))
	for _, err := range []error{
		observe.ErrFailed, errors.New("token_expired"), context.Canceled, errors.Join(),
		authstrategy.ErrInvalidToken, authstrategy.ErrInvalidConfig, authstrategy.ErrWeakSecret, authstrategy.ErrInvalidKey, authstrategy.ErrKeyMismatch,
		authstrategy.ErrUnsupportedAlgorithm, authstrategy.ErrNoSigningKey, authstrategy.ErrInvalidSubject, authstrategy.ErrInvalidClaims,
	} {
		if err != nil {
			assert.Equal(t, "failed", observe.Reason(err), err.Error())
		}
	}
}

// ErrFailed matches nothing else.
func TestErrFailed(t *testing.T) {
	assert.EqualError(t, observe.ErrFailed, "observe: operation failed")
	assert.NotErrorIs(t, observe.ErrFailed, authstrategy.ErrInvalidToken)
	assert.NotErrorIs(t, observe.ErrFailed, authstrategy.ErrInvalidConfig)
	for _, reason := range inOrder {
		assert.NotErrorIs(t, observe.ErrFailed, reason.err)
		assert.NotErrorIs(t, reason.err, observe.ErrFailed)
	}
}

// Of two reasons the later counts, whichever is first in the error, as AnyOf has it.
func TestReasonOfTwo(t *testing.T) {
	for i, earlier := range inOrder {
		for _, later := range inOrder[i+1:] {
			assert.Equal(t, later.name, observe.Reason(errors.Join(earlier.err, later.err)))
			assert.Equal(t, later.name, observe.Reason(fmt.Errorf("%w: %w", later.err, earlier.err)))
			assert.Equal(t, later.name, observe.Reason(asked{errors.Join(earlier.err, later.err)}))
			assert.Equal(t, later.name, observe.Reason(askedWrapper{asked{earlier.err}, later.err}))
			assert.Equal(t, later.name, observe.Reason(askedWrapper{asked{later.err}, earlier.err}))

			var events events
			anyOf, err := authstrategy.AnyOf[user](&fake{err: later.err}, &fake{err: earlier.err})
			require.NoError(t, err)
			_, _ = observed(t, anyOf, events.hook).ReadToken(ctx, "token", load)
			assert.True(t, events.last(t).Err == later.err)
		}
	}
}

// asked matches by a method, as the errors do that hide some of what is in them.
type asked struct{ err error }

func (a asked) Error() string        { return "asked" }
func (a asked) Is(target error) bool { return errors.Is(a.err, target) }

// askedWrapper also wraps another one.
type askedWrapper struct {
	asked
	inner error
}

func (a askedWrapper) Unwrap() error { return a.inner }

// list cannot be compared.
type list []error

func (l list) Error() string   { return "list" }
func (l list) Unwrap() []error { return l }

// hollow wraps nothing.
type hollow struct{}

func (hollow) Error() string { return "hollow" }
func (hollow) Unwrap() error { return nil }

// grow makes an error out of bytes: each wraps or combines what there is so far.
func grow(data []byte) error {
	reasons := make([]error, len(inOrder))
	for i, reason := range inOrder {
		reasons[i] = reason.err
	}
	others := append(slices.Clone(reasons), authstrategy.ErrInvalidToken, observe.ErrFailed, context.Canceled, hollow{}, list{}, list{nil, nil})
	err := error(hollow{})
	for len(data) >= 2 {
		kind, other := data[0], others[int(data[1])%len(others)]
		data = data[2:]
		switch kind % 9 {
		case 0:
			err = other
		case 1:
			err = fmt.Errorf("wrapped: %w", err)
		case 2:
			err = errors.Join(err, other)
		case 3:
			err = fmt.Errorf("%w: %w", other, err)
		case 4:
			err = asked{err}
		case 5:
			err = list{other, nil, err}
		case 6:
			err = errs.Shield(err, reasons)
		case 7:
			err = errs.Refuse(other, err, reasons)
		case 8:
			err = askedWrapper{asked{other}, err}
		}
	}
	return err
}

// The one pass finds what errors.Is finds, asked for each reason, the last one first.
func FuzzReason(f *testing.F) {
	for kind := range byte(9) {
		f.Add([]byte{0, 10, kind, 4, 1, 0, kind, 12})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := grow(data[:min(len(data), 8)]) // asking a refusal of a refusal of a refusal takes time
		want := "failed"
		for _, reason := range slices.Backward(inOrder) {
			if errors.Is(err, reason.err) {
				want = reason.name
				break
			}
		}
		if got := observe.Reason(err); got != want {
			t.Fatalf("%s: %q, want %q", strings.ReplaceAll(err.Error(), "\n", "; "), got, want)
		}
	})
}
