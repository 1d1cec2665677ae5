package extension

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCustomHandlerSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		environ    []string
		want       CustomHandler
		warns      string
		wrong      string
	}{
		{"nothing", `{}`, nil, CustomHandler{Timeout: 30 * time.Minute}, "", ""},
		{"forwarding", `{"customHandler":{"enableForwardingHttpRequest":true}}`, nil, CustomHandler{true, 30 * time.Minute}, "", ""},
		{"proxying, as a text", `{"CustomHandler":{"EnableProxyingHttpRequest":"True"},"functionTimeout":"00:01:00"}`, nil, CustomHandler{true, time.Minute}, "", ""},
		{
			"a variable goes before it", `{"customHandler":{"enableForwardingHttpRequest":true}}`,
			[]string{"AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest=false", "AzureFunctionsJobHost__functionTimeout=-1"},
			CustomHandler{},
			"", "",
		},
		{
			"all that is known", `{"customHandler":{"type":"http","port":1,"initializationTimeout":"00:00:30","http":{"defaultAuthorizationLevel":"admin"},` +
				`"description":{"defaultExecutablePath":"app","arguments":["-a"],"workerArguments":[],"workingDirectory":"","useStdErrorStreamForErrorsOnly":true}}}`,
			[]string{`AzureFunctionsJobHost__customHandler__description__arguments=["-b"]`},
			CustomHandler{Timeout: 30 * time.Minute},
			"", "",
		},
		{
			"a slip", `{"customHandler":{"enableForwardingHttpRequests":true}}`, nil,
			CustomHandler{Timeout: 30 * time.Minute},
			`"did you mean"=customHandler.enableForwardingHttpRequest`, "",
		},
		{"routes", `{"customHandler":{"http":{"routes":[{"route":"{*x}"}]}}}`, nil, CustomHandler{Timeout: 30 * time.Minute}, "bindings.HTTP", ""},
		{"not a bool", `{"customHandler":{"enableProxyingHttpRequest":"yes"}}`, nil, CustomHandler{}, "", `enableProxyingHttpRequest must be true or false. ("yes" in host.json)`},
		{"not a time", `{"functionTimeout":"1h"}`, nil, CustomHandler{}, "", "functionTimeout in host.json"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, HostFile), []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := readConfiguration(folder, c.environ)
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		got, err := readCustomHandler(config, &AppSettings{}, slog.New(slog.NewTextHandler(&log, nil)))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %s", c.name, err, c.wrong)
			}
			continue
		}
		if err != nil || got != c.want || (log.Len() > 0) != (c.warns != "") || !strings.Contains(log.String(), c.warns) {
			t.Errorf("%s: %+v, %v, want %+v; logged %s, want %s", c.name, got, err, c.want, log.String(), c.warns)
		}
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "https://a.example.org": "https://a.example.org", "http://localhost:7071/": "http://localhost:7071"} {
		if got, err := publicURL(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"a.example.org", "ftp://a", "https://a/path", "https://a?x", "https://u@a", "https://", "%"} {
		if _, err := publicURL(text); err == nil || !strings.Contains(err.Error(), "AZDURABLE_PUBLIC_URL") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
