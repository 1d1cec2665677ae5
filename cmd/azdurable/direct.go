package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/extension"
)

// direct is a hub in its store.
type direct struct{ *extension.TaskHub }

func (d *direct) where() string { return "the " + d.Store.Place() }

// alive is false for the embedded store: while we have it open, no app can run.
func (d *direct) alive() bool { return d.Store.Type != extension.StoreLocal }

func (d *direct) close(ctx context.Context) error {
	if err := d.Backend.Stop(ctx); err != nil {
		return fmt.Errorf("close the task hub: %w", err)
	}
	return nil
}

func (d *direct) start(ctx context.Context, s startRequest) (string, error) {
	var options []durabletask.StartOption
	if s.id != "" {
		options = append(options, durabletask.InstanceID(s.id))
	}
	if s.version != nil {
		options = append(options, durabletask.Version(*s.version))
	}
	id, err := d.Client.ScheduleJSON(ctx, s.name, s.input, options...)
	return id, refusal(err, s.id)
}

func (d *direct) list(ctx context.Context, q instanceQuery) (page[*instance], error) {
	var out page[*instance]
	query := durabletask.Query{
		Prefix: q.prefix, CreatedFrom: q.from, CreatedTo: q.to, OmitInput: !q.inputs, AnyOrder: q.anyOrder, PageSize: q.size, Token: q.token,
	}
	for _, name := range q.statuses {
		status, _ := history.ParseStatus(name)
		query.Statuses = append(query.Statuses, status)
	}
	p, err := d.Client.List(ctx, query)
	if errors.Is(err, backend.ErrPageToken) {
		return out, badToken()
	}
	if err != nil {
		return out, refusal(err, "")
	}
	out.next = p.Next
	for _, state := range p.Instances {
		i, err := shown(state)
		if err != nil {
			return out, err
		}
		out.items = append(out.items, i)
	}
	return out, nil
}

// shown is a state as the HTTP API shows it.
func shown(state *durabletask.State) (*instance, error) {
	i := new(instance)
	if err := reshape(bindings.NewStatusPayload(state), i); err != nil {
		return nil, err
	}
	return i, nil
}

// reshape turns a value into another with the same JSON.
func reshape(from, to any) error {
	form, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(form, to)
	}
	if err != nil {
		return fmt.Errorf("show what was read: %w", err)
	}
	return nil
}

func (d *direct) get(ctx context.Context, id string, v view) (*instance, error) {
	state, err := d.Client.Get(ctx, id)
	if err != nil {
		return nil, refusal(err, id)
	}
	if !v.inputs {
		state.Input = nil
	}
	i, err := shown(state)
	if err != nil || !v.history || state.Status == durabletask.Pending {
		return i, err
	}
	events, err := d.Client.History(ctx, id)
	if err != nil {
		return nil, refusal(err, id)
	}
	show := bindings.HistoryView{Outputs: v.outputs, Inputs: v.inputs}
	return i, reshape(show.Show(events), &i.History)
}

func (d *direct) rawHistory(ctx context.Context, id string) ([]json.RawMessage, error) {
	events, err := d.Client.History(ctx, id)
	if err != nil {
		return nil, refusal(err, id)
	}
	lines, err := history.Append(nil, events...)
	if err != nil {
		return nil, fmt.Errorf("show the history: %w", err)
	}
	var raw []json.RawMessage
	for line := range bytes.Lines(lines) {
		raw = append(raw, bytes.TrimSpace(line))
	}
	return raw, nil
}

func (d *direct) raise(ctx context.Context, id, event string, data *string) error {
	return refusal(d.Client.RaiseEventJSON(ctx, id, event, data), id)
}

func (d *direct) control(ctx context.Context, operation, id string, reason *string) error {
	var err error
	switch operation {
	case terminate:
		err = d.Client.Terminate(ctx, id, reason)
	case suspend:
		err = d.Client.Suspend(ctx, id, reason)
	case resume:
		err = d.Client.Resume(ctx, id, reason)
	case rewind:
		err = d.Client.Rewind(ctx, id, reason)
	}
	return refusal(err, id)
}

func (d *direct) restart(ctx context.Context, id string, r restartRequest) (string, error) {
	var options []durabletask.StartOption
	switch {
	case r.same:
		options = append(options, durabletask.AsReceived(), durabletask.InstanceID(id))
	case r.newID != "":
		options = append(options, durabletask.InstanceID(r.newID))
	}
	newID, err := d.Client.Restart(ctx, id, options...)
	return newID, refusal(err, id)
}

func (d *direct) purge(ctx context.Context, id string) error {
	return refusal(d.Client.Purge(ctx, id), id)
}

// purgeBatch is how many instances are purged between two reports.
const purgeBatch = 250

