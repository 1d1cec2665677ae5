package extension_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
	"github.com/google/go-cmp/cmp"
)

// diary is when timer functions ran, and what they were told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) writef(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, time.Now().UTC().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

// read returns the lines since the last time, in order of time and name.
func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	slices.Sort(lines) // of what is due at the same time, any may be first
	return lines
}

func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.read()); diff != "" {
		t.Errorf("runs (- want, + got):\n%s", diff)
	}
}

// timer makes a timer function that writes into the diary.
func (d *diary) timer(name string, s bindings.Schedule) *bindings.TimerTrigger {
	return bindings.Timer(name, s, func(_ context.Context, timer *bindings.TimerInfo, client *bindings.DurableClient) error {
		d.writef("%s%s", name, about(timer, client))
		return nil
	})
}

// about is what a timer function is told, in short.
func about(timer *bindings.TimerInfo, client *bindings.DurableClient) string {
	text := ""
	if timer.PastDue {
		text += " past due"
	}
	if s := timer.Status; s != nil {
		text += " last " + s.Last.Format("15:04:05") + " next " + s.Next.Format("15:04:05")
	}
	if client == nil {
		text += " without a client"
	}
	return text
}

// place is where the state of a standalone app is kept over its restarts.
type place struct {
	t       *testing.T
	file    string
	options extension.Options
	log     lockedLog
}

// lockedLog keeps what several goroutines log.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// bubble runs test in virtual time, which begins on the first of a month at midnight.
func bubble(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &place{t: t, file: filepath.Join(t.TempDir(), "hub.db")}
		p.options = extension.Options{Environ: []string{}, Settings: &extension.AppSettings{}}
		test(t, p)
	})
}

// up starts an app with these timers; the caller stops it.
func (p *place) up(triggers ...bindings.Trigger) *hub {
	p.t.Helper()
	h := &hub{t: p.t}
	o := p.options
	o.Folder, o.Hub, o.Triggers = p.t.TempDir(), "TimerHub", triggers
	o.Logger = slog.New(slog.NewTextHandler(&p.log, nil))
	o.Open = func(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
		return local.Open(ctx, local.Options{Path: p.file, Logger: log})
	}
	var err error
	if h.Extension, err = extension.Initialize(standIns(), o); err != nil {
		p.t.Fatal(err)
	}
	if err := h.Start(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
	return h
}

func (h *hub) down() {
	h.t.Helper()
	if err := h.Stop(context.Background()); err != nil {
		h.t.Error(err)
	}
}

// logged is how many lines of the log have both texts.
func (p *place) logged(message, about string) (n int) {
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, message) && strings.Contains(line, about) {
			n++
		}
	}
	return n
}

// instance returns the state of a timer's instance.
func (h *hub) instance(id string) *durabletask.State {
	h.t.Helper()
	s, err := h.Client().Get(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// Without the host the app itself runs its timers.
func TestTimersRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		h := p.up(d.timer("Nightly", bindings.Schedule{Cron: "0 30 3 * * *"}), d.timer("Often", bindings.Schedule{Cron: "0,20 * 12 2 * *"}),
			d.timer("Span", bindings.Schedule{Cron: "12:00:00"}))
		defer h.down()
		time.Sleep(36*time.Hour + 61*time.Second)
		d.expect(t,
			"01 03:30:00 Nightly last 00:00:00 next 03:30:00",
			"01 12:00:00 Span last 00:00:00 next 12:00:00",
			"02 00:00:00 Span last 12:00:00 next 00:00:00",
			"02 03:30:00 Nightly last 03:30:00 next 03:30:00",
			"02 12:00:00 Often last 00:00:00 next 12:00:00",
			"02 12:00:00 Span last 00:00:00 next 12:00:00",
			"02 12:00:20 Often last 12:00:00 next 12:00:20",
			"02 12:01:00 Often last 12:00:20 next 12:01:00")
		events, err := h.Client().History(t.Context(), "azdurable-timer-nightly")
		if err != nil || len(events) > 6 {
			t.Errorf("%d events, %v: the history grows", len(events), err)
		}
		if names := h.Table().Names(bindings.TypeOrchestration); strings.Contains(strings.Join(names, " "), "azdurable") {
			t.Errorf("the app's orchestrators are %v", names)
		}
	})
}

