package entity

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/azdurable/azdurable/durabletask/history"
)

// recordedBatch is one batch of an entity that a program of the reference has run.
type recordedBatch struct {
	Scenario string          `json:"scenario"`
	Entity   string          `json:"entity"`
	Now      time.Time       `json:"now"`
	Stored   time.Time       `json:"stored"`
	Events   []recordedEvent `json:"events"`
	Before   *string         `json:"before"`
	State    *string         `json:"state"`
	Status   string          `json:"status"`
	Sent     []recordedEvent `json:"sent"`
}

type recordedEvent struct {
	To        string  `json:"to"`
	Execution string  `json:"execution"`
	Name      string  `json:"name"`
	Input     *string `json:"input"`
	Start     bool    `json:"start"`
	Parent    int     `json:"parent"`
}

func recordedBatches(t *testing.T) []recordedBatch {
	t.Helper()
	f, err := os.Open("testdata/batches.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []recordedBatch
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var b recordedBatch
		if err := json.Unmarshal(lines.Bytes(), &b); err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func readState(t *testing.T, text *string) (s history.EntityState) {
	t.Helper()
	if text != nil {
		if err := json.Unmarshal([]byte(*text), &s); err != nil {
			t.Fatalf("%v: %s", err, *text)
		}
	}
	return s
}

// TestRecordedBatches takes every recorded batch from its state before to its state after.
func TestRecordedBatches(t *testing.T) {
	t.Parallel()
	n := map[string]int{}
	for _, r := range recordedBatches(t) {
		n[r.Scenario]++
		before, want := readState(t, r.Before), readState(t, r.State)
		events := make([]history.Event, len(r.Events))
		for i, e := range r.Events {
			events[i] = &history.EventRaised{Name: e.Name, Input: e.Input}
			var request history.EntityRequest
			if e.Input != nil && json.Unmarshal([]byte(*e.Input), &request) == nil && len(r.Sent) == 0 && request.Due.After(r.Now) {
				r.Now = request.Due // the reference runs it a little early
			}
		}
		limit := 5000
		if r.Scenario == "ext/entity-batch-limit" {
			limit = 3
		}
		b := Begin(Work{
			Instance: history.Instance{ID: r.Entity, ExecutionID: "x"}, State: before, Started: r.Stored, Events: events, Now: r.Now,
		}, Options{ReorderWindow: DefaultReorderWindow, MaxOperations: limit})
		for op, ok := b.Next(); ok; op, ok = b.Next() {
			b.Done(counter(op, strings.HasPrefix(r.Scenario, "dtfx")))
		}
		now := r.Now
		if !want.Sorter.SendHorizon.Equal(before.Sorter.SendHorizon) {
			now = want.Sorter.SendHorizon.Add(DefaultReorderWindow) // the reference looks at its clock again
		}
		c := b.Commit(now)
		if r.Entity == "@counter@null" {
			want, r.Status = history.EntityState{}, "{}" // a state of null is none here
		}
		at := r.Scenario + " " + r.Entity + " " + r.Now.Format(time.TimeOnly+".000000")
		if diff := gocmp.Diff(want, c.State, cmpopts.EquateApproxTime(10*time.Millisecond)); diff != "" {
			t.Errorf("%s: state (-recorded +here)\n%s", at, diff)
		}
		if got := Status(&c.State); got != r.Status {
			t.Errorf("%s: status %s, recorded %s", at, got, r.Status)
		}
		if diff := gocmp.Diff(described(t, r.Sent), described(t, sent(c.Messages))); diff != "" {
			t.Errorf("%s: messages (-recorded +here)\n%s", at, diff)
		}
	}
	if diff := gocmp.Diff(map[string]int{
		"dtfx/entities-call": 4, "dtfx/entities-signal": 8, "ext/entity-basic": 30, "ext/entity-batch-limit": 4, "ext/entity-call": 9, "ext/entity-lock": 30,
		"ext/entity-lock-rules": 3, "ext/entity-wire-dialect": 11, "ext/entity-wire-poison": 4, "ext/entity-wire-sorter": 12,
	}, n); diff != "" {
		t.Errorf("recordings (-there are +were read)\n%s", diff)
	}
}

func sent(messages []history.Message) []recordedEvent {
	var all []recordedEvent
	for _, m := range messages {
		e := recordedEvent{To: m.Target.ID, Execution: m.Target.ExecutionID}
		switch event := m.Event.(type) {
		case *history.EventRaised:
			e.Name, e.Input = event.Name, event.Input
		case *history.ExecutionStarted:
			e.Name, e.Input, e.Start, e.Execution, e.Parent = event.Name, event.Input, true, "", event.Parent.TaskID
		}
		all = append(all, e)
	}
	return all
}

// described is what messages say, without what differs each time.
func described(t *testing.T, messages []recordedEvent) []string {
	t.Helper()
	var all []string
	for _, m := range messages {
		content := ""
		var request history.EntityRequest
		var response history.EntityResponse
		switch {
		case m.Start:
			m.To = strings.Repeat("?", strings.Count(m.To, "-")) // generated ids have dashes
			if content = *m.Input; strings.HasPrefix(content, "{") {
				content = "an object"
			}
		case m.Input == nil:
		case strings.HasPrefix(m.Name, "op"):
			if err := json.Unmarshal([]byte(*m.Input), &request); err != nil {
				t.Fatal(err)
			}
			if request.LockSet == nil && request.Due.IsZero() {
				if request.Timestamp.IsZero() {
					content += "no label "
				}
				request.ID, request.Timestamp, request.Predecessor = "", time.Time{}, time.Time{}
			}
			if !request.Due.IsZero() { // a time that a message was kept until, and an id
				m.Name, request.ID, request.Due = "op@", "", time.Time{}
			}
			content += encode(request)
		default:
			if err := json.Unmarshal([]byte(*m.Input), &response); err != nil {
				t.Fatal(err)
			}
			if response.Exception != nil {
				content = "failed"
			} else {
				content = encode(response)
			}
		}
		all = append(all, strings.Join([]string{m.To, m.Execution, m.Name, content}, " "))
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(a[:min(8, len(a))], b[:min(8, len(b))]) })
	return all
}
