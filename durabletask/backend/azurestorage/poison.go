package azurestorage

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
)

var errBlobName = errors.New("the name of its blob does not say which instance it is for")

// Poison is what stands in the poison queue, as JSON.
type Poison struct {
	// Queue is where the message was, and Message its text as it can be put there again. A text that is too long stands in the blob that Blob names, gzipped.
	Queue   string `json:"queue"`
	Message string `json:"message"`
	Blob    string `json:"blob,omitempty"`
	// Reason says what was wrong with it.
	Reason string `json:"reason"`
	// At is when it was given up, Tries how often it was tried before.
	At    time.Time `json:"at"`
	Tries int       `json:"tries"`
	// Size is that of the text in bytes.
	Size int `json:"size"`
}

const (
	// maxPoison is how many bytes of JSON go into the queue. The service's limit is 64 KiB.
	maxPoison = 48 << 10
	// maxReason is how much of a reason is kept: the stack of a panic is long.
	maxReason = 8 << 10
)

// undecodable rests a message that can't be understood, and gives it up in the end. It delays nothing but itself.
func (b *Backend) undecodable(ctx context.Context, h *held, text []byte, cause error) {
	if account.Transient(cause) {
		b.giveBack(ctx, h, backOff(h.dequeue))
		return
	}
	b.mu.Lock()
	n := max(b.attempts.add(h.id), h.dequeue)
	b.mu.Unlock()
	if n < backend.MaxTries {
		b.log.Warn("a message can't be understood", "queue", h.queue.Name(), "times", n, "error", cause)
		b.giveBack(ctx, h, backOff(n))
		return
	}
	b.bury(ctx, h, Poison{Queue: h.queue.Name(), Message: string(text), Reason: cause.Error(), Tries: n})
}

// suspect reports whether the message has failed so often, with or without others, that it is to be handed out alone: then the guilty one shows.
func (m *message) suspect() bool { return m.failures >= backend.MaxTries/2 }

// fail counts a failure of work by its own making, and gives up the messages that have failed too often. It returns the others. The lock is held.
func (b *Backend) fail(messages []*message, reason string) []*message {
	var kept []*message
	for _, m := range messages {
		if m.failures++; m.failures < backend.MaxTries {
			kept = append(kept, m)
			continue
		}
		b.toPoison(m, m.failures, reason)
		b.leave(1)
	}
	return kept
}

// toPoison gives a message up. The lock is held.
func (b *Backend) toPoison(m *message, tries int, reason string) {
	p := Poison{Queue: m.held.queue.Name(), Reason: reason, Tries: tries}
	stored := m.wire
	if m.blob != "" { // stays where it is
		stored = wire.Wrapper(m.blob)
		stored.Began = m.wire.Began
	}
	p.Message = string(stored.Encode())
	b.goes("poison "+m.held.id, func(ctx context.Context) {
		if m.result { // what is held is the work item
			p.Queue = b.queueOf(m.wire.Target.InstanceID).Name()
		}
		b.bury(ctx, m.held, p)
	})
}

// bury puts a message where people look for it, and deletes it.
func (b *Backend) bury(ctx context.Context, h *held, p Poison) {
	q := b.o.Account.Queue(b.names.poison)
	if err := b.putPoison(ctx, q, h.id, &p); err != nil {
		b.log.Error("could not put a message into the poison queue; trying again", "queue", p.Queue, "error", err)
		b.giveBack(ctx, h, backOff(backend.MaxTries))
		return
	}
	b.log.Error("a message was given up; it is in the poison queue", "queue", p.Queue, "poison", q.Name(), "tries", p.Tries, "reason", p.Reason)
	b.mu.Lock()
	b.attempts.forget(h.id)
	b.failures.forget(h.id)
	b.mu.Unlock()
	b.delete(ctx, h)
}

// putPoison puts a message into the poison queue, and makes the queue if it isn't there.
func (b *Backend) putPoison(ctx context.Context, q *account.Queue, seed string, p *Poison) error {
	p.Size = len(p.Message)
	p.At, p.Reason = b.env.Now(), p.Reason[:min(len(p.Reason), maxReason)]
	body, err := json.Marshal(p)
	if err == nil && len(body) > maxPoison {
		// No slash is in the name: what belongs to instances begins with their id and a slash, and goes with them.
		p.Blob = "poison-" + b.freshGUID("poison", seed, b.nextSerial()) + ".json.gz"
		if err = b.writeBlob(ctx, p.Blob, []byte(p.Message)); err != nil {
			return err
		}
		p.Message = ""
		body, err = json.Marshal(p)
	}
	if err != nil {
		return err
	}
	if _, err = q.Put(ctx, body, 0, account.NeverExpires); account.NotFound(err) {
		if _, err = q.Create(ctx); err == nil {
			_, err = q.Put(ctx, body, 0, account.NeverExpires)
		}
	}
	return err
}
