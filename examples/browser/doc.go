// Package browser tests the page of examples/service in a real browser, headless
// Chromium. Run ./setup once; it installs Debian's chromium if it is missing.
package browser
