package ledger_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/ledger"
)

// oddTexts are ids and key spaces of which one is often the beginning or the end of
// another.
var oddTexts = []string{
	"", "a", "aa", "b", "ab", "a\x00", "\x00", "\x00\x00", "\x00a", "t", "u", "s", "ta", "\xff", "\xff\xfe", "é", "e\u0301", "a b", "a:b", ":", "\n",
	"\x00\x00\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00\x00\x00\x01a", strings.Repeat("a", 118), strings.Repeat("a", 119), strings.Repeat("a", 120), strings.Repeat("a", 5000),
}

func TestNoTwoKindsSpacesAndIDsShareAKey(t *testing.T) {
	seen := map[string]string{}
	add := func(key, name string) {
		assert.Empty(t, seen[key], "shares its key with %s", name)
		seen[key] = name
	}
	for _, space := range oddTexts {
		s := ledger.KeySpace(space)
		for _, id := range oddTexts {
			name := fmt.Sprintf("%.20q (%d) in %.20q (%d)", id, len(id), space, len(space))
			add(s.Token(id), "token "+name)
			add(s.User(id), "user "+name)
			add(s.Session(id), "session "+name)
		}
		add(s.Audience(), "audience of "+space)
	}
	assert.Len(t, seen, 3*len(oddTexts)*len(oddTexts)+len(oddTexts))
}

func TestKeysHaveOneLengthAndShowNothing(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	for _, id := range append(oddTexts, "ada@example.com", "3fa85f64-5717-4562-b3fc-2c963f66afa6") {
		s := ledger.KeySpace("authstrategy")
		for _, key := range []string{s.Token(id), s.User(id), s.Session(id)} {
			assert.Regexp(t, form, key)
			if len(id) > 2 {
				assert.NotContains(t, key, id)
				assert.NotContains(t, key, base64.RawURLEncoding.EncodeToString([]byte(id)))
			}
		}
	}
}

// The keys are in the stores of services that run. If one changes, what was ended
// comes back to life.
func TestKeysStayWhatTheyAre(t *testing.T) {
	hash := func(kind, space, id string) string {
		sum := sha256.Sum256([]byte(kind + string([]byte{byte(len(space))}) + space + id))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	for _, space := range oddTexts {
		for _, id := range oddTexts {
			s := ledger.KeySpace(space)
			assert.Equal(t, hash("t", space, id), s.Token(id))
			assert.Equal(t, hash("u", space, id), s.User(id))
			assert.Equal(t, hash("s", space, id), s.Session(id))
		}
		assert.Equal(t, "authstrategy:refresh:"+hash("r", space, ""), ledger.KeySpace(space).Audience())
	}
}

func TestTokenAndUser(t *testing.T) {
	for _, space := range []ledger.KeySpace{"", "authstrategy", "\x00"} {
		for _, id := range []string{"", "id", strings.Repeat("i", 1000)} {
			token, user := space.TokenAndUser(id, "subject")
			assert.Equal(t, space.Token(id), token)
			assert.Equal(t, space.User("subject"), user)
		}
	}
}
