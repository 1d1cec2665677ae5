package wire

import "github.com/azdurable/azdurable/durabletask/history"

// kind is how one kind of event is spelt.
type kind struct {
	name   string // of the enum
	class  string // $type in messages
	create func() history.Event
	// first are the members before EventType (.NET writes fields of a class before its properties), then those behind it.
	first, fields []field
	// own are members and columns that the reference does not have and does not look at; they are left out when empty.
	own []field
	// columns are in rows only.
	columns []field
}

// field is a member of an event in messages and a column in rows, with the same name.
type field struct {
	name string
	// optional means that the empty value is null. (A pointer says that itself.)
	optional bool
	// ref returns a pointer into the event.
	ref func(history.Event) any
}

func of[E history.Event](name string, ref func(E) any) field {
	return field{name: name, ref: func(e history.Event) any { return ref(e.(E)) }}
}

func (f field) orNull() field {
	f.optional = true
	return f
}

const classPrefix = "DurableTask.Core.History."

func kindOf[E history.Event](create func() E) kind {
	name := create().Type().String()
	class := classPrefix + name
	if name != "GenericEvent" {
		class += "Event"
	}
	return kind{name: name, class: class, create: func() history.Event { return create() }}
}

func (k kind) begin(first ...field) kind {
	k.first = first
	return k
}

func (k kind) with(fields ...field) kind {
	k.fields = fields
	return k
}

func (k kind) andOwn(own ...field) kind {
	k.own = own
	return k
}

func (k kind) andColumns(columns ...field) kind {
	k.columns = columns
	return k
}

