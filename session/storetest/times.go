package storetest

import (
	"testing"
	"time"

	"github.com/go-authstrategy/authstrategy/session"
)

// late is how long after its time a key may still be read. A store may round up to a
// millisecond; the rest is for a busy machine.
const late = 2 * time.Second

// poll waits between two looks at a store.
const poll = 200 * time.Microsecond

func testUntil(t *testing.T, s session.Store) {
	// A busy machine may not get through the calls before the keys are over. Then
	// all begins again with more time.
	for short := 100 * time.Millisecond; !untilWithin(t, s, short); short *= 2 {
		if short > time.Minute {
			t.Fatalf("some twenty calls took longer than %v", short)
		}
	}
}

// A life is what happens to a key within a short time.
type life struct {
	name          string
	raises        []lifeRaise
	before, after int64 // what the key holds before the short time is over, and after
}

type lifeRaise struct {
	value int64
	until time.Time
}

func livesUntil(short, past time.Time) []life {
	long, forever := short.Add(time.Hour), time.Time{}
	return []life{
		{"short", []lifeRaise{{5, short}}, 5, 0},
		{"short twice", []lifeRaise{{5, short}, {5, short}}, 5, 0},
		{"long", []lifeRaise{{5, long}}, 5, 5},
		{"for ever", []lifeRaise{{5, forever}}, 5, 5},
		{"larger and later", []lifeRaise{{5, short}, {6, long}}, 6, 6},
		{"larger and earlier", []lifeRaise{{5, long}, {6, short}}, 6, 6},
		{"smaller and later", []lifeRaise{{5, short}, {4, long}}, 5, 5},
		{"smaller and earlier", []lifeRaise{{5, long}, {4, short}}, 5, 5},
		{"equal and later", []lifeRaise{{5, short}, {5, long}}, 5, 5},
		{"equal and earlier", []lifeRaise{{5, long}, {5, short}}, 5, 5},
		{"larger and for ever", []lifeRaise{{5, short}, {6, forever}}, 6, 6},
		{"smaller and for ever", []lifeRaise{{5, short}, {4, forever}}, 5, 5},
		{"for ever and larger", []lifeRaise{{5, forever}, {6, short}}, 6, 6},
		{"for ever and smaller", []lifeRaise{{5, forever}, {4, short}}, 5, 5},
		{"for ever between", []lifeRaise{{5, short}, {4, forever}, {6, short}}, 6, 6},
		{"past", []lifeRaise{{5, past}}, 0, 0},
		{"past and short", []lifeRaise{{5, past}, {4, short}}, 4, 0},
		{"past and long", []lifeRaise{{5, past}, {4, long}}, 4, 4},
		{"larger and past", []lifeRaise{{5, short}, {6, past}}, 6, 0},
		{"smaller and past", []lifeRaise{{5, long}, {4, past}}, 5, 5},
		{"larger and past, long", []lifeRaise{{5, long}, {6, past}}, 6, 6},
		{"larger and past, for ever", []lifeRaise{{5, forever}, {6, past}}, 6, 6},
	}
}

// untilWithin gives each key of a table its life within the given time, and reads
// them all before that time is over and after. It reports false if time ran out.
func untilWithin(t *testing.T, s session.Store, within time.Duration) bool {
	short, past := time.Now().Add(within), time.Now().Add(-time.Hour)
	lives := livesUntil(short, past)
	keys := make([]string, len(lives))
	for i, life := range lives {
		keys[i] = newKey()
		held := int64(0)
		for _, r := range life.raises {
			before := raise(t, s, keys[i], r.value, r.until)
			if time.Now().After(short) {
				return false
			}
			if before != held {
				t.Errorf("%s: Raise to %d returned %d as the value before, want %d", life.name, r.value, before, held)
			}
			if held > 0 || r.until != past {
				held = max(held, r.value)
			}
		}
	}
	values := get(t, s, keys...)
	if time.Now().After(short) {
		return false
	}
	for i, life := range lives {
		if values[i] != life.before {
			t.Errorf("%s: Get = %d while it is kept, want %d", life.name, values[i], life.before)
		}
	}
	readAfter(t, s, lives, keys, short)
	return true
}

