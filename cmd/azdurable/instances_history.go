package main

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
)

type historyCommand struct {
	ID         string `arg:"" help:"Id of the instance."`
	ShowInput  bool   `negatable:"" default:"true" help:"Print inputs."`
	ShowOutput bool   `negatable:"" default:"true" help:"Print results."`
	Raw        bool   `help:"Print the events as they are stored, with none left out or merged. (Only with --connection or --data.)"`
}

// Help is what --help adds.
func (historyCommand) Help() string {
	return `An activity or child that has ended is one event, which says what it was called with and how long it took.
With --json the events are those of the HTTP API's historyEvents.

  azdurable instances history hello-1
  azdurable instances history hello-1 --json | jq 'select(.EventType == "TaskFailed")'`
}

// Run prints the history of an instance.
func (c *historyCommand) Run(ctx context.Context, o *outside, t *target) error {
	return t.use(ctx, o, func(s *session) error {
		if c.Raw {
			events, err := s.rawHistory(ctx, c.ID)
			if err != nil {
				return err
			}
			return printEvents(s, events)
		}
		i, err := s.get(ctx, c.ID, view{history: true, outputs: c.ShowOutput, inputs: c.ShowInput})
		if err != nil {
			return err
		}
		if s.json {
			return printEvents(s, i.History)
		}
		if len(i.History) == 0 {
			return s.tell("The instance is %s: nothing has happened yet.", i.RuntimeStatus)
		}
		list := table{heading: []string{"TIME", "EVENT", "NAME", "TOOK", "WHAT"}}
		for _, raw := range i.History {
			var e event
			if err := json.Unmarshal(raw, &e); err != nil {
				return fail(exitFailed, "the history can't be read: %w", err)
			}
			list.add(e.Timestamp.UTC().Format("2006-01-02T15:04:05.000Z"), e.EventType, cmp.Or(e.FunctionName, e.Name), e.took(), e.what())
		}
		return s.show(&list)
	})
}

func printEvents(s *session, events []json.RawMessage) error {
	for _, e := range events {
		if err := printf(s.stdout, "%s\n", e); err != nil {
			return err
		}
	}
	return nil
}

// event is what people see of an event in historyEvents.
type event struct {
	EventType           string          `json:"EventType"`
	FunctionName        string          `json:"FunctionName"`
	Name                string          `json:"Name"`
	InstanceID          string          `json:"InstanceId"`
	Timestamp           time.Time       `json:"Timestamp"`
	ScheduledTime       time.Time       `json:"ScheduledTime"`
	FireAt              *time.Time      `json:"FireAt"`
	Reason              string          `json:"Reason"`
	OrchestrationStatus json.RawMessage `json:"OrchestrationStatus"`
	Input               *string         `json:"Input"`
	Result              json.RawMessage `json:"Result"`
	Data                json.RawMessage `json:"Data"`
	Failure             *struct {
		Type    string `json:"ErrorType"`
		Message string `json:"ErrorMessage"`
	} `json:"FailureDetails"`
}

// took is how long a call took.
func (e *event) took() string {
	if e.ScheduledTime.IsZero() {
		return ""
	}
	return e.Timestamp.Sub(e.ScheduledTime).Round(time.Millisecond).String()
}

// what is the most telling thing about the event.
func (e *event) what() string {
	switch {
	case e.Failure != nil:
		return e.Failure.Type + ": " + e.Failure.Message
	case e.Reason != "":
		return e.Reason
	case e.FireAt != nil:
		return "at " + e.FireAt.UTC().Format(time.RFC3339)
	case text(e.Result) != "":
		return text(e.Result)
	case e.EventType == "ExecutionCompleted":
		return text(e.OrchestrationStatus)
	case e.Input != nil:
		return text(json.RawMessage(*e.Input))
	default:
		return cmp.Or(text(e.Data), e.InstanceID)
	}
}
