package names_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/names"
)

func TestFault(t *testing.T) {
	const ends = "has white space or invisible characters at its ends"
	for name, want := range map[string]string{
		"a": "", "a b": "", "é": "",
		"": "is empty", "\xff": "is not UTF-8", "a\xff": "is not UTF-8",
		" a": ends, "a\n": ends, "a\u00a0": ends, "\u200ba": ends, "a\ufeff": ends, "\x00": ends,
	} {
		assert.Equal(t, want, names.Fault(name), "%q", name)
	}
}

func TestMediaType(t *testing.T) {
	for typ, want := range map[string]string{
		"JWT": "jwt", "at+jwt": "at+jwt", "application/AT+JWT": "at+jwt", "APPLICATION/at+jwt": "at+jwt",
		"application/application/a": "application/a", "text/a": "text/a", "application/": "", "[`{@Z": "[`{@z",
		"\u212a": "\u212a", // the Kelvin sign is no k
	} {
		assert.Equal(t, want, names.MediaType(typ), "%q", typ)
	}
}
