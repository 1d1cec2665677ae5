package bindings

import (
	"context"

	"github.com/azdurable/azdurable/durabletask"
)

// ActivityTrigger calls an activity.
type ActivityTrigger struct{ function *durabletask.ActivityFunc }

// Activity makes the trigger of an activity.
func Activity(f *durabletask.ActivityFunc) *ActivityTrigger { return &ActivityTrigger{f} }

// Name returns the name of the activity.
func (t *ActivityTrigger) Name() string { return t.function.Name() }

// Type returns TypeActivity.
func (t *ActivityTrigger) Type() string { return TypeActivity }

// Place returns where the activity is defined.
func (t *ActivityTrigger) Place() string { return t.function.Place() }

// Invoke runs the activity and makes its result or failure the outcome of the work.
func (t *ActivityTrigger) Invoke(ctx context.Context, w *durabletask.ActivityWork) error {
	durabletask.Perform(ctx, t.function, w)
	return nil
}
