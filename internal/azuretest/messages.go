package azuretest

import (
	"bytes"
	"container/heap"
	"encoding/xml"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
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
	errMessageNotFound = &Failure{http.StatusNotFound, "MessageNotFound", "The specified message does not exist."}
	errReceiptMismatch = &Failure{http.StatusBadRequest, "PopReceiptMismatch", "The specified pop receipt did not match the pop receipt for a dequeued message."}
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

// routeMessages finds out what a request wants of a queue's messages, and checks its arguments.
func (x *exchange) routeMessages(one bool) (f *Failure) {
	if f := checkQueueName(x.Resource); f != nil {
		return f
	}
	switch {
	case !one && x.method == http.MethodPost:
		x.Op = OpPutMessage
		return x.putMessage()
	case !one && x.method == http.MethodGet && x.Query.Get("peekonly") == "true":
		x.Op = OpPeekMessages
		return x.peekMessages()
	case !one && x.method == http.MethodGet:
		x.Op = OpGetMessages
		return x.getMessages()
	case !one && x.method == http.MethodDelete:
		x.Op, x.effect = OpClearMessages, x.withQueue(x.clearMessages)
	case one && x.method == http.MethodPut:
		x.Op = OpUpdateMessage
		return x.updateMessage()
	case one && x.method == http.MethodDelete:
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

func (x *exchange) putMessage() *Failure {
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
		m := &message{id: x.s.newID(), text: text, receipt: x.s.newReceipt(), inserted: x.now, visible: x.now.Add(seconds(visibility)), expires: never, seq: x.s.ids.n}
		if end := x.now.Add(seconds(ttl)); ttl > 0 && ttl < int(never.Sub(x.now)/time.Second) {
			m.expires = end
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

func (x *exchange) getMessages() *Failure {
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

func (x *exchange) peekMessages() *Failure {
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

func (x *exchange) updateMessage() *Failure {
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
func (x *exchange) held(q *queue) (*message, *Failure) {
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

func startMessages(b *bytes.Buffer) {
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><QueueMessagesList>`)
}

func endMessages(b *bytes.Buffer) []byte {
	b.WriteString("</QueueMessagesList>")
	return b.Bytes()
}

// write writes a message as Put, Get and Peek answer with it.
func (m *message) write(b *bytes.Buffer, receipt, count, text bool) {
	b.WriteString("<QueueMessage><MessageId>" + m.id + "</MessageId><InsertionTime>" + m.inserted.UTC().Format(http.TimeFormat) +
		"</InsertionTime><ExpirationTime>" + m.expires.UTC().Format(http.TimeFormat) + "</ExpirationTime>")
	if receipt {
		b.WriteString("<PopReceipt>" + m.receipt + "</PopReceipt><TimeNextVisible>" + m.visible.UTC().Format(http.TimeFormat) + "</TimeNextVisible>")
	}
	if count {
		b.WriteString("<DequeueCount>" + strconv.Itoa(m.dequeues) + "</DequeueCount>")
	}
	if text {
		element(b, "MessageText", m.text)
	}
	b.WriteString("</QueueMessage>")
}

// messageText reads the text out of the XML that a client sends.
func messageText(body []byte) (string, *Failure) {
	text, ok := plainMessageText(body)
	if !ok {
		var doc struct {
			XMLName     xml.Name `xml:"QueueMessage"`
			MessageText *string
		}
		if err := xml.Unmarshal(body, &doc); err != nil || doc.MessageText == nil {
			return "", errInvalidXML
		}
		text = *doc.MessageText
	}
	if len(text) > MaxMessageBytes {
		return "", errBodyTooLarge
	}
	return text, nil
}

// plainMessageText reads the form in which clients write it, twenty times as fast as encoding/xml does. ok is false for every other form.
func plainMessageText(body []byte) (text string, ok bool) {
	const start, end = "<QueueMessage><MessageText>", "</MessageText></QueueMessage>"
	body = bytes.TrimSpace(body)
	if after, found := bytes.CutPrefix(body, []byte("<?xml")); found {
		i := bytes.Index(after, []byte("?>"))
		if i < 0 {
			return "", false
		}
		body = bytes.TrimSpace(after[i+2:])
	}
	if !bytes.HasPrefix(body, []byte(start)) || !bytes.HasSuffix(body, []byte(end)) || len(body) < len(start)+len(end) {
		return "", false
	}
	body = body[len(start) : len(body)-len(end)]
	if bytes.ContainsAny(body, "<>\r") || !utf8.Valid(body) {
		return "", false
	}
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		i := bytes.IndexByte(body, '&')
		if i < 0 {
			i = len(body)
		}
		for _, r := range string(body[:i]) {
			if !isXML(r) {
				return "", false
			}
		}
		out = append(out, body[:i]...)
		if body = body[i:]; len(body) == 0 {
			break
		}
		end := bytes.IndexByte(body, ';')
		if end < 0 {
			return "", false
		}
		r, ok := entity(string(body[1:end]))
		if !ok {
			return "", false
		}
		out = utf8.AppendRune(out, r)
		body = body[end+1:]
	}
	return string(out), true
}

func isXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

func entity(name string) (r rune, ok bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot", "#34":
		return '"', true
	case "apos", "#39":
		return '\'', true
	case "#xA":
		return '\n', true
	case "#xD":
		return '\r', true
	case "#x9":
		return '\t', true
	}
	return 0, false // encoding/xml knows the rest
}
