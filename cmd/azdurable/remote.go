package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// remote is a hub behind the HTTP API of a running app.
type remote struct {
	base   *url.URL // with the path of the API, without a slash at its end
	key    string
	hub    string // empty for the app's
	found  bool   // nobody gave the address
	client *http.Client
}

func (r *remote) where() string { return "the app at " + r.base.String() }

func (r *remote) alive() bool { return true }

func (r *remote) close(context.Context) error {
	r.client.CloseIdleConnections()
	return nil
}

func (r *remote) start(ctx context.Context, s startRequest) (string, error) {
	path := []string{"orchestrators", s.name}
	if s.id != "" {
		path = append(path, s.id)
	}
	q := url.Values{}
	if s.version != nil {
		q.Set("version", *s.version)
	}
	a, err := r.send(ctx, http.MethodPost, path, q, s.input)
	if err != nil {
		return "", err
	}
	switch a.status {
	case http.StatusAccepted:
		return a.newID()
	case http.StatusConflict:
		return "", alreadyThere(s.id, a.message())
	}
	return "", r.unexpected(a)
}

func (r *remote) list(ctx context.Context, q instanceQuery) (page[*instance], error) {
	v := url.Values{"showInput": {strconv.FormatBool(q.inputs)}}
	set(v, "instanceIdPrefix", q.prefix)
	setTime(v, "createdTimeFrom", q.from)
	setTime(v, "createdTimeTo", q.to)
	set(v, "runtimeStatus", strings.Join(q.statuses, ","))
	return readPage[*instance](ctx, r, []string{"instances"}, v, q.size, q.token)
}

// readPage reads one page of a list.
func readPage[T any](ctx context.Context, r *remote, path []string, v url.Values, size int, token string) (page[T], error) {
	var p page[T]
	v.Set("top", strconv.Itoa(size))
	a, err := r.sendToken(ctx, path, v, token)
	if err != nil {
		return p, err
	}
	if a.status != http.StatusOK {
		return p, r.unexpected(a)
	}
	if err := a.read(&p.items); err != nil {
		return p, err
	}
	p.next = a.token
	return p, nil
}

func (r *remote) get(ctx context.Context, id string, v view) (*instance, error) {
	q := url.Values{"showInput": {strconv.FormatBool(v.inputs)}}
	if v.history {
		q.Set("showHistory", "true")
		q.Set("showHistoryOutput", strconv.FormatBool(v.outputs))
	}
	a, err := r.send(ctx, http.MethodGet, []string{"instances", id}, q, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case a.missing():
		return nil, noInstance(id)
	case a.status != http.StatusOK && a.status != http.StatusAccepted:
		return nil, r.unexpected(a)
	}
	i := new(instance)
	return i, a.read(i)
}

func (*remote) rawHistory(context.Context, string) ([]json.RawMessage, error) {
	return nil, notOverHTTP("the raw history")
}

func (r *remote) raise(ctx context.Context, id, event string, data *string) error {
	if data == nil {
		data = new("null")
	}
	a, err := r.send(ctx, http.MethodPost, []string{"instances", id, "raiseEvent", event}, nil, data)
	if err != nil {
		return err
	}
	return r.accepted(a, id)
}

func (r *remote) control(ctx context.Context, operation, id string, reason *string) error {
	q := url.Values{}
	if reason != nil {
		q.Set("reason", *reason)
	}
	a, err := r.send(ctx, http.MethodPost, []string{"instances", id, operation}, q, nil)
	switch {
	case err != nil:
		return err
	case operation == rewind && a.status == http.StatusPreconditionFailed:
		return notRewound(a.message())
	case operation == rewind && a.status == http.StatusNotFound:
		return noInstance(id) // the only 404 with a body
	}
	return r.accepted(a, id)
}

