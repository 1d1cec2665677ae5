package hubdiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind says in what way something differs.
type Kind string

// The kinds of findings.
const (
	Same     Kind = "same"
	Missing  Kind = "missing"  // only the recorded hub has it
	Extra    Kind = "extra"    // only ours has it
	Type     Kind = "type"     // the column has another type
	Value    Kind = "value"    // the value is another one
	Spelling Kind = "spelling" // the value is the same JSON, written in another way
	// Annotation is JSON that is the same but for the types that .NET notes in objects.
	Annotation Kind = "annotation"
)

// Finding is one difference.
type Finding struct {
	Kind Kind
	// Place is a table ("Instances", "History", "Partitions"), "table", "queue", "container" or "blob".
	Place string
	// Instance is the partition's key, or the queue's name.
	Instance string
	// Row names the row: its key and, in a history, the kind of its event. In a queue it names the message.
	Row string
	// Column is the column or the path in a message; empty if the whole row is meant.
	Column string
	// Recorded and Ours are the values, shortened.
	Recorded, Ours string
}

// String writes a finding in one line.
func (f *Finding) String() string {
	where := strings.Join(strings.Fields(strings.Join([]string{f.Place, f.Instance, f.Row, f.Column}, " ")), " ")
	switch f.Kind {
	case Missing:
		return fmt.Sprintf("- %s: %s", where, f.Recorded)
	case Extra:
		return fmt.Sprintf("+ %s: %s", where, f.Ours)
	default:
		return fmt.Sprintf("~ %s (%s)\n    recorded %s\n    ours     %s", where, f.Kind, f.Recorded, f.Ours)
	}
}

// Rule is a difference that is meant.
type Rule struct {
	// Name says what is different.
	Name string
	// Documented is the file of the repository that says so, and Phrase what stands there.
	Documented, Phrase string
	// Covers reports whether a finding is that difference.
	Covers func(*Finding) bool
}

// Report is the outcome of a comparison.
type Report struct {
	// Findings are the differences that no rule covers.
	Findings []Finding
	// Covered counts the findings that each rule has covered, by its name.
	Covered map[string]int
}

// String writes a report with a line for each finding: "-" is only in the recorded hub, "+" only in ours, "~" differs.
func (r *Report) String() string {
	var b strings.Builder
	for i := range r.Findings {
		fmt.Fprintln(&b, &r.Findings[i])
	}
	if len(r.Findings) == 0 {
		fmt.Fprintln(&b, "no difference that is not documented")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Covered)) {
		fmt.Fprintf(&b, "  documented, %d times: %s\n", r.Covered[name], name)
	}
	return b.String()
}
