package jwks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/jwks"
)

var errDown = errors.New("the provider is down")

// bubble runs a test with a clock of its own, which goes on when nobody works. It
// fails if a goroutine remains.
func bubble(t *testing.T, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(time.Minute) // ends a fetch that nobody waits for
	})
}

func inBubble(name string, t *testing.T, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { bubble(t, test) })
}

func TestFetchedAtFirstUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, after(time.Second, keys("a", "b")))
		synctest.Wait()
		require.Zero(t, p.count(), "Remote does I/O")

		takes(t, time.Second, func() { requireKeys(t, source, "a", "a") })
		atOnce(t, func() {
			requireKeys(t, source, "b", "b")
			requireKeys(t, source, "", "a", "b")
			requireNone(t, source, "c") // within the cooldown
		})
		assert.Equal(t, []string{address}, p.urls())
		assert.Equal(t, http.MethodGet, p.gets[0].request.Method)
	})
}

// After a fetch that worked the next begins a cooldown later, counted from its start.
func TestCooldown(t *testing.T) {
	for cooldown, opts := range map[time.Duration][]jwks.Option{
		30 * time.Second: nil,
		10 * time.Second: {jwks.WithCooldown(10 * time.Second)},
	} {
		inBubble(cooldown.String(), t, func(t *testing.T) {
			p, source := newProvider(t, after(3*time.Second, keys("a")), opts...)
			start := time.Now()
			requireKeys(t, source, "a", "a")
			p.set(keys("a", "b"))

			time.Sleep(time.Until(start.Add(cooldown - ns)))
			requireNone(t, source, "b")
			require.Equal(t, 1, p.count())

			time.Sleep(ns)
			requireKeys(t, source, "b", "b")
			require.Equal(t, 2, p.count())
			requireNone(t, source, "c")
			require.Equal(t, 2, p.count())
		})
	}
}

// An unknown kid after a fetch that worked is no error.
func TestUnknownKid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, after(time.Second, keys("a")))
		requireNone(t, source, "b")
		time.Sleep(time.Minute)
		takes(t, time.Second, func() { requireNone(t, source, "b") })
		assert.Equal(t, 2, p.count())
	})
}

// After a fetch that failed the next begins a second after its end, then two, four
// and so on up to the cooldown. Without keys, callers wait for it.
func TestPauses(t *testing.T) {
	const slow = 700 * time.Millisecond
	for cooldown, pauses := range map[time.Duration][]time.Duration{
		30 * time.Second:       {1e9, 2e9, 4e9, 8e9, 16e9, 30e9, 30e9},
		5 * time.Second:        {1e9, 2e9, 4e9, 5e9, 5e9},
		100 * time.Millisecond: {100e6, 100e6},
	} {
		inBubble(cooldown.String(), t, func(t *testing.T) {
			p, source := newProvider(t, after(slow, fails(errDown)), jwks.WithCooldown(cooldown))
			for range 2 { // a fetch that worked makes the pauses begin anew
				for i, pause := range pauses {
					count := p.count()
					takes(t, slow, func() { requireUnavailable(t, source, "a", errDown) })
					require.Equal(t, count+1, p.count(), i)
					atOnce(t, func() { requireUnavailable(t, source, "a", errDown) })
					time.Sleep(pause - ns)
					atOnce(t, func() { requireUnavailable(t, source, "a", errDown) })
					require.Equal(t, count+1, p.count(), i)
					time.Sleep(ns)
				}
				p.set(keys("a"))
				requireKeys(t, source, "a", "a")
				p.set(after(slow, fails(errDown)))
				time.Sleep(48 * time.Hour)
			}
		})
	}
}

