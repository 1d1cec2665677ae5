package docs_test

import (
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
)

func TestSurvives(t *testing.T) {
	t.Parallel()
	durabletest.CrashEverywhere(t, durabletask.New(Greet, GreetBoth), func(t *testing.T, h *durabletest.Hub) {
		got, err := durabletest.Run(h, GreetBoth, [2]string{"Ada", "Bob"}, durabletask.InstanceID("g-1"))
		if got != "Hello Ada! Hello Bob!" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestPinned(t *testing.T) {
	t.Parallel()
	app := durabletask.New(Greet, GreetBoth)
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		i := durabletest.Start(h, GreetBoth, [2]string{"Ada", "Bob"})
		durabletest.Golden(t, h, i.ID, "testdata/greetboth.txt")         // text, for people
		durabletest.Save(t, h, i.ID, "testdata/greetboth-2026-11.jsonl") // for Replay; written once
	})
	durabletest.Replay(t, app, "testdata/greetboth-*.jsonl")
	durabletest.Names(t, app, "testdata/names.txt")
}
