package bindings

import (
	"encoding/json"
	"fmt"
	"sync"
)

// Invocation is one call of a function by the Functions host, in its JSON protocol.
type Invocation struct {
	// ID is the host's id of the call. The attempts of one retry policy share it.
	ID string
	// Function is the name of the function.
	Function string
	// Data has the trigger and the inputs by the names of their bindings, encoded as the host does it: use [Invocation.Value].
	Data map[string]json.RawMessage
	// Metadata is what the host knows about the trigger. A message that is a JSON object can overwrite it, so nothing that matters may be
	// decided by it.
	Metadata map[string]json.RawMessage
	// TraceParent is the W3C trace context of the invocation; empty if the host sent none.
	TraceParent string

	mu   sync.Mutex
	logs []string
}

// Log adds a line to what the host logs for this invocation. The host drops the lines of an invocation that fails.
func (in *Invocation) Log(line string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.logs = append(in.logs, line)
}

// Logs returns the lines so far.
func (in *Invocation) Logs() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string{}, in.logs...)
}

// Value returns a member of Data without the host's wrapping: what is not an object comes as a string that has JSON in it
// (host: ScriptInvocationContextExtensions). A string that is no JSON is returned as a JSON string. It returns an error if there is no such
// member.
func (in *Invocation) Value(name string) (json.RawMessage, error) {
	raw, ok := in.Data[name]
	if !ok {
		return nil, fmt.Errorf("the invocation of %s has no data named %q", in.Function, name)
	}
	return unwrap(raw), nil
}

// unwrap takes one layer of the host's encoding off.
func unwrap(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return raw
}

// Outcome is what a function that was invoked gives back to the host.
type Outcome struct {
	// Outputs are the values of output bindings by their names.
	Outputs map[string]any
	// ReturnValue is the value for a binding named $return; nil for none.
	ReturnValue any
}
