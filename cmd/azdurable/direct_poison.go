package main

import (
	"context"
	"errors"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
)

func (d *direct) poison(ctx context.Context, size int, token string) (page[*poisoned], error) {
	var out page[*poisoned]
	p, err := d.Client.ListPoison(ctx, durabletask.PoisonQuery{PageSize: size, Token: token})
	if errors.Is(err, backend.ErrPageToken) {
		return out, badToken()
	}
	if err != nil {
		return out, refusal(err, "")
	}
	for n := range p.Messages {
		out.items = append(out.items, shownPoison(&p.Messages[n]))
	}
	out.next = p.Next
	return out, nil
}

func (d *direct) poisonMessage(ctx context.Context, id string) (*poisoned, error) {
	m, err := d.Client.GetPoison(ctx, id)
	if err != nil {
		return nil, poisonRefusal(err, id)
	}
	return shownPoison(m), nil
}

func (d *direct) replayPoison(ctx context.Context, id string) error {
	return poisonRefusal(d.Client.ReplayPoison(ctx, id), id)
}

func (d *direct) dropPoison(ctx context.Context, id string) error {
	return poisonRefusal(d.Client.DropPoison(ctx, id), id)
}

// poisonRefusal is refusal for messages that were given up.
func poisonRefusal(err error, id string) error {
	switch {
	case errors.Is(err, durabletask.ErrPoisonNotFound):
		return noMessage(id)
	case errors.Is(err, durabletask.ErrInstanceNotFound), errors.Is(err, durabletask.ErrInstanceFinished):
		return fail(exitState, "nobody would read it any more: its instance has ended or is gone. 'azdurable poison drop' deletes it")
	}
	return refusal(err, "")
}
