package azurestorage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// maxLoads is how many instances are looked up at once.
const maxLoads = 64

// load looks up what is missing to judge the inbox of an instance: large messages, the row of a start, the history.
func (b *Backend) load(ctx context.Context, i *instance) {
	select {
	case b.loads <- struct{}{}:
		defer func() { <-b.loads }()
	case <-ctx.Done():
		return
	}
	for {
		err := b.loadOnce(ctx, i)
		b.mu.Lock()
		if i.place != loading || ctx.Err() != nil {
			b.mu.Unlock()
			return
		}
		if err == nil {
			i.loads = 0
			if len(i.inbox) == 0 || !i.missing() {
				i.place = parked
				b.settle(i)
				b.mu.Unlock()
				return
			}
			b.mu.Unlock()
			continue
		}
		i.loads++
		pause := loadPause(i.loads)
		b.mu.Unlock()
		b.log.Warn("could not look up an instance; trying again", "instance", i.id, "in", pause, "error", err)
		if !sleep(ctx, pause) {
			return
		}
	}
}

// loadPause is how long an instance rests that could not be looked up.
func loadPause(failures int) time.Duration {
	const longest = time.Minute
	return min(time.Second<<min(failures-1, 6), longest)
}

// wanted is what a load has to look up.
type wanted struct {
	blobs   []*message
	starts  []*message
	history bool
	// execution restricts the history to one execution.
	execution string
}

func (b *Backend) wanted(i *instance) (w wanted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.history = i.record == nil
	for n, m := range i.inbox {
		if m.wire.Event == nil {
			w.blobs = append(w.blobs, m)
		}
		e := m.start()
		if e != nil && !m.checked && m.needsRow() {
			w.starts = append(w.starts, m)
		}
		if n == 0 && e != nil && m.needsRow() {
			w.execution = e.Instance.ExecutionID
		}
	}
	return w
}

// loadOnce looks up what is missing now.
func (b *Backend) loadOnce(ctx context.Context, i *instance) error {
	w := b.wanted(i)
	if len(w.blobs) > 0 { // they may be starts, so the rest waits until they are known
		var all sync.WaitGroup
		errs := make([]error, len(w.blobs))
		for n, m := range w.blobs {
			all.Go(func() { errs[n] = b.fetchMessage(ctx, i, m) })
		}
		all.Wait()
		return errors.Join(errs...)
	}
	var row *wire.InstanceRow
	var rec *record
	if w.history || len(w.starts) > 0 {
		var err error
		if row, err = b.readRow(ctx, i.id); err != nil {
			return err
		}
	}
	b.mu.Lock()
	for _, m := range w.starts {
		m.row, m.checked = row, true
	}
	if len(i.inbox) > 0 {
		b.assumeNew(i)
	}
	if i.record != nil {
		w.history = false
	}
	b.mu.Unlock()
	if w.history {
		var err error
		if row == nil || !isOf(row, w.execution) || row.Status == nil || *row.Status != history.Pending {
			w.execution = "" // only a start that is about to be accepted has no use for what was there before
		}
		if rec, err = b.readRecord(ctx, i.id, w.execution); err != nil {
			return err
		}
		if w.execution != "" && rec.execution != w.execution && rec.sentinel.Origin == w.execution { // it has continued as new since
			if rec, err = b.readRecord(ctx, i.id, ""); err != nil {
				return err
			}
		}
		if rec.row, err = b.repair(ctx, i.id, rec, row); err != nil {
			return err
		}
		rec.heed(rec.row.row)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if rec != nil && i.record == nil {
		i.record = rec
	}
	return nil
}

// fetchMessage reads the message that stands in a blob. One whose blob is not there is nothing to wait for long: its instance was purged.
func (b *Backend) fetchMessage(ctx context.Context, i *instance, m *message) error {
	text, err := b.readBlob(ctx, m.wire.Blob)
	var decoded wire.Message
	if err == nil {
		if decoded, err = wire.DecodeMessage(text); err == nil && decoded.Event == nil {
			err = fmt.Errorf("the blob %q holds no message", m.wire.Blob)
		}
	}
	if account.Transient(err) || ctx.Err() != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil || decoded.Target.InstanceID != i.id {
		i.remove(m)
		b.leave(1)
		if err == nil {
			err = fmt.Errorf("the blob %q holds a message for %q", m.wire.Blob, decoded.Target.InstanceID)
		}
		b.goes("undecodable "+m.held.id, func(ctx context.Context) {
			w := wire.Wrapper(m.wire.Blob)
			b.undecodable(ctx, m.held, w.Encode(), err)
		})
		return nil
	}
	if head := decoded.Event.Head(); head.Time.IsZero() {
		head.Time = b.env.Now()
	}
	m.wire = decoded
	return nil
}

func (i *instance) remove(m *message) {
	for n := range i.inbox {
		if i.inbox[n] == m {
			i.inbox = append(i.inbox[:n:n], i.inbox[n+1:]...)
			return
		}
	}
}

// look makes sure that a start which replaces the execution that is out doesn't wait for it. The lock is held.
func (b *Backend) look(i *instance) {
	if i.out == nil || i.out.state != out || i.entity {
		return
	}
	for _, m := range i.inbox {
		e := m.start()
		if e == nil || e.Parent != nil || i.record == nil || i.record.knows(e) {
			continue
		}
		if !m.checked {
			b.goes("look "+m.held.id, func(ctx context.Context) { b.lookAt(ctx, i, m) })
			continue
		}
		if m.row == nil || m.row.ExecutionID == nil || *m.row.ExecutionID != e.Instance.ExecutionID || m.row.Status != nil && m.row.Status.Terminal() {
			continue
		}
		b.replace(i)
		return
	}
}

// lookAt reads the row of a start that came while another execution is out.
func (b *Backend) lookAt(ctx context.Context, i *instance, m *message) {
	row, err := b.readRow(ctx, i.id)
	if err != nil {
		return // it is judged when the work is back
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m.row, m.checked = row, true
	if i.place == atWorker {
		b.look(i)
	}
}

// replace takes the work away from a worker whose execution has been replaced. The lock is held.
func (b *Backend) replace(i *instance) {
	r := i.out
	r.state = lost
	i.out = nil
	b.leave(len(r.messages))
	for _, m := range r.messages {
		b.goes("drop "+m.held.id, func(ctx context.Context) { b.delete(ctx, m.held) })
	}
	b.end(b.sessions.Forget(i.id))
	i.version++
	i.place = parked
	b.settle(i)
}
