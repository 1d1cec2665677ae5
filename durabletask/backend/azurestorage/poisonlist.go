package azurestorage

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
)

const (
	// maxPoisonSeen is how many messages of the poison queue are looked at. Those behind them show when some of these are gone.
	maxPoisonSeen = 4096
	// poisonHidden is for how long a look at the queue hides from others what a peek doesn't show. It is made visible again at once, unless the process ends.
	poisonHidden = 30 * time.Second
	// poisonLook is how long to wait for what another look has hidden.
	poisonLook = time.Second

	// poisonTokenPrefix marks the page tokens of messages that were given up.
	poisonTokenPrefix = "p1."
)

// ListPoison returns a page of the messages in the poison queue. The service shows only the first 32 of a queue; if there are more, all are received, and
// made visible again.
func (b *Backend) ListPoison(ctx context.Context, q backend.PoisonQuery) (backend.PoisonPage, error) {
	page, err := b.listPoison(ctx, q)
	if err != nil {
		return backend.PoisonPage{}, fmt.Errorf("list poison messages: %w", err)
	}
	return page, nil
}

func (b *Backend) listPoison(ctx context.Context, q backend.PoisonQuery) (page backend.PoisonPage, err error) {
	size, err := q.Size()
	if err != nil {
		return page, err
	}
	after := ""
	if q.Token != "" {
		text, ok := strings.CutPrefix(q.Token, poisonTokenPrefix)
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if after = string(raw); !ok || err != nil || after == "" {
			return page, backend.ErrPageToken
		}
	}
	all, err := b.lookAtPoison(ctx)
	if err != nil {
		return page, err
	}
	for _, m := range all {
		switch {
		case placeOf(m) <= after:
		case len(page.Messages) == size:
			last := page.Messages[size-1]
			page.Next = poisonTokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(placeAt(last.At, last.ID)))
			return page, nil
		default:
			found := describe(m).PoisonMessage
			found.Text = ""
			page.Messages = append(page.Messages, found)
		}
	}
	return page, nil
}

// placeOf orders the messages: by the time at which they were given up, then by their ids.
func placeOf(m account.Message) string {
	var p Poison
	if json.Unmarshal(m.Text, &p) != nil || p.At.IsZero() {
		p.At = m.Inserted
	}
	return placeAt(p.At, m.ID)
}

func placeAt(at time.Time, id string) string {
	return at.UTC().Format("2006-01-02T15:04:05.000000000") + " " + id
}

// lookAtPoison returns what is in the poison queue, the oldest first.
func (b *Backend) lookAtPoison(ctx context.Context) ([]account.Message, error) {
	if err := b.alive(ctx); err != nil {
		return nil, err
	}
	q := b.o.Account.Queue(b.names.poison)
	all, err := q.Peek(ctx, account.MaxReceive)
	switch {
	case account.NotFound(err): // nothing was ever given up
		return nil, nil
	case err != nil:
		return nil, err
	case len(all) == account.MaxReceive:
		all = nil
		err = b.receivePoison(ctx, q, func(m account.Message) bool {
			all = append(all, m)
			return false
		})
	}
	slices.SortFunc(all, func(x, y account.Message) int { return cmp.Compare(placeOf(x), placeOf(y)) })
	return all, err
}

