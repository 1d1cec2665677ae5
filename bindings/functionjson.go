package bindings

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Function is the content of a function.json: how the Functions host calls a function, and where its outputs go.
type Function struct {
	// Retry says how the host repeats failed invocations; nil for not. Only timers, Event Hubs, Cosmos DB and Kafka heed it.
	Retry *Retry `json:"retry,omitempty"`
	// Bindings are the trigger first, then inputs and outputs.
	Bindings []Binding `json:"bindings"`
}

// Binding is one entry of a function.json.
type Binding struct {
	// Type is the kind, such as "queueTrigger".
	Type string
	// Direction is DirectionIn or DirectionOut.
	Direction string
	// Name is under what the invocation has it.
	Name string
	// Properties are the rest.
	Properties map[string]any
}

// The directions of bindings.
const (
	DirectionIn  = "in"
	DirectionOut = "out"
)

// MarshalJSON writes type, direction and name first, and the properties by their names.
func (b Binding) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	write := func(name string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err //nolint:wrapcheck // encoding/json adds what is to be said
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(encodeJSON(name))
		out.WriteByte(':')
		out.Write(text)
		return nil
	}
	out.WriteByte('{')
	head := []member{{"type", b.Type}, {"direction", b.Direction}, {"name", b.Name}}
	for _, name := range slices.Sorted(maps.Keys(b.Properties)) {
		head = append(head, member{name, b.Properties[name]})
	}
	for _, m := range head {
		if err := write(m.name, m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
