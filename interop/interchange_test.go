package interop

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

const (
	subject         = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	anotherAudience = "another:audience"
)

// TestInterchange exchanges tokens with every peer in every algorithm, and
// compares what came of it with docs/interchange.md.
func TestInterchange(t *testing.T) {
	keys := newKeys(t)
	cells := make(map[string]string) // by peer and algorithm
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			for _, alg := range algorithms {
				t.Run(string(alg), func(t *testing.T) {
					k := keys[alg]
					if !p.knows(alg) {
						if run(t, "is lacked", func(t *testing.T) { lacked(t, p, alg, k) }) == "ok" {
							cells[p.name+string(alg)] = "n/a"
						}
						return
					}
					read := run(t, "theirs is read here", func(t *testing.T) { theirs(t, p, alg, k) })
					verified := run(t, "ours is verified there", func(t *testing.T) { ours(t, p, alg, k) })
					if read != "" && verified != "" {
						cells[p.name+string(alg)] = read + " · " + verified
					}
				})
			}
		})
	}

	rows := [][]string{{"algorithm"}}
	for _, p := range peers {
		rows[0] = append(rows[0], p.name+" "+p.version)
	}
	for _, alg := range algorithms {
		row := []string{string(alg)}
		for _, p := range peers {
			row = append(row, cells[p.name+string(alg)])
		}
		rows = append(rows, row)
	}
	compareTable(t, "matrix", rows)
}

// run runs a subtest and tells how it went: nothing where -run leaves it out.
func run(t *testing.T, name string, f func(*testing.T)) (outcome string) {
	t.Run(name, func(t *testing.T) {
		outcome = "FAILED"
		f(t)
		if !t.Failed() {
			outcome = "ok"
		}
	})
	return outcome
}

// lacked holds the peer to what the table of peers says: an algorithm that it
// comes to know has to be taken up there.
func lacked(t *testing.T, p *peer, alg authstrategy.Algorithm, k key) {
	a := p.ask(t, request{Op: "sign", Alg: alg, Key: k.private, JWK: k.privateJWK, Claims: claims(authstrategy.DefaultAudience)})
	if a.Token != "" || !strings.Contains(a.Error, p.lackedError) {
		t.Errorf("signed %q, error %q; want the error %q", a.Token, a.Error, p.lackedError)
	}
	token, err := writer(t, alg, k).WriteToken(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if a := p.verify(t, alg, k, token); a.Error == "" {
		t.Error("it verifies what it can't sign")
	}
}

// theirs takes tokens that the peer mints.
func theirs(t *testing.T, p *peer, alg authstrategy.Algorithm, k key) {
	token := p.sign(t, alg, k, claims(authstrategy.DefaultAudience))
	another := p.sign(t, alg, k, claims(anotherAudience))
	exchange(t, p, alg, k, token, another)
}

// ours takes tokens minted here.
func ours(t *testing.T, p *peer, alg authstrategy.Algorithm, k key) {
	token, err := writer(t, alg, k).WriteToken(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	another, err := writer(t, alg, k, authstrategy.WithAudience(anotherAudience)).WriteToken(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, p, alg, k, token, another)
}

// claims are those that FastAPI Users writes.
func claims(audience string) map[string]any {
	return map[string]any{
		"sub": subject,
		"aud": []string{audience},
		"exp": time.Now().Add(time.Hour).Unix(),
	}
}

// exchange shows a token to both sides, who have to agree on what it says, and
// then what both have to refuse: the token with a byte changed, and one that
// was minted by the same side for another audience.
func exchange(t *testing.T, p *peer, alg authstrategy.Algorithm, k key, token, another string) {
	here := reader(t, alg, k)
	read, err := here.ReadClaims(t.Context(), token)
	if err != nil {
		t.Fatalf("refused here: %v", err)
	}
	there := p.verify(t, alg, k, token)
	if there.Error != "" {
		t.Fatalf("refused there: %s", there.Error)
	}
	if want := (map[string]any{
		"sub": read.Subject,
		"aud": []any{authstrategy.DefaultAudience},
		"exp": float64(read.ExpiresAt.Unix()),
	}); read.Subject != subject || !reflect.DeepEqual(without(there.Claims, "iat"), want) {
		t.Errorf("read here as %v, verified there as %v", want, there.Claims)
	}

	for _, r := range []struct {
		what, token string
		here        error
		there       string
	}{
		{"a changed header", change(t, token, 0, changeAlgorithm(alg)), authstrategy.ErrTokenUnverifiable, p.refusal.algorithm},
		{"a changed payload", change(t, token, 1, changeSubject), authstrategy.ErrTokenSignature, p.refusal.signature},
		{"a changed signature", change(t, token, 2, changeMiddle), authstrategy.ErrTokenSignature, p.refusal.signature},
		{"another audience", another, authstrategy.ErrTokenAudience, p.refusal.audience},
	} {
		if _, err := here.ReadClaims(t.Context(), r.token); !errors.Is(err, r.here) {
			t.Errorf("%s: here %v, want %v", r.what, err, r.here)
		}
		a := p.verify(t, alg, k, r.token)
		if r.what == "another audience" && p.signaturesOnly {
			if a.Error != "" {
				t.Errorf("%s: there %q, which looks at claims after all", r.what, a.Error)
			}
			continue
		}
		if a.Error == "" || !strings.Contains(a.Error, r.there) {
			t.Errorf("%s: there %q, want %q", r.what, a.Error, r.there)
		}
	}
}

// without drops a claim: jsonwebtoken and fast-jwt add an iat of their own.
func without(claims map[string]any, name string) map[string]any {
	delete(claims, name)
	return claims
}

// change decodes one segment of a token, changes one byte and encodes it again.
func change(t *testing.T, token string, segment int, edit func([]byte) []byte) string {
	t.Helper()
	segments := strings.Split(token, ".")
	old, err := base64.RawURLEncoding.DecodeString(segments[segment])
	if err != nil {
		t.Fatal(err)
	}
	changed := edit(bytes.Clone(old))
	if len(changed) != len(old) || bytes.Equal(changed, old) {
		t.Fatalf("not one changed byte: %q, %q", old, changed)
	}
	segments[segment] = base64URL(changed)
	return strings.Join(segments, ".")
}

func changeAlgorithm(alg authstrategy.Algorithm) func([]byte) []byte {
	last := len(alg) - 1
	other := fmt.Sprintf("%q", alg[:last]+"9")
	return func(header []byte) []byte {
		return bytes.Replace(header, fmt.Appendf(nil, "%q", alg), []byte(other), 1)
	}
}

func changeSubject(payload []byte) []byte {
	return bytes.Replace(payload, []byte(subject), []byte("4"+subject[1:]), 1)
}

func changeMiddle(signature []byte) []byte {
	signature[len(signature)/2] ^= 1
	return signature
}
