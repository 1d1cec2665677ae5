package history

import "time"

// ExecutionStarted begins an execution.
type ExecutionStarted struct {
	Header
	Instance Instance `json:"instance"`
	// Parent is the orchestration that this one is a child of, or nil.
	Parent *ParentInstance `json:"parent,omitempty"`
	Name   string          `json:"name"`
	// Version is nil where none was given.
	Version *string           `json:"version,omitempty"`
	Input   *string           `json:"input,omitempty"`
	Tags    map[string]string `json:"tags,omitzero"`
	// ScheduledStart is when the first episode may run; zero means at once.
	ScheduledStart time.Time `json:"scheduledStart,omitzero"`
	// Generation counts how often the instance id has been started anew; nil after continue-as-new.
	Generation *int `json:"generation,omitempty"`
	// Correlation is a relic of the reference's first tracing; it is carried along.
	Correlation *string `json:"correlation,omitempty"`
	// ParentTraceContext is the span of whoever started the execution, and later the execution's own.
	ParentTraceContext *TraceContext `json:"parentTraceContext,omitempty"`
	// GenerateNewTrace asks that the execution begin a trace of its own.
	GenerateNewTrace bool `json:"generateNewTrace,omitempty"`
}

// ParentInstance names the orchestration that started a child, and the decision by which it did.
type ParentInstance struct {
	Instance Instance `json:"instance"`
	Name     string   `json:"name"`
	Version  *string  `json:"version,omitempty"`
	// TaskID is the number of the SubOrchestrationInstanceCreated event.
	TaskID int `json:"taskId"`
}

// ExecutionCompleted ends an execution with Status Completed, Failed or Terminated.
type ExecutionCompleted struct {
	Header
	Status  Status          `json:"status"`
	Result  *string         `json:"result,omitempty"`
	Failure *FailureDetails `json:"failure,omitempty"`
}

// ExecutionTerminated asks that the execution end at once.
type ExecutionTerminated struct {
	Header
	// Reason is plain text, not JSON; nil if none was given.
	Reason *string `json:"reason,omitempty"`
	// Recurse asks that the children that are still running be terminated, too.
	Recurse bool `json:"recurse,omitempty"`
}

// TaskScheduled records that an activity was scheduled under the event's ID.
type TaskScheduled struct {
	Header
	Name    string  `json:"name"`
	Version *string `json:"version,omitempty"`
	// Input is left out of the history unless inputs are to be stored; the message always has it.
	Input *string           `json:"input,omitempty"`
	Tags  map[string]string `json:"tags,omitzero"`
	// ParentTraceContext is the span under which the activity runs.
	ParentTraceContext *TraceContext `json:"parentTraceContext,omitempty"`
}

// TaskCompleted is the result of the activity scheduled as TaskID.
type TaskCompleted struct {
	Header
	TaskID int     `json:"taskId"`
	Result *string `json:"result,omitempty"`
}

// TaskFailed says that the activity scheduled as TaskID failed.
type TaskFailed struct {
	Header
	TaskID  int             `json:"taskId"`
	Reason  string          `json:"reason,omitempty"`
	Details *string         `json:"details,omitempty"`
	Failure *FailureDetails `json:"failure,omitempty"`
}

// TimerCreated records that a timer was created under the event's ID.
type TimerCreated struct {
	Header
	FireAt time.Time `json:"fireAt"`
}

// TimerFired says that the timer created as TimerID is due. Its Time is when the timer was created.
type TimerFired struct {
	Header
	TimerID int       `json:"timerId"`
	FireAt  time.Time `json:"fireAt"`
}

// OrchestratorStarted begins an episode. Its Time is the orchestration's clock until the next one.
type OrchestratorStarted struct {
	Header
	// Engine is the rule set the episode's events are delivered by; 0 means DTFx's.
	Engine int `json:"engine,omitempty"`
}

// OrchestratorCompleted ends an episode.
type OrchestratorCompleted struct {
	Header
}

// EventRaised is an external event.
type EventRaised struct {
	Header
	Name               string        `json:"name"`
	Input              *string       `json:"input,omitempty"`
	ParentTraceContext *TraceContext `json:"parentTraceContext,omitempty"`
}