// readAfter reads the keys once the short time is over, and raises each anew.
func readAfter(t *testing.T, s session.Store, lives []life, keys []string, short time.Time) {
	t.Helper()
	for i, life := range lives {
		if life.before != 0 && life.after == 0 {
			waitUntilOver(t, s, keys[i], short)
		}
	}
	for i, value := range get(t, s, keys...) {
		if value != lives[i].after {
			t.Errorf("%s: Get = %d after the short time, want %d", lives[i].name, value, lives[i].after)
		}
		wantBefore(t, raise(t, s, keys[i], 1, soon()), lives[i].after)
		if wantAnew := max(lives[i].after, 1); get(t, s, keys[i])[0] != wantAnew {
			t.Errorf("%s: another Raise to 1 did not leave %d", lives[i].name, wantAnew)
		}
	}
}

// waitUntilOver reads a key until it is nothing. That must not happen too early, nor
// much too late.
func waitUntilOver(t *testing.T, s session.Store, key string, until time.Time) {
	t.Helper()
	for {
		asked := time.Now()
		value := get(t, s, key)[0]
		answered := time.Now()
		if value == 0 {
			if !answered.After(until) {
				t.Errorf("Get = 0 %v before the key was over", until.Sub(answered))
			}
			return
		}
		if asked.After(until.Add(late)) {
			t.Fatalf("Get = %d %v after the key was over", value, asked.Sub(until))
		}
		time.Sleep(poll)
	}
}

// testRounding looks closely at the end of keys whose time is no whole millisecond.
func testRounding(t *testing.T, s session.Store) {
	for _, fraction := range []time.Duration{1, 400 * time.Microsecond, 500 * time.Microsecond, 999_999} {
		for range 5 {
			key := newKey()
			until := time.Now().Truncate(time.Millisecond).Add(8*time.Millisecond + fraction)
			raise(t, s, key, 1, until)
			waitUntilOver(t, s, key, until)
		}
	}
}

func testFarTimes(t *testing.T, s session.Store) {
	zone := time.FixedZone("", 14*60*60)
	for name, test := range map[string]struct {
		until time.Time
		want  int64
	}{
		"zero":                 {time.Time{}, 5},
		"zero elsewhere":       {time.Time{}.In(zone), 5},
		"soon elsewhere":       {soon().In(zone), 5},
		"soon, wall time only": {soon().Round(0), 5},
		"the year 2262":        {time.Date(2262, 4, 11, 23, 47, 16, 854775807, time.UTC), 5}, // the last UnixNano
		"the year 2263":        {time.Date(2263, 1, 1, 0, 0, 0, 0, time.UTC), 5},
		"the year 9999":        {time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), 5},
		"the year 10000":       {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 5},
		"the last UnixMilli":   {time.UnixMilli(1<<63 - 1), 5},
		"the last Unix":        {time.Unix(1<<62, 0), 5},
		"a second ago":         {time.Now().Add(-time.Second), 0},
		"1970":                 {time.Unix(0, 0), 0},
		"1970, less a bit":     {time.Unix(0, -1), 0},
		"1900":                 {time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), 0},
		"just not zero":        {time.Time{}.Add(1), 0},
		"before zero":          {time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), 0},
		"the first Unix":       {time.Unix(-1<<62, 0), 0},
	} {
		key := newKey()
		wantBefore(t, raise(t, s, key, 5, test.until), 0)
		if got := get(t, s, key)[0]; got != test.want {
			t.Errorf("%s: Get = %d, want %d", name, got, test.want)
		}
		kept := newKey()
		raise(t, s, kept, 4, soon())
		wantBefore(t, raise(t, s, kept, 5, test.until), 4)
		wantBefore(t, raise(t, s, kept, 1, time.Time{}), 5)
	}
}
