package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/azdurable/azdurable/internal/azuretest"
)

func TestRequestsAreCountedByKind(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ method, address, body, want string }{
		{"GET", "/a/benchhub-control-00/messages?numofmessages=32", "", kindReceive},
		{"POST", "/a/benchhub-workitems/messages", "<QueueMessage>", "put"},
		{"PUT", "/a/benchhub-control-00/messages/1?popreceipt=x", "", "update message"},
		{"DELETE", "/a/benchhub-control-00/messages/1?popreceipt=x", "", "delete message"},
		{"POST", "/a/$batch", "PUT http://h/a/benchhubHistory(PartitionKey='i',RowKey='sentinel') HTTP/1.1", "history batch"},
		{"POST", "/a/$batch", "MERGE http://h/a/benchhubInstances(PartitionKey='i',RowKey='') HTTP/1.1", "row write"},
		{"POST", "/a/$batch", "MERGE http://h/a/benchhubPartitions(PartitionKey='',RowKey='c') HTTP/1.1", kindLease},
		{"GET", "/a/benchhubHistory()?$filter=x", "", "history read"},
		{"GET", "/a/benchhubInstances(PartitionKey='i',RowKey='')", "", "row read"},
		{"PUT", "/a/benchhub-applease/x?comp=lease", "", kindLease},
		{"PUT", "/a/benchhub-largemessages/x", "", "blob put"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), row.method, "http://h"+strings.ReplaceAll(row.address, "'", "%27"), nil)
		if got := kindOf(r, []byte(row.body)); got != row.want {
			t.Errorf("%s %s: got %q, want %q", row.method, row.address, got, row.want)
		}
	}
	if got := kindOf(httptest.NewRequestWithContext(measuring(t.Context()), http.MethodGet, "http://h/a/t()", nil), nil); got != kindMeasure {
		t.Errorf("a request of who measures: %q", got)
	}
	if got := byKind(map[string]int{"b": 1, "a": 1, "c": 3}, 2); got != "c 1.5, a 0.5, b 0.5" {
		t.Errorf("byKind: %s", got)
	}
}

// Each load still runs, here against an account in memory.
func TestLoadsRun(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"hello": 3, "inline": 3, "fan-out": 4, "entity": 3, "latency": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			text, err := json.Marshal(job{Load: name, N: n, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if err := doJob(t.Context(), string(text), &out); err != nil {
				t.Fatal(err)
			}
			var o outcome
			if err := json.Unmarshal(out.Bytes(), &o); err != nil {
				t.Fatal(err)
			}
			if work(o.Requests) == 0 || o.Seconds <= 0 || name == "latency" && len(o.Latencies) != n {
				t.Errorf("%+v", o)
			}
		})
	}
}

// A recorded stream can be sent to another account, and is answered there as it was. How many requests there are depends on how messages fall together.
func TestReplayIsAnsweredAsRecorded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "requests")
	recorded := job{Load: "hello", N: 5, Workers: 1, File: file}
	if _, err := measureHello(t.Context(), recorded); err != nil {
		t.Fatal(err)
	}
	other := azuretest.New(azuretest.Options{Seed: 7})
	address := func(kind azuretest.Kind) string {
		s := httptest.NewServer(other.Handler(kind))
		t.Cleanup(s.Close)
		return s.URL + "/" + other.Account()
	}
	connection := azuretest.ConnectionString(other.Account(), other.Key(), address(azuretest.Blob), address(azuretest.Queue), address(azuretest.Table))
	o, err := measureReplay(t.Context(), job{Load: "replay", File: file, Connection: connection})
	if err != nil {
		t.Fatal(err)
	}
	if o.Sent < 5*10 || len(o.Differing) > 0 {
		t.Errorf("%d sent, other answers: %v", o.Sent, o.Differing)
	}
}

func TestTokensOfABatch(t *testing.T) {
	t.Parallel()
	x := &exchange{Service: "TableEndpoint", Method: http.MethodPost, Path: "/$batch", Body: []byte("--b\r\n\r\n" +
		"POST http://h/a/Histories HTTP/1.1\r\nAccept: x\r\n\r\n{\"PartitionKey\":\"i\",\"RowKey\":\"1\"}\r\n--b\r\n\r\n" +
		"MERGE http://h/a/Histories(PartitionKey=%27i%27,RowKey=%27sentinel%27) HTTP/1.1\r\nIf-Match: old\r\n\r\n{}\r\n--b--")}
	answer := []byte("HTTP/1.1 201 Created\r\nETag: one\r\n\r\nHTTP/1.1 204 No Content\r\nETag: two\r\n\r\n")
	want := []token{{"Histories(PartitionKey='i',RowKey='1')", "one"}, {"Histories(PartitionKey='i',RowKey='sentinel')", "two"}}
	if got := issued(x, x.Body, nil, answer); !slices.Equal(got, want) {
		t.Errorf("issued: %v", got)
	}
	got := uses(x)
	if len(got) != 1 || got[0].token != (token{"Histories(PartitionKey='i',RowKey='sentinel')", "old"}) || string(x.Body[got[0].at[0]:got[0].at[1]]) != "old" {
		t.Errorf("uses: %v", got)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"≤ 30": atMost(30).verdict(30), "≤ 30 MISSED": atMost(30).verdict(31), "≥ 4": atLeast(4).verdict(4), "≥ 4 MISSED": atLeast(4).verdict(3), "": (*bound)(nil).verdict(1),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
