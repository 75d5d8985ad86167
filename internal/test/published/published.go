// Package published names the modules of this repository that others can require.
// They have one version, and their tags are on one commit.
package published

// Root is the path of the root module.
const Root = "github.com/go-authstrategy/authstrategy"

// Modules are their folders, in the order in which they are tagged.
var Modules = []string{".", "observe/otelauth", "session/redisstore"}