func (d *direct) purgeAll(ctx context.Context, ids []string, done func(n int)) error {
	for batch := range slices.Chunk(ids, purgeBatch) {
		if err := ctx.Err(); err != nil {
			return err //nolint:wrapcheck // the caller's own
		}
		targets := make([]history.Instance, len(batch))
		for n, id := range batch {
			targets[n].ID = id
		}
		n, err := d.Backend.PurgeAll(ctx, targets)
		done(n)
		if err != nil {
			return refusal(err, "")
		}
	}
	return nil
}

func (d *direct) entities(ctx context.Context, q entityQuery) (page[*entity], error) {
	var out page[*entity]
	p, err := d.Client.Entities(ctx, durabletask.EntityQuery{Name: q.name, From: q.from, To: q.to, FetchState: q.states, PageSize: q.size, Token: q.token})
	if err != nil {
		return out, refusal(err, "")
	}
	out.next = p.Next
	for _, found := range p.Entities {
		e := &entity{LastOperation: found.LastOperation}
		e.ID.Name, e.ID.Key = found.ID.Name, found.ID.Key
		if found.State != nil {
			e.State = json.RawMessage(*found.State)
		}
		out.items = append(out.items, e)
	}
	return out, nil
}

func (d *direct) entity(ctx context.Context, id durabletask.EntityID) (json.RawMessage, error) {
	e, err := d.Client.Entity(ctx, id)
	switch {
	case err != nil:
		return nil, refusal(err, id.String())
	case e.State == nil:
		return nil, noEntity(id)
	}
	return json.RawMessage(*e.State), nil
}

func (d *direct) signal(ctx context.Context, id durabletask.EntityID, operation string, input *string) error {
	return refusal(d.Client.SignalEntityJSON(ctx, id, operation, input), id.String())
}

func (d *direct) clean(ctx context.Context) (durabletask.EntityCleaning, error) {
	done, err := d.Client.CleanEntities(ctx)
	return done, refusal(err, "")
}

func (d *direct) describe(ctx context.Context) (*hubInfo, error) {
	found, err := d.Client.HubInfo(ctx)
	if err != nil {
		return nil, refusal(err, "")
	}
	info := &hubInfo{Hub: d.Name, Where: d.where(), Format: found.Format, Poison: &found.Poison, Bytes: found.Bytes, FreeBytes: found.FreeBytes}
	if found.Instances != nil {
		info.Entities, info.Instances = &found.Entities, make(map[string]int)
		for status, n := range found.Instances {
			info.Instances[status.String()] = n
		}
	}
	for _, q := range found.Queues {
		info.Queues = append(info.Queues, queueInfo(q))
	}
	for _, p := range found.Partitions {
		shown := partitionInfo{Name: p.Name, Owner: p.Owner, Next: p.Next}
		if !p.Expires.IsZero() {
			shown.Expires = &p.Expires
		}
		info.Partitions = append(info.Partitions, shown)
	}
	return info, nil
}

func (d *direct) compact(ctx context.Context) (durabletask.Compaction, error) {
	done, err := d.Client.Compact(ctx)
	if errors.Is(err, durabletask.ErrNotCompactable) {
		return done, fail(exitUsage, "a hub in Azure Storage needs no compaction: it gives space back by itself")
	}
	return done, refusal(err, "")
}

func (*direct) removable() error { return nil }

func (d *direct) remove(ctx context.Context) error {
	return refusal(d.Backend.DeleteTaskHub(ctx), "")
}

// refusal gives an error of the client its exit code, and words for people.
func refusal(err error, id string) error {
	_, isPayload := errors.AsType[*durabletask.PayloadError](err)
	notFailed, isNotFailed := errors.AsType[*durabletask.NotFailedError](err)
	exists, isExists := errors.AsType[*durabletask.InstanceExistsError](err)
	state, isState := errors.AsType[*durabletask.StateError](err)
	storage, isStorage := errors.AsType[*account.Error](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, durabletask.ErrInstanceNotFound):
		return noInstance(id)
	case errors.Is(err, durabletask.ErrInstanceFinished):
		return hasEnded(id)
	case errors.Is(err, durabletask.ErrInstanceRunning):
		return stillRunning("the instance '" + visible(id) + "' has not ended")
	case isNotFailed:
		return notRewound(notFailed.Error())
	case isExists:
		return alreadyThere(exists.InstanceID, exists.Error())
	case isState && state.Status.Terminal():
		return hasEnded(id)
	case isState:
		return &exitError{exitState, state}
	case isPayload, errors.Is(err, durabletask.ErrInvalidID), errors.Is(err, durabletask.ErrNotRegistered):
		return &exitError{exitUsage, err}
	case isStorage && (storage.Status == 401 || storage.Status == 403):
		return &exitError{exitAccess, err}
	case isStorage && storage.Status == 0 && !errors.Is(err, context.Canceled):
		return &exitError{exitUnreachable, err}
	default:
		return err
	}
}
