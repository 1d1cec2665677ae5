package recorded

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Counter is the entity of the recorded app: its state is any JSON.
type Counter struct{ json.RawMessage }

// Counters is the entity's definition.
var Counters = durabletask.NewEntity[Counter](durabletask.Named("Counter"))

func (c *Counter) set(v any) (json.RawMessage, error) {
	encoded, err := json.Marshal(v)
	c.RawMessage = encoded
	return encoded, err
}

// Add adds to a number.
func (c *Counter) Add(_ durabletask.EntityContext, n int) (json.RawMessage, error) {
	value := 0
	if c.RawMessage != nil {
		if err := json.Unmarshal(c.RawMessage, &value); err != nil {
			return nil, err
		}
	}
	return c.set(value + n)
}

// Get returns the state.
func (c Counter) Get(durabletask.EntityContext, none) (json.RawMessage, error) {
	return c.RawMessage, nil
}

// Reset makes the state 0.
func (c *Counter) Reset(durabletask.EntityContext, none) (json.RawMessage, error) { return c.set(0) }

// Text makes the state a text.
func (c *Counter) Text(durabletask.EntityContext, none) (json.RawMessage, error) {
	return c.set("text state")
}

// Setnull makes the state null.
func (c *Counter) Setnull(durabletask.EntityContext, none) (json.RawMessage, error) {
	return c.set(nil)
}

// Obj makes the state an object.
func (c *Counter) Obj(durabletask.EntityContext, none) (json.RawMessage, error) {
	return c.set(text(`{"Amount":1.5,"Currency":"X","Nested":null,"When":null,"Parts":null}`))
}

// Input makes the state show the input.
func (c *Counter) Input(_ durabletask.EntityContext, in json.RawMessage) (json.RawMessage, error) {
	return c.set(map[string]text{"got": in})
}

// Fail changes the state and fails.
func (c *Counter) Fail(durabletask.EntityContext, none) (json.RawMessage, error) {
	_, err := c.set(999)
	return nil, errors.Join(err, errBoom)
}

// Startorch starts an orchestration and returns its id.
func (*Counter) Startorch(ctx durabletask.EntityContext, _ none) (string, error) {
	return echo.StartFrom(ctx, text(`{"from":`+quoted(ctx.ID().Key)+`}`))
}

// Startorchid starts an orchestration with the id that is asked for.
func (*Counter) Startorchid(ctx durabletask.EntityContext, id string) (string, error) {
	return echo.StartFrom(ctx, text("1"), durabletask.InstanceID(id))
}

// Signalother sends two signals to another counter.
func (*Counter) Signalother(ctx durabletask.EntityContext, key string) (durabletask.None, error) {
	return none{}, errors.Join(
		durabletask.SignalEntity(ctx, Counters.ID(key), (*Counter).Add, 1), durabletask.SignalEntity(ctx, Counters.ID(key), (*Counter).Add, 2))
}

// Signaldelayed sends a signal for later to another counter.
func (*Counter) Signaldelayed(ctx durabletask.EntityContext, key string) (durabletask.None, error) {
	at := durabletask.SignalAt(time.Now().Add(2 * time.Second))
	return none{}, durabletask.SignalEntity(ctx, Counters.ID(key), (*Counter).Add, 50, at)
}

// MarshalJSON stands in for that of RawMessage, which an empty one does not have.
func (c Counter) MarshalJSON() ([]byte, error) {
	if c.RawMessage == nil {
		return []byte("null"), nil
	}
	return c.RawMessage, nil
}

// errBoom is the failure of all entities of the recorded app.
var errBoom = durabletask.ErrorKind("System.InvalidOperationException").New("entity boom")

func quoted(s string) string {
	encoded, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(encoded)
}

// thrower is an entity whose operations fail.
type thrower struct{ Value int }

var throwers = durabletask.NewEntity[thrower](durabletask.Named("Thrower"))

func (t *thrower) Throw(durabletask.EntityContext, text) (none, error) {
	t.Value = 1
	return none{}, errBoom
}

func (*thrower) Throwcustom(durabletask.EntityContext, text) (none, error) {
	return none{}, durabletask.ErrorKind("CustomEx").New("Exception of type 'CustomEx' was thrown.")
}

func (*thrower) Nosuchop(durabletask.EntityContext, text) (none, error) {
	return none{}, durabletask.ErrorKind("System.NotSupportedException").New("Specified method is not supported.")
}

// classCounter is the entity that was a class in the recorded app.
type classCounter struct {
	Value int     `json:"value"`
	When  *string `json:"when"`
}

var classCounters = durabletask.NewEntity[classCounter](durabletask.Named("ClassCounter"))

func (c *classCounter) Add(_ durabletask.EntityContext, n int) (durabletask.None, error) {
	c.Value += n
	return none{}, nil
}

func (c classCounter) Get(durabletask.EntityContext, none) (int, error) { return c.Value, nil }

func (*classCounter) Delete(ctx durabletask.EntityContext, _ none) (durabletask.None, error) {
	ctx.Delete()
	return none{}, nil
}

func (*classCounter) Throw(durabletask.EntityContext, text) (durabletask.None, error) {
	return none{}, errBoom
}
