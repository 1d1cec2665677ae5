package main

import (
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// FanOut adds up the squares of 1 to n, each computed by an activity, all at once.
var FanOut = durabletask.NewOrchestrator(fanOut)

// Square multiplies a number by itself.
var Square = durabletask.NewActivity(square)

// widest is how many activities one FanOut may run at once.
const widest = 10_000

func fanOut(ctx durabletask.Context, n int) (int, error) {
	if n < 0 || n > widest {
		return 0, durabletask.ErrorKind("BadInput").New("n must be between 0 and %d, not %d", widest, n)
	}
	retry := durabletask.RetryPolicy{MaxAttempts: 3, First: time.Second, Backoff: 2}
	tasks := make([]*durabletask.Task[int], n)
	for i := range tasks {
		tasks[i] = Square.Start(ctx, i+1, retry)
	}
	squares, err := durabletask.WhenAll(ctx, tasks...)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, s := range squares {
		sum += s
	}
	return sum, nil
}

func square(_ context.Context, n int) (int, error) { return n * n, nil }
