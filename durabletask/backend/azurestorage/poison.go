package azurestorage

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

var errBlobName = errors.New("the name of its blob does not say which instance it is for")

// maxBroken is how often a message that can't be understood is tried before it goes to the poison queue.
const maxBroken = 10

// Poison is what stands in the poison queue, as JSON.
type Poison struct {
	// Queue is where the message was, and Message its text; Blob is its name if the text stands in a blob.
	Queue   string `json:"queue"`
	Message string `json:"message"`
	// Reason says what was wrong with it.
	Reason string `json:"reason"`
	// At is when it was given up.
	At time.Time `json:"at"`
}

// undecodable rests a message that can't be understood, and gives it up in the end. It delays nothing but itself.
func (b *Backend) undecodable(ctx context.Context, h *held, text []byte, cause error) {
	if account.Transient(cause) {
		b.giveBack(ctx, h, backOff(h.dequeue))
		return
	}
	b.mu.Lock()
	n := max(b.attempts.add(h.id), h.dequeue)
	b.mu.Unlock()
	if n < maxBroken {
		b.log.Warn("a message can't be understood", "queue", h.queue.Name(), "times", n, "error", cause)
		b.giveBack(ctx, h, backOff(n))
		return
	}
	b.bury(ctx, h, text, cause.Error())
}

// toPoison gives a message up. The lock is held.
func (b *Backend) toPoison(m *message, reason string) {
	text := m.wire.Encode()
	if m.wire.Blob != "" {
		text = []byte(m.wire.Blob)
	}
	b.goes("poison "+m.held.id, func(ctx context.Context) { b.bury(ctx, m.held, text, reason) })
}

// bury puts a message where people look for it, and deletes it.
func (b *Backend) bury(ctx context.Context, h *held, text []byte, reason string) {
	p := Poison{Queue: h.queue.Name(), Message: string(text), Reason: reason, At: b.env.Now()}
	body, err := json.Marshal(p)
	const most = 48 << 10
	if err == nil && len(body) > most {
		p.Message = p.Message[:min(len(p.Message), most/8)]
		body, err = json.Marshal(p)
	}
	q := b.o.Account.Queue(b.names.poison)
	if err == nil {
		if _, err = q.Put(ctx, body, 0, account.NeverExpires); account.NotFound(err) {
			if _, err = q.Create(ctx); err == nil {
				_, err = q.Put(ctx, body, 0, account.NeverExpires)
			}
		}
	}
	if err != nil {
		b.log.Error("could not put a message into the poison queue; trying again", "queue", h.queue.Name(), "error", err)
		b.giveBack(ctx, h, backOff(maxBroken))
		return
	}
	b.log.Error("a message was given up; it is in the poison queue", "queue", h.queue.Name(), "poison", q.Name(), "reason", reason)
	b.mu.Lock()
	b.attempts.forget(h.id)
	b.mu.Unlock()
	b.delete(ctx, h)
}
