package session_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

// What the tests share: users, a clock, a store that is told what to do, and a
// forger's tools.

const (
	accessSecret  = "access secret for tests, not for production"
	refreshSecret = "refresh secret for tests, not for production"
	otherSecret   = "another secret for tests, not for production"

	ada = user("ada")
	bob = user("bob")

	day  = 24 * time.Hour
	skew = time.Second // the default
)

type user = authstrategy.Subject

var (
	ctx   = context.Background()
	space = ledger.KeySpace("authstrategy") // the default
	load  = authstrategy.UserLoader[user](authstrategy.LoadSubject)

	// Not a whole second, so that the whole seconds of iat and exp show.
	testTime = time.Date(2030, 1, 1, 12, 0, 0, int(400*time.Millisecond), time.UTC)
)

// A clock is set by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: testTime} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

// plus is a clock that differs from this one.
func (c *clock) plus(d time.Duration) func() time.Time {
	return func() time.Time { return c.Now().Add(d) }
}

// A call is one call of a store.
type call struct {
	keys  []string
	value int64     // of Raise; 0: a Get
	until time.Time // of Raise
}

func get(keys ...string) call { return call{keys: keys} }

func raised(key string, value int64, until time.Time) call {
	return call{[]string{key}, value, until}
}

// A plainStore is a Store that keeps what it is told for ever, or until its own
// clock says so, and writes down every call.
type plainStore struct {
	mu     sync.Mutex
	values map[string]int64
	untils map[string]time.Time
	calls  []call

	now     func() time.Time // nil: nothing is over
	fail    func(call) error // before anything is done; nil: nothing fails
	before  func(call)       // called before each call
	repeats bool             // each Raise, as a client library does that has lost the reply
	short   bool             // Get returns too few values
}

func newStore() *plainStore {
	return &plainStore{values: map[string]int64{}, untils: map[string]time.Time{}}
}

func (s *plainStore) begin(c call) error {
	if s.before != nil {
		s.before(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.until = c.until.UTC()
	s.calls = append(s.calls, c)
	if s.fail != nil {
		return s.fail(c)
	}
	return nil
}

func (s *plainStore) Raise(_ context.Context, key string, value int64, until time.Time) (int64, error) {
	if err := s.begin(raised(key, value, until)); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if value < 1 {
		return 0, fmt.Errorf("the value %d", value)
	}
	before := s.read(key)
	if before == 0 || !s.untils[key].IsZero() && (until.IsZero() || until.After(s.untils[key])) {
		s.untils[key] = until.UTC()
	}
	s.values[key] = max(before, value)
	if s.repeats {
		before = s.values[key]
	}
	return before, nil
}

func (s *plainStore) Get(_ context.Context, keys ...string) ([]int64, error) {
	if err := s.begin(get(keys...)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []int64
	for _, key := range keys {
		values = append(values, s.read(key))
	}
	if s.short {
		return values[1:], nil
	}
	return values, nil
}

func (s *plainStore) read(key string) int64 {
	until := s.untils[key]
	if s.now != nil && !until.IsZero() && s.now().After(until) {
		return 0
	}
	return s.values[key]
}

// since returns the calls since it was asked last.
func (s *plainStore) since() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// failing makes every call fail, or with a number those after the first so many.
func (s *plainStore) failing(err error, after int) {
	s.fail = func(call) error {
		if after--; after >= 0 {
			return nil
		}
		return err
	}
}

var errOwn = errors.New("an error of one's own")

// errDown is the error of a store that cannot be reached. An upstream service has
// refused this service's own token.
var errDown = fmt.Errorf("the store is down: %w", authstrategy.ErrTokenExpired)

// A world is one service: a clock, a store, and the strategies on them.
type world struct {
	*clock
	store *plainStore
	inner *authstrategy.JWTStrategy[user]
	*session.Strategy[user]
}

func newWorld(t testing.TB, opts ...session.Option) *world {
	t.Helper()
	w := &world{clock: newClock(), store: newStore()}
	w.inner = w.jwt(t, accessSecret)
	w.Strategy = w.wrap(t, w.inner, opts...)
	return w
}

// jwt returns a strategy of access tokens by the clock of the world.
func (w *world) jwt(t testing.TB, secret string, opts ...authstrategy.Option) *authstrategy.JWTStrategy[user] {
	t.Helper()
	return newJWT(t, secret, w.Now, opts...)
}

func newJWT(t testing.TB, secret string, now func() time.Time, opts ...authstrategy.Option) *authstrategy.JWTStrategy[user] {
	t.Helper()
	opts = append([]authstrategy.Option{authstrategy.WithClock(now), authstrategy.WithTokenID(), authstrategy.WithIssuedAt()}, opts...)
	s, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(secret), opts...)
	require.NoError(t, err)
	return s
}

// wrap returns a Strategy on the store of the world.
func (w *world) wrap(t testing.TB, inner authstrategy.Strategy[user], opts ...session.Option) *session.Strategy[user] {
	t.Helper()
	return newSession(t, inner, w.store, append([]session.Option{session.WithClock(w.Now)}, opts...)...)
}

func newSession(t testing.TB, inner authstrategy.Strategy[user], store session.Store, opts ...session.Option) *session.Strategy[user] {
	t.Helper()
	s, err := session.New(inner, store, opts...)
	require.NoError(t, err)
	return s
}

func newRefresher(t testing.TB, access *session.Strategy[user], opts ...session.Option) *session.Refresher[user] {
	t.Helper()
	r, err := session.NewRefresher(access, authstrategy.NewSecret(refreshSecret), opts...)
	require.NoError(t, err)
	return r
}

// host returns a Strategy of another process of the service, whose clock differs.
func (w *world) host(t testing.TB, ahead time.Duration, opts ...session.Option) *session.Strategy[user] {
	t.Helper()
	opts = append([]session.Option{session.WithClock(w.plus(ahead))}, opts...)
	return newSession(t, newJWT(t, accessSecret, w.plus(ahead)), w.store, opts...)
}

func write(t testing.TB, s authstrategy.Strategy[user], u user) string {
	t.Helper()
	token, err := s.WriteToken(ctx, u)
	require.NoError(t, err)
	require.NotEmpty(t, token)
	return token
}

func destroyAll(t testing.TB, s *session.Strategy[user], u user) {
	t.Helper()
	require.NoError(t, s.DestroyAll(ctx, u))
}

// lives asserts that a token is read.
func lives(t testing.TB, s authstrategy.Strategy[user], token string, u user, why ...any) {
	t.Helper()
	got, err := s.ReadToken(ctx, token, load)
	assert.NoError(t, err, why...)
	assert.Equal(t, u, got, why...)
}

// isEnded asserts that a token is refused since it was ended.
func isEnded(t testing.TB, s authstrategy.Strategy[user], token string, why ...any) {
	t.Helper()
	got, err := s.ReadToken(ctx, token, load)
	isRevoked(t, err, why...)
	assert.Empty(t, got, why...)
}

func isRevoked(t testing.TB, err error, why ...any) {
	t.Helper()
	assertReason(t, err, session.ErrRevoked, why...)
}

// refusals are the reasons to refuse a token.
var refusals = []error{
	authstrategy.ErrTokenMissing, authstrategy.ErrTokenTooLarge, authstrategy.ErrTokenMalformed, authstrategy.ErrTokenUnverifiable,
	authstrategy.ErrTokenSignature, authstrategy.ErrTokenType, authstrategy.ErrTokenIssuer, authstrategy.ErrTokenAudience,
	authstrategy.ErrTokenClaimMissing, authstrategy.ErrTokenNotYetValid, authstrategy.ErrTokenExpired, authstrategy.ErrUserNotFound,
	authstrategy.ErrUserRefused, session.ErrRevoked, session.ErrRefreshReused,
}

// assertReason asserts that an error refuses a token for one reason alone.
func assertReason(t testing.TB, err, reason error, why ...any) {
	t.Helper()
	require.Error(t, err, why...)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidToken, why...)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidConfig, why...)
	for _, r := range refusals {
		want := r == reason || r == authstrategy.ErrUserRefused && (reason == session.ErrRevoked || reason == session.ErrRefreshReused)
		assert.Equal(t, want, errors.Is(err, r), "%v: matches %v", err, r)
	}
}

