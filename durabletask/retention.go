package durabletask

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
)

const (
	// longestRetentionLook and shortestRetentionLook bound how often a worker looks for instances whose time is over: a few times in that time.
	longestRetentionLook  = time.Hour
	shortestRetentionLook = time.Minute
	retentionLooks        = 8
	// retentionPause is between two batches, so that the hub's own work goes first.
	retentionPause = 200 * time.Millisecond
)

// A retention purges the instances that have ended longer ago than they are to be kept. One worker of the hub does so at a time. It never touches
// what has not ended, nor entities.
type retention struct {
	keep   time.Duration
	leads  func() bool
	client *Client
	log    *slog.Logger

	end  context.CancelFunc
	done sync.WaitGroup
}

// start begins to look, unless everything is kept.
func (r *retention) start(ctx context.Context) {
	if r.keep <= 0 {
		return
	}
	ctx, r.end = context.WithCancel(backend.WithLoop(context.WithoutCancel(ctx), "retention"))
	r.done.Go(func() { r.run(ctx) })
}

// stop ends what is going on, and waits.
func (r *retention) stop() {
	if r.end != nil {
		r.end()
	}
	r.done.Wait()
}

func (r *retention) run(ctx context.Context) {
	every := min(max(r.keep/retentionLooks, shortestRetentionLook), longestRetentionLook)
	for pause(ctx, every) {
		if r.leads() {
			r.sweep(ctx)
		}
	}
}

// sweep purges what is due.
func (r *retention) sweep(ctx context.Context) {
	began := r.client.Environment.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n, err := r.client.PurgeMany(ctx, PurgeFilter{EndedTo: began.Add(-r.keep)}, func(PurgeProgress) {
		if !pause(ctx, retentionPause) || !r.leads() { // the rest is another worker's
			cancel()
		}
	})
	switch took := r.client.Environment.Now().Sub(began); {
	case err != nil && ctx.Err() == nil:
		r.log.Warn("could not purge all instances whose time is over; trying again", "purged", n, "kept for", r.keep, "error", err)
	case n > 0:
		r.log.Info("instances whose time is over were purged", "purged", n, "kept for", r.keep, "took", took)
	}
}

// pause waits, and reports whether the context is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