// A retry runs beside the requests: nobody waits for it while there are keys within
// max-stale.
func TestRetryRunsBesideRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		time.Sleep(time.Minute)
		p.set(after(time.Second, fails(errDown)))
		takes(t, time.Second, func() { requireUnavailable(t, source, "b", errDown) })
		require.Equal(t, 2, p.count())

		p.set(hang)
		time.Sleep(time.Second - ns)
		atOnce(t, func() { requireUnavailable(t, source, "b", errDown) })
		synctest.Wait()
		require.Equal(t, 2, p.count())
		time.Sleep(ns)
		atOnce(t, func() { requireKeys(t, source, "", "a") })
		synctest.Wait()
		require.Equal(t, 2, p.count(), "no kid causes no fetch")
		atOnce(t, func() {
			requireKeys(t, source, "a", "a")
			synctest.Wait()
			require.Equal(t, 3, p.count(), "it began")
			requireUnavailable(t, source, "b", errDown)
			requireKeys(t, source, "", "a")
			require.NoError(t, source.Err())
		})
		require.Equal(t, 3, p.count())

		time.Sleep(5 * time.Second) // the retry takes too long
		synctest.Wait()
		atOnce(t, func() {
			requireKeys(t, source, "a", "a")
			requireUnavailable(t, source, "b", context.DeadlineExceeded)
		})
		require.Equal(t, 3, p.count())
		p.set(keys("a", "b"))
		time.Sleep(2*time.Second - ns)
		requireUnavailable(t, source, "b", context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, 3, p.count())
		time.Sleep(ns)
		requireUnavailable(t, source, "b", context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, 4, p.count())
		requireKeys(t, source, "b", "b")
	})
}

// A provider that is back after a second is found within two.
func TestProviderIsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		time.Sleep(time.Hour)
		p.set(fails(errDown))
		failed := time.Now()
		requireUnavailable(t, source, "b", errDown)
		for range 10 {
			requireUnavailable(t, source, "b", errDown)
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, 2, p.count())
		p.set(keys("b"))
		for range 10 {
			if found, _ := source.PublicKeys(t.Context(), "b"); len(found) > 0 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		requireKeys(t, source, "b", "b")
		assert.LessOrEqual(t, time.Since(failed), 2*time.Second)
	})
}

// While fetches fail, a known kid is served until max-stale after the last good
// answer, then it is unavailable, with the cause.
func TestMaxStale(t *testing.T) {
	for maxStale, opts := range map[time.Duration][]jwks.Option{
		24 * time.Hour:  nil,
		time.Hour:       {jwks.WithMaxStale(time.Hour)},
		2 * time.Minute: {jwks.WithMaxStale(2 * time.Minute)}, // less than max-age
	} {
		inBubble(maxStale.String(), t, func(t *testing.T) {
			p, source := newProvider(t, after(3*time.Second, keys("a")), opts...)
			requireKeys(t, source, "a", "a")
			answered := time.Now() // the end of the fetch
			p.set(fails(errDown))
			time.Sleep(time.Minute)
			requireUnavailable(t, source, "b", errDown)

			time.Sleep(time.Until(answered.Add(maxStale - ns)))
			requireKeys(t, source, "a", "a")
			requireKeys(t, source, "", "a")
			requireUnavailable(t, source, "b", errDown)
			require.NoError(t, source.Err())
			synctest.Wait()

			time.Sleep(ns)
			requireUnavailable(t, source, "a", errDown)
			requireUnavailable(t, source, "", errDown)
			requireUnavailable(t, source, "b", errDown)
			requireCause(t, source.Err(), errDown)

			p.set(after(time.Second, keys("a")))
			time.Sleep(time.Minute)
			takes(t, time.Second, func() { requireKeys(t, source, "a", "a") })
			require.NoError(t, source.Err())
		})
	}
}

