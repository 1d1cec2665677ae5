package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

const (
	requestsEach   unit = "requests"
	cpuEach        unit = "CPU ms"
	seconds        unit = "s"
	perHour        unit = "requests/h"
	percent        unit = "%"
	microsEach     unit = "µs each"
	azuriteLimit        = 10 * time.Minute
	latencyN            = 200
	replayRuns          = 3
	signalsN            = 500
	azureFanOutN        = 500
	workersHello        = 500
	calibrateFor        = 2 * time.Second
	calibrateBytes      = 500
)

// recorded are the figures of DTFx 2.9.1 with an Azurite of the same version, in memory, worker and client in one process, on 2 cores: the median of three
// runs, but for 500 hellos the best, for the others had to share the cores. They hold for that machine: raw puts there were 420 to 2,100 a second.
type recorded struct {
	rate, cpu, requests float64 // orchestrations, activities or operations a second; milliseconds each; requests each
}

// azureLoad is a load on a fresh emulator.
type azureLoad struct {
	name string
	job  job
	rate unit
	dtfx recorded
	// What it must reach: times the recorded rate, requests and processor time each.
	faster   float64
	requests *bound
	cpu      *bound
}

const (
	mostRequests, mostInline = 30, 12
	mostCPU, mostMemory      = 6, 100
)

func azureLoads() []azureLoad {
	cpu := func(n int) *bound {
		if n == 1 {
			return nil // the first of anything costs more, and a single one is nothing but the first
		}
		return atMost(mostCPU)
	}
	hello := func(n int, dtfx recorded, faster float64) azureLoad {
		return azureLoad{
			fmt.Sprintf("azure/hello-5/%d", n), job{Load: "hello", N: n, Workers: 1}, orchestrationsPerSecond, dtfx, faster, atMost(mostRequests), cpu(n),
		}
	}
	inline := func(n int, dtfx recorded, faster float64) azureLoad {
		return azureLoad{
			fmt.Sprintf("azure/hello-5/%d/inline", n), job{Load: "inline", N: n, Workers: 1}, orchestrationsPerSecond, dtfx, faster, atMost(mostInline), cpu(n),
		}
	}
	hundred, fiveHundred := recorded{12.15, 41, 54}, recorded{9.80, 41, 54}
	loads := []azureLoad{
		hello(1, recorded{requests: 54}, 0),
		hello(100, hundred, 3),
		hello(500, fiveHundred, 4),
		hello(2000, recorded{requests: 54}, 0),
		inline(1, recorded{requests: 54}, 0),
		inline(100, hundred, 8),
		inline(500, fiveHundred, 0),
		{"azure/fan-out/500", job{Load: "fan-out", N: azureFanOutN, Workers: 1}, activitiesPerSecond, recorded{85.8, 6.4, 6.4}, 4, nil, nil},
		{"azure/entity/500", job{Load: "entity", N: signalsN, Workers: 1}, operationsPerSecond, recorded{236, 2.6, 2.1}, 2, nil, nil},
	}
	for _, n := range []int{1, 2, 4} {
		loads = append(loads, azureLoad{
			fmt.Sprintf("azure/workers/%d", n), job{Load: "hello", N: workersHello, Workers: n}, orchestrationsPerSecond, fiveHundred, 4, nil, nil,
		})
	}
	for _, n := range []int{100, 1_000, 10_000} {
		loads = append(loads, azureLoad{name: fmt.Sprintf("azuretest/hello-5/%d", n), job: job{Load: "hello", N: n, Workers: 1}, rate: orchestrationsPerSecond})
	}
	return loads
}

// azureBenchmarks are those of the Azure store.
func azureBenchmarks(profile string) []ownBenchmark {
	var all []ownBenchmark
	single := &atomic.Pointer[float64]{} // requests of a single hello
	for _, l := range azureLoads() {
		if profile != "" {
			l.job.Profile = filepath.Join(profile, strings.ReplaceAll(l.name, "/", "-")+".pprof")
		}
		all = append(all, ownBenchmark{l.name, func(ctx context.Context, _ string) ([]figure, error) { return l.run(ctx, single) }})
	}
	return append(all,
		ownBenchmark{"azure/latency", azureLatency},
		ownBenchmark{"azure/replay", azureReplay},
		ownBenchmark{"azure/idle", azureIdle},
		ownBenchmark{"azure/kill", func(ctx context.Context, _ string) (figures []figure, err error) {
			_, err = onAzurite(ctx, func(ctx context.Context, connection string) (err error) {
				figures, err = killed(ctx, connection)
				return err
			})
			return figures, err
		}},
	)
}

