// Package interop holds no code but tests: they exchange tokens with the JWT
// libraries of other languages, each run for real. See README.md.
package interop
