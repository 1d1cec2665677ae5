package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The JSON of entities. Two programs of the reference write it: the Core dispatcher, whose form is written here, and the
// in-process extension, which leaves out members and adds $type. Both forms are read. Readers take names in any case
// (encoding/json does) and skip what they don't know.

var (
	errNotObject   = errors.New("not a JSON object")
	errNoRequestID = errors.New("a request without id")
	errInput       = errors.New("the input is neither text nor a number")
)

// MarshalJSON returns the input of the event that asks an entity to do something.
func (r EntityRequest) MarshalJSON() ([]byte, error) { return marshal(r.form()) }

// UnmarshalJSON fails if the text is no object or has no id. Such a request is to be dropped, for it will never be
// readable. (Differs from DTFx, which gives the batch it came with back for ever.)
func (r *EntityRequest) UnmarshalJSON(data []byte) error {
	var f requestForm
	if err := unmarshalObject(data, &f); err != nil {
		return fmt.Errorf("decode entity request: %w", err)
	}
	if f.ID == "" {
		return fmt.Errorf("decode entity request: %w", errNoRequestID)
	}
	*r = f.request()
	return nil
}

// MarshalJSON returns the input of the event that answers a request.
func (r EntityResponse) MarshalJSON() ([]byte, error) {
	return marshal(responseForm{(*looseText)(r.Result), r.Exception, newFailureForm(r.Failure)})
}

// UnmarshalJSON reads the answer of any worker.
func (r *EntityResponse) UnmarshalJSON(data []byte) error {
	var f responseForm
	if err := unmarshalObject(data, &f); err != nil {
		return fmt.Errorf("decode entity response: %w", err)
	}
	*r = EntityResponse{(*string)(f.Result), f.Exception, f.Failure.details()}
	return nil
}

// MarshalJSON returns the input of the event that gives a lock back.
func (r EntityRelease) MarshalJSON() ([]byte, error) { return marshal(releaseForm(r)) }

// UnmarshalJSON fails if the text is no object.
func (r *EntityRelease) UnmarshalJSON(data []byte) error {
	if err := unmarshalObject(data, (*releaseForm)(r)); err != nil {
		return fmt.Errorf("decode entity release: %w", err)
	}
	return nil
}

// MarshalJSON returns the custom status of an entity. Empty members are left out: the reference looks for the word
// entityExists to see whether the entity exists.
func (s EntityStatus) MarshalJSON() ([]byte, error) { return marshal(statusForm(s)) }

// UnmarshalJSON reads the custom status of an entity, but for what the in-process extension tells beyond it.
func (s *EntityStatus) UnmarshalJSON(data []byte) error {
	if err := unmarshalObject(data, (*statusForm)(s)); err != nil {
		return fmt.Errorf("decode entity status: %w", err)
	}
	return nil
}

// unmarshalObject reads an object; JSON's null is none.
func unmarshalObject(data []byte, form any) error {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errNotObject
	}
	return json.Unmarshal(data, form)
}

type (
	// releaseForm and statusForm have the fields of EntityRelease and EntityStatus in the same order.
	releaseForm struct {
		Parent string `json:"parent"`
		ID     string `json:"id,omitempty"`
	}
	statusForm struct {
		Exists    bool   `json:"entityExists,omitempty"`
		QueueSize int    `json:"queueSize,omitempty"`
		LockedBy  string `json:"lockedBy,omitempty"`
	}
	responseForm struct {
		Result    *looseText   `json:"result"`
		Exception *string      `json:"exceptionType,omitempty"`
		Failure   *failureForm `json:"failureDetails,omitempty"`
	}
	requestForm struct {
		Operation       *string      `json:"op"`
		Signal          bool         `json:"signal,omitempty"`
		Input           *looseText   `json:"input,omitempty"`
		ID              guid         `json:"id"`
		Parent          string       `json:"parent,omitempty"`
		ParentExecution string       `json:"parentExecution,omitempty"`
		Due             stamp        `json:"due,omitzero"`
		Timestamp       stamp        `json:"Timestamp"`
		Predecessor     stamp        `json:"Predecessor"`
		LockSet         []entityForm `json:"lockset,omitzero"`
		Position        int          `json:"pos,omitempty"`
		IsLockRequest   bool         `json:"IsLockRequest"` // derived; nobody reads it
		Trace           *traceForm   `json:"parentTraceContext,omitempty"`
		CreateTrace     bool         `json:"createTrace"`
		RequestTime     offsetStamp  `json:"requestTime,omitzero"`
	}
	entityForm struct {
		Name string `json:"name"`
		Key  string `json:"key"`
	}
	traceForm struct {
		TraceParent       text         `json:"TraceParent"`
		TraceState        text         `json:"TraceState"`
		ID                text         `json:"Id"`
		SpanID            text         `json:"SpanId"`
		ActivityStartTime *offsetStamp `json:"ActivityStartTime"`
	}
	failureForm struct {
		ErrorType    string                      `json:"ErrorType"`
		ErrorMessage string                      `json:"ErrorMessage"`
		StackTrace   text                        `json:"StackTrace"`
		Inner        *failureForm                `json:"InnerFailure"`
		NonRetriable bool                        `json:"IsNonRetriable"`
		Properties   dictionary[json.RawMessage] `json:"Properties"`
	}
)

