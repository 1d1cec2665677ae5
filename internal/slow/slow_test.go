package slow

import (
	"fmt"
	"strings"
	"testing"
)

// witness records what Test does to a test.
type witness struct {
	testing.TB // for the methods that nobody calls
	skipped    string
}

func (*witness) Helper()      {}
func (*witness) Name() string { return "TestKill" }

func (w *witness) Skipf(format string, args ...any) { w.skipped = fmt.Sprintf(format, args...) }

func TestSlowTestsRunOnlyWhenAsked(t *testing.T) { //nolint:paralleltest // it sets an environment variable
	for value, skips := range map[string]bool{"": true, "0": true, "1": false} {
		t.Setenv(Variable, value)
		w := &witness{}
		Test(w)
		if (w.skipped != "") != skips {
			t.Errorf("%s=%q: skipped with %q", Variable, value, w.skipped)
		}
		if skips && !strings.Contains(w.skipped, "AZDURABLE_SLOW=1 go test -run TestKill") {
			t.Errorf("%s=%q: %q does not say how to run the test", Variable, value, w.skipped)
		}
	}
}
