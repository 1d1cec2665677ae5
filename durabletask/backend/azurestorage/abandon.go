package azurestorage

import (
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// putBack gives a message back for a while. The result of an activity is put as a message of its own before the work item is deleted.
func (b *Backend) putBack(ctx context.Context, m *message, delay time.Duration) {
	if !m.result {
		b.giveBack(ctx, m.held, delay)
		return
	}
	for try := 0; ; try++ {
		err := b.putResult(ctx, m, delay)
		if err == nil {
			b.delete(ctx, m.held)
			return
		}
		if !account.Transient(err) || try == deletions || !sleep(ctx, firstPause<<try) {
			b.log.Warn("could not put the result of an activity; the activity will run again", "instance", m.wire.Target.InstanceID, "error", err)
			b.giveBack(ctx, m.held, delay)
			return
		}
	}
}

// putResult puts the result of an activity into the queue of its instance.
func (b *Backend) putResult(ctx context.Context, m *message, delay time.Duration) error {
	q := b.queueOf(m.wire.Target.InstanceID)
	o := &outbound{queue: q.queue, control: q, wire: m.wire}
	if err := b.encode(ctx, o, b.nextSerial()); err != nil {
		return err
	}
	_, err := q.Put(ctx, o.text, delay, account.NeverExpires)
	if err == nil {
		b.mu.Lock()
		q.expect(b.env.Now().Add(hidden(delay)))
		b.mu.Unlock()
	}
	return err
}