// From 80 to 100 % of max-age the fetch happens beside the request, after that
// before it. The age counts from the end of the fetch.
func TestMaxAge(t *testing.T) {
	for _, tt := range []struct {
		name    string
		maxAge  time.Duration
		control string
		opts    []jwks.Option
	}{
		{"default", 10 * time.Minute, "public", nil},
		{"option", 5 * time.Minute, "", []jwks.Option{jwks.WithMaxAge(5 * time.Minute)}},
		{"malformed", 5 * time.Minute, "max-age=x", []jwks.Option{jwks.WithMaxAge(5 * time.Minute)}},
		{"answer", time.Hour, "max-age=3600", []jwks.Option{jwks.WithMaxAge(5 * time.Minute)}},
		{"short answer", time.Minute, "max-age=0", nil},
		{"long answer", 24 * time.Hour, "max-age=999999999999999999999", []jwks.Option{jwks.WithMaxStale(48 * time.Hour)}},
		{"no-store", time.Minute, "no-store", nil},
	} {
		for _, kid := range []string{"a", ""} {
			good := answer(200, setOf(jwkOf("a")), "Cache-Control", tt.control)
			begin := func(t *testing.T) (*provider, *jwks.Source, time.Time) {
				p, source := newProvider(t, after(3*time.Second, good), tt.opts...)
				requireKeys(t, source, kid, "a")
				p.set(after(2*time.Second, good))
				return p, source, time.Now()
			}
			inBubble(tt.name+", 80 %", t, func(t *testing.T) {
				p, source, answered := begin(t)
				time.Sleep(time.Until(answered.Add(tt.maxAge/5*4 - ns)))
				requireKeys(t, source, kid, "a")
				synctest.Wait()
				require.Equal(t, 1, p.count())
				time.Sleep(ns)
				atOnce(t, func() { requireKeys(t, source, kid, "a") })
				synctest.Wait()
				require.Equal(t, 2, p.count())
				atOnce(t, func() { requireKeys(t, source, kid, "a") })

				time.Sleep(time.Until(answered.Add(tt.maxAge + ns))) // the new keys are not old
				atOnce(t, func() { requireKeys(t, source, kid, "a") })
				require.Equal(t, 2, p.count())
			})
			inBubble(tt.name+", 100 %", t, func(t *testing.T) {
				p, source, answered := begin(t)
				time.Sleep(time.Until(answered.Add(tt.maxAge)))
				atOnce(t, func() { requireKeys(t, source, kid, "a") })
				synctest.Wait()
				require.Equal(t, 2, p.count())
				time.Sleep(ns)
				takes(t, 2*time.Second-ns, func() { requireKeys(t, source, kid, "a") }) // waits for the same
				require.Equal(t, 2, p.count())
			})
			inBubble(tt.name+", over 100 %", t, func(t *testing.T) {
				p, source, answered := begin(t)
				time.Sleep(time.Until(answered.Add(tt.maxAge + ns)))
				takes(t, 2*time.Second, func() { requireKeys(t, source, kid, "a") })
				require.Equal(t, 2, p.count())
			})
		}
	}
}

// If the fetch before a request fails, the request gets the old keys.
func TestFetchOfOldKeysFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		p.set(after(time.Second, fails(errDown)))
		time.Sleep(10*time.Minute + ns)
		takes(t, time.Second, func() { requireKeys(t, source, "a", "a") })
		time.Sleep(time.Minute)
		atOnce(t, func() { requireUnavailable(t, source, "b", errDown) })
		atOnce(t, func() { requireKeys(t, source, "", "a") })
		synctest.Wait()
		assert.Equal(t, 3, p.count())
	})
}

// Where the options make keys older than max-age and max-stale before the cooldown
// is over, they are handed out: no fetch may replace them yet.
func TestCooldownLongerThanEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"), jwks.WithMaxAge(ns), jwks.WithMaxStale(ns), jwks.WithCooldown(time.Minute))
		requireKeys(t, source, "a", "a")
		time.Sleep(time.Minute - ns)
		requireKeys(t, source, "a", "a")
		requireNone(t, source, "b")
		require.NoError(t, source.Err())
		require.Equal(t, 1, p.count())
		time.Sleep(ns)
		require.ErrorIs(t, source.Err(), jwks.ErrUnavailable)
		requireKeys(t, source, "a", "a")
		require.Equal(t, 2, p.count())
	})
}

// Whoever waited for a good fetch gets its keys, however soon these are too old. On
// a real clock time passes before the caller wakes.
func TestShortestDurations(t *testing.T) {
	_, source := newProvider(t, keys("a"), jwks.WithMaxAge(ns), jwks.WithMaxStale(ns), jwks.WithCooldown(ns))
	for range 100 {
		requireKeys(t, source, "a", "a")
		requireNone(t, source, "b")
	}
}

