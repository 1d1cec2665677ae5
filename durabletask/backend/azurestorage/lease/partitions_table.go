package lease

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// partitionTable is the table manager: a row for each partition says who owns it and who wants it; every write is under the row's ETag.
//
// DTFx: TablePartitionManager.
// Differs from DTFx: all rows of ours are renewed in one transaction; while all are ours they are not even read, because a row that somebody else has written refuses the
// renewal. Then a pass comes only every aloneFactor times the interval.
type partitionTable struct {
	o     Options
	table *account.Table

	mu  sync.Mutex
	run *tableRun
}

// alone is the interval of renewals while all partitions are ours: 12 s at the default of 10 s. It still gives two tries in a lease.
func (o *Options) alone() time.Duration { return min(o.AcquireInterval*6/5, o.LeaseInterval*2/5) }

func newTable(o Options) *partitionTable {
	return &partitionTable{o: o, table: o.Account.Table(o.Hub + "Partitions")}
}

// Limits of EnsureCreated: a hub that looks smaller than it should may just be being made by somebody else.
const (
	maxCreateLooks  = 4
	createLookPause = time.Second
)

// EnsureCreated makes the table and the rows that it lacks.
func (t *partitionTable) EnsureCreated(ctx context.Context) error {
	ctx = backend.WithLoop(ctx, "create partitions")
	if _, err := t.table.Create(ctx); err != nil {
		return fmt.Errorf("create partitions of hub %q: %w", t.o.Hub, err)
	}
	for look := 1; ; look++ {
		rows, err := t.read(ctx)
		if err != nil {
			return fmt.Errorf("create partitions of hub %q: %w", t.o.Hub, err)
		}
		missing := t.missing(rows)
		used := slices.ContainsFunc(rows, func(r partitionRow) bool { return !r.since.IsZero() })
		switch {
		case len(rows) > t.o.Partitions-len(missing), len(missing) > 0 && used && look == maxCreateLooks:
			return &PartitionCountError{Hub: t.o.Hub, Have: len(rows), Want: t.o.Partitions}
		case len(missing) == 0:
			return nil
		case used:
			pause(ctx, createLookPause, nil)
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("create partitions of hub %q: %w", t.o.Hub, err)
			}
			continue
		}
		ops := make([]account.Op, len(missing))
		for i, name := range missing {
			r := partitionRow{name: name}
			ops[i] = account.Op{Action: account.Insert, Key: account.Key{Row: name}, Row: r.columns()}
		}
		// All at once, so that a crash leaves no hub with fewer partitions. If somebody else makes them, or the answer is lost, look again.
		_, err = t.table.Submit(ctx, ops)
		if err != nil && (look == maxCreateLooks || !account.AlreadyExists(err) && !account.Ambiguous(err)) {
			return fmt.Errorf("create partitions of hub %q: %w", t.o.Hub, err)
		}
	}
}

func (t *partitionTable) missing(rows []partitionRow) []string {
	return slices.DeleteFunc(t.o.controlQueues(), func(name string) bool {
		return slices.ContainsFunc(rows, func(r partitionRow) bool { return r.name == name })
	})
}

// Delete removes the table.
func (t *partitionTable) Delete(ctx context.Context) error {
	if _, err := t.table.Delete(ctx); err != nil {
		return fmt.Errorf("delete partitions of hub %q: %w", t.o.Hub, err)
	}
	return nil
}

// Partitions counts the rows.
func (t *partitionTable) Partitions(ctx context.Context) (int, error) {
	rows, err := t.read(ctx)
	if account.NotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count partitions of hub %q: %w", t.o.Hub, err)
	}
	return len(rows), nil
}

// Ownership reads the rows.
func (t *partitionTable) Ownership(ctx context.Context) ([]Ownership, error) {
	rows, err := t.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read partitions of hub %q: %w", t.o.Hub, err)
	}
	list := make([]Ownership, len(rows))
	for i, r := range rows {
		list[i] = Ownership{Partition: r.name, Owner: r.owner, Next: r.next, Draining: r.draining}
		if r.owner != "" {
			list[i].Expires = r.ends(t.o.LeaseInterval)
		}
	}
	return list, nil
}

// read returns all rows in the order of their names.
func (t *partitionTable) read(ctx context.Context) ([]partitionRow, error) {
	var rows []partitionRow
	for next := ""; ; {
		page, err := t.table.Query(ctx, account.Query{Next: next})
		if err != nil {
			return nil, err
		}
		for _, data := range page.Rows {
			r, err := parsePartitionRow(data)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
		if next = page.Next; next == "" {
			slices.SortFunc(rows, func(a, b partitionRow) int { return strings.Compare(a.name, b.name) })
			return rows, nil
		}
	}
}

// Start begins to acquire partitions.
func (t *partitionTable) Start(ctx context.Context, r Receiver) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	run := &tableRun{t: t, done: make(chan struct{}), cancel: cancel, random: t.o.Environment.Rand("partitions " + t.o.Worker)}
	run.held = newHoldings(ctx, r, t.o.Account.ServiceNow, func(partition string, err error) {
		t.o.Logger.LogAttrs(ctx, slog.LevelWarn, "partition not drained in time", slog.String("partition", partition), slog.Any("error", err))
	})
	t.mu.Lock()
	if t.run != nil {
		t.mu.Unlock()
		panic("lease: Start of a partition manager that runs: Stop it first")
	}
	t.run = run
	t.mu.Unlock()
	go run.loop(backend.WithLoop(ctx, "partitions"))
}

// Stop drains and gives away all partitions.
func (t *partitionTable) Stop(ctx context.Context, why Reason) error {
	t.mu.Lock()
	run := t.run
	t.mu.Unlock()
	if run == nil {
		return nil
	}
	lost := run.stop(ctx, why)
	t.mu.Lock()
	t.run = nil
	t.mu.Unlock()
	if lost > 0 {
		return fmt.Errorf("stop partition manager of hub %q: %d partitions not given away: %w", t.o.Hub, lost, context.Cause(ctx))
	}
	return nil
}

// Owns reports whether a partition is ours.
func (t *partitionTable) Owns(partition string) (time.Time, bool) {
	t.mu.Lock()
	run := t.run
	t.mu.Unlock()
	if run == nil {
		return time.Time{}, false
	}
	return run.held.owns(partition)
}

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
		r.await(ctx, soon)
	}
}

// await waits until no drain runs, but not longer than a time.
func (r *tableRun) await(ctx context.Context, d time.Duration) {
	limit, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for limit.Err() == nil && r.held.draining() {
		select {
		case <-r.held.wake:
		case <-limit.Done():
		}
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
		r.await(ctx, soon)
	case r.plan.waiting:
		pause(ctx, soon, r.held.wake)
	case r.plan.alone:
		pause(ctx, o.alone(), r.held.wake)
	default:
		pause(ctx, o.AcquireInterval, r.held.wake)
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
		p := decide(r.rows, look{
			me: o.Worker, now: o.Account.ServiceNow(), lease: o.LeaseInterval, stopping: why != 0, gone: o.Machine.Gone, drained: r.held.drained,
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

// take claims rows and puts our name on rows of others, one by one: which of them somebody else gets first doesn't matter to the rest. (DTFx: a conflict ends the pass.)
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
