package main

import (
	"context"
	"fmt"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// Monitor looks at a job every minute until it is done, and shows how far it is as its custom status. Each look is an execution of its own, so
// that the history stays short however long it takes.
var Monitor = durabletask.NewOrchestrator(monitor)

// CheckJob asks how much of a job is done, in percent.
var CheckJob = durabletask.NewActivity(checkJob)

// Watch is what Monitor is told about a job. Only its name is given at the start.
type Watch struct {
	Job   string    `json:"job"`
	Begun time.Time `json:"begun,omitzero"`
	Looks int       `json:"looks"`
}

const (
	lookEvery = time.Minute
	lookUntil = 24 * time.Hour
)

func monitor(ctx durabletask.Context, w Watch) (string, error) {
	if w.Begun.IsZero() {
		w.Begun = ctx.Now()
	}
	percent, err := CheckJob.Call(ctx, w, durabletask.RetryPolicy{MaxAttempts: 3, First: 10 * time.Second, Backoff: 2})
	if err != nil {
		return "", err
	}
	w.Looks++
	ctx.SetStatus(map[string]int{"percent": percent, "looks": w.Looks})
	switch {
	case percent >= 100:
		return fmt.Sprintf("%s done, seen at look %d", w.Job, w.Looks), nil
	case ctx.Now().Sub(w.Begun) >= lookUntil:
		return "", durabletask.ErrTimeout.New("%s not done in %v", w.Job, lookUntil)
	}
	if err := durabletask.Sleep(ctx, lookEvery); err != nil {
		return "", err
	}
	return durabletask.ContinueAsNew[string](ctx, w)
}

// checkJob stands for a call of a service: its jobs take five minutes.
func checkJob(_ context.Context, w Watch) (int, error) {
	return min(100, int(time.Since(w.Begun)/time.Minute)*20), nil
}