// onAzurite calls f with a fresh emulator, after a look at how fast it is right now.
func onAzurite(ctx context.Context, f func(ctx context.Context, connection string) error) (speed string, err error) {
	ctx, cancel := context.WithTimeout(ctx, azuriteLimit)
	defer cancel()
	server, err := azurite.Start()
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, server.Stop())
		speed += fmt.Sprintf("; emulator %.1f s of CPU", server.ProcessorTime().Seconds())
	}()
	puts, err := calibrate(ctx, server.ConnectionString())
	if err != nil {
		return "", err
	}
	load := loadAverage()
	if err := f(ctx, server.ConnectionString()); err != nil {
		return "", err
	}
	after, err := calibrate(ctx, server.ConnectionString()) // it may be worn out
	if err != nil {
		return fmt.Sprintf("raw puts/s %.0f before; afterwards the emulator did not answer in time%s", puts, load), nil
	}
	return fmt.Sprintf("raw puts/s %.0f before and %.0f after%s", puts, after, load), nil
}

// calibrate measures raw puts a second by as many callers as the recorded runs had, so that figures of different moments can be compared.
func calibrate(ctx context.Context, connection string) (float64, error) {
	m := &meter{next: network(), counts: map[string]int{}}
	a, err := openAccount(connection, m)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	q := a.Queue("calibration")
	if _, err := q.Create(ctx); err != nil {
		return 0, err
	}
	defer func() { _, _ = q.Delete(ctx) }()
	text := bytes.Repeat([]byte("x"), calibrateBytes)
	var puts atomic.Int64
	begin := time.Now()
	err = inParallel(callers, func(int) error {
		for time.Since(begin) < calibrateFor {
			if _, err := q.Put(ctx, text, 0, 0); err != nil {
				return err
			}
			puts.Add(1)
		}
		return nil
	})
	return float64(puts.Load()) / time.Since(begin).Seconds(), err
}

// loadAverage is how busy the machine is, where it tells.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return ", load average " + strings.Fields(string(text))[0]
}

// inProcess does a job in a process of its own.
func inProcess(ctx context.Context, j job) (*outcome, error) {
	c, err := jobCommand(ctx, j)
	if err != nil {
		return nil, err
	}
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("the measured process: %w", err)
	}
	o := &outcome{}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(o); err != nil {
		return nil, fmt.Errorf("the measured process: %w", err)
	}
	return o, nil
}

