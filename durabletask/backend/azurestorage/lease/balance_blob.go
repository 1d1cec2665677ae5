package lease

import (
	"slices"
	"strings"
)

// wanted returns the leases that a worker takes of those that it saw, in order: the free ones it still needs, or else one of the worker that has most.
//
// DTFx: LeaseCollectionBalancer.TakeLeasesAsync.
func wanted(seen []seenLease, me string, gone func(string) bool) []seenLease {
	var free []seenLease
	counts := []ownerCount{{worker: me}}
	for _, s := range seen {
		if !s.ours(me) && s.free(gone) {
			free = append(free, s)
			continue
		}
		i := slices.IndexFunc(counts, func(c ownerCount) bool { return strings.EqualFold(c.worker, s.owner()) })
		if i < 0 {
			i = len(counts)
			counts = append(counts, ownerCount{worker: s.owner()})
		}
		counts[i].leases = append(counts[i].leases, s)
	}
	target := 1
	if workers := len(counts); len(seen) > workers {
		target = (len(seen) + workers - 1) / workers
	}
	needed := target - len(counts[0].leases)
	switch {
	case needed <= 0:
		return nil
	case len(free) > 0:
		return free[:min(needed, len(free))]
	case len(counts) == 1:
		return nil
	}
	most := slices.MaxFunc(counts[1:], func(a, b ownerCount) int { return len(a.leases) - len(b.leases) })
	limit := target
	if needed > 1 {
		limit--
	}
	if len(most.leases) <= limit {
		return nil
	}
	return most.leases[:1]
}

// ownerCount is a worker and what it has.
type ownerCount struct {
	worker string
	leases []seenLease
}
