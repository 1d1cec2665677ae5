package entity

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask/history"
)

// counter is the entity Counter behind the recordings: the extension's, whose state is a number, or that of plain DTFx.
func counter(op Operation, object bool) Result {
	value := 0
	if op.State != nil {
		if object {
			var s struct {
				Value int `json:"value"`
			}
			_ = json.Unmarshal([]byte(*op.State), &s)
			value = s.Value
		} else {
			_ = json.Unmarshal([]byte(*op.State), &value)
		}
	}
	state := func(v int) *string {
		if object {
			return new(`{"value":` + strconv.Itoa(v) + `}`)
		}
		return new(strconv.Itoa(v))
	}
	text := ""
	if op.Input != nil {
		if json.Unmarshal([]byte(*op.Input), &text) != nil {
			text = *op.Input
		}
	}
	same := Result{State: op.State}
	add := func(target, input string, due time.Time) Action {
		id, err := ParseID(target)
		if err != nil {
			id, _ = ID("counter", target)
		}
		return Signal{Target: id, Operation: "add", Input: &input, Due: due}
	}
	switch strings.ToLower(op.Operation) {
	case "add":
		n, _ := strconv.Atoi(text)
		return Result{State: state(value + n), Output: new(strconv.Itoa(value + n))}
	case "get":
		if object {
			return Result{State: op.State, Output: new(strconv.Itoa(value))}
		}
		return Result{State: state(value), Output: new(strconv.Itoa(value))}
	case "reset":
		return Result{State: state(0)}
	case "delete", "setnull":
		return Result{}
	case "text":
		return Result{State: new(`"text state"`)}
	case "obj":
		return Result{State: new(`{"Amount":1.5,"Currency":"X","Nested":null,"When":null,"Parts":null}`)}
	case "input":
		if op.Input == nil {
			return Result{State: new(`{"got":null}`)}
		}
		return Result{State: new(`{"got":` + *op.Input + `}`)}
	case "fail":
		return Result{State: new("999"), Failure: &history.FailureDetails{ErrorType: "InvalidOperationException", ErrorMessage: "entity says no"}}
	case "signalother":
		same.Actions = []Action{add(text, "1", time.Time{}), add(text, "2", time.Time{})}
	case "signaldelayed":
		same.Actions = []Action{add(text, "50", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))}
	case "startorch":
		same.Actions = []Action{Start{InstanceID: op.NewID(), Name: "Echo", Input: new(`{"from":"` + "x" + `"}`)}}
	case "startorchid":
		same.Actions = []Action{Start{InstanceID: text, Name: "Echo", Input: new("1")}}
	case "forward":
		same.Actions = []Action{add(text, "100", time.Time{})}
	case "forwardlater":
		same.Actions = []Action{add(text, "7", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))}
	case "start":
		same.Actions = []Action{Start{InstanceID: text, Name: "Echo", Input: new(`"from entity"`)}}
	default:
	}
	return same
}
