package bindings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// RawFunc takes an invocation of any kind. Its data are under the name of the binding.
type RawFunc func(ctx context.Context, in *Invocation, client *DurableClient) error

// RawTrigger calls a function by a trigger that has no type of its own here, such as a Service Bus queue.
type RawTrigger struct {
	definition

	trigger Binding
	fn      RawFunc
}

// retrying are the triggers whose retry policy the host heeds.
var retrying = []string{TypeTimer, "eventHubTrigger", "cosmosDBTrigger", "kafkaTrigger"}

// Raw makes a trigger of what function.json is to say of it: its type, such as "serviceBusTrigger", the name under which invocations have its
// value (default: "value") and the other properties. Say dataType, or the form of the value depends on the version of the extension: "binary" for
// [Invocation.Bytes], "string" for [Invocation.Text] or [Invocation.Decode].
//
// Raw panics if the type is none, or belongs to a trigger that has a constructor of its own.
func Raw(name string, trigger Binding, fn RawFunc, options ...Option) *RawTrigger {
	const example = `bindings.Raw("OnOrder", bindings.Binding{Type: "serviceBusTrigger", ` +
		`Properties: map[string]any{"queueName": "orders", "dataType": "string"}}, onOrder)`
	if fn == nil {
		panic("bindings: a raw function needs a function: " + example)
	}
	checkType("Raw", trigger.Type, example)
	if !strings.HasSuffix(trigger.Type, "Trigger") {
		panic(fmt.Sprintf("bindings: %q of %q is not a type of triggers, whose names end in Trigger: %s", trigger.Type, name, example))
	}
	own := map[string]string{TypeHTTP: "HTTP", TypeTimer: "Timer", TypeQueue: "Queue", TypeBlob: "Blob", TypeEventGrid: "EventGrid"}
	for kind, constructor := range own {
		if strings.EqualFold(kind, trigger.Type) {
			panic(fmt.Sprintf("bindings: %q is a %s: make it with bindings.%s", name, kind, constructor))
		}
	}
	if trigger.Name == "" {
		trigger.Name = "value"
	}
	if !bindingName.MatchString(trigger.Name) {
		panic(fmt.Sprintf("bindings: %q can't be the name of the trigger of %q: "+
			"begin with a letter and go on with letters and digits, or leave it out", trigger.Name, name))
	}
	trigger.Direction, trigger.Properties = DirectionIn, maps.Clone(trigger.Properties)
	t := &RawTrigger{definition: define(name, options, trigger.Name), trigger: trigger, fn: fn}
	if !slices.Contains(retrying, trigger.Type) {
		t.withoutRetry(trigger.Type, "only "+strings.Join(retrying, ", ")+" have one; see how the service itself repeats messages")
	}
	return t
}

// Type returns the type of the trigger.
func (t *RawTrigger) Type() string { return t.trigger.Type }

// Function is what function.json says of the function.
func (t *RawTrigger) Function() Function { return t.function(t.trigger) }

// Answer runs the function for an invocation.
func (t *RawTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	return t.answer(ctx, in, func(ctx context.Context) error { return t.fn(ctx, in, client) })
}