// kinds are all kinds of events. (DTFx: Core/History/*.cs, in the order in which the serializer writes the members.)
var kinds = []kind{
	kindOf(func() *history.ExecutionStarted { return new(history.ExecutionStarted) }).begin(
		of("OrchestrationInstance", func(e *history.ExecutionStarted) any { return &e.Instance }),
	).with(
		of("ParentInstance", func(e *history.ExecutionStarted) any { return &e.Parent }),
		of("Name", func(e *history.ExecutionStarted) any { return &e.Name }),
		of("Version", func(e *history.ExecutionStarted) any { return &e.Version }),
		of("Input", func(e *history.ExecutionStarted) any { return &e.Input }),
		of("Tags", func(e *history.ExecutionStarted) any { return &e.Tags }),
		of("Correlation", func(e *history.ExecutionStarted) any { return &e.Correlation }),
		of("ParentTraceContext", func(e *history.ExecutionStarted) any { return &e.ParentTraceContext }),
		of("ScheduledStartTime", func(e *history.ExecutionStarted) any { return &e.ScheduledStart }).orNull(),
		of("Generation", func(e *history.ExecutionStarted) any { return &e.Generation }),
		of("GenerateNewTrace", func(e *history.ExecutionStarted) any { return &e.GenerateNewTrace }),
	),
	kindOf(func() *history.ExecutionCompleted { return new(history.ExecutionCompleted) }).with(
		of("OrchestrationStatus", func(e *history.ExecutionCompleted) any { return &e.Status }),
		of("Result", func(e *history.ExecutionCompleted) any { return &e.Result }),
		of("FailureDetails", func(e *history.ExecutionCompleted) any { return &e.Failure }),
	),
	kindOf(func() *history.ExecutionTerminated { return new(history.ExecutionTerminated) }).with(
		of("Input", func(e *history.ExecutionTerminated) any { return &e.Reason }),
	).andOwn(
		of("Recurse", func(e *history.ExecutionTerminated) any { return &e.Recurse }).orNull(),
	),
	kindOf(func() *history.ExecutionSuspended { return new(history.ExecutionSuspended) }).with(
		of("Reason", func(e *history.ExecutionSuspended) any { return &e.Reason }),
	),
	kindOf(func() *history.ExecutionResumed { return new(history.ExecutionResumed) }).with(
		of("Reason", func(e *history.ExecutionResumed) any { return &e.Reason }),
	),
	kindOf(func() *history.ExecutionRewound { return new(history.ExecutionRewound) }).with(
		of("Reason", func(e *history.ExecutionRewound) any { return &e.Reason }),
		of("ParentExecutionId", func(e *history.ExecutionRewound) any { return &e.ParentExecutionID }),
		of("InstanceId", func(e *history.ExecutionRewound) any { return &e.InstanceID }),
		of("ParentTraceContext", func(e *history.ExecutionRewound) any { return &e.ParentTraceContext }),
	),
	kindOf(func() *history.TaskScheduled { return new(history.TaskScheduled) }).with(
		of("Name", func(e *history.TaskScheduled) any { return &e.Name }),
		of("Version", func(e *history.TaskScheduled) any { return &e.Version }),
		of("Input", func(e *history.TaskScheduled) any { return &e.Input }),
		of("ParentTraceContext", func(e *history.TaskScheduled) any { return &e.ParentTraceContext }),
		of("Tags", func(e *history.TaskScheduled) any { return &e.Tags }),
	),
	kindOf(func() *history.TaskCompleted { return new(history.TaskCompleted) }).with(
		of("TaskScheduledId", func(e *history.TaskCompleted) any { return &e.TaskID }),
		of("Result", func(e *history.TaskCompleted) any { return &e.Result }),
	),
	kindOf(func() *history.TaskFailed { return new(history.TaskFailed) }).with(
		of("TaskScheduledId", func(e *history.TaskFailed) any { return &e.TaskID }),
		of("Reason", func(e *history.TaskFailed) any { return &e.Reason }).orNull(),
		of("Details", func(e *history.TaskFailed) any { return &e.Details }),
		of("FailureDetails", func(e *history.TaskFailed) any { return &e.Failure }),
	),
	kindOf(func() *history.SubOrchestrationInstanceCreated { return new(history.SubOrchestrationInstanceCreated) }).with(
		of("Name", func(e *history.SubOrchestrationInstanceCreated) any { return &e.Name }),
		of("Version", func(e *history.SubOrchestrationInstanceCreated) any { return &e.Version }),
		of("InstanceId", func(e *history.SubOrchestrationInstanceCreated) any { return &e.InstanceID }),
		of("Input", func(e *history.SubOrchestrationInstanceCreated) any { return &e.Input }),
		of("ClientSpanId", func(e *history.SubOrchestrationInstanceCreated) any { return &e.ClientSpanID }),
		of("Tags", func(e *history.SubOrchestrationInstanceCreated) any { return &e.Tags }),
	),
	kindOf(func() *history.SubOrchestrationInstanceCompleted {
		return new(history.SubOrchestrationInstanceCompleted)
	}).with(
		of("TaskScheduledId", func(e *history.SubOrchestrationInstanceCompleted) any { return &e.TaskID }),
		of("Result", func(e *history.SubOrchestrationInstanceCompleted) any { return &e.Result }),
	),
	kindOf(func() *history.SubOrchestrationInstanceFailed { return new(history.SubOrchestrationInstanceFailed) }).with(
		of("TaskScheduledId", func(e *history.SubOrchestrationInstanceFailed) any { return &e.TaskID }),
		of("Reason", func(e *history.SubOrchestrationInstanceFailed) any { return &e.Reason }).orNull(),
		of("Details", func(e *history.SubOrchestrationInstanceFailed) any { return &e.Details }),
		of("FailureDetails", func(e *history.SubOrchestrationInstanceFailed) any { return &e.Failure }),
	),
	kindOf(func() *history.TimerCreated { return new(history.TimerCreated) }).with(
		of("FireAt", func(e *history.TimerCreated) any { return &e.FireAt }),
	),
	kindOf(func() *history.TimerFired { return new(history.TimerFired) }).with(
		of("TimerId", func(e *history.TimerFired) any { return &e.TimerID }),
		of("FireAt", func(e *history.TimerFired) any { return &e.FireAt }),
	),
	kindOf(func() *history.OrchestratorStarted { return new(history.OrchestratorStarted) }).andColumns(
		of("Engine", func(e *history.OrchestratorStarted) any { return &e.Engine }).orNull(),
	),
	kindOf(func() *history.OrchestratorCompleted { return new(history.OrchestratorCompleted) }),
	kindOf(func() *history.EventSent { return new(history.EventSent) }).with(
		of("InstanceId", func(e *history.EventSent) any { return &e.InstanceID }),
		of("Name", func(e *history.EventSent) any { return &e.Name }),
		of("Input", func(e *history.EventSent) any { return &e.Input }),
	),
	kindOf(func() *history.EventRaised { return new(history.EventRaised) }).with(
		of("Name", func(e *history.EventRaised) any { return &e.Name }),
		of("Input", func(e *history.EventRaised) any { return &e.Input }),
		of("ParentTraceContext", func(e *history.EventRaised) any { return &e.ParentTraceContext }),
	),
	kindOf(func() *history.ContinueAsNew { return new(history.ContinueAsNew) }).with(
		of("OrchestrationStatus", func(*history.ContinueAsNew) any { return history.ContinuedAsNew }),
		of("Result", func(e *history.ContinueAsNew) any { return &e.Result }),
		of("FailureDetails", func(e *history.ContinueAsNew) any { return &e.Failure }),
	),
	// A rewind leaves rows of this kind that say in Reason what stood there before.
	kindOf(func() *history.GenericEvent { return new(history.GenericEvent) }).begin(
		of("Data", func(e *history.GenericEvent) any { return &e.Data }),
	).andColumns(
		of("Reason", func(e *history.GenericEvent) any { return &e.Reason }).orNull(),
		of("Marker", func(e *history.GenericEvent) any { return &e.Marker }).orNull(),
	),
	kindOf(func() *history.HistoryState { return new(history.HistoryState) }).with(
		of("State", func(e *history.HistoryState) any { return jsonText{&e.State} }),
	),
}

var (
	kindsByName  = index(func(k *kind) string { return k.name })
	kindsByClass = index(func(k *kind) string { return k.class })
)

func index(key func(*kind) string) map[string]*kind {
	m := make(map[string]*kind, len(kinds))
	for i := range kinds {
		m[key(&kinds[i])] = &kinds[i]
	}
	return m
}

// spell returns how e is spelt, or nil for what this package does not know.
func spell(e history.Event) *kind { return kindsByName[e.Type().String()] }
