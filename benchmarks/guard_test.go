package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// BenchmarkGuard shows what authhttp's Require adds to ReadToken, as guard-ns/op:
// at most 1000 on a machine that does nothing else. One ns/op is a guarded request,
// and a ReadToken beside it for comparison: both are measured in turn, so that a
// machine which slows down slows both.
func BenchmarkGuard(b *testing.B) {
	strategy, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("benchmark secret of 32 bytes or more!"))
	require.NoError(b, err)
	load := func(_ context.Context, claims *authstrategy.Claims) (authstrategy.Subject, error) {
		return authstrategy.Subject(claims.Subject), nil
	}
	ctx := context.Background()
	token, err := strategy.WriteToken(ctx, "42")
	require.NoError(b, err)

	for _, c := range []struct {
		name      string
		transport authhttp.Transport
		header    http.Header
	}{
		{"Bearer", authhttp.Bearer{}, http.Header{"Authorization": {"Bearer " + token}}},
		{"Cookie", authhttp.Cookie{}, http.Header{"Cookie": {"__Host-auth=" + token}}},
		{"Cookie/posted", authhttp.Cookie{}, http.Header{"Cookie": {"__Host-auth=" + token}, "Sec-Fetch-Site": {"same-origin"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			auth, err := authhttp.New(c.transport, strategy, load)
			require.NoError(b, err)
			served := 0
			guarded := auth.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header = c.header

			guarding, reading := byBatches(b,
				func() { clear(w.Header()); guarded.ServeHTTP(w, r) },
				func() {
					if _, err := strategy.ReadToken(ctx, token, load); err != nil {
						b.Fatal(err)
					}
				})
			require.Equal(b, b.N/batch*batch, served)
			b.ReportMetric(float64((guarding-reading).Nanoseconds())/float64(b.N), "guard-ns/op")
		})
	}
}

const batch = 100

// byBatches does one and the other by turns, and returns the time that each took.
func byBatches(b *testing.B, one, other func()) (first, second time.Duration) {
	for n := 0; b.Loop(); {
		if n++; n%batch != 0 {
			continue
		}
		start := time.Now()
		for range batch {
			one()
		}
		middle := time.Now()
		for range batch {
			other()
		}
		first += middle.Sub(start)
		second += time.Since(middle)
	}
	return first, second
}
