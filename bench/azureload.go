package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// job is what a process of its own is to measure: a worker's processor time and memory are those of its process.
type job struct {
	Load       string `json:"load"` // the name of a load
	N          int    `json:"n"`
	Workers    int    `json:"workers"`
	Connection string `json:"connection"` // of the emulator; empty: azuretest in the same process
	File       string `json:"file"`       // what is recorded, or replayed
	Profile    string `json:"profile"`    // where a processor profile goes, if anywhere
}

// outcome is what it measured.
type outcome struct {
	Seconds   float64         `json:"seconds"`
	CPU       float64         `json:"cpu"`      // seconds of the processor, client included
	Peak      float64         `json:"peak"`     // MB of memory, the highest since the process began
	Requests  map[string]int  `json:"requests"` // by kind
	AtOnce    int             `json:"atOnce"`   // requests under way at once, at most
	Latencies []time.Duration `json:"latencies"`
	Differing map[string]int  `json:"differing"` // answers of a replay whose status is not the recorded one
	Sent      int             `json:"sent"`      // requests of a replay
}

// loads are what a process can be asked to measure.
func loads() map[string]func(context.Context, job) (*outcome, error) {
	return map[string]func(context.Context, job) (*outcome, error){
		"hello": measureHello, "inline": measureHello, "fan-out": measureFanOut, "entity": measureEntity, "latency": measureLatency,
		"replay": measureReplay, "serve": serve, "idle": measureIdle,
	}
}

// jobVariable makes this program a process that does one job. It prints the outcome.
const jobVariable = "AZDURABLE_BENCH_JOB"

// doJob does the job that the environment names.
func doJob(ctx context.Context, text string, out io.Writer) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return fmt.Errorf("%s: %w", jobVariable, err)
	}
	o, err := loads()[j.Load](ctx, j)
	if err != nil {
		return fmt.Errorf("%s: %w", j.Load, err)
	}
	return json.NewEncoder(out).Encode(o)
}

// open opens the job's hub on the emulator or in memory, and warms it up.
func (j job) open(ctx context.Context) (*azureHub, error) {
	connection, m := j.Connection, &meter{next: network(), counts: map[string]int{}}
	if connection == "" {
		service := azuretest.New(azuretest.Options{LogSize: 1})
		connection, m.next = service.ConnectionString(), service.Transport(azuretest.ClientOptions{})
	}
	if j.File != "" {
		m.record = newRecording(connection)
	}
	h, err := openHub(ctx, connection, m, j.Workers, nil)
	if err != nil {
		return nil, err
	}
	for range warmUps {
		if err := h.Hello1(ctx); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return h, nil
}

// warmUps open connections and build caches.
const warmUps = 5

// measured runs a load between two looks at the clock, the counters and the processor.
func (j job) measured(h *azureHub, load func() error) (*outcome, error) {
	runtime.GC()
	h.meter.reset()
	h.returned.Store(0)
	stop, err := startProfile(j.Profile)
	if err != nil {
		return nil, err
	}
	if record := h.meter.record; record != nil {
		record.mark()
	}
	before, begin := processorTime(), time.Now()
	err = load()
	end := time.Now()
	h.meter.settle()
	spent := processorTime() - before
	stop()
	counts, last, most := h.meter.taken()
	if last.After(begin) {
		end = last
	}
	o := &outcome{Seconds: end.Sub(begin).Seconds(), CPU: spent.Seconds(), Peak: peakMegabytes(), Requests: counts, AtOnce: most}
	if record := h.meter.record; record != nil && err == nil {
		err = record.write(j.File, end.Sub(begin), most)
	}
	return o, errors.Join(err, h.Close())
}

func startProfile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("-profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("-profile: %w", err), f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// inParallel calls f for each of n numbers, by as many callers as the recorded runs had.
func inParallel(n int, f func(int) error) error {
	errs := make([]error, callers)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := c; i < n && errs[c] == nil; i += callers {
				errs[c] = f(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func measureHello(ctx context.Context, j job) (*outcome, error) {
	h, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	which := h.hello5
	if j.Load == "inline" {
		which = h.helloInline
	}
	return j.measured(h, func() error {
		ids := make([]string, j.N)
		err := inParallel(j.N, func(i int) error {
			started, err := which.Schedule(ctx, h.client, cities)
			if err == nil {
				ids[i] = started.ID
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("start: %w", err)
		}
		return h.untilEnded(ctx, ids)
	})
}

// untilEnded waits until instances have completed. It asks storage only when their functions have returned.
func (h *azureHub) untilEnded(ctx context.Context, ids []string) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for h.returned.Load() < int64(len(ids)) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d have returned: %w", h.returned.Load(), len(ids), ctx.Err())
		}
	}
	return inParallel(len(ids), func(i int) error {
		s, err := h.client.Wait(measuring(ctx), ids[i])
		if err == nil && s.Status != durabletask.Completed {
			err = fmt.Errorf("%s ended as %v", ids[i], s.Status)
		}
		return err
	})
}

func measureFanOut(ctx context.Context, j job) (*outcome, error) {
	h, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	return j.measured(h, func() error {
		i, err := h.fanOut.Schedule(ctx, h.client, j.N)
		if err != nil {
			return err
		}
		return h.untilEnded(ctx, []string{i.ID})
	})
}

// entityLook is the time between two looks at the entity's state, as in the recorded runs.
const entityLook = 50 * time.Millisecond

func measureEntity(ctx context.Context, j job) (*outcome, error) {
	h, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	id := counters.ID("a")
	return j.measured(h, func() error {
		err := inParallel(j.N, func(int) error { return durabletask.Signal(ctx, h.client, id, (*counter).Add, 1) })
		tick := time.NewTicker(entityLook)
		defer tick.Stop()
		for err == nil {
			var c counter
			if c, _, err = durabletask.ReadEntity(measuring(ctx), h.client, id); c.Value == j.N {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("%d of %d signals: %w", c.Value, j.N, ctx.Err())
			}
		}
		return err
	})
}

func measureLatency(ctx context.Context, j job) (*outcome, error) {
	h, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, j.N)
	o, err := j.measured(h, func() error {
		for i := range took {
			begin := time.Now()
			if err := h.Hello1(ctx); err != nil {
				return err
			}
			took[i] = time.Since(begin)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	o.Latencies = took
	return o, nil
}
