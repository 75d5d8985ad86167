package jwks

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Who comes to wait after an attempt is over, and after its time is over as well, gets
// its outcome.
func TestWaitingForAnAttemptThatIsOver(t *testing.T) {
	late, cancel := context.WithCancel(t.Context())
	cancel()
	a := &attempt{late: late, done: make(chan struct{})}
	assert.Equal(t, errLate, a.wait(t.Context()))
	close(a.done)
	for range 100 { // either of the two is found first
		assert.NoError(t, a.wait(t.Context()))
	}
}
