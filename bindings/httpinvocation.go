package bindings

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// hostRequest is a request as an invocation has it.
type hostRequest struct {
	URL     string              `json:"Url"`     //nolint:tagliatelle // as the host spells it
	Method  string              `json:"Method"`  //nolint:tagliatelle // as above
	Headers map[string][]string `json:"Headers"` //nolint:tagliatelle // as above
	Params  map[string]*string  `json:"Params"`  //nolint:tagliatelle // as above
	Body    *string             `json:"Body"`    //nolint:tagliatelle // as above
}

// Answer answers the request of an invocation, whose answer becomes the output of the function.
func (t *HTTPTrigger) Answer(ctx context.Context, in *Invocation, client *DurableClient) (*Outcome, error) {
	raw, err := in.Value(requestBinding)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("the request in the invocation of %s: %w", t.name, err)
	}
	w := &heldResponse{header: http.Header{}, code: http.StatusOK}
	t.fn(w, r, client)
	return &Outcome{Outputs: map[string]any{responseBinding: w.output()}}, nil
}

// requestOf makes the request that the host was sent.
func requestOf(ctx context.Context, raw json.RawMessage) (*http.Request, error) {
	var from hostRequest
	if err := json.Unmarshal(raw, &from); err != nil {
		return nil, err //nolint:wrapcheck // the caller says of what
	}
	body := ""
	if from.Body != nil {
		body = *from.Body
	}
	r, err := http.NewRequestWithContext(ctx, from.Method, from.URL, strings.NewReader(body))
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says of what
	}
	r.Header = http.Header{}
	for name, values := range from.Headers {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	r.RequestURI = r.URL.RequestURI()
	for _, name := range slices.Sorted(maps.Keys(from.Params)) {
		if value := from.Params[name]; value != nil {
			r.SetPathValue(name, decodeSlashes(*value))
		}
	}
	return r, nil
}

// decodeSlashes decodes what the host leaves encoded in the parameters of a route.
func decodeSlashes(value string) string {
	return strings.NewReplacer("%2F", "/", "%2f", "/").Replace(value)
}

// heldResponse keeps an answer until it is complete.
type heldResponse struct {
	header http.Header
	code   int
	wrote  bool
	body   bytes.Buffer
}

func (w *heldResponse) Header() http.Header { return w.header }

func (w *heldResponse) WriteHeader(code int) {
	if !w.wrote {
		w.code, w.wrote = code, true
	}
}

func (w *heldResponse) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// hostResponse is an answer as the output binding of HTTP functions takes it.
type hostResponse struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body"`
}

// output is the answer for the host, which takes one value for each header.
func (w *heldResponse) output() hostResponse {
	out := hostResponse{StatusCode: w.code, Headers: map[string]string{}, Body: w.body.String()}
	if w.header.Get("Content-Type") == "" && w.body.Len() > 0 {
		w.header.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	for name, values := range w.header {
		out.Headers[name] = strings.Join(values, ", ")
	}
	return out
}
