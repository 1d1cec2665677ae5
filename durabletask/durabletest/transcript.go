package durabletest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// transcript writes a history down in a form that people read and that is the same in each run: an episode for each OrchestratorStarted, times
// counted from the first, ids that are made up replaced by <id-1>, <id-2>, ….
func transcript(events []history.Event) string {
	var b strings.Builder
	if len(events) == 0 {
		return ""
	}
	begin := events[0].Head().Time
	for _, e := range events {
		switch e := e.(type) {
		case *history.OrchestratorStarted:
			fmt.Fprintf(&b, "at %v\n", e.Time.Sub(begin))
		case *history.OrchestratorCompleted:
		default:
			fmt.Fprintf(&b, "  %v%s\n", e.Type(), details(e, begin))
		}
	}
	return withoutIDs(b.String())
}

var madeUp = regexp.MustCompile(`\b(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b`)

// withoutIDs numbers the ids in the order in which they appear.
func withoutIDs(text string) string {
	names := make(map[string]string)
	return madeUp.ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("<id-%d>", len(names)+1)
		}
		return names[id]
	})
}

// details is what there is to know about an event besides its kind and time.
func details(e history.Event, begin time.Time) string {
	var l line
	switch e := e.(type) {
	case *history.ExecutionStarted:
		l.text(e.Name).named("version", e.Version).payload(e.Input).tags(e.Tags)
		if e.Parent != nil {
			l.text(fmt.Sprintf("(child of %s, its #%d)", e.Parent.Instance.ID, e.Parent.TaskID))
		}
	case *history.TaskScheduled:
		l.number(e.ID).text(e.Name).payload(e.Input).tags(e.Tags)
	case *history.TaskCompleted:
		l.number(e.TaskID).payload(e.Result)
	case *history.TaskFailed:
		l.number(e.TaskID).failure(history.FailureOf(e.Reason, e.Details, e.Failure))
	case *history.SubOrchestrationInstanceCreated:
		l.number(e.ID).text(e.Name).text("as "+e.InstanceID).named("version", e.Version).payload(e.Input).tags(e.Tags)
	case *history.SubOrchestrationInstanceCompleted:
		l.number(e.TaskID).payload(e.Result)
	case *history.SubOrchestrationInstanceFailed:
		l.number(e.TaskID).failure(history.FailureOf(e.Reason, e.Details, e.Failure))
	case *history.TimerCreated:
		l.number(e.ID).text(fmt.Sprintf("until %v", e.FireAt.Sub(begin)))
	case *history.TimerFired:
		l.number(e.TimerID)
	case *history.EventRaised:
		l.text(e.Name).payload(e.Input)
	case *history.EventSent:
		l.number(e.ID).text(e.Name).text("to " + e.InstanceID).payload(e.Input)
	case *history.ExecutionTerminated:
		l.payload(e.Reason)
	case *history.ExecutionSuspended:
		l.payload(e.Reason)
	case *history.ExecutionResumed:
		l.payload(e.Reason)
	case *history.GenericEvent:
		l.text(e.Marker).payload(e.Data)
	case *history.ExecutionCompleted:
		l.text(e.Status.String())
		if e.Failure != nil {
			l.failure(e.Failure)
		} else {
			l.payload(e.Result)
		}
	}
	return l.String()
}

// line collects the parts of a line.
type line struct{ strings.Builder }

func (l *line) text(s string) *line {
	if s != "" {
		l.WriteString(" " + s)
	}
	return l
}

func (l *line) number(n int) *line { return l.text(fmt.Sprintf("#%d", n)) }

func (l *line) payload(s *string) *line {
	if s == nil {
		return l
	}
	return l.text(strings.ReplaceAll(*s, "\n", `\n`))
}

func (l *line) named(name string, s *string) *line {
	if s == nil {
		return l
	}
	return l.text(name + " " + *s)
}

func (l *line) tags(tags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		l.text(name + "=" + tags[name])
	}
}

func (l *line) failure(f *history.FailureDetails) {
	l.text(f.ErrorType + ": " + strings.ReplaceAll(f.ErrorMessage, "\n", `\n`))
}