// What was missed while no worker ran is made up for once, unless it is not monitored.
func TestMissedTimers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		triggers := []bindings.Trigger{
			d.timer("Minutely", bindings.Schedule{Cron: "0 * * * * *"}), d.timer("Unmonitored", bindings.Schedule{Cron: "0 * * * * *", Unmonitored: true}),
			d.timer("Frequent", bindings.Schedule{Cron: "00:00:25"}), d.timer("Startup", bindings.Schedule{Cron: "0 0 0 1 1 *", RunOnStartup: true}),
		}
		h := p.up(triggers...)
		time.Sleep(30 * time.Second)
		h.down()
		d.expect(t, "01 00:00:00 Startup last 00:00:00 next 00:00:00", "01 00:00:25 Frequent")
		time.Sleep(5 * time.Minute)
		h = p.up(triggers...)
		time.Sleep(40 * time.Second)
		h.down()
		d.expect(t,
			"01 00:05:30 Minutely past due last 00:00:00 next 00:01:00",
			"01 00:05:30 Startup last 00:00:00 next 00:00:00",
			"01 00:05:55 Frequent",
			"01 00:06:00 Minutely last 00:05:30 next 00:06:00",
			"01 00:06:00 Unmonitored")
	})
}

// A timer never overlaps itself. What became due during a long run is run once, right behind it, and is not past due.
func TestLongTimers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		h := p.up(bindings.Timer("Long", bindings.Schedule{Cron: "0 * * * * *"}, func(_ context.Context, timer *bindings.TimerInfo, c *bindings.DurableClient) error {
			d.writef("begins%s", about(timer, c))
			if timer.Status.Last.IsZero() {
				time.Sleep(150 * time.Second)
			}
			d.writef("ends")
			return nil
		}))
		defer h.down()
		time.Sleep(5*time.Minute + time.Second)
		d.expect(t,
			"01 00:01:00 begins last 00:00:00 next 00:01:00",
			"01 00:03:30 begins last 00:01:00 next 00:02:00", "01 00:03:30 ends", "01 00:03:30 ends",
			"01 00:04:00 begins last 00:03:30 next 00:04:00", "01 00:04:00 ends",
			"01 00:05:00 begins last 00:04:00 next 00:05:00", "01 00:05:00 ends")
	})
}

// A run that fails is logged, and repeated only if the trigger has a retry policy.
func TestFailingTimers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		fails := func(name string, retry *bindings.Retry) bindings.Trigger {
			return bindings.Timer(name, bindings.Schedule{Cron: "0 0 * * * *", Retry: retry}, func(context.Context, *bindings.TimerInfo, *bindings.DurableClient) error {
				d.writef("%s", name)
				if name == "Panics" {
					panic("on the floor")
				}
				return errors.New("no luck with " + name)
			})
		}
		h := p.up(fails("Once", nil), fails("Panics", nil),
			fails("Fixed", &bindings.Retry{Strategy: "fixedDelay", MaxRetryCount: 2, DelayInterval: "00:00:05"}),
			fails("Growing", &bindings.Retry{Strategy: "exponentialBackoff", MaxRetryCount: 3, MinimumInterval: "00:00:02", MaximumInterval: "00:00:05"}))
		time.Sleep(61 * time.Minute)
		h.down()
		got := d.read()
		if len(got) != 9 {
			t.Errorf("%d runs: %v", len(got), got)
		}
		for _, want := range []string{"01 01:00:00 Once", "01 01:00:00 Panics", "01 01:00:10 Fixed", "01 01:00:02 Growing", "01 01:00:06 Growing", "01 01:00:11 Growing"} {
			if !strings.Contains(strings.Join(got, "\n"), want) {
				t.Errorf("no run %s in %v", want, got)
			}
		}
		for _, name := range []string{"no luck with Once", "on the floor", "no luck with Fixed", "no luck with Growing"} {
			if n := p.logged("a timer function failed", name); n != 1 {
				t.Errorf("%q is logged %d times:\n%s", name, n, p.log.String())
			}
		}
	})
}

