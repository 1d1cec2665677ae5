package lease

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
)

// reference is a worker that treats the partitions table as the reference's table manager does, by its description: its own clock, one write for each row, a pass every
// 10 s, or every second while a partition is on its way. What it receives without owning it (a quirk) is not counted.
type reference struct {
	*worker
	table    *partitionTable
	stopping bool
	drained  map[string]bool
	cancel   context.CancelFunc
	done     chan struct{}
}

func (w *world) reference(name string, options ...option) *reference {
	w.t.Helper()
	r := &reference{worker: w.worker(name, options...), drained: map[string]bool{}, done: make(chan struct{})}
	r.table = r.owners.(*partitionTable)
	if err := r.owners.EnsureCreated(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go r.loop(ctx)
	w.t.Cleanup(func() { cancel(); <-r.done })
	return r
}

// leave stops it as a clean stop does.
func (r *reference) leave() {
	r.w.mu.Lock()
	r.stopping = true
	r.w.mu.Unlock()
	<-r.done
}

func (r *reference) loop(ctx context.Context) {
	defer close(r.done)
	for ctx.Err() == nil {
		r.w.mu.Lock()
		stopping := r.stopping
		r.w.mu.Unlock()
		waiting, err := r.pass(ctx, stopping)
		if stopping && err == nil && r.has() == "" {
			return
		}
		d := 10 * time.Second
		if waiting || stopping {
			d = time.Second
		}
		for i := time.Duration(0); i < d && err == nil && ctx.Err() == nil; i += time.Second {
			pause(ctx, time.Second, nil)
			r.w.mu.Lock()
			woken := r.stopping && !stopping
			r.w.mu.Unlock()
			if woken {
				break
			}
		}
	}
}

func (r *reference) pass(ctx context.Context, stopping bool) (waiting bool, err error) {
	rows, err := r.table.read(ctx)
	if err != nil {
		return false, err
	}
	const lease = 30 * time.Second
	me, now, mine := r.name, r.clock.Now(), 0
	others := map[string][]partitionRow{}
	var order []string
	count := func(worker string, row partitionRow) {
		if !slices.Contains(order, worker) {
			order = append(order, worker)
		}
		others[worker] = append(others[worker], row)
	}
	for _, row := range rows {
		if r.received(row.name) && row.owner != me {
			r.gone(row.name)
		}
		switch {
		case !stopping && (row.owner == "" && row.next == "" || !now.Before(row.expires) || row.owner == "" && row.next == me):
			row.claim(me, now, lease)
			mine++
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
			r.drained[row.name] = false
			r.claimed(row.name)
		case row.owner != me && row.next == me:
			mine++
			waiting = true
		case row.owner != me && row.next == "" && row.draining && !stopping:
			row.next = me
			waiting = true
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
		case row.owner != me && row.next == "":
			count(row.owner, row)
		case row.owner != me:
			count(row.next, row)
		case row.next == "" && !stopping:
			mine++
			row.renew(now, lease)
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
			if !r.received(row.name) {
				r.claimed(row.name)
			}
		case !r.drained[row.name]:
			waiting = true
			row.draining = true
			row.renew(now, lease)
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
			r.gone(row.name)
			r.drained[row.name] = true
		default:
			row.release()
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
		}
	}
	average := len(rows) / (len(order) + 1)
	for _, worker := range order {
		want, excess := average-mine, len(others[worker])-average
		if stopping || want < 0 {
			break
		}
		if want == 0 && excess > 1 {
			want = 1
		}
		for _, row := range others[worker][:max(0, min(want, excess))] {
			row.next = me
			waiting = true
			mine++
			if err := r.store(ctx, row); err != nil {
				return false, err
			}
		}
	}
	return waiting, nil
}

func (r *reference) store(ctx context.Context, row partitionRow) error {
	op := row.write()
	op.Action = account.Replace
	_, err := r.table.table.Write(ctx, op)
	return err
}

func (r *reference) received(partition string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mine[partition] == "received"
}

func (r *reference) claimed(partition string) {
	if r.received(partition) {
		return
	}
	r.Acquired(partition)
}

func TestTableSharedWithTheReference(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"right clock": 0, "our clock ahead": 10 * time.Minute, "our clock behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, Table, func(_ *testing.T, w *world) {
				n := w.reference("net")
				after(5 * time.Second)
				w.expect(map[*worker]string{n.worker: "00 01 02 03"})
				a := w.run("a", skewed(skew))
				after(30 * time.Second)
				w.spread([]int{2, 2}, n.worker, a)
				m := w.reference("net2")
				after(60 * time.Second)
				w.spread([]int{1, 1, 2}, n.worker, a, m.worker)
				a.stop()
				after(30 * time.Second)
				w.spread([]int{2, 2}, n.worker, m.worker)
				b := w.run("b", skewed(skew), drainsIn(3*time.Second))
				after(60 * time.Second)
				w.spread([]int{1, 1, 2}, n.worker, b, m.worker)
				n.leave()
				m.cancel() // killed
				<-m.done
				w.mu.Lock()
				for partition, holder := range w.holder {
					if holder == "net2" {
						w.holder[partition] = ""
					}
				}
				w.mu.Unlock()
				after(60 * time.Second)
				w.expect(map[*worker]string{b: "00 01 02 03"})
			})
		})
	}
}
