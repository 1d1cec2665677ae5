package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
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
	a    *Account
	name string
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
	r := q.request("create queue", http.MethodPut, "", "", http.StatusCreated, http.StatusNoContent)
	r.repeat = true
	answer, err := q.a.do(ctx, r)
	if AlreadyExists(err) { // with other metadata
		return false, nil
	}
	return err == nil && answer.status == http.StatusCreated, err
}

// Delete removes the queue with all its messages and reports whether it was there.
func (q *Queue) Delete(ctx context.Context) (bool, error) {
	r := q.request("delete queue", http.MethodDelete, "", "", http.StatusNoContent, http.StatusNotFound)
	r.repeat = true
	answer, err := q.a.do(ctx, r)
	return err == nil && answer.status == http.StatusNoContent, err
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
	query := ""
	if life != 0 {
		query = "messagettl=" + wholeSeconds(life)
	}
	if visibility > 0 {
		query = and(query, "visibilitytimeout="+wholeSeconds(visibility))
	}
	r := q.request("put message", http.MethodPost, "/messages", query, http.StatusCreated)
	r.body, r.content = body, xmlContent
	var receipt Receipt
	r.read = func(answer *reply) error {
		messages, err := readMessages(answer.body)
		if err != nil || len(messages) != 1 {
			return errNotOne(err, len(messages))
		}
		m := messages[0]
		receipt = Receipt{m.ID, m.PopReceipt, m.NextVisible, m.Inserted}
		return nil
	}
	_, err = q.a.do(ctx, r)
	return receipt, err
}

// Receive takes up to n visible messages (at most [MaxReceive]) and hides them from others for a time (1 s to 7 days, rounded up to whole seconds).
// It is not repeated: messages whose answer was lost come back after that time, with a higher dequeue count.
func (q *Queue) Receive(ctx context.Context, n int, visibility time.Duration) ([]Message, error) {
	if visibility < time.Second || visibility > MaxVisibility {
		return nil, fmt.Errorf("receive from queue %q: hidden for %s: only 1 s to 7 days are possible", q.name, visibility)
	}
	return q.messages(ctx, "receive messages", n, "&visibilitytimeout="+wholeSeconds(visibility), false)
}

// Peek returns up to n visible messages (at most [MaxReceive]) and leaves them to others.
func (q *Queue) Peek(ctx context.Context, n int) ([]Message, error) {
	return q.messages(ctx, "peek messages", n, "&peekonly=true", true)
}

func (q *Queue) messages(ctx context.Context, kind string, n int, query string, repeat bool) ([]Message, error) {
	if n < 1 || n > MaxReceive {
		return nil, fmt.Errorf("%s: queue %q: %d messages: only 1 to %d are possible", kind, q.name, n, MaxReceive)
	}
	r := q.request(kind, http.MethodGet, "/messages", "numofmessages="+strconv.Itoa(n)+query, http.StatusOK)
	r.repeat, r.mutates = repeat, !repeat
	var messages []Message
	r.read = func(answer *reply) (err error) {
		messages, err = readMessages(answer.body)
		return err
	}
	_, err := q.a.do(ctx, r)
	return messages, err
}

// Update hides a message from now on for a time (0 to 7 days, rounded up to whole seconds) and, unless text is nil, replaces its text. The
// receipt that comes back is the only one that is valid afterwards. [MessageGone] says that the message is no longer ours. After an
// ambiguous failure neither receipt is known to be valid.
func (q *Queue) Update(ctx context.Context, id, popReceipt string, visibility time.Duration, text []byte) (Receipt, error) {
	if visibility < 0 || visibility > MaxVisibility {
		return Receipt{}, fmt.Errorf("update message of queue %q: hidden for %s: only 0 to 7 days are possible", q.name, visibility)
	}
	query := "popreceipt=" + url.QueryEscape(popReceipt) + "&visibilitytimeout=" + wholeSeconds(visibility)
	r := q.request("update message", http.MethodPut, "/messages/"+url.PathEscape(id), query, http.StatusNoContent)
	if text != nil {
		body, err := messageBody(text)
		if err != nil {
			return Receipt{}, fmt.Errorf("update message of queue %q: %w", q.name, err)
		}
		r.body, r.content = body, xmlContent
	}
	receipt := Receipt{MessageID: id}
	r.read = func(answer *reply) error {
		receipt.PopReceipt = answer.header.Get("X-Ms-Popreceipt")
		receipt.NextVisible, _ = http.ParseTime(answer.header.Get("X-Ms-Time-Next-Visible"))
		if receipt.PopReceipt == "" {
			return errCutShort
		}
		return nil
	}
	if _, err := q.a.do(ctx, r); err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// DeleteMessage removes a message. [MessageGone] says that it is no longer ours.
func (q *Queue) DeleteMessage(ctx context.Context, id, popReceipt string) error {
	r := q.request("delete message", http.MethodDelete, "/messages/"+url.PathEscape(id), "popreceipt="+url.QueryEscape(popReceipt), http.StatusNoContent)
	_, err := q.a.do(ctx, r)
	return err
}

// Clear removes all messages, visible or not. The service gives up on long queues: call again while the error is transient.
func (q *Queue) Clear(ctx context.Context) error {
	r := q.request("clear messages", http.MethodDelete, "/messages", "", http.StatusNoContent)
	r.repeat = true
	_, err := q.a.do(ctx, r)
	return err
}

// Length returns about how many messages there are, visible or not.
func (q *Queue) Length(ctx context.Context) (int, error) {
	r := q.request("get queue length", http.MethodGet, "", "comp=metadata", http.StatusOK)
	r.repeat = true
	n := 0
	r.read = func(answer *reply) (err error) {
		n, err = strconv.Atoi(answer.header.Get("X-Ms-Approximate-Messages-Count"))
		return err
	}
	_, err := q.a.do(ctx, r)
	return n, err
}

func (q *Queue) request(kind, method, path, query string, accept ...int) *request {
	return &request{
		kind: kind, resource: "queue " + strconv.Quote(q.name), service: queueService,
		method: method, path: "/" + url.PathEscape(q.name) + path, query: query, accept: accept,
	}
}

// wholeSeconds rounds up, so that nothing becomes visible early.
func wholeSeconds(d time.Duration) string {
	seconds := d / time.Second
	if seconds*time.Second < d {
		seconds++
	}
	return strconv.FormatInt(int64(seconds), 10)
}

func and(query, more string) string {
	if query == "" {
		return more
	}
	return query + "&" + more
}
