package local_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/history"
)

// edit stops the store, changes its file as somebody might, and starts again.
func (s *store) edit(t *testing.T, sql string) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite3.Open(s.Path)
	if err == nil {
		err = c.Exec(sql)
	}
	if err == nil {
		err = c.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.reopen(t)
}

func onFile(t *testing.T) *store {
	t.Helper()
	s := &store{Options: local.Options{Path: filepath.Join(t.TempDir(), "hub.db")}}
	s.reopen(t)
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func raised(name string) history.Message {
	return history.Message{Target: history.Instance{ID: "one"}, Event: &history.EventRaised{Header: history.Header{ID: history.NoID}, Name: name}}
}

func poisonOf(t *testing.T, s *store) []backend.PoisonMessage {
	t.Helper()
	page, err := s.ListPoison(t.Context(), backend.PoisonQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Messages
}

// A message whose text can't be understood is given up at once; the others of its instance go on.
func TestUndecodableMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onFile(t)
		create(t, s, "one")
		for _, name := range []string{"a", "b"} {
			if err := s.Send(t.Context(), raised(name)); err != nil {
				t.Fatal(err)
			}
		}
		s.edit(t, `UPDATE messages SET body = 'nonsense' WHERE body LIKE '%"a"%'`)
		w, err := s.NextOrchestration(t.Context())
		if err != nil || len(w.Messages) != 2 {
			t.Fatalf("work %+v, error %v, want the start and one event", w, err)
		}
		synctest.Wait()
		all := poisonOf(t, s)
		if len(all) != 1 || all[0].InstanceID != "one" || all[0].Kind != "" || all[0].Queue != "messages" || all[0].Size != len("nonsense") {
			t.Fatalf("given up: %+v", all)
		}
		if err := s.Checkpoint(t.Context(), w, step(w)); err != nil {
			t.Fatal(err)
		}
		if err := s.ReplayPoison(t.Context(), all[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), raised("c")); err != nil {
			t.Fatal(err)
		}
		if w, err = s.NextOrchestration(t.Context()); err != nil || len(w.Messages) != 1 {
			t.Fatalf("work %+v, error %v, want one event", w, err)
		}
		synctest.Wait()
		if again := poisonOf(t, s); len(again) != 1 || again[0].ID == all[0].ID {
			t.Errorf("given up again: %+v", again)
		}
	})
}

func TestUndecodableActivity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onFile(t)
		create(t, s, "one")
		w, err := s.NextOrchestration(t.Context())
		if err == nil {
			err = s.Checkpoint(t.Context(), w, step(w))
		}
		if err != nil {
			t.Fatal(err)
		}
		s.edit(t, `UPDATE activities SET body = 'nonsense'`)
		go s.NextActivity(t.Context())
		synctest.Wait()
		all := poisonOf(t, s)
		if len(all) != 1 || all[0].InstanceID != "one" || all[0].Queue != "activities" {
			t.Fatalf("given up: %+v", all)
		}
		s.edit(t, `UPDATE poison SET body = '{"type":"TaskScheduled","id":0,"time":"2000-01-01T00:00:00Z","name":"A"}'`)
		if err := s.ReplayPoison(t.Context(), all[0].ID); err != nil {
			t.Fatal(err)
		}
		if a, err := s.NextActivity(t.Context()); err != nil || a.Message.Event.(*history.TaskScheduled).Name != "A" {
			t.Errorf("activity %+v, error %v", a, err)
		}
	})
}

// What a newer version has written waits for that version.
func TestUnknownKindIsNotGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onFile(t)
		create(t, s, "one")
		s.edit(t, `UPDATE messages SET body = '{"type":"FromTheFuture","id":0}'`)
		go s.NextOrchestration(t.Context())
		time.Sleep(time.Hour)
		if all := poisonOf(t, s); len(all) != 0 {
			t.Errorf("given up: %+v", all)
		}
	})
}

// A value that can never be stored is the message's own making.
func TestCheckpointThatIsTooLargeIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onDisk(t)
		local.SetLargest(s.Backend, 100_000)
		create(t, s, "one")
		for range backend.MaxTries {
			w, err := s.NextOrchestration(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c := step(w)
			c.State.Output = new(string(make([]byte, 200_000)))
			if err = s.Checkpoint(t.Context(), w, c); err == nil {
				t.Fatal("it is stored")
			}
			if err := s.Abandon(t.Context(), w, backend.Abandonment{Cause: err}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if all := poisonOf(t, s); len(all) != 1 {
			t.Errorf("given up: %+v", all)
		}
	})
}

// If the disk fails while a message is given up, it is tried again; if the process ends before, the message is where it was.
func TestDiskFailsWhileGivingUp(t *testing.T) {
	t.Parallel()
	for _, crashes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := onDisk(t)
			create(t, s, "one")
			for n := range backend.MaxTries {
				w, err := s.NextOrchestration(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n == backend.MaxTries-1 {
					s.disk.Fail(failing("write", sqlite3.FULL))
				}
				if err := s.Abandon(t.Context(), w, backend.Abandonment{Cause: errors.New("bad"), Poisonous: true}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if all := poisonOf(t, s); len(all) != 0 {
				t.Fatalf("given up: %+v", all)
			}
			if crashes {
				s.disk.Fail(nil)
				s.crashed(t)
				if w, err := s.NextOrchestration(t.Context()); err != nil || w.Instance.ID != "one" {
					t.Errorf("work %+v, error %v", w, err)
				}
				return
			}
			time.Sleep(time.Minute)
			s.disk.Fail(nil)
			time.Sleep(time.Minute)
			if all := poisonOf(t, s); len(all) != 1 {
				t.Errorf("given up: %+v", all)
			}
		})
	}
}

// A start that was given up is replayed for its own instance only.
func TestReplayForNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onDisk(t)
		create(t, s, "one")
		for range backend.MaxTries {
			w, err := s.NextOrchestration(t.Context())
			if err == nil {
				err = s.Abandon(t.Context(), w, backend.Abandonment{Cause: errors.New("bad"), Poisonous: true})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		all := poisonOf(t, s)
		terminate := &history.ExecutionTerminated{Header: history.Header{ID: history.NoID, Time: time.Now().UTC()}}
		if err := s.Send(t.Context(), history.Message{Target: history.Instance{ID: "one"}, Event: terminate}); err != nil {
			t.Fatal(err)
		}
		if state, err := s.Get(t.Context(), "one"); err != nil || state.Status != history.Terminated {
			t.Fatalf("state %+v, %v", state, err)
		}
		if err := s.ReplayPoison(t.Context(), all[0].ID); !errors.Is(err, backend.ErrInstanceFinished) {
			t.Errorf("the replay: %v", err)
		}
		if err := s.Purge(t.Context(), history.Instance{ID: "one"}); err != nil {
			t.Fatal(err)
		}
		create(t, s, "one") // another of this name
		if err := s.ReplayPoison(t.Context(), all[0].ID); !errors.Is(err, backend.ErrInstanceNotFound) {
			t.Errorf("the replay: %v", err)
		}
		if err := s.DropPoison(t.Context(), all[0].ID); err != nil {
			t.Error(err)
		}
		if state, err := s.Get(t.Context(), "one"); err != nil || state.Status != history.Pending {
			t.Errorf("the other one: %+v, %v", state, err)
		}
	})
}
