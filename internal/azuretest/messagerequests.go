package azuretest

import (
	"bytes"
	"container/heap"
	"net/http"
	"time"
)

// routeMessages finds out what a request wants of a queue's messages, and checks its arguments.
func (x *exchange) routeMessages(one bool) (f *serviceError) {
	if f := checkQueueName(x.Resource); f != nil {
		return f
	}
	switch {
	case !one && x.Method == http.MethodPost:
		x.Op = OpPutMessage
		return x.putMessage()
	case !one && x.Method == http.MethodGet && x.Query.Get("peekonly") == "true":
		x.Op = OpPeekMessages
		return x.peekMessages()
	case !one && x.Method == http.MethodGet:
		x.Op = OpGetMessages
		return x.getMessages()
	case !one && x.Method == http.MethodDelete:
		x.Op, x.effect = OpClearMessages, x.withQueue(x.clearMessages)
	case one && x.Method == http.MethodPut:
		x.Op = OpUpdateMessage
		return x.updateMessage()
	case one && x.Method == http.MethodDelete:
		x.Op = OpDeleteMessage
		if x.Query.Get("popreceipt") == "" {
			return errMissingQuery
		}
		x.effect = x.withQueue(x.deleteMessage)
	default:
		return errUnsupportedVerb
	}
	return nil
}

func (x *exchange) withQueue(do func(*queue) *response) func() *response {
	return func() *response {
		q := x.s.queues[x.Resource]
		if q == nil {
			return x.fail(x.noQueue())
		}
		return do(q)
	}
}

func (x *exchange) putMessage() *serviceError {
	text, f := messageText(x.Body)
	if f != nil {
		return f
	}
	visibility, f := x.queryInt("visibilitytimeout", 0, 0, MaxVisibilitySeconds)
	if f != nil {
		return f
	}
	ttl, f := x.queryInt("messagettl", defaultTTL, -1, int(^uint(0)>>1))
	if f != nil || ttl == 0 {
		return errInvalidQuery.with("%s messagettl must be at least 1, or -1.", errInvalidQuery.Message)
	}
	if ttl > 0 && visibility >= ttl {
		return errInvalidQuery.with("%s messagettl must be greater than visibilitytimeout.", errInvalidQuery.Message)
	}
	x.effect = x.withQueue(func(q *queue) *response {
		m := &message{id: x.s.newID(), text: text, receipt: x.s.newReceipt(), inserted: x.now, expires: never}
		m.visible, m.seq = x.now.Add(seconds(visibility)), x.s.ids.n
		if ttl > 0 && ttl < int(never.Sub(x.now)/time.Second) {
			m.expires = x.now.Add(seconds(ttl))
		}
		q.add(m)
		x.Key = m.id
		var b bytes.Buffer
		startMessages(&b)
		m.write(&b, true, false, false)
		return respond(http.StatusCreated).xml(endMessages(&b))
	})
	return nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func (x *exchange) getMessages() *serviceError {
	n, f := x.queryInt("numofmessages", 1, 1, MaxReceive)
	if f != nil {
		return f
	}
	visibility, f := x.queryInt("visibilitytimeout", defaultReceiveVisibility, 1, MaxVisibilitySeconds)
	if f != nil {
		return f
	}
	x.effect = x.withQueue(func(q *queue) *response {
		taken := q.take(n, x.now)
		var b bytes.Buffer
		startMessages(&b)
		for _, m := range taken {
			m.dequeues++
			m.receipt, m.visible = x.s.newReceipt(), x.now.Add(seconds(visibility))
			heap.Push(&q.order, m)
			m.write(&b, true, true, true)
		}
		return respond(http.StatusOK).xml(endMessages(&b))
	})
	return nil
}

func (x *exchange) peekMessages() *serviceError {
	n, f := x.queryInt("numofmessages", 1, 1, MaxReceive)
	if f != nil {
		return f
	}
	x.effect = x.withQueue(func(q *queue) *response {
		var b bytes.Buffer
		startMessages(&b)
		for _, m := range q.take(n, x.now) {
			heap.Push(&q.order, m)
			m.write(&b, false, true, true)
		}
		return respond(http.StatusOK).xml(endMessages(&b))
	})
	return nil
}

func (x *exchange) updateMessage() *serviceError {
	if !x.Query.Has("visibilitytimeout") || x.Query.Get("popreceipt") == "" {
		return errMissingQuery
	}
	visibility, f := x.queryInt("visibilitytimeout", 0, 0, MaxVisibilitySeconds)
	if f != nil {
		return f
	}
	var text *string
	if len(bytes.TrimSpace(x.Body)) > 0 {
		t, f := messageText(x.Body)
		if f != nil {
			return f
		}
		text = &t
	}
	x.effect = x.withQueue(func(q *queue) *response {
		m, f := x.held(q)
		if f != nil {
			return x.fail(f)
		}
		visible := x.now.Add(seconds(visibility))
		if visible.After(m.expires) {
			return x.fail(errInvalidQuery.with("%s The message would expire before it is visible.", errInvalidQuery.Message))
		}
		if text != nil {
			m.text = *text
		}
		m.receipt, m.visible = x.s.newReceipt(), visible
		heap.Fix(&q.order, m.index)
		return respond(http.StatusNoContent, "x-ms-popreceipt", m.receipt, "x-ms-time-next-visible", m.visible.Format(http.TimeFormat))
	})
	return nil
}

func (x *exchange) deleteMessage(q *queue) *response {
	m, f := x.held(q)
	if f != nil {
		return x.fail(f)
	}
	q.remove(m)
	return respond(http.StatusNoContent)
}

// held returns the message that the request names, if its pop receipt is the youngest one. A receipt outlives the
// visibility timeout: only the next receive or update ends it.
func (x *exchange) held(q *queue) (*message, *serviceError) {
	q.expire(x.now)
	m := q.messages[x.Key]
	if m == nil {
		return nil, errMessageNotFound
	}
	if m.receipt != x.Query.Get("popreceipt") {
		return nil, errReceiptMismatch
	}
	return m, nil
}

func (x *exchange) clearMessages(q *queue) *response {
	q.messages, q.order, q.expiry = map[string]*message{}, nil, time.Time{}
	return respond(http.StatusNoContent)
}
