package extension

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
)

// configure reads host.json and overrides as Initialize does, and returns what was logged.
func configure(t *testing.T, hostJSON string, environ ...string) (*durableTask, string, error) {
	t.Helper()
	folder := t.TempDir()
	if hostJSON != "" {
		if err := os.WriteFile(filepath.Join(folder, HostFile), []byte(hostJSON), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := readConfiguration(folder, environ)
	if err != nil {
		return nil, "", err
	}
	var logged strings.Builder
	d, err := readDurableTask(c, &AppSettings{}, slog.New(slog.NewTextHandler(&logged, nil)))
	return d, logged.String(), err
}

func section(members string) string {
	return `{"version":"2.0","extensions":{"durableTask":{` + members + `}}}`
}

func TestSettings(t *testing.T) {
	t.Parallel()
	d, logged, err := configure(t, "\xef\xbb\xbf"+section(`"HUBNAME":"FromFile","storageProvider":{"type":"local","partitionCount":8},
		"maxConcurrentActivityFunctions":"20","httpSettings":{"useForwardedHost":true},"notifications":{"eventGrid":{"publishEventTypes":["Started"]}}`),
		"azurefunctionsjobhost__extensions__durabletask__hubName=FromEnvironment",
		"AzureFunctionsJobHost__extensions__durableTask__maxConcurrentOrchestratorFunctions=7", "UNRELATED=1")
	if err != nil || logged != "" {
		t.Fatal(err, logged)
	}
	if d.hubName != "FromEnvironment" || d.storeType != "local" || d.storeSource != HostFile || d.maxActivities != 20 || d.maxOrchestrators != 7 || !d.useForwardedHost {
		t.Errorf("%+v", d)
	}
	if d, _, err := configure(t, ""); err != nil || d.connectionName != "Storage" || d.maxActivities < 10 {
		t.Errorf("without host.json: %+v, %v", d, err)
	}
}

func TestRetentionSetting(t *testing.T) {
	t.Parallel()
	for want, environ := range map[time.Duration][]string{
		30 * 24 * time.Hour: nil,
		time.Hour:           {"AzureFunctionsJobHost__extensions__durableTask__instanceRetention=01:00:00"},
	} {
		d, logged, err := configure(t, section(`"instanceRetention":"30.00:00:00"`), environ...)
		if err != nil || logged != "" || d.worker(slog.Default()).Retention != want {
			t.Errorf("%v: %+v, %v, %s", environ, d, err, logged)
		}
	}
	if d, _, err := configure(t, ""); err != nil || d.worker(slog.Default()).Retention != 0 {
		t.Errorf("by default: %+v, %v", d, err)
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		`"maxConcurrentActivityFunctions":0`:                                 "MaxConcurrentActivityFunctions must be a positive integer value.",
		`"maxConcurrentOrchestratorFunctions":-1`:                            "MaxConcurrentOrchestratorFunctions must be a positive integer value.",
		`"maxConcurrentEntityFunctions":"x"`:                                 "MaxConcurrentEntityFunctions must be an integer.",
		`"storageProvider":{"partitionCount":17}`:                            "PartitionCount must be an integer value between 1 and 16.",
		`"storageProvider":{"controlQueueBatchSize":0}`:                      "ControlQueueBatchSize must be a non-negative integer.",
		`"storageProvider":{"controlQueueBufferThreshold":1001}`:             "ControlQueueBufferThreshold must be between 1 and 1000.",
		`"storageProvider":{"controlQueueVisibilityTimeout":"00:00:59"}`:     "ControlQueueVisibilityTimeout must be between 1 and 60 minutes.",
		`"storageProvider":{"maxQueuePollingInterval":"00:00:00"}`:           "MaxQueuePollingInterval must be non-negative.",
		`"storageProvider":{"maxQueuePollingInterval":"5 s"}`:                `must be a time span: "5 s" is not a time span; write it as`,
		`"overridableExistingInstanceStates":"Some"`:                         "must be one of NonRunningStates, AnyState",
		`"useAppLease":"maybe"`:                                              "must be true or false",
		`"storageProvider":{"queueClientMessageEncoding":"rot13"}`:           "must be one of UTF8, Base64",
		`"instanceRetention":"00:00:59"`:                                     "InstanceRetention must be at least 1 minute.",
		`"notifications":{"eventGrid":{"publishRetryInterval":"01:00:01"}}`:  "at most 60 minutes",
		`"notifications":{"eventGrid":{"publishRetryHttpStatus":[400,"x"]}}`: "must be an integer",
	} {
		_, _, err := configure(t, section(members))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), HostFile) {
			t.Errorf("%s: %v, want %q and where it stands", members, err, want)
		}
	}
	if _, _, err := configure(t, "{"); err == nil || !strings.Contains(err.Error(), HostFile) {
		t.Errorf("broken host.json: %v", err)
	}
}

