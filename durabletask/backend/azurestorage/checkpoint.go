package azurestorage

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

// A commit is a checkpoint on its way into storage: outbound messages, history, row, deletion of the inbound messages, in this order
// (DTFx: AzureStorageOrchestrationService.CompleteTaskOrchestrationWorkItemAsync). Each step may be taken again after a failure that passes.
type commit struct {
	checkpoint backend.Checkpoint
	receipt    *receipt
	record     *record
	id         string // fresh; stands on the rows
	now        time.Time
	before     history.Instance
	after      history.Instance
	renewed    bool // the execution changes
	state      *backend.InstanceState
	out        []*outbound
	rows       []wire.HistoryRow
	applied    []wire.Applied  // what history no longer shows; nil if nothing changes
	clients    map[string]bool // inbound messages of clients, by id

	// inputBlob and resultBlob are where the history has an input or a result that is long: the row shows them, too.
	inputBlob, resultBlob string
	// waste are blobs that nothing refers to once the row is written.
	waste []string

	prepared bool
	posted   bool // all messages are put
	batches  []batch
	stored   int  // batches
	asked    bool // the next batch was sent before, and may have been stored
	settled  bool // the history is stored, and memory knows
	born     int  // starts whose rows are written
	overrun  bool // somebody has committed on top: the session ends
}

var errMoreAfterEnd = errors.New("more is to follow, but the state is terminal")

// Checkpoint stores what an episode decided.
func (b *Backend) Checkpoint(ctx context.Context, w *backend.InstanceWork, c backend.Checkpoint) error {
	r := w.Receipt.(*receipt)
	evicted, err := b.checkpoint(ctx, w, r, &c)
	evicted.End()
	if err != nil {
		return fmt.Errorf("checkpoint of instance %q: %w", w.Instance.ID, err)
	}
	return nil
}

