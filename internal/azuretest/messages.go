package azuretest

import (
	"container/heap"
	"net/http"
	"time"
)

// Limits of messages, from the service's documentation.
const (
	MaxMessageBytes      = 64 << 10         // of the text in UTF-8
	MaxVisibilitySeconds = 7 * 24 * 60 * 60 // 7 days
	MaxReceive           = 32               // messages per request

	defaultReceiveVisibility = 30               // seconds
	defaultTTL               = 7 * 24 * 60 * 60 // seconds
)

// never is when a message without an end expires, as the service writes it.
var never = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

var (
	errMessageNotFound = &serviceError{http.StatusNotFound, "MessageNotFound", "The specified message does not exist."}
	errReceiptMismatch = &serviceError{http.StatusBadRequest, "PopReceiptMismatch", "The message has another pop receipt."}
)

// message is a message; index is its place in the queue's heap.
type message struct {
	id, text, receipt          string
	inserted, expires, visible time.Time
	seq                        uint64 // breaks ties of visible: first in, first out
	dequeues                   int
	index                      int
}

// messageHeap has the message on top that has been visible, or will be visible, first.
type messageHeap []*message

func (h messageHeap) Len() int { return len(h) }

func (h messageHeap) Less(i, j int) bool {
	if !h[i].visible.Equal(h[j].visible) {
		return h[i].visible.Before(h[j].visible)
	}
	return h[i].seq < h[j].seq
}

func (h messageHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *messageHeap) Push(x any) {
	m := x.(*message)
	m.index = len(*h)
	*h = append(*h, m)
}

func (h *messageHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return m
}

func (q *queue) add(m *message) {
	q.messages[m.id] = m
	heap.Push(&q.order, m)
	if m.expires.Before(never) && (q.expiry.IsZero() || m.expires.Before(q.expiry)) {
		q.expiry = m.expires
	}
}

func (q *queue) remove(m *message) {
	delete(q.messages, m.id)
	heap.Remove(&q.order, m.index)
}

// expire drops the messages whose time is up. It looks at all of them only when one is.
func (q *queue) expire(now time.Time) {
	if q.expiry.IsZero() || now.Before(q.expiry) {
		return
	}
	q.expiry = time.Time{}
	kept := q.order[:0]
	for _, m := range q.order {
		if !m.expires.After(now) {
			delete(q.messages, m.id)
			continue
		}
		if m.expires.Before(never) && (q.expiry.IsZero() || m.expires.Before(q.expiry)) {
			q.expiry = m.expires
		}
		kept = append(kept, m)
	}
	clear(q.order[len(kept):])
	q.order = kept
	for i, m := range q.order {
		m.index = i
	}
	heap.Init(&q.order)
}

// take pops up to n visible messages off the heap; the caller pushes them back.
func (q *queue) take(n int, now time.Time) []*message {
	q.expire(now)
	var taken []*message
	for len(taken) < n && len(q.order) > 0 && !q.order[0].visible.After(now) {
		taken = append(taken, heap.Pop(&q.order).(*message))
	}
	return taken
}