// A deployment with other schedules takes effect, and what only the old one would have missed is not made up for.
func TestChangedTimers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		p.options.Environ = []string{"When=0 0 1 * * *"}
		h := p.up(d.timer("Moved", bindings.Schedule{Cron: "%When%"}), d.timer("Gone", bindings.Schedule{Cron: "0 0 1 * * *"}))
		h.down()
		time.Sleep(2 * time.Hour)
		p.options.Environ = []string{"When=0 30 * * * *"}
		p.options.Settings.TimeZone = "Asia/Kolkata" // five and a half hours ahead
		h = p.up(d.timer("MOVED", bindings.Schedule{Cron: "%When%"}))
		time.Sleep(90 * time.Minute)
		if s := h.instance("azdurable-timer-gone"); s.Status != durabletask.Terminated {
			t.Errorf("the instance of the function that is gone is %v", s.Status)
		}
		h.down()
		d.expect(t, "01 03:00:00 MOVED last 00:00:00 next 03:00:00")
		h = p.up()
		defer h.down()
		if _, err := h.Client().Get(t.Context(), "azdurable-timer-gone"); !errors.Is(err, durabletask.ErrInstanceNotFound) {
			t.Errorf("the instance is still there: %v", err)
		}
		if s := h.instance("azdurable-timer-moved"); s.Status != durabletask.Terminated {
			t.Errorf("the instance of the other function that is gone is %v", s.Status)
		}
	})
}

// The management API can hold a timer. Ending it lasts until the app starts the next time.
func TestTimersAreInstances(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		tick := d.timer("Tick", bindings.Schedule{Cron: "0 0 * * * *"})
		h := p.up(tick)
		const id = "azdurable-timer-tick"
		if list := h.get("/instances").Body.String(); !strings.Contains(list, `"instanceId":"`+id+`"`) {
			t.Errorf("the list is %s", list)
		}
		h.post("/instances/"+id+"/suspend?reason=holiday", "")
		time.Sleep(90 * time.Minute)
		d.expect(t)
		h.post("/instances/"+id+"/resume", "")
		time.Sleep(time.Minute)
		d.expect(t, "01 01:30:00 Tick past due last 00:00:00 next 01:00:00")
		h.post("/instances/"+id+"/terminate", "")
		time.Sleep(2 * time.Hour)
		d.expect(t)
		h.down()
		h = p.up(tick)
		defer h.down()
		time.Sleep(time.Hour)
		d.expect(t, "01 04:00:00 Tick last 00:00:00 next 04:00:00")
	})
}

// The host runs timers itself. What an app without it has left in the hub is ended.
func TestTimersUnderTheHost(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		tick := d.timer("Tick", bindings.Schedule{Cron: "0 0 * * * *"})
		p.up(tick).down()
		p.options.Settings.Port = "7071"
		h := p.up(tick)
		defer h.down()
		time.Sleep(2 * time.Hour)
		d.expect(t)
		if s := h.instance("azdurable-timer-tick"); s.Status != durabletask.Terminated {
			t.Errorf("the instance is %v", s.Status)
		}
	})
}

// An app whose versions must match exactly takes its timers along to the next version.
func TestTimersWithStrictVersions(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		const prefix = "AzureFunctionsJobHost__extensions__durableTask__"
		tick := d.timer("Tick", bindings.Schedule{Cron: "0 0 * * * *"})
		p.options.Environ = []string{prefix + "versionMatchStrategy=Strict"}
		for _, version := range []string{"", "1.0", "2.0"} {
			if version != "" {
				p.options.Environ = []string{prefix + "versionMatchStrategy=Strict", prefix + "defaultVersion=" + version}
			}
			h := p.up(tick)
			time.Sleep(time.Hour + time.Second)
			h.down()
		}
		d.expect(t, "01 01:00:00 Tick last 00:00:00 next 01:00:00", "01 02:00:00 Tick last 01:00:00 next 02:00:00", "01 03:00:00 Tick last 02:00:00 next 03:00:00")
	})
}

