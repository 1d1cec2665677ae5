package main

import (
	"context"
	"sync"
)

// purgers is how many requests are under way at once to purge many.
const purgers = 8

// purgeAll purges one by one: the API's purge of many tells no progress, runs into the time limits of what is in between, and in the reference
// removes what is still running unless it is told exactly what to remove.
func (r *remote) purgeAll(ctx context.Context, ids []string, done func(n int)) error {
	work := spread{ids: ids}
	for range min(purgers, len(ids)) {
		work.all.Go(func() {
			for id, ok := work.next(ctx); ok; id, ok = work.next(ctx) {
				work.finish(r.purge(ctx, id), done)
			}
		})
	}
	work.all.Wait()
	return work.failed
}

// spread is work on many instances by several goroutines.
type spread struct {
	ids []string
	all sync.WaitGroup

	mu     sync.Mutex
	failed error
}

// next returns the next id, unless something has failed.
func (w *spread) next(ctx context.Context) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = ctx.Err()
	}
	if w.failed != nil || len(w.ids) == 0 {
		return "", false
	}
	id := w.ids[0]
	w.ids = w.ids[1:]
	return id, true
}

// finish notes how one purge has gone. Somebody may have got ahead, which is no failure.
func (w *spread) finish(err error, done func(n int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch code := codeOf(err); {
	case code == exitDone:
		done(1)
	case code != exitNotFound && code != exitState && w.failed == nil:
		w.failed = err
	}
}
