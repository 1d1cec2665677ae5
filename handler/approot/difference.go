package approot

import (
	"fmt"
	"io"
	"strings"
)

// Describe writes what each change is: added, removed, or the lines in which the file differs.
func (p *Plan) Describe(w io.Writer) error {
	for _, c := range p.Changes {
		if _, err := io.WriteString(w, c.String()); err != nil {
			return fmt.Errorf("describe the changes: %w", err)
		}
	}
	return nil
}

// String is the change as lines that begin with + and -.
func (c *Change) String() string {
	var b strings.Builder
	switch {
	case c.Old == nil:
		fmt.Fprintf(&b, "+ %s\n", c.Path)
	case c.New == nil:
		fmt.Fprintf(&b, "- %s\n", c.Path)
	default:
		fmt.Fprintf(&b, "~ %s\n", c.Path)
		gone, come := differingLines(string(c.Old), string(c.New))
		for _, line := range gone {
			fmt.Fprintf(&b, "    - %s\n", line)
		}
		for _, line := range come {
			fmt.Fprintf(&b, "    + %s\n", line)
		}
	}
	return b.String()
}

// differingLines returns the lines between what two texts have in common at their beginnings and at their ends.
func differingLines(old, now string) (gone, come []string) {
	gone, come = strings.Split(old, "\n"), strings.Split(now, "\n")
	for len(gone) > 0 && len(come) > 0 && gone[0] == come[0] {
		gone, come = gone[1:], come[1:]
	}
	for len(gone) > 0 && len(come) > 0 && gone[len(gone)-1] == come[len(come)-1] {
		gone, come = gone[:len(gone)-1], come[:len(come)-1]
	}
	return gone, come
}
