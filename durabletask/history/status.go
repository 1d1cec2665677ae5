package history

import "fmt"

// Status is the state of an instance. The numbers are part of the wire format.
type Status int

// The states of an instance.
const (
	Running        Status = 0
	Completed      Status = 1
	ContinuedAsNew Status = 2 // passing: a status answer shows Running instead
	Failed         Status = 3
	Canceled       Status = 4 // never produced, but known to every client
	Terminated     Status = 5
	Pending        Status = 6 // no episode has been committed yet
	Suspended      Status = 7
)

// statusNames is indexed by the number of the state.
var statusNames = [...]string{
	"Running", "Completed", "ContinuedAsNew", "Failed", "Canceled", "Terminated", "Pending", "Suspended",
}

// String returns the name of the state as status answers spell it.
func (s Status) String() string {
	if s >= 0 && int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("Status(%d)", int(s))
}

// Terminal reports whether an instance in this state has ended.
func (s Status) Terminal() bool {
	return s == Completed || s == Failed || s == Canceled || s == Terminated
}

// ParseStatus returns the state with exactly this name, and whether there is one.
func ParseStatus(name string) (Status, bool) {
	for s, n := range statusNames {
		if n == name {
			return Status(s), true
		}
	}
	return 0, false
}
