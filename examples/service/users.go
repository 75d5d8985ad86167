package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"

	"github.com/go-authstrategy/authstrategy"
)

// User is the user as FastAPI Users shows it, member for member.
type User struct {
	ID          string `json:"id"`
	Email       string `json:"email"`
	IsActive    bool   `json:"is_active"`
	IsSuperuser bool   `json:"is_superuser"`
	IsVerified  bool   `json:"is_verified"`
}

// TokenSubject makes the id the token's "sub".
func (u *User) TokenSubject() string { return u.ID }

// userID makes a UUID (version 8, RFC 9562 §5.8) of the name and of nothing
// else, so that a token outlives a restart.
func userID(name string) string {
	id := sha256.Sum256([]byte(name))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// randomPassword has 128 bits, more than anyone guesses.
func randomPassword() string { return rand.Text() }

var (
	errBadCredentials = errors.New("unknown name or wrong password")
	errBusy           = errors.New("too many logins at once")
)

const (
	// What OWASP asks for with PBKDF2-HMAC-SHA256.
	hashIterations = 600_000

	// The hashes that may wait, per processor: about a second's work.
	hashQueue = 4
)

// userStore is the database: one user.
type userStore struct {
	user     User
	salt     []byte
	hash     []byte
	derive   deriveFunc
	admitted chan struct{} // a place for each hash that runs or waits
	running  chan struct{} // a place for each hash that runs
}

// newUserStore keeps the password as the hash that derive makes of it.
func newUserStore(name, password string, derive deriveFunc) (*userStore, error) {
	processors := runtime.GOMAXPROCS(0)
	s := &userStore{
		user:     User{ID: userID(name), Email: name, IsActive: true, IsVerified: true},
		salt:     make([]byte, 16),
		derive:   derive,
		admitted: make(chan struct{}, processors+hashQueue*processors),
		running:  make(chan struct{}, processors),
	}
	rand.Read(s.salt) // never fails, see crypto/rand
	var err error
	s.hash, err = s.derive(password, s.salt)
	return s, err
}

// deriveFunc hashes a password, slowly.
type deriveFunc func(password string, salt []byte) ([]byte, error)

func derivePBKDF2(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, hashIterations, sha256.Size)
}

// Load is the strategy's authstrategy.UserLoader: from verified claims to the
// user.
func (s *userStore) Load(_ context.Context, claims *authstrategy.Claims) (*User, error) {
	if claims.Subject != s.user.ID {
		return nil, authstrategy.ErrUserNotFound
	}
	user := s.user
	return &user, nil
}

// Authenticate returns the user of that name and password, errBadCredentials,
// or errBusy where too many logins wait already. A name that does not exist
// costs the same hash, so that the time an answer takes doesn't tell which
// names do.
func (s *userStore) Authenticate(ctx context.Context, name, password string) (*User, error) {
	hash, err := s.limitedHash(ctx, password)
	if err != nil {
		return nil, err
	}
	// The ids stand for the names: all of one length, whatever was sent.
	nameOK := subtle.ConstantTimeCompare([]byte(userID(name)), []byte(s.user.ID))
	passwordOK := subtle.ConstantTimeCompare(hash, s.hash)
	if nameOK&passwordOK != 1 {
		return nil, errBadCredentials
	}
	user := s.user
	return &user, nil
}

// limitedHash hashes at most as many passwords at once as there are processors.
// More of them would only slow each other down and, with no end to the queue,
// let anyone stall the service with logins.
func (s *userStore) limitedHash(ctx context.Context, password string) ([]byte, error) {
	select {
	case s.admitted <- struct{}{}:
		defer func() { <-s.admitted }()
	default:
		return nil, errBusy
	}
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-ctx.Done(): // the client has gone
		return nil, ctx.Err()
	}
	return s.derive(password, s.salt)
}
