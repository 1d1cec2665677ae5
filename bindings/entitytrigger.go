package bindings

import (
	"context"

	"github.com/azdurable/azdurable/durabletask"
)

// EntityTrigger calls an entity for one batch of operations.
type EntityTrigger struct{ function *durabletask.EntityFunc }

// Entity makes the trigger of an entity.
func Entity(f *durabletask.EntityFunc) *EntityTrigger { return &EntityTrigger{f} }

// Name returns the name of the entity.
func (t *EntityTrigger) Name() string { return t.function.Name() }

// Type returns TypeEntity.
func (t *EntityTrigger) Type() string { return TypeEntity }

// Place returns where the entity is defined.
func (t *EntityTrigger) Place() string { return t.function.Place() }

// Invoke runs the operations and gives the batch their results.
func (t *EntityTrigger) Invoke(ctx context.Context, w *durabletask.EntityWork) error {
	durabletask.Operate(ctx, t.function, w)
	return nil
}
