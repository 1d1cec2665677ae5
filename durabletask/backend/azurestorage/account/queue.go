package account

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
)

// Limits of queues.
const (
	// MaxReceive is how many messages one Receive or Peek takes at most.
	MaxReceive = 32
	// MaxVisibility is how long a message can be invisible at most.
	MaxVisibility = 7 * 24 * time.Hour
	// NeverExpires is the lifetime of a message that stays until it is deleted.
	NeverExpires = -time.Second
)

// Queue is a queue of the account.
type Queue struct {
	a      *Account
	name   string
	client *azqueue.QueueClient
}

// Receipt is what the service says about a message that was put or updated. With the pop receipt the message can be updated or deleted until
// somebody receives or updates it.
type Receipt struct {
	MessageID, PopReceipt string
	// NextVisible is when the message can be received (again), by the service's clock.
	NextVisible time.Time
	// Inserted is when it was put, by the service's clock; zero after an update.
	Inserted time.Time
}

// Message is a message of a queue.
type Message struct {
	ID string
	// PopReceipt is what deletes and updates the message; empty after Peek.
	PopReceipt   string
	DequeueCount int
	// Inserted and NextVisible are by the service's clock; NextVisible is zero after Peek.
	Inserted, NextVisible time.Time
	Text                  []byte
}

// Name returns the name of the queue.
func (q *Queue) Name() string { return q.name }

// Create makes the queue and reports whether it did so; false if it was there (or an earlier try, whose answer was lost, made it).
// A queue of that name that is being deleted is waited for, up to two minutes.
func (q *Queue) Create(ctx context.Context) (bool, error) {
	answer, err := q.do(ctx, &request{kind: "create queue", repeat: true, call: func(ctx context.Context) error {
		_, err := q.client.Create(ctx, nil)
		return err
	}})
	if AlreadyExists(err) { // with other metadata
		return false, nil
	}
	return err == nil && answer.status == http.StatusCreated, err
}

// Delete removes the queue with all its messages and reports whether it was there.
func (q *Queue) Delete(ctx context.Context) (bool, error) {
	_, err := q.do(ctx, &request{kind: "delete queue", repeat: true, call: func(ctx context.Context) error {
		_, err := q.client.Delete(ctx, nil)
		return err
	}})
	return wasThere(err)
}

