package durabletask

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// Client starts instances and asks after them. It may be used from many goroutines.
type Client struct {
	backend backend.Client
	app     *App
	ClientOptions

	mu     sync.Mutex
	random *rand.Rand
}

// ClientOptions are the settings of a client. Zero values mean the defaults.
type ClientOptions struct {
	Environment backend.Environment
	// DefaultVersion is the version of instances that are started without one; nil for none.
	DefaultVersion *string
	// ReorderWindow is the worker's; see WorkerOptions.
	ReorderWindow time.Duration
	// ReplaceRunning lets a start replace an instance with the same id that has not ended, as Refuse() does for one start.
	ReplaceRunning bool
}

// NewClient makes a client of a task hub. With an app, only its orchestrators can be started; without one (nil) any name can, for
// programs that start what others run. A worker has a client of its own.
func NewClient(b backend.Client, app *App, o ClientOptions) *Client {
	return &Client{backend: b, app: app, ClientOptions: o, random: o.Environment.Rand("client")}
}

// State is what is known about an instance.
type State = backend.InstanceState

// Status is the state an instance is in.
type Status = history.Status

// The states an instance can be in.
const (
	Pending    = history.Pending
	Running    = history.Running
	Suspended  = history.Suspended
	Completed  = history.Completed
	Failed     = history.Failed
	Terminated = history.Terminated
)

// Query selects instances for Client.List.
type Query = backend.Query

// Page is one part of the answer to a query.
type Page = backend.Page

// Schedule starts an instance of the orchestrator with this name and returns its id without waiting for it.
//
// It returns an error that is ErrNotRegistered (the app has no such orchestrator), ErrInvalidID, a *PayloadError (the input has no JSON form
// or is too large) or an *InstanceExistsError (an instance with the id is still going on; one that has ended is replaced).
func (c *Client) Schedule(ctx context.Context, name string, input any, options ...StartOption) (string, error) {
	text, err := encode(input)
	if err != nil {
		return "", fmt.Errorf("start %q: %w", name, err)
	}
	return c.ScheduleJSON(ctx, name, text, options...)
}

// ScheduleJSON is Schedule for an input that is JSON text already; it is stored as it is. nil means no input.
func (c *Client) ScheduleJSON(ctx context.Context, name string, input *string, options ...StartOption) (string, error) {
	s := start{version: c.DefaultVersion}
	for _, o := range options {
		o.start(&s)
	}
	if err := c.check(name, input, &s); err != nil {
		return "", fmt.Errorf("start %q: %w", name, err)
	}
	now := c.Environment.Now()
	generation := 0
	instance := history.Instance{ID: s.id, ExecutionID: c.newID()}
	if instance.ID == "" {
		instance.ID = c.newID()
	}
	event := &history.ExecutionStarted{
		Header:   history.Header{ID: history.NoID, Time: now, ActivityID: c.newID()},
		Instance: instance, Name: name, Version: s.version, Input: input, Tags: s.tags, ScheduledStart: s.at, Generation: &generation,
		ParentTraceContext: traceOf(ctx),
	}
	creation := backend.Creation{Start: history.Message{Target: instance, Event: event}, Fresh: s.id == ""}
	switch {
	case s.refuse != nil:
		creation.Refuse = *s.refuse
	case !c.ReplaceRunning:
		creation.Refuse = []history.Status{history.Running, history.ContinuedAsNew, history.Pending, history.Suspended}
	}
	if err := c.backend.Create(ctx, creation); err != nil {
		return "", fmt.Errorf("start %q as %q: %w", name, instance.ID, err)
	}
	return instance.ID, nil
}

func (c *Client) check(name string, input *string, s *start) error {
	if strings.TrimSpace(name) == "" || strings.HasPrefix(name, "@") {
		return fmt.Errorf("an orchestrator's name is not blank and doesn't begin with @: %w", ErrNotRegistered)
	}
	if c.app != nil && !s.anyName {
		if _, ok := c.app.Orchestrator(name); !ok {
			return fmt.Errorf("the app has no such orchestrator (it has %s): %w", c.app.orchestratorNames(), ErrNotRegistered)
		}
	}
	if input != nil && len(*input) > MaxPayload {
		return &PayloadError{Reason: fmt.Sprintf("an input of %d bytes exceeds the limit of %d", len(*input), MaxPayload)}
	}
	if s.id != "" && !s.anyID {
		return CheckID(s.id)
	}
	return nil
}

