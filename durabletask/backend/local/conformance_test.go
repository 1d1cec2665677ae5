package local_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/backendtest"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
)

// store is a file on a disk that can crash.
type store struct {
	*local.Backend
	disk *localtest.Disk
	local.Options
}

func open(t *testing.T, o local.Options) *local.Backend {
	t.Helper()
	b, err := local.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformanceInMemory(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, backendtest.Harness{
		Open: func(t *testing.T, env backend.Environment) backend.Backend {
			t.Helper()
			return open(t, local.Options{Environment: env})
		},
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, backendtest.Harness{
		Open: func(t *testing.T, env backend.Environment) backend.Backend {
			t.Helper()
			name := "conformance-" + t.Name()
			s := &store{disk: localtest.RegisterLossy(name), Options: local.Options{Path: filepath.Join(t.TempDir(), "hub.db"), VFS: name, Environment: env}}
			t.Cleanup(s.disk.Unregister)
			s.Backend = open(t, s.Options)
			return s
		},
		Crash: func(t *testing.T, b backend.Backend, env backend.Environment) backend.Backend {
			t.Helper()
			s := b.(*store)
			s.Environment = env
			s.disk.Crash()
			s.Stop(context.Background()) // can't write any more
			return &store{disk: s.disk, Options: s.Options, Backend: open(t, s.Options)}
		},
	})
}
