package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/durabletask/history"
)

// ownBenchmark measures something that only ours has, or that has no like in the peers.
type ownBenchmark struct {
	name string
	run  func(ctx context.Context, folder string) ([]figure, error)
}

func ownBenchmarks() []ownBenchmark {
	own := []ownBenchmark{
		{"commits", commits},
		{"parked/100000", parked},
		{"retry-storm", retryStorm},
		{"entity/one", oneEntity},
		{"entity/many", manyEntities},
		{"entity/locks", locks},
		{"http/100000", managementAPI},
	}
	for _, n := range []int{1_000, 2_000, 4_000, 8_000} {
		own = append(own,
			ownBenchmark{fmt.Sprintf("fan-out-width/%d", n), fanOutWidthOf(n)},
			ownBenchmark{fmt.Sprintf("sequence-length/%d", n), sequenceOf(n)},
		)
	}
	for _, n := range []int{10_000, 100_000} {
		own = append(own, ownBenchmark{fmt.Sprintf("replay/%d", n), func(context.Context, string) ([]figure, error) { return replay(n) }})
	}
	return own
}

const (
	megabytes unit = "MB"
	each      unit = "each"
	micros    unit = "µs/activity"
)

// commits counts the fsyncs of the store while one orchestration of one activity runs on an idle hub.
func commits(ctx context.Context, folder string) ([]figure, error) {
	var syncs atomic.Int64
	disk := localtest.RegisterLossy("counting")
	defer disk.Unregister()
	disk.Fail(func(o localtest.Operation) error {
		if o.Kind == "sync" && strings.HasSuffix(o.File, "-wal") {
			syncs.Add(1)
		}
		return nil
	})
	e, err := openAzdurable(filepath.Join(folder, "hub.db"), "counting")
	if err != nil {
		return nil, err
	}
	const runs = 20
	if err := e.Hello1(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	before := syncs.Load()
	for range runs {
		if err := e.Hello1(ctx); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	counted := float64(syncs.Load()-before) / runs
	return []figure{{name: "latency/commits", value: counted, unit: each, note: "fsyncs of the log for one orchestration of one activity"}}, e.Close()
}

// parked starts 100,000 orchestrations that wait for an event, and measures what they cost and how soon one wakes.
func parked(ctx context.Context, folder string) ([]figure, error) {
	const n = 100_000
	path := filepath.Join(folder, "hub.db")
	e, err := openAzdurable(path, "")
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	instances, err := start(ctx, e, e.parked, n, durabletask.None{})
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.untilNonePending(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	started := n / time.Since(begin).Seconds()
	warm, err := e.wakeOne(ctx, instances[n-1].ID)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	debug.FreeOSMemory()
	resident := residentMegabytes()
	if err := e.Close(); err != nil {
		return nil, err
	}
	begin = time.Now()
	if e, err = openAzdurable(path, ""); err != nil {
		return nil, err
	}
	reopened := time.Since(begin)
	cold, err := e.wakeOne(ctx, instances[n/2].ID)
	return []figure{
		{name: "parked/start", value: started, unit: orchestrationsPerSecond},
		{name: "parked/resident", value: resident, unit: megabytes, note: "the whole process"},
		{name: "parked/reopen", value: inMilliseconds(reopened), unit: milliseconds},
		{name: "parked/wake", value: inMilliseconds(warm), unit: milliseconds, note: "from raising the event until the instance has ended"},
		{name: "parked/wake-cold", value: inMilliseconds(cold), unit: milliseconds, note: "the same after the restart"},
	}, errors.Join(err, e.Close())
}

func (e *azdurable) untilNonePending(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := e.client.List(ctx, durabletask.Query{Statuses: []durabletask.Status{durabletask.Pending}, PageSize: 1})
		if err != nil || len(p.Instances) == 0 && p.Next == "" {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *azdurable) wakeOne(ctx context.Context, id string) (time.Duration, error) {
	begin := time.Now()
	if err := wake.Raise(ctx, e.client, id, "now"); err != nil {
		return 0, fmt.Errorf("wake one: %w", err)
	}
	s, err := e.client.Wait(ctx, id)
	if err == nil && s.Status != durabletask.Completed {
		err = fmt.Errorf("%s ended as %v", id, s.Status)
	}
	return time.Since(begin), err
}

// residentMegabytes is the memory of this process, where the system tells.
func residentMegabytes() float64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.Sys) / 1e6
	}
	pages, _ := strconv.Atoi(strings.Fields(string(statm))[1])
	return float64(pages*os.Getpagesize()) / 1e6
}

// fanOutWidthOf measures one orchestration of n activities side by side: the cost of each must not grow with n.
func fanOutWidthOf(n int) func(context.Context, string) ([]figure, error) {
	return func(ctx context.Context, folder string) ([]figure, error) {
		e, err := openAzdurable(filepath.Join(folder, "hub.db"), "")
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := e.FanOut(ctx, n); err != nil {
			return nil, errors.Join(err, e.Close())
		}
		cost := float64(time.Since(begin).Microseconds()) / float64(n)
		return []figure{{name: fmt.Sprintf("fan-out-width/%d", n), value: cost, unit: micros}}, e.Close()
	}
}

// sequenceOf measures one orchestration of n activities one after the other.
func sequenceOf(n int) func(context.Context, string) ([]figure, error) {
	return func(ctx context.Context, folder string) ([]figure, error) {
		e, err := openAzdurable(filepath.Join(folder, "hub.db"), "")
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		i, err := e.hello5.Schedule(ctx, e.client, make([]string, n))
		if err == nil {
			_, err = i.Wait(ctx)
		}
		cost := float64(time.Since(begin).Microseconds()) / float64(n)
		return []figure{{name: fmt.Sprintf("sequence-length/%d", n), value: cost, unit: micros}}, errors.Join(err, e.Close())
	}
}

// retryStorm runs 2,000 and 10,000 activities side by side that fail and are tried again twice: the memory of each must not grow with their number.
func retryStorm(ctx context.Context, folder string) ([]figure, error) {
	var figures []figure
	for _, n := range []int{2_000, 10_000} {
		e, err := openAzdurable(filepath.Join(folder, fmt.Sprintf("hub%d.db", n)), "")
		if err != nil {
			return nil, err
		}
		peak := watchHeap()
		begin := time.Now()
		i, err := e.storm.Schedule(ctx, e.client, n)
		if err == nil {
			_, err = i.Wait(ctx)
		}
		took := time.Since(begin)
		figures = append(figures,
			figure{name: fmt.Sprintf("retry-storm/%d/heap", n), value: float64(peak()) / 1e6, unit: megabytes, note: "the largest heap meanwhile"},
			figure{name: fmt.Sprintf("retry-storm/%d", n), value: float64(3*n) / took.Seconds(), unit: activitiesPerSecond})
		if err := errors.Join(err, e.Close()); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// watchHeap looks at the heap every few milliseconds until the function it returns is called, which returns the largest seen.
func watchHeap() func() uint64 {
	stop, largest := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		var most uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-tick.C:
			case <-stop:
				largest <- most
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-largest
	}
}

// replay measures how long the replay of a history takes, from decoded events to the parked orchestrator.
func replay(events int) ([]figure, error) {
	activity := durabletask.NewActivity(func(context.Context, int) (int, error) { return 0, nil }, durabletask.Named("A"))
	sequence := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
		for i := range n {
			if _, err := activity.Call(ctx, i); err != nil {
				return 0, err
			}
		}
		return n, nil
	}, durabletask.Named("Sequence"))
	f, _ := durabletask.New(activity, sequence).Orchestrator("Sequence")
	past := recordSequence(f, events)
	const runs = 15
	took := make([]time.Duration, runs)
	for i := range took {
		begin := time.Now()
		d := durabletask.Execute(f, durabletask.Episode{Past: past})
		took[i] = time.Since(begin)
		if d.Outcome != nil || d.Replayed != len(past) {
			return nil, fmt.Errorf("the replay of %d events ended early", len(past))
		}
	}
	return []figure{{name: fmt.Sprintf("replay/%d", events), value: inMilliseconds(median(took)), unit: milliseconds}}, nil
}

// recordSequence makes a history of about so many events: one episode for each activity of a long sequence.
func recordSequence(f *durabletask.OrchestratorFunc, events int) []history.Event {
	me, input, result := history.Instance{ID: "i", ExecutionID: "x"}, "1000000", "0"
	arrived := history.Message{Target: me, Event: &history.ExecutionStarted{Instance: me, Input: &input}}
	past := make([]history.Event, 0, events)
	for id := 0; len(past) < events-3; id++ {
		if id == 0 {
			past = append(past, durabletask.Execute(f, durabletask.Episode{New: []history.Message{arrived}}).Events...)
			continue
		}
		past = append(past,
			&history.OrchestratorStarted{Engine: 1},
			&history.TaskCompleted{TaskID: id - 1, Result: &result},
			&history.TaskScheduled{Header: history.Header{ID: id}, Name: "A"},
			&history.OrchestratorCompleted{})
	}
	return past
}
