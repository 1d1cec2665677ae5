package durabletask_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/azurestorage/wire"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/azdurable/azdurable/durabletask/internal/replay"
	"github.com/azdurable/azdurable/internal/recorded"
	"github.com/google/go-cmp/cmp"
)

// recordedHistories is how many histories there are in testdata/recorded.
const recordedHistories = 279

// recordedHistory is one execution that DTFx ran.
type recordedHistory struct {
	From      string `json:"from"`
	App       string `json:"app"`
	Instance  string `json:"instance"`
	Execution string `json:"execution"`
	// Restored marks the state before a rewind, put together from what the rewind left.
	Restored bool              `json:"restored"`
	Rows     []json.RawMessage `json:"rows"`
	// Next is how the execution continued as new: the messages of its last episode, which its history doesn't show.
	Next *recordedNext `json:"next"`

	events []history.Event
}

type recordedNext struct {
	Execution string            `json:"execution"`
	Messages  []json.RawMessage `json:"messages"`
}

func (h *recordedHistory) String() string {
	return strings.Join([]string{h.App, h.From, h.Instance, h.Execution[:6]}, "/")
}

func readRecorded(t *testing.T) []*recordedHistory {
	t.Helper()
	f, err := os.Open("testdata/recorded/histories.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []*recordedHistory
	for d := json.NewDecoder(bufio.NewReader(z)); d.More(); {
		h := &recordedHistory{}
		if err := d.Decode(h); err != nil {
			t.Fatal(err)
		}
		for _, data := range h.Rows {
			row, err := wire.DecodeHistoryRow(data)
			if err != nil {
				t.Fatalf("%v: %v", h, err)
			}
			h.events = append(h.events, row.Event)
		}
		all = append(all, h)
	}
	return all
}

// What is different on purpose, history by history. Everything else has to be as it was recorded.
var (
	// Results that .NET words itself: what became of exceptions that it could not make anew from their JSON text, and JSON that only .NET reads.
	otherResults = map[string]string{
		"dtfx/activity-failure-serialize/f-CatchActivity": `{"message":"outer: caught","inner":null,"errorType":null}`,
		"functions/failures/catch-custom": `{"type":"Microsoft.Azure.WebJobs.Extensions.DurableTask.FunctionFailedException",` +
			`"Message":"The activity function 'Fail' failed: \"custom outer\". See the function execution logs for additional details.",` +
			`"inner":"CustomEx","innerMsg":"custom outer"}`,
		"functions/failures/failact-custom": `Orchestrator function 'FailActivityOrch' failed: The activity function 'Fail' failed: ` +
			`"custom outer". See the function execution logs for additional details.`,
	}
	// An input that is no JSON ({'single':1}) fails here; .NET reads it.
	badInputs = []string{"functions/typed-inputs/echo-13"}
	// The worker cut each episode short after ten events; ours don't, but replay what others cut short.
	interrupted = []string{"dtfx/max-checkpoint-batch/mcb"}
)

func (h *recordedHistory) in(list []string) bool {
	return slices.Contains(list, strings.Join([]string{h.App, h.From, h.Instance}, "/"))
}

// Every history that was recorded is what the same orchestrator, written in Go, decides: episode by episode, and as a whole.
func TestRecordedHistories(t *testing.T) {
	t.Parallel()
	all := readRecorded(t)
	apps := map[string]*durabletask.App{
		// The one history of BufferThenWait is of a program that waited less.
		"dtfx": recorded.DTFx(recorded.DTFxOptions{Buffer: 3 * time.Second}), "functions": recorded.Functions(recorded.FunctionsOptions{}),
	}
	executions := make(map[string]*recordedHistory)
	for _, h := range all {
		if !h.Restored {
			executions[h.Execution] = h
		}
	}
	covered := 0
	for _, h := range all {
		start := h.start()
		f, ok := apps[h.App].Orchestrator(start.Name)
		if !ok {
			t.Errorf("%v: no orchestrator %q has been written", h, start.Name)
			continue
		}
		covered++
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			r := &recordedRun{recordedHistory: h, code: f}
			r.whole(t)
			r.episodes(t)
			r.parked(t)
			if h.Next != nil {
				r.continues(t, executions[h.Next.Execution])
			}
		})
	}
	if covered != recordedHistories {
		t.Errorf("%d histories are covered, of %d", covered, recordedHistories)
	}
}