// A token without kid causes no fetch while there are keys.
func TestNoKid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a", "b"))
		requireKeys(t, source, "", "a", "b")
		require.Equal(t, 1, p.count())
		time.Sleep(8*time.Minute - ns)
		requireKeys(t, source, "", "a", "b")
		synctest.Wait()
		require.Equal(t, 1, p.count())
	})
}

func TestRemovedKeysAreGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a", "b"))
		requireKeys(t, source, "a", "a")
		p.set(keys("b", "c"))
		time.Sleep(time.Minute)
		requireKeys(t, source, "c", "c")
		requireNone(t, source, "a")
		requireKeys(t, source, "", "b", "c")
	})
}

// All callers wait for the same fetch.
func TestOneFetchAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, after(time.Second, keys("a")))
		var callers sync.WaitGroup
		start := time.Now()
		for i := range 1000 {
			callers.Go(func() {
				if i%3 == 0 {
					assert.NoError(t, source.Refresh(t.Context()))
					return
				}
				_, err := source.PublicKeys(t.Context(), []string{"", "a", "b"}[i%3])
				assert.NoError(t, err)
			})
		}
		callers.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 1, p.count())
	})
}

// While a fetch for an unknown kid is in progress, tokens with a known one, or none,
// are not held up.
func TestKnownKidsDoNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		p.set(hang)
		time.Sleep(time.Minute)
		var unknown sync.WaitGroup
		for i := range 1000 {
			unknown.Go(func() {
				start := time.Now()
				_, err := source.PublicKeys(t.Context(), fmt.Sprint("random ", i))
				requireCause(t, err, context.DeadlineExceeded)
				assert.Equal(t, 5*time.Second, time.Since(start))
			})
		}
		synctest.Wait()
		atOnce(t, func() {
			requireKeys(t, source, "a", "a")
			requireKeys(t, source, "", "a")
		})
		unknown.Wait()
		assert.Equal(t, 2, p.count())
	})
}

// A caller waits no longer than its context allows, and the fetch outlives it.
func TestContextOfCaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, after(3*time.Second, keys("a")))
		for _, call := range []func(context.Context) error{
			source.Refresh,
			func(ctx context.Context) error { _, err := source.PublicKeys(ctx, "a"); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			takes(t, time.Second, func() { requireCause(t, call(ctx), context.DeadlineExceeded) })
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
			cancel()
			atOnce(t, func() { requireCause(t, call(ctx), context.Canceled) })
		}
		takes(t, time.Second, func() { requireKeys(t, source, "a", "a") })
		assert.Equal(t, 1, p.count())
	})
}

// A context that is over takes away none of the keys that are at hand.
func TestContextIsOverWithKeysAtHand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		found, err := source.PublicKeys(ctx, "a")
		require.NoError(t, err)
		assert.Equal(t, []string{"a"}, idsOf(found))
	})
}

// The fetch is for all callers: it gets nothing of the context of one.
func TestContextOfFetch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		type key struct{}
		p, source := newProvider(t, keys("a"))
		_, err := source.PublicKeys(context.WithValue(t.Context(), key{}, "of one caller"), "a")
		require.NoError(t, err)
		ctx := p.gets[0].request.Context()
		assert.Nil(t, ctx.Value(key{}))
		synctest.Wait()
		assert.ErrorIs(t, ctx.Err(), context.Canceled, "the time limit's timer would stay")
	})
}

