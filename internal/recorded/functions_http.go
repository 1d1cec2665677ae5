package recorded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// httpRequest is the input of the orchestrator Http.
type httpRequest struct {
	Method  string          `json:"method"`
	URI     string          `json:"uri"`
	Content *string         `json:"content"`
	Headers map[string]text `json:"headers"` // each a text or a list of texts
	Async   *bool           `json:"async"`
	Retry   int             `json:"retry"`
	Timeout int             `json:"timeout"`
}

// durableRequest is the input of the extension's activity for HTTP.
type durableRequest struct {
	Method  string          `json:"method"`
	URI     string          `json:"uri"`
	Headers map[string]text `json:"headers"`
	Content *string         `json:"content"`
	Tokens  text            `json:"tokenSource"`
	Async   bool            `json:"asynchronousPatternEnabled"`
	Retries text            `json:"retryOptions"`
	Timeout *string         `json:"timeout"`
}

// httpResponse is what the activity returns.
type httpResponse struct {
	StatusCode int             `json:"statusCode"`
	Headers    map[string]text `json:"headers"`
	Content    string          `json:"content"`
}

var durableHTTP = durabletask.DeclareActivity[durableRequest, httpResponse]("BuiltIn::HttpActivity")

// userAgent is that of the extension.
const userAgent = "Microsoft.Azure.WebJobs.Extensions.DurableTask/3.14.1"

// polling is how long to wait after a 202 that does not say it, as the recorded app was configured.
const polling = 3 * time.Second

func functionsHTTP(o FunctionsOptions) []durabletask.Registration {
	return []durabletask.Registration{
		durableHTTP.Implement(func(ctx context.Context, r durableRequest) (httpResponse, error) { return r.send(ctx, o.Target) }),
		function("Http", func(ctx durabletask.Context, r httpRequest) (text, error) {
			response, err := r.call(ctx)
			if err != nil {
				return nil, err
			}
			headers := make(map[string][]string)
			for name, value := range response.Headers {
				if headers[name], err = headerValues(value); err != nil {
					return nil, err
				}
			}
			return jsonOf(struct {
				Status  int                 `json:"status"`
				Headers map[string][]string `json:"headers"`
				Content string
			}{response.StatusCode, headers, response.Content})
		}),
		function("HttpRaw", func(ctx durabletask.Context, uri string) (httpResponse, error) {
			return (&httpRequest{Method: http.MethodGet, URI: uri}).call(ctx)
		}),
	}
}

// call makes a request, and asks again while the answer is 202.
func (r *httpRequest) call(ctx durabletask.Context) (httpResponse, error) {
	request := durableRequest{Method: r.Method, URI: r.URI, Headers: r.Headers, Content: r.Content, Async: r.Async == nil || *r.Async}
	var options []durabletask.CallOption
	if r.Timeout > 0 {
		request.Timeout = new(fmt.Sprintf("00:00:%02d", r.Timeout))
	}
	if r.Retry > 0 {
		request.Retries = text(fmt.Sprintf(`{"MaxNumberOfAttempts":%d}`, r.Retry))
		options = append(options, durabletask.RetryPolicy{First: time.Second, MaxAttempts: r.Retry})
	}
	for {
		response, err := durableHTTP.Call(ctx, request, options...)
		if err != nil || response.StatusCode != http.StatusAccepted || !request.Async {
			return response, message(err)
		}
		wait := polling
		if after, err := headerValues(response.Headers["Retry-After"]); err == nil && len(after) > 0 {
			s, err := strconv.Atoi(after[0])
			if err != nil {
				return response, err
			}
			wait = time.Duration(s) * time.Second
		}
		if err := durabletask.Sleep(ctx, wait); err != nil {
			return response, err
		}
		location, err := headerValues(response.Headers["Location"])
		if err != nil || len(location) == 0 {
			return response, errors.New("The given key 'Location' was not present in the dictionary.") //nolint:revive // .NET's words
		}
		request.Method, request.URI, request.Content = http.MethodGet, location[0], nil
	}
}

// headerValues reads a text or a list of texts; none for no text.
func headerValues(value text) ([]string, error) {
	if len(value) == 0 {
		return nil, nil
	}
	if value[0] != '[' {
		value = text("[" + string(value) + "]")
	}
	var all []string
	err := json.Unmarshal(value, &all)
	return all, err
}

// send is the extension's activity for HTTP.
func (r *durableRequest) send(ctx context.Context, target http.RoundTripper) (httpResponse, error) {
	var body io.Reader
	if r.Content != nil {
		body = strings.NewReader(*r.Content)
	}
	if r.Timeout != nil {
		var h, m, s int
		if _, err := fmt.Sscanf(*r.Timeout, "%d:%d:%d", &h, &m, &s); err != nil {
			return httpResponse{}, err
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(h)*time.Hour+time.Duration(m)*time.Minute+time.Duration(s)*time.Second)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URI, body)
	if err != nil {
		return httpResponse{}, err
	}
	request.Header.Set("User-Agent", userAgent)
	if body != nil {
		request.Header.Set("Content-Type", "text/plain")
	}
	for name, value := range r.Headers {
		values, err := headerValues(value)
		if err != nil {
			return httpResponse{}, err
		}
		request.Header.Set(name, strings.Join(values, ", "))
	}
	answer, err := target.RoundTrip(request)
	if err != nil {
		if r.Timeout != nil && ctx.Err() != nil {
			err = errors.New("The operation was canceled. Reached user specified timeout: " + *r.Timeout + ".")
		}
		return httpResponse{}, err
	}
	content, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return httpResponse{}, err
	}
	if len(r.Retries) > 0 && r.Retries[0] == '{' && answer.StatusCode >= http.StatusBadRequest {
		return httpResponse{}, fmt.Errorf("Response status code does not indicate success: %d (%s).", //nolint:revive // .NET's words
			answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	headers := make(map[string]text)
	for name, values := range answer.Header {
		var v any = values
		if len(values) == 1 {
			v = values[0]
		}
		if headers[name], err = json.Marshal(v); err != nil {
			return httpResponse{}, err
		}
	}
	return httpResponse{answer.StatusCode, headers, string(content)}, nil
}
