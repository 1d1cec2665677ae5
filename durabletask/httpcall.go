package durabletask

import (
	"net/http"
	"net/url"
)

// CallHTTP makes an HTTP request that survives crashes, and waits for the answer:
//
//	answer, err := durabletask.CallHTTP(ctx, durabletask.HTTPRequest{URL: "https://example.com/jobs/5"})
//
// An answer of any status is a result. While it is 202 Accepted, the orchestration waits as long as Retry-After says (seconds or a date; else
// HTTPOptions.Polling) on a durable timer and asks at Location again; NoPolling in the request turns that off. The request is made at least once: a crash
// in between makes it again, so let the server know repeats by a header that stays the same, made with ctx.NewUUID.
//
// The error is a *TaskError of kind ErrHTTP, ErrHTTPTimeout, ErrHTTPToken, ErrHTTPInvalid or ErrHTTPNotAllowed; of kind ErrPayload for what can't be stored
// or read. It panics if the request's RetryPolicy is wrong.
//
// DTFx: DurableOrchestrationContext.CallHttpAsync. The stored request and response are the same.
func CallHTTP(ctx Context, request HTTPRequest) (HTTPResponse, error) {
	return StartHTTPCall(ctx, request).Await(ctx)
}

// StartHTTPCall is CallHTTP that doesn't wait: it returns a task for the answer. Polls go on by themselves, awaited or not, until the task is cancelled;
// a request that is under way then still ends.
func StartHTTPCall(ctx Context, request HTTPRequest) *Task[HTTPResponse] {
	first := request.schedule(ctx)
	if request.NoPolling {
		return first
	}
	// Whatever is wrong with the request is for the activity to say. If the orchestrator judged, a new version that judged otherwise could not replay.
	var whole *Task[HTTPResponse]
	whole = Go(ctx, func(ctx Context) (HTTPResponse, error) { return request.poll(ctx, first, whole) })
	return whole
}

// schedule begins one request with its retries.
func (r *HTTPRequest) schedule(ctx Context) *Task[HTTPResponse] {
	var options []CallOption
	if r.retries() {
		options = append(options, r.Retry)
	}
	return HTTPActivity.Start(ctx, *r, options...)
}

// poll waits for an answer that is not 202.
func (r *HTTPRequest) poll(ctx Context, t, whole *Task[HTTPResponse]) (HTTPResponse, error) {
	polling := ctx.app().http.Polling
	if polling == 0 {
		polling = HTTPPolling
	}
	for request := *r; ; {
		answer, err := t.Await(ctx)
		if err != nil || answer.StatusCode != http.StatusAccepted || whole.Done() {
			return answer, err
		}
		// The reference, too, waits before it looks for the Location.
		if err := Sleep(ctx, answer.retryAfter(ctx.Now(), polling)); err != nil || whole.Done() {
			return answer, err
		}
		location := answer.Header.Get("Location")
		if location == "" {
			return HTTPResponse{}, ErrHTTP.New("the answer is 202 (Accepted), but it has no Location that says where to ask again")
		}
		request = request.next(location)
		t = request.schedule(ctx)
	}
}

// next is the request that asks after an earlier one.
func (r *HTTPRequest) next(location string) HTTPRequest {
	next := HTTPRequest{
		Method: http.MethodGet, URL: location, Header: r.Header.Clone(), ManagedIdentity: r.ManagedIdentity, Timeout: r.Timeout,
	}
	for name := range next.Header {
		if http.CanonicalHeaderKey(name) == "X-Functions-Key" {
			delete(next.Header, name)
		}
	}
	// Differs from DTFx: a Location without a host is one of the same host (RFC 9110); there it fails the orchestration.
	if base, err := url.Parse(r.URL); err == nil {
		if u, err := base.Parse(location); err == nil && !absolute(location) {
			next.URL = u.String()
		}
	}
	return next
}

// absolute reports whether a URL says everything. Such a one is stored as it came.
func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs()
}
