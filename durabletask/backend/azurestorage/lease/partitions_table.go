package lease

import (
	"context"
	"fmt"
	"log/slog"
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
// Differs from DTFx: all rows of ours are renewed in one transaction; while all are ours they are not even read, because a row that somebody
// else has written refuses the renewal, and a pass comes a little more seldom.
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
