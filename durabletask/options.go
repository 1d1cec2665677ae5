package durabletask

import (
	"maps"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// CallOption is a property of one call of an activity.
type CallOption interface{ call(*call) }

// ChildOption is a property of one start of a child orchestration.
type ChildOption interface{ child(*call) }

// StartOption is a property of one start of an instance by a client.
type StartOption interface{ start(*start) }

// call is what the options of a call say.
type call struct {
	replay.Call
	retry *RetryPolicy
}

// start is what the options of a start say.
type start struct {
	id             string
	version        *string
	tags           map[string]string
	at             time.Time
	refuse         *[]Status
	anyID, anyName bool
}

// schedule makes the call, with its retries.
func (c *call) schedule(x *replay.Execution, app *App, once func(replay.Call) *replay.Task) *replay.Task {
	if c.retry == nil {
		return once(c.Call)
	}
	return x.WithRetry(c.Name, c.retry.rules(app, c.Name), func() *replay.Task { return once(c.Call) })
}

type inline struct{}

func (inline) call(c *call) { c.Inline = true }

// Inline runs a short activity at once in the worker that has the orchestration, instead of sending it to any worker that has room:
// its result is there a few microseconds later, and several such steps are committed together. After a crash the steps since
// the last commit run again.
var Inline CallOption = inline{} //nolint:gochecknoglobals // a constant, if Go had such

// InstanceID gives an instance its id. Without it that of a started instance is random, and that of a child is derived from its parent's.
// See CheckID for what an id may look like.
type InstanceID string

func (id InstanceID) start(s *start) { s.id = string(id) }
func (id InstanceID) child(c *call)  { c.InstanceID = string(id) }

// Version is the version of the code that an instance asks for; see Context.Version and WorkerOptions.Version.
type Version string

func (v Version) start(s *start)              { s.version = (*string)(&v) }
func (v Version) child(c *call)               { c.Version = (*string)(&v) }
func (v Version) next(c *replay.Continuation) { c.Version = (*string)(&v) }

// Tags are labels of an instance, which its children inherit, or of an activity.
type Tags map[string]string

func (t Tags) start(s *start) { s.tags = t }
func (t Tags) child(c *call)  { c.Tags = merge(c.Tags, t) }
func (t Tags) call(c *call)   { c.Tags = merge(c.Tags, t) }

func merge(into, from map[string]string) map[string]string {
	merged := make(map[string]string, len(into)+len(from))
	maps.Copy(merged, into)
	maps.Copy(merged, from)
	return merged
}

type detached struct{}

func (detached) child(c *call) { c.Tags = merge(c.Tags, Tags{history.FireAndForget: ""}) }

// Detached starts a child without waiting for it: its task is done at once, with the zero value, and how the child ends is not reported.
var Detached ChildOption = detached{} //nolint:gochecknoglobals // a constant, if Go had such

type startFunc func(*start)

func (f startFunc) start(s *start) { f(s) }

// StartAt delays the first episode of an instance; until then it is Pending. Terminating it before that ends it at once.
func StartAt(t time.Time) StartOption { return startFunc(func(s *start) { s.at = t.UTC() }) }

// Refuse lists the states in which an existing instance with the same id makes the start fail. The default is every state in which it has not
// ended; an empty list replaces even a running instance.
func Refuse(states ...Status) StartOption {
	return startFunc(func(s *start) { s.refuse = &states })
}

// AsReceived starts an instance whose name and id come from outside, as the management API of the Durable Functions extension does: any name
// goes (an instance without code fails and says so), and so does every id that storage can keep.
func AsReceived() StartOption {
	return startFunc(func(s *start) { s.anyID, s.anyName = true, true })
}
