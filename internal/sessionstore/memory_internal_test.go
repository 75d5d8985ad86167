package sessionstore

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While Memory moves to a smaller map, most of what it has moved can end, so that the
// new map is too large as well. What is not yet moved must not be left behind.
func TestMemoryShrinksWhileItShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, m := t.Context(), new(Memory)
		const first, moved, later, last = 40_100, 2000, 10_000, 400
		for i := range first + moved + later + last {
			_, err := m.Raise(ctx, fmt.Sprint(i), 1, time.Time{})
			require.NoError(t, err)
		}
		// In the order in which the calls look at them:
		e := m.next
		for range first {
			e.until, e = time.Now().Add(time.Hour), e.next
		}
		var ends, stay []string
		for i := range moved + later {
			e.until = time.Now().Add(2 * time.Hour)
			if i < moved {
				ends = append(ends, e.key)
			}
			e = e.next
		}
		for range last {
			stay, e = append(stay, e.key), e.next
		}
		require.Same(t, m.next, e)

		time.Sleep(time.Hour + 1)
		for range (first + moved) / looksPerCall {
			m.Len()
		}
		require.Len(t, m.entries, moved)
		require.Len(t, m.leaving, later+last)
		time.Sleep(time.Hour)
		for _, key := range ends {
			_, err := m.Raise(ctx, key, 1, time.Unix(0, 0)) // finds it over, and removes it
			require.NoError(t, err)
		}
		values, err := m.Get(ctx, stay...)
		require.NoError(t, err)
		for _, value := range values {
			require.EqualValues(t, 1, value)
		}
		for range later {
			m.Len()
		}
		assert.Equal(t, last, m.Len())
	})
}
