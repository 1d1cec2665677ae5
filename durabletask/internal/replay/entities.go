package replay

import (
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// entities is what an execution has to do with entities.
type entities struct {
	caller *entity.Caller // nil until it is needed
	// answers read what entities answer, by the event's name.
	answers map[string]answer
}

// answer makes a result or a failure of an event's input.
type answer func(input *string) (*string, *history.FailureDetails)

// KindCriticalSection is the ErrorType of a call that breaks a rule of critical sections.
const KindCriticalSection = "CriticalSection"

func (x *Execution) caller() *entity.Caller {
	if x.entities.caller == nil {
		newID := func() string { return x.NewUUID().String() }
		x.entities.caller = entity.NewCaller(x.start.Instance, x.reorderWindow, x.Now, newID)
		x.entities.answers = make(map[string]answer)
	}
	return x.entities.caller
}

// CallEntity asks an entity to run an operation. The task has what it answers.
func (x *Execution) CallEntity(target history.EntityID, operation string, input *string) *Task {
	x.check()
	s, err := x.caller().Call(target, operation, input)
	return x.ask(target.Name+"."+operation, s, err, entityOutcome)
}

// SignalEntity asks an entity to run an operation, not before due if that is not zero. Nobody says whether it did. It returns a failure if a rule
// of critical sections forbids it.
func (x *Execution) SignalEntity(target history.EntityID, operation string, input *string, due time.Time) *history.FailureDetails {
	x.check()
	s, err := x.caller().Signal(target, operation, input, due)
	if err != nil {
		return brokenRule(err)
	}
	x.tell(s)
	return nil
}

// Lock asks for the locks of entities. The task is done when all of them are held; until Unlock, or until the execution ends, nobody else has them.
func (x *Execution) Lock(targets ...history.EntityID) *Task {
	x.check()
	s, err := x.caller().Lock(targets...)
	return x.ask("lock", s, err, func(*string) (*string, *history.FailureDetails) {
		x.entities.caller.Granted()
		return nil, nil
	})
}

// Unlock gives back the locks that are held, and those that were asked for.
func (x *Execution) Unlock() {
	x.check()
	for _, s := range x.caller().Unlock() {
		x.tell(s)
	}
}

// Locked returns the entities that are locked, in the order of locking.
func (x *Execution) Locked() []history.EntityID { return x.caller().Locked() }

// ask sends a request, and makes a task of the answer.
func (x *Execution) ask(name string, s entity.Sending, err error, read answer) *Task {
	if err != nil {
		t := &Task{Name: name, timerID: history.NoID}
		x.finish(t, nil, brokenRule(err))
		return t
	}
	a := &action{kind: history.TypeEventSent, name: s.Event, target: s.To, input: &s.Input, asks: s.Answer}
	x.decide(a)
	x.entities.answers[eventKey(s.Answer)] = func(input *string) (*string, *history.FailureDetails) {
		x.entities.caller.Answered(a.asks)
		return read(input)
	}
	t := x.NextEvent(s.Answer)
	t.Name = name
	return t
}

func (x *Execution) tell(s entity.Sending) {
	x.decide(&action{kind: history.TypeEventSent, name: s.Event, target: s.To, input: &s.Input})
}

// recognise gives a request the id under which it was recorded. Another program may have made it, whose ids are not ours, and that is what the entity
// answers to.
func (x *Execution) recognise(e *history.EventSent) {
	a := x.pending[e.ID]
	if a == nil || a.asks == "" || e.Input == nil {
		return
	}
	var recorded history.EntityRequest
	if recorded.UnmarshalJSON([]byte(*e.Input)) != nil || recorded.ID == "" || eventKey(recorded.ID) == eventKey(a.asks) {
		return
	}
	old, key := eventKey(a.asks), eventKey(recorded.ID)
	x.entities.caller.Rename(a.asks, recorded.ID)
	a.asks = recorded.ID
	x.entities.answers[key] = x.entities.answers[old]
	delete(x.entities.answers, old)
	x.inbox.waiting[key] = append(x.inbox.waiting[key], x.inbox.waiting[old]...)
	delete(x.inbox.waiting, old)
}

// answered looks at an event that may be the answer of an entity. It returns how the wait for it ends.
func (x *Execution) answered(e *history.EventRaised) (*string, *history.FailureDetails) {
	key := eventKey(e.Name)
	read, ok := x.entities.answers[key]
	if !ok {
		return e.Input, nil
	}
	delete(x.entities.answers, key)
	return read(e.Input)
}

// releaseLocks gives back what the execution still holds when it ends.
//
// Differs from DTFx, which keeps the locks of an orchestration that was terminated, and in .NET in-process those of one that failed.
func (x *Execution) releaseLocks() {
	if x.entities.caller == nil {
		return
	}
	for _, s := range x.entities.caller.Unlock() {
		x.number(&action{kind: history.TypeEventSent, name: s.Event, target: s.To, input: &s.Input})
	}
}

func entityOutcome(input *string) (*string, *history.FailureDetails) {
	result, failure, err := entity.Outcome(input)
	if err != nil {
		return nil, &history.FailureDetails{ErrorType: "Payload", ErrorMessage: "the entity's answer can't be read: " + err.Error(), NonRetriable: true}
	}
	return result, failure
}

func brokenRule(err error) *history.FailureDetails {
	return &history.FailureDetails{ErrorType: KindCriticalSection, ErrorMessage: err.Error(), NonRetriable: true}
}