// wasThere makes of the error of a deletion whether there was anything to delete.
func wasThere(err error) (bool, error) {
	if NotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// Put adds a message that becomes visible after a while, which is rounded up to whole seconds, and lives for a time (0 is the service's
// default of 7 days; [NeverExpires]). Text that XML can't carry (bad UTF-8, control characters, U+FFFE, U+FFFF) is refused before anything is
// sent: escape it. It is not repeated after an ambiguous failure.
func (q *Queue) Put(ctx context.Context, text []byte, visibility, life time.Duration) (Receipt, error) {
	body, err := messageBody(text)
	if err != nil {
		return Receipt{}, fmt.Errorf("put message to queue %q: %w", q.name, err)
	}
	if visibility < 0 || visibility > MaxVisibility {
		return Receipt{}, fmt.Errorf("put message to queue %q: visible in %s: only 0 to 7 days are possible", q.name, visibility)
	}
	var o azqueue.EnqueueMessageOptions
	if life != 0 {
		o.TimeToLive = wholeSeconds(life)
	}
	if visibility > 0 {
		o.VisibilityTimeout = wholeSeconds(visibility)
	}
	var receipt Receipt
	_, err = q.do(ctx, &request{kind: "put message", own: body, call: func(ctx context.Context) error {
		resp, err := q.client.EnqueueMessage(ctx, "", &o)
		if err != nil {
			return err
		}
		if len(resp.Messages) != 1 || resp.Messages[0].MessageID == nil || resp.Messages[0].PopReceipt == nil {
			return errNotOne
		}
		m := resp.Messages[0]
		receipt = Receipt{*m.MessageID, *m.PopReceipt, valueOf(m.TimeNextVisible), valueOf(m.InsertionTime)}
		return nil
	}})
	return receipt, err
}

// Receive takes up to n visible messages (at most [MaxReceive]) and hides them from others for a time (1 s to 7 days, rounded up to whole seconds).
// It is not repeated: messages whose answer was lost come back after that time, with a higher dequeue count.
func (q *Queue) Receive(ctx context.Context, n int, visibility time.Duration) ([]Message, error) {
	if visibility < time.Second || visibility > MaxVisibility {
		return nil, fmt.Errorf("receive from queue %q: hidden for %s: only 1 s to 7 days are possible", q.name, visibility)
	}
	o := azqueue.DequeueMessagesOptions{VisibilityTimeout: wholeSeconds(visibility)}
	r := &request{kind: "receive messages", mutates: true}
	return q.messages(ctx, r, n, &o.NumberOfMessages, func(ctx context.Context) ([]Message, error) {
		resp, err := q.client.DequeueMessages(ctx, &o)
		messages := make([]Message, len(resp.Messages))
		for i, m := range resp.Messages {
			messages[i] = Message{
				valueOf(m.MessageID), valueOf(m.PopReceipt), int(valueOf(m.DequeueCount)),
				valueOf(m.InsertionTime), valueOf(m.TimeNextVisible), []byte(valueOf(m.MessageText)),
			}
		}
		return messages, err
	})
}

// Peek returns up to n visible messages (at most [MaxReceive]) and leaves them to others.
func (q *Queue) Peek(ctx context.Context, n int) ([]Message, error) {
	var o azqueue.PeekMessagesOptions
	r := &request{kind: "peek messages", repeat: true}
	return q.messages(ctx, r, n, &o.NumberOfMessages, func(ctx context.Context) ([]Message, error) {
		resp, err := q.client.PeekMessages(ctx, &o)
		messages := make([]Message, len(resp.Messages))
		for i, m := range resp.Messages {
			messages[i] = Message{
				ID: valueOf(m.MessageID), DequeueCount: int(valueOf(m.DequeueCount)), Inserted: valueOf(m.InsertionTime), Text: []byte(valueOf(m.MessageText)),
			}
		}
		return messages, err
	})
}

func (q *Queue) messages(
	ctx context.Context, r *request, n int, number **int32, get func(context.Context) ([]Message, error),
) (messages []Message, err error) {
	if n < 1 || n > MaxReceive {
		return nil, fmt.Errorf("%s: queue %q: %d messages: only 1 to %d are possible", r.kind, q.name, n, MaxReceive)
	}
	*number = new(int32(n))
	r.check = isMessageList
	r.call = func(ctx context.Context) (err error) {
		if messages, err = get(ctx); err != nil {
			return err
		}
		if slices.ContainsFunc(messages, func(m Message) bool { return m.ID == "" }) {
			return errNoID
		}
		return nil
	}
	if _, err := q.do(ctx, r); err != nil {
		return nil, err
	}
	return messages, nil
}

// Update hides a message from now on for a time (0 to 7 days, rounded up to whole seconds) and, unless text is nil, replaces its text. The
// receipt that comes back is the only one that is valid afterwards. [MessageGone] says that the message is no longer ours. After an
// ambiguous failure neither receipt is known to be valid.
func (q *Queue) Update(ctx context.Context, id, popReceipt string, visibility time.Duration, text []byte) (Receipt, error) {
	if visibility < 0 || visibility > MaxVisibility {
		return Receipt{}, fmt.Errorf("update message of queue %q: hidden for %s: only 0 to 7 days are possible", q.name, visibility)
	}
	body := &ownBody{}
	if text != nil {
		var err error
		if body, err = messageBody(text); err != nil {
			return Receipt{}, fmt.Errorf("update message of queue %q: %w", q.name, err)
		}
	}
	receipt := Receipt{MessageID: id}
	r := &request{kind: "update message", own: body, call: func(ctx context.Context) error {
		resp, err := q.client.UpdateMessage(ctx, id, popReceipt, "", &azqueue.UpdateMessageOptions{VisibilityTimeout: wholeSeconds(visibility)})
		if err != nil {
			return err
		}
		if receipt.PopReceipt, receipt.NextVisible = valueOf(resp.PopReceipt), valueOf(resp.TimeNextVisible); receipt.PopReceipt == "" {
			return errCutShort
		}
		return nil
	}}
	if _, err := q.do(ctx, r); err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// DeleteMessage removes a message. [MessageGone] says that it is no longer ours.
func (q *Queue) DeleteMessage(ctx context.Context, id, popReceipt string) error {
	_, err := q.do(ctx, &request{kind: "delete message", call: func(ctx context.Context) error {
		_, err := q.client.DeleteMessage(ctx, id, popReceipt, nil)
		return err
	}})
	return err
}

// Clear removes all messages, visible or not. The service gives up on long queues: call again while the error is transient.
func (q *Queue) Clear(ctx context.Context) error {
	_, err := q.do(ctx, &request{kind: "clear messages", repeat: true, call: func(ctx context.Context) error {
		_, err := q.client.ClearMessages(ctx, nil)
		return err
	}})
	return err
}

// Length returns about how many messages there are, visible or not.
func (q *Queue) Length(ctx context.Context) (int, error) {
	n := 0
	_, err := q.do(ctx, &request{kind: "get queue length", repeat: true, call: func(ctx context.Context) error {
		resp, err := q.client.GetProperties(ctx, nil)
		if err == nil && resp.ApproximateMessagesCount == nil {
			err = errCutShort
		}
		n = int(valueOf(resp.ApproximateMessagesCount))
		return err
	}})
	return n, err
}

func (q *Queue) do(ctx context.Context, r *request) (*reply, error) {
	r.service, r.resource = queueService, "queue "+strconv.Quote(q.name)
	return q.a.do(ctx, r)
}

// wholeSeconds rounds up, so that nothing becomes visible early.
func wholeSeconds(d time.Duration) *int32 {
	seconds := d / time.Second
	if d%time.Second > 0 {
		seconds++
	}
	return new(int32(min(seconds, math.MaxInt32)))
}

// valueOf is what the SDK says, or nothing.
func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
