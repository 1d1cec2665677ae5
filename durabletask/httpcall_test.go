package durabletask_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/azdurable/azdurable/durabletask"
	"github.com/azdurable/azdurable/durabletask/durabletest"
	"github.com/azdurable/azdurable/durabletask/history"
	"github.com/google/go-cmp/cmp"
)

// httpOnce makes one call and returns what the answer was.
func httpOnce(request durabletask.HTTPRequest) *durabletask.Orchestrator[durabletask.None, string] {
	return durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		answer, err := durabletask.CallHTTP(ctx, request)
		return fmt.Sprint(answer.StatusCode, " ", answer.Content), err
	}, durabletask.Named("Once"))
}

// siteScript answers requests one after the other, and notes them with the time that has passed.
type siteScript struct {
	mu      sync.Mutex
	begun   time.Time
	answers []func(w http.ResponseWriter, r *http.Request)
	seen    []string
}

func newSiteScript(answers ...func(http.ResponseWriter, *http.Request)) *siteScript {
	return &siteScript{begun: time.Now(), answers: answers}
}

func (s *siteScript) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	line := fmt.Sprintf("%v %s %s://%s%s", time.Since(s.begun), r.Method, r.URL.Scheme, r.Host, r.URL.RequestURI())
	for _, name := range []string{"Authorization", "X-A", "X-Functions-Key"} {
		if v := r.Header.Get(name); v != "" {
			line += " " + name + ":" + v
		}
	}
	if len(body) > 0 {
		line += " " + string(body)
	}
	s.mu.Lock()
	s.seen = append(s.seen, line)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.mu.Unlock()
	answer(w, r)
}

func (s *siteScript) sees(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.seen); diff != "" {
		t.Errorf("the server saw (-want +got):\n%s", diff)
	}
}

func says(status int, text string, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// While the answer is 202 the orchestration waits and asks again, where and when the answer says.
func TestHTTPPolling(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{
		Method: "POST", URL: "https://h.example/jobs?n=1", Content: "c", Header: http.Header{"X-A": {"1", "2"}, "x-functions-key": {"key"}},
		ManagedIdentity: &durabletask.ManagedIdentity{Resource: "scope"}, Retry: durabletask.RetryPolicy{MaxAttempts: 2, First: time.Second},
	})
	app := durabletask.New(o)
	app.UseHTTP(durabletask.HTTPOptions{Polling: 7 * time.Second, Tokens: oneToken{}})
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		s := newSiteScript(
			says(202, "", "Location", "https://h.example/poll/1?k=v", "Retry-After", "90"),
			says(202, "", "Location", "/poll/2", "Retry-After", time.Now().Add(150*time.Second).Format(http.TimeFormat)),
			says(202, "", "Location", "3?x#part"),
			says(202, "", "Location", "https://other.example/", "Retry-After", "soon"),
			says(202, "", "Location", "https://h.example/", "Retry-After", "-5"),
			says(503, "the end"),
		)
		durabletest.Web(h, s)
		got, err := durabletest.Run(h, o, durabletask.None{})
		if got != "503 the end" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		const auth = " Authorization:Bearer t X-A:1, 2"
		s.sees(
			t, "0s POST https://h.example/jobs?n=1"+auth+" X-Functions-Key:key c",
			"1m30s GET https://h.example/poll/1?k=v"+auth, "2m30s GET https://h.example/poll/2"+auth, "2m37s GET https://h.example/poll/3?x"+auth,
			"2m44s GET https://other.example/"+auth, "2m44s GET https://h.example/"+auth,
		)
	})
}

// oneToken has a token for one scope only.
type oneToken struct{}

func (oneToken) HTTPToken(_ context.Context, scope string, who durabletask.ManagedIdentity) (string, error) {
	if scope != "scope" || who.Resource != "scope" {
		return "", fmt.Errorf("no token for %q", scope)
	}
	return "t", nil
}

func TestHTTPWithoutPolling(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/", NoPolling: true})
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		durabletest.Web(h, newSiteScript(says(202, "later", "Location", "/x")))
		if got, err := durabletest.Run(h, o, durabletask.None{}); got != "202 later" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// A 202 without a Location fails after the wait, as in the reference, whose histories have the timer.
func TestHTTPWithoutLocation(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/"})
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		durabletest.Web(h, newSiteScript(says(202, "")))
		begun := time.Now()
		_, err := durabletest.Run(h, o, durabletask.None{})
		if !errors.Is(err, durabletask.ErrHTTP) || !strings.Contains(err.Error(), "no Location") || time.Since(begun) != durabletask.HTTPPolling {
			t.Errorf("%v, after %v", err, time.Since(begun))
		}
	})
}

