package azurestorage

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// maxDelay is the longest time for which a message is put invisible. What is due later is put back again when it comes.
const maxDelay = account.MaxVisibility - time.Hour

// An outbound message is one on its way into a queue. If this process consumes that queue it is put invisible and handed over in memory
// once what it follows from is stored; the copy in the queue is what a crash leaves.
type outbound struct {
	queue   *queue
	control *controlQueue // nil: the queue is that of work items
	wire    wire.Message
	text    []byte
	due     time.Time // zero: at once
	row     *wire.InstanceRow
	birth   *birth // a start whose row is still to be written
	// copy says that the message only stands in for an event until the batch with its row is stored; then it is deleted.
	copy bool

	claimed   bool // there is room for it in memory
	sent      bool
	receipt   account.Receipt
	cancelled bool
}

// outbound makes the message that carries an event.
func (b *Backend) outbound(m history.Message, sender wire.Address) *outbound {
	o := &outbound{wire: wire.Message{
		ActivityID: m.Event.Head().ActivityID, Event: m.Event, Target: wire.To(m.Target), SequenceNumber: b.nextSequence(), Sender: sender,
	}}
	switch e := m.Event.(type) {
	case *history.TaskScheduled:
		o.queue = b.workItems
		return o
	case *history.TimerFired:
		o.due = e.FireAt
	case *history.ExecutionStarted:
		o.due = e.ScheduledStart
	default:
		if at, ok := history.DeliverAt(m); ok {
			o.due = at
		}
	}
	if history.IsEntity(m.Target.ID) {
		o.wire.Target.ExecutionID = nil
	}
	o.control = b.queueOf(m.Target.ID)
	o.queue = o.control.queue
	return o
}

// encode makes the text of a message. A large one is put into a blob, whose name is made of the seed.
func (b *Backend) encode(ctx context.Context, o *outbound, seed string) error {
	text := o.wire.Encode()
	if len(text) > wire.MaxInlineMessage {
		named := o.wire
		named.ActivityID = b.freshGUID("message", seed, o.wire.Target.InstanceID, o.wire.ActivityID, strconv.FormatInt(o.wire.SequenceNumber, 10))
		blob := named.MessageBlob()
		if err := b.writeBlob(ctx, blob, text); err != nil {
			return err
		}
		wrapper := wire.Wrapper(blob)
		o.wire.Blob = blob
		text = wrapper.Encode()
	}
	if b.o.Base64 {
		text = base64.StdEncoding.AppendEncode(nil, text)
	}
	o.text = text
	return nil
}

// claim reserves room in memory for the message, if it can be handed over.
func (b *Backend) claim(o *outbound) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.claimed || o.sent || o.copy || o.due.After(b.env.Now()) {
		return
	}
	switch {
	case o.control == nil:
		if o.claimed = b.stage == started && b.itemsStop != nil && !o.queue.crowded && b.activityCount < b.o.LookAhead+b.activities.Callers(); o.claimed {
			b.activityCount++
		}
	case b.usable(o.control):
		if o.claimed = !o.queue.crowded && b.buffered < b.o.BufferThreshold; o.claimed {
			b.buffered++
		}
	}
	if !o.claimed {
		o.queue.crowded = true
	}
}

// unclaim gives the room back. The lock is held.
func (b *Backend) unclaim(o *outbound) {
	if !o.claimed {
		return
	}
	o.claimed = false
	if o.control == nil {
		b.activityCount--
	} else {
		b.leave(1)
	}
}