func (b *Backend) checkpoint(ctx context.Context, w *backend.InstanceWork, r *receipt, c *backend.Checkpoint) (backend.Evicted, error) {
	if c.More && c.State != nil && c.State.Status.Terminal() {
		return nil, errMoreAfterEnd
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	if r.state != out || b.stage == stopped || !r.instance.queue.owned {
		b.mu.Unlock()
		return nil, backend.ErrSessionLost
	}
	r.state = committing
	k := r.commit
	if k == nil {
		k = b.newCommit(w, r, c)
		r.commit = k
	}
	b.mu.Unlock()
	err := b.run(ctx, k)
	if errors.Is(err, backend.ErrSessionLost) {
		b.mu.Lock()
		r.state = out
		b.abort(r)
		b.loseLocked(r)
		b.mu.Unlock()
		return nil, err
	}
	if err != nil {
		b.mu.Lock()
		r.state = out
		r.refused = r.refused || !errors.Is(err, backend.ErrTransient) && ctx.Err() == nil
		b.mu.Unlock()
		return nil, err
	}
	return b.conclude(w, k), nil
}

func (b *Backend) newCommit(w *backend.InstanceWork, r *receipt, c *backend.Checkpoint) *commit {
	k := &commit{checkpoint: *c, receipt: r, record: r.instance.record, now: b.env.Now(), before: w.Instance, after: w.Instance}
	if c.State != nil {
		state := *c.State
		k.state = &state
		if state.Instance.ExecutionID == "" {
			state.Instance = w.Instance
		}
		k.after = state.Instance
	}
	k.renewed = k.after != k.before
	b.serial++
	k.id = b.freshGUID("commit", w.Instance.ID, w.Instance.ExecutionID, k.record.sentinel.ETag, strconv.FormatUint(r.instance.version, 10),
		k.now.Format(time.RFC3339Nano), strconv.Itoa(r.messages[0].attempts))
	return k
}

// run takes the steps that are still to be taken.
func (b *Backend) run(ctx context.Context, k *commit) error {
	if !k.prepared {
		if err := b.prepare(ctx, k); err != nil {
			return err
		}
		k.prepared = true
	}
	if !k.posted {
		if err := b.fence(ctx, k); err != nil {
			return err
		}
		if err := b.pin(ctx, k); err != nil {
			return err
		}
		if err := b.putAll(ctx, k.out); err != nil {
			return err
		}
		k.posted = true
	}
	if err := b.storeHistory(ctx, k); err != nil {
		return err
	}
	if !k.settled {
		b.mu.Lock()
		b.learn(k)
		b.mu.Unlock()
		k.settled = true
	}
	for ; k.born < len(k.out); k.born++ {
		if o := k.out[k.born]; o.birth != nil {
			if err := b.bear(ctx, o); err != nil {
				return err
			}
		}
	}
	if err := b.storeRow(ctx, k); err != nil {
		return err
	}
	if waste := k.waste; len(waste) > 0 {
		k.waste = nil
		b.goes("delete blobs of "+k.after.ID, func(ctx context.Context) { b.deleteBlobs(ctx, waste) })
	}
	if k.state != nil && k.state.Status.Terminal() {
		b.mu.Lock()
		row := k.record.row.row
		if k.overrun || row == nil || !isOf(row, k.after.ExecutionID) || row.Status == nil || !row.Status.Terminal() {
			row = nil
		}
		b.wakeWaiters(k.after.ID, row)
		b.mu.Unlock()
	}
	if !k.checkpoint.More {
		b.consume(ctx, k)
	}
	return nil
}

// prepare makes the rows and messages of a commit, and stores what is too large for them.
func (b *Backend) prepare(ctx context.Context, k *commit) error {
	c := &k.checkpoint
	if err := b.prepareRows(ctx, k); err != nil {
		return err
	}
	k.out = k.out[:0]
	tags := map[string]string{}
	if k.state != nil && k.state.Tags != nil {
		tags = k.state.Tags
	}
	episode := k.record.episodes + 1
	sender := wire.To(k.before)
	timers := slices.SortedStableFunc(slices.Values(c.Timers), func(x, y history.Message) int { return dueOf(x).Compare(dueOf(y)) })
	for n, list := range [][]history.Message{c.Activities, timers, c.Messages} {
		for _, m := range list {
			m.Event = withID(m.Event)
			if n < 2 && m.Target.ExecutionID == "" {
				m.Target = k.after
			}
			o := b.outbound(m, sender)
			if _, ok := m.Event.(*history.TimerFired); n == 1 && !ok {
				return fmt.Errorf("a timer with a %v, not a TimerFired", m.Event.Type())
			}
			o.wire.Episode = &episode
			start, isStart := m.Event.(*history.ExecutionStarted)
			if n == 0 || isStart {
				o.wire.Tags = tags
			}
			if isStart && start.Parent == nil {
				var err error
				if o.birth, err = b.conceive(ctx, m.Target, start); err != nil {
					return err
				}
				if o.birth == nil { // the id is in use
					continue
				}
			}
			k.out = append(k.out, o)
		}
	}
	b.copies(k)
	return parallel(k.out, func(o *outbound) error {
		return b.encode(ctx, o, k.id+" "+strconv.FormatInt(o.wire.SequenceNumber, 10))
	})
}

// copies makes messages of the events that a new generation takes over and that don't fit into its first batch: when that is stored, the old generation,
// which had them, is gone. A crash leaves the messages, and those whose rows were stored are recognised by their ids.
func (b *Backend) copies(k *commit) {
	if !k.renewed || len(k.batches) < 2 {
		return
	}
	inbound := map[string]bool{}
	for _, m := range k.receipt.messages {
		inbound[m.wire.ActivityID] = true
	}
	for _, e := range k.checkpoint.Events[len(k.batches[0].ops):] {
		if id := e.Head().ActivityID; !forAny(e) || id == "" || inbound[id] {
			continue
		}
		o := b.outbound(history.Message{Target: history.Instance{ID: k.after.ID}, Event: e}, wire.Client())
		o.copy = true
		k.out = append(k.out, o)
	}
}

// dueOf returns when a timer fires.
func dueOf(m history.Message) time.Time {
	if e, ok := m.Event.(*history.TimerFired); ok {
		return e.FireAt
	}
	return time.Time{}
}

// withID returns the event with its message's id in the form in which messages spell it.
func withID(e history.Event) history.Event {
	id := wire.ActivityID(e.Head().ActivityID)
	if id == e.Head().ActivityID {
		return e
	}
	v := reflect.New(reflect.TypeOf(e).Elem())
	v.Elem().Set(reflect.ValueOf(e).Elem())
	e = v.Interface().(history.Event)
	e.Head().ActivityID = id
	return e
}

// prepareRows makes the rows of the events.
func (b *Backend) prepareRows(ctx context.Context, k *commit) error {
	first := k.record.events
	if k.renewed {
		first = 0
	}
	key := wire.EscapeKey(k.after.ID)
	k.rows = make([]wire.HistoryRow, len(k.checkpoint.Events))
	var large []int
	for n, e := range k.checkpoint.Events {
		k.rows[n] = wire.HistoryRow{PartitionKey: key, RowKey: wire.RowKey(first + n), ExecutionID: k.after.ExecutionID, Event: e}
		if len(k.rows[n].Large()) > 0 {
			large = append(large, n)
		}
	}
	if len(large) > 0 {
		if err := parallel(large, func(n int) error { return b.offload(ctx, &k.rows[n], k.id) }); err != nil {
			return err
		}
	}
	k.inputBlob, k.resultBlob = "", ""
	for _, n := range large {
		for _, c := range k.rows[n].Blobs {
			switch k.rows[n].Event.(type) {
			case *history.ExecutionStarted:
				if c.Column == "Input" {
					k.inputBlob = c.Blob
				}
			case *history.ExecutionCompleted:
				if c.Column == "Result" {
					k.resultBlob = c.Blob
				}
			}
		}
	}
	k.batches = batchesOf(k.rows, k.id)
	return nil
}

// offload puts the large columns of a row into blobs.
func (b *Backend) offload(ctx context.Context, row *wire.HistoryRow, seed string) error {
	for _, c := range row.Large() {
		number := b.freshNumber("history", row.PartitionKey, row.RowKey, c.Column, seed)
		blob := wire.ColumnBlob(row.PartitionKey, row.RowKey, row.Event.Type().String(), number, c.Column)
		if err := b.writeBlob(ctx, blob, []byte(c.Text)); err != nil {
			return err
		}
		row.Blobs = append(row.Blobs, wire.BlobColumn{Column: c.Column, Blob: blob})
	}
	return nil
}

// fence makes sure that an execution whose history was never read is new, before anything is put that could not be taken back.
func (b *Backend) fence(ctx context.Context, k *commit) error {
	if !k.record.unread {
		return nil
	}
	safe := true
	for _, o := range k.out {
		b.claim(o)
		safe = safe && (o.claimed || o.copy || !o.due.IsZero())
	}
	if safe {
		return nil
	}
	_, err := b.readSentinel(ctx, wire.EscapeKey(k.after.ID))
	switch {
	case account.NotFound(err):
		return nil
	case err != nil:
		return err
	}
	return backend.ErrSessionLost
}

// learn takes over into memory what has been stored of the history, and hands over the messages that follow from it. The lock is held.
func (b *Backend) learn(k *commit) {
	i, old := k.receipt.instance, k.record
	r := old
	if k.renewed {
		r = newRecord()
		r.execution, r.origin, r.row, r.sentinel = k.after.ExecutionID, old.origin, old.row, old.sentinel
		r.recent = k.applied
		for _, a := range k.applied {
			r.before[a.ID] = true
		}
		k.waste = old.blobs
	}
	if len(k.checkpoint.Events) > 0 {
		r.add(k.checkpoint.Events, k.appliedAt)
		i.version++
	}
	for n := range k.rows {
		for _, c := range k.rows[n].Blobs {
			r.blobs = append(r.blobs, c.Blob)
		}
	}
	r.ours, r.unread = true, old.unread && len(k.batches) == 0
	r.past, r.read = nil, false
	if k.state != nil {
		r.started = true
		if k.state.Status.Terminal() {
			r.status = k.state.Status
		}
	}
	k.record = r
	if i.record == old {
		i.record = r
	}
	for _, o := range k.out {
		if o.birth == nil {
			b.handOver(o)
		}
	}
}

// appliedAt is since when a message of the work counts as applied. Those of clients are forgotten sooner.
func (k *commit) appliedAt(id string) time.Time {
	if k.clients == nil {
		k.clients = map[string]bool{}
		for _, m := range k.receipt.messages {
			k.clients[m.wire.ActivityID] = m.wire.Sender.InstanceID == ""
		}
	}
	if k.clients[id] {
		return k.now.Add(appliedFromClient - appliedFor)
	}
	return k.now
}

// deleteBlobs removes blobs that nothing refers to any more.
func (b *Backend) deleteBlobs(ctx context.Context, names []string) {
	for _, name := range names {
		if _, err := b.blobs.Blob(name).Delete(ctx, ""); err != nil {
			b.log.Debug("could not delete a blob that is not needed any more", "blob", name, "error", err)
		}
	}
}

// consume deletes the inbound messages.
func (b *Backend) consume(ctx context.Context, k *commit) {
	_ = parallel(k.receipt.messages, func(m *message) error {
		b.delete(detached(ctx), m.held)
		return nil
	})
}

// conclude ends the work, or lets it go on.
func (b *Backend) conclude(w *backend.InstanceWork, k *commit) backend.Evicted {
	r := k.receipt
	i := r.instance
	b.mu.Lock()
	defer b.mu.Unlock()
	r.commit = nil
	var evicted backend.Evicted
	if k.checkpoint.More {
		r.state = out
		w.Instance, w.Version = k.after, i.version
		if k.overrun {
			b.loseLocked(r)
		}
		return nil
	}
	r.state = over
	i.out = nil
	b.leave(len(r.messages))
	terminal := k.state != nil && k.state.Status.Terminal()
	if terminal || k.overrun {
		evicted = b.sessions.Forget(i.id)
		i.record = nil
		if terminal && !k.overrun {
			i.record = k.record
		}
	}
	evicted = append(evicted, b.sessions.Return(r.session)...)
	i.place = parked
	if !b.usable(i.queue) {
		b.scatter(i)
	} else {
		b.settle(i)
	}
	return evicted
}

// abort takes back what a commit has done that will not be tried again. The lock is held.
func (b *Backend) abort(r *receipt) {
	k := r.commit
	if k == nil {
		return
	}
	r.commit = nil
	surely := !k.asked && k.stored == 0
	if !k.settled {
		for _, o := range k.out {
			b.goes("cancel", func(context.Context) { b.cancel(o, surely) })
		}
	}
	if k.asked || k.stored > 0 {
		r.instance.record = nil // what is stored has to be read
		b.end(b.sessions.Forget(r.instance.id))
		for _, m := range r.messages {
			m.handed, m.reread = false, true
		}
	}
}
