package observe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
	"github.com/go-authstrategy/authstrategy/observe"
	"github.com/go-authstrategy/authstrategy/session"
)

func TestMistakes(t *testing.T) {
	const (
		noInner = "authstrategy: invalid configuration: observe: the inner strategy is nil; check the error of the function that made it"
		noHook  = "authstrategy: invalid configuration: observe: the hook is nil; pass a function, such as Log(logger)"
	)
	for name, c := range map[string]struct {
		inner authstrategy.Strategy[user]
		hook  hook
		want  string
	}{
		"no strategy":                 {nil, observe.Log(nil), noInner},
		"a nil strategy, with a type": {(*authstrategy.JWTStrategy[user])(nil), observe.Log(nil), noInner},
		"a nil factory":               {authstrategy.StrategyFactory[user](nil), observe.Log(nil), noInner},
		"no hook":                     {newJWT(t), nil, noHook},
		"neither":                     {nil, nil, noInner + "\n" + noHook},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := observe.Strategy(c.inner, c.hook)
			assert.EqualError(t, err, c.want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			assert.NotErrorIs(t, err, authstrategy.ErrInvalidToken)
			assert.Nil(t, s)
		})
	}
}

// Each call makes one event, and its end is that of the inner strategy.
func TestEvents(t *testing.T) {
	own := errors.New("an error of one's own, with a secret in it")
	for name, c := range map[string]struct{ err, want error }{
		"success":                    {nil, nil},
		"a reason":                   {authstrategy.ErrTokenExpired, authstrategy.ErrTokenExpired},
		"a reason, wrapped":          {fmt.Errorf("%w: %w", authstrategy.ErrUserNotFound, own), authstrategy.ErrUserNotFound},
		"revoked":                    {fmt.Errorf("ended: %w", session.ErrRevoked), authstrategy.ErrUserRefused},
		"reused":                     {session.ErrRefreshReused, authstrategy.ErrUserRefused},
		"an error of one's own":      {own, observe.ErrFailed},
		"no subject":                 {authstrategy.ErrInvalidSubject, observe.ErrFailed},
		"no key":                     {authstrategy.ErrNoSigningKey, observe.ErrFailed},
		"wrong claims":               {authstrategy.ErrInvalidClaims, observe.ErrFailed},
		"a mistake":                  {authstrategy.ErrInvalidConfig, observe.ErrFailed},
		"refused without any reason": {authstrategy.ErrInvalidToken, observe.ErrFailed},
		"an event's":                 {observe.ErrFailed, observe.ErrFailed},
	} {
		for operation, call := range each {
			t.Run(name+"/"+string(operation), func(t *testing.T) {
				var events events
				result, err := call(observed(t, &fake{err: c.err}, events.hook))
				assert.True(t, err == c.err, "the error stays as it is")
				event := events.last(t)
				assert.Equal(t, operation, event.Operation)
				assert.True(t, event.Err == c.want, "%v", event.Err)
				if c.err == nil {
					assert.Equal(t, map[observe.Operation]any{observe.Write: "token", observe.Read: ada, observe.Destroy: nil}[operation], result)
				} else if result != nil {
					assert.Zero(t, result, "nothing comes with an error")
				}
			})
		}
	}
}

// The operations have the names that are promised, and an Event has no room for more.
func TestNames(t *testing.T) {
	assert.Equal(t, []observe.Operation{"write", "read", "destroy"}, []observe.Operation{observe.Write, observe.Read, observe.Destroy})
	var fields []string
	for field := range reflect.TypeFor[observe.Event]().Fields() {
		fields = append(fields, field.Name+" "+field.Type.String())
	}
	assert.Equal(t, []string{"Operation observe.Operation", "Err error", "Duration time.Duration"}, fields)
}

// What is passed arrives.
func TestPassesThrough(t *testing.T) {
	type key struct{}
	marked := context.WithValue(ctx, key{}, "the caller's")
	count := 0
	inner := &fake{call: func(ctx context.Context, token string, u user, got authstrategy.UserLoader[user]) {
		assert.Equal(t, marked, ctx)
		switch count++; count {
		case 1:
			assert.Equal(t, user("bob"), u)
		case 2:
			assert.Equal(t, "some token", token)
			assert.Equal(t, reflect.ValueOf(load).Pointer(), reflect.ValueOf(got).Pointer(), "the loader itself")
		case 3:
			assert.Nil(t, got)
		case 4:
			assert.Equal(t, []any{"some token", user("bob")}, []any{token, u})
		}
	}}
	hooks := 0
	s := observed(t, inner, func(ctx context.Context, _ observe.Event) {
		hooks++
		assert.Equal(t, hooks, count, "the hook comes after the operation")
		assert.Equal(t, marked, ctx)
	})
	_, err := s.WriteToken(marked, "bob")
	require.NoError(t, err)
	_, err = s.ReadToken(marked, "some token", load)
	require.NoError(t, err)
	_, err = s.ReadToken(marked, "", nil)
	require.NoError(t, err)
	require.NoError(t, s.DestroyToken(marked, "some token", "bob"))
	assert.Equal(t, 4, hooks)
}

func TestDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events events
		s := observed(t, &fake{call: func(context.Context, string, user, authstrategy.UserLoader[user]) {
			time.Sleep(1234567 * time.Microsecond)
		}}, events.hook)
		for _, call := range each {
			_, err := call(s)
			require.NoError(t, err)
			assert.Equal(t, 1234567*time.Microsecond, events.last(t).Duration)
		}
	})
}

func TestLifetime(t *testing.T) {
	type lasts interface{ Lifetime() time.Duration }
	without, ok := observed(t, &fake{}, observe.Log(nil)).(lasts)
	assert.False(t, ok, "%T", without)
	with, ok := observed(t, &lasting{}, observe.Log(nil)).(lasts)
	require.True(t, ok)
	assert.Equal(t, 7*time.Minute, with.Lifetime())
	twice, ok := observed(t, observed(t, newJWT(t), observe.Log(nil)), observe.Log(nil)).(lasts)
	require.True(t, ok)
	assert.Equal(t, time.Hour, twice.Lifetime())
	_, ok = observed(t, authstrategy.StrategyFactory[user](func(context.Context) (authstrategy.Strategy[user], error) { return newJWT(t), nil }), observe.Log(nil)).(lasts)
	assert.False(t, ok, "a factory does not tell")
}

// A panic goes on to the caller, who gets nothing else. That of the inner strategy, or
// of the loader that it calls, counts as a failure.
func TestPanics(t *testing.T) {
	t.Run("inner", func(t *testing.T) {
		for operation, call := range each {
			var events events
			s := observed(t, &fake{call: func(context.Context, string, user, authstrategy.UserLoader[user]) { panic("inner") }}, events.hook)
			assert.PanicsWithValue(t, "inner", func() { _, _ = call(s) })
			event := events.last(t)
			assert.Equal(t, operation, event.Operation)
			assert.True(t, event.Err == observe.ErrFailed)
		}
	})
	t.Run("loader", func(t *testing.T) {
		var events events
		s := observed(t, newJWT(t), events.hook)
		token, err := s.WriteToken(ctx, ada)
		require.NoError(t, err)
		events.last(t)
		assert.PanicsWithValue(t, "loader", func() {
			_, _ = s.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (user, error) { panic("loader") })
		})
		assert.True(t, events.last(t).Err == observe.ErrFailed)
	})
	t.Run("hook", func(t *testing.T) {
		for _, err := range []error{nil, authstrategy.ErrTokenExpired, errors.New("down")} {
			for _, call := range each {
				s := observed(t, &fake{err: err}, func(context.Context, observe.Event) { panic("hook") })
				var result any
				assert.PanicsWithValue(t, "hook", func() { result, _ = call(s) })
				assert.Nil(t, result)
			}
		}
	})
	t.Run("goexit", func(t *testing.T) {
		var events events
		s := observed(t, &fake{call: func(context.Context, string, user, authstrategy.UserLoader[user]) { runtime.Goexit() }}, events.hook)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = s.ReadToken(ctx, "token", load)
		}()
		<-ended
		assert.True(t, events.last(t).Err == observe.ErrFailed)
	})
}

// Every bad token is counted for its one reason, and every good one as a success.
func TestHostile(t *testing.T) {
	strategies := map[*hostiletest.Reader]authstrategy.Strategy[user]{}
	var events events
	seen := map[error]int{}
	for _, row := range hostiletest.Rows() {
		if strategies[row.Reader] == nil {
			inner, err := row.Reader.Strategy()
			require.NoError(t, err)
			strategies[row.Reader] = observed(t, inner, events.hook)
		}
		_, err := strategies[row.Reader].ReadToken(ctx, row.Token, load)
		event := events.last(t)
		require.True(t, event.Err == row.Want, "%s: %v", row.Name, event.Err)
		require.Equal(t, observe.Reason(event.Err), observe.Reason(err), row.Name)
		seen[event.Err]++
	}
	assert.Len(t, seen, 12, "nil, and all reasons but those of a loader: %v", seen)
}

