package jsclient

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
	"github.com/google/go-cmp/cmp"
)

// counter is an entity that adds.
type counter struct{ Value int }

func (c *counter) Add(_ durabletask.EntityContext, n int) (int, error) {
	c.Value += n
	return c.Value, nil
}

// app is what drive.js starts.
func app() *durabletask.App {
	var tried atomic.Bool
	once := durabletask.NewActivity(func(context.Context, any) (string, error) {
		if tried.CompareAndSwap(false, true) {
			return "", errors.New("the first time it fails")
		}
		return "risen", nil
	}, durabletask.Named("Once"))
	return durabletask.New(once,
		durabletask.NewOrchestrator(func(_ durabletask.Context, in any) (any, error) { return in, nil }, durabletask.Named("Echo")),
		durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (any, error) {
			return durabletask.NewEvent[any]("go").Next(ctx).Await(ctx)
		}, durabletask.Named("Waits")),
		durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (string, error) { return once.Call(ctx, nil) }, durabletask.Named("FailsOnce")),
		durabletask.NewEntity[counter](durabletask.Named("Counter")))
}

// serve runs the app and returns the address of its management API.
func serve(t *testing.T) string {
	t.Helper()
	e, err := extension.Initialize(app(), extension.Options{
		Folder: t.TempDir(), Environ: []string{}, Settings: &extension.AppSettings{}, Logger: slog.New(slog.DiscardHandler), Hub: "ScriptHub",
		Open: func(ctx context.Context, _ extension.Store, log *slog.Logger) (backend.Backend, error) {
			return local.Open(ctx, local.Options{Logger: log})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.Management().ServeHTTP(w, r) }))
	t.Cleanup(func() {
		server.Close()
		if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return server.URL + extension.ManagementPath
}

// binding is what the host hands a function with a durable client: with an address for RPC, or with URLs to fill in only.
func binding(base string, rpc bool) map[string]any {
	const query = "?taskHub=ScriptHub&connection=Storage"
	instance := base + "/instances/INSTANCEID"
	b := map[string]any{
		"taskHubName": "ScriptHub", "baseUrl": base, "requiredQueryStringParameters": "code=none",
		"creationUrls": map[string]string{"createNewInstancePostUri": base + "/orchestrators/{functionName}[/{instanceId}]" + query},
		"managementUrls": map[string]string{
			"id": "INSTANCEID", "statusQueryGetUri": instance + query, "purgeHistoryDeleteUri": instance + query,
			"sendEventPostUri": instance + "/raiseEvent/{eventName}" + query,
			"terminatePostUri": instance + "/terminate" + query + "&reason={text}", "rewindPostUri": instance + "/rewind" + query + "&reason={text}",
			"suspendPostUri": instance + "/suspend" + query + "&reason={text}", "resumePostUri": instance + "/resume" + query + "&reason={text}",
			"restartPostUri": instance + "/restart" + query,
		},
	}
	if rpc {
		b["rpcBaseUrl"] = base + "/"
	}
	return b
}

func TestClientForJavaScript(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join("node_modules", ".installed")); err != nil {
		if os.Getenv(azurite.Variable) == "1" {
			t.Fatal("the client is not installed; 'make node' installs it")
		}
		t.Skip("the client is not installed: 'make test' installs it and runs this test, and so does 'make node'")
	}
	want, err := os.ReadFile(filepath.Join("testdata", "answers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, rpc := range map[string]bool{"rpc": true, "urls": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := serve(t)
			value, err := json.Marshal(binding(base, rpc))
			if err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), "node", "drive.js", string(value))
			command.Env = append(os.Environ(), "WEBSITE_HOSTNAME="+strings.TrimPrefix(base, "http://")) // else it puts a port of its own into URLs
			var problems strings.Builder
			command.Stderr = &problems
			got, err := command.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, problems.String())
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
