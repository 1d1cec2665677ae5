package bindings

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

// The kinds of triggers.
const (
	TypeOrchestration = "orchestrationTrigger"
	TypeActivity      = "activityTrigger"
	TypeEntity        = "entityTrigger"
	TypeHTTP          = "httpTrigger"
)
