package main

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

func newStrategy[U authstrategy.User](t *testing.T) *authstrategy.JWTStrategy[U] {
	t.Helper()
	strategy, err := authstrategy.GetJWTStrategy[U](authstrategy.NewSecret("test secret of 32 bytes or more!"))
	require.NoError(t, err)
	return strategy
}

func TestLoad(t *testing.T) {
	db, err := sql.Open("pgx", "")
	require.NoError(t, err)
	strategy, writer := newStrategy[*User](t), newStrategy[authstrategy.Subject](t)
	for subject, want := range map[authstrategy.Subject]error{
		"42":                   nil,
		"43":                   authstrategy.ErrUserNotFound,
		"0":                    authstrategy.ErrUserNotFound,
		"Ada":                  authstrategy.ErrUserNotFound,
		"18446744073709551616": authstrategy.ErrUserNotFound,
		"500":                  errDown,
	} {
		token, err := writer.WriteToken(t.Context(), subject)
		require.NoError(t, err)
		user, err := strategy.ReadToken(t.Context(), token, store{db}.load)
		require.ErrorIs(t, err, want, subject)
		if want == nil {
			assert.Equal(t, &User{42, "Ada"}, user)
		}
		if want == errDown {
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
		}
	}
}

func TestZeroID(t *testing.T) {
	strategy := newStrategy[*User](t)
	_, err := strategy.WriteToken(t.Context(), &User{Name: "nobody"})
	require.ErrorIs(t, err, authstrategy.ErrInvalidSubject)

	token, err := newStrategy[authstrategy.Subject](t).WriteToken(t.Context(), "0")
	require.NoError(t, err)
	_, err = strategy.ReadToken(t.Context(), token, func(context.Context, *authstrategy.Claims) (*User, error) { return &User{}, nil })
	require.ErrorIs(t, err, authstrategy.ErrUserNotFound)
}
