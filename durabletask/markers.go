package durabletask

import (
	"context"
	"encoding/json"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Patched protects a change of an orchestrator's code: instances that had come past this point before the change get false for ever,
// all others true.
//
//	if durabletask.Patched(ctx, "charge-in-euros") {
//		// new code
//	} else {
//		// old code, to be deleted when the last instance that needs it has ended
//	}
//
// Workers of other languages that replay over gRPC may refuse histories with such a mark.
func Patched(ctx Context, change string) bool { return ctx.execution().Patched(change) }

// Record calls fn once and keeps what it returned in the history, so that every replay gets the same: for values that are quickly had but
// not deterministic. fn runs again if the worker crashes before the episode is committed. What takes time or must happen only once belongs
// into an activity.
func Record[T any](ctx Context, name string, fn func(context.Context) (T, error)) (T, error) {
	app := ctx.app()
	text := ctx.execution().Record(name, func() string {
		var r recorded
		value, err := fn(context.Background())
		if err == nil {
			r.Value, err = encode(value)
		}
		if err != nil {
			r.Failure = app.errors.failure(err)
		}
		return r.text()
	})
	var zero T
	var r recorded
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return zero, app.errors.taskError(name, app.errors.failure(&PayloadError{Reason: "the recorded value can't be read: " + err.Error()}))
	}
	if r.Failure != nil {
		return zero, app.errors.taskError(name, r.Failure)
	}
	return decode[T](r.Value)
}

// recorded is the stored form of what a recorded function returned.
type recorded struct {
	Value   *string                 `json:"value,omitempty"`
	Failure *history.FailureDetails `json:"failure,omitempty"`
}

func (r recorded) text() string {
	text, err := json.Marshal(r)
	if err != nil {
		return "{}" // strings always have a JSON form
	}
	return string(text)
}