// put puts the message into its queue. It may be called again after a failure: a message that is there twice is recognised.
func (b *Backend) put(ctx context.Context, o *outbound) error {
	if o.sent {
		return nil
	}
	b.claim(o)
	visibility := time.Duration(0)
	if o.claimed || o.copy {
		visibility = o.queue.visibility
	} else if !o.due.IsZero() {
		visibility = min(max(o.due.Sub(b.env.Now()), 0), maxDelay)
	}
	for try := 0; ; try++ {
		receipt, err := o.queue.Put(ctx, o.text, visibility, account.NeverExpires)
		if err == nil {
			o.receipt, o.sent = receipt, true
			break
		}
		switch {
		case account.NotFound(err) && try == 0: // of a hub with more partitions, perhaps
			if _, err := o.queue.Create(ctx); err != nil {
				return err
			}
		case account.Ambiguous(err) && try < deletions && sleep(ctx, firstPause<<try): // a second copy has the same id, and is recognised
		default:
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case o.claimed:
	case visibility > 0:
		o.queue.expect(b.env.Now().Add(hidden(visibility)))
	default:
		signal(o.queue.wake)
	}
	return nil
}

// handOver gives a message that was put to whoever waits for it in this process. The lock is held.
func (b *Backend) handOver(o *outbound) {
	if o.copy {
		b.goes("delete copy "+o.receipt.MessageID, func(ctx context.Context) {
			_ = o.queue.DeleteMessage(ctx, o.receipt.MessageID, o.receipt.PopReceipt) // else it is recognised
		})
		return
	}
	if !o.claimed || !o.sent {
		return
	}
	o.claimed = false
	h := b.hold(o.queue, o.receipt.MessageID, o.receipt.PopReceipt, 0)
	if o.control == nil {
		if b.stage != started || b.itemsStop == nil {
			b.activityCount--
			b.goes("give back "+h.id, func(ctx context.Context) { b.giveBack(ctx, h, 0) })
			return
		}
		b.schedule(&activity{held: h, wire: o.wire})
		return
	}
	if !b.usable(o.control) {
		b.leave(1)
		b.goes("give back "+h.id, func(ctx context.Context) { b.giveBack(ctx, h, 0) })
		return
	}
	m := &message{held: h, wire: o.wire, handed: true, inserted: o.receipt.Inserted, row: o.row, checked: o.row != nil}
	b.arrive(o.control, []*message{m})
}

// cancel takes a message back that must not be delivered: it is deleted if what it follows from has surely not been stored; otherwise it is made
// visible, for whoever receives it can tell.
func (b *Backend) cancel(o *outbound, surely bool) {
	b.mu.Lock()
	b.unclaim(o)
	b.mu.Unlock()
	if !o.sent || o.cancelled {
		return
	}
	o.cancelled = true
	b.goes("cancel "+o.receipt.MessageID, func(ctx context.Context) {
		var err error
		if surely {
			err = o.queue.DeleteMessage(ctx, o.receipt.MessageID, o.receipt.PopReceipt)
		} else if o.due.IsZero() {
			_, err = o.queue.Update(ctx, o.receipt.MessageID, o.receipt.PopReceipt, 0, nil)
		}
		if err != nil && !account.MessageGone(err) {
			b.log.Warn("could not take a message back; it is recognised when it is received", "queue", o.queue.Name(), "error", err)
		}
	})
}

// putAll puts messages into their queues, several at once.
func (b *Backend) putAll(ctx context.Context, all []*outbound) error {
	for _, o := range all { // in order, so that the room goes to the first
		b.claim(o)
	}
	return parallel(all, func(o *outbound) error { return b.put(ctx, o) })
}

// parallel does something for each of some things, several at once, and joins the errors.
func parallel[T any](all []T, f func(T) error) error {
	if len(all) == 1 {
		return f(all[0])
	}
	errs := make([]error, len(all))
	limit := make(chan struct{}, maxPuts)
	done := make(chan struct{})
	for n, one := range all {
		go func() {
			limit <- struct{}{}
			errs[n] = f(one)
			<-limit
			done <- struct{}{}
		}()
	}
	for range all {
		<-done
	}
	return firstError(errs)
}

// firstError returns one of the errors: the first that does not pass by itself, or else the first.
func firstError(errs []error) error {
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || account.Transient(first) && !account.Transient(err)) {
			first = err
		}
	}
	return first
}

// delivered sends one message that follows from nothing, and hands it over.
func (b *Backend) deliver(ctx context.Context, o *outbound) error {
	if err := b.encode(ctx, o, b.nextSerial()); err != nil {
		return err
	}
	begun := b.env.Now()
	for try := 0; ; try++ {
		err := b.put(ctx, o)
		if err == nil {
			b.mu.Lock()
			b.handOver(o)
			b.mu.Unlock()
			return nil
		}
		if !account.Transient(err) || b.env.Now().Sub(begun) > deliverTime || !sleep(ctx, min(firstPause<<min(try, 8), longestPause)) {
			b.mu.Lock()
			b.unclaim(o)
			b.mu.Unlock()
			return err
		}
	}
}

const (
	// deliverTime is for how long a message is put again and again.
	deliverTime = 20 * time.Second
	// longestPause is the longest time between two tries.
	longestPause = 5 * time.Second
)

var errUnstored = errors.New("storage failed again and again")
