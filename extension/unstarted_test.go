package extension_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/azdurable/azdurable/extension"
)

// An app that is only looked at needs no store, no hub and no connection; but it can't be started.
func TestUnstarted(t *testing.T) {
	t.Parallel()
	o := extension.Options{
		Folder: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Environ: []string{}, Settings: &extension.AppSettings{InstanceID: "in Azure"},
	}
	host := `{"version":"2.0","extensions":{"durableTask":{"hubName":"%NoSuchHub%","storageProvider":{"type":"AzureStorage"}}}}`
	if err := os.WriteFile(filepath.Join(o.Folder, "host.json"), []byte(host), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := extension.Initialize(standIns(), o); err == nil {
		t.Error("it could be started without a hub")
	}
	o.Unstarted = true
	e, err := extension.Initialize(standIns(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Table().All()) == 0 {
		t.Error("it has no triggers")
	}
	if err := e.Start(t.Context()); err == nil {
		t.Error("it was started")
	}
}
