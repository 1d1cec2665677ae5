package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/durabletask/backend/local/localtest"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/handler"
	"github.com/azdurable/azdurable/internal/azuretest/azurite"
)

// asApp makes the test binary be an app: "lossy" the sample, with its data on a disk that loses what is not synced when the process
// dies; "stuck" one with an activity that never ends.
const asApp = "AZDURABLE_TEST_AS_APP"

func TestMain(m *testing.M) {
	switch os.Getenv(asApp) {
	case "lossy":
		lossy()
	case "stuck":
		hang := durabletask.NewActivity(func(context.Context, any) (any, error) { select {} }, durabletask.Named("Hang"))
		handler.Main(durabletask.New(hang, durabletask.NewOrchestrator(
			func(ctx durabletask.Context, _ any) (any, error) { return hang.Call(ctx, nil) }, durabletask.Named("Stuck"))))
	default:
		azurite.Main(m)
	}
}

// lossy serves the sample app, with its data in the folder that is the first argument.
func lossy() {
	localtest.RegisterLossy("lossy")
	err := handler.Serve(context.Background(), app(), handler.Options{
		Listen: "localhost:0", Output: os.Stdout,
		Extension: extension.Options{
			Data: os.Args[1], Triggers: []bindings.Trigger{HTTPStart},
			Open: func(ctx context.Context, s extension.Store, log *slog.Logger) (backend.Backend, error) {
				return local.Open(ctx, local.Options{Path: s.Path, VFS: "lossy", Logger: log})
			},
		},
	})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// itself is the command that runs the test binary as an app.
func itself(kind string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asApp+"="+kind)
	return cmd
}
