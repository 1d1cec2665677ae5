package approot

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/bindings"
	"github.com/azdurable/azdurable/durabletask"
	"github.com/google/go-cmp/cmp"
)

const plainHost = "{\n  \"version\": \"2.0\",\n  \"customHandler\": {}\n}\n"

// root makes an app root of files by path.
func root(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// read returns the files of a folder by path.
func read(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func generate(t *testing.T, folder string, triggers ...bindings.Trigger) *Plan {
	t.Helper()
	p, err := New(folder, triggers)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return p
}

func start(name string) bindings.Trigger {
	return bindings.HTTP(name, bindings.Route{Methods: []string{http.MethodPost}, Pattern: "orchestrators/{name}/{instanceId?}"},
		func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {})
}

func tick() bindings.Trigger {
	return bindings.Timer("Tick", bindings.Schedule{Cron: "0 */5 * * * *"},
		func(context.Context, *bindings.TimerInfo, *bindings.DurableClient) error { return nil })
}

// queue is a trigger that needs the bundle.
type queue struct{ bindings.HostTrigger }

func (queue) Name() string { return "OnOrder" }
func (queue) Function() bindings.Function {
	return bindings.Function{Bindings: []bindings.Binding{{Type: "queueTrigger", Direction: bindings.DirectionIn, Name: "order"}}}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	folder := root(t, map[string]string{"host.json": plainHost, "functions/main.go": "package main"})
	greet := durabletask.New(durabletask.NewActivity(func(context.Context, string) (string, error) { return "", nil }, durabletask.Named("Greet")))
	p := generate(t, folder, start("HttpStart"), tick(), bindings.Activity(greet.Activities()[0]))
	if len(p.Notes) > 0 {
		t.Errorf("notes: %q", p.Notes)
	}
	want := map[string]string{
		"host.json": plainHost, "functions/main.go": "package main",
		"HttpStart/function.json": `{
  "generatedBy": "azdurable",
  "bindings": [
    {
      "type": "httpTrigger",
      "direction": "in",
      "name": "req",
      "authLevel": "function",
      "methods": [
        "post"
      ],
      "route": "orchestrators/{name}/{instanceId?}"
    },
    {
      "type": "http",
      "direction": "out",
      "name": "res"
    }
  ]
}
`,
		"Tick/function.json": `{
  "generatedBy": "azdurable",
  "bindings": [
    {
      "type": "timerTrigger",
      "direction": "in",
      "name": "timer",
      "schedule": "0 */5 * * * *"
    }
  ]
}
`,
	}
	if diff := cmp.Diff(want, read(t, folder)); diff != "" {
		t.Errorf("generated (-want +got):\n%s", diff)
	}
	if again := generate(t, folder, tick(), start("HttpStart")); len(again.Changes) > 0 {
		t.Errorf("generating again changes %v", again.Changes)
	}
}

// What was generated for functions that are gone is removed, and nothing else is.
func TestStaleFoldersGo(t *testing.T) {
	t.Parallel()
	folder := root(t, map[string]string{"host.json": plainHost, "ByHand/function.json": `{"bindings":[{"type":"timerTrigger"}]}`})
	generate(t, folder, start("HttpStart"), start2(), tick())
	if err := os.WriteFile(filepath.Join(folder, "Tick", "notes.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	generate(t, folder, start("HTTPStart"))
	got := read(t, folder)
	delete(got, "HTTPStart/function.json")
	want := map[string]string{"host.json": plainHost, "ByHand/function.json": `{"bindings":[{"type":"timerTrigger"}]}`, "Tick/notes.txt": "mine"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(folder, "Other")); !os.IsNotExist(err) {
		t.Errorf("the empty folder is there: %v", err)
	}
}

func start2() bindings.Trigger {
	return bindings.HTTP("Other", bindings.Route{}, func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no host.json", nil, "is no app's root"},
		{"a broken host.json", map[string]string{"host.json": "{"}, "host.json"},
		{"an empty bundle", map[string]string{"host.json": `{"extensionBundle":null}`}, "extensionBundle is null"},
		{"routes", map[string]string{"host.json": `{"customHandler":{"http":{"routes":[{"route":"x"}]}}}`}, "remove the routes"},
		{"a profile", map[string]string{"host.json": `{"configurationProfile":"mcp-custom-handler"}`}, "brings routes"},
		{"written by hand", map[string]string{"host.json": plainHost, "Tick/function.json": `{"bindings":[]}`}, "was written by hand"},
		{"somebody's folder", map[string]string{"host.json": plainHost, "tick/tick.go": "package tick"}, "tick is there and is no function's folder"},
		{"somebody's file", map[string]string{"host.json": plainHost, "Tick": ""}, "is no function's folder"},
		{"Microsoft's engine", map[string]string{"host.json": plainHost, "Old/function.json": `{"bindings":[{"type":"orchestrationTrigger"}]}`}, "Microsoft's engine"},
	} {
		folder := root(t, c.files)
		_, err := New(folder, []bindings.Trigger{tick()})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if diff := cmp.Diff(len(c.files), len(read(t, folder))); diff != "" {
			t.Errorf("%s: files have changed:\n%s", c.name, diff)
		}
	}
}

func TestBundle(t *testing.T) {
	t.Parallel()
	const bundle = `"extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}`
	for _, c := range []struct{ before, after string }{
		{plainHost, "{\n  " + bundle + ",\n  \"version\": \"2.0\",\n  \"customHandler\": {}\n}\n"},
		{`{"version":"2.0"}`, `{` + bundle + `, "version":"2.0"}`},
		{"\ufeff{\r\n\t\"version\" : \"2.0\"}", "\ufeff{\r\n\t" + bundle + ",\r\n\t\"version\" : \"2.0\"}"},
		{"{ }", "{ " + bundle + " }"},
		{`{"ExtensionBundle":{"id":"x","version":"[3.*, 4.0.0)"}}`, `{"ExtensionBundle":{"id":"x","version":"[3.*, 4.0.0)"}}`},
	} {
		folder := root(t, map[string]string{"host.json": c.before})
		generate(t, folder, queue{})
		got := read(t, folder)["host.json"]
		// The line break before the next member is that of the first one.
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(c.after), " ") {
			t.Errorf("%q became %q, want %q", c.before, got, c.after)
		}
		if !json.Valid([]byte(strings.TrimPrefix(got, "\ufeff"))) {
			t.Errorf("%q became %q, which is not JSON", c.before, got)
		}
		if again := generate(t, folder, queue{}); len(again.Changes) > 0 {
			t.Errorf("%q: generating again changes %v", c.before, again.Changes)
		}
	}
}

// A bundle that is not needed any more is a note; only people take it out.
func TestBundleStays(t *testing.T) {
	t.Parallel()
	folder := root(t, map[string]string{"host.json": plainHost})
	if p := generate(t, folder, queue{}); len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "gets an extensionBundle") {
		t.Errorf("notes: %q", p.Notes)
	}
	with := read(t, folder)["host.json"]
	p := generate(t, folder, tick())
	if len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "no trigger needs any more") || read(t, folder)["host.json"] != with {
		t.Errorf("notes: %q", p.Notes)
	}
	byHand := root(t, map[string]string{"host.json": with, "OnBlob/function.json": `{"bindings":[{"type":"blobTrigger"}]}`})
	if p := generate(t, byHand, tick()); len(p.Notes) > 0 {
		t.Errorf("a function written by hand needs the bundle, and yet: %q", p.Notes)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	folder := root(t, map[string]string{"host.json": plainHost})
	generate(t, folder, start2(), start("HttpStart"))
	changed := bindings.HTTP("HttpStart", bindings.Route{Pattern: "orchestrators/{name}/{instanceId?}"},
		func(http.ResponseWriter, *http.Request, *bindings.DurableClient) {})
	p, err := New(folder, []bindings.Trigger{changed, tick()})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Describe(&b); err != nil {
		t.Fatal(err)
	}
	const want = `- Other/function.json
~ HttpStart/function.json
    -       "methods": [
    -         "post"
    -       ],
+ Tick/function.json
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
}

func FuzzHostFile(f *testing.F) {
	for _, seed := range []string{plainHost, "{}", "{ }", "\ufeff{}", "[]", "null", `{"extensionBundle":null}`, `{"customHandler":{"http":{"routes":[1]}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHostFile(text)
		if err != nil || h.hasBundle {
			return
		}
		if now, err := parseHostFile(h.withBundle()); err != nil || !now.ourBundle {
			t.Errorf("%q became %q: %v", text, h.withBundle(), err)
		}
	})
}
