package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/azuretest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"azdurable": func() { os.Exit(mainCode()) }})
}

// The scripts run the program as a person would. Each has an app of its own:
//
//	app start [folder|azure] [key]   starts it on the embedded store in the folder, or in storage; $APP is its address
//	app stop                         stops it
//	sql <file> <statement>           changes the file of a store, as somebody might
//	exits <code> <arguments>         runs azdurable and looks at its exit code
//
// $STORAGE is a connection string of a storage account of the script's own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			account := newStorage()
			e.Defer(account.stop)
			p := &process{folder: e.WorkDir, storage: account.connection}
			e.Defer(func() { _ = p.stop() }) // a script that has failed leaves it behind
			e.Values[processKey{}] = p
			e.Setenv("STORAGE", account.connection)
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"app": appCommand, "exits": exitsCommand, "sql": sqlCommand},
	})
}

type processKey struct{}

func appCommand(ts *testscript.TestScript, _ bool, args []string) {
	p, _ := ts.Value(processKey{}).(*process)
	switch args = append(args, "", "", ""); args[0] {
	case "start":
		ts.Check(p.start(cmp.Or(args[1], "memory"), args[2]))
		ts.Setenv("APP", p.server.URL)
	case "stop":
		ts.Check(p.stop())
	default:
		ts.Fatalf("app %s", args[0])
	}
}

func sqlCommand(ts *testscript.TestScript, _ bool, args []string) {
	c, err := sqlite3.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(c.Exec(args[1]))
	ts.Check(c.Close())
}

func exitsCommand(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("azdurable", args[1:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, not %s:\n%s%s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// process is an app as it would run in a process of its own.
type process struct {
	folder, storage string
	extension       *extension.Extension
	server          *httptest.Server
}

func (p *process) start(store, key string) error {
	o := extension.Options{
		Folder: p.folder, Hub: "Scripts", Key: key, Settings: &extension.AppSettings{}, Logger: slog.New(slog.DiscardHandler),
		Store: extension.StoreLocal, Data: filepath.Join(p.folder, store),
		Environ: []string{"AzureWebJobsStorage=" + p.storage, "AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval=00:00:00.05"},
	}
	if store == "azure" {
		o.Store = extension.StoreAzureStorage
	}
	var err error
	if p.extension, err = extension.Initialize(sample(), o); err != nil {
		return err
	}
	if err := p.extension.Start(context.Background()); err != nil {
		return err
	}
	p.server = httptest.NewServer(p.extension.Management())
	return nil
}

func (p *process) stop() error {
	if p.server == nil {
		return nil
	}
	p.server.Close()
	p.server = nil
	return p.extension.Stop(context.Background())
}

// storage is a storage account in memory that other processes can reach.
type storage struct {
	connection string
	servers    []*httptest.Server
}

func newStorage() *storage {
	service := azuretest.New(azuretest.Options{})
	a := &storage{}
	serve := func(kind azuretest.Kind) string {
		server := httptest.NewServer(service.Handler(kind))
		a.servers = append(a.servers, server)
		return server.URL + "/" + service.Account()
	}
	a.connection = azuretest.ConnectionString(service.Account(), service.Key(), serve(azuretest.Blob), serve(azuretest.Queue), serve(azuretest.Table))
	return a
}

func (a *storage) stop() {
	for _, server := range a.servers {
		server.CloseClientConnections()
		server.Close()
	}
}

// sample is the app of the scripts.
func sample() *durabletask.App {
	greet := durabletask.NewActivity(func(_ context.Context, name string) (string, error) { return "Hello " + name, nil }, durabletask.Named("SayHello"))
	// Flaky fails until the environment of its input says otherwise: until there is a file of that name.
	open := durabletask.NewActivity(func(_ context.Context, file string) (string, error) {
		if _, err := os.Stat(file); err != nil {
			return "", errors.New("the door is shut")
		}
		return "open", nil
	}, durabletask.Named("OpenDoor"))
	approval := durabletask.NewEvent[any]("Approval")
	return durabletask.New(
		greet, open,
		durabletask.NewOrchestrator(func(ctx durabletask.Context, name string) (string, error) { return greet.Call(ctx, name) }, durabletask.Named("Hello")),
		durabletask.NewOrchestrator(func(ctx durabletask.Context, file string) (string, error) { return open.Call(ctx, file) }, durabletask.Named("Door")),
		durabletask.NewOrchestrator(func(ctx durabletask.Context, _ any) (any, error) { return approval.Next(ctx).Await(ctx) }, durabletask.Named("Wait")),
		durabletask.NewEntity[Counter](),
	)
}

// Counter is an entity.
type Counter struct{ Value int }

// Add adds to the counter; negative numbers are refused.
func (c *Counter) Add(_ durabletask.EntityContext, n int) (int, error) {
	if n < 0 {
		return 0, errors.New("a counter only grows")
	}
	c.Value += n
	return c.Value, nil
}
