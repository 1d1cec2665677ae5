package durabletask

import "github.com/azdurable/azdurable/durabletask/internal/replay"

// ContinueOption is a property of a continuation: Version.
type ContinueOption interface{ next(*replay.Continuation) }

// ContinueAsNew ends the execution and begins a new one of the same instance with a new input and an empty history, so that an
// orchestration can go on for ever. The orchestrator returns what it returns:
//
//	return durabletask.ContinueAsNew[Report](ctx, next)
//
// External events that nobody has asked for go with it, in order. The instance stays Running for everybody else.
func ContinueAsNew[O, I any](_ Context, input I, options ...ContinueOption) (O, error) {
	var zero O
	text, err := encode(input)
	if err != nil {
		return zero, err
	}
	c := &continuation{replay.Continuation{Input: text}}
	for _, o := range options {
		o.next(&c.Continuation)
	}
	return zero, c
}

// continuation is the error by which an orchestrator's return says that it continues as new.
type continuation struct{ replay.Continuation }

// Error says what to do with it to who finds it somewhere else.
func (*continuation) Error() string {
	return "the orchestration continues as new: return this error from the orchestrator, unchanged"
}
