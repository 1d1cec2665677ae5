package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// counter is the entity that is measured.
type counter struct {
	Value int `json:"value"`
}

func (c *counter) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

var counters = durabletask.NewEntity[counter](durabletask.Named("Counter"))

const operationsPerSecond unit = "operations/s"

// signals sends n signals, as many at once as there are starters; key names the entity for each.
func (e *azdurable) signals(ctx context.Context, n int, key func(int) string) error {
	errs := make([]error, starters)
	var all sync.WaitGroup
	for s := range starters {
		all.Go(func() {
			for i := s; i < n && errs[s] == nil; i += starters {
				errs[s] = durabletask.Signal(ctx, e.client, counters.ID(key(i)), (*counter).Add, 1)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("send %d signals: %w", n, err)
	}
	return nil
}

// oneEntity measures how fast one entity takes signals, from the first that is sent to the last whose effect is stored.
func oneEntity(ctx context.Context, folder string) ([]figure, error) {
	var figures []figure
	for _, n := range []int{10_000, 100_000} {
		e, err := openAzdurable(filepath.Join(folder, fmt.Sprintf("hub%d.db", n)), "")
		if err != nil {
			return nil, err
		}
		peak := watchHeap()
		begin := time.Now()
		err = e.signals(ctx, n, func(int) string { return "a" })
		for err == nil {
			c, _, failed := durabletask.ReadEntity(ctx, e.client, counters.ID("a"))
			if err = failed; c.Value == n {
				break
			}
			time.Sleep(time.Millisecond)
		}
		took := time.Since(begin)
		figures = append(figures,
			figure{name: fmt.Sprintf("entity/one/%d", n), value: float64(n) / took.Seconds(), unit: operationsPerSecond},
			figure{name: fmt.Sprintf("entity/one/%d/heap", n), value: float64(peak()) / 1e6, unit: megabytes, note: "the largest heap meanwhile"})
		if err := errors.Join(err, e.Close()); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// manyEntities measures 10,000 entities that get one signal each.
func manyEntities(ctx context.Context, folder string) ([]figure, error) {
	const n = 10_000
	e, err := openAzdurable(filepath.Join(folder, "hub.db"), "")
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	err = e.signals(ctx, n, strconv.Itoa)
	for q := (durabletask.EntityQuery{PageSize: 1000}); err == nil; { // the order in which they are served is that of the signals
		var c counter
		if c, _, err = durabletask.ReadEntity(ctx, e.client, counters.ID(strconv.Itoa(n-1))); err != nil || c.Value == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		found := 0
		for q.Token = ""; err == nil; {
			var p durabletask.EntityPage
			p, err = e.client.Entities(ctx, q)
			found += len(p.Entities)
			if q.Token = p.Next; q.Token == "" {
				break
			}
		}
		if found == n {
			break
		}
	}
	took := time.Since(begin)
	all := figure{name: "entity/many/10000", value: n / took.Seconds(), unit: operationsPerSecond, note: "entities with one signal each"}
	return []figure{all}, errors.Join(err, e.Close())
}

// lockedKeys are the entities that all contenders want.
var lockedKeys = []string{"e", "d", "c", "b", "a"}

func contend(ctx durabletask.Context, _ durabletask.None) (durabletask.None, error) {
	var all []durabletask.AnyEntity
	for _, key := range lockedKeys {
		all = append(all, counters.ID(key))
	}
	unlock, err := durabletask.Lock(ctx, all...)
	if err != nil {
		return durabletask.None{}, err
	}
	defer unlock()
	_, err = durabletask.CallEntity(ctx, counters.ID("a"), (*counter).Add, 1)
	return durabletask.None{}, err
}

// locks measures 100 orchestrations that want the same 5 locks.
func locks(ctx context.Context, folder string) ([]figure, error) {
	const n = 100
	e, err := openAzdurable(filepath.Join(folder, "hub.db"), "")
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	instances, err := start(ctx, e, e.contend, n, durabletask.None{})
	for _, i := range instances {
		if err == nil {
			_, err = i.Wait(ctx)
		}
	}
	took := time.Since(begin)
	each := figure{name: "entity/locks/100", value: inMilliseconds(took) / n, unit: milliseconds, note: "for each section over 5 entities, one after the other"}
	return []figure{each}, errors.Join(err, e.Close())
}
