package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/handler/hosttest"
)

// hostedKey is the app's own key. The Functions host has keys of its own, for starters.
const hostedKey = "the key of the app in these tests"

// appFolder makes what would be deployed of the sample app. The settings are those of a deployed app, plus more.
func appFolder(t *testing.T, more map[string]string) hosttest.Options {
	t.Helper()
	root := t.TempDir()
	// The file is this one, not a copy: the processor's caches know it, and it is 20 MB.
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program(t), filepath.Join(root, "bin", "app")); err != nil {
		t.Fatal(err)
	}
	writeJSON(t, filepath.Join(root, "host.json"), map[string]any{
		"version": "2.0",
		"customHandler": map[string]any{
			"description": map[string]any{"defaultExecutablePath": "bin/app"}, "enableForwardingHttpRequest": true,
		},
		"extensions": map[string]any{"durableTask": map[string]any{"hubName": "HostTest"}},
	})
	generate := exec.CommandContext(t.Context(), program(t), "-generate", root)
	generate.Env = []string{}
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	settings := map[string]string{"FUNCTIONS_WORKER_RUNTIME": "custom", "WEBSITE_HOSTNAME": "", "AZDURABLE_KEY": hostedKey}
	maps.Copy(settings, more)
	return hosttest.Options{App: root, Settings: settings}
}

func writeJSON(t *testing.T, path string, content any) {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// hosted is the sample app under the double of the host.
type hosted struct {
	*hosttest.Host
	t *testing.T
}

func startHosted(t *testing.T, o hosttest.Options) *hosted {
	t.Helper()
	return &hosted{hosttest.Start(t, o), t}
}

// request is one that starts an orchestration through the host, with the key that callers need.
func (h *hosted) request(name, id, input string) *http.Request {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.URL+"/api/orchestrators/"+name+"/"+id, strings.NewReader(input))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Functions-Key", h.Keys().Host["default"])
	return r
}

func (h *hosted) start(name, id, input string) hosttest.Answer {
	h.t.Helper()
	return h.Do(h.request(name, id, input))
}

// status sends a request from any goroutine and returns how it was answered.
func (h *hosted) status(r *http.Request) string {
	w, err := h.Client().Do(r)
	if err != nil {
		return err.Error()
	}
	defer w.Body.Close()
	return w.Status
}

func (h *hosted) mustStart(name, id, input string) {
	h.t.Helper()
	if a := h.start(name, id, input); a.Status != http.StatusAccepted {
		h.t.Fatalf("start %s: %d %s; %v", id, a.Status, a.Body, h.Logs())
	}
}

// manage asks the management API, where the host serves it.
func (h *hosted) manage(method, path, body string) (code int, answer string) {
	r, err := http.NewRequest(method, h.URL+"/api/durabletask"+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Functions-Key", hostedKey)
	w, err := h.Client().Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		return 0, err.Error()
	}
	return w.StatusCode, string(text)
}

// until looks again and again until something has come true.
func (h *hosted) until(done func() bool) {
	h.t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	limit := time.After(2 * time.Minute)
	for !done() {
		select {
		case <-again.C:
		case <-limit:
			h.t.Fatalf("it has not come true; %v", h.Logs())
		}
	}
}

// reaches waits until an instance has a status, and returns what the management API says of it.
func (h *hosted) reaches(id, status string) (answer string) {
	h.t.Helper()
	h.until(func() bool {
		_, answer = h.manage(http.MethodGet, "/instances/"+id, "")
		return strings.Contains(answer, `"runtimeStatus":"`+status+`"`)
	})
	return answer
}

// approves raises the event that the instance "approval" waits for, as soon as there is a program that takes it.
func (h *hosted) approves() {
	h.t.Helper()
	const id = "approval"
	h.until(func() bool {
		code, _ := h.manage(http.MethodPost, "/instances/"+id+"/raiseEvent/Approval", `{"approved":true}`)
		return code == http.StatusAccepted
	})
	if got := h.reaches(id, "Completed"); !strings.Contains(got, `"output":"approved"`) {
		h.t.Errorf("%s: %s", id, got)
	}
}