func (h *recordedHistory) start() *history.ExecutionStarted {
	for _, e := range h.events {
		if s, ok := e.(*history.ExecutionStarted); ok {
			return s
		}
	}
	panic(h.String() + " has no start")
}

// recordedRun replays one history with one orchestrator.
type recordedRun struct {
	*recordedHistory

	code *durabletask.OrchestratorFunc
}

// whole replays everything up to the outcome: without nondeterminism, and with no decision that was not recorded.
func (r *recordedRun) whole(t *testing.T) {
	t.Helper()
	past := r.events
	var want *history.ExecutionCompleted
	for i, e := range past {
		if c, ok := e.(*history.ExecutionCompleted); ok {
			past, want = past[:i], c
		}
	}
	last := past[len(past)-1].Head().Time
	d := durabletask.Execute(r.code, durabletask.Episode{Past: past, Now: last, StoreInputs: r.storesInputs()})
	got := decisionsOf(d.Events)
	if want == nil {
		if len(got) > 0 && !r.in(interrupted) {
			t.Errorf("the replay decides what was not recorded: %s", listed(got))
		}
		return
	}
	if r.in(badInputs) {
		return
	}
	if len(got) != 1 {
		t.Fatalf("the replay ends in %s, recorded is %s", listed(got), listed([]history.Event{want}))
	}
	r.same(t, "outcome", []history.Event{want}, got)
}

// episodes runs each episode on what was stored before it.
func (r *recordedRun) episodes(t *testing.T) {
	t.Helper()
	for from, to := range episodesOf(r.events) {
		if rewound(r.events[from:to]) {
			continue // its events are no longer what they were; the state before the rewind is a history of its own
		}
		past, stored := r.events[:from], r.events[from:to]
		d := durabletask.Execute(r.code, r.episode(past, stored))
		r.compare(t, from, past, stored, d)
	}
}

// parked runs the episodes one after the other on an orchestrator that stays parked in between: live code decides what replayed code does.
func (r *recordedRun) parked(t *testing.T) {
	t.Helper()
	if r.in(interrupted) || rewound(r.events) {
		return
	}
	x := replay.New()
	defer x.End()
	for from, to := range episodesOf(r.events) {
		past, stored := r.events[:from], r.events[from:to]
		ep := r.episode(past, stored)
		ep.Execution = x
		r.compare(t, from, past, stored, durabletask.Execute(r.code, ep))
	}
}

// continues runs the last episode of a generation, of which nothing was stored but the begin of the next generation.
func (r *recordedRun) continues(t *testing.T, next *recordedHistory) {
	t.Helper()
	var arrived []history.Event
	for _, text := range r.Next.Messages {
		m, err := wire.DecodeMessage(text)
		if err != nil {
			t.Fatal(err)
		}
		arrived = append(arrived, m.Event)
	}
	var want []history.Event
	for from, to := range episodesOf(next.events) {
		if from == 0 {
			want = next.events[:to]
		}
	}
	ep := r.episode(r.events, append([]history.Event{want[0]}, arrived...))
	d := durabletask.Execute(r.code, ep)
	if !d.Continued {
		t.Fatalf("does not continue as new but decides %s", listed(d.Events))
	}
	r.same(t, "next generation", want, d.Events)
	if id := d.Start.Instance.ExecutionID; id == r.Execution || len(id) != 32 {
		t.Errorf("the next generation's execution id is %q", id)
	}
}

// episodesOf yields where each episode begins and ends.
func episodesOf(events []history.Event) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		from := 0
		for i := 1; i <= len(events); i++ {
			if i == len(events) || events[i].Type() == history.TypeOrchestratorStarted {
				if !yield(from, i) {
					return
				}
				from = i
			}
		}
	}
}

func rewound(events []history.Event) bool {
	return slices.ContainsFunc(events, func(e history.Event) bool {
		g, ok := e.(*history.GenericEvent)
		return ok && g.Reason != ""
	})
}

// episode is what the worker had when it ran a stored episode.
func (r *recordedRun) episode(past, stored []history.Event) durabletask.Episode {
	now := stored[0].Head().Time
	ep := durabletask.Episode{Past: past, Now: now, StoreInputs: r.storesInputs()}
	for _, e := range stored {
		if !arrives(e) {
			continue
		}
		// DTFx's timers fire up to a second early. Ours don't: the clock is never before a timer that it delivers. The clock recorded is
		// part of what follows, so here the timer is due when it fired.
		if f, ok := e.(*history.TimerFired); ok && f.FireAt.After(now) {
			due := *f
			due.FireAt = now
			e = &due
		}
		ep.New = append(ep.New, history.Message{Target: history.Instance{ID: r.Instance}, Event: e})
	}
	return ep
}

