package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// A request is a change of the file. Requests queue up while a transaction runs; then the committer takes all of them, checks
// and writes one after the other, makes them durable by one commit, carries out in memory what they changed, and answers.
//
// The order within a transaction is one of content, not of arrival, so that it is the same in each run of a simulation. A caller
// who wants one thing before another waits for the answer to the first.
type request interface {
	order() order
	// prepare checks the request and writes it. It refuses before it writes anything; it changes nothing in memory that others see.
	prepare(t *transaction) (refused, failed error)
	// apply changes in memory what has been committed. The backend's lock is held.
	apply(b *Backend)
	answer(err error)
}

type order struct {
	rank     int
	id, body string
}

// The ranks of requests. Checkpoints come first, so that what they decide meets the instances as they were.
const (
	checkpointRank = iota
	createRank
	sendRank
	rewindRank
	purgeRank
	deleteHubRank
	poisonRank
	saveRank
)

// maxTransaction is how many requests one transaction takes. It bounds the log and the time until the first has its answer.
const maxTransaction = 1000

// reply is the caller's end of a request.
type reply struct {
	done chan error // nil if nobody waits
}

func newReply() reply { return reply{done: make(chan error, 1)} }

func (r *reply) answer(err error) {
	if r.done != nil {
		r.done <- err
	}
}

func (r *reply) wait() <-chan error { return r.done }

// submit queues a request and waits for its answer. A request that has not been taken when ctx ends is withdrawn.
func (b *Backend) submit(ctx context.Context, q interface {
	request
	wait() <-chan error
},
) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.stage == stopped {
		b.mu.Unlock()
		return errStopped
	}
	b.enqueue(q)
	b.mu.Unlock()
	select {
	case err := <-q.wait():
		return err
	case <-ctx.Done():
	}
	b.mu.Lock()
	n := slices.Index(b.queue, request(q))
	if n >= 0 {
		b.queue = slices.Delete(b.queue, n, n+1)
	}
	b.mu.Unlock()
	if n >= 0 {
		return ctx.Err()
	}
	return <-q.wait()
}

// enqueue is called with the lock held, before the backend is stopped.
func (b *Backend) enqueue(q request) {
	b.queue = append(b.queue, q)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// runCommitter commits what is queued until the backend is stopped and nothing is left.
func (b *Backend) runCommitter() {
	for range b.wake {
		for b.commitQueued() {
		}
	}
	for b.commitQueued() {
	}
}

// commitQueued takes what is queued, and reports whether there was anything.
func (b *Backend) commitQueued() bool {
	b.mu.Lock()
	waiting := len(b.queue) > 0
	b.mu.Unlock()
	if !waiting {
		return false
	}
	gate := b.env.Enter(b.life, backend.Request{Worker: b.worker, Loop: "committer", Kind: "commit"})
	b.mu.Lock()
	taken := b.queue
	b.queue = nil
	b.mu.Unlock()
	if gate != nil {
		for _, q := range taken {
			q.answer(gate)
		}
		return true
	}
	slices.SortStableFunc(taken, func(x, y request) int {
		a, b := x.order(), y.order()
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id), cmp.Compare(a.body, b.body))
	})
	// Results are saved after everything else: a checkpoint may consume them.
	saves := slices.IndexFunc(taken, func(q request) bool { return q.order().rank == saveRank })
	if saves < 0 {
		saves = len(taken)
	}
	for part := range slices.Chunk(taken[:saves], maxTransaction) {
		b.commitAll(part)
	}
	for _, q := range taken[saves:] {
		b.commitAll([]request{q})
	}
	return true
}

// commitAll commits the requests together and, if that fails, each by itself, so that only the guilty ones fail.
func (b *Backend) commitAll(requests []request) {
	err := b.transact(requests)
	if err == nil {
		return
	}
	if len(requests) == 1 || everyoneFails(err) {
		err = b.explain(err)
		for _, q := range requests {
			q.answer(err)
		}
		return
	}
	for n := range requests {
		b.commitAll(requests[n : n+1])
	}
}

// transact commits the requests in one transaction and answers them. If it fails, nothing has happened and nobody has been
// answered.
func (b *Backend) transact(requests []request) (err error) {
	return b.writer.with(context.Background(), func(c *conn) error {
		t := &transaction{b: b, c: c}
		if err := c.run(begin); err != nil {
			return err
		}
		answers := make([]error, len(requests))
		for n, q := range requests {
			var failed error
			if answers[n], failed = q.prepare(t); failed != nil {
				t.rollback()
				return failed
			}
		}
		if err := c.run(commit); err != nil {
			t.rollback()
			return err
		}
		b.mu.Lock()
		for n, q := range requests {
			if answers[n] == nil {
				q.apply(b)
			}
		}
		b.mu.Unlock()
		for n, q := range requests {
			q.answer(answers[n])
		}
		return nil
	})
}
