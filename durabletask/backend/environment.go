package backend

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// Environment is everything by which chance enters a worker and its backend: the clock, random numbers, and the order
// in which storage requests are made. Nothing else in the framework reads a clock or a random source. The zero value is
// the real world; a simulation puts its own in place.
type Environment struct {
	// Clock tells the time of day; nil means the machine's. Durations (timeouts, back-off, timers) always run by the
	// time package.
	Clock Clock
	// Gate orders storage requests; nil lets each pass at once.
	Gate Gate
	// Source makes the random source of a loop, for identifiers and jitter; nil seeds each from the machine.
	Source func(loop string) *rand.Rand
}

// Clock tells the time of day.
type Clock interface {
	Now() time.Time
}

// Gate stands before every storage request, so that a simulation can release one request at a time in an order that a seed
// decides. Nobody holds a lock while it waits at the gate.
type Gate interface {
	// Enter blocks until the request may be made, or fails with the context's error.
	Enter(ctx context.Context, r Request) error
}

// Request describes a storage request to the gate. Two requests that are pending at once differ in some field, or it does
// not matter which is made first.
type Request struct {
	Worker, Loop, Kind, Key, Body string
}

// Now returns the time of day in UTC at the resolution that stores keep.
func (e *Environment) Now() time.Time {
	if e.Clock != nil {
		return e.Clock.Now().UTC().Truncate(history.Resolution)
	}
	return time.Now().UTC().Truncate(history.Resolution)
}

// Enter passes the gate. The loop is the one that ctx names (WithLoop).
func (e *Environment) Enter(ctx context.Context, r Request) error {
	if e.Gate == nil {
		return nil
	}
	if r.Loop == "" {
		r.Loop = loopOf(ctx)
	}
	return e.Gate.Enter(ctx, r)
}

// Rand returns the random source of a loop. A source is for the use of one goroutine.
func (e *Environment) Rand(loop string) *rand.Rand {
	if e.Source != nil {
		return e.Source(loop)
	}
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], rand.Uint64())
	}
	return rand.New(rand.NewChaCha8(seed))
}

type loopKey struct{}

// WithLoop names the loop that makes the calls with this context, so that the gate can tell loops apart.
func WithLoop(ctx context.Context, loop string) context.Context {
	return context.WithValue(ctx, loopKey{}, loop)
}

func loopOf(ctx context.Context) string {
	loop, _ := ctx.Value(loopKey{}).(string)
	return loop
}
