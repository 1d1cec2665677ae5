package durabletask

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// EntityContext is what an operation of an entity sees of the world. It ends when the worker can wait no longer; an operation that fails because of
// that is run again. It must not be used after the operation has returned.
//
// An operation runs at least once: if the worker dies before its batch is stored, it runs again on the same state. What it does beyond the entity
// should bear that; signals and starts are made by the batch, so they are sent once.
type EntityContext interface {
	context.Context
	// ID returns the entity's id.
	ID() EntityID
	// Caller returns the instance id of the orchestration or entity that asked for the operation, or "" for a client.
	Caller() string
	// RequestID is the same for every run of this operation for this request, and for no other: use it to recognise work that was done before.
	RequestID() string
	// Delete removes the entity's state when the operation has returned without an error.
	Delete()
	// Logger returns the worker's logger.
	Logger() *slog.Logger

	Signaler
	start(entity.Start) string
}

type entityContext struct {
	context.Context
	id        EntityID
	operation entity.Operation
	actions   []entity.Action
	deleted   bool
	logger    *slog.Logger
}

func (c *entityContext) ID() EntityID      { return c.id }
func (c *entityContext) Caller() string    { return c.operation.Parent }
func (c *entityContext) RequestID() string { return c.operation.ID }
func (c *entityContext) Delete()           { c.deleted = true }

func (c *entityContext) Logger() *slog.Logger {
	logger := c.logger
	if logger == nil {
		logger = slog.Default()
	}
	return logger.With("entity", c.id.String())
}

func (c *entityContext) signalEntity(target AnyEntity, operation string, input *string, due time.Time) error {
	id, err := target.entity()
	if err != nil {
		return err
	}
	c.actions = append(c.actions, entity.Signal{Target: id, Operation: operation, Input: input, Due: due})
	return nil
}

func (c *entityContext) start(s entity.Start) string {
	if s.InstanceID == "" {
		s.InstanceID = c.operation.NewID()
	}
	c.actions = append(c.actions, s)
	return s.InstanceID
}

// StartFrom starts an instance from an operation of an entity, and returns its id. It begins when the operation's batch is stored, and not at all if
// the operation fails. Nobody is told how it ends. An instance with the same id that is still going on is left alone. The options Refuse and
// AsReceived have no effect. The error is ErrInvalidID or a *PayloadError.
func (o *Orchestrator[I, O]) StartFrom(ctx EntityContext, input I, options ...StartOption) (string, error) {
	text, err := encode(input)
	if err != nil {
		return "", fmt.Errorf("start %q: %w", o.name, err)
	}
	var s start
	for _, option := range options {
		option.start(&s)
	}
	if s.id != "" {
		if err := CheckID(s.id); err != nil {
			return "", fmt.Errorf("start %q: %w", o.name, err)
		}
	}
	return ctx.start(entity.Start{InstanceID: s.id, Name: o.name, Version: s.version, Input: text, Tags: s.tags, At: s.at}), nil
}
