package main

import (
	"database/sql"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What becomes of tokens is in /metrics: a good read, a refused one, and one that fails
// because the store is down.
func TestMetrics(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.db")
	migrate(t, "sqlite:"+file)
	p := newEnvironment().start(t, "sqlite:"+file, "-metrics", "127.0.0.1:0")
	assert.Empty(t, counts(t, p), "nothing has happened")

	tokens := requireLogin(t, p)
	require.Equal(t, http.StatusOK, p.me(t, tokens.Access))
	require.Equal(t, http.StatusOK, p.me(t, tokens.Access))
	require.Equal(t, http.StatusUnauthorized, p.me(t, forged(tokens.Access)))
	require.Equal(t, http.StatusNoContent, p.logout(t, tokens)) // which reads the token first
	require.Equal(t, http.StatusUnauthorized, p.me(t, tokens.Access))
	live := requireLogin(t, p)
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "ALTER TABLE authstrategy_sessions RENAME TO gone")
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, p.me(t, live.Access))

	assert.Equal(t, map[string]int{
		"read ok ":                     3,
		"read refused token_signature": 1,
		"read refused user_refused":    1,
		"read failed failed":           1,
		"destroy ok ":                  1,
	}, counts(t, p))
}

// scrape returns what Prometheus gets, which asks for names of other letters, too.
func scrape(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1")
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(data)
}

// counts returns how many operations there were by operation, outcome and error type.
func counts(t *testing.T, p *process) map[string]int {
	t.Helper()
	status, body := scrape(t, p.metrics)
	require.Equal(t, http.StatusOK, status)
	counts := map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^authstrategy_operation_duration_seconds_count\{(.*)\} (\d+)`).FindAllStringSubmatch(body, -1) {
		labels := map[string]string{}
		for _, label := range regexp.MustCompile(`(\w+)="(.*?)"`).FindAllStringSubmatch(line[1], -1) {
			labels[label[1]] = label[2]
		}
		maps.DeleteFunc(labels, func(name, _ string) bool { return strings.HasPrefix(name, "otel_scope_") })
		key := labels["authstrategy_operation_name"] + " " + labels["authstrategy_outcome"] + " " + labels["error_type"]
		for name := range labels {
			require.Contains(t, []string{"authstrategy_operation_name", "authstrategy_outcome", "error_type"}, name)
		}
		count, err := strconv.Atoi(line[2])
		require.NoError(t, err)
		counts[key] = count
	}
	return counts
}

// The public address serves no metrics, and the other one nothing but them.
func TestMetricsHaveTheirOwnAddress(t *testing.T) {
	p := newEnvironment().start(t, "sqlite:"+filepath.Join(t.TempDir(), "unused.db"), "-metrics", "127.0.0.1:0")
	status, _ := scrape(t, p.url+"/metrics")
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = scrape(t, strings.TrimSuffix(p.metrics, "/metrics")+"/users/me")
	assert.Equal(t, http.StatusNotFound, status)
	p.end(t)
	output, err := newEnvironment().run("-addr", "127.0.0.1:0", "-store", "sqlite:unused.db", "-metrics", "nowhere")
	require.Error(t, err)
	assert.Contains(t, output, "replicas: listen tcp: address nowhere: missing port in address")
}

// Failures alone page somebody: alerts_test.yml has the cases. The document shows the
// alert as it is.
func TestAlerts(t *testing.T) {
	for _, arguments := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		output, err := exec.Command("promtool", arguments...).CombinedOutput()
		assert.NoError(t, err, "%v: %s", arguments, output)
	}
	rules, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	document, err := os.ReadFile("../../docs/operation.md")
	require.NoError(t, err)
	assert.Contains(t, string(document), "```yaml\n"+string(rules)+"```\n")
}

// The alert asks for names that the service has.
func TestAlertNames(t *testing.T) {
	p := newEnvironment().start(t, "sqlite:"+filepath.Join(t.TempDir(), "empty.db"), "-metrics", "127.0.0.1:0")
	require.Equal(t, http.StatusUnauthorized, p.me(t, "forged"))
	_, body := scrape(t, p.metrics)
	rules, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	names := slices.Compact(slices.Sorted(slices.Values(regexp.MustCompile(`authstrategy_\w+`).FindAllString(string(rules), -1))))
	assert.Equal(t, []string{"authstrategy_operation_duration_seconds_count", "authstrategy_operation_name", "authstrategy_outcome"}, names)
	for _, name := range names {
		assert.Regexp(t, `(?m)^[^#]*\b`+name+`\b`, body)
	}
}
