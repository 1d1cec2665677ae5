package durabletask

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// operation is a method of an entity's state.
type operation struct {
	name  string
	fn    reflect.Value // func(*S, EntityContext, I) (O, error)
	input reflect.Type
	// reads says that the method has a value for a receiver: it can't change a state that is there.
	reads bool
}

// operationsOf finds the operations of a type of state, by their names in lower case.
func operationsOf(state reflect.Type) map[string]*operation {
	pointer := reflect.PointerTo(state)
	operations := make(map[string]*operation)
	for m := range pointer.Methods() {
		t := m.Func.Type()
		if t.NumIn() < 2 || t.In(1) != reflect.TypeFor[EntityContext]() {
			continue
		}
		if t.NumIn() != 3 || t.NumOut() != 2 || t.Out(1) != reflect.TypeFor[error]() || t.IsVariadic() {
			panic(fmt.Sprintf("durabletask: (%v).%s is no operation of an entity; give it the form func(durabletask.EntityContext, I) (O, error), "+
				"with durabletask.None for what it doesn't need", pointer, m.Name))
		}
		_, reads := state.MethodByName(m.Name)
		operations[strings.ToLower(m.Name)] = &operation{name: lowerFirst(m.Name), fn: m.Func, input: t.In(2), reads: reads}
	}
	if len(operations) == 0 {
		panic(fmt.Sprintf("durabletask: entity %v has no operations: methods of the form func(durabletask.EntityContext, I) (O, error)", state))
	}
	return operations
}

const (
	// ErrNoOperation is the outcome of a call of an operation that the entity doesn't have.
	ErrNoOperation = ErrorKind("OperationNotFound")
	// ErrEntityState is the outcome of an operation on an entity whose stored state can't be read, or would be too large.
	ErrEntityState = ErrorKind("EntityState")
)

// deletion is the operation that every entity has: it removes the state.
const deletion = "delete"

// Operate runs the operations of a batch, one after the other, and gives the batch their results. What has not been run when ctx ends, or when the
// batch has taken so long that its results should be stored, stays queued.
func Operate(ctx context.Context, f *EntityFunc, w *EntityWork) {
	var known decoded
	for op, ok := w.Batch.Next(); ok; op, ok = w.Batch.Next() {
		if ctx.Err() != nil || w.Enough() {
			return
		}
		c := &entityContext{Context: ctx, id: EntityID(w.ID), operation: op, logger: w.Logger}
		result := f.perform(c, &known, w.Batch.KeepsFailed())
		if result.Failure != nil {
			if ctx.Err() != nil {
				return // the failure is ours, not its own
			}
			if op.Signal {
				c.Logger().Error("an operation has failed, and nobody waits for its answer",
					"operation", op.Operation, "kind", result.Failure.ErrorType, "error", result.Failure.ErrorMessage)
			}
		}
		w.Batch.Done(result)
	}
}

// decoded is the state that the operation before has left, so that the next one need not read it again.
type decoded struct {
	text  *string
	value reflect.Value
}

// perform runs one operation. With keep, what it has done before it failed is part of the result.
func (f *EntityFunc) perform(c *entityContext, known *decoded, keep bool) entity.Result {
	before := c.operation.State
	refuse := func(err error) entity.Result { return entity.Result{State: before, Failure: f.errors.failure(err)} }
	o, ok := f.operations[strings.ToLower(c.operation.Operation)]
	switch {
	case ok:
	case strings.EqualFold(c.operation.Operation, deletion):
		return entity.Result{}
	default:
		return refuse(ErrNoOperation.New("entity %q has no operation %q; it has %s", f.name, c.operation.Operation, strings.Join(f.Operations(), ", ")))
	}
	state := known.value
	if !state.IsValid() || known.text != before {
		state = reflect.New(f.state)
		if before != nil {
			if err := json.Unmarshal([]byte(*before), state.Interface()); err != nil {
				return refuse(ErrEntityState.New(
					"the stored state %s is not a %v: %v. It is kept; deploy code that can read it, or delete the entity", excerpt(*before), f.state, err))
			}
		}
	}
	input := reflect.New(o.input)
	if text := c.operation.Input; text != nil && o.input != reflect.TypeFor[None]() {
		if err := json.Unmarshal([]byte(*text), input.Interface()); err != nil {
			return refuse(&PayloadError{Reason: fmt.Sprintf("%s is not a %v: %v", excerpt(*text), o.input, err)})
		}
	}
	*known = decoded{} // a failure may leave it half-changed
	result := f.invoke(c, o, state, input.Elem())
	if result.Failure != nil && !keep {
		return result
	}
	switch {
	case c.deleted:
	case o.reads && before != nil:
		result.State = before
		*known = decoded{before, state}
	default:
		text, err := encode(state.Elem().Interface())
		if err != nil {
			return refuse(ErrEntityState.New("the state can't be stored: %v", err))
		}
		result.State = text
		*known = decoded{text, state}
	}
	result.Actions = c.actions
	return result
}

// invoke calls the method on a goroutine of its own, which survives that the method ends its goroutine.
func (f *EntityFunc) invoke(c *entityContext, o *operation, state, input reflect.Value) (result entity.Result) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		result.Failure = &history.FailureDetails{ErrorType: "Goexit", ErrorMessage: "the operation ended its goroutine instead of returning"}
		defer func() {
			if p := recover(); p != nil {
				result.Failure = panicFailure(p)
			}
		}()
		out := o.fn.Call([]reflect.Value{state, reflect.ValueOf(c), input})
		err, _ := reflect.TypeAssert[error](out[1])
		if err == nil {
			result.Output, err = encode(out[0].Interface())
		}
		if result.Failure = nil; err != nil {
			result.Failure = f.errors.failure(err)
		}
	}()
	<-done
	return result
}
