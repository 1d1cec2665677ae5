package main

import "github.com/azdurable/azdurable/durabletask"

// Counters are entities: for each key there is a number that operations change, one after the other.
//
//	curl -X POST -H 'Content-Type: application/json' -d 5 'http://localhost:7071/runtime/webhooks/durabletask/entities/Counter/a?op=add'
//	curl http://localhost:7071/runtime/webhooks/durabletask/entities/Counter/a
var Counters = durabletask.NewEntity[Counter]()

// Counter is the state of one of them.
type Counter struct {
	Value int `json:"value"`
}

// Add adds n and returns the sum.
func (c *Counter) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

// Get returns the number.
func (c Counter) Get(durabletask.EntityContext, durabletask.None) (int, error) { return c.Value, nil }

// Reset makes it zero.
func (c *Counter) Reset(durabletask.EntityContext, durabletask.None) (durabletask.None, error) {
	c.Value = 0
	return durabletask.None{}, nil
}
