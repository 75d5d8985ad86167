package frameworks

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/go-authstrategy/authstrategy"
)

// User is a user of the service.
type User struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Disabled bool   `json:"-"`
}

// TokenSubject makes the id the token's "sub".
func (u *User) TokenSubject() string { return u.ID }

// ErrBadCredentials is the error for an unknown name and for a wrong password
// alike.
var ErrBadCredentials = errors.New("unknown name or wrong password")

// Users is the service's own store of users, most often a database.
type Users interface {
	// ByPassword returns the user of that name and password, or an error that
	// matches ErrBadCredentials.
	ByPassword(ctx context.Context, name, password string) (*User, error)
	// ByID returns the user of that id, or an error that matches
	// authstrategy.ErrUserNotFound.
	ByID(ctx context.Context, id string) (*User, error)
}

// MemoryUsers is a Users for examples and tests. It is safe for concurrent use
// once every user is added.
type MemoryUsers struct {
	iterations int
	byName     map[string]account
	byID       map[string]*User
}

type account struct {
	user       *User
	salt, hash []byte
}

// NewMemoryUsers returns an empty store that hashes passwords with that many
// rounds of PBKDF2: 600,000 is OWASP's figure, tests do with one. A public
// service also bounds how many it hashes at once, as examples/service does.
func NewMemoryUsers(iterations int) *MemoryUsers {
	return &MemoryUsers{iterations, map[string]account{}, map[string]*User{}}
}

// Add adds a user with a password.
func (m *MemoryUsers) Add(user User, password string) error {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails, see crypto/rand
	hash, err := m.hash(password, salt)
	if err != nil {
		return err
	}
	m.byName[user.Name], m.byID[user.ID] = account{&user, salt, hash}, &user
	return nil
}

func (m *MemoryUsers) hash(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, m.iterations, sha256.Size)
}

// ByPassword implements Users. An unknown name costs the same hash as a known
// one: that of the zero account, which matches no password.
func (m *MemoryUsers) ByPassword(_ context.Context, name, password string) (*User, error) {
	account := m.byName[name]
	hash, err := m.hash(password, account.salt)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(hash, account.hash) != 1 {
		return nil, ErrBadCredentials
	}
	return account.user, nil
}

// ByID implements Users.
func (m *MemoryUsers) ByID(_ context.Context, id string) (*User, error) {
	user, found := m.byID[id]
	if !found {
		return nil, authstrategy.ErrUserNotFound
	}
	return user, nil
}
