package azurestorage_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage"
	"github.com/azdurable/azdurable/durabletask/backend/backendtest"
	"github.com/azdurable/azdurable/internal/azuretest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var workers atomic.Int64
	backendtest.Run(t, backendtest.Harness{
		Open: func(t *testing.T, env backend.Environment) backend.Backend {
			t.Helper()
			name := fmt.Sprint("worker-", workers.Add(1))
			return openHub(t, azuretest.New(azuretest.Options{}), azuretest.ClientOptions{Name: name}, func(o *azurestorage.Options) {
				o.Environment = env
				o.Partitions = 1 // the suite looks at the order of instances
			})
		},
		Crash: func(t *testing.T, b backend.Backend, env backend.Environment) backend.Backend {
			t.Helper()
			return b.(*hub).again(t, fmt.Sprint("worker-", workers.Add(1)), env)
		},
		Settle:   settle,
		Patience: settle,
		Age:      8 * 24 * time.Hour, // more than a message can be hidden for
	})
}
