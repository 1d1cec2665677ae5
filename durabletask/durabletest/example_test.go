//nolint:testableexamples // an example has no t, without which there is no bubble; tests do the same as these
package durabletest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

// In a file of tests, t is the test's. The examples are compiled; the tests of this package and of the sample app do the same with a real one.
var t *testing.T

func ExampleTest() {
	durabletest.Test(t, durabletask.New(nap), func(t *testing.T, h *durabletest.Hub) {
		begin := time.Now()
		if _, err := durabletest.Run(h, nap, 72*time.Hour); err != nil { // takes no time
			t.Error(err)
		}
		t.Log(time.Since(begin)) // 72h0m0s
	})
}

func ExampleStub() {
	durabletest.Test(t, durabletask.New(hello), func(t *testing.T, h *durabletest.Hub) {
		calls := durabletest.Stub(h, greet, func(_ context.Context, city string) (string, error) { return "hi " + city, nil })
		if _, err := durabletest.Run(h, hello, 2); err != nil {
			t.Error(err)
		}
		t.Log(calls.Inputs()) // [city 0 city 1]
	})
}

func ExampleFailFirst() {
	durabletest.Test(t, durabletask.New(hello), func(_ *testing.T, h *durabletest.Hub) {
		durabletest.Stub(h, greet, durabletest.FailFirst(2, errors.New("busy"), func(context.Context, string) (string, error) { return "hi", nil }))
	})
}

func ExampleHub_Advance() {
	durabletest.Test(t, durabletask.New(deadline), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, deadline, durabletask.None{})
		h.Advance(time.Hour)
		if err := note.Raise(t.Context(), h.Client, i.ID, "in time"); err != nil {
			t.Error(err)
		}
	})
}

func ExampleHub_Deploy() {
	old, next := version("old"), version("new")
	durabletest.Test(t, durabletask.New(old), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, old, durabletask.None{})
		h.Advance(time.Minute)
		h.Deploy(durabletask.New(next))
		t.Log(i.Wait(t.Context())) // new <nil>
	})
}

func ExampleCrashEverywhere() {
	durabletest.CrashEverywhere(t, durabletask.New(hello, greet), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, hello, 5, durabletask.InstanceID("hello-5")); err != nil {
			t.Error(err)
		}
	})
}

func ExampleGolden() {
	durabletest.Test(t, durabletask.New(hello, greet), func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, hello, 2)
		durabletest.Golden(t, h, i.ID, "testdata/hello.txt")
		durabletest.Save(t, h, i.ID, "testdata/histories/hello-v1.jsonl")
	})
}

func ExampleReplay() {
	durabletest.Replay(t, all(), "testdata/histories/*.jsonl")
}

func ExampleNames() {
	durabletest.Names(t, all(), "testdata/names.txt", note)
}
