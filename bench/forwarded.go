package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/handler"
)

// forwarded starts instances through an HTTP function whose requests come as the Functions host forwards them, and through the client that the function
// has: what the way costs. Then many requests come at once.
func forwarded(ctx context.Context, folder string) ([]figure, error) {
	const starts, atOnce = 500, 1000
	clients := make(chan *bindings.DurableClient, 1)
	start := bindings.HTTP("Start", bindings.Route{Methods: []string{"post"}}, func(w http.ResponseWriter, r *http.Request, client *bindings.DurableClient) {
		select {
		case clients <- client:
		default:
		}
		input, err := bindings.ReadJSON(r)
		if err != nil {
			bindings.WriteError(w, err)
			return
		}
		id, err := client.ScheduleJSON(r.Context(), "Waits", input, later())
		if err != nil {
			bindings.WriteError(w, err)
			return
		}
		client.CreateCheckStatusResponse(w, r, id)
	})
	ctx, stop := context.WithCancel(ctx)
	url, done, err := serveForwarded(ctx, folder, start)
	if err != nil {
		stop()
		return nil, err
	}
	figures, err := func() ([]figure, error) {
		if err := post(ctx, url); err != nil {
			return nil, err
		}
		client := <-clients
		input := "1"
		direct, way, bare := make([]time.Duration, starts), make([]time.Duration, starts), make([]time.Duration, starts)
		for i := range starts { // by turns, so that both have the same machine
			began := time.Now()
			if _, err := client.ScheduleJSON(ctx, "Waits", &input, later()); err != nil {
				return nil, err
			}
			direct[i] = time.Since(began)
			began = time.Now()
			if err := post(ctx, url); err != nil {
				return nil, err
			}
			way[i] = time.Since(began)
			began = time.Now()
			if err := ask(ctx, url); err != nil {
				return nil, err
			}
			bare[i] = time.Since(began)
		}
		failures := make(chan error, atOnce)
		began := time.Now()
		for range atOnce {
			go func() { failures <- post(ctx, url) }()
		}
		failed := 0
		for range atOnce {
			if err := <-failures; err != nil {
				failed++
			}
		}
		took := time.Since(began)
		slices.Sort(direct)
		slices.Sort(way)
		slices.Sort(bare)
		ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		return []figure{
			{name: "forwarded/direct", value: ms(direct[starts/2]), unit: milliseconds, note: "p50 of a start by the client"},
			{name: "forwarded/bare", value: ms(bare[starts/2]), unit: milliseconds, note: "p50 of a request to / on the same server"},
			{
				name: "forwarded/overhead", value: ms(way[starts/2] - direct[starts/2]), unit: milliseconds, target: atMost(1),
				note: "p50 of a forwarded request that starts, less that of a start",
			},
			{
				name: "forwarded/failed", value: float64(failed), unit: each, target: atMost(0),
				note: fmt.Sprintf("of %d requests at once, in %v", atOnce, took.Round(time.Millisecond)),
			},
		}, nil
	}()
	stop()
	return figures, errors.Join(err, <-done)
}

// later keeps instances from beginning, whose episodes would be measured with the starts that come after them.
func later() durabletask.StartOption { return durabletask.StartAt(time.Now().Add(time.Hour)) }

// serveForwarded runs an app as the Functions host does, and returns the URL of its function.
func serveForwarded(ctx context.Context, folder string, start *bindings.HTTPTrigger) (url string, done <-chan error, err error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return "", nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, err
	}
	app := durabletask.New(durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (any, error) {
		return durabletask.NewEvent[any]("never").Next(ctx).Await(ctx)
	}, durabletask.Named("Waits")))
	up, said := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := handler.Serve(ctx, app, handler.Options{
			Listen: address, Output: said,
			Extension: extension.Options{
				Folder: folder, Data: folder, Triggers: []bindings.Trigger{start}, Logger: slog.New(slog.DiscardHandler),
				Settings: &extension.AppSettings{Port: port}, Environ: []string{"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest=true"},
			},
		})
		said.CloseWithError(errors.Join(io.EOF, err))
		ended <- err
	}()
	if _, err := up.Read(make([]byte, 1)); err != nil { // it says something when it serves
		return "", nil, err
	}
	go io.Copy(io.Discard, up) //nolint:errcheck // it ends with the app
	return "http://" + address + "/api/Start", ended, nil
}

// post sends a request as the host forwards it.
func post(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("1"))
	if err != nil {
		return err
	}
	r.Header.Set("X-Azure-Functions-Invocationid", "00000000-0000-0000-0000-000000000001")
	return expect(r, http.StatusAccepted)
}

// ask asks whether the app is up.
func ask(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	r.URL.Path = "/"
	return expect(r, http.StatusOK)
}

func expect(r *http.Request, code int) error {
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }() // it has been read
	if _, err := io.Copy(io.Discard, w.Body); err != nil {
		return err
	}
	if w.StatusCode != code {
		return fmt.Errorf("status %s", w.Status)
	}
	return nil
}