// arrives tells what comes from outside from what the orchestrator decides.
func arrives(e history.Event) bool {
	switch e.Type() {
	case history.TypeOrchestratorStarted, history.TypeOrchestratorCompleted, history.TypeTaskScheduled, history.TypeTimerCreated,
		history.TypeSubOrchestrationInstanceCreated, history.TypeEventSent, history.TypeExecutionCompleted, history.TypeContinueAsNew:
		return false
	default:
		return true
	}
}

func decisionsOf(events []history.Event) []history.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e history.Event) bool {
		return arrives(e) || e.Type() == history.TypeOrchestratorStarted || e.Type() == history.TypeOrchestratorCompleted
	})
}

func (r *recordedRun) storesInputs() bool {
	return slices.ContainsFunc(r.events, func(e history.Event) bool {
		switch e := e.(type) {
		case *history.TaskScheduled:
			return e.Input != nil
		case *history.SubOrchestrationInstanceCreated:
			return e.Input != nil
		default:
			return false
		}
	})
}

// compare checks an episode against the one that was stored.
func (r *recordedRun) compare(t *testing.T, from int, past, stored []history.Event, d *durabletask.Decisions) {
	t.Helper()
	where := fmt.Sprintf("episode from event %d on", from)
	want := withoutFrames(firstResults(past, stored))
	got := withoutFrames(d.Events)
	switch {
	case len(want) == 1:
		want = nil // Differs from DTFx: an episode in which nothing happened leaves no trace.
	case r.in(interrupted):
		want = slices.DeleteFunc(want, isInterruption)
		got = got[:min(len(want), len(got))]
	case r.in(badInputs):
		if o := d.Outcome; o == nil || o.Failure == nil || o.Failure.ErrorType != string(durabletask.ErrPayload) {
			t.Errorf("%s: bad input leads to %+v", where, o)
		}
		return
	}
	r.same(t, where, want, got)
	r.sends(t, where, d)
}

// sends checks that each decision has its message.
func (r *recordedRun) sends(t *testing.T, where string, d *durabletask.Decisions) {
	t.Helper()
	var activities, timers, messages []int
	for _, e := range d.Events {
		switch e := e.(type) {
		case *history.TaskScheduled:
			activities = append(activities, e.ID)
		case *history.TimerCreated:
			timers = append(timers, e.ID)
		case *history.SubOrchestrationInstanceCreated, *history.EventSent:
			messages = append(messages, e.Head().ID)
		case *history.ExecutionCompleted:
			_, detached := r.start().Tags[history.FireAndForget]
			if r.start().Parent != nil && !detached {
				messages = append(messages, r.start().Parent.TaskID)
			}
		}
	}
	var sentActivities, sentTimers, sentMessages []int
	for _, m := range d.Activities {
		sentActivities = append(sentActivities, m.Event.Head().ID)
	}
	for _, m := range d.Timers {
		sentTimers = append(sentTimers, m.Event.(*history.TimerFired).TimerID)
	}
	for _, m := range d.Messages {
		switch e := m.Event.(type) {
		case *history.ExecutionStarted:
			sentMessages = append(sentMessages, e.Parent.TaskID)
		case *history.SubOrchestrationInstanceCompleted:
			sentMessages = append(sentMessages, e.TaskID)
		case *history.SubOrchestrationInstanceFailed:
			sentMessages = append(sentMessages, e.TaskID)
		case *history.EventRaised:
			sentMessages = append(sentMessages, messages[len(sentMessages)])
		}
	}
	if diff := cmp.Diff([][]int{activities, timers, messages}, [][]int{sentActivities, sentTimers, sentMessages}); diff != "" {
		t.Errorf("%s: messages (-decided +sent)\n%s", where, diff)
	}
}

func withoutFrames(events []history.Event) []history.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e history.Event) bool { return e.Type() == history.TypeOrchestratorCompleted })
}

func isInterruption(e history.Event) bool {
	const id = -100
	f, ok := e.(*history.TimerFired)
	return e.Head().ID == id || ok && f.TimerID == id
}

