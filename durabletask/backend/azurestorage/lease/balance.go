package lease

import (
	"slices"
	"time"
)

// look is what a pass of the table manager knows when it decides.
type look struct {
	me       string
	now      time.Time // by the service's clock
	lease    time.Duration
	stopping bool
	gone     func(worker string) bool
	// asked reports whether a drain was asked for, drained whether there is nothing to be drained any more.
	asked, drained func(partition string) bool
}

// plan is what a pass does.
type plan struct {
	// drain are our partitions to be drained because somebody wants them.
	drain []string
	// own are new versions of our rows: renewed, marked as draining, or released. They are written first, all at once.
	own []partitionRow
	// others are rows that we claim or put our name on.
	others []partitionRow
	// waiting means that a partition is on its way to us, alone that all are ours and nobody wants one.
	waiting, alone bool
	// expires is when the first of the leases of others ends, unless it is renewed; zero if there are none.
	expires time.Time
}

// decide says what to do about the rows, which are in the order of their names.
//
// DTFx: TablePartitionManager.TableLeaseManager.ReadAndWriteTableAsync.
// Differs from DTFx: a claim, too, is only of what nobody has; the draining mark is written once; we neither receive before a claim nor after a drain.
func decide(rows []partitionRow, l look) plan {
	p := plan{alone: len(rows) > 0}
	mine := 0
	var share shares
	for _, r := range rows {
		switch {
		case r.owner == l.me:
			p.ours(r, l)
			if r.next == "" {
				mine++
			}
			p.alone = p.alone && r.next == "" && !l.asked(r.name)
			continue
		case l.stopping:
			p.alone = false
			continue
		case l.free(r):
			r.claim(l.me, l.now, l.lease)
			p.others = append(p.others, r)
			mine++
			continue
		}
		p.alone = false
		if end := r.ends(l.lease); p.expires.IsZero() || end.Before(p.expires) {
			p.expires = end
		}
		switch {
		case r.next == l.me:
			mine++
			p.waiting = true
		case r.next != "":
			share.add(r.next, nil)
		case r.draining: // its owner is about to stop
			r.next = l.me
			p.others = append(p.others, r)
			mine++
			p.waiting = true
		default:
			share.add(r.owner, &r)
		}
	}
	if stolen := share.take(len(rows), mine); len(stolen) > 0 && !l.stopping {
		for _, r := range stolen {
			r.next = l.me
			p.others = append(p.others, r)
		}
		p.waiting = true
	}
	return p
}

// free reports whether anybody may claim the row, or we.
func (l *look) free(r partitionRow) bool {
	switch {
	case r.owner == "" && (r.next == "" || r.next == l.me):
		return true
	case !l.now.Before(r.ends(l.lease)):
		return true
	case r.owner == "":
		return l.gone(r.next)
	default:
		return l.gone(r.owner)
	}
}

// ours decides about a row of ours.
func (p *plan) ours(r partitionRow, l look) {
	asked := l.asked(r.name) // then it has to be released, and claimed again if nobody wants it any more
	if r.next != "" && !asked && l.gone(r.next) {
		r.next = "" // who wanted it is no more
	}
	if !l.stopping && !asked && r.next == "" {
		r.draining = false // left by a stop of ours that did not end
		r.renew(l.now, l.lease)
		p.own = append(p.own, r)
		return
	}
	p.drain = append(p.drain, r.name)
	if l.drained(r.name) {
		r.release()
	} else {
		r.draining = true
		r.renew(l.now, l.lease)
	}
	p.own = append(p.own, r)
}

// shares are the other workers and the rows that can be taken from each, in the order in which they were met.
type shares []share

type share struct {
	worker string
	count  int
	rows   []partitionRow
}

func (s *shares) add(worker string, r *partitionRow) {
	i := slices.IndexFunc(*s, func(o share) bool { return o.worker == worker })
	if i < 0 {
		i = len(*s)
		*s = append(*s, share{worker: worker})
	}
	(*s)[i].count++
	if r != nil {
		(*s)[i].rows = append((*s)[i].rows, *r)
	}
}

// take returns the rows to take from others so that all have about the same number.
//
// DTFx: TablePartitionManager.TableLeaseManager.BalanceLeasesAsync.
func (s *shares) take(rows, mine int) []partitionRow {
	if len(*s) == 0 {
		return nil
	}
	average := rows / (len(*s) + 1)
	var taken []partitionRow
	for _, other := range *s {
		want, excess := average-mine, other.count-average
		if want < 0 {
			break
		}
		if excess <= 0 {
			continue
		}
		if want == 0 && excess > 1 {
			want = 1
		}
		n := min(want, excess, len(other.rows))
		taken = append(taken, other.rows[:n]...)
		mine += n
	}
	return taken
}
