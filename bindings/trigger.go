package bindings

import "context"

// Trigger is what calls a function. There is one type for each way to be called; the engine and the HTTP server call what
// they know: [OrchestrationTrigger], [ActivityTrigger], [EntityTrigger], [HTTPTrigger].
type Trigger interface {
	// Name is the name of the function.
	Name() string
	// Type is the kind of trigger as function.json spells it, such as "httpTrigger".
	Type() string
	// Place is the file and line where the function was defined.
	Place() string
}

// HostTrigger is a trigger whose occasions the Functions host sees: a request, a due time, a message. The engine's own triggers are
// none: the host must not hear of them, or it would start Microsoft's engine on our hub.
type HostTrigger interface {
	Trigger
	// Function is what function.json says of the function.
	Function() Function
	// MaxBody is the limit of what the function is sent, in bytes: 0 for the server's, -1 for none.
	MaxBody() int64
	// Answer calls the function for one invocation. An error fails the invocation, and what the host does then depends on the trigger: a
	// message comes again, a caller gets 500.
	Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error)
}

// The kinds of triggers that have a type of their own here.
const (
	TypeOrchestration = "orchestrationTrigger"
	TypeActivity      = "activityTrigger"
	TypeEntity        = "entityTrigger"
	TypeHTTP          = "httpTrigger"
	TypeTimer         = "timerTrigger"
	TypeQueue         = "queueTrigger"
	TypeBlob          = "blobTrigger"
	TypeEventGrid     = "eventGridTrigger"
)

// answer runs a function that writes nothing but its outputs.
func (d *definition) answer(ctx context.Context, in *Invocation, run func(context.Context) error) (*Outcome, error) {
	in.offer(d.outputs)
	err := run(in.With(ctx))
	outcome := in.outcome()
	if err != nil {
		return nil, err
	}
	return outcome, nil
}
