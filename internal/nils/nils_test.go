package nils_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/nils"
)

func TestIs(t *testing.T) {
	for name, value := range map[string]any{
		"nil": nil, "pointer": (*int)(nil), "func": (func())(nil), "map": map[string]int(nil),
		"slice": []int(nil), "chan": (chan int)(nil), "interface in an interface": error(nil),
	} {
		assert.True(t, nils.Is(value), name)
	}
	for name, value := range map[string]any{
		"pointer": new(int), "func": func() {}, "map": map[string]int{}, "slice": []int{}, "chan": make(chan int),
		"number": 0, "text": "", "struct": struct{}{}, "pointer to nil": new(*int), "error": errors.New("e"),
	} {
		assert.False(t, nils.Is(value), name)
	}
	// By their own type, not in an interface.
	assert.True(t, nils.Is((*int)(nil)))
	assert.True(t, nils.Is(map[string]int(nil)))
	assert.True(t, nils.Is(error(nil)))
	assert.False(t, nils.Is(new(int)))
	assert.False(t, nils.Is(""))
	assert.False(t, nils.Is(struct{}{}))
	assert.Zero(t, testing.AllocsPerRun(100, func() { nils.Is(t.Name()) }))
}
