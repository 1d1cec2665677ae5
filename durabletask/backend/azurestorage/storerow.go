package azurestorage

import (
	"context"
	"strings"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// storeRow writes the row that shows the state of a commit, under the ETag that is known: a row that names another execution is left alone, so that
// an old execution never hides a new one. (Differs from DTFx, which merges without a condition.)
func (b *Backend) storeRow(ctx context.Context, k *commit) error {
	if k.state == nil || k.overrun {
		return nil
	}
	ours := func(row *wire.InstanceRow) bool {
		return isOf(row, k.before.ExecutionID) || isOf(row, k.after.ExecutionID)
	}
	known := k.record.row
	known.inputBlob, known.resultBlob = k.inputBlob, k.resultBlob
	row, err := b.writeRow(ctx, k.state, known, k.id, ours)
	b.mu.Lock()
	defer b.mu.Unlock()
	row.inputBlob, row.resultBlob = "", ""
	k.record.row = row
	return err
}

// isOf reports whether the row is that of the execution, or of none in particular.
func isOf(row *wire.InstanceRow, execution string) bool {
	return row.ExecutionID == nil || *row.ExecutionID == "" || strings.EqualFold(*row.ExecutionID, execution)
}

// writeRow makes the row of an instance show a state, unless it is somebody else's. It returns what is known of the row afterwards.
func (b *Backend) writeRow(ctx context.Context, s *backend.InstanceState, old rowState, seed string, ours func(*wire.InstanceRow) bool) (rowState, error) {
	for try := 0; ; try++ {
		if !old.known {
			row, err := b.readRow(ctx, s.Instance.ID)
			if err != nil {
				return old, err
			}
			old = rowState{row: row, known: true, inputBlob: old.inputBlob, resultBlob: old.resultBlob}
		}
		if old.row != nil && !ours(old.row) {
			return old, nil
		}
		row, err := b.rowOf(ctx, s, old, seed)
		if err != nil || !outdated(old.row, row) {
			return old, err
		}
		etag, err := b.rows.Write(ctx, rowOp(old.row, row))
		if err == nil {
			row.ETag = etag
			return rowState{row: row, known: true, input: s.Input}, nil
		}
		old.known = false
		switch {
		case account.AlreadyExists(err), account.PreconditionFailed(err):
		case account.NotFound(err): // purged in the meantime
			return rowState{known: true}, nil
		case account.Ambiguous(err) && try < deletions: // writing it again is the same
			if !sleep(ctx, firstPause<<try) {
				return old, err
			}
		default:
			return old, err
		}
	}
}

func rowOp(old, row *wire.InstanceRow) account.Op {
	op := account.Op{Action: account.Insert, Key: account.Key{Partition: row.PartitionKey}}
	if old == nil {
		op.Row = row.Encode()
		return op
	}
	op.Action, op.ETag = account.Merge, old.ETag
	part, replace := change(old, row)
	if replace {
		op.Action = account.Replace
	}
	op.Row = part.Encode()
	return op
}

// birth is the row of an instance that a checkpoint starts and that nobody waits for.
type birth struct {
	state *backend.InstanceState
	old   rowState
}

// conceive looks whether an instance can be started. It returns nil if its id is in use.
func (b *Backend) conceive(ctx context.Context, target history.Instance, start *history.ExecutionStarted) (*birth, error) {
	row, err := b.readRow(ctx, target.ID)
	if err != nil {
		return nil, err
	}
	if row != nil && row.Status != nil && !row.Status.Terminal() && !isOf(row, target.ExecutionID) {
		return nil, nil
	}
	return &birth{backend.PendingState(target, start, b.env.Now()), rowState{row: row, known: true}}, nil
}

// bear writes the row of an instance that a checkpoint has started, and hands its start over.
func (b *Backend) bear(ctx context.Context, o *outbound) error {
	row, err := b.replaceRow(ctx, o.birth.state, o.birth.old, o.receipt.MessageID)
	if err != nil && !account.AlreadyExists(err) && !account.PreconditionFailed(err) { // then the message finds another's row, and is dropped
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.row = row; err != nil {
		o.row = nil
	}
	b.handOver(o)
	return nil
}

// replaceRow puts a new execution's row in the place of the one that was read, or of none. An answer that was lost is looked up.
func (b *Backend) replaceRow(ctx context.Context, s *backend.InstanceState, old rowState, seed string) (*wire.InstanceRow, error) {
	row, err := b.rowOf(ctx, s, rowState{}, seed)
	if err != nil {
		return nil, err
	}
	return b.putRow(ctx, row, old)
}

func (b *Backend) putRow(ctx context.Context, row *wire.InstanceRow, old rowState) (*wire.InstanceRow, error) {
	op := account.Op{Action: account.Insert, Key: account.Key{Partition: row.PartitionKey}, Row: row.Encode()}
	if old.row != nil {
		op.Action, op.ETag = account.Replace, old.row.ETag
	}
	asked := false
	for try := 0; ; try++ {
		etag, err := b.rows.Write(ctx, op)
		if err == nil {
			row.ETag = etag
			return row, nil
		}
		switch refused := account.AlreadyExists(err) || account.PreconditionFailed(err); {
		case refused && !asked, !refused && !account.Ambiguous(err), try == deletions:
			return nil, err
		}
		asked = true
		if !sleep(ctx, firstPause<<try) {
			return nil, err
		}
		there, readErr := b.readRow(ctx, wire.UnescapeKey(row.PartitionKey))
		if readErr != nil {
			return nil, readErr
		}
		if there != nil && row.ExecutionID != nil && there.ExecutionID != nil && *there.ExecutionID == *row.ExecutionID {
			return there, nil
		}
	}
}
