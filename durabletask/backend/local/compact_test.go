package local_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/durabletask/history"
)

// emptied makes a file with much free space: of its instances most have been purged.
func emptied(t *testing.T, path string, n, left int) {
	t.Helper()
	finished(t, path, n)
	s := open(t, local.Options{Path: path})
	var targets []history.Instance
	q := backend.Query{AnyOrder: true, PageSize: backend.MaxPageSize}
	for {
		page, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Instances {
			targets = append(targets, i.Instance)
		}
		if q.Token = page.Next; q.Token == "" {
			break
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	if purged, err := s.PurgeAll(t.Context(), targets[left:]); purged != n-left || err != nil {
		t.Fatalf("purged %d, %v", purged, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// ids are those of all instances.
func ids(t *testing.T, b backend.Client) []string {
	t.Helper()
	page, err := b.List(t.Context(), backend.Query{PageSize: backend.MaxPageSize})
	if err != nil || page.Next != "" {
		t.Fatal(err)
	}
	var all []string
	for _, i := range page.Instances {
		all = append(all, i.Instance.ID)
	}
	return all
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// The file of a store that was opened for it shrinks, and nothing in it changes.
func TestCompact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	emptied(t, path, 2000, 20)
	before := fileSize(t, path)
	s := open(t, local.Options{Path: path})
	want := ids(t, s)
	info, err := s.Info(t.Context())
	if err != nil || info.FreeBytes < before/2 || info.Bytes < before {
		t.Errorf("info %+v, %v", info, err)
	}
	done, err := s.Compact(t.Context())
	if err != nil || done.Before < before || done.After > before/10 {
		t.Errorf("%+v, %v; before it had %d bytes", done, err, before)
	}
	if d := cmp.Diff(want, ids(t, s)); d != "" || len(want) != 20 {
		t.Errorf("instances (-before +after):\n%s", d)
	}
	if info, err := s.Info(t.Context()); err != nil || info.FreeBytes != 0 || info.Bytes != done.After || info.Instances[history.Completed] != 20 {
		t.Errorf("info %+v, %v", info, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := fileSize(t, path); after > before/10 {
		t.Errorf("the file had %d bytes and has %d", before, after)
	}
}

// A store that is at work goes on working while its file shrinks.
func TestCompactWhileRunning(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	emptied(t, path, 2000, 20)
	s := open(t, local.Options{Path: path})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	enough := make(chan struct{})
	for k := range 4 {
		work.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprint("new-", k, "-", n)
				if err := s.Create(t.Context(), creation(id)); err != nil {
					t.Error(err)
				}
				if w, err := s.NextOrchestration(t.Context()); err != nil {
					t.Error(err)
				} else if err := s.Checkpoint(t.Context(), w, step(w)); err != nil {
					t.Error(err)
				}
				if _, err := s.History(t.Context(), id); err != nil {
					t.Error(err)
				}
				select {
				case <-enough:
					return
				default:
				}
			}
		})
	}
	for range 5 {
		if _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(enough)
	work.Wait()
	info, err := s.Info(t.Context())
	if err != nil || info.Instances[history.Completed] != 20 || info.Instances[history.Running] < 4 || info.Queues[0].Length != 0 || info.Queues[2].Length < 4 {
		t.Errorf("info %+v, %v", info, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Wherever a compaction is cut short, by the end of the process or by a disk that fails, everything is there afterwards.
func TestCompactCutShort(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "hub.db")
	emptied(t, whole, 100, 10)
	image, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, local.Options{Path: whole})
	want := ids(t, s)
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// cut compacts on a disk on which something happens at one of the operations that change it, and reports whether that came.
	cut := func(at int, happens func(*localtest.Disk) error, goesOn bool) (came bool) {
		name := fmt.Sprintf("compact-%d-%v", at, goesOn)
		disk := localtest.RegisterLossy(name)
		defer disk.Unregister()
		path := filepath.Join(t.TempDir(), "hub.db")
		if err := os.WriteFile(path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, local.Options{Path: path, VFS: name})
		var mu sync.Mutex
		operations := 0
		disk.Fail(func(o localtest.Operation) error {
			mu.Lock()
			defer mu.Unlock()
			if o.Kind == "read" || o.Kind == "open" {
				return nil
			}
			if operations++; operations == at {
				came = true
				return happens(disk)
			}
			return nil
		})
		_, err := s.Compact(t.Context())
		disk.Fail(nil)
		if came && err == nil && !goesOn {
			t.Errorf("operation %d: no error", at)
		}
		if goesOn {
			if came && err != nil && !errors.Is(err, backend.ErrTransient) {
				t.Errorf("operation %d: %v, want a transient error", at, err)
			}
			if d := cmp.Diff(want, ids(t, s)); d != "" {
				t.Errorf("operation %d: while it goes on (-want +got):\n%s", at, d)
			}
			if _, err := s.Compact(t.Context()); err != nil {
				t.Errorf("operation %d: again: %v", at, err)
			}
			if info, err := s.Info(t.Context()); err != nil || info.FreeBytes != 0 {
				t.Errorf("operation %d: again: %+v, %v", at, info, err)
			}
		}
		disk.Crash()
		_ = s.Stop(t.Context())
		s = open(t, local.Options{Path: path, VFS: name})
		if d := cmp.Diff(want, ids(t, s)); d != "" {
			t.Errorf("operation %d: afterwards (-want +got):\n%s", at, d)
		}
		for _, id := range want[:3] {
			_, err := s.History(t.Context(), id) // its text is none
			if err == nil || !strings.Contains(err.Error(), "not an event") {
				t.Errorf("operation %d: history %v", at, err)
			}
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		return came
	}
	for at, more := 1, true; more; at++ {
		more = cut(at, func(d *localtest.Disk) error { d.Crash(); return sqlite3.IOERR }, false)
		if more && at%3 == 0 {
			cut(at, func(*localtest.Disk) error { return sqlite3.FULL }, true)
		}
		if !more && at < 10 {
			t.Errorf("a compaction has only %d operations", at-1)
		}
	}
}

// A program that reads the file keeps it from shrinking; that is said, and the next time it shrinks.
func TestCompactWhileAnotherProgramReads(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	emptied(t, path, 500, 5)
	s := open(t, local.Options{Path: path})
	local.SetPatience(s, time.Millisecond)
	c, err := sqlite3.Open(path)
	if err == nil {
		err = c.Exec("BEGIN; SELECT count(*) FROM instances")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Compact(t.Context()); !errors.Is(err, backend.ErrTransient) || !strings.Contains(err.Error(), "another program reads it") {
		t.Errorf("error %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if done, err := s.Compact(t.Context()); err != nil || done.After >= done.Before/2 {
		t.Errorf("%+v, %v", done, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCompactInMemory(t *testing.T) {
	t.Parallel()
	s := open(t, local.Options{})
	for n := range 200 {
		if err := s.Create(t.Context(), creation(fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteTaskHub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Compact(t.Context()); err != nil || done.After >= done.Before {
		t.Errorf("%+v, %v", done, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Compact(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Compact(t.Context()); err == nil {
		t.Error("a store that was stopped is compacted")
	}
}
