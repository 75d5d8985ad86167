package observe_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/observe"
)

// What the tests share.

const (
	secret = "observe test secret, not for production"
	ada    = user("ada")
)

type user = authstrategy.Subject

type hook = func(context.Context, observe.Event)

var (
	ctx  = context.Background()
	load = authstrategy.UserLoader[user](authstrategy.LoadSubject)
)

// events are those that a hook was given.
type events struct {
	mu  sync.Mutex
	all []observe.Event
}

func (e *events) hook(_ context.Context, event observe.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

// last returns the one event since it was asked before.
func (e *events) last(t testing.TB) observe.Event {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Len(t, e.all, 1)
	event := e.all[0]
	e.all = nil
	return event
}

// fake is a strategy that does what it is told, and breaks the contract that a call
// which fails returns nothing else.
type fake struct {
	err  error
	call func(ctx context.Context, token string, u user, load authstrategy.UserLoader[user])
}

func (f *fake) called(ctx context.Context, token string, u user, load authstrategy.UserLoader[user]) {
	if f.call != nil {
		f.call(ctx, token, u, load)
	}
}

func (f *fake) WriteToken(ctx context.Context, u user) (string, error) {
	f.called(ctx, "", u, nil)
	return "token", f.err
}

func (f *fake) ReadToken(ctx context.Context, token string, load authstrategy.UserLoader[user]) (user, error) {
	f.called(ctx, token, "", load)
	return ada, f.err
}

func (f *fake) DestroyToken(ctx context.Context, token string, u user) error {
	f.called(ctx, token, u, nil)
	return f.err
}

// lasting is a fake whose tokens have a lifetime.
type lasting struct{ fake }

func (l *lasting) Lifetime() time.Duration { return 7 * time.Minute }

func newJWT(t testing.TB, opts ...authstrategy.Option) *authstrategy.JWTStrategy[user] {
	t.Helper()
	s, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(secret), opts...)
	require.NoError(t, err)
	return s
}

func observed(t testing.TB, inner authstrategy.Strategy[user], hook hook) authstrategy.Strategy[user] {
	t.Helper()
	s, err := observe.Strategy(inner, hook)
	require.NoError(t, err)
	return s
}

// each calls the three methods.
var each = map[observe.Operation]func(s authstrategy.Strategy[user]) (any, error){
	observe.Write:   func(s authstrategy.Strategy[user]) (any, error) { return s.WriteToken(ctx, ada) },
	observe.Read:    func(s authstrategy.Strategy[user]) (any, error) { return s.ReadToken(ctx, "token", load) },
	observe.Destroy: func(s authstrategy.Strategy[user]) (any, error) { return nil, s.DestroyToken(ctx, "token", ada) },
}
