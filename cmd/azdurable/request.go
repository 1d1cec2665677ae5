package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAnswer is how many bytes are read of an answer.
	maxAnswer = 256 << 20
	// requestTime is how long a request may take: that of the front ends of Azure.
	requestTime = 230 * time.Second
	// maxMessage is how much is shown of an error whose form is not known.
	maxMessage = 200
	// continuation is the header that carries the token of a page, both ways.
	continuation = "X-Ms-Continuation-Token"
)

// answer is what the API answered.
type answer struct {
	status  int
	body    []byte
	token   string
	failure failure
}

// failure is what the API says of an error, more or less of it.
type failure struct {
	Message          string `json:"Message"`
	ExceptionMessage string `json:"ExceptionMessage"`
	ExceptionType    string `json:"ExceptionType"`
}

// newClient makes a client that follows no redirects: they would take the key elsewhere.
func newClient() *http.Client {
	return &http.Client{Timeout: requestTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send sends a request; body is JSON, or nil.
func (r *remote) send(ctx context.Context, method string, path []string, q url.Values, body *string) (*answer, error) {
	return r.exchange(ctx, method, path, q, body, "")
}

// sendToken asks for a page.
func (r *remote) sendToken(ctx context.Context, path []string, q url.Values, token string) (*answer, error) {
	return r.exchange(ctx, http.MethodGet, path, q, nil, token)
}

func (r *remote) exchange(ctx context.Context, method string, path []string, q url.Values, body *string, token string) (*answer, error) {
	request, err := r.request(ctx, method, path, q, body)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set(continuation, token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, r.unreached(err)
	}
	defer func() { _ = response.Body.Close() }() // what was read counts
	a := &answer{status: response.StatusCode, token: strings.TrimSpace(response.Header.Get(continuation))}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return nil, r.unreached(err)
	}
	if a.status >= http.StatusBadRequest {
		_ = json.Unmarshal(a.body, &a.failure) // message shows what has another form
	}
	return a, nil
}

func (r *remote) request(ctx context.Context, method string, path []string, q url.Values, body *string) (*http.Request, error) {
	u := *r.base
	segments := []string{u.EscapedPath()}
	for _, s := range path {
		segments = append(segments, segment(s))
	}
	escaped := strings.Join(segments, "/")
	var err error
	if u.Path, err = url.PathUnescape(escaped); err != nil {
		return nil, fmt.Errorf("make the address: %w", err)
	}
	u.RawPath = escaped
	if q == nil {
		q = url.Values{}
	}
	set(q, "taskHub", r.hub)
	u.RawQuery = q.Encode()
	var reader io.Reader
	if body != nil {
		reader = strings.NewReader(*body)
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), reader)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		request.Header.Set("X-Functions-Key", r.key)
	}
	return request, nil
}

// segment encodes a part of a path. The API decodes parts more than once (http-api 3.1), so what a second decoding would change is encoded twice; a part
// that still looks encoded is sent as links have it, which the API tries, too.
func segment(s string) string {
	if again, err := url.PathUnescape(s); err == nil && again != s {
		return url.PathEscape(s)
	}
	return url.PathEscape(strings.NewReplacer("%", "%25", "+", "%2B").Replace(s))
}

// unreached says what to do when there is no answer.
func (r *remote) unreached(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the address, which follows
	}
	if r.found {
		return fail(exitUnreachable, "there is no app at %s (%w): start it, name its address with --url or AZDURABLE_URL, "+
			"or go straight to its store with --data or --connection", r.base, err)
	}
	return fail(exitUnreachable, "can't reach %s (%w): check the address and that the app is running", r.base, err)
}

// missing reports whether the API says that there is no such thing: its 404 has no body, unlike that of a server which knows nothing of the API.
func (a *answer) missing() bool { return a.status == http.StatusNotFound && len(a.body) == 0 }

// message is what an answer says of a failure.
func (a *answer) message() string {
	var text string
	switch {
	case a.failure.ExceptionMessage != "":
		text = a.failure.ExceptionMessage
	case a.failure.Message != "":
		text = a.failure.Message
	case json.Unmarshal(a.body, &text) == nil:
	default:
		text = cut(string(bytes.TrimSpace(a.body)), maxMessage)
	}
	return visible(text)
}

// unexpected makes the error of an answer that nobody has a better word for.
func (r *remote) unexpected(a *answer) error {
	switch {
	case a.status == http.StatusUnauthorized && r.key == "":
		return fail(exitAccess, "%s wants a key: pass it with --key or AZDURABLE_KEY (and under the Functions host the path of an app in Go is %s)",
			r.where(), hostedPath)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return fail(exitAccess, "%s refuses the key: pass its own with --key or AZDURABLE_KEY (in Azure the path of an app in Go is %s; "+
			"one with Microsoft's extension takes the system key durabletask_extension)", r.where(), hostedPath)
	case a.status == http.StatusNotFound || a.status >= 300 && a.status < 400:
		return fail(exitUnreachable, "there is no management API at %s: check the address; its path is usually %s, or %s under the Functions host",
			r.base, standardPath, hostedPath)
	case a.status == http.StatusServiceUnavailable:
		return fail(exitUnreachable, "%s is not ready: %s", r.where(), a.message())
	case a.status == http.StatusBadRequest:
		return fail(exitUsage, "%s", a.message())
	}
	return fail(exitFailed, "%s answered %d: %s", r.where(), a.status, a.message())
}

// read reads the JSON of an answer.
func (a *answer) read(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("the answer is not what the management API answers: %w", err)
	}
	return nil
}

// newID reads the id from the answer to a start.
func (a *answer) newID() (string, error) {
	var started struct {
		ID string `json:"id"`
	}
	return started.ID, a.read(&started)
}
