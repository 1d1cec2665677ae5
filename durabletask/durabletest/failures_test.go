package durabletest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// asFailing names the failing test that the test binary is to run.
const asFailing = "AZDURABLE_TEST_AS_FAILING"

// failing are tests that have to fail, and what they have to say.
var failing = map[string]struct {
	test func(t *testing.T)
	says []string
}{
	"an outcome that depends on the crash": {
		func(t *testing.T) {
			runs := 0
			once := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) { runs++; return runs, nil }, durabletask.Named("Once"))
			o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
				return once.Call(ctx, durabletask.None{})
			}, durabletask.Named("CallsOnce"))
			durabletest.CrashEverywhere(t, durabletask.New(once, o), func(t *testing.T, h *durabletest.Hub) {
				runs = 0
				if _, err := durabletest.Run(h, o, durabletask.None{}, durabletask.InstanceID("i")); err != nil {
					t.Error(err)
				}
			})
		},
		[]string{
			"with a crash before commit 3 the outcome (+) is not that without (-)", "- CallsOnce i: Completed 1", "+ CallsOnce i: Completed 2",
			"PASS: TestFailing/crash_after_commit_3",
		},
	},
	"an orchestrator that reads the clock": {
		func(t *testing.T) {
			clock := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
				begin := time.Now()
				if err := durabletask.Sleep(ctx, time.Hour); err != nil {
					return "", err
				}
				return time.Since(begin).String(), nil
			}, durabletask.Named("Clock"))
			durabletest.CrashEverywhere(t, durabletask.New(clock), func(t *testing.T, h *durabletest.Hub) {
				if _, err := durabletest.Run(h, clock, durabletask.None{}, durabletask.InstanceID("i")); err != nil {
					t.Error(err)
				}
			})
		},
		[]string{`- Clock i: Completed "1h0m0s"`, `+ Clock i: Completed "0s"`},
	},
	"an event that does not come": {
		func(t *testing.T) {
			durabletest.Test(t, all(), func(t *testing.T, h *durabletest.Hub) {
				_, err := durabletest.Run(h, counter, 1)
				t.Log("error:", err)
			})
		},
		[]string{"87600h0m0s of virtual time have passed", "Counter ", ": Running", "ExecutionStarted Counter 1", "error: wait for", "the hub has given up"},
	},
	"something that is done for ever": {
		func(t *testing.T) {
			forever := durabletask.NewOrchestrator(func(ctx durabletask.Context, n int) (int, error) {
				if err := durabletask.Sleep(ctx, time.Second); err != nil {
					return 0, err
				}
				return durabletask.ContinueAsNew[int](ctx, n+1)
			}, durabletask.Named("Forever"))
			durabletest.Test(t, durabletask.New(forever), func(_ *testing.T, h *durabletest.Hub) {
				h.LimitRequests(20_000)
				durabletest.Run(h, forever, 1)
			})
		},
		[]string{"20000 storage requests have been made", "Forever "},
	},
	"an activity that does not end": {
		func(t *testing.T) {
			block := durabletask.NewActivity(func(context.Context, durabletask.None) (int, error) { select {} }, durabletask.Named("Block"))
			o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (int, error) {
				return block.Call(ctx, durabletask.None{})
			}, durabletask.Named("CallsBlock"))
			durabletest.Test(t, durabletask.New(block, o), func(_ *testing.T, h *durabletest.Hub) {
				durabletest.Start(h, o, durabletask.None{})
				h.Settle()
			})
		},
		[]string{"activity Block still runs: an activity has to return when its context ends", "goroutines are left", "failures_test.go:"},
	},
	"a golden history that differs": {
		func(t *testing.T) {
			durabletest.Test(t, all(), func(t *testing.T, h *durabletest.Hub) {
				path := t.TempDir() + "/golden.txt"
				for i, name := range []string{"a", "b"} {
					if _, err := durabletest.Run(h, hello, i+1, durabletask.InstanceID(name)); err != nil {
						t.Error(err)
					}
					durabletest.Golden(t, h, name, path)
				}
			})
		},
		[]string{"-durabletest.update writes the file anew", "- Hello Completed 0", "+   TaskScheduled #1 Greet", "-   ExecutionStarted Hello 1"},
	},
	"a hub outside of a bubble": {
		func(t *testing.T) { durabletest.New(t, all()) },
		[]string{"use durabletest.Test, which makes one"},
	},
	"code that no longer does what a history says": {
		func(t *testing.T) {
			changed := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
				_, err := square.Call(ctx, 1)
				return "", err
			}, durabletask.Named("Deadline"))
			durabletest.Replay(t, durabletask.New(changed), "testdata/histories/deadline-done.jsonl", "testdata/histories/family.jsonl", "testdata/none")
		},
		[]string{
			"replay testdata/histories/deadline-done.jsonl: ", "durable call #0 is recorded as a timer, but the code now calls activity \"Square\"",
			"failures_test.go:", `orchestrator "Family": not registered`, "no file is called testdata/none",
		},
	},
	"code that does more than a history says, or ends": {
		func(t *testing.T) {
			more := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ int) (string, error) {
				square.Start(ctx, 1)
				return note.Next(ctx).Await(ctx)
			}, durabletask.Named("Counter"))
			durabletest.Replay(t, durabletask.New(more), "testdata/histories/counter-waiting.jsonl")
			ends := durabletask.NewOrchestrator(func(durabletask.Context, int) (int, error) { return 1, nil }, durabletask.Named("Counter"))
			durabletest.Replay(t, durabletask.New(ends), "testdata/histories/counter-waiting.jsonl")
		},
		[]string{"does something that the history does not show", "TaskScheduled #0 Square", "recorded as running, but the code now ends", "ExecutionCompleted Completed 1"},
	},
}

// TestFailing is the failing test in the processes that TestFailures starts.
func TestFailing(t *testing.T) { //nolint:paralleltest // it is alone
	if f, ok := failing[os.Getenv(asFailing)]; ok {
		f.test(t)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, f := range failing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFailing$", "-test.v")
			cmd.Env = append(os.Environ(), asFailing+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Error("it did not fail")
			}
			for _, want := range f.says {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
		})
	}
}
