package extension_test

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// counter is the entity behind the recordings: its state is any JSON.
type counter struct{ json.RawMessage }

var (
	counters    = durabletask.NewEntity[counter](durabletask.Named("Counter"))
	startedEcho = durabletask.DeclareOrchestrator[any, any]("Echo")
)

func (c *counter) set(v any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	c.RawMessage = text
	return text, err
}

func (c *counter) Add(_ durabletask.EntityContext, n int) (json.RawMessage, error) {
	value := 0
	if c.RawMessage != nil {
		if err := json.Unmarshal(c.RawMessage, &value); err != nil {
			return nil, err
		}
	}
	return c.set(value + n)
}

func (c counter) Get(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	return c.RawMessage, nil
}

func (c *counter) Reset(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	return c.set(0)
}

func (c *counter) Text(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	return c.set("text state")
}

func (c *counter) Setnull(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	return c.set(nil)
}

func (c *counter) Obj(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	return c.set(json.RawMessage(`{"Amount":1.5,"Currency":"X","Nested":null,"When":null,"Parts":null}`))
}

func (c *counter) Input(_ durabletask.EntityContext, in any) (json.RawMessage, error) {
	return c.set(map[string]any{"got": in})
}

func (c *counter) Fail(durabletask.EntityContext, durabletask.None) (json.RawMessage, error) {
	_, _ = c.set(999)
	return nil, errors.New("entity boom")
}

func (c *counter) Startorch(ctx durabletask.EntityContext, _ durabletask.None) (string, error) {
	return startedEcho.StartFrom(ctx, map[string]string{"from": ctx.ID().Key})
}

func (c *counter) Startorchid(ctx durabletask.EntityContext, id string) (string, error) {
	return startedEcho.StartFrom(ctx, 1, durabletask.InstanceID(id))
}

func (c *counter) Signalother(ctx durabletask.EntityContext, key string) (durabletask.None, error) {
	return durabletask.None{}, errors.Join(
		durabletask.SignalEntity(ctx, counters.ID(key), (*counter).Add, 1), durabletask.SignalEntity(ctx, counters.ID(key), (*counter).Add, 2))
}

func (c *counter) Signaldelayed(ctx durabletask.EntityContext, key string) (durabletask.None, error) {
	at := durabletask.SignalAt(time.Now().Add(2 * time.Second))
	return durabletask.None{}, durabletask.SignalEntity(ctx, counters.ID(key), (*counter).Add, 50, at)
}

// MarshalJSON stands in for that of RawMessage, which an empty one does not have.
func (c counter) MarshalJSON() ([]byte, error) {
	if c.RawMessage == nil {
		return []byte("null"), nil
	}
	return c.RawMessage, nil
}
