// Package refreshtest tests a session.Store by what it is for: many clients that refresh
// one token at once. It is imported by tests alone.
package refreshtest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/ledger"
	"github.com/go-authstrategy/authstrategy/session"
)

const clients, rounds = 64, 200

// Run has 64 clients refresh one token at once, 200 rounds: no honest client is
// logged out, and each round is one step of the session's counter.
func Run(t *testing.T, store session.Store) {
	refresher := newRefresher(t, store)
	tokens, err := refresher.Start(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	token := tokens.Refresh
	key := ledger.KeySpace("authstrategy").Session(sessionOf(t, token).ID)
	for round := range int64(rounds) {
		next := refreshTogether(t, refresher, token)
		values, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if counter := ledger.Counter(values[0]); counter != round+1 {
			t.Fatalf("round %d: the counter of the session is %d, want %d", round, counter, round+1)
		}
		for _, token := range next {
			if counter := sessionOf(t, token).Counter; counter != round+2 {
				t.Fatalf("round %d: a new token has the counter %d, want %d", round, counter, round+2)
			}
		}
		token = next[round%clients]
	}
}

func newRefresher(t *testing.T, store session.Store) *session.Refresher[authstrategy.Subject] {
	t.Helper()
	inner, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("access secret of 32 bytes or more!"), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	if err != nil {
		t.Fatal(err)
	}
	strategy, err := session.New(inner, store)
	if err != nil {
		t.Fatal(err)
	}
	refresher, err := session.NewRefresher(strategy, authstrategy.NewSecret("refresh secret of 32 bytes or more!"))
	if err != nil {
		t.Fatal(err)
	}
	return refresher
}

// refreshTogether has all clients refresh one token at the same moment, and returns the
// token that each gets.
func refreshTogether(t *testing.T, refresher *session.Refresher[authstrategy.Subject], token string) []string {
	t.Helper()
	next := make([]string, clients)
	var ready, done sync.WaitGroup
	ready.Add(clients)
	for i := range clients {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			_, tokens, err := refresher.Refresh(t.Context(), token, authstrategy.LoadSubject)
			if err != nil {
				t.Errorf("an honest client is not served: %v", err)
			}
			next[i] = tokens.Refresh
		})
	}
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return next
}

// sessionOf returns what a refresh token says of its session.
func sessionOf(t *testing.T, refresh string) (s ledger.Session) {
	t.Helper()
	segments := strings.Split(refresh, ".")
	if len(segments) != 3 {
		t.Fatalf("a refresh token of %d segments, want 3", len(segments))
	}
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
