package authstrategy_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// workflows returns the texts of the workflows by their names. That they are well-formed
// is what .ci/run has actionlint for.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(".github/workflows/*")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range names {
		texts[filepath.Base(name)] = document(t, name)
	}
	require.Contains(t, texts, "ci.yml")
	require.Contains(t, texts, "weekly.yml")
	return texts
}

// What runs in a workflow is pinned to a commit, may only read, keeps no credentials,
// and ends.
func TestWorkflowsAreRestricted(t *testing.T) {
	pinned := regexp.MustCompile(`^ [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	lines := func(text, key string) []string {
		var rest []string
		for _, line := range regexp.MustCompile(`(?m)^[ -]*`+key+`:(.*)$`).FindAllStringSubmatch(text, -1) {
			rest = append(rest, line[1])
		}
		return rest
	}
	for name, text := range workflows(t) {
		uses := lines(text, "uses")
		require.NotEmpty(t, uses, name)
		for _, use := range uses {
			assert.Regexp(t, pinned, use, name)
		}
		assert.Contains(t, text, "\npermissions:\n  contents: read\n\n", name)
		assert.Len(t, lines(text, "permissions"), 1, name)
		checkouts := regexp.MustCompile(`uses: actions/checkout@.*\n +with:\n +persist-credentials: false\n`).FindAllString(text, -1)
		assert.Len(t, checkouts, len(lines(text, "runs-on")), name)
		assert.Len(t, lines(text, "timeout-minutes"), len(lines(text, "runs-on")), name)
		assert.Len(t, lines(text, "concurrency"), 1, name)
		assert.NotContains(t, text, "pull_request_target", name)
	}
}

// A push and a pull request run .ci/run on the Go release of go.mod, and on the one
// after it that .ci/run names.
func TestWorkflowRunsEverything(t *testing.T) {
	release := func(file, pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(document(t, file))
		require.NotNil(t, found, file)
		return found[1] + ".x"
	}
	current := release("go.mod", `(?m)^go (1\.\d+)`)
	next := release(".ci/run", `(?m)^next_go=go(1\.\d+)\.\d+$`)
	ci := workflows(t)["ci.yml"]
	assert.Contains(t, ci, "\non: [push, pull_request]\n")
	assert.Contains(t, ci, "\n        go: [\""+current+"\", \""+next+"\"]\n")
	assert.Contains(t, ci, "\n          go-version: ${{ matrix.go }}\n")
	assert.Regexp(t, `\n      - run: \.ci/run\n$`, ci)
}

// Each week looks for advisories in every module, and fuzzes longer. Neither is in
// .ci/run, since unchanged code must pass again.
func TestWorkflowEachWeek(t *testing.T) {
	weekly := workflows(t)["weekly.yml"]
	assert.Regexp(t, `\n  schedule:\n    - cron: "\d+ \d+ \* \* \d"\n`, weekly)
	assert.Contains(t, weekly, "\n      - run: .ci/vulnerabilities\n")
	assert.Regexp(t, `\n      - run: \.ci/fuzz \d+m\n`, weekly)
	assert.Regexp(t, `golang\.org/x/vuln/cmd/govulncheck@v\d+\.\d+\.\d+\n`, document(t, ".ci/vulnerabilities"))
	assert.NotContains(t, document(t, ".ci/run"), "vulnerabilities")
}

// Dependabot looks at every module and at the actions.
func TestDependabot(t *testing.T) {
	text := document(t, ".github/dependabot.yml")
	var named []string
	for _, line := range regexp.MustCompile(`(?m)^      - (/.*)$`).FindAllStringSubmatch(text, -1) {
		named = append(named, line[1])
	}
	assert.ElementsMatch(t, moduleFolders(t), named)
	assert.Contains(t, text, "\n  - package-ecosystem: gomod\n    directories:\n      - /\n")
	assert.Contains(t, text, "\n  - package-ecosystem: github-actions\n    directory: /\n")
}

// moduleFolders returns the folders that have a go.mod, from "/".
func moduleFolders(t *testing.T) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry != nil && entry.Name() == "go.mod" {
			folders = append(folders, path.Join("/", filepath.ToSlash(filepath.Dir(name))))
		}
		return err
	})
	require.NoError(t, err)
	return folders
}