// run measures a load in a process of its own.
func (l azureLoad) run(ctx context.Context, single *atomic.Pointer[float64]) ([]figure, error) {
	var o *outcome
	var speed string
	var err error
	memory := strings.HasPrefix(l.name, "azuretest/")
	if memory {
		speed = "emulator in the same process" + loadAverage()
		o, err = inProcess(ctx, l.job)
	} else {
		speed, err = onAzurite(ctx, func(ctx context.Context, connection string) (err error) {
			l.job.Connection = connection
			o, err = inProcess(ctx, l.job)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	n := float64(l.job.N)
	each := float64(work(o.Requests)) / n
	if memory {
		return []figure{
			{name: l.name + "/cost", value: o.Seconds * 1e6 / n, unit: microsEach, note: speed},
			{name: l.name + "/requests", value: each, unit: requestsEach, note: byKind(o.Requests, n)},
			{name: l.name + "/cpu", value: o.CPU * 1e3 / n, unit: cpuEach, note: "with what the account in memory takes"},
			{name: l.name + "/memory", value: o.Peak, unit: megabytes, note: "with the account in it"},
		}, nil
	}
	rate := figure{name: l.name, value: n / o.Seconds, unit: l.rate, note: speed, dtfx: l.dtfx.rate}
	if l.faster > 0 {
		rate.target = atLeast(l.faster * l.dtfx.rate)
	}
	requests := figure{
		name: l.name + "/requests", value: each, unit: requestsEach, dtfx: l.dtfx.requests, target: l.requests,
		note: fmt.Sprintf("%s; at most %d at once", byKind(o.Requests, n), o.AtOnce),
	}
	if l.job.Load == "hello" && l.job.Workers == 1 {
		switch one := single.Load(); {
		case l.job.N == 1:
			single.Store(&each)
		case one != nil && l.job.N == 2000:
			requests.target = atMost(min(mostRequests, *one*4/3))
		}
	}
	return []figure{
		rate, requests,
		{name: l.name + "/cpu", value: o.CPU * 1e3 / n, unit: cpuEach, dtfx: l.dtfx.cpu, target: l.cpu, note: ""},
		{name: l.name + "/memory", value: o.Peak, unit: megabytes, target: atMost(mostMemory)},
	}, nil
}

func azureLatency(ctx context.Context, _ string) ([]figure, error) {
	var o *outcome
	speed, err := onAzurite(ctx, func(ctx context.Context, connection string) (err error) {
		o, err = inProcess(ctx, job{Load: "latency", N: latencyN, Workers: 1, Connection: connection})
		return err
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "azure/latency/p50", value: inMilliseconds(percentile(o.Latencies, 50)), unit: milliseconds, note: speed, target: atMost(20)},
		{name: "azure/latency/p99", value: inMilliseconds(percentile(o.Latencies, 99)), unit: milliseconds},
		{name: "azure/latency/requests", value: float64(work(o.Requests)) / latencyN, unit: requestsEach, note: byKind(o.Requests, latencyN)},
	}, nil
}

// azureReplay compares the engine with a replay of its requests, several times in turn, because the machine's speed changes.
func azureReplay(ctx context.Context, folder string) ([]figure, error) {
	const n = 100
	file := filepath.Join(folder, "requests")
	var engines, replays, ratios, cpus []float64
	var notes []string
	for range replayRuns {
		var engine, replay *outcome
		speed, err := onAzurite(ctx, func(ctx context.Context, connection string) (err error) {
			engine, err = inProcess(ctx, job{Load: "hello", N: n, Workers: 1, Connection: connection, File: file})
			return err
		})
		if err != nil {
			return nil, err
		}
		speedToo, err := onAzurite(ctx, func(ctx context.Context, connection string) (err error) {
			replay, err = inProcess(ctx, job{Load: "replay", Connection: connection, File: file})
			return err
		})
		if err != nil {
			return nil, err
		}
		engines, replays = append(engines, n/engine.Seconds), append(replays, n/replay.Seconds)
		ratios, cpus = append(ratios, 100*replay.Seconds/engine.Seconds), append(cpus, 1e3*replay.CPU/n)
		notes = append(notes, fmt.Sprintf("engine %.3g/s (%s), replay %.3g/s (%s; %d requests, %d at once, answers of another status: %s)",
			n/engine.Seconds, speed, n/replay.Seconds, speedToo, replay.Sent, replay.AtOnce, byKind(replay.Differing, 1)))
	}
	return []figure{
		{name: "azure/replay/engine", value: middle(engines), unit: orchestrationsPerSecond, note: strings.Join(notes, "; ")},
		{name: "azure/replay/requests-only", value: middle(replays), unit: orchestrationsPerSecond},
		{name: "azure/replay/cpu", value: middle(cpus), unit: cpuEach, note: "of the replay: what HTTP alone costs"},
		{name: "azure/replay", value: middle(ratios), unit: percent, target: atLeast(70), note: "the engine's speed in percent of the replay's, median"},
	}, nil
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func azureIdle(ctx context.Context, _ string) ([]figure, error) {
	o, err := inProcess(ctx, job{Load: "idle"})
	if err != nil {
		return nil, err
	}
	sum := 0
	for _, n := range o.Requests {
		sum += n
	}
	return []figure{{
		name: "azure/idle", value: float64(sum), unit: perHour, dtfx: 2500, target: atMost(1200),
		note: "4 partitions, one worker, in virtual time: " + byKind(o.Requests, 1),
	}}, nil
}
