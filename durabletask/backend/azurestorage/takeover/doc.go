// Package takeover has no code but tests: what DTFx and the Durable Functions extension left in the middle of their work, this project's worker
// brings to the outcome that they reached (takeover_test.go); and what it leaves in storage itself is compared, row by row, with what they
// left after the same calls (likeness_test.go).
//
// AZDURABLE_SNAPSHOTS names a folder with more recordings: every folder in it, or below it, that holds snapshots is run as well.
package takeover
