// Package providers holds no code but tests: they read the tokens of real OpenID
// providers, and have other libraries read the keys that this module publishes.
// See README.md.
package providers
