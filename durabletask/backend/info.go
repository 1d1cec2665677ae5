package backend

import (
	"context"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// HubInfo is what a task hub says about itself, for people. Numbers are those of a moment, and the service of Azure Storage only estimates them.
type HubInfo struct {
	// Store is the kind of store: StoreLocal or StoreAzureStorage. Place is where it is: a file, or the hub's name and account. Format is that of what is
	// stored.
	Store, Place, Format string
	// Instances counts the orchestrations by their states, and Entities the entities that have been stored; nil and 0 where counting means reading everything.
	Instances map[history.Status]int
	Entities  int
	// Queues are what waits: messages for instances, timers, activities.
	Queues []QueueInfo
	// Poison counts the messages that were given up.
	Poison int
	// Partitions are the parts into which instances are divided between workers; none on a store that one process has for itself.
	Partitions []PartitionInfo
	// Bytes is how large the store is, with its log, and FreeBytes how much of that Compact would give back at least; 0 where that is not known.
	Bytes, FreeBytes int64
}

// The kinds of stores.
const (
	StoreLocal        = "local"
	StoreAzureStorage = "AzureStorage"
)

// QueueInfo is how much waits in a queue.
type QueueInfo struct {
	Name   string
	Length int
}

// PartitionInfo is who owns a part of the instances.
type PartitionInfo struct {
	// Name is that of the partition's control queue.
	Name string
	// Owner is the worker that has it, empty if none; Next is one that waits for it.
	Owner, Next string
	// Expires is when others may take it unless the owner renews its claim; zero if that is not known.
	Expires time.Time
}

// Compactor is a backend whose storage keeps the space of what was deleted until it is told not to.
type Compactor interface {
	// Compact gives back what is free. Everything waits for it that changes something.
	Compact(ctx context.Context) (Compaction, error)
}

// Compaction is what Compact has done: how many bytes the store had before and has now, with its log.
type Compaction struct{ Before, After int64 }
