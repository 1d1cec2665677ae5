package durabletask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/entity"
)

// SignalEntity asks an entity to run an operation and returns as soon as that is stored. An entity that does not exist is made by it. The error is
// ErrInvalidID, a *PayloadError, or, from stores that can tell, ErrInstanceFinished if somebody has terminated the entity.
func (c *Client) SignalEntity(ctx context.Context, id EntityID, operation string, input any, options ...SignalOption) error {
	text, err := encode(input)
	if err != nil {
		return fmt.Errorf("signal %s of %s: %w", operation, excerpt(id.String()), err)
	}
	return c.SignalEntityJSON(ctx, id, operation, text, options...)
}

// SignalEntityJSON is SignalEntity for an input that is JSON text; nil means none.
func (c *Client) SignalEntityJSON(ctx context.Context, id EntityID, operation string, input *string, options ...SignalOption) error {
	target, err := id.entity()
	if err == nil && input != nil && len(*input) > MaxPayload {
		err = &PayloadError{Reason: fmt.Sprintf("an input of %d bytes exceeds the limit of %d", len(*input), MaxPayload)}
	}
	if err == nil {
		s := entity.ClientSignal(dashed(c.newID()), target, operation, input, signalOf(options).due, c.Environment.Now())
		e := &history.EventRaised{Name: s.Event, Input: &s.Input}
		err = c.send(ctx, s.To, e, &e.Header)
	}
	if err != nil {
		return fmt.Errorf("signal %s of %s: %w", operation, excerpt(id.String()), err)
	}
	return nil
}

// dashed writes an identifier as .NET's Guid does.
func dashed(id string) string {
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}

// EntityState is what is known of an entity: as the last batch of operations has left it. What is on its way is not in it.
type EntityState struct {
	ID EntityID
	// State is JSON text; nil if the entity does not exist, or if a query has left it out.
	State  *string
	Exists bool
	// LastOperation is when the last batch of operations was stored.
	LastOperation time.Time
	// QueueSize is how many operations wait in the entity, and LockedBy the instance id of the orchestration that holds its lock, or "".
	QueueSize int
	LockedBy  string
}

// ReadEntity returns the state of an entity, and whether it exists. The error is ErrInvalidID, or a *PayloadError if the state is no S.
func ReadEntity[S any](ctx context.Context, c *Client, id EntityOf[S]) (S, bool, error) {
	var zero S
	e, err := c.Entity(ctx, id.EntityID)
	if err != nil || !e.Exists {
		return zero, false, err
	}
	s, err := decode[S](e.State)
	if err != nil {
		return zero, false, fmt.Errorf("read entity %s: %w", excerpt(id.String()), err)
	}
	return s, true, nil
}

