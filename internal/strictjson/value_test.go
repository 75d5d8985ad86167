package strictjson_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

func TestText(t *testing.T) {
	for value, want := range map[string]string{`""`: "", `"a"`: "a", `"\u0061\"\\\/\n"`: "a\"\\/\n", `"ü"`: "ü", `"\ud83d\ude00"`: "😀", `"` + strings.Repeat(`x\u20ac`, 100) + `"`: strings.Repeat("x€", 100)} {
		got, err := strictjson.Value(value).Text()
		assert.NoError(t, err, value)
		assert.Equal(t, want, got)
	}
	for value, says := range map[string]string{
		`1`:       "is a number; it must be a string",
		`-1`:      "is a number; it must be a string",
		`null`:    "is null; it must be a string",
		`true`:    "is a boolean; it must be a string",
		`false`:   "is a boolean; it must be a string",
		`["a"]`:   "is an array; it must be a string",
		`{"a":1}`: "is an object; it must be a string",
		``:        "is not valid JSON; it must be a string",
	} {
		got, err := strictjson.Value(value).Text()
		assert.EqualError(t, err, says, value)
		assert.Empty(t, got, value)
	}
}

func TestTexts(t *testing.T) {
	for value, want := range map[string][]string{`"a"`: {"a"}, `[]`: {}, `["a"]`: {"a"}, `[ "a" , "\u0062" , "" ]`: {"a", "b", ""}} {
		got, err := strictjson.Value(value).Texts()
		assert.NoError(t, err, value)
		assert.Equal(t, want, got)
	}
	const must = "; it must be a string or an array of strings"
	for value, says := range map[string]string{
		`1`:            "is a number" + must,
		`null`:         "is null" + must,
		`true`:         "is a boolean" + must,
		`{"a":"b"}`:    "is an object" + must,
		`[1]`:          "is an array with an element that is a number" + must,
		`["a",null]`:   "is an array with an element that is null" + must,
		`["a",["b"]]`:  "is an array with an element that is an array" + must,
		`[{}]`:         "is an array with an element that is an object" + must,
		`[true, null]`: "is an array with an element that is a boolean" + must,
	} {
		got, err := strictjson.Value(value).Texts()
		assert.EqualError(t, err, says, value)
		assert.Nil(t, got, value)
	}
}

func TestSeconds(t *testing.T) {
	assert.Equal(t, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix(), int64(strictjson.MaxDate))
	for value, want := range map[string]time.Time{
		`0`:                              time.Unix(0, 0),
		`-0`:                             time.Unix(0, 0),
		`-0.0e1`:                         time.Unix(0, 0),
		`1`:                              time.Unix(1, 0),
		`253402300799`:                   time.Unix(strictjson.MaxDate, 0),
		`253402300799.0`:                 time.Unix(strictjson.MaxDate, 0),
		`253402300798.999999999`:         time.Unix(strictjson.MaxDate-1, 999999999),
		`1.000000001`:                    time.Unix(1, 1),
		`0.1`:                            time.Unix(0, 1e8),
		`1893456000.123456789`:           time.Unix(1893456000, 123456789),
		`1893456000.9999999999`:          time.Unix(1893456001, 0),
		`1.893456e9`:                     time.Unix(1893456000, 0),
		`18934560000E-1`:                 time.Unix(1893456000, 0),
		`1893456000000000000000000e-15`:  time.Unix(1893456000, 0),
		`1e-999999999`:                   time.Unix(0, 0),
		`1` + strings.Repeat(`0`, 9):     time.Unix(1e9, 0),
		`0.` + strings.Repeat(`0`, 4000): time.Unix(0, 0),
	} {
		got, err := strictjson.Value(value).Seconds()
		assert.NoError(t, err, value)
		assert.Equal(t, want.UTC(), got, value)
	}
	for says, values := range map[string][]string{
		"is before 1970": {`-1`, `-9`, `-9e-400`, `-1e-9`, `-1e-400`, `-1e-999999999`, `-0.1E-400`, `-1e9999999999999999999`, `-1e400`},
		"is after the year 9999; are these milliseconds? it must be in seconds": {
			`253402300799.0000001`, `253402300800`, `1893456000000`, `999999999999999999`, `1000000000000000000`,
			`9223372036854775808`, `1e12`, `1e400`, `1e999999999`,
		},
		"has an exponent that is out of range; it must be in seconds": {`1e9999999999999999999`, `1e-9999999999999999999`},
		"is a string; it must be a number":                            {`"1"`, `""`, `"2030-01-01T00:00:00Z"`},
		"is null; it must be a number":                                {`null`},
		"is a boolean; it must be a number":                           {`true`, `false`},
		"is an array; it must be a number":                            {`[1]`},
		"is an object; it must be a number":                           {`{}`},
		"is not valid JSON; it must be a number":                      {``, `Inf`, `+1`},
	} {
		for _, value := range values {
			got, err := strictjson.Value(value).Seconds()
			assert.EqualError(t, err, says, value)
			assert.Zero(t, got, value)
		}
	}
}

// What nearly every token holds is read without a needless allocation.
func TestValueAllocations(t *testing.T) {
	date, text := strictjson.Value(`1893456000`), strictjson.Value(`"a string of some length"`)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = date.Seconds() }), "Seconds")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = text.Text() }), 1.0, "Text")
}
