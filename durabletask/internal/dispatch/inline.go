package dispatch

import (
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
)

// How much inline work may be lost in a crash: a part is committed after so many activities or so long, whichever comes first.
const (
	inlineBatch = 50
	inlineTime  = 500 * time.Millisecond
)

// inline runs the inline activities that an orchestration has decided on, delivers each result as soon as it is there, and goes on until nothing
// more is to be run. It returns what has not been committed yet.
//
// Ordinary decisions are committed before any inline activity runs, so that nobody waits for what needs them.
func (d *Dispatcher) inline(ctx context.Context, w *backend.InstanceWork, o *Orchestration, part *replay.Decisions) (*replay.Decisions, error) {
	ctx, cancel := context.WithCancel(ctx) // for what still runs when the orchestration has ended
	defer cancel()
	type result struct {
		message history.Message
		err     error
	}
	results := make(chan result)
	running, sinceCommit, committed := 0, 0, d.Environment.Now()
	for {
		if part.Outcome != nil || part.Continued || running+len(part.Inline) == 0 {
			return part, nil
		}
		if len(part.Activities)+len(part.Timers)+len(part.Messages) > 0 || sinceCommit >= inlineBatch || d.Environment.Now().Sub(committed) > inlineTime {
			c := d.checkpoint(part)
			c.More = true
			if err := d.commit(ctx, w, c); err != nil {
				return nil, err
			}
			d.tell(part)
			part = &replay.Decisions{Inline: part.Inline, Start: part.Start}
			sinceCommit, committed = 0, d.Environment.Now()
		}
		for _, m := range part.Inline {
			running++
			go func() {
				message, err := d.performInline(ctx, m)
				select {
				case results <- result{message, err}:
				case <-ctx.Done():
				}
			}()
		}
		part.Inline = nil
		r := <-results
		running--
		if r.err != nil {
			return nil, r.err
		}
		o.Episode.New, o.Episode.Now, o.Episode.Past = []history.Message{r.message}, d.Environment.Now(), nil
		next, err := d.decide(ctx, w, o)
		if err != nil {
			return nil, err
		}
		part.Append(next)
		sinceCommit++
	}
}

// performInline runs one inline activity as a slot would, and returns the message with its result.
func (d *Dispatcher) performInline(ctx context.Context, m history.Message) (history.Message, error) {
	a := newActivity(&backend.ActivityWork{Message: m, Attempt: 1})
	if err := d.perform(ctx, a); err != nil {
		return history.Message{}, err
	}
	if err := d.Environment.Enter(ctx, backend.Request{Kind: "inline", Key: m.Target.ID, Body: a.Key}); err != nil {
		return history.Message{}, err
	}
	d.tellOfActivity(a) // before its result is stored: the episode goes on with it
	return d.result(a), nil
}
