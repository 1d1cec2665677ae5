package handler

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
)

// The app's program writes its function folders, wherever it is built: the account that host.json asks for need not be known there.
func TestGenerate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	host := `{"version":"2.0","extensions":{"durableTask":{"hubName":"%NoSuchHub%","storageProvider":{"type":"AzureStorage","connectionName":"NoSuchAccount"}}}}`
	if err := os.WriteFile(filepath.Join(folder, "host.json"), []byte(host), 0o600); err != nil {
		t.Fatal(err)
	}
	start := bindings.HTTP("Start", bindings.Route{}, func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {})
	main := func(args ...string) (code int, stdout, stderr string) {
		var out, wrong strings.Builder
		code = run(echo(), []bindings.Trigger{start}, args, &out, &wrong)
		return code, out.String(), wrong.String()
	}
	// The first three are there for the engine.
	const want = "+ DurableHealth/function.json\n+ DurableManagement/function.json\n+ DurableWakeUp/function.json\n+ Start/function.json\n"
	if code, out, wrong := main("-generate-check", folder); code != exitFailed || out != want || !strings.Contains(wrong, "4 file(s) in") {
		t.Errorf("check before: %d %q %q", code, out, wrong)
	}
	if code, out, wrong := main("-generate", folder); code != exitClean || out != want || strings.Contains(wrong, "azdurable:") {
		t.Errorf("generate: %d %q %q", code, out, wrong)
	}
	if code, out, wrong := main("-generate-check", folder); code != exitClean || out != "" || strings.Contains(wrong, "azdurable:") {
		t.Errorf("check after: %d %q %q", code, out, wrong)
	}
	if code, _, wrong := main("-generate", t.TempDir()); code != exitFailed || !strings.Contains(wrong, "is no app's root") {
		t.Errorf("no app: %d %q", code, wrong)
	}
	if code, _, wrong := main("-generate", folder, "-generate-check", folder); code != exitUsage || !strings.Contains(wrong, "don't go together") {
		t.Errorf("both: %d %q", code, wrong)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if code := run(echo(), nil, []string{"-version"}, &out, &out); code != exitClean || !strings.Contains(out.String(), "(azdurable ") {
		t.Errorf("%d %q", code, &out)
	}
}