// SubOrchestrationInstanceCreated records that a child orchestration was started under the event's ID.
type SubOrchestrationInstanceCreated struct {
	Header
	// InstanceID is the id of the child.
	InstanceID string  `json:"instanceId"`
	Name       string  `json:"name"`
	Version    *string `json:"version,omitempty"`
	// Input is left out of the history unless inputs are to be stored.
	Input *string           `json:"input,omitempty"`
	Tags  map[string]string `json:"tags,omitzero"`
	// ClientSpanID is the id of the span that waits for the child.
	ClientSpanID *string `json:"clientSpanId,omitempty"`
}

// SubOrchestrationInstanceCompleted is the result of the child started as TaskID.
type SubOrchestrationInstanceCompleted struct {
	Header
	TaskID int     `json:"taskId"`
	Result *string `json:"result,omitempty"`
}

// SubOrchestrationInstanceFailed says that the child started as TaskID failed or was terminated.
type SubOrchestrationInstanceFailed struct {
	Header
	TaskID  int             `json:"taskId"`
	Reason  string          `json:"reason,omitempty"`
	Details *string         `json:"details,omitempty"`
	Failure *FailureDetails `json:"failure,omitempty"`
}

// EventSent records that an external event was sent to another instance under the event's ID.
type EventSent struct {
	Header
	InstanceID string  `json:"instanceId"`
	Name       string  `json:"name"`
	Input      *string `json:"input,omitempty"`
}

// ContinueAsNew ends an execution that goes on as a new generation. Result is the next generation's input.
type ContinueAsNew struct {
	Header
	Result  *string         `json:"result,omitempty"`
	Failure *FailureDetails `json:"failure,omitempty"`
}

// GenericEvent says nothing to replay. A rewind leaves one in place of what it took back, Marker and record calls keep their
// values in them.
type GenericEvent struct {
	Header
	Data *string `json:"data,omitempty"`
	// Reason names what stood here before a rewind, such as "Rewound: TaskFailed".
	Reason string `json:"reason,omitempty"`
	// Marker says what kind of value Data is, where the framework keeps one in the history; else empty.
	Marker string `json:"marker,omitempty"`
}

// HistoryState is part of the vocabulary, but no store writes it.
type HistoryState struct {
	Header
	State *string `json:"state,omitempty"`
}

// ExecutionSuspended stops an execution until it is resumed.
type ExecutionSuspended struct {
	Header
	Reason *string `json:"reason,omitempty"`
}

// ExecutionResumed lets a suspended execution go on.
type ExecutionResumed struct {
	Header
	Reason *string `json:"reason,omitempty"`
}

// ExecutionRewound asks a failed execution to try again what failed.
type ExecutionRewound struct {
	Header
	Reason             *string       `json:"reason,omitempty"`
	ParentExecutionID  *string       `json:"parentExecutionId,omitempty"`
	InstanceID         *string       `json:"instanceId,omitempty"`
	ParentTraceContext *TraceContext `json:"parentTraceContext,omitempty"`
}

// FailureDetails describes an error in a form that crosses processes and languages.
type FailureDetails struct {
	ErrorType    string          `json:"errorType"`
	ErrorMessage string          `json:"errorMessage"`
	StackTrace   string          `json:"stackTrace,omitempty"`
	Inner        *FailureDetails `json:"inner,omitempty"`
	NonRetriable bool            `json:"nonRetriable,omitempty"`
	// Properties are what the error tells beyond its message; the values are JSON text.
	Properties map[string]string `json:"properties,omitzero"`
}

// TraceContext carries a W3C trace context. Each member may be empty.
type TraceContext struct {
	TraceParent string `json:"traceParent,omitempty"`
	TraceState  string `json:"traceState,omitempty"`
	// ID, SpanID and ActivityStartTime are the execution's own span, set at its first episode, so that every episode and
	// every replay works in the same span.
	ID                string    `json:"id,omitempty"`
	SpanID            string    `json:"spanId,omitempty"`
	ActivityStartTime time.Time `json:"activityStartTime,omitzero"`
}

// String is what a status shows of the failure: "ErrorType: ErrorMessage".
func (f *FailureDetails) String() string { return f.ErrorType + ": " + f.ErrorMessage }

