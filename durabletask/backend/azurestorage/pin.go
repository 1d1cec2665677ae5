package azurestorage

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// What is asked of an entity has the time of its episode in it: as its label, and through the orchestration's clock in its id, by which the answer is
// awaited. A crash between the put of such a request and the commit that it belongs to would have it made again at another time, and so as another
// request. So the messages that set the episode going have its time written on them before anything is put, and whoever receives them again begins
// the episode at that time: it makes the same requests, which are then recognised as repeats.
//
// Differs from DTFx, where the operation runs twice.

// pin writes the time of a commit's episode on the messages of the work, if it asks something of entities.
func (b *Backend) pin(ctx context.Context, k *commit) error {
	at, asks := time.Time{}, false
	for _, e := range k.checkpoint.Events {
		if started, ok := e.(*history.OrchestratorStarted); ok {
			at = started.Time
			break
		}
	}
	for _, o := range k.out {
		_, raised := o.wire.Event.(*history.EventRaised)
		asks = asks || raised && history.IsEntity(o.wire.Target.InstanceID) && o.wire.Target.InstanceID != k.after.ID
	}
	if !asks || at.IsZero() {
		return nil
	}
	return parallel(k.receipt.messages, func(m *message) error {
		if m.wire.Began.Equal(at) {
			return nil
		}
		return b.mark(ctx, m, at)
	})
}

// mark writes the time on the stored copy of a message.
func (b *Backend) mark(ctx context.Context, m *message, at time.Time) error {
	stored := m.wire
	switch {
	case m.result:
		stored = m.item
	case m.blob != "":
		stored = wire.Wrapper(m.blob)
	}
	stored.Began = at
	text := stored.Encode()
	if b.o.Base64 {
		text = base64.StdEncoding.AppendEncode(nil, text)
	}
	if err := b.rewrite(ctx, m.held, text); err != nil {
		return err
	}
	b.mu.Lock()
	m.wire.Began, m.item.Began = at, at
	b.mu.Unlock()
	return nil
}

// rewrite is renew with another text. A message that is somebody else's by now is left alone: the commit will show whose the instance is.
func (b *Backend) rewrite(ctx context.Context, h *held, text []byte) error {
	receipt, ok := b.take(ctx, h)
	if !ok {
		return ctx.Err()
	}
	defer func() { <-h.turn }()
	r, err := h.queue.Update(ctx, h.id, receipt, h.queue.visibility, text)
	switch {
	case account.MessageGone(err):
		return nil
	case err != nil:
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	h.receipt = r.PopReceipt
	b.extend(h, h.queue.visibility)
	return nil
}

// began is when an earlier attempt at the messages began its episode; zero if none may have sent anything.
func began(messages []*message) (at time.Time) {
	for _, m := range messages {
		if m.wire.Began.After(at) {
			at = m.wire.Began
		}
	}
	return at
}
