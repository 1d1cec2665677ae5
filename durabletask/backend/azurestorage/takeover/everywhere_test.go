package takeover_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/internal/azuretest"
	"github.com/azdurable/azdurable/internal/slow"
)

// write is one request by which DTFx changed the hub.
type write struct {
	Put    string `json:"put"`    // the queue that a message was put to
	Delete string `json:"delete"` // the queue that one was deleted from
	ID     string `json:"id"`     // the message's
	Hidden int    `json:"hidden"` // for how many seconds
	Text   string `json:"text"`
	Rows   []struct {
		Method string           `json:"m"`
		Table  string           `json:"table"`
		Row    azuretest.Entity `json:"row"`
	} `json:"rows"`
}

// apart are instances that are not compared, and why not.
var apart = map[string]string{
	"trace":      "waits for an event",
	"trace-fail": "the recorder has cut a column",
}

// otherwise is what an instance comes to if DTFx was killed after just that write.
var otherwise = map[string]map[int]outcome{
	// The custom status is not in the history. (DTFx: UpdateInstanceStatusForCompletedOrchestrationAsync has none either.)
	"trace-loop": {63: {status: "Completed", output: new(`"Hello gen 2!"`), customStatus: new(`{"gen":1}`)}},
}

// chance are the writes after which more than one outcome is possible: a request to an entity was sent and not stored yet, so it is sent again, under
// another id, as DTFx itself does after a crash. Which of the two is handled first is chance.
var chance = map[string][]int{"eu": {3, 4, 13}, "trace-ent": {68, 69, 78}}

// fewer is of how many writes one is looked at when there is no time for all.
const fewer = 5

// DTFx may be killed after any of its requests: our worker goes on from there, and comes to the outcome that DTFx came to.
func TestTakeoverAfterEveryRequest(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t, "testdata", "writes.jsonl") {
		var writes []write
		err := r.lines("writes.jsonl", func(line []byte) error {
			var w write
			err := json.Unmarshal(line, &w)
			writes = append(writes, w)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		end := r.state(t, "state.json", "", r.settings.Hub)
		for n := range writes {
			t.Run(fmt.Sprintf("%s/%03d", r.name, n+1), func(t *testing.T) {
				t.Parallel()
				if n%fewer != 0 {
					slow.Test(t)
				}
				synctest.Test(t, func(t *testing.T) { takeoverAfter(t, r, writes[:n+1], end) })
			})
		}
	}
}

func takeoverAfter(t *testing.T, r *recording, writes []write, end *azuretest.State) {
	t.Helper()
	time.Sleep(time.Until(end.TakenAt)) // in the bubble it is another year
	state := stateAfter(end, writes)
	service := azuretest.New(azuretest.Options{})
	if err := service.Load(state); err != nil {
		t.Fatal(err)
	}
	started := map[string]bool{}
	for _, row := range state.Tables[r.settings.Hub+"Instances"] {
		started[row.PartitionKey] = true
	}
	only := *r
	only.outcomes = map[string]outcome{}
	for id, o := range r.outcomes {
		if !started[id] || apart[id] != "" || o.entity || slices.Contains(chance[id], len(writes)) {
			continue
		}
		if other, ok := otherwise[id][len(writes)]; ok {
			o = other
		}
		o.events = nil // there may be more or fewer episodes
		only.outcomes[id] = o
	}
	s := &site{t: t, settings: r.settings, connection: service.ConnectionString(), transport: service.Transport(azuretest.ClientOptions{Name: "worker"})}
	s.callsBefore(state)
	s.open()
	t.Cleanup(s.close)
	s.start()
	s.settle(&only)
	s.compare(&only)
}

// stateAfter is the hub after some of the writes. What was received is visible again: who received it is gone.
func stateAfter(end *azuretest.State, writes []write) *azuretest.State {
	state := &azuretest.State{TakenAt: end.TakenAt, Tables: map[string][]azuretest.Entity{}, Queues: map[string][]azuretest.Message{}}
	for table := range end.Tables {
		if !strings.HasSuffix(table, "Partitions") {
			state.Tables[table] = nil
		}
	}
	for queue := range end.Queues {
		state.Queues[queue] = nil
	}
	for i := range writes {
		w := &writes[i]
		switch {
		case w.Put != "":
			visible := end.TakenAt.Add(time.Duration(w.Hidden) * time.Second)
			state.Queues[w.Put] = append(state.Queues[w.Put], azuretest.Message{ID: w.ID, Inserted: end.TakenAt, NextVisible: visible, Dequeued: 1, Text: w.Text})
		case w.Delete != "":
			state.Queues[w.Delete] = slices.DeleteFunc(state.Queues[w.Delete], func(m azuretest.Message) bool { return m.ID == w.ID })
		}
		for j := range w.Rows {
			change := &w.Rows[j]
			state.Tables[change.Table] = changed(state.Tables[change.Table], change.Method, change.Row)
		}
	}
	for table := range maps.Keys(state.Tables) {
		slices.SortFunc(state.Tables[table], func(a, b azuretest.Entity) int {
			return strings.Compare(a.PartitionKey+"\x00"+a.RowKey, b.PartitionKey+"\x00"+b.RowKey)
		})
	}
	return state
}

// changed applies a request to a table's rows.
func changed(rows []azuretest.Entity, method string, row azuretest.Entity) []azuretest.Entity {
	at := slices.IndexFunc(rows, func(e azuretest.Entity) bool { return e.PartitionKey == row.PartitionKey && e.RowKey == row.RowKey })
	switch {
	case method == "DELETE" && at >= 0:
		return slices.Delete(rows, at, at+1)
	case at < 0:
		return append(rows, row)
	case method == "PATCH" || method == "MERGE":
		merged := row
		merged.Properties = slices.Clip(row.Properties) // the recorded row is everybody's
		for _, p := range rows[at].Properties {
			if !slices.ContainsFunc(row.Properties, func(q azuretest.Property) bool { return q.Name == p.Name }) {
				merged.Properties = append(merged.Properties, p)
			}
		}
		rows[at] = merged
	default:
		rows[at] = row
	}
	return rows
}
