package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/azdurable/azdurable/durabletask/backend"
)

// stage is how far the backend has come in its life.
type stage int

const (
	opened stage = iota
	started
	draining
	stopped
)

// CreateTaskHub does nothing: Open has made the store.
func (b *Backend) CreateTaskHub(ctx context.Context) error { return ctx.Err() }

// DeleteTaskHub removes everything from the store. The file stays, and its space is used again.
func (b *Backend) DeleteTaskHub(ctx context.Context) error {
	b.mu.Lock()
	stage := b.stage
	b.mu.Unlock()
	if stage != opened {
		return fmt.Errorf("delete the task hub in %s: it has been started: open it anew and delete it before Start", b.name)
	}
	if err := b.submit(ctx, &deleteHub{reply: newReply()}); err != nil {
		return fmt.Errorf("delete the task hub in %s: %w", b.name, err)
	}
	return nil
}

type deleteHub struct{ reply }

func (*deleteHub) order() order { return order{rank: deleteHubRank} }

func (*deleteHub) prepare(t *transaction) (refused, failed error) {
	return nil, t.c.Exec("DELETE FROM instances; DELETE FROM history; DELETE FROM messages; DELETE FROM activities; DELETE FROM poison")
}

func (*deleteHub) apply(b *Backend) {
	for _, i := range b.byKey {
		b.replace(i)
	}
	for id := range b.waiters {
		b.wakeWaiters(id)
	}
}

// Start begins to hand out work.
func (b *Backend) Start(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stage != opened {
		return errors.New("start the store: it can be started once: open it anew")
	}
	b.stage = started
	ctx, cancel := context.WithCancel(b.life)
	b.stopTimers = cancel
	b.services.Go(func() { b.runTimers(ctx) })
	return nil
}

// Leads is true while work is handed out: nobody else has the file.
func (b *Backend) Leads() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stage == started
}

// Drain stops handing out work, and stores the results that are in memory only. What comes later is stored as it comes.
func (b *Backend) Drain(ctx context.Context) error {
	if err := b.enter(ctx, "drain", "", ""); err != nil {
		return err
	}
	b.mu.Lock()
	first := b.stage < draining
	b.drain()
	b.mu.Unlock()
	if !first {
		return nil
	}
	if err := b.saveResults(ctx); err != nil {
		return fmt.Errorf("drain the store: %w", err)
	}
	return nil
}

func (b *Backend) drain() {
	if b.stage >= draining {
		return
	}
	b.stage = draining
	if b.stopTimers != nil {
		b.stopTimers()
	}
	b.orchestrations.Close(backend.ErrDraining)
	b.entities.Close(backend.ErrDraining)
	b.activities.Close(backend.ErrDraining)
}

// saveResults stores the results that are in memory only. Another call of Stop may get ahead of it, and does the same.
func (b *Backend) saveResults(ctx context.Context) error {
	for {
		b.mu.Lock()
		n := b.results.list.Len()
		b.mu.Unlock()
		if n == 0 {
			return nil
		}
		err := b.submit(ctx, &save{reply: newReply()})
		if errors.Is(err, errStopped) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Stop ends what is left and closes the store. It waits for commits that are under way.
func (b *Backend) Stop(ctx context.Context) error {
	if err := b.enter(ctx, "stop", "", ""); err != nil {
		return err
	}
	b.mu.Lock()
	b.drain()
	b.mu.Unlock()
	saved := b.saveResults(ctx)
	b.mu.Lock()
	if b.stage == stopped {
		b.mu.Unlock()
		return b.waitForStop(ctx)
	}
	b.stage = stopped
	for _, i := range b.byKey {
		if i.out != nil && i.out.state == out {
			i.out.state = lost
		}
	}
	for id := range b.waiters {
		b.wakeWaiters(id)
	}
	close(b.wake)
	b.mu.Unlock()

	giveUp := context.AfterFunc(ctx, b.endLife)
	b.services.Wait()
	giveUp()
	b.endLife()
	b.sessions.EndAll()
	err := b.close()
	close(b.stopped)
	if saved != nil {
		return fmt.Errorf("stop the store: %w", saved)
	}
	return err
}

// waitForStop is for whoever calls Stop again.
func (b *Backend) waitForStop(ctx context.Context) error {
	select {
	case <-b.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close gives back the connections and the lock.
func (b *Backend) close() error {
	err := errors.Join(b.readers.close(cap(b.readers)), b.writer.close(cap(b.writer)))
	if b.lock != nil {
		err = errors.Join(err, b.lock.Unlock())
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", b.name, err)
	}
	return nil
}
