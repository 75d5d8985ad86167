package hostiletest

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rows at the limits are what their names say, by another count than that of
// the package under test.
func TestFullHeaders(t *testing.T) {
	for _, full := range fullHeaders {
		for _, n := range []int{maxMembers, maxMembers + 1, 2 * maxMembers} {
			members, depth := count(t, full.header(n).String())
			assert.Equal(t, n, members, full.name)
			assert.LessOrEqual(t, depth, maxDepth, full.name)
		}
	}
}

func TestDeepValues(t *testing.T) {
	for _, deep := range deepValues {
		for _, n := range []int{maxDepth - 1, maxDepth} {
			members, depth := count(t, hs256.header().and("x", deep.value(n)).String())
			assert.Equal(t, n+1, depth, deep.name)
			assert.LessOrEqual(t, members, maxMembers, deep.name)
		}
	}
}

// count returns how many members a JSON object and all objects in it have, and
// how deep it is nested.
func count(t *testing.T, text string) (members, depth int) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	return countIn(value)
}

func countIn(value any) (members, depth int) {
	var inner []any
	switch value := value.(type) {
	case map[string]any:
		members, depth = len(value), 1
		inner = slices.Collect(maps.Values(value))
	case []any:
		depth = 1
		inner = value
	}
	deepest := 0
	for _, v := range inner {
		m, d := countIn(v)
		members, deepest = members+m, max(deepest, d)
	}
	return members, depth + deepest
}
