package replay

import (
	"fmt"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// BenchmarkReplay replays histories of sequences and fan-outs of growing width; the cost of an event must stay the same.
func BenchmarkReplay(b *testing.B) {
	sequence := func(n int) Code {
		return func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			for range n {
				outcome(x, x.Schedule(Call{Name: "A"}))
			}
			return nil, nil
		}
	}
	fanOut := func(n int) Code {
		return func(x *Execution, _ *string) (*string, *history.FailureDetails) {
			tasks := make([]*Task, n)
			for i := range tasks {
				tasks[i] = x.Schedule(Call{Name: "A"})
			}
			x.Await(n, tasks...)
			return nil, nil
		}
	}
	for name, shape := range map[string]func(int) Code{"sequence": sequence, "fan-out": fanOut} {
		for _, n := range []int{1000, 2000, 4000, 8000} {
			past := record(shape(n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, x := Run(shape(n), Episode{Past: past})
					x.End()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(past)), "ns/event")
			})
		}
	}
}

// record plays a code to its last event but one and returns the history.
func record(code Code) []history.Event {
	x, result := New(), "1"
	defer x.End()
	arrived := []history.Message{{Event: &history.ExecutionStarted{}}}
	var past []history.Event
	for {
		d, _ := Run(code, Episode{Now: time.Unix(0, 0), Execution: x, New: arrived})
		if d.Outcome != nil {
			return past
		}
		past = append(past, d.Events...)
		if len(d.Activities) > 0 {
			arrived = nil
		}
		for _, a := range d.Activities {
			arrived = append(arrived, history.Message{Event: &history.TaskCompleted{TaskID: a.Event.Head().ID, Result: &result}})
		}
		if len(arrived) > 1 { // one episode for each result, as when they trickle in
			for _, m := range arrived[:len(arrived)-1] {
				d, _ := Run(code, Episode{Now: time.Unix(0, 0), Execution: x, New: []history.Message{m}})
				past = append(past, d.Events...)
			}
			arrived = arrived[len(arrived)-1:]
		}
	}
}