// session.New, and AnyOf, see through the wrapper what they must see.
func TestBeneathSession(t *testing.T) {
	good := newJWT(t, authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	anyOf := func(strategies ...authstrategy.Strategy[user]) authstrategy.Strategy[user] {
		s, err := authstrategy.AnyOf(strategies...)
		require.NoError(t, err)
		return s
	}
	wrap := func(inner authstrategy.Strategy[user]) authstrategy.Strategy[user] {
		return observed(t, inner, observe.Log(nil))
	}
	bad := newJWT(t)
	_, want := session.New[user](bad, session.NewMemory())
	require.ErrorContains(t, want, "authstrategy.WithTokenID")
	require.ErrorContains(t, want, "authstrategy.WithIssuedAt")
	for name, inner := range map[string]authstrategy.Strategy[user]{
		"observed":             wrap(bad),
		"observed twice":       wrap(wrap(bad)),
		"AnyOf of observed":    anyOf(wrap(bad), good),
		"the second of AnyOf":  anyOf(good, wrap(bad)),
		"observed AnyOf":       wrap(anyOf(good, bad)),
		"observed in observed": wrap(anyOf(wrap(good), wrap(bad))),
	} {
		_, err := session.New(inner, session.NewMemory())
		assert.EqualError(t, err, want.Error(), name)
	}
	for name, inner := range map[string]authstrategy.Strategy[user]{
		"observed":          wrap(good),
		"AnyOf of observed": anyOf(wrap(good), wrap(good)),
		"observed AnyOf":    wrap(anyOf(good, good)),
	} {
		s, err := session.New(inner, session.NewMemory())
		require.NoError(t, err, name)
		assert.Equal(t, time.Hour, s.Lifetime(), name)
	}
}

// A session around an observed strategy, and an observed strategy around a session: both
// see an ended token as a user who is refused, and a store that is down as a failure.
func TestAroundSession(t *testing.T) {
	var inside, outside events
	jwt := observed(t, newJWT(t, authstrategy.WithTokenID(), authstrategy.WithIssuedAt()), inside.hook)
	store := &fragile{Store: session.NewMemory()}
	sessions, err := session.New(jwt, store)
	require.NoError(t, err)
	s := observed(t, sessions, outside.hook)

	token, err := s.WriteToken(ctx, ada)
	require.NoError(t, err)
	_, err = s.ReadToken(ctx, token, load)
	require.NoError(t, err)
	require.NoError(t, s.DestroyToken(ctx, token, ada))
	inside.all, outside.all = nil, nil

	_, err = s.ReadToken(ctx, token, load)
	require.ErrorIs(t, err, session.ErrRevoked)
	assert.True(t, outside.last(t).Err == authstrategy.ErrUserRefused)
	assert.True(t, inside.last(t).Err == authstrategy.ErrUserRefused)

	store.err = errors.New("down")
	_, err = s.ReadToken(ctx, token, load)
	require.ErrorIs(t, err, store.err)
	assert.True(t, outside.last(t).Err == observe.ErrFailed)
	assert.True(t, inside.last(t).Err == observe.ErrFailed)
}

// fragile is a store that can be down.
type fragile struct {
	session.Store
	err error
}

func (f *fragile) Get(ctx context.Context, keys ...string) ([]int64, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Store.Get(ctx, keys...)
}

// authhttp finds the lifetime, the reasons and session.ErrRevoked through the wrapper.
func TestBeneathAuthHTTP(t *testing.T) {
	var events events
	sessions, err := session.New(newJWT(t, authstrategy.WithTokenID(), authstrategy.WithIssuedAt()), session.NewMemory())
	require.NoError(t, err)
	s := observed(t, sessions, events.hook)
	auth, err := authhttp.New(authhttp.Bearer{}, s, load)
	require.NoError(t, err)

	login := httptest.NewRecorder()
	auth.Login(login, httptest.NewRequest(http.MethodPost, "/login", nil), ada)
	require.Equal(t, http.StatusOK, login.Code)
	assert.Contains(t, login.Body.String(), `"expires_in":3600`)
	token, _, _ := strings.Cut(strings.TrimPrefix(login.Body.String(), `{"access_token":"`), `"`)
	assert.Equal(t, observe.Write, events.last(t).Operation)

	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	got, err := auth.Authenticate(request)
	require.NoError(t, err)
	assert.Equal(t, ada, got)
	assert.NoError(t, events.last(t).Err)

	_, err = auth.Authenticate(httptest.NewRequest(http.MethodGet, "/", nil))
	require.ErrorIs(t, err, authstrategy.ErrTokenMissing)
	assert.Empty(t, events.all, "without a token the strategy is not asked")

	require.NoError(t, sessions.DestroyToken(ctx, token, ada))
	_, err = auth.Authenticate(request)
	assert.ErrorIs(t, err, session.ErrRevoked)
	assert.True(t, events.last(t).Err == authstrategy.ErrUserRefused)
}
