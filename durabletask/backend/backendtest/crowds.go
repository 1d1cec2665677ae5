package backendtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/history"
)

func crowds() []testCase {
	return []testCase{
		{name: "a crowd loses and doubles nothing", run: crowd},
		{name: "a crowd through crashes loses and doubles nothing", run: crowdWithCrashes, crash: true},
	}
}

const (
	crowdInstances = 40
	crowdEvents    = 6 // to each instance, by each of two senders
	crowdTasks     = 5 // of each instance
	crowdWorkers   = 8
)

func crowd(h *hub) { runCrowd(h, 0) }

func crowdWithCrashes(h *hub) { runCrowd(h, 4) }

// A member is what the model knows of an instance: what was sent to it for sure, in order by sender.
type member struct {
	id   string
	sent [2][]string
}

// runCrowd lets many instances live at once. The history of an instance is the log of what was delivered to it; at the end it must
// hold each start, each event that a sender knows to be sent, and the result of each activity exactly once, and the events of
// one sender in their order.
func runCrowd(h *hub, crashes int) {
	members := make([]*member, crowdInstances)
	for n := range members {
		members[n] = &member{id: fmt.Sprintf("member-%02d", n)}
		h.create(members[n].id)
	}
	for round := range crashes {
		stop := crowdWork(h, uint64(round))
		crowdSend(h, members, round, crashes+1)
		stop()
		h.crash()
	}
	stop := crowdWork(h, 99)
	crowdSend(h, members, crashes, crashes+1)
	pass(time.Hour)
	stop()
	h.nothing()
	h.noActivity()
	for _, m := range members {
		checkMember(h, m)
	}
}

// crowdSend sends part of the events.
func crowdSend(h *hub, members []*member, part, parts int) {
	var senders sync.WaitGroup
	for s := range 2 {
		senders.Go(func() {
			for n := part * crowdEvents / parts; n < (part+1)*crowdEvents/parts; n++ {
				for k, m := range members {
					serial := (s*crowdEvents+n)*crowdInstances + k
					e := &history.EventRaised{
						Header: history.Header{ID: history.NoID, Time: now(), ActivityID: id(1_000_000 + serial)}, Name: fmt.Sprint(s, " ", n, " ", m.id),
					}
					if err := h.Send(h.ctx(), history.Message{Target: history.Instance{ID: m.id}, Event: e}); err != nil {
						h.Error(err)
						return
					}
					m.sent[s] = append(m.sent[s], e.Name)
				}
			}
		})
	}
	senders.Wait()
}

// crowdWork starts workers. They abandon some of what they get. The function returned waits until they have given up.
func crowdWork(h *hub, seed uint64) (stop func()) {
	ctx, cancel := context.WithCancel(h.ctx())
	var workers sync.WaitGroup
	var mu sync.Mutex
	out := make(map[string]bool)
	b := h.Backend
	check := func(err error) bool {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, backend.ErrDraining) {
			h.Error(err)
		}
		return err == nil
	}
	for n := range crowdWorkers {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(2*n)))
			for {
				w, err := b.NextOrchestration(ctx)
				if !check(err) {
					return
				}
				mu.Lock()
				if out[w.Instance.ID] {
					h.Errorf("%q is out twice", w.Instance.ID)
				}
				out[w.Instance.ID] = true
				mu.Unlock()
				past, err := b.LoadHistory(ctx, w)
				abandon := random.IntN(5) == 0
				mu.Lock()
				delete(out, w.Instance.ID)
				mu.Unlock()
				switch {
				case err != nil || abandon:
					err = b.Abandon(h.ctx(), w, backend.Abandonment{Cause: errors.New("by chance"), Delay: time.Duration(random.IntN(3)) * time.Second})
				default:
					err = b.Checkpoint(h.ctx(), w, crowdEpisode(past, w))
				}
				if !check(err) {
					return
				}
			}
		})
		workers.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(2*n+1)))
			for {
				a, err := b.NextActivity(ctx)
				if !check(err) {
					return
				}
				if random.IntN(5) == 0 {
					err = b.AbandonActivity(h.ctx(), a, backend.Abandonment{Cause: errors.New("by chance"), Delay: time.Duration(random.IntN(3)) * time.Second})
				} else {
					e := &history.TaskCompleted{Header: history.Header{ID: history.NoID, Time: now()}, TaskID: a.Message.Event.Head().ID}
					err = b.CompleteActivity(h.ctx(), a, history.Message{Target: a.Message.Target, Event: e})
				}
				if !check(err) {
					return
				}
			}
		})
	}
	return func() {
		synctest.Wait()
		cancel()
		workers.Wait()
	}
}

// crowdEpisode records the messages and schedules one activity until enough have been.
func crowdEpisode(past []history.Event, w *backend.InstanceWork) backend.Checkpoint {
	c := backend.Checkpoint{Events: events(w.Messages)}
	scheduled := 0
	for _, e := range past {
		if e.Type() == history.TypeTaskScheduled {
			scheduled++
		}
	}
	if scheduled < crowdTasks {
		e := &history.TaskScheduled{Header: history.Header{ID: scheduled, Time: now()}, Name: "Activity"}
		c.Events = append(c.Events, e)
		c.Activities = append(c.Activities, history.Message{Target: w.Instance, Event: e})
	}
	return c
}

func checkMember(h *hub, m *member) {
	past, err := h.History(h.ctx(), m.id)
	h.must(err)
	var starts int
	var got [2][]string
	var results, scheduled [crowdTasks]int
	for _, e := range past {
		switch e := e.(type) {
		case *history.ExecutionStarted:
			starts++
		case *history.TaskCompleted:
			results[e.TaskID]++
		case *history.TaskScheduled:
			scheduled[e.ID]++
		case *history.EventRaised:
			sender := e.Name[0] - '0'
			got[sender] = append(got[sender], e.Name)
		}
	}
	if starts != 1 {
		h.Errorf("%q was started %d times, want once", m.id, starts)
	}
	for s := range got {
		if h.harness.Settle > 0 { // what a crash has left need not come in its order
			slices.Sort(got[s])
			slices.Sort(m.sent[s])
		}
		h.same(fmt.Sprintf("events of sender %d in %q", s, m.id), got[s], m.sent[s])
	}
	for task := range crowdTasks {
		if scheduled[task] != 1 || results[task] != 1 {
			h.Errorf("%q scheduled activity %d %d times and got %d results, want one each", m.id, task, scheduled[task], results[task])
		}
	}
}