// firstResults leaves out results that came again. Differs from DTFx, which stores them too, to no effect.
func firstResults(past, stored []history.Event) []history.Event {
	seen := make(map[int]bool)
	repeated := func(e history.Event) bool {
		var id int
		switch e := e.(type) {
		case *history.TaskCompleted:
			id = e.TaskID
		case *history.TaskFailed:
			id = e.TaskID
		default:
			return false
		}
		again := seen[id]
		seen[id] = true
		return again
	}
	for _, e := range past {
		repeated(e)
	}
	return slices.DeleteFunc(slices.Clone(stored), repeated)
}

// same compares events as far as they say what was decided: not when the worker wrote them, nor its spans.
func (r *recordedRun) same(t *testing.T, where string, want, got []history.Event) {
	t.Helper()
	if diff := cmp.Diff(r.plain(want, true), r.plain(got, false)); diff != "" {
		t.Errorf("%s (-recorded +decided):\n%s", where, diff)
	}
}

func (r *recordedRun) plain(events []history.Event, recorded bool) []history.Event {
	var plain []history.Event
	for _, e := range events {
		head := history.Header{ID: e.Head().ID}
		switch e := e.(type) {
		case *history.OrchestratorStarted:
			head.Time = e.Time
			plain = append(plain, &history.OrchestratorStarted{Header: head})
		case *history.OrchestratorCompleted:
			plain = append(plain, &history.OrchestratorCompleted{Header: head})
		case *history.EventRaised:
			plain = append(plain, &history.EventRaised{Header: head, Name: e.Name, Input: e.Input})
		case *history.ExecutionStarted:
			plain = append(plain, &history.ExecutionStarted{
				Header: head, Instance: history.Instance{ID: e.Instance.ID}, Parent: e.Parent, Name: e.Name, Version: plainVersion(e.Version),
				Input: plainJSON(e.Input), Tags: e.Tags, Generation: e.Generation,
			})
		case *history.TaskScheduled:
			plain = append(plain, &history.TaskScheduled{
				Header: head, Name: e.Name, Version: plainVersion(e.Version), Input: plainJSON(e.Input), Tags: e.Tags,
			})
		case *history.SubOrchestrationInstanceCreated:
			plain = append(plain, &history.SubOrchestrationInstanceCreated{
				Header: head, InstanceID: e.InstanceID, Name: e.Name, Version: plainVersion(e.Version), Input: plainJSON(e.Input), Tags: e.Tags,
			})
		case *history.TimerCreated:
			plain = append(plain, &history.TimerCreated{Header: head, FireAt: e.FireAt})
		case *history.TimerFired:
			plain = append(plain, &history.TimerFired{Header: head, TimerID: e.TimerID})
		case *history.EventSent:
			plain = append(plain, &history.EventSent{Header: head, InstanceID: e.InstanceID, Name: e.Name, Input: plainJSON(e.Input)})
		case *history.ExecutionCompleted:
			c := &history.ExecutionCompleted{Header: head, Status: e.Status, Result: plainJSON(e.Result)}
			if other, ok := otherResults[strings.Join([]string{r.App, r.From, r.Instance}, "/")]; ok && recorded {
				c.Result = plainJSON(&other)
			}
			plain = append(plain, c)
		default: // what arrived is the same event
			plain = append(plain, e)
		}
	}
	return plain
}

// plainVersion makes no difference between no version and an empty one.
func plainVersion(v *string) *string {
	if v != nil && *v == "" {
		return nil
	}
	return v
}

// plainJSON writes JSON in one way, and other text as it is. Types that .NET notes in objects are left out. No text is null.
func plainJSON(text *string) *string {
	if text == nil {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(*text), &v) != nil {
		return text
	}
	v = withoutTypes(v)
	if v == nil {
		return nil
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return new(string(plain))
}

func withoutTypes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "$type")
		for name := range v {
			v[name] = withoutTypes(v[name])
		}
	case []any:
		for i := range v {
			v[i] = withoutTypes(v[i])
		}
	}
	return v
}

// listed names events for a message.
func listed(events []history.Event) string {
	var all []string
	for _, e := range events {
		word := fmt.Sprintf("%v#%d", e.Type(), e.Head().ID)
		if c, ok := e.(*history.ExecutionCompleted); ok {
			word += fmt.Sprintf("(%v %v)", c.Status, c.Failure)
		}
		all = append(all, word)
	}
	return strings.Join(all, " ")
}
