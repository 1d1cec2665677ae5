package hosttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// storageHost is a double with some of the functions of the recordings about Azure Storage.
func storageHost(t *testing.T, setup *exchange, names ...string) (*Host, *scripted) {
	t.Helper()
	functions := map[string]json.RawMessage{}
	for _, name := range names {
		functions[name] = setup.Functions[name]
	}
	return scriptedHost(t, Options{App: folder(t, setup.HostJSON, functions)})
}

func TestRecordedQueues(t *testing.T) {
	t.Parallel()
	all := recordings(t, "queue")
	h, s := storageHost(t, all[0], "OnKick", "OnBin", "OnFail", "OnOut", "OnOutBin", "OnRet")
	outputs := map[string]string{"outinq": "outq", "outbinq": "outbq", "retinq": "retq"}
	read := map[string]int{}
	for _, e := range all[1:] {
		s.play(e.answers())
		m := h.EnqueueRaw(e.Queue, e.MessageTextOnWire)
		<-m.Done()
		compareRequests(t, e, s.seen())
		// The recorder emptied some poison queues between cases; what counts is what this message did.
		if poisoned := slices.Contains(e.Poison, e.MessageTextOnWire); m.Poisoned() != poisoned && e.Case != "out_ignored_on_500" {
			t.Errorf("%s: poisoned %v, not %v", e.Case, m.Poisoned(), poisoned)
		}
		if poison := h.Storage().Queue(e.Queue + "-poison"); m.Poisoned() && poison[len(poison)-1] != e.MessageTextOnWire {
			t.Errorf("%s: poison queue %q", e.Case, poison)
		}
		if out := outputs[e.Queue]; out != "" {
			got := h.Storage().Queue(out)
			if fresh := got[read[out]:]; !slices.Equal(fresh, e.OutputQueue) && len(fresh)+len(e.OutputQueue) > 0 {
				t.Errorf("%s: wrote %q, not %q", e.Case, fresh, e.OutputQueue)
			}
			read[out] = len(got)
		}
	}
}

func TestRecordedTimers(t *testing.T) {
	t.Parallel()
	all := recordings(t, "timer")
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	january := at("2027-01-01T00:00:00Z")
	for _, c := range []struct {
		name, function string
		row            int
		timer          Timer
	}{
		{"past due", "TickMon", 1, Timer{
			Last: at("2026-11-23T17:47:00.0038073Z"), LastUpdated: at("2026-11-23T17:47:00.0038073Z"), Next: at("2026-11-23T17:48:00Z"), PastDue: true,
		}},
		{"at startup", "TickStart", 2, Timer{Last: at("2026-11-23T17:46:39.4480653Z"), LastUpdated: at("2026-11-23T17:46:39.4480653Z"), Next: january}},
		{"time span", "TickSpan", 3, Timer{}},
	} {
		functions := map[string]json.RawMessage{c.function: json.RawMessage(strings.ReplaceAll(string(all[0].Functions[c.function]), "runOnStartup", "off"))}
		h, s := scriptedHost(t, Options{App: folder(t, nil, functions)})
		if out := h.Fire(c.function, c.timer); out.Err != nil {
			t.Error(c.name, out.Err)
		}
		if got := s.seen(); len(got) != 1 {
			t.Errorf("%s: %d requests", c.name, len(got))
		} else {
			compare(t, c.name, "request to the program", got[0], all[c.row].Request.String())
		}
	}
}

// TestRecordedRetries leaves out the exception of the try before: that is a .NET exception with its stack.
func TestRecordedRetries(t *testing.T) {
	t.Parallel()
	e := recordings(t, "timer")[4]
	content := strings.ReplaceAll(strings.ReplaceAll(string(e.Functions["RetryFn"]), "runOnStartup", "off"), "00:00:01", "00:00:00")
	h, s := scriptedHost(t, Options{App: folder(t, nil, map[string]json.RawMessage{"RetryFn": json.RawMessage(content)})})
	s.play([]*script{{Status: 500, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: "{}"}})
	january, last := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 17, 48, 42, 692_334_000, time.UTC)
	if out := h.Fire("RetryFn", Timer{Last: last, LastUpdated: last, Next: january}); out.Err == nil {
		t.Error("the last try succeeded")
	}
	var want []string
	for _, r := range e.requests() {
		if strings.HasPrefix(r, "POST /RetryFn") {
			want = append(want, r)
		}
	}
	got := s.seen()
	if len(got) != 3 || len(want) != 3 {
		t.Fatalf("%d requests, %d recorded", len(got), len(want))
	}
	for i := range got {
		compare(t, e.Case, "request to the program", withoutException(got[i]), withoutException(want[i]))
	}
}

