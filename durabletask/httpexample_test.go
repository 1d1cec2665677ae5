package durabletask_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend/local"
)

var Fetch = durabletask.NewOrchestrator(fetch)

func fetch(ctx durabletask.Context, address string) (string, error) {
	answer, err := durabletask.CallHTTP(ctx, durabletask.HTTPRequest{URL: address})
	return fmt.Sprint(answer.StatusCode, " ", answer.Content), err
}

func ExampleCallHTTP() {
	// The first answer is "not yet, ask there".
	site := http.NewServeMux()
	site.HandleFunc("/job", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/result")
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusAccepted)
	})
	site.HandleFunc("/result", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "done") })
	server := httptest.NewServer(site)
	defer server.Close()

	ctx := context.Background()
	store, err := local.Open(ctx, local.Options{Logger: slog.New(slog.DiscardHandler)}) // in memory
	if err != nil {
		panic(err)
	}
	worker := durabletask.NewWorker(durabletask.New(Fetch), store, durabletask.WorkerOptions{})
	if err := worker.Start(ctx); err != nil {
		panic(err)
	}
	instance, err := Fetch.Schedule(ctx, worker.Client(), server.URL+"/job")
	if err != nil {
		panic(err)
	}
	fmt.Println(instance.Wait(ctx))
	_ = worker.Stop(ctx)
	// Output: 200 done <nil>
}
