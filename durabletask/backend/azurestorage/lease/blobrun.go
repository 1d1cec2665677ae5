package lease

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// blobRun is a blob manager from Start to Stop.
type blobRun struct {
	m      *blobManager
	held   *holdings
	random *rand.Rand
	done   chan struct{}
	cancel context.CancelFunc

	mu       sync.Mutex
	stopping Reason

	// The rest belongs to the loop.
	claims, owns            *leaseFolder
	pace                    pace
	renewing, claim, owning *schedule
}

func (r *blobRun) stop(ctx context.Context, why Reason) int {
	r.mu.Lock()
	r.stopping = why
	r.mu.Unlock()
	r.held.awake()
	if ctx.Err() != nil {
		r.cancel()
	}
	stop := context.AfterFunc(ctx, r.cancel)
	<-r.done
	stop()
	lost := r.held.close()
	r.cancel()
	return lost
}

func (r *blobRun) reason() Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopping
}

// loop renews, claims and gives away until it is stopped and nothing is ours any more.
//
// DTFx: LeaseCollectionBalancer.LeaseRenewer, LeaseTakerAsync.
func (r *blobRun) loop(ctx context.Context) {
	defer close(r.done)
	o := &r.m.o
	r.renewing, r.claim, r.owning = r.pace.every(o.RenewInterval), r.pace.every(o.AcquireInterval), r.pace.every(r.m.ownEvery)
	r.renewing.due() // nothing is ours yet
	r.pace.start()
	defer r.pace.stop()
	for ctx.Err() == nil {
		why := r.reason()
		if r.renewing.due() {
			r.renew(ctx)
		}
		r.giveAway(ctx, why)
		if why != 0 && len(r.owns.mine) == 0 {
			r.claims.release(ctx, r.claims.ours())
			return
		}
		if why == 0 {
			r.acquire(ctx)
		}
		r.wait(ctx)
	}
}

func (r *blobRun) wait(ctx context.Context) {
	if r.reason() != 0 && len(r.owns.mine) == 0 {
		return
	}
	r.pace.wait(ctx, r.held.wake)
}

func (r *blobRun) renew(ctx context.Context) {
	if r.claims != r.owns {
		r.claims.renew(ctx, r.claims.ours())
	}
	r.owns.renew(ctx, r.owns.ours())
}

// giveAway drains what is to be given away, and gives away what is drained.
func (r *blobRun) giveAway(ctx context.Context, why Reason) {
	for _, partition := range r.owns.ours() {
		switch {
		case why != 0:
			r.held.drain(partition, why)
		case r.claims.mine[partition] == nil:
			r.held.drain(partition, Wanted)
		}
	}
	r.held.settle(ctx, soon)
	var drained []string
	for _, partition := range r.owns.ours() {
		claimed := r.claims.mine[partition] != nil
		if !r.held.asked(partition) || !r.held.drained(partition) {
			continue
		}
		if why == 0 && claimed { // drained, but nobody wants it any more: begin anew
			r.held.lose(partition)
			r.owns.renew(ctx, []string{partition})
			continue
		}
		drained = append(drained, partition)
	}
	if len(drained) == 0 {
		return
	}
	r.owns.release(ctx, drained)
	if why != 0 && r.claims != r.owns {
		r.claims.release(ctx, slices.DeleteFunc(drained, func(p string) bool { return r.claims.mine[p] == nil }))
	}
}

// acquire claims our share, and becomes the owner of what is claimed and free.
func (r *blobRun) acquire(ctx context.Context) {
	own := r.owning.due()
	if r.claim.due() {
		if err := r.claimShare(ctx); err != nil {
			r.log(ctx, err)
		}
		own = true
	}
	if r.claims == r.owns || !own {
		return
	}
	partitions := slices.DeleteFunc(r.claims.ours(), func(p string) bool { return r.owns.mine[p] != nil })
	if len(partitions) == 0 {
		return
	}
	seen, err := r.owns.see(ctx, partitions)
	if err != nil {
		r.log(ctx, err)
		return
	}
	seen = slices.DeleteFunc(seen, func(s seenLease) bool { return !s.ours(r.m.o.Worker) && !s.free(r.m.o.Machine.Gone) })
	r.take(ctx, r.owns, seen)
}

func (r *blobRun) claimShare(ctx context.Context) error {
	partitions, err := r.claims.partitions(ctx)
	if err != nil {
		if account.NotFound(err) {
			for _, partition := range r.claims.ours() {
				r.claims.forget(partition)
			}
		}
		return err
	}
	others := slices.DeleteFunc(slices.Clone(partitions), func(p string) bool { return r.claims.mine[p] != nil })
	seen, err := r.claims.see(ctx, others)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(seen), func(s seenLease) bool { return !s.ours(r.m.o.Worker) })
	r.take(ctx, r.claims, left)
	seen = slices.DeleteFunc(seen, func(s seenLease) bool { return s.ours(r.m.o.Worker) })
	for _, partition := range partitions {
		if own := r.claims.mine[partition]; own != nil {
			seen = append(seen, seenLease{partition: partition, leaseContent: own.leaseContent, leased: true})
		}
	}
	r.take(ctx, r.claims, wanted(seen, r.m.o.Worker, r.m.o.Machine.Gone))
	return nil
}

func (r *blobRun) take(ctx context.Context, f *leaseFolder, seen []seenLease) {
	ids := make([]string, len(seen))
	for i := range ids {
		ids[i] = newLeaseID(r.random)
	}
	f.take(ctx, seen, ids)
}

func (r *blobRun) log(ctx context.Context, err error) {
	if ctx.Err() == nil {
		r.m.o.Logger.LogAttrs(ctx, slog.LevelWarn, "look at partitions failed", slog.String("hub", r.m.o.Hub), slog.Any("error", err))
	}
}
