package session_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

var (
	_ authstrategy.Strategy[user] = (*session.Strategy[user])(nil)
	_ session.Store               = (*session.Memory)(nil)
)

// mistakes returns the texts of joined errors, each of which must match
// ErrInvalidConfig.
func mistakes(t testing.TB, err error) []string {
	t.Helper()
	require.Error(t, err)
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, "%T", err)
	var texts []string
	for _, e := range joined.Unwrap() {
		assert.ErrorIs(t, e, authstrategy.ErrInvalidConfig)
		assert.NotErrorIs(t, e, authstrategy.ErrInvalidToken)
		texts = append(texts, strings.TrimPrefix(e.Error(), "authstrategy: invalid configuration: "))
	}
	return texts
}

func TestMistakesAtNew(t *testing.T) {
	w := newWorld(t)
	noLifetime := &fakeStrategy{Strategy: w.inner}
	forever := w.jwt(t, accessSecret, authstrategy.WithoutExpiration())
	plain, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(accessSecret))
	require.NoError(t, err)
	onlyID, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(accessSecret), authstrategy.WithTokenID())
	require.NoError(t, err)
	onlyTime, err := authstrategy.GetJWTStrategy[user](authstrategy.NewSecret(accessSecret), authstrategy.WithIssuedAt())
	require.NoError(t, err)
	anyOf, err := authstrategy.AnyOf[user](w.inner, plain)
	require.NoError(t, err)
	nested, err := authstrategy.AnyOf(anyOf, w.inner)
	require.NoError(t, err)

	const (
		noID   = "session: the inner strategy writes tokens without jti, so that none could be ended; make it with authstrategy.WithTokenID"
		noTime = "session: the inner strategy writes tokens without iat, so that DestroyAll could not tell them apart; make it with authstrategy.WithIssuedAt"
	)
	for _, c := range []struct {
		name  string
		inner authstrategy.Strategy[user]
		store session.Store
		opts  []session.Option
		want  []string
	}{
		{"no store", w.inner, nil, nil, []string{"session: the store is nil; pass NewMemory(), or a store that several processes share"}},
		{"a nil store in an interface", w.inner, (*session.Memory)(nil), nil, []string{"session: the store is nil; pass NewMemory(), or a store that several processes share"}},
		{"no inner strategy", nil, w.store, nil, []string{"session: the inner strategy is nil; check the error of the function that made it"}},
		{"a nil strategy in an interface", (*authstrategy.JWTStrategy[user])(nil), w.store, nil, []string{"session: the inner strategy is nil; check the error of the function that made it"}},
		{"neither jti nor iat", plain, w.store, nil, []string{noID, noTime}},
		{"no jti", onlyTime, w.store, nil, []string{noID}},
		{"no iat", onlyID, w.store, nil, []string{noTime}},
		{"neither, behind AnyOf", anyOf, w.store, nil, []string{noID, noTime}},
		{"neither, behind AnyOf in AnyOf", nested, w.store, nil, []string{noID, noTime}},
		{"no Lifetime", noLifetime, w.store, nil, []string{"session: the inner strategy, a *session_test.fakeStrategy, has no method Lifetime; name the longest lifetime of its tokens with WithMaxLifetime"}},
		{"a lifetime below the inner strategy's", w.inner, w.store, []session.Option{session.WithMaxLifetime(time.Hour - 1)}, []string{"session: WithMaxLifetime(59m59.999999999s) is shorter than the inner strategy's lifetime of 1h0m0s; it must be as long, or longer"}},
		{"a lifetime of tokens that never expire", forever, w.store, []session.Option{session.WithMaxLifetime(math.MaxInt64)}, []string{"session: WithMaxLifetime(2562047h47m16.854775807s) does not go with tokens that never expire; omit it, or give the inner strategy a lifetime"}},
		{"a short lifetime", noLifetime, w.store, []session.Option{session.WithMaxLifetime(time.Second - 1)}, []string{"session: WithMaxLifetime(999.999999ms) is too short; it must be 1s or more, and a bare number counts nanoseconds"}},
		{"no key space", w.inner, w.store, []session.Option{session.WithKeySpace("")}, []string{"session: WithKeySpace: the name has 0 bytes; it must have 1 to 255 bytes of UTF-8"}},
		{"a long key space", w.inner, w.store, []session.Option{session.WithKeySpace(strings.Repeat("a", 256))}, []string{"session: WithKeySpace: the name has 256 bytes; it must have 1 to 255 bytes of UTF-8"}},
		{"a key space that is not UTF-8", w.inner, w.store, []session.Option{session.WithKeySpace("a\xff")}, []string{"session: WithKeySpace: the name has 2 bytes; it must have 1 to 255 bytes of UTF-8"}},
		{"a negative skew", w.inner, w.store, []session.Option{session.WithClockSkew(-1)}, []string{"session: WithClockSkew(-1ns) is out of range; it must be from 0 to 1m0s"}},
		{"a large skew", w.inner, w.store, []session.Option{session.WithClockSkew(time.Minute + 1)}, []string{"session: WithClockSkew(1m0.000000001s) is out of range; it must be from 0 to 1m0s"}},
		{"no clock", w.inner, w.store, []session.Option{session.WithClock(nil)}, []string{"session: WithClock(nil) is no clock; pass a function, or omit the option for time.Now"}},
		{"a nil option", w.inner, w.store, []session.Option{session.WithClock(w.Now), nil}, []string{"session: option 2 of 2 is nil; omit it, or use one of the With functions"}},
		{"options of NewRefresher", w.inner, w.store, []session.Option{
			session.WithPreviousSecrets(), session.WithGrace(time.Second), session.WithIdleLifetime(day), session.WithSessionLifetime(day),
		}, []string{
			"session: WithPreviousSecrets is no option of New; pass it to NewRefresher",
			"session: WithGrace is no option of New; pass it to NewRefresher",
			"session: WithIdleLifetime is no option of New; pass it to NewRefresher",
			"session: WithSessionLifetime is no option of New; pass it to NewRefresher",
		}},
		{"given twice, each is validated", w.inner, w.store, []session.Option{session.WithClockSkew(-1), session.WithClockSkew(0)}, []string{"session: WithClockSkew(-1ns) is out of range; it must be from 0 to 1m0s"}},
		{"all at once", plain, nil, []session.Option{session.WithKeySpace(""), session.WithGrace(0), session.WithMaxLifetime(1)}, []string{
			"session: WithKeySpace: the name has 0 bytes; it must have 1 to 255 bytes of UTF-8",
			"session: WithMaxLifetime(1ns) is too short; it must be 1s or more, and a bare number counts nanoseconds",
			"session: WithGrace is no option of New; pass it to NewRefresher",
			"session: the store is nil; pass NewMemory(), or a store that several processes share",
			"session: WithMaxLifetime(1ns) is shorter than the inner strategy's lifetime of 1h0m0s; it must be as long, or longer",
			noID, noTime,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := session.New(c.inner, c.store, c.opts...)
			assert.Equal(t, c.want, mistakes(t, err))
			assert.Nil(t, s)
		})
	}
}

