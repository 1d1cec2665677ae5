package local

import "github.com/azdurable/azdurable/durabletask/history"

// terminateUnstarted ends an instance whose start is still to come, if that is what the message asks for: nothing has begun that could be told.
// It reports whether it did.
//
// Differs from DTFx, which marks the row and lets the delayed start run all the same.
func (q *send) terminateUnstarted(t *transaction, i *instance) (bool, error) {
	e, ok := q.event.(*history.ExecutionTerminated)
	if !ok {
		return false, nil
	}
	t.b.mu.Lock()
	held := i.held
	t.b.mu.Unlock()
	if !held {
		return false, nil
	}
	if err := t.run(deleteMessages, i.key); err != nil {
		return false, err
	}
	if err := t.run(terminateInstance, i.key, e.Reason, t.b.env.Now()); err != nil {
		return false, err
	}
	t.end(i)
	q.ended = i
	return true, nil
}

func (q *send) apply(b *Backend) {
	if q.ended == nil {
		q.post.apply(b)
		return
	}
	b.replace(q.ended) // its start may have become due in the meantime
	b.wakeWaiters(q.ended.id)
}
