package recorded

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/azdurable/azdurable/durabletask"
)

// httpRequest is the input of the orchestrator Http.
type httpRequest struct {
	Method  string          `json:"method"`
	URI     string          `json:"uri"`
	Content string          `json:"content"`
	Headers map[string]text `json:"headers"` // each a text or a list of texts
	Async   *bool           `json:"async"`
	Retry   int             `json:"retry"`
	Timeout float64         `json:"timeout"`
}

// httpPolling is how long the recorded app waited after a 202 that did not say it.
const httpPolling = 3 * time.Second

func functionsHTTP() []durabletask.Registration {
	return []durabletask.Registration{
		function("Http", func(ctx durabletask.Context, r httpRequest) (text, error) {
			request, err := r.durable()
			if err != nil {
				return nil, err
			}
			answer, err := durabletask.CallHTTP(ctx, request)
			if err != nil {
				return nil, httpFailure(err)
			}
			return jsonOf(struct {
				Status  int         `json:"status"`
				Headers http.Header `json:"headers"`
				Content string
			}{answer.StatusCode, answer.Header, answer.Content})
		}),
		function("HttpRaw", func(ctx durabletask.Context, uri string) (durabletask.HTTPResponse, error) {
			return durabletask.CallHTTP(ctx, durabletask.HTTPRequest{URL: uri})
		}),
	}
}

func (r *httpRequest) durable() (durabletask.HTTPRequest, error) {
	d := durabletask.HTTPRequest{
		Method: r.Method, URL: r.URI, Content: r.Content, Header: make(http.Header), NoPolling: r.Async != nil && !*r.Async,
		Timeout: seconds(r.Timeout),
	}
	for name, value := range r.Headers {
		var err error
		if d.Header[name], err = headerValues(value); err != nil {
			return d, err
		}
	}
	if r.Retry > 0 {
		d.Retry = durabletask.RetryPolicy{First: time.Second, MaxAttempts: r.Retry}
	}
	return d, nil
}

// httpFailure words a failure as .NET does.
func httpFailure(err error) error {
	if errors.Is(err, durabletask.ErrHTTP) && strings.Contains(err.Error(), "no Location") {
		return errors.New("The given key 'Location' was not present in the dictionary.") //nolint:revive // .NET's words
	}
	return message(err)
}

// headerValues reads a text or a list of texts.
func headerValues(value text) ([]string, error) {
	if value[0] != '[' {
		value = text("[" + string(value) + "]")
	}
	var all []string
	err := json.Unmarshal(value, &all)
	return all, err
}