func (r *EntityRequest) form() requestForm {
	f := requestForm{
		Operation: &r.Operation, Signal: r.Signal, Input: (*looseText)(r.Input), ID: guid(r.ID), Parent: r.Parent, ParentExecution: r.ParentExecution,
		Due: stamp(r.Due), Timestamp: stamp(r.Timestamp), Predecessor: stamp(r.Predecessor), Position: r.Position, IsLockRequest: r.LockSet != nil,
		Trace: newTraceForm(r.ParentTraceContext), CreateTrace: r.CreateTrace, RequestTime: offsetStamp(r.RequestTime),
	}
	if r.LockSet == nil {
		return f
	}
	if r.Operation == "" {
		f.Operation = nil
	}
	f.LockSet = make([]entityForm, len(r.LockSet))
	for i, id := range r.LockSet {
		f.LockSet[i] = entityForm(id)
	}
	return f
}

func (f *requestForm) request() EntityRequest {
	r := EntityRequest{
		ID: string(f.ID), Signal: f.Signal, Input: (*string)(f.Input), Parent: f.Parent, ParentExecution: f.ParentExecution,
		Due: time.Time(f.Due), Timestamp: time.Time(f.Timestamp), Predecessor: time.Time(f.Predecessor), Position: f.Position,
		ParentTraceContext: f.Trace.context(), CreateTrace: f.CreateTrace, RequestTime: time.Time(f.RequestTime),
	}
	if f.Operation != nil {
		r.Operation = *f.Operation
	}
	if f.LockSet != nil {
		r.LockSet = make([]EntityID, len(f.LockSet))
		for i, id := range f.LockSet {
			r.LockSet[i] = EntityID(id)
		}
	}
	return r
}

func newTraceForm(c *TraceContext) *traceForm {
	if c == nil {
		return nil
	}
	f := &traceForm{text(c.TraceParent), text(c.TraceState), text(c.ID), text(c.SpanID), nil}
	if !c.ActivityStartTime.IsZero() {
		f.ActivityStartTime = (*offsetStamp)(&c.ActivityStartTime)
	}
	return f
}

func (f *traceForm) context() *TraceContext {
	if f == nil {
		return nil
	}
	c := &TraceContext{TraceParent: string(f.TraceParent), TraceState: string(f.TraceState), ID: string(f.ID), SpanID: string(f.SpanID)}
	if f.ActivityStartTime != nil {
		c.ActivityStartTime = time.Time(*f.ActivityStartTime)
	}
	return c
}

func newFailureForm(d *FailureDetails) *failureForm {
	if d == nil {
		return nil
	}
	f := &failureForm{
		ErrorType: d.ErrorType, ErrorMessage: d.ErrorMessage, StackTrace: text(d.StackTrace), Inner: newFailureForm(d.Inner), NonRetriable: d.NonRetriable,
	}
	if d.Properties == nil {
		return f
	}
	f.Properties = make(dictionary[json.RawMessage], len(d.Properties))
	for name, value := range d.Properties {
		raw := json.RawMessage(value)
		if quoted, err := marshal(value); err == nil && !json.Valid(raw) { // against the promise of FailureDetails
			raw = quoted
		}
		f.Properties[name] = raw
	}
	return f
}

func (f *failureForm) details() *FailureDetails {
	if f == nil {
		return nil
	}
	d := &FailureDetails{
		ErrorType: f.ErrorType, ErrorMessage: f.ErrorMessage, StackTrace: string(f.StackTrace), Inner: f.Inner.details(), NonRetriable: f.NonRetriable,
	}
	if f.Properties == nil {
		return d
	}
	d.Properties = make(map[string]string, len(f.Properties))
	for name, value := range f.Properties {
		d.Properties[name] = string(value)
	}
	return d
}