// Entity returns what is known of an entity. One that does not exist has Exists false. The error is ErrInvalidID.
func (c *Client) Entity(ctx context.Context, id EntityID) (*EntityState, error) {
	target, err := id.entity()
	if err != nil {
		return nil, fmt.Errorf("read entity: %w", err)
	}
	s, err := c.backend.Get(ctx, target.InstanceID())
	if errors.Is(err, ErrInstanceNotFound) {
		return &EntityState{ID: EntityID(target)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read entity %s: %w", excerpt(id.String()), err)
	}
	e, err := entityState(s, true)
	if err != nil {
		return nil, fmt.Errorf("read entity %s: %w", excerpt(id.String()), err)
	}
	return e, nil
}

// entityState takes the state of an instance for that of an entity.
func entityState(s *State, fetched bool) (*EntityState, error) {
	id, err := entity.ParseID(s.Instance.ID)
	if err != nil {
		return nil, err
	}
	e := &EntityState{ID: EntityID(id), LastOperation: s.Created}
	var status history.EntityStatus
	if s.CustomStatus != nil {
		if err := json.Unmarshal([]byte(*s.CustomStatus), &status); err != nil {
			return nil, err
		}
	}
	e.Exists, e.QueueSize, e.LockedBy = status.Exists, status.QueueSize, status.LockedBy
	if !fetched {
		return e, nil
	}
	var record history.EntityState
	if s.Input != nil {
		if err := json.Unmarshal([]byte(*s.Input), &record); err != nil {
			return nil, fmt.Errorf("the record can't be read: %w", err)
		}
	}
	e.State, e.Exists = record.State, record.State != nil
	return e, nil
}

// EntityQuery selects entities. The zero value selects all that exist, without their states.
type EntityQuery struct {
	// Name is that of the entities wanted, in any letter case; empty for all.
	Name string
	// From and To are inclusive bounds of LastOperation; zero means none.
	From, To time.Time
	// FetchState reads the states, too.
	FetchState bool
	// IncludeDeleted lists also entities that don't exist any more, and whose records have not been cleaned up.
	IncludeDeleted bool
	// PageSize is the largest number of entities in the answer: 1 to 1,000; 0 means 100.
	PageSize int
	// Token is the Next of the page before; empty asks for the first page.
	Token string
}

// EntityPage is one part of the answer to a query.
type EntityPage struct {
	Entities []*EntityState
	// Next asks for the page that follows; empty on the last.
	Next string
}

// Entities returns a page of the entities that match a query. A page may be short, or empty, although more follow: go on until Next is empty.
func (c *Client) Entities(ctx context.Context, q EntityQuery) (EntityPage, error) {
	prefix := "@"
	if q.Name != "" {
		prefix += strings.ToLower(q.Name) + "@"
	}
	p, err := c.backend.List(ctx, backend.Query{
		Prefix: prefix, CreatedFrom: q.From, CreatedTo: q.To, OmitInput: !q.FetchState, PageSize: q.PageSize, Token: q.Token,
	})
	if err != nil {
		return EntityPage{}, fmt.Errorf("list entities: %w", err)
	}
	page := EntityPage{Next: p.Next}
	for _, s := range p.Instances {
		e, err := entityState(s, q.FetchState)
		if err != nil {
			continue // an instance of another kind, or the record of a newer version: neither is a reason to hide the others
		}
		if e.Exists || q.IncludeDeleted {
			page.Entities = append(page.Entities, e)
		}
	}
	return page, nil
}

// EntityCleaning is what CleanEntities has done.
type EntityCleaning struct {
	// EmptyEntitiesRemoved is the number of records that held nothing any more and have been removed.
	EmptyEntitiesRemoved int
	// OrphanedLocksReleased is the number of locks given back whose owner has ended.
	OrphanedLocksReleased int
}

// CleanEntities removes the records of entities that hold nothing any more, and gives locks back whose owners have ended without doing so. A record
// goes no sooner than half an hour after its last operation, on stores on which a message may be under way for so long.
func (c *Client) CleanEntities(ctx context.Context) (EntityCleaning, error) {
	var done EntityCleaning
	q := EntityQuery{IncludeDeleted: true, FetchState: true}
	for {
		p, err := c.backend.List(ctx, backend.Query{Prefix: "@", Token: q.Token})
		if err != nil {
			return done, fmt.Errorf("clean entities: %w", err)
		}
		for _, s := range p.Instances {
			if err := c.clean(ctx, s, &done); err != nil {
				return done, fmt.Errorf("clean entity %s: %w", excerpt(s.Instance.ID), err)
			}
		}
		if q.Token = p.Next; q.Token == "" {
			return done, nil
		}
	}
}

func (c *Client) clean(ctx context.Context, s *State, done *EntityCleaning) error {
	var record history.EntityState
	if s.Input == nil || s.Status.Terminal() {
		return nil
	}
	if err := json.Unmarshal([]byte(*s.Input), &record); err != nil {
		return nil //nolint:nilerr // a record that can't be read is left alone
	}
	if owner := record.LockedBy; owner != "" {
		var status *history.Status
		state, err := c.backend.Get(ctx, owner)
		if err == nil {
			status = &state.Status
		} else if !errors.Is(err, ErrInstanceNotFound) {
			return err
		}
		if !entity.Orphaned(status) {
			return nil
		}
		release := entity.OrphanRelease(owner)
		done.OrphanedLocksReleased++
		return c.send(ctx, s.Instance.ID, release, &release.Header)
	}
	if !entity.Removable(&record, s.Created, c.Environment.Now(), entity.Options{ReorderWindow: reorderWindow(c.backend, c.ReorderWindow)}) {
		return nil
	}
	err := c.backend.Purge(ctx, s.Instance)
	if errors.Is(err, ErrInstanceNotFound) || errors.Is(err, backend.ErrInstanceRunning) {
		return nil // somebody has got ahead
	}
	if err == nil {
		done.EmptyEntitiesRemoved++
	}
	return err
}
