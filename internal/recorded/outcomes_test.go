package recorded_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/internal/recorded"
)

// recordedOutcome is what an instance came to in .NET.
type recordedOutcome struct {
	App      string  `json:"app"`
	Name     string  `json:"name"`
	Instance string  `json:"instance"`
	Version  string  `json:"version"`
	Input    *string `json:"input"`
	Status   string  `json:"status"`
	Output   *string `json:"output"`
	Custom   *string `json:"customStatus"`
}

// What .NET does otherwise, by instance.
var differs = map[string]string{
	"catch-custom":                     "exceptions of custom types lose their message",
	"failact-custom":                   "exceptions of custom types lose their message",
	"typed-1":                          "notes its types in objects within lists",
	"echo-13":                          "reads JSON with single quotes",
	"b4adb266f17e4d06a9ebb8d21eeb387a": "reads JSON with comments",
	"ac0b6ffa1c8542cda2fe8ceb674ac04a": "reads JSON with single quotes",
	"6f27d7eddab8480baf284ea059b96e81": "reads NaN",
	"54fb12437f9942dfacde2ca93495923c": "reads no text as null",
	"2bc6666092bd45b49eec1e39c18dd436": "reads blanks as null",
}

// Each function comes to the outcome that was recorded.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/outcomes.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var o recordedOutcome
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		if differs[o.Instance] != "" {
			continue
		}
		t.Run(o.Name+"/"+o.Instance, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, o.check)
		})
	}
}

// check runs the instance on a store in memory.
func (o *recordedOutcome) check(t *testing.T) {
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	app := recorded.DTFx(recorded.DTFxOptions{})
	if o.App == "functions" {
		app = recorded.Functions(recorded.FunctionsOptions{})
	}
	store, err := local.Open(ctx, local.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	w := durabletask.NewWorker(app, store, durabletask.WorkerOptions{Logger: log, SerializeExceptions: true})
	if err := store.CreateTaskHub(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	id := durabletask.InstanceID(o.Instance)
	if _, err := w.Client().ScheduleJSON(ctx, o.Name, o.Input, id, durabletask.Version(o.Version), durabletask.AsReceived()); err != nil {
		t.Fatal(err)
	}
	state, err := w.Client().Wait(ctx, o.Instance)
	if err != nil {
		t.Fatal(err)
	}
	if state.Status.String() != o.Status {
		t.Errorf("it is %v, recorded is %s", state.Status, o.Status)
	}
	for what, texts := range map[string][2]*string{"output": {state.Output, o.Output}, "custom status": {state.CustomStatus, o.Custom}} {
		if !reflect.DeepEqual(value(texts[0]), value(texts[1])) {
			t.Errorf("%s is %v, recorded is %v", what, value(texts[0]), value(texts[1]))
		}
	}
}

// value is a text as JSON, or as it is.
func value(text *string) any {
	var v any
	if text == nil {
		return nil
	}
	if json.Unmarshal([]byte(*text), &v) != nil {
		return *text
	}
	return v
}