// What stands at a bound, or only reads, is no mistake.
func TestNoMistakesAtNew(t *testing.T) {
	w := newWorld(t)
	reads, err := authstrategy.GetJWTStrategy[user](authstrategy.Secret{}, authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithPublicKey(publicKey))
	require.NoError(t, err)
	both, err := authstrategy.AnyOf[user](w.inner, reads)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		inner authstrategy.Strategy[user]
		opts  []session.Option
	}{
		"no options":                     {w.inner, nil},
		"a reader writes no tokens":      {reads, nil},
		"a reader behind AnyOf":          {both, nil},
		"the inner strategy's lifetime":  {w.inner, []session.Option{session.WithMaxLifetime(time.Hour)}},
		"a longer one":                   {w.inner, []session.Option{session.WithMaxLifetime(time.Hour + 1)}},
		"the shortest":                   {&fakeStrategy{Strategy: w.inner}, []session.Option{session.WithMaxLifetime(time.Second)}},
		"tokens that never expire":       {w.jwt(t, accessSecret, authstrategy.WithoutExpiration()), nil},
		"no skew":                        {w.inner, []session.Option{session.WithClockSkew(0)}},
		"the largest skew":               {w.inner, []session.Option{session.WithClockSkew(time.Minute)}},
		"the longest key space":          {w.inner, []session.Option{session.WithKeySpace(strings.Repeat("é", 127) + "a")}},
		"the shortest key space":         {w.inner, []session.Option{session.WithKeySpace("\x00")}},
		"the last of two options counts": {w.inner, []session.Option{session.WithClock(w.Now), session.WithClock(time.Now)}},
	} {
		s, err := session.New(c.inner, w.store, c.opts...)
		assert.NoError(t, err, name)
		assert.NotNil(t, s, name)
	}
}

