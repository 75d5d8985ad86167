package authstrategy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

// WriteToken reports the first error that applies: a service that only reads is
// told so, whatever it wants to write.
func TestWriteErrorsInOrder(t *testing.T) {
	newStrategy := func(secret string, opts ...authstrategy.Option) *authstrategy.JWTStrategy[authstrategy.User] {
		stopped := authstrategy.WithClock(func() time.Time { return time.Unix(-1, 0) })
		s, err := authstrategy.GetJWTStrategy[authstrategy.User](authstrategy.NewSecret(secret), append(opts, stopped)...)
		require.NoError(t, err)
		return s
	}
	reader := newStrategy("", authstrategy.WithAlgorithm(authstrategy.EdDSA), authstrategy.WithPublicKey(file(t, "keys/ed25519.pub.pem")))
	writer := newStrategy(testSecret)
	for _, tt := range []struct {
		name     string
		strategy *authstrategy.JWTStrategy[authstrategy.User]
		user     authstrategy.User
		want     error
	}{
		{"nil strategy, nil user", nil, nil, authstrategy.ErrInvalidConfig},
		{"no key, nil user, wrong clock", reader, nil, authstrategy.ErrNoSigningKey},
		{"no key, no subject, wrong clock", reader, authstrategy.Subject(""), authstrategy.ErrNoSigningKey},
		{"nil user, wrong clock", writer, nil, authstrategy.ErrInvalidSubject},
		{"no subject, wrong clock", writer, authstrategy.Subject(""), authstrategy.ErrInvalidSubject},
		{"no subject, wrong claims", writer, grown{"", []int{1}}, authstrategy.ErrInvalidSubject},
		{"wrong claims, wrong clock", writer, grown{"1", []int{1}}, authstrategy.ErrInvalidClaims},
		{"wrong clock, not UTF-8", writer, authstrategy.Subject("\xff"), authstrategy.ErrInvalidConfig},
		{"wrong clock", writer, authstrategy.Subject("1"), authstrategy.ErrInvalidConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := tt.strategy.WriteToken(ctx, tt.user)
			assertNoRefusal(t, err, tt.want)
			for _, other := range []error{authstrategy.ErrInvalidConfig, authstrategy.ErrNoSigningKey, authstrategy.ErrInvalidSubject, authstrategy.ErrInvalidClaims} {
				if other != tt.want {
					assert.NotErrorIs(t, err, other)
				}
			}
			assert.Empty(t, token)
		})
	}
}

// Claims that were not read from a token say so, and not that JSON is broken.
func TestDecodeOfUnreadClaims(t *testing.T) {
	for name, claims := range map[string]*authstrategy.Claims{"nil": nil, "made by hand": {Subject: "1"}} {
		t.Run(name, func(t *testing.T) {
			earlier := map[string]any{"sub": "somebody else"}
			err := claims.Decode(&earlier)
			assert.EqualError(t, err, "authstrategy: invalid claims: there is nothing to decode, since the claims were not read from a token")
			assertNoRefusal(t, err, authstrategy.ErrInvalidClaims)
			assert.Nil(t, earlier)
		})
	}
}
