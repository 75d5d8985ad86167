package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const source = `package p

func f(a, b int) bool {
	if a < b {
		return true
	}
	return a == b || a == 1
}
`

func TestParseList(t *testing.T) {
	list, err := parseList("# said\nfile a/b.go\ntest ./a .\n\n# why\n- x < 1\n+ x <= 1\n- y\n+ z\n\n- one\n- two\n+ three\n+ four\nfile c.go\ntest .\n\n- gone\n+ \n")
	require.NoError(t, err)
	assert.Equal(t, []mutant{
		{6, "a/b.go", []string{"./a", "."}, "x < 1", "x <= 1"},
		{8, "a/b.go", []string{"./a", "."}, "y", "z"},
		{11, "a/b.go", []string{"./a", "."}, "one\ntwo", "three\nfour"},
		{18, "c.go", []string{"."}, "gone", ""},
	}, list)
	for text, says := range map[string]string{
		"":                             "it names no mutant",
		"# nothing":                    "it names no mutant",
		"- x\n+ y":                     "mutants.txt:1: a mutant comes after",
		"file a.go\n- x\n+ y":          "mutants.txt:2: a mutant comes after",
		"file a.go\ntest .\nx := 1":    "mutants.txt:3: a line begins with",
		"file a.go\ntest .\n\n-x\n+ y": "mutants.txt:4: a line begins with",
	} {
		_, err := parseList(text)
		assert.ErrorContains(t, err, says, text)
	}
}

func TestApply(t *testing.T) {
	mutated, err := mutant{old: "a < b", new: "a <= b"}.apply(source)
	require.NoError(t, err)
	assert.Contains(t, mutated, "if a <= b {\n")

	mutated, err = mutant{old: "if a < b {\nreturn true\n}", new: "_ = 0"}.apply(source)
	require.NoError(t, err, "the indentation does not count")
	assert.Equal(t, "package p\n\nfunc f(a, b int) bool {\n\t_ = 0\n\treturn a == b || a == 1\n}\n", mutated)

	for _, tt := range []struct{ old, new, says string }{
		{"a > b", "b", "found in 0 places"},
		{"a == ", "a != ", "found in 2 places"},
		{"a < b", "a < b", "its new text is the old one"},
		{"a < b", "a <", "it is not Go"},
	} {
		_, err := mutant{old: tt.old, new: tt.new}.apply(source)
		assert.ErrorContains(t, err, tt.says, tt.old)
	}
}

// That the list fits the code is checked by -check.
func TestListIsReadable(t *testing.T) {
	list, err := parseList(mutantsText)
	require.NoError(t, err)
	assert.NotEmpty(t, list)
}
