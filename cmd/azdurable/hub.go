package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// hub is a task hub as commands see it: behind the HTTP API of a running app, or in its store. Errors have exit codes and say what to do next.
type hub interface {
	// where says where the hub is, without secrets.
	where() string
	// alive reports whether somebody may be working on the hub, so that it is worth waiting for what was sent.
	alive() bool

	start(ctx context.Context, s startRequest) (id string, err error)
	list(ctx context.Context, q instanceQuery) (page[*instance], error)
	get(ctx context.Context, id string, v view) (*instance, error)
	rawHistory(ctx context.Context, id string) ([]json.RawMessage, error)
	raise(ctx context.Context, id, event string, data *string) error
	control(ctx context.Context, operation, id string, reason *string) error
	restart(ctx context.Context, id string, r restartRequest) (newID string, err error)
	purge(ctx context.Context, id string) error
	// purgeAll removes many instances and leaves out those that are gone or have not ended. It tells done of each part that it has removed.
	purgeAll(ctx context.Context, ids []string, done func(n int)) error

	entities(ctx context.Context, q entityQuery) (page[*entity], error)
	entity(ctx context.Context, id durabletask.EntityID) (state json.RawMessage, err error)
	signal(ctx context.Context, id durabletask.EntityID, operation string, input *string) error
	clean(ctx context.Context) (durabletask.EntityCleaning, error)

	poison(ctx context.Context, size int, token string) (page[*poisoned], error)
	poisonMessage(ctx context.Context, id string) (*poisoned, error)
	replayPoison(ctx context.Context, id string) error
	dropPoison(ctx context.Context, id string) error

	compact(ctx context.Context) (durabletask.Compaction, error)
	describe(ctx context.Context) (*hubInfo, error)
	// removable returns an error if the hub can't be removed from here.
	removable() error
	remove(ctx context.Context) error
	close(ctx context.Context) error
}

// The operations of hub.control, as the HTTP API calls them.
const (
	terminate = "terminate"
	suspend   = "suspend"
	resume    = "resume"
	rewind    = "rewind"
)

// instance is what is known of an instance. Its JSON is that of the HTTP API.
type instance struct {
	Name          string            `json:"name"`
	Version       string            `json:"version,omitempty"`
	InstanceID    string            `json:"instanceId"`
	RuntimeStatus string            `json:"runtimeStatus"`
	Input         json.RawMessage   `json:"input"`
	CustomStatus  json.RawMessage   `json:"customStatus"`
	Output        json.RawMessage   `json:"output"`
	Created       time.Time         `json:"createdTime"`
	Updated       time.Time         `json:"lastUpdatedTime"`
	History       []json.RawMessage `json:"historyEvents,omitempty"`
}

// terminal reports whether the instance has ended.
func (i *instance) terminal() bool {
	switch i.RuntimeStatus {
	case "Completed", "Failed", "Terminated", "Canceled":
		return true
	}
	return false
}

// startRequest says what to start; an empty id means a random one, a nil version the app's default.
type startRequest struct {
	name, id       string
	version, input *string
}

// restartRequest says under which id to restart: the same, a given one, or a random one.
type restartRequest struct {
	same  bool
	newID string
}

// view says what of an instance to read besides its state.
type view struct{ history, outputs, inputs bool }

// instanceQuery selects instances. Bounds are inclusive; zero values are none.
type instanceQuery struct {
	prefix   string
	statuses []string
	from, to time.Time
	inputs   bool
	anyOrder bool // whichever costs least
	size     int
	token    string
}

// page is one part of the answer to a query; next asks for the one behind it, and is empty on the last.
type page[T any] struct {
	items []T
	next  string
}

// entity is an entity in the answer to a query. Its JSON is that of the HTTP API.
type entity struct {
	ID struct {
		Name string `json:"name"`
		Key  string `json:"key"`
	} `json:"entityId"`
	LastOperation time.Time       `json:"lastOperationTime"`
	State         json.RawMessage `json:"state"`
}

// entityQuery selects entities.
type entityQuery struct {
	name     string
	from, to time.Time
	states   bool
	size     int
	token    string
}