// Where there is no sense in asking, what the server says is for the activity to refuse.
func TestHTTPBadLocation(t *testing.T) {
	t.Parallel()
	for location, kind := range map[string]durabletask.ErrorKind{
		"http://h.example/%zz": durabletask.ErrHTTPInvalid, "ftp://h.example/": durabletask.ErrHTTPInvalid, "http://internal/": durabletask.ErrHTTPNotAllowed,
	} {
		o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/"})
		app := durabletask.New(o)
		app.UseHTTP(durabletask.HTTPOptions{Allow: func(u *url.URL) error {
			if u.Hostname() == "internal" {
				return errors.New("not from here")
			}
			return nil
		}})
		durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
			s := newSiteScript(says(202, "", "Location", location))
			durabletest.Web(h, s)
			if _, err := durabletest.Run(h, o, durabletask.None{}); !errors.Is(err, kind) || len(s.seen) != 1 {
				t.Errorf("%s: %v, want %s, after %d requests", location, err, kind, len(s.seen))
			}
		})
	}
}

// What fails is retried; what can't get better is not; and answers are failures only if the request says so.
func TestHTTPRetries(t *testing.T) {
	t.Parallel()
	retry := durabletask.RetryPolicy{MaxAttempts: 3, First: time.Second, Backoff: 2}
	busy, bad := says(503, "busy"), says(400, "bad")
	for name, row := range map[string]struct {
		request durabletask.HTTPRequest
		answers []func(http.ResponseWriter, *http.Request)
		want    string
		kind    durabletask.ErrorKind
		times   int
		lasts   time.Duration
	}{
		"no retries":        {durabletask.HTTPRequest{}, []func(http.ResponseWriter, *http.Request){busy}, "503 busy", "", 1, 0},
		"until it is there": {durabletask.HTTPRequest{Retry: retry}, []func(http.ResponseWriter, *http.Request){busy, bad, says(200, "ok")}, "200 ok", "", 3, 3 * time.Second},
		"until the end":     {durabletask.HTTPRequest{Retry: retry}, []func(http.ResponseWriter, *http.Request){busy}, "", durabletask.ErrHTTP, 3, 3 * time.Second},
		"some statuses": {
			durabletask.HTTPRequest{Retry: retry, RetryStatuses: []int{503}}, []func(http.ResponseWriter, *http.Request){busy, bad}, "400 bad", "", 2, time.Second,
		},
		"timeouts": {
			durabletask.HTTPRequest{Retry: retry, Timeout: 10 * time.Second}, []func(http.ResponseWriter, *http.Request){never, says(200, "ok")}, "200 ok", "", 2, 11 * time.Second,
		},
		"a timeout": {durabletask.HTTPRequest{Timeout: 10 * time.Second}, []func(http.ResponseWriter, *http.Request){never}, "", durabletask.ErrHTTPTimeout, 1, 10 * time.Second},
		"the general timeout": {
			durabletask.HTTPRequest{}, []func(http.ResponseWriter, *http.Request){never}, "", durabletask.ErrHTTPTimeout, 1, durabletask.HTTPTimeout,
		},
		"no sense": {durabletask.HTTPRequest{Method: "a b", Retry: retry}, []func(http.ResponseWriter, *http.Request){busy}, "", durabletask.ErrHTTPInvalid, 0, 0},
		"too large": {
			durabletask.HTTPRequest{Retry: retry},
			[]func(http.ResponseWriter, *http.Request){says(200, strings.Repeat("x", durabletask.MaxHTTPContent+1))},
			"",
			durabletask.ErrHTTPInvalid, 1, 0,
		},
	} {
		row.request.URL = "http://h.example/secret?secret"
		o := httpOnce(row.request)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
				s := newSiteScript(row.answers...)
				durabletest.Web(h, s)
				begun := time.Now()
				got, err := durabletest.Run(h, o, durabletask.None{})
				if row.kind == "" && (got != row.want || err != nil) || row.kind != "" && !errors.Is(err, row.kind) || err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("%q, %v", got, err)
				}
				if len(s.seen) != row.times || time.Since(begun) != row.lasts {
					t.Errorf("%d requests in %v", len(s.seen), time.Since(begun))
				}
			})
		})
	}
}

func never(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// A task that is cancelled asks no more.
func TestHTTPCancel(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		job := durabletask.StartHTTPCall(ctx, durabletask.HTTPRequest{URL: "http://h.example/"})
		text, err := durabletask.Select(ctx,
			durabletask.On(job, func(durabletask.HTTPResponse, error) (string, error) { return "answered", nil }),
			durabletask.Timeout(65*time.Second, func() (string, error) { return "too late", nil }),
		)
		if err != nil {
			return "", err
		}
		job.Cancel(ctx)
		if _, err := job.Await(ctx); !errors.Is(err, durabletask.ErrCanceled) {
			return "", fmt.Errorf("cancelled: %w", err)
		}
		return text, durabletask.Sleep(ctx, time.Hour)
	}, durabletask.Named("Cancel"))
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		s := newSiteScript(says(202, "", "Location", "/"))
		durabletest.Web(h, s)
		if got, err := durabletest.Run(h, o, durabletask.None{}); got != "too late" || err != nil || len(s.seen) != 3 {
			t.Errorf("%q, %v, after %d requests", got, err, len(s.seen))
		}
	})
}

