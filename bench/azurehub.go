package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/account"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/lease"
)

const (
	hubName = "benchhub"
	// atOnce is how many orchestrations, activities and entities a worker runs at once, as in the recorded runs of DTFx (10 for each of two cores).
	atOnce = 20
	// callers is how many starts or signals are made at once, as in the recorded runs.
	callers = 16
	// idlePerHost and idleTimeout are what the account's own transport does with connections to an emulator.
	idlePerHost = 256
	idleTimeout = 4 * time.Second
)

// azureHub is a task hub in a storage account, with workers of this process.
type azureHub struct {
	*azdurable
	account *account.Account
	meter   *meter
	workers []*durabletask.Worker
}

// openHub opens the hub, creates it if it is not there, and starts the workers. It returns when each worker has its share of the partitions.
// With no workers there is only a client.
func openHub(ctx context.Context, connection string, m *meter, workers int, greet func(context.Context)) (*azureHub, error) {
	e, app := newAzdurable(greet)
	h := &azureHub{azdurable: e, meter: m}
	var err error
	if h.account, err = openAccount(connection, m); err != nil {
		return nil, err
	}
	for n := range max(1, workers) {
		log := slog.New(slog.DiscardHandler)
		b, err := azurestorage.Open(azurestorage.Options{Account: h.account, Hub: hubName, AppName: "bench", WorkerNumber: n, Logger: log})
		if err != nil {
			return nil, fmt.Errorf("open the hub: %w", err)
		}
		if n == 0 {
			h.client = durabletask.NewClient(b, app, durabletask.ClientOptions{})
		}
		if workers == 0 {
			return h, nil
		}
		if err := b.CreateTaskHub(ctx); err != nil {
			return nil, fmt.Errorf("create the hub: %w", err)
		}
		w := durabletask.NewWorker(app, b, durabletask.WorkerOptions{Logger: log, Orchestrations: atOnce, Activities: atOnce, Entities: atOnce})
		if err := w.Start(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start the worker: %w", err), h.Close())
		}
		h.workers = append(h.workers, w)
		if n == 0 {
			h.worker, h.client = w, w.Client()
		}
	}
	if err := h.untilShared(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func openAccount(connection string, transport policy.Transporter) (*account.Account, error) {
	c, err := account.ParseConnectionString(connection)
	if err != nil {
		return nil, err
	}
	return account.Open(c, account.Options{Transport: transport})
}

// network is how requests get to an emulator.
func network() *http.Transport {
	return &http.Transport{MaxIdleConns: 3 * idlePerHost, MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: idleTimeout, DisableCompression: true}
}

// untilShared waits until each worker has its share of the partitions.
func (h *azureHub) untilShared(ctx context.Context) error {
	table := h.account.Table(hubName + "Partitions")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		page, err := table.Query(ctx, account.Query{})
		if err != nil {
			return fmt.Errorf("look who has the partitions: %w", err)
		}
		has := map[string]int{}
		for _, row := range page.Rows {
			var r struct {
				CurrentOwner string `json:"CurrentOwner"`
			}
			if err := json.Unmarshal(row, &r); err != nil {
				return fmt.Errorf("look who has the partitions: %w", err)
			}
			if r.CurrentOwner != "" {
				has[r.CurrentOwner]++
			}
		}
		share := lease.DefaultPartitions / len(h.workers)
		if len(has) == len(h.workers) && !slices.ContainsFunc(values(has), func(n int) bool { return n != share }) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the workers do not share the partitions: %v: %w", has, ctx.Err())
		}
	}
}

func values(m map[string]int) []int {
	var all []int
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// Close stops the workers, all at once.
func (h *azureHub) Close() error {
	stopped := make(chan error)
	for _, w := range h.workers {
		go func() { stopped <- w.Stop(context.Background()) }()
	}
	var err error
	for range h.workers {
		err = errors.Join(err, <-stopped)
	}
	h.account.Close()
	return err
}
