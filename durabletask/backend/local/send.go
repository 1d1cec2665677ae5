package local

import (
	"context"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Send delivers a message to an instance.
func (b *Backend) Send(ctx context.Context, m history.Message) error {
	p, err := newPost(m)
	if err == nil {
		err = b.submit(ctx, &send{reply: newReply(), post: p})
	}
	if err != nil {
		return fmt.Errorf("send %v to instance %q: %w", m.Event.Type(), m.Target.ID, err)
	}
	return nil
}

// OrderedDelivery is true: messages are part of the checkpoint that sends them, and are delivered in the order of their rows.
func (*Backend) OrderedDelivery() bool { return true }

type send struct {
	reply
	post
	ended *instance // by the message itself, before its start
}

func (q *send) order() order { return order{sendRank, q.target.ID, string(q.body)} }

func (q *send) prepare(t *transaction) (refused, failed error) {
	i, err := t.recipient(&q.post)
	switch {
	case err != nil:
		return nil, err
	case i == nil || !t.isFor(q.target.ExecutionID, i):
		return backend.ErrInstanceNotFound, nil
	case t.hasEnded(i):
		return backend.ErrInstanceFinished, nil
	}
	q.ended = nil
	if done, err := q.terminateUnstarted(t, i); done || err != nil {
		return nil, err
	}
	return nil, q.write(t, i)
}

// post is a message on its way to an instance.
type post struct {
	target   history.Instance
	body     []byte
	event    history.Event             // to keep in memory; nil if it is left in the file
	start    *history.ExecutionStarted // nil if it is something else
	raises   bool                      // it is an EventRaised
	due      int64                     // ticks; 0 if it is to be delivered at once
	instance *instance                 // whose it is; nil if it is dropped
	seq      int64
}

func newPost(m history.Message) (post, error) {
	body, err := history.Append(nil, m.Event)
	p := post{target: m.Target, body: body, event: resident(m.Event, body)}
	p.start, _ = m.Event.(*history.ExecutionStarted)
	_, p.raises = m.Event.(*history.EventRaised)
	if history.IsEntity(p.target.ID) {
		p.target.ExecutionID = ""
	}
	if at, ok := history.DeliverAt(m); ok {
		p.due = max(ticksUp(at), 1)
	}
	return p, err
}

// address finds the execution that the message is for. There may be none.
func (p *post) address(t *transaction) error {
	i, err := t.recipient(p)
	if err != nil {
		return err
	}
	p.instance = nil
	if i != nil && !t.hasEnded(i) && t.isFor(p.target.ExecutionID, i) {
		p.instance = i
	}
	return nil
}

func (p *post) write(t *transaction, i *instance) error {
	p.instance, p.seq = i, t.nextSeq()
	var due any
	if p.due != 0 {
		due = p.due
	}
	return t.run(insertMessage, i.key, p.seq, due, false, p.target.ExecutionID, p.body)
}

func (p *post) apply(b *Backend) {
	switch {
	case p.instance == nil:
	case p.due != 0:
		t := &timer{instance: p.instance, due: p.due, seq: p.seq, executionID: p.target.ExecutionID}
		if timeOf(p.due).Sub(b.env.Now()) <= maxSleep { // else it can wait in the file
			t.event = p.event
		}
		b.setTimer(t)
	default:
		b.deliver(p.instance, &message{
			row: row{messages, p.seq}, executionID: p.target.ExecutionID, event: p.event,
		})
	}
}