// Calls go on beside each other, and numbers of durable calls are those of the reference: the first request of each when it is started.
func TestHTTPInParallel(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		a := durabletask.StartHTTPCall(ctx, durabletask.HTTPRequest{URL: "http://h.example/a"})
		b := durabletask.StartHTTPCall(ctx, durabletask.HTTPRequest{URL: "http://h.example/b"})
		timer := durabletask.After(ctx, time.Second)
		answers, err := durabletask.WhenAll(ctx, a, b)
		if err != nil {
			return "", err
		}
		_, err = timer.Await(ctx)
		return answers[0].Content + answers[1].Content, err
	}, durabletask.Named("Parallel"))
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		durabletest.Web(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				says(202, "", "Location", "/A")(w, r)
				return
			}
			says(200, r.URL.Path)(w, r)
		}))
		i := durabletest.Start(h, o, durabletask.None{})
		if got, err := i.Wait(t.Context()); got != "/A/b" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		events, err := h.History(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		var decided []string
		for _, e := range events {
			switch e := e.(type) {
			case *history.TaskScheduled:
				decided = append(decided, fmt.Sprint(e.ID, e.Name))
			case *history.TimerCreated:
				decided = append(decided, fmt.Sprint(e.ID, "timer"))
			}
		}
		want := []string{"0BuiltIn::HttpActivity", "1BuiltIn::HttpActivity", "2timer", "3timer", "4BuiltIn::HttpActivity"}
		if diff := cmp.Diff(want, decided); diff != "" {
			t.Error(diff)
		}
	})
}

// Whatever is lost in a crash is asked for again, at least once and by the same key; the outcome is the same.
func TestHTTPCrashes(t *testing.T) {
	t.Parallel()
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, _ durabletask.None) (string, error) {
		answer, err := durabletask.CallHTTP(ctx, durabletask.HTTPRequest{
			Method: "POST", URL: "http://h.example/jobs", Header: http.Header{"Idempotency-Key": {ctx.NewUUID().String()}},
			Retry: durabletask.RetryPolicy{MaxAttempts: 2, First: time.Minute},
		})
		return answer.Content, err
	}, durabletask.Named("Crashes"))
	durabletest.CrashEverywhere(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		var mu sync.Mutex
		jobs, polls := map[string]int{}, map[string]int{}
		durabletest.Web(h, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			switch key := r.Header.Get("Idempotency-Key"); r.URL.Path {
			case "/jobs":
				jobs[key]++
				says(202, "", "Location", "/1")(w, r)
			case "/3":
				polls[r.URL.Path]++
				says(200, "done")(w, r)
			default:
				polls[r.URL.Path]++
				says(202, "", "Location", fmt.Sprintf("/%c", r.URL.Path[1]+1), "Retry-After", "60")(w, r)
			}
		}))
		if got, err := durabletest.Run(h, o, durabletask.None{}, durabletask.InstanceID("i")); got != "done" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		mu.Lock()
		defer mu.Unlock()
		requests := 0
		for _, counts := range []map[string]int{jobs, polls} {
			for what, n := range counts {
				if requests += n; n > 2 {
					t.Errorf("%s was asked %d times", what, n)
				}
			}
		}
		// One crash makes one request again at most.
		if len(jobs) != 1 || len(polls) != 3 || requests > 5 {
			t.Errorf("jobs %v, polls %v", jobs, polls)
		}
	})
}

// A stand-in takes the place of the activity itself.
func TestHTTPStub(t *testing.T) {
	t.Parallel()
	request := durabletask.HTTPRequest{
		Method: "POST", URL: "http://h.example/", Content: "c", Header: http.Header{"X-A": {"1"}}, Timeout: time.Minute, NoPolling: true,
		ManagedIdentity: &durabletask.ManagedIdentity{Resource: "r", TenantID: "t"}, RetryStatuses: []int{503},
		Retry: durabletask.RetryPolicy{MaxAttempts: 2, First: time.Second, Max: time.Hour, Backoff: 1, Total: 2 * time.Hour},
	}
	o := httpOnce(request)
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		calls := durabletest.Stub(h, durabletask.HTTPActivity, durabletest.FailFirst(1, durabletask.ErrHTTP.New("gone"),
			func(context.Context, durabletask.HTTPRequest) (durabletask.HTTPResponse, error) {
				return durabletask.HTTPResponse{StatusCode: 200, Content: "stub"}, nil
			}))
		if got, err := durabletest.Run(h, o, durabletask.None{}); got != "200 stub" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		got := calls.Inputs()
		if len(got) != 2 {
			t.Fatalf("%d calls", len(got))
		}
		// RetryPolicy can't be compared, but its text can.
		if want := fmt.Sprintf("%+v", plainRequest(request)); fmt.Sprintf("%+v", plainRequest(got[0])) != want {
			t.Errorf("the stand-in got %+v, want %s", plainRequest(got[0]), want)
		}
	})
}

