//go:build !race

package strictjson_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The only allocation is the copy of data, which the test makes. The race detector
// empties pools: it does not build this file.
func TestHeaderAllocations(t *testing.T) {
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = eachHeaderMember(`{"a":[{"b":"c"}]}`) }), 1.0)
}