// The time limit covers the whole fetch.
func TestTimeout(t *testing.T) {
	hangingBody := func(request *http.Request) (*http.Response, error) {
		if err := sleep(request.Context(), time.Second); err != nil {
			return nil, err
		}
		body := readerFunc(func([]byte) (int, error) {
			<-request.Context().Done()
			return 0, request.Context().Err()
		})
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(bytes.NewBufferString(`{"keys":[`), body))}, nil
	}
	redirects := func(request *http.Request) (*http.Response, error) {
		return after(time.Second, answer(302, "", "Location", request.URL.Path+"a"))(request)
	}
	for name, serve := range map[string]answerer{"answer": hang, "body": hangingBody, "redirects": redirects} {
		for timeout, opts := range map[time.Duration][]jwks.Option{
			5 * time.Second: nil,
			2 * time.Second: {jwks.WithTimeout(2 * time.Second)},
		} {
			inBubble(fmt.Sprint(name, " ", timeout), t, func(t *testing.T) {
				p, source := newProvider(t, serve, opts...)
				takes(t, timeout, func() { requireUnavailable(t, source, "a", context.DeadlineExceeded) })
				takes(t, timeout, func() { requireCause(t, source.Refresh(t.Context()), context.DeadlineExceeded) })
				p.set(after(timeout-ns, keys("a")))
				require.NoError(t, source.Refresh(t.Context()))
			})
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Anything but a status of 200 and a set with a usable key is a failed fetch, and
// leaves the old keys in place.
func TestBadAnswers(t *testing.T) {
	good := setOf(jwkOf("b"))
	for name, tt := range map[string]struct {
		serve answerer
		says  string
	}{
		"an error of the provider": {answer(200, `{"error":"temporarily_unavailable"}`), ""},
		"null":                     {answer(200, `null`), ""},
		"nothing":                  {answer(200, ``), ""},
		"HTML":                     {answer(200, `<!DOCTYPE html><title>Sign in</title>`), ""},
		"an empty set":             {answer(200, `{"keys":[]}`), ""},
		"no usable key":            {answer(200, `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`), ""},
		"a key and no set":         {answer(200, jwkOf("b")), ""},
		"duplicate members":        {answer(200, `{"keys":[],"keys":[`+jwkOf("b")+`]}`), ""},
		"201":                      {answer(201, good), "the answer is 201 Created; only 200 is good"},
		"203":                      {answer(203, good), "the answer is 203 Non-Authoritative Information; only 200 is good"},
		"304":                      {answer(304, ""), "the answer is 304 Not Modified; only 200 is good"},
		"404":                      {answer(404, good), "the answer is 404 Not Found; only 200 is good"},
		"500":                      {answer(500, good), "the answer is 500 Internal Server Error; only 200 is good"},
		"too long":                 {answer(200, good+fmt.Sprintf("%*s", 512<<10, "")), "the answer has more than 524288 bytes (see WithMaxSize)"},
		"a redirect to http":       {answer(302, "", "Location", "http://keys.example/jwks"), "the address that it redirects to is not https; only https is fetched (see WithInsecureHTTP for development)"},
		"no response":              {fails(errDown), "the provider is down"},
	} {
		inBubble(name, t, func(t *testing.T) {
			p, source := newProvider(t, keys("a"))
			requireKeys(t, source, "a", "a")
			p.set(tt.serve)
			err := source.Refresh(t.Context())
			require.ErrorIs(t, err, jwks.ErrUnavailable)
			if tt.says == "" {
				require.ErrorIs(t, err, jwks.ErrInvalidKeySet)
				require.ErrorContains(t, err, "jwks: the keys are unavailable: GET "+address+": ")
			} else {
				require.EqualError(t, err, "jwks: the keys are unavailable: GET "+address+": "+tt.says)
			}
			requireKeys(t, source, "a", "a")
			requireUnavailable(t, source, "b", jwks.ErrUnavailable)
			require.NoError(t, source.Err())
		})
	}
}

func TestContentTypeIsNotJudged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, source := newProvider(t, answer(200, setOf(jwkOf("a")), "Content-Type", "text/html"))
		requireKeys(t, source, "a", "a")
	})
}

func TestMaxSize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		text := setOf(jwkOf("a"))
		_, source := newProvider(t, answer(200, text), jwks.WithMaxSize(len(text)))
		requireKeys(t, source, "a", "a")
		_, source = newProvider(t, answer(200, text), jwks.WithMaxSize(len(text)-1))
		require.ErrorContains(t, source.Refresh(t.Context()), "bytes (see WithMaxSize)")
		_, source = newProvider(t, answer(200, text+fmt.Sprintf("%*s", 512<<10-len(text), "")))
		requireKeys(t, source, "a", "a")
	})
}

