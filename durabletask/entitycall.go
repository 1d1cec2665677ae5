package durabletask

import (
	"context"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// ErrCriticalSection is the outcome of a call that breaks a rule of critical sections; see Lock.
const ErrCriticalSection = ErrorKind(replay.KindCriticalSection)

// CallEntity runs an operation of an entity and waits for its answer:
//
//	n, err := durabletask.CallEntity(ctx, Counters.ID("a"), (*Counter).Add, 5)
//
// The error is a *TaskError with what the operation has failed with.
func CallEntity[S, I, O any](ctx Context, id EntityOf[S], op func(*S, EntityContext, I) (O, error), input I) (O, error) {
	return StartEntityCall(ctx, id, op, input).Await(ctx)
}

// StartEntityCall is CallEntity that doesn't wait: it returns a task for the answer.
func StartEntityCall[S, I, O any](ctx Context, id EntityOf[S], op func(*S, EntityContext, I) (O, error), input I) *Task[O] {
	return StartEntityCallByName[O](ctx, id.EntityID, operationName(op), input)
}

// CallEntityByName is CallEntity for an entity that another program defines.
func CallEntityByName[O any](ctx Context, id EntityID, operation string, input any) (O, error) {
	return StartEntityCallByName[O](ctx, id, operation, input).Await(ctx)
}

// StartEntityCallByName is StartEntityCall for an entity that another program defines.
func StartEntityCallByName[O any](ctx Context, id EntityID, operation string, input any) *Task[O] {
	x, app := ctx.execution(), ctx.app()
	target, err := id.entity()
	var text *string
	if err == nil {
		text, err = encode(input)
	}
	if err != nil {
		return failedTask[O](app, id.Name+"."+operation, err)
	}
	return newTask[O](app, x.CallEntity(target, operation, text))
}

// Signaler is who can signal entities: a Context or an EntityContext.
type Signaler interface {
	signalEntity(target AnyEntity, operation string, input *string, due time.Time) error
}

// SignalOption is a property of one signal to an entity: SignalAt.
type SignalOption interface{ signal(*signal) }

type signal struct{ due time.Time }

type signalAt time.Time

func (at signalAt) signal(s *signal) { s.due = time.Time(at) }

// SignalAt makes a signal take effect not before a time. Such signals are not put in order with others.
func SignalAt(t time.Time) SignalOption { return signalAt(t.UTC()) }

func signalOf(options []SignalOption) (s signal) {
	for _, o := range options {
		o.signal(&s)
	}
	return s
}

// SignalEntity asks an entity to run an operation, without an answer, from an orchestration (a Context) or from an operation of an entity (an
// EntityContext). Signals from one sender to one entity arrive once and in order. The error is ErrInvalidID, a *PayloadError, or in an orchestration
// that has locked the entity ErrCriticalSection. Programs outside use Signal.
func SignalEntity[S, I, O any](
	from Signaler, id EntityOf[S], op func(*S, EntityContext, I) (O, error), input I, options ...SignalOption,
) error {
	return SignalEntityByName(from, id.EntityID, operationName(op), input, options...)
}

// SignalEntityByName is SignalEntity for an entity that another program defines.
func SignalEntityByName(from Signaler, id EntityID, operation string, input any, options ...SignalOption) error {
	text, err := encode(input)
	if err == nil {
		err = from.signalEntity(id, operation, text, signalOf(options).due)
	}
	if err != nil {
		return fmt.Errorf("signal %s of %s: %w", operation, excerpt(id.String()), err)
	}
	return nil
}

func (c *orchestrationContext) signalEntity(target AnyEntity, operation string, input *string, due time.Time) error {
	id, err := target.entity()
	if err != nil {
		return err
	}
	if f := c.x.SignalEntity(id, operation, input, due); f != nil {
		return c.a.errors.taskError("", f)
	}
	return nil
}

// Lock begins a critical section: it waits until this orchestration alone has all of these entities, and returns the function that gives them back.
//
//	unlock, err := durabletask.Lock(ctx, Accounts.ID("a"), Accounts.ID("b"))
//	if err != nil {
//		return err
//	}
//	defer unlock()
//
// Whatever others ask of the entities waits meanwhile. Orchestrations that lock several entities can't wait for each other for ever: all take them in
// the same order. The locks are also given back when the orchestration ends, however it does, and when it continues as new.
//
// Within the section the orchestration may call only these entities, each with one call at a time; it may signal only others; it may not lock again,
// nor call child orchestrations. What breaks these rules fails with ErrCriticalSection. So does Lock without entities. An id that can't be one gives
// ErrInvalidID.
func Lock(ctx Context, entities ...AnyEntity) (unlock func(), err error) {
	x := ctx.execution()
	targets := make([]history.EntityID, len(entities))
	for i, e := range entities {
		if targets[i], err = e.entity(); err != nil {
			return func() {}, fmt.Errorf("lock: %w", err)
		}
	}
	if _, err := newTask[None](ctx.app(), x.Lock(targets...)).Await(ctx); err != nil {
		return func() {}, err
	}
	given := false
	return func() {
		if !given {
			given = true
			x.Unlock()
		}
	}, nil
}

// Signal asks an entity to run an operation, from outside. Nobody says how it ends; if the call is repeated after an error, the operation may run
// twice. The error is that of Client.SignalEntity.
func Signal[S, I, O any](
	ctx context.Context, c *Client, id EntityOf[S], op func(*S, EntityContext, I) (O, error), input I, options ...SignalOption,
) error {
	return c.SignalEntity(ctx, id.EntityID, operationName(op), input, options...)
}
