package hosttest

import (
	"encoding/base64"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"
)

// The settings of queues, where host.json says nothing.
const (
	defaultBatch   = 16
	maxBatch       = 32
	defaultDequeue = 5
)

// Enqueue puts a message on a queue: of a function, by its name, or else by the queue's own name. The content is encoded as host.json says, base64 by
// default.
func (h *Host) Enqueue(target, content string) *Message {
	h.t.Helper()
	return h.EnqueueRaw(target, h.must().app.encode([]byte(content)))
}

// EnqueueRaw is Enqueue for a text as it is on the wire.
func (h *Host) EnqueueRaw(target, wire string) *Message {
	h.t.Helper()
	if f := h.must().app.function(target); f != nil && f.trigger().is("queueTrigger") {
		target = f.trigger().property("queueName")
	}
	return h.storage.put(target, wire)
}

// Queue returns what is on a queue, decoded.
func (h *Host) Queue(name string) []string {
	h.t.Helper()
	var out []string
	for _, wire := range h.storage.Queue(name) {
		content, err := h.must().app.decode(wire)
		if err != nil {
			content = []byte(wire)
		}
		out = append(out, string(content))
	}
	return out
}

func (a *app) plainMessages() bool {
	return strings.EqualFold(a.config.text("extensions", "queues", "messageEncoding"), "none")
}

func (a *app) encode(content []byte) string {
	if a.plainMessages() {
		return string(content)
	}
	return base64.StdEncoding.EncodeToString(content)
}

func (a *app) decode(wire string) ([]byte, error) {
	if a.plainMessages() {
		return []byte(wire), nil
	}
	return base64.StdEncoding.DecodeString(wire) //nolint:wrapcheck // only whether it fails counts
}

// listenQueue hands the messages of a function's queue to the program, several at once, until the job host ends.
func (j *jobHost) listenQueue(f *function) {
	batch := min(j.app.config.number(defaultBatch, "extensions", "queues", "batchSize"), maxBatch)
	threshold := j.app.config.number(batch/2*runtime.NumCPU(), "extensions", "queues", "newBatchThreshold")
	queue := f.trigger().property("queueName")
	running, ended := 0, make(chan struct{}, batch+threshold)
	for {
		changed := j.host.storage.wait()
		var again <-chan time.Time
		var timer *time.Timer
		if running <= threshold {
			messages, next := j.host.storage.receive(queue, batch)
			for _, m := range messages {
				running++
				if !j.spawn(func() { j.deliver(f, m); ended <- struct{}{} }) {
					return
				}
			}
			if !next.IsZero() {
				timer = time.NewTimer(time.Until(next))
				again = timer.C
			}
		}
		select {
		case <-changed:
		case <-again:
		case <-ended:
			running--
		case <-j.ctx.Done():
			return
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// deliver calls the function for a message, and deletes it, puts it back, or gives it up.
func (j *jobHost) deliver(f *function, m received) {
	p, err := queuePayload(f, j.app, m, time.Now())
	if err != nil { // the program never hears of it
		for range j.maxDequeue() {
			j.logf(Error, "Function."+f.name, "Exception binding parameter '%s'", f.trigger().name)
		}
		j.host.storage.end(m, true)
		return
	}
	j.addInputs(f, p, nil)
	a, err := j.invoke(f, newGUID(), p, nil)
	if err == nil {
		err = j.host.writeOutputs(f, a, p.expander(nil))
	}
	switch {
	case err == nil:
		j.host.storage.end(m, false)
	case j.host.ending(): // the host is gone, and nobody gives the message back
	case m.dequeued >= j.maxDequeue():
		j.logf(Error, "Function."+f.name, "Message has reached MaxDequeueCount of %d. Moving message to queue '%s-poison'.", j.maxDequeue(), m.queue)
		j.host.storage.end(m, true)
	default:
		j.host.storage.release(m, j.app.config.duration(0, "extensions", "queues", "visibilityTimeout"))
	}
}

func (j *jobHost) maxDequeue() int {
	return j.app.config.number(defaultDequeue, "extensions", "queues", "maxDequeueCount")
}

// ending reports whether the whole host ends.
func (h *Host) ending() bool {
	select {
	case <-h.stopped:
		return true
	default:
		return false
	}
}

// queuePayload is what an invocation carries of a message. An error is a message that can't be decoded.
func queuePayload(f *function, a *app, m received, now time.Time) (*payload, error) {
	content, err := a.decode(m.text)
	if err != nil {
		return nil, err
	}
	trigger := f.trigger()
	p := &payload{data: object()}
	meta := &p.metadata
	meta.set("DequeueCount", quotedJSON(number(m.dequeued)))
	meta.set("ExpirationTime", dateValue(m.inserted.Add(retention)))
	meta.set("Id", quoted(m.id))
	meta.set("InsertionTime", dateValue(m.inserted))
	meta.set("NextVisibleTime", dateValue(m.next))
	meta.set("PopReceipt", quoted(m.receipt))
	meta.system(f, now)
	if trigger.binary() {
		p.data.put(trigger.name, bytesValue(content))
		return p, nil
	}
	if !utf8.Valid(content) {
		return nil, errJSON
	}
	p.data.put(trigger.name, quoted(string(content)))
	meta.spread(string(content))
	return p, nil
}
