// Package slow marks tests that take long: kill tests, soak tests, anything that would push `go test ./...` past a
// minute. `make test` runs them.
package slow

import (
	"os"
	"testing"
)

// Variable is the environment variable that turns slow tests on: set it to 1.
const Variable = "AZDURABLE_SLOW"

// Test skips tb unless slow tests are asked for. Call it first in a slow test.
func Test(tb testing.TB) {
	tb.Helper()
	if os.Getenv(Variable) != "1" {
		tb.Skipf("slow: run it with 'make test', or '%s=1 go test -run %s'", Variable, tb.Name())
	}
}
