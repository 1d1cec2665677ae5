package main

import (
	"context"
	"time"
)

// engine is a durable engine, ours or a peer's, with the shapes that are measured already registered.
type engine interface {
	// Hello5 starts n orchestrations of 5 activities, one after the other, as fast as it can, and waits until all have
	// ended or ctx ends. The end of ctx is not an error: the progress says how far it came.
	Hello5(ctx context.Context, n int) (progress, error)
	// FanOut runs one orchestration of width activities that run side by side. It fails if ctx ends first.
	FanOut(ctx context.Context, width int) error
	// Hello1 runs one orchestration of 1 activity, from the start call until its end is known. It fails if ctx ends first.
	Hello1(ctx context.Context) error
	// Close stops the engine.
	Close() error
}

// progress is how far a run came.
type progress struct {
	orchestrations, activities int // that have ended
	elapsed                    time.Duration
}

// contender is an engine that can be opened, with its files in a folder that is its own.
type contender struct {
	name string
	open func(folder string) (engine, error)
}

// peers are compared with ours.
var peers = []contender{
	{"go-workflows sqlite", openGoWorkflows(onFile)},
	{"go-workflows sqlite, notified", openGoWorkflows(onFileNotified)},
	{"go-workflows memory", openGoWorkflows(inMemory)},
	{"go-workflows memory, notified", openGoWorkflows(inMemoryNotified)},
}
