package recorded

import (
	"errors"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// dtfxCounter is the entity of the program that used DTFx alone.
type dtfxCounter struct {
	Value int    `json:"value"`
	Pad   string `json:"pad,omitempty"`
}

var dtfxCounters = durabletask.NewEntity[dtfxCounter](durabletask.Named("counter"))

func (c *dtfxCounter) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

func (c *dtfxCounter) Get(durabletask.EntityContext, none) (int, error) { return c.Value, nil }

func (c *dtfxCounter) Reset(durabletask.EntityContext, none) (int, error) {
	c.Value = 0
	return 0, nil
}

func (*dtfxCounter) Fail(durabletask.EntityContext, none) (none, error) {
	return none{}, durabletask.ErrorKind("System.InvalidOperationException").New("entity says no")
}

func (*dtfxCounter) Forward(ctx durabletask.EntityContext, id string) (none, error) {
	return none{}, durabletask.SignalEntityByName(ctx, entityID(id), "add", 100)
}

func (*dtfxCounter) Forwardlater(ctx durabletask.EntityContext, id string) (none, error) {
	return none{}, durabletask.SignalEntityByName(ctx, entityID(id), "add", 7, durabletask.SignalAt(time.Now().Add(3*time.Second)))
}

func (*dtfxCounter) Start(ctx durabletask.EntityContext, id string) (none, error) {
	_, err := dtfxEchoed.StartFrom(ctx, text(`"from entity"`), durabletask.InstanceID(id))
	return none{}, err
}

func (c *dtfxCounter) Big(_ durabletask.EntityContext, n int) (none, error) {
	c.Pad = strings.Repeat("p", n)
	return none{}, nil
}

// entityID reads @name@key.
func entityID(id string) durabletask.EntityID {
	name, key, _ := strings.Cut(strings.TrimPrefix(id, "@"), "@")
	return durabletask.EntityID{Name: name, Key: key}
}

func dtfxEntityUsers() []durabletask.Registration {
	return []durabletask.Registration{
		orchestrator("EntityUser", func(ctx durabletask.Context, key string) ([]string, error) {
			counter := dtfxCounters.ID(key)
			if err := durabletask.SignalEntity(ctx, counter, (*dtfxCounter).Add, 5); err != nil {
				return nil, err
			}
			got, err := durabletask.CallEntity(ctx, counter, (*dtfxCounter).Get, none{})
			if err != nil {
				return nil, err
			}
			added, err := durabletask.CallEntity(ctx, counter, (*dtfxCounter).Add, 2)
			if err != nil {
				return nil, err
			}
			_, err = durabletask.CallEntity(ctx, counter, (*dtfxCounter).Fail, none{})
			if err == nil {
				return nil, errors.New("the operation has not failed")
			}
			return []string{number(got), number(added), message(err).Error()}, nil
		}),
		orchestrator("EntityLocker", func(ctx durabletask.Context, keys []string) (string, error) {
			if len(keys) != 2 {
				return "", errors.New("two keys are needed")
			}
			a, b := dtfxCounters.ID(keys[0]), dtfxCounters.ID(keys[1])
			unlock, err := durabletask.Lock(ctx, b, a)
			if err != nil {
				return "", err
			}
			defer unlock()
			if _, err := durabletask.CallEntity(ctx, a, (*dtfxCounter).Add, 10); err != nil {
				return "", err
			}
			_, err = durabletask.CallEntity(ctx, b, (*dtfxCounter).Add, -10)
			return "done", err
		}),
		orchestrator("EntityLockHold", func(ctx durabletask.Context, key string) (string, error) {
			unlock, err := durabletask.Lock(ctx, dtfxCounters.ID(key))
			if err != nil {
				return "", err
			}
			defer unlock()
			ctx.SetStatus("locked")
			_, err = next[text](ctx, "go")
			return "done", err
		}),
		orchestrator("EntityDelayed", func(ctx durabletask.Context, key string) (string, error) {
			at := durabletask.SignalAt(ctx.Now().Add(3 * time.Second))
			return "signaled", durabletask.SignalEntity(ctx, dtfxCounters.ID(key), (*dtfxCounter).Add, 3, at)
		}),
	}
}