// plainRequest is a request without the methods that hide what is in it.
func plainRequest(r durabletask.HTTPRequest) any {
	type plain durabletask.HTTPRequest
	p := plain(r)
	identity := *p.ManagedIdentity
	p.ManagedIdentity = nil
	return []any{p, identity}
}

// In a hub nobody answers by chance.
func TestHTTPWithoutWeb(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/"})
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, o, durabletask.None{}); err == nil || !strings.Contains(err.Error(), "durabletest.Web(h, handler)") {
			t.Error(err)
		}
		durabletest.Web(h, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		if _, err := durabletest.Run(h, o, durabletask.None{}); !errors.Is(err, durabletask.ErrHTTP) {
			t.Error(err)
		}
	})
	app := durabletask.New(o)
	app.UseHTTP(durabletask.HTTPOptions{Transport: ownTransport{}})
	durabletest.Test(t, app, func(t *testing.T, h *durabletest.Hub) {
		if got, err := durabletest.Run(h, o, durabletask.None{}); got != "204 " || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

type ownTransport struct{}

func (ownTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
}

// An app can have an activity of its own under the reserved name.
func TestHTTPOwnActivity(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/"})
	own := durabletask.HTTPActivity.Implement(func(context.Context, durabletask.HTTPRequest) (durabletask.HTTPResponse, error) {
		return durabletask.HTTPResponse{StatusCode: 299}, nil
	})
	durabletest.Test(t, durabletask.New(o, own), func(t *testing.T, h *durabletest.Hub) {
		if got, err := durabletest.Run(h, o, durabletask.None{}); got != "299 " || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// An input that is none, from a program that writes another one, fails for good.
func TestHTTPBadInput(t *testing.T) {
	t.Parallel()
	foreign := durabletask.DeclareActivity[json.RawMessage, durabletask.None](durabletask.HTTPActivity.Name())
	o := durabletask.NewOrchestrator(func(ctx durabletask.Context, input json.RawMessage) (durabletask.None, error) {
		return foreign.Call(ctx, input, durabletask.RetryPolicy{MaxAttempts: 3, First: time.Hour})
	}, durabletask.Named("Foreign"))
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		for _, input := range []string{`5`, `null`, `{"timeout":"soon"}`, `{"tokenSource":{"kind":"Certificate"}}`} {
			_, err := durabletest.Run(h, o, json.RawMessage(input))
			var e *durabletask.TaskError
			if !errors.As(err, &e) || !errors.Is(err, durabletask.ErrPayload) && !errors.Is(err, durabletask.ErrHTTPInvalid) {
				t.Errorf("%s: %v", input, err)
			}
		}
	})
}

func TestHTTPBadRetryPolicy(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/", Retry: durabletask.RetryPolicy{MaxAttempts: 3}})
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, o, durabletask.None{}); !errors.Is(err, durabletask.ErrPanic) || !strings.Contains(err.Error(), "positive First delay") {
			t.Error(err)
		}
	})
}

// What can't be stored fails where it is made.
func TestHTTPContentThatIsNoText(t *testing.T) {
	t.Parallel()
	o := httpOnce(durabletask.HTTPRequest{URL: "http://h.example/", Content: "\xff"})
	durabletest.Test(t, durabletask.New(o), func(t *testing.T, h *durabletest.Hub) {
		if _, err := durabletest.Run(h, o, durabletask.None{}); !errors.Is(err, durabletask.ErrPayload) || !strings.Contains(err.Error(), "must be text") {
			t.Error(err)
		}
	})
}

// Printing a request shows nothing that may be secret.
func TestHTTPRequestInLogs(t *testing.T) {
	t.Parallel()
	r := durabletask.HTTPRequest{
		URL: "https://user:secret@h.example/path?code=secret#secret", Header: http.Header{"Authorization": {"secret"}}, Content: "secret",
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("call", "request", r, "by pointer", &r)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("call", "request", r, "by pointer", &r)
	all := fmt.Sprintf("%v %+v %#v %v", r, r, r, &r) + log.String()
	if strings.Contains(all, "secret") || strings.Count(all, "GET https://h.example/path") != 8 {
		t.Error(all)
	}
	if got := (durabletask.HTTPRequest{URL: "\n"}).String(); got != "GET (no URL)" {
		t.Error(got)
	}
}
