package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// meter is a transport that counts requests by kind, and records them if it is asked to.
type meter struct {
	next http.RoundTripper

	mu       sync.Mutex
	counts   map[string]int
	last     time.Time // when the last answer to a request for work came
	inFlight int
	most     int // that were in flight at once
	record   *recording
}

// The kinds of requests that are no work: they are made whether there is any or not, or by who measures.
const (
	kindEmpty   = "receive, empty"
	kindLease   = "lease"
	kindMeasure = "measuring"
	kindReceive = "receive"
)

func isWork(kind string) bool { return kind != kindEmpty && kind != kindLease && kind != kindMeasure }

type measuringKey struct{}

// measuring marks requests that are made to see how far a run is.
func measuring(ctx context.Context) context.Context {
	return context.WithValue(ctx, measuringKey{}, true)
}

// Do is RoundTrip, for azcore.
func (m *meter) Do(r *http.Request) (*http.Response, error) { return m.RoundTrip(r) }

// RoundTrip makes a request and counts it.
func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	r, body, err := withBody(r)
	if err != nil {
		return nil, err
	}
	kind := kindOf(r, body)
	m.mu.Lock()
	record := m.record
	m.inFlight++
	m.most = max(m.most, m.inFlight)
	m.mu.Unlock()
	var x *exchange
	if record != nil && kind != kindMeasure {
		x = record.begin(r, body)
	}
	res, err := m.next.RoundTrip(r)
	if err == nil && (kind == kindReceive || x != nil) {
		var body []byte
		body, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(body))
		if kind == kindReceive && !bytes.Contains(body, []byte("<QueueMessage>")) {
			kind = kindEmpty
		}
		if x != nil {
			record.end(x, res, body)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight--
	m.counts[kind]++
	if isWork(kind) {
		m.last = time.Now()
	}
	return res, err
}

// withBody reads the body of a request and returns one that has it still.
func withBody(r *http.Request) (*http.Request, []byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil, err
	}
	again := *r
	again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	again.Body, _ = again.GetBody()
	return &again, body, r.Body.Close()
}

// reset begins anew.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts, m.last, m.most = map[string]int{}, time.Time{}, 0
}

// settle waits until no request for work has been answered for a while: what follows an instance's end is part of its cost.
func (m *meter) settle() {
	for {
		time.Sleep(settled / 5)
		m.mu.Lock()
		quiet := time.Since(m.last) > settled
		m.mu.Unlock()
		if quiet {
			return
		}
	}
}

// settled is longer than requests take to follow each other.
const settled = 250 * time.Millisecond

// taken returns the counts since reset, the moment of the last answer to a request for work, and how many were under way at once.
func (m *meter) taken() (map[string]int, time.Time, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts), m.last, m.most
}

// kindOf says what a request is for.
func kindOf(r *http.Request, body []byte) string {
	if r.Context().Value(measuringKey{}) != nil {
		return kindMeasure
	}
	path, query := r.URL.Path, r.URL.RawQuery
	switch {
	case strings.Contains(path, "Partitions") || bytes.Contains(body, []byte("/"+hubName+"Partitions")) || strings.Contains(query, "comp=lease"):
		return kindLease
	case strings.HasSuffix(path, "/$batch") || strings.Contains(path, "/"+hubName+"History") || strings.Contains(path, "/"+hubName+"Instances"):
		return tableKind(r.Method, path, body)
	case strings.Contains(path, "/messages"):
		return queueKind(r.Method, path)
	case strings.Contains(path, "applease") || strings.Contains(path, "-leases"):
		return kindLease
	default:
		return "blob " + strings.ToLower(r.Method)
	}
}

func tableKind(method, path string, body []byte) string {
	switch {
	case strings.HasSuffix(path, "/$batch") && bytes.Contains(body, []byte("/"+hubName+"Instances")):
		return "row write"
	case strings.HasSuffix(path, "/$batch"):
		return "history batch"
	case method == http.MethodGet && strings.Contains(path, "History"):
		return "history read"
	case method == http.MethodGet:
		return "row read"
	case method == http.MethodDelete:
		return "row delete"
	default:
		return "row write"
	}
}

func queueKind(method, path string) string {
	switch {
	case method == http.MethodPost:
		return "put"
	case method == http.MethodPut:
		return "update message"
	case method == http.MethodDelete && !strings.HasSuffix(path, "/messages"):
		return "delete message"
	case method == http.MethodGet:
		return kindReceive
	default:
		return "queue " + strings.ToLower(method)
	}
}

// work is how many of the counted requests are work.
func work(counts map[string]int) int {
	sum := 0
	for kind, n := range counts {
		if isWork(kind) {
			sum += n
		}
	}
	return sum
}

// byKind writes counts, each divided by n, the largest first.
func byKind(counts map[string]int, n float64) string {
	kinds := make([]string, 0, len(counts))
	for kind := range counts {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, kind := range kinds {
		kinds[i] = fmt.Sprintf("%s %.4g", kind, float64(counts[kind])/n)
	}
	return strings.Join(kinds, ", ")
}
