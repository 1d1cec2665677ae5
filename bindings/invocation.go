package bindings

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
)

// Invocation is one call of a function by the Functions host.
type Invocation struct {
	// ID is the host's id of the call. The attempts of one retry policy share it.
	ID string
	// Function is the name of the function.
	Function string
	// Data has the trigger and the inputs by the names of their bindings, encoded as the host does it: use [Invocation.Value] and its relatives. A request
	// that was forwarded has none.
	Data map[string]json.RawMessage
	// Metadata is what the host knows about the trigger, encoded in the same way. A message that is a JSON object can overwrite it, so nothing that
	// matters may be decided by it.
	Metadata map[string]json.RawMessage
	// TraceParent is the W3C trace context of the invocation; empty if the host sent none.
	TraceParent string
	// Log takes what functions log; nil means slog.Default().
	Log *slog.Logger

	mu      sync.Mutex
	logs    []string
	dropped int
	offered []Output
	outputs map[string]any
	over    bool
}

// maxLogLines is how many lines an invocation hands to the host, which gets them all at once in its answer.
const maxLogLines = 1000

// AddLog adds a line to what the host logs for this invocation. The host drops the lines of an invocation that fails.
func (in *Invocation) AddLog(line string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.logs) == maxLogLines {
		in.dropped++
		return
	}
	in.logs = append(in.logs, line)
}

// Logs returns the lines so far.
func (in *Invocation) Logs() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	lines := append([]string{}, in.logs...)
	if in.dropped > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more lines: an invocation hands over at most %d", in.dropped, maxLogLines))
	}
	return lines
}

// offer says which outputs the function has.
func (in *Invocation) offer(outputs []Output) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.offered = outputs
}

// put sets an output, once.
func (in *Invocation) put(o Output, value any) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	_, set := in.outputs[o.Name()]
	switch {
	case in.over:
		return fmt.Errorf("the invocation %s of %s is over: its output %q can't be written any more", in.ID, in.Function, o.Name())
	case !slices.Contains(in.offered, o):
		return fmt.Errorf("%q is no output of the function %s: add it to the function's definition, behind the function", o.Name(), in.Function)
	case set:
		return fmt.Errorf("the output %q of %s has been written: the host takes one value of an invocation", o.Name(), in.Function)
	}
	if in.outputs == nil {
		in.outputs = make(map[string]any)
	}
	in.outputs[o.Name()] = value
	return nil
}

// outcome ends the invocation: from now on outputs are refused.
func (in *Invocation) outcome() *Outcome {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.over = true
	return &Outcome{Outputs: maps.Clone(in.outputs)}
}

// Outcome is what a function that was invoked gives back to the host.
type Outcome struct {
	// Outputs are the values of output bindings by their names.
	Outputs map[string]any
	// ReturnValue is the value for a binding named $return; nil for none.
	ReturnValue any
}

type invocationKey struct{}

// With returns a context that knows the invocation.
func (in *Invocation) With(ctx context.Context) context.Context {
	return context.WithValue(ctx, invocationKey{}, in)
}

func invocationOf(ctx context.Context) *Invocation {
	in, _ := ctx.Value(invocationKey{}).(*Invocation)
	return in
}

// InvocationID returns the Functions host's id of the call that a context belongs to; empty if the host did not make it. It is the InvocationId in the host's
// own logs.
func InvocationID(ctx context.Context) string {
	if in := invocationOf(ctx); in != nil {
		return in.ID
	}
	return ""
}

// NameFunction says which function the invocation of a context calls, which is not known before its path has been looked at.
func NameFunction(ctx context.Context, name string) {
	if in := invocationOf(ctx); in != nil {
		in.Function = name
	}
}