func TestUnknownSettingNamesTheNearest(t *testing.T) {
	t.Parallel()
	_, logged, err := configure(t, section(`"maxConcurentActivityFunctions":5,"storageProvider":{"partitonCount":3}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"setting=extensions.durableTask.maxConcurentActivityFunctions", "extensions.durableTask.maxConcurrentActivityFunctions",
		"extensions.durableTask.storageProvider.partitionCount", "in=host.json",
	} {
		if !strings.Contains(logged, want) {
			t.Errorf("%s\nwant %s", logged, want)
		}
	}
}

func TestTimeSpans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"00:00:30": 30 * time.Second, "1.02:03:04.5": 26*time.Hour + 3*time.Minute + 4*time.Second + 500*time.Millisecond,
		"-00:01:00": -time.Minute, "00:00:00.0000001": 100, "01:00": time.Hour,
	} {
		if d, err := bindings.ParseTimeSpan(text); d != want || err != nil {
			t.Errorf("%q = %v, %v, want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "30", "24:00:00", "00:60:00", "5s", "00:00:00.12345678"} {
		if d, err := bindings.ParseTimeSpan(text); err == nil {
			t.Errorf("%q = %v, want an error", text, d)
		}
	}
}

func TestHubNames(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) { return map[string]string{"Hub": "Resolved"}[name], name == "Hub" }
	long := strings.Repeat("a", 51)
	for _, c := range []struct {
		given      string
		app        AppSettings
		want, flaw string
	}{
		{want: "TestHubName"},
		{given: "MyHub", want: "MyHub"},
		{given: "%Hub%", want: "Resolved"},
		{given: "x%Hub%", flaw: "alphanumeric"},
		{given: "%Nope%", flaw: "alphanumeric"},
		{given: "ab", flaw: "between 3 and 45"},
		{given: "1abc", flaw: "start with a letter"},
		{given: "my-hub", flaw: "my-hub"},
		{given: long[:45], want: long[:45]},
		{given: long[:50], want: long[:50]},
		{given: long, flaw: "45"},
		{app: AppSettings{SiteName: "my-func-app"}, want: "myfuncapp"},
		{app: AppSettings{SiteName: "123"}, want: "t123"},
		{app: AppSettings{SiteName: "a-"}, want: "aHub"},
		{app: AppSettings{SiteName: "--"}, want: "DefaultTaskHub"},
		{app: AppSettings{SiteName: long}, want: long[:45]},
		{app: AppSettings{SlotName: "staging"}, flaw: "slots"},
		{given: "testhubname", app: AppSettings{SlotName: "staging"}, flaw: "slots"},
		{given: "Staged", app: AppSettings{SlotName: "staging"}, want: "Staged"},
		{app: AppSettings{SlotName: "production"}, want: "TestHubName"},
	} {
		got, err := resolveHub(c.given, &c.app, lookup, slog.New(slog.DiscardHandler))
		if c.flaw == "" && (got != c.want || err != nil) || c.flaw != "" && (err == nil || !strings.Contains(err.Error(), c.flaw)) {
			t.Errorf("%q %+v: %q, %v, want %q, an error with %q", c.given, c.app, got, err, c.want, c.flaw)
		}
	}
}

func TestStoreChoice(t *testing.T) {
	t.Parallel()
	storage := []string{"AzureWebJobsStorage=UseDevelopmentStorage=true"}
	for name, c := range map[string]struct {
		o         Options
		host      string
		app       AppSettings
		kind      string // default: local
		why, flaw string
	}{
		"standalone":           {o: Options{Environ: storage}, why: "standalone"},
		"flag":                 {o: Options{Store: "LOCAL"}, host: "AzureStorage", why: "-store"},
		"host.json":            {host: "local", why: "host.json"},
		"AzureStorage":         {o: Options{Environ: storage}, host: "azurestorage", kind: StoreAzureStorage, why: "host.json"},
		"AzureStorage by flag": {o: Options{Store: "azurestorage", Environ: storage}, kind: StoreAzureStorage, why: "-store"},
		"no connection":        {o: Options{Store: "azurestorage"}, flaw: "Set AzureWebJobsStorage to a connection string"},
		"a bad connection":     {o: Options{Store: "azurestorage", Environ: []string{"AzureWebJobsStorage=nonsense"}}, flaw: "AzureWebJobsStorage"},
		"identity": {
			o:   Options{Environ: []string{"AzureWebJobsStorage__accountName=acct"}},
			app: AppSettings{Port: "1"}, kind: StoreAzureStorage, why: "AzureWebJobsStorage is set",
		},
		"unknown":              {host: "Netherite", flaw: "available storage providers are local and AzureStorage"},
		"under the host":       {o: Options{Environ: storage}, app: AppSettings{Port: "1"}, kind: StoreAzureStorage, why: "AzureWebJobsStorage is set"},
		"host without storage": {app: AppSettings{Port: "1"}, why: "AzureWebJobsStorage is not set"},
		"Function App":         {o: Options{Store: "local"}, app: AppSettings{Port: "1", InstanceID: "x"}, flaw: "AZDURABLE_FORCE_LOCAL"},
		"consumption plan":     {app: AppSettings{Container: "x", SiteName: "s"}, flaw: "AZDURABLE_FORCE_LOCAL"},
		"a container":          {app: AppSettings{Container: "x"}, why: "standalone"},
		"forced":               {app: AppSettings{InstanceID: "x", ForceLocal: true}, why: "standalone"},
	} {
		d := &durableTask{storeType: c.host, storeSource: HostFile, connectionName: "Storage"}
		s, err := chooseStore(&c.o, d, &c.app, c.o.lookup, "Hub")
		kind, path := StoreLocal, filepath.Join(DefaultFolder, "Hub.db")
		if c.kind != "" {
			kind, path = c.kind, ""
		}
		if c.flaw == "" && (err != nil || s.Type != kind || s.Path != path || !strings.Contains(s.Why, c.why)) ||
			c.flaw != "" && (err == nil || !strings.Contains(err.Error(), c.flaw)) {
			t.Errorf("%s: %+v, %v, want %q, an error with %q", name, s, err, c.why, c.flaw)
		}
	}
}

func TestUnwritableStoreFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Initialize(durabletask.New(), Options{
		Folder: t.TempDir(), Data: filepath.Join(file, "data"), Environ: []string{}, Settings: &AppSettings{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "-data") || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want an error that names the folder and -data", err)
	}
}

func TestLocalSettings(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("AZDURABLE_TEST_SET", "environment")
	t.Setenv("AZDURABLE_TEST_UNSET", "") // so that it is restored
	os.Unsetenv("AZDURABLE_TEST_UNSET")
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(folder, LocalSettingsFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := ApplyLocalSettings(folder); err != nil {
		t.Errorf("without the file: %v", err)
	}
	write(`{"IsEncrypted":false,"Values":{"AZDURABLE_TEST_SET":"file","AZDURABLE_TEST_UNSET":"file"}}`)
	if err := ApplyLocalSettings(folder); err != nil {
		t.Error(err)
	}
	if a, b := os.Getenv("AZDURABLE_TEST_SET"), os.Getenv("AZDURABLE_TEST_UNSET"); a != "environment" || b != "file" {
		t.Errorf("%q and %q, want the environment's and the file's", a, b)
	}
	write(`{"IsEncrypted":true}`)
	if err := ApplyLocalSettings(folder); err == nil || !strings.Contains(err.Error(), "func settings decrypt") {
		t.Errorf("encrypted: %v", err)
	}
	write(`{`)
	if err := ApplyLocalSettings(folder); err == nil || !strings.Contains(err.Error(), LocalSettingsFile) {
		t.Errorf("broken: %v", err)
	}
}

func TestSignedURLsNeedAKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		signs   bool
		want    string
	}{
		{Options{Settings: &AppSettings{}}, false, ""},
		{Options{Settings: &AppSettings{Key: "k"}}, false, ""},
		{Options{Settings: &AppSettings{Key: "k", SignedURLs: true}}, true, ""},
		{Options{Settings: &AppSettings{}, Key: "k", SignedURLs: true}, true, ""},
		{Options{Settings: &AppSettings{SignedURLs: true}}, false, "set AZDURABLE_KEY"},
		{Options{Settings: &AppSettings{}, SignedURLs: true}, false, "set AZDURABLE_KEY"},
	} {
		err := c.options.complete()
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: %v, want %s", c.options, err, c.want)
			}
			continue
		}
		if signs := c.options.signer() != nil; err != nil || signs != c.signs {
			t.Errorf("%+v: signs %v, %v", c.options, signs, err)
		}
	}
}

func TestHostOfLinks(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]AppSettings{
		"": {}, "site.azurewebsites.net": {SiteName: "site"}, "localhost:7071": {Hostname: "localhost:7071", SiteName: "site"},
	} {
		if got := s.host(); got != want {
			t.Errorf("%+v: %s, want %s", s, got, want)
		}
	}
}

func TestAppSettings(t *testing.T) {
	t.Setenv("AZDURABLE_SIGNED_URLS", "true")
	t.Setenv("AZDURABLE_KEY", "k")
	if s, err := ReadAppSettings(); err != nil || !s.SignedURLs || s.Key != "k" {
		t.Errorf("signed URLs %v, %v", s.SignedURLs, err)
	}
}
