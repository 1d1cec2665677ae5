package local_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/durabletask/history"
)

func creation(id string) backend.Creation {
	in := history.Instance{ID: id, ExecutionID: "execution of " + id}
	e := &history.ExecutionStarted{Header: history.Header{ID: history.NoID, Time: time.Now().UTC(), ActivityID: id}, Instance: in, Name: "O"}
	return backend.Creation{Start: history.Message{Target: in, Event: e}, Refuse: []history.Status{history.Pending, history.Running}}
}

func create(t *testing.T, b backend.Backend, id string) {
	t.Helper()
	if err := b.Create(context.Background(), creation(id)); err != nil {
		t.Fatal(err)
	}
}

// onDisk starts a store on a disk that can fail.
func onDisk(t *testing.T) *store {
	t.Helper()
	name := "disk-" + t.Name()
	s := &store{disk: localtest.RegisterLossy(name), Options: local.Options{Path: filepath.Join(t.TempDir(), "hub.db"), VFS: name}}
	t.Cleanup(s.disk.Unregister)
	s.reopen(t)
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func (s *store) reopen(t *testing.T) {
	t.Helper()
	s.Backend = open(t, s.Options)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// failing makes the disk fail each operation of a kind on the log with a code.
func failing(kind string, code sqlite3.ErrorCode) func(localtest.Operation) error {
	return func(o localtest.Operation) error {
		if o.Kind == kind && strings.HasSuffix(o.File, "-wal") {
			return code
		}
		return nil
	}
}

// A disk that is full or broken fails the call for now; nothing of it is stored; when the disk works again the same call succeeds.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  string
		code  sqlite3.ErrorCode
		words string
	}{
		{"write", sqlite3.FULL, "no space left"},
		{"write", sqlite3.IOERR, "check the disk"},
		{"sync", sqlite3.IOERR, "check the disk"},
	} {
		t.Run(fmt.Sprint(c.kind, " ", uint8(c.code)), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onDisk(t)
				ctx := t.Context()
				create(t, s, "one")
				create(t, s, "other")
				w, err := s.NextOrchestration(ctx)
				if err != nil {
					t.Fatal(err)
				}
				s.disk.Fail(failing(c.kind, c.code))
				checkpoint := step(w)
				for name, call := range map[string]func() error{
					"checkpoint": func() error { return s.Checkpoint(ctx, w, checkpoint) },
					"create":     func() error { return s.Create(ctx, creation("two")) },
					"send": func() error {
						return s.Send(ctx, history.Message{Target: history.Instance{ID: "other"}, Event: &history.EventRaised{Name: "a"}})
					},
				} {
					err := call()
					if !errors.Is(err, backend.ErrTransient) || !strings.Contains(err.Error(), c.words) {
						t.Errorf("%s: error %v, want a transient one with %q", name, err, c.words)
					}
				}
				if past, err := s.History(ctx, "one"); err != nil || len(past) != 0 {
					t.Errorf("history %v, error %v, want none", past, err)
				}
				if _, err := s.Get(ctx, "two"); !errors.Is(err, backend.ErrInstanceNotFound) {
					t.Errorf("error %v, want %v", err, backend.ErrInstanceNotFound)
				}
				s.disk.Fail(nil)
				if err := s.Checkpoint(ctx, w, checkpoint); err != nil {
					t.Fatal(err)
				}
				if a, err := s.NextActivity(ctx); err != nil || a.Message.Target.ID != "one" {
					t.Errorf("activity %+v, error %v", a, err)
				}
				create(t, s, "two")
				s.disk.Crash()
				s.Stop(ctx)
				s.reopen(t)
				past, err := s.History(ctx, "one")
				if err != nil || len(past) != len(checkpoint.Events) {
					t.Errorf("history %v, error %v, want the events of one checkpoint", past, err)
				}
				for _, id := range []string{"other", "two"} {
					w, err := s.NextOrchestration(ctx)
					if err != nil || w.Instance.ID != id || len(w.Messages) != 1 {
						t.Errorf("work %+v, error %v, want the start of %q", w, err, id)
					}
				}
			})
		})
	}
}

// A disk that fails now and then loses and doubles nothing, as long as calls are made again.
func TestDiskFailsNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onDisk(t)
		var mu sync.Mutex
		random, failed := rand.New(rand.NewPCG(1, 2)), 0
		s.disk.Fail(func(o localtest.Operation) error {
			mu.Lock()
			defer mu.Unlock()
			if o.Kind != "write" && o.Kind != "sync" {
				return nil
			}
			if random.IntN(20) == 0 {
				failed++
				return sqlite3.IOERR
			}
			return nil
		})
		again := func(call func() error) {
			for {
				err := call()
				if err == nil {
					return
				}
				if !errors.Is(err, backend.ErrTransient) {
					t.Fatal(err)
				}
			}
		}
		again(func() error { return s.Create(t.Context(), creation("one")) })
		const rounds = 100
		for n := range rounds {
			w, err := s.NextOrchestration(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(w.Messages) != 1 || w.Version != uint64(n) {
				t.Fatalf("round %d: %d messages, version %d", n, len(w.Messages), w.Version)
			}
			c := step(w)
			again(func() error { return s.Checkpoint(t.Context(), w, c) })
			a, err := s.NextActivity(t.Context())
			if err == nil {
				err = s.CompleteActivity(t.Context(), a, history.Message{Target: w.Instance, Event: &history.TaskCompleted{TaskID: n}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if failed < 10 {
			t.Errorf("the disk failed %d times only", failed)
		}
		s.disk.Fail(nil)
		past, err := s.History(t.Context(), "one")
		if err != nil || len(past) != 4*rounds {
			t.Errorf("%d events, error %v, want %d", len(past), err, 4*rounds)
		}
	})
}

// How many commits an orchestration with one activity takes on an idle hub.
func TestCommitsOfOneActivity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onDisk(t)
		create(t, s, "before")
		var mu sync.Mutex
		syncs := 0
		s.disk.Fail(func(o localtest.Operation) error {
			mu.Lock()
			defer mu.Unlock()
			if o.Kind == "sync" {
				syncs++
			}
			return nil
		})
		ctx := t.Context()
		if _, err := s.NextOrchestration(ctx); err != nil {
			t.Fatal(err)
		}
		create(t, s, "one")
		w, err := s.NextOrchestration(ctx)
		if err == nil {
			err = s.Checkpoint(ctx, w, step(w))
		}
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.NextActivity(ctx)
		if err == nil {
			err = s.CompleteActivity(ctx, a, history.Message{Target: w.Instance, Event: &history.TaskCompleted{}})
		}
		if err != nil {
			t.Fatal(err)
		}
		if w, err = s.NextOrchestration(ctx); err != nil {
			t.Fatal(err)
		}
		c := step(w)
		c.Activities, c.State.Status = nil, history.Completed
		if err := s.Checkpoint(ctx, w, c); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if syncs != 3 {
			t.Errorf("%d syncs, want 3: creation and two checkpoints", syncs)
		}
	})
}