// publicKey is a test key.
const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`

func TestLifetime(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, time.Hour, w.Lifetime(), "the inner strategy's")
	assert.Equal(t, time.Hour, w.wrap(t, w.inner, session.WithMaxLifetime(2*time.Hour)).Lifetime(), "also below WithMaxLifetime")
	assert.Equal(t, 2*time.Hour, w.wrap(t, &fakeStrategy{Strategy: w.inner}, session.WithMaxLifetime(2*time.Hour)).Lifetime(), "WithMaxLifetime where there is none")
	assert.Zero(t, w.wrap(t, w.jwt(t, accessSecret, authstrategy.WithoutExpiration())).Lifetime())
	anyOf, err := authstrategy.AnyOf[user](w.inner, w.jwt(t, otherSecret, authstrategy.WithLifetime(time.Minute)))
	require.NoError(t, err)
	assert.Equal(t, time.Hour, w.wrap(t, anyOf).Lifetime(), "that of the first, which writes")
}

func TestNilAndZeroLetNobodyIn(t *testing.T) {
	for name, s := range map[string]*session.Strategy[user]{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			const want = "authstrategy: invalid configuration: the session.Strategy is nil or zero; make it with New and check its error"
			token, err := s.WriteToken(ctx, ada)
			assert.EqualError(t, err, want)
			assert.Empty(t, token)
			got, err := s.ReadToken(ctx, "token", load)
			assert.EqualError(t, err, want)
			assert.Empty(t, got)
			assert.EqualError(t, s.DestroyToken(ctx, "token", ada), want)
			assert.EqualError(t, s.DestroyAll(ctx, ada), want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
			assert.Zero(t, s.Lifetime())

			_, err = session.NewRefresher(s, authstrategy.NewSecret(refreshSecret))
			assert.Equal(t, []string{"session: the access strategy is nil or zero; make it with New and check its error"}, mistakes(t, err))
		})
	}
	for name, r := range map[string]*session.Refresher[user]{"nil": nil, "zero": {}} {
		t.Run(name+" refresher", func(t *testing.T) {
			const want = "authstrategy: invalid configuration: the session.Refresher is nil or zero; make it with NewRefresher and check its error"
			tokens, err := r.Start(ctx, ada)
			assert.EqualError(t, err, want)
			assert.Empty(t, tokens)
			got, tokens, err := r.Refresh(ctx, "token", load)
			assert.EqualError(t, err, want)
			assert.Empty(t, got)
			assert.Empty(t, tokens)
			assert.EqualError(t, r.End(ctx, "token"), want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
		})
	}
}

func TestNoLoader(t *testing.T) {
	w := newWorld(t)
	const want = "authstrategy: invalid configuration: the loader is nil; pass a function that returns the user for the claims"
	_, err := w.ReadToken(ctx, write(t, w, ada), nil)
	assert.EqualError(t, err, want)
	assert.ErrorIs(t, err, authstrategy.ErrInvalidConfig)
	r := newRefresher(t, w.Strategy)
	_, _, err = r.Refresh(ctx, start(t, r, ada).Refresh, nil)
	assert.EqualError(t, err, want)
}

// A person is a user who can be nil.
type person struct{ id string }

func (p *person) TokenSubject() string { return p.id }

func TestNobodyToWriteFor(t *testing.T) {
	w := newWorld(t)
	inner, err := authstrategy.GetJWTStrategy[*person](authstrategy.NewSecret(accessSecret), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	require.NoError(t, err)
	s, err := session.New(inner, w.store)
	require.NoError(t, err)
	r, err := session.NewRefresher(s, authstrategy.NewSecret(refreshSecret))
	require.NoError(t, err)
	token, err := s.WriteToken(ctx, &person{"ada"})
	require.NoError(t, err)
	w.store.since()
	for name, nobody := range map[string]*person{"nil": nil, "without a subject": {}} {
		t.Run(name, func(t *testing.T) {
			const want = "authstrategy: invalid subject: the user is nil, or its TokenSubject is empty"
			_, err := s.WriteToken(ctx, nobody)
			assert.EqualError(t, err, want)
			assert.ErrorIs(t, err, authstrategy.ErrInvalidSubject)
			_, err = r.Start(ctx, nobody)
			assert.EqualError(t, err, want)
			assert.EqualError(t, s.DestroyToken(ctx, token, nobody), want)
			assert.EqualError(t, s.DestroyToken(ctx, "forged", nobody), want)
			assert.EqualError(t, s.DestroyAll(ctx, nobody), want)
		})
	}
	assert.Empty(t, w.store.since(), "nothing happens")
	_, err = s.ReadToken(ctx, token, func(context.Context, *authstrategy.Claims) (*person, error) { return &person{"ada"}, nil })
	assert.NoError(t, err)
}

func TestMistakesAtNewRefresher(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name   string
		secret string
		opts   []session.Option
		want   []string
	}{
		{"a weak secret", "sesame", nil, []string{"session: refresh tokens: "}},
		{"no secret", "", nil, []string{"session: refresh tokens: "}},
		{"a weak previous secret", refreshSecret, []session.Option{session.WithPreviousSecrets(authstrategy.NewSecret(otherSecret), authstrategy.NewSecret("sesame"))}, []string{"session: secret 2 of 2 of WithPreviousSecrets: "}},
		{"WithMaxLifetime", refreshSecret, []session.Option{session.WithMaxLifetime(day)}, []string{"session: WithMaxLifetime is no option of NewRefresher; pass it to New"}},
		{"a negative grace", refreshSecret, []session.Option{session.WithGrace(-1)}, []string{"session: WithGrace(-1ns) is out of range; it must be from 0 to 1m0s"}},
		{"a long grace", refreshSecret, []session.Option{session.WithGrace(time.Minute + 1)}, []string{"session: WithGrace(1m0.000000001s) is out of range; it must be from 0 to 1m0s"}},
		{"a short idle lifetime", refreshSecret, []session.Option{session.WithIdleLifetime(time.Minute - 1)}, []string{"session: WithIdleLifetime(59.999999999s) is out of range; it must be from 1m0s to 731 days"}},
		{"no idle lifetime", refreshSecret, []session.Option{session.WithIdleLifetime(0)}, []string{"session: WithIdleLifetime(0s) is out of range; it must be from 1m0s to 731 days"}},
		{"a long idle lifetime", refreshSecret, []session.Option{session.WithSessionLifetime(731 * day), session.WithIdleLifetime(731*day + 1)}, []string{
			"session: WithIdleLifetime(17544h0m0.000000001s) is out of range; it must be from 1m0s to 731 days",
			"session: the idle lifetime of 17544h0m0.000000001s is longer than the session lifetime of 17544h0m0s; see WithIdleLifetime and WithSessionLifetime",
		}},
		{"a short session", refreshSecret, []session.Option{session.WithSessionLifetime(time.Minute - 1)}, []string{"session: WithSessionLifetime(59.999999999s) is out of range; it must be from 1m0s to 731 days"}},
		{"a long session", refreshSecret, []session.Option{session.WithSessionLifetime(731*day + 1)}, []string{"session: WithSessionLifetime(17544h0m0.000000001s) is out of range; it must be from 1m0s to 731 days"}},
		{"idle for longer than a session lasts", refreshSecret, []session.Option{session.WithIdleLifetime(day + 1), session.WithSessionLifetime(day)}, []string{"session: the idle lifetime of 24h0m0.000000001s is longer than the session lifetime of 24h0m0s; see WithIdleLifetime and WithSessionLifetime"}},
		{"idle for longer than the default session", refreshSecret, []session.Option{session.WithIdleLifetime(90*day + 1)}, []string{"session: the idle lifetime of 2160h0m0.000000001s is longer than the session lifetime of 2160h0m0s; see WithIdleLifetime and WithSessionLifetime"}},
		{"what both constructors take", refreshSecret, []session.Option{session.WithKeySpace(""), session.WithClock(nil), session.WithClockSkew(-1), nil}, []string{
			"session: WithKeySpace: the name has 0 bytes; it must have 1 to 255 bytes of UTF-8",
			"session: WithClock(nil) is no clock; pass a function, or omit the option for time.Now",
			"session: WithClockSkew(-1ns) is out of range; it must be from 0 to 1m0s",
			"session: option 4 of 4 is nil; omit it, or use one of the With functions",
		}},
		{"all at once", "sesame", []session.Option{session.WithGrace(-1), session.WithMaxLifetime(day)}, []string{
			"session: WithGrace(-1ns) is out of range; it must be from 0 to 1m0s",
			"session: WithMaxLifetime is no option of NewRefresher; pass it to New",
			"session: refresh tokens: ",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret(c.secret), c.opts...)
			assert.Nil(t, r)
			got := mistakes(t, err)
			require.Len(t, got, len(c.want), "%q", got)
			for i, want := range c.want {
				if strings.HasSuffix(want, ": ") { // what is wrong with a secret says the root package
					assert.True(t, strings.HasPrefix(got[i], want), "%q", got[i])
					assert.ErrorIs(t, err, authstrategy.ErrWeakSecret)
					continue
				}
				assert.Equal(t, want, got[i])
			}
			assert.NotContains(t, err.Error(), "sesame")
		})
	}
}

func TestNoMistakesAtNewRefresher(t *testing.T) {
	w := newWorld(t)
	for name, opts := range map[string][]session.Option{
		"no options":                     nil,
		"no grace":                       {session.WithGrace(0)},
		"the longest grace":              {session.WithGrace(time.Minute)},
		"the shortest session":           {session.WithSessionLifetime(time.Minute)}, // idle is as short
		"the longest session":            {session.WithSessionLifetime(731 * day), session.WithIdleLifetime(731 * day)},
		"the shortest idle lifetime":     {session.WithIdleLifetime(time.Minute)},
		"no previous secrets":            {session.WithPreviousSecrets()},
		"what both constructors take":    {session.WithKeySpace("other"), session.WithClock(time.Now), session.WithClockSkew(0)},
		"a session shorter than 14 days": {session.WithSessionLifetime(day)},
	} {
		_, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret(refreshSecret), opts...)
		assert.NoError(t, err, name)
	}
}

// The slice of secrets stays the caller's.
func TestPreviousSecretsAreCopied(t *testing.T) {
	w := newWorld(t)
	secrets := []authstrategy.Secret{authstrategy.NewSecret(otherSecret)}
	option := session.WithPreviousSecrets(secrets...)
	secrets[0] = authstrategy.Secret{}
	_, err := session.NewRefresher(w.Strategy, authstrategy.NewSecret(refreshSecret), option)
	assert.NoError(t, err)
}