// Refresh does not heed the cooldown, which then counts from it.
func TestRefresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, after(time.Second, keys("a")))
		for i := range 3 {
			takes(t, time.Second, func() { require.NoError(t, source.Refresh(t.Context())) })
			require.Equal(t, i+1, p.count())
		}
		p.set(keys("a", "b"))
		time.Sleep(29*time.Second - ns) // the last took one
		requireNone(t, source, "b")
		require.Equal(t, 3, p.count())
		time.Sleep(ns)
		requireKeys(t, source, "b", "b")
		require.Equal(t, 4, p.count())
	})
}

// Nor does Refresh heed the pauses, which then count from it.
func TestRefreshFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, fails(errDown))
		for i := range 3 {
			requireCause(t, source.Refresh(t.Context()), errDown)
			require.Equal(t, i+1, p.count())
		}
		time.Sleep(4*time.Second - ns)
		requireUnavailable(t, source, "a", errDown)
		require.Equal(t, 3, p.count())
		time.Sleep(ns)
		requireUnavailable(t, source, "a", errDown)
		require.Equal(t, 4, p.count())
	})
}

func TestRefreshJoins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		p.set(after(2*time.Second, fails(errDown)))
		time.Sleep(8 * time.Minute)
		requireKeys(t, source, "a", "a") // begins one beside
		time.Sleep(time.Second)
		takes(t, time.Second, func() { requireCause(t, source.Refresh(t.Context()), errDown) })
		assert.Equal(t, 2, p.count())
	})
}

// An unknown kid waits for a fetch that is in progress, also within the cooldown.
func TestUnknownKidJoinsRefresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		p.set(after(time.Second, keys("b")))
		go func() { _ = source.Refresh(context.Background()) }()
		synctest.Wait()
		takes(t, time.Second, func() { requireKeys(t, source, "b", "b") })
		assert.Equal(t, 2, p.count())
	})
}

func TestErr(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, fails(errDown))
		require.EqualError(t, source.Err(), "jwks: the keys are unavailable: none were fetched, or too long ago; call Refresh")
		require.ErrorIs(t, source.Err(), jwks.ErrUnavailable)
		require.Zero(t, p.count(), "Err does I/O")
		requireCause(t, source.Refresh(t.Context()), errDown)
		requireCause(t, source.Err(), errDown)
		p.set(keys("a"))
		require.NoError(t, source.Refresh(t.Context()))
		require.NoError(t, source.Err())
		p.set(fails(errDown))
		requireCause(t, source.Refresh(t.Context()), errDown)
		require.NoError(t, source.Err(), "the old keys may be used")

		p.set(keys("a"))
		require.NoError(t, source.Refresh(t.Context()))
		count := p.count()
		time.Sleep(24*time.Hour - ns) // nobody asks
		require.NoError(t, source.Err())
		time.Sleep(ns)
		require.EqualError(t, source.Err(), "jwks: the keys are unavailable: none were fetched, or too long ago; call Refresh")
		synctest.Wait()
		require.Equal(t, count, p.count(), "Err does I/O")
	})
}

func TestSkippedOfFetchedSet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, answer(200, setOf(jwkOf("a"), `{"kty":"oct","k":"c2VjcmV0"}`, `{"kty":"new"}`)))
		require.Nil(t, source.Skipped())
		require.NoError(t, source.Refresh(t.Context()))
		skipped := source.Skipped()
		require.Len(t, skipped, 2)
		assert.ErrorContains(t, skipped[0], "key 2 of 3")
		assert.ErrorContains(t, skipped[1], "key 3 of 3")
		skipped[0] = nil
		assert.NotNil(t, source.Skipped()[0], "a caller changed what the others see")

		p.set(fails(errDown))
		require.Error(t, source.Refresh(t.Context()))
		assert.Len(t, source.Skipped(), 2, "those of the set at hand")
		p.set(keys("a"))
		require.NoError(t, source.Refresh(t.Context()))
		assert.Nil(t, source.Skipped())
	})
}

