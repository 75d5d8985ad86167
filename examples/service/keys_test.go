package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

func TestReadKeyFileCutsOneFinalNewline(t *testing.T) {
	for content, want := range map[string]string{
		"secret":         "secret",
		"secret\n":       "secret",
		"secret\r\n":     "secret",
		"secret\n\n":     "secret\n",
		"secret\r\n\r\n": "secret\r\n",
		"secret\r":       "secret\r",
		" se\ncret \n":   " se\ncret ",
	} {
		got, err := readKeyFile("-secret-file", writeFile(t, content))
		require.NoError(t, err, "%q", content)
		assert.Equal(t, want, got, "%q", content)
	}
	for _, content := range []string{"", "\n", "\r\n"} {
		path := writeFile(t, content)
		_, err := readKeyFile("-secret-file", path)
		assert.EqualError(t, err, "-secret-file: "+path+" is empty", "%q", content)
	}
}

// A service started with nothing but -algorithm works, whatever the algorithm.
func TestRandomSecret(t *testing.T) {
	t.Parallel()
	for _, alg := range []authstrategy.Algorithm{
		authstrategy.HS256, authstrategy.HS384, authstrategy.HS512,
		authstrategy.RS256, authstrategy.PS512, // the others take the same keys, slowly made
		authstrategy.ES256, authstrategy.ES384, authstrategy.ES512,
		authstrategy.EdDSA,
	} {
		t.Run(string(alg), func(t *testing.T) {
			k, err := loadKeys(config{algorithm: string(alg)})
			require.NoError(t, err)
			assert.True(t, k.random)
			assert.False(t, k.readOnly())
			strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](k.secret, authstrategy.WithAlgorithm(alg))
			require.NoError(t, err)
			token, err := strategy.WriteToken(t.Context(), "id")
			require.NoError(t, err)
			claims, err := strategy.ReadClaims(t.Context(), token)
			require.NoError(t, err)
			assert.Equal(t, "id", claims.Subject)
		})
	}
	first, err := loadKeys(config{algorithm: "HS256"})
	require.NoError(t, err)
	second, err := loadKeys(config{algorithm: "HS256"})
	require.NoError(t, err)
	assert.NotEqual(t, first.secret.Reveal(), second.secret.Reveal())
}
