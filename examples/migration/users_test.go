package migration

import (
	"bytes"
	"context"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

func file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
}

func TestUserWithoutID(t *testing.T) {
	strategy := newStrategy[*User](t, authstrategy.WithAudience(audience))
	for _, user := range []*User{{}, {ID: -1}, nil} {
		_, err := strategy.WriteToken(t.Context(), user)
		assert.ErrorIs(t, err, authstrategy.ErrInvalidSubject)
	}
	load := func(context.Context, *authstrategy.Claims) (*User, error) { return &User{}, nil } // a look-up that failed
	_, err := strategy.ReadToken(t.Context(), signed(t, good("sub", "0")), load)
	assert.ErrorIs(t, err, authstrategy.ErrUserNotFound)
	for _, subject := range []string{"0", "-42", "ada", "42.0", "99999999999999999999"} {
		_, err := strategy.ReadToken(t.Context(), signed(t, good("sub", subject)), Users{0: {ID: 7}, -42: {ID: 7}, 42: {ID: 42}, math.MaxInt64: {ID: 7}}.Load)
		assert.ErrorIs(t, err, authstrategy.ErrUserNotFound, subject)
	}
}

// An unguarded user has no guard for 0.
type unguarded struct{ ID int64 }

func (u unguarded) TokenSubject() string { return strconv.FormatInt(u.ID, 10) }

// Without the guard, all users who were never saved are one, and a look-up that fails
// lets that one in.
func TestWhyTheGuard(t *testing.T) {
	strategy := newStrategy[unguarded](t)
	token, err := strategy.WriteToken(t.Context(), unguarded{})
	require.NoError(t, err)
	_, err = strategy.ReadToken(t.Context(), token, func(context.Context, *authstrategy.Claims) (unguarded, error) { return unguarded{}, nil })
	assert.NoError(t, err)
}
