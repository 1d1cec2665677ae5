package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// coldStarts is how many times the program is started; the figures are medians.
	coldStarts = 15
	// coldPause is the pause between looks. The Functions host makes one every 25 ms.
	coldPause = time.Millisecond
	// coldLimit is how long a start may take.
	coldLimit = 20 * time.Second

	toFirstProbe    = 100 // ms
	toFirstInstance = 500 // ms
	programSize     = 25  // MB
)

// coldStart measures what a Function App waits for when it wakes: the program of the sample app is started as the Functions host starts it, until it
// answers the host's probe, and until a first orchestration of five activities has completed on a new embedded store. And it weighs the program.
func coldStart(ctx context.Context, folder string) ([]figure, error) {
	program := filepath.Join(folder, "app")
	size, err := buildSample(ctx, program)
	if err != nil {
		return nil, err
	}
	var probes, instances []time.Duration
	for i := range coldStarts {
		work := filepath.Join(folder, strconv.Itoa(i))
		if err := os.Mkdir(work, 0o750); err != nil {
			return nil, err
		}
		probe, instance, err := startOnce(ctx, program, work)
		if err != nil {
			return nil, err
		}
		probes, instances = append(probes, probe), append(instances, instance)
	}
	probe, instance := median(probes), median(instances) // which sorts
	return []figure{
		{
			name: "cold-start/probe", value: inMilliseconds(probe), unit: milliseconds, target: atMost(toFirstProbe),
			note: fmt.Sprintf("from the start of the process to its first answer, of %d starts %v to %v", coldStarts, probes[0], probes[len(probes)-1]),
		},
		{
			name: "cold-start/instance", value: inMilliseconds(instance), unit: milliseconds, target: atMost(toFirstInstance),
			note: fmt.Sprintf("to the end of a first orchestration of five activities, of %d starts %v to %v", coldStarts, instances[0], instances[len(instances)-1]),
		},
		{name: "cold-start/size", value: float64(size) / 1e6, unit: megabytes, target: atMost(programSize), note: "built with CGO off, -trimpath -ldflags '-s -w'"},
	}, nil
}

// buildSample builds the sample app as it is deployed, and returns its size in bytes.
func buildSample(ctx context.Context, program string) (int64, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return 0, err
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/azdurable/azdurable").Output()
	if err != nil {
		return 0, fmt.Errorf("find the project: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./functions")
	build.Dir = strings.TrimSpace(string(root))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the sample app: %w: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// startOnce starts the program in a folder of its own, as the Functions host does, and kills it.
func startOnce(ctx context.Context, program, work string) (probe, instance time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, coldLimit)
	defer cancel()
	port, err := unusedPort(ctx)
	if err != nil {
		return 0, 0, err
	}
	if program, err = filepath.Abs(program); err != nil {
		return 0, 0, err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &output, &output
	cmd.Env = []string{
		"FUNCTIONS_CUSTOMHANDLER_PORT=" + port, "FUNCTIONS_WORKER_RUNTIME=custom", "AZURE_FUNCTIONS_ENVIRONMENT=Development",
		"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest=true",
	}
	base := "http://127.0.0.1:" + port
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // killed
		if err != nil {
			err = fmt.Errorf("%w; the program wrote: %s", err, output.String())
		}
	}()
	if err := lookUntil(ctx, func() bool { return get(ctx, client, base+"/") != "" }); err != nil {
		return 0, 0, err
	}
	probe = time.Since(begin)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/api/orchestrators/HelloCities/first", strings.NewReader(`["a","b","c","d","e"]`))
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	body, err := io.ReadAll(w.Body)
	if err = errors.Join(err, w.Body.Close()); err != nil {
		return 0, 0, err
	}
	if w.StatusCode != http.StatusAccepted {
		return 0, 0, fmt.Errorf("start an orchestration: %s: %s", w.Status, body)
	}
	err = lookUntil(ctx, func() bool {
		return strings.Contains(get(ctx, client, base+"/api/durabletask/instances/first"), `"runtimeStatus":"Completed"`)
	})
	return probe, time.Since(begin), err
}

// get is the status and the body of an answer; empty if there is none.
func get(ctx context.Context, client *http.Client, url string) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return ""
	}
	w, err := client.Do(r)
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(w.Body)
	if err = errors.Join(err, w.Body.Close()); err != nil {
		return ""
	}
	return w.Status + " " + string(body)
}

func lookUntil(ctx context.Context, done func() bool) error {
	again := time.NewTicker(coldPause)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("not there after %v: %w", coldLimit, ctx.Err())
		}
	}
	return nil
}

func unusedPort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return port, l.Close()
}