// accepted reads the answer to a message for an instance.
func (r *remote) accepted(a *answer, id string) error {
	switch {
	case a.status == http.StatusAccepted || a.status == http.StatusOK:
		return nil
	case a.missing():
		return noInstance(id)
	case a.status == http.StatusGone:
		return hasEnded(id)
	case a.status == http.StatusInternalServerError && strings.HasSuffix(a.failure.ExceptionType, "InvalidOperationException"):
		return fail(exitState, "%s", a.message())
	}
	return r.unexpected(a)
}

func (r *remote) restart(ctx context.Context, id string, to restartRequest) (string, error) {
	operation, q := "restart", url.Values{"restartWithNewInstanceId": {strconv.FormatBool(!to.same)}}
	if to.newID != "" {
		operation, q = "restartWithOptions", url.Values{"newInstanceId": {to.newID}}
	}
	a, err := r.send(ctx, http.MethodPost, []string{"instances", id, operation}, q, nil)
	switch {
	case err != nil:
		return "", err
	case a.status == http.StatusAccepted:
		return a.newID()
	case a.status == http.StatusBadRequest && strings.Contains(a.message(), "No instance with ID"):
		return "", noInstance(id)
	case a.status == http.StatusConflict:
		return "", alreadyThere(cmp.Or(to.newID, id), a.message())
	case a.missing():
		return "", fail(exitFailed, "the app can't restart under a chosen id: it is of a version that doesn't know how. Leave --new-id out")
	}
	return "", r.unexpected(a)
}

func (r *remote) purge(ctx context.Context, id string) error {
	a, err := r.send(ctx, http.MethodDelete, []string{"instances", id}, nil, nil)
	switch {
	case err != nil:
		return err
	case a.status == http.StatusOK:
		return nil
	case a.missing():
		return noInstance(id)
	case a.status == http.StatusPreconditionFailed:
		return stillRunning(a.message())
	}
	return r.unexpected(a)
}

func (r *remote) entities(ctx context.Context, q entityQuery) (page[*entity], error) {
	path, v := []string{"entities"}, url.Values{"fetchState": {strconv.FormatBool(q.states)}}
	if q.name != "" {
		path = append(path, q.name)
	}
	setTime(v, "lastOperationTimeFrom", q.from)
	setTime(v, "lastOperationTimeTo", q.to)
	return readPage[*entity](ctx, r, path, v, q.size, q.token)
}

func (r *remote) entity(ctx context.Context, id durabletask.EntityID) (json.RawMessage, error) {
	key := id.Key
	if key == "" {
		key = "$"
	}
	a, err := r.send(ctx, http.MethodGet, []string{"entities", id.Name, key}, nil, nil)
	switch {
	case err != nil:
		return nil, err
	case a.missing():
		return nil, noEntity(id)
	case a.status != http.StatusOK:
		return nil, r.unexpected(a)
	}
	return a.body, nil
}

func (r *remote) signal(ctx context.Context, id durabletask.EntityID, operation string, input *string) error {
	path := []string{"entities", id.Name}
	if id.Key != "" {
		path = append(path, id.Key)
	}
	a, err := r.send(ctx, http.MethodPost, path, url.Values{"op": {operation}}, input)
	switch {
	case err != nil:
		return err
	case a.status == http.StatusAccepted:
		return nil
	}
	return r.unexpected(a)
}

func (*remote) clean(context.Context) (done durabletask.EntityCleaning, err error) {
	return done, notOverHTTP("cleaning up entities")
}

func (r *remote) describe(ctx context.Context) (*hubInfo, error) {
	_, err := r.list(ctx, instanceQuery{size: 1}) // so that an address where nobody is does not pass for a hub
	return &hubInfo{Hub: r.hub, Where: r.where()}, err
}

func (*remote) compact(context.Context) (done durabletask.Compaction, err error) {
	return done, notOverHTTP("compacting a task hub")
}

func (*remote) removable() error { return notOverHTTP("deleting a task hub") }

func (r *remote) remove(context.Context) error { return r.removable() }

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func setTime(v url.Values, name string, t time.Time) {
	if !t.IsZero() {
		v.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}
