package conformance

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"testing"

	"github.com/davecgh/go-spew/spew"
	"github.com/go-authstrategy/authstrategy"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"
)

// Strategies and secrets go through the dumpers and encoders that people use,
// without a panic, and without the secret or a token that is remembered.
func TestDumpers(t *testing.T) {
	const secret = "for tests only: 32 bytes and some more"
	const subject = "a user whose token is remembered"
	strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret(secret), authstrategy.WithTokenCache(4))
	require.NoError(t, err)
	token, err := strategy.WriteToken(t.Context(), subject)
	require.NoError(t, err)
	_, err = strategy.ReadClaims(t.Context(), token)
	require.NoError(t, err)
	type config struct {
		Strategy *authstrategy.JWTStrategy[authstrategy.Subject]
		Secret   authstrategy.Secret
	}
	dumpers := map[string]func(any) string{
		"yaml v2": func(v any) string { out, err := yaml2.Marshal(v); return text(out, err) },
		"yaml v3": func(v any) string { out, err := yaml3.Marshal(v); return text(out, err) },
		"json":    func(v any) string { out, err := json.Marshal(v); return text(out, err) },
		"xml":     func(v any) string { out, err := xml.Marshal(v); return text(out, err) },
		"spew":    func(v any) string { return spew.Sdump(v) },
		"gob": func(v any) string {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(v)
			return text(out.Bytes(), err)
		},
	}
	for name, dump := range dumpers {
		for _, v := range []any{strategy, *strategy, authstrategy.NewSecret(secret), config{strategy, authstrategy.NewSecret(secret)}, &config{strategy, authstrategy.NewSecret(secret)}} {
			var dumped string
			assert.NotPanics(t, func() { dumped = dump(v) }, "%s of %T", name, v)
			for _, hidden := range []string{secret, token, subject} {
				assert.NotContains(t, dumped, hidden, "%s of %T", name, v)
			}
		}
	}
	out, err := yaml3.Marshal(config{nil, authstrategy.NewSecret(secret)})
	require.NoError(t, err)
	assert.Contains(t, string(out), "**********")
}

func text(out []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// go-cmp compares Secrets by their Equal, wherever they are, and shows nothing of
// them where they differ.
func TestSecretWithGoCmp(t *testing.T) {
	type config struct {
		Name   string
		Secret authstrategy.Secret
		All    map[string][]authstrategy.Secret
	}
	of := func(secret string) config {
		s := authstrategy.NewSecret(secret)
		return config{"n", s, map[string][]authstrategy.Secret{"k": {s, {}}}}
	}
	assert.True(t, cmp.Equal(of("a secret"), of("a secret")))
	assert.False(t, cmp.Equal(of("a secret"), of("another secret")))
	assert.NotContains(t, cmp.Diff(of("a secret"), of("another secret")), "another")
}
