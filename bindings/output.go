package bindings

import (
	"context"
	"errors"
	"fmt"
)

// Output is a place where the Functions host writes what a function gives it, when the function has succeeded: a queue ([ToQueue]), a blob ([ToBlob]) or
// anything else ([To]). It is declared once, handed to the definitions of the functions that write it, and written in them by its method Send. The host takes
// one value of an invocation for each output, and nothing of one that failed. It writes outputs one after the other, so that a crash
// can leave some of them; a function that must not lose or repeat anything starts an orchestration.
type Output interface {
	Option
	// Name is the name of the binding.
	Name() string
	// Binding is what function.json says of it.
	Binding() Binding
}

// ErrNoHost says that an output can't be written since the Functions host does not run the app.
var ErrNoHost = errors.New("outputs are written by the Functions host, which does not run this app; " +
	"start it with func start, or write from an activity with a client of your own")

// output is what the outputs have in common.
type output struct{ binding Binding }

// newOutput checks an output's name.
func newOutput(kind, name string, properties map[string]any) output {
	if !bindingName.MatchString(name) {
		panic(fmt.Sprintf("bindings: %q can't be the name of an output: begin with a letter and go on with letters and digits, such as \"audit\"", name))
	}
	return output{Binding{Type: kind, Direction: DirectionOut, Name: name, Properties: properties}}
}

// Name returns the name of the binding.
func (o *output) Name() string { return o.binding.Name }

// Binding returns what function.json says of the output.
func (o *output) Binding() Binding { return o.binding }

// send hands a value to the host, by way of the invocation that ctx belongs to.
func send(ctx context.Context, o Output, content []byte) error {
	in := invocationOf(ctx)
	switch {
	case in == nil:
		return fmt.Errorf("write output %q: %w", o.Name(), ErrNoHost)
	case len(content) == 0:
		return fmt.Errorf("write output %q of %s: the host writes nothing that is empty", o.Name(), in.Function)
	}
	return in.put(o, exact(content))
}

// QueueTarget says which queue an output goes to.
type QueueTarget struct {
	// Queue is the name; %NAME% stands for an app setting and {name} for a property of what triggered the function.
	Queue string
	// Connection names the app setting with the storage account; default: AzureWebJobsStorage.
	Connection string
}

// QueueOutput is a storage queue that a function sends one message to.
type QueueOutput[T any] struct{ output }

// ToQueue declares an output that is a storage queue: messages are T in JSON, or as they are if T is string or []byte. It panics if the name or the queue
// can't be.
func ToQueue[T any](name string, target QueueTarget) *QueueOutput[T] {
	checkQueue("ToQueue", target.Queue, target.Connection)
	properties := map[string]any{"queueName": target.Queue}
	if target.Connection != "" {
		properties["connection"] = target.Connection
	}
	return &QueueOutput[T]{newOutput("queue", name, properties)}
}

// Send puts a message into the queue once the function has succeeded. It returns an error that is ErrNoHost without the Functions host, and another one if
// the function has not got this output, has sent a message already, or the message is empty or has no JSON form.
func (o *QueueOutput[T]) Send(ctx context.Context, message T) error {
	content, err := bytesOf(message)
	if err != nil {
		return fmt.Errorf("write output %q: %w", o.Name(), err)
	}
	return send(ctx, o, content)
}

func (o *QueueOutput[T]) option(d *definition) { d.outputs = append(d.outputs, o) }

// BlobTarget says which blob an output goes to.
type BlobTarget struct {
	// Path is container/blob. {name} stands for a property of what triggered the function, {rand-guid} and {DateTime} for what they say, %NAME%
	// for an app setting.
	Path string
	// Connection names the app setting with the storage account; default: AzureWebJobsStorage.
	Connection string
}

// BlobOutput is a blob that a function writes.
type BlobOutput struct{ output }

// ToBlob declares an output that is a blob. It panics if the name or the path can't be.
func ToBlob(name string, target BlobTarget) *BlobOutput {
	checkBlobPath("ToBlob", target.Path, target.Connection)
	properties := map[string]any{"path": target.Path}
	if target.Connection != "" {
		properties["connection"] = target.Connection
	}
	return &BlobOutput{newOutput("blob", name, properties)}
}

// Send writes the blob once the function has succeeded. Its errors are those of [QueueOutput.Send].
func (o *BlobOutput) Send(ctx context.Context, content []byte) error { return send(ctx, o, content) }

func (o *BlobOutput) option(d *definition) { d.outputs = append(d.outputs, o) }

// RawOutput is an output of any type that an extension of the host knows.
type RawOutput struct{ output }

// To declares an output by what function.json says of it. It panics if the name can't be, or the type is one of the Durable extension's or the answer of
// HTTP functions, which is written with the http.ResponseWriter.
func To(kind, name string, properties map[string]any) *RawOutput {
	checkType("To", kind, `bindings.To("serviceBus", "audit", map[string]any{"queueName": "audit"})`)
	if kind == typeHTTPOutput || properties["dataType"] == "binary" {
		panic(fmt.Sprintf("bindings: the output %q: an HTTP function answers with its http.ResponseWriter, "+
			"and dataType binary makes the host spoil bytes; leave it out", name))
	}
	return &RawOutput{newOutput(kind, name, properties)}
}

// Send hands the host these bytes once the function has succeeded. Its errors are those of [QueueOutput.Send].
func (o *RawOutput) Send(ctx context.Context, content []byte) error { return send(ctx, o, content) }

func (o *RawOutput) option(d *definition) { d.outputs = append(d.outputs, o) }
