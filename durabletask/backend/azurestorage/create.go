package azurestorage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Create stores a new instance and the message that starts it: the message first, then the row, as every worker expects it.
// (DTFx: AzureStorageOrchestrationService.CreateTaskOrchestrationAsync.)
func (b *Backend) Create(ctx context.Context, c backend.Creation) error {
	evicted, err := b.create(ctx, c)
	evicted.End()
	var exists *backend.InstanceExistsError
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create instance %q: %w", c.Start.Target.ID, err)
	}
	return err
}

var (
	errEntityID = errors.New("ids that begin with @ are entities': signal the entity instead, or choose another id")
	errBlankID  = errors.New("the id is blank")
	errTooLate  = errors.New("it is scheduled for later than 7 days from now, which is as long as Azure Storage keeps a message back")
)

func (b *Backend) create(ctx context.Context, c backend.Creation) (backend.Evicted, error) {
	e, ok := withID(c.Start.Event).(*history.ExecutionStarted)
	target := c.Start.Target
	switch {
	case !ok:
		return nil, fmt.Errorf("the message is a %v, not an ExecutionStarted", c.Start.Event.Type())
	case history.IsEntity(target.ID):
		return nil, errEntityID
	case strings.TrimSpace(target.ID) == "":
		return nil, errBlankID
	case e.ScheduledStart.Sub(b.env.Now()) > account.MaxVisibility:
		return nil, errTooLate
	}
	if err := b.alive(ctx); err != nil {
		return nil, err
	}
	var row *wire.InstanceRow
	if !c.Fresh {
		var err error
		if row, err = b.readRow(ctx, target.ID); err != nil {
			return nil, err
		}
	}
	if row != nil && row.Status != nil && slices.Contains(c.Refuse, *row.Status) {
		return nil, &backend.InstanceExistsError{InstanceID: target.ID, Status: *row.Status}
	}
	start := *e
	if row != nil {
		start.Generation = new(generationOf(row.Generation) + 1)
	}
	o := b.outbound(history.Message{Target: target, Event: &start}, wire.Client())
	serial := b.nextSerial()
	if err := b.encode(ctx, o, serial); err != nil {
		return nil, err
	}
	fresh, err := b.birthRow(ctx, target, &start, o, serial)
	if err != nil {
		return nil, err
	}
	if err := b.put(ctx, o); err != nil {
		b.cancel(o, false)
		return nil, err
	}
	written, err := b.putRow(ctx, fresh, rowState{row: row, known: true})
	if err != nil {
		b.cancel(o, account.AlreadyExists(err) || account.PreconditionFailed(err))
		return nil, b.lostRace(ctx, target.ID, err)
	}
	var evicted backend.Evicted
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.claimed && row != nil {
		evicted = b.sessions.Forget(target.ID)
	}
	o.row = written
	b.handOver(o)
	return evicted, nil
}

// birthRow is the row of a new instance. A large input stands in the blob of its message.
func (b *Backend) birthRow(ctx context.Context, target history.Instance, e *history.ExecutionStarted, o *outbound, seed string) (*wire.InstanceRow, error) {
	state := backend.PendingState(target, e, b.env.Now())
	if e.Input == nil || o.wire.Blob == "" && fits(*e.Input) {
		return b.rowOf(ctx, state, rowState{}, seed)
	}
	state.Input = nil
	row, err := b.rowOf(ctx, state, rowState{}, seed)
	if err != nil {
		return nil, err
	}
	if o.wire.Blob != "" {
		row.Input = new(wire.BlobURL(b.blobs.URL(), o.wire.Blob))
		return row, nil
	}
	blob, err := b.columnBlob(ctx, row.PartitionKey, "Input", *e.Input, seed)
	row.Input, row.InputBlob = new(""), &blob
	return row, err
}

// lostRace says what has come in between. (Differs from DTFx, which reports success and drops the message later.)
func (b *Backend) lostRace(ctx context.Context, id string, err error) error {
	if !account.AlreadyExists(err) && !account.PreconditionFailed(err) {
		return err
	}
	row, readErr := b.readRow(ctx, id)
	if readErr != nil {
		return readErr
	}
	if row == nil || row.Status == nil {
		return err
	}
	return &backend.InstanceExistsError{InstanceID: id, Status: *row.Status}
}