func TestTimersThatCanNotRun(t *testing.T) {
	t.Parallel()
	var d diary
	named := func(name string) *durabletask.App {
		return durabletask.New(durabletask.NewOrchestrator(func(durabletask.Context, int) (int, error) { return 0, nil }, durabletask.Named(name)))
	}
	for _, c := range []struct {
		name, schedule, zone string
		app                  *durabletask.App
		want                 string
	}{
		{"Tick", "%Missing%", "", standIns(), "no app setting Missing"},
		{"Tick", "%Bad%", "", standIns(), `"soon"`},
		{"Tick", "0 0 0 * * *", "Eastern Standard Time", standIns(), "write its IANA name"},
		{"Tick", "0 0 0 * * *", "Local", standIns(), "write its IANA name"},
		{"Tick", "0 0 0 * * *", "", named("AzDurable-Timer"), "is reserved"},
	} {
		o := extension.Options{
			Folder: t.TempDir(), Environ: []string{"Bad=soon"}, Settings: &extension.AppSettings{TimeZone: c.zone}, Logger: slog.New(slog.DiscardHandler),
			Triggers: []bindings.Trigger{d.timer(c.name, bindings.Schedule{Cron: c.schedule})},
		}
		if _, err := extension.Initialize(c.app, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.name, c.schedule, err, c.want)
		}
	}
}

// A change that comes while the function runs takes effect right after it, and is counted from then.
func TestTimerChangedWhileItRuns(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		h := p.up(bindings.Timer("Long", bindings.Schedule{Cron: "0 0 * * * *"}, func(_ context.Context, timer *bindings.TimerInfo, c *bindings.DurableClient) error {
			d.writef("begins%s", about(timer, c))
			time.Sleep(10 * time.Minute)
			return nil
		}))
		defer h.down()
		time.Sleep(65 * time.Minute)
		change := `{"schedule":"0 */12 * * * *","at":"2000-01-01T01:05:00Z"}`
		if err := h.Client().RaiseEventJSON(t.Context(), "azdurable-timer-long", "azdurable-timer-changed", &change); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		d.expect(t, "01 01:00:00 begins last 00:00:00 next 01:00:00", "01 01:12:00 begins last 00:00:00 next 01:12:00", "01 01:24:00 begins last 01:12:00 next 01:24:00")
	})
}

// Of several apps that start at once and want a run at start-up, the first one gets it. An event that nobody can read does no harm.
func TestTimerAtStartUp(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		var d diary
		h := p.up(d.timer("Start", bindings.Schedule{Cron: "0 0 * * * *", RunOnStartup: true}))
		defer h.down()
		for _, change := range []string{
			`{"schedule":"0 0 * * * *","at":"2000-01-01T00:00:00Z","startup":true}`,
			`{"schedule":"0 0 * * * *","at":"2000-01-01T00:00:00Z","startup":true}`,
			`"what?"`,
			`{"schedule":"0 0 * * * *","at":"2000-01-01T00:00:01Z","startup":true}`,
		} {
			if err := h.Client().RaiseEventJSON(t.Context(), "azdurable-timer-start", "azdurable-timer-changed", &change); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		d.expect(t, "01 00:00:00 Start last 00:00:00 next 01:00:00", "01 00:00:03 Start last 00:00:00 next 01:00:00")
		if !strings.Contains(p.log.String(), "a change of a timer can't be read") {
			t.Errorf("the log is %s", p.log.String())
		}
	})
}

// A run that lands on a worker without the function waits for one that has it, but not for ever.
func TestStrayTimer(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, p *place) {
		h := p.up()
		defer h.down()
		state := `{"function":"Nobody","schedule":"0 0 * * * *","next":"2000-01-01T01:00:00Z"}`
		id := durabletask.InstanceID("azdurable-timer-nobody")
		if _, err := h.Client().ScheduleJSON(t.Context(), "azdurable-timer", &state, id, durabletask.AsReceived()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(65*time.Minute + time.Second)
		if n := p.logged("a timer function failed", "this worker's app has no timer function Nobody"); n != 1 {
			t.Errorf("it is logged %d times:\n%s", n, p.log.String())
		}
		if s := h.instance(string(id)); s.Status != durabletask.Running || !strings.Contains(*s.Input, `"next":"2000-01-01T02:00:00Z"`) {
			t.Errorf("%v %s", s.Status, *s.Input)
		}
	})
}