func withoutException(s string) string {
	before, rest, ok := strings.Cut(s, `"Exception":{`)
	if !ok {
		return s
	}
	return before + `"Exception":{…}` + rest[strings.LastIndex(rest, `,"Instance":null`):]
}

func TestRecordedBlobs(t *testing.T) {
	t.Parallel()
	all := recordings(t, "blob-other")
	h, s := storageHost(t, all[0], "HttpQ", "OnBlob", "BlobIO", "TabIn")
	h.Storage().PutBlob("inblobs/plain.json", []byte(`{"a":1}`))
	h.Storage().PutBlob("inblobs/f1/a.txt", []byte("grüße blob"))
	for _, e := range all[1:] {
		s.play(e.answers())
		switch {
		case e.Case == "blob_trigger":
			h.PutBlob("inblobs/f1/a.txt", []byte("grüße blob"), Blob{ContentType: "text/plain", Metadata: map[string]string{"foo": "bar"}})
			compareRequests(t, e, s.seen())
		case e.ClientResponse != nil:
			compare(t, e.Case, "answer to the client", exchangeRaw(t, h, e), e.ClientResponse.String())
			compareRequests(t, e, s.seen())
		case strings.HasPrefix(e.Case, "blob_out_content_"):
			name := strings.TrimPrefix(e.Case, "blob_out_content_")
			if name == "missing.txt" { // its request is not among the recordings
				s.play([]*script{{Status: 200, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: `{"Outputs":{"res":{"body":"ok"},"o":{"x":1}}}`}})
				h.Ask("GET", "/api/BlobIO?f=missing.txt", "")
			}
			got, ok := h.Storage().Blob("outblobs/" + name + ".out")
			if want := fmt.Sprint(e.Status) == "200"; ok != want || ok && string(got) != string(e.Content) {
				t.Errorf("%s: %q %v, not %q", e.Case, got, ok, e.Content)
			}
		}
	}
	if got := h.Queue("httpoutq"); !slices.Equal(got, []string{"from http"}) {
		t.Errorf("the queue output of an HTTP function: %q", got)
	}
	if got := h.Storage().Rows("rectab"); len(got) != 2 {
		t.Errorf("rows: %q", got)
	}
}

func TestRecordedAdmin(t *testing.T) {
	t.Parallel()
	all := recordings(t, "admin")
	functions := maps.Clone(all[0].Functions)
	functions["Dis2"] = functions["Anon"]
	functions["Dis3"] = functions["Dis"]
	h, s := scriptedHost(t, Options{
		App: folder(t, nil, functions), Settings: map[string]string{"AzureWebJobs.Dis2.Disabled": "true"},
		Keys: &Keys{Master: masterOf(t, all), Host: map[string]string{"hk": "hostkeyvalue"}, System: map[string]string{"durabletask_extension": "sysvalue"}},
	})
	for _, e := range all[1:] {
		s.play(e.answers())
		compare(t, e.Case, "answer to the client", exchangeRaw(t, h, e), e.ClientResponse.String())
		if strings.HasPrefix(e.Case, "admin_invoke_") && len(e.requests()) > 0 {
			h.Logged("Executed") // the caller is not told
			s.until(1)
		}
		if e.Case == "admin_invoke_timer" { // when it was updated depends on the run
			if got := s.seen(); len(got) != 1 || !strings.Contains(got[0], `"Metadata":{"timer":"\"\""`) {
				t.Errorf("%s: %q", e.Case, got)
			}
			continue
		}
		compareRequests(t, e, s.seen())
	}
}

// masterOf is the key that the recorded requests present.
func masterOf(t *testing.T, all []*exchange) string {
	t.Helper()
	for _, e := range all {
		if e.Case == "auth_fn_master" {
			_, rest, _ := strings.Cut(e.ClientRequest, "x-functions-key: ")
			key, _, _ := strings.Cut(rest, "\r\n")
			return key
		}
	}
	t.Fatal("no recorded request presents the master key")
	return ""
}