func (a *App) orchestratorNames() string {
	names := make([]string, 0, len(a.orchestrators))
	for _, f := range a.Orchestrators() {
		names = append(names, f.name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// MaxIDLength is how many characters an instance id may have.
const MaxIDLength = 256

// CheckID returns an error that is ErrInvalidID if a text can't be an instance id: if it is blank, longer than 256 characters, begins with @ or
// contains a slash, a backslash, ?, # or a control character (ext: DurableClient.cs).
func CheckID(id string) error {
	var reason string
	switch {
	case strings.TrimSpace(id) == "":
		reason = "it is blank"
	case !utf8.ValidString(id):
		reason = "it is not UTF-8"
	case utf8.RuneCountInString(id) > MaxIDLength:
		reason = fmt.Sprintf("it is longer than %d characters", MaxIDLength)
	case strings.HasPrefix(id, "@"):
		reason = "it begins with @, which is for entities"
	case strings.ContainsAny(id, `/\?#`) || strings.ContainsFunc(id, unicode.IsControl):
		reason = `it contains /, \, ?, # or a control character`
	default:
		return nil
	}
	return fmt.Errorf("%w %s: %s", ErrInvalidID, excerpt(id), reason)
}

// Get returns the state of an instance, or an error that is ErrInstanceNotFound.
func (c *Client) Get(ctx context.Context, instanceID string) (*State, error) {
	s, err := c.backend.Get(ctx, instanceID)
	if err != nil {
		return nil, fmt.Errorf("get instance %s: %w", excerpt(instanceID), err)
	}
	return s, nil
}

// List returns a page of the instances that match a query, in order of their ids. A page may be short although more follow: go on until Next
// is empty.
func (c *Client) List(ctx context.Context, q Query) (Page, error) {
	p, err := c.backend.List(ctx, q)
	if err != nil {
		return Page{}, fmt.Errorf("list instances: %w", err)
	}
	return p, nil
}

// History returns the recorded events of an instance's present execution, or an error that is ErrInstanceNotFound.
func (c *Client) History(ctx context.Context, instanceID string) ([]history.Event, error) {
	events, err := c.backend.History(ctx, instanceID)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", excerpt(instanceID), err)
	}
	return events, nil
}

// Wait waits until an instance has ended and returns its state. The error is ErrInstanceNotFound, or that of the context.
func (c *Client) Wait(ctx context.Context, instanceID string) (*State, error) {
	s, err := c.backend.Wait(ctx, instanceID)
	if err != nil {
		return nil, fmt.Errorf("wait for %s: %w", excerpt(instanceID), err)
	}
	return s, nil
}

// RaiseEvent sends an external event to an instance; it is kept until the orchestrator asks for it. The error is ErrInstanceNotFound,
// ErrInstanceFinished or a *PayloadError.
func (c *Client) RaiseEvent(ctx context.Context, instanceID, name string, v any) error {
	text, err := encode(v)
	if err != nil {
		return fmt.Errorf("raise event %q: %w", name, err)
	}
	return c.RaiseEventJSON(ctx, instanceID, name, text)
}

// RaiseEventJSON is RaiseEvent for JSON text; nil means no data.
func (c *Client) RaiseEventJSON(ctx context.Context, instanceID, name string, data *string) error {
	e := &history.EventRaised{Name: name, Input: data}
	if err := c.send(ctx, instanceID, e, &e.Header); err != nil {
		return fmt.Errorf("raise event %q for %s: %w", name, excerpt(instanceID), err)
	}
	return nil
}

// send delivers an event from outside: it reaches whatever generation the instance is in.
func (c *Client) send(ctx context.Context, instanceID string, e history.Event, h *history.Header) error {
	h.ID, h.Time, h.ActivityID = history.NoID, c.Environment.Now(), c.newID()
	return c.backend.Send(ctx, history.Message{Target: history.Instance{ID: instanceID}, Event: e})
}

// newID makes a random identifier: a version 4 UUID without dashes.
func (c *Client) newID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b [16]byte
	for i := range 2 {
		n := c.random.Uint64()
		for j := range 8 {
			b[8*i+j] = byte(n >> (8 * j))
		}
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return hex.EncodeToString(b[:])
}
