package extension_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/extension"
	"github.com/azdurable/azdurable/internal/azuretest"
)

// reachable makes a storage account in memory that can be reached by its connection string.
func reachable(t *testing.T) (connection string) {
	t.Helper()
	service := azuretest.New(azuretest.Options{})
	serve := func(kind azuretest.Kind) string {
		server := httptest.NewServer(service.Handler(kind))
		t.Cleanup(server.Close)
		return server.URL + "/" + service.Account()
	}
	return azuretest.ConnectionString(service.Account(), service.Key(), serve(azuretest.Blob), serve(azuretest.Queue), serve(azuretest.Table))
}

func maintenance(t *testing.T, store string, environ ...string) extension.Options {
	t.Helper()
	folder := t.TempDir()
	return extension.Options{
		Folder: folder, Data: filepath.Join(folder, "data"), Store: store, Hub: "Kept", Environ: environ, Settings: &extension.AppSettings{},
		Logger: slog.New(slog.DiscardHandler),
	}
}

// A hub is opened as it was made, whatever the settings of whoever opens it say: messages would end in queues that nobody reads.
func TestOpenTaskHubTakesOverItsPartitions(t *testing.T) {
	t.Parallel()
	const setting = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__"
	for _, tc := range []struct{ name, manager string }{
		{"table", setting + "useTablePartitionManagement=true"},
		{"safe", setting + "useTablePartitionManagement=false"},
		{"legacy", setting + "useLegacyPartitionManagement=true"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			connection := "AzureWebJobsStorage=" + reachable(t)
			o := maintenance(t, extension.StoreAzureStorage, connection)
			unknown := (*extension.UnknownHubError)(nil)
			if _, err := extension.OpenTaskHub(t.Context(), o); !errors.As(err, &unknown) || unknown.Hub != "Kept" || strings.Contains(err.Error(), "AccountKey") {
				t.Fatalf("before it was made: %v", err)
			}
			made := o
			made.Environ = append(made.Environ, setting+"partitionCount=7", tc.manager)
			h, err := extension.CreateTaskHub(t.Context(), made)
			if err != nil {
				t.Fatal(err)
			}
			stopHub(t, h)
			if h, err = extension.OpenTaskHub(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if n := h.Store.Partitions(); n != 7 {
				t.Errorf("%d partitions", n)
			}
			if err := h.Backend.DeleteTaskHub(t.Context()); err != nil {
				t.Error(err)
			}
			stopHub(t, h)
			if _, err := extension.OpenTaskHub(t.Context(), o); !errors.As(err, &unknown) {
				t.Errorf("after it was deleted: %v", err)
			}
		})
	}
}

func TestOpenTaskHubInAFile(t *testing.T) {
	t.Parallel()
	o := maintenance(t, extension.StoreLocal)
	unknown := (*extension.UnknownHubError)(nil)
	if _, err := extension.OpenTaskHub(t.Context(), o); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "Kept.db") {
		t.Fatalf("before it was made: %v", err)
	}
	h, err := extension.CreateTaskHub(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	id, err := h.Client.Schedule(t.Context(), "Anything", 1)
	stopHub(t, h)
	if err != nil {
		t.Fatal(err)
	}
	if h, err = extension.OpenTaskHub(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if state, err := h.Client.Get(t.Context(), id); err != nil || state.Status != durabletask.Pending {
		t.Errorf("%+v, %v", state, err)
	}
	stopHub(t, h)
}

func stopHub(t *testing.T, h *extension.TaskHub) {
	t.Helper()
	if err := h.Backend.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