// receivePoison receives the messages of the poison queue until one is wanted, or there are no more, and makes the others visible again.
func (b *Backend) receivePoison(ctx context.Context, q *account.Queue, wanted func(account.Message) bool) error {
	select { // two looks at once would hide messages from each other
	case b.poisonTurn <- struct{}{}:
		defer func() { <-b.poisonTurn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var others []account.Message
	defer func() {
		_ = parallel(others, func(m account.Message) error { // what this fails for shows after a while
			_, err := q.Update(detached(ctx), m.ID, m.PopReceipt, 0, nil)
			return err
		})
	}()
	for len(others) < maxPoisonSeen {
		received, err := q.Receive(ctx, account.MaxReceive, poisonHidden)
		if err != nil || len(received) == 0 {
			if account.NotFound(err) {
				return nil
			}
			return err
		}
		found := false
		for _, m := range received {
			if !found && wanted(m) {
				found = true
				continue
			}
			others = append(others, m)
		}
		if found {
			return nil
		}
	}
	return nil
}

// takePoison receives a message of the poison queue, which is then hidden from others for a while.
func (b *Backend) takePoison(ctx context.Context, q *account.Queue, id string) (account.Message, error) {
	begun := b.env.Now()
	for {
		var taken account.Message
		seen := 0
		err := b.receivePoison(ctx, q, func(m account.Message) bool {
			seen++
			if m.ID == id {
				taken = m
			}
			return m.ID == id
		})
		if err != nil || taken.ID != "" {
			return taken, err
		}
		// Another process may look at the queue, or have ended while it did.
		n, err := q.Length(ctx)
		switch {
		case account.NotFound(err):
			return taken, backend.ErrPoisonNotFound
		case err != nil:
			return taken, err
		case n <= seen || b.env.Now().Sub(begun) > poisonHidden+poisonLook || !sleep(ctx, poisonLook):
			return taken, cmp.Or(ctx.Err(), backend.ErrPoisonNotFound)
		}
	}
}

// described is a message of the poison queue.
type described struct {
	backend.PoisonMessage
	poison Poison
	// event is what it brings; nil if that can't be understood, or stands in a blob.
	event  history.Event
	target history.Instance
}

// describe tells what can be told of a message without looking elsewhere.
func describe(m account.Message) described {
	d := described{PoisonMessage: backend.PoisonMessage{ID: m.ID, At: m.Inserted, Size: len(m.Text)}}
	if err := json.Unmarshal(m.Text, &d.poison); err != nil || d.poison.Queue == "" {
		d.poison, d.Reason, d.Text = Poison{}, "it was put into the poison queue by another program", string(m.Text)
		return d
	}
	p := &d.poison
	d.Queue, d.At, d.Tries, d.Reason, d.Text, d.Size = p.Queue, p.At, p.Tries, p.Reason, p.Message, p.Size
	d.understand(p.Message)
	return d
}

// understand reads the message itself.
func (d *described) understand(text string) {
	m, err := wire.DecodeMessage([]byte(text))
	switch {
	case err != nil:
	case m.Blob != "":
		if id, ok := wire.TargetOfBlob(m.Blob); ok {
			d.InstanceID = id
			_, kind, _ := strings.Cut(strings.TrimSuffix(m.Blob[len(id):], ".json.gz"), "/message-")
			_, d.Kind, _ = strings.Cut(kind, "-")
		}
	default:
		d.event, d.target = m.Event, m.Target.Instance()
		d.InstanceID = m.Target.InstanceID
		d.Kind, d.Name = backend.Describe(m.Event)
	}
}

// whole reads what of a message stands in blobs.
func (b *Backend) whole(ctx context.Context, d *described) error {
	if d.poison.Blob != "" {
		text, err := b.readBlob(ctx, d.poison.Blob)
		if err != nil {
			return err
		}
		d.Text, d.Size = string(text), len(text)
		d.understand(d.Text)
	}
	if m, err := wire.DecodeMessage([]byte(d.Text)); err == nil && m.Blob != "" {
		text, err := b.readBlob(ctx, m.Blob)
		if account.NotFound(err) { // purged with its instance
			return nil
		}
		if err != nil {
			return err
		}
		d.understand(string(text))
	}
	return nil
}

// GetPoison returns a message of the poison queue with its text.
func (b *Backend) GetPoison(ctx context.Context, id string) (*backend.PoisonMessage, error) {
	m, err := b.getPoison(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read poison message %q: %w", id, err)
	}
	return m, nil
}

func (b *Backend) getPoison(ctx context.Context, id string) (*backend.PoisonMessage, error) {
	all, err := b.lookAtPoison(ctx)
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(all, func(m account.Message) bool { return m.ID == id })
	if n < 0 {
		return nil, backend.ErrPoisonNotFound
	}
	d := describe(all[n])
	if err := b.whole(ctx, &d); err != nil {
		return nil, err
	}
	return &d.PoisonMessage, nil
}

var (
	errForeignPoison = errors.New("another program has put it there, so nobody knows where it belongs: it can only be dropped")
	errStillListed   = errors.New("it was put back, but could not be deleted from the poison queue: drop it")
)

// ReplayPoison puts a message back into its queue, and then deletes it from the poison queue.
func (b *Backend) ReplayPoison(ctx context.Context, id string) error {
	err := b.withPoison(ctx, id, func(d *described) error {
		text, err := b.replayed(ctx, d)
		if err != nil {
			return err
		}
		q := b.workItems
		if d.Queue != q.Name() {
			b.mu.Lock()
			control, ok := b.queues[d.Queue]
			b.mu.Unlock()
			if !ok {
				return errForeignPoison
			}
			q = control.queue
		}
		if _, err := q.Put(ctx, text, 0, account.NeverExpires); err != nil {
			return err
		}
		b.mu.Lock()
		q.expect(b.env.Now())
		b.mu.Unlock()
		return nil
	})
	if err != nil {
		return fmt.Errorf("replay poison message %q: %w", id, err)
	}
	return nil
}

// replayed returns the text to put back. A large one goes into a blob, as ever.
func (b *Backend) replayed(ctx context.Context, d *described) ([]byte, error) {
	if d.Queue == "" {
		return nil, errForeignPoison
	}
	text := []byte(d.Text)
	m, err := wire.DecodeMessage(text)
	switch {
	case err != nil: // comes back as it was
	case m.Blob == "":
		o := &outbound{wire: m}
		err := b.encode(ctx, o, b.nextSerial())
		return o.text, err
	case b.o.Base64 && strings.HasPrefix(d.Text, "{"):
		text = base64.StdEncoding.AppendEncode(nil, text)
	}
	return text, nil
}

// DropPoison deletes a message of the poison queue. An instance whose start it was, is terminated, and a parent that waits for it told.
func (b *Backend) DropPoison(ctx context.Context, id string) error {
	err := b.withPoison(ctx, id, func(d *described) error {
		start, ok := d.event.(*history.ExecutionStarted)
		if !ok {
			return nil
		}
		row, err := b.readRow(ctx, d.target.ID)
		if err != nil {
			return err
		}
		if row != nil && row.Status != nil && *row.Status == history.Pending && isOf(row, start.Instance.ExecutionID) {
			end := &history.ExecutionTerminated{Reason: new(backend.DroppedStart)}
			end.ID, end.Time = history.NoID, b.env.Now()
			if err := b.send(ctx, history.Message{Target: d.target, Event: end}); err != nil && !nobody(err) {
				return err
			}
		}
		if told := backend.DroppedChild(start, b.env.Now()); told != nil {
			if err := b.send(ctx, *told); err != nil && !nobody(err) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("drop poison message %q: %w", id, err)
	}
	return nil
}

// nobody reports whether an error of send means that nobody would read the message.
func nobody(err error) bool {
	return errors.Is(err, backend.ErrInstanceNotFound) || errors.Is(err, backend.ErrInstanceFinished)
}

// withPoison takes a message of the poison queue, does something with it and then deletes it. If something fails it stays.
func (b *Backend) withPoison(ctx context.Context, id string, do func(*described) error) error {
	if err := b.alive(ctx); err != nil {
		return err
	}
	q := b.o.Account.Queue(b.names.poison)
	m, err := b.takePoison(ctx, q, id)
	if err != nil {
		return err
	}
	d := describe(m)
	if err = b.whole(ctx, &d); err == nil {
		err = do(&d)
	}
	if err != nil {
		_, _ = q.Update(detached(ctx), m.ID, m.PopReceipt, 0, nil) // else it shows after a while
		return err
	}
	for try := range deletions {
		err := q.DeleteMessage(detached(ctx), m.ID, m.PopReceipt)
		if err == nil || account.MessageGone(err) && try > 0 {
			break
		}
		if !account.Transient(err) || try == deletions-1 || !sleep(ctx, firstPause<<try) {
			return fmt.Errorf("%w: %w", errStillListed, err)
		}
	}
	if d.poison.Blob != "" {
		_, _ = b.blobs.Blob(d.poison.Blob).Delete(detached(ctx), "") // else it is only in the way
	}
	return nil
}
