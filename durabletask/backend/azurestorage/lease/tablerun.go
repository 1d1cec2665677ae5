package lease

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// tableRun is the table manager from Start to Stop.
type tableRun struct {
	t      *partitionTable
	held   *holdings
	random *rand.Rand
	done   chan struct{}
	cancel context.CancelFunc

	mu       sync.Mutex
	stopping Reason

	// The rest belongs to the loop. rows are known only while all are ours.
	rows     []partitionRow
	read     time.Time // when they were asked for, by our clock
	plan     plan
	failures int
}

func (r *tableRun) stop(ctx context.Context, why Reason) int {
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

func (r *tableRun) reason() Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopping
}

// loop makes passes until it is stopped and nothing is ours any more.
func (r *tableRun) loop(ctx context.Context) {
	defer close(r.done)
	for ctx.Err() == nil {
		if why := r.reason(); why != 0 {
			if r.held.count() == 0 {
				return
			}
			r.settle(ctx, why)
		}
		if err := r.pass(ctx); err != nil {
			r.failed(ctx, err)
		} else {
			r.failures = 0
		}
		r.wait(ctx)
	}
}

// settle asks for all drains and gives those that end soon the time to, so that an idle worker releases everything in one write.
func (r *tableRun) settle(ctx context.Context, why Reason) {
	fresh := false
	for _, row := range r.rows {
		fresh = fresh || !r.held.asked(row.name)
		r.held.drain(row.name, why)
	}
	if fresh {
		r.held.settle(ctx, soon)
	}
}

// wait waits for the next pass.
func (r *tableRun) wait(ctx context.Context) {
	switch o := &r.t.o; {
	case r.failures > maxQuickRetries:
		pause(ctx, o.AcquireInterval, r.held.wake)
	case r.failures > 0:
		pause(ctx, r.jitter(soon), nil)
	case r.reason() != 0 && r.held.count() == 0:
	case r.held.draining():
		r.held.settle(ctx, soon)
	case r.plan.waiting:
		pause(ctx, soon, r.held.wake)
	case r.plan.alone:
		pause(ctx, o.alone(), r.held.wake)
	case r.plan.expires.IsZero():
		pause(ctx, o.AcquireInterval, r.held.wake)
	default: // a lease that nobody renews is taken as soon as it ends (DTFx: at the next pass)
		left := r.plan.expires.Sub(o.Account.ServiceNow()) + soon/10
		pause(ctx, min(o.AcquireInterval, max(left, soon)), r.held.wake)
	}
}

// jitter shortens a pause by up to half, so that workers that collided don't do so again.
func (r *tableRun) jitter(d time.Duration) time.Duration {
	return d - time.Duration(r.random.Float64()*float64(d)/2)
}

func (r *tableRun) failed(ctx context.Context, err error) {
	r.failures++
	level := slog.LevelWarn
	if account.PreconditionFailed(err) || ctx.Err() != nil {
		level = slog.LevelDebug // somebody was faster
	}
	r.t.o.Logger.LogAttrs(ctx, level, "look at partitions failed", slog.String("hub", r.t.o.Hub), slog.Int("failures", r.failures), slog.Any("error", err))
	r.plan = plan{}
}

// pass looks at the rows and writes what is to be changed. After a failure of any kind the rows are read anew.
func (r *tableRun) pass(ctx context.Context) error {
	o := &r.t.o
	if !r.plan.alone {
		if err := r.look(ctx); err != nil {
			return err
		}
	}
	for again := true; ; again = false {
		why := r.reason()
		if !r.plan.alone && !r.fresh() {
			return errStale
		}
		p := decide(r.rows, look{
			me: o.Worker, now: o.Account.ServiceNow(), lease: o.LeaseInterval, stopping: why != 0, gone: o.Machine.Gone,
			asked: r.held.asked, drained: r.held.drained,
		})
		known := r.plan.alone
		r.plan = p
		r.ask(p, why)
		err := r.write(ctx, p.own)
		if err == nil {
			return r.take(ctx, p.others)
		}
		r.plan = plan{}
		if !again || !known || account.Ambiguous(err) || !account.PreconditionFailed(err) && !account.NotFound(err) {
			return err
		}
		// Somebody wrote a row that we thought we knew: that is how we hear of it.
		if err := r.look(ctx); err != nil {
			return err
		}
	}
}

// ask asks for the drains that the plan wants.
func (r *tableRun) ask(p plan, why Reason) {
	for _, name := range p.drain {
		if why == 0 {
			r.held.drain(name, Wanted)
		} else {
			r.held.drain(name, why)
		}
	}
}

// look reads the rows, and loses at once what is not ours any more.
func (r *tableRun) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.t.o.TableTimeout, errTableTimeout)
	defer cancel()
	r.read = r.t.o.Environment.Now()
	rows, err := r.t.read(ctx)
	if account.NotFound(err) {
		rows = nil
	} else if err != nil {
		return err
	}
	for _, name := range r.held.names() {
		if !slices.ContainsFunc(rows, func(row partitionRow) bool { return row.name == name && row.owner == r.t.o.Worker }) {
			r.held.lose(name)
		}
	}
	r.rows = rows
	return err
}

var errTableTimeout = errors.New("the partitions table did not answer in time")

// fresh reports whether no more time than a look takes has passed since it began. If more has, or less than none, the process stood still, or
// our clock was set meanwhile, and with it what we believe of the service's clock until the next answer: others are not judged then.
func (r *tableRun) fresh() bool {
	passed := r.t.o.Environment.Now().Sub(r.read)
	return passed >= 0 && passed <= r.t.o.TableTimeout+maxMargin
}

var errStale = errors.New("a clock was set, or the process stood still, while the partitions were read")

// write stores new versions of our rows, all or none.
func (r *tableRun) write(ctx context.Context, rows []partitionRow) error {
	if len(rows) == 0 {
		return nil
	}
	var kept []string
	ops := make([]account.Op, len(rows))
	for i := range rows {
		ops[i] = rows[i].write()
		if rows[i].owner == r.t.o.Worker {
			kept = append(kept, rows[i].name)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.t.o.TableTimeout, errTableTimeout)
	defer cancel()
	grant := r.held.ask(r.t.o.certain())
	etags, err := r.t.table.Submit(ctx, ops)
	if err != nil {
		grant.deny()
		return err
	}
	grant.give(kept...)
	for i := range rows {
		rows[i].etag = etags[i]
		r.learn(rows[i])
		if rows[i].owner != r.t.o.Worker {
			r.held.lose(rows[i].name)
		}
	}
	return nil
}

// take claims rows and puts our name on rows of others, one by one: which of them somebody else gets first doesn't matter to the rest.
// (DTFx: a conflict ends the pass.)
func (r *tableRun) take(ctx context.Context, rows []partitionRow) error {
	var failed error
	for _, row := range rows {
		if err := r.write(ctx, []partitionRow{row}); err != nil {
			failed = err
			if !account.PreconditionFailed(err) {
				break
			}
		}
	}
	return failed
}

func (r *tableRun) learn(row partitionRow) {
	for i := range r.rows {
		if r.rows[i].name == row.name {
			r.rows[i] = row
		}
	}
}