// assertNoRefusal asserts that an error refuses no token, and is in the end the
// cause.
func assertNoRefusal(t testing.TB, err, cause error, why ...any) {
	t.Helper()
	require.ErrorIs(t, err, cause, why...)
	assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken, why...)
	for _, r := range refusals {
		assert.NotErrorIs(t, err, r, why...)
	}
}

func encode(segment string) string { return base64.RawURLEncoding.EncodeToString([]byte(segment)) }

func decode(t testing.TB, segment string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(segment)
	require.NoError(t, err)
	return string(text)
}

// sign makes a token of any claims with the right signature.
func sign(secret, header, claims string) string {
	input := encode(header) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + encode(string(mac.Sum(nil)))
}

// accessToken makes a token with these claims beside sub and aud.
func accessToken(claims string) string {
	return sign(accessSecret, `{"alg":"HS256","typ":"JWT"}`, `{"sub":"ada","aud":["fastapi-users:auth"]`+claims+`}`)
}

// claimsOf returns the payload of a token, unverified.
func claimsOf(t testing.TB, token string) string {
	t.Helper()
	segments := strings.Split(token, ".")
	require.Len(t, segments, 3)
	return decode(t, segments[1])
}

// tokenKey returns the key of an access token in the store.
func tokenKey(t testing.TB, inner *authstrategy.JWTStrategy[user], token string) string {
	t.Helper()
	claims, err := inner.ReadClaims(ctx, token)
	require.NoError(t, err)
	require.NotEmpty(t, claims.ID)
	return space.Token(claims.ID)
}

// A fakeStrategy is one of another make: it has no Lifetime. What is nil is the
// strategy's that it embeds.
type fakeStrategy struct {
	authstrategy.Strategy[user]
	write   func(user) (string, error)
	read    func(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error)
	destroy func(token string) error
}

func (f *fakeStrategy) WriteToken(ctx context.Context, u user) (string, error) {
	if f.write == nil {
		return f.Strategy.WriteToken(ctx, u)
	}
	return f.write(u)
}

func (f *fakeStrategy) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
	if f.read == nil {
		return f.Strategy.ReadToken(ctx, token, load)
	}
	return f.read(ctx, token, load)
}

func (f *fakeStrategy) DestroyToken(ctx context.Context, token string, u user) error {
	if f.destroy == nil {
		return f.Strategy.DestroyToken(ctx, token, u)
	}
	return f.destroy(token)
}
