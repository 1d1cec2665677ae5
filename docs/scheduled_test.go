package docs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/backend"
	"github.com/azdurable/azdurable/durabletask/backend/local"
	"github.com/azdurable/azdurable/extension"
)

var Report = durabletask.NewOrchestrator(report)

func report(_ durabletask.Context, day string) (string, error) { return "report of " + day, nil }

// Nightly is called at half past three from Monday to Friday.
var Nightly = bindings.Timer("Nightly", bindings.Schedule{Cron: "0 30 3 * * MON-FRI"}, nightly)

// nightly starts the report of the day. If it is called twice, the report is written once.
func nightly(ctx context.Context, timer *bindings.TimerInfo, client *bindings.DurableClient) error {
	if timer.PastDue {
		slog.Warn("the nightly report is late")
	}
	day := time.Now().UTC().Format(time.DateOnly)
	once := durabletask.Refuse(durabletask.Pending, durabletask.Running, durabletask.Suspended, durabletask.Completed)
	_, err := Report.Schedule(ctx, client.Client, day, durabletask.InstanceID("report-"+day), once)
	if _, exists := errors.AsType[*durabletask.InstanceExistsError](err); exists {
		return nil
	}
	return err
}

func TestNightly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, err := extension.Initialize(durabletask.New(Report), extension.Options{
			Folder: t.TempDir(), Environ: []string{}, Settings: &extension.AppSettings{}, Logger: slog.New(slog.DiscardHandler),
			Triggers: []bindings.Trigger{Nightly},
			Open: func(ctx context.Context, _ extension.Store, _ *slog.Logger) (backend.Backend, error) {
				return local.Open(ctx, local.Options{}) // in memory
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(7 * 24 * time.Hour)
		reports, err := app.Client().List(t.Context(), durabletask.Query{Prefix: "report-"})
		if err != nil || len(reports.Instances) != 5 {
			t.Errorf("%d reports in a week, %v", len(reports.Instances), err)
		}
		if err := nightly(t.Context(), &bindings.TimerInfo{}, app.Client()); err != nil {
			t.Error(err)
		}
		if err := app.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}
