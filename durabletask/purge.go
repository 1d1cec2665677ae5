package durabletask

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// ErrInstanceRunning means that an instance has not ended, so that it can't be purged.
var ErrInstanceRunning = backend.ErrInstanceRunning

// Purge removes an instance that has ended, with all that is kept of it; nothing of other instances, whatever their ids are like. It removes an entity in
// whatever state. The error is ErrInstanceNotFound or ErrInstanceRunning.
func (c *Client) Purge(ctx context.Context, instanceID string) error {
	if err := c.backend.Purge(ctx, history.Instance{ID: instanceID}); err != nil {
		return fmt.Errorf("purge %s: %w", excerpt(instanceID), err)
	}
	return nil
}

// PurgeFilter selects the instances to purge. Those that have not ended, and entities, are never among them.
type PurgeFilter struct {
	// CreatedFrom and CreatedTo are inclusive bounds; zero means none.
	CreatedFrom, CreatedTo time.Time
	// EndedTo is an inclusive bound of when they ended; zero means none.
	EndedTo time.Time
	// Statuses lists the states wanted, of Completed, Failed, Terminated and Canceled; empty means all of these.
	Statuses []Status
}

// PurgeProgress says how far PurgeMany has come.
type PurgeProgress struct {
	// Purged is how many instances have been removed, Seen how many have been looked at.
	Purged, Seen int
}

// purgeBatch is how many instances are purged between two reports.
const purgeBatch = 250

// PurgeMany removes all instances that match and returns how many there were, also if it ends early: with the first error, or with ctx. It can be
// called again to go on. progress, if there is one, is called after each batch of a few hundred; while it runs, nothing is purged.
func (c *Client) PurgeMany(ctx context.Context, f PurgeFilter, progress ...func(PurgeProgress)) (int, error) {
	var p PurgeProgress
	q, more := f.query()
	for more {
		if err := ctx.Err(); err != nil {
			return p.Purged, fmt.Errorf("purge instances: %w", err)
		}
		page, err := c.List(ctx, q)
		if err != nil {
			return p.Purged, fmt.Errorf("purge instances: %w", err)
		}
		var targets []history.Instance
		for _, s := range page.Instances {
			if f.takes(s) {
				targets = append(targets, s.Instance)
			}
		}
		purged, err := c.backend.PurgeAll(ctx, targets)
		p.Purged += purged
		if err != nil {
			return p.Purged, fmt.Errorf("purge instances: %w", err)
		}
		p.Seen += len(page.Instances)
		for _, report := range progress {
			report(p)
		}
		q.Token = page.Next
		more = q.Token != ""
	}
	return p.Purged, nil
}

// query asks for what may match, or reports that nothing can.
func (f *PurgeFilter) query() (q Query, possible bool) {
	q = Query{CreatedFrom: f.CreatedFrom, CreatedTo: f.CreatedTo, OmitInput: true, AnyOrder: true, PageSize: purgeBatch}
	if ended := f.EndedTo; !ended.IsZero() && (q.CreatedTo.IsZero() || ended.Before(q.CreatedTo)) {
		q.CreatedTo = ended // what ended by then had begun by then
	}
	for _, s := range []Status{Completed, Failed, Terminated, history.Canceled} {
		if len(f.Statuses) == 0 || slices.Contains(f.Statuses, s) {
			q.Statuses = append(q.Statuses, s)
		}
	}
	return q, len(q.Statuses) > 0 // else all are states that are not those of an end
}

// takes decides about what the query cannot ask for.
func (f *PurgeFilter) takes(s *State) bool {
	ended := s.Completed
	if ended.IsZero() { // written by somebody who doesn't say
		ended = s.Updated
	}
	return !history.IsEntity(s.Instance.ID) && (f.EndedTo.IsZero() || !ended.After(f.EndedTo))
}
