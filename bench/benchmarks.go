package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// benchmark measures one thing on one engine. It may give several figures.
type benchmark struct {
	name string
	run  func(ctx context.Context, e engine, limit time.Duration) ([]figure, error)
}

// figure is what a benchmark measured.
type figure struct {
	name  string
	value float64
	unit  unit
	note  string // what a reader must know about it

	dtfx   float64 // what was recorded of DTFx, or 0
	target *bound  // what it must reach, if anything
}

// bound is what a figure must reach.
type bound struct {
	value float64
	least bool
}

func atMost(v float64) *bound  { return &bound{v, false} }
func atLeast(v float64) *bound { return &bound{v, true} }

// verdict says what the bound is and whether a value reaches it.
func (b *bound) verdict(v float64) string {
	if b == nil {
		return ""
	}
	sign, met := "≤", v <= b.value
	if b.least {
		sign, met = "≥", v >= b.value
	}
	text := sign + " " + number(&b.value)
	if !met {
		text += " MISSED"
	}
	return text
}

type unit string

const (
	orchestrationsPerSecond unit = "orchestrations/s"
	activitiesPerSecond     unit = "activities/s"
	milliseconds            unit = "ms"
)

// moreIsBetter tells rates from times and sizes.
func (u unit) moreIsBetter() bool {
	return u == orchestrationsPerSecond || u == activitiesPerSecond || u == operationsPerSecond || u == requests
}

const (
	fanOutWidth = 1_000
	// latencySamples make the 99th percentile the worst but two.
	latencySamples = 200
	// latencyWarmUp runs are not counted: first uses build caches and statements.
	latencyWarmUp = 5
)

func benchmarks() []benchmark {
	return []benchmark{
		hello5(100),
		hello5(1_000),
		hello5(10_000),
		{"fan-out/1000", fanOut},
		{"latency", latency},
	}
}

// hello5 measures throughput: n orchestrations of 5 activities, all started at once.
func hello5(n int) benchmark {
	name := fmt.Sprintf("hello-5/%d", n)
	return benchmark{name, func(ctx context.Context, e engine, limit time.Duration) ([]figure, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		p, err := e.Hello5(ctx, n)
		if err != nil {
			return nil, err
		}
		note := ""
		if p.orchestrations < n {
			note = fmt.Sprintf("cut off after %v: %d of %d orchestrations and %d of %d activities had ended",
				limit, p.orchestrations, n, p.activities, 5*n)
		}
		seconds := p.elapsed.Seconds()
		return []figure{
			{name: name, value: float64(p.orchestrations) / seconds, unit: orchestrationsPerSecond, note: note},
			{name: name + "/activities", value: float64(p.activities) / seconds, unit: activitiesPerSecond},
		}, nil
	}}
}

// fanOut measures one wide orchestration.
func fanOut(ctx context.Context, e engine, limit time.Duration) ([]figure, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begin := time.Now()
	err := e.FanOut(ctx, fanOutWidth)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w of %v", errCutOff, limit)
	}
	if err != nil {
		return nil, err
	}
	return []figure{{name: "fan-out/1000", value: fanOutWidth / time.Since(begin).Seconds(), unit: activitiesPerSecond}}, nil
}

// errCutOff means that a benchmark has nothing to show for its time.
var errCutOff = errors.New("not finished within the limit")

// latency measures orchestrations of one activity, one after the other, on an engine that does nothing else.
func latency(ctx context.Context, e engine, limit time.Duration) ([]figure, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var took []time.Duration
	for i := range latencyWarmUp + latencySamples {
		begin := time.Now()
		err := e.Hello1(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return nil, err
		}
		if i >= latencyWarmUp {
			took = append(took, time.Since(begin))
		}
	}
	if len(took) == 0 {
		return nil, fmt.Errorf("%w of %v", errCutOff, limit)
	}
	note := ""
	if len(took) < latencySamples {
		note = fmt.Sprintf("cut off after %v: %d of %d samples", limit, len(took), latencySamples)
	}
	slices.Sort(took)
	return []figure{
		{name: "latency/p50", value: inMilliseconds(percentile(took, 50)), unit: milliseconds, note: note},
		{name: "latency/p99", value: inMilliseconds(percentile(took, 99)), unit: milliseconds, note: note},
	}, nil
}

// percentile is by nearest rank, of sorted durations.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
