package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

const requests unit = "requests/s"

const (
	managedInstances = 100_000
	rareInstances    = 100 // of them have failed
)

// managed is the management API of an app with many instances that have ended, asked in process: no socket is measured.
type managed struct {
	api    http.Handler
	client *durabletask.Client
}

// managementAPI measures the management API over 100,000 instances on the embedded store: lists by status and time, status polls, purge.
func managementAPI(ctx context.Context, folder string) (figures []figure, err error) {
	ends := durabletask.NewOrchestrator(func(_ durabletask.Context, n int) (int, error) {
		if n%(managedInstances/rareInstances) == 0 {
			return 0, errors.New("one of the rare ones that fail")
		}
		return n, nil
	}, durabletask.Named("Ends"))
	e, err := extension.Initialize(durabletask.New(ends), extension.Options{
		Folder: folder, Hub: "Bench", Store: extension.StoreLocal, Logger: slog.New(slog.DiscardHandler), Environ: []string{""}, Settings: &extension.AppSettings{},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Stop(context.WithoutCancel(ctx))) }()
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	m := &managed{e.Management(), e.Client().Client}
	if err := m.fill(ctx, ends); err != nil {
		return nil, err
	}
	for _, measure := range []func(context.Context) ([]figure, error){m.lists, m.polls, m.purge} {
		runtime.GC()
		more, err := measure(ctx)
		if figures = append(figures, more...); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// fill starts the instances, under ids as they are by default, and waits until all have ended.
func (m *managed) fill(ctx context.Context, ends *durabletask.Orchestrator[int, int]) error {
	var next atomic.Int64
	errs := make([]error, starters)
	var all sync.WaitGroup
	for s := range starters {
		all.Go(func() {
			for n := next.Add(1); n <= managedInstances && errs[s] == nil; n = next.Add(1) {
				_, errs[s] = ends.Schedule(ctx, m.client, int(n))
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for {
		p, err := m.client.List(ctx, durabletask.Query{Statuses: []durabletask.Status{durabletask.Pending, durabletask.Running}, PageSize: 1})
		if err != nil || len(p.Instances) == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ask makes one request, and fails unless it succeeds.
func (m *managed) ask(ctx context.Context, method, path, token string) (*httptest.ResponseRecorder, error) {
	u, err := url.Parse("http://host" + extension.ManagementPath + path)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{Method: method, URL: u, Host: u.Host, Header: http.Header{"X-Ms-Continuation-Token": {token}}, Body: http.NoBody}).WithContext(ctx)
	w := httptest.NewRecorder()
	m.api.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w, nil
}

// lists measures the first page of a list by status and time, of a status that most instances have and of a rare one, and the walk over all pages.
func (m *managed) lists(ctx context.Context) ([]figure, error) {
	since := "&createdTimeFrom=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	const samples = 20
	var figures []figure
	for name, status := range map[string]string{"http/list-first": "Completed", "http/list-first-rare": "Failed"} {
		used := processorTime()
		var took []time.Duration
		for range samples {
			begin := time.Now()
			w, err := m.ask(ctx, http.MethodGet, "/instances?top=100&runtimeStatus="+status+since, "")
			if err != nil {
				return nil, err
			}
			took = append(took, time.Since(begin))
			var page []json.RawMessage
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page) != 100 {
				return nil, fmt.Errorf("a page of %d, %w", len(page), err)
			}
		}
		slices.Sort(took)
		figures = append(figures, figure{
			name: name, value: inMilliseconds(percentile(took, 50)), unit: milliseconds, target: atMost(20),
			note: "100 " + status + " of 100,000, p50; " + processors((processorTime()-used)/samples) + " each",
		})
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := watchHeap()
	begin, used, found, pages := time.Now(), processorTime(), 0, 0
	for token := ""; pages == 0 || token != ""; pages++ {
		w, err := m.ask(ctx, http.MethodGet, "/instances?top=1000&runtimeStatus=Completed"+since, token)
		if err != nil {
			return nil, err
		}
		var page []struct {
			InstanceID string `json:"instanceId"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			return nil, err
		}
		found += len(page)
		token = w.Header().Get("X-Ms-Continuation-Token")
	}
	took, used := time.Since(begin), processorTime()-used
	grown := float64(max(peak(), before.HeapAlloc)-before.HeapAlloc) / 1e6
	if found != managedInstances-rareInstances {
		return nil, fmt.Errorf("the walk found %d instances", found)
	}
	return append(figures,
		figure{
			name: "http/list-walk", value: took.Seconds(), unit: seconds, target: atMost(2),
			note: fmt.Sprintf("%d pages of 1,000, decoded; %s", pages, processors(used)),
		},
		figure{name: "http/list-walk-heap", value: grown, unit: megabytes, target: atMost(20), note: "growth of the heap at its peak"},
	), nil
}

// polls measures what clients do that wait: GET of one status, by one caller and by as many as there are processors.
func (m *managed) polls(ctx context.Context) ([]figure, error) {
	p, err := m.client.List(ctx, durabletask.Query{PageSize: 1_000})
	if err != nil {
		return nil, err
	}
	const samples = 2_000
	var took []time.Duration
	for n := range samples {
		begin := time.Now()
		if _, err := m.ask(ctx, http.MethodGet, "/instances/"+p.Instances[n%len(p.Instances)].Instance.ID, ""); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	callers := runtime.GOMAXPROCS(0)
	errs := make([]error, callers)
	const polls = 20_000
	begin, used := time.Now(), processorTime()
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for n := c; n < polls && errs[c] == nil; n += callers {
				_, errs[c] = m.ask(ctx, http.MethodGet, "/instances/"+p.Instances[n%len(p.Instances)].Instance.ID, "")
			}
		})
	}
	all.Wait()
	rate := polls / time.Since(begin).Seconds()
	used = processorTime() - used
	return []figure{
		{name: "http/status", value: inMilliseconds(percentile(took, 50)), unit: milliseconds, target: atMost(1), note: "p50"},
		{name: "http/polls", value: rate, unit: requests, target: atLeast(5_000), note: fmt.Sprintf("%d callers; %s for 20,000", callers, processors(used))},
	}, errors.Join(errs...)
}

// purge measures the purge of all that has ended.
func (m *managed) purge(ctx context.Context) ([]figure, error) {
	begin, used := time.Now(), processorTime()
	w, err := m.ask(ctx, http.MethodDelete, "/instances?createdTimeFrom="+begin.Add(-time.Hour).UTC().Format(time.RFC3339), "")
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	var answer struct {
		InstancesDeleted int `json:"instancesDeleted"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.InstancesDeleted != managedInstances {
		return nil, fmt.Errorf("%d were purged, %w", answer.InstancesDeleted, err)
	}
	return []figure{{
		name: "http/purge", value: took.Seconds(), unit: seconds, target: atMost(20), note: "100,000 instances that have ended; " + processors(processorTime()-used),
	}}, nil
}

// processors says how long processors worked for a figure, which tells it from the load of the machine.
func processors(d time.Duration) string {
	return fmt.Sprintf("%.2g s of processor time", d.Seconds())
}
