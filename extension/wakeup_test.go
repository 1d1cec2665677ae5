package extension_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
)

// The call that wakes the app up lasts while the worker has something to do, up to 50 s, and in the first minute, when not all may be there yet.
func TestWakeUp(t *testing.T) {
	t.Parallel()
	slow := durabletask.NewActivity(func(_ context.Context, d time.Duration) (int, error) {
		time.Sleep(d)
		return 0, nil
	}, durabletask.Named("Slow"))
	work := durabletask.NewOrchestrator(func(ctx durabletask.Context, d time.Duration) (int, error) { return slow.Call(ctx, d) }, durabletask.Named("Work"))
	startApp(t, durabletask.New(slow, work), extension.Options{Settings: &extension.AppSettings{Port: "7071"}}, func(h *hub) {
		t := h.t // the bubble's
		trigger, ok := h.Table().Lookup(extension.WakeUpFunction)
		wakeUp, isTimer := trigger.(*bindings.TimerTrigger)
		if !ok || !isTimer {
			t.Fatal("the function is not among the app's")
		}
		call := func() time.Duration {
			begin := time.Now()
			in := &bindings.Invocation{Function: wakeUp.Name(), Data: map[string]json.RawMessage{"timer": json.RawMessage(`{"ScheduleStatus":null,"IsPastDue":false}`)}}
			if _, err := wakeUp.Answer(t.Context(), in, h.Client()); err != nil {
				t.Error(err)
			}
			return time.Since(begin)
		}
		if d := call(); d != 50*time.Second {
			t.Errorf("right after the start it lasts %v", d)
		}
		if d := call(); d != 10*time.Second {
			t.Errorf("50 s after the start it lasts %v", d)
		}
		if d := call(); d != time.Second {
			t.Errorf("with nothing to do it lasts %v", d)
		}
		for took, want := range map[time.Duration]time.Duration{20 * time.Second: 21 * time.Second, 2 * time.Minute: 50 * time.Second} {
			i, err := work.Schedule(t.Context(), h.Client().Client, took)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if d := call(); d < want || d > want+time.Second { // the second of silence may begin with the activity's end or with the orchestration's
				t.Errorf("with work of %v it lasts %v, want %v", took, d, want)
			}
			if _, err := i.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// The schedule is a setting, and the app is without the function if that says so, or if no host runs it.
func TestWakeUpSchedule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, port, want string }{
		{"", "7071", `"schedule":"0 * * * * *","useMonitor":false`},
		{"0 */5 * * * *", "7071", `"schedule":"0 */5 * * * *"`},
		{"%WakeUp%", "7071", `"schedule":"%WakeUp%"`},
		{"none", "7071", "absent"},
		{"", "", "absent"},
		{"often", "7071", "must be a schedule"},
	} {
		o := extension.Options{Folder: t.TempDir(), Environ: []string{}, Settings: &extension.AppSettings{Port: c.port}, Logger: slog.New(slog.DiscardHandler)}
		if c.value != "" {
			o.Environ = append(o.Environ, "AzureFunctionsJobHost__extensions__durableTask__wakeUpSchedule="+c.value)
		}
		got := "absent"
		e, err := extension.Initialize(standIns(), o)
		if err != nil {
			got = err.Error()
		} else if trigger, ok := e.Table().Lookup(extension.WakeUpFunction); ok {
			text, err := json.Marshal(trigger.(*bindings.TimerTrigger).Function())
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
