package wire

import "github.com/azdurable/azdurable/durabletask/history"

// UnknownEvent is an event of a kind that this version does not know. It can be passed on and written back, and nothing
// else: whoever meets one gives the work back and reports it, for a newer worker may know the kind.
type UnknownEvent struct {
	history.Header
	// Kind is the class from a message, or the name of the event type from a row.
	Kind string
	// Members are what the kind has of its own, in their order.
	Members []Member
}

// Type returns a number that no kind has.
func (*UnknownEvent) Type() history.Type { return -1 }
