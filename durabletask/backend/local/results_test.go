package local_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/durabletask/history"
)

// delivered starts a store and takes an instance as far as the result of its one activity, which waits in memory.
func delivered(t *testing.T) *store {
	t.Helper()
	s := onDisk(t)
	create(t, s, "one")
	w, err := s.NextOrchestration(t.Context())
	if err == nil {
		err = s.Checkpoint(t.Context(), w, step(w))
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.NextActivity(t.Context())
	if err == nil {
		err = s.CompleteActivity(t.Context(), a, history.Message{Target: a.Message.Target, Event: &history.TaskCompleted{TaskID: 0}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// crashed loses what is not on the disk and starts again.
func (s *store) crashed(t *testing.T) {
	t.Helper()
	s.disk.Crash()
	_ = s.Stop(t.Context())
	s.reopen(t)
}

func (s *store) hasResult(t *testing.T) {
	t.Helper()
	w, err := s.NextOrchestration(t.Context())
	if err != nil || len(w.Messages) != 1 || w.Messages[0].Event.Type() != history.TypeTaskCompleted {
		t.Fatalf("work %+v, error %v, want the result", w, err)
	}
}

func TestResultThatWaitsIsSaved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := delivered(t)
		time.Sleep(time.Second)
		synctest.Wait()
		s.crashed(t)
		s.hasResult(t)
	})
}

func TestResultIsNotSavedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := delivered(t)
		s.crashed(t)
		if a, err := s.NextActivity(t.Context()); err != nil || a.Attempt != 1 {
			t.Errorf("activity %+v, error %v, want it to run again", a, err)
		}
	})
}

func TestResultIsSavedWhenTheDiskWorksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := delivered(t)
		s.disk.Fail(failing("write", sqlite3.FULL))
		time.Sleep(time.Minute)
		s.disk.Fail(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		s.crashed(t)
		s.hasResult(t)
	})
}

func TestDrainSavesResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := delivered(t)
		if err := s.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.crashed(t)
		s.hasResult(t)
	})
}

func TestStopOnAFullDiskSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := delivered(t)
		s.disk.Fail(failing("write", sqlite3.FULL))
		if err := s.Stop(t.Context()); !errors.Is(err, backend.ErrTransient) {
			t.Errorf("error %v, want a transient one", err)
		}
		s.disk.Fail(nil)
		s.reopen(t)
		if a, err := s.NextActivity(t.Context()); err != nil || a.Attempt != 1 {
			t.Errorf("activity %+v, error %v, want it to run again", a, err)
		}
	})
}

// Ten thousand results that nobody fetches are saved in few transactions.
func TestManyResultsAreSavedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onDisk(t)
		create(t, s, "one")
		w, err := s.NextOrchestration(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const activities = 2500
		var c backend.Checkpoint
		for n := range activities {
			c.Activities = append(c.Activities, history.Message{Target: w.Instance, Event: &history.TaskScheduled{Header: history.Header{ID: n}, Name: "A"}})
		}
		if err := s.Checkpoint(t.Context(), w, c); err != nil {
			t.Fatal(err)
		}
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
		for range activities {
			a, err := s.NextActivity(t.Context())
			if err == nil {
				err = s.CompleteActivity(t.Context(), a, history.Message{Target: w.Instance, Event: &history.TaskCompleted{TaskID: a.Message.Event.Head().ID}})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		if syncs < 1 || syncs > 5 {
			t.Errorf("%d syncs for %d results", syncs, activities)
		}
		mu.Unlock()
		s.crashed(t)
		got := 0
		for got < activities {
			w, err := s.NextOrchestration(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range w.Messages {
				if id := m.Event.(*history.TaskCompleted).TaskID; id != got {
					t.Fatalf("result of %d, want %d", id, got)
				}
				got++
			}
			if err := s.Checkpoint(t.Context(), w, backend.Checkpoint{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