func (*ExecutionStarted) Type() Type                  { return TypeExecutionStarted }
func (*ExecutionCompleted) Type() Type                { return TypeExecutionCompleted }
func (*ExecutionTerminated) Type() Type               { return TypeExecutionTerminated }
func (*TaskScheduled) Type() Type                     { return TypeTaskScheduled }
func (*TaskCompleted) Type() Type                     { return TypeTaskCompleted }
func (*TaskFailed) Type() Type                        { return TypeTaskFailed }
func (*TimerCreated) Type() Type                      { return TypeTimerCreated }
func (*TimerFired) Type() Type                        { return TypeTimerFired }
func (*OrchestratorStarted) Type() Type               { return TypeOrchestratorStarted }
func (*OrchestratorCompleted) Type() Type             { return TypeOrchestratorCompleted }
func (*EventRaised) Type() Type                       { return TypeEventRaised }
func (*SubOrchestrationInstanceCreated) Type() Type   { return TypeSubOrchestrationInstanceCreated }
func (*SubOrchestrationInstanceCompleted) Type() Type { return TypeSubOrchestrationInstanceCompleted }
func (*SubOrchestrationInstanceFailed) Type() Type    { return TypeSubOrchestrationInstanceFailed }
func (*EventSent) Type() Type                         { return TypeEventSent }
func (*ContinueAsNew) Type() Type                     { return TypeContinueAsNew }
func (*GenericEvent) Type() Type                      { return TypeGenericEvent }
func (*HistoryState) Type() Type                      { return TypeHistoryState }
func (*ExecutionSuspended) Type() Type                { return TypeExecutionSuspended }
func (*ExecutionResumed) Type() Type                  { return TypeExecutionResumed }
func (*ExecutionRewound) Type() Type                  { return TypeExecutionRewound }

// kinds is the registry the codec works by.
var kinds = []struct {
	typ  Type
	name string
	make func() Event
}{
	{TypeExecutionStarted, "ExecutionStarted", func() Event { return new(ExecutionStarted) }},
	{TypeExecutionCompleted, "ExecutionCompleted", func() Event { return new(ExecutionCompleted) }},
	{TypeExecutionTerminated, "ExecutionTerminated", func() Event { return new(ExecutionTerminated) }},
	{TypeTaskScheduled, "TaskScheduled", func() Event { return new(TaskScheduled) }},
	{TypeTaskCompleted, "TaskCompleted", func() Event { return new(TaskCompleted) }},
	{TypeTaskFailed, "TaskFailed", func() Event { return new(TaskFailed) }},
	{TypeTimerCreated, "TimerCreated", func() Event { return new(TimerCreated) }},
	{TypeTimerFired, "TimerFired", func() Event { return new(TimerFired) }},
	{TypeOrchestratorStarted, "OrchestratorStarted", func() Event { return new(OrchestratorStarted) }},
	{TypeOrchestratorCompleted, "OrchestratorCompleted", func() Event { return new(OrchestratorCompleted) }},
	{TypeEventRaised, "EventRaised", func() Event { return new(EventRaised) }},
	{TypeSubOrchestrationInstanceCreated, "SubOrchestrationInstanceCreated", func() Event { return new(SubOrchestrationInstanceCreated) }},
	{TypeSubOrchestrationInstanceCompleted, "SubOrchestrationInstanceCompleted", func() Event { return new(SubOrchestrationInstanceCompleted) }},
	{TypeSubOrchestrationInstanceFailed, "SubOrchestrationInstanceFailed", func() Event { return new(SubOrchestrationInstanceFailed) }},
	{TypeEventSent, "EventSent", func() Event { return new(EventSent) }},
	{TypeContinueAsNew, "ContinueAsNew", func() Event { return new(ContinueAsNew) }},
	{TypeGenericEvent, "GenericEvent", func() Event { return new(GenericEvent) }},
	{TypeHistoryState, "HistoryState", func() Event { return new(HistoryState) }},
	{TypeExecutionSuspended, "ExecutionSuspended", func() Event { return new(ExecutionSuspended) }},
	{TypeExecutionResumed, "ExecutionResumed", func() Event { return new(ExecutionResumed) }},
	{TypeExecutionRewound, "ExecutionRewound", func() Event { return new(ExecutionRewound) }},
}
