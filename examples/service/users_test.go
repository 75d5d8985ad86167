package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// plainDerive costs nothing, for the tests that are not about the hash.
func plainDerive(password string, salt []byte) ([]byte, error) {
	hash := sha256.Sum256(append([]byte(password), salt...))
	return hash[:], nil
}

func TestUserID(t *testing.T) {
	id := userID("user@example.com")
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	assert.Equal(t, id, userID("user@example.com"))
	assert.NotEqual(t, id, userID("User@example.com"))
}

func TestPasswordIsKeptAsItsHash(t *testing.T) {
	store, err := newUserStore("name", "correct horse", plainDerive)
	require.NoError(t, err)
	want, err := plainDerive("correct horse", store.salt)
	require.NoError(t, err)
	assert.Equal(t, want, store.hash)
	assert.NotContains(t, fmt.Sprintf("%+v", store), "correct horse")

	other, err := newUserStore("name", "correct horse", plainDerive)
	require.NoError(t, err)
	assert.NotEqual(t, store.salt, other.salt)
}

// The same as Python's hashlib.pbkdf2_hmac("sha256", …, 600_000).
func TestDerivePBKDF2(t *testing.T) {
	t.Parallel()
	hash, err := derivePBKDF2("correct horse", []byte("0123456789abcdef"))
	require.NoError(t, err)
	assert.Equal(t, "91828083f760ed60bb550e24f3e89aa29bbcb27c4219d034c4c4f03c2e6db9d9", hex.EncodeToString(hash))
}

// An unknown name must take as long as a wrong password.
func TestEveryLoginHashesOnce(t *testing.T) {
	var hashed []string
	store, err := newUserStore("name", "right", func(password string, salt []byte) ([]byte, error) {
		hashed = append(hashed, password)
		return plainDerive(password, salt)
	})
	require.NoError(t, err)
	for _, c := range []struct {
		name, password string
		err            error
	}{
		{"name", "right", nil},
		{"name", "wrong", errBadCredentials},
		{"name", "", errBadCredentials},
		{"nobody", "right", errBadCredentials},
		{"nobody", "wrong", errBadCredentials},
		{"", "right", errBadCredentials},
	} {
		hashed = nil
		user, err := store.Authenticate(t.Context(), c.name, c.password)
		assert.ErrorIs(t, err, c.err, c)
		assert.Equal(t, c.err == nil, user != nil, c)
		assert.Equal(t, []string{c.password}, hashed, c)
	}
}

func TestLoad(t *testing.T) {
	store, err := newUserStore("name", "password", plainDerive)
	require.NoError(t, err)
	user, err := store.Load(t.Context(), &authstrategy.Claims{Subject: userID("name")})
	require.NoError(t, err)
	assert.Equal(t, &User{ID: userID("name"), Email: "name", IsActive: true, IsVerified: true}, user)
	_, err = store.Load(t.Context(), &authstrategy.Claims{Subject: userID("other")})
	assert.ErrorIs(t, err, authstrategy.ErrUserNotFound)
}
