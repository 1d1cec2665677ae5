package durabletask_test

import (
	"context"
	"errors"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
)

func TestWith(t *testing.T) {
	t.Parallel()
	errLost := errors.New("lost")
	failing := durabletask.DeclareActivity[int, int]("double").Implement(func(context.Context, int) (int, error) { return 0, errLost })
	app := durabletask.New(double, power)
	app.RegisterError(errLost, "Lost")
	b := setup(t, app.With(failing), durabletask.WorkerOptions{})
	i, err := power.Schedule(t.Context(), b.Client, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wait(t.Context()); !errors.Is(err, errLost) {
		t.Errorf("the stand-in's error: %v", err)
	}
	if f, ok := app.Activity("Double"); !ok || f.Name() != "Double" {
		t.Errorf("the app itself has changed: %v", f)
	}
}
