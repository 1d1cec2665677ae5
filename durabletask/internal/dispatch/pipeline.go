package dispatch

import (
	"context"
	"slices"
)

// Work is what passes through a pipeline.
type Work interface {
	*Orchestration | *Activity | *Entity
}

// Handler carries work out: it gives the work its outcome, or returns an error if it can't, whereupon the work is abandoned and
// comes again later. A failure of user code is an outcome, not an error.
type Handler[W Work] func(ctx context.Context, w W) error

// Middleware wraps a handler in another.
type Middleware[W Work] func(next Handler[W]) Handler[W]

// Chain puts middleware around a handler. The first is outermost.
func Chain[W Work](terminal Handler[W], middleware ...Middleware[W]) Handler[W] {
	h := terminal
	for _, m := range slices.Backward(middleware) {
		h = m(h)
	}
	return h
}
