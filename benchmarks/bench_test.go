package main

import (
	"encoding/base64"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkRead(b *testing.B) {
	k := testKeys(b)
	for _, alg := range algorithms {
		token, err := k.token(alg, goodClaims())
		require.NoError(b, err)
		for _, c := range contenders {
			b.Run(alg+"/"+c.name, func(b *testing.B) {
				op, err := newRead(c, alg, k, token)
				require.NoError(b, err)
				loop(b, op)
			})
		}
	}
}

// BenchmarkForeign reads a token as other issuers write them: with a kid, and
// with more claims.
func BenchmarkForeign(b *testing.B) {
	k := testKeys(b)
	token := foreignToken(b, k)
	for _, c := range contenders {
		if c.name == katarasJWT.name {
			continue // it refuses every kid
		}
		b.Run("HS256/"+c.name, func(b *testing.B) {
			op, err := newRead(c, "HS256", k, token)
			require.NoError(b, err)
			loop(b, op)
		})
	}
}

func foreignToken(b *testing.B, k *keys) string {
	claims := goodClaims()
	claims["iss"], claims["azp"], claims["jti"] = "https://issuer.example.com/", "client", "5d8cbbc0c7e0"
	claims["iat"], claims["nbf"], claims["auth_time"] = 1767225600, 1767225600, 1767225600
	claims["name"], claims["email"], claims["scope"] = "Ada Lovelace", "ada@example.com", "openid profile email"
	payload, err := json.Marshal(claims)
	require.NoError(b, err)
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","kid":"2026-01","typ":"JWT"}`)) + "." + encode(payload)
	sign, err := newSigner("HS256", k)
	require.NoError(b, err)
	signature, err := sign([]byte(text))
	require.NoError(b, err)
	return text + "." + encode(signature)
}

func BenchmarkWrite(b *testing.B) {
	k := testKeys(b)
	for _, alg := range algorithms {
		for _, c := range contenders {
			b.Run(alg+"/"+c.name, func(b *testing.B) {
				op, err := newWrite(c, alg, k)
				require.NoError(b, err)
				loop(b, op)
			})
		}
	}
}

// BenchmarkRefuse reads bad tokens.
func BenchmarkRefuse(b *testing.B) { ownBenchmark(b, "Refuse/") }

// BenchmarkSize reads a short token and a long one.
func BenchmarkSize(b *testing.B) { ownBenchmark(b, "Size/") }

func ownBenchmark(b *testing.B, group string) {
	for _, t := range groupOf(b, group) {
		b.Run(strings.TrimPrefix(t.name, group), func(b *testing.B) {
			loop(b, t.ops[0])
			if t.size > 0 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*t.size), "ns/byte")
			}
		})
	}
}

// BenchmarkParallel reads in two goroutines on two processors.
func BenchmarkParallel(b *testing.B) {
	const group = "Parallel/"
	for _, t := range groupOf(b, group) {
		b.Run(strings.TrimPrefix(t.name, group), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(len(t.ops)))
			b.ReportAllocs()
			var started atomic.Int32
			b.RunParallel(func(pb *testing.PB) {
				op := t.ops[started.Add(1)-1]
				for pb.Next() {
					if err := op(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func groupOf(b *testing.B, group string) []task {
	tasks, err := ownTasks(testKeys(b))
	require.NoError(b, err)
	tasks = slices.DeleteFunc(tasks, func(t task) bool { return !strings.HasPrefix(t.name, group) })
	require.NotEmpty(b, tasks)
	return tasks
}

func loop(b *testing.B, op func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
}
