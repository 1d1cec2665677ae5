package durabletest

import (
	"context"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

// client is the hub's store as its clients see it: they are no part of the process that crashes, and go on when it is there again.
type client struct{ *Hub }

var _ backend.Client = (*client)(nil)

// ask makes a call, and makes it again if the process crashed before it answered. A call that was answered without an error was committed
// before the crash.
func ask[T any](ctx context.Context, h *Hub, call func(context.Context, *life) (T, error)) (T, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(h.usable, func() { cancel(context.Cause(h.usable)) })
	defer stop()
	for {
		l, err := h.living(ctx)
		var answer T
		if err == nil {
			answer, err = call(ctx, l)
		}
		switch {
		case err == nil:
			return answer, nil
		case h.usable.Err() != nil:
			return answer, context.Cause(h.usable)
		case ctx.Err() != nil || !l.dead():
			return answer, err
		}
	}
}

// tell is ask for calls that are answered by an error or none.
func tell(ctx context.Context, h *Hub, call func(context.Context, *life) error) error {
	_, err := ask(ctx, h, func(ctx context.Context, l *life) (struct{}, error) { return struct{}{}, call(ctx, l) })
	return err
}

func (c *client) Create(ctx context.Context, creation backend.Creation) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.Create(ctx, creation) })
}

func (c *client) Send(ctx context.Context, m history.Message) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.Send(ctx, m) })
}

func (c *client) Rewind(ctx context.Context, id string, reason *string) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.Rewind(ctx, id, reason) })
}

func (c *client) OrderedDelivery() bool { return c.present().OrderedDelivery() }

func (c *client) Purge(ctx context.Context, target history.Instance) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.Purge(ctx, target) })
}

// PurgeAll doesn't count what was purged just before a crash: that answer is lost.
func (c *client) PurgeAll(ctx context.Context, targets []history.Instance) (int, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (int, error) { return l.PurgeAll(ctx, targets) })
}

func (c *client) Get(ctx context.Context, id string) (*backend.InstanceState, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (*backend.InstanceState, error) { return l.Get(ctx, id) })
}

func (c *client) Wait(ctx context.Context, id string) (*backend.InstanceState, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (*backend.InstanceState, error) { return l.Wait(ctx, id) })
}

func (c *client) List(ctx context.Context, q backend.Query) (backend.Page, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (backend.Page, error) { return l.List(ctx, q) })
}

func (c *client) History(ctx context.Context, id string) ([]history.Event, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) ([]history.Event, error) { return l.History(ctx, id) })
}

func (c *client) ListPoison(ctx context.Context, q backend.PoisonQuery) (backend.PoisonPage, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (backend.PoisonPage, error) { return l.ListPoison(ctx, q) })
}

func (c *client) GetPoison(ctx context.Context, id string) (*backend.PoisonMessage, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (*backend.PoisonMessage, error) { return l.GetPoison(ctx, id) })
}

func (c *client) ReplayPoison(ctx context.Context, id string) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.ReplayPoison(ctx, id) })
}

func (c *client) DropPoison(ctx context.Context, id string) error {
	return tell(ctx, c.Hub, func(ctx context.Context, l *life) error { return l.DropPoison(ctx, id) })
}

func (c *client) Info(ctx context.Context) (backend.HubInfo, error) {
	return ask(ctx, c.Hub, func(ctx context.Context, l *life) (backend.HubInfo, error) { return l.Info(ctx) })
}
