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

func TestHello5Requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := azuretest.New(azuretest.Options{})
		h := openHub(t, service, azuretest.ClientOptions{Name: "w"})
		w := durabletask.NewWorker(durabletask.New(sayHello, hello5), h.Backend, durabletask.WorkerOptions{})
		ctx := context.Background()
		if err := h.CreateTaskHub(ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		service.ResetLog()
		id, err := w.Client().Schedule(ctx, "Hello5", nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		n := 0
		for _, c := range service.Counts() {
			n += c
		}
		s, err := w.Client().Get(ctx, id)
		if err != nil || s.Status != durabletask.Completed {
			t.Fatalf("%+v, %v", s, err)
		}
		if n > 24 {
			for _, r := range service.Log() {
				t.Log(r)
			}
			t.Errorf("%d requests, want at most 24", n)
		}
		if err := w.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	})
}
