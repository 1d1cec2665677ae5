package history

import "time"

// ExecutionStarted begins an execution.
type ExecutionStarted struct {
	Header
	Instance Instance `json:"instance"`
	Name     string   `json:"name"`
	// Version is nil where none was given.
	Version *string           `json:"version,omitempty"`
	Input   *string           `json:"input,omitempty"`
	Tags    map[string]string `json:"tags,omitempty"`
	// ScheduledStart is when the first episode may run; zero means at once.
	ScheduledStart time.Time `json:"scheduledStart,omitzero"`
	// Generation counts how often the instance id has been started anew; nil after continue-as-new.
	Generation *int `json:"generation,omitempty"`
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
}

// TaskScheduled records that an activity was scheduled under the event's ID.
type TaskScheduled struct {
	Header
	Name    string  `json:"name"`
	Version *string `json:"version,omitempty"`
	// Input is left out of the history unless inputs are to be stored; the message always has it.
	Input *string           `json:"input,omitempty"`
	Tags  map[string]string `json:"tags,omitempty"`
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
	Name  string  `json:"name"`
	Input *string `json:"input,omitempty"`
}

// FailureDetails describes an error in a form that crosses processes and languages.
type FailureDetails struct {
	ErrorType    string          `json:"errorType"`
	ErrorMessage string          `json:"errorMessage"`
	StackTrace   string          `json:"stackTrace,omitempty"`
	Inner        *FailureDetails `json:"inner,omitempty"`
	NonRetriable bool            `json:"nonRetriable,omitempty"`
}

// String is what a status shows of the failure: "ErrorType: ErrorMessage".
func (f *FailureDetails) String() string { return f.ErrorType + ": " + f.ErrorMessage }

func (*ExecutionStarted) Type() Type      { return TypeExecutionStarted }
func (*ExecutionCompleted) Type() Type    { return TypeExecutionCompleted }
func (*ExecutionTerminated) Type() Type   { return TypeExecutionTerminated }
func (*TaskScheduled) Type() Type         { return TypeTaskScheduled }
func (*TaskCompleted) Type() Type         { return TypeTaskCompleted }
func (*TaskFailed) Type() Type            { return TypeTaskFailed }
func (*TimerCreated) Type() Type          { return TypeTimerCreated }
func (*TimerFired) Type() Type            { return TypeTimerFired }
func (*OrchestratorStarted) Type() Type   { return TypeOrchestratorStarted }
func (*OrchestratorCompleted) Type() Type { return TypeOrchestratorCompleted }
func (*EventRaised) Type() Type           { return TypeEventRaised }

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
}
