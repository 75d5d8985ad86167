package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/session"
)

// BenchmarkSession shows what a session.Strategy on Memory adds to a ReadToken of its
// inner strategy: as session-ns at most 400 on a machine that does nothing else, and
// as session-allocs at most 6. It costs a little more among many tokens that were
// ended.
func BenchmarkSession(b *testing.B) {
	for _, ended := range []int{0, 1000} {
		b.Run(fmt.Sprintf("ended=%d", ended), func(b *testing.B) { benchmarkSession(b, ended) })
	}
}

func benchmarkSession(b *testing.B, ended int) {
	inner, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.NewSecret("benchmark secret of 32 bytes or more!"), authstrategy.WithTokenID(), authstrategy.WithIssuedAt())
	require.NoError(b, err)
	strategy, err := session.New(inner, session.NewMemory())
	require.NoError(b, err)
	ctx := context.Background()
	for range ended {
		token, err := strategy.WriteToken(ctx, "1")
		require.NoError(b, err)
		require.NoError(b, strategy.DestroyToken(ctx, token, "1"))
	}
	token, err := strategy.WriteToken(ctx, "42")
	require.NoError(b, err)
	read := func(s authstrategy.Strategy[authstrategy.Subject]) func() error {
		return func() error {
			_, err := s.ReadToken(ctx, token, authstrategy.LoadSubject)
			return err
		}
	}
	added := allocations(b, read(strategy)) - allocations(b, read(inner))
	alone, ending := reads(b, read(inner), read(strategy))
	b.ReportMetric(float64(ending-alone), "session-ns")
	b.ReportMetric(added, "session-allocs")
}

func allocations(b *testing.B, read func() error) float64 {
	return testing.AllocsPerRun(100, func() {
		if err := read(); err != nil {
			b.Fatal(err)
		}
	})
}
