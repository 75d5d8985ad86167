package strictjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// Each of as many members as a header may have is found when it comes again: the
// names are kept by hashes, which can get into each other's way.
func TestEveryRepeatedMemberIsFound(t *testing.T) {
	var members []string
	for i := range strictjson.MaxMembers - 1 {
		members = append(members, fmt.Sprintf(`"m%d":0`, i))
	}
	header := func(last string) []byte { return []byte("{" + strings.Join(members, ",") + "," + last + "}") }
	ignore := func([]byte, strictjson.Value) error { return nil }
	assert.NoError(t, strictjson.EachHeaderMember(header(`"other":0`), ignore))
	for _, repeated := range members {
		assert.EqualError(t, strictjson.EachHeaderMember(header(repeated), ignore), "an object with the same member twice", repeated)
	}
}
