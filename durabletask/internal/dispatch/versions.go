package dispatch

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
)

// VersionMatch says which instances a worker runs.
type VersionMatch int

// The strategies, with the numbers of DTFx's VersioningSettings.
const (
	// MatchAny runs every version.
	MatchAny VersionMatch = 0
	// MatchStrict runs only instances of exactly the worker's version; none and an empty one differ.
	MatchStrict VersionMatch = 1
	// MatchCurrentOrOlder runs instances whose version is not greater than the worker's.
	MatchCurrentOrOlder VersionMatch = 2
)

// Versions are the settings of a worker about versions of orchestrations.
type Versions struct {
	// Default is the worker's version, and that of instances and children which are started without one; nil for none.
	Default *string
	Match   VersionMatch
	// FailMismatch fails instances that don't match. By default they are left to other workers, and wait until there is one.
	FailMismatch bool
}

// gate is the outermost middleware: it keeps orchestrations whose version this worker doesn't run from their handler. They fail, or are left to
// another worker (DTFx: §3.4).
func (v Versions) gate(next Handler[*Orchestration]) Handler[*Orchestration] {
	return func(ctx context.Context, o *Orchestration) error {
		switch {
		case v.accept(o.Version):
			return next(ctx, o)
		case !v.FailMismatch:
			return v.mismatch(o)
		}
		o.Fail(&history.FailureDetails{
			ErrorType: "VersionMismatch", ErrorMessage: "Orchestration version did not comply with Worker Versioning", NonRetriable: true,
		})
		return nil
	}
}

func (v Versions) mismatch(o *Orchestration) error {
	return fmt.Errorf("instance %q has version %s, which this worker (version %s) does not run; it waits for a worker that does",
		o.Instance.ID, quoted(o.Version), quoted(v.Default))
}

func (v Versions) accept(instance *string) bool {
	switch v.Match {
	case MatchStrict:
		return instance == v.Default || instance != nil && v.Default != nil && *instance == *v.Default
	case MatchCurrentOrOlder:
		return CompareVersions(text(instance), text(v.Default)) <= 0
	default:
		return true
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func quoted(s *string) string {
	if s == nil {
		return "none"
	}
	return strconv.Quote(*s)
}

// CompareVersions orders versions as DTFx does: blank before all others; 2 to 4 numbers with dots between them by their numbers, a missing one
// before 0; anything else as text, without regard to case. So "1.10" is greater than "1.9", but "10" is less than "9".
func CompareVersions(a, b string) int {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	x, okX := parseVersion(a)
	y, okY := parseVersion(b)
	if !okX || !okY || a == "" || b == "" {
		return strings.Compare(strings.ToUpper(a), strings.ToUpper(b))
	}
	for i := range x {
		if x[i] != y[i] {
			return map[bool]int{true: -1, false: 1}[x[i] < y[i]]
		}
	}
	return 0
}

func parseVersion(s string) (numbers [4]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > len(numbers) {
		return numbers, false
	}
	for i := range numbers {
		if i >= len(parts) {
			numbers[i] = -1
			continue
		}
		n, err := strconv.ParseUint(parts[i], 10, 31)
		if err != nil {
			return numbers, false
		}
		numbers[i] = int(n)
	}
	return numbers, true
}
