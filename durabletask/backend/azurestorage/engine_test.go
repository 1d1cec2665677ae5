package azurestorage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/internal/azuretest"
)

var sayHello = durabletask.NewActivity(func(_ context.Context, name string) (string, error) { return "Hello " + name + "!", nil }, durabletask.Named("SayHello"))

var hello5 = durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) ([]string, error) {
	var all []string
	for _, city := range []string{"Tokyo", "Seattle", "London", "Oslo", "Lima"} {
		s, err := sayHello.Call(ctx, city)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}, durabletask.Named("Hello5"))

// What an orchestration costs, in requests, when one worker starts and runs it.
func TestRequests(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		orchestrator *durabletask.Orchestrator[durabletask.None, []string]
		limit        int
	}{"five activities": {hello5, 24}, "five inline activities": {inline5, 9}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			countRequests(t, row.orchestrator, row.limit)
		})
	}
}

var inline5 = durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) ([]string, error) {
	var all []string
	for _, city := range []string{"Tokyo", "Seattle", "London", "Oslo", "Lima"} {
		s, err := sayHello.Call(ctx, city, durabletask.Inline)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}, durabletask.Named("Inline5"))

func countRequests(t *testing.T, o *durabletask.Orchestrator[durabletask.None, []string], limit int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		service := azuretest.New(azuretest.Options{})
		h := openHub(t, service, azuretest.ClientOptions{Name: "w"})
		w := durabletask.NewWorker(durabletask.New(sayHello, o), h.Backend, durabletask.WorkerOptions{})
		ctx := context.Background()
		if err := h.CreateTaskHub(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		service.ResetLog()
		id, err := w.Client().Schedule(ctx, o.Name(), nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n := 0
		for op, c := range service.Counts() {
			if op != azuretest.OpGetMessages { // polls cost the same without it
				n += c
			}
		}
		s, err := w.Client().Get(ctx, id)
		if err != nil || s.Status != durabletask.Completed {
			t.Fatalf("%+v, %v", s, err)
		}
		if n > limit {
			for _, r := range service.Log() {
				t.Log(r)
			}
			t.Errorf("%d requests, want at most %d", n, limit)
		}
		if err := w.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	})
}