// What a transport of the program's own does must not keep the callers waiting, nor
// end the program.
func TestTransportPanics(t *testing.T) {
	for name, tt := range map[string]struct {
		serve answerer
		says  string
	}{
		"panic":  {func(*http.Request) (*http.Response, error) { panic("nil map") }, "the fetch panicked: nil map"},
		"Goexit": {func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, "the HTTP client ended the goroutine that fetched"},
	} {
		inBubble(name, t, func(t *testing.T) {
			p, source := newProvider(t, tt.serve)
			err := source.Refresh(t.Context())
			require.ErrorIs(t, err, jwks.ErrUnavailable)
			require.EqualError(t, err, "jwks: the keys are unavailable: "+tt.says)
			p.set(keys("a"))
			time.Sleep(time.Second)
			requireKeys(t, source, "a", "a")
		})
	}
}

// Errors show neither the query of an address nor what a transport says of it.
func TestErrorsShowNoQuery(t *testing.T) {
	p := &provider{serve: answer(200, "null")}
	source, err := jwks.Remote(address+"?token=hidden", jwks.WithHTTPClient(&http.Client{Transport: p}))
	require.NoError(t, err)
	for _, serve := range []answerer{answer(200, "null"), answer(500, ""), fails(errDown), answer(302, "", "Location", "http://b.example/?token=hidden")} {
		p.set(serve)
		err := source.Refresh(t.Context())
		require.ErrorContains(t, err, "GET "+address+": ")
		assert.NotContains(t, err.Error(), "hidden")
	}
	assert.Equal(t, address+"?token=hidden", p.urls()[0])
}

// A bad signature never causes a fetch; and an error says nothing about the token.
func TestStrategyWithRemote(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		reader, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithKeySource(source),
			authstrategy.WithIssuer("https://keys.example"), authstrategy.WithAlgorithm(authstrategy.EdDSA))
		require.NoError(t, err)
		tokenOf := func(kid, signer string) string {
			writer, err := authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{}, authstrategy.WithSigner(privateKey(signer)),
				authstrategy.WithKeyID(kid), authstrategy.WithIssuer("https://keys.example"), authstrategy.WithAlgorithm(authstrategy.EdDSA),
				authstrategy.WithLifetime(48*time.Hour))
			require.NoError(t, err)
			token, err := writer.WriteToken(t.Context(), "42")
			require.NoError(t, err)
			return token
		}
		read := func(token string) error {
			_, err := reader.ReadToken(t.Context(), token, authstrategy.LoadSubject)
			return err
		}
		good, forged, unknown := tokenOf("a", "a"), tokenOf("a", "other"), tokenOf("b", "b")
		require.NoError(t, read(good))
		time.Sleep(time.Minute) // no cooldown
		for range 3 {
			require.ErrorIs(t, read(forged), authstrategy.ErrTokenSignature)
		}
		synctest.Wait()
		require.Equal(t, 1, p.count())
		require.ErrorIs(t, read(unknown), authstrategy.ErrTokenUnverifiable)
		require.Equal(t, 2, p.count())

		p.set(fails(fmt.Errorf("%w: %w", errDown, authstrategy.ErrTokenExpired))) // of another service
		time.Sleep(time.Minute)
		requireCause(t, read(unknown), errDown)
		require.NoError(t, read(good))
	})
}

// A caller whose context ends gets its error, also where old keys are at hand.
func TestContextOfCallerWithOldKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, source := newProvider(t, keys("a"))
		requireKeys(t, source, "a", "a")
		p.set(hang)
		time.Sleep(10*time.Minute + ns) // over the max-age: the call waits
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		takes(t, time.Second, func() {
			found, err := source.PublicKeys(ctx, "a")
			requireCause(t, err, context.DeadlineExceeded)
			assert.Empty(t, found)
		})
	})
}
