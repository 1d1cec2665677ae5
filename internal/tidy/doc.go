// Package tidy holds the house rules that no linter knows, as tests: who may import whom, where time and chance may enter,
// how packages are named, and what must not stand in any file.
//
// Each rule is a row of a table, with an example that breaks it; a second test proves with it that the rule bites.
package tidy
